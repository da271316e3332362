import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import divergences, models, ops
from keras_ot_gans.datasets import in_rounds
from keras_ot_gans.divergences import EntropicMatching
from tests.models.harness import moved, states
from tests.models.ot_gan_reference import (
    EPSILON,
    TIGHT,
    OTGANReference,
    cosine,
    net,
    ot_gan,
    plan_of,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 2)).astype("float32")


# --- Algorithm 1 ---


def test_two_rounds_are_algorithm_1():
    # The critic's batch and three for the generator, in each of two rounds.
    rates = {"critic": 0.3, "generator": 0.2}
    model = ot_gan(rates)
    twin = OTGANReference(model, EPSILON, rates)
    rounds = RNG.normal(size=(2, 16, 4, 2)).astype("float32")
    for batches in rounds:
        logs = model.train_step(batches)
        for k, role in enumerate(["critic", *["generator"] * 3]):
            twin.update(role, batches[:, k].astype("float64"))
    # Logs are means over the updates since the epoch began. Matchings are good to 1e-5.
    np.testing.assert_allclose(logs["distance"], np.mean(twin.values), rtol=0, atol=1e-5)
    for role, network in (("critic", model.critic), ("generator", model.generator)):
        for new, right in zip(network.get_weights(), twin.weights[role], strict=True):
            # float32 through two rounds; up to 1.02e-5 was seen, by the processor
            np.testing.assert_allclose(new, right, rtol=0, atol=3e-5, err_msg=role)


def test_critic_moves_first_and_alone():
    model = ot_gan(generator_steps=2, critic_steps=2)
    order, update = [], model.update

    def seen(*args, **kwargs):
        order.append(moved(model, lambda: update(*args, **kwargs)))

    model.update = seen
    model.train_step(X[:16])
    assert order == [{"critic"}, {"critic"}, {"generator"}, {"generator"}]
    assert model.passes_per_round == 4 and model.step == 2


def test_a_plain_batch_serves_the_round_and_a_packed_one_each_update():
    batches = in_rounds(tf.data.Dataset.from_tensor_slices(X).batch(16, True), 4)
    model, seen = ot_gan(), []
    objective = model.objective

    def recorded(tape, x_real, *args, **kwargs):
        seen.append(np.asarray(x_real))
        return objective(tape, x_real, *args, **kwargs)

    model.objective = recorded
    model.fit(batches, verbose=0)
    np.testing.assert_array_equal(np.concatenate(seen), X)
    seen.clear()
    model.train_step(X[:16])
    np.testing.assert_array_equal(np.concatenate(seen), np.tile(X[:16], (4, 1)))


@pytest.mark.parametrize(("frozen", "sign"), [("generator", 1.0), ("critic", -1.0)])
def test_critic_ascends_and_generator_descends(frozen, sign):
    model = ot_gan({"critic": 0.01, "generator": 0.01}, generator_steps=1)
    z = ops.Normal().sample((16, 3), keras.random.SeedGenerator(0))
    model.latents = lambda *_, **__: z
    model.freeze(frozen)
    before = model.test_step(X[:16])["distance"]
    model.reset_metrics()
    assert moved(model, lambda: model.train_step(X[:16])) == set(model.networks) - {frozen}
    model.reset_metrics()
    assert sign * (model.test_step(X[:16])["distance"] - before) > 0


def test_a_frozen_role_costs_nothing():
    model = ot_gan()
    model.freeze("critic")
    model.train_step(X[:16])
    assert int(model.critic_optimizer.iterations) == 0 and model.step == 3
    assert int(model.seed_generator.state[1]) == 3  # no latents for the update that is left out
    model.freeze("generator")
    before = states(model)
    model.train_step(X[:16])
    for (path, old), (_, new) in zip(before, states(model), strict=True):
        assert "latents" in path or (old == new).all() or "tracker" in path, path


def test_default_schedule():
    model = ot_gan()
    assert (model.generator_steps, model.critic_steps) == (3, 1)
    assert (ot_gan(critic=None).generator_steps, ot_gan(critic=None).critic_steps) == (3, 0)
    assert models.OTGAN(net(3, 2, "generator")).matching == EntropicMatching(0.002)


def test_average_follows_each_update_of_the_generator():
    model = ot_gan(ema_decay=0.7)
    expected, passed, update = model.generator.get_weights(), [], model.update

    def seen(*args, **kwargs):
        update(*args, **kwargs)
        if kwargs["descend"]:
            passed.append(model.generator.get_weights())

    model.update = seen
    model.train_step(X[:16])
    for now in passed:
        expected = [0.7 * a + 0.3 * b for a, b in zip(expected, now, strict=True)]
    assert len(passed) == 3
    for a, b in zip(model.ema_generator.get_weights(), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


# --- what is compared ---


def test_logs_are_those_of_the_distance():
    model = ot_gan(generator_steps=1, critic_steps=0)
    z = model.prior.sample((16, 3), keras.random.SeedGenerator(3))
    features = model.critic(X[:16]), model.critic(model.generator(z))
    found = divergences.minibatch_energy_distance(*features, ops.cosine, TIGHT)
    logs = model.train_step(X[:16])
    renamed = {"value": "distance", "entropy": "plan_entropy"}
    assert set(logs) == {renamed.get(name, name) for name in found._fields}
    for name, value in found._asdict().items():
        logged = logs[renamed.get(name, name)]
        np.testing.assert_allclose(logged, value, rtol=1e-6, atol=1e-7, err_msg=name)
    assert logs["not_converged"] == 0.0


def test_without_a_critic_the_cost_is_one_of_the_data():
    shape = (2, 2, 1)
    images = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Reshape(shape)]
    )
    matching = EntropicMatching(0.5, relative=True)
    keywords = {"critic": None, "cost": ops.squared_euclidean, "matching": matching}
    model = ot_gan(generator=images, **keywords)
    assert set(model.networks) == {"generator"} and model.passes_per_round == 3
    x = RNG.normal(size=(16, *shape)).astype("float32")
    assert moved(model, lambda: model.train_step(x)) == {"generator"}
    assert model.step == 3
    fake = model.sample(6, seed=0)
    expected = ((x[:5].reshape(5, 1, 4) - fake.reshape(1, 6, 4)) ** 2).sum(-1)
    np.testing.assert_allclose(model.plans(x[:5], fake)[0], expected, rtol=1e-5, atol=1e-5)


def test_a_critic_that_is_not_trained_stands_still():
    model = ot_gan(critic_steps=0)
    before = model.critic.get_weights()
    assert set(model.networks) == {"generator"}
    assert moved(model, lambda: model.train_step(X[:16])) == {"generator"}
    for a, b in zip(before, model.critic.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_plans():
    model = ot_gan()
    fake = model.sample(16, seed=1)
    cost, forward, backward = model.plans(X[:16], fake)
    expected = cosine(*(model.critic(x).numpy().astype("float64") for x in (X[:16], fake)))
    np.testing.assert_allclose(cost, expected, rtol=0, atol=1e-6)
    plan = plan_of(expected, EPSILON)
    assert all(p.dtype == np.float32 for p in (cost, forward, backward))
    # Matchings are good to 1e-5 of the mass; rows and columns have a sixteenth each.
    np.testing.assert_allclose(forward, 16 * plan, atol=2e-4)
    np.testing.assert_allclose(backward, 16 * plan, atol=2e-4)
    np.testing.assert_allclose(forward.sum(1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(backward.sum(0), 1.0, rtol=1e-6)
