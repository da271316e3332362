"""From the values of a critic to logarithms of density ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.optimize
import scipy.special
import tensorflow as tf

from keras_ot_gans.samplers.tell_apart import digest

METHODS = ("logistic", "isotonic", "none")


@dataclass(frozen=True)
class Calibration:
    """Function from critic values to `log p_real(x) / p_generated(x)`. Made by `calibrate`.

    `Calibration()` takes the value itself, which is right for the logit of a converged
    discriminator of the original GAN loss.

    Attributes:
        slope: float, of the affine map.
        offset: float, of the affine map.
        knots: pairs `(value, log ratio)` of increasing values, joined by straight lines and
            constant beyond both ends; empty for the affine map.

    Call arguments:
        values: float tensor `(n,)`.

    Returns:
        float32 tensor `(n,)`; differentiable, also inside a `tf.function`. The gradient of knots
        is 0 on their steps, so samplers that follow it need the affine map.

    Example:
        >>> Calibration(slope=2.0, offset=1.0)([0.0, 3.0]).numpy().tolist()
        [1.0, 7.0]
        >>> Calibration(knots=((0.0, -1.0), (1.0, 1.0)))([-5.0, 0.75, 5.0]).numpy().tolist()
        [-1.0, 0.5, 1.0]
    """

    slope: float = 1.0
    offset: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()

    def __call__(self, values: Any) -> tf.Tensor:
        """Return log density ratios."""
        values = tf.convert_to_tensor(values, tf.float32)
        if not self.knots:
            return self.slope * values + self.offset
        at, ratios = tf.unstack(tf.constant(self.knots, tf.float32), axis=1)
        right = tf.searchsorted(at, values, side="right")
        right = tf.clip_by_value(right, 1, len(self.knots) - 1)
        low, high = tf.gather(at, right - 1), tf.gather(at, right)
        share = tf.clip_by_value((values - low) / (high - low), 0.0, 1.0)
        start, end = tf.gather(ratios, right - 1), tf.gather(ratios, right)
        return start + share * (end - start)

    def __str__(self) -> str:
        """Return a few words for the protocol card."""
        if self.knots:
            return f"isotonic({len(self.knots)} knots #{digest(self.knots)})"
        if self == Calibration():
            return "none"
        return f"logistic({self.slope:.4g}, {self.offset:.4g})"


def calibrate(real_scores: Any, fake_scores: Any, method: str = "logistic") -> Calibration:
    """Fit log density ratios to critic values of real and of generated samples.

    Use samples that the critic was not trained on. The numbers of real and fake samples may
    differ: the ratio is of densities.

    Args:
        real_scores: float array `(n,)`.
        fake_scores: float array `(m,)`.
        method: "logistic" for a straight line, by logistic regression; "isotonic" for the
            best increasing function; "none" for the values themselves.

    Returns:
        `Calibration`. Finite for scores that a threshold separates: logistic regression has the
        targets `(n + 1) / (n + 2)` and `1 / (m + 2)` of Platt instead of 1 and 0, and isotonic
        probabilities are clipped to `1 / (n + m + 2)` from 0 and 1.

    Raises:
        ValueError: if scores are missing or not finite, or the method is unknown.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> real, fake = rng.normal(1.0, 1.0, 5000), rng.normal(0.0, 1.0, 2500)
        >>> fitted = calibrate(real, fake)               # exactly: x - 1 / 2
        >>> abs(fitted.slope - 1.0) < 0.1, abs(fitted.offset + 0.5) < 0.1
        (True, True)

    Source: Platt, "Probabilistic Outputs for Support Vector Machines", 1999, section 2.2; for
        critics: Azadi et al., "Discriminator Rejection Sampling", ICLR 2019, and Turner et al.,
        "Metropolis-Hastings Generative Adversarial Networks", ICML 2019, section 3.2.
    Differs: the logarithm of the ratio of sample sizes is subtracted. Isotonic regression is
        interpolated between its steps.
    """
    real, fake = _checked(real_scores, "real_scores"), _checked(fake_scores, "fake_scores")
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {', '.join(METHODS)}. Received: {method!r}.")
    fits = (_logistic, _isotonic, lambda *_: Calibration())
    return fits[METHODS.index(method)](real, fake)


def checked_calibration(calibration: Calibration | None) -> Calibration:
    """Check the calibration that a sampler is given.

    Args:
        calibration: `Calibration`; None for the critic's own value.

    Returns:
        `Calibration`.

    Raises:
        TypeError: if it is something else.

    Example:
        >>> checked_calibration("logistic")
        Traceback (most recent call last):
        ...
        TypeError: `calibration` must be None or a `Calibration`. Received: 'logistic'. Try \
calibrate(*critic_scores(pair, real), "logistic").
    """
    if calibration is None:
        return Calibration()
    if not isinstance(calibration, Calibration):
        raise TypeError(
            f"`calibration` must be None or a `Calibration`. Received: {calibration!r}. Try "
            'calibrate(*critic_scores(pair, real), "logistic").'
        )
    return calibration


def calibration_z(calibration: Calibration, real_scores: Any, fake_scores: Any) -> float:
    """Test of a calibration on held-out scores: standard normal where it is right.

    Args:
        calibration: `Calibration`, or None for the critic's own value.
        real_scores: float array `(n,)`, not those of `calibrate`.
        fake_scores: float array `(m,)`, likewise.

    Returns:
        float; beyond -3 or 3, the ratios are wrong. Positive: too low on average.

    Raises:
        ValueError: if scores are missing or not finite.
        TypeError: if the calibration is of another type.

    Example:
        >>> scores = [0.0] * 50
        >>> round(calibration_z(Calibration(), scores, scores), 2)
        0.0
        >>> round(calibration_z(Calibration(offset=1.0), scores, scores), 2)
        -5.21

    Source: Turner et al., ICML 2019, equation 9.
    """
    real, fake = _checked(real_scores, "real_scores"), _checked(fake_scores, "fake_scores")
    scores = np.concatenate([real, fake])
    logits = checked_calibration(calibration)(scores).numpy() + np.log(len(real) / len(fake))
    p_real, p_fake = scipy.special.expit(logits), scipy.special.expit(-logits)
    return float((len(real) - np.sum(p_real)) / np.sqrt(np.sum(p_real * p_fake)))


def _checked(scores: Any, name: str) -> np.ndarray:
    """Return scores as float64, after the float32 that a critic returns."""
    scores = np.asarray(scores, "float32")
    if scores.ndim != 1 or not len(scores) or not np.isfinite(scores).all():
        raise ValueError(
            f"`{name}` must be finite numbers (n,), at least one. Received: shape {scores.shape}, "
            f"{int(np.sum(~np.isfinite(scores)))} not finite. See `critic_scores`."
        )
    return scores.astype("float64")


def _logistic(real: np.ndarray, fake: np.ndarray) -> Calibration:
    n, m = len(real), len(fake)
    scores = np.concatenate([real, fake])
    targets = np.repeat([(n + 1) / (n + 2), 1 / (m + 2)], [n, m])
    mean, spread = scores.mean(), scores.std() or 1.0
    rows = np.stack([(scores - mean) / spread, np.ones(n + m)])

    def loss(line):
        return np.mean(np.logaddexp(0, line @ rows) - targets * (line @ rows))

    def gradient(line):
        return rows @ (scipy.special.expit(line @ rows) - targets) / (n + m)

    def hessian(line):
        weights = scipy.special.expit(line @ rows) * scipy.special.expit(-(line @ rows))
        return (rows * weights) @ rows.T / (n + m)

    start = np.array([0.0, np.log((n + 1) / (m + 1))])
    found = scipy.optimize.minimize(
        loss, start, method="trust-exact", jac=gradient, hess=hessian, options={"gtol": 1e-9}
    )
    slope = found.x[0] / spread
    return Calibration(float(slope), float(found.x[1] - slope * mean - np.log(n / m)))


def _isotonic(real: np.ndarray, fake: np.ndarray) -> Calibration:
    n, m = len(real), len(fake)
    values, where = np.unique(np.concatenate([real, fake]), return_inverse=True)
    of_value = np.bincount(where)
    p_real = np.bincount(where, weights=np.repeat([1.0, 0.0], [n, m])) / of_value
    p_real = scipy.optimize.isotonic_regression(p_real, weights=of_value).x
    edge = 1 / (n + m + 2)
    ratios = scipy.special.logit(np.clip(p_real, edge, 1 - edge)) - np.log(n / m)
    if len(values) == 1:
        return Calibration(0.0, float(ratios[0]))
    # Both ends of each step are enough.
    ends = np.ones(len(values), bool)
    ends[1:-1] = (ratios[1:-1] != ratios[:-2]) | (ratios[1:-1] != ratios[2:])
    return Calibration(knots=tuple(zip(values[ends].tolist(), ratios[ends].tolist(), strict=True)))
