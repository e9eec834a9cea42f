"""What the special functions compute that SciPy has not: functions of raw arrays, and of no Tensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import ndarray

from .kernels import from_scipy, moment, numbers, quiet, x_times


def gaussian(x: Any) -> Any:
    """exp(-x²)."""
    return np.exp(-(x * x))


@quiet
def mills(x: Any) -> Any:
    """φ(x)/Φ(x), density over distribution of the standard normal: the inverse of Mills' ratio at -x."""
    return math.sqrt(2.0 / math.pi) / from_scipy("erfcx")(-math.sqrt(0.5) * x)


def mills_excess(x: Any) -> Any:
    """x + φ(x)/Φ(x), which is near 1/|x| for very negative x: there by Laplace's continued fraction 1/(t + 2/(t + 3/ …))."""
    far = x < -3.5
    t = np.where(far, -x, np.ones((), x.dtype))
    y = t
    for k in range(60, 1, -1):
        y = t + k / y
    return np.where(far, 1.0 / y, x + mills(x))


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
