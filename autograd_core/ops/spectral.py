"""Eigenvalues and eigenvectors: eigh for Hermitian matrices, eig for any. On equal eigenvalues see `gauge` and `isotropic`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy import ndarray

from ..primitive import OUTPUT, Primitive
from ..table import conjugate
from ..tensor import Tensor
from .frame import LEFT, Frame
from .gauge import Coupling, Inside, Quotients, Settled, diagonal_matrix
from .linalg import (
    Solve,
    adjoint,
    diagonal_of,
    hermitian,
    imaginary_part,
    on_diagonal,
    real_part,
    skew,
    square,
    wide_enough,
)
from .matmul import _matmul, row
from .reduce import _sum
from .reduction import floating
from .shape import Shape

_gaps = Quotients()


@dataclass(frozen=True)
class Eigh(Primitive):
    """Hermitian b and unitary v with a = v b vᴴ, for Hermitian a, read from one triangle; see `gauge`.

    b is diagonal, with the eigenvalues, ascending. With m = vᴴ da v: db is m within the groups of equal values, and dv = v y
    with y b - b y = m outside of them, without a diagonal: so the phase of a vector stays. Derivatives are those of the
    Hermitian part (a + aᴴ)/2: gradients are Hermitian.
    """

    triangle: Any = "L"
    name: ClassVar[str] = "eigh"
    outputs = 2

    def forward(self, a: ndarray) -> tuple[ndarray, ndarray]:
        square(self.name, a.shape)
        w, v = np.linalg.eigh(a, self.triangle)
        return diagonal_matrix(w, v.dtype), v

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        (gb, gv), (b, v) = g, y
        core = None if gb is None else Inside()(hermitian(gb), b)
        if gv is not None:
            x = _matmul(adjoint(v), gv)
            turn = Coupling("gap")(skew(Settled(self.name, "gap", "skew")(x, x, real_part(diagonal_of(b)))), b)
            core = turn if core is None else core + turn
        return _matmul(_matmul(v, core), adjoint(v))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        b, v = y
        m = _matmul(_matmul(adjoint(v), hermitian(t)), v)
        return Inside()(m, b), _matmul(v, Coupling("gap")(m, b))

    def shape(self, a: Shape) -> tuple[Shape, Shape]:
        return square(self.name, a), a

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


@dataclass(frozen=True)
class Eig(Primitive):
    """Eigenvalues w and eigenvectors v of square matrices; real if all eigenvalues of a real stack are.

    With m = v⁻¹ da v: dw is the diagonal of m, and dv = v (m ∘ 1/(w_j - w_i)), made to keep each vector as LAPACK
    normalises it: its length 1, and its pivot, which is its largest component, real.
    """

    name: ClassVar[str] = "eig"
    outputs = 2

    def forward(self, a: ndarray) -> tuple[ndarray, ndarray]:
        square(self.name, a.shape)
        w, v = np.linalg.eig(a)
        return w, v

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        (gw, gv), (w, v) = g, y
        core = None if gw is None else on_diagonal(gw)
        if gv is not None:
            x = _matmul(adjoint(v), self.unfixed(gv, v))
            turn = conjugate(_gaps(w)) * Settled(self.name, "gap", "off")(x, x, w, *(() if gw is None else (gw,)))
            core = turn if core is None else core + turn
        return Solve(DEFECTIVE)(adjoint(v), _matmul(core, adjoint(v)))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        w, v = y
        m = Solve(DEFECTIVE)(v, _matmul(t, v))
        turn = _gaps(w) * Settled(self.name, "gap", "off", raises=False)(m, m, w)
        return diagonal_of(m), self.fixed(_matmul(v, turn), v)

    def fixed(self, d: Any, v: Any) -> Any:
        """Changes d of the vectors, less what would change their length and the phase of their pivots."""
        along = columns(conjugate(v) * d)
        if v.dtype.kind != "c":
            return d - v * row(along)
        pivots = Pivots()(v) * v
        turn = imaginary_part(columns(conjugate(pivots) * d)) / real_part(columns(conjugate(pivots) * pivots))
        return d - v * row(real_part(along) + 1j * turn)

    def unfixed(self, g: Any, v: Any) -> Any:
        """The transpose of `fixed`."""
        along = columns(conjugate(v) * g)
        if v.dtype.kind != "c":
            return g - v * row(along)
        pivots = Pivots()(v) * v
        turn = imaginary_part(along) / real_part(columns(conjugate(pivots) * pivots))
        return g - v * row(real_part(along)) - pivots * row(1j * turn)

    def shape(self, a: Shape) -> tuple[Shape, Shape]:
        return square(self.name, a)[:-1], a

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


DEFECTIVE = (
    "eig: the matrix is defective, it has less than n independent eigenvectors, and there eigenvalues and eigenvectors have no "
    "derivative. Functions of the matrix itself (expm, matrix_power, det, trace) have one."
)


def columns(x: Any) -> Any:
    """The sum of each column."""
    return _sum((x.ndim - 2,), False)(x)


@dataclass(frozen=True)
class Pivots(Primitive):
    """One in each column of v where its pivot is, zero elsewhere: the largest of its real components, or of all."""

    name: ClassVar[str] = "pivots"
    differentiable: ClassVar[bool] = False

    def forward(self, v: ndarray) -> ndarray:
        square(self.name, v.shape)
        size = np.abs(v)
        real = np.where(v.imag == 0, size, -1.0)
        size = np.where(real.max(axis=-2, keepdims=True, initial=-1.0) > 0, real, size)
        first = np.zeros((*v.shape[:-2], 1, v.shape[-1]), int) if v.size == 0 else size.argmax(axis=-2, keepdims=True)
        return (np.arange(v.shape[-2])[:, None] == first).astype(v.real.dtype)

    def shape(self, v: Shape) -> Shape:
        return square(self.name, v)

    def batched(self, flags: Sequence[bool], v: Any) -> Any:
        return self(v)


# -- what a user calls ---------------------------------------------------------------------------------------

_eig, _frame = Eig(), Frame("eigh", (LEFT,))


class EighResult(NamedTuple):
    """The eigenvalues of Hermitian matrices, ascending, and their eigenvectors, the columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class EigResult(NamedTuple):
    """The eigenvalues of square matrices, in no order, and their eigenvectors, the columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues, ascending, and orthonormal eigenvectors of a Hermitian matrix, or of each of a stack.

    Only the lower triangle of a is read, or with UPLO "U" the upper one, as in NumPy. The gradient is that of the
    Hermitian part of a, and so Hermitian itself.

    The sign of a vector (its phase, if complex) is arbitrary: a function that depends on the phase raises GradientError.
    Where eigenvalues are equal, functions of the values alone have a gradient (see `eigvalsh`), and functions of the vectors
    alone if every basis of the space gives the same value, such as a projector v vᴴ. Other functions raise GradientError; a
    tangent that does not exist is NaN.

    >>> import autograd_core as ac
    >>> a = ac.tensor([[2.0, 1.0], [1.0, 2.0]], requires_grad=True)
    >>> values, vectors = ac.linalg.eigh(a)
    >>> values
    tensor([1., 3.], grad_fn=<part>)
    >>> ac.gradients(values[1], a)
    (tensor([[0.5, 0.5],
           [0.5, 0.5]]),)
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise ValueError(f"eigh: UPLO must be 'L' or 'U', not {UPLO!r}")
    return EighResult(*_frame(*Eigh(UPLO.upper())(wide_enough("eigh", floating(a))))[:2])


def eigvalsh(a: Any, UPLO: str = "L") -> Tensor:
    """The eigenvalues of Hermitian matrices, ascending: those of `eigh`.

    The gradient of λ with vector v is v vᴴ. Where eigenvalues are equal, symmetric functions of them have right derivatives
    to the third order, in all modes: an energy of principal stretches has its stress and its stiffness also where they are
    equal. (A Taylor series has those to the second order, and NaN beyond; a gradient of such a series raises, as does the
    fourth order.) Of a single one of the values the gradient is one of several slopes, and a tangent is the slope along its
    direction; of what is not symmetric second derivatives raise GradientError, and a tangent of a gradient is NaN.

    Values that are not equal but near are told apart, and differences of the gradient are divided by their distance d, relative
    to the largest: rounding by eps leaves an error of eps/d in second derivatives, and of eps/d² in third ones. In float64 that
    is about 1e-10 and 1e-3 at d = 1e-6; nearer, use functions of the matrix itself (inv, expm, det, sum(x * x)).

    >>> import autograd_core as ac
    >>> ac.hessian(lambda x: ac.sum(ac.linalg.eigvalsh(x) ** 2))(ac.eye(2))[0, 1]
    tensor([[0., 1.],
            [1., 0.]])
    """
    return eigh(a, UPLO).eigenvalues


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of a square matrix, or of each of a stack; the vectors have length 1.

    They are complex unless all eigenvalues of a real a are real. A vector is determined up to its phase, which is such that
    its largest component is real, and so is its derivative. GradientError where a matrix is defective. Where eigenvalues
    are equal, as for `eigh`.
    """
    return EigResult(*_eig(wide_enough("eig", floating(a))))


def eigvals(a: Any) -> Tensor:
    """The eigenvalues of square matrices, in no order: those of `eig`."""
    return eig(a).eigenvalues
