"""Values between given points: interp, linear between them and constant beyond.

It is made of ops that know their derivatives, so it can be differentiated by the places, by the points and by the values
there, to any order. Between which points a place lies is found by a search, which has no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..broadcast import broadcast_to
from ..errors import ShapeError
from ..tensor import Tensor
from .elementwise import absolute, isfinite, remainder
from .index import getitem
from .join import concatenate
from .reduction import floating
from .select import clip, where
from .sort import Search, argsort


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Tensor:
    """The piecewise linear function through the points (xp, fp) at x; beyond the points `left` and `right`.

    `xp` is a rising vector (which is not checked), `fp` has a value for each. `left` and `right` default to the first
    and the last value. With a `period` all is taken modulo it, xp need not rise, and there is no left and right.

    At a point the derivative by x is the slope of the piece on its right, at the last point that of the last piece;
    beyond the points it is 0. Differentiable by x, xp, fp, left, right and period. float32 stays float32.
    Raises ShapeError unless xp and fp are vectors of one length, with at least one point; ValueError for period 0.

    >>> import autograd_core as ac
    >>> ac.grad(lambda x: ac.sum(interp(x, [0.0, 1.0, 3.0], [0.0, 2.0, 0.0])))(ac.tensor([-1.0, 0.5, 1.0, 2.0]))
    tensor([ 0.,  2., -1., -1.])
    """
    x, xp, fp = floating(x), floating(xp), floating(fp)
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ShapeError(f"interp: xp and fp must be vectors of one length, not empty; given {xp.shape} and {fp.shape}")
    if period is not None:
        x, xp, fp = around(x, xp, fp, period)
        left = right = None
    first, last = getitem(xp, 0), getitem(xp, -1)
    y = between(x, xp, fp, first, last) if xp.size > 1 else broadcast_to(getitem(fp, 0), x.shape)
    if left is not None:
        y = where(x < first, left, y)
    return y if right is None else where(x > last, right, y)


def between(x: Tensor, xp: Tensor, fp: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """The value at x, counted from the nearer end of the piece that x lies in, or the finite one: exact at both ends."""
    j = clip(Search(True)(xp, x) - 1, 0, xp.size - 2)
    x0, x1, f0, f1 = getitem(xp, j), getitem(xp, j + 1), getitem(fp, j), getitem(fp, j + 1)
    full = x1 > x0  # of points in one place the last one counts
    width = where(full, x1 - x0, 1.0)
    part = where(x < first, 0.0, where((x > last) | ~full, 1.0, (x - x0) / width))
    upper = ((part > 0.5) & isfinite(f1)) | ~isfinite(f0)
    away, rise = where(upper, part - 1.0, part), f1 - f0
    endless = (away == 0.0) & ~isfinite(rise)  # at a point only its own value counts, whatever is beside it
    return where(upper, f1, f0) + away * where(endless, 0.0, rise)


def around(x: Tensor, xp: Tensor, fp: Tensor, period: Any) -> tuple[Tensor, Tensor, Tensor]:
    """All within one period, the points in rising order, and one more of them on each side."""
    if np.ndim(period) or (not isinstance(period, Tensor) and period == 0):
        raise ValueError(f"interp: the period must be a number other than 0; given {period}")
    period = absolute.public(period)
    x, xp = remainder(x, period), remainder(xp, period)
    order = argsort(xp)
    xp, fp = getitem(xp, order), getitem(fp, order)
    head, tail = slice(1), slice(-1, None)
    points = concatenate([getitem(xp, tail) - period, xp, getitem(xp, head) + period])
    return x, points, concatenate([getitem(fp, tail), fp, getitem(fp, head)])
