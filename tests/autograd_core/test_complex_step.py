"""Complex steps: used where every op declares itself analytic, exact to the last digits, and overruled at kinks."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.ops import elementwise as table
from autograd_core.primitive import registry
from autograd_core.testing import gradcheck, samples  # noqa: F401 (importing the samples declares them)
from autograd_core.testing.complex_step import ANALYTIC, ComplexStep, complex_step, not_analytic
from autograd_core.testing.declared import declarations
from autograd_core.testing.differences import slope
from autograd_core.testing.functions import forward_of, normals, reverse_of, without_structure

FIRST = {"reverse", "forward"}
VECTOR = np.array([0.3, -0.7, 0.8])
MATRIX = np.array([[1.3, -0.7, 0.2], [0.4, 2.1, -0.5], [-0.3, 0.6, 1.7]])


@pytest.fixture(autouse=True)
def _registry_as_it_was():
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def test_the_slope_is_exact():
    f = without_structure(lambda x: ac.exp(ac.sin(x)) / (1.0 + x * x), VECTOR)
    t = np.array([1.0, 2.0, -0.5])
    x, s, c = VECTOR, np.sin(VECTOR), np.cos(VECTOR)
    exact = np.exp(s) * (c / (1 + x * x) - 2 * x / (1 + x * x) ** 2) * t
    assert np.abs(ComplexStep(f).slope([t]) - exact).max() < 4e-16


def test_every_name_is_that_of_a_primitive():
    assert set(registry) >= ANALYTIC


ONE = [
    "sqrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arctanh",
]  # fmt: skip
USES = {
    **{name: (getattr(ac, name), (np.array([0.1, 0.5, 0.9]),)) for name in ONE},
    "arccosh": (ac.arccosh, (np.array([1.1, 2.0, 30.0]),)),
    "sigmoid": (ac.sigmoid, (10.0 * VECTOR,)),
    "whole powers": (lambda x: x**2 + x**3 + x**-1 + x**-2 + x**7, (VECTOR,)),
    "powers": (lambda x, z: ac.power(x, z) + x**2.5 + x**0.5, (np.abs(VECTOR), VECTOR)),
    "arithmetic": (lambda x, z: (x - z) / (x * z + 2.0) - ac.reciprocal(z) + ac.square(-x), (VECTOR, 1.5)),
    "xlogy": (ac.special.xlogy, (VECTOR, 1.5)),
    "softmax": (lambda x: ac.softmax(x) + ac.log_softmax(x) + ac.logsumexp(x), (VECTOR,)),
    "reductions": (lambda x: [ac.sum(x, axis=0), ac.mean(x), ac.prod(x)], (MATRIX,)),
    "running": (lambda x: ac.cumsum(x, axis=0) * ac.cumprod(x, axis=1), (MATRIX,)),
    "contractions": (lambda x, v: [x @ v, ac.dot(v, x), ac.einsum("ij,kj->ik", x, x)], (MATRIX, VECTOR)),
    "linear algebra": (lambda x, v: [ac.linalg.solve(x, v), ac.linalg.inv(x), ac.linalg.det(x)], (MATRIX, VECTOR)),
    "shapes": (lambda x: ac.concatenate([x.reshape(9), ac.flip(x[0]), ac.roll(x, 1)[1]]) * 2.0, (MATRIX,)),
    "choices": (lambda x: ac.where(MATRIX > 0.5, x, 2.0 * x[0]), (MATRIX,)),
    "changes": (lambda x: x.at[0].set(x[1] * 2.0).at[1].add(x[2]), (MATRIX,)),
}


@pytest.mark.parametrize("name", USES)
def test_analytic_functions_and_their_tangents_have_exact_slopes(name):
    rng = np.random.default_rng(0)
    f = without_structure(*USES[name])
    assert not not_analytic(f)
    tangent = forward_of(f, rng)
    for function in (f, *([] if not_analytic(tangent) else [tangent])):
        step = complex_step(function)
        ts = [rng.normal(size=x.shape) for x in function.xs]
        s = slope(function.line(ts), 1e-9)
        assert set(s.kind) == {"smooth"}
        assert (np.abs(step.slope(ts) - s.low) <= 3 * s.error + 1e-14 * (1.0 + np.abs(s.low))).all()
    assert gradcheck(*USES[name], order=2)
    assert not gradcheck(*USES[name]).remarks


@pytest.mark.parametrize("name", sorted(ANALYTIC & {*declarations}))
def test_what_is_called_analytic_has_exact_slopes_on_its_samples(name):
    taken = []
    for sample in declarations[name].samples:
        f = without_structure(sample.f, tuple(sample.inputs)) if sample.order else None
        if f is None or not_analytic(f):
            continue
        ts = normals(f.xs, np.random.default_rng(0))
        s = slope(f.line(ts), 1e-9)
        taken.append(ComplexStep(f).slope(ts))
        assert (np.abs(taken[-1] - s.low) <= 5 * s.error + 1e-13 * (1.0 + np.abs(s.low))).all()
    assert taken or name in BY_VALUES


BY_VALUES = {"ratio", "power"}  # reached by functions that also choose by values


@pytest.mark.parametrize("error", [1e-12, -1e-12])
@pytest.mark.parametrize("size", [1, 64])
def test_an_error_of_the_twelfth_digit_is_found(error, size):
    x = np.linspace(0.1, 1.2, size)
    factor = 1.0 + error * (np.arange(size) == size // 2)
    wrong = ac.elementwise("planted_sine", np.sin, lambda _y, x: table.cos(x) * factor, analytic=True)
    report = gradcheck(wrong, x, raise_error=False)
    assert {f.mode for f in report.failures} == FIRST
    assert {f.index for f in report.failures} - {None} == {(size // 2,)}
    assert all(f.by == "complex step" for f in report.failures)
    assert "complex step 0." in str(report)
    assert gradcheck(ac.elementwise("planted_sine", np.sin, lambda _y, x: table.cos(x) * factor), x)


@pytest.mark.parametrize("error", [1e-12, -1e-12])
def test_an_error_of_the_twelfth_digit_in_a_second_derivative_is_found(error):
    cosine = ac.elementwise("planted_cosine", np.cos, lambda _y, x: table.sin(x) * (-1.0 - error), analytic=True)
    sine = ac.elementwise("planted_sine", np.sin, lambda _y, x: cosine(x), analytic=True)
    assert gradcheck(sine, VECTOR)
    report = gradcheck(sine, VECTOR, order=2, raise_error=False)
    assert {f.mode for f in report.failures} == {"reverse over forward", "forward over forward"}


# -- where they are not taken ------------------------------------------------------------------------------------------

REASONS = {
    "an op that is not declared": (lambda x: ac.elementwise("planted", np.sin, lambda _y, x: table.cos(x))(x), "planted"),
    "a choice by values": (lambda x: ac.where(x > 0.5, x, 2.0 * x), "greater"),
    "a value that Python reads": (lambda x: x * x if x[0].item() > 0 else x, "item"),
    "a constant cut off": (lambda x: x * ac.stop_gradient(x), "detach"),
    "a kink": (ac.relu, "relu"),
    "complex numbers inside": (lambda x: ac.absolute(ac.exp(1j * x)) ** 2, "exp"),
}


@pytest.mark.parametrize("name", REASONS)
def test_they_are_not_taken_through(name):
    f, reason = REASONS[name]
    function = without_structure(f, VECTOR)
    assert reason in not_analytic(function)
    assert complex_step(function) is None


def test_they_are_not_taken_through_gradients_and_from_complex_points():
    f = without_structure(ac.sin, VECTOR)
    assert not_analytic(reverse_of(f, np.random.default_rng(0))) == ["reverse"]
    assert not_analytic(without_structure(ac.sin, VECTOR + 1j)) == ["complex"]


def test_a_function_that_does_something_else_with_complex_numbers_is_compared_with_differences():
    f = lambda x: ac.var(x)  # of complex numbers the mean square of the absolute value
    assert not_analytic(without_structure(f, VECTOR))
    assert gradcheck(f, VECTOR, order=2)
    real_part = ac.elementwise("planted", lambda x: x.real * 1.0, lambda _y, x: 1.0 + 0.0 * x, analytic=True)
    assert not_analytic(without_structure(lambda x: ac.exp(2.0 - real_part(x)), VECTOR)) == []
    assert gradcheck(lambda x: ac.exp(2.0 - real_part(x)), VECTOR, order=2)
    rounded = ac.elementwise("planted", lambda x: np.sin(x).astype("complex64"), lambda _y, x: ac.cos(x), analytic=True)
    assert not_analytic(without_structure(rounded, VECTOR)) == ["planted"]


def test_an_op_without_a_complex_form_is_compared_with_differences():
    op = ac.elementwise("planted_cbrt", np.cbrt, lambda y, _x: 1.0 / (3.0 * y * y), analytic=True)
    assert complex_step(without_structure(op, VECTOR)) is None
    assert gradcheck(op, VECTOR, order=2)


@pytest.mark.parametrize("forward", [np.abs, lambda x: np.maximum(x.real, 0.0) + 0.0, lambda x: x.real * 1.0])
def test_a_wrong_declaration_is_no_failure(forward):
    right = ac.elementwise("planted", forward, lambda y, x: (y * x > 0.0).astype(float) * table.sign(y * x), analytic=True)
    x = np.array([0.3, 1.2])
    assert gradcheck(right, x)


@pytest.mark.parametrize("f, x", [(ac.sqrt, [0.0, 1.0]), (lambda x: x**1.5, [0.0, 1.0]), (ac.log, [1e-300])])
def test_singular_points_are_left_to_differences(f, x):
    report = gradcheck(f, x)
    assert {remark.kind for remark in report.remarks} <= {"edge", "singular"}


@pytest.mark.parametrize("x", [20.0, 5.0, 300.0, 1e-8, -40.0])
@pytest.mark.parametrize("f", [ac.tanh, ac.sigmoid, ac.sin, ac.exp, lambda x: ac.log_softmax(ac.stack([x, x * x, 1.0 - x]))])
def test_rounding_is_no_failure(f, x):
    assert gradcheck(f, x, order=2)


@pytest.mark.parametrize("digits", range(1, 13))
def test_ill_conditioned_functions_are_no_failure(digits):
    rng = np.random.default_rng(digits)
    u, v = (np.linalg.qr(rng.normal(size=(4, 4)))[0] for _ in range(2))
    a = u @ np.diag(np.logspace(0, -digits, 4)) @ v
    assert gradcheck(ac.linalg.solve, (a, rng.normal(size=4)))


def test_single_precision_is_compared_with_complex_steps_in_double():
    f = without_structure(lambda x: ac.sin(x) * x, VECTOR.astype(np.float32))
    assert complex_step(f) is not None
    assert gradcheck(lambda x: ac.sin(x) * x, VECTOR.astype(np.float32), order=2)
