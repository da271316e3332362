"""One picture: every mode, and files whose fields are not what they should be."""

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from keras_ot_gans.datasets.decoding import UnreadableImage, count_channels, read_image
from tests.apps.malformed.pictures import MALFORMED


@pytest.mark.parametrize(
    ("mode", "colour", "want"),
    [
        ("L", 90, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 255), (1, 2, 3)),
        ("RGBA", (1, 2, 3, 0), (255, 255, 255)),  # transparent: white
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),  # a fifth of black on white
        ("LA", (90, 0), (255, 255, 255)),
        ("I;16", 25_700, (100, 100, 100)),  # 16 bits: 257 levels to one
    ],
)
def test_modes(tmp_path, mode, colour, want):
    file = tmp_path / "1.png"
    Image.new(mode, (3, 2), colour).save(file)
    np.testing.assert_array_equal(read_image(file), np.tile(np.uint8(want), (2, 3, 1)))


def test_palette_cmyk_and_orientation(tmp_path):
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 0] = (255, 0, 0)
    Image.fromarray(pixels).convert("P").save(tmp_path / "palette.gif")
    np.testing.assert_array_equal(read_image(tmp_path / "palette.gif"), pixels)
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "cmyk.tiff")
    np.testing.assert_array_equal(read_image(tmp_path / "cmyk.tiff")[0, 0], [255, 0, 0])
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90 degrees clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "turned.png"), np.rot90(pixels, -1))


@pytest.mark.parametrize("name", MALFORMED)
def test_what_pillow_stumbles_over_is_an_unreadable_picture(tmp_path, name):
    (file, content), cause = MALFORMED[name]
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(UnreadableImage) as refused:
        read_image(path)
    assert isinstance(refused.value.__cause__, cause)
    text = str(refused.value)
    assert text.startswith(f"`file` must be a readable picture. Received: {path} (")
    assert refused.value.reason in text


def test_floats_are_no_picture(tmp_path):
    Image.new("F", (3, 2), 0.5).save(tmp_path / "1.tif")
    for read in (read_image, count_channels):
        with pytest.raises(ValueError, match="floats, of which.*8 or 16 bits, or .* a .npz file"):
            read(tmp_path / "1.tif")


def test_memory_that_a_picture_would_take_is_no_traceback(tmp_path, monkeypatch):
    Image.new("L", (3, 2)).save(tmp_path / "1.png")

    def load(self):
        raise MemoryError

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    with pytest.raises(UnreadableImage, match="a damaged field, MemoryError"):
        read_image(tmp_path / "1.png")


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("1", 1), ("L", 1), ("I;16", 1), ("I;16B", 1), ("I", 1), ("LA", 3), ("P", 3), ("RGB", 3)],
)
def test_channels_of_the_header(tmp_path, mode, channels):
    Image.new(mode, (3, 2)).save(tmp_path / "1.tif")
    assert count_channels(tmp_path / "1.tif") == channels
    (tmp_path / "1.tif").write_bytes(b"II*")
    with pytest.raises(UnreadableImage, match="`file` must be a readable picture"):
        count_channels(tmp_path / "1.tif")
