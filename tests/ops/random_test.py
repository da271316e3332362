import functools

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_ot_gans.ops import random

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 5), (0, 4)]
DRAWS = [random.uniform, random.normal]
MODES = {
    "graph": tf.function,
    "jit": functools.partial(tf.function, jit_compile=True),
}


def draw(function, shape, seed=7, wrap=lambda f: f, times=1):
    generator = keras.random.SeedGenerator(seed)
    run = wrap(lambda: function(shape, generator))
    return [run().numpy() for _ in range(times)][-1]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("function", DRAWS)
def test_shape_and_type(function, shape):
    z = draw(function, shape)
    assert (z.shape, z.dtype) == (shape, np.float32)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("shape", [(), (1001, 3)])
def test_the_same_numbers_compiled_or_not(mode, shape, times):
    eager = draw(random.uniform, shape, times=times)
    np.testing.assert_array_equal(draw(random.uniform, shape, wrap=MODES[mode], times=times), eager)
    # log and cos of XLA and of TensorFlow differ in their last bit; values reach 5.
    eager = draw(random.normal, shape, times=times)
    compiled = draw(random.normal, shape, wrap=MODES[mode], times=times)
    np.testing.assert_allclose(compiled, eager, rtol=0, atol=5e-7)


@pytest.mark.parametrize("function", DRAWS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("n", [0, 1, 4, 5])
def test_sizes_known_only_when_run(function, mode, n):
    generator = keras.random.SeedGenerator(7)
    spec = tf.TensorSpec((None, 1), "float32")

    @functools.partial(MODES[mode], input_signature=[spec])
    def like(x):
        z = function((tf.shape(x)[0], 3), generator)
        assert z.shape.as_list() == [None, 3]
        return z

    z = like(np.zeros((n, 1), "float32")).numpy()
    np.testing.assert_allclose(z, draw(function, (n, 3)), rtol=0, atol=5e-7)


@pytest.mark.parametrize("function", DRAWS)
def test_seeds_decide(function):
    values = [draw(function, (50,), seed, times=times) for seed in (0, 1) for times in (1, 2)]
    for i, a in enumerate(values):
        for b in values[:i]:
            # Two streams of 24-bit numbers agree nowhere in 50 draws (chance 50 / 2^24).
            assert (a != b).all()
    np.testing.assert_array_equal(draw(function, (50,), 0), values[0])


def test_uniform_moments_and_range():
    z = draw(random.uniform, (200_000,)).astype("float64")
    assert 0.0 <= z.min() < z.max() < 1.0
    np.testing.assert_array_equal(z * 2**24, np.round(z * 2**24))
    # Four standard errors: sqrt(1/12 / n) and sqrt(1/180 / n).
    assert abs(z.mean() - 1 / 2) < 4 * np.sqrt(1 / 12 / z.size)
    assert abs(z.var() - 1 / 12) < 4 * np.sqrt(1 / 180 / z.size)
    assert scipy.stats.kstest(z, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("shape", [(200_001,), (1000, 200)])
def test_normal_moments_and_law(shape):
    z = draw(random.normal, shape).astype("float64").ravel()
    n = z.size
    # Four standard errors of the mean, variance, skewness and fourth moment of n normals.
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert abs(z.var() - 1.0) < 4 * np.sqrt(2 / n)
    assert abs((z**3).mean()) < 4 * np.sqrt(15 / n)
    assert abs((z**4).mean() - 3.0) < 4 * np.sqrt(96 / n)
    # A right sampler gives a smaller p-value once in a thousand seeds; this seed is fixed.
    assert scipy.stats.kstest(z, scipy.stats.norm.cdf).pvalue > 1e-3
    assert np.abs(z).max() <= np.sqrt(2 * np.log(2**25)) + 1e-6


def test_halves_of_the_box_muller_transform_are_uncorrelated():
    a, b = draw(random.normal, (2, 100_000)).astype("float64")
    for left, right in ((a, b), (a**2, b**2)):
        assert abs(np.corrcoef(left, right)[0, 1]) < 4 / np.sqrt(a.size)
