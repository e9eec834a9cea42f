"""Factorisations by elimination and reflection: triangular systems, cholesky, qr."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy import ndarray
from numpy.linalg import LinAlgError

from ..errors import ShapeError
from ..primitive import OUTPUT, Primitive
from ..tensor import Tensor
from .gauge import without_turn
from .join import Place, concatenate, narrow
from .linalg import (
    Inv,
    Solve,
    adjoint,
    diagonal_of,
    hermitian,
    imaginary_part,
    lower,
    matrices,
    on_diagonal,
    real_part,
    square,
    unit,
    upper,
    wide_enough,
)
from .matmul import _matmul, turned
from .reduction import floating
from .select import _where
from .shape import Shape

# -- triangular systems --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SolveTriangular(Solve):
    """The solution y of a y = b that reads one triangle of a, the upper or the `lower`; a `unit` diagonal counts as 1."""

    lower: bool = False
    unit: bool = False
    name: ClassVar[str] = "solve_triangular"
    analytic: ClassVar[bool] = True

    def whole(self, a: Any) -> Any:
        """The triangle, with its diagonal."""
        a = self.read(a)
        return _where(unit(a.shape[-1]), np.ones((), a.dtype), a) if self.unit else a

    def solution(self, a: ndarray, b: ndarray) -> ndarray:
        a = self.whole(a)
        y = substituted(a, b if b.ndim > 1 else b[:, None], self.lower)
        return y if b.ndim > 1 else y[..., 0]

    def read(self, a: Any) -> Any:
        """The triangle."""
        return lower(a, -1 if self.unit else 0) if self.lower else upper(a, 1 if self.unit else 0)

    @property
    def transposed(self) -> Primitive:
        """The op that solves with the transpose of a."""
        return SolveTriangular(self.lesson, not self.lower, self.unit)


def substituted(a: ndarray, b: ndarray, low: bool) -> ndarray:
    """The solution with a triangular a by halves, so that nearly all work is matrix products."""
    n = a.shape[-1]
    if n <= 32:  # the factorisation of an upper triangle is that triangle itself, and needs no exchange of rows
        return np.linalg.solve(a[..., ::-1, ::-1], b[..., ::-1, :])[..., ::-1, :] if low else np.linalg.solve(a, b)
    first, last = (slice(None, n // 2), slice(n // 2, None))[:: 1 if low else -1]
    x = substituted(a[..., first, first], b[..., first, :], low)
    z = substituted(a[..., last, last], b[..., last, :] - a[..., last, first] @ x, low)
    return np.concatenate((x, z) if low else (z, x), axis=-2)


# -- cholesky ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cholesky(Primitive):
    """The lower triangle y with y yᴴ = a, for Hermitian positive definite a: dy = y Φ(y⁻¹ da y⁻ᴴ).

    Φ takes the lower triangle with half the diagonal. a is read in its lower triangle; derivatives are those of the
    Hermitian part (a + aᴴ)/2, so that gradients are Hermitian.
    """

    name: ClassVar[str] = "cholesky"

    def forward(self, a: ndarray) -> ndarray:
        try:
            return np.linalg.cholesky(a)
        except LinAlgError:
            square(self.name, a.shape)
        raise LinAlgError(
            f"cholesky: a matrix of a, shape {a.shape}, is not positive definite. Check that it is symmetric with positive "
            f"eigenvalues, or add to its diagonal: cholesky(a + 1e-8 * ac.eye({a.shape[-1]}))."
        )

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        back = SolveTriangular()
        half = back(adjoint(y), half_diagonal(_matmul(adjoint(y), g)))
        return hermitian(adjoint(back(adjoint(y), adjoint(half))))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        forth = SolveTriangular(lower=True)
        half = forth(y, hermitian(t))
        return _matmul(y, half_diagonal(forth(y, adjoint(half))))

    def rate(self, a: Any) -> Callable:
        """dy = y Φ(y⁻¹ da y⁻ᴴ) with the inverse."""

        def rule(tangents: Sequence[Any], y: Any, a: Any) -> Any:
            inverse = Inv()(y)
            return _matmul(y, half_diagonal(_matmul(_matmul(inverse, hermitian(tangents[0])), adjoint(inverse))))

        return rule

    def shape(self, a: Shape) -> Shape:
        return square(self.name, a)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


def half_diagonal(x: Any) -> Any:
    """The lower triangle of each matrix, with half the real part of its diagonal."""
    return lower(_where(unit(x.shape[-1]), real_part(0.5 * x), x))


# -- qr ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Qr(Primitive):
    """Orthonormal columns q and an upper triangle r with q r = a, for a of at least as many rows as columns.

    With m = qᴴ da r⁻¹ and Ω the skew matrix that has its lower triangle, dr = (m - Ω) r and dq = da r⁻¹ - q (m - Ω).
    The diagonal of r stays real, as LAPACK makes it. There is no derivative where columns of a are dependent.
    """

    name: ClassVar[str] = "qr"
    outputs = 2

    def forward(self, a: ndarray) -> tuple[ndarray, ndarray]:
        self.shape(a.shape)
        q, r = np.linalg.qr(a)
        return q, r

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        (gq, gr), (q, r) = g, y
        x = None if gq is None else _matmul(adjoint(q), gq)
        z = None if gr is None else _matmul(gr, adjoint(r))
        w: Any = x if z is None else -z if x is None else x - z
        c = lower(w - adjoint(w), -1)
        if w.dtype.kind == "c":
            c = c + on_diagonal(1j * imaginary_part(diagonal_of(w)))
        c = c if z is None else c + z
        back = _matmul(q, c if x is None else c - x)
        back = back if gq is None else gq + back
        return adjoint(SolveTriangular(DEPENDENT)(r, adjoint(back)))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        return self.along(adjoint(SolveTriangular(DEPENDENT, lower=True)(adjoint(y[1]), adjoint(t))), *y)

    def rate(self, a: Any) -> Callable:
        """The forward rule with the inverse of r."""
        return lambda tangents, y, a: self.along(_matmul(tangents[0], Inv()(y[1])), *y)

    def along(self, c: Any, q: Any, r: Any) -> tuple[Any, Any]:
        """The tangents from c = da r⁻¹."""
        m = _matmul(adjoint(q), c)
        low = lower(m, -1)
        turn = low - adjoint(low)
        if m.dtype.kind == "c":
            turn = turn + on_diagonal(1j * imaginary_part(diagonal_of(m)))
        return c - _matmul(q, m - turn), upper(_matmul(m - turn, r))

    def shape(self, a: Shape) -> tuple[Shape, Shape]:
        m, n = matrices(self.name, a)[-2:]
        if m < n:
            raise ShapeError(f"qr: at least as many rows as columns needed; given shape {a}")
        return a, (*a[:-2], n, n)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


DEPENDENT = (
    "qr: r is singular, columns of a are dependent, and there q and r have no derivative. Leave out dependent columns, or use "
    "svd or pinv, which do not need them independent."
)


@dataclass(frozen=True)
class Complement(Primitive):
    """Orthonormal columns y that complete those of q to a square matrix: dy = -q dqᴴ y, up to a rotation among them.

    Only functions that do not depend on that rotation, such as y yᴴ, have a derivative; others raise GradientError.
    """

    name: ClassVar[str] = "complement"

    def forward(self, q: ndarray) -> ndarray:
        self.shape(q.shape)
        return np.linalg.qr(q, "complete")[0][..., q.shape[-1] :]

    def vjp(self, i: int, g: Any, y: Any, q: Any) -> Any:
        return -_matmul(y, adjoint(_matmul(adjoint(q), without_turn("qr", y, g))))

    def jvp(self, i: int, t: Any, y: Any, q: Any) -> Any:
        return -_matmul(q, _matmul(adjoint(t), y))

    def shape(self, q: Shape) -> Shape:
        m, n = matrices(self.name, q)[-2:]
        if m < n:
            raise ShapeError(f"complement: {n} columns of length {m} cannot be orthonormal; given shape {q}")
        return (*q[:-1], m - n)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def batched(self, flags: Sequence[bool], q: Any) -> Any:
        return self(q)


# -- what a user calls ---------------------------------------------------------------------------------------

_cholesky, _qr = Cholesky(), Qr()


class QRResult(NamedTuple):
    """The orthonormal columns Q and the upper triangle R of a QR factorisation."""

    Q: Tensor
    R: Tensor


def cholesky(a: Any, *, upper: bool = False) -> Tensor:
    """The lower triangle y with positive diagonal and y yᴴ = a, or the `upper` one with yᴴ y = a, for each matrix.

    Only that triangle of a is read, as in NumPy. The gradient is that of the Hermitian part of a, and so Hermitian itself.
    Raises numpy.linalg.LinAlgError if a matrix is not positive definite.

    >>> import autograd_core as ac
    >>> ac.linalg.cholesky([[4.0, 2.0], [2.0, 5.0]])
    tensor([[2., 0.],
            [1., 2.]])
    """
    a = wide_enough("cholesky", floating(a))
    square("cholesky", a.shape)
    return adjoint(_cholesky(adjoint(a))) if upper else _cholesky(a)


def qr(a: Any, mode: str = "reduced") -> Any:
    """Orthonormal columns Q and an upper triangle R with Q R = a, for each matrix of a stack.

    "reduced" gives as many columns as the smaller side of a has, "complete" a square Q, "r" R alone. The columns that
    "complete" adds to a tall matrix are any basis of the rest: only functions that do not depend on it have a derivative.
    Derivatives need independent columns (the first m of a wide matrix): else GradientError. NumPy's mode "raw" is not a
    factorisation, and has none.
    """
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"qr: mode must be 'reduced', 'complete' or 'r', not {mode!r}")
    a = wide_enough("qr", floating(a))
    m, n = matrices("qr", a.shape)[-2:]
    axis = a.ndim - 1
    q, r = _qr(narrow(a, axis, 0, min(m, n)))
    if m < n:
        r = concatenate([r, _matmul(adjoint(q), narrow(a, axis, m, n))], axis)
    elif mode == "complete":
        q = concatenate([q, Complement()(q)], axis)
        r = Place(axis - 1, ((0, n),), m)(r)
    return r if mode == "r" else QRResult(q, r)


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False) -> Tensor:
    """The solution y of a y = b that reads only the upper (or `lower`) triangle of a; b as for `solve`.

    `trans` 1 or "T" solves with the transpose of a, 2 or "C" with its conjugate transpose; a `unit_diagonal` counts as 1
    and is not read. SciPy's function, for stacks. Raises numpy.linalg.LinAlgError if there is a 0 on the diagonal.

    >>> import autograd_core as ac
    >>> ac.linalg.solve_triangular([[2.0, 1.0], [7.0, 4.0]], [4.0, 8.0])
    tensor([1., 2.])
    """
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: trans must be 0, 1, 2, 'N', 'T' or 'C', not {trans!r}")
    a, b = (wide_enough("solve_triangular", floating(x)) for x in (a, b))
    square("solve_triangular", a.shape)
    if trans not in (0, "N"):
        a, lower = turned(a) if trans in (1, "T") else adjoint(a), not lower
    return SolveTriangular("", bool(lower), bool(unit_diagonal))(a, b)


def cho_factor(a: Any, lower: bool = False) -> tuple[Tensor, bool]:
    """The Cholesky factor of a, upper or `lower`, and which it is: what `cho_solve` takes. The other triangle is 0."""
    return cholesky(a, upper=not lower), bool(lower)


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Tensor:
    """The solution y of a y = b from the Cholesky factor of a, given as (factor, whether it is the lower one).

    >>> import autograd_core as ac
    >>> ac.linalg.cho_solve(ac.linalg.cho_factor([[4.0, 2.0], [2.0, 5.0]]), [8.0, 12.0])
    tensor([1., 2.])
    """
    c, low = c_and_lower
    first, last = ("N", "C") if low else ("C", "N")
    return solve_triangular(c, solve_triangular(c, b, first, low), last, low)
