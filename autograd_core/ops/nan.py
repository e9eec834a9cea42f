"""Reductions that leave out NaN: nansum, nanprod, nanmean, nanvar, nanstd, nanmax, nanmin, nancumsum, nancumprod, nanargmax.

The derivative at a NaN is 0, in both modes and to every order: what is left out goes into no formula.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor, as_tensor
from .elementwise import greater, isnan, logical_and, logical_not, positive
from .product import cumprod, cumsum, prod
from .reduce import Extreme, _tally, freedom, max, mean, min, root, selected, sum, variance
from .reduction import cast, mask_of, reduced_axes
from .select import _where
from .shape import Axis


class NanExtreme(Extreme):
    """What NanMax and NanMin share: no NaN gets or gives a derivative, whatever comes in."""

    nan: ClassVar[bool] = False

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return _where(isnan(x), 0.0, super().vjp(i, g, y, x))

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return super().jvp(i, _where(isnan(x), 0.0, t), y, x)


@dataclass(frozen=True)
class NanMax(NanExtreme):
    """The largest element over `axes` that is not NaN; NaN, with derivative 0, if all are."""

    name: ClassVar[str] = "nanmax"
    ufunc: ClassVar[np.ufunc] = np.fmax


@dataclass(frozen=True)
class NanMin(NanExtreme):
    """The smallest element over `axes` that is not NaN; NaN, with derivative 0, if all are."""

    name: ClassVar[str] = "nanmin"
    ufunc: ClassVar[np.ufunc] = np.fmin


_nanmax = lru_cache(maxsize=1024)(NanMax)
_nanmin = lru_cache(maxsize=1024)(NanMin)


def without_nan(x: Any, fill: float) -> Tensor:
    """x with another number in place of NaN."""
    x = as_tensor(x)
    return _where(isnan(x), np.asarray(fill, x.dtype), x) if x.dtype.kind in "fc" else x


def numbers(name: str, x: Tensor, where: Any) -> Any:
    """The mask of what is not NaN, and selected by `where`."""
    if x.dtype.kind not in "fc":
        return where
    kept = logical_not(isnan(x))
    return kept if where is True else logical_and(kept, mask_of(name, where))


# -- for users: any input becomes a Tensor; NumPy's names and meaning ---------------------------------------


def nansum(
    x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Tensor:
    """The sum of the elements along `axis` that are not NaN; of nothing 0. Other arguments as in `sum`.

    >>> import autograd_core as ac
    >>> ac.grad(ac.nansum)(ac.tensor([1.0, ac.nan, 2.0]))
    tensor([1., 0., 1.])
    """
    return sum(without_nan(x, 0), axis, dtype, keepdims=keepdims, initial=initial, where=where)


def nanprod(
    x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Tensor:
    """The product of the elements along `axis` that are not NaN; of nothing 1. Other arguments as in `prod`."""
    return prod(without_nan(x, 1), axis, dtype, keepdims=keepdims, initial=initial, where=where)


def nanmean(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Any = True) -> Tensor:
    """The mean of the elements along `axis` that are not NaN; of nothing NaN."""
    x = as_tensor(x)
    return mean(x, axis, dtype, keepdims=keepdims, where=numbers("nanmean", x, where))


def nanvar(
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
    """The variance of the elements along `axis` that are not NaN; NaN if these are not more than `ddof`. See `var`."""
    return _of_variance("nanvar", positive, x, axis, dtype, freedom("nanvar", ddof, correction), bool(keepdims), where, mean)


def _of_variance(
    name: str, f: Callable, x: Any, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Any, mean: Any
) -> Any:
    """f of the variance of what is not NaN. Where there is none it is a constant, and f sees a harmless number."""
    x = cast(name, x, dtype)
    axes, kept = reduced_axes(name, axis, x.ndim), numbers(name, x, where)
    y = variance(name, x, axes, ddof, keepdims, kept, mean)
    if x.dtype.kind not in "fc":
        return f(y)
    enough = greater(selected(x, axes, keepdims, kept), float(ddof))
    return _where(enough, f(_where(enough, y, 1.0)), np.nan)


def nanstd(
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
    """The root of `nanvar` with the same arguments; its derivative is 0 where it is 0."""
    return _of_variance("nanstd", root, x, axis, dtype, freedom("nanstd", ddof, correction), bool(keepdims), where, mean)


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = True) -> Tensor:
    """The largest element along `axis` that is not NaN; NaN, with derivative 0, if all are. A tie shares the gradient equally.

    Raises ShapeError if there are no elements.
    """
    x = as_tensor(x)
    if initial is None and where is True:
        return _nanmax(reduced_axes("nanmax", axis, x.ndim), bool(keepdims))(x)
    return max(without_nan(x, -np.inf), axis, keepdims, initial=initial, where=where)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = True) -> Tensor:
    """The smallest element along `axis` that is not NaN; NaN, with derivative 0, if all are. A tie shares the gradient equally.

    Raises ShapeError if there are no elements.
    """
    x = as_tensor(x)
    if initial is None and where is True:
        return _nanmin(reduced_axes("nanmin", axis, x.ndim), bool(keepdims))(x)
    return min(without_nan(x, np.inf), axis, keepdims, initial=initial, where=where)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The sum of all elements up to each one along `axis`, or of the flattened array, with 0 in place of NaN."""
    return cumsum(without_nan(x, 0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The product of all elements up to each one along `axis`, or of the flattened array, with 1 in place of NaN."""
    return cumprod(without_nan(x, 1), axis, dtype)


def nanargmax(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The index of the first largest element that is not NaN; it has no gradient. Raises ValueError if all are NaN."""
    return _tally("nanargmax", x, axis, keepdims)


def nanargmin(x: Any, axis: int | None = None, *, keepdims: bool = False) -> Tensor:
    """The index of the first smallest element that is not NaN; it has no gradient. Raises ValueError if all are NaN."""
    return _tally("nanargmin", x, axis, keepdims)
