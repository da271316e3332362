"""Whether a `phi` satisfies eq. 12: increasing, convex, balanced. Found on a grid, in float64."""

import warnings
from typing import NamedTuple

import numpy as np
from keras import ops

from keras_ot_gans.losses.phi import LeastSquares, Phi, hinge, varphi

_POINTS = 401  # odd: 0 is a point of a symmetric grid
_WIDER = (1, 10, 100)  # how far beyond the grid a balance point is looked for
_ROUNDINGS = 8  # a difference of this many roundings of its terms counts as none
_LOOSE = 4096  # and this many where the balance is looked for: 1e-12 in float64


class PhiReport(NamedTuple):
    """What a grid shows of a `phi` and its `varphi`.

    Attributes:
        increasing: bool, `phi' > 0` and `varphi' < 0` everywhere.
        monotone: bool, `phi' >= 0` and `varphi' <= 0` everywhere.
        convex: bool, `phi'' >= 0` and `varphi'' >= 0` everywhere.
        balance_point: float or None, the `a` with `phi'(a) + varphi'(a) = 0` nearest to 0.
        balance_slope: float or None, `phi'(a)`: the weight of the distance between real and fake
            in the lower bound of theorem 5.
    """

    increasing: bool
    monotone: bool
    convex: bool
    balance_point: float | None
    balance_slope: float | None

    @property
    def in_family(self) -> bool:
        """Whether eq. 12 holds."""
        return self.increasing and self.convex and self.balance_point is not None


def examine_phi(phi: Phi, low: float = -10.0, high: float = 10.0) -> PhiReport:
    """Examine a `phi` on 401 points, without judging it.

    Secants stand for derivatives: a function increases, or is convex, on the grid's points exactly
    where they are positive, or grow.

    Args:
        phi: element-wise function of logits.
        low: float, lower end of the grid.
        high: float > `low`, upper end. A balance point is looked for up to 100 times as far.

    Returns:
        `PhiReport`.

    Raises:
        TypeError: if `phi` is not a function.
        ValueError: if the range is empty, or `phi` does not return one finite number per logit.

    Example:
        >>> from keras_ot_gans.losses import phi
        >>> examine_phi(phi.logistic).in_family
        True
        >>> report = examine_phi(phi.hinge)
        >>> report.increasing, report.monotone, report.convex
        (False, True, True)

    Source: Zhou et al., "Understanding the Effectiveness of Lipschitz-Continuity in Generative
        Adversarial Nets", 2018, eq. 12.
    """
    if not callable(phi):
        raise TypeError(
            f"`phi` must be a function of logits. Received: {phi!r}. Try `losses.phi.logistic`."
        )
    if not -np.inf < low < high < np.inf:
        raise ValueError(
            f"`low` must be smaller than `high`. Received: low={low}, high={high}. Try -10 and 10."
        )
    x = np.linspace(low, high, _POINTS)
    fake, real = _values(phi, x)
    for values in (fake, real):
        if not np.isfinite(values).all():
            raise ValueError(
                f"`phi` must be finite for logits in [{low}, {high}]. "
                f"Received: {x[~np.isfinite(values)][0]:.4g} -> {values[~np.isfinite(values)][0]}. "
                "Pass the range of your logits as `low` and `high`."
            )
    up, slack = _steps(fake)
    down, slack_down = _steps(real)
    point, slope = _balance(phi, low, high)
    return PhiReport(
        increasing=bool((up > slack).all() and (-down > slack_down).all()),
        monotone=bool((up >= -slack).all() and (-down >= -slack_down).all()),
        convex=_convex(fake, x) and _convex(real, x),
        balance_point=point,
        balance_slope=slope,
    )


def check_phi(phi: Phi, low: float = -10.0, high: float = 10.0) -> PhiReport:
    """Refuse a `phi` that cannot train a critic, and warn of one outside eq. 12.

    Refused: no balance point (the loss has no lower bound), a slope there that is not positive
    (real samples would not rank above fakes), a `phi` that falls somewhere and is not convex.
    Warned of: flat or falling pieces of a convex `phi`, and an increasing one that is not convex:
    theorem 1 of the paper does not cover them. The paper's own comparisons, `hinge` and
    `LeastSquares`, are known to be outside and pass in silence.

    Args:
        phi: element-wise function of logits.
        low: float, lower end of the grid.
        high: float > `low`, upper end.

    Returns:
        `PhiReport`.

    Raises:
        TypeError: if `phi` is not a function.
        ValueError: if it is refused, or does not return one finite number per logit.

    Example:
        >>> from keras_ot_gans.losses import phi
        >>> check_phi(phi.exponential).in_family
        True
        >>> check_phi(lambda x: -x)
        Traceback (most recent call last):
        ...
        ValueError: `phi` must be increasing. Received: slope -1 at the balance point 0, where \
real and fake logits pull alike. Pass what a FAKE logit pays, such as `losses.phi.logistic`.

    Source: Zhou et al., 2018, eq. 12 and theorem 5, whose proof needs only convexity and balance.
    """
    report = examine_phi(phi, low, high)
    if report.balance_point is None:
        raise ValueError(
            "`phi` must have a balance point, `phi'(a) + varphi'(a) = 0`. Received: none in "
            f"[{low * _WIDER[-1]:g}, {high * _WIDER[-1]:g}]. Without `varphi` of its own, every "
            "`phi` has one at 0; otherwise weigh real and fake alike."
        )
    if report.balance_slope <= 0.0:
        raise ValueError(
            f"`phi` must be increasing. Received: slope {report.balance_slope:.4g} at the balance "
            f"point {report.balance_point:.4g}, where real and fake logits pull alike. "
            "Pass what a FAKE logit pays, such as `losses.phi.logistic`."
        )
    if not report.monotone and not report.convex:
        raise ValueError(
            f"`phi` must be increasing. Received: {report}, which falls somewhere in "
            f"[{low:g}, {high:g}] and is not convex. Try `losses.phi.logistic`, or the range of "
            "your logits as `low` and `high`."
        )
    known = phi is hinge or isinstance(phi, LeastSquares)
    if not report.in_family and not known:
        warnings.warn(
            "`phi` is not increasing and convex everywhere (eq. 12), so that the critic's gradient "
            f"need not point to real samples. Received: {report}. Use it as a comparison, or add "
            "0.01 x to a flat one: `losses.phi.Combination((phi, losses.phi.linear), (1, 0.01))`.",
            stacklevel=2,
        )
    return report


def _values(phi: Phi, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Evaluate `phi` and `varphi` on points, in the dtype that they return."""
    logits = ops.convert_to_tensor(x, dtype="float64")
    both = [ops.convert_to_numpy(values) for values in (phi(logits), varphi(phi, logits))]
    for values in both:
        if values.shape != x.shape or not np.issubdtype(values.dtype, np.floating):
            raise ValueError(
                "`phi` must return one float per logit. Received: "
                f"shape {values.shape} and dtype {values.dtype} for logits of shape {x.shape}. "
                "Leave the mean to `critic_loss`."
            )
    return both[0], both[1]


def _steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return differences of neighbours, and how much of them may be rounding."""
    wide = np.abs(values.astype("float64"))
    noise = _ROUNDINGS * np.finfo(values.dtype).eps * np.maximum(wide[1:], wide[:-1])
    return np.diff(values.astype("float64")), noise


def _convex(values: np.ndarray, x: np.ndarray) -> bool:
    """Tell whether the secants grow, up to rounding inside `phi`."""
    wide = values.astype("float64")
    scale = 1.0 + np.abs(x) + np.abs(wide)
    noise = _ROUNDINGS * np.finfo(values.dtype).eps * scale
    return bool((np.diff(wide, n=2) >= -3.0 * noise[1:-1]).all())


def _balance(phi: Phi, low: float, high: float) -> tuple[float | None, float | None]:
    """Find the zero of `phi' + varphi'` nearest to 0, and the slope of `phi` there."""
    for factor in _WIDER:
        x = np.linspace(low * factor, high * factor, _POINTS)
        fake, real = _values(phi, x)
        if not (np.isfinite(fake).all() and np.isfinite(real).all()):
            break
        rounding = _LOOSE * max(np.finfo(values.dtype).eps for values in (fake, real))
        fake, real = fake.astype("float64"), real.astype("float64")
        inner, rise = x[1:-1], fake[2:] - fake[:-2]
        rise[np.abs(rise) <= rounding * (np.abs(fake[2:]) + np.abs(fake[:-2]))] = 0.0
        total = (fake + real)[2:] - (fake + real)[:-2]
        noise = rounding * (1.0 + np.abs(fake[1:-1]) + np.abs(real[1:-1]))
        sign = np.where(np.abs(total) <= noise, 0.0, np.sign(total))
        zeros = inner[sign == 0.0]
        cross = np.flatnonzero(sign[1:] * sign[:-1] < 0)
        between = inner[cross] - total[cross] * (inner[1] - inner[0]) / np.diff(total)[cross]
        found = np.concatenate([zeros, between])
        if found.size:
            point = float(found[np.argmin(np.abs(found))])
            return point, float(np.interp(point, inner, rise / (x[2] - x[0])))
    return None, None
