"""Which files count, in which order, of which class; links and what may not be read."""

import os

import numpy as np
import pytest

from keras_ot_gans.datasets.picture_files import SUFFIXES, class_indices, class_names, find_images


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def link(path, target):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target, target_is_directory=True)


def names(root):
    return [file.relative_to(root).as_posix() for file in find_images(root)]


def test_other_and_hidden_files_do_not_count(tmp_path):
    touch(tmp_path, "1.PNG", ".2.png", ".thumbs/2.png", "a/.b/c/2.png", "notes.txt", "png")
    (tmp_path / "folder.png").mkdir()
    assert names(tmp_path) == ["1.PNG"]


def test_order_is_that_of_the_parts(tmp_path):
    rng = np.random.default_rng(0)
    words = ["a", "b", "B", "a b", "a.b", "a-b", "10", "9", "\u00e4"]
    for _ in range(80):
        folders = rng.choice(words, rng.integers(0, 4))
        touch(tmp_path, "/".join([*folders, f"{rng.choice(words)}{rng.choice(SUFFIXES)}"]))
    found = [path.relative_to(tmp_path).parts for path in tmp_path.rglob("*") if path.is_file()]
    assert [file.relative_to(tmp_path).parts for file in find_images(tmp_path)] == sorted(found)


def test_links_to_folders_are_classes(tmp_path):
    root = tmp_path / "root"
    touch(root, "b/1.png")
    touch(tmp_path, "dogs/1.png", "dogs/deep/2.png", "cats/1.png")
    link(root / "a", tmp_path / "dogs")
    link(root / "c" / "more", "../../cats")
    files = find_images(root)
    assert names(root) == ["a/1.png", "a/deep/2.png", "b/1.png", "c/more/1.png"]
    assert class_names(root, files) == ["a", "b", "c"]
    assert class_indices(root, files).tolist() == [0, 0, 1, 2]
    link(tmp_path / "elsewhere", root)
    assert names(tmp_path / "elsewhere") == names(root)


def test_loops_end_and_are_named(tmp_path, caplog):
    root = tmp_path / "root"
    touch(root, "a/1.png", "b/1.png")
    touch(tmp_path, "c/1.png")
    link(root / "a" / "up", "..")
    link(root / "a" / "self", ".")
    link(root / "c", tmp_path / "c")
    link(tmp_path / "c" / "back", root / "b")
    link(tmp_path / "c" / "all", tmp_path)  # whose `root` is this one again
    assert names(root) == ["a/1.png", "b/1.png", "c/1.png"]
    for left_out in ("a/up", "a/self", "c/back", "c/all/root"):
        assert f"Left out {root / left_out}: its pictures are those of" in caplog.text


def test_a_folder_is_listed_once_without_links_first(tmp_path, caplog):
    root = tmp_path / "root"
    touch(root, "z/1.png")
    touch(tmp_path, "other/1.png")
    link(root / "a", "z")
    link(root / "c", tmp_path / "other")
    link(root / "b", tmp_path / "other")
    assert names(root) == ["b/1.png", "z/1.png"]
    assert f"Left out {root / 'c'}: its pictures are those of {tmp_path / 'other'}" in caplog.text
    assert f"Left out {root / 'a'}: its pictures are those of {root / 'z'}" in caplog.text


@pytest.mark.parametrize("way", ["a folder", "a link", "a picture"])
def test_what_may_not_be_read_is_named(tmp_path, monkeypatch, way):
    root = tmp_path / "root"
    touch(root, "a/1.png")
    touch(tmp_path, "elsewhere/1.png")
    if way == "a link":
        link(root / "b", tmp_path / "elsewhere")
    touch(root, "b/1.png")
    forbidden = str(root / ("b/1.png" if way == "a picture" else "b"))

    def guarded(call):  # by rights alone, a superuser would see no difference
        def ask(path, *args, **kwargs):
            if os.fspath(path) == forbidden:
                raise PermissionError(13, "Permission denied", forbidden)
            return call(path, *args, **kwargs)

        return ask

    name = "stat" if way == "a picture" else "scandir"
    monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    message = f"`path` must hold folders that can be read. Received: {forbidden} .Permission denied"
    with pytest.raises(ValueError, match=message):
        find_images(root)


def test_missing_folders_and_classes_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must hold pictures .* with none"):
        find_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="`path` must be a folder"):
        find_images(tmp_path / "nowhere")
    touch(tmp_path, "a/1.png", "loose.png")
    with pytest.raises(ValueError, match="`with_labels` needs every .* loose.png directly in"):
        class_indices(tmp_path, find_images(tmp_path))
