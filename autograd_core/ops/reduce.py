"""Reductions: sum, mean, extremes, variance, and those without a gradient such as argmax."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import aligned, everywhere
from ..broadcast import broadcast_shape
from ..errors import DTypeError, GradientError, ShapeError
from ..linear import Linear
from ..primitive import OUTPUT, AsType
from ..table import conj, elementwise
from ..tensor import Tensor, as_tensor
from .elementwise import inverse_or_zero, maximum, minimum, multiply, square
from .reduction import Axes, Reduction, cast, count, first_value, floating, highest, lowest, masked, reduced_axes
from .shape import Axis, Shape, _broadcast, _reshape


@dataclass(frozen=True)
class Sum(Linear, Reduction):
    """The sum over `axes`."""

    name: ClassVar[str] = "sum"
    analytic: ClassVar[bool] = True

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self.spread(g, x)


@dataclass(frozen=True)
class Mean(Linear, Reduction):
    """The mean over `axes`: of integers as float64, of float16 summed in float32."""

    name: ClassVar[str] = "mean"
    analytic: ClassVar[bool] = True

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
    """How much of the gradient each element of x gets if the extreme value is y: all those equal to y the same part.

    If y is NaN, all NaNs; nothing at all if not `nan`.
    """

    nan: bool = True
    name: ClassVar[str] = "shares"
    differentiable: ClassVar[bool] = False

    def forward(self, x: Any, y: Any) -> ndarray:
        ties = (x == y) | ((x != x) & (y != y)) if self.nan else x == y
        number = np.add.reduce(ties, axis=self.axes, dtype=x.real.dtype, keepdims=True)
        return ties / (number if self.nan else np.maximum(number, 1))

    def shape(self, x: Shape, y: Shape) -> Shape:
        self.check(x)
        return broadcast_shape(self.name, x, y)

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        x, y = aligned((True, True), everywhere(flags, xs))
        return self.stacked(x.ndim)(x, y)


class Extreme(Reduction):
    """What Max and Min share: a tie shares the gradient equally; where the result is NaN, the NaNs share it, if `nan`."""

    nan: ClassVar[bool] = True

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self.keep(g, x) * _shares(self.axes, False, self.nan)(x, self.keep(y, x))

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return _sum(self.axes, self.keepdims)(t * _shares(self.axes, False, self.nan)(x, self.keep(y, x)))

    def shape(self, x: Shape) -> Shape:
        return self.of_something(x, self.name)


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
    """A reduction of NumPy whose result is piecewise constant, such as all, any, count_nonzero, argmax, nanargmin."""

    function: str = "all"
    name: ClassVar[str] = "tally"
    differentiable: ClassVar[bool] = False

    def forward(self, x: Any) -> Any:
        axis = self.axes
        if axis is not None and "arg" in self.function:
            (axis,) = axis or (None,)  # type: ignore[assignment]
        return getattr(np, self.function)(x, axis=axis, keepdims=self.keepdims)

    def shape(self, x: Shape) -> Shape:
        return self.of_something(x, self.function) if "arg" in self.function else super().shape(x)

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        if self.axes or "arg" not in self.function:
            return super().batched(flags, x)
        kept = (x.shape[0], *(1,) * (x.ndim - 1 if self.keepdims else 0))
        return _reshape(kept)(Tally((1,), False, self.function)(_reshape((x.shape[0], math.prod(x.shape[1:])))(x)))


def _tally(function: str, x: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(x)
    if "arg" in function and isinstance(axis, (tuple, list)):
        raise ShapeError(f"{function}: axis must be one number or None, not {axis}. Reshape to search several axes.")
    return Tally(reduced_axes(function, axis, x.ndim), bool(keepdims), function)(x)


# -- for users: any input becomes a Tensor; NumPy's names and meaning ---------------------------------------

_sum = lru_cache(maxsize=1024)(Sum)
_mean = lru_cache(maxsize=1024)(Mean)
_max = lru_cache(maxsize=1024)(Max)
_min = lru_cache(maxsize=1024)(Min)
_shares = lru_cache(maxsize=1024)(Shares)


def sum(
    x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Tensor:
    """The sum of the elements along `axis` (a number, several, or None for all); of nothing 0.

    `initial` is a number that it starts with, `where` a mask that selects elements; what it leaves out has derivative 0.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    tensor([4., 6.])
    """
    x = cast("sum", x, dtype)
    if where is not True:
        x = masked("sum", x, where, 0)
    y: Any = _sum(None if axis is None else reduced_axes("sum", axis, x.ndim), bool(keepdims))(x)
    return y if initial is None else y + first_value("sum", initial, y.dtype)


def mean(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True) -> Tensor:
    """The mean of the elements along `axis`, of those that the mask `where` selects; of integers in float64; of nothing NaN."""
    x = cast("mean", x, dtype)
    axes = None if axis is None else reduced_axes("mean", axis, x.ndim)
    if where is True:
        return _mean(axes, bool(keepdims))(x)
    if x.dtype == np.float16:
        return AsType(x.dtype)(_masked_mean("mean", AsType(np.dtype(np.float32))(x), axes, bool(keepdims), where))
    return _masked_mean("mean", floating(x), axes, bool(keepdims), where)


def _masked_mean(name: str, x: Any, axes: Axes, keepdims: bool, where: Any) -> Any:
    total = _sum(axes, keepdims)(masked(name, x, where, 0))
    return total / selected(x, axes, keepdims, where)


def selected(x: Any, axes: Axes, keepdims: bool, where: Any) -> Any:
    """How many elements a mask selects for each result, in the dtype of x."""
    mask = _broadcast(x.shape)(as_tensor(where))
    return AsType(x.array.real.dtype)(Tally(axes, keepdims, "count_nonzero")(mask))


def max(x: Any, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = True) -> Tensor:
    """The largest element along `axis`; NaN if one is NaN. A tie shares the gradient equally.

    `initial` is the least that it can be; a tie with it halves the gradient. It is needed for a mask `where` that selects
    elements, and for an array without any. Raises ShapeError without it.
    """
    x = as_tensor(x)
    op = _max(reduced_axes("max", axis, x.ndim), bool(keepdims))
    return op(x) if initial is None and where is True else _bounded(op, maximum, x, initial, where)


def min(x: Any, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = True) -> Tensor:
    """The smallest element along `axis`; NaN if one is NaN. A tie shares the gradient equally.

    `initial` is the most that it can be; a tie with it halves the gradient. It is needed for a mask `where` that selects
    elements, and for an array without any. Raises ShapeError without it.
    """
    x = as_tensor(x)
    op = _min(reduced_axes("min", axis, x.ndim), bool(keepdims))
    return op(x) if initial is None and where is True else _bounded(op, minimum, x, initial, where)


def _bounded(op: Any, join: Callable, x: Tensor, initial: Any, where: Any) -> Any:
    """An extreme of the selected elements and a first value."""
    if initial is None:
        raise ShapeError(
            f"{op.name}: a mask may select nothing, and {op.name} of nothing is not defined. Give `initial`, a bound."
        )
    first = first_value(op.name, initial, x.dtype)
    if where is not True:
        x = masked(op.name, x, where, lowest(x.dtype) if join is maximum else highest(x.dtype))
    if count(x.shape, op.axes) == 0:
        return _broadcast(Reduction.shape(op, x.shape))(first)
    return join(op(x), first)


amax, amin = max, min


def var(
    x: Any,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Tensor:
    """The variance Σ |x - mean|² / (n - ddof) along `axis`; of integers in float64; NaN or ∞ if n ≤ ddof.

    `where` is a mask that selects elements, `mean` the mean if it is known (with its axes kept), `correction` another
    name for `ddof`. Raises TypeError if both are given.
    """
    x = cast("var", x, dtype)
    return variance("var", x, reduced_axes("var", axis, x.ndim), freedom("var", ddof, correction), bool(keepdims), where, mean)


def variance(name: str, x: Tensor, axes: Axes, ddof: float, keepdims: bool, where: Any, mean: Any) -> Any:
    """What `var` gives, for a function of another name."""
    if x.dtype == np.float16:  # the squares of half precision overflow soon
        return AsType(x.dtype)(variance(name, AsType(np.dtype(np.float32))(x), axes, ddof, keepdims, where, mean))
    x = floating(x)
    if mean is None:
        mean = _mean(axes, True)(x) if where is True else _masked_mean(name, x, axes, True, where)
    d: Any = x - mean
    if where is not True:
        d = masked(name, d, where, 0)
    total: Any = _sum(axes, keepdims)(absolute_square(d))
    if where is not True:
        return total / maximum(selected(x, axes, keepdims, where) - float(ddof), 0.0)
    free = count(x.shape, axes) - ddof
    return total / float(free) if free > 0 else total * math.inf


def absolute_square(x: Any) -> Any:
    """|x|², real also for complex x."""
    return AsType(x.array.real.dtype)(multiply(x, conj(x))) if x.dtype.kind == "c" else square(x)


def freedom(name: str, ddof: float, correction: float | None) -> float:
    """The one number that was given under one of two names."""
    if correction is not None and ddof != 0:
        raise TypeError(f"{name}: ddof and correction are the same number: give one of them")
    given = ddof if correction is None else correction
    if isinstance(given, Tensor) and given.requires_grad:
        raise GradientError(f"{name}: there is no derivative by the degrees of freedom. Pass a number, or ddof.item().")
    try:
        return float(given)
    except (TypeError, ValueError):
        raise DTypeError(f"{name}: ddof is one number, which is subtracted from how many there are; given {given!r}") from None


def std(
    x: Any,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation, the root of `var` with the same arguments; its derivative is 0 where it is 0."""
    x = cast("std", x, dtype)
    ddof = freedom("std", ddof, correction)
    return root(variance("std", x, reduced_axes("std", axis, x.ndim), ddof, bool(keepdims), where, mean))


# √x with the derivative 0 at 0: every derivative is 0 there.
root = elementwise("root", np.sqrt, lambda y, _x: 0.5 * inverse_or_zero(y), analytic=True)
root.public.__doc__ = "The square root, with all derivatives 0 at 0."


def all(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True) -> Tensor:
    """Whether all elements along `axis` are true (not zero), of those that the mask `where` selects."""
    return _tally("all", x if where is True else masked("all", as_tensor(x), where, 1), axis, keepdims)


def any(x: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = True) -> Tensor:
    """Whether any element along `axis` is true (not zero), of those that the mask `where` selects."""
    return _tally("any", x if where is True else masked("any", as_tensor(x), where, 0), axis, keepdims)


def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """How many elements along `axis` are not zero."""
    return _tally("count_nonzero", x, axis, keepdims)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first largest element along `axis`, or in the flattened array; it has no gradient."""
    return _tally("argmax", x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first smallest element along `axis`, or in the flattened array; it has no gradient."""
    return _tally("argmin", x, axis, keepdims)
