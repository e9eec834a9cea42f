"""logsumexp, softmax and log_softmax: without overflow, and without NaN where values are infinite."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..primitive import OUTPUT, Primitive
from ..tensor import Tensor
from .elementwise import conj, quiet
from .reduce import Axes, Reduction, _sum, floating, reduced_axes
from .shape import Axis, Shape, axes_of


def _top(x: Any, axes: Axes) -> Any:
    """The largest real part over `axes`, kept at length 1; -∞ if there are no elements."""
    return np.maximum.reduce(x.real, axis=axes, keepdims=True, initial=-np.inf)


def _finite(top: Any) -> Any:
    """What a stable formula subtracts from x: nothing where the largest element is infinite or NaN."""
    return np.where(np.isfinite(top), top, np.zeros((), top.dtype))


@dataclass(frozen=True)
class LogSumExp(Reduction):
    """log(Σ exp(x)) over `axes`, without overflow."""

    name: ClassVar[str] = "logsumexp"

    @quiet
    def forward(self, x: Any) -> Any:
        top = _finite(_top(x, self.axes))
        y = np.log(np.add.reduce(np.exp(x - top), axis=self.axes, keepdims=True)) + top
        return y if self.keepdims else y.reshape(self.shape(x.shape))

    def uses(self, i: int) -> tuple[int, ...]:
        return (0,)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        s = _softmax(self.axes)(x)
        return self.keep(g, x) * (conj(s) if g.dtype.kind == "c" else s)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return _sum(self.axes, self.keepdims)(_softmax(self.axes)(x) * t)


@dataclass(frozen=True)
class Softmax(Primitive):
    """exp(x) / Σ exp(x) over `axes`: 0 where all x are -∞; several +∞ share the weight equally."""

    axes: Axes = None
    name: ClassVar[str] = "softmax"

    @quiet
    def forward(self, x: Any) -> Any:
        top = _top(x, self.axes)
        e = np.exp(x - _finite(top))
        if (infinite := top == np.inf).any():
            e = np.where(infinite, (x == np.inf).astype(e.dtype), e)
        total = np.add.reduce(e, axis=self.axes, keepdims=True)
        return e / np.where(total == 0, np.ones((), total.dtype), total)

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT,)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        s = conj(y) if g.dtype.kind == "c" else y
        return s * (g - _sum(self.axes, True)(s * g))

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return y * (t - _sum(self.axes, True)(y * t))

    def shape(self, x: Shape) -> Shape:
        if self.axes is not None:
            axes_of(self.name, self.axes, len(x))
        return x


_logsumexp = lru_cache(maxsize=1024)(LogSumExp)
_softmax = lru_cache(maxsize=1024)(Softmax)


# -- for users: any input becomes a Tensor; scipy.special's names and meaning --------------------------------


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log(Σ exp(x)) along `axis`, without overflow; its gradient is `softmax(x, axis)`.

    If all x are -∞, and of nothing, it is -∞ with gradient 0.

    >>> logsumexp([1000.0, 1000.0]) - 1000.0
    tensor(0.69314718)
    """
    x = floating(x)
    return _logsumexp(reduced_axes("logsumexp", axis, x.ndim), bool(keepdims))(x)


def softmax(x: Any, axis: Axis = None) -> Tensor:
    """exp(x) / Σ exp(x) along `axis`, without overflow: positive weights that add up to 1.

    Where all x are -∞ the weights are 0; several x of +∞ share the weight equally.
    """
    x = floating(x)
    return _softmax(reduced_axes("softmax", axis, x.ndim))(x)


def log_softmax(x: Any, axis: Axis = None) -> Tensor:
    """log(softmax(x, axis)) without cancellation: x - logsumexp(x) along `axis`."""
    x = floating(x)
    return x - logsumexp(x, axis, keepdims=True)
