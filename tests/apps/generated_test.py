"""Pictures that were generated elsewhere: what is read, and what is named."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from apps import generated
from tests.apps.malformed.pictures import MALFORMED


def load(folder):
    return generated.load(SimpleNamespace(npz=None, images=str(folder), seed=0), 2)


@pytest.mark.parametrize(
    ("mode", "colour", "want"),
    [("L", 90, (90,)), ("I;16B", 25_700, (100,)), ("RGB", (1, 2, 3), (1, 2, 3))],
)
def test_channels_are_those_of_the_pictures(tmp_path, mode, colour, want):
    for name in ("1.tif", "2.tif"):
        Image.new(mode, (3, 2), colour).save(tmp_path / name)
    found = load(tmp_path)
    assert (found.num, found.shape) == (2, (2, 3, len(want)))
    np.testing.assert_array_equal(next(iter(found.batches)), np.tile(np.uint8(want), (2, 2, 3, 1)))


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_pictures_are_named(tmp_path, name):
    file, content = MALFORMED[name][0]
    (tmp_path / file).write_bytes(content)
    message = f"`images` must be readable pictures. Received: .*{file} .*Remove it"
    with pytest.raises(ValueError, match=message):
        load(tmp_path)


def test_a_folder_that_may_not_be_read_is_named_by_its_flag(tmp_path, monkeypatch):
    Image.new("L", (3, 2)).save(tmp_path / "1.png")

    def scandir(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ValueError, match="`--images` must be a folder of pictures. .*Permission d"):
        load(tmp_path)
