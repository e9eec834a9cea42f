"""Grids of coordinates and of indices: meshgrid, ix_, indices, and where the elements of a triangle or diagonal stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..primitive import AsType
from ..tensor import Tensor, as_tensor, from_array
from .creation import asarray, dtype_of, shape_of
from .shape import _broadcast, _reshape


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Tensor, ...]:
    """For vectors of coordinates the arrays of these coordinates on the whole grid, one array a vector.

    With `indexing` "ij" axis k belongs to vector k; with "xy" the first two axes are exchanged. `sparse` arrays have
    length 1 along all axes but their own, and broadcast to the grid. Where possible memory is shared, whatever `copy`
    says: no operation writes into it. Raises ShapeError for an array with more than one axis.

    >>> meshgrid([1.0, 2.0], [5.0, 6.0, 7.0])[0]
    tensor([[1., 2.],
            [1., 2.],
            [1., 2.]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is 'xy' (Cartesian) or 'ij' (matrix), not {indexing!r}")
    xs = [asarray(x) for x in xi]
    for x in xs:
        if x.ndim > 1:
            raise ShapeError(f"meshgrid: coordinates are vectors, and one has shape {x.shape}. Flatten it: ac.ravel(x).")
    axes = [*range(len(xs))]
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    ys = tuple(along(x, axis, len(xs)) for axis, x in zip(axes, xs))
    if sparse:
        return ys
    whole = _broadcast(tuple(xs[a].size for a in axes))
    return tuple(map(whole, ys))


def along(v: Any, axis: int, ndim: int) -> Any:
    """A vector (or a number) along one of `ndim` axes."""
    return _reshape((1,) * axis + (v.size,) + (1,) * (ndim - 1 - axis))(v)


def ix_(*args: Any) -> tuple[Tensor, ...]:
    """Index arrays that pick from each axis on its own: `x[ac.ix_([0, 2], [1, 3])]` is a 2 × 2 array. No gradient.

    A vector of booleans stands for the positions of its true elements. Raises ShapeError for what is no vector,
    DTypeError for what is no index.
    """
    ys = []
    for axis, given in enumerate(args):
        x = as_tensor(given)
        if x.ndim != 1:
            raise ShapeError(f"ix_: needs one vector of indices for each axis; number {axis} has shape {x.shape}")
        if x.dtype.kind not in "iub" and x.size:
            raise DTypeError(f"ix_: indices are whole numbers or booleans; number {axis} has dtype {x.dtype}")
        x = from_array(np.flatnonzero(x._read("a mask"))) if x.dtype == bool else AsType(np.dtype(np.intp))(x)
        ys.append(along(x, axis, len(args)))
    return tuple(ys)


def indices(dimensions: Sequence[int], dtype: Any = int, sparse: bool = False) -> Any:
    """The index of each element of an array of shape `dimensions`: one array an axis, stacked, or a tuple if `sparse`."""
    shape = shape_of("indices", dimensions)
    kind = dtype_of("indices", dtype)
    return tuple(map(from_array, np.indices(shape, kind, True))) if sparse else from_array(np.indices(shape, kind))


def diag_indices(n: int, ndim: int = 2) -> tuple[Tensor, ...]:
    """The indices of the main diagonal of an array with `ndim` axes of length n."""
    return (from_array(np.arange(*shape_of("diag_indices", n))),) * ndim


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, Tensor]:
    """The indices of the lower triangle, on and below the k-th diagonal, of an n × m matrix (m = n if not given)."""
    rows, columns = shape_of("tril_indices", (n, n if m is None else m))
    return _positions(np.tri(rows, columns, k, dtype=bool))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[Tensor, Tensor]:
    """The indices of the upper triangle, on and above the k-th diagonal, of an n × m matrix (m = n if not given)."""
    rows, columns = shape_of("triu_indices", (n, n if m is None else m))
    return _positions(~np.tri(rows, columns, k - 1, dtype=bool))


def diag_indices_from(arr: Any) -> tuple[Tensor, ...]:
    """`diag_indices` for an array: all its axes must have one length, and there must be two or more."""
    shape = asarray(arr).shape
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ShapeError(f"diag_indices_from: needs two or more axes of one length; given shape {shape}")
    return diag_indices(shape[0], len(shape))


def tril_indices_from(arr: Any, k: int = 0) -> tuple[Tensor, Tensor]:
    """`tril_indices` for a matrix."""
    return tril_indices(*_matrix_shape("tril_indices_from", arr, k))


def triu_indices_from(arr: Any, k: int = 0) -> tuple[Tensor, Tensor]:
    """`triu_indices` for a matrix."""
    return triu_indices(*_matrix_shape("triu_indices_from", arr, k))


def _matrix_shape(name: str, arr: Any, k: int) -> tuple[int, int, int]:
    shape = asarray(arr).shape
    if len(shape) != 2:
        raise ShapeError(f"{name}: needs a matrix; given shape {shape}")
    return shape[0], k, shape[1]


def fromfunction(function: Callable, shape: Sequence[int], *, dtype: Any = None, **kwargs: Any) -> Any:
    """What `function` makes of the indices of all elements of an array of this shape: one array an axis.

    >>> fromfunction(lambda i, j: i + 10.0 * j, (2, 2))
    tensor([[ 0., 10.],
            [ 1., 11.]])
    """
    return function(*indices(shape, dtype_of("fromfunction", dtype)), **kwargs)


def _positions(mask: np.ndarray) -> tuple[Tensor, Tensor]:
    rows, columns = np.nonzero(mask)
    return from_array(rows), from_array(columns)
