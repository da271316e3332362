"""What ACTGAN refuses, and what it shows of its navigator."""

import keras
import numpy as np
import pytest

from keras_ot_gans import losses, networks
from tests.models.cases import act_gan, critic

X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")


# --- looking at the navigator ---


def test_navigator_logits_of_one_feature_are_the_feature():
    model = act_gan(navigator=networks.mlp(2, (4,), 1))
    np.testing.assert_array_equal(model.navigator_logits(X), model.navigator(X)[:, 0])


def test_navigator_logits_of_many_are_the_first_principal_component():
    model = act_gan()
    logits = model.navigator_logits(X)
    seen = model.navigator(X).numpy().astype("float64")
    values, vectors = np.linalg.eigh(np.cov(seen.T))
    component = (seen - seen.mean(axis=0)) @ vectors[:, -1]
    sign = np.sign(component @ logits)
    np.testing.assert_allclose(sign * logits, component, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(logits.var(ddof=1), values[-1], rtol=1e-4)


def test_navigator_logits_of_a_distance():
    model = act_gan(navigator=networks.difference_navigator(2, (4,)))
    assert model.navigator_logits(X).shape == (16,)
    assert np.isfinite(model.navigator_logits(X)).all()


# --- bad arguments ---


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"critic_steps": 1}, r"`critic` must be given with `critic_steps`.*critic_steps=1"),
        ({"critic_loss": losses.discriminator_cross_entropy}, "`critic` must be given"),
        (
            {
                "critic": critic,
                "critic_steps": 0,
                "critic_loss": losses.discriminator_cross_entropy,
            },
            "`critic_loss` must be None with a fixed critic",
        ),
        ({"forward_weight": 2.0}, r"`forward_weight` must be in \[0, 1\]"),
        ({"num_anchors": 0}, "`num_anchors` must be None or at least 1"),
        ({"num_fake": 0}, "`num_fake` must be None or at least 1"),
        ({"generator_steps": 0}, "`generator_steps` must be at least 1"),
        ({"critic": critic, "critic_steps": -1}, "`critic_steps` at least 0"),
        ({"navigator": networks.mlp(3, (4,), 1)}, r"`navigator` must take what .*\(None, 3\)"),
        ({"critic": networks.mlp(3, (4,), 1)}, r"`critic` must take what the generator makes"),
        (
            {"navigator": keras.Sequential([keras.layers.Dense(1)])},
            r"`navigator` must take.*unknown \(not built\)",
        ),
        (
            {"navigator": networks.difference_navigator(3, (4,))},
            r"`navigator` must compare 2 features.*on 3 features.*difference_navigator\(2\)",
        ),
        (
            {"navigator": networks.difference_navigator(2, (4,)), "critic": critic},
            r"`navigator` must compare 5 features",
        ),
    ],
)
def test_bad_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        act_gan(**keywords)
