"""Bytes changed, lost and inserted anywhere give what was there, the one before, or one line."""

import contextlib
import io
import shutil
import tempfile
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from apps import checkpoints, config_form, generated, own_data, sampling
from apps.run_folder import RunFolder
from keras_ot_gans.metrics import ReferenceStatistics
from keras_ot_gans.models.exported import load_export
from tests.apps.malformed import runs
from tests.apps.malformed.data_cases import GREY, PNG, WHOLE
from tests.apps.malformed.harness import contents
from tests.apps.malformed.pictures import saved, with_all_types

EXAMPLES = {
    "checkpoint": 40,
    "npz": 40,
    "png": 40,
    "tiff": 60,  # most of what Pillow stumbles over
    "gif": 15,
    "jpeg": 20,
    "bmp": 15,
    "webp": 20,
    "statistics": 40,
    "config": 60,
    "generator": 30,
    "onnx": 30,
}
SPOILT = st.tuples(
    st.sampled_from(["flip", "cut", "insert", "remove"]),
    st.floats(0, 1, exclude_max=True),
    st.binary(min_size=1, max_size=8),
)
fuzzed = given(st.lists(SPOILT, min_size=1, max_size=3))


def examples(name):
    """The number of examples of a kind, the same ones in each run."""
    return settings(
        max_examples=EXAMPLES[name], suppress_health_check=[HealthCheck.function_scoped_fixture]
    )


def spoil(raw, changes):
    """Change bytes at parts of the file."""
    for kind, part, content in changes:
        place = int(part * max(1, len(raw)))
        if kind == "cut":
            raw = raw[:place]
        elif kind == "insert":
            raw = raw[:place] + content + raw[place:]
        elif kind == "remove":
            raw = raw[:place] + raw[place + len(content) :]
        else:
            flipped = bytes(a ^ (b | 1) for a, b in zip(raw[place:], content, strict=False))
            raw = raw[:place] + flipped + raw[place + len(flipped) :]
    return raw


@contextlib.contextmanager
def one_line():
    """Let pass what becomes one line and exit code 2, which is kept, and Pillow's remarks."""
    said = []
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
        warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
        try:
            yield said
        except (ValueError, TypeError, OSError) as error:
            assert str(error).startswith("`"), repr(error)
            said.append(str(error))


@pytest.fixture(scope="module")
def place():
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def points(place):
    root = place / "points"
    root.mkdir()
    runs.make_points(root)
    return root / "run"


@pytest.fixture(scope="module")
def images(place):
    root = place / "images"
    root.mkdir()
    runs.make_images(root)
    return root


@examples("checkpoint")
@fuzzed
def test_a_checkpoint_is_whole_or_passed_over(points, changes):
    path = runs.newest(points)
    whole = path.read_bytes()
    before = contents(points)
    path.write_bytes(spoil(whole, changes))
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            found, progress = checkpoints.newest(points / "checkpoints")
        assert found == path or "is damaged" in said.getvalue()
        assert progress.epoch == checkpoints.epoch_of(found)
    finally:
        path.write_bytes(whole)
    assert contents(points) == before


@examples("npz")
@fuzzed
def test_arrays_are_read_or_refused(place, changes):
    path = place / "mine.npz"
    path.write_bytes(spoil(WHOLE, changes))
    section = {"name": "npz", "image_size": 8, "batch_size": 8}
    with one_line():
        assert own_data.read(section, str(path)).num_samples <= 2 * len(GREY)


# Small, so that what is changed is seldom a pixel.
PICTURES = {
    "png": [PNG],
    "tiff": [raw for mode in ("RGB", "L", "P") for raw in with_all_types(saved("TIFF", mode))],
    "gif": [saved("GIF", "P")],
    "jpeg": with_all_types(saved("JPEG", tag_256=4)),
    "bmp": [saved("BMP"), saved("BMP", "P")],
    "webp": with_all_types(saved("WEBP", tag_256=4)),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_are_read_or_named(place, kind):
    folder = place / kind
    folder.mkdir(exist_ok=True)
    Image.new("RGB", (9, 9)).save(folder / "y.png")
    section = {"name": "folder", "image_size": 8, "batch_size": 1}

    @examples(kind)
    @given(st.sampled_from(PICTURES[kind]), st.lists(SPOILT, max_size=3))
    def check(whole, changes):
        (folder / "x.png").write_bytes(spoil(whole, changes))
        with one_line():
            assert own_data.read(section, str(folder)).num_samples == 2
        with one_line():
            request = SimpleNamespace(npz=None, images=str(folder), seed=0)
            assert sum(map(len, generated.load(request, 2).batches)) == 2
        with one_line() as said:
            left = own_data.read(section | {"skip_unreadable": True}, str(folder)).num_samples
            assert left in (1, 2)
        assert said == []

    check()


@examples("statistics")
@fuzzed
def test_statistics_are_whole_or_refused(images, changes):
    whole = (images / "statistics.npz").read_bytes()
    path = images / "spoilt.npz"
    path.write_bytes(spoil(whole, changes))
    with one_line():
        found = ReferenceStatistics.load(path)
        kept = ReferenceStatistics.load(images / "statistics.npz")
        np.testing.assert_array_equal(found.mean, kept.mean)
        assert found.real_side == kept.real_side


@contextlib.contextmanager
def spoilt(path, changes):
    """A file that is whole again afterwards."""
    whole = path.read_bytes()
    path.write_bytes(spoil(whole, changes))
    try:
        yield
    finally:
        path.write_bytes(whole)


@examples("config")
@fuzzed
def test_a_config_is_one_or_refused(points, changes):
    with spoilt(points / "config.json", changes), one_line():
        config_form.check(RunFolder(points).read_config())


@examples("config")
@fuzzed
def test_a_run_of_a_spoilt_config_is_sampled_or_refused(points, changes):
    with spoilt(points / "config.json", changes):
        before = contents(points)
        with one_line():
            sampling.sample_to_file(str(points), 2, 0, str(points.parent / "x.npz"))
        assert contents(points) == before


@examples("generator")
@fuzzed
def test_a_generator_is_loaded_or_refused(images, changes):
    whole = (images / "model.keras").read_bytes()
    path = images / "spoilt.keras"
    path.write_bytes(spoil(whole, changes))
    with one_line():
        assert load_export(path).sample(2).shape == (2, 8, 8, 1)


@examples("onnx")
@fuzzed
def test_an_onnx_file_is_loaded_or_refused(images, changes):
    whole = (images / "model.onnx").read_bytes()
    path = images / "spoilt.onnx"
    path.write_bytes(spoil(whole, changes))
    with one_line():
        assert load_export(path).notes.latent_dim > 0
