"""Ops that move elements and leave their values: reshaping, permuting, joining, splitting, repeating.

All are linear, so a tangent goes through the op itself, and a cotangent through its transpose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from operator import index
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..broadcast import BroadcastTo, broadcast_shape
from ..errors import ShapeError
from ..primitive import Primitive
from ..tensor import Tensor, as_tensor

Axis = int | tuple[int, ...] | None
Shape = tuple[int, ...]


def axes_of(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that an argument `axis` (a number or several) names, counted from 0; ShapeError if there is no such axis."""
    try:
        axes = tuple(map(index, axis)) if isinstance(axis, (tuple, list)) else (index(axis),)
    except TypeError:
        raise ShapeError(f"{name}: an axis is a whole number or a tuple of them, not {axis!r}") from None
    if any(not -ndim <= a < ndim for a in axes):
        raise ShapeError(f"{name}: axis {axis} is out of range for {ndim} axes, numbered {-ndim} to {ndim - 1}")
    axes = tuple(a % ndim for a in axes)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"{name}: axis {axis} names an axis twice")
    return axes


# -- the primitives ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reshape(Primitive):
    """The same elements, in the same order, in another shape."""

    target: Shape
    name: ClassVar[str] = "reshape"
    views: ClassVar[bool] = True

    def forward(self, x: Any) -> ndarray:
        return x.reshape(self.target)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return _reshape(x.shape)(g)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return self(t)

    def shape(self, x: Shape) -> Shape:
        if math.prod(x) != math.prod(self.target):
            raise ShapeError(f"reshape: shape {x} has {math.prod(x)} elements, shape {self.target} has {math.prod(self.target)}")
        return self.target


@dataclass(frozen=True)
class Transpose(Primitive):
    """Axis `axes[k]` of the input becomes axis k."""

    axes: tuple[int, ...]
    name: ClassVar[str] = "transpose"
    views: ClassVar[bool] = True

    @cached_property
    def inverse(self) -> tuple[int, ...]:
        """The permutation that undoes this one."""
        return tuple(sorted(range(len(self.axes)), key=self.axes.__getitem__))

    def forward(self, x: Any) -> ndarray:
        return x.transpose(self.axes)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return _transpose(self.inverse)(g)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return self(t)

    def shape(self, x: Shape) -> Shape:
        if len(x) != len(self.axes):
            raise ShapeError(f"transpose: {self.axes} permutes {len(self.axes)} axes; shape {x} has {len(x)}")
        return tuple(x[a] for a in self.axes)


@dataclass(frozen=True)
class Flip(Primitive):
    """Reverses the order of the elements along `axes`."""

    axes: tuple[int, ...]
    name: ClassVar[str] = "flip"
    views: ClassVar[bool] = True

    def forward(self, x: Any) -> ndarray:
        return x[tuple(slice(None, None, -1 if a in self.axes else 1) for a in range(x.ndim))]

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self(g)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return self(t)

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axes, len(x))
        return x


@dataclass(frozen=True)
class Roll(Primitive):
    """Shifts the elements along `axes` by `shifts`; what leaves at one end comes in at the other."""

    shifts: tuple[int, ...]
    axes: tuple[int, ...]
    name: ClassVar[str] = "roll"

    def forward(self, x: Any) -> ndarray:
        return np.roll(x, self.shifts, self.axes)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return Roll(tuple(-s for s in self.shifts), self.axes)(g)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return self(t)

    def shape(self, x: Shape) -> Shape:
        for a in self.axes:
            axes_of(self.name, a, len(x))
        return x


@dataclass(frozen=True)
class Narrow(Primitive):
    """The elements from `start` to before `stop` along `axis`."""

    axis: int
    start: int
    stop: int
    name: ClassVar[str] = "narrow"
    views: ClassVar[bool] = True

    def forward(self, x: Any) -> ndarray:
        return x[(*(slice(None),) * self.axis, slice(self.start, self.stop))]

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return Place(self.axis, (self.start,), x.shape[self.axis])(g)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return self(t)

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axis, len(x))
        if not 0 <= self.start <= self.stop <= x[self.axis]:
            raise ShapeError(f"narrow: {self.start}:{self.stop} does not lie within axis {self.axis} of shape {x}")
        return resized(x, self.axis, self.stop - self.start)


class Joined(Primitive):
    """What ops share whose inputs lie at `starts` along `axis` of the output, which is zero elsewhere."""

    axis: int
    starts: Sequence[int]

    def ends(self, length: int) -> Joined:
        raise TypeError

    def vjp(self, i: int, g: Any, *saved: Any) -> Any:
        start = self.starts[i]
        return narrow(g, self.axis, start, start + saved[i + 1].shape[self.axis])
