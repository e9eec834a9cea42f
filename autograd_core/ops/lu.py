"""The factorisation p l u of any matrix by elimination with exchange of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..errors import ShapeError, require
from ..primitive import OUTPUT, Primitive
from ..tensor import Tensor
from .factor import SolveTriangular
from .join import concatenate, narrow
from .linalg import adjoint, lower, matrices, square, upper, wide_enough
from .matmul import _matmul, turned
from .reduction import floating
from .shape import Shape


def eliminated(a: ndarray, index: int) -> ndarray:
    """One of the factors p, l, u of each raw matrix of a stack, by SciPy."""
    m, n = a.shape[-2:]
    k = min(m, n)
    if a.size == 0:
        return np.zeros([(*a.shape[:-1], m), (*a.shape[:-1], k), (*a.shape[:-2], k, n)][index])
    factors = require("scipy.linalg", extra="all").lu
    y = np.stack([factors(x)[index] for x in a.reshape(-1, m, n)])
    return y.reshape(*a.shape[:-2], *y.shape[1:])


@dataclass(frozen=True)
class RowExchange(Primitive):
    """The permutation matrix p for which elimination of pᵀ a always divides by the largest element of a column."""

    name: ClassVar[str] = "row_exchange"
    differentiable: ClassVar[bool] = False

    def forward(self, a: ndarray) -> ndarray:
        matrices(self.name, a.shape)
        return eliminated(a, 0).real.astype(a.real.dtype, copy=False)

    def shape(self, a: Shape) -> Shape:
        matrices(self.name, a)
        return (*a[:-1], a[-2])

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


@dataclass(frozen=True)
class Lu(Primitive):
    """The unit lower triangle l and the upper triangle u with l u = a, for square a whose rows need no exchange.

    With f = l⁻¹ da u⁻¹: dl is l times the lower triangle of f without the diagonal, du the rest of f times u.
    """

    name: ClassVar[str] = "lu"
    outputs = 2

    def forward(self, a: ndarray) -> tuple[ndarray, ndarray]:
        square(self.name, a.shape)
        return eliminated(a, 1).astype(a.dtype, copy=False), eliminated(a, 2).astype(a.dtype, copy=False)

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        (gl, gu), (low, u) = g, y
        parts = [] if gl is None else [lower(_matmul(adjoint(low), gl), -1)]
        parts += [] if gu is None else [upper(_matmul(gu, adjoint(u)))]
        c = SolveTriangular(SINGULAR)(adjoint(low), parts[0] if len(parts) == 1 else parts[0] + parts[1])
        return adjoint(SolveTriangular(SINGULAR)(u, adjoint(c)))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        low, u = y
        c = SolveTriangular(SINGULAR, lower=True)(low, t)
        f = adjoint(SolveTriangular(SINGULAR, lower=True)(adjoint(u), adjoint(c)))
        return _matmul(low, lower(f, -1)), _matmul(upper(f), u)

    def shape(self, a: Shape) -> tuple[Shape, Shape]:
        return square(self.name, a), a

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


SINGULAR = (
    "lu: u is singular, and there l and u have no derivative: the leading rows or columns of a are dependent. Use qr, svd, "
    "det or pinv, which have derivatives there."
)
_lu = Lu()


def lu(a: Any, permute_l: bool = False) -> tuple[Tensor, ...]:
    """A permutation p, a unit lower triangle l and an upper triangle u with p l u = a, for each matrix of a stack.

    With `permute_l` the two factors p l and u. The permutation is constant, and the derivative is that for fixed rows.
    SciPy's function; needs SciPy. GradientError where u is singular, for more rows than columns also for the values.

    >>> import autograd_core as ac
    >>> p, l, u = ac.linalg.lu([[1.0, 2.0], [2.0, 2.0]])
    >>> l, u
    (tensor([[1. , 0. ],
            [0.5, 1. ]]), tensor([[2., 2.],
            [0., 1.]]))
    """
    a = wide_enough("lu", floating(a))
    m, n = matrices("lu", a.shape)[-2:]
    if 0 in a.shape:
        raise ShapeError(f"lu: an empty matrix has no factors; given shape {a.shape}")
    p, k, axis = RowExchange()(a), min(m, n), a.ndim - 1
    rows = _matmul(turned(p), a)
    low, u = _lu(narrow(narrow(rows, axis, 0, k), axis - 1, 0, k))
    if m > n:
        rest = adjoint(narrow(rows, axis - 1, n, m))
        low = concatenate([low, adjoint(SolveTriangular(SINGULAR, lower=True)(adjoint(u), rest))], axis - 1)
    elif m < n:
        u = concatenate([u, SolveTriangular(lower=True)(low, narrow(rows, axis, m, n))], axis)
    return (_matmul(p, low), u) if permute_l else (p, low, u)
