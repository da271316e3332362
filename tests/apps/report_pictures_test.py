import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from apps.reporting.curves import Curve, Point, chart, thin
from apps.reporting.pictures import load
from apps.reporting.scales import scale
from tests.apps.report_runs import Page, make, png, report

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


def _decoded(picture):
    content = base64.b64decode(picture.source.partition(",")[2])
    return content, np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def _saved(path, image, **options):
    image.save(path, "PNG", **options)
    return path


def test_pixels_are_kept_and_everything_else_of_the_file_is_not(tmp_path):
    told = PngInfo()
    told.add_text("Comment", "a secret")
    path = _saved(tmp_path / "a.png", Image.fromarray(PIXELS), pnginfo=told)
    path.write_bytes(path.read_bytes() + b"<script>after the end</script>")
    picture = load(path, 100, 10**6)
    content, pixels = _decoded(picture)
    np.testing.assert_array_equal(pixels, PIXELS)
    assert (picture.width, picture.height, picture.problem) == (40, 30, "")
    assert b"secret" in path.read_bytes()
    assert b"secret" not in content and b"script" not in content


def test_other_pixels_become_colours(tmp_path):
    grey = PIXELS[..., 0]
    half = np.dstack([PIXELS, np.full((30, 40), 0, np.uint8)])
    for name, image, expected in (
        ("grey", Image.fromarray(grey), np.dstack([grey] * 3)),
        ("clear", Image.fromarray(half), np.full_like(PIXELS, 255)),
        ("deep", Image.fromarray(grey.astype(np.uint16) * 256), np.dstack([grey] * 3)),
        ("palette", Image.fromarray(grey).convert("P"), np.dstack([grey] * 3)),
    ):
        path = _saved(tmp_path / f"{name}.png", image)
        np.testing.assert_array_equal(_decoded(load(path, 100, 10**6))[1], expected)


def test_large_pictures_shrink_and_heavy_ones_too(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, (300, 600, 3), dtype=np.uint8)
    path = _saved(tmp_path / "noise.png", Image.fromarray(noise))
    picture = load(path, 200, 10**6)
    assert (picture.width, picture.height) == (200, 100)
    content, pixels = _decoded(load(path, 600, 60_000))
    assert len(content) <= 60_000 and pixels.shape[1] / pixels.shape[0] == pytest.approx(2, 0.02)
    tiny, pixels = _decoded(load(path, 600, 10))  # no further than can be seen
    assert pixels.shape[1] >= 160


def _header(width, height):
    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"\0" * 9))


@pytest.mark.parametrize("side", [8000, 12_000, 60_000])
def test_pictures_that_would_fill_the_memory_are_not_decoded(tmp_path, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(_header(side, side))
    assert "too many" in load(path, 100, 1000).problem


def test_other_formats_are_refused_whatever_they_are_called(tmp_path):
    for kind in ("GIF", "JPEG", "BMP"):
        Image.fromarray(PIXELS).save(tmp_path / "a.png", kind)
        assert load(tmp_path / "a.png", 100, 1000).problem.startswith("damaged or no PNG")


def test_twelve_of_many_pictures_the_first_and_the_last_among_them(tmp_path):
    run = make(tmp_path / "run", steps=range(0, 4000, 100))
    page = report(run)
    shown = [alt for alt, _ in page.pictures() if alt.startswith("Samples")]
    steps = sorted(int(alt.split("step ")[1].split(",  run")[0].split(", run")[0].replace(",", ""))
                   for alt in shown)  # fmt: skip
    assert len(steps) == 12 and steps[0] == 0 and steps[-1] == 3900
    assert set(np.diff(steps)) <= {300, 400}  # 39 hundreds in 11 gaps
    last = dict(page.pictures())["Samples at step 3,900, run run"]
    assert (last == 3900 % 251).all()
    three = report(run, make(tmp_path / "b", steps=range(9)), make(tmp_path / "c"))
    assert len([alt for alt, _ in three.pictures() if "run run" in alt]) == 4 + 1


def test_a_page_of_many_heavy_pictures_stays_small(tmp_path):
    run = make(tmp_path / "run", steps=range(3), kinds=("samples", "odd"))
    heavy = png(size=(800, 900))
    assert 6 * len(heavy) > 10_000_000
    for path in run.glob("*/step_*.png"):
        path.write_bytes(heavy)
    page = report(run)
    assert len(page.html) < 10_000_000 and len(page.pictures()) == 7
    assert not page.notes()


def test_every_kind_of_picture_has_its_section(tmp_path):
    kinds = (
        "plans", "samples", "codes", "interpolations", "my kind", "neighbours", "reconstructions",
        "navigator",
    )  # fmt: skip
    page = report(make(tmp_path / "run", kinds=kinds))
    titles = [section.all("h2")[0].text for section in page.all("section")]
    assert titles[2:10] == [
        "Samples", "Reconstructions", "Interpolations", "Neighbours", "Codes", "Transport plans",
        "Navigator", "My kind",
    ]  # fmt: skip


# --- curves ---


def test_thinning_keeps_the_ends_and_every_peak():
    heights = np.random.default_rng(0).normal(size=5000)
    heights[1234], heights[3210] = 50.0, -50.0
    points = [Point(float(x), float(y)) for x, y in enumerate(heights)]
    points[777] = Point(777.0, None)
    kept = thin(points, 600)
    assert 500 < len(kept) <= 602 and kept == sorted(kept, key=lambda point: point.x)
    assert {points[k] for k in (0, 777, 1234, 3210, 4999)} <= set(kept)


@pytest.mark.parametrize(
    "values",
    [
        [0.0], [3.0, 3.0], [-1e308, 1e308], [5e-324, 1e300], [1e15, 1e15 + 1], [-2.0, -1.5],
        [0.0, 1e-300], [1e-9, 1e9], [5e-324, 5e-324], [-0.0, 0.0],
    ],
)  # fmt: skip
def test_any_values_have_places_within_the_picture_in_their_order(values):
    axis = scale(values, 188.0, 8.0)
    places = [axis(value) for value in values]
    assert all(8 <= place <= 188 for place in places) and places[0] >= places[-1]
    assert axis.ticks and all(8 <= axis(tick) <= 188 for tick in axis.ticks)
    figure = chart("loss", "", [Curve("", [Point(x, y) for x, y in enumerate(values)])])
    assert "nan" not in figure and "inf" not in figure
    Page(figure)
