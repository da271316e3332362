import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans.divergences import FDivergence, f_divergence
from keras_ot_gans.divergences.bidirectional import bigan, f_gan
from tests import oracles
from tests.divergences import linear_gaussian as pair

REAL, FAKE = np.array([[-2.0], [0.3], [1.5]]), np.array([[0.7], [-1.1], [0.2]])

# Score of the best discriminator, `a_f(v) = f'(r)`, worked out by hand.
OPTIMAL = {
    "kl": lambda log_r: 1.0 + log_r,
    "reverse_kl": lambda log_r: log_r,
    "jensen_shannon": lambda log_r: log_r,
    "squared_hellinger": lambda log_r: log_r / 2.0,
}


def test_table_2_for_kl():
    objective = f_gan(f_divergence.kl)
    expected = -REAL.mean() + np.exp(FAKE - 1.0).mean()
    np.testing.assert_allclose(objective.discriminator_loss(REAL, FAKE), expected, rtol=1e-14)
    np.testing.assert_allclose(objective.encoder_loss(REAL), REAL.mean(), rtol=1e-14)
    np.testing.assert_allclose(objective.generator_loss(FAKE), -np.exp(FAKE - 1.0).mean())


def test_losses_of_the_others_by_f_gans_table():
    # a_f and f*(a_f) with NumPy.
    table = {
        "reverse_kl": (lambda v: -np.exp(-v), lambda t: -1.0 - np.log(-t)),
        "jensen_shannon": (
            lambda v: np.log(2.0) - np.log1p(np.exp(-v)),
            lambda t: -np.log(2.0 - np.exp(t)),
        ),
        "squared_hellinger": (lambda v: 1.0 - np.exp(-v), lambda t: t / (1.0 - t)),
    }
    for name, (activation, conjugate) in table.items():
        objective = f_gan(f_divergence.by_name(name))
        real, fake = activation(REAL).mean(), conjugate(activation(FAKE)).mean()
        np.testing.assert_allclose(objective.discriminator_loss(REAL, FAKE), fake - real)
        np.testing.assert_allclose(objective.encoder_loss(REAL), real)
        np.testing.assert_allclose(objective.generator_loss(FAKE), -fake)


@pytest.mark.parametrize("name", OPTIMAL)
def test_bound_is_tight_at_the_best_discriminator(name):
    value, x, z = f_divergence.by_name(name), pair.M + pair.S * pair.U, pair.U
    real = OPTIMAL[name](pair.log_ratio(x, pair.encode(x, pair.V, pair.ENCODER)))
    fake = OPTIMAL[name](pair.log_ratio(pair.generate(z, pair.V, pair.GENERATOR), z))
    bound = np.sum(pair.WEIGHTS * value.activation(real))
    bound -= np.sum(pair.WEIGHTS * value.activated_conjugate(fake))
    # Sums over the grid are exact; 2e-16 times terms of size e^10 at its far corners remain.
    np.testing.assert_allclose(bound, pair.DIVERGENCES[name](), rtol=1e-8)


@pytest.mark.parametrize("name", OPTIMAL)
def test_gradient_at_the_best_discriminator_is_that_of_the_divergence(name):
    divergence, objective = pair.DIVERGENCES[name], f_gan(f_divergence.by_name(name))
    found = pair.pathwise_gradients(
        objective.encoder_loss, objective.generator_loss, to_score=OPTIMAL[name]
    )
    encoder = oracles.finite_differences(lambda phi: divergence(encoder=phi), pair.ENCODER)
    generator = oracles.finite_differences(
        lambda theta: divergence(generator=theta), pair.GENERATOR
    )
    np.testing.assert_allclose(found[0], encoder, rtol=1e-6)
    np.testing.assert_allclose(found[1], generator, rtol=1e-6)


def test_jensen_shannon_is_bigan_up_to_constants():
    mine, log_4 = f_gan(f_divergence.jensen_shannon), 2.0 * np.log(2.0)
    found = mine.discriminator_loss(REAL, FAKE) + log_4
    np.testing.assert_allclose(found, bigan.discriminator_loss(REAL, FAKE), rtol=1e-14)
    for key, scores in (("encoder_loss", REAL), ("generator_loss", FAKE)):
        (a,), (b,) = (oracles.gradient(getattr(o, key), scores) for o in (mine, bigan))
        np.testing.assert_allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("name", OPTIMAL)
def test_far_scores_have_finite_losses_and_slopes_in_float32(name):
    far = np.repeat(np.array([[-80.0], [80.0]], "float32"), 400, axis=0)
    objective = f_gan(f_divergence.by_name(name))
    both = lambda d: objective.discriminator_loss(d, -d)  # noqa: E731
    for loss in (objective.encoder_loss, objective.generator_loss, both):
        (slope,) = oracles.gradient(loss, far)
        assert np.isfinite(loss(far)) and np.isfinite(slope).all()


def test_conjugate_is_composed_where_there_is_no_formula():
    plain = dataclasses.replace(f_divergence.squared_hellinger, activated_conjugate=None)
    expected = f_gan(f_divergence.squared_hellinger).generator_loss(FAKE)
    np.testing.assert_allclose(f_gan(plain).generator_loss(FAKE), expected, rtol=1e-14)


@pytest.mark.parametrize("name", OPTIMAL)
def test_serialisation_round_trip(name):
    objective = f_gan(f_divergence.by_name(name))
    assert objective.name == f"f_gan_{name}"
    config = keras.saving.serialize_keras_object(objective)
    assert keras.saving.deserialize_keras_object(config) == objective


def test_a_divergence_without_a_conjugate_is_refused():
    kl = f_divergence.kl
    plain = FDivergence("mine", kl.f, kl.f_prime, kl.f_second)
    with pytest.raises(ValueError, match=r"must have a `conjugate`.*'mine'.*conjugate=None"):
        f_gan(plain)
    with pytest.raises(ValueError, match=r"must have a `conj.*activation=None.*bidirectional.age"):
        f_gan(dataclasses.replace(plain, conjugate=kl.conjugate))
    with pytest.raises(ValueError, match=r"must have a `conjugate`.*'all_divergences'"):
        f_gan(f_divergence.all_divergences)
    with pytest.raises(TypeError, match=r"`f_divergence` must be a.*'kl'"):
        f_gan("kl")
    with pytest.raises(ValueError, match="`f_second` must be f''"):
        f_gan(dataclasses.replace(kl, name="mine", f_second=lambda r: 2.0 / r))


def test_flat_scores_are_refused():
    objective, flat = f_gan(f_divergence.kl), tf.zeros(4)
    for loss in (objective.encoder_loss, objective.generator_loss):
        with pytest.raises(ValueError, match=r"_scores` must have shape \(B, 1\).*\(4,\)"):
            loss(flat)
    with pytest.raises(ValueError, match=r"`real_scores` must have shape \(B, 1\).*\(4,\)"):
        objective.discriminator_loss(flat, flat[:, None])
