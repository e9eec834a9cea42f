"""PyTorch's functions that find elements or sum over axes, where more than a name differs from NumPy's.

Along an axis they give values and places; see `vocabulary`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import autograd_core as ac

from .vocabulary import narrow


class Found(NamedTuple):
    """Values, and where they were found along an axis."""

    values: Any
    indices: Any


def _found(x: Any, places: Any, dim: int, keepdim: bool) -> Found:
    """The values at places along an axis, which get the whole gradient."""
    places = ac.expand_dims(places, dim)
    found = Found(ac.take_along_axis(x, places, dim), places)
    return found if keepdim else Found(*(ac.squeeze(each, dim) for each in found))


def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along an axis, values and places; with another Tensor, the larger of each two."""
    return _extreme(ac.max, ac.argmax, ac.maximum, input, dim if other is None else other, keepdim)


def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along an axis, values and places; with another Tensor, the smaller of each two."""
    return _extreme(ac.min, ac.argmin, ac.minimum, input, dim if other is None else other, keepdim)


def _extreme(whole: Any, places: Any, pairwise: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return whole(x)
    return pairwise(x, dim) if isinstance(dim, ac.Tensor) else _found(x, places(x, dim), dim, keepdim)


def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element, of two the smaller one; along an axis, values and places."""
    x = ac.as_tensor(input) if dim is not None else ac.ravel(input)
    along = -1 if dim is None else dim
    order = ac.argsort(x, along, stable=True)
    middle = _found(x, ac.take(order, (x.shape[along] - 1) // 2, along), along, keepdim)
    return middle.values if dim is None else middle


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> Found:
    """The elements in order along an axis, and their places."""
    order = argsort(input, dim, descending)
    return Found(ac.take_along_axis(input, order, dim), order)


def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = True) -> ac.Tensor:
    """The places of the elements in order along an axis; equal ones keep theirs."""
    return ac.argsort(ac.negative(input) if descending else input, dim, stable=True)


def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Found:
    """The k largest (or smallest) elements along an axis, and their places."""
    order = narrow(argsort(input, dim, largest), dim, 0, k)
    return Found(ac.take_along_axis(input, order, dim), order)


def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Found:
    """The k-th smallest element along an axis, counted from 1, and its place."""
    order = argsort(input, dim)
    return _found(input, ac.take(order, k - 1, dim), dim, keepdim)


def aminmax(input: Any, dim: Any = None, keepdim: bool = False) -> tuple[Any, Any]:
    """The smallest and the largest element."""
    return ac.min(input, dim, keepdim), ac.max(input, dim, keepdim)


def var_mean(input: Any, dim: Any = None, **options: Any) -> tuple[Any, Any]:
    """The variance and the mean."""
    return var(input, dim, **options), ac.mean(
        input, None if isinstance(dim, bool) else dim, keepdims=options.get("keepdim", False)
    )


def std_mean(input: Any, dim: Any = None, **options: Any) -> tuple[Any, Any]:
    """The standard deviation and the mean."""
    return std(input, dim, **options), var_mean(input, dim, **options)[1]


def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> ac.Tensor:
    """How many elements lie in each of so many equal parts from min to max; of all if both are 0."""
    x = ac.as_tensor(input)
    span = (float(ac.min(x).item()), float(ac.max(x).item())) if min == max == 0 else (min, max)
    return ac.histogram(x, bins, span)[0].astype(x.dtype)


def var(input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: Any = None) -> ac.Tensor:
    """The variance, divided by n - correction; unlike NumPy's, by n - 1."""
    return _spread(ac.var, input, dim, unbiased, keepdim, correction)


def std(input: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, correction: Any = None) -> ac.Tensor:
    """The standard deviation: the root of `var`."""
    return _spread(ac.std, input, dim, unbiased, keepdim, correction)


def _spread(f: Any, x: Any, dim: Any, unbiased: bool, keepdim: bool, correction: Any) -> ac.Tensor:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    ddof = (1 if unbiased else 0) if correction is None else correction
    return f(x, tuple(dim) if isinstance(dim, list) else dim, ddof=ddof, keepdims=keepdim)


def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> ac.Tensor:
    """The norm of order p of all elements, or along axes."""
    dim = tuple(dim) if isinstance(dim, Sequence) else dim
    return ac.linalg.vector_norm(input, axis=dim, keepdims=keepdim, ord=2 if p == "fro" else p)


def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The different elements in order; where asked for, where they went, and how often they were there."""
    return ac.unique(input, False, return_inverse, return_counts, dim)
