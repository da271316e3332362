"""What the library advises about data, in terms of flags."""

import contextlib
from collections.abc import Iterator

_ADVICE = {
    "`batch_size` must not exceed": "`train.batch_size` must not exceed",
    "Use a smaller batch or `drop_remainder=False`.": "Take a smaller --config.train.batch_size.",
    "pass `download=True` once": "pass --download once",
    "and pass that folder as `data_dir`": "and pass that folder by --data_dir",
}
_SKIP = ", or pass `skip_unreadable=True`"


@contextlib.contextmanager
def advice_in_flags(own: bool) -> Iterator[None]:
    """Say in terms of flags what the library advises in terms of its arguments.

    Args:
        own: bool, whether the data are the user's, of whose keys some are no flags elsewhere.

    Yields:
        None.

    Raises:
        ValueError, FileNotFoundError: those of the block, in other words.

    Example:
        >>> with advice_in_flags(own=False):
        ...     raise ValueError("`name` must be a prepared set. pass `download=True` once")
        Traceback (most recent call last):
        ValueError: `name` must be a prepared set. pass --download once
    """
    skip = ", or leave them out by --config.data.skip_unreadable=True" if own else ""
    try:
        yield
    except (ValueError, FileNotFoundError) as error:
        text = str(error)
        for words, flag in (_ADVICE | {_SKIP: skip}).items():
            text = text.replace(words, flag)
        if text == str(error):
            raise
        raise type(error)(text) from error
