"""Keras optimizers that move samples instead of weights."""

from typing import Any

import keras
import numpy as np

# What an optimizer may not do here: a sample's path must be its own, and its start the only memory.
_REFUSED = (
    "clipnorm",
    "global_clipnorm",
    "weight_decay",
    "use_ema",
    "gradient_accumulation_steps",
    "loss_scale_factor",
)
# They look at all gradients, or choose among optimizers by variable.
_WRAPPERS = (keras.optimizers.LossScaleOptimizer, keras.optimizers.MultiOptimizer)


def sample_optimizer(optimizer: keras.optimizers.Optimizer | None) -> keras.optimizers.Optimizer:
    """Return an optimizer of one's own that moves every sample alone.

    Args:
        optimizer: any Keras optimizer that updates number by number (SGD, RMSprop, Adam, Nadam,
            Adamax, Adagrad, Adadelta, Lion, ...); `clipvalue` and learning-rate schedules are
            welcome. None is `SGD(0.01)`.

    Returns:
        A copy, not yet built.

    Raises:
        TypeError: if it is not a Keras optimizer.
        ValueError: if its update of one sample depends on the other samples of the batch, or pulls
            samples to 0 or behind.

    Example:
        >>> sample_optimizer(keras.optimizers.Adam(clipnorm=1.0))
        Traceback (most recent call last):
        ...
        ValueError: `optimizer` must move each sample alone. Received: Adam with clipnorm=1.0. \
Leave it out; `clipvalue` is allowed.
    """
    if optimizer is None:
        return keras.optimizers.SGD(0.01)
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            "`optimizer` must be a Keras optimizer. Received: "
            f"{type(optimizer).__name__}. Try keras.optimizers.SGD(0.01)."
        )
    kind = type(optimizer).__name__
    for name in _REFUSED:
        value = getattr(optimizer, name, None)
        if value:
            raise ValueError(
                f"`optimizer` must move each sample alone. Received: {kind} with {name}={value}. "
                "Leave it out; `clipvalue` is allowed."
            )
    if isinstance(optimizer, _WRAPPERS) or _mixes_rows(optimizer):
        raise ValueError(
            "`optimizer` must move each sample alone, number by number. Received: "
            f"{kind}, whose updates depend on the whole batch. Try keras.optimizers.Adam(0.01)."
        )
    return _copy(optimizer)


def describe_optimizer(optimizer: keras.optimizers.Optimizer) -> str:
    """Return an optimizer and its numbers in a line, for the protocol card.

    Args:
        optimizer: a Keras optimizer.

    Returns:
        str; arguments that are off (None, False) are left out.

    Example:
        >>> describe_optimizer(keras.optimizers.SGD(0.01))
        'SGD(learning_rate=0.01, momentum=0)'
    """
    return f"{type(optimizer).__name__}({_numbers(optimizer.get_config())})"


def _numbers(config: dict[str, Any]) -> str:
    shown = []
    for name, value in config.items():
        if value is None or value is False or name in ("name", "ema_momentum"):
            continue
        if isinstance(value, dict):  # a schedule
            value = f"{value.get('class_name')}({_numbers(value.get('config', {}))})"
        shown.append(f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}")
    return ", ".join(shown)


def _copy(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """Copy without state. The schedule is handed over: Keras rebuilds registered ones only."""
    rate = optimizer._learning_rate
    config = optimizer.get_config()
    config["learning_rate"] = float(rate) if isinstance(rate, keras.Variable) else rate
    return type(optimizer).from_config(config)


def _mixes_rows(optimizer: keras.optimizers.Optimizer) -> bool:
    """Try out whether the second row's gradients reach the first row."""
    moved = []
    # Of another size, and of another course: some optimizers forget the size.
    for second in ((1.0, 1.0, 1.0), (1000.0, -1.0, 5.0)):
        rows = keras.Variable(np.ones((2, 2), "float32"))
        trial = _copy(optimizer)
        for slope in second:
            trial.apply([keras.ops.array([[1.0, -2.0], [slope, 3.0]])], [rows])
        moved.append(rows.numpy()[0])
    return not np.array_equal(*moved)
