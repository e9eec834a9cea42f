"""Functions of scipy.special, under its names and with its values, differentiable here to every order.

Most need SciPy, and raise MissingExtraError without it. Orders (of Bessel functions, of `polygamma`) are constant numbers.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from . import public as elementary
from .errors import DTypeError
from .ops import special as table
from .ops.elementwise import xlogy as _xlogy
from .ops.softmax import log_softmax, logsumexp, softmax
from .public import describe, public
from .tensor import Tensor, as_tensor

__all__ = [
    "beta", "betaln", "cbrt", "cosm1", "digamma", "entr", "erf", "erfc", "erfcinv", "erfcx", "erfinv", "exp2", "expit",
    "expm1", "exprel", "gamma", "gammaln", "i0", "i0e", "i1", "i1e", "iv", "ive", "j0", "j1", "jn", "jv", "k0", "k1",
    "kl_div", "kv", "log1p", "log_expit", "log_ndtr", "log_softmax", "loggamma", "logit", "logsumexp", "ndtr", "ndtri",
    "polygamma", "psi", "rel_entr", "sinc", "softmax", "xlog1py", "xlogy", "y0", "y1", "yv",
]  # fmt: skip

cbrt, exp2, expm1, log1p, sinc = elementary.cbrt, elementary.exp2, elementary.expm1, elementary.log1p, elementary.sinc

# -- the error function and the normal distribution ----------------------------------------------------------
erf = public(table.erf, "The error function 2/√π ∫₀ˣ exp(-s²) ds.")
erfc = public(table.erfc, "1 - erf(x), precise for large x.")
erfcx = public(table.erfcx, "exp(x²) erfc(x), which neither overflows nor vanishes for large x.")
erfinv = public(table.erfinv, "The inverse of erf, for |x| ≤ 1; infinite derivative at ±1.")
erfcinv = public(table.erfcinv, "The inverse of erfc, for 0 ≤ x ≤ 2; infinite derivative at 0 and 2.")
ndtr = public(table.ndtr, "The distribution function Φ of the standard normal distribution.")
ndtri = public(table.ndtri, "The inverse of `ndtr`, for 0 ≤ x ≤ 1; infinite derivative at 0 and 1.")
log_ndtr = public(table.log_ndtr, "log Φ(x), precise for very negative x, and so are its derivatives.")

# -- logistic functions and entropies ------------------------------------------------------------------------
expit = elementary.sigmoid
logit = public(table.logit, "log(x / (1 - x)), the inverse of `expit`, for 0 ≤ x ≤ 1; infinite derivative at 0 and 1.")
log_expit = public(table.log_expit, "log(expit(x)) = -log(1 + exp(-x)), precise for all x.")
xlogy = public(_xlogy, "x · log(z), and 0 where x is 0; at (0, 0) the derivatives are -∞ by x and 0 by z.")
xlog1py = public(table.xlog1py, "x · log(1 + z), and 0 where x is 0; at (0, -1) the derivatives are -∞ by x and 0 by z.")
entr = public(table.entr, "The entropy -x · log(x); 0 at 0 with derivative ∞, and -∞ for negative x.")
rel_entr = public(
    table.rel_entr,
    "x · log(x / z) for x > 0 and z > 0, 0 for x = 0 and z ≥ 0, ∞ elsewhere; at x = 0 the derivatives are -∞ by x and 0 by z.",
)
kl_div = public(
    table.kl_div,
    "x · log(x / z) - x + z for x > 0 and z > 0, z for x = 0 and z ≥ 0, ∞ elsewhere; at x = 0 the derivatives are -∞ and 1.",
)

# -- the gamma function and its family -----------------------------------------------------------------------
POLES = "It has poles at 0, -1, -2 …"
gamma = public(table.gamma, f"The gamma function Γ. {POLES}")
gammaln = public(table.gammaln, f"log |Γ(x)| for real x. {POLES}")
loggamma = public(table.loggamma, f"The principal branch of log Γ(x), NaN for negative real x. {POLES}")
digamma = psi = public(table.digamma, f"The derivative of log Γ. {POLES}")
beta = public(table.beta, "The beta function Γ(x) Γ(z) / Γ(x + z).")
betaln = public(table.betaln, "log |B(x, z)|, the logarithm of the beta function.")


def polygamma(n: int, x: Any) -> Tensor:
    """The derivative of the digamma function of order n = 0, 1, 2 …

    Raises DTypeError if n is an array or a Tensor, ValueError if it is negative.

    >>> polygamma(1, 1.0)  # π²/6
    tensor(1.64493407)
    """
    try:
        n = operator.index(n)
    except TypeError:
        raise DTypeError(_order_words("polygamma", n)) from None
    if n < 0:
        raise ValueError(f"polygamma: the order is 0 or more, not {n}")
    return table.Polygamma(n)(as_tensor(x)) if n else digamma(x)


# -- near 0 --------------------------------------------------------------------------------------------------
cosm1 = public(table.cosm1, "cos(x) - 1, precise for small x.")


def exprel(x: Any) -> Tensor:
    """(exp(x) - 1) / x, and 1 at 0; derivatives of every order are exact there too. Raises DTypeError for complex x."""
    return table.Exprel()(as_tensor(x))


# -- Bessel functions ----------------------------------------------------------------------------------------


def _bessel(name: str, kind: str, order: Any, x: Any) -> Tensor:
    """The Bessel function of a kind and an order, which must be a number."""
    if not isinstance(order, (int, float, np.integer, np.floating)):
        raise DTypeError(_order_words(name, order))
    order = int(order) if float(order).is_integer() else float(order)
    return (table.ScaledBessel(order) if kind == "ie" else table.Bessel(kind, order))(as_tensor(x))


def _order_words(name: str, order: Any) -> str:
    """What to say of an order that is no number."""
    return (
        f"{name}: the order must be a number, since there is no derivative with respect to it; given {type(order).__name__}. "
        "Call the function once for each order."
    )


def jv(v: float, x: Any) -> Tensor:
    """The Bessel function of the first kind J of the real order v. Raises DTypeError if v is no number."""
    return _bessel("jv", "j", v, x)


def yv(v: float, x: Any) -> Tensor:
    """The Bessel function of the second kind Y of the real order v; -∞ at 0. Raises DTypeError if v is no number."""
    return _bessel("yv", "y", v, x)


def iv(v: float, x: Any) -> Tensor:
    """The modified Bessel function of the first kind I of the real order v. Raises DTypeError if v is no number."""
    return _bessel("iv", "i", v, x)


def kv(v: float, x: Any) -> Tensor:
    """The modified Bessel function of the second kind K of the real order v; ∞ at 0. Raises DTypeError if v is no number."""
    return _bessel("kv", "k", v, x)


def ive(v: float, x: Any) -> Tensor:
    """exp(-|x|) I_v(x) for real x, without overflow; at the kink 0 its derivative is that of I_v.

    Raises DTypeError if v is no number, or x complex.
    """
    return _bessel("ive", "ie", v, x)


def j0(x: Any) -> Tensor:
    """The Bessel function of the first kind of order 0."""
    return _bessel("j0", "j", 0, x)


def j1(x: Any) -> Tensor:
    """The Bessel function of the first kind of order 1."""
    return _bessel("j1", "j", 1, x)


def y0(x: Any) -> Tensor:
    """The Bessel function of the second kind of order 0; -∞ at 0."""
    return _bessel("y0", "y", 0, x)


def y1(x: Any) -> Tensor:
    """The Bessel function of the second kind of order 1; -∞ at 0."""
    return _bessel("y1", "y", 1, x)


def i0(x: Any) -> Tensor:
    """The modified Bessel function of the first kind of order 0."""
    return _bessel("i0", "i", 0, x)


def i1(x: Any) -> Tensor:
    """The modified Bessel function of the first kind of order 1."""
    return _bessel("i1", "i", 1, x)


def i0e(x: Any) -> Tensor:
    """exp(-|x|) I₀(x), without overflow; derivative 0 at the kink 0."""
    return _bessel("i0e", "ie", 0, x)


def i1e(x: Any) -> Tensor:
    """exp(-|x|) I₁(x), without overflow; derivative ½ at 0."""
    return _bessel("i1e", "ie", 1, x)


def k0(x: Any) -> Tensor:
    """The modified Bessel function of the second kind of order 0; ∞ at 0."""
    return _bessel("k0", "k", 0, x)


def k1(x: Any) -> Tensor:
    """The modified Bessel function of the second kind of order 1; ∞ at 0."""
    return _bessel("k1", "k", 1, x)


jn = jv
describe(table)
