"""Labels of samples against SciPy's densities and digits that are known."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_ot_gans.metrics import (
    mixture_labels,
    mode_coverage,
    stacked_digit_labels,
    trained_classifier,
)

CENTRES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.5]])
POINTS = np.random.default_rng(0).normal(0.4, 1.0, (300, 2))


def test_bayes_is_the_largest_posterior():
    weights = np.array([0.05, 0.8, 0.15])
    joint = [
        weight * scipy.stats.multivariate_normal(centre, 0.25 * np.eye(2)).pdf(POINTS)
        for weight, centre in zip(weights, CENTRES, strict=True)
    ]
    found = mixture_labels(POINTS, CENTRES, 0.5, weights)
    np.testing.assert_array_equal(found, np.argmax(joint, axis=0))
    assert found.dtype == np.int64 and len(set(found)) == 3
    # A factor of the weights does not matter: counts do as well.
    np.testing.assert_array_equal(found, mixture_labels(POINTS, CENTRES, 0.5, 100 * weights))


def test_without_weights_it_is_the_nearest_centre_of_mode_coverage():
    found = mixture_labels(POINTS, CENTRES, 0.5)
    coverage = mode_coverage(POINTS, CENTRES, 0.5, radius_in_scales=None)
    np.testing.assert_allclose(np.bincount(found, minlength=3) / 300, coverage.histogram)
    np.testing.assert_array_equal(found, mixture_labels(POINTS, CENTRES, 0.01))  # any scale


def test_boundary_between_two_modes():
    # Equal posteriors at x = spacing / 2 + scale^2 / spacing * log(w_0 / w_1) on the line:
    # at the paper's 2, 0.3 and 20 : 1 this is 1.1348.
    edge = 1 + 0.3**2 / 2 * np.log(20)
    x = np.array([[edge - 1e-6], [edge + 1e-6]])
    assert mixture_labels(x, [[0.0], [2.0]], 0.3, [20.0, 1.0]).tolist() == [0, 1]


def test_a_mode_of_weight_zero_is_never_the_answer():
    assert mixture_labels([[5.0]], [[5.0], [0.0]], 1.0, weights=[0.0, 1.0]).tolist() == [1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": 0.0}, "`scale` must be one positive number. Received: scale=0.0"),
        ({"scale": [1.0, 1.0]}, "`scale` must be one positive number"),
        ({"weights": [1.0]}, "`weights` must be 2 finite, non-negative numbers, one per centre"),
        ({"weights": [1.0, -1.0]}, "`weights` must be 2 finite"),
        ({"x": [[0.0, 0.0]]}, "`x` and `centres` must hold samples of the same size"),
        ({"x": [[np.nan]]}, "`x` must be finite"),
    ],
)
def test_bad_mixtures_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        mixture_labels(**({"x": [[0.0]], "centres": [[0.0], [1.0]], "scale": 1.0} | change))


# --- Stacked MNIST: a "digit" is an image of one brightness ---


def flat_digits(digits):
    """Images `(n, 4, 4, 3)` whose channels have the brightness of their digits."""
    digits = np.asarray(digits)
    return np.tile((digits[:, None, None, :] / 4.5 - 1).astype(np.float32), (1, 4, 4, 1))


def by_brightness(images):
    """Logits of the nearest brightness."""
    levels = np.arange(10) / 4.5 - 1
    return -((np.mean(images, axis=(1, 2)) - levels) ** 2)


def brightness_model():
    inputs = keras.Input((4, 4, 1))
    logits = keras.layers.Dense(10)(keras.layers.GlobalAveragePooling2D()(inputs))
    model = keras.Model(inputs, logits)
    levels = np.arange(10) / 4.5 - 1
    model.set_weights([2 * levels[None], -(levels**2)])  # 2 m l - l^2 = m^2 - (m - l)^2
    return model


@pytest.mark.parametrize("make", [lambda: by_brightness, brightness_model])
def test_channels_become_digits_of_the_number(make):
    digits = np.random.default_rng(0).integers(0, 10, (70, 3))
    expected = [int(f"{a}{b}{c}") for a, b, c in digits]
    classifier = make()
    images = flat_digits(digits)
    for batch_size in (1000, 32):  # 32: the last batch is smaller
        found = stacked_digit_labels(images, classifier, batch_size)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, expected)
    pixels = np.rint(127.5 * (images + 1)).astype(np.uint8)
    np.testing.assert_array_equal(stacked_digit_labels(pixels, classifier), expected)


def test_a_trained_classifier_serves():
    digits = np.repeat(np.arange(10), 60)
    grey = flat_digits(np.stack([digits] * 3, axis=1))[..., :1]
    network = trained_classifier(
        grey, digits, None, epochs=30, batch_size=32, learning_rate=1e-2, verbose=0
    )
    triples = np.array([[1, 0, 9], [0, 9, 5]])
    images = flat_digits(triples)
    # The oracle is the network itself, digit by digit: this is about channels and ranges.
    each = [
        network(np.rint(127.5 * (images[:, ..., channel : channel + 1] + 1))).logits.argmax(axis=1)
        for channel in range(3)
    ]
    found = stacked_digit_labels(images, network)
    np.testing.assert_array_equal(found, 100 * each[0] + 10 * each[1] + each[2])
    # The channels differ, or the line above would not see their order.
    assert (each[0] != each[1]).all() and (each[1] != each[2]).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"images": np.zeros((2, 4, 4, 1))}, ValueError, "`images` must have 3 channels"),
        ({"images": np.zeros((4, 4, 3))}, ValueError, r"axes \(n, height, width, 3\).*\(4, 4, 3\)"),
        ({"images": np.zeros((0, 4, 4, 3))}, ValueError, "at least one image"),
        ({"images": np.full((1, 4, 4, 3), 200.0)}, ValueError, r"floats in \[-1, 1\]"),
        ({"images": np.full((1, 4, 4, 3), np.nan)}, ValueError, "`images` must be finite"),
        ({"images": np.zeros((1, 4, 4, 3), int)}, TypeError, "`images` must be uint8, or floats"),
        ({"classifier": "mnist"}, TypeError, "`classifier` must be a Keras model or a function"),
        ({"classifier": lambda x: x[:, 0, 0]}, ValueError, r"10 finite.*shape \(6, 1\)"),
        ({"classifier": lambda x: np.full((6, 10), np.nan)}, ValueError, "some not finite"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be a positive int"),
    ],
)
def test_bad_images_and_classifiers_are_named(change, error, message):
    arguments = {"images": np.zeros((2, 4, 4, 3)), "classifier": by_brightness} | change
    with pytest.raises(error, match=message):
        stacked_digit_labels(**arguments)
