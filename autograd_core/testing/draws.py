"""Hypothesis strategies for arrays: Tensors, shapes, axes, indices, positive definite matrices.

Hypothesis is imported when a strategy is first asked for, and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import DTypeError, require
from ..tensor import Tensor

Draw = Callable[[Any], Any]
EXTRA = "test"


def composite(draws: Callable) -> Callable:
    """A strategy from a function whose first argument draws from other strategies."""

    @wraps(draws)
    def strategy(*args: Any, **options: Any) -> Any:
        return hypothesis().composite(draws)(*args, **options)

    return strategy


def hypothesis() -> Any:
    """The module hypothesis.strategies."""
    return require("hypothesis.strategies", extra=EXTRA)


def arrays() -> Any:
    """Hypothesis' own strategies for NumPy."""
    return require("hypothesis.extra.numpy", extra=EXTRA)


def drawn(draw: Draw, value: Any) -> Any:
    """An argument that may be a strategy."""
    return draw(value) if hasattr(value, "example") else value


# -- arrays --------------------------------------------------------------------------------------------------------------


def shapes(min_dims: int = 0, max_dims: int = 3, min_side: int = 1, max_side: int = 4) -> Any:
    """Shapes, the shortest first; with `min_side=0` also those of arrays without elements."""
    return arrays().array_shapes(min_dims=min_dims, max_dims=max_dims, min_side=min_side, max_side=max_side)


def broadcastable_shapes(count: int = 2, max_dims: int = 3, max_side: int = 4, min_side: int = 1) -> Any:
    """Tuples of `count` shapes that broadcast with each other."""
    options = {"min_dims": 0, "max_dims": max_dims, "min_side": min_side, "max_side": max_side}
    return arrays().mutually_broadcastable_shapes(num_shapes=count, **options).map(lambda found: found.input_shapes)


def numbers(dtype: Any = np.float64) -> Any:
    """Numbers of ordinary size: thousandths between -3 and 3 (real and imaginary part), small integers, booleans."""
    st, dtype = hypothesis(), np.dtype(dtype)
    thousandths = st.integers(-3000, 3000).map(lambda n: n / 1000)
    kinds = {
        "f": thousandths,
        "c": st.builds(complex, thousandths, thousandths),
        "i": st.integers(-5, 5),
        "u": st.integers(0, 5),
        "b": st.booleans(),
    }
    if dtype.kind not in kinds:
        raise DTypeError(f"strategies: a Tensor holds numbers or booleans, not {dtype}")
    return kinds[dtype.kind]


@composite
def tensors(draw: Draw, shape: Any = None, dtype: Any = np.float64, elements: Any = None, requires_grad: Any = False) -> Tensor:
    """Tensors. Each argument may itself be a strategy; without `shape` it is one of `shapes()`.

    `elements` are `numbers(dtype)` unless given: numbers for which ordinary functions neither overflow nor lose digits.
    """
    shape = draw(shapes()) if shape is None else drawn(draw, shape)
    dtype = np.dtype(drawn(draw, dtype))
    array = draw(arrays().arrays(dtype, shape, elements=numbers(dtype) if elements is None else elements))
    return Tensor(array, requires_grad=drawn(draw, requires_grad))


@composite
def positive_definite(draw: Draw, n: Any = None, dtype: Any = np.float64, requires_grad: bool = False) -> Tensor:
    """Hermitian positive definite matrices of n rows (1 to 4 unless given) with eigenvalues from a half on: a aᴴ/n + 1/2."""
    n = draw(hypothesis().integers(1, 4)) if n is None else drawn(draw, n)
    dtype = np.dtype(dtype)
    a = draw(arrays().arrays(dtype, (n, n), elements=numbers(dtype)))
    b = a @ a.conj().T / (2 * max(n, 1)) + np.eye(n) / 4
    return Tensor((b + b.conj().T).astype(dtype), requires_grad=requires_grad)


# -- axes and indices ----------------------------------------------------------------------------------------------------


def axes(ndim: int, several: bool = True, none: bool = True) -> Any:
    """What an argument `axis` may be for an array of `ndim` axes: a number, also a negative one, a tuple, or None."""
    st = hypothesis()
    kinds = [st.none()] if none else []
    if ndim:
        kinds.append(st.integers(-ndim, ndim - 1))
    if several:
        kinds.append(arrays().valid_tuple_axes(ndim))
    return st.one_of(kinds)


def indices(shape: Sequence[int]) -> Any:
    """What may stand between the brackets of x[…] for an x of this shape: basic and advanced indices.

    These are integers, slices, `...` and None, arrays of integers (which may repeat) that broadcast with each other,
    boolean masks, and tuples that mix them.
    """
    st, shape = hypothesis(), tuple(shape)
    basic = arrays().basic_indices(shape, allow_newaxis=True)
    return st.one_of(basic, _mixed_indices(shape), arrays().arrays(np.bool_, shape)) if shape else basic


@composite
def _mixed_indices(draw: Draw, shape: tuple[int, ...]) -> Any:
    """A tuple with a part for each of the first axes, at least one of them an array, and perhaps None."""
    st = hypothesis()
    length = draw(st.integers(1, 3))
    parts = [draw(_part(n, length)) for n in shape[: draw(st.integers(1, len(shape)))]]
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    return parts[0] if len(parts) == 1 else tuple(parts)


def _part(n: int, length: int) -> Any:
    """An index along one axis of n elements: all kinds; the arrays have a common length, or 1."""
    st = hypothesis()
    if n == 0:
        return st.just(slice(None))
    whole = st.integers(-n, n - 1)
    rows = [st.lists(whole, min_size=k, max_size=k).map(np.array) for k in {length, 1}]
    chosen = st.lists(st.integers(0, n - 1), min_size=min(n, length), max_size=min(n, length), unique=True)
    mask = [chosen.map(lambda where: _mask(where, n))] if length <= n else []
    return st.one_of(*rows, whole, st.slices(n), *mask)


def _mask(where: list[int], n: int) -> ndarray:
    """A mask of n elements, true where it is told."""
    return np.isin(np.arange(n), where)
