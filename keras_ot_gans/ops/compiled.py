"""Functions of tensors that are compiled by XLA on their own, inside or outside a graph."""

import functools
from collections.abc import Callable

import tensorflow as tf


def compiled(function: Callable) -> Callable:
    """Compile a pure function of tensors by XLA.

    Args:
        function: function of tensors and hashable Python values, without variables.

    Returns:
        Function with the same arguments. Every set of shapes compiles anew, so make one of these
        per set. Inside a graph it is one node, inside a program of XLA it becomes part of that.

    Example:
        >>> float(compiled(lambda x: x + 1.0)(tf.constant(1.0)))
        2.0
    """
    # TensorFlow counts retracing by code object, and would warn of closures that share one.
    return tf.function(functools.partial(function), jit_compile=True, autograph=False)
