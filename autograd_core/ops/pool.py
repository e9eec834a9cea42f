"""Pooling: the largest number or the mean under a moving window, as in PyTorch: arguments, lengths, kinks.

The window moves along the last axes; all other axes are batches. A window over several axes is one axis after the other.
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
from ..errors import DTypeError, ShapeError
from ..linear import Linear
from ..primitive import OUTPUT, AsType, Primitive
from ..tensor import Tensor
from .index import AddAt, GetItem
from .indices import ARRAY, DISTINCT, Index
from .reduce import floating
from .shape import Shape, _reshape
from .unfold import Pads, Window, image, several, window_over

# -- on raw arrays -----------------------------------------------------------------------------------------


def along(axis: int, part: slice) -> tuple[slice, ...]:
    """The index of a part of an axis."""
    return (*(slice(None),) * axis, part)


def pooled(ufunc: np.ufunc, x: ndarray, window: Window, start: Any) -> ndarray:
    """The ufunc over all elements that the window shows at each place, from `start` on; padding is left out."""
    for axis, moves in enumerate(window.moves, x.ndim - window.ndim):
        out = window.out[axis - x.ndim]
        y = np.full((*x.shape[:axis], out, *x.shape[axis + 1 :]), start, x.dtype)
        for outs, ins in moves:
            here = y[along(axis, outs)]
            ufunc(here, x[along(axis, ins)], out=here)
        x = y
    return x


def unpooled(y: ndarray, window: Window) -> ndarray:
    """The transpose of `pooled` for sums: each number goes to all elements that the window shows at its place."""
    for axis, moves in enumerate(window.moves, y.ndim - window.ndim):
        length = window.lengths[axis - y.ndim]
        x = np.zeros((*y.shape[:axis], length, *y.shape[axis + 1 :]), y.dtype)
        for outs, ins in moves:
            x[along(axis, ins)] += y[along(axis, outs)]
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


def summed(x: ndarray) -> ndarray:
    """x in a dtype in which many numbers are added: half precision in single."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


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
        return pooled(np.add, summed(x), self.window, 0).astype(x.dtype, copy=False)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return SpreadPool(self.window)(g)


@dataclass(frozen=True)
class SpreadPool(Pooling, Linear):
    """The transpose of `SumPool`: each element gets the sum of the numbers of all places whose window shows it."""

    window: Window
    name: ClassVar[str] = "spread_pool"
    analytic: ClassVar[bool] = True

    def forward(self, y: ndarray) -> ndarray:
        return unpooled(summed(y), self.window).astype(y.dtype, copy=False)

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
        return pooled(np.maximum, x, self.window, least(x.dtype))

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
        steps = [math.prod(self.window.lengths[a + 1 :]) * d for a, d in enumerate(self.window.dilation)]
        found = [(sum(n * s for n, s in zip(k, steps)), outs, ins) for k, outs, ins in self.window.offsets]
        place = np.zeros(y.shape, np.intp)
        for shift, outs, ins in reversed(found):
            np.copyto(place[outs], shift, where=x[ins] == y[outs])
        if np.isnan(y).any():
            for shift, outs, ins in found:
                np.copyto(place[outs], shift, where=np.isnan(x[ins]))
        return np.add(place, corners(self.window), out=place)

    def shape(self, x: Shape, y: Shape) -> Shape:
        if (wanted := super().shape(x)) != y:
            raise ShapeError(f"max_place: the largest numbers of windows over shape {x} have shape {wanted}, not {y}")
        return y

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


def least(dtype: np.dtype) -> Any:
    """What is not larger than any number of the dtype."""
    if dtype.kind in "fb":
        return -np.inf if dtype.kind == "f" else False
    return np.iinfo(dtype).min


# -- arguments ---------------------------------------------------------------------------------------------


def pool_window(name: str, x: Tensor, n: int, kernel: Any, stride: Any, padding: Any, dilation: Any, up: bool) -> Window:
    """The window of a pooling over the last n axes of x; `up` rounds the number of places up."""
    sizes, gaps = several(name, "kernel_size", kernel, n, 1), several(name, "dilation", dilation, n, 1)
    steps = sizes if stride is None else several(name, "stride", stride, n, 1)
    before = several(name, "padding", padding, n, 0)
    lengths, spans = x.shape[x.ndim - n :], [d * (k - 1) + 1 for k, d in zip(sizes, gaps)]
    if any(p > span // 2 for p, span in zip(before, spans)):
        raise ShapeError(f"{name}: the padding {before} must be at most half of what the kernel {sizes} spans, {spans}")
    pads = [(p, p) for p in before]
    if up:
        pads = [(p, after(*each)) for p, each in zip(before, zip(lengths, spans, steps, before))]
    window = window_over(name, lengths, sizes, steps, tuple(pads), gaps)
    seen = [{o for outs, _ in moves for o in range(outs.start, outs.stop)} for moves in window.moves]
    if any(len(places) < out for places, out in zip(seen, window.out)):
        raise ShapeError(f"{name}: a window of {sizes} elements, {gaps} apart, shows nothing but padding in shape {x.shape}")
    return window


def after(length: int, span: int, stride: int, before: int) -> int:
    """The padding after an axis for one place more where the last one left elements over, if it starts before the end."""
    more = -((span - length - 2 * before) // stride)
    if more * stride >= length + before:
        more -= 1
    return more * stride + span - length - before


@lru_cache(maxsize=256)
def counts(window: Window, padding: Pads, with_padding: bool) -> Any:
    """How many elements each window shows, those of the padding counted or not: one number, or one for each place."""
    total = np.ones(())
    each = zip(window.out, window.stride, window.kernel, padding, window.lengths)
    for out, stride, kernel, (before, behind), length in each:
        first = np.arange(out) * stride - before
        last = np.minimum(first + kernel, length + behind)
        some = last - first if with_padding else np.minimum(last, length) - np.maximum(first, 0)
        total = total[..., None] * some
    total.flags.writeable = False
    return float(total.flat[0]) if total.size and (total == total.flat[0]).all() else total


def max_pool(name: str, n: int, x: Any, *options: Any, ceil_mode: bool, return_indices: bool) -> Any:
    """The largest number of each window over the last n axes, and where it lies."""
    x = image(name, x, n)
    if x.dtype.kind == "c":
        raise DTypeError(f"{name}: complex numbers ({x.dtype}) have no largest one. Pool ac.abs(x), or real and imaginary parts.")
    window = pool_window(name, x, n, *options, ceil_mode)
    y = MaxPool(window)(x)
    return (y, MaxPlace(window)(x, y)) if return_indices else y


def avg_pool(name: str, n: int, x: Any, *options: Any, ceil_mode: bool, count_include_pad: bool, divisor: Any) -> Tensor:
    """The mean of each window over the last n axes."""
    x = floating(image(name, x, n))
    window = pool_window(name, x, n, *options, 1, ceil_mode)
    if divisor is None:
        divisor = counts(window, tuple((p, p) for p, _ in window.padding), bool(count_include_pad))
    elif divisor == 0:
        raise ValueError(f"{name}: divisor_override must not be zero")
    if isinstance(divisor, ndarray):
        divisor = divisor.astype(x.dtype.char.lower())
    if x.dtype == np.float16:  # sums of half precision overflow soon
        return AsType(x.dtype)(SumPool(window)(AsType(np.dtype(np.float32))(x)) / divisor)
    return SumPool(window)(x) / divisor
