"""A penalty on the critic's slopes inside a step: where, with which buffer, over all replicas."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_ot_gans.losses.penalties import Penalty
from keras_ot_gans.models import replicas
from keras_ot_gans.models.slope_buffer import SlopeBuffer
from keras_ot_gans.ops import random
from keras_ot_gans.ops.input_gradients import blend, squared_slopes


class Slopes(NamedTuple):
    """Slopes of one critic step.

    Attributes:
        penalty: scalar >= 0.
        largest: scalar, the largest slope of all replicas' points.
        points: tensor `(b, ...)`, this replica's points.
        labels: int tensor `(b,)` or None.
        squared: tensor `(b,)`, this replica's squared slopes.
    """

    penalty: tf.Tensor
    largest: tf.Tensor
    points: tf.Tensor
    labels: tf.Tensor | None
    squared: tf.Tensor


class SlopePenalty(keras.layers.Layer):
    """Evaluates a `losses.Penalty` and keeps its buffer, if it has one.

    A layer only for the sake of the buffer's saved state.

    Args:
        penalty: `losses.Penalty`.
        point_shape: shape of one sample.
        batch_size: int or None, points per critic step of all replicas; None without a buffer.
        labels: bool, whether the critic is conditional.
        name: the layer's name.
    """

    def __init__(
        self,
        penalty: Penalty,
        point_shape: tuple[int, ...],
        batch_size: int | None,
        labels: bool = False,
        name: str | None = None,
    ):
        super().__init__(name=name, dtype="float32", trainable=False)
        self.penalty, self.buffer = penalty, None
        if penalty.buffer_fraction:
            self.buffer = SlopeBuffer(point_shape, batch_size, penalty.buffer_fraction, labels)
        self.built = True

    def measure(
        self,
        critic: Callable[[tf.Tensor, tf.Tensor | None], tf.Tensor],
        x_real: tf.Tensor,
        x_fake: tf.Tensor,
        labels: tf.Tensor | None,
        stream: keras.random.SeedGenerator,
        training: bool,
    ) -> Slopes:
        """Compute the slopes at the penalty's points.

        Args:
            critic: function `(x, labels) -> (b, 1)`.
            x_real: tensor `(b, ...)`, this replica's real batch.
            x_fake: tensor `(b, ...)`, as many fakes.
            labels: int tensor `(b,)`, of both; or None.
            stream: seeds of the blends.
            training: bool; only then the buffer takes part.

        Returns:
            `Slopes`.
        """
        points = {"real": x_real, "fake": x_fake}.get(self.penalty.where)
        if points is None:
            u = replicas.own_part(lambda n: random.uniform((n,), stream), tf.shape(x_real)[0])
            points = blend(x_real, x_fake, u)
            if self.buffer is not None and training:
                points, labels = self.buffer.mix(points, labels)
        points = tf.stop_gradient(tf.cast(points, tf.float32))
        squared = squared_slopes(lambda x: critic(x, labels), points)
        everywhere = replicas.gather(squared)
        largest = tf.sqrt(tf.reduce_max(tf.stop_gradient(everywhere)))
        return Slopes(self.penalty(everywhere), largest, points, labels, squared)

    def remember(self, slopes: Slopes) -> None:
        """Keep the steepest points of a step, after the critic has moved.

        Args:
            slopes: what `measure` returned for the step.
        """
        if self.buffer is not None:
            self.buffer.refresh(slopes.points, slopes.squared, slopes.labels)
