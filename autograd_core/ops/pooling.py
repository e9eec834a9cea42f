"""The ops of pooling: the largest number, or the sum, under a window that moves along the last axes.

All axes before them are batches. A window over several axes is taken one axis after the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import everywhere
from ..errors import ShapeError
from ..linear import Linear
from ..primitive import OUTPUT, Primitive
from .index import AddAt, GetItem
from .indices import ARRAY, DISTINCT, Index
from .reduction import lowest
from .shape import Shape, _reshape
from .unfold import Window

# -- on raw arrays -----------------------------------------------------------------------------------------


def on_axis(axis: int, part: slice) -> tuple[slice, ...]:
    """The index of a part of an axis."""
    return (*(slice(None),) * axis, part)


def pooled(ufunc: np.ufunc, x: ndarray, window: Window, start: Any) -> ndarray:
    """The ufunc over all elements that the window shows at each place, from `start` on; padding is left out."""
    for axis, moves in enumerate(window.moves, x.ndim - window.ndim):
        out = window.out[axis - x.ndim]
        y = np.full((*x.shape[:axis], out, *x.shape[axis + 1 :]), start, x.dtype)
        for outs, ins in moves:
            here = y[on_axis(axis, outs)]
            ufunc(here, x[on_axis(axis, ins)], out=here)
        x = y
    return x


def unpooled(y: ndarray, window: Window) -> ndarray:
    """The transpose of `pooled` for sums: each number goes to all elements that the window shows at its place."""
    for axis, moves in enumerate(window.moves, y.ndim - window.ndim):
        length = window.lengths[axis - y.ndim]
        x = np.zeros((*y.shape[:axis], length, *y.shape[axis + 1 :]), y.dtype)
        for outs, ins in moves:
            x[on_axis(axis, ins)] += y[on_axis(axis, outs)]
        y = x
    return y


@lru_cache(maxsize=256)
def corners(window: Window) -> ndarray:
    """For each place the number, in the flattened array, of the first element of its window; negative in the padding."""
    total = np.zeros((), np.intp)
    for a, (out, stride, pad) in enumerate(zip(window.out, window.stride, window.padding)):
        firsts = (np.arange(out) * stride - pad[0]) * math.prod(window.lengths[a + 1 :])
        total = total[..., None] + firsts
    total.flags.writeable = False
    return total


@lru_cache(maxsize=256)
def shifts(window: Window) -> ndarray:
    """For each score that `MaxPlace` gives how far the element lies from the first of its window, in the flattened array.

    The n elements of a window have the scores n, …, 1 in their order, as NaN n + 1, …, 2n.
    """
    steps = [math.prod(window.lengths[a + 1 :]) * d for a, d in enumerate(window.dilation)]
    found = [sum(n * s for n, s in zip(k, steps)) for k, _, _ in window.offsets]
    return np.array([found[0], *reversed(found), *found], np.intp)


# -- the primitives ----------------------------------------------------------------------------------------


class Pooling(Primitive):
    """What the ops share: a window that moves along the last axes."""

    window: Window

    def shape(self, x: Shape) -> Shape:
        return (*self.window.lead(self.name, x, self.window.lengths), *self.window.out)

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        return self(x)


@dataclass(frozen=True)
class SumPool(Pooling, Linear):
    """The sum of what the window shows at each place."""

    window: Window
    name: ClassVar[str] = "sum_pool"
    analytic: ClassVar[bool] = True

    def forward(self, x: ndarray) -> ndarray:
        return pooled(np.add, x, self.window, 0)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return SpreadPool(self.window)(g)


@dataclass(frozen=True)
class SpreadPool(Pooling, Linear):
    """The transpose of `SumPool`: each element gets the sum of the numbers of all places whose window shows it."""

    window: Window
    name: ClassVar[str] = "spread_pool"
    analytic: ClassVar[bool] = True

    def forward(self, y: ndarray) -> ndarray:
        return unpooled(y, self.window)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return SumPool(self.window)(g)

    def shape(self, y: Shape) -> Shape:
        return (*self.window.lead(self.name, y, self.window.out), *self.window.lengths)


@dataclass(frozen=True)
class MaxPool(Pooling):
    """The largest number that the window shows at each place; NaN if one is NaN. The first of a tie gets the gradient."""

    window: Window
    name: ClassVar[str] = "max_pool"

    def forward(self, x: ndarray) -> ndarray:
        return pooled(np.maximum, x, self.window, lowest(x.dtype))

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        flat = AddAt(self.index, (math.prod(x.shape),))(_reshape((math.prod(g.shape),))(g), self.places(y, x))
        return _reshape(x.shape)(flat)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return _reshape(y.shape)(GetItem(self.index)(_reshape((math.prod(t.shape),))(t), self.places(y, x)))

    @property
    def index(self) -> Index:
        """An index array that names no element twice if no windows overlap."""
        apart = all(stride >= span for stride, span in zip(self.window.stride, self.window.spans))
        return Index((DISTINCT if apart else ARRAY,), 1)

    def places(self, y: Any, x: Any) -> Any:
        """For each number of y its number in the flattened x."""
        lead = x.shape[: x.ndim - self.window.ndim]
        size = math.prod(self.window.lengths)
        starts = np.arange(0, math.prod(lead) * size, max(1, size)).reshape(*lead, *(1,) * self.window.ndim)
        return _reshape((math.prod(y.shape),))(MaxPlace(self.window)(x, y) + starts)


@dataclass(frozen=True)
class MaxPlace(Pooling):
    """Where the largest number y of each window lies in x, as a number in the flattened last axes: the first of a tie.

    Of several NaN it is the last, as in PyTorch.
    """

    window: Window
    name: ClassVar[str] = "max_place"
    differentiable: ClassVar[bool] = False

    def forward(self, x: ndarray, y: ndarray) -> ndarray:
        n = len(self.window.offsets)
        score = np.zeros(y.shape, np.min_scalar_type(2 * n))
        for k, (_, outs, ins) in enumerate(self.window.offsets):
            raise_to(score[outs], x[ins] == y[outs], n - k)
        if np.isnan(y).any():
            for k, (_, outs, ins) in enumerate(self.window.offsets):
                raise_to(score[outs], np.isnan(x[ins]), n + 1 + k)
        place = shifts(self.window)[score]
        return np.add(place, corners(self.window), out=place)

    def shape(self, x: Shape, y: Shape) -> Shape:
        if (wanted := super().shape(x)) != y:
            raise ShapeError(f"max_place: the largest numbers of windows over shape {x} have shape {wanted}, not {y}")
        return y

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


def raise_to(score: ndarray, hits: ndarray, value: int) -> None:
    """Raise the score to a value where there is a hit. Products and maxima are several times as fast as masks."""
    np.maximum(score, np.multiply(hits, value, dtype=score.dtype), out=score)
