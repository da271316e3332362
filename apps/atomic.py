"""Files that appear whole or not at all: the library's one way, under the apps' name for it.

Example:
    >>> replacing.__module__
    'keras_ot_gans.files'
"""

from keras_ot_gans.files import remove_unfinished, replacing

__all__ = ["remove_unfinished", "replacing"]
