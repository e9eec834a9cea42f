"""The gradient check can fail: planted wrong rules are caught in every mode that can see them, and in no other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest
from checking import FIRST, SECOND, failing

import autograd_core as ac
from autograd_core.ops import elementwise as table
from autograd_core.primitive import Primitive
from autograd_core.table import comparison
from autograd_core.testing import gradcheck

ROWS = ((1.0, 2.0, -0.5), (0.3, -1.0, 4.0), (2.0, 0.7, 1.5))
VECTOR = np.array([0.3, -1.2, 0.8])


pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def sine(derivative, analytic=False):
    """The sine with this derivative."""
    return ac.elementwise("planted_sine", np.sin, derivative, analytic=analytic)


# -- wrong rules are caught --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MatVec(Primitive):
    """The product of a fixed matrix with a vector, with a fault in one of its rules."""

    rows: tuple[tuple[float, ...], ...]
    faulty: str = ""
    fault: Any = None
    name: ClassVar[str]

    def forward(self, x):
        return np.array(self.rows) @ x

    def vjp(self, i, g, y, x):
        right = MatVec(tuple(zip(*self.rows, strict=True)))
        return self.fault(right, g) if self.faulty == "reverse" else right(g)

    def jvp(self, i, t, y, x):
        return self.fault(MatVec(self.rows), t) if self.faulty == "forward" else MatVec(self.rows)(t)

    def shape(self, x):
        return x


MatVec.name = "planted_matvec"  # set here, it is not entered in the registry


def transposed(op, v):
    return MatVec(tuple(zip(*op.rows, strict=True)))(v)


FAULTS = {
    "a factor": lambda op, v: op(v) * 2.0,
    "a factor near 1": lambda op, v: op(v) * (1.0 + 1e-7),
    "a sign": lambda op, v: -op(v),
    "a sign at one index": lambda op, v: op(v) * np.array([1.0, -1.0, 1.0]),
    "transposed": transposed,
    "a missing term": lambda op, v: op(v * np.array([1.0, 1.0, 0.0])),
    "a missing rule": lambda op, v: None,
    "zero": lambda op, v: op(v) * 0.0,
    "NaN": lambda op, v: op(v) * math.nan,
    "NaN at one index": lambda op, v: op(v) * np.array([1.0, 1.0, math.nan]),
    "infinite": lambda op, v: op(v) * math.inf,
}


class AnalyticMatVec(MatVec):
    """The same, compared with complex steps."""

    analytic = True


@pytest.mark.parametrize("kind", [MatVec, AnalyticMatVec])
@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_is_caught_in_its_mode_alone(fault, mode, kind):
    op = kind(ROWS, mode, FAULTS[fault])
    assert failing(op, VECTOR) == {mode}
    assert not failing(op, VECTOR, modes=[*FIRST - {mode}])


@pytest.mark.parametrize("kind", [MatVec, AnalyticMatVec])
def test_the_right_matvec_passes(kind):
    assert gradcheck(kind(ROWS), VECTOR, order=3)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_rule_that_is_wrong_in_a_derivative_is_caught_in_its_mode_over_both(fault, mode):
    op = sine(lambda _y, x: MatVec(ROWS, mode, FAULTS[fault])(table.cos(x)) + UNDONE(table.cos(x)))
    assert not failing(op, VECTOR)
    assert failing(op, VECTOR, order=2) == {f"{mode} over {inner}" for inner in FIRST}


UNDONE = MatVec(tuple(tuple((i == j) - ROWS[i][j] for j in range(3)) for i in range(3)))


# -- wrong for some dtypes and layouts only ---------------------------------------------------------------------------


def test_a_rule_in_less_precision_is_caught():
    assert failing(sine(lambda _y, x: table.cos(x.astype(np.float32)).astype(np.float64)), VECTOR) == FIRST
    assert not failing(sine(lambda _y, x: table.cos(x)), VECTOR.astype(np.float32))


@pytest.mark.parametrize("dtype, factor", [("float32", 1.001), ("float16", 1.1)])
def test_a_rule_that_is_wrong_for_one_dtype_alone_is_caught_there(dtype, factor):
    op = sine(lambda _y, x: table.cos(x) * (factor if x.dtype == dtype else 1.0))
    assert not failing(op, VECTOR, order=2)
    assert failing(op, VECTOR.astype(dtype)) == FIRST


def test_a_rule_that_is_wrong_for_complex_numbers_alone_is_caught_there():
    op = sine(lambda _y, x: table.cos(x) * (1.001 if x.dtype.kind == "c" else 1.0))
    assert not failing(op, VECTOR, order=2)
    assert failing(op, VECTOR + 0.3j) == FIRST


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("planted", ["a conjugate too many", "the real part alone", "turned by a right angle"])
def test_what_is_wrong_with_complex_numbers_is_caught(planted, mode):
    fault = {
        "a conjugate too many": lambda op, v: table.conj(op(v)),
        "the real part alone": lambda op, v: 0.5 * (op(v) + table.conj(op(v))),
        "turned by a right angle": lambda op, v: op(v) * 1j,
    }[planted]
    assert failing(MatVec(ROWS, mode, fault), VECTOR * (1.0 - 2.0j)) == {mode}


def test_a_rule_that_is_wrong_for_one_size_alone_is_caught_there():
    op = sine(lambda _y, x: table.cos(x) * (2.0 if x.shape == (1,) else 1.0))
    assert not failing(op, VECTOR)
    assert failing(op, VECTOR[:1]) == FIRST


DERIVATIVES = {
    "a factor": lambda _y, x: 2.0 * table.cos(x),
    "a sign": lambda _y, x: -table.cos(x),
    "another function": lambda _y, x: table.sin(x),
    "zero": table.zero,
    "one": None,
    "NaN": lambda _y, x: table.cos(x) * math.nan,
    "wrong at one index": lambda _y, x: table.cos(x) * np.array([1.0, 1.0, -1.0]),
    "out of the output": lambda y, _x: table.sqrt(1.0 - y * y),
}


@pytest.mark.parametrize("analytic", [False, True])
@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_wrong_entry_of_the_table_is_caught_in_both_modes(name, analytic):
    assert failing(sine(DERIVATIVES[name], analytic), np.array([0.3, 2.2, 0.8])) == FIRST


def test_a_missing_term_of_a_product_is_caught_at_its_argument():
    op = ac.elementwise("planted", lambda x, z: x * z * z, lambda _y, _x, z: z * z, lambda _y, x, z: x * z)
    report = gradcheck(op, (VECTOR, VECTOR + 3.0), raise_error=False)
    assert {f.argument for f in report.failures if f.index is not None} == {"argument 1"}
    assert {f.mode for f in report.failures} == FIRST


def test_tangents_that_are_not_added_are_caught():
    class Product(Primitive):
        name = "planted_product"

        def forward(self, x, z):
            return x * z

        def uses(self, i):
            return (0, 1)

        def jvp(self, i, t, y, x, z):
            return t * (x if i else z)

        vjp = jvp

        def pushforward(self, tangents, y, x, z):
            return tangents[0] * z if tangents[0] is not None else tangents[1] * x

        def shape(self, x, z):
            return x

    report = gradcheck(Product(), (1.5, 2.5), raise_error=False)
    wrong = [f for f in report.failures if f.kind == "wrong"]
    assert {(f.mode, f.index) for f in wrong} == {("forward", ()), ("forward", None)}


# -- a right value with a wrong second derivative ---------------------------------------------------------------------


def test_a_wrong_second_derivative_is_caught_in_all_four_modes():
    wrong_cosine = ac.elementwise("planted_cosine", np.cos, lambda _y, x: table.sin(x))
    op = sine(lambda _y, x: wrong_cosine(x))
    assert gradcheck(op, VECTOR)
    assert failing(op, VECTOR, order=2) == SECOND


def test_a_derivative_cut_off_the_graph_is_caught_in_all_four_modes():
    cosine = comparison("planted_cosine", np.cos, 1)
    op = sine(lambda _y, x: cosine(x))
    assert gradcheck(op, VECTOR)
    report = gradcheck(op, VECTOR, order=2, raise_error=False)
    assert {f.mode for f in report.failures} == SECOND
    assert "the graph cut" in str(report)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_second_derivative_wrong_in_one_mode_is_caught_there(mode):
    class Cosine(Primitive):
        name = "planted_cosine"

        def forward(self, x):
            return np.cos(x)

        def uses(self, i):
            return (0,)

        def vjp(self, i, g, y, x):
            return g * table.sin(x) * (1.0 if mode == "reverse" else -1.0)

        def jvp(self, i, t, y, x):
            return t * table.sin(x) * (1.0 if mode == "forward" else -1.0)

        def shape(self, x):
            return x

    op = sine(lambda _y, x: Cosine()(x))
    assert failing(op, VECTOR, order=2) == {f"{mode} over {inner}" for inner in FIRST}


def test_a_wrong_third_derivative_is_caught_at_order_three():
    wrong_sine = ac.elementwise("planted", np.sin, lambda _y, x: -table.cos(x))
    cosine = ac.elementwise("planted_cosine", np.cos, lambda _y, x: -wrong_sine(x))
    op = sine(lambda _y, x: cosine(x))
    assert gradcheck(op, VECTOR, order=2)
    modes = failing(op, VECTOR, order=3)
    assert modes == {f"{outer} over {inner}" for outer in FIRST for inner in SECOND}


# -- how sharp it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size, error", [(64, 1e-8), (1024, 1e-6)])
def test_a_small_error_in_one_entry_is_found(size, error):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(size)
        factor = 1.0 + error * (np.arange(size) == rng.integers(size))
        assert failing(sine(lambda _y, x, factor=factor: table.cos(x) * factor), x, seed=seed) == FIRST
