import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.divergences import FDivergence, bidirectional, f_divergence
from keras_ot_gans.divergences.bidirectional import age
from tests import oracles
from tests.divergences import linear_gaussian as pair

NAMES = ["kl", "reverse_kl", "jensen_shannon", "squared_hellinger", "all_divergences"]
D = np.array([[-3.0], [-0.4], [0.0], [0.6], [2.5]])

# The authors' closed losses of encoder and generator without clipping, and their gradients.
SURROGATES = {
    "kl": (lambda d: d, lambda d: -tf.exp(d)),
    "reverse_kl": (lambda d: -tf.exp(-d), lambda d: -d),
    "jensen_shannon": (lambda d: -tf.nn.softplus(-d), lambda d: -tf.nn.softplus(d)),
    "squared_hellinger": (lambda d: -tf.exp(-d / 2.0), lambda d: -tf.exp(d / 2.0)),
    "all_divergences": (lambda d: d, lambda d: -d),
}


# --- theorem 1 ---


@pytest.mark.parametrize("name", pair.DIVERGENCES)
def test_gradient_is_that_of_the_divergence(name):
    """Theorem 1 on a linear Gaussian pair, whose log-ratio and divergences are known."""
    divergence, objective = pair.DIVERGENCES[name], age(f_divergence.by_name(name))
    found = pair.pathwise_gradients(
        objective.encoder_loss, objective.generator_loss, to_score=lambda log_r: log_r
    )
    encoder = oracles.finite_differences(lambda phi: divergence(encoder=phi), pair.ENCODER)
    generator = oracles.finite_differences(
        lambda theta: divergence(generator=theta), pair.GENERATOR
    )
    # Sums over the grid are exact to 1e-12 of a term; central differences to 1e-9.
    np.testing.assert_allclose(found[0], encoder, rtol=1e-6)
    np.testing.assert_allclose(found[1], generator, rtol=1e-6)


def test_gradient_is_zero_where_the_pairs_agree():
    """The exact posterior of the generator, and data of its marginal: p_e = p_g."""
    alpha, beta, gamma = 0.9, pair.M, np.sqrt(pair.S**2 - 0.9**2)
    a = alpha / pair.S**2
    encoder = np.array([a, -a * beta, 0.5 * np.log(1.0 - alpha * a)])
    generator = np.array([alpha, beta, np.log(gamma)])
    assert pair.kl(encoder, generator) == pytest.approx(0.0, abs=1e-12)
    x = pair.M + pair.S * pair.U
    z = pair.encode(x, pair.V, encoder)
    np.testing.assert_allclose(pair.log_ratio(x, z, encoder, generator), 0.0, atol=1e-10)


def test_all_divergences_is_kl_for_the_encoder_and_reverse_kl_for_the_generator():
    objective = age(f_divergence.all_divergences)
    found = pair.pathwise_gradients(
        objective.encoder_loss, objective.generator_loss, to_score=lambda log_r: log_r
    )
    encoder = oracles.finite_differences(lambda phi: pair.kl(encoder=phi), pair.ENCODER)
    generator = oracles.finite_differences(
        lambda theta: pair.reverse_kl(generator=theta), pair.GENERATOR
    )
    np.testing.assert_allclose(found[0], encoder, rtol=1e-6)
    np.testing.assert_allclose(found[1], generator, rtol=1e-6)


# --- losses of scores ---


@pytest.mark.parametrize("r0", [None, 0.5])
@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_the_scalings(name, r0):
    value = f_divergence.by_name(name)
    objective = age(value, r0)
    expected = f_divergence.scalings(tf.constant(D), value, r0)
    (encoder,) = oracles.gradient(objective.encoder_loss, D)
    (generator,) = oracles.gradient(objective.generator_loss, D)
    np.testing.assert_allclose(encoder, expected.encoder / len(D), rtol=1e-14)
    np.testing.assert_allclose(generator, -expected.generator / len(D), rtol=1e-14)
    # Values: s D, with the scaling as a number.
    np.testing.assert_allclose(objective.encoder_loss(D), np.mean(expected.encoder * D))
    np.testing.assert_allclose(objective.generator_loss(D), -np.mean(expected.generator * D))


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_the_authors_losses(name):
    objective = age(f_divergence.by_name(name))
    for loss, surrogate in zip(
        (objective.encoder_loss, objective.generator_loss), SURROGATES[name], strict=True
    ):
        (found,) = oracles.gradient(loss, D)
        (expected,) = oracles.gradient(lambda d, s=surrogate: tf.reduce_mean(s(d)), D)
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_clipping_leaves_the_discriminator_alone():
    plain, clipped = age(f_divergence.kl), age(f_divergence.kl, 0.5)
    real, fake = 4.0 * D, 3.0 - D
    expected = np.mean(np.log1p(np.exp(-real))) + np.mean(np.log1p(np.exp(fake)))
    for objective in (plain, clipped):
        np.testing.assert_allclose(objective.discriminator_loss(real, fake), expected, rtol=1e-14)


def test_logistic_regression_finds_the_log_ratio():
    """Two cells with p_e = (0.3, 0.7) and p_g = (0.6, 0.4), as batches of ten pairs."""
    real, fake = np.eye(2)[[0] * 3 + [1] * 7], np.eye(2)[[0] * 6 + [1] * 4]
    loss = age(f_divergence.kl).discriminator_loss
    best = np.log([[0.3 / 0.6], [0.7 / 0.4]])
    (slope,) = oracles.gradient(lambda cells: loss(real @ cells, fake @ cells), best)
    # The loss is convex: where the gradient is 0, it is smallest.
    np.testing.assert_allclose(slope, 0.0, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_far_scores_have_finite_losses_and_slopes_in_float32(name):
    far = np.repeat(np.array([[-80.0], [80.0]], "float32"), 400, axis=0)
    objective = age(f_divergence.by_name(name))
    both = lambda d: objective.discriminator_loss(d, -d)  # noqa: E731
    for loss in (objective.encoder_loss, objective.generator_loss, both):
        (slope,) = oracles.gradient(loss, far)
        assert np.isfinite(loss(far)) and np.isfinite(slope).all()


def test_eager_graph_and_xla_agree():
    loss, scores = age(f_divergence.squared_hellinger, 0.5).generator_loss, D.astype("float32")
    for compiled in (tf.function(loss), tf.function(loss, jit_compile=True)):
        np.testing.assert_allclose(compiled(scores), loss(scores), rtol=1e-6)


# --- the value ---


@pytest.mark.parametrize("r0", [None, 0.25])
@pytest.mark.parametrize("name", NAMES)
def test_serialisation_round_trip(name, r0):
    objective = age(f_divergence.by_name(name), r0)
    config = keras.saving.serialize_keras_object(objective)
    assert keras.saving.deserialize_keras_object(config) == objective


def test_names_tell_the_divergence_and_the_bound():
    assert age(f_divergence.jensen_shannon).name == "age_jensen_shannon"
    assert repr(age(f_divergence.kl, 0.5)) == "BidirectionalObjective('age_kl_r0_0.5')"
    assert bidirectional.age is age


def test_arguments_are_checked():
    with pytest.raises(TypeError, match=r"`f_divergence` must be a.*'kl'"):
        age("kl")
    with pytest.raises(ValueError, match=r"`r0` must be in \(0, 1\].*r0=2"):
        age(f_divergence.kl, r0=2)
    concave = FDivergence(
        "mine", lambda r: -((r - 1) ** 2), lambda r: 2 - 2 * r, lambda r: 0 * r - 2
    )
    with pytest.raises(ValueError, match="`f` must be strictly convex"):
        age(concave)


def test_flat_scores_are_refused():
    objective, flat = age(f_divergence.kl), np.zeros(4, "float32")
    with pytest.raises(ValueError, match=r"`real_scores` must have shape \(B, 1\).*\(4,\)"):
        objective.encoder_loss(flat)
    with pytest.raises(ValueError, match=r"`fake_scores` must have shape \(B, 1\).*\(4,\)"):
        objective.generator_loss(flat)
    with pytest.raises(ValueError, match=r"`fake_scores` must have shape \(B, 1\).*\(4,\)"):
        objective.discriminator_loss(flat[:, None], flat)
