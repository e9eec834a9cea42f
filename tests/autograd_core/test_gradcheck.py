"""The gradient check can fail: planted wrong rules are caught in every mode that can see them, and kinks are named."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError
from autograd_core.ops import elementwise as table
from autograd_core.primitive import Primitive, registry
from autograd_core.table import comparison
from autograd_core.testing import GradcheckError, gradcheck
from autograd_core.testing.differences import slope
from autograd_core.testing.promises import about_gradient, about_memory

FIRST = {"reverse", "forward"}
SECOND = {f"{outer} over {inner}" for outer in FIRST for inner in FIRST}


@pytest.fixture(autouse=True)
def _registry_as_it_was():
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def failing(f, inputs, order=1, **options):
    """The modes in which a check fails."""
    return {finding.mode for finding in gradcheck(f, inputs, order, raise_error=False, **options).failures}


def sine(derivative):
    """The sine with this derivative."""
    return ac.elementwise("planted_sine", np.sin, derivative)


# -- right functions pass ----------------------------------------------------------------------------------------------

ROWS = ((1.0, 2.0, -0.5), (0.3, -1.0, 4.0), (2.0, 0.7, 1.5))
VECTOR = np.array([0.3, -1.2, 0.8])
MATRIX = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
RIGHT = {
    "sine": (ac.sin, (VECTOR,)),
    "broadcast product": (lambda x, z: x * z, (MATRIX, VECTOR)),
    "used twice": (lambda x: ac.exp(x) * ac.sin(x) + x, (VECTOR,)),
    "scalar": (lambda x: x * x * x, (2.0,)),
    "not used": (lambda x, z: ac.sin(x), (VECTOR, 1.0)),
    "constant": (lambda x: ac.tensor([1.0, 2.0]), (VECTOR,)),
    "empty": (lambda x: x * x, (np.zeros((0, 3)),)),
    "complex": (lambda x: ac.exp(x) * x, (VECTOR + 1j * VECTOR[::-1],)),
    "complex of real": (lambda x: ac.exp(1j * x), (VECTOR,)),
    "a derivative inside": (lambda x: ac.grad(lambda z: ac.sin(z) * x)(x * x), (0.7,)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_function_passes(name):
    f, inputs = RIGHT[name]
    report = gradcheck(f, inputs, order=2)
    assert report
    assert not report.remarks
    assert set(report.compared) == FIRST | SECOND


def test_the_fourth_order_passes():
    report = gradcheck(lambda x, z: ac.sin(x) * z, (VECTOR, 1.3), order=4)
    assert report
    assert len(report.compared) == 2 + 4 + 8 + 16


def test_single_precision_passes_with_its_own_tolerance():
    assert gradcheck(lambda x: ac.tanh(x) * x, VECTOR.astype(np.float32), order=2)
    wrong = sine(lambda _y, x: 1.01 * table.cos(x))
    assert failing(wrong, VECTOR.astype(np.float32)) == FIRST


def test_a_large_array_is_checked_along_random_directions():
    x = np.linspace(-2.0, 2.0, 1000)
    report = gradcheck(lambda x: ac.sin(x) * x, x, order=2)
    assert report.compared["reverse"] == 2 * 9
    wrong_at = np.where(np.arange(1000) == 417, 1.001, 1.0)
    assert failing(sine(lambda _y, x: table.cos(x) * wrong_at), x) == FIRST


def test_only_the_asked_modes_are_checked():
    assert set(gradcheck(ac.sin, VECTOR, 2, modes=["forward"]).compared) == {"forward", "forward over forward"}


def test_structures_keep_their_names():
    inputs = ({"w": [np.array([1.0, 2.0]), 3], "b": 0.5}, [[1.0, 2.0], [3.0, 4.0]])

    def f(model, x):
        assert model["w"][1] == 3
        assert isinstance(model["w"][1], int)
        return {"y": x * model["w"][0], "z": [ac.stop_gradient(model["b"]) * 2.0]}

    (finding, *_) = gradcheck(f, inputs, modes=["forward"], raise_error=False).failures
    assert (finding.argument, finding.index, finding.output) == ("argument 0['b']", (), "output 1")
    assert (finding.rule, finding.differences[0]) == (0.0, pytest.approx(2.0))


@pytest.mark.parametrize("f, inputs", [(ac.sin, np.array([1, 2])), (ac.isnan, 1.0)])
def test_nothing_to_differentiate_is_an_error(f, inputs):
    with pytest.raises(DTypeError, match="nothing to differentiate"):
        gradcheck(f, inputs)


@pytest.mark.parametrize("options", [{"order": 0}, {"modes": []}, {"modes": ["backward"]}])
def test_unknown_orders_and_modes_are_an_error(options):
    with pytest.raises(ValueError, match="order must be 1 or more, modes some of"):
        gradcheck(ac.sin, 1.0, **options)


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


@pytest.mark.parametrize("mode", ["reverse", "forward"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_is_caught_in_its_mode_alone(fault, mode):
    op = MatVec(ROWS, mode, FAULTS[fault])
    modes = failing(op, VECTOR) - {""}
    assert modes == {mode}
    assert not failing(op, VECTOR, modes=[*FIRST - {mode}]) - {""}


def test_the_right_matvec_passes():
    assert gradcheck(MatVec(ROWS), VECTOR, order=2)


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


@pytest.mark.parametrize("name", DERIVATIVES)
def test_a_wrong_entry_of_the_table_is_caught_in_both_modes(name):
    assert failing(sine(DERIVATIVES[name]), np.array([0.3, 2.2, 0.8])) - {""} == FIRST


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
    assert {(f.mode, f.index) for f in report.failures} == {("forward", ()), ("forward", None)}


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


# -- kinks and other points where differences tell nothing -----------------------------------------------------------

KINKS = {
    "relu": (ac.relu, 0.0, {"kink"}),
    "absolute": (ac.absolute, 0.0, {"kink"}),
    "maximum": (lambda x: ac.maximum(x, 2.0 * x), 0.0, {"kink"}),
    "relu among others": (lambda x: ac.relu(x) * x + ac.relu(x - 1.0), [1.0, 3.0, -2.0], {"kink"}),
    "relu, as near as can be": (ac.relu, 1e-10, {"kink"}),
    "step": (ac.sign, 0.0, {"jump"}),
    "floor": (ac.floor, 3.0, {"jump"}),
    "power": (lambda x: x**1.5, 0.0, {"edge"}),
    "cube root": (ac.cbrt, 0.0, {"singular"}),
    "noise": (lambda x: ac.sin(x) + ac.stop_gradient(1e-7 * ac.sin(1e9 * x)), 0.7, {"noise"}),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_is_named_and_no_failure(name):
    f, x, kinds = KINKS[name]
    report = gradcheck(f, x)
    assert {remark.kind for remark in report.remarks} == kinds
    assert {remark.mode for remark in report.remarks} == FIRST
    assert f"{min(kinds)}, reverse: gradient of argument 0" in str(report)


@pytest.mark.parametrize("f, x", [(ac.relu, 1e-7), (ac.absolute, -1e-4), (ac.log, 1e-5), (ac.sin, 1e3)])
def test_a_kink_that_is_only_near_is_left_behind(f, x):
    report = gradcheck(f, x, order=2)
    assert report.compared["reverse"]
    assert not report.remarks


def test_the_slope_of_a_kink_is_that_of_its_two_sides():
    report = gradcheck(ac.relu, [1.0, 0.0], modes=["forward"])
    remark = report.remarks[0]
    assert (remark.argument, remark.index, remark.output) == ("argument 0", (1,), "output[1]")
    assert remark.differences == (pytest.approx(0.0), pytest.approx(1.0))
    assert "the value of the rule lies between" in str(report)


@pytest.mark.parametrize("value", [1.1, -0.1, math.nan, math.inf])
def test_a_wrong_value_at_a_kink_is_a_failure(value):
    at = comparison("planted_step", lambda x: np.where(x == 0.0, value, x > 0.0) * 1.0, 1)
    op = ac.elementwise("planted_relu", lambda x: np.maximum(x, 0.0), lambda _y, x: at(x))
    assert failing(op, [1.0, 0.0]) - {""} == FIRST


def test_a_wrong_rule_beside_a_kink_is_a_failure():
    at = comparison("planted_step", lambda x: np.where(x > 0.0, 1.0 + 1e-7, 0.0), 1)
    op = ac.elementwise("planted_relu", lambda x: np.maximum(x, 0.0), lambda _y, x: at(x))
    assert {f.index for f in gradcheck(op, [0.0, 1.0, -1.0], raise_error=False).failures} >= {(1,)}


def test_the_jump_of_a_first_derivative_is_named_at_order_two():
    kinds = {remark.kind for remark in gradcheck(ac.relu, 0.0, order=2).remarks if "over" in remark.mode}
    assert kinds == {"jump"}


# -- promises ----------------------------------------------------------------------------------------------------------


def test_a_function_that_changes_is_refused():
    rng = np.random.default_rng(0)
    (failure,) = gradcheck(lambda x: x * rng.standard_normal(), 1.0, raise_error=False).failures
    assert failure.kind == "random"


def test_a_point_outside_the_domain_is_refused():
    (failure,) = gradcheck(ac.log, -1.0, raise_error=False).failures
    assert failure.kind == "value"


def test_an_input_changed_in_place_is_found():
    def f(x):
        x.array[0] += 1.0
        return x * x

    assert "mutation" in {f.kind for f in gradcheck(f, VECTOR, raise_error=False).failures}


def test_a_rule_that_knows_whether_it_is_recorded_is_found():
    def derivative(_y, x):
        return table.cos(x) * (1.0 + 1e-15 if isinstance(x, ac.Tensor) else 1.0)

    assert [f.kind for f in gradcheck(sine(derivative), VECTOR, raise_error=False).failures] == ["recorded"]


def test_a_gradient_for_a_zero_cotangent_is_found():
    op = MatVec(ROWS, "reverse", lambda op, v: op(v) + 1e-14)
    assert [f.kind for f in gradcheck(op, VECTOR, modes=["forward"], raise_error=False).failures] == ["zero"]


def test_wrong_shape_dtype_and_memory_are_found():
    x, g = ac.tensor(VECTOR), np.ones(3)
    assert [kind for kind, _ in about_gradient(x, np.ones((1, 3)), np.ones((1, 3)), None)] == ["shape"]
    assert [kind for kind, _ in about_gradient(x, np.ones(3, "f4"), np.ones(3, "f4"), None)] == ["dtype"]
    assert [kind for kind, _ in about_gradient(x, np.ones(3), np.ones(3, "f4"), None)] == ["recorded"]
    texts = [text for _, text in about_memory("xz", [g[:2], g[1:]], [np.ones(3)], [x])]
    assert texts == ["the gradient of x shares memory with the gradient of z"]
    assert len(list(about_memory("xz", [g, x.array], [g], [x]))) == 2
    assert not list(about_memory("xz", [g, g.copy()], [g.copy()], [x]))


# -- the report --------------------------------------------------------------------------------------------------------


def test_the_report_names_argument_index_mode_both_values_and_the_error():
    op = sine(lambda _y, x: table.cos(x) * np.array([[1.0, 1.0], [1.0, 3.0]]))
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda z, x: op(x) + z, (1.0, np.zeros((2, 2))), modes=["forward"])
    assert isinstance(caught.value, AssertionError)
    finding, everywhere = caught.value.report.failures
    assert (finding.argument, finding.index, finding.mode, finding.kind) == ("argument 1", (1, 1), "forward", "wrong")
    assert (finding.rule, finding.differences[0]) == (3.0, pytest.approx(1.0, abs=1e-12))
    assert finding.error == pytest.approx(2.0)
    assert finding.tolerance < 1e-8
    assert everywhere.index is None
    expected = "forward: output[1, 1] by argument 1[1, 1]: rule 3, differences 1, error 2, tolerance"
    assert expected in str(caught.value)


def test_the_report_names_real_and_imaginary_parts():
    op = sine(lambda _y, x: table.cos(x) * (1.0 + 1.0j))
    places = {finding.place for finding in gradcheck(op, 0.5 + 0.5j, modes=["forward"], raise_error=False).failures}
    assert places >= {"output.real by argument 0.imag", "output.imag by argument 0.real"}


def test_the_report_says_what_all_failures_have_in_common():
    assert "-1 times" in str(gradcheck(sine(lambda _y, x: -table.cos(x)), VECTOR, raise_error=False))
    assert "are NaN" in str(gradcheck(MatVec(ROWS, "forward", FAULTS["NaN"]), VECTOR, raise_error=False))
    assert "… and" in str(gradcheck(sine(table.zero), np.linspace(1, 2, 30), raise_error=False))
    assert "all right" in str(gradcheck(ac.sin, VECTOR))


def test_a_derivative_cut_by_the_user_is_explained():
    with pytest.raises(GradcheckError, match="cut by detach"):
        gradcheck(lambda x: x.detach() * 2.0, VECTOR)


def test_failures_stop_at_their_order():
    report = gradcheck(sine(lambda _y, x: -table.cos(x)), VECTOR, order=3, raise_error=False)
    assert set(report.compared) == FIRST


# -- how sharp it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size, error", [(64, 1e-8), (1024, 1e-6)])
def test_a_small_error_in_one_entry_is_found(size, error):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(size)
        factor = 1.0 + error * (np.arange(size) == rng.integers(size))
        assert failing(sine(lambda _y, x, factor=factor: table.cos(x) * factor), x, seed=seed) == FIRST


@pytest.mark.parametrize("x", [-3.0, 0.1, 1.0, 30.0])
def test_differences_are_as_exact_as_they_say(x):
    s = slope(lambda h: np.array([math.sin(x + h), math.exp(-((x + h) ** 2)), math.atan(x + h)]), 1e-9, abs(x))
    exact = [math.cos(x), -2 * x * math.exp(-x * x), 1 / (1 + x * x)]
    assert (np.abs(s.low - exact) <= s.error).all()
    assert (s.error <= 1e-9 * np.abs(exact) + 3e-12 * max(1, abs(x))).all()
    assert (s.low == s.high).all()
    assert set(s.kind) == {"smooth"}
