"""One small model of each kind."""

import types

import keras

from keras_ot_gans import divergences, losses, models, networks, ops
from keras_ot_gans.divergences import bidirectional, f_divergence
from keras_ot_gans.layers import AppendSideInformation, SpectralNormalization, WeightNormalization
from tests.models.harness import Case

RATE = 1e-3  # of `act_gan`


def generator(output_dim=2, **kwargs):
    return networks.mlp(3, (8,), output_dim, name="generator", **kwargs)


def navigator(input_dim=2):
    return networks.mlp(input_dim, (8,), 4, name="navigator")


def critic(**kwargs):
    return networks.mlp(2, (8,), 5, name="critic", **kwargs)


def without_critic():
    return models.ACTGAN(generator(batch_norm=True), navigator(), ema_decay=0.7, seed=1)


def with_critic():
    return models.ACTGAN(
        generator(batch_norm=True),
        navigator(),
        critic(batch_norm=True),
        generator_steps=2,
        critic_steps=1,
        ema_decay=0.7,
        forward_weight=0.4,
        num_anchors=3,
        seed=1,
    )


def cross_entropy():
    return models.ACTGAN(
        generator(),
        networks.difference_navigator(5, (6,)),
        critic(),
        generator_steps=1,
        critic_steps=2,
        critic_loss=losses.discriminator_cross_entropy,
        num_fake=12,
        seed=1,
    )


def fixed_features():
    return models.ACTGAN(generator(), navigator(), critic(batch_norm=True), critic_steps=0, seed=1)


def sliced():
    return models.MinimumDistanceModel(
        generator(),
        divergences.SlicedWasserstein(16),
        features=critic(batch_norm=True),
        num_fake=11,
        ema_decay=0.7,
        seed=1,
    )


def on_the_line():
    return models.MinimumDistanceModel(
        generator(1, batch_norm=True), divergences.wasserstein_1d, generator_steps=2, seed=1
    )


def images():
    return models.ACTGAN(
        networks.dcgan_generator(3, (8, 8, 1), width=4),
        networks.dcgan_critic((8, 8, 1), 4, width=2, name="navigator"),
        networks.dcgan_critic((8, 8, 1), 6, width=2),
        generator_steps=1,
        seed=1,
    )


def value(**kwargs):
    return networks.mlp(2, (8,), 1, name="critic", **kwargs)


def wgan_gp():
    return models.LipschitzGAN(
        generator(batch_norm=True),
        value(),
        phi=losses.phi.linear,
        penalty=losses.penalties.gradient_penalty(),
        critic_steps=3,
        effective_constants=True,
        ema_decay=0.7,
        seed=1,
    )


def max_gp():
    return models.LipschitzGAN(
        generator(),
        value(),
        phi=losses.phi.LOGISTIC_LINEAR,
        penalty=losses.penalties.max_gradient_penalty(buffer_fraction=0.25),
        batch_size=8,
        generator_batch=12,
        seed=1,
    )


def ct_gan():
    x = keras.Input((2,))
    hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(8, "leaky_relu")(x))
    return models.LipschitzGAN(
        generator(),
        keras.Model(x, keras.layers.Dense(1)(hidden), name="critic"),
        phi=losses.phi.linear,
        penalty=losses.penalties.lipschitz_penalty(),
        consistency=losses.Consistency(),
        critic_steps=2,
        seed=1,
    )


def conditional():
    z, x = keras.Input((3,)), keras.Input((2,))
    for_z, for_x = (keras.Input((), dtype="int32") for _ in range(2))

    def with_label(inputs, labels, width):
        rows = keras.layers.Embedding(2, 4)(labels)
        hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([inputs, rows]))
        return keras.layers.Dense(width)(hidden)

    return models.LipschitzGAN(
        keras.Model([z, for_z], with_label(z, for_z, 2), name="generator"),
        keras.Model([x, for_x], with_label(x, for_x, 1), name="critic"),
        phi=losses.phi.square_root,
        penalty=losses.penalties.r1(1.0),
        labels=ops.Labels(2, (3.0, 1.0)),
        critic_steps=2,
        seed=1,
    )


def spectral(labels=None):
    """An SNGAN whose projection critic normalises a layer of each kind."""
    labels = labels or ops.Labels(2, (3.0, 1.0))
    z, x = keras.Input((3,)), keras.Input((2,))
    for_z, for_x = (keras.Input((), dtype="int32") for _ in range(2))
    rows = keras.layers.Embedding(labels.num_classes, 4)(for_z)
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([z, rows]))
    h = keras.layers.Reshape((1, 2, 1))(x)
    for layer in (
        keras.layers.Conv2D(3, (1, 2), padding="same", activation="leaky_relu"),
        keras.layers.Conv2DTranspose(2, (1, 2), (1, 2), activation="leaky_relu"),
    ):
        h = SpectralNormalization(layer)(h)
    h = SpectralNormalization(keras.layers.Dense(4))(keras.layers.Flatten()(h))
    of_class = SpectralNormalization(keras.layers.Embedding(labels.num_classes, 4))(for_x)
    value = SpectralNormalization(keras.layers.Dense(1))(h)
    projected = keras.layers.Dot(1)([of_class, h])
    return models.LipschitzGAN(
        keras.Model([z, for_z], keras.layers.Dense(2)(hidden), name="generator"),
        keras.Model([x, for_x], keras.layers.Add()([value, projected]), name="critic"),
        phi=losses.phi.hinge,
        labels=labels,
        critic_steps=2,
        seed=1,
    )


def ot_gan():
    """Weight-normalised, so that `fit` starts from its data."""
    x = keras.Input((2,))
    hidden = WeightNormalization(keras.layers.Dense(8, "tanh"))(x)
    return models.OTGAN(
        generator(),
        keras.Model(x, WeightNormalization(keras.layers.Dense(5))(hidden), name="critic"),
        matching=divergences.EntropicMatching(0.1, tolerance=1e-4),
        generator_steps=2,
        ema_decay=0.7,
        seed=1,
    )


def ot_gan_in_parts():
    """Conditional, in micro-batches that do not divide the batch."""
    z, x = keras.Input((3,)), keras.Input((2,))
    for_z, for_x = (keras.Input((), dtype="int32") for _ in range(2))

    def with_label(inputs, labels, width):
        hidden = keras.layers.Dense(8, "tanh")(AppendSideInformation(2)(inputs, labels))
        return keras.layers.Dense(width)(hidden)

    return models.OTGAN(
        keras.Model([z, for_z], with_label(z, for_z, 2), name="generator"),
        keras.Model([x, for_x], with_label(x, for_x, 4), name="critic"),
        matching=divergences.EntropicMatching(0.2, relative=True, tolerance=1e-4),
        labels=ops.Labels(2, (3.0, 1.0)),
        generator_steps=1,
        micro_batch=3,
        seed=1,
    )


def pair_score(code_dim):
    """A discriminator of pairs."""
    x, z = keras.Input((2,)), keras.Input((code_dim,))
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([x, z]))
    return keras.Model([x, z], keras.layers.Dense(1)(hidden), name="discriminator")


def age():
    return models.AGE(
        generator(batch_norm=True),
        networks.mlp(2, (8,), 3, batch_norm=True, name="encoder"),
        pair_score(3),
        objective=bidirectional.age(f_divergence.kl, r0=0.5),
        discriminator_steps=2,
        ema_decay=0.7,
        seed=1,
    )


def age_stochastic():
    """A Gaussian generator, and an encoder with noise in its layers."""
    x, noise = keras.Input((2,)), keras.Input((3,))
    hidden = keras.layers.Dense(8, "tanh")(keras.layers.Concatenate()([x, noise]))
    encoder = keras.Model([x, noise], keras.layers.Dense(2)(hidden))
    return models.AGE(
        networks.gaussian_generator(networks.mlp(2, (8,), 4)),
        networks.implicit_encoder(encoder),
        pair_score(2),
        objective=bidirectional.log_d_bigan,
        seed=1,
    )


def age_unidirectional():
    return models.AGE(
        generator(),
        None,
        networks.mlp(2, (8,), 1, name="discriminator"),
        objective=bidirectional.age(f_divergence.reverse_kl),
        seed=1,
    )


def vae():
    return models.VAE(
        networks.gaussian_generator(networks.mlp(3, (8,), 4)),
        networks.gaussian_encoder(networks.mlp(2, (8,), 6)),
        seed=1,
    )


CASES = {
    case.name: case
    for case in (
        Case("without_critic", without_critic, (2,), {"generator": 1, "navigator": 1}),
        Case("with_critic", with_critic, (2,), {"generator": 2, "navigator": 2, "critic": 1}),
        Case("cross_entropy", cross_entropy, (2,), {"generator": 1, "navigator": 1, "critic": 2}),
        Case("fixed_features", fixed_features, (2,), {"generator": 1, "navigator": 1}),
        Case("sliced", sliced, (2,), {"generator": 1}),
        Case("on_the_line", on_the_line, (1,), {"generator": 2}),
        Case("wgan_gp", wgan_gp, (2,), {"generator": 1, "critic": 3}, free_offset=True),
        Case("max_gp", max_gp, (2,), {"generator": 1, "critic": 1}),
        Case("ct_gan", ct_gan, (2,), {"generator": 1, "critic": 2}, free_offset=True),
        Case("conditional", conditional, (2,), {"generator": 1, "critic": 2}, num_classes=2),
        Case("ot_gan", ot_gan, (2,), {"generator": 2, "critic": 1}, in_turn=True),
        Case(
            "ot_gan_in_parts",
            ot_gan_in_parts,
            (2,),
            {"generator": 1, "critic": 1},
            num_classes=2,
            in_turn=True,
        ),
        Case("age", age, (2,), {"generator": 1, "encoder": 1, "discriminator": 2}),
        Case(
            "age_stochastic",
            age_stochastic,
            (2,),
            {"generator": 1, "encoder": 1, "discriminator": 1},
        ),
        Case("age_unidirectional", age_unidirectional, (2,), {"generator": 1, "discriminator": 1}),
        Case("vae", vae, (2,), {"generator": 1, "encoder": 1}),
        Case("images", images, (8, 8, 1), {"generator": 1, "navigator": 1, "critic": 1}),
    )
}


def adam(model: keras.Model) -> dict:
    """An Adam optimizer for each role."""
    return {role: keras.optimizers.Adam(1e-3) for role in model.networks}


def act_gan(*, rate=RATE, critic=None, **kwargs):
    """An ACTGAN with plain gradient descent, run eagerly: the same weights at each call."""
    keras.utils.set_random_seed(0)
    critic = critic() if isinstance(critic, types.FunctionType) else critic
    model = models.ACTGAN(
        kwargs.pop("generator", None) or generator(),
        kwargs.pop("navigator", None) or navigator(),
        critic,
        seed=1,
        **kwargs,
    )
    optimizers = {role: keras.optimizers.SGD(rate) for role in model.networks}
    model.compile(optimizers, run_eagerly=True)
    return model
