import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import divergences, losses, networks, ops
from keras_ot_gans.datasets import in_rounds
from tests import oracles
from tests.models.cases import RATE, act_gan, critic
from tests.models.harness import moved, weights

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 2)).astype("float32")


def cost_of(model, z):
    """Transport cost of fixed real points and latents."""
    transport, own = model.objective(tf.constant(X), model.generator(z), training=False)
    return float(transport.value), None if own is None else float(own)


# --- the objective ---


@pytest.mark.parametrize("with_critic", [False, True])
def test_objective_is_the_equation(with_critic):
    model = act_gan(critic=critic if with_critic else None, forward_weight=0.3)
    fake = model.sample(9, seed=2)
    result, own = model.objective(tf.constant(X), tf.constant(fake), training=False)
    seen = [model.critic(x).numpy() if with_critic else x for x in (X, fake)]
    h = [model.navigator(x).numpy() for x in (X, fake)]

    def pairs(a, b):
        a, b = a.astype("float64"), b.astype("float64")
        if not with_critic:
            return ((a[:, None] - b[None]) ** 2).sum(-1)
        norms = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
        return 1.0 - a @ b.T / norms

    forward, backward = oracles.transport(pairs(*seen), pairs(*h))
    # Float32 sums of 16 x 9 terms.
    np.testing.assert_allclose(result.forward, forward, rtol=1e-5)
    np.testing.assert_allclose(result.backward, backward, rtol=1e-5)
    np.testing.assert_allclose(result.value, 0.3 * forward + 0.7 * backward, rtol=1e-5)
    assert own is None


def test_images_are_compared_flat():
    model = act_gan(
        generator=networks.dcgan_generator(3, (8, 8, 1), width=2),
        navigator=networks.dcgan_critic((8, 8, 1), 4, width=2),
    )
    x, fake = model.sample(5, seed=0), model.sample(6, seed=1)
    expected = ((x.reshape(5, 1, 64) - fake.reshape(1, 6, 64)) ** 2).sum(-1)
    cost, forward, backward = model.plans(x, fake)
    np.testing.assert_allclose(cost, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(forward.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(backward.sum(axis=0), 1.0, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_plans_take_any_float(dtype):
    plans = act_gan().plans(X[:4].astype(dtype), X[:3].astype(dtype))
    assert [(p.shape, p.dtype) for p in plans] == [((4, 3), np.float32)] * 3


def test_costs_and_distances_of_the_caller_are_used():
    model = act_gan(critic=critic, cost=ops.euclidean, navigator_distance=ops.squared_euclidean)
    cost, forward, _ = model.plans(X[:4], X[4:7])
    t, h = model.critic(X).numpy(), model.navigator(X).numpy()
    np.testing.assert_allclose(cost, ops.euclidean(t[:4], t[4:7]), rtol=1e-5)
    distance = ops.squared_euclidean(h[:4], h[4:7])
    np.testing.assert_allclose(forward, ops.forward_plan(distance), rtol=1e-4, atol=1e-6)


def test_number_of_fakes_is_that_of_the_caller():
    model = act_gan(num_fake=5)
    assert model.fake_like(tf.constant(X), training=False).shape == (5, 2)
    model.train_step(X)
    assert act_gan().fake_like(tf.constant(X), training=False).shape == (16, 2)


# --- who moves, and which way ---


def test_players_descend_and_critic_ascends():
    z = ops.Normal().sample((16, 3), keras.random.SeedGenerator(0))
    for frozen, sign in [(("generator", "navigator"), 1.0), (("critic",), -1.0)]:
        model = act_gan(critic=critic, generator_steps=1, rate=0.01)
        # The latents of the step are these, so the cost of the step is the cost below.
        model.latents = lambda *_: z
        for role in frozen:
            model.freeze(role)
        before, _ = cost_of(model, z)
        assert moved(model, lambda m=model: m.train_step(X)) == set(model.networks) - set(frozen)
        after, _ = cost_of(model, z)
        assert sign * (after - before) > 0


@pytest.mark.parametrize(("generator_steps", "critic_steps"), [(1, 1), (2, 1), (1, 2), (3, 3)])
def test_steps_of_a_round(generator_steps, critic_steps):
    model = act_gan(critic=critic, generator_steps=generator_steps, critic_steps=critic_steps)
    model.train_step(X)
    done = {role: int(model.optimizer_of(role).iterations) for role in model.networks}
    assert done == {
        "generator": generator_steps,
        "navigator": generator_steps,
        "critic": critic_steps,
    }
    assert model.step == generator_steps
    # Every pass draws its own latents.
    assert int(model.seed_generator.state[1]) == max(generator_steps, critic_steps)


def test_default_schedules():
    assert (act_gan().generator_steps, act_gan().critic_steps) == (1, 0)
    model = act_gan(critic=critic)
    assert (model.generator_steps, model.critic_steps) == (5, 1)


def test_one_pass_serves_all_players():
    model = act_gan(critic=critic, generator_steps=1)
    twin = act_gan(critic=critic, generator_steps=1)
    z = ops.Normal().sample((16, 3), keras.random.SeedGenerator(4))
    model.latents = lambda *_: z
    model.train_step(X)
    # Three separate passes from the same point, written out.
    for role in twin.networks:
        variables = twin.variables_of(role)
        with tf.GradientTape() as tape:
            fake = twin.generator(z, training=True)
            cost = ops.cosine(twin.critic(X), twin.critic(fake))
            distance = ops.cosine(twin.navigator(X), twin.navigator(fake))
            loss = divergences.conditional_transport(cost, distance).value
        slopes = tape.gradient(loss, variables)
        sign = 1.0 if role == "critic" else -1.0
        expected = [
            v.numpy() + sign * RATE * g.numpy() for v, g in zip(variables, slopes, strict=True)
        ]
        for new, right in zip(weights(model.variables_of(role)), expected, strict=True):
            # One float32 rounding of weights of order 1.
            np.testing.assert_allclose(new, right, rtol=0, atol=3e-7)


def test_own_loss_moves_the_critic_alone_and_transport_the_others():
    z = ops.Normal().sample((16, 3), keras.random.SeedGenerator(4))
    keywords = {
        "critic_loss": losses.discriminator_cross_entropy,
        "generator_steps": 1,
        "critic_steps": 1,
    }
    model, twin = act_gan(critic=critic, **keywords), act_gan(critic=critic, **keywords)
    model.latents = lambda *_: z
    logs = model.train_step(X)
    with tf.GradientTape(persistent=True) as tape:
        fake = twin.generator(z)
        t_real, t_fake = twin.critic(X), twin.critic(fake)
        own = losses.discriminator_cross_entropy(twin.critic_head(t_real), twin.critic_head(t_fake))
        distance = ops.cosine(twin.navigator(X), twin.navigator(fake))
        transport = divergences.conditional_transport(ops.cosine(t_real, t_fake), distance).value
    for role in twin.networks:
        variables = twin.variables_of(role)
        slopes = tape.gradient(own if role == "critic" else transport, variables)
        for new, v, g in zip(model.variables_of(role), variables, slopes, strict=True):
            np.testing.assert_allclose(new, v - RATE * g, rtol=0, atol=3e-7, err_msg=v.path)
    assert len(model.variables_of("critic")) == 2 * 2 + 2  # the head is trained with it
    np.testing.assert_allclose(logs["critic_loss"], own, rtol=1e-5)
    np.testing.assert_allclose(logs["transport_cost"], transport, rtol=1e-5)


def test_fixed_critic_is_bit_identical_even_with_batch_norm():
    fixed = critic(batch_norm=True)
    before = weights(fixed.variables)
    model = act_gan(critic=fixed, critic_steps=0, rate=0.1)
    assert set(model.networks) == {"generator", "navigator"}
    for _ in range(3):
        model.train_step(X)
    for a, b in zip(before, weights(fixed.variables), strict=True):
        np.testing.assert_array_equal(a, b)


def test_critic_of_images_may_return_maps_of_features():
    # A headless classifier: no fixed size of input, features of rank 4.
    convolution = keras.Sequential(
        [keras.Input((None, None, 1)), keras.layers.Conv2D(3, 3, strides=2)]
    )
    shape = (8, 8, 1)
    model = act_gan(
        generator=networks.dcgan_generator(3, shape, width=2),
        navigator=networks.dcgan_critic(shape, 4, width=2),
        critic=convolution,
        critic_steps=0,
    )
    cost, _, _ = model.plans(*(model.sample(4, seed=s) for s in (0, 1)))
    assert cost.shape == (4, 4)
    sized = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(3, 3, strides=2)])
    model = act_gan(
        generator=networks.dcgan_generator(3, shape, width=2),
        navigator=networks.difference_navigator(3 * 3 * 3, (4,)),
        critic=sized,
        critic_loss=losses.discriminator_cross_entropy,
    )
    model.train_step(model.sample(4, seed=0))


# --- packed rounds ---


def test_every_update_of_a_packed_round_has_a_batch_of_its_own():
    batches = RNG.normal(size=(3, 8, 2)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(batches)
    (packed,) = in_rounds(data.map(lambda x: tf.ensure_shape(x, (8, 2))), 3)
    model = act_gan(critic=critic, generator_steps=3, critic_steps=1)
    twin = act_gan(critic=critic, generator_steps=3, critic_steps=1)
    model.train_step(packed)
    seen = [np.array(x) for x, _ in twin.passes(packed)]
    np.testing.assert_array_equal(seen, batches)
    # The same three updates, one batch at a time.
    for index, batch in enumerate(batches):
        if index == 1:
            twin.freeze("critic")
        twin.generator_steps = 1
        twin.train_step(batch)
    for role in model.networks:
        for a, b in zip(
            weights(model.variables_of(role)), weights(twin.variables_of(role)), strict=True
        ):
            np.testing.assert_array_equal(a, b)


def test_plain_batch_serves_every_update_of_its_round():
    model = act_gan(critic=critic, generator_steps=2)
    seen = [(np.array(x), roles) for x, roles in model.passes((X, np.zeros(16)))]
    assert [roles for _, roles in seen] == [
        ("generator", "navigator", "critic"),
        ("generator", "navigator"),
    ]
    for x, _ in seen:
        np.testing.assert_array_equal(x, X)


def test_packed_rounds_of_one_update_fit():
    data = tf.data.Dataset.from_tensor_slices(X).batch(4, drop_remainder=True)
    model = act_gan()
    model.fit(in_rounds(data, 1), verbose=0)
    assert model.step == 4
