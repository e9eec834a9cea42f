"""Reductions: sum, mean, extremes, variance, and those without a gradient such as argmax."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..errors import DTypeError, ShapeError
from ..linear import Linear
from ..primitive import OUTPUT, AsType, Primitive, apply
from ..table import elementwise
from ..tensor import Tensor, as_tensor
from .elementwise import conj, quiet, square
from .shape import Axis, Shape, _broadcast, _reshape, axes_of

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
        if self.axes is not None:
            axes_of(self.name, self.axes, len(x))
        if self.keepdims:
            return kept_shape(x, self.axes)
        return tuple(n for a, n in enumerate(x) if self.axes is not None and a not in self.axes)

    def keep(self, y: Any, x: Any) -> Any:
        """The output with its reduced axes kept at length 1, so that it broadcasts against the input x."""
        if self.keepdims or self.axes is None or y.ndim == x.ndim:
            return y
        return _reshape(kept_shape(x.shape, self.axes))(y)

    def spread(self, g: Any, x: Any) -> Any:
        """A cotangent of the output, repeated for each element of the input x (a view)."""
        return _broadcast(x.shape)(self.keep(g, x))


@dataclass(frozen=True)
class Sum(Linear, Reduction):
    """The sum over `axes`."""

    name: ClassVar[str] = "sum"

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self.spread(g, x)


@dataclass(frozen=True)
class Mean(Linear, Reduction):
    """The mean over `axes`: of integers as float64, of float16 summed in float32."""

    name: ClassVar[str] = "mean"

    def forward(self, x: Any) -> Any:
        n = count(x.shape, self.axes)
        if x.dtype.char in "fdFD":
            return super().forward(x) / n
        wide, narrow = (np.float32, x.dtype) if x.dtype.char == "e" else (np.result_type(x, np.float64),) * 2
        return (self.ufunc.reduce(x, axis=self.axes, dtype=wide, keepdims=self.keepdims) / n).astype(narrow)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self.spread(g / (float(count(x.shape, self.axes)) or 1.0), x)


@dataclass(frozen=True)
class Shares(Reduction):
    """How much of the gradient each element of x gets if the extreme value is y: all those equal to y the same part."""

    name: ClassVar[str] = "shares"
    differentiable: ClassVar[bool] = False

    def forward(self, x: Any, y: Any) -> ndarray:
        ties = (x == y) | ((x != x) & (y != y))
        number = np.add.reduce(ties, axis=self.axes, dtype=x.real.dtype, keepdims=True)
        return ties / number

    def shape(self, x: Shape, y: Shape) -> Shape:
        return x


class Extreme(Reduction):
    """What Max and Min share: a tie shares the gradient equally; where the result is NaN, the NaNs share it."""

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self.keep(g, x) * _shares(self.axes)(x, self.keep(y, x))

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return _sum(self.axes, self.keepdims)(t * _shares(self.axes)(x, self.keep(y, x)))

    def shape(self, x: Shape) -> Shape:
        y = super().shape(x)
        if count(x, self.axes) == 0 and 0 not in y:
            raise ShapeError(
                f"{self.name}: shape {x} has no elements along axis {self.axes}, and {self.name} of nothing is not "
                "defined. Check that the array is not empty, or reduce along another axis."
            )
        return y


@dataclass(frozen=True)
class Max(Extreme):
    """The largest element over `axes`."""

    name: ClassVar[str] = "max"
    ufunc: ClassVar[np.ufunc] = np.maximum


@dataclass(frozen=True)
class Min(Extreme):
    """The smallest element over `axes`."""

    name: ClassVar[str] = "min"
    ufunc: ClassVar[np.ufunc] = np.minimum


# -- without a gradient ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tally(Reduction):
    """A reduction of NumPy whose result is piecewise constant: all, any, count_nonzero, argmax, argmin."""

    function: str = "all"
    name: ClassVar[str] = "tally"
    differentiable: ClassVar[bool] = False

    def forward(self, x: Any) -> Any:
        axis = self.axes
        if axis is not None and self.function.startswith("arg"):
            (axis,) = axis or (None,)  # type: ignore[assignment]
        return getattr(np, self.function)(x, axis=axis, keepdims=self.keepdims)


def _tally(function: str, x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if function.startswith("arg") and isinstance(axis, (tuple, list)):
        raise ShapeError(f"{function}: axis must be one number or None, not {axis}. Reshape to search several axes.")
    return Tally(reduced_axes(function, axis, x.ndim), bool(keepdims), function)(x)


# -- for users: any input becomes a Tensor; NumPy's names and meaning ---------------------------------------

_sum = lru_cache(maxsize=1024)(Sum)
_mean = lru_cache(maxsize=1024)(Mean)
_max = lru_cache(maxsize=1024)(Max)
_min = lru_cache(maxsize=1024)(Min)
_shares = lru_cache(maxsize=1024)(Shares)


def sum(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
    """The sum of the elements along `axis` (a number, several, or None for all); of nothing 0.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.])
    """
    x = cast("sum", x, dtype)
    return _sum(None if axis is None else reduced_axes("sum", axis, x.ndim), bool(keepdims))(x)


def mean(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
    """The mean of the elements along `axis`; of integers in float64; of nothing NaN."""
    x = cast("mean", x, dtype)
    return _mean(None if axis is None else reduced_axes("mean", axis, x.ndim), bool(keepdims))(x)


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest element along `axis`; NaN if one is NaN. A tie shares the gradient equally.

    Raises ShapeError if there are no elements.
    """
    x = as_tensor(x)
    return _max(reduced_axes("max", axis, x.ndim), bool(keepdims))(x)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element along `axis`; NaN if one is NaN. A tie shares the gradient equally.

    Raises ShapeError if there are no elements.
    """
    x = as_tensor(x)
    return _min(reduced_axes("min", axis, x.ndim), bool(keepdims))(x)


amax, amin = max, min


def var(x: Any, axis: Axis = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """The variance Σ |x - mean|² / (n - ddof) along `axis`; of integers in float64; NaN or ∞ if n ≤ ddof."""
    x = cast("var", x, dtype)
    if x.dtype == np.float16:  # the squares of half precision overflow soon
        return AsType(x.dtype)(var(x, axis, np.float32, ddof=ddof, keepdims=keepdims))
    x = floating(x)
    axes = reduced_axes("var", axis, x.ndim)
    d: Any = x - _mean(axes, True)(x)
    squares = AsType(d.array.real.dtype)(d * conj(d)) if d.dtype.kind == "c" else square(d)
    total = _sum(axes, bool(keepdims))(squares)
    free = count(x.shape, axes) - ddof
    return total / float(free) if free > 0 else total * math.inf


def std(x: Any, axis: Axis = None, dtype: Any = None, *, ddof: float = 0, keepdims: bool = False) -> Tensor:
    """The standard deviation, the root of `var` with the same arguments; its derivative is 0 where it is 0."""
    return root(var(x, axis, dtype, ddof=ddof, keepdims=keepdims))


# 1/x with 0 for 1/0, and √x with the derivative 0 at 0: every derivative of both is 0 there.
inverse_or_zero = elementwise("inverse_or_zero", quiet(lambda x: np.where(x == 0, x, 1.0 / x)), lambda y, _x: -y * y)
root = elementwise("root", np.sqrt, lambda y, _x: 0.5 * inverse_or_zero(y))


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements along `axis` are true (not zero)."""
    return _tally("all", x, axis, keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether any element along `axis` is true (not zero)."""
    return _tally("any", x, axis, keepdims)


def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """How many elements along `axis` are not zero."""
    return _tally("count_nonzero", x, axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first largest element along `axis`, or in the flattened array; it has no gradient."""
    return _tally("argmax", x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first smallest element along `axis`, or in the flattened array; it has no gradient."""
    return _tally("argmin", x, axis, keepdims)
