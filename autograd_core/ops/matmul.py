"""The matrix product: the hot path of networks, as lean as an elementwise op."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import aligned, everywhere
from ..errors import ShapeError
from ..primitive import Primitive, Spec
from ..table import conjugate
from ..tensor import Tensor, as_tensor
from ..unrolled import binary
from .shape import Shape, _reshape, _transpose

_turned = _transpose((1, 0))


def product(x: ndarray, z: ndarray) -> Any:
    """`np.matmul`, with one BLAS call wherever there is one matrix on the right; `dot` is quicker on small ones."""
    if 0 < x.ndim <= 2 and 0 < z.ndim <= 2:
        return x.dot(z)
    if x.ndim > 2 and z.ndim == 2:
        return x.reshape(math.prod(x.shape[:-1]), x.shape[-1]).dot(z).reshape(*x.shape[:-1], z.shape[1])
    return np.matmul(x, z)


@dataclass(frozen=True)
class Matmul(Primitive):
    """The matrix product of the last two axes, batched and broadcast over the others; vectors as in `np.matmul`.

    Each rule reads the other operand, and of its own only the shape, and that only in a batch.
    """

    name: ClassVar[str] = "matmul"
    function: ClassVar[Callable] = staticmethod(product)

    @cached_property
    def _call(self) -> Callable:
        return binary(self, False)

    def __call__(self, x: Any, z: Any) -> Any:
        if type(x) is ndarray and type(z) is ndarray:
            return product(x, z)
        y = self._call(x, z)
        if y.ndim > 2 and type(y) is Tensor and y.node is not None:
            node: Any = y.node
            if node.saved[2] is None:
                node.saved = (*node.saved[:2], Spec(z.shape, z.dtype))
        return y

    def forward(self, x: Any, z: Any) -> Any:
        return product(x, z)

    def vjp(self, i: int, g: Any, y: Any, x: Any, z: Any) -> Any:
        return self.left(g, z) if i == 0 else self.right(g, x, z)

    def left(self, g: Any, z: Any) -> Any:
        """g zᵀ, the cotangent of x."""
        z = conjugate(z)
        if g.ndim >= z.ndim >= 2:
            return self(g, turned(z))
        if z.ndim == 1:
            return (column(g) if g.ndim else g) * z
        return self(z, g) if z.ndim == 2 else from_column(self(z, column(g)))

    def right(self, g: Any, x: Any, z: Any) -> Any:
        """xᵀ g, the cotangent of z."""
        x = conjugate(x)
        if x.ndim == 1:
            return column(x) * row(g) if g.ndim else g * x
        if g.ndim < x.ndim:
            return self(turned(rows(x)), _reshape((math.prod(g.shape),))(g))
        if x.ndim > 2 and z.ndim == 2:
            return self(turned(rows(x)), rows(g))
        return self(turned(x), g)

    def jvp(self, i: int, t: Any, y: Any, x: Any, z: Any) -> Any:
        return self(t, z) if i == 0 else self(x, t)

    def shape(self, x: tuple[int, ...], z: tuple[int, ...]) -> tuple[int, ...]:
        if not x or not z:
            raise ShapeError(f"matmul: each side needs an axis: {x} @ {z}. Multiply by a number with *.")
        if x[-1] != z[-2 if len(z) > 1 else 0]:
            raise ShapeError(f"matmul: inner sizes differ: {x} @ {z}. Transpose one side?")
        try:
            batch = np.broadcast_shapes(x[:-2], z[:-2])
        except ValueError:
            raise ShapeError(f"matmul: batch axes {x[:-2]} and {z[:-2]} do not broadcast: {x} @ {z}.") from None
        return (*batch, *x[-2:-1], *(z[-1:] if len(z) > 1 else ()))

    def uses(self, i: int) -> tuple[int, ...]:
        return (1 - i,)

    def batched(self, flags: Sequence[bool], x: Any, z: Any) -> Any:
        left, right = x.ndim - flags[0] == 1, z.ndim - flags[1] == 1
        if right and x.ndim == 2 and not flags[0]:  # many vectors, one matrix: one product
            return self(z, turned(x))
        y = self(*aligned(flags, (row(x) if left else x, column(z) if right else z)))
        if left or right:
            lengths = (*y.shape[-2:][left : 2 - right],)
            y = _reshape((*y.shape[:-2], *lengths))(y)
        return y


@dataclass(frozen=True)
class NullMatmul(Primitive):
    """The product x z of matrices, but 0 where all of one is 0 and the other not finite: as `null_product` is for numbers."""

    name: ClassVar[str] = "null_matmul"

    def forward(self, x: ndarray, z: ndarray) -> ndarray:
        self.shape(x.shape, z.shape)
        y = x @ z
        if np.isfinite(y).all():
            return y
        something = np.logical_and(*(np.any(a, axis=(-2, -1), keepdims=True) for a in (x, z)))
        return np.where(something, y, np.zeros((), y.dtype))

    def vjp(self, i: int, g: Any, y: Any, x: Any, z: Any) -> Any:
        return self(g, turned(conjugate(z))) if i == 0 else self(turned(conjugate(x)), g)

    def jvp(self, i: int, t: Any, y: Any, x: Any, z: Any) -> Any:
        return self(t, z) if i == 0 else self(x, t)

    def shape(self, x: Shape, z: Shape) -> Shape:
        if len(x) < 2 or x[-1] != x[-2] or x != z:
            raise ShapeError(f"null_matmul: square matrices of one size are needed; given {x} and {z}")
        return x

    def uses(self, i: int) -> tuple[int, ...]:
        return (1 - i,)

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


def turned(x: Any) -> Any:
    """Each matrix transposed: a view."""
    if type(x) is ndarray:
        return x.T if x.ndim == 2 else x.swapaxes(-1, -2)
    return _turned(x) if x.ndim == 2 else _transpose((*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))(x)


def rows(x: Any) -> Any:
    """All the rows of a stack as one matrix."""
    return x if x.ndim == 2 else _reshape((math.prod(x.shape[:-1]), x.shape[-1]))(x)


def column(x: Any) -> Any:
    """Each vector as a matrix of one column."""
    return _reshape((*x.shape, 1))(x)


def row(x: Any) -> Any:
    """Each vector as a matrix of one row."""
    return _reshape((*x.shape[:-1], 1, x.shape[-1]))(x)


def from_column(x: Any) -> Any:
    """Each matrix of one column as a vector."""
    return _reshape(x.shape[:-1])(x)


_matmul = Matmul()


def matmul(x: Any, z: Any) -> Tensor:
    """The matrix product x @ z: rows of x with columns of z; leading axes are batches and broadcast.

    A vector on the left is a row, on the right a column, and the axis is dropped from the result.
    Raises ShapeError if the inner sizes differ or a side is a number.
    """
    return _matmul(x if isinstance(x, Tensor) else as_tensor(x), z if isinstance(z, Tensor) else as_tensor(z))
