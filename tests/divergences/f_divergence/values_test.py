import numpy as np
import pytest
import scipy.optimize
import scipy.spatial.distance
import scipy.stats
import tensorflow as tf

from keras_ot_gans import divergences
from keras_ot_gans.divergences import f_divergence
from tests import oracles

# Table 1 of the paper, and f-GAN's table of activations, with the score at which a_f(v) = f'(r).
PAPER = {
    "kl": (lambda r: r * np.log(r), lambda v: v, lambda log_r: 1.0 + log_r),
    "reverse_kl": (lambda r: -np.log(r), lambda v: -np.exp(-v), lambda log_r: log_r),
    "jensen_shannon": (
        lambda r: -(r + 1.0) * np.log((1.0 + r) / 2.0) + r * np.log(r),
        lambda v: np.log(2.0) - np.log(1.0 + np.exp(-v)),
        lambda log_r: log_r,
    ),
    "squared_hellinger": (
        lambda r: (np.sqrt(r) - 1.0) ** 2,
        lambda v: 1.0 - np.exp(-v),
        lambda log_r: log_r / 2.0,
    ),
}
NAMES = list(PAPER)
LOG_R = np.linspace(-4.0, 4.0, 17)
R = np.exp(LOG_R)


def numbers(function, x):
    return function(tf.constant(x, "float64")).numpy()


@pytest.mark.parametrize("name", NAMES)
def test_f_is_that_of_the_table_and_zero_at_one(name):
    value = f_divergence.by_name(name)
    # Float64; f itself is a difference of numbers up to 4 e^4, hence the absolute part.
    np.testing.assert_allclose(numbers(value.f, R), PAPER[name][0](R), rtol=1e-12, atol=1e-13)
    assert numbers(value.f, 1.0) == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_by_finite_differences(name):
    value, step = f_divergence.by_name(name), 1e-5 * R
    slope = (PAPER[name][0](R + step) - PAPER[name][0](R - step)) / (2.0 * step)
    # Truncation 1e-10 times f''' / f', rounding 1e-16 / 1e-5 times f / (r f').
    np.testing.assert_allclose(numbers(value.f_prime, R), slope, rtol=1e-8, atol=1e-8)
    step = 1e-3 * R
    f = PAPER[name][0]
    second = (f(R + step) - 2.0 * f(R) + f(R - step)) / step**2
    # Truncation: step^2 f'''' / 12 = 1e-6 r^2 f'''' / 12, where r^2 f'''' / f'' <= 6.
    np.testing.assert_allclose(numbers(value.f_second, R), second, rtol=1e-6)
    np.testing.assert_allclose(
        numbers(value.log_f_second, LOG_R), np.log(numbers(value.f_second, R)), atol=1e-12
    )


@pytest.mark.parametrize("name", NAMES)
def test_conjugate_by_maximisation(name):
    value, f = f_divergence.by_name(name), PAPER[name][0]
    for t in numbers(value.f_prime, R):
        found = scipy.optimize.minimize_scalar(
            lambda log_r, t=t: f(np.exp(log_r)) - np.exp(log_r) * t,
            bounds=(-8.0, 8.0),
            method="bounded",
            options={"xatol": 1e-9},
        )
        # Quadratic at the maximum: an error of 1e-9 in log r leaves rounding only.
        np.testing.assert_allclose(numbers(value.conjugate, t), -found.fun, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_activation_is_that_of_f_gan_and_reaches_the_slope_of_f(name):
    value, (_, activation, score) = f_divergence.by_name(name), PAPER[name]
    np.testing.assert_allclose(numbers(value.activation, LOG_R), activation(LOG_R), rtol=1e-12)
    v = score(LOG_R)
    np.testing.assert_allclose(
        numbers(value.activation, v), numbers(value.f_prime, R), rtol=1e-12, atol=1e-14
    )
    # 2 - e^t and 1 - t lose four digits of sixteen at r = e^4.
    np.testing.assert_allclose(
        numbers(value.activated_conjugate, v),
        numbers(value.conjugate, numbers(value.activation, v)),
        rtol=1e-11,
        atol=1e-12,
    )


@pytest.mark.parametrize("name", NAMES)
def test_far_scores_stay_finite_in_float32(name):
    value, far = f_divergence.by_name(name), np.array([-80.0, 80.0], "float32")
    for function in (value.activation, value.activated_conjugate, value.log_f_second):
        (slope,) = oracles.gradient(lambda v, g=function: tf.reduce_sum(g(v)), far)
        assert np.isfinite(function(tf.constant(far))).all() and np.isfinite(slope).all()


def test_divergences_of_two_histograms():
    p, q = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.4, 0.25, 0.25, 0.1])
    expected = {
        "kl": scipy.stats.entropy(p, q),
        "reverse_kl": scipy.stats.entropy(q, p),
        "jensen_shannon": 2.0 * scipy.spatial.distance.jensenshannon(p, q) ** 2,
        "squared_hellinger": np.sum((np.sqrt(p) - np.sqrt(q)) ** 2),
    }
    for name, number in expected.items():
        found = np.sum(q * numbers(f_divergence.by_name(name).f, p / q))
        np.testing.assert_allclose(found, number, rtol=1e-13)


def test_values_are_public():
    assert divergences.f_divergence is f_divergence
    assert divergences.scalings is f_divergence.scalings
    assert [f_divergence.by_name(name).name for name in NAMES] == NAMES
    assert f_divergence.all_divergences.f is None
