"""What equal values of a matrix do along a direction: how they part, and how the gradient by them follows.

Let values w belong to orthonormal vectors v, and let the matrix change so that vᴴ da v has the Hermitian part m. A value that
stands alone changes by its element of the diagonal of m. A group of equal values changes by the eigenvalues of its block of m,
and the vectors that last belong to them are those turned by the block's eigenvectors R (Rellich, 1937). A symmetric function f
of the values has equal gradients ḡ in the group. They change with the values, by ṫ, and v diag(ḡ) vᴴ changes by R diag(ṫ) Rᴴ.
So second derivatives of symmetric functions are right, forward over reverse, also where the values are equal. Higher ones are
NaN there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import everywhere
from ..errors import ShapeError
from ..primitive import Primitive
from .gauge import near_zero
from .linalg import adjoint, diagonal_of, real_part, square, unit
from .matmul import _matmul, row
from .reduce import _sum
from .shape import Shape


def solved(m: ndarray, w: ndarray, descending: bool) -> tuple[ndarray, ndarray | None]:
    """How fast values w change along a direction, and the turn R of their vectors; None if no two values are equal.

    Equal values part in their order, ascending or descending. Blocks are kept apart by a shift of their diagonals.
    """
    n = w.shape[-1]
    same = np.broadcast_to(near_zero("gap", w), m.shape)
    if not (same & ~unit(n)).any():
        return np.diagonal(m, axis1=-2, axis2=-1).real, None
    sign = -1.0 if descending else 1.0
    parts = np.where(same, sign * m, np.zeros((), m.dtype))
    starts = ~np.diagonal(same, offset=-1, axis1=-2, axis2=-1)
    group = np.concatenate([np.zeros((*m.shape[:-2], 1)), np.cumsum(starts, axis=-1)], axis=-1)
    size = np.abs(parts).sum(axis=-1).max(axis=-1)[..., None]
    shift = group * np.where(size == 0, 1.0, 4.0 * size)
    e, turn = np.linalg.eigh(parts + np.where(unit(n), shift[..., None], 0.0))
    return (sign * (e - shift)).astype(w.dtype), np.where(same, turn, 0.0).astype(m.dtype)


def fitting(name: str, m: Shape, *vectors: Shape) -> Shape:
    """The shape of square matrices, if each of the others is that of their diagonals; else ShapeError."""
    square(name, m)
    if any(w != m[:-1] for w in vectors):
        raise ShapeError(f"{name}: matrices (..., n, n) and values (..., n) needed; given {m} and {vectors}")
    return m


@dataclass(frozen=True)
class Slopes(Primitive):
    """How fast values w change, given m, the change of the matrix seen from their vectors."""

    descending: bool = False
    name: ClassVar[str] = "slopes"

    def forward(self, m: ndarray, w: ndarray) -> ndarray:
        fitting(self.name, m.shape, w.shape)
        return solved(m, w, self.descending)[0]

    def vjp(self, i: int, g: Any, y: Any, m: Any, w: Any) -> Any:
        if i == 1:
            return None
        turn = Turn(self.descending)(m, w)
        return _matmul(turn * row(g), adjoint(turn))

    def jvp(self, i: int, t: Any, y: Any, m: Any, w: Any) -> Any:
        if i == 1:
            return None
        turn = Turn(self.descending)(m, w)
        return real_part(diagonal_of(_matmul(adjoint(turn), _matmul(t, turn))))

    def shape(self, m: Shape, w: Shape) -> Shape:
        return fitting(self.name, m, w)[:-1]

    def uses(self, i: int) -> tuple[int, ...]:
        return (0, 1) if i == 0 else ()

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


@dataclass(frozen=True)
class Turn(Primitive):
    """The matrix R by which vectors of equal values are turned; 1 where no values are equal. Its derivatives are NaN, or 0."""

    descending: bool = False
    name: ClassVar[str] = "turn"

    def forward(self, m: ndarray, w: ndarray) -> ndarray:
        fitting(self.name, m.shape, w.shape)
        turn = solved(m, w, self.descending)[1]
        return np.broadcast_to(np.eye(w.shape[-1], dtype=m.dtype), m.shape) if turn is None else turn

    def vjp(self, i: int, g: Any, y: Any, m: Any, w: Any) -> Any:
        return g * Blank()(w) if i == 0 else None

    def jvp(self, i: int, t: Any, y: Any, m: Any, w: Any) -> Any:
        return t * Blank()(w) if i == 0 else None

    def shape(self, m: Shape, w: Shape) -> Shape:
        return fitting(self.name, m, w)

    def uses(self, i: int) -> tuple[int, ...]:
        return (1,) if i == 0 else ()

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


@dataclass(frozen=True)
class Blank(Primitive):
    """NaN for each pair of equal values, 0 for all others: a factor for derivatives that do not exist there."""

    name: ClassVar[str] = "blank"
    differentiable: ClassVar[bool] = False

    def forward(self, w: ndarray) -> ndarray:
        self.shape(w.shape)
        return np.where(near_zero("gap", w) & ~unit(w.shape[-1]), np.nan, 0.0).astype(w.dtype)

    def shape(self, w: Shape) -> Shape:
        if not w:
            raise ShapeError("blank: needs a vector of values or a stack of them, (..., n); given a number")
        return (*w, w[-1])

    def batched(self, flags: Sequence[bool], w: Any) -> Any:
        return self(w)


@dataclass(frozen=True)
class WithinGroups(Primitive):
    """What the groups of equal values add to the change diag(t) of a gradient g by the values: R diag(t) Rᴴ - diag(t).

    NaN where g differs within a group that the direction m tears apart: then f is not symmetric and has no derivative there.
    So are further derivatives within groups.
    """

    descending: bool = False
    name: ClassVar[str] = "within_groups"

    def forward(self, m: ndarray, w: ndarray, g: ndarray, t: ndarray) -> ndarray:
        fitting(self.name, m.shape, w.shape, g.shape, t.shape)
        turn = solved(m, w, self.descending)[1]
        if turn is None:
            return np.zeros(m.shape, m.dtype)
        y = (turn * t[..., None, :]) @ turn.conj().swapaxes(-1, -2) - np.where(unit(w.shape[-1]), t[..., None], 0.0)
        apart = np.abs(g[..., None, :] - g[..., :, None]) > np.sqrt(np.finfo(w.dtype).eps) * largest_of(np.abs(g))
        torn = np.abs(m) > np.sqrt(np.finfo(w.dtype).eps) * largest_of(np.abs(m).max(axis=-1, initial=0.0))
        same = near_zero("gap", w) & ~unit(w.shape[-1])
        return np.where(same & apart & torn, np.nan, np.where(near_zero("gap", w), y, 0.0)).astype(m.dtype)

    def vjp(self, i: int, g: Any, y: Any, m: Any, w: Any, *_: Any) -> Any:
        if i == 1:
            return None
        blank = g * Blank()(w)
        return blank if i == 0 else _sum((blank.ndim - 2,), False)(blank)

    def jvp(self, i: int, t: Any, y: Any, m: Any, w: Any, *_: Any) -> Any:
        return None if i == 1 else (t if i == 0 else row(t)) * Blank()(w)

    def shape(self, m: Shape, *vectors: Shape) -> Shape:
        return fitting(self.name, m, *vectors)

    def uses(self, i: int) -> tuple[int, ...]:
        return () if i == 1 else (1,)

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


def largest_of(sizes: ndarray) -> ndarray:
    """The largest of the last axis, to be broadcast against matrices."""
    return sizes.max(axis=-1, initial=0.0)[..., None, None]
