"""Reductions that leave out NaN: nansum, nanprod, nanmean, nanvar, nanstd, nanmax, nanmin, nancumsum, nancumprod, nanargmax.

The derivative at a NaN is 0, in both modes and to every order: what is left out goes into no formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor, as_tensor
from .elementwise import greater, isnan, logical_and, logical_not
from .product import cumprod, cumsum, prod
from .reduce import Extreme, _tally, freedom, max, mean, min, root, selected, sum, variance
from .reduction import cast, reduced_axes
from .select import _where
from .shape import Axis


@dataclass(frozen=True)
class NanMax(Extreme):
    """The largest element over `axes` that is not NaN; NaN, with derivative 0, if all are."""

    name: ClassVar[str] = "nanmax"
    ufunc: ClassVar[np.ufunc] = np.fmax
    nan: ClassVar[bool] = False


@dataclass(frozen=True)
class NanMin(Extreme):
    """The smallest element over `axes` that is not NaN; NaN, with derivative 0, if all are."""

    name: ClassVar[str] = "nanmin"
    ufunc: ClassVar[np.ufunc] = np.fmin
    nan: ClassVar[bool] = False


_nanmax = lru_cache(maxsize=1024)(NanMax)
_nanmin = lru_cache(maxsize=1024)(NanMin)


def without_nan(x: Any, fill: float) -> Tensor:
    """x with another number in place of NaN."""
    x = as_tensor(x)
    return _where(isnan(x), np.asarray(fill, x.dtype), x) if x.dtype.kind in "fc" else x


def numbers(x: Tensor, where: Any) -> Any:
    """The mask of what is not NaN, and selected by `where`."""
    if x.dtype.kind not in "fc":
        return where
    kept = logical_not(isnan(x))
    return kept if where is True else logical_and(kept, as_tensor(where))


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
    return mean(x, axis, dtype, keepdims=keepdims, where=numbers(x, where))


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
    x = cast("nanvar", x, dtype)
    return _variance("nanvar", x, axis, freedom("nanvar", ddof, correction), bool(keepdims), where, mean)


def _variance(name: str, x: Tensor, axis: Axis, ddof: float, keepdims: bool, where: Any, mean: Any) -> Any:
    axes, kept = reduced_axes(name, axis, x.ndim), numbers(x, where)
    y = variance(name, x, axes, ddof, keepdims, kept, mean)
    return _where(greater(selected(x, axes, keepdims, kept), float(ddof)), y, np.nan) if x.dtype.kind in "fc" else y


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
    x = cast("nanstd", x, dtype)
    return root(_variance("nanstd", x, axis, freedom("nanstd", ddof, correction), bool(keepdims), where, mean))


def nanmax(x: Any, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = True) -> Tensor:
    """The largest element along `axis` that is not NaN; NaN, with derivative 0, if all are. A tie shares the gradient.

    Raises ShapeError if there are no elements.
    """
    x = as_tensor(x)
    if initial is None and where is True:
        return _nanmax(reduced_axes("nanmax", axis, x.ndim), bool(keepdims))(x)
    return max(without_nan(x, -np.inf), axis, keepdims, initial=initial, where=where)


def nanmin(x: Any, axis: Axis = None, keepdims: bool = False, *, initial: Any = None, where: Any = True) -> Tensor:
    """The smallest element along `axis` that is not NaN; NaN, with derivative 0, if all are. A tie shares the gradient.

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
