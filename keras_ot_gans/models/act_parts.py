"""What an ACTGAN compares, computed in micro-batches."""

import math
from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.layers.pairwise import PairwiseDistance
from keras_ot_gans.models import replicas
from keras_ot_gans.models.feature_tape import FeatureTape


def compared(
    model: Any, tape: FeatureTape, x_real: tf.Tensor, z: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Compare a real batch with one generated from latents, as `ACTGAN.compared` does.

    Critic and navigator look at a micro-batch together, so that it is generated twice, not four
    times.

    Args:
        model: `ACTGAN`, in training.
        tape: `FeatureTape` that records.
        x_real: tensor `(n, ...)`, this replica's real batch.
        z: tensor `(m, latent_dim)`, this replica's latents.

    Returns:
        `(t_real, t_fake, cost, distance)`, of the batch of all replicas.
    """
    on_features = isinstance(model.navigator, PairwiseDistance)

    def looks(x: tf.Tensor) -> tf.Tensor:
        seen = [_flat(model, "critic", model.critic, x)]
        if not on_features:
            seen.append(_flat(model, "navigator", model.navigator, x))
        return tf.concat(seen, axis=1)

    def looks_at_fakes(z: tf.Tensor) -> tf.Tensor:
        return looks(model.generator(z, training=model.runs_training("generator", True)))

    x_real = tf.cast(x_real, tf.float32)  # a dataset may hold float64, which nothing narrows
    real = replicas.gather(tape.features(looks, x_real))
    fake = replicas.gather(tape.features(looks_at_fakes, z))
    shape = (model.generator if model.critic is None else model.critic).output_shape[1:]
    width = math.prod(shape)
    t_real, t_fake = real[:, :width], fake[:, :width]
    if on_features:
        running = model.runs_training("navigator", True)
        distance = model.navigator(t_real, t_fake, training=running)
    else:
        distance = model.navigator_distance(real[:, width:], fake[:, width:])
    return t_real, t_fake, model.cost(t_real, t_fake), distance


def _flat(model: Any, role: str, network: keras.layers.Layer | None, x: tf.Tensor) -> tf.Tensor:
    """Return flat float32 features of samples, or the samples themselves."""
    if network is not None:
        x = network(x, training=model.runs_training(role, True))
    return tf.cast(tf.reshape(x, (tf.shape(x)[0], math.prod(x.shape[1:]))), tf.float32)
