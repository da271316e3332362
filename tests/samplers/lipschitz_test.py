"""Effective Lipschitz constants against known slopes and a restatement."""

import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.ops.labels import Labels
from keras_ot_gans.ops.priors import Normal, Uniform
from keras_ot_gans.samplers import Pair, PlainSampler, pair_lipschitz
from keras_ot_gans.samplers.step_seeds import reserved_stream


@pytest.mark.parametrize("prior", [Normal(), Uniform()])
def test_linear_networks_in_one_dimension_have_one_slope(prior):
    a, b = -2.5, 4.0
    pair = Pair(lambda z: a * z + 1.0, lambda x: b * x[:, 0] - 3.0, latent_dim=1, prior=prior)
    # Differences of float32 numbers of size 10 over distances from 1e-2: rounding of 1e-4.
    np.testing.assert_allclose(pair_lipschitz(pair, "latent"), abs(a * b), rtol=3e-4)
    np.testing.assert_allclose(pair_lipschitz(pair, "data"), abs(b), rtol=3e-4)


def test_a_linear_critic_has_the_largest_cosine_of_the_pairs():
    # Along a pair's direction u the slope of w . x is |w . u|; the constant itself is |w|.
    w = np.array([3.0, 4.0], "float32")
    pair = Pair(lambda z: z, lambda x: x @ w[:, None], latent_dim=2)
    few, many = (pair_lipschitz(pair, pairs=pairs) for pairs in (1, 2000))
    assert few < many
    # The best of 2000 uniform angles misses by about pi / 4000: 1 - cos = 3e-7; rounding 1e-5.
    np.testing.assert_allclose(many, 5.0, rtol=1e-4)


def restated(pairs, repeats, reduce, space, seed):
    """The definition, pair by pair, in float64, from the same latents."""
    stream = reserved_stream("slopes", seed)
    maxima = []
    for _ in range(repeats):
        z = np.asarray(Normal().sample((2 * pairs, 3), stream), "float64")
        x = np.sin(z)
        d = np.sum(x**3, axis=1)
        points = x if space == "data" else z
        slopes = [
            abs(d[i] - d[i + pairs]) / np.linalg.norm(points[i] - points[i + pairs])
            for i in range(pairs)
        ]
        maxima.append(max(slopes))
    return reduce(maxima)


@pytest.mark.parametrize("space", ["latent", "data"])
@pytest.mark.parametrize(("name", "reduce"), [("max", np.max), ("mean", np.mean)])
def test_maxima_of_repeats(space, name, reduce):
    pair = Pair(tf.sin, lambda x: tf.reduce_sum(x**3, axis=1), latent_dim=3)
    for pairs, repeats, seed in ((7, 1, 0), (20, 4, 3)):
        found = pair_lipschitz(pair, space, pairs, repeats, name, seed)
        expected = restated(pairs, repeats, reduce, space, seed)
        np.testing.assert_allclose(found, expected, rtol=1e-4)  # float32 differences
        assert pair_lipschitz(pair, space, pairs, repeats, name, seed) == found
        assert pair_lipschitz(pair, space, pairs, repeats, name, seed + 1) != found


def test_images_are_flattened():
    pair = Pair(
        lambda z: tf.reshape(z, (-1, 2, 2, 1)),
        lambda x: 3.0 * tf.reduce_sum(x, axis=[1, 2, 3]),
        latent_dim=4,
    )
    latent, data = (pair_lipschitz(pair, space) for space in ("latent", "data"))
    assert latent == data  # the same points
    assert 3.0 < data < 6.0 + 1e-4  # at most |w| = 3 sqrt(4)


def test_slopes_are_not_those_of_a_seeds_samples():
    seen = []

    def generator(z):
        seen.append(np.ravel(z))
        return z

    pair = Pair(generator, lambda x: x[:, 0], latent_dim=1)
    seen.clear()
    pair_lipschitz(pair, pairs=50, seed=3)  # 100 latents, as of a batch
    drawn = PlainSampler(lambda z: z, latent_dim=1).sample(100, seed=3)[:, 0]
    assert not set(np.concatenate(seen)) & set(drawn)


def test_many_pairs_are_taken_in_parts():
    sizes = []

    def generator(z):
        sizes.append(int(z.shape[0]))
        return z

    pair = Pair(generator, lambda x: 2.0 * x[:, 0], latent_dim=1)
    sizes.clear()
    np.testing.assert_allclose(pair_lipschitz(pair, pairs=600), 2.0, rtol=1e-2)  # near pairs
    assert sum(sizes) == 1200 and max(sizes) == 500


def test_the_label_reaches_generator_and_critic():
    a, b = tf.constant([1.0, -2.0, 3.0]), tf.constant([5.0, 7.0, -11.0])
    pair = Pair(
        lambda inputs: tf.gather(a, inputs[1])[:, None] * inputs[0],
        lambda inputs: tf.gather(b, inputs[1]) * inputs[0][:, 0],
        latent_dim=1,
        labels=Labels(3),
    )
    # Rounding as in one dimension above.
    np.testing.assert_allclose(pair_lipschitz(pair), [5.0, 14.0, 33.0], rtol=3e-4)
    found = pair_lipschitz(pair, "data")
    np.testing.assert_allclose(found, [5.0, 7.0, 11.0], rtol=3e-4)
    assert found.shape == (3,) and found.dtype == "float64"


def test_pairs_that_coincide_are_left_out():
    def critic(x):
        return 2.0 * x[:, 0]

    # Half of the latents become one point; of the other pairs the slope is 2.
    half = Pair(lambda z: tf.where(z < 0.0, -1.0, z), critic, latent_dim=1)
    np.testing.assert_allclose(pair_lipschitz(half, "data"), 2.0, rtol=3e-4)  # rounding
    one = Pair(lambda z: 0.0 * z + 5.0, critic, latent_dim=1)
    assert pair_lipschitz(one, "data") == 0.0
    # A generator that collapsed but for rounding shows no slope of rounding over rounding.
    near = Pair(lambda z: 5.0 + 1e-7 * z, lambda x: tf.sin(1e3 * x[:, 0]), latent_dim=1)
    assert pair_lipschitz(near, "data") == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_critic_that_is_not_finite_shows(value):
    pair = Pair(lambda z: z, lambda x: tf.where(x[:, 0] > 1.0, value, 0.0), latent_dim=1)
    assert not np.isfinite(pair_lipschitz(pair))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"space": "image"}, "`space` must be one of latent, data. Received: space='image'"),
        ({"reduce": "median"}, "`reduce` must be one of max, mean"),
        ({"pairs": 0}, "`pairs` must be an integer of at least 1. Received: pairs=0"),
        ({"repeats": -1}, "`repeats` must be an integer of at least 1. Received: repeats=-1"),
        ({"seed": -1}, "`seed` must be an integer of at least 0"),
    ],
)
def test_arguments_out_of_range(wrong, words):
    with pytest.raises(ValueError, match=words):
        pair_lipschitz(Pair(lambda z: z, lambda x: x[:, 0], latent_dim=1), **wrong)


def test_numbers_that_are_no_integers():
    pair = Pair(lambda z: z, lambda x: x[:, 0], latent_dim=1)
    for name in ("pairs", "repeats", "seed"):
        with pytest.raises(TypeError, match=f"`{name}` must be an integer"):
            pair_lipschitz(pair, **{name: 100.0})
