"""Linear algebra on stacks of matrices, the last two axes: solve, inv, det; and norm. float16 has none, as in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray
from numpy.linalg import LinAlgError

from ..errors import ShapeError
from ..primitive import OUTPUT, Primitive
from ..tensor import Tensor
from .elementwise import absolute, conj, ratio
from .matmul import _matmul, column, from_column, row, turned
from .reduce import Reduction, _sum, floating
from .reduce import max as largest
from .reduce import min as smallest
from .reduce import sum as total
from .shape import Shape, _reshape, axes_of


def conjugate(x: Any) -> Any:
    """The complex conjugate; a real x as it is."""
    return conj(x) if x.dtype.kind == "c" else x


def adjoint(x: Any) -> Any:
    """Each matrix transposed and conjugated."""
    return turned(conjugate(x))


def square(name: str, a: Shape) -> Shape:
    """The shape of a stack of square matrices, checked."""
    if len(a) < 2 or a[-1] != a[-2]:
        raise ShapeError(f"{name}: needs a square matrix or a stack of them, (..., n, n); given shape {a}")
    return a


def regular(name: str, function: Callable, a: ndarray, *xs: ndarray) -> ndarray:
    """function(a, *xs), with an error that tells which matrix is singular and what to do."""
    try:
        return function(a, *xs)
    except LinAlgError as error:
        square(name, a.shape)
        bad = [tuple(map(int, k)) for k in np.ndindex(a.shape[:-2]) if np.linalg.cond(a[k]) * np.finfo(a.dtype).eps > 1]
        which = f", number {', '.join(map(str, bad[0]))} of the stack," if a.ndim > 2 and bad else ""
        raise LinAlgError(
            f"{name}: a matrix{which} of a, shape {a.shape}, is singular ({error}). Check that its rows are "
            f"independent, or regularise it: {name}(a + 1e-8 * ac.eye({a.shape[-1]}){', b' if xs else ''})."
        ) from None


# -- solve and inv -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Solve(Primitive):
    """The solution y of a y = b: a b with one axis is a vector, any other a stack of matrices."""

    name: ClassVar[str] = "solve"

    def forward(self, a: ndarray, b: ndarray) -> ndarray:
        return regular(self.name, np.linalg.solve, a, b)

    def vjp(self, i: int, g: Any, y: Any, a: Any, b: Any) -> Any:
        """b̄ = solve(aᴴ, g) and ā = -b̄ yᴴ."""
        if b.ndim > 1:
            back = self(adjoint(a), g)
            return back if i == 1 else -_matmul(back, adjoint(y))
        back = self(adjoint(a), column(g))
        return from_column(back) if i == 1 else -(back * row(conjugate(y)))

    def jvp(self, i: int, t: Any, y: Any, a: Any, b: Any) -> Any:
        if i == 0:
            t = -_matmul(t, y if b.ndim > 1 else column(y))
            return self(a, t) if b.ndim > 1 else from_column(self(a, t))
        return self(a, t)

    def shape(self, a: Shape, b: Shape) -> Shape:
        n = square(self.name, a)[-1]
        if not b or b[-2 if len(b) > 1 else 0] != n:
            raise ShapeError(
                f"solve: a of shape {a} needs a b of shape ({n},) or (..., {n}, m); given {b}. "
                "A stack of vectors is a stack of matrices of one column: b[..., None]."
            )
        try:
            return (*np.broadcast_shapes(a[:-2], b[:-2]), *b[-2:])
        except ValueError:
            raise ShapeError(f"solve: the stacks do not broadcast: a has shape {a}, b has shape {b}") from None

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0) if i == 0 else (0,)


@dataclass(frozen=True)
class Inv(Primitive):
    """The inverse y of each matrix: dy = -y da y."""

    name: ClassVar[str] = "inv"

    def forward(self, a: ndarray) -> ndarray:
        return regular(self.name, np.linalg.inv, a)

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        return -_matmul(_matmul(adjoint(y), g), adjoint(y))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        return -_matmul(_matmul(y, t), y)

    def shape(self, a: Shape) -> Shape:
        return square(self.name, a)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)


# -- det ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Det(Primitive):
    """The determinant; its derivative is the matrix of cofactors, also where the matrix is singular."""

    name: ClassVar[str] = "det"

    def forward(self, a: ndarray) -> Any:
        return np.linalg.det(a)

    def vjp(self, i: int, g: Any, y: Any, a: Any) -> Any:
        return _reshape((*g.shape, 1, 1))(g) * conjugate(Cofactor(0)(a))

    def jvp(self, i: int, t: Any, y: Any, a: Any) -> Any:
        return _sum((a.ndim - 2, a.ndim - 1), False)(t * Cofactor(0)(a))

    def shape(self, a: Shape) -> Shape:
        return square(self.name, a)[:-2]

    def uses(self, i: int) -> tuple[int, ...]:
        return (0,)


@dataclass(frozen=True)
class Cofactor(Primitive):
    """The derivative of the matrix of cofactors of a in `order` directions; inputs: a, and the directions.

    It is linear in each direction, and symmetric in them and the cotangent, being the gradient of a derivative of det.
    So each of its rules is one of its own kind, of the same order or the next.
    """

    order: int
    name: ClassVar[str] = "cofactor"

    def forward(self, a: ndarray, *ts: ndarray) -> ndarray:
        return cofactors(a, ts)

    def vjp(self, i: int, g: Any, y: Any, *xs: Any) -> Any:
        return conjugate(self.jvp(i, conjugate(g), y, *xs))

    def jvp(self, i: int, t: Any, y: Any, *xs: Any) -> Any:
        return Cofactor(self.order + 1)(*xs, t) if i == 0 else self(*xs[:i], t, *xs[i + 1 :])

    def shape(self, a: Shape, *ts: Shape) -> Shape:
        return square(self.name, a)

    def uses(self, i: int) -> list[int]:
        return [j for j in range(self.order + 1) if i == 0 or j != i]


def cofactors(a: ndarray, ts: tuple[ndarray, ...]) -> ndarray:
    """The derivative of the cofactors of a in the directions ts, from the singular values: no division, no pivots.

    Cofactors are polynomials of degree n-1 in each direction. From the second direction on, their linear coefficient is
    read off n points on a circle in the complex plane, which is exact up to rounding.
    """
    n = a.shape[-1]
    if len(ts) < 2:
        return by_singular_values(a, *ts)
    *rest, t = ts
    radius = (np.abs(a).max(initial=0) or 1.0) / (np.abs(t).max(initial=0) or 1.0)
    circle = np.exp(2j * np.pi * np.arange(n) / max(n, 1))
    y = sum((cofactors(a + radius * w * t, tuple(rest)) / (n * radius * w) for w in circle), np.zeros_like(a))
    return y if np.result_type(a, *ts).kind == "c" else y.real


def by_singular_values(a: ndarray, t: ndarray | None = None) -> ndarray:
    """The cofactors of a = u s v, or their derivative in direction t. Those of a diagonal matrix are products."""
    u, s, v = np.linalg.svd(a)
    scale = (np.linalg.det(u) * np.linalg.det(v))[..., None, None]
    if t is None:
        return scale * ((u * without_each(s)[..., None, :]) @ v).conj()
    eye = np.eye(a.shape[-1], dtype=bool)
    pairs = without_each(np.where(eye, 1.0, s[..., None, :])) * ~eye
    m = u.conj().swapaxes(-1, -2) @ t @ v.conj().swapaxes(-1, -2)
    on = np.einsum("...ij,...jj->...i", pairs, m)
    core = np.where(eye, on[..., None], -pairs * m.swapaxes(-1, -2))
    return scale * (u.conj() @ core @ v.conj())


def without_each(s: ndarray) -> ndarray:
    """For each element of the last axis the product of all others, without division."""
    return np.where(np.eye(s.shape[-1], dtype=bool), 1.0, s[..., None, :]).prod(axis=-1)


# -- norm --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Norm(Reduction):
    """The square root of the sum of |x|² over axes, scaled so that no square overflows or vanishes."""

    name: ClassVar[str] = "norm"

    def forward(self, x: ndarray) -> Any:
        size = np.max(np.abs(x), axis=self.axes, keepdims=True, initial=0.0)
        scale = np.where((size > 0) & np.isfinite(size), size, np.ones((), size.dtype))
        y = scale * np.sqrt(np.sum(np.square(np.abs(x / scale)), axis=self.axes, keepdims=True))
        return y if self.keepdims else y.reshape(self.shape(x.shape))

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return self.keep(g, x) * self.direction(y, x)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return _sum(self.axes, self.keepdims)(conjugate(self.direction(y, x)) * t)

    def direction(self, y: Any, x: Any) -> Any:
        """x/|x|, and 0 at 0."""
        return ratio(x, self.keep(y, x))

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)


# -- what a user calls -------------------------------------------------------------------------------------

_solve, _inv, _det = Solve(), Inv(), Det()


def solve(a: Any, b: Any) -> Tensor:
    """The solution y of the linear equations a y = b, for each matrix of a stack; the stacks broadcast.

    A b of one axis is a vector (n,), any other a stack of matrices (..., n, m), as in NumPy 2.
    Raises numpy.linalg.LinAlgError if a matrix is singular, ShapeError if the shapes do not fit.

    >>> import autograd_core as ac
    >>> ac.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    tensor([1. , 0.5])
    """
    return _solve(floating(a), floating(b))


def inv(a: Any) -> Tensor:
    """The inverse of each matrix of a stack. To solve equations use `solve`, which is quicker and more precise.

    Raises numpy.linalg.LinAlgError if a matrix is singular.
    """
    return _inv(floating(a))


def det(a: Any) -> Tensor:
    """The determinant of each matrix of a stack; derivatives of all orders are right at singular matrices too.

    >>> import autograd_core as ac
    >>> ac.grad(ac.linalg.det)(ac.tensor([[1.0, 2.0], [2.0, 4.0]])).round(12)
    tensor([[ 4., -2.],
            [-2.,  1.]])
    """
    return _det(floating(a))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The length of vectors, √Σ|x|², or the Frobenius norm of matrices; derivative 0 at 0.

    Without `axis` it is that of all elements; one axis makes vectors, two make matrices. `ord` may be 2 or None, 1 (the
    sum of |x|), inf or -inf (the largest or smallest |x|) for vectors, "fro" or None for matrices.
    """
    x = floating(x)
    axes = tuple(range(x.ndim)) if axis is None else axes_of("norm", axis, x.ndim)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return Norm(axes, keepdims)(x)
    reductions: dict[Any, Callable] = {1: total, math.inf: largest, -math.inf: smallest}
    if ord not in reductions or len(axes) != 1:
        raise ShapeError(
            f"norm: ord={ord!r} over {len(axes)} axes of shape {x.shape} is not known. Vectors (one axis) have "
            'None, 2, 1, inf and -inf; matrices (two axes) have None and "fro".'
        )
    return reductions[ord](absolute.public(x), axis=axes, keepdims=keepdims)
