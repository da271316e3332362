import os

import pytest

from apps import atomic
from keras_ot_gans.metrics import files


def test_there_is_one_way_to_write_files(tmp_path):
    assert atomic.replacing is files.replacing
    assert atomic.remove_unfinished is files.remove_unfinished
    path = tmp_path / "a.npz"
    with pytest.raises(OSError, match="full"), files.replacing(path) as temporary:
        assert temporary.suffix == ".npz"  # NumPy adds it otherwise
        temporary.write_text("part")
        raise OSError("the disk is full")
    assert os.listdir(tmp_path) == []
