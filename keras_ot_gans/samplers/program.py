"""Functions of tensors as compiled programs, one for each sampler."""

import functools
from collections.abc import Callable, Sequence

import tensorflow as tf


def program(
    function: Callable, signature: Sequence[tf.TensorSpec] | None = None
) -> tf.types.experimental.PolymorphicFunction:
    """Compile a function of tensors, whose loops are `tf.while_loop`.

    Args:
        function: function of tensors.
        signature: what it takes, for one program whatever it is given; None is one for each shape.

    Returns:
        The same as a `tf.function`.

    Example:
        >>> float(program(lambda x: x + 1.0)(tf.constant(1.0)))
        2.0
    """
    # TensorFlow counts programs by code object: it would warn of retracing at the sixth sampler.
    return tf.function(functools.partial(function), input_signature=signature, autograph=False)
