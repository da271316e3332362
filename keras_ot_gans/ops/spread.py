"""Functions of rows whose work the replicas of a strategy share."""

import contextlib
import contextvars
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

_STRATEGY: contextvars.ContextVar = contextvars.ContextVar("strategy", default=None)


@contextlib.contextmanager
def spread_over(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Let the replicas of a strategy share what `spread` functions do inside.

    Several workers must enter alike, and call the same functions in the same order: each call
    waits for all of them.

    Args:
        strategy: `tf.distribute.Strategy`; with one replica nothing changes.

    Yields:
        None.

    Example:
        >>> double = spread(lambda x: 2.0 * x)
        >>> with spread_over(tf.distribute.get_strategy()):
        ...     double(tf.constant([1.0, 2.0])).numpy().tolist()
        [2.0, 4.0]
    """
    token = _STRATEGY.set(strategy if strategy.num_replicas_in_sync > 1 else None)
    try:
        yield
    finally:
        _STRATEGY.reset(token)


def spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that `spread_over` can share out.

    Args:
        function: function of tensors `(n, ...)` that treats each row alone, such as a network in
            inference mode; its results have as many rows. It must be traceable.

    Returns:
        Function of the same arguments, arrays or tensors. Inside `spread_over` each replica
        computes its part of the rows, and every one gets all results; elsewhere it is `function`.
    """
    made: dict[tf.distribute.Strategy, Callable[..., Any]] = {}

    def call(*rows: Any) -> Any:
        strategy = _STRATEGY.get()
        if strategy is None:
            return function(*rows)
        if strategy not in made:
            made[strategy] = _shared(function, strategy)
        return made[strategy](*map(tf.convert_to_tensor, rows))

    return call


def _shared(function: Callable[..., Any], strategy: tf.distribute.Strategy) -> Callable[..., Any]:
    replicas = strategy.num_replicas_in_sync

    @tf.function(reduce_retracing=True)
    def run(*rows: tf.Tensor) -> Any:
        n = tf.shape(rows[0])[0]
        size = (n + replicas - 1) // replicas

        def part() -> Any:
            context = tf.distribute.get_replica_context()
            # The last row repeats where there are too few: all parts have one size.
            own = tf.minimum(context.replica_id_in_sync_group * size + tf.range(size), n - 1)
            found = function(*(tf.gather(x, own) for x in rows))
            return tf.nest.map_structure(lambda y: context.all_gather(y, axis=0), found)

        everywhere = strategy.run(part)
        return tf.nest.map_structure(
            lambda y: strategy.experimental_local_results(y)[0][:n], everywhere
        )

    return run
