"""Samples of the derivative table: arithmetic, powers, exponentials, logarithms, trigonometric and hyperbolic functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import elementwise as table
from ...public import power
from ...table import null_product
from ...tensor import as_tensor
from ...transforms import grad
from ..declared import Kink, Refusal, Sample, declare

WIDE, POSITIVE, INSIDE = [-2.3, -0.6, 0.4, 1.7], [0.05, 0.6, 1.3, 4.2], [-0.95, -0.3, 0.2, 0.8]
COMPLEX = np.array([0.3 + 0.4j, 1.2 - 0.7j, -0.6 + 0.3j])
call: Any = lambda f, *xs, **options: f(*xs, **options)  # for calls that a type checker would refuse
X, Z = np.array([[-2.3], [0.4]]), np.array([1.9, -0.7, 0.3])
INF, NAN = np.inf, np.nan


def refused(f: Callable, name: str, arity: int) -> list[Refusal]:
    """What every elementwise function refuses: text, ragged lists or shapes that do not broadcast, missing arguments."""
    if arity == 1:
        return [
            Refusal(lambda: f(["a"]), DTypeError, "a Tensor holds numbers or booleans"),
            Refusal(lambda: f([[1.0], [1.0, 2.0]]), ShapeError, "a Tensor is a rectangular array of numbers"),
            Refusal(lambda: f(), TypeError, "missing 1 required positional argument"),
        ]
    shapes = rf"{re.escape(name)}: shapes \(2,\) and \(3,\) do not broadcast"
    return [
        Refusal(lambda: f(["a"], 1.0), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: f(np.ones(2), np.ones(3)), ShapeError, shapes),
        Refusal(lambda: f(1.0), TypeError, "missing 1 required positional argument"),
    ]


def one(
    op: Any,
    points: Sequence[float],
    reference: Callable,
    exact: Callable | None = None,
    *,
    complex_too: bool = False,
    kinks: Sequence[Kink] = (),
    order: int = 2,
) -> None:
    """Declare an op of one input: at points, in several shapes, of complex numbers if it takes them."""
    f, x = op.public, np.array(points)
    arrays = [x, x[:1].reshape(1, 1), x[-1], x[:0].reshape(0, 2)] + [COMPLEX] * complex_too
    samples = [Sample(f, a, reference=reference, order=order) for a in arrays]
    refusals = refused(f, op.name, 1)
    if not complex_too:
        refusals.append(Refusal(lambda: f(COMPLEX), DTypeError, f"{op.name}: .*(not supported|real numbers|complex)"))
    declare(op.name, samples, refusals, exact=exact, kinks=kinks)


def two(
    op: Any,
    x: Any,
    z: Any,
    reference: Callable,
    exact: Callable | None = None,
    *,
    complex_too: bool = False,
    kinks: Sequence[Kink] = (),
    order: int = 2,
) -> None:
    """Declare an op of two inputs: one against one, broadcast, beside a number, without elements, of complex numbers."""
    f = op.public
    x, z = np.array(x), np.array(z)
    pairs = [(x, z), (x[:2, None], z[1:]), (x[0], z[:1]), (x[:0, None], z[:2])]
    pairs += [(COMPLEX, COMPLEX[::-1] + 0.5), (COMPLEX, np.abs(z[:3]))] * complex_too
    samples = [Sample(f, a, b, reference=reference, order=order) for a, b in pairs]
    declare(op.name, samples, refused(f, op.name, 2), exact=exact, kinks=kinks)


def kink(words: str, f: Callable, inputs: Sequence[complex], gradient: Sequence[float], like: str = "") -> Kink:
    """A kink at numbers."""
    return Kink(words, f, tuple(map(np.array, inputs)), tuple(map(np.array, gradient)), like)


def trunc(mp: Any, x: Any) -> Any:
    """The whole part of x."""
    return mp.floor(x) if x > 0 else mp.ceil(x)


# -- arithmetic --------------------------------------------------------------------------------------------------------
LEFT, RIGHT = [-2.3, -0.6, 0.4, 1.7], [1.9, -0.7, 0.3, -2.6]
two(table.add, LEFT, RIGHT, np.add, lambda mp, x, z: x + z, complex_too=True)
two(table.subtract, LEFT, RIGHT, np.subtract, lambda mp, x, z: x - z, complex_too=True)
two(table.multiply, LEFT, RIGHT, np.multiply, lambda mp, x, z: x * z, complex_too=True)
two(
    table.divide, LEFT, RIGHT, np.divide, lambda mp, x, z: x / z, complex_too=True,
    kinks=[kink("x / z at z = 0", table.divide.public, [1.0, 0.0], [INF, -INF], "PyTorch, JAX: same")],
)  # fmt: skip
one(table.negative, WIDE, np.negative, lambda mp, x: -x, complex_too=True)
one(table.positive, WIDE, np.positive, lambda mp, x: +x, complex_too=True)
one(table.reciprocal, WIDE, np.reciprocal, lambda mp, x: 1 / x, complex_too=True)
one(table.square, WIDE, np.square, lambda mp, x: x * x, complex_too=True)
one(table.deg2rad, WIDE, np.deg2rad, lambda mp, x: x * mp.pi / 180)
one(table.rad2deg, WIDE, np.rad2deg, lambda mp, x: x * 180 / mp.pi)
two(table.remainder, [-2.3, -0.65, 0.4, 1.7], RIGHT, np.remainder, lambda mp, x, z: x - z * mp.floor(x / z))
two(table.fmod, [-2.3, -0.65, 3.4, 1.7], RIGHT, np.fmod, lambda mp, x, z: x - z * trunc(mp, x / z))
two(
    table.ratio, LEFT, RIGHT, np.divide, lambda mp, x, z: x / z, complex_too=True,
    kinks=[kink("inner op ratio, x/z in the derivative of xlogy: 0 at 0/0", table.ratio.public, [0.0, 1.0], [1.0, 0.0])],
)  # fmt: skip
two(table.guarded_product, LEFT, RIGHT, np.multiply, lambda mp, x, z: x * z, complex_too=True)
two(null_product, LEFT, RIGHT, np.multiply, lambda mp, x, z: x * z, complex_too=True)
two(table.difference, LEFT, RIGHT, np.subtract, lambda mp, x, z: x - z)

N = np.array([-3, 0, 2, 5])
declare(
    "ldexp",
    samples=[
        Sample(table.ldexp.public, np.array(WIDE), N, reference=np.ldexp),
        Sample(table.ldexp.public, X, N, reference=np.ldexp),
        Sample(table.ldexp.public, np.array(0.7), N, reference=np.ldexp),
        Sample(table.ldexp.public, X[:0], N, reference=np.ldexp),
    ],
    refusals=[
        *refused(table.ldexp.public, "ldexp", 2),
        Refusal(lambda: table.ldexp.public(X, Z), DTypeError, "ldexp: ufunc 'ldexp' not supported"),
    ],
)

# -- powers, exponentials, logarithms ----------------------------------------------------------------------------------
two(
    table.power, POSITIVE, RIGHT, np.power, lambda mp, x, z: x**z, complex_too=True,
    kinks=[
        kink("x**z at x = 0, z = 0", power, [0.0, 0.0], [0.0, 0.0], "PyTorch: same; JAX: NaN by x"),
        kink("x**z at x = 0, z = 1", power, [0.0, 1.0], [1.0, 0.0], "PyTorch, JAX: same"),
        kink("x**z at x = 0, z = 2", power, [0.0, 2.0], [0.0, 0.0], "PyTorch, JAX: same"),
        kink("x**0 at x = 0", lambda x: power(x, 0), [0.0], [0.0], "PyTorch, JAX: same"),
        kink("x**0.5 at x = 0", lambda x: power(x, 0.5), [0.0], [INF], "PyTorch, JAX: same"),
    ],
)  # fmt: skip
two(table.base, LEFT, RIGHT, lambda x, z: x + 0.0 * z, lambda mp, x, z: x)
two(table.exponent, LEFT, RIGHT, lambda x, z: 0.0 * x + z, lambda mp, x, z: z)
two(table.moving, LEFT, RIGHT, lambda x, z: np.ones(np.broadcast_shapes(x.shape, z.shape)))
declare(
    "power_of",
    samples=[
        *(Sample(power, np.array(WIDE), p, reference=lambda x, p: np.power(x, float(p))) for p in (0, 1, 3, -2, 5)),
        Sample(lambda x: power(x[0], 2.5), np.array([POSITIVE]), reference=lambda x: np.power(x[0], 2.5)),
        Sample(power, COMPLEX, -1, reference=lambda x, p: np.power(x, float(p))),
        Sample(power, np.array(0.7), 4, reference=np.power),
        Sample(power, np.zeros((0, 2)), 3, reference=np.power),
    ],
    refusals=[
        Refusal(lambda: power(as_tensor([2, 3]), -1), ValueError, r"power: x \*\* -1 of integers \(int64\) gives none"),
        Refusal(lambda: power(as_tensor([1.0]), "a"), DTypeError, "power: ufunc 'power' (not supported|did not contain)"),
        Refusal(lambda: call(power, as_tensor([1.0])), TypeError, "missing 1 required positional argument: 'z'"),
    ],
    exact=lambda mp, x, p: x**p,
)
SQRT = [kink("√x at 0", table.sqrt.public, [0.0], [INF], "PyTorch, JAX: same")]
one(table.sqrt, POSITIVE, np.sqrt, lambda mp, x: mp.sqrt(x), complex_too=True, kinks=SQRT)
CBRT = [kink("cbrt(x) at 0", table.cbrt.public, [0.0], [INF], "JAX: same")]
one(table.cbrt, POSITIVE, np.cbrt, lambda mp, x: mp.cbrt(x), kinks=CBRT)
one(table.exp, WIDE, np.exp, lambda mp, x: mp.exp(x), complex_too=True)
one(table.exp2, WIDE, np.exp2, lambda mp, x: mp.power(2, x), complex_too=True)
one(table.expm1, [-40.0, -1e-9, 1e-5, 2.0], np.expm1, lambda mp, x: mp.expm1(x), complex_too=True)
one(
    table.log, POSITIVE, np.log, lambda mp, x: mp.log(x), complex_too=True,
    kinks=[kink("log(x) at 0", table.log.public, [0.0], [INF], "PyTorch, JAX: same")],
)  # fmt: skip
one(table.log2, POSITIVE, np.log2, lambda mp, x: mp.log(x, 2), complex_too=True)
one(table.log10, POSITIVE, np.log10, lambda mp, x: mp.log10(x), complex_too=True)
one(
    table.log1p, [-0.9, -1e-9, 1e-5, 3.0], np.log1p, lambda mp, x: mp.log1p(x), complex_too=True,
    kinks=[kink("log1p(x) at -1", table.log1p.public, [-1.0], [INF], "PyTorch, JAX: same")],
)  # fmt: skip
SUM = [
    kink("logaddexp(∞, c)", table.logaddexp.public, [INF, 3.0], [1.0, 0.0], "PyTorch: same; JAX: e^c by c"),
    kink("logaddexp(∞, ∞)", table.logaddexp.public, [INF, INF], [0.5, 0.5], "PyTorch: NaN; JAX: 1 and 1"),
    kink("logaddexp(-∞, -∞)", table.logaddexp.public, [-INF, -INF], [0.0, 0.0], "PyTorch, JAX: NaN"),
]
two(table.logaddexp, LEFT, RIGHT, np.logaddexp, lambda mp, x, z: mp.log(mp.exp(x) + mp.exp(z)), kinks=SUM)
two(table.logaddexp2, LEFT, RIGHT, np.logaddexp2, lambda mp, x, z: mp.log(mp.power(2, x) + mp.power(2, z), 2))

# -- trigonometric and hyperbolic --------------------------------------------------------------------------------------
one(table.sin, WIDE, np.sin, lambda mp, x: mp.sin(x), complex_too=True)
one(table.cos, WIDE, np.cos, lambda mp, x: mp.cos(x), complex_too=True)
one(table.tan, [-1.2, -0.6, 0.4, 2.1], np.tan, lambda mp, x: mp.tan(x), complex_too=True)
one(
    table.arcsin, INSIDE, np.arcsin, lambda mp, x: mp.asin(x), complex_too=True,
    kinks=[kink("arcsin(x) at 1", table.arcsin.public, [1.0], [INF], "PyTorch, JAX: same")],
)  # fmt: skip
one(
    table.arccos, INSIDE, np.arccos, lambda mp, x: mp.acos(x), complex_too=True,
    kinks=[kink("arccos(x) at -1", table.arccos.public, [-1.0], [-INF], "PyTorch, JAX: same")],
)  # fmt: skip
one(
    table.arctan, WIDE, np.arctan, lambda mp, x: mp.atan(x), complex_too=True,
    kinks=[kink("arctan′(x) at ∞", grad(table.arctan.public), [INF], [0.0])],
)  # fmt: skip
one(table.sinh, WIDE, np.sinh, lambda mp, x: mp.sinh(x), complex_too=True)
one(table.cosh, WIDE, np.cosh, lambda mp, x: mp.cosh(x), complex_too=True)
one(table.tanh, WIDE, np.tanh, lambda mp, x: mp.tanh(x), complex_too=True)
one(
    table.arcsinh, WIDE, np.arcsinh, lambda mp, x: mp.asinh(x), complex_too=True,
    kinks=[kink("arcsinh′(x) at ∞", grad(table.arcsinh.public), [INF], [0.0])],
)  # fmt: skip
one(
    table.arccosh, [1.05, 1.4, 2.0, 9.0], np.arccosh, lambda mp, x: mp.acosh(x), complex_too=True,
    kinks=[kink("arccosh(x) at 1", table.arccosh.public, [1.0], [INF], "PyTorch, JAX: same")],
)  # fmt: skip
one(
    table.arctanh, INSIDE, np.arctanh, lambda mp, x: mp.atanh(x), complex_too=True,
    kinks=[
        kink("arctanh(x) at 1", table.arctanh.public, [1.0], [INF], "PyTorch, JAX: same"),
        kink("arctanh′(x) at -1", grad(table.arctanh.public), [-1.0], [-INF]),
    ],
)  # fmt: skip
one(table.one_plus_square, WIDE, lambda x: 1.0 + x * x, lambda mp, x: 1 + x * x, complex_too=True)
one(table.one_minus_square, WIDE, lambda x: 1.0 - x * x, lambda mp, x: 1 - x * x, complex_too=True)
two(table.tanh_differential, LEFT, INSIDE, lambda v, y: v * (1.0 - y * y), lambda mp, v, y: v * (1 - y * y), complex_too=True)
one(table.leg, WIDE, lambda x: np.sqrt(1.0 + x * x), lambda mp, x: mp.sqrt(1 + x * x), complex_too=True)
one(table.leg_slope, WIDE, lambda x: x / np.sqrt(1.0 + x * x), lambda mp, x: x / mp.sqrt(1 + x * x), complex_too=True)
one(table.circle, INSIDE, lambda x: np.sqrt(1.0 - x * x), lambda mp, x: mp.sqrt(1 - x * x), complex_too=True)
BEYOND = [1.05, 1.4, 9.0]
one(table.hyperbola, BEYOND, lambda x: np.sqrt(x - 1) * np.sqrt(x + 1), lambda mp, x: mp.sqrt(x * x - 1), complex_too=True)
one(
    table.hyperbola_slope, BEYOND, lambda x: x / (np.sqrt(x - 1) * np.sqrt(x + 1)), lambda mp, x: x / mp.sqrt(x * x - 1),
    complex_too=True,
)  # fmt: skip
one(table.poles, INSIDE, lambda x: 1.0 / (1.0 - x * x), lambda mp, x: 1 / (1 - x * x), complex_too=True)
HYPOT = [
    kink("hypot(x, z) at the origin", table.hypot.public, [0.0, 0.0], [0.0, 0.0], "PyTorch: NaN; JAX: ½ and ½"),
    kink("hypot(x, z) far out", table.hypot.public, [3e200, 4e200], [0.6, 0.8], "PyTorch: same; JAX: 1.25 by z"),
    kink("hypot(x, z) at infinity", table.hypot.public, [INF, 1.0], [1.0, 0.0], "PyTorch, JAX: NaN"),
]
ANGLE = [kink("arctan2(x, z) at the origin", table.arctan2.public, [0.0, 0.0], [0.0, 0.0], "PyTorch: same; JAX: NaN")]
two(table.hypot, LEFT, RIGHT, np.hypot, lambda mp, x, z: mp.hypot(x, z), kinks=HYPOT)
two(table.arctan2, LEFT, RIGHT, np.arctan2, lambda mp, x, z: mp.atan2(x, z), kinks=ANGLE)
two(table.cosine, LEFT, RIGHT, lambda x, z: x / np.hypot(x, z), lambda mp, x, z: x / mp.hypot(x, z))

# -- networks ----------------------------------------------------------------------------------------------------------
SATURATED = [-30.0, -0.6, 0.4, 5.0]
one(table.sigmoid, SATURATED, lambda x: 1.0 / (1.0 + np.exp(-x)), lambda mp, x: 1 / (1 + mp.exp(-x)), complex_too=True)
one(table.logistic_map, WIDE, lambda x: x * (1.0 - x), lambda mp, x: x * (1 - x), complex_too=True)
one(table.softplus, [*SATURATED, 25.0], lambda x: np.logaddexp(x, 0.0), lambda mp, x: mp.log1p(mp.exp(x)))
RELU = [
    kink("relu(x) at 0", table.relu.public, [0.0], [0.0], "PyTorch, JAX: same"),
    kink("√relu(x) at -1: nothing comes through", lambda x: table.sqrt(table.relu(x)), [-1.0], [0.0], "PyTorch, JAX: same"),
]
one(table.relu, WIDE, lambda x: np.maximum(x, 0.0), lambda mp, x: x if x > 0 else 0 * x, kinks=RELU)
two(table.gate, LEFT, RIGHT, lambda x, v: np.where(x > 0, v, 0.0), lambda mp, x, v: v if x > 0 else 0 * v)
