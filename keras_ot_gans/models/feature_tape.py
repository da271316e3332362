"""A gradient tape over features that networks compute batch by batch."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from keras_ot_gans.models.features import couples_samples


class FeatureTape:
    """Gradient tape of a loss that couples a whole batch, in the memory of a micro-batch.

    The loss is a function of features of all samples, such as a transport cost; each sample's
    features depend on that sample only. So two passes give the exact gradient: all features first,
    micro-batch by micro-batch and without recording; then the loss and its gradient with respect
    to the features; then each micro-batch again, recorded, with its part of that gradient. What is
    kept is the features of the batch, and the activations of one micro-batch.

    Used like `tf.GradientTape`. Without a micro-batch size it is one.

    Args:
        micro_batch: int > 0, samples per pass; None for the whole batch at once.
        persistent: bool, whether `gradient` will be called more than once.

    Example:
        >>> w, x = tf.Variable(2.0), tf.constant([[1.0], [3.0]])
        >>> with FeatureTape(micro_batch=1) as tape:
        ...     features = tape.features(lambda x: w * x, x)
        ...     loss = tf.reduce_sum(features[0] * features[1])      # 3 w^2: couples the batch
        >>> float(tape.gradient(loss, [w])[0])
        12.0
    """

    def __init__(self, micro_batch: int | None = None, persistent: bool = False):
        self.micro_batch = micro_batch
        self._tape = tf.GradientTape(persistent=persistent)
        self._replays: list[tuple[Callable, tuple, tf.Tensor]] = []

    def __enter__(self) -> "FeatureTape":
        """Start to record."""
        self._tape.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        """Stop recording."""
        self._tape.__exit__(*exception)

    def features(self, function: Callable[..., tf.Tensor], *inputs: tf.Tensor) -> tf.Tensor:
        """Compute the features of a batch, so that `gradient` reaches what they depend on.

        Args:
            function: function of the inputs, sample by sample: no batch normalisation, no dropout,
                nothing that moves a state. With micro-batches it is called twice on each.
            *inputs: tensors `(B, ...)`.

        Returns:
            Float tensor `(B, ...)`.
        """
        if self.micro_batch is None:
            return function(*inputs)
        with self._tape.stop_recording():
            computed = self._in_parts(function, inputs)
        self._tape.watch(computed)
        self._replays.append((function, inputs, computed))
        return computed

    def constants(self, function: Callable[..., tf.Tensor], *inputs: tf.Tensor) -> tf.Tensor:
        """Compute the features of a batch without a gradient.

        Args:
            function: as for `features`.
            *inputs: tensors `(B, ...)`.

        Returns:
            Float tensor `(B, ...)`.
        """
        with self._tape.stop_recording():
            if self.micro_batch is None:
                return function(*inputs)
            return self._in_parts(function, inputs)

    def gradient(
        self,
        target: tf.Tensor,
        sources: Any,
        output_gradients: tf.Tensor | None = None,
        unconnected_gradients: tf.UnconnectedGradients = tf.UnconnectedGradients.ZERO,
    ) -> Any:
        """Differentiate a scalar with respect to what its features depend on.

        Args:
            target: scalar.
            sources: nest of tensors or variables, on which the target depends through `features`,
                or directly.
            output_gradients: scalar or None, factor of the gradient.
            unconnected_gradients: what a source that has no part gets; with micro-batches zeros.

        Returns:
            Nest of tensors like `sources`.
        """
        if self.micro_batch is None:
            return self._tape.gradient(
                target, sources, output_gradients, unconnected_gradients=unconnected_gradients
            )
        flat = tf.nest.flatten(sources)
        arrived, direct = self._tape.gradient(
            target, ([computed for *_, computed in self._replays], flat), output_gradients
        )
        total = [
            tf.zeros_like(source) if gradient is None else tf.convert_to_tensor(gradient)
            for source, gradient in zip(flat, direct, strict=True)
        ]
        for (function, inputs, _), upstream in zip(self._replays, arrived, strict=True):
            if upstream is not None:
                # Of a loss that gathers rows it is sparse.
                upstream = tf.convert_to_tensor(upstream)
                total = self._replayed(function, inputs, upstream, flat, total)
        return tf.nest.pack_sequence_as(sources, total)

    def _in_parts(self, function: Callable, inputs: tuple) -> tf.Tensor:
        parts = -(-tf.shape(inputs[0])[0] // self.micro_batch)
        first = function(*self._part(inputs, 0))
        store = tf.TensorArray(first.dtype, parts, infer_shape=False).write(0, first)

        def one(i, store):
            return i + 1, store.write(i, function(*self._part(inputs, i)))

        _, store = tf.while_loop(lambda i, _: i < parts, one, (1, store), parallel_iterations=1)
        return tf.ensure_shape(store.concat(), [inputs[0].shape[0], *first.shape[1:]])

    def _part(self, inputs: tuple, i: tf.Tensor | int) -> list[tf.Tensor]:
        start = i * self.micro_batch
        return [x[start : start + self.micro_batch] for x in inputs]

    def _replayed(
        self, function: Callable, inputs: tuple, upstream: tf.Tensor, sources: list, total: list
    ) -> list:
        """Add the gradients of one call of `features` to a total."""
        parts = -(-tf.shape(inputs[0])[0] // self.micro_batch)

        def one(i, *total):
            *part, arriving = self._part((*inputs, upstream), i)
            with tf.GradientTape() as tape:
                computed = function(*part)
            gradients = tape.gradient(
                computed, sources, arriving, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            return i + 1, *(t + g for t, g in zip(total, gradients, strict=True))

        _, *total = tf.while_loop(lambda i, *_: i < parts, one, (0, *total), parallel_iterations=1)
        return total


def check_micro_batch(
    micro_batch: int | None, networks: Mapping[str, keras.layers.Layer | None]
) -> None:
    """Check that networks treat samples one by one, and twice alike.

    Args:
        micro_batch: int, or None for no check.
        networks: layers by the name of the argument; None is left out.

    Raises:
        ValueError: if a network couples samples or is random, or the number is not positive.
    """
    if micro_batch is None:
        return
    if micro_batch < 1:
        raise ValueError(
            f"`micro_batch` must be positive or None. Received: micro_batch={micro_batch}."
        )
    for name, network in networks.items():
        if network is None:
            continue
        noisy = [p.name for p in network._flatten_layers() if _draws(p)]
        if couples_samples(network) or noisy:
            what = f"random layers {noisy}" if noisy else "batch normalisation"
            raise ValueError(
                f"`{name}` must treat samples one by one, and twice alike, with `micro_batch`. "
                f"Received: a network with {what}. Use layer or weight normalisation."
            )


def _draws(layer: keras.layers.Layer) -> bool:
    """Tell whether a layer has random numbers, whatever it calls their stream."""
    return any(isinstance(v, keras.random.SeedGenerator) for v in vars(layer).values())


def check_compilation(jit_compile: bool | str, micro_batch: int | None) -> None:
    """Refuse micro-batches inside a program of XLA, which knows no parts of varying size.

    Args:
        jit_compile: bool or "auto", of `compile`.
        micro_batch: int or None.

    Raises:
        ValueError: if both are asked for.
    """
    if jit_compile is True and micro_batch is not None:
        raise ValueError(
            "`jit_compile` must be off with `micro_batch`. Received: jit_compile=True, "
            f"micro_batch={micro_batch}. Matchings are compiled all the same."
        )
