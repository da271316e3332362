import io
import os

import numpy as np
import pytest
from PIL import Image

from keras_ot_gans import ops
from keras_ot_gans.callbacks import (
    NavigatorLogits,
    PictureCallback,
    SampleGrid,
    SampleScatter,
    TransportPlan,
    image_grid,
)

REAL = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)


def read(path):
    return np.asarray(Image.open(path))


def test_grid_shows_the_same_latents_each_time(tmp_path, fake_game, epochs):
    model = fake_game((8, 8, 1))
    callback = SampleGrid(tmp_path, every=2, num=5, seed=3, columns=5)
    epochs(callback, model, number=5, updates=100)
    assert sorted(os.listdir(tmp_path / "samples")) == ["step_000200.png", "step_000400.png"]
    assert [name for name, *_ in model.asked] == ["latents", "generate", "generate"]
    assert model.asked[0][1:] == (5, 3)
    np.testing.assert_array_equal(model.asked[1][1], model.asked[2][1])
    expected = image_grid(model.generate(model.asked[1][1]), columns=5, magnify=8)
    np.testing.assert_array_equal(read(tmp_path / "samples" / "step_000200.png"), expected)


@pytest.mark.parametrize(
    ("num_classes", "num", "columns", "cells", "wide"),
    [
        (3, 7, None, 6, 3),  # two latents in three classes, a column each
        (3, 7, 2, 6, 2),
        (5, 4, None, 4, 4),  # no room for all
        (21, 50, None, 42, 7),  # too many for a row: the most square grid
    ],
)
def test_grid_of_a_conditional_model_shows_each_latent_in_every_class(
    tmp_path, fake_game, epochs, num_classes, num, columns, cells, wide
):
    class Conditional(fake_game):
        def generate(self, z, use_ema=True, labels=None):
            self.asked.append(("labels", labels))
            return super().generate(z) * (labels[:, None, None, None] + 1) / num_classes

    model = Conditional((8, 8, 1))
    model.labels = ops.Labels(num_classes)
    epochs(SampleGrid(tmp_path, num=num, columns=columns), model, number=2)
    assert [name for name, *_ in model.asked] == ["latents"] + 2 * ["labels", "generate"]
    labels, z = model.asked[1][1], model.asked[2][1]
    np.testing.assert_array_equal(labels, np.arange(cells) % num_classes)
    np.testing.assert_array_equal(z, z[::num_classes].repeat(num_classes, axis=0)[:cells])
    assert len(np.unique(z, axis=0)) == -(-cells // num_classes)
    expected = image_grid(model.generate(z, labels=labels), columns=wide, magnify=8)
    np.testing.assert_array_equal(read(tmp_path / "samples" / "step_000010.png"), expected)


def test_pictures_go_to_tensorboard_at_the_models_step(tmp_path, fake_game, epochs, events):
    callback = SampleGrid(tmp_path, num=4, log_dir=tmp_path / "logs")
    epochs(callback, fake_game((8, 8, 3)), number=2, updates=7)
    found = events(tmp_path / "logs")
    assert set(found) == {("samples", 7), ("samples", 14)}
    png = np.asarray(Image.open(io.BytesIO(found["samples", 14][2])))
    np.testing.assert_array_equal(png, read(tmp_path / "samples" / "step_000014.png"))


def test_epochs_count_from_the_start_of_the_run(tmp_path, fake_game, epochs):
    # Continued at epoch 3: epochs 4, 6 and 8 of the run are drawn, not 5 and 7.
    callback = SampleScatter(REAL, tmp_path, every=2, num=5)
    epochs(callback, fake_game(step=30), number=8, updates=10, first=3)
    names = sorted(os.listdir(tmp_path / "samples"))
    assert names == ["step_000040.png", "step_000060.png", "step_000080.png"]


def test_first_picture_before_the_first_update(tmp_path, fake_game, epochs):
    for begin, names in ((False, []), (True, ["step_000000.png"])):
        callback = SampleScatter(REAL, tmp_path, at_train_begin=begin, num=5)
        epochs(callback, fake_game(), number=0)
        assert os.listdir(tmp_path / "samples") == names


@pytest.mark.parametrize(
    ("make", "folder"),
    [
        (SampleScatter, "samples"),
        (NavigatorLogits, "navigator"),
        (TransportPlan, "plans"),
    ],
)
def test_every_picture_has_its_folder_and_tag(make, folder, tmp_path, fake_game, epochs, events):
    callback = make(REAL, tmp_path, num=8, log_dir=tmp_path / "logs")
    epochs(callback, fake_game(), number=1, updates=12_345)
    assert os.listdir(tmp_path / folder) == ["step_012345.png"]
    assert set(events(tmp_path / "logs")) == {(folder, 12_345)}


def test_navigator_is_asked_once_about_all_points(tmp_path, fake_game, epochs):
    # A principal component of two calls could not be compared between them.
    model = fake_game()
    epochs(NavigatorLogits(REAL, tmp_path, num=20), model, number=1)
    assert ("logits", 40) in model.asked


def test_plan_uses_fixed_real_points(tmp_path, fake_game, epochs):
    first, again, other = (TransportPlan(REAL, tmp_path, num=8, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(first.real, again.real)
    assert np.any(first.real != other.real)
    assert len(np.unique(first.real, axis=0)) == 8  # without replacement
    model = fake_game()
    epochs(TransportPlan(REAL[:5], tmp_path, num=8), model, number=1)
    assert ("plans", 5, 5) in model.asked  # no more than there are


def test_plan_of_images_and_of_numbers(tmp_path, fake_game, epochs):
    images = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1)).astype(np.float32)
    epochs(TransportPlan(images, tmp_path / "a"), fake_game((8, 8, 1)), number=1)
    epochs(TransportPlan(REAL[:, 0], tmp_path / "b"), fake_game((1,)), number=1)
    assert os.listdir(tmp_path / "a" / "plans") == os.listdir(tmp_path / "b" / "plans")


def test_wrong_data_and_models_are_named(tmp_path, fake_game, epochs):
    with pytest.raises(ValueError, match="`SampleGrid` needs a generator of images"):
        epochs(SampleGrid(tmp_path), fake_game(), number=1)
    with pytest.raises(ValueError, match="`real` must be points"):
        SampleScatter(np.zeros((5, 3)), tmp_path)
    with pytest.raises(ValueError, match="at least 2 points. Received: num=1"):
        TransportPlan(REAL, tmp_path, num=1)
    with pytest.raises(ValueError, match="`columns` must be positive"):
        SampleGrid(tmp_path, columns=0)
    with pytest.raises(ValueError, match="`real` must hold samples of the generator's shape"):
        epochs(TransportPlan(REAL, tmp_path), fake_game((8, 8, 1)), number=1)

    class NoPlans:
        step = 0
        sample = None

    for callback, method in ((TransportPlan, "plans"), (NavigatorLogits, "navigator_logits")):
        with pytest.raises(ValueError, match=f"needs a model that offers `{method}`"):
            epochs(callback(REAL, tmp_path), NoPlans(), number=0)


def test_the_base_class_draws_nothing(tmp_path, fake_game, epochs):
    with pytest.raises(NotImplementedError, match="must define `draw"):
        epochs(PictureCallback(tmp_path), fake_game(), number=1)
