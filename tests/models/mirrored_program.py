"""Trains models on one replica and on several, and prints how far they differ, as JSON.

Arguments: the number of replicas, and the names of the runs. A program of its own: logical
processors must be set before TensorFlow starts, and a process can hold one strategy only.
"""

import functools
import json
import sys
import threading
import warnings
from collections import defaultdict

import keras
import numpy as np
import tensorflow as tf

from keras_ot_gans import divergences, losses, models, networks, ops
from keras_ot_gans.layers import AppendSideInformation, SpectralNormalization, WeightNormalization
from keras_ot_gans.metrics.feature_networks import from_keras
from keras_ot_gans.models import replicas
from keras_ot_gans.ops.spread import spread, spread_over
from tests.models.cases import (
    age,
    age_stochastic,
    age_unidirectional,
    conditional,
    fixed_features,
    spectral,
    vae,
)
from tests.models.lipschitz_reference import networks_of

BATCH, ROUNDS = 32, 3
LONG = 10  # rounds of a run whose weights are compared after the first one too
X = np.random.default_rng(0).normal(size=(BATCH * LONG, 2)).astype("float32")
LABELS = ops.Labels(2, (3.0, 1.0))
Y = np.arange(BATCH * LONG) % 2


def spectral_critic():
    hidden = SpectralNormalization(keras.layers.Dense(8, "relu"))
    return keras.Sequential([keras.Input((2,)), hidden, keras.layers.Dense(5)])


def act():
    return models.ACTGAN(
        networks.mlp(3, (8,), 2, batch_norm=True),
        networks.mlp(2, (8,), 4),
        spectral_critic(),
        generator_steps=2,
        critic_steps=1,
        ema_decay=0.7,
        seed=1,
    )


def act_cross_entropy():
    return models.ACTGAN(
        networks.mlp(3, (8,), 2),
        networks.difference_navigator(5, (6,)),
        networks.mlp(2, (8,), 5),
        generator_steps=1,
        critic_steps=2,
        critic_loss=losses.discriminator_cross_entropy,
        num_fake=24,
        seed=1,
    )


def sliced():
    return models.MinimumDistanceModel(
        networks.mlp(3, (8,), 2, batch_norm=True),
        divergences.SlicedWasserstein(16),
        num_fake=24,
        ema_decay=0.7,
        seed=1,
    )


def wgan_gp():
    return models.LipschitzGAN(
        networks.mlp(3, (8,), 2, batch_norm=True),
        networks.mlp(2, (8,), 1),
        phi=losses.phi.linear,
        penalty=losses.penalties.gradient_penalty(),
        critic_steps=2,
        generator_batch=24,
        effective_constants=True,
        ema_decay=0.7,
        seed=1,
    )


def conditional_max_gp():
    return models.LipschitzGAN(
        *networks_of(3, 2, LABELS),
        penalty=losses.penalties.max_gradient_penalty(),
        batch_size=BATCH,
        critic_steps=2,
        labels=LABELS,
        seed=1,
    )


def penalised(penalty):
    """The generator takes nothing of the critic's penalty but what it does to the critic."""
    return models.LipschitzGAN(
        networks.mlp(3, (8,), 2), networks.mlp(2, (8,), 1), penalty=penalty, critic_steps=2, seed=1
    )


CALLS = threading.local()


class Alternating(keras.layers.Dropout):
    """Dropout with the same masks on every replica: a factor that differs from call to call.

    A round has four calls. Each replica is traced by a thread of its own.
    """

    def call(self, inputs, training=False):
        calls = CALLS.__dict__.setdefault("number", 0)
        CALLS.number += 1
        return inputs * (1.0, 1.3, 0.8, 1.1)[calls % 4]


def consistency():
    x = keras.Input((2,))
    hidden = keras.layers.Dense(8, "tanh")(x)
    return models.LipschitzGAN(
        networks.mlp(3, (8,), 2),
        keras.Model(x, keras.layers.Dense(1)(Alternating(0.5)(hidden))),
        phi=losses.phi.linear,
        consistency=losses.Consistency(margin=0.01),
        seed=1,
    )


# A number of iterations: a test of convergence would turn a rounding into an iteration more.
FIXED = divergences.EntropicMatching(0.2, tolerance=0.0, max_iterations=60)


def ot_gan():
    """Weight-normalised: both networks start from the first global batch."""

    def network(inputs, outputs):
        layers = (keras.layers.Dense(8, "tanh"), keras.layers.Dense(outputs))
        return keras.Sequential([keras.Input((inputs,)), *map(WeightNormalization, layers)])

    return models.OTGAN(
        network(3, 2), network(2, 5), matching=FIXED, generator_steps=1, ema_decay=0.7, seed=1
    )


def ot_gan_in_parts():
    """Conditional, in micro-batches that divide no replica's batch."""

    def network(inputs, outputs):
        x, y = keras.Input((inputs,)), keras.Input((), dtype="int32")
        hidden = keras.layers.Dense(8, "tanh")(AppendSideInformation(2)(x, y))
        return keras.Model([x, y], keras.layers.Dense(outputs)(hidden))

    return models.OTGAN(
        network(3, 2),
        network(2, 5),
        matching=FIXED,
        labels=LABELS,
        generator_steps=1,
        micro_batch=5,
        seed=1,
    )


def half_precision():
    """Float16 with a scaled loss."""
    keras.config.set_dtype_policy("mixed_float16")
    generator = networks.mlp(3, (8,), 2)
    keras.config.set_dtype_policy("float32")
    return models.MinimumDistanceModel(generator, divergences.SlicedWasserstein(16), seed=1)


def sgd():
    return keras.optimizers.SGD(0.05)


def clipped():
    # Far below the gradients' norms here, so that every step is clipped.
    return keras.optimizers.SGD(0.5, global_clipnorm=0.01)


ALL_SGD, ALL_CLIPPED = defaultdict(lambda: sgd), defaultdict(lambda: clipped)
LONGER = ("ot_gan", "ot_gan_in_parts")
# One run serves both kinds of optimizer where it has several roles.
RUNS = {
    "act": (act, {"generator": sgd, "navigator": clipped, "critic": clipped}),
    "act_cross_entropy": (act_cross_entropy, ALL_SGD),
    "sliced": (sliced, ALL_CLIPPED),
    "wgan_gp": (wgan_gp, ALL_SGD),
    "conditional_max_gp": (conditional_max_gp, {"generator": sgd, "critic": clipped}),
    "r1": (conditional, ALL_SGD),
    "r2": (functools.partial(penalised, losses.penalties.r2()), ALL_SGD),
    "lipschitz": (functools.partial(penalised, losses.penalties.lipschitz_penalty()), ALL_SGD),
    "consistency": (consistency, ALL_SGD),
    "spectral": (spectral, ALL_SGD),
    "fixed_features": (fixed_features, ALL_SGD),
    "age_unidirectional": (age_unidirectional, ALL_SGD),
    "age": (age, ALL_SGD),
    "age_stochastic": (
        age_stochastic,
        {"generator": sgd, "encoder": clipped, "discriminator": sgd},
    ),
    "vae": (vae, ALL_SGD),
    "ot_gan": (ot_gan, ALL_SGD),
    "ot_gan_in_parts": (ot_gan_in_parts, ALL_SGD),
    "half_precision": (half_precision, ALL_CLIPPED),
}


def train(make, optimizers, rounds=ROUNDS):
    keras.utils.set_random_seed(0)
    model = make()
    # Three rounds of one replica are faster without a graph, and equal: `every_model_test.py`.
    one = tf.distribute.get_strategy().num_replicas_in_sync == 1
    model.compile({role: optimizers[role]() for role in model.networks}, run_eagerly=one)
    start = flat(model.trainable_variables)
    data = tf.data.Dataset.from_tensor_slices(X if model.labels is None else (X, Y))
    data, first = data.batch(BATCH, drop_remainder=True).take(rounds), {}
    if rounds == LONG:
        first = {f"first_{name}": value for name, value in fitted(model, data.take(1)).items()}
        data = data.skip(1)
    return {
        **first,
        **fitted(model, data),
        "moved": np.abs(flat(model.trainable_variables) - start).max(),
        "step": model.step,
        "samples": model.sample(4, seed=0),
    }


def fitted(model, data):
    history = model.fit(data, verbose=0).history
    return {
        "weights": flat(v for v in model.variables if "seed" not in v.path),
        "logs": np.array([history[key][0] for key in sorted(history)]),
    }


def flat(variables):
    return np.concatenate(
        [np.asarray(keras.ops.convert_to_numpy(v), "float64").ravel() for v in variables]
    )


def noise(strategy, parts):
    """Latents of each replica, beside one draw of all."""
    seeds = []
    with strategy.scope():
        seeds.append(keras.random.SeedGenerator(3))
    whole = ops.Normal().sample((3 * parts, 2), keras.random.SeedGenerator(3)).numpy()

    @tf.function
    def draw():
        return strategy.run(
            lambda: replicas.own_part(lambda rows: ops.Normal().sample((rows, 2), seeds[0]), 3)
        )

    parts = strategy.experimental_local_results(draw())
    return {
        "from_the_draw_of_one": float(np.abs(np.concatenate(parts) - whole).max()),
        "between_replicas": float(np.abs(parts[0] - parts[1]).min()),
    }


def refusal(strategy):
    """What a number of fakes that the replicas cannot share says."""
    with strategy.scope():
        model = models.MinimumDistanceModel(
            networks.mlp(3, (4,), 2), divergences.SlicedWasserstein(4), num_fake=5
        )
        model.compile({"generator": sgd()})
    try:
        model.fit(tf.data.Dataset.from_tensor_slices(X).batch(BATCH), verbose=0)
    except ValueError as error:
        return str(error)
    return "none"


def shared_work(strategy):
    """A network's rows, shared by the replicas, beside those of a call of it alone."""
    with strategy.scope():
        model = act()
    z = model.sample_latents(7, seed=0)
    sizes = spread(lambda x: (x, tf.fill([tf.shape(x)[0]], tf.shape(x)[0])))
    pixels = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    network = from_keras(keras.Sequential([pixels, keras.layers.Dense(3)]))
    images = np.random.default_rng(0).uniform(0, 255, (7, 2, 2, 1))
    alone = model.generate(z), network(images).features
    with spread_over(strategy):
        shared = model.generate(z), network(images).features
        rows, parts = sizes(z)
    return {
        "apart": [float(np.abs(a - b).max()) for a, b in zip(alone, shared, strict=True)],
        "rows": [len(x) for x in shared],
        "in_order": bool((rows.numpy() == z).all()),
        "parts": parts.numpy().tolist(),
        "outside": sizes(z)[1].numpy().tolist(),
    }


def main(number, *names):
    warnings.simplefilter("error", UserWarning)
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * number
    tf.config.set_logical_device_configuration(cpu, parts)
    runs = {name: (*RUNS[name], LONG if name in LONGER else ROUNDS) for name in names}
    ones = {name: train(*run) for name, run in runs.items()}
    strategy = tf.distribute.MirroredStrategy([f"CPU:{k}" for k in range(number)])
    report = {}
    for name, run in runs.items():
        with strategy.scope():
            many = train(*run)
        one = ones[name]
        report[name] = {
            "moved": float(one.pop("moved")),
            "steps": [one.pop("step"), many["step"]],
            "apart": {key: float(np.abs(one[key] - many[key]).max()) for key in one},
        }
    report["noise"] = noise(strategy, number)
    report["spread"] = shared_work(strategy)
    report["refusal"] = refusal(strategy)
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
