"""Whether a record of formulas is an f-divergence. Found on a grid of ratios, in float64."""

import numpy as np
from keras import ops

from keras_ot_gans.divergences.f_divergence.record import (
    FDivergence,
    Function,
    check_is_f_divergence,
)

_POINTS = 101  # odd: r = 1 is a point of the grid
_FAR = 20.0  # how far, in log r, f'' must be positive: scores of a discriminator come there
_FAR_POINTS = 20_001  # a step of 0.002 shows dents between the points of comparison
_STEP = 1e-4  # relative to r: central differences err by about 1e-8, rounding by less
_LOOSE = 1e-4  # what a formula may differ from a difference quotient
_CLOSE = 1e-6  # what two formulas of one thing may differ
_SCORES = 5.0  # raw scores of the activation's check


def check_f_divergence(f_divergence: FDivergence, max_log_ratio: float = 5.0) -> None:
    """Refuse an `FDivergence` whose `f` is not strictly convex or whose formulas disagree.

    Args:
        f_divergence: one of your own. `all_divergences`, which has no `f`, passes.
        max_log_ratio: float > 0; formulas are compared for `|log r|` up to this. The sign of
            `f''` is asked for up to 20 at least, where it may overflow or underflow.

    Raises:
        TypeError: if `f_divergence` is something else, such as a name.
        ValueError: if `f(1)` is not 0, `f` is not strictly convex, a derivative differs from its
            difference quotients, `conjugate` from the conjugate of `f`, a stable formula from the
            plain one, `f''` is negative or NaN, or `activation` does not increase into the domain
            of `conjugate`.

    Example:
        >>> from keras_ot_gans.divergences import f_divergence
        >>> check_f_divergence(f_divergence.kl)
        >>> line = FDivergence("line", lambda r: r, lambda r: 0.0 * r + 1.0, lambda r: 0.0 * r)
        >>> check_f_divergence(line)
        Traceback (most recent call last):
        ...
        ValueError: `f` must be 0 at 1. Received: f(1) = 1, in the f-divergence 'line'. \
Subtract f(1), which moves the divergence by a constant.
    """
    check_is_f_divergence(f_divergence)
    if not 0.0 < max_log_ratio < np.inf:
        raise ValueError(
            f"`max_log_ratio` must be positive. Received: max_log_ratio={max_log_ratio}. Try 5."
        )
    if f_divergence.f is None:
        return
    log_r = np.linspace(-max_log_ratio, max_log_ratio, _POINTS)
    log_r[_POINTS // 2] = 0.0
    _check_derivatives(f_divergence, np.exp(log_r))
    far = max(_FAR, max_log_ratio)
    _check_sign(f_divergence, np.linspace(-far, far, _FAR_POINTS))
    if f_divergence.log_f_second is not None:
        found = _values("log_f_second", f_divergence, f_divergence.log_f_second, log_r)
        plain = np.log(_values("f_second", f_divergence, f_divergence.f_second, np.exp(log_r)))
        _compare("log_f_second", f_divergence, log_r, found, plain, 1.0 + np.abs(plain), "log f''")
    if f_divergence.conjugate is not None:
        _check_conjugate(f_divergence, np.exp(log_r))


def _check_derivatives(value: FDivergence, r: np.ndarray) -> None:
    """Compare `f`, `f_prime` and `f_second` with each other's differences."""
    f = _values("f", value, value.f, r)
    at_one = f[r == 1.0][0]
    if abs(at_one) > _CLOSE * np.abs(f).max():
        raise ValueError(
            f"`f` must be 0 at 1. Received: f(1) = {at_one:.4g}, in the f-divergence "
            f"{value.name!r}. Subtract f(1), which moves the divergence by a constant."
        )
    prime = _values("f_prime", value, value.f_prime, r)
    second = _values("f_second", value, value.f_second, r)
    step = _STEP * r
    # Second differences take a wider step: rounding enters them divided by its square.
    wide = 100.0 * step
    up, down = (_values("f", value, value.f, r + s) for s in (wide, -wide))
    curvature = (up - 2.0 * f + down) / wide**2
    rounding = 1e-10 * (1.0 + r + np.abs(f)) / wide**2
    for name, values, slack in (("f", curvature, rounding), ("f_second", second, 0.0 * r)):
        bad = values < -slack if name == "f" else values <= 0.0
        if bad.any():
            raise _not_convex(value, name, r[bad][0], values[bad][0])
    up, down = (_values("f", value, value.f, r + s) for s in (step, -step))
    slope, scale = (up - down) / (2.0 * step), np.abs(prime) + r * second
    _compare("f_prime", value, r, prime, slope, _LOOSE / _CLOSE * scale, "f'")
    up, down = (_values("f_prime", value, value.f_prime, r + s) for s in (step, -step))
    slope = (up - down) / (2.0 * step)
    _compare("f_second", value, r, second, slope, _LOOSE / _CLOSE * np.abs(slope), "f''")


def _check_sign(value: FDivergence, log_r: np.ndarray) -> None:
    """Look for a negative `f''` far from 1 and between the points of comparison, and for NaN."""
    r = np.exp(log_r)
    second = _evaluated("f_second", value, value.f_second, r)
    if (second < 0.0).any():
        first = int(np.argmax(second < 0.0))
        raise _not_convex(value, "f_second", r[first], second[first])
    # Scalings are made of log_f_second where there is one: an f_second that overflows is idle.
    name, x, found = "f_second", r, second
    if value.log_f_second is not None:
        name, x = "log_f_second", log_r
        found = _evaluated(name, value, value.log_f_second, log_r)
    if np.isnan(found).any():
        first = int(np.argmax(np.isnan(found)))
        raise ValueError(
            f"`{name}` must be a number wherever training may come, |log r| up to "
            f"{log_r[-1]:g}. Received: {name}({x[first]:.4g}) = nan, in the f-divergence "
            f"{value.name!r}. Write it without inf / inf and inf - inf; `log_f_second`, a function "
            "of log r, is used instead of `f_second` where it is given."
        )


def _not_convex(value: FDivergence, name: str, r: float, second: float) -> ValueError:
    return ValueError(
        f"`{name}` must {'be strictly convex' if name == 'f' else 'be positive'}. "
        f"Received: f''({r:.4g}) = {second:.4g}, in the f-divergence {value.name!r}. The "
        "gradient's scalings are r f'' and r^2 f'': where f'' is not positive, training stands "
        "still or separates the two distributions."
    )


def _check_conjugate(value: FDivergence, r: np.ndarray) -> None:
    """Compare `conjugate` with its definition, and what is built on it."""
    f, t = (_values(name, value, getattr(value, name), r) for name in ("f", "f_prime"))
    found = _values("conjugate", value, value.conjugate, t)
    scale = np.abs(f) + np.abs(r * t) + np.abs(found)
    _compare("conjugate", value, t, found, r * t - f, scale, "sup_r r t - f(r)")
    if value.activation is None:
        return
    scores = np.linspace(-_SCORES, _SCORES, _POINTS)
    t = _values("activation", value, value.activation, scores)
    plain = _values("conjugate", value, value.conjugate, t)
    # Where t is in the domain, f*(t) >= 1 t - f(1) = t.
    outside = plain < t - _CLOSE * (1.0 + np.abs(t))
    if (np.diff(t) <= 0.0).any() or outside.any():
        raise ValueError(
            "`activation` must increase, and stay in the domain of `conjugate`. Received: "
            f"{t[0]:.4g} at score {scores[0]:g}, {t[-1]:.4g} at {scores[-1]:g}, in the "
            f"f-divergence {value.name!r}. f-GAN's Table 2 lists activations."
        )
    if value.activated_conjugate is not None:
        found = _values("activated_conjugate", value, value.activated_conjugate, scores)
        scale = 1.0 + np.abs(plain)
        _compare("activated_conjugate", value, scores, found, plain, scale, "conjugate(activation)")


def _compare(
    name: str,
    value: FDivergence,
    x: np.ndarray,
    found: np.ndarray,
    expected: np.ndarray,
    scale: np.ndarray,
    meaning: str,
) -> None:
    error = np.abs(found - expected) / np.maximum(scale, np.finfo("float64").tiny)
    worst = int(np.argmax(error))
    if error[worst] > _CLOSE:
        raise ValueError(
            f"`{name}` must be {meaning}. Received: {name}({x[worst]:.4g}) = {found[worst]:.6g}, "
            f"expected {expected[worst]:.6g}, in the f-divergence {value.name!r}. "
            "Derive it again, or compute it in float64 if its argument is."
        )


def _evaluated(name: str, value: FDivergence, function: Function, x: np.ndarray) -> np.ndarray:
    """Evaluate a function of the record, to one float per element."""
    found = ops.convert_to_numpy(function(ops.convert_to_tensor(x, dtype="float64")))
    if found.shape != x.shape or not np.issubdtype(found.dtype, np.floating):
        raise ValueError(
            f"`{name}` must return one float per element. Received: shape {found.shape} and dtype "
            f"{found.dtype} for shape {x.shape}, in the f-divergence {value.name!r}. "
            "Write it with `keras.ops`, element by element."
        )
    return found.astype("float64")


def _values(name: str, value: FDivergence, function: Function, x: np.ndarray) -> np.ndarray:
    """Evaluate a function of the record, to finite floats."""
    found = _evaluated(name, value, function, x)
    finite = np.isfinite(found)
    if not finite.all():
        raise ValueError(
            f"`{name}` must be finite. Received: {name}({x[~finite][0]:.4g}) = "
            f"{found[~finite][0]}, in the f-divergence {value.name!r}. Pass a smaller "
            "`max_log_ratio` if your ratios stay closer to 1."
        )
    return found
