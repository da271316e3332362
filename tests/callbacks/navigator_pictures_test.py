import numpy as np
import pytest

from keras_ot_gans.callbacks import navigator_picture


@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 2)])
def test_lines_and_planes_are_drawn(shape, rng):
    x = rng.normal(size=shape)
    picture = navigator_picture(x, x[:40], np.arange(60.0), np.arange(40.0), "step 1")
    assert picture.shape == (310, 1500, 3) and picture.dtype == np.uint8


def test_constant_and_far_logits_are_drawn(rng):
    x = rng.normal(size=(20, 2))
    navigator_picture(x, x, np.zeros(20), np.zeros(20))
    navigator_picture(x, x, np.zeros(20), np.full(20, 1e6))


def test_colour_depends_on_the_logit_alone(rng):
    x = rng.normal(size=(50, 2))
    logits = np.linspace(-1, 1, 50)
    first, second = (navigator_picture(x, x, logit, logits) for logit in (logits, logits[::-1]))
    assert np.any(first[:, 320:580] != second[:, 320:580])  # data by logit
    np.testing.assert_array_equal(first[:, 900:], second[:, 900:])  # generated


def test_bad_input_is_named():
    x = np.zeros((5, 2))
    with pytest.raises(ValueError, match=r"`real_logits` must hold .* shape \(5,\). Received"):
        navigator_picture(x, x, np.zeros((5, 1)), np.zeros(5))
    with pytest.raises(ValueError, match="`fake_logits` .*finite: False"):
        navigator_picture(x, x, np.zeros(5), np.full(5, np.inf))
    with pytest.raises(ValueError, match="same dimension"):
        navigator_picture(x, np.zeros(5), np.zeros(5), np.zeros(5))
