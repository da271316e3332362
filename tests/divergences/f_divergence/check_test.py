import dataclasses

import numpy as np
import pytest
from keras import ops

from keras_ot_gans.divergences import FDivergence, check_f_divergence, f_divergence

KL = f_divergence.kl


def changed(**functions):
    return dataclasses.replace(KL, name="mine", **functions)


@pytest.mark.parametrize("name", [*"kl reverse_kl jensen_shannon squared_hellinger".split()])
@pytest.mark.parametrize("max_log_ratio", [1e-2, 5.0, 10.0])
def test_known_values_pass(name, max_log_ratio):
    check_f_divergence(f_divergence.by_name(name), max_log_ratio)


def test_all_divergences_has_nothing_to_check():
    check_f_divergence(f_divergence.all_divergences)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_divergence_in_any_unit_passes(scale):
    value = FDivergence(
        "alpha",  # alpha-divergence with alpha = 3
        lambda r: scale * (r**3 - 3.0 * r + 2.0) / 6.0,
        lambda r: scale * (r**2 - 1.0) / 2.0,
        lambda r: scale * r,
    )
    check_f_divergence(value)


# What a check must find, and the message that names it.
WRONG = {
    "f is concave": (
        FDivergence("mine", lambda r: ops.log(r), lambda r: 1.0 / r, lambda r: -1.0 / r**2),
        r"`f` must be strictly convex\. Received: f''\(0.006738\) = -.*'mine'.*r\^2 f''",
    ),
    "f turns": (
        FDivergence("mine", lambda r: ops.sin(r - 1.0), lambda r: ops.cos(r - 1.0), ops.square),
        r"`f` must be strictly convex",
    ),
    "f is straight": (
        FDivergence("mine", lambda r: r - 1.0, lambda r: 0.0 * r + 1.0, lambda r: 0.0 * r),
        r"`f_second` must be positive.*= 0, in",
    ),
    "f is not 0 at 1": (changed(f=lambda r: r * ops.log(r) + 1.0), r"`f` must be 0 at 1.*= 1, in"),
    "slope is wrong": (changed(f_prime=ops.log), r"`f_prime` must be f'\. Received: f_prime\("),
    "curvature is wrong": (
        changed(f_second=lambda r: 2.0 / r),
        r"`f_second` must be f''.*expected",
    ),
    "curvature in another unit": (changed(f_second=lambda r: 1.0 / r**2), "`f_second` must be f''"),
    "logarithm is wrong": (changed(log_f_second=lambda d: d), r"`log_f_second` must be log f''"),
    "conjugate is wrong": (changed(conjugate=ops.exp), r"`conjugate` must be sup_r r t - f\(r\)"),
    "activation falls": (changed(activation=lambda v: -v), r"`activation` must increase.*5 at"),
    "activation leaves the domain": (
        dataclasses.replace(f_divergence.squared_hellinger, activation=lambda v: 2.0 + ops.exp(v)),
        r"`activation` must increase, and stay in the domain",
    ),
    "stable formula is wrong": (
        changed(activated_conjugate=ops.exp),
        r"`activated_conjugate` must be conjugate\(activation\)",
    ),
    "mean inside": (changed(f=lambda r: ops.mean(r)), r"`f` must return one float per.*shape \(\)"),
    "integers": (changed(f=lambda r: ops.cast(r, "int32")), r"one float per.*int32"),
    "not finite": (changed(f_prime=lambda r: ops.log(r - 1.0)), r"`f_prime` must be finite.*nan"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_formulas_are_refused(name):
    value, message = WRONG[name]
    with pytest.raises(ValueError, match=message):
        check_f_divergence(value)


def test_arguments_are_checked():
    with pytest.raises(TypeError, match=r"`f_divergence` must be a.*'kl'"):
        check_f_divergence("kl")
    for bad in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match=r"`max_log_ratio` must be positive.*Try 5"):
            check_f_divergence(KL, bad)
