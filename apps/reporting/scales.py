"""Axes: from values to places on a picture, with round numbers beside them."""

import math
from collections.abc import Iterable
from typing import NamedTuple

_LOG_FROM = 100.0  # largest by smallest value from which a logarithmic axis shows more


class Scale(NamedTuple):
    """A linear or logarithmic axis.

    Attributes:
        low: float, value at `start`.
        high: float, value at `end`.
        start: float, place of `low`.
        end: float, place of `high`.
        log: bool.
        ticks: tuple of float, values with a label.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        """Return the place of a value; of one outside, the nearer end."""
        value = min(max(value, self.low), self.high)
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        share = value / (high - low) - low / (high - low)  # the product may not overflow
        return self.start + share * (self.end - self.start)


def scale(values: Iterable[float], start: float, end: float, log: bool | None = None) -> Scale:
    """Return an axis that holds all values.

    Args:
        values: finite floats, at least one.
        start: float, place of the axis's lower end.
        end: float, place of its upper end.
        log: bool; None for a logarithmic one where values are positive and span two decades.

    Returns:
        `Scale`.

    Example:
        >>> axis = scale([0.0, 9.0], start=0, end=100)
        >>> axis.ticks, axis(0.0), axis(5.0)
        ((0.0, 2.0, 4.0, 6.0, 8.0, 10.0), 0.0, 50.0)
        >>> scale([0.001, 10.0], 0, 100).log
        True
    """
    found = [min(max(value, -1e300), 1e300) for value in values]  # their difference is finite
    low, high = min(found), max(found)
    if log is None:
        log = low > 0 and high / low > _LOG_FROM
    largest = max(abs(low), abs(high))
    if low == high:
        low, high = low - largest / 2, high + (largest / 2 or 1.0)
    elif high - low < largest / 100 and not log:  # else labels need more digits than fit
        low, high = low - largest / 200, high + largest / 200
    if log:
        return Scale(low, high, start, end, True, _decades(low, high))
    step = _step((high - low) / 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    # The axis goes on to the next tick only where that leaves little of it empty.
    inside = [k for k in range(first, last + 1) if low - step / 2 <= k * step <= high + step / 2]
    ticks = tuple(float(f"{k * step:.10g}") for k in inside)
    margin = (high - low) / 25  # a curve that touches the frame looks cut off
    low, high = low - margin * (low < ticks[0]), high + margin * (high > ticks[-1])
    return Scale(min(low, *ticks), max(high, *ticks), start, end, False, ticks)


def _step(rough: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at least `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * k for k in (1, 2, 5, 10) if power * k >= rough * (1 - 1e-9))


def _decades(low: float, high: float) -> tuple[float, ...]:
    """Return at most seven powers of ten between two numbers."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / 7))
    return tuple(10.0**k for k in range(first, last + 1, every))
