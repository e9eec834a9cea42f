"""What elementwise ops compute where NumPy has no ufunc for it: functions of raw arrays, and of no Tensor."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import DTypeError, require


def quiet(function: Callable) -> Callable:
    """The function without floating-point warnings, for formulas that pass through infinities on purpose."""
    return np.errstate(all="ignore")(function)


@lru_cache(maxsize=1024)
def from_scipy(name: str) -> Callable:
    """A function of scipy.special, imported when it is first called; it computes half precision in another one."""

    def forward(*xs: Any) -> Any:
        y = getattr(require("scipy.special", extra="all"), name)(*xs)
        dtype = np.result_type(*xs)
        return y if y.dtype == dtype or dtype.kind not in "fc" else y.astype(dtype)

    forward.__name__ = name
    return forward


def in_double(function: Callable) -> Callable:
    """The function of one array, evaluated in double precision and rounded to the precision of the array."""

    @quiet
    @wraps(function)
    def forward(x: Any) -> Any:
        x = np.asarray(x)
        dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(np.float64)
        return np.asarray(function(x.astype(np.result_type(dtype, np.float64), copy=False))).astype(dtype, copy=False)

    return forward


def float_of(flag: Any, *xs: Any) -> Any:
    """A mask, or a factor, in the floating dtype of xs."""
    return np.asarray(flag, np.result_type(*xs, 0.5))


# -- selections: which input decides -------------------------------------------------------------------------


def larger(x: Any, z: Any) -> Any:
    """How much of maximum(x, z) is x: 1 where x is larger or NaN, ½ at a tie."""
    return _share(x > z, np.isnan(x), np.isnan(z), x, z)


def smaller(x: Any, z: Any) -> Any:
    """How much of minimum(x, z) is x: 1 where x is smaller or NaN, ½ at a tie."""
    return _share(x < z, np.isnan(x), np.isnan(z), x, z)


def larger_number(x: Any, z: Any) -> Any:
    """How much of fmax(x, z) is x: 1 where x is larger or z is NaN, ½ at a tie."""
    return _share(x > z, np.isnan(z), np.isnan(x), x, z)


def smaller_number(x: Any, z: Any) -> Any:
    """How much of fmin(x, z) is x: 1 where x is smaller or z is NaN, ½ at a tie."""
    return _share(x < z, np.isnan(z), np.isnan(x), x, z)


def _share(ahead: Any, wins: Any, loses: Any, x: Any, z: Any) -> Any:
    """½ at a tie, also of two NaN; 1 where x is ahead or wins by a NaN, but for where it loses by one; 0 elsewhere."""
    return float_of(np.where((x == z) | (wins & loses), 0.5, (ahead & ~loses) | wins), x, z)


def is_positive(x: Any) -> Any:
    """1 where x > 0, 0 elsewhere."""
    return float_of(x > 0, x)


def is_zero(x: Any) -> Any:
    """1 where x is 0, 0 elsewhere."""
    return float_of(np.equal(x, 0), x)


def nought(x: Any) -> Any:
    """0, in the shape and dtype of x."""
    return np.zeros_like(x)


def gate(x: Any, v: Any) -> Any:
    """v where x > 0, and 0 elsewhere, whatever v is there."""
    return np.where(x > 0, v, 0.0)


# -- quotients, powers, logarithms -------------------------------------------------------------------------


@quiet
def ratio(x: Any, z: Any) -> Any:
    """x / z, but 0 for 0/0."""
    return np.where((x == 0) & (z == 0), np.zeros((), np.result_type(x, z, 1.0)), np.true_divide(x, z))


@quiet
def inverse_or_zero(x: Any) -> Any:
    """1 / x, but 0 at 0: all its derivatives are 0 there."""
    return np.where(x == 0, x, 1.0 / x)


@quiet
def cosine(x: Any, z: Any) -> Any:
    """x / √(x² + z²) without overflow, 0 at the origin: the cosine of the angle between the point (x, z) and the x axis.

    At infinity a coordinate that is not infinite counts for nothing.
    """
    r = np.hypot(x, z)
    if ((r > 1e-30) & (r < 1e30)).all():
        return x / r
    size = np.maximum(np.abs(x), np.abs(z))
    far = np.isinf(size)
    scale = np.where((size == 0) | far, np.ones((), size.dtype), size)
    a, b = (np.where(far, np.isinf(v) * np.sign(v), v / scale) for v in (x, z))
    y = a / np.sqrt(a * a + b * b)
    return np.where(size == 0, np.zeros((), y.dtype), y)


@quiet
def x_times(function: Callable, x: Any, z: Any) -> Any:
    """x · function(z), and 0 where x is 0 and z is a number."""
    dtype = np.result_type(x, z, 1.0)
    return np.where((x == 0) & ~np.isnan(z), np.zeros((), dtype), x * function(np.asarray(z, dtype)))


def xlogy(x: Any, z: Any) -> Any:
    """x · log(z), and 0 where x is 0 and z is a number."""
    return x_times(np.log, x, z)


@quiet
def difference(x: Any, z: Any) -> Any:
    """x - z; of two equal infinities what gives them the weights that softmax gives: +∞ share it, -∞ have none."""
    return np.where(x == z, np.where(x == -np.inf, -np.inf, 0.0).astype(np.result_type(x, z)), np.subtract(x, z))


def held(x: Any, z: Any) -> Any:
    """Where x**z is held at its value 0 or 1, as a function of z: at x = 0 and z ≥ 0."""
    return (x == 0) & (np.real(z) >= 0)


def base(x: Any, z: Any) -> Any:
    """x, but 1 where x**z is held."""
    return np.where(held(x, z), np.ones((), np.result_type(x, z)), x)


def exponent(x: Any, z: Any) -> Any:
    """z, in the shape and dtype of x**z."""
    return np.zeros(np.shape(x), np.result_type(x, z)) + z


def moving(x: Any, z: Any) -> Any:
    """0 where x**z is held, 1 elsewhere."""
    return float_of(~held(x, z), x, z)


# -- functions ---------------------------------------------------------------------------------------------


@quiet
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)); where exp overflows it is 0, as it should be."""
    return 1.0 / (1.0 + np.exp(-numbers(x)))


def numbers(x: Any) -> Any:
    """x, but whole numbers and booleans as floating ones: -x of an unsigned number is another."""
    x = np.asarray(x)
    return x.astype(np.float64) if x.dtype.kind in "iub" else x


def one_minus_square(x: Any) -> Any:
    """1 - x²."""
    return 1.0 - x * x


def tanh_differential(v: Any, y: Any) -> Any:
    """v (1 - y²): what a tangent v of x is for y = tanh(x)."""
    return v * (1.0 - y * y)


def logistic_map(x: Any) -> Any:
    """x (1 - x)."""
    return x * (1.0 - x)


def one_plus_square(x: Any) -> Any:
    """1 + x², precise near ±i."""
    return (1.0 - 1j * x) * (1.0 + 1j * x) if np.iscomplexobj(x) else 1.0 + x * x


def leg(x: Any) -> Any:
    """√(1 + x²) without overflow."""
    return np.sqrt(1.0 - 1j * x) * np.sqrt(1.0 + 1j * x) if np.iscomplexobj(x) else np.hypot(x, 1.0)


@quiet
def leg_slope(x: Any) -> Any:
    """x / √(1 + x²), and ±1 at infinity."""
    return np.where(np.isinf(x), np.sign(x), x / leg(x))


@quiet
def hyperbola_slope(x: Any) -> Any:
    """x / √(x² - 1), and 1 at infinity."""
    return np.where(np.isinf(x), np.sign(x), x / hyperbola(x))


@quiet
def poles(x: Any) -> Any:
    """1 / (1 - x²), precise near ±1."""
    return 1.0 / (1.0 - x) / (1.0 + x)


def circle(x: Any) -> Any:
    """√(1 - x²), precise near ±1, and without overflow."""
    return np.sqrt(1.0 - x) * np.sqrt(1.0 + x)


def hyperbola(x: Any) -> Any:
    """√(x² - 1), precise near 1, and without overflow."""
    return np.sqrt(x - 1.0) * np.sqrt(x + 1.0)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)) without overflow."""
    return np.logaddexp(x, 0.0)


def relu(x: Any) -> Any:
    """max(x, 0) of real x."""
    if x.dtype.kind == "c":
        raise DTypeError(f"relu: complex numbers have no order; given {x.dtype}. Apply it to real(x) and imag(x).")
    return np.maximum(x, 0.0)


def fraction(x: Any) -> Any:
    """x without its whole part, with the sign of x."""
    return np.modf(x)[0]


def whole(x: Any) -> Any:
    """The whole part of x, as a floating number."""
    return np.modf(x)[1]


def binary_exponent(x: Any) -> Any:
    """The whole number e for which |x| 2⁻ᵉ lies in [½, 1); 0 for 0."""
    return np.frexp(x)[1]


# -- integrals over the unit interval: derivatives where their formulas divide by zero -----------------------


@lru_cache(maxsize=64)
def _nodes(n: int) -> tuple[ndarray, ndarray]:
    t, w = np.polynomial.legendre.leggauss(n)
    return (t + 1.0) / 2.0, w / 2.0


def moment(n: int, f: Callable, x: ndarray) -> ndarray:
    """∫₀¹ tⁿ f(x t) dt for an entire function f of order 1 and small x, by Gauss's rule: exact to rounding for |x| ≤ n + 2."""
    t, w = _nodes(20 + n)
    return f(x[..., None] * t) @ (w * t**n)


def sinc(n: int, x: ndarray) -> ndarray:
    """The n-th derivative of sin(πx)/(πx) = ∫₀¹ cos(πxt) dt: by Gauss's rule for small x, by recurrence for others."""
    if n == 0:
        return np.sinc(x)
    u = math.pi * x
    near = np.abs(u) < n
    v = np.where(near, 1.0 + n, u)
    waves = (np.sin(v), np.cos(v), -np.sin(v), -np.cos(v))
    y = waves[0] / v
    for k in range(1, n + 1):
        y = (waves[k % 4] - k * y) / v
    y = np.asarray(y)
    wave = (np.cos, lambda s: -np.sin(s), lambda s: -np.cos(s), np.sin)[n % 4]
    y[near] = moment(n, wave, u[near])
    return math.pi**n * y
