"""The slope of a function on a line from its values alone: what the rules of an op are compared with. Knows no engine.

Values at -4, -2, -1, 0, 1, 2 and 4 steps give three central differences, and Richardson extrapolation makes of these two
slopes of fourth and one of sixth order: their disagreement is the error. The same values give the slope on each side. Where
the two sides differ, or the error is large, the step shrinks, so that a kink that is only near is left behind; what stays
is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

OFFSETS = (-4, -2, -1, 1, 2, 4)
# Powers of two: adding them to a number of ordinary size is exact.
STEPS = tuple(2.0**-k for k in range(9, 25, 3))
# What a slope can be, worst last. The last three are open: no finite number is the slope.
KINDS = ("smooth", "noise", "kink", "edge", "jump", "singular")
OPEN = KINDS[3:]


@dataclass(frozen=True)
class Slope:
    """For each output of a function on a line, the interval in which its derivative lies, how sure that is, and its kind.

    `low` and `high` are equal, but at a "kink" they are the slopes on the two sides, and they are infinite where no number
    can be given: at a "jump", at a "singular" point (the slope grows without bound), at the "edge" of the domain. `error` is
    what low and high may be wrong by; with "noise" it is large.
    """

    low: ndarray
    high: ndarray
    error: ndarray
    kind: ndarray

    def paired(self, g: ndarray) -> Slope:
        """The slope of the sum of the outputs with weights g."""
        with np.errstate(invalid="ignore"):
            ends = np.stack([g * self.low, g * self.high])
        error = np.sqrt(np.sum((g * self.error) ** 2))
        worst = max(self.kind, key=KINDS.index, default=KINDS[0])
        return Slope(ends.min(0).sum(), ends.max(0).sum(), error, np.array(worst))


@dataclass(frozen=True)
class Rung:
    """What seven values, one step size apart, say about the slope."""

    values: ndarray
    slope: ndarray
    error: ndarray
    noise: ndarray
    left: ndarray
    right: ndarray
    bent: ndarray

    def settled(self, rtol: float) -> ndarray:
        """Where the slope is known as well as it can be."""
        return ~self.bent & (self.error <= np.maximum(0.1 * rtol * np.abs(self.slope), 2.0 * self.noise))


def slope(line: Callable[[float], ndarray], rtol: float, size: float = 1.0) -> Slope:
    """The derivative at 0 of `line`, a function of a number to a vector, to a relative accuracy of `rtol` if it can be had.

    `size` is the size of the numbers that the line moves: steps grow with it.
    """
    scale = 2.0 ** np.ceil(np.log2(max(1.0, size)))
    origin = line(0.0)
    rungs: list[Rung] = []
    settled = np.zeros(origin.shape, bool)
    for step in STEPS:
        rungs.append(_rung(line, origin, step * scale, size))
        settled |= rungs[-1].settled(rtol)
        if settled.all():
            break
    return _verdict(rungs, settled)


def _rung(line: Callable, origin: ndarray, h: float, size: float) -> Rung:
    with np.errstate(all="ignore"):
        below = [line(k * h) for k in OFFSETS[:3]]
        above = [line(k * h) for k in OFFSETS[3:]]
        values = np.stack([*below, origin, *above])
        central, central_error = _sixth_order([(values[3 + j] - values[3 - j]) / (2 * k * h) for j, k in ((1, 1), (2, 2), (3, 4))])
        right, right_error = _one_sided(values[3:], h)
        left, left_error = _one_sided(values[3::-1], -h)
        eps = np.finfo(values.dtype).eps
        noise = 8 * eps * (np.abs(values).max(0) + size * np.abs(central)) / h
        bent = ~(np.abs(right - left) <= 5 * (right_error + left_error) + 20 * noise)
        return Rung(values, central, central_error + noise, noise, left, right, bent)


def _sixth_order(d: list[ndarray]) -> tuple[ndarray, ndarray]:
    """Central differences over 1, 2 and 4 steps, extrapolated, and how far that moved them."""
    fine, coarse = (4 * d[0] - d[1]) / 3, (4 * d[1] - d[2]) / 3
    best = (16 * fine - coarse) / 15
    return best, np.abs(best - fine)


def _one_sided(values: ndarray, h: float) -> tuple[ndarray, ndarray]:
    """The slope from the values at 0, 1, 2 and 4 steps to one side, of third order, and how far it was extrapolated."""
    d = [(values[j] - values[0]) / (k * h) for j, k in ((1, 1), (2, 2), (3, 4))]
    fine, coarse = 2 * d[0] - d[1], 2 * d[1] - d[2]
    best = (4 * fine - coarse) / 3
    return best, np.abs(best - fine)


def _verdict(rungs: list[Rung], settled: ndarray) -> Slope:
    """The best slope of all step sizes, entry by entry; what no step size settles is named."""
    errors = np.stack([np.where(r.bent | ~np.isfinite(r.error), np.inf, r.error) for r in rungs])
    best = errors.argmin(0)[None]
    value, error = (np.take_along_axis(a, best, 0)[0] for a in (np.stack([r.slope for r in rungs]), errors))
    if settled.all():
        return Slope(value, value, error, np.full(value.shape, KINDS[0]))
    kind = np.where(settled, KINDS[0], _kind(rungs[-1], rungs[-2]))
    left, right = rungs[-1].left, rungs[-1].right
    kink, unknown = kind == "kink", np.isin(kind, OPEN)
    low, high = np.where(kink, np.minimum(left, right), value), np.where(kink, np.maximum(left, right), value)
    error = np.where(kink, 20 * rungs[-1].noise, np.where(unknown, 0.0, error))
    return Slope(np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high), error, kind)


def _kind(fine: Rung, coarse: Rung) -> ndarray:
    """The name of what keeps a slope from settling, from the values at the two smallest steps."""
    with np.errstate(all="ignore"):
        v = fine.values
        step = np.maximum(np.abs(v[4] - v[3]), np.abs(v[3] - v[2]))
        flat = np.abs(v[6] - v[4]) + np.abs(v[2] - v[0])
        jump = (step > 10 * flat) & (step > 1e3 * np.finfo(v.dtype).eps * np.abs(v).max(0))
        moved = np.abs(fine.right - coarse.right) + np.abs(fine.left - coarse.left)
        kink = fine.bent & coarse.bent & (moved < 0.1 * np.abs(fine.right - fine.left))
        singular = _grows(fine.right, coarse.right) & _grows(fine.left, coarse.left)
        edge = ~np.isfinite(v).all(0)
    return np.select([edge, jump, kink, singular], ["edge", "jump", "kink", "singular"], "noise")


def _grows(fine: ndarray, coarse: ndarray) -> ndarray:
    return (fine * coarse > 0) & (np.abs(fine) > 1.4 * np.abs(coarse))
