"""What a step needs to know about the replicas it runs on.

With R replicas of B/R samples each, a step must give the same weights as one replica of B samples.
Each function here is the identity where there is one replica.
"""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf


def count() -> int:
    """Return the number of replicas in sync, 1 outside a strategy.

    Returns:
        int >= 1.

    Example:
        >>> count()
        1
    """
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def gather(x: tf.Tensor) -> tf.Tensor:
    """Concatenate a per-replica batch over all replicas.

    Args:
        x: tensor `(B/R, ...)`.

    Returns:
        Tensor `(B, ...)`, the same on every replica. Differentiable: the gradient is the sum over
        the replicas, so a loss that all replicas compute alike is divided by their count
        (`AdversarialModel.update` does).
    """
    if count() == 1:
        return x
    gathered = tf.distribute.get_replica_context().all_gather(x, axis=0)
    rows = None if x.shape[0] is None else x.shape[0] * count()
    return tf.ensure_shape(gathered, [rows, *x.shape[1:]])  # `all_gather` forgets the shape


def own_part(draw: Callable[[tf.Tensor | int], tf.Tensor], size: tf.Tensor | int) -> tf.Tensor:
    """Draw a global batch and return this replica's part of it.

    Every replica's seed state is the same, so that a plain draw would repeat on each.

    Args:
        draw: function of the number of rows.
        size: int or scalar tensor, rows per replica.

    Returns:
        Tensor `(size, ...)`.
    """
    if count() == 1:
        return draw(size)
    context = tf.distribute.get_replica_context()
    start = context.replica_id_in_sync_group * size
    return draw(size * count())[start : start + size]


def share(size: int | None, name: str) -> int | None:
    """Return this replica's share of a global number of rows.

    Args:
        size: int, rows of all replicas together, or None.
        name: the argument's name, for the message.

    Returns:
        int, or None for None.

    Raises:
        ValueError: if the replicas cannot share evenly.

    Example:
        >>> share(6, "num_fake")
        6
    """
    if size is not None and size % count():
        raise ValueError(
            f"`{name}` must be a multiple of the number of replicas, {count()}. "
            f"Received: {name}={size}. It counts the samples of all replicas together."
        )
    return None if size is None else size // count()


def apply_gradients(
    optimizer: keras.optimizers.Optimizer, gradients: Sequence, variables: Sequence
) -> None:
    """Sum gradients over the replicas, clip the sum, and apply it once.

    Sparse gradients, those of an embedding, are made dense: their rows repeat, which neither a
    norm nor a strategy's sum takes into account.

    Keras sums inside `apply`, but clips and looks for infinities before that, per replica. The
    gradients are therefore summed here, and `apply` gets R equal shares.

    Args:
        optimizer: built `keras.optimizers.Optimizer`.
        gradients: list of tensors, this replica's share.
        variables: list of `keras.Variable`.
    """
    replicas, gradients = count(), [tf.convert_to_tensor(g) for g in gradients]
    if replicas > 1:
        context = tf.distribute.get_replica_context()
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
        gradients = [g / replicas for g in clipped(optimizer, gradients)]
    optimizer.apply(gradients, variables)


def clipped(
    optimizer: keras.optimizers.Optimizer, gradients: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """Clip gradients as their optimizer would, the unscaled ones where it scales the loss.

    Args:
        optimizer: built `keras.optimizers.Optimizer`.
        gradients: list of tensors, multiplied by the optimizer's loss scale.

    Returns:
        List of tensors, still multiplied by the scale. Infinities stay, so that the optimizer
        notices them and skips the step.

    Example:
        >>> optimizer = keras.optimizers.SGD(clipvalue=1.0)
        >>> [g.numpy().tolist() for g in clipped(optimizer, [tf.constant([0.5, 3.0])])]
        [[0.5, 1.0]]
    """
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer._clip_gradients(gradients)  # no public name for it
    scale = tf.convert_to_tensor(optimizer.dynamic_scale)  # a power of two: exact both ways
    true = optimizer.inner_optimizer._clip_gradients([g / scale for g in gradients])
    return [
        tf.where(tf.math.is_finite(g), small * scale, g)
        for g, small in zip(gradients, true, strict=True)
    ]


def assign(targets: Sequence[keras.Variable], values: Sequence[tf.Tensor]) -> None:
    """Assign values to variables that have no aggregation rule, on every replica.

    Args:
        targets: list of `keras.Variable`.
        values: list of tensors, equal on all replicas.
    """
    if count() == 1:
        for target, value in zip(targets, values, strict=True):
            target.assign(value)
        return

    def update(strategy: tf.distribute.Strategy, variables: list, values: list) -> None:
        for variable, value in zip(variables, values, strict=True):
            strategy.extended.update(
                variable, lambda v, new: v.assign(new), args=(value,), group=False
            )

    tf.distribute.get_replica_context().merge_call(
        update, args=([target.value for target in targets], list(values))
    )


def loggable(logs: dict) -> dict:
    """Give logs the rank that `fit` needs under the current strategy.

    Args:
        logs: dict of scalars.

    Returns:
        The same dict; with rank-1 values under several workers, where Keras reduces axis 0.
    """
    if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
        return {name: tf.reshape(value, [1]) for name, value in logs.items()}
    return logs
