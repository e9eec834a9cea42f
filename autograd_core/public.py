"""The elementwise functions as users call them: any input becomes a Tensor; NumPy's names, broadcasting and dtypes.

Their derivatives stand in `ops/elementwise.py`, one line each; what they are at kinks and singular points is said here.
Where a derivative is infinite or NaN (sqrt, log, divide, power, the inverse functions), a cotangent of 0 contributes 0, so
that `where` leaks nothing from the branch not taken; `multiply` and `exp` do not do this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .ops import elementwise as table
from .table import Elementwise
from .tensor import Tensor, as_tensor, from_array


def public(op: Elementwise, doc: str) -> Callable[..., Tensor]:
    """The op as a function that turns its inputs into Tensors."""
    op.public.__doc__ = doc
    return op.public


# -- arithmetic ------------------------------------------------------------------------------------------
add = public(table.add, "The sum x + z.")
subtract = public(table.subtract, "The difference x - z.")
multiply = public(table.multiply, "The product x · z; 0 · ∞ is NaN, in derivatives too.")
divide = public(table.divide, "The quotient x / z.")
negative = public(table.negative, "-x.")
positive = public(table.positive, "+x.")
reciprocal = public(table.reciprocal, "1 / x.")
square = public(table.square, "x².")
floor_divide = public(table.floor_divide, "The floor of x / z; derivative 0 everywhere.")
remainder = public(table.remainder, "x modulo z, with the sign of z; at the jumps the derivative of the smooth pieces.")

# -- powers, exponentials, logarithms --------------------------------------------------------------------
sqrt = public(table.sqrt, "The square root; its derivative at 0 is ∞, and 0 where the cotangent is 0.")
cbrt = public(table.cbrt, "The cube root; its derivative at 0 is ∞.")
exp = public(table.exp, "e to the power x.")
exp2 = public(table.exp2, "2 to the power x.")
expm1 = public(table.expm1, "exp(x) - 1, precise for small x.")
log = public(table.log, "The natural logarithm.")
log2 = public(table.log2, "The logarithm to base 2.")
log10 = public(table.log10, "The logarithm to base 10.")
log1p = public(table.log1p, "log(1 + x), precise for small x.")
logaddexp = public(table.logaddexp, "log(exp(x) + exp(z)) without overflow.")

# -- trigonometric and hyperbolic ------------------------------------------------------------------------
sin = public(table.sin, "The sine of x in radians.")
cos = public(table.cos, "The cosine of x in radians.")
tan = public(table.tan, "The tangent of x in radians.")
arcsin = public(table.arcsin, "The inverse sine, in [-π/2, π/2]; infinite derivative at ±1.")
arccos = public(table.arccos, "The inverse cosine, in [0, π]; infinite derivative at ±1.")
arctan = public(table.arctan, "The inverse tangent, in [-π/2, π/2].")
arctan2 = public(table.arctan2, "The angle of the point (z, x) in (-π, π]; derivative 0 at the origin.")
hypot = public(table.hypot, "√(x² + z²) without overflow; derivative 0 at the origin.")
sinh = public(table.sinh, "The hyperbolic sine.")
cosh = public(table.cosh, "The hyperbolic cosine.")
tanh = public(table.tanh, "The hyperbolic tangent.")
arcsinh = public(table.arcsinh, "The inverse hyperbolic sine.")
arccosh = public(table.arccosh, "The inverse hyperbolic cosine, for x ≥ 1; infinite derivative at 1.")
arctanh = public(table.arctanh, "The inverse hyperbolic tangent, for |x| ≤ 1; infinite derivative at ±1.")

# -- networks --------------------------------------------------------------------------------------------
sigmoid = public(table.sigmoid, "The logistic function 1 / (1 + exp(-x)).")
softplus = public(table.softplus, "log(1 + exp(x)), exact for every x.")
relu = public(table.relu, "max(x, 0); derivative 0 at 0.")

# -- piecewise -------------------------------------------------------------------------------------------
absolute = public(table.absolute, "|x|; derivative 0 at 0.")
sign = public(table.sign, "-1, 0 or 1; derivative 0 everywhere.")
floor = public(table.floor, "The largest integer ≤ x; derivative 0 everywhere.")
ceil = public(table.ceil, "The smallest integer ≥ x; derivative 0 everywhere.")
trunc = public(table.trunc, "x without its fraction; derivative 0 everywhere.")
rint = public(table.rint, "The nearest integer, ties to even; derivative 0 everywhere.")
maximum = public(table.maximum, "The larger of x and z; a tie shares the gradient equally.")
minimum = public(table.minimum, "The smaller of x and z; a tie shares the gradient equally.")

# -- comparisons: no gradient ----------------------------------------------------------------------------
equal = public(table.equal, "x == z for each element.")
not_equal = public(table.not_equal, "x != z for each element.")
less = public(table.less, "x < z for each element.")
less_equal = public(table.less_equal, "x <= z for each element.")
greater = public(table.greater, "x > z for each element.")
greater_equal = public(table.greater_equal, "x >= z for each element.")
logical_and = public(table.logical_and, "x and z for each element.")
logical_or = public(table.logical_or, "x or z for each element.")
logical_xor = public(table.logical_xor, "Whether exactly one of x and z is true.")
logical_not = public(table.logical_not, "not x for each element.")
bitwise_and = public(table.bitwise_and, "x & z for integers and booleans.")
bitwise_or = public(table.bitwise_or, "x | z for integers and booleans.")
bitwise_xor = public(table.bitwise_xor, "x ^ z for integers and booleans.")
invert = public(table.invert, "~x for integers and booleans.")
isnan = public(table.isnan, "Where x is NaN.")
isinf = public(table.isinf, "Where x is infinite.")
isfinite = public(table.isfinite, "Where x is finite.")

abs = absolute
true_divide = divide
mod = remainder


def power(x: Any, z: Any) -> Tensor:
    """x to the power z. x**0 is 1 with derivative 0, also at x = 0; 0**z has derivative 0 with respect to z > 0.

    A Python number z is a constant of the op, and its rules are simpler.
    """
    constant = isinstance(z, (int, float)) and not isinstance(z, bool) and isinstance(x, Tensor)
    if constant and (x.dtype.kind in "fc" or isinstance(z, int)):  # integers to the power 2.0 are floating numbers
        return table.power_of(x, z)
    return table.power.public(x, z)


pow = power


def round(x: Any, decimals: int = 0) -> Tensor:
    """x rounded to `decimals` places, ties to even; integers stay integers; derivative 0 everywhere."""
    x = as_tensor(x)
    if x.dtype.kind in "iu":
        return from_array(np.round(x.array, decimals))
    return rint(x) if decimals == 0 else rint(multiply(x, 10.0**decimals)) / 10.0**decimals
