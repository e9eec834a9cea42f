"""What reductions share: axes, dtypes, masks, first and extreme values, weights, and the class of their ops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..batch import later
from ..broadcast import fits
from ..errors import DTypeError, ShapeError
from ..primitive import AsType, Primitive, apply
from ..tensor import Tensor, as_tensor
from .select import _where
from .shape import Shape, _broadcast, _reshape, _transpose, axes_of

Axes = tuple[int, ...] | None  # None: all axes


def reduced_axes(name: str, axis: Any, ndim: int) -> Axes:
    """The axes that an argument `axis` names, or None for all; a 0-d array has a first and a last axis, as in NumPy."""
    if axis is None:
        return None
    return () if ndim == 0 and axis in (0, -1) else axes_of(name, axis, ndim)


def kept_shape(x: Shape, axes: Axes) -> Shape:
    """The shape x with length 1 along the reduced axes."""
    return tuple(1 if axes is None or a in axes else n for a, n in enumerate(x))


def count(x: Shape, axes: Axes) -> int:
    """How many elements of an array of shape x go into each result."""
    return math.prod(x if axes is None else [x[a] for a in axes])


def cast(name: str, x: Any, dtype: Any) -> Tensor:
    """x as a Tensor of `dtype`, if one is given."""
    x = as_tensor(x)
    if dtype is None:
        return x
    if isinstance(dtype, bool):
        raise DTypeError(f"{name}: the third argument is dtype, as in NumPy. Did you mean keepdims={dtype}?")
    return AsType(np.dtype(dtype))(x)


def floating(x: Any) -> Tensor:
    """x as a Tensor of floating or complex numbers: integers in float64."""
    x = as_tensor(x)
    return x if x.dtype.kind in "fc" else AsType(np.dtype(np.float64))(x)


def in_front(x: Any, axes: Axes) -> Any:
    """x with the reduced axes as one, the first; it has length 1 if there are none."""
    if x.ndim == 1 and axes != ():
        return x
    axes = tuple(range(x.ndim)) if axes is None else axes
    rest = tuple(a for a in range(x.ndim) if a not in axes)
    return _reshape((count(x.shape, axes), *(x.shape[a] for a in rest)))(_transpose((*axes, *rest))(x))


def put_back(y: Any, axes: Axes, shape: Shape) -> Any:
    """The array of this shape of which `in_front` with the same axes makes y."""
    axes = tuple(range(len(shape))) if axes is None else axes
    order = _transpose((*axes, *(a for a in range(len(shape)) if a not in axes)))
    return _transpose(order.inverse)(_reshape(order.shape(shape))(y))


def mask_of(name: str, where: Any) -> Tensor:
    """An argument `where` as a mask."""
    mask = as_tensor(where)
    if mask.dtype != bool:
        raise DTypeError(f"{name}: where must be a mask of booleans, not {mask.dtype}. Compare first: where=w > 0.")
    return mask


def masked(name: str, x: Any, where: Any, fill: Any) -> Any:
    """x, with `fill` where the mask `where` is false: what a reduction of the selected elements reduces."""
    mask = mask_of(name, where)
    if not fits(mask.shape, x.shape):
        raise ShapeError(f"{name}: where of shape {mask.shape} does not broadcast to {x.shape}, the shape of the array")
    return _where(mask, x, np.asarray(fill, x.dtype))


def first_value(name: str, initial: Any, dtype: np.dtype) -> Tensor:
    """The number that a reduction starts with, in the dtype of its result."""
    x = as_tensor(initial)
    if x.ndim:
        raise ShapeError(f"{name}: initial must be one number; given shape {x.shape}. Combine arrays with the result instead.")
    return AsType(dtype)(x)


def lowest(dtype: np.dtype) -> Any:
    """What every number of this dtype is at least: -∞, or the smallest integer."""
    if dtype.kind == "c":
        return complex(-math.inf, -math.inf)
    if dtype.kind == "f":
        return -math.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def highest(dtype: np.dtype) -> Any:
    """What every number of this dtype is at most: ∞, or the largest integer."""
    if dtype.kind == "c":
        return complex(math.inf, math.inf)
    if dtype.kind == "f":
        return math.inf
    return True if dtype.kind == "b" else np.iinfo(dtype).max


def weights_of(name: str, x: Any, weights: Any, axis: Any) -> Tensor:
    """Weights for the elements of x, so that they broadcast against it: of its shape, or of the lengths of its axes `axis`."""
    w = as_tensor(weights)
    if w.shape == x.shape:
        return w
    axes = reduced_axes(name, axis, x.ndim)
    if axes is None or w.shape != tuple(x.shape[a] for a in axes):
        given = "no axis" if axes is None else f"axis {axis}"
        raise ShapeError(
            f"{name}: weights of shape {w.shape} for an array of shape {x.shape} and {given}: they have the "
            "shape of the array, or the lengths of the given axes"
        )
    order = tuple(sorted(range(len(axes)), key=axes.__getitem__))
    return _reshape(tuple(n if a in axes else 1 for a, n in enumerate(x.shape)))(_transpose(order)(w))


@dataclass(frozen=True)
class Reduction(Primitive):
    """What all reductions share: the ufunc, the axes they reduce, and whether these stay with length 1."""

    axes: Axes = None
    keepdims: bool = False
    ufunc: ClassVar[np.ufunc] = np.add

    def __call__(self, *xs: Any) -> Any:
        return apply(self, xs) if isinstance(xs[0], Tensor) else self.forward(*xs)

    def forward(self, x: Any) -> Any:
        return self.ufunc.reduce(x, axis=self.axes, keepdims=self.keepdims)

    def shape(self, x: Shape) -> Shape:
        self.check(x)
        if self.keepdims:
            return kept_shape(x, self.axes)
        return tuple(n for a, n in enumerate(x) if self.axes is not None and a not in self.axes)

    def check(self, x: Shape) -> None:
        """Raise ShapeError if an array of shape x has not these axes."""
        if self.axes is not None:
            axes_of(self.name, self.axes, len(x))

    def of_something(self, x: Shape, name: str) -> Shape:
        """The shape of the output of an op `name` that has no value for nothing, or a ShapeError."""
        y = Reduction.shape(self, x)
        if count(x, self.axes) == 0 and 0 not in y:
            raise ShapeError(
                f"{name}: shape {x} has no elements along axis {self.axes}, and {name} of nothing is not "
                "defined. Check that the array is not empty, or reduce along another axis."
            )
        return y

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        return self.stacked(x.ndim)(x)

    def stacked(self, ndim: int) -> Any:
        """The same op on each example of a batch with `ndim` axes."""
        return replace(self, axes=tuple(range(1, ndim)) if self.axes is None else later(self.axes))

    def keep(self, y: Any, x: Any) -> Any:
        """The output with its reduced axes kept at length 1, so that it broadcasts against the input x."""
        if self.keepdims or self.axes is None or y.ndim == x.ndim:
            return y
        return _reshape(kept_shape(x.shape, self.axes))(y)

    def spread(self, g: Any, x: Any) -> Any:
        """A cotangent of the output, repeated for each element of the input x (a view)."""
        return _broadcast(x.shape)(self.keep(g, x))
