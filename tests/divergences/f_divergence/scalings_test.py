import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.divergences import FDivergence, f_divergence, scalings
from tests import oracles

# (s_phi, s_theta) of each divergence: theorem 1 with the functions of Table 1, by hand.
TABLE = {
    "all_divergences": (lambda r: np.ones_like(r), lambda r: np.ones_like(r)),
    "kl": (lambda r: np.ones_like(r), lambda r: r),
    "reverse_kl": (lambda r: 1.0 / r, lambda r: np.ones_like(r)),
    "jensen_shannon": (lambda r: 1.0 / (1.0 + r), lambda r: r / (1.0 + r)),
    "squared_hellinger": (lambda r: 0.5 / np.sqrt(r), lambda r: 0.5 * np.sqrt(r)),
}
D = np.array([[-6.0], [-1.0], [-0.2], [0.0], [0.5], [2.0], [6.0]])


@pytest.mark.parametrize("r0", [None, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("name", TABLE)
def test_scalings_are_those_of_the_table(name, r0):
    r = np.exp(D) if r0 is None else np.clip(np.exp(D), r0, 1.0 / r0)
    found = scalings(tf.constant(D), f_divergence.by_name(name), r0)
    # Float64: a logarithm up to 12 costs one digit.
    np.testing.assert_allclose(found.encoder, TABLE[name][0](r), rtol=1e-13)
    np.testing.assert_allclose(found.generator, TABLE[name][1](r), rtol=1e-13)
    encoder, generator = found  # the order of the tuple
    np.testing.assert_array_equal(encoder, found.encoder)
    np.testing.assert_array_equal(generator, found.generator)


# Ranges of (s_phi, s_theta) for ratios in [0.5, 2].
CLIPPED = {
    "kl": ((1.0, 1.0), (0.5, 2.0)),
    "reverse_kl": ((0.5, 2.0), (1.0, 1.0)),
    "jensen_shannon": ((1 / 3, 2 / 3), (1 / 3, 2 / 3)),
    "squared_hellinger": ((0.35355339, 0.70710678), (0.35355339, 0.70710678)),
}


@pytest.mark.parametrize("name", CLIPPED)
def test_clipping_bounds_the_ratio_and_not_the_scaling(name):
    found = scalings(np.linspace(-80.0, 80.0, 81), f_divergence.by_name(name), r0=0.5)
    for values, (low, high) in zip(found, CLIPPED[name], strict=True):
        # Float32.
        np.testing.assert_allclose([np.min(values), np.max(values)], [low, high], rtol=1e-6)


def test_narrowest_clipping_leaves_the_curvature_at_one():
    for name, expected in zip(CLIPPED, (1.0, 1.0, 0.5, 0.5), strict=True):
        found = scalings(tf.constant([-3.0, 3.0]), f_divergence.by_name(name), r0=1.0)
        np.testing.assert_allclose(found, np.full((2, 2), expected), rtol=1e-6)


@pytest.mark.parametrize("name", TABLE)
def test_far_scores_stay_finite_in_float32(name):
    far = np.array([-80.0, 80.0], "float32")
    found = scalings(far, f_divergence.by_name(name))
    for values, expected in zip(found, TABLE[name], strict=True):
        assert np.isfinite(values).all()
        # A logarithm of 160 in float32 is known to 1e-5.
        np.testing.assert_allclose(values, expected(np.exp(far.astype("float64"))), rtol=5e-5)


def test_functions_of_ones_own_do_not_overflow_without_a_stable_formula():
    kl = f_divergence.reverse_kl
    mine = FDivergence("mine", kl.f, kl.f_prime, kl.f_second)  # 1 / r^2 is 1e-70 at D = 80
    far = np.array([-80.0, 0.0, 80.0], "float32")
    for values, expected in zip(scalings(far, mine), scalings(far, kl), strict=True):
        assert values.dtype == "float32"
        np.testing.assert_allclose(values, expected, rtol=5e-5)


def test_scalings_are_constants_of_the_gradient():
    for name in TABLE:
        value = f_divergence.by_name(name)
        (slope,) = oracles.gradient(lambda d, v=value: tf.reduce_sum(scalings(d, v)), D)
        np.testing.assert_array_equal(slope, 0.0)


def test_half_precision_is_widened_and_nan_is_not_hidden():
    found = scalings(tf.cast(D, "float16"), f_divergence.kl)
    assert found.encoder.dtype == found.generator.dtype == "float32"
    assert np.isnan(scalings(np.array([np.nan], "float32"), f_divergence.kl, 0.5).generator)


@pytest.mark.parametrize("r0", [0.0, -0.5, 1.5, np.nan])
def test_bounds_outside_are_refused(r0):
    with pytest.raises(ValueError, match=rf"`r0` must be in \(0, 1\].*r0={r0}.*try 0.5"):
        scalings(D, f_divergence.kl, r0)


def test_names_are_refused():
    with pytest.raises(TypeError, match=r"`f_divergence` must be a.*'kl'.*f_divergence\.kl"):
        scalings(D, "kl")
