"""The singular value decomposition. On equal singular values and zeros see `gauge`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy import ndarray

from ..batch import everywhere
from ..errors import ShapeError
from ..primitive import OUTPUT, Primitive
from ..tensor import Tensor
from .elementwise import absolute, less
from .gauge import Quotients, Settled, without_turn
from .index import take_along_axis
from .join import Concatenate, narrow
from .linalg import adjoint, conjugate, hermitian, matrices, on_diagonal, real_part, skew, wide_enough
from .matmul import _matmul, column, row
from .reduction import floating
from .select import _where
from .shape import Shape
from .slopes import Slopes, WithinGroups
from .sort import Order
from .spectral import columns, eigh, present

_gaps, _sums, _inverses = Quotients("gap"), Quotients("sum"), Quotients("value")


@dataclass(frozen=True)
class Svd(Primitive):
    """Orthonormal columns u and rows vᴴ, and singular values s, descending, with a = u diag(s) vᴴ; `full`: square u and v.

    With p = uᴴ da v, h and k its Hermitian and skew parts, and e, d the matrices of 1/(s_j - s_i), 1/(s_j + s_i):
    ds is the diagonal of h (on equal values see `slopes`), du = u (e ∘ h + d ∘ k) and dv = v (e ∘ h - d ∘ k), and what of
    da v/s and daᴴ u/s lies outside of the spaces of u and v. Columns that complete u turn against it: du₂ = -u duᴴ u₂.
    """

    full: bool = False
    name: ClassVar[str] = "svd"
    outputs = 3

    def forward(self, a: ndarray) -> tuple[ndarray, ndarray, ndarray]:
        u, s, vh = np.linalg.svd(a, full_matrices=self.full)
        return u, s, vh

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        (gu, gs, gv), (u, s, vh) = g, y
        v, gv = adjoint(vh), None if gv is None else adjoint(gv)
        of_values = None if gs is None else _from_singular_values(a, leading(u, s), s, adjoint(leading(v, s)), gs)
        if gu is None and gv is None:
            return of_values
        (x, outer_u), (z, outer_v) = self.split(u, gu, s), self.split(v, gv, s)
        u, v = leading(u, s), leading(v, s)
        both, differ = (z, -z) if x is None else (x, x) if z is None else (x + z, x - z)
        core = _gaps(s) * skew(Settled(self.name, "gap", "skew")(both, s, *present(gs)))
        core = core + _sums(s) * Settled(self.name, "sum", "all")(skew(differ), s)
        c = _matmul(u, core)
        if outer_u is not None:
            c = c + outer_u
        c = _matmul(c, adjoint(v))
        if outer_v is not None:
            c = c + _matmul(u, adjoint(outer_v))
        return c if of_values is None else of_values + c

    def split(self, u: Any, g: Any, s: Any) -> tuple[Any, Any]:
        """The cotangent of the vectors u in their own space, uᴴ g, and what of it is outside, divided by s."""
        if g is None:
            return None, None
        k, m = s.shape[-1], u.shape[-2]
        first, gi = leading(u, s), leading(g, s)
        inside = _matmul(adjoint(first), gi)
        if m == k:
            return inside, None
        outside = gi - _matmul(first, inside)
        if self.full:
            rest, gr = (narrow(x, x.ndim - 1, k, m) for x in (u, g))
            outside = outside - _matmul(rest, _matmul(adjoint(without_turn(self.name, rest, gr)), first))
        return inside, Settled(self.name, "value", "all")(outside, s) * _inverses(s)

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        u, s, vh = y
        v = adjoint(vh)
        first, second = leading(u, s), leading(v, s)
        forth, back = _matmul(t, second), _matmul(adjoint(t), first)
        p = _matmul(adjoint(first), forth)
        m = hermitian(p)
        h = _gaps(s) * Settled(self.name, "gap", "off", False)(m, s)
        k = _sums(s) * Settled(self.name, "sum", "all", False)(skew(p), s)
        du = self.joined(u, first, h + k, forth - _matmul(first, p), s)
        dv = self.joined(v, second, h - k, back - _matmul(second, adjoint(p)), s)
        return du, Slopes(descending=True)(m, s), adjoint(dv)

    def joined(self, u: Any, first: Any, turn: Any, outside: Any, s: Any) -> Any:
        """The tangent of the vectors u from that within the space of the first ones, and what of da v is outside of it."""
        d = _matmul(first, turn)
        if u.shape[-2] == s.shape[-1]:
            return d
        d = d + Settled(self.name, "value", "all", False)(outside, s) * _inverses(s)
        if not self.full:
            return d
        rest = narrow(u, u.ndim - 1, s.shape[-1], u.shape[-1])
        return side_by_side(d, -_matmul(first, _matmul(adjoint(d), rest)))

    def shape(self, a: Shape) -> tuple[Shape, Shape, Shape]:
        *stack, m, n = matrices(self.name, a)
        k = min(m, n)
        sides = (m, n) if self.full else (k, k)
        return (*stack, m, sides[0]), (*stack, k), (*stack, sides[1], n)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def batched(self, flags: Sequence[bool], a: Any) -> Any:
        return self(a)


@dataclass(frozen=True)
class FromSingularValues(Primitive):
    """The matrix u diag(g) vᴴ for singular values s and vectors u, vᴴ of a, and any g; inputs: a, u, s, vᴴ, g.

    As a gradient by a, it must know how it changes with a also where singular values are equal. So in forward mode its
    change is told by that of a, and those of u, s and vᴴ, which follow from it, count for nothing.
    """

    name: ClassVar[str] = "from_singular_values"

    def forward(self, a: ndarray, u: ndarray, s: ndarray, vh: ndarray, g: ndarray) -> ndarray:
        a = np.asarray(a)
        self.shape(a.shape, u.shape, s.shape, vh.shape, g.shape)
        return ((u * g[..., None, :]) @ vh).astype(a.dtype, copy=False)

    def vjp(self, i: int, c: Any, y: Any, a: Any, u: Any, s: Any, vh: Any, g: Any) -> Any:
        if i in (0, 2):
            return None
        if i == 3:
            return _matmul(adjoint(u * row(g)), c)
        back = _matmul(c, adjoint(vh))
        return back * row(g) if i == 1 else real_part(columns(conjugate(u) * back))

    def jvp(self, i: int, t: Any, y: Any, *xs: Any) -> Any:
        return self.pushforward([t if k == i else None for k in range(5)], y, *xs)

    def pushforward(self, tangents: Sequence[Any], y: Any, a: Any, u: Any, s: Any, vh: Any, g: Any) -> Any:
        ta, *_, tg = tangents
        if ta is None:
            return None if tg is None else _matmul(u * row(tg), vh)
        v, none = adjoint(vh), np.zeros(s.shape, s.dtype)
        forth, back = _matmul(ta, v), _matmul(adjoint(ta), u)
        p = _matmul(adjoint(u), forth)
        h, k = hermitian(p), Settled("svd", "sum", "all", False)(skew(p), s)
        core = _gaps(s) * (row(g) - column(g)) * h + _sums(s) * (row(g) + column(g)) * k
        core = core + WithinGroups(descending=True)(h, s, g, none if tg is None else tg)
        change = _matmul(u, core if tg is None else core + on_diagonal(tg))
        if u.shape[-2] > s.shape[-1]:
            change = change + self.outside(forth - _matmul(u, p), s, g)
        change = _matmul(change, vh)
        if v.shape[-2] > s.shape[-1]:
            change = change + _matmul(u, adjoint(self.outside(back - _matmul(v, adjoint(p)), s, g)))
        return change

    def outside(self, d: Any, s: Any, g: Any) -> Any:
        """How the vectors turn out of their space, each times its element of g."""
        return Settled("svd", "value", "all", False)(d, s) * _inverses(s) * row(g)

    def shape(self, a: Shape, u: Shape, s: Shape, vh: Shape, g: Shape) -> Shape:
        *stack, m, n = matrices(self.name, a)
        k = min(m, n)
        if (u, s, vh, g) != ((*stack, m, k), (*stack, k), (*stack, k, n), (*stack, k)):
            raise ShapeError(f"from_singular_values: factors {u}, {s}, {vh} and values {g} do not belong to shape {a}")
        return a

    def uses(self, i: int) -> tuple[int, ...]:
        return ((1, 2, 3, 4), (3, 4), (), (1, 4), (1, 3))[i]

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*everywhere(flags, xs))


_from_singular_values = FromSingularValues()


def leading(u: Any, s: Any) -> Any:
    """The vectors that belong to singular values."""
    return narrow(u, u.ndim - 1, 0, s.shape[-1])


def side_by_side(x: Any, z: Any) -> Any:
    """The columns of x and those of z."""
    return Concatenate(x.ndim - 1, (x.shape[-1], z.shape[-1]))(x, z)


# -- what a user calls ---------------------------------------------------------------------------------------


class SVDResult(NamedTuple):
    """Orthonormal columns U and rows Vh, and the singular values S, descending, of a = U diag(S) Vh."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Orthonormal columns U and rows Vh, and singular values S, descending, with a = U diag(S) Vh, for each matrix.

    With `full_matrices` U and Vh are square; without `compute_uv` it is S alone. A `hermitian` a is read in its lower
    triangle and goes through `eigh`.

    The sign of a pair of vectors (its phase, if complex) is arbitrary: a function that depends on the phase raises
    GradientError. Where singular values are equal, functions of the values alone have a gradient (symmetric ones a right
    one), and functions of the vectors alone if every basis gives the same value, such as the polar factor U Vh. Other
    functions raise GradientError; a tangent that does not exist is NaN. Symmetric functions of the values have right second
    derivatives there as for `eigvalsh`. The gradient of a singular value 0 is u vᴴ, one of its slopes.

    >>> import autograd_core as ac
    >>> ac.linalg.svd([[3.0, 0.0], [0.0, -4.0]], compute_uv=False)
    tensor([4., 3.])
    """
    a = wide_enough("svd", floating(a))
    if hermitian:
        return by_eigh(a) if compute_uv else by_eigh(a).S
    y = SVDResult(*Svd(bool(full_matrices) and bool(compute_uv))(a))
    return y if compute_uv else y.S


def by_eigh(a: Tensor) -> SVDResult:
    """The singular value decomposition of Hermitian matrices from their eigenvalues: S = |w|."""
    w, v = eigh(a)
    order = Order(w.ndim - 1)(-absolute(w))
    w, v = take_along_axis(w, order, -1), take_along_axis(v, row(order), -1)
    one = np.ones((), w.dtype)
    return SVDResult(v, absolute(w), adjoint(v * row(_where(less(w, 0.0), -one, one))))


def svdvals(x: Any) -> Tensor:
    """The singular values of each matrix, descending: those of `svd`."""
    return svd(x, compute_uv=False)
