"""Algorithm 1 against a restatement in NumPy, whose derivatives are finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_ot_gans import datasets, layers, models, networks, ops
from keras_ot_gans.divergences import bidirectional, f_divergence
from keras_ot_gans.ops import random
from tests import oracles
from tests.models.harness import assert_same_states
from tests.models.ot_gan_reference import forward, net

RATES = {"discriminator": 0.2, "generator": 0.1, "encoder": 0.05}


def pairs_of(x_dim, code_dim):
    x, z = keras.Input((x_dim,)), keras.Input((code_dim,))
    score = net(x_dim + code_dim, 1, "score")(keras.layers.Concatenate()([x, z]))
    return keras.Model([x, z], score, name="discriminator")


def compiled(model):
    optimizers = {role: keras.optimizers.SGD(RATES[role]) for role in model.networks}
    model.compile(optimizers, run_eagerly=True)
    return model


def logistic(real, fake):
    return np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()


class Reference:
    """The weights of the three players in float64; the streams of draws are the library's."""

    def __init__(self, model, stochastic):
        inner = {
            "discriminator": model.discriminator,
            "generator": model.generator,
            "encoder": model.encoder,
        }
        self.weights = {k: [w.astype("float64") for w in v.get_weights()] for k, v in inner.items()}
        self.stream, self.stochastic = keras.random.SeedGenerator(model.seed), stochastic

    def draw(self, n):
        z = ops.Normal().sample((n, 5 if self.stochastic else 3), self.stream).numpy()
        noise = random.normal((n, 3), self.stream).numpy() if self.stochastic else None
        return z.astype("float64"), None if noise is None else noise.astype("float64")

    def scores(self, x, z, noise, **moved):
        w = {**self.weights, **moved}
        code, fake = forward(w["encoder"], x), forward(w["generator"], z[:, :3])
        if self.stochastic:
            code = code[:, :3] + np.exp(code[:, 3:] / 2) * noise
            fake = fake[:, :2] + np.exp(fake[:, 2:] / 2) * z[:, 3:]
        real, fake = np.hstack([x, code]), np.hstack([fake, z[:, :3]])
        return forward(w["discriminator"], real), forward(w["discriminator"], fake)

    def descend(self, role, loss):
        slopes = []
        for k, w in enumerate(self.weights[role]):

            def at(value, k=k):
                moved = list(self.weights[role])
                moved[k] = value
                return loss(**{role: moved})

            slopes.append(oracles.finite_differences(at, w, 1e-5))
        return [w - RATES[role] * g for w, g in zip(self.weights[role], slopes, strict=True)]

    def round(self, batches, r0):
        *for_discriminator, last = batches
        for x in for_discriminator:
            draws = self.draw(len(x))
            self.weights["discriminator"] = self.descend(
                "discriminator",
                lambda x=x, draws=draws, **m: logistic(*self.scores(x, *draws, **m)),
            )
        draws = self.draw(len(last))
        # KL, Table 1: s_phi = 1, s_theta = r, where r = exp(D) is clipped and held.
        ratio = np.exp(self.scores(last, *draws)[1]).clip(r0, 1 / r0)
        moved = {
            "encoder": self.descend(
                "encoder", lambda **m: self.scores(last, *draws, **m)[0].mean()
            ),
            "generator": self.descend(
                "generator", lambda **m: -(ratio * self.scores(last, *draws, **m)[1]).mean()
            ),
        }
        self.weights |= moved  # at once


def deterministic():
    return net(3, 2, "generator"), net(2, 3, "encoder")


def stochastic():
    generator = networks.gaussian_generator(net(3, 4, "of_x"))
    return generator, networks.gaussian_encoder(net(2, 6, "of_z"))


@pytest.mark.parametrize("make", [deterministic, stochastic])
def test_two_rounds_are_those_of_algorithm_1(make):
    keras.utils.set_random_seed(0)
    objective = bidirectional.age(f_divergence.kl, r0=0.9)  # clips some, not all
    model = compiled(
        models.AGE(*make(), pairs_of(2, 3), objective=objective, discriminator_steps=2, seed=3)
    )
    reference = Reference(model, make is stochastic)
    rows = np.random.default_rng(0).normal(size=(2, 3, 16, 2)).astype("float32")
    for batches in rows:
        # A round packs the batches of its three updates along axis 1.
        model.train_step(tf.constant(np.moveaxis(batches, 0, 1)))
        reference.round(batches.astype("float64"), r0=0.9)
    for role, (network,) in model.networks.items():
        for ours, theirs in zip(network.get_weights(), reference.weights[role], strict=True):
            # Six float32 updates of weights below 2.
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6, err_msg=role)


def test_in_rounds_brings_a_fresh_batch_for_each_update():
    keras.utils.set_random_seed(0)
    model = compiled(models.AGE(*deterministic(), pairs_of(2, 3), discriminator_steps=3, seed=0))
    seen = []
    model.discriminator_update = lambda x: seen.append(x.numpy())
    model.players_update = lambda x, roles: seen.append(x.numpy())
    data = np.arange(64, dtype="float32").reshape(32, 2)
    batches = tf.data.Dataset.from_tensor_slices(data).batch(4, drop_remainder=True)
    for batch in datasets.in_rounds(batches, model.passes_per_round):
        model.train_step(batch)
    np.testing.assert_array_equal(np.concatenate(seen), data)  # 2 rounds of 4 updates
    seen.clear()
    model.train_step(tf.constant(data[:4]))  # a plain batch serves all four
    np.testing.assert_array_equal(seen, np.stack([data[:4]] * 4))


def test_evaluation_logs_losses_and_mean_scores_of_its_pairs():
    keras.utils.set_random_seed(0)
    objective = bidirectional.age(f_divergence.reverse_kl)
    model = compiled(models.AGE(*deterministic(), pairs_of(2, 3), objective=objective, seed=3))
    x = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    found = model.evaluate(x, batch_size=16, verbose=0, return_dict=True)
    reference = Reference(model, False)
    reference.stream = keras.random.SeedGenerator(model.seed + 1)  # that of `sample`
    real, fake = reference.scores(x.astype("float64"), *reference.draw(16))
    expected = {
        "real_score": real.mean(),
        "fake_score": fake.mean(),
        "discriminator_loss": logistic(real, fake),
        "generator_loss": -fake.mean(),  # reverse KL: s_theta = 1
        "encoder_loss": (np.exp(-real) * real).mean(),  # s_phi = 1 / r
    }
    assert found == pytest.approx(expected, abs=1e-6)  # float32


def trained():
    keras.utils.set_random_seed(0)
    return models.AGE(*stochastic(), pairs_of(2, 3), seed=0)


def test_encode_draws_from_the_encoders_gaussian():
    model, x = trained(), np.tile([[0.3, -0.4]], (20_000, 1))
    parameters = forward([w.astype("float64") for w in model.encoder.get_weights()], x[:1])[0]
    z = model.encode(x, seed=1)
    # Monte Carlo error of 20,000 draws: 4 standard errors of mean and variance.
    np.testing.assert_allclose(z.mean(0), parameters[:3], atol=4 * 1.3 / 141)
    np.testing.assert_allclose(z.var(0), np.exp(parameters[3:]), rtol=4 * np.sqrt(2 / 20_000))
    np.testing.assert_allclose(model.encode(x[:1], noise=False)[0], parameters[:3], atol=1e-6)
    np.testing.assert_array_equal(model.encode(x[:5], seed=1), model.encode(x[:5], seed=1))
    assert np.ptp(model.encode(x[:5], seed=1)[:, 0]) > 0


def test_reconstruct_and_interpolate_pass_through_the_codes():
    model = trained()
    x1, x2 = np.random.default_rng(0).normal(size=(2, 4, 2)).astype("float32")
    codes = [forward(model.encoder.get_weights(), x)[:, :3] for x in (x1, x2)]
    of_x = model.generator.get_weights()
    lines = model.interpolate(x1, x2, steps=3)
    assert lines.shape == (4, 3, 2)
    for place, code in ((0, codes[0]), (1, (codes[0] + codes[1]) / 2), (2, codes[1])):
        np.testing.assert_allclose(lines[:, place], forward(of_x, code)[:, :2], atol=1e-5)
    np.testing.assert_allclose(model.reconstruct(x1, noise=False), lines[:, 0], atol=1e-6)
    a, b = (model.reconstruct(x1, seed=s) for s in (1, 1))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - lines[:, 0]).max() > 1e-3  # noise of both


def test_views_survive_saving(tmp_path):
    model, x = compiled(trained()), np.ones((3, 2), "float32")
    ends = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    model.save(tmp_path / "age.keras")
    loaded = keras.saving.load_model(tmp_path / "age.keras")
    assert loaded.objective == model.objective
    np.testing.assert_array_equal(loaded.encode(x, seed=2), model.encode(x, seed=2))
    np.testing.assert_array_equal(loaded.reconstruct(x, seed=2), model.reconstruct(x, seed=2))
    lines = model.interpolate(*ends, steps=4)
    assert np.ptp(lines, axis=1).min() > 0  # each line leads somewhere
    np.testing.assert_array_equal(loaded.interpolate(*ends, steps=4), lines)
    inner = networks.gaussian_parameters(loaded.generator)
    assert inner.output_shape == (None, 4)


def test_noise_within_the_generator_is_saved_and_trained_on(tmp_path):
    keras.utils.set_random_seed(0)
    z, a, b = keras.Input((3,)), keras.Input((2, 2, 1)), keras.Input((1, 1, 1))
    pixels = keras.layers.Reshape((2, 2, 2))(keras.layers.Dense(8)(z))
    pixels = layers.NoiseInjection()([pixels, a])
    pixels = layers.NoiseInjection()([keras.layers.Conv2D(2, 2)(pixels), b])
    generator = keras.Model([z, a, b], keras.layers.Flatten()(pixels))
    model = models.AGE(
        networks.implicit_generator(generator),
        of_encoder(3, networks.gaussian_encoder, 2),
        pairs_of(2, 3),
        ema_decay=0.9,
        seed=0,
    )
    model.compile(
        {role: keras.optimizers.SGD(0.05, momentum=0.9) for role in model.networks},
        run_eagerly=True,
    )
    x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    model.train_on_batch(x)  # the noise's scales leave 0
    model.save(tmp_path / "age.keras")
    loaded = keras.saving.load_model(tmp_path / "age.keras", safe_mode=True)
    assert (loaded.code_dim, loaded.latent_dim, loaded.step) == (3, 3 + 4 + 1, 1)
    for use_ema in (True, False):
        samples = model.sample(4, seed=5, use_ema=use_ema)
        np.testing.assert_array_equal(loaded.sample(4, seed=5, use_ema=use_ema), samples)
    codes = np.zeros((2, 3), "float32")
    apart = np.subtract(*loaded.decode(codes, seed=5, use_ema=False))
    assert np.abs(apart).max() > 0  # by the noise alone
    for each in (model, loaded):
        each.train_on_batch(x)
    assert loaded.step == 2
    assert_same_states(loaded, model)


def of_encoder(code, *maker):
    encoder = net(2, maker[1] * code, "of_z") if maker else net(2, code, "encoder")
    return maker[0](encoder) if maker else encoder


def gaussian():
    return networks.gaussian_generator(net(3, 4, "of_x"))  # a code of 3, noise of 2


def implicit():
    z, a, b = keras.Input((3,)), keras.Input((2, 1)), keras.Input((2,))
    parts = keras.layers.Concatenate()([z, keras.layers.Flatten()(a), b])
    return networks.implicit_generator(keras.Model([z, a, b], keras.layers.Dense(2)(parts)))


def renamed():
    """A generator of another's latents, whose output it scales."""
    inner = gaussian()
    return keras.Sequential([keras.Input((5,)), inner, keras.layers.Rescaling(2.0)])


def of_your_own():
    z = keras.Input((5,))
    code, noise = layers.LatentPart(0, (3,), name="code")(z), layers.LatentPart(3, (2,))(z)
    return keras.Model(z, keras.layers.Dense(2)(keras.layers.Concatenate()([code, noise])))


def plain():
    return net(3, 2, "generator")


WITH_CODES_OF_3 = {
    "gaussian": (gaussian, 5),
    "implicit": (implicit, 7),
    "plain": (plain, 3),
    "nested": (renamed, 5),
    "of your own": (of_your_own, 5),
}


@pytest.mark.parametrize("name", WITH_CODES_OF_3)
@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 7])
def test_an_encoder_returns_the_generators_code_and_nothing_else(name, code):
    make, latents = WITH_CODES_OF_3[name]
    generator = make()
    for encoder in (of_encoder(code), of_encoder(code, networks.gaussian_encoder, 2)):
        if code == 3:
            model = models.AGE(generator, encoder, pairs_of(2, 3), seed=0)
            assert (model.code_dim, model.latent_dim) == (3, latents)
            continue
        with pytest.raises(ValueError, match=rf"code \(B, 3\).*Received.*\(B, {code}\)"):
            models.AGE(generator, encoder, pairs_of(2, code), seed=0)


BAD = {
    "`objective` must be a value": lambda: {"objective": f_divergence.kl},
    "`discriminator_steps` must be an integer of at least 1.*=0": lambda: {
        "discriminator_steps": 0
    },
    "`discriminator_steps` must be an integer of at least 1.*=1.5": lambda: {
        "discriminator_steps": 1.5
    },
    "`critic_steps` has no meaning": lambda: {"critic_steps": 2},
    "`encoder` must take samples of shape": lambda: {"encoder": net(3, 3, "encoder")},
    "`encoder` must return the generator's code": lambda: {"encoder": net(2, 7, "encoder")},
    "`discriminator` must take pairs": lambda: {"discriminator": pairs_of(2, 2)},
    "`discriminator` must take samples of shape": lambda: {"encoder": None},
    "`discriminator` must return one score": lambda: {"discriminator": net(2, 2, "d")},
    "`prior` must then be": lambda: {"generator": gaussian(), "prior": ops.Uniform()},
    "of which 3 are its code: the others are noise, and `prior` must": lambda: {
        "generator": gaussian(),
        "encoder": None,
        "discriminator": net(2, 1, "d"),
        "prior": ops.Uniform(),
    },
}


@pytest.mark.parametrize("message", BAD)
def test_teaches(message):
    generator, encoder = deterministic()
    given = {"generator": generator, "encoder": encoder, "discriminator": pairs_of(2, 3)}
    with pytest.raises((TypeError, ValueError), match=message):
        models.AGE(seed=0, **(given | BAD[message]()))


def test_views_teach():
    model = trained()
    with pytest.raises(ValueError, match=r"`x` must have shape \(n, \(2,\)\)"):
        model.encode(np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"`codes` must have shape \(n, 3\)"):
        model.decode(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="`steps` must be at least 2"):
        model.interpolate(np.zeros((3, 2)), np.zeros((3, 2)), steps=1)
    alone = models.AGE(net(3, 2, "generator"), None, net(2, 1, "discriminator"), seed=0)
    with pytest.raises(ValueError, match="no encoder"):
        alone.encode(np.zeros((3, 2)))
    assert alone.networks.keys() == {"generator", "discriminator"}
