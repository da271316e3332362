"""An ACT step against a plain GAN step of the same backbone, and `fit` against the bare step.

    python -m benchmarks.act_step

Networks of Table 4 (32x32x3, width 64), N = M = 64, feature width 2048. The GAN step is what the
paper compares with: one discriminator and one generator update, each with fresh noise, the
discriminator being the critic with one output (or with its 2048 features and a linear logit, as the
second baseline). The ACT step updates generator, navigator and critic
once. The paper measured a ratio of 4 on its GPU.
"""

import statistics

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags

from benchmarks.timing import define_modes, interleaved, ratio
from keras_ot_gans import models, networks, ops, optimizers

BATCH, LATENT_DIM, SHAPE = 64, 128, (32, 32, 3)
WIDE = "plain GAN, 2048 features"

_MODES = define_modes("graph", "jit", "eager")
_ROUNDS = flags.DEFINE_integer("rounds", 15, "Turns of the interleaved timing.", lower_bound=3)


def _adam() -> keras.optimizers.Optimizer:
    return optimizers.FusedAdam(2e-4, beta_1=0.5, beta_2=0.99)


def act_model(navigator: str) -> models.ACTGAN:
    """Return a compiled ACT-GAN on the paper's networks, all roles at the same rate.

    Args:
        navigator: "features" for the paper's second network, "differences" for a learned distance
            on 256 critic features (the authors' later code).

    Returns:
        `models.ACTGAN`.
    """
    width = 2048 if navigator == "features" else 256
    built = (
        networks.dcgan_critic(SHAPE, width, name="navigator")
        if navigator == "features"
        else networks.difference_navigator(width)
    )
    model = models.ACTGAN(
        networks.dcgan_generator(LATENT_DIM, SHAPE),
        built,
        networks.dcgan_critic(SHAPE, width),
        generator_steps=1,
        seed=0,
    )
    model.compile({role: _adam() for role in model.networks})
    return model


def gan_step(width: int = 1):
    """Return a function of a real batch that takes one plain GAN step.

    Args:
        width: int, outputs of the backbone; more than one are followed by a linear logit.

    Returns:
        Function of a real batch.
    """
    generator = networks.dcgan_generator(LATENT_DIM, SHAPE)
    critic = networks.dcgan_critic(SHAPE, width, name="discriminator")
    if width > 1:
        critic = keras.Sequential([critic, keras.layers.Dense(1)])
    of_generator, of_critic = _adam(), _adam()
    of_generator.build(generator.trainable_variables)
    of_critic.build(critic.trainable_variables)
    seed = keras.random.SeedGenerator(0)

    def latents():
        return ops.Normal().sample((BATCH, LATENT_DIM), seed)

    def step(x_real):
        x_fake = generator(latents(), training=True)
        with tf.GradientTape() as tape:
            both = critic(tf.concat([x_real, x_fake], axis=0), training=True)
            real, fake = both[:BATCH], both[BATCH:]
            loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
        of_critic.apply(tape.gradient(loss, critic.trainable_variables), critic.trainable_variables)
        with tf.GradientTape() as tape:
            fake = critic(generator(latents(), training=True), training=True)
            adverse = tf.reduce_mean(tf.nn.softplus(-fake))
        variables = generator.trainable_variables
        of_generator.apply(tape.gradient(adverse, variables), variables)
        return loss

    return step


def _candidates(mode: str, x_real: tf.Tensor) -> dict:
    steps = {
        "plain GAN": gan_step(),
        WIDE: gan_step(2048),
        "ACT, feature navigator": act_model("features").train_step,
        "ACT, difference navigator": act_model("differences").train_step,
    }
    if mode != "eager":
        steps = {name: tf.function(step, jit_compile=mode == "jit") for name, step in steps.items()}

    def blocking(step):
        def run():
            result = step(x_real)
            np.asarray(next(iter(result.values())) if isinstance(result, dict) else result)

        return run

    return {name: blocking(step) for name, step in steps.items()}


def _fit_overhead(rounds: int, x_real: np.ndarray) -> float:
    """Return the time of `fit` over that of the same number of bare compiled steps."""
    steps = 10
    data = tf.data.Dataset.from_tensors(x_real).repeat()
    model, bare = act_model("features"), act_model("features")
    step = tf.function(bare.train_step)
    batch = tf.constant(x_real)

    def loop():
        for _ in range(steps):
            logs = step(batch)
        np.asarray(next(iter(logs.values())))

    seconds = interleaved(
        {
            "fit": lambda: model.fit(data, steps_per_epoch=steps, epochs=1, verbose=0),
            "bare": loop,
        },
        rounds,
    )
    return ratio(seconds, "fit", "bare")


def main(argv: list[str]) -> None:
    """Time, and print a Markdown table."""
    del argv
    keras.utils.set_random_seed(0)
    x_real = np.random.default_rng(0).uniform(-1, 1, (BATCH, *SHAPE)).astype("float32")
    head = "| mode | step | median ms | ratio to plain GAN | to plain GAN, 2048 features |"
    print(head + "\n|---|---|---|---|---|")
    for mode in _MODES.value:
        seconds = interleaved(_candidates(mode, tf.constant(x_real)), _ROUNDS.value)
        for name, times in seconds.items():
            middle = 1e3 * statistics.median(times)
            narrow, wide = (ratio(seconds, name, to) for to in ("plain GAN", WIDE))
            print(f"| {mode} | {name} | {middle:.0f} | {narrow:.2f} | {wide:.2f} |", flush=True)
    print(f"\n`fit` over the bare compiled step: {_fit_overhead(_ROUNDS.value, x_real):.3f}")


if __name__ == "__main__":
    app.run(main)
