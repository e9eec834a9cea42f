"""Samples of comparisons, logic, bits and questions about numbers: without derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import elementwise as table
from ..declared import Refusal, Sample, declare
from .elementwise import COMPLEX, INF, NAN

FLOATS, OTHERS = np.array([[0.5, -1.0, 2.0]]), np.array([[0.5], [3.0]])
BITS, MORE = np.array([0, 1, 6, 7]), np.array([3, 2, 1, 4])
FLAGS, FLIPPED = np.array([True, False, True, False]), np.array([True, True, False, False])
RAGGED = [[1.0], [1.0, 2.0]]
ODD = np.array([[1.0, INF], [-INF, NAN]])


def constant(name: str, refused: tuple, error: type[Exception], text: str, *pairs: tuple, reference: Any = None) -> None:
    """Declare an op without derivatives by its inputs; `refused` are inputs that it does not take."""
    f: Callable = getattr(table, name).public
    reference = reference or getattr(np, name)
    numbers, empty = ([tuple(x.reshape(-1)[part] for x in pairs[0])] for part in (0, slice(0)))
    samples = [Sample(f, *xs, reference=reference, order=0) for xs in [*pairs, *numbers, *empty]]
    if len(pairs[0]) == 2:
        shapes = Refusal(lambda: f(BITS, BITS[:3]), ShapeError, rf"{name}: shapes \(4,\) and \(3,\) do not broadcast")
    else:
        shapes = Refusal(lambda: f(BITS, BITS, BITS), DTypeError, f"{name}: .* positional arguments? but 3 were given")
    count = Refusal(lambda: f(), DTypeError, f"{name}: .* positional argument")
    declare(name, samples, [shapes, count, Refusal(lambda: f(*refused), error, text)])


for each in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    no_loop = f"{each}: ufunc '{each}' did not contain a loop"
    constant(each, (BITS, "a"), DTypeError, no_loop, (FLOATS, FLOATS), (FLOATS, OTHERS), (BITS, MORE))
for each in ("logical_and", "logical_or", "logical_xor"):
    constant(each, (RAGGED, 1.0), ShapeError, "lists are ragged", (FLAGS, FLIPPED), (FLAGS, FLIPPED[:1]), (FLOATS, OTHERS))
for each in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd", "lcm"):
    no_loop = f"{each}: ufunc '{each}' (not supported|did not contain)"
    constant(each, (1.5, 2), DTypeError, no_loop, (BITS, MORE), (BITS, MORE[:1]))
constant("logical_not", (RAGGED,), ShapeError, "lists are ragged", (FLAGS,), (FLOATS,))
constant("invert", (1.5,), DTypeError, "invert: ufunc 'invert' not supported", (BITS,), (FLAGS,))
constant("bitwise_count", (1.5,), DTypeError, "bitwise_count: ufunc 'bitwise_count' not supported", (BITS,), (-MORE,))
for each in ("isnan", "isinf", "isfinite"):
    constant(each, (["a"],), DTypeError, "a Tensor holds numbers or booleans", (ODD,), (COMPLEX,))
for each in ("isposinf", "isneginf"):
    constant(each, (1j,), DTypeError, f"{each}: .* not supported for complex128", (ODD,), (FLOATS,))
for each in ("iscomplex", "isreal"):
    constant(each, (RAGGED,), ShapeError, "lists are ragged", (COMPLEX,), (FLOATS,))
constant("signbit", (1j,), DTypeError, "signbit: ufunc 'signbit' not supported", (ODD,), (-0.0 * FLOATS,))
constant("binary_exponent", (1j,), DTypeError, "ufunc 'frexp'", (FLOATS,), (OTHERS,), reference=lambda x: np.frexp(x)[1])
