"""Scores of real and generated samples, the same as by hand."""

import keras
import numpy as np
import pytest

from keras_ot_gans.ops import Labels
from keras_ot_gans.samplers import Pair, PlainSampler, critic_scores
from keras_ot_gans.samplers.step_seeds import reserved_stream
from tests.samplers import gaussian_targets as gaussian

X = np.random.default_rng(0).normal(size=(7, 1)).astype("float32")


def test_scores_are_the_critics_in_order_and_batches_do_not_matter():
    pair = Pair(gaussian.generator, gaussian.log_ratio, latent_dim=1)
    real, fake = critic_scores(pair, X, n_fake=12, seed=4, batch_size=5)
    np.testing.assert_allclose(real, gaussian.log_ratio(X), rtol=1e-6)
    stream = reserved_stream("scores", 4)
    z = np.concatenate([pair.prior.sample((5, 1), stream) for _ in range(3)])[:12]
    np.testing.assert_allclose(fake, gaussian.log_ratio(gaussian.generator(z)), rtol=1e-5)
    assert critic_scores(pair, X, batch_size=50)[1].shape == (7,)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_calibration_is_not_measured_on_the_samples_of_its_seed(seed):
    pair = Pair(lambda z: z, lambda x: x[:, 0], latent_dim=1)
    _, fake = critic_scores(pair, X, n_fake=100, seed=seed)
    drawn = PlainSampler(lambda z: z, latent_dim=1).sample(100, seed)[:, 0]
    assert not set(fake) & set(drawn)


def test_generated_samples_have_the_labels_of_the_real():
    # The critic returns the label.
    pair = Pair(
        gaussian.generator_of_labels,
        lambda inputs: 0.0 * inputs[0][:, 0] + keras.ops.cast(inputs[1], "float32"),
        latent_dim=1,
        labels=Labels(3),
    )
    labels = [0, 2, 2, 1, 0, 0, 2]
    real, fake = critic_scores(pair, X, real_labels=labels, n_fake=9, batch_size=4)
    assert real.tolist() == labels and fake.tolist() == [*labels, 0, 2]


def test_bad_input_is_named():
    pair = Pair(gaussian.generator, gaussian.log_ratio, latent_dim=1)
    with pytest.raises(ValueError, match=r"`real` must hold .* Received: shape \(7, 2\)"):
        critic_scores(pair, np.zeros((7, 2)))
    with pytest.raises(ValueError, match="`n_fake` must be an integer of at least 1.*n_fake=0"):
        critic_scores(pair, X, n_fake=0)
    with pytest.raises(TypeError, match="`n_fake` must be .* Received: n_fake=1000.0"):
        critic_scores(pair, X, n_fake=1e3)
    with pytest.raises(ValueError, match="`batch_size` must be an integer of at least 1"):
        critic_scores(pair, X, batch_size=0)
    with pytest.raises(TypeError, match="`seed` must be an integer"):
        critic_scores(pair, X, seed=None)
    with pytest.raises(ValueError, match="`real_labels` must be None for this pair"):
        critic_scores(pair, X, real_labels=np.zeros(7, int))
    with pytest.raises(ValueError, match="`critic` must be given"):
        critic_scores(Pair(gaussian.generator, latent_dim=1), X)
    pair = Pair(
        gaussian.generator_of_labels,
        gaussian.log_ratio_of_labels,
        latent_dim=1,
        labels=Labels(3),
    )
    with pytest.raises(ValueError, match="`real_labels` must be given for this pair"):
        critic_scores(pair, X)
    with pytest.raises(ValueError, match="`real_labels` must hold one label per sample, 7"):
        critic_scores(pair, X, real_labels=[0])
