import os
import subprocess
import sys

import pytest

from apps import atomic
from keras_ot_gans import files
from keras_ot_gans.models import whole_path


@pytest.fixture(scope="module")
def gone():
    """The number of a process that has ended."""
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], stdout=-1)
    return int(done.stdout)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_there_is_one_way_to_write_files(tmp_path):
    assert atomic.replacing is files.replacing
    assert atomic.remove_unfinished is files.remove_unfinished
    with files.replacing(tmp_path / "a.png") as one, whole_path.appearing(tmp_path / "b") as two:
        prefixes = {path.name.rpartition("-")[0] for path in (one, two)}
        assert prefixes == {f".unfinished-{os.getpid()}"}
        one.write_text("picture")
        two.write_text("export")


def test_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a.weights.h5"
    path.write_text("old")
    with files.replacing(path) as temporary:
        assert temporary.name.endswith("a.weights.h5")  # Keras reads the kind off the suffix
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.weights.h5"]


def test_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "a.npz"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), files.replacing(path) as temporary:
        assert temporary.suffix == ".npz"  # NumPy adds it otherwise
        temporary.write_text("part")
        raise OSError("the disk is full")
    assert path.read_text() == "old" and names(tmp_path) == ["a.npz"]


def test_leftovers_of_killed_processes_go_and_those_of_living_ones_stay(tmp_path, gone):
    (tmp_path / "pictures/deep").mkdir(parents=True)
    alive = f".unfinished-{os.getppid()}-a"  # pytest's
    for name in (
        "whole", f".unfinished-{gone}-a", f"pictures/deep/.unfinished-{gone}-a.png",
        f".unfinished-{2**40}-a", f".unfinished-{os.getpid()}-a", ".unfinished-business", alive,
    ):  # fmt: skip
        (tmp_path / name).write_text("part")
    (tmp_path / f".unfinished-{gone}-export").mkdir()  # a folder: the next export removes it
    files.remove_unfinished(tmp_path)
    stay = ["whole", "pictures", "pictures/deep", ".unfinished-business"]
    stay.append(f".unfinished-{gone}-export")
    assert names(tmp_path) == sorted([*stay, alive])
    files.remove_unfinished(tmp_path, of_anyone=True)
    assert names(tmp_path) == sorted(stay)
    files.remove_unfinished(tmp_path / "missing")


def test_leftovers_of_one_place_go_files_and_folders(tmp_path, gone):
    (tmp_path / f".unfinished-{gone}-g[1]").mkdir()
    (tmp_path / f".unfinished-{gone}-g[1]/part").write_text("part")
    (tmp_path / f".unfinished-{gone}-before-g[1]").write_text("part")
    (tmp_path / f".unfinished-{os.getpid()}-g[1]").mkdir()  # of one that had our number
    others = [f".unfinished-{gone}-h", f".unfinished-{os.getppid()}-g[1]"]
    for name in others:
        (tmp_path / name).write_text("part")
    files.remove_unfinished_of(tmp_path / "g[1]")
    assert names(tmp_path) == sorted(others)
