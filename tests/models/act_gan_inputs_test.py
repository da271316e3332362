"""What ACTGAN refuses, and what it shows of its navigator."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import losses, networks, ops
from tests import oracles
from tests.models.cases import act_gan, adam, critic, navigator
from tests.models.harness import changed_since, states

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


def test_navigator_logits_of_maps_of_features():
    shape = (8, 8, 1)
    convolution = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(2, 3, strides=3)])
    model = act_gan(generator=networks.dcgan_generator(3, shape, width=2), navigator=convolution)
    images = model.sample(6, seed=0)
    seen = model.navigator(images).numpy().reshape(6, -1)
    logits = model.navigator_logits(images)
    top = np.linalg.eigvalsh(np.cov(seen.T.astype("float64")))[-1]
    np.testing.assert_allclose(logits.var(ddof=1), top, rtol=1e-4)


NAVIGATORS = {"features": lambda width: navigator(), "distance": networks.difference_navigator}


@pytest.mark.parametrize("with_critic", [False, True])
@pytest.mark.parametrize("kind", NAVIGATORS)
def test_views_of_every_navigator(kind, with_critic):
    model = act_gan(
        navigator=NAVIGATORS[kind](5 if with_critic else 2),
        critic=critic if with_critic else None,
        generator_steps=1,
    )
    model.train_step(X)
    real, fake = X[:6], X[6:10]
    t_real, t_fake = (model.critic(x).numpy() if with_critic else x for x in (real, fake))
    cost = ops.cosine(t_real, t_fake) if with_critic else ops.squared_euclidean(real, fake)
    if kind == "distance":
        distance, seen = model.navigator(t_real, t_fake), model.navigator(t_real, t_real)
    else:
        h_real, h_fake = model.navigator(real), model.navigator(fake)
        distance, seen = model.navigator_distance(h_real, h_fake), h_real
    before = states(model)
    received, forward, backward = model.plans(real, fake)
    logits = model.navigator_logits(real)
    np.testing.assert_allclose(received, cost, rtol=1e-5, atol=1e-6)
    logit = -np.array(distance, "float64")
    np.testing.assert_allclose(forward, oracles.softmax(logit, 1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(backward, oracles.softmax(logit, 0), rtol=1e-4, atol=1e-6)
    top = np.linalg.eigvalsh(np.cov(np.array(seen, "float64").T))[-1]
    np.testing.assert_allclose(logits.var(ddof=1), top, rtol=1e-3)
    assert logits.shape == (6,)
    assert changed_since(before, model) == set()


# --- anchors ---


def test_more_anchors_than_the_batch_are_refused_where_it_is_known():
    model = act_gan(num_anchors=5)
    message = r"`num_anchors` must be at most the number of samples.*=5, and 4 samples in the batch"
    with pytest.raises(ValueError, match=message):
        model.train_step(X[:4])
    model.train_step(X[:5])
    data = tf.data.Dataset.from_tensor_slices(X).batch(4, drop_remainder=True)
    model = act_gan(num_anchors=5)
    model.compile(adam(model))
    with pytest.raises(ValueError, match=message):  # when the graph is made
        model.fit(data, verbose=0)


def test_partial_batch_of_a_graph_takes_the_anchors_it_has():
    model = act_gan(num_anchors=5, num_fake=6)
    model.compile(adam(model))
    values = model.evaluate(X[:4], batch_size=8, verbose=0, return_dict=True)
    assert np.isfinite(list(values.values())).all()


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
        (
            {"num_anchors": 5, "num_fake": 4},
            r"`num_anchors` must be at most .*num_anchors=5, and 4 samples in num_fake",
        ),
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
