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


def test_leftovers_below_go_too(tmp_path):
    (tmp_path / "pictures/deep").mkdir(parents=True)
    (tmp_path / "pictures/deep/.unfinished-1-a.png").write_text("ha")
    (tmp_path / "pictures/a.png").write_text("whole")
    export = tmp_path / ".unfinished-1-generator"  # a folder: the next export removes it
    export.mkdir()
    files.remove_unfinished(tmp_path)
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"pictures/a.png"} and export.is_dir()
