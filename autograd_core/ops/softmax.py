"""logsumexp, softmax, log_softmax and logcumsumexp: without overflow, and without NaN where values are infinite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import aligned, everywhere, later
from ..broadcast import broadcast_shape
from ..errors import DTypeError
from ..primitive import OUTPUT, Primitive
from ..table import comparison, conjugate, elementwise
from ..tensor import Tensor, as_tensor
from .elementwise import absolute, difference, exp, inverse_or_zero, sigmoid, sign
from .kernels import quiet
from .product import before, line, recurrence, recurrence_back, to_front
from .reduce import _sum
from .reduction import Axes, Reduction, floating, kept_shape, reduced_axes
from .select import _where
from .shape import Axis, Shape, _broadcast, _reshape, axes_of


def _top(x: Any, axes: Axes) -> Any:
    """The largest real part over `axes`, kept at length 1; -∞ if there are no elements."""
    return np.maximum.reduce(x.real if x.dtype.kind == "c" else x, axis=axes, keepdims=True, initial=-np.inf)


def _finite(top: Any) -> Any:
    """What a stable formula subtracts from x: nothing where the largest element is infinite or NaN."""
    return np.where(np.isfinite(top), top, np.zeros((), top.dtype))


@dataclass(frozen=True)
class LogSumExp(Reduction):
    """log(Σ exp(x)) over `axes`, without overflow."""

    name: ClassVar[str] = "logsumexp"
    analytic: ClassVar[bool] = True

    def forward(self, x: Any) -> Any:
        top = _top(x, self.axes)
        y = self.below(x, top) if np.isfinite(top).all() else quiet(self.below)(x, _finite(top))
        return y if self.keepdims else y.reshape(self.shape(x.shape))

    def below(self, x: Any, top: Any) -> Any:
        """The value, if no x is larger than top."""
        return np.log(np.add.reduce(np.exp(x - top), axis=self.axes, keepdims=True)) + top

    def uses(self, i: int) -> tuple[int, ...]:
        return (0,)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        s = _softmax(self.axes)(x)
        return self.keep(g, x) * conjugate(s)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return _sum(self.axes, self.keepdims)(_softmax(self.axes)(x) * t)


@dataclass(frozen=True)
class Normalised(Primitive):
    """What Softmax and LogSoftmax share: the axes over which the weights add up to 1; their rules read the output."""

    axes: Axes = None

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def shape(self, x: Shape) -> Shape:
        if self.axes is not None:
            axes_of(self.name, self.axes, len(x))
        return x

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        return type(self)(tuple(range(1, x.ndim)) if self.axes is None else later(self.axes))(x)


@dataclass(frozen=True)
class Softmax(Normalised):
    """exp(x) / Σ exp(x) over `axes`: 0 where all x are -∞; several +∞ share the weight equally."""

    name: ClassVar[str] = "softmax"
    analytic: ClassVar[bool] = True

    def forward(self, x: Any) -> Any:
        top = _top(x, self.axes)
        if not np.isfinite(top).all():
            return self.beyond(x, top)
        e = np.exp(x - top)
        return e / np.add.reduce(e, axis=self.axes, keepdims=True)

    @quiet
    def beyond(self, x: Any, top: Any) -> Any:
        """The weights where some of the largest x are infinite or NaN."""
        e = np.exp(x - _finite(top))
        if (infinite := top == np.inf).any():
            e = np.where(infinite, (x == np.inf).astype(e.dtype), e)
        total = np.add.reduce(e, axis=self.axes, keepdims=True)
        return e / np.where(total == 0, np.ones((), total.dtype), total)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        s = conjugate(y)
        return s * (g - _sum(self.axes, True)(s * g))

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return y * (t - _sum(self.axes, True)(y * t))


@dataclass(frozen=True)
class LogSoftmax(Normalised):
    """The logarithm of the softmax over `axes`, without cancellation: -∞ where the softmax is 0."""

    name: ClassVar[str] = "log_softmax"
    analytic: ClassVar[bool] = True

    @quiet
    def forward(self, x: Any) -> Any:
        top = _top(x, self.axes)
        low = x - _finite(top)
        y = low - np.log(np.add.reduce(np.exp(low), axis=self.axes, keepdims=True))
        if np.isfinite(top).all():
            return y
        return np.where(np.isinf(top), np.log(_softmax(self.axes).forward(x)), y)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        s = exp(conjugate(y))
        return g - s * _sum(self.axes, True)(g)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return t - _sum(self.axes, True)(exp(y) * t)


@dataclass(frozen=True)
class LogCumSumExp(Primitive):
    """log(Σ exp(x_j)) over all j ≤ k for each k along `axis`.

    From y_k = log(exp(y_(k-1)) + exp(x_k)) follows the tangent ẏ_k = p_k ẏ_(k-1) + s_k t_k with the weights p_k of all
    before and s_k of x_k, which add up to 1: a linear recurrence in which nothing overflows.
    """

    axis: int
    name: ClassVar[str] = "logcumsumexp"

    def forward(self, x: Any) -> ndarray:
        return np.logaddexp.accumulate(x, self.axis)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        turn = to_front(x, self.axis)
        p, s = weights(turn(x), turn(y))
        return turn(recurrence_back(p, turn(g)) * s)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        turn = to_front(x, self.axis)
        p, s = weights(turn(x), turn(y))
        return turn(recurrence(p, turn(t) * s))

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axis, len(x))
        return x

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        return LogCumSumExp(self.axis + 1)(x)


def weights(x: Any, y: Any) -> tuple[Any, Any]:
    """The parts of y_k = log(exp(y_(k-1)) + exp(x_k)) that y_(k-1) and x_k have in it: both 0 where both are -∞."""
    z = before(y, -np.inf)
    return sigmoid(difference(z, x)), sigmoid(difference(x, z))


# -- sums with weights -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Peak(Reduction):
    """The largest real part of x over `axes`, kept at length 1, of those with a weight b that is not 0. A constant."""

    name: ClassVar[str] = "peak"
    differentiable: ClassVar[bool] = False

    def forward(self, x: Any, b: Any) -> Any:
        return _top(np.where(b == 0, -np.inf, x.real), self.axes)

    def shape(self, x: Shape, b: Shape) -> Shape:
        y = broadcast_shape(self.name, x, b)
        self.check(y)
        return kept_shape(y, self.axes)

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        x, b = aligned((True, True), everywhere(flags, xs))
        return self.stacked(x.ndim)(x, b)


lost = comparison("lost", quiet(lambda d, b: (b == 0) & ~np.isfinite(np.exp(d))))
lost.public.__doc__ = "Where a weight b of 0 stands before an exp(d) that overflows: such a term is left out."
log_of_sum = elementwise("log_of_sum", quiet(lambda x: np.log(x)), lambda _y, x: inverse_or_zero(x), analytic=True)
log_of_sum.public.__doc__ = "The logarithm of a sum; -∞ with all derivatives 0 where the sum is 0."


def _weighted(x: Tensor, b: Any, axes: Axes) -> tuple[Any, Any]:
    """(Σ b exp(x - top), top): a sum that does not overflow, and the peak of x that it leaves out."""
    top = Peak(axes)(x, b)
    d = difference(x, top)
    return _sum(axes, True)(b * exp(_where(lost(d, b), -np.inf, d))), top


_logsumexp = lru_cache(maxsize=1024)(LogSumExp)
_softmax = lru_cache(maxsize=1024)(Softmax)
_log_softmax = lru_cache(maxsize=1024)(LogSoftmax)


# -- for users: any input becomes a Tensor; scipy.special's names and meaning --------------------------------


def logsumexp(x: Any, axis: Axis = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log(Σ b exp(x)) along `axis`, without overflow; without weights b its gradient is `softmax(x, axis)`.

    If all x are -∞, and of nothing, it is -∞ with gradient 0, as wherever the sum is 0. Of a negative sum it is NaN;
    with `return_sign` it is the pair (log |Σ b exp(x)|, the sign of the sum, of complex numbers its direction).
    A term with b = 0 counts for nothing, also where exp(x) overflows. Raises DTypeError for b = True.

    >>> logsumexp([1000.0, 1000.0]) - 1000.0
    tensor(0.69314718)
    >>> logsumexp([1.0, 0.0], b=[1.0, -1.0])
    tensor(0.54132485)
    """
    x = floating(x)
    axes = reduced_axes("logsumexp", axis, x.ndim)
    if isinstance(b, bool):
        raise DTypeError(f"logsumexp: the third argument is b, the weights, as in SciPy. Did you mean keepdims={b}?")
    if b is None and not return_sign:
        return _logsumexp(axes, bool(keepdims))(x)
    b = 1.0 if b is None else b
    b = as_tensor(np.asarray(b, np.result_type(x.dtype, b)) if isinstance(b, (int, float, complex)) else b)
    target = broadcast_shape("logsumexp", x.shape, b.shape)
    total, top = _weighted(_broadcast(target)(x), _broadcast(target)(b), reduced_axes("logsumexp", axis, len(target)))
    y = log_of_sum(absolute(total) if return_sign else total) + top
    reshape = _reshape(_logsumexp(axes, bool(keepdims)).shape(target))
    return (reshape(y), reshape(sign(total))) if return_sign else reshape(y)


def softmax(x: Any, axis: Axis = None) -> Tensor:
    """exp(x) / Σ exp(x) along `axis`, without overflow: positive weights that add up to 1.

    Where all x are -∞ the weights are 0, and so are all derivatives; several x of +∞ share the weight equally.
    """
    x = floating(x)
    return _softmax(reduced_axes("softmax", axis, x.ndim))(x)


def log_softmax(x: Any, axis: Axis = None) -> Tensor:
    """log(softmax(x, axis)) without cancellation: x - logsumexp(x) along `axis`; its derivative is δ - softmax(x).

    It is -∞ where the softmax is 0: where x is -∞, also if all are, and beside an x of +∞.
    """
    x = floating(x)
    return _log_softmax(reduced_axes("log_softmax", axis, x.ndim))(x)


def logcumsumexp(x: Any, axis: int | None = None) -> Tensor:
    """log(Σ exp(x)) of all elements up to each one along `axis`, or of the flattened array, without overflow.

    It is -∞ with gradient 0 as long as all x are -∞; of two x of +∞ the later one has half of the weight of both.
    Raises DTypeError for complex numbers.

    >>> logcumsumexp([0.0, 0.0, 0.0])
    tensor([0.        , 0.69314718, 1.09861229])
    """
    x, axis = line("logcumsumexp", floating(x), axis)
    if x.dtype.kind == "c":
        raise DTypeError(f"logcumsumexp: real numbers needed, and given {x.dtype}. Use log(cumsum(exp(x))) for complex ones.")
    return LogCumSumExp(axis)(x)
