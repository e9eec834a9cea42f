"""Statistics of samples: weighted averages, ranges, covariances and correlations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph import recorder
from ..primitive import AsType
from ..table import conjugate, elementwise
from ..tensor import Tensor, as_tensor
from .diagonal import diagonal
from .elementwise import sqrt
from .join import concatenate
from .matmul import _matmul
from .reduce import _sum, max, mean, min
from .reduction import count, floating, reduced_axes, weights_of
from .select import at_least
from .shape import Axis, _broadcast, _reshape, _transpose


def _clipped(r: Any) -> Any:
    if np.iscomplexobj(r):
        return _clipped(r.real) + 1j * _clipped(r.imag)
    return np.clip(r, -1.0, 1.0)


# Rounding alone leads beyond ±1, where no correlation lies: what is cut off is no part of the derivative.
correlation = elementwise("correlation", _clipped, None)
correlation.public.__doc__ = "A correlation brought back to [-1, 1] after rounding, in both parts of a complex one."


def ptp(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    """The range of the elements along `axis`: the largest less the smallest. A tie shares the gradient equally."""
    x = as_tensor(x)
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def average(x: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """The average Σ w x / Σ w along `axis`; without weights the mean. With `returned` the pair of it and of Σ w.

    The weights have the shape of x, or the lengths of its axes `axis`. Raises ShapeError if they have another shape,
    ZeroDivisionError if they add up to 0.

    >>> average([1.0, 2.0, 6.0], weights=[2.0, 1.0, 1.0])
    tensor(2.5)
    """
    x = as_tensor(x)
    axes = reduced_axes("average", axis, x.ndim)
    if weights is None:
        y = mean(x, axis, keepdims=keepdims)
        total: Any = as_tensor(np.full(y.shape, count(x.shape, axes), y.dtype))
        return (y, total) if returned else y
    w = weights_of("average", x, weights, axis)
    dtype = np.result_type(x.dtype, w.dtype, np.float64 if x.dtype.kind in "biu" else x.dtype)
    x, w, reduce = AsType(dtype)(x), AsType(dtype)(w), _sum(axes, bool(keepdims))
    total = reduce(_broadcast(x.shape)(w))
    if recorder() is None and (total.array == 0).any():
        raise ZeroDivisionError(f"average: weights of shape {w.shape} add up to 0 along axis {axis}")
    y = reduce(x * w) / total
    return (y, total) if returned else y


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Tensor:
    """The covariances Σ (x_i - mean) conj(x_j - mean) / (n - ddof) of variables, in double precision unless `dtype` says else.

    The rows of m are variables and its columns observations, the other way round if not `rowvar`; y adds more variables.
    `ddof` is 1, or 0 with `bias`. `fweights` say how often each observation was made, `aweights` how much it counts.
    One variable gives a number. NaN or ∞ where n ≤ ddof. Raises ShapeError for more than two axes and for weights that
    are not one for each observation, ValueError for negative weights.

    >>> cov([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x = observations(m, y, rowvar, dtype)
    lost = (0 if bias else 1) if ddof is None else ddof
    w, free = degrees_of_freedom(x.shape[1], lost, fweights, aweights)
    d: Any = x - (mean(x, 1, keepdims=True) if w is None else _sum((1,), True)(x * w) / _sum()(w))
    right = conjugate(d if w is None else d * w)
    c = _matmul(d, _transpose((1, 0))(right))
    c = c * (1.0 / free if free > 0 else math.inf) if w is None else c / free
    return _reshape(())(c) if c.shape == (1, 1) else c


def observations(m: Any, y: Any, rowvar: bool, dtype: Any) -> Tensor:
    """The variables of `cov` as rows, in the dtype of the result."""
    xs = [as_tensor(x) for x in (m, y) if x is not None]
    dtype = np.result_type(np.float64, *(x.dtype for x in xs)) if dtype is None else np.dtype(dtype)
    rows = []
    for x in xs:
        if x.ndim > 2:
            raise ShapeError(f"cov: variables by observations are a matrix, or a vector for one variable; given {x.shape}")
        x = _reshape((1, x.size))(x) if x.ndim < 2 else x if rowvar else _transpose((1, 0))(x)
        rows.append(AsType(dtype)(x))
    return rows[0] if len(rows) == 1 else concatenate(rows)


def degrees_of_freedom(n: int, lost: Any, fweights: Any, aweights: Any) -> tuple[Any, Any]:
    """The weights of n observations, None if all count alike, and what to divide by: n - `lost` in that case."""
    if lost != int(lost):
        raise DTypeError(f"cov: ddof must be a whole number, not {lost!r}")
    if fweights is None and aweights is None:
        return None, n - lost
    times = None if fweights is None else one_each("fweights", fweights, n)
    counts = None if aweights is None else one_each("aweights", aweights, n)
    w: Any = counts if times is None else times if counts is None else times * counts
    total = _sum()(w)
    spent = lost * (_sum()(w * counts) / total) if counts is not None else float(lost)
    return w, at_least(total - spent, 0.0)


def one_each(name: str, w: Any, n: int) -> Tensor:
    """Weights of n observations; whole numbers become floating ones."""
    w = as_tensor(w)
    if w.shape != (n,):
        raise ShapeError(f"cov: {name} must be one number for each of {n} observations; given shape {w.shape}")
    if recorder() is None and (w.array < 0).any():
        raise ValueError(f"cov: {name} cannot be negative; given {w.array}")
    if name == "fweights" and recorder() is None and (w.array != np.rint(w.array)).any():
        raise DTypeError(f"cov: fweights count observations and must be whole numbers; given {w.array}. Use aweights.")
    return floating(w)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Tensor:
    """The correlations c_ij / √(c_ii c_jj), with the covariances c = cov(x, y, rowvar); between -1 and 1.

    NaN for a variable that does not vary. One variable gives the number 1. The derivative at ±1 is that of the formula.
    """
    c: Any = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    s = sqrt(AsType(c.array.real.dtype)(diagonal(c)))
    n = s.size
    return correlation(c / _reshape((n, 1))(s) / s)
