"""What the special functions compute that SciPy has not: functions of raw arrays, and of no Tensor."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .kernels import from_scipy, moment, numbers, quiet, x_times


def hermite(n: int, x: Any, sign: float) -> Any:
    """The polynomial p of degree n for which the n-th derivative of exp(± x²) is p(x) exp(± x²)."""
    below, p = np.zeros_like(x), np.ones_like(x)
    for k in range(n):
        below, p = p, sign * 2.0 * x * p + (sign * 2.0 * k * below if k else 0.0)
    return p


@quiet
def gaussian(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of exp(-x²)."""
    y = np.exp(-(x * x))
    return np.where(y == 0, y, hermite(n, x, -1.0) * y) if n else y


@quiet
def growth(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of exp(x²)."""
    y = np.exp(x * x)
    return hermite(n, x, 1.0) * y if n else y


# -- the density of the standard normal over its distribution ----------------------------------------------------

FAR = -3.5  # below, m(x) = φ(x)/Φ(x) is taken from the continued fraction of m(x) + x = 1/(t + 2/(t + 3/ …)), t = -x
LEVELS = 60


@quiet
def mills(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of φ(x)/Φ(x), density over distribution: of the inverse of Mills' ratio at -x."""
    if n == 0:
        return math.sqrt(2.0 / math.pi) / from_scipy("erfcx")(-math.sqrt(0.5) * x)
    return beside(n, x, by_leibniz(n, x)[0], lambda y: y - 1.0 if n == 1 else y)


@quiet
def mills_excess(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of x + φ(x)/Φ(x), which is near 1/|x| for very negative x."""
    return beside(n, x, by_leibniz(n, x)[1], lambda y: y)


def beside(n: int, x: ndarray, near: ndarray, change: Callable) -> ndarray:
    """The numbers that are right near 0 and above, and below what becomes of the continued fraction."""
    far = np.zeros(x.shape, bool) if x.dtype.kind == "c" else x < FAR
    if not far.any():
        return near
    return np.where(far, change(by_fraction(n, np.where(far, -x, np.ones((), x.dtype)))), near)


def by_leibniz(n: int, x: ndarray) -> tuple[ndarray, ndarray]:
    """The n-th derivatives of m = φ/Φ and of e = x + m, from m' = -m e and e' = 1 + m'."""
    m = [mills(0, x)]
    e = [x + m[0]]
    for k in range(n):
        terms = (math.comb(k, j) * np.where(m[j] == 0, 0.0, m[j] * e[k - j]) for j in range(k + 1))
        m.append(-sum(terms))
        e.append(m[-1] + (1.0 if k == 0 else 0.0))
    return m[n], e[n]


def by_fraction(n: int, t: ndarray) -> ndarray:
    """The n-th derivative by x = -t of the continued fraction, from truncated Taylor series in t."""
    y = [t, np.ones_like(t), *(np.zeros_like(t) for _ in range(n - 1))][: n + 1]
    for k in range(LEVELS, 1, -1):
        y = [k * c for c in inverse_series(y)]
        y[0] = y[0] + t
        if n:
            y[1] = y[1] + 1.0
    return (-1) ** n * math.factorial(n) * inverse_series(y)[n]


def inverse_series(y: list[ndarray]) -> list[ndarray]:
    """The coefficients of 1/y(s) from those of y(s)."""
    r = [1.0 / y[0]]
    for k in range(1, len(y)):
        r.append(-r[0] * sum(y[j] * r[k - j] for j in range(1, k + 1)))
    return r


def log_expit(x: Any) -> Any:
    """log(1 / (1 + exp(-x))) without overflow."""
    return -np.logaddexp(0.0, -numbers(x))


def xlog1py(x: Any, z: Any) -> Any:
    """x · log(1 + z), and 0 where x is 0 and z is a number."""
    return x_times(np.log1p, x, z)


def cosm1(x: Any) -> Any:
    """cos(x) - 1, precise for small x."""
    return -2.0 * np.square(np.sin(0.5 * x))


def exprel(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of (exp(x) - 1)/x = ∫₀¹ exp(xt) dt: by Gauss's rule for small x, by recurrence for others."""
    near = np.abs(x) < n + 1
    u = np.where(near, 2.0 + n, x)
    size, end = np.abs(u), np.exp(-np.abs(u))
    above, below = -np.expm1(-size) / size, -np.expm1(-size) / size
    for k in range(1, n + 1):
        above, below = (1.0 - k * above) / size, (k * below - end) / size
    above = np.exp(u) * np.where(np.isinf(u), 1.0, above)
    y = np.asarray(np.where(u > 0, above, below))
    y[near] = moment(n, np.exp, x[near])
    return y


SHIFT = 20  # from here on Stirling's series of the polygamma functions is exact to rounding
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def polygamma(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of the digamma function at complex x, n ≥ 1: n! Σ 1/(x + k)ⁿ⁺¹, up to its sign.

    A number of terms, until the real part is large, and Stirling's series for the rest.
    """
    start = SHIFT + n
    y = np.zeros(x.shape, x.dtype)
    for _ in range(max(0, math.ceil(start - x.real.min(initial=start)))):
        move = x.real < start
        y, x = np.where(move, y + x ** -(n + 1), y), np.where(move, x + 1.0, x)
    rest = x**-n / n + 0.5 * x ** -(n + 1)
    for k, b in enumerate(BERNOULLI, 1):
        rest = rest + b * math.factorial(2 * k + n - 1) / (math.factorial(2 * k) * math.factorial(n)) * x ** -(2 * k + n)
    return (-1) ** (n + 1) * math.factorial(n) * (y + rest)


# -- Bessel functions ------------------------------------------------------------------------------------------

SMALL, LARGE = 1e-290, 1e8  # where AMOS, which SciPy calls, gives up


@quiet
def bessel_i(v: float, x: ndarray, scaled: bool) -> ndarray:
    """I_v(x), or exp(-|x|) I_v(x): by SciPy, by its first term (x/2)ᵛ/Γ(v + 1) for tiny x, and the latter far out by Hankel."""
    y = np.asarray(from_scipy("ive" if scaled else "iv")(np.asarray(v, x.real.dtype), x))
    tiny = (np.abs(x) < SMALL) & (x != 0)
    if tiny.any():
        y = np.where(tiny, (0.5 * x) ** v * from_scipy("rgamma")(np.asarray(v + 1.0)), y)
    if scaled and (np.abs(x) > LARGE).any():
        side = (-1.0) ** int(v) if v == int(v) else np.nan
        y = np.where(np.abs(x) > LARGE, np.where(x < 0, side, 1.0) * hankel(v, 0, np.abs(x)), y)
    return y.astype(x.dtype, copy=False)


def hankel(v: float, n: int, x: ndarray) -> ndarray:
    """The n-th derivative of exp(-x) I_v(x) for large x: of 1/√(2πx) Σ aₖ/xᵏ, term by term."""
    y, a = np.zeros_like(x), 1.0
    for k in range(30):
        if k:
            step = -(4.0 * v * v - (2 * k - 1) ** 2) / (8.0 * k)
            if abs(step) > x.min(initial=np.inf):  # from here on the terms grow again
                break
            a *= step
        slopes = math.prod(-(k + 0.5 + j) for j in range(n))
        y = y + a * slopes * x ** -(k + 0.5 + n)
    return y / math.sqrt(2.0 * math.pi)


@quiet
def scaled_bessel(v: float, n: int, x: ndarray) -> ndarray:
    """The n-th derivative of exp(-|x|) I_v(x), with the mean slope at the kink 0."""
    if n == 0 and v in (0, 1):
        return from_scipy(f"i{int(v)}e")(x)
    i = lambda order: bessel_i(order, x, True)
    sign, y = np.sign(x), np.zeros_like(x)
    for k in range(n + 1):  # I_v, differentiated k times, is the mean of 2ᵏ others
        slopes = sum(math.comb(k, j) * i(abs(o) if (o := v - k + 2 * j) == int(o) else o) for j in range(k + 1)) / 2.0**k
        y = y + math.comb(n, k) * (-sign) ** (n - k) * slopes
    far = np.abs(x) > 30.0 + v * v
    if n == 0 or not far.any() or (v != int(v) and (x < 0).any()):
        return y
    side = np.where(x < 0, (-1.0) ** int(v + n), 1.0)
    return np.where(far, side * hankel(v, n, np.where(far, np.abs(x), 1e3 + v * v)), y)
