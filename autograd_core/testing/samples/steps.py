"""Samples of what is piecewise smooth or constant: signs, steps, choices; of rounding, parts of complex numbers, closeness."""

from __future__ import annotations

import numpy as np

from ... import public
from ...errors import DTypeError, ShapeError
from ...ops import elementwise as table
from ...ops import parts
from ...primitive import AsType, Identity
from ...table import conj
from ...tensor import as_tensor
from ..declared import Refusal, Sample, declare
from .elementwise import COMPLEX, LEFT, NAN, RIGHT, WIDE, Z, call, kink, one, refused, trunc, two

NONE = np.zeros((0, 2))

# -- signs -------------------------------------------------------------------------------------------------------------
one(
    table.absolute, WIDE, np.abs, lambda mp, x: abs(x), complex_too=True,
    kinks=[kink("|x| at 0", table.absolute.public, [0.0], [0.0], "PyTorch: same; JAX: 1")],
)  # fmt: skip
one(table.fabs, WIDE, np.fabs, lambda mp, x: abs(x), kinks=[kink("fabs(x) at 0", table.fabs.public, [0.0], [0.0])])
one(
    table.sign, WIDE, np.sign, lambda mp, x: mp.sign(x), complex_too=True,
    kinks=[kink("sign(x) at 0", table.sign.public, [0.0], [0.0], "PyTorch, JAX: same")],
)  # fmt: skip
COPYSIGN = [kink("copysign(x, z) at x = 0", table.copysign.public, [0.0, -3.0], [0.0, 0.0], "PyTorch: same; JAX: -1 by x")]
two(table.copysign, LEFT, RIGHT, np.copysign, lambda mp, x, z: abs(x) * mp.sign(z), kinks=COPYSIGN)
two(table.nextafter, LEFT, RIGHT, np.nextafter, lambda mp, x, z: x + 0 * z)

# -- steps -------------------------------------------------------------------------------------------------------------
FLOOR = [
    kink("floor(x) at a whole number", table.floor.public, [2.0], [0.0], "PyTorch, JAX: same"),
    kink("√floor(x) at 0.5: nothing comes through", lambda x: table.sqrt(table.floor(x)), [0.5], [0.0], "PyTorch, JAX: same"),
]
one(table.floor, WIDE, np.floor, lambda mp, x: mp.floor(x), kinks=FLOOR)
one(table.ceil, WIDE, np.ceil, lambda mp, x: mp.ceil(x))
one(table.trunc, WIDE, np.trunc, trunc)
one(table.rint, WIDE, np.rint, lambda mp, x: mp.nint(x), complex_too=True)
one(table.whole, WIDE, np.trunc, trunc)
one(table.fraction, WIDE, lambda x: np.modf(x)[0], lambda mp, x: x - trunc(mp, x))
one(table.spacing, WIDE, np.spacing)
two(table.floor_divide, [-2.3, -0.65, 0.4, 1.7], RIGHT, np.floor_divide, lambda mp, x, z: mp.floor(x / z))
one(table.is_positive, WIDE, lambda x: (x > 0).astype(x.dtype), lambda mp, x: mp.mpf(x > 0), complex_too=True)
one(table.is_zero, WIDE, lambda x: (x == 0) + 0.0 * x, lambda mp, x: 0 * x, complex_too=True)
one(table.nought, WIDE, np.zeros_like, lambda mp, x: 0 * x, complex_too=True)

# -- choices -----------------------------------------------------------------------------------------------------------
LARGE, LESS = [-2.3, 2.5, 2.0005, 2.0], [1.9, 2.0, 2.0, 2.0005]
MAXIMUM = [
    kink("maximum(x, z) at a tie", table.maximum.public, [1.5, 1.5], [0.5, 0.5], "PyTorch, JAX: same"),
    kink("maximum(NaN, z)", table.maximum.public, [NAN, 1.0], [1.0, 0.0], "PyTorch: 1 and 1; JAX: 0 and 0"),
    kink("√maximum(x, 0) at -1: nothing comes through", lambda x: table.sqrt(table.maximum(x, 0.0)), [-1.0], [0.0], "JAX: NaN"),
]
FMAX = [
    kink("fmax(x, z) at a tie", table.fmax.public, [1.5, 1.5], [0.5, 0.5], "PyTorch: 1 and 0; JAX: 0 and 1"),
    kink("fmax(NaN, z)", table.fmax.public, [NAN, 1.0], [0.0, 1.0], "PyTorch, JAX: same"),
]
MINIMUM = [kink("minimum(x, z) at a tie", table.minimum.public, [1.5, 1.5], [0.5, 0.5], "PyTorch, JAX: same")]
FMIN = [kink("fmin(x, NaN)", table.fmin.public, [1.0, NAN], [1.0, 0.0])]
HEAVISIDE = [
    kink("heaviside(x, z) at x = 0", table.heaviside.public, [0.0, 0.5], [0.0, 1.0], "JAX: same"),
    kink("heaviside(x, z) at x = 1", table.heaviside.public, [1.0, 0.5], [0.0, 0.0], "JAX: same"),
]
two(table.maximum, LARGE, LESS, np.maximum, lambda mp, x, z: max(x, z), kinks=MAXIMUM)
two(table.minimum, LARGE, LESS, np.minimum, lambda mp, x, z: min(x, z), kinks=MINIMUM)
two(table.fmax, LARGE, LESS, np.fmax, lambda mp, x, z: max(x, z), kinks=FMAX)
two(table.fmin, LARGE, LESS, np.fmin, lambda mp, x, z: min(x, z), kinks=FMIN)
two(table.heaviside, LEFT, RIGHT, np.heaviside, lambda mp, x, z: mp.mpf(x > 0), kinks=HEAVISIDE)
two(table.larger, LARGE, LESS, lambda x, z: (x > z) + 0.0, lambda mp, x, z: mp.mpf(x > z))
two(table.smaller, LARGE, LESS, lambda x, z: (x < z) + 0.0, lambda mp, x, z: mp.mpf(x < z))
two(table.larger_number, LARGE, LESS, lambda x, z: (x > z) + 0.0, lambda mp, x, z: mp.mpf(x > z))
two(table.smaller_number, LARGE, LESS, lambda x, z: (x < z) + 0.0, lambda mp, x, z: mp.mpf(x < z))

# -- with parameters ---------------------------------------------------------------------------------------------------
DEGREES = np.array([[10.0, 200.0, 390.0], [-30.0, 340.0, 100.0]])
declare(
    "round",
    samples=[
        Sample(public.round, np.array(WIDE), reference=np.round),
        Sample(lambda x: public.round(x, 1), np.array(-0.44), reference=lambda x: np.round(x, 1)),
        Sample(lambda x: public.round(x, -1), NONE, reference=lambda x: np.round(x, -1)),
        Sample(lambda x: public.round(x, 1), COMPLEX * 1.01, reference=lambda x: np.round(x, 1)),
    ],
    refusals=[
        *refused(public.round, "round", 1),
        Refusal(lambda: call(public.round, 1.0, "a"), ValueError, "invalid literal for int"),
    ],
    kinks=[kink("round(x) at ½", public.round, [0.5], [0.0], "PyTorch, JAX: same")],
)
declare(
    "unwrap",
    samples=[
        Sample(public.unwrap, np.array([0.3, 3.0, -2.9, -0.2]), reference=np.unwrap),
        Sample(lambda x: public.unwrap(x, period=360.0), DEGREES, reference=lambda x: np.unwrap(x, period=360.0)),
        Sample(lambda x: public.unwrap(x, 4.0, 0), DEGREES, reference=lambda x: np.unwrap(x, 4.0, 0)),
        Sample(public.unwrap, np.zeros((2, 0)), reference=np.unwrap),
        Sample(public.unwrap, np.array([0.7]), reference=np.unwrap),
    ],
    refusals=[
        Refusal(lambda: public.unwrap(1.0), ShapeError, "unwrap: a 0-d array has no steps"),
        Refusal(lambda: public.unwrap(DEGREES, axis=2), ShapeError, "unwrap: axis 2 is out of range"),
        Refusal(lambda: call(public.unwrap, DEGREES, period=as_tensor(6.0)), DTypeError, "discont and period must be numbers"),
        Refusal(lambda: public.unwrap(["a"]), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: public.unwrap(COMPLEX), DTypeError, "unwrap: "),
    ],
)
declare(
    "isclose",
    samples=[
        Sample(public.isclose, np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.00001, 3.1]), reference=np.isclose, order=0),
        Sample(lambda x, z: public.isclose(x, z, 0.5), DEGREES, Z, reference=lambda x, z: np.isclose(x, z, 0.5), order=0),
        Sample(public.isclose, COMPLEX, COMPLEX[:1], reference=np.isclose, order=0),
        Sample(public.isclose, NONE, np.array(1.0), reference=np.isclose, order=0),
    ],
    refusals=refused(public.isclose, "isclose", 2),
)

# -- complex numbers and conversions -------------------------------------------------------------------------------------
PLANE = np.array([[0.3 + 0.4j, -1.2 - 0.7j], [-0.6 + 0.3j, 2.0 - 1.0j]])
declare(
    "conj",
    samples=[
        Sample(public.conj, PLANE, reference=np.conj),
        Sample(public.conj, np.array(WIDE), reference=np.conj),
        Sample(conj, np.array(1.0 - 2.0j), reference=np.conj),
        Sample(public.conj, PLANE[:0], reference=np.conj),
    ],
    refusals=refused(public.conj, "conj", 1),
)
declare(
    "imag",
    samples=[
        Sample(public.imag, PLANE, reference=np.imag),
        Sample(public.imag, np.array(1.0 - 2.0j), reference=np.imag),
        Sample(public.imag, PLANE[:, :0], reference=np.imag),
        Sample(public.angle, PLANE, reference=np.angle),
        Sample(lambda x: public.angle(x, deg=True), PLANE, reference=lambda x: np.angle(x, deg=True)),
    ],
    refusals=refused(public.imag, "imag", 1),
    kinks=[kink("angle(x) at 0", public.angle, [0j], [0.0])],
)
declare(
    "imaginary",
    samples=[
        Sample(parts._imaginary, np.array(WIDE), reference=lambda x: 1j * x),
        Sample(parts._imaginary, np.array(0.7), reference=lambda x: 1j * x),
        Sample(lambda x: public.nan_to_num(x, nan=1.0), PLANE, reference=np.nan_to_num),
        Sample(parts._imaginary, NONE, reference=lambda x: 1j * x),
    ],
    refusals=[
        Refusal(lambda: parts._imaginary(as_tensor(["a"])), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: parts._imaginary(as_tensor([[1.0], [1.0, 2.0]])), ShapeError, "a rectangular array of numbers"),
        Refusal(lambda: call(parts._imaginary), TypeError, "missing 1 required positional argument"),
    ],
)
HALF, SINGLE = np.dtype(np.float16), np.dtype(np.float32)
declare(
    "astype",
    samples=[
        Sample(lambda x: x.astype(np.complex128), np.array(WIDE), reference=lambda x: x.astype(np.complex128)),
        Sample(public.real, PLANE, reference=np.real),
        Sample(lambda x: AsType(np.dtype(float))(x), np.array([1, 2, 3]), reference=lambda x: x.astype(float), order=0),
        Sample(lambda x: x.astype(np.complex128), NONE, reference=lambda x: x.astype(np.complex128)),
    ],
    refusals=[
        Refusal(lambda: as_tensor([1.0]).astype("colour"), TypeError, "data type 'colour' not understood"),
        Refusal(lambda: as_tensor(["a"]).astype(float), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: call(as_tensor([1.0]).astype), TypeError, "missing 1 required positional argument"),
    ],
)
declare(
    "identity",
    samples=[
        Sample(lambda x: x.clone(), np.array(WIDE), reference=np.copy),
        Sample(Identity(False), np.array(0.7), reference=np.copy),
        Sample(lambda x: x.clone(), PLANE, reference=np.copy),
        Sample(Identity(True), NONE, reference=np.copy),
    ],
    refusals=[
        Refusal(lambda: call(as_tensor([1.0]).clone, 2), TypeError, "takes 1 positional argument but 2 were given"),
        Refusal(lambda: Identity(True)(as_tensor(["a"])), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: as_tensor([[1.0], [1.0, 2.0]]).clone(), ShapeError, "a rectangular array of numbers"),
    ],
)
