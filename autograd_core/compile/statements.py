"""Statements: steps as what they do to one element at a time, so that loops over elements can be made of them.

A step may be several statements: a concatenation is a copy of each piece to its place. Matrix products with a short inner
axis, or with a single row or column, are statements too: products of elements, and their sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..broadcast import SumTo
from ..ops.index import AddAt
from ..ops.join import Concatenate, Place, Stack
from ..ops.matmul import Matmul
from ..ops.reduce import Sum
from ..ops.select import Where
from ..primitive import AsType, Identity
from ..table import Elementwise
from ..tape import Slot, Step
from . import numbers
from .capture import Write

FORMS: dict[Any, Callable] = {
    np.add: lambda x, z: x + z,
    np.subtract: lambda x, z: x - z,
    np.multiply: lambda x, z: x * z,
    np.true_divide: lambda x, z: x / z,
    np.negative: lambda x: -x,
    np.positive: lambda x: x,
    np.square: lambda x: x * x,
    np.reciprocal: lambda x: 1.0 / x,
    np.sqrt: numbers.root,
    np.absolute: abs,
    np.maximum: numbers.larger,
    np.minimum: numbers.smaller,
    np.greater: lambda x, z: x > z,
    np.greater_equal: lambda x, z: x >= z,
    np.less: lambda x, z: x < z,
    np.less_equal: lambda x, z: x <= z,
    np.equal: lambda x, z: x.same(z),
    np.not_equal: lambda x, z: x.differs(z),
    np.isnan: lambda x: x.differs(x),
    np.exp: numbers.exp,
    np.expm1: numbers.expm1,
    np.tanh: numbers.tanh,
    np.log: numbers.log,
    np.log1p: numbers.log1p,
    np.logaddexp: numbers.logaddexp,
}
OF_FLAGS: dict[Any, Callable] = {
    np.logical_and: lambda x, z: x & z,
    np.logical_or: lambda x, z: x | z,
    np.logical_not: lambda x: x ^ True,
}
FEW = 64  # elements for which functions are called one by one
ONE_BY_ONE: dict[Any, Callable] = {np.power: lambda x, z: x.called("pow", z)}
SHORT = 4  # an inner axis of a matrix product that is written out


class Operand:
    """An array, repeated up to the shape of a loop: where it begins, and its strides in bytes."""

    __slots__ = ("address", "array", "char", "high", "low", "strides")

    def __init__(self, array: ndarray) -> None:
        self.array, self.char, self.strides = array, array.dtype.char, array.strides
        self.address = self.low = array.__array_interface__["data"][0]
        self.high = self.low + array.itemsize + sum((n - 1) * s for n, s in zip(array.shape, array.strides))

    @property
    def key(self) -> tuple:
        """What two operands have in common that are the same element at each place of a loop."""
        return self.address, self.char, self.strides

    def meets(self, other: Operand) -> bool:
        """Whether the two share memory."""
        if self.high <= other.low or other.high <= self.low:
            return False
        try:
            return np.shares_memory(self.array, other.array, max_work=10_000)
        except np.exceptions.TooHardError:
            return True


class Statement:
    """A value for each place of a loop, from the elements of `inputs` (and numbers), put or added into an array."""

    def __init__(self, step: int, form: Callable, inputs: Sequence[Any], y: ndarray, shape: tuple, adds: bool = False) -> None:
        arrays = [np.broadcast_to(x, shape) if isinstance(x, ndarray) else x for x in inputs]
        target = np.broadcast_to(y, shape)
        key = target if not adds else next((x for x in arrays if isinstance(x, ndarray) and 0 not in x.strides), target)
        order = [a for a in sorted(range(len(shape)), key=lambda a: -key.strides[a]) if shape[a] != 1]
        arrange = lambda x: Operand(laid(x, order))
        self.step, self.form, self.adds = step, form, adds
        self.shape = tuple(shape[a] for a in order)
        self.inputs = tuple(arrange(x) if isinstance(x, ndarray) else x for x in arrays)
        self.target = arrange(target)
        self.reads = [x for x in self.inputs if isinstance(x, Operand)]

    @property
    def kind(self) -> str:
        """The floating type of its numbers; that of flags if there is none."""
        chars = {x.char for x in (*self.reads, self.target)} - {"?"}
        return chars.pop() if chars else "?"

    def fits(self) -> bool:
        """Whether all operands are arrays of one floating dtype, masks, and numbers, without steps backwards through memory."""
        arrays = [*self.reads, self.target]
        floating = {x.char for x in arrays} - {"?"}
        plain = all(isinstance(x, (Operand, int, float)) for x in self.inputs)
        forward = all(t >= 0 and t % x.array.itemsize == 0 for x in arrays for t in x.strides)
        aligned = all(x.address % x.array.itemsize == 0 for x in arrays)
        return plain and forward and aligned and len(floating) <= 1 and floating <= {"d", "f"} and 0 not in self.shape


def laid(x: ndarray, order: Sequence[int]) -> ndarray:
    """The axes of an array in this order, without the others, which are of length 1."""
    rest = [a for a in range(x.ndim) if a not in order]
    return x.transpose([*order, *rest]).reshape([x.shape[a] for a in order]) if not rest else first_of(x, order, rest)


def first_of(x: ndarray, order: Sequence[int], rest: Sequence[int]) -> ndarray:
    return x[tuple(0 if a in rest else slice(None) for a in range(x.ndim))].reshape_view(order) if False else np.transpose(
        x[(*(0 if a in rest else slice(None) for a in range(x.ndim)), ...)], np.argsort(np.argsort(order))
    )
