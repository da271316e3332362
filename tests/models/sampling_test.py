"""Sampling from conditional models; the rest is in `harness.py`."""

import keras
import numpy as np
import pytest

from keras_ot_gans import models, ops
from tests.models.cases import generator, value

SHARES = (1.0, 0.0, 3.0)


def gan(ema_decay=None):
    """Its samples are `[z + 10 y, y]`: they show what they were made of."""
    z, y = keras.Input((1,)), keras.Input((), dtype="int32")
    column = keras.layers.Reshape((1,))(keras.ops.cast(y, "float32"))
    pair = keras.layers.Concatenate()([z + 10.0 * column, column])
    x, x_y = keras.Input((2,)), keras.Input((), dtype="int32")
    critic = keras.layers.Dense(1)(x) + keras.layers.Embedding(3, 1)(x_y)
    return models.LipschitzGAN(
        keras.Model([z, y], pair),
        keras.Model([x, x_y], critic),
        labels=ops.Labels(3, SHARES),
        ema_decay=ema_decay,
        seed=1,
    )


@pytest.mark.parametrize("given", [[2, 0, 1], np.array([2, 0, 1]), np.array([2, 0, 1], "uint8")])
@pytest.mark.parametrize("batch_size", [2, 256])
def test_labels_reach_the_generator(given, batch_size):
    model = gan()
    x = model.sample(3, seed=4, batch_size=batch_size, labels=given)
    np.testing.assert_array_equal(x[:, 1], [2, 0, 1])
    expected = model.sample_latents(3, seed=4)[:, 0] + [20, 0, 10]
    np.testing.assert_allclose(x[:, 0], expected, rtol=1e-6)


def test_labels_are_drawn_as_the_model_is_asked_for_them():
    model = gan(ema_decay=0.9)
    labels = model.sample(2000, seed=3)[:, 1]
    np.testing.assert_array_equal(labels, model.sample_labels(2000, seed=3))
    shares = np.bincount(labels.astype(int), minlength=3) / 2000
    # Five standard errors of a share.
    np.testing.assert_allclose(shares, [0.25, 0, 0.75], atol=5 * np.sqrt(0.19 / 2000))
    # Latents and labels are streams of their own: which class does not tell which noise.
    z = model.sample_latents(2000, seed=3)[:, 0]
    assert abs(np.corrcoef(z, labels)[0, 1]) < 5 / np.sqrt(2000)
    assert (model.sample_labels(50) != model.sample_labels(50)).any()


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], r"`labels` must lie in \[0, 2\] for 3 classes. Received: labels from 0 to 3"),
        ([0, -1], r"`labels` must lie in \[0, 2\]"),
        ([0.0, 1.0], "`labels` must be integers"),
        ([0, 1, 2], "`labels` must hold one label per sample, 2. Received: 3"),
        (None, "`labels` must be given for this model"),
    ],
)
def test_labels_that_do_not_fit(labels, message):
    model = gan()
    with pytest.raises(ValueError, match=message):
        model.generate(model.sample_latents(2), labels=labels)


def test_models_without_labels_take_none():
    model = models.LipschitzGAN(generator(), value())
    assert model.sample_labels(3) is None
    with pytest.raises(ValueError, match="`labels` must be None for this model"):
        model.sample(2, labels=[0, 1])
