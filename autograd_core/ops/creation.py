"""New Tensors of zeros, ones and ranges: constants, floating in the default dtype unless a dtype is given."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ..broadcast import BroadcastTo
from ..dtypes import get_default_dtype
from ..errors import DTypeError, ShapeError
from ..primitive import AsType
from ..tensor import Tensor, as_tensor, from_array
from .elementwise import add, multiply, subtract

Shape = int | tuple[int, ...]


def zeros(shape: Shape, dtype: Any = None) -> Tensor:
    """A Tensor of this shape filled with 0.

    >>> zeros((2, 3))
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return _filled("zeros", shape, 0, _dtype("zeros", dtype))


def ones(shape: Shape, dtype: Any = None) -> Tensor:
    """A Tensor of this shape filled with 1."""
    return _filled("ones", shape, 1, _dtype("ones", dtype))


def full(shape: Shape, fill_value: Any, dtype: Any = None) -> Tensor:
    """A Tensor of this shape filled with `fill_value`, which may be an array that broadcasts to it.

    A Tensor as `fill_value` gets its gradient: the sum of the cotangent over the copies.
    Raises ShapeError if `fill_value` does not broadcast to `shape`.
    """
    value = as_tensor(fill_value)
    if dtype is not None:
        value = AsType(_dtype("full", dtype))(value)
    target = _shape("full", shape)
    return BroadcastTo(target)(value) if value.requires_grad else _filled("full", target, value.array, value.dtype)


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """A Tensor filled with 0 with the shape of x, and its dtype unless one is given."""
    x = as_tensor(x)
    return zeros(x.shape, x.dtype if dtype is None else dtype)


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """A Tensor filled with 1 with the shape of x, and its dtype unless one is given."""
    x = as_tensor(x)
    return ones(x.shape, x.dtype if dtype is None else dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """A Tensor filled with `fill_value` with the shape of x, and its dtype unless one is given."""
    x = as_tensor(x)
    return full(x.shape, fill_value, x.dtype if dtype is None else dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """The N × M matrix (M = N if not given) with ones on its k-th diagonal; k > 0 counts above the main one."""
    rows, columns = _shape("eye", (N, N if M is None else M))
    return from_array(np.eye(rows, columns, k, dtype=_dtype("eye", dtype)))


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Tensor:
    """The numbers start, start + step, … before stop; `arange(n)` counts from 0.

    Whole numbers give integers, as in NumPy; floats give the default dtype.
    Raises DTypeError for a Tensor that requires a gradient: how many numbers there are depends on its value.

    >>> arange(3), arange(0.0, 1.0, 0.5)
    (tensor([0, 1, 2]), tensor([0. , 0.5]))
    """
    if stop is None:
        start, stop = 0, start
    if any(isinstance(bound, Tensor) and bound.requires_grad for bound in (start, stop, step)):
        raise DTypeError(
            "arange: a bound requires a gradient, but the number of elements depends on its value. "
            "Use start + step * ac.arange(n) with a fixed n, or pass bound.detach()."
        )
    bounds = [_number(bound) for bound in (start, stop, step)]
    if dtype is None and np.result_type(*bounds) == np.float64 and all(type(b) in (int, float) for b in bounds):
        dtype = get_default_dtype()
    return from_array(np.arange(*bounds, dtype=None if dtype is None else _dtype("arange", dtype)))


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None) -> Tensor:
    """`num` numbers at equal distances from start to stop, along a new first axis; without stop if not `endpoint`.

    Differentiable with respect to start and stop. Raises ShapeError for a negative `num`.

    >>> linspace(0.0, 1.0, 3)
    tensor([0. , 0.5, 1. ])
    """
    (num,) = _shape("linspace", num)
    constant = not (isinstance(start, Tensor) or isinstance(stop, Tensor))
    start, stop = as_tensor(start), as_tensor(stop)
    kind = np.result_type(start.dtype, stop.dtype)
    dtype = _dtype("linspace", dtype if dtype is not None or kind.kind not in "fc" else kind)
    if constant:
        return from_array(np.linspace(start.array, stop.array, num, endpoint, dtype=dtype))
    weights = np.linspace(0.0, 1.0, num, endpoint, dtype=dtype if dtype.kind == "f" else None)
    weights = weights.reshape(num, *(1 for _ in np.broadcast_shapes(start.shape, stop.shape)))
    y = add(multiply(subtract(1.0, weights), start), multiply(weights, stop))
    return y if y.dtype == dtype else AsType(dtype)(y)


def _filled(name: str, shape: Any, value: Any, dtype: np.dtype) -> Tensor:
    array: ndarray = np.empty(_shape(name, shape), dtype)
    try:
        array[...] = value
    except ValueError:
        raise ShapeError(f"{name}: a value of shape {np.shape(value)} does not broadcast to {array.shape}") from None
    return from_array(array)


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    try:
        lengths = tuple(int(n.__index__()) for n in (shape if isinstance(shape, (tuple, list)) else (shape,)))
    except (AttributeError, TypeError):
        raise ShapeError(f"{name}: a shape is a whole number or a tuple of them, not {shape!r}") from None
    if any(n < 0 for n in lengths):
        raise ShapeError(f"{name}: lengths cannot be negative; given {lengths}")
    return lengths


def _dtype(name: str, dtype: Any) -> np.dtype:
    dtype = get_default_dtype() if dtype is None else np.dtype(dtype)
    if dtype.kind not in "fciub":
        raise DTypeError(f"{name}: a Tensor holds numbers or booleans, not {dtype}")
    return dtype


def _number(bound: Any) -> Any:
    return bound.item() if isinstance(bound, Tensor) else bound
