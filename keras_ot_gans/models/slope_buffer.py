"""The buffer `S_max` of the maximum gradient penalty: the steepest points so far."""

import keras
import tensorflow as tf

from keras_ot_gans.losses.penalties import check_buffer_fraction
from keras_ot_gans.models import replicas

_ADVICE = "Give the buffer the batch size of training, and drop a last, smaller batch."


@keras.saving.register_keras_serializable(package="keras_ot_gans")
class SlopeBuffer(keras.layers.Layer):
    """Keeps the points where a critic was steepest, and puts them into every batch of blends.

    One critic step is `x, y = buffer.mix(blends, labels)`, the slopes and the update at `x`, then
    `buffer.refresh(x, squared_slopes, y)`: the steepest `size` points of that batch stay. Slopes
    are not kept: the next step measures old and new points alike with the critic of its time.

    Empty at first: until the first `refresh`, `mix` returns the fresh blends as they are, so that
    the buffer begins with the steepest random blends. Its variables are not trained and are saved
    with the model that holds it. All shapes are static (XLA).

    With several replicas there is one buffer, the same on each: a replica evaluates its own part of
    it, slopes and points are gathered, and the steepest of all replicas stay. This is what one
    replica does with the whole batch, up to the order of points.

    Args:
        point_shape: tuple of int, one point's shape.
        batch_size: int > 0, points per critic step, of all replicas together.
        fraction: float in [0, 1], `size = round(fraction * batch_size)` points are kept. 0 keeps
            nothing; 1 never sees fresh points after the first batch.
        labels: bool, keep an integer label with each point, for conditional critics.
        name: the layer's name.

    Raises:
        ValueError: if an argument is out of range.

    Example:
        >>> buffer = SlopeBuffer((1,), batch_size=4)
        >>> x = tf.constant([[1.0], [2.0], [3.0], [4.0]])
        >>> buffer.refresh(x, tf.constant([0.0, 9.0, 4.0, 1.0]))
        >>> mixed, _ = buffer.mix(tf.constant([[5.0], [6.0], [7.0], [8.0]]))
        >>> mixed[:, 0].numpy().tolist()      # the two steepest, and every second fresh one
        [2.0, 3.0, 5.0, 7.0]

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, appendix E (`S_max`, 1/2 of the batch).
    Differs: refreshed after every critic step, as the paper says; the authors' code does it once
        per generator step.
    """

    def __init__(
        self,
        point_shape: tuple[int, ...],
        batch_size: int,
        fraction: float = 0.5,
        labels: bool = False,
        name: str | None = None,
    ):
        # Points stay float32 under any policy.
        super().__init__(name=name, dtype="float32", trainable=False)
        check_buffer_fraction(fraction)
        if batch_size < 1 or not all(isinstance(d, int) and d > 0 for d in point_shape):
            raise ValueError(
                "`batch_size` must be at least 1 and `point_shape` hold positive integers. "
                f"Received: batch_size={batch_size}, point_shape={tuple(point_shape)}. "
                "Pass the shape of one sample, without the batch axis."
            )
        self.point_shape, self.batch_size = tuple(point_shape), batch_size
        self.fraction, self.labels = fraction, labels
        self.size = round(fraction * batch_size)
        self.points = self.point_labels = self.refreshes = None
        if self.size:
            self.points = self._state("points", self.point_shape, "float32")
            self.point_labels = self._state("point_labels", (), "int32") if labels else None
            self.refreshes = self._state("refreshes", None, "int64")
        self.built = True

    def _state(self, name: str, shape: tuple | None, dtype: str) -> keras.Variable:
        """Make a variable of `size` rows, or a scalar."""
        return self.add_weight(
            shape=() if shape is None else (self.size, *shape),
            dtype=dtype,
            initializer="zeros",
            trainable=False,
            name=name,
            aggregation="only_first_replica",
        )

    def mix(
        self, x: tf.Tensor, labels: tf.Tensor | None = None
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Replace a part of a batch of blends by the buffer.

        Args:
            x: float32 tensor `(b, *point_shape)`, this replica's fresh blends, at least its share
                of `size`.
            labels: integer tensor `(b,)` if the buffer keeps labels.

        Returns:
            `(x, labels)`: as many rows, this replica's share of the buffer first, then rows of `x`
            evenly spaced over the batch. `labels` is None if the buffer keeps none. No gradient
            flows into the buffer's rows.

        Raises:
            ValueError: if replicas cannot share the buffer evenly, the batch is smaller than the
                share, or labels are missing or superfluous.
        """
        x = self._checked(x, labels)
        if not self.size:
            return x, labels
        own, rows = replicas.share(self.size, "size"), tf.shape(x)[0]
        fresh = rows - own
        # Evenly spaced rows are the same rows of the global batch, whatever the number of replicas.
        chosen = tf.range(fresh) * rows // tf.maximum(fresh, 1)
        mixed = [
            self._replace(stored, new, chosen, own)
            for stored, new in ((self.points, x), (self.point_labels, labels))
        ]
        return mixed[0], mixed[1]

    def _replace(self, stored, new, chosen: tf.Tensor, own: int) -> tf.Tensor | None:
        if new is None:
            return None
        start = 0
        if own < self.size:
            start = tf.distribute.get_replica_context().replica_id_in_sync_group * own
        old = tf.cast(tf.convert_to_tensor(stored)[start : start + own], new.dtype)
        mixed = tf.concat([old, tf.gather(new, chosen)], axis=0)
        mixed = tf.where(tf.convert_to_tensor(self.refreshes) > 0, mixed, new)
        return tf.ensure_shape(mixed, new.shape)

    def refresh(
        self, x: tf.Tensor, squared_slopes: tf.Tensor, labels: tf.Tensor | None = None
    ) -> None:
        """Keep the steepest points of the batch that was just evaluated.

        Args:
            x: float32 tensor `(b, *point_shape)`, from `mix`.
            squared_slopes: float tensor `(b,)`, the critic's at `x`.
            labels: integer tensor `(b,)` if the buffer keeps labels.

        Raises:
            ValueError: as `mix`.
        """
        x = self._checked(x, labels)
        if not self.size:
            return
        slopes = replicas.gather(tf.stop_gradient(squared_slopes))
        kept = tf.math.top_k(slopes, k=self.size, sorted=True).indices
        # The counter waits for the data: a batch that fails to arrive must not fill the buffer.
        with tf.control_dependencies([kept]):
            self.points.assign(tf.gather(replicas.gather(tf.stop_gradient(x)), kept))
            if labels is not None:
                labels = tf.cast(tf.gather(replicas.gather(labels), kept), tf.int32)
                self.point_labels.assign(labels)
            self.refreshes.assign_add(1)

    def _checked(self, x: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
        """Return the batch, or refuse one that does not fit the buffer."""
        if (labels is not None) != self.labels:
            raise ValueError(
                f"`labels` must be {'given' if self.labels else 'None'} for this buffer. Received: "
                f"labels={labels}, buffer made with labels={self.labels}."
            )
        own, rows = replicas.share(self.size, "size"), x.shape[0]
        if x.shape[1:] != self.point_shape or (rows is not None and rows < own):
            axes = ", ".join(["b", *map(str, self.point_shape)])
            raise ValueError(
                f"`x` must have shape ({axes}) with b >= {own}, the buffer's rows. Received: "
                f"shape {tuple(x.shape)}. {_ADVICE}"
            )
        if rows is not None:
            return x
        message = f"`x` must have at least {own} rows, the buffer's. {_ADVICE}"
        enough = tf.debugging.assert_greater_equal(tf.shape(x)[0], own, message)
        with tf.control_dependencies([] if enough is None else [enough]):
            return tf.identity(x)

    def get_config(self) -> dict:
        """Return the constructor's arguments, for serialisation."""
        names = ("point_shape", "batch_size", "fraction", "labels", "name")
        return {name: getattr(self, name) for name in names}
