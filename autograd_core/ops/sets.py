"""Sets of numbers: isin, and the different elements of arrays, of two together or of one and not the other.

Which elements these are is a constant; the elements themselves are read where they first occur, with their gradient. How
many there are depends on the values: CaptureError where these may differ between calls or examples.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..tensor import Tensor, as_tensor
from .creation import zeros
from .elementwise import equal, logical_not
from .index import getitem, take
from .join import concatenate
from .shape import ravel
from .sort import searchsorted, sort, unique


def isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: str | None = None
) -> Tensor:
    """Whether each element is one of `test_elements`, or with `invert` is not: booleans, without a gradient.

    NaN is not equal to itself, and so in no set. What `assume_unique` and `kind` say has no effect here.
    """
    x, z = as_tensor(element), ravel(test_elements)
    if z.size:
        rising = sort(z)
        found: Any = equal(take(rising, searchsorted(rising, x), mode="clip"), x)
    else:
        found = zeros(x.shape, bool)
    return logical_not(found) if invert else found


class UniqueAllResult(NamedTuple):
    """The different elements in rising order, where each first occurs, the number of each element of x, and how often it is."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCountsResult(NamedTuple):
    """The different elements in rising order, and how often each occurs."""

    values: Tensor
    counts: Tensor


class UniqueInverseResult(NamedTuple):
    """The different elements in rising order, and for each element of x the number of its value among them."""

    values: Tensor
    inverse_indices: Tensor


def unique_values(x: Any) -> Tensor:
    """The different elements of x in rising order, as `unique`; each NaN is one of its own."""
    return unique(x, equal_nan=False)


def unique_counts(x: Any) -> UniqueCountsResult:
    """The different elements of x, and how often each occurs: a named tuple. See `unique`."""
    return UniqueCountsResult(*unique(x, return_counts=True, equal_nan=False))


def unique_inverse(x: Any) -> UniqueInverseResult:
    """The different elements of x, and which of them stands at each place of x: a named tuple. See `unique`."""
    return UniqueInverseResult(*unique(x, return_inverse=True, equal_nan=False))


def unique_all(x: Any) -> UniqueAllResult:
    """The different elements of x and all that `unique` tells of them: a named tuple."""
    return UniqueAllResult(*unique(x, True, True, True, equal_nan=False))


# -- of two arrays, which are flattened --------------------------------------------------------------------


def union1d(ar1: Any, ar2: Any) -> Tensor:
    """The different elements of two arrays in rising order. One in both is read in the first.

    >>> union1d([3.0, 1.0], [1.0, 2.0])
    tensor([1., 2., 3.])
    """
    return unique(concatenate([ar1, ar2], None))


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The different elements that are in both arrays, in rising order, read in the first.

    With `return_indices` a tuple: also where each first occurs in the first and in the second array. What
    `assume_unique` says has no effect here.
    """
    (x, i), (z, j) = unique(ar1, return_index=True), unique(ar2, return_index=True)
    shared, other = isin(x, z), isin(z, x)
    y = getitem(x, shared)
    return (y, getitem(i, shared), getitem(j, other)) if return_indices else y


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Tensor:
    """The different elements of the first array that are not in the second, in rising order.

    With `assume_unique` all those elements of the first as they stand there.
    """
    x = ravel(ar1) if assume_unique else unique(ar1)
    return getitem(x, isin(x, ar2, invert=True))


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Tensor:
    """The different elements that are in one of the arrays and not in the other, in rising order."""
    return sort(concatenate([setdiff1d(ar1, ar2), setdiff1d(ar2, ar1)]))
