"""The pseudo-inverse, and what it solves: least squares. Ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import everywhere
from ..errors import ShapeError
from ..graph import recorder
from ..primitive import OUTPUT, AsType, Primitive
from ..tensor import Tensor, as_tensor
from .elementwise import absolute, greater, not_equal
from .join import narrow
from .linalg import adjoint, matrices, square, wide_enough
from .linalg import hermitian as hermitian_part
from .matmul import _matmul
from .reduce import _max, _sum, any, count_nonzero
from .reduction import floating
from .shape import Shape, _reshape
from .spectral import eigvalsh
from .svd import svdvals


@dataclass(frozen=True)
class Pinv(Primitive):
    """The pseudo-inverse y of a matrix a with at least as many rows as columns, for a fixed rank; and the cutoff rcond.

    Singular values up to rcond times the largest count as 0. The derivative is that among matrices of the same rank
    (Golub and Pereyra, 1973): dy = -y da y + y yᴴ daᴴ (1 - a y) + (1 - y a) daᴴ yᴴ y.
    """

    name: ClassVar[str] = "pinv"

    def forward(self, a: ndarray, rcond: Any) -> ndarray:
        self.shape(a.shape, np.shape(rcond))
        return np.linalg.pinv(a, rcond)

    def vjp(self, i: int, g: Any, y: Any, a: Any, rcond: Any) -> Any:
        if i == 1:
            return None
        h = adjoint(g)
        inner = _matmul(y, h)
        left = _matmul(h - _matmul(a, inner), _matmul(y, adjoint(y)))
        right = inner - _matmul(_matmul(inner, y), a) - _matmul(g, adjoint(y))
        return left + _matmul(adjoint(y), right)

    def jvp(self, i: int, t: Any, y: Any, a: Any, rcond: Any) -> Any:
        if i == 1:
            return None
        h, inner = adjoint(t), _matmul(y, t)
        left = _matmul(_matmul(y, adjoint(y)), h - _matmul(_matmul(h, a), y))
        back = adjoint(inner)
        return left + _matmul(back - _matmul(_matmul(y, a), back) - inner, y)

    def shape(self, a: Shape, rcond: Shape) -> Shape:
        *stack, m, n = matrices(self.name, a)
        if m < n:
            raise ShapeError(f"pinv: at least as many rows as columns needed; given shape {a}")
        if len(np.broadcast_shapes(tuple(stack), rcond)) > len(stack):
            raise ShapeError(f"pinv: rcond is a number, or one for each matrix of {a}; given shape {rcond}")
        return (*stack, n, m)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0) if i == 0 else ()

    def batched(self, flags: Sequence[bool], a: Any, rcond: Any) -> Any:
        a, rcond = everywhere(flags, (a, rcond))
        return self(a, _reshape((*rcond.shape[:1], *(1,) * (a.ndim - 2 - rcond.ndim), *rcond.shape[1:]))(rcond))


# -- what a user calls ---------------------------------------------------------------------------------------

_pinv = Pinv()


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:
    """The pseudo-inverse of each matrix: of the inverses that a has, on its range, the shortest.

    Singular values up to `rcond` (or `rtol`) times the largest count as 0; the default is 1e-15 as in NumPy. The derivative
    is taken for a fixed rank: if singular values are cut off, it is right only along changes of a that keep the rank, and
    along others there is none. Of a `hermitian` a the Hermitian part is taken.

    >>> import autograd_core as ac
    >>> ac.linalg.pinv([[2.0, 0.0], [0.0, 0.0]])
    tensor([[0.5, 0. ],
            [0. , 0. ]])
    """
    if rcond is not None and rtol is not None:
        raise ValueError("pinv: rcond and rtol are the same number: give one of them")
    a = wide_enough("pinv", floating(a))
    m, n = matrices("pinv", a.shape)[-2:]
    if hermitian:
        square("pinv", a.shape)
        a = hermitian_part(a)
    limit = as_tensor(1e-15 if rcond is None and rtol is None else rtol if rcond is None else rcond)
    return _pinv(a, limit) if m >= n else adjoint(_pinv(adjoint(a), limit))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Tensor, Tensor, Any, Tensor]:
    """Least squares: (x, residuals, rank, s) with the shortest x of all that make |b - a x| smallest.

    b is a vector or a matrix of columns. Singular values s of a up to `rcond` times the largest count as 0 (default:
    machine precision times the larger side of a). `residuals` are the squares |b - a x|², one a column, and empty unless
    a has full rank and more rows than columns, as in NumPy. The derivative is that of pinv(a) @ b: where a has not full
    rank, right along changes that keep the rank. Within vmap the rank is a Tensor, and the residuals are never left out.

    >>> import autograd_core as ac
    >>> x, residuals, rank, s = ac.linalg.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 2.0, 3.0])
    >>> x.round(12), rank
    (tensor([1., 1.]), 2)
    """
    a, b = (wide_enough("lstsq", floating(x)) for x in (a, b))
    if a.ndim != 2 or b.ndim not in (1, 2) or b.shape[0] != a.shape[0]:
        raise ShapeError(f"lstsq: needs a matrix a (m, n) and b of shape (m,) or (m, k); given {a.shape} and {b.shape}")
    m, n = a.shape
    eps = float(np.finfo(np.result_type(a.dtype, b.dtype)).eps)
    rcond = max(m, n) * eps if rcond is None else eps if rcond < 0 else float(rcond)
    x = _matmul(pinv(a, rcond), b)
    s = svdvals(a)
    rank = rank_from(s, rcond)
    seen = recorder() is None  # else it may differ from one example to the next
    d = absolute(b - _matmul(a, x))
    squares = _sum((0,), b.ndim == 1)(d * d)
    if m <= n or (seen and int(rank) < n):
        squares = narrow(squares, 0, 0, 0)
    return x, squares, int(rank) if seen else rank, s


def rank_from(s: Tensor, rtol: Any) -> Tensor:
    """How many of the singular values are larger than rtol times the largest."""
    return count_nonzero(greater(s, _max((s.ndim - 1,), True)(s) * rtol) if s.shape[-1] else s, axis=-1)


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Tensor:
    """The rank of each matrix: how many singular values are larger than `tol`, or `rtol` times the largest.

    Without both, rtol is machine precision times the larger side. A number, or a vector, has rank 0 if it is 0, else 1.
    A whole number, without a gradient.
    """
    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank: tol and rtol both say what counts as zero: give one of them")
    a = floating(A)
    if a.ndim < 2:
        return AsType(np.dtype(np.intp))(any(not_equal(a, 0.0)))
    a = wide_enough("matrix_rank", a)
    s = absolute(eigvalsh(a)) if hermitian else svdvals(a)
    if tol is not None:
        limit = as_tensor(tol)
        return count_nonzero(greater(s, _reshape((*limit.shape, 1))(limit)), axis=-1)
    limit = as_tensor(max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) if rtol is None else rtol)
    return rank_from(s, _reshape((*limit.shape, 1))(limit))
