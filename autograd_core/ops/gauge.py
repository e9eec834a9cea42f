"""What the factors of a matrix leave open, and what follows for their derivatives.

Vectors that belong to equal eigenvalues are any basis of their space: they have no derivative, but a function that is the
same for every basis has one. The derivatives of vectors divide by the gaps between values; here a gap of 0 gives 0, and
`Settled` looks whether what was left out vanishes. If not, a cotangent raises GradientError and a tangent is NaN.

With the cotangents w̄ of the values and X = Vᴴ V̄ of the vectors, a group of equal values has for

* w̄ alone: V diag(w̄) Vᴴ, which is right; for a function that singles out one value, it is one of several slopes;
* X alone: a derivative if X - Xᴴ vanishes in the group, for then the function does not depend on the basis;
* both: none that can be found. V h(w) Vᴴ, a function h of the matrix, has in the group the cotangents of a sum of
  h Σ v vᴴ and h' Σ w, and yet another derivative: the divided difference of h' comes from neither.

For the same reason second derivatives of values, reverse over reverse, are right in a group only if the first do not change
with them (a sum of values), and else raise. Forward over reverse knows the direction, and can do better: see `slopes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import everywhere
from ..errors import GradientError, ShapeError
from ..primitive import OUTPUT, Primitive
from .linalg import adjoint, conjugate, matrices, unit
from .matmul import _matmul, column, row
from .reduce import _sum
from .shape import Shape

# How the values are combined in what the vectors' derivatives divide by: w_j - w_i, w_j + w_i, w_j.
KINDS = ("gap", "sum", "value")


def near_zero(kind: str, w: ndarray) -> ndarray:
    """Where w_j - w_i (or w_j + w_i, or w_j) is zero as far as rounding lets it be seen; the last two axes are i and j.

    Equal eigenvalues of a matrix of order n come out up to 20 roundings of the largest apart (measured for n ≤ 300).
    """
    size = np.abs(w).max(axis=-1, initial=0.0)[..., None, None]
    d = divisors(kind, w)
    return np.abs(d) <= rounding(w) * size


def rounding(x: ndarray) -> float:
    """How far equal eigenvalues may come out apart, and orthonormal vectors from being so, relative to the largest."""
    return float(4.0 * (1.0 + np.sqrt(x.shape[-1])) * np.finfo(x.dtype).eps)


def divisors(kind: str, w: ndarray) -> ndarray:
    """w_j - w_i, or w_j + w_i, or w_j as a row."""
    j, i = w[..., None, :], w[..., :, None]
    return j - i if kind == "gap" else j + i if kind == "sum" else j


@dataclass(frozen=True)
class Quotients(Primitive):
    """The matrix 1/(w_j - w_i) of values w (or 1/(w_j + w_i), or the row 1/w_j), with 0 where that divides by zero."""

    kind: str
    name: ClassVar[str] = "quotients"

    def forward(self, w: ndarray) -> ndarray:
        zero, d = near_zero(self.kind, w), divisors(self.kind, w)
        return np.where(zero, np.zeros((), w.dtype), 1 / np.where(zero, np.ones((), w.dtype), d))

    def vjp(self, i: int, g: Any, y: Any, w: Any) -> Any:
        c = -(g * conjugate(y * y))
        onto_j = _sum((c.ndim - 2,), False)(c)
        if self.kind == "value":
            return onto_j
        onto_i = _sum((c.ndim - 1,), False)(c)
        return onto_j - onto_i if self.kind == "gap" else onto_j + onto_i

    def jvp(self, i: int, t: Any, y: Any, w: Any) -> Any:
        j, i_ = row(t), column(t)
        return -(y * y) * (j - i_ if self.kind == "gap" else j + i_ if self.kind == "sum" else j)

    def shape(self, w: Shape) -> Shape:
        if not w:
            raise ShapeError("quotients: needs a vector of values or a stack of them, (..., n); given a number")
        return (*w[:-1], 1 if self.kind == "value" else w[-1], w[-1])

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def batched(self, flags: Sequence[bool], w: Any) -> Any:
        return self(w)


@dataclass(frozen=True)
class Settled(Primitive):
    """x itself, after a look at what will be multiplied by `Quotients(kind)(w)` and meets a 0 there instead of ∞.

    `part` of x must vanish there: its "skew" part; "all" of it; or what is "off" the diagonal. If not, it raises, or puts NaN
    in those places: then it is a tangent, of which other parts may be asked for. A third input is the cotangent of w.
    """

    op: str
    kind: str
    part: str
    raises: bool = True
    name: ClassVar[str] = "settled"

    def forward(self, x: ndarray, w: ndarray, *values: ndarray) -> ndarray:
        if x.size == 0:
            return x
        zero = np.broadcast_to(near_zero(self.kind, w), x.shape)
        rest = 0.5 * (x - x.conj().swapaxes(-1, -2)) if self.part == "skew" else x
        looked_at = zero & ~unit(x.shape[-1]) if self.part == "off" else zero
        left_out = looked_at & large(rest, x, (-2, -1))
        if not self.raises:
            return np.where(left_out, np.full((), np.nan, x.dtype), x)
        if left_out.any():
            raise GradientError(self.lesson(*np.argwhere(left_out)[0][-2:]))
        for v in values:
            mixed = zero & ~unit(x.shape[-1]) & (large(x, x, (-2, -1)) | large(v, v, (-1,))[..., None, :])
            if mixed.any():
                raise GradientError(self.lesson_of_both(*np.argwhere(mixed)[0][-2:]))
        return x

    def lesson(self, i: int, j: int) -> str:
        """What the error says about vectors i and j."""
        if self.kind != "gap":
            what = f"values {i} and {j} are" if self.kind == "sum" and i != j else f"value {j} is"
            return f"{self.op}: {what} zero, and there this function of the vectors has no derivative. {REMEDY}"
        if i == j:
            return (
                f"{self.op}: the phase of vector {j} is not determined, and this function depends on it: it has no "
                "derivative. Use what does not depend on it, such as |v|² or v vᴴ."
            )
        return (
            f"{self.op}: values {i} and {j} are equal (as far as can be seen), and their vectors any basis of one space. "
            f"This function depends on the basis: it has no derivative here. {REMEDY}"
        )

    def lesson_of_both(self, i: int, j: int) -> str:
        """What the error says about values i and j and their vectors."""
        return (
            f"{self.op}: values {i} and {j} are equal (as far as can be seen), and the function depends on them and on their "
            f"vectors: its derivative does not follow from these. {REMEDY}"
        )

    def vjp(self, i: int, g: Any, y: Any, x: Any, w: Any, *values: Any) -> Any:
        return g if i == 0 else None

    def jvp(self, i: int, t: Any, y: Any, x: Any, w: Any, *values: Any) -> Any:
        return self(t, w) if i == 0 else None

    def shape(self, x: Shape, w: Shape, *values: Shape) -> Shape:
        matrices(self.name, x)
        if w != (*x[:-2], x[-1]) or any(v != w for v in values):
            raise ShapeError(f"settled: a stack of matrices (..., m, n) and values (..., n) needed; given {x} and {w}")
        if self.kind != "value" and x[-1] != x[-2]:
            raise ShapeError(f"settled: square matrices needed for the {self.kind} of two values; given {x}")
        return x

    def uses(self, i: int) -> tuple[int, ...]:
        return (1,) if i == 0 else ()

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


REMEDY = (
    "Functions of the matrix itself (inv, expm, matrix_power, det, pinv) have derivatives there too; values and vectors that "
    "are not needed together can come from two calls."
)


def large(part: ndarray, x: ndarray, axes: tuple[int, ...]) -> ndarray:
    """Where a part of x is more than rounding: than √eps times the largest of x, and than what unit vectors leave over."""
    size = np.abs(x).max(axis=axes, keepdims=True, initial=0.0)
    return np.abs(part) > np.maximum(np.sqrt(np.finfo(x.dtype).eps) * size, rounding(x))


def without_turn(op: str, y: Any, g: Any) -> Any:
    """The cotangent g of orthonormal columns y that are any basis of a space, less its part in that space.

    Raises GradientError unless the function is the same for every basis: unless the skew part of yᴴ g vanishes.
    """
    x = _matmul(adjoint(y), g)
    return g - _matmul(y, Settled(op, "gap", "skew")(x, np.zeros(x.shape[:-1], x.dtype.char.lower())))
