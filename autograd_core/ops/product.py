
"""Products and running sums: prod, cumsum, cumprod.

The derivative of a product is a product of the other factors. The rules form it by multiplications alone and never
divide, so they are right where factors are zero, and so are their own derivatives, to any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..errors import ShapeError
from ..linear import Linear
from ..primitive import OUTPUT, Primitive
from ..tensor import Tensor
from .elementwise import conj
from .join import Concatenate, Stack, narrow
from .reduce import Reduction, _sum, cast, count, reduced_axes
from .shape import Axis, Flip, Shape, _reshape, _transpose, axes_of, ravel


@dataclass(frozen=True)
class Prod(Reduction):
    """The product over `axes`. Its derivative is the product of the other elements, which is right with zeros too."""

    name: ClassVar[str] = "prod"
    ufunc: ClassVar[np.ufunc] = np.multiply

    def uses(self, i: int) -> tuple[int, ...]:
        return (0,)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        others = self.others(x)
        if others is None:
            return self.spread(g, x)
        return self.keep(g, x) * (conj(others) if g.dtype.kind == "c" else others)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        others = self.others(x)
        return _sum(self.axes, self.keepdims)(t if others is None else t * others)

    def others(self, x: Any) -> Any:
        """For each element the product of those that are reduced together with it; None where there are none."""
        n = count(x.shape, self.axes)
        if n < 2:
            return None
        axes = tuple(range(x.ndim)) if self.axes is None else self.axes
        order = _transpose((*axes, *(a for a in range(x.ndim) if a not in axes)))
        front = order(x)
        flat = _reshape((n, *front.shape[len(axes) :]))(front)
        return _transpose(order.inverse)(_reshape(front.shape)(product_of_others(flat)))


def product_of_others(x: Any) -> Any:
    """For each of at least two elements along axis 0 the product of all others, by multiplications alone.

    The elements are multiplied in pairs, (a_k, b_k); the product of all but a_k is b_k times that of the other pairs.
    """
    n = x.shape[0]
    half = n // 2
    a, b = narrow(x, 0, 0, half), narrow(x, 0, half, 2 * half)
    if n == 2:
        return _join(0, (1, 1))(b, a)
    rest = [narrow(x, 0, n - 1, n)] if n % 2 else []
    pairs = _join(0, (half, *(1 for _ in rest)))(a * b, *rest)
    others = product_of_others(pairs)
    inner = narrow(others, 0, 0, half)
    last = [narrow(others, 0, half, half + 1)] if rest else []
    return _join(0, (half, half, *(1 for _ in last)))(inner * b, inner * a, *last)


# -- running sums and products -----------------------------------------------------------------------------


@dataclass(frozen=True)
class CumSum(Linear):
    """The sum of all elements up to each one along `axis`, or from each one on if `backward`."""

    axis: int
    backward: bool = False
    name: ClassVar[str] = "cumsum"

    def forward(self, x: Any) -> ndarray:
        if not self.backward:
            return np.add.accumulate(x, self.axis)
        flip = Flip((self.axis,)).forward
        return flip(np.add.accumulate(flip(x), self.axis))

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return CumSum(self.axis, not self.backward)(g)

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axis, len(x))
        return x


@dataclass(frozen=True)
class CumProd(Primitive):
    """The product of all elements up to each one along `axis`.

    With E_k the product of all before x_k, a tangent t makes the linear recurrence ẏ_k = x_k ẏ_(k-1) + E_k t_k, and a
    cotangent g its transpose, r_k = g_k + x_(k+1) r_(k+1), times E_k.
    """

    axis: int
    name: ClassVar[str] = "cumprod"

    def forward(self, x: Any) -> ndarray:
        return np.multiply.accumulate(x, self.axis)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        if g.dtype.kind == "c":
            x, y = conj(x), conj(y)
        n, turn, flip = x.shape[self.axis], self.to_front(x), _flip((0,))
        x, y, g = turn(x), turn(y), turn(g)
        after = _join(0, (n - 1, 1))(narrow(x, 0, 1, n), narrow(x, 0, 0, 1)) if n > 1 else x
        return turn(flip(recurrence(flip(after), flip(g))) * before(y))

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        turn = self.to_front(x)
        return turn(recurrence(turn(x), turn(t) * before(turn(y))))

    def to_front(self, x: Any) -> Any:
        """The op that exchanges `axis` with axis 0; it undoes itself."""
        order = list(range(x.ndim))
        order[0], order[self.axis] = self.axis, 0
        return _transpose(tuple(order))

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axis, len(x))
        return x


def before(y: Any) -> Any:
    """The running product before each element along axis 0: y moved on by one, with 1 in front."""
    n, one = y.shape[0], np.ones((1, *y.shape[1:]), y.dtype)
    return _join(0, (1, n - 1))(one, narrow(y, 0, 0, n - 1)) if n > 1 else one[:n]


def recurrence(a: Any, b: Any) -> Any:
    """The solution of y_k = a_k y_(k-1) + b_k along axis 0, with nothing before the first: a_0 counts for nothing.

    Two steps make one of the same form, so that the elements with odd numbers are a recurrence of half the length.
    """
    n = b.shape[0]
    if n < 2:
        return b
    half = n // 2
    a0, a1 = _even_odd(narrow(a, 0, 0, 2 * half))
    b0, b1 = _even_odd(narrow(b, 0, 0, 2 * half))
    odd = recurrence(a0 * a1, a1 * b0 + b1)
    later = narrow(a0, 0, 1, half) * narrow(odd, 0, 0, half - 1) + narrow(b0, 0, 1, half)
    even = _join(0, (1, half - 1))(narrow(b0, 0, 0, 1), later)
    y = _reshape((2 * half, *b.shape[1:]))(Stack(1, 2)(even, odd))
    if n % 2 == 0:
        return y
    last = narrow(a, 0, n - 1, n) * narrow(odd, 0, half - 1, half) + narrow(b, 0, n - 1, n)
    return _join(0, (n - 1, 1))(y, last)


def _even_odd(x: Any) -> tuple[Any, Any]:
    """The elements with even and those with odd numbers along axis 0."""
    half, rest = x.shape[0] // 2, x.shape[1:]
    pairs, one = _reshape((half, 2, *rest))(x), _reshape((half, *rest))
    return one(narrow(pairs, 1, 0, 1)), one(narrow(pairs, 1, 1, 2))


# -- for users: any input becomes a Tensor; NumPy's names and meaning ---------------------------------------

_join = lru_cache(maxsize=1024)(Concatenate)
_flip = lru_cache(maxsize=1024)(Flip)
_prod = lru_cache(maxsize=1024)(Prod)


def prod(x: Any, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False) -> Tensor:
    """The product of the elements along `axis`; of nothing 1. Its derivatives are right where elements are 0.

    >>> import autograd_core as ac
    >>> ac.grad(prod)(ac.tensor([0.0, 2.0, 3.0]))
    tensor([6., 0., 0.])
    """
    x = cast("prod", x, dtype)
    return _prod(reduced_axes("prod", axis, x.ndim), bool(keepdims))(x)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The sum of all elements up to each one along `axis`, or of the flattened array."""
    x, axis = _line("cumsum", cast("cumsum", x, dtype), axis)
    return CumSum(axis)(x)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The product of all elements up to each one along `axis`, or of the flattened array; right where one is 0."""
    x, axis = _line("cumprod", cast("cumprod", x, dtype), axis)
    return CumProd(axis)(x)


def _line(name: str, x: Any, axis: int | None) -> tuple[Tensor, int]:
    if axis is None or (x.ndim == 0 and axis in (0, -1)):
        return ravel(x), 0
    if isinstance(axis, (tuple, list)):
        raise ShapeError(f"{name}: axis must be one number or None, not {axis}")
    return x, axes_of(name, axis, x.ndim)[0]
