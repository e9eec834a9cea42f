"""The derivative table: one line an op, read like a page of calculus. y is the output, x and z are the inputs.

None stands for the derivative 1. An argument whose name begins with an underscore is not read, and so not saved. The
derivative of a `singular` op can be infinite: there a zero cotangent contributes zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from ..errors import require
from ..primitive import AsType, Primitive
from ..table import Elementwise, comparison, conj, elementwise, guarded_product


def from_scipy(name: str) -> Callable:
    """A function of scipy.special, imported when it is first called."""

    def forward(*xs: Any) -> Any:
        return getattr(require("scipy.special", extra="all"), name)(*xs)

    return forward


def quiet(function: Callable) -> Callable:
    """The function without floating-point warnings, for formulas that pass through infinities on purpose."""
    return np.errstate(all="ignore")(function)


def zero(*_: Any) -> float:
    """The derivative of a piecewise constant function."""
    return 0.0


def _sigmoid(x: Any) -> Any:
    if np.iscomplexobj(x):
        return 1.0 / (1.0 + np.exp(-x))
    e = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0, e) / (1.0 + e)


def _float_of(flag: Any, *xs: Any) -> Any:
    return np.asarray(flag, np.result_type(*xs))


def _share(x: Any, z: Any) -> Any:
    tie = (x == z) | (np.isnan(x) & np.isnan(z))
    return _float_of(np.where(tie, 0.5, (x > z) | np.isnan(x)), x, z, 0.5)


@quiet
def _ratio(x: Any, z: Any) -> Any:
    return np.where((x == 0) & (z == 0), np.zeros((), np.result_type(x, z, 1.0)), np.true_divide(x, z))


@quiet
def _xlogy(x: Any, z: Any) -> Any:
    dtype = np.result_type(x, z, 1.0)
    return np.where((x == 0) & ~np.isnan(z), np.zeros((), dtype), x * np.log(np.asarray(z, dtype)))


@quiet
def _difference(x: Any, z: Any) -> Any:
    """x - z; of two equal infinities what gives them the weights that softmax gives: +∞ share it, -∞ have none."""
    return np.where(x == z, np.where(x == -np.inf, -np.inf, 0.0).astype(np.result_type(x, z)), np.subtract(x, z))


class Modulus(Elementwise):
    """|x|, which is not holomorphic: its tangent is the real part of conj(x/|x|) · t."""

    def product(self, i: int, v: Any, conjugate: bool, args: Sequence[Any]) -> Any:
        factor = sign(args[1])
        return v * (conj(factor) if v.dtype.kind == "c" else factor)


class Direction(Elementwise):
    """x/|x|, 0 at 0. Of a complex x it turns as x turns: its derivative, its own transpose, takes v to s i Im(s̄ v)/|x|."""

    def product(self, i: int, v: Any, conjugate: bool, args: Sequence[Any]) -> Any:
        s, x = args
        if x.dtype.kind != "c":
            return v * 0.0
        w = conj(s) * v
        return ratio(s * (w - AsType(np.dtype(w.dtype.char.lower()))(w)), absolute(x))


def _base(x: Any, z: Any) -> Any:
    """x, but 1 where x**z is constant in z: at x = 0 and z ≥ 0."""
    return np.where((x == 0) & (np.real(z) >= 0), np.ones((), np.result_type(x, z)), x)


# -- arithmetic ------------------------------------------------------------------------------------------
add = elementwise("add", np.add, None, None)
subtract = elementwise("subtract", np.subtract, None, lambda _y, _x, _z: -1.0)
multiply = elementwise("multiply", np.multiply, lambda _y, _x, z: z, lambda _y, x, _z: x)
divide = elementwise("divide", np.true_divide, lambda _y, _x, z: divide(1.0, z), lambda y, _x, z: -y / z, singular=True)
negative = elementwise("negative", np.negative, lambda _y, _x: -1.0)
positive = elementwise("positive", np.positive, None)
reciprocal = elementwise("reciprocal", np.reciprocal, lambda y, x: -y / x, singular=True)
square = elementwise("square", np.square, lambda _y, x: 2.0 * x)
floor_divide = elementwise("floor_divide", np.floor_divide, zero, zero)
remainder = elementwise("remainder", np.remainder, None, lambda _y, x, z: -floor(x / z))
ratio = elementwise("ratio", _ratio, lambda _y, _x, z: divide(1.0, z), lambda y, _x, z: -y / z, singular=True)

# -- powers, exponentials, logarithms --------------------------------------------------------------------
power = elementwise(
    "power",
    np.power,
    lambda _y, x, z: guarded_product(z, power(x, z - 1)),
    lambda y, x, z: xlogy(y, base(x, z)),
    singular=True,
)
base = elementwise("base", _base, None, zero)
sqrt = elementwise("sqrt", np.sqrt, lambda y, _x: 0.5 / y, singular=True)
cbrt = elementwise("cbrt", np.cbrt, lambda y, _x: 1.0 / (3.0 * y * y), singular=True)
exp = elementwise("exp", np.exp, lambda y, _x: y)
exp2 = elementwise("exp2", np.exp2, lambda y, _x: math.log(2.0) * y)
expm1 = elementwise("expm1", np.expm1, lambda y, _x: y + 1.0)
log = elementwise("log", np.log, lambda _y, x: 1.0 / x, singular=True)
log2 = elementwise("log2", np.log2, lambda _y, x: 1.0 / (math.log(2.0) * x), singular=True)
log10 = elementwise("log10", np.log10, lambda _y, x: 1.0 / (math.log(10.0) * x), singular=True)
log1p = elementwise("log1p", np.log1p, lambda _y, x: 1.0 / (1.0 + x), singular=True)
logaddexp = elementwise(
    "logaddexp", np.logaddexp, lambda _y, x, z: sigmoid(difference(x, z)), lambda _y, x, z: sigmoid(difference(z, x))
)
difference = elementwise("difference", _difference, None, lambda _y, _x, _z: -1.0)
xlogy = elementwise("xlogy", _xlogy, lambda _y, _x, z: log(z), lambda _y, x, z: ratio(x, z), singular=True)

# -- trigonometric and hyperbolic ------------------------------------------------------------------------
sin = elementwise("sin", np.sin, lambda _y, x: cos(x))
cos = elementwise("cos", np.cos, lambda _y, x: -sin(x))
tan = elementwise("tan", np.tan, lambda y, _x: 1.0 + y * y)
arcsin = elementwise("arcsin", np.arcsin, lambda _y, x: 1.0 / sqrt((1.0 - x) * (1.0 + x)), singular=True)
arccos = elementwise("arccos", np.arccos, lambda _y, x: -1.0 / sqrt((1.0 - x) * (1.0 + x)), singular=True)
arctan = elementwise("arctan", np.arctan, lambda _y, x: 1.0 / (1.0 + x * x))
arctan2 = elementwise(
    "arctan2",
    np.arctan2,
    lambda _y, x, z: ratio(ratio(z, hypot(x, z)), hypot(x, z)),
    lambda _y, x, z: -ratio(ratio(x, hypot(x, z)), hypot(x, z)),
    singular=True,
)
hypot = elementwise("hypot", np.hypot, lambda y, x, _z: ratio(x, y), lambda y, _x, z: ratio(z, y))
sinh = elementwise("sinh", np.sinh, lambda _y, x: cosh(x))
cosh = elementwise("cosh", np.cosh, lambda _y, x: sinh(x))
tanh = elementwise("tanh", np.tanh, lambda y, _x: 1.0 - y * y)
arcsinh = elementwise("arcsinh", np.arcsinh, lambda _y, x: 1.0 / hypot(x, 1.0))
arccosh = elementwise("arccosh", np.arccosh, lambda _y, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)), singular=True)
arctanh = elementwise("arctanh", np.arctanh, lambda _y, x: 1.0 / ((1.0 - x) * (1.0 + x)), singular=True)

# -- networks --------------------------------------------------------------------------------------------
sigmoid = elementwise("sigmoid", _sigmoid, lambda y, _x: y * (1.0 - y))
softplus = elementwise("softplus", lambda x: np.logaddexp(x, 0.0), lambda _y, x: sigmoid(x))
relu = elementwise("relu", lambda x: np.maximum(x, 0.0), lambda _y, x: is_positive(x))
erf = elementwise("erf", from_scipy("erf"), lambda _y, x: (2.0 / math.sqrt(math.pi)) * exp(-x * x))
erfc = elementwise("erfc", from_scipy("erfc"), lambda _y, x: (-2.0 / math.sqrt(math.pi)) * exp(-x * x))

# -- piecewise -------------------------------------------------------------------------------------------
absolute = Modulus("absolute", np.absolute, (lambda _y, x: sign(x),))
sign = Direction("sign", np.sign, (lambda y, x: 0.0,))
floor = elementwise("floor", np.floor, zero)
ceil = elementwise("ceil", np.ceil, zero)
trunc = elementwise("trunc", np.trunc, zero)
rint = elementwise("rint", np.rint, zero)
maximum = elementwise("maximum", np.maximum, lambda _y, x, z: share(x, z), lambda _y, x, z: share(z, x))
minimum = elementwise(
    "minimum", np.minimum, lambda _y, x, z: share(-1.0 * x, -1.0 * z), lambda _y, x, z: share(-1.0 * z, -1.0 * x)
)
share = elementwise("share", _share, zero, zero)
is_positive = elementwise("is_positive", lambda x: _float_of(x > 0, x), zero)

# -- comparisons: no gradient ----------------------------------------------------------------------------
equal = comparison("equal", np.equal)
not_equal = comparison("not_equal", np.not_equal)
less = comparison("less", np.less)
less_equal = comparison("less_equal", np.less_equal)
greater = comparison("greater", np.greater)
greater_equal = comparison("greater_equal", np.greater_equal)
logical_and = comparison("logical_and", np.logical_and)
logical_or = comparison("logical_or", np.logical_or)
logical_xor = comparison("logical_xor", np.logical_xor)
logical_not = comparison("logical_not", np.logical_not, 1)
bitwise_and = comparison("bitwise_and", np.bitwise_and)
bitwise_or = comparison("bitwise_or", np.bitwise_or)
bitwise_xor = comparison("bitwise_xor", np.bitwise_xor)
invert = comparison("invert", np.invert, 1)
isnan = comparison("isnan", np.isnan, 1)
isinf = comparison("isinf", np.isinf, 1)
isfinite = comparison("isfinite", np.isfinite, 1)


@dataclass(frozen=True)
class Power(Primitive):
    """x to a constant power p: p·x^(p-1), the derivative, is 0 for p = 0 also at x = 0.

    Small whole powers are products, which is several times faster than `np.power`.
    """

    exponent: float
    name: ClassVar[str] = "power_of"

    def forward(self, x: Any) -> Any:
        p = self.exponent
        if p in _PRODUCTS and x.dtype.kind in "fc":
            return _PRODUCTS[p](x)
        return np.power(x, p)

    def factor(self, x: Any) -> Any:
        """p·x^(p-1)."""
        return self.exponent * power_of(x, self.exponent - 1)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        if self.exponent == 0:
            return 0.0 * g
        factor = self.factor(x)
        return guarded_product(g, conj(factor) if g.dtype.kind == "c" else factor)

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return None if self.exponent == 0 else guarded_product(t, self.factor(x))

    def shape(self, x: tuple[int, ...]) -> tuple[int, ...]:
        return x

    def uses(self, i: int) -> tuple[int, ...]:
        return (0,)


_PRODUCTS: dict[float, Callable] = {
    0: np.ones_like,
    1: np.copy,
    3: lambda x: x * x * x,
    4: lambda x: np.square(np.square(x)),
    0.5: np.sqrt,
    -1: np.reciprocal,
}
_powers = lru_cache(maxsize=1024, typed=True)(Power)


def power_of(x: Any, p: float) -> Any:
    """x to the power of a Python number."""
    return square(x) if p == 2 else _powers(p)(x)
