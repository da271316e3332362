"""Residual block of dense layers."""

from collections.abc import Callable
from typing import Any

from keras import layers

from keras_ot_gans.networks.conditioning import Wrap, wrapper


def residual_mlp_block(
    x: Any,
    name: str,
    *,
    wrap: Wrap | None = None,
    norm: Callable[[Any, str], Any] | None = None,
) -> Any:
    """Residual block of two dense layers that keeps the width.

    `ReLU(x + norm(dense(ReLU(norm(dense(x))))))`.

    Args:
        x: symbolic tensor `(B, d)`.
        name: prefix of the layers' names.
        wrap: function of a layer, see `conditioning.wrapper`; None leaves the layers as they are.
        norm: function `(tensor, name) -> tensor`, see `conditioning.batch_norm`; None for none.

    Returns:
        Symbolic tensor `(B, d)`, not negative.

    Example:
        >>> residual_mlp_block(layers.Input((8,)), "block").shape
        (None, 8)

    Source: Shen, Zhang and Chen, "Bidirectional Generative Modeling Using Adversarial Gradient
        Estimation", 2020, appendix E.3 ("MLP with skip connections"); its form is that of the
        authors' code.
    Differs: no bias before a norm, where it has no effect.
    """
    wrap = wrap or wrapper(False)
    use_bias = norm is None
    norm = norm or (lambda h, name: h)

    def dense(h: Any, k: int) -> Any:
        h = wrap(layers.Dense(x.shape[-1], use_bias=use_bias, name=f"{name}_dense{k}"))(h)
        return norm(h, f"{name}_norm{k}")

    h = dense(layers.ReLU(name=f"{name}_relu1")(dense(x, 1)), 2)
    h = layers.Add(name=f"{name}_add")([x, h])
    return layers.ReLU(name=f"{name}_relu2")(h)
