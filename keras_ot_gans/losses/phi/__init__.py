"""The `phi` family: what a critic pays for the logit of a fake.

A `phi` is any element-wise function of logits. A real logit `x` pays `varphi(x) = phi(-x)`, unless
`phi` has a method `varphi` of its own. Real samples get high logits.
"""

from keras_ot_gans.losses.phi.combination import LOGISTIC_LINEAR, Combination
from keras_ot_gans.losses.phi.functions import (
    Phi,
    exponential,
    hinge,
    linear,
    logistic,
    square_root,
    varphi,
)
from keras_ot_gans.losses.phi.least_squares import LeastSquares

__all__ = [
    "LOGISTIC_LINEAR",
    "Combination",
    "LeastSquares",
    "Phi",
    "exponential",
    "hinge",
    "linear",
    "logistic",
    "square_root",
    "varphi",
]
