import os

import pytest

from apps.atomic import remove_unfinished, replacing


def test_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.weights.h5"
    path.write_text("old")
    with replacing(path) as temporary:
        assert temporary.name.endswith("a.weights.h5")  # Keras reads the kind off the suffix
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.weights.h5"]


def test_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="full"), replacing(path) as temporary:
        temporary.write_text("ha")
        raise RuntimeError("the disk is full")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a"]


def test_leftovers_of_a_killed_process_go(tmp_path):
    (tmp_path / ".unfinished-123-a").write_text("ha")
    (tmp_path / "b").write_text("whole")
    remove_unfinished(tmp_path)
    assert os.listdir(tmp_path) == ["b"]
