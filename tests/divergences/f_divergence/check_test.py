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


def turning_at(far):
    """`f'' = (1 - (log r / far)^2) / r^2`, and its antiderivatives."""

    def f(r):
        u = ops.log(r)
        return -u + (u**3 / 3.0 + u**2 + 2.0 * u) / far**2

    def f_prime(r):
        u = ops.log(r)
        return (-1.0 + (u**2 + 2.0 * u + 2.0) / far**2) / r

    def f_second(r):
        return (1.0 - (ops.log(r) / far) ** 2) / ops.square(r)

    return FDivergence("mine", f, f_prime, f_second)


def dented(depth, place=0.05, width=0.005):
    """`f'' = (1 - depth b(log r)) / r`, `b` a bell at `place`, and its antiderivatives."""
    area = width * np.sqrt(np.pi / 2.0)

    def bell(u, shift=0.0):
        return 1.0 + ops.erf((u - place - shift) / (width * np.sqrt(2.0)))

    def f(r):
        u = ops.log(r)
        # The integral of e^u b(u).
        under = area * np.exp(place + width**2 / 2.0) * bell(u, width**2)
        return r * u - depth * (area * r * bell(u) - under)

    def f_prime(r):
        return 1.0 + ops.log(r) - depth * area * bell(ops.log(r))

    def f_second(r):
        u = ops.log(r)
        return (1.0 - depth * ops.exp(-(((u - place) / width) ** 2) / 2.0)) / r

    return FDivergence("mine", f, f_prime, f_second)


def test_a_shallow_dent_passes():
    check_f_divergence(dented(0.9))


def test_what_turns_only_beyond_all_scores_passes():
    check_f_divergence(turning_at(25.0))


def test_overflow_and_underflow_are_no_signs():
    power = FDivergence(
        "power",  # f'' is e^840 at log r = 20, and e^-840 at -20
        lambda r: r**44 - 1.0,
        lambda r: 44.0 * r**43,
        lambda r: 44.0 * 43.0 * r**42,
    )
    check_f_divergence(power, max_log_ratio=0.1)


def test_a_stable_logarithm_makes_good_for_an_overflow():
    overflowing = changed(f_second=lambda r: ops.exp(r) / (r * ops.exp(r)))  # inf / inf from 710 on
    check_f_divergence(overflowing)
    with pytest.raises(ValueError, match=r"`f_second` must be a number.*\(710\..* = nan.*'mine'"):
        check_f_divergence(dataclasses.replace(overflowing, log_f_second=None))


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
    "f turns far out": (
        turning_at(6.0),
        r"`f_second` must be positive\. Received: f''\(2\.061e-09\) = -.*'mine'",
    ),
    "f has a dent": (dented(3.0), r"`f_second` must be positive\. Received: f''\(1\.04.*\) = -"),
    "logarithm turns far out": (
        dataclasses.replace(
            turning_at(6.0),
            f_second=lambda r: ops.abs(1.0 - (ops.log(r) / 6.0) ** 2) / ops.square(r),
            log_f_second=lambda u: ops.log(1.0 - (u / 6.0) ** 2) - 2.0 * u,
        ),
        r"`log_f_second` must be a number.*log_f_second\(-20\) = nan",
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
