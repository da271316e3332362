"""The `f_divergence` family: `D_f(p_e, p_g) = E_{p_g} f(r)`, where `r = p_e / p_g`, real over fake.

A value is a record of formulas. `scalings` is all that adversarial gradient estimation needs of it;
the conjugate and its activation serve f-GAN alone.
"""

from keras_ot_gans.divergences.f_divergence.check import check_f_divergence
from keras_ot_gans.divergences.f_divergence.record import (
    FDivergence,
    by_name,
    check_is_f_divergence,
)
from keras_ot_gans.divergences.f_divergence.scalings import Scalings, check_r0, scalings
from keras_ot_gans.divergences.f_divergence.values import (
    all_divergences,
    jensen_shannon,
    kl,
    reverse_kl,
    squared_hellinger,
)

__all__ = [
    "FDivergence",
    "Scalings",
    "all_divergences",
    "by_name",
    "check_f_divergence",
    "check_is_f_divergence",
    "check_r0",
    "jensen_shannon",
    "kl",
    "reverse_kl",
    "scalings",
    "squared_hellinger",
]
