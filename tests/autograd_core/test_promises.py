"""Every promise that gradcheck tests besides the numbers: an engine or an op that breaks it is found out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd_core as ac
from autograd_core import backward as sweeps
from autograd_core import span as spans
from autograd_core.ops import elementwise as table
from autograd_core.ops.shape import _reshape
from autograd_core.primitive import Primitive, registry
from autograd_core.tensor import from_array
from autograd_core.testing import gradcheck
from autograd_core.testing.layouts import LAYOUTS, repeated
from autograd_core.testing.promises import about_gradient, about_memory

VECTOR = np.array([0.3, -1.2, 0.8])
MATRIX = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.7]])


@pytest.fixture(autouse=True)
def _registry_as_it_was():
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)


def kinds(f: Any, inputs: Any, **options: Any) -> set[str]:
    """The kinds of all failures."""
    return {failure.kind for failure in gradcheck(f, inputs, raise_error=False, **options).failures}


def texts(f: Any, inputs: Any) -> str:
    return str(gradcheck(f, inputs, raise_error=False))


class Planted(Primitive):
    """The square, with rules and a forward pass to be spoilt."""

    def forward(self, x):
        return x * x

    def uses(self, i):
        return (0,)

    def vjp(self, i, g, y, x):
        return g * x * 2.0

    def jvp(self, i, t, y, x):
        return t * x * 2.0

    def shape(self, x):
        return x


Planted.name = "planted_square"  # set here, it is not entered in the registry


def spoilt(**rules: Any) -> Primitive:
    """The square with other rules: functions of a right result and of what it was made of."""
    right = {name: getattr(Planted, name) for name in rules}

    def rule(name: str) -> Any:
        return lambda self, *args: rules[name](right[name](self, *args), *args)

    return type("Spoilt", (Planted,), {name: rule(name) for name in rules})()


def test_what_keeps_all_promises_passes():
    assert gradcheck(Planted(), MATRIX, order=2)
    assert gradcheck(lambda x, z: [x * z, ac.sum(x, axis=0)], (MATRIX, 0.5), order=2)


# -- values ------------------------------------------------------------------------------------------------------------


def test_a_function_that_changes_is_refused():
    rng = np.random.default_rng(0)
    assert kinds(lambda x: x * rng.standard_normal(), 1.0) == {"random"}


def test_a_point_outside_the_domain_is_refused():
    assert kinds(ac.log, -1.0) == {"value"}


def test_another_value_where_nothing_is_recorded_is_found():
    assert kinds(lambda x: x * (2.0 if x.requires_grad else 1.0), VECTOR) == {"unrecorded"}


def test_an_input_changed_in_place_by_the_function_is_found():
    def f(x):
        x.array[0] += 1.0
        return x * x

    assert "mutation" in kinds(f, VECTOR)


# -- gradients and tangents --------------------------------------------------------------------------------------------


def test_a_rule_that_knows_whether_it_is_recorded_is_found():
    op = spoilt(vjp=lambda right, i, g, y, x: right * (1.0 + 1e-15 if isinstance(x, ac.Tensor) else 1.0))
    assert kinds(op, VECTOR) == {"recorded"}


@pytest.mark.parametrize("rule", ["vjp", "jvp"])
def test_a_second_sweep_that_differs_is_found(rule):
    calls = []

    def changing(right, i, v, y, x):
        calls.append(1)
        return right * (1.0 + 1e-15 * len(calls))

    assert "twice" in kinds(spoilt(**{rule: changing}), VECTOR)


@pytest.mark.parametrize("rule", ["vjp", "jvp"])
def test_something_for_nothing_is_found(rule):
    op = spoilt(**{rule: lambda right, i, v, y, x: right + 1e-14})
    assert "zero" in kinds(op, VECTOR)


@pytest.mark.parametrize("rule", ["vjp", "jvp"])
def test_a_rule_that_is_not_linear_is_found(rule):
    op = spoilt(**{rule: lambda right, i, v, y, x: right * table.cos(1e-4 * v)})
    assert "linear" in kinds(op, VECTOR)


@pytest.mark.parametrize("seed", range(8))
def test_what_rounding_leaves_of_a_derivative_that_cancels_is_no_fault_of_linearity(seed):
    """A matrix of two equal rows is singular whatever they are: the value does not tell how large the cofactors are."""
    assert gradcheck(lambda x: ac.linalg.det(ac.stack([x, x])), np.array([0.001, 0.007]), seed=seed)


def test_an_infinite_derivative_is_no_fault_of_linearity():
    assert gradcheck(ac.sqrt, 0.0)


def test_a_derivative_of_another_precision_or_shape_is_found(monkeypatch):
    narrow = lambda right, *_: right.astype("float32")
    monkeypatch.setattr(sweeps, "fit", lambda c, p: c)
    assert "dtype" in kinds(spoilt(vjp=narrow), VECTOR)
    assert "shape" in kinds(spoilt(vjp=lambda right, *_: _reshape((1, 3))(right)), VECTOR)
    monkeypatch.setattr(sweeps, "spread", lambda t, node: t)
    assert "tangent" in kinds(spoilt(jvp=narrow), VECTOR)
    assert "tangent" in kinds(spoilt(jvp=lambda right, *_: _reshape((1, 3))(right)), VECTOR)


def test_the_promises_about_one_gradient():
    x = ac.tensor(VECTOR)
    assert [kind for kind, _ in about_gradient(x, np.ones((1, 3)), np.ones((1, 3)), None)] == ["shape"]
    assert [kind for kind, _ in about_gradient(x, np.ones(3, "f4"), np.ones(3, "f4"), None)] == ["dtype"]
    assert [kind for kind, _ in about_gradient(x, np.ones(3), np.ones(3, "f4"), None)] == ["recorded"]
    assert [kind for kind, _ in about_gradient(x, np.ones(3), None, None)] == ["recorded"]
    assert [kind for kind, _ in about_gradient(x, np.ones(3), np.ones(3), np.full(3, 1e-300))] == ["zero"]


class Both(Primitive):
    """The sine and the cosine as two outputs, with a fault where one of the cotangents is absent."""

    outputs = 2
    fault = 1.0

    def forward(self, x):
        return np.sin(x), np.cos(x)

    def uses(self, i):
        return (0,)

    def vjp(self, i, g, y, x):
        sines = None if g[0] is None else g[0] * table.cos(x)
        if g[1] is None:
            return sines * self.fault
        cosines = -g[1] * table.sin(x)
        return cosines if sines is None else sines + cosines

    def jvp(self, i, t, y, x):
        return t * table.cos(x), -t * table.sin(x)

    def shape(self, x):
        return x, x


Both.name = "planted_both"


def test_an_absent_cotangent_that_is_no_zero_is_found():
    assert gradcheck(Both(), VECTOR, order=2)
    assert gradcheck(lambda x: Both()(x)[1], VECTOR, order=2)
    wrong = type("Wrong", (Both,), {"fault": 2.0})()
    assert kinds(wrong, VECTOR) == {"absent"}
    assert kinds(lambda x: wrong(x)[0], VECTOR) == {"wrong"}
    assert not kinds(lambda x: wrong(x)[1], VECTOR)


class Product(Primitive):
    """The product of two arrays, of which all is saved, or not enough."""

    reads = True
    saved = ((1,), (0,))

    def forward(self, x, z):
        return x * z

    def uses(self, i):
        return self.saved[i]

    def vjp(self, i, g, y, x, z):
        return g * (x if i else z)

    jvp = vjp

    def shape(self, x, z):
        return x


Product.name = "planted_product"


def test_a_rule_that_reads_what_is_not_saved_is_found_beside_constants():
    assert gradcheck(Product(), (VECTOR, VECTOR + 1.0), order=2)
    wrong = type("Wrong", (Product,), {"saved": ((0,), (1,))})()
    assert kinds(wrong, (VECTOR, VECTOR + 1.0)) == {"constant"}
    assert "does `uses` name all that its rules read?" in texts(wrong, (VECTOR, VECTOR + 1.0))


def test_a_rule_that_depends_on_what_else_is_differentiated_is_found():
    def jvp(self, i, t, y, x, z):
        return t * (x if i else z)

    def pushforward(self, ts, y, x, z):
        found = [self.jvp(i, t, y, x, z) for i, t in enumerate(ts) if t is not None]
        return sum(found) if len(found) > 1 else 2.0 * found[0]

    both = type("Wrong", (Product,), {"saved": ((0, 1), (0, 1)), "jvp": jvp, "pushforward": pushforward})()
    assert kinds(both, (VECTOR, VECTOR + 1.0)) == {"constant"}


# -- memory ------------------------------------------------------------------------------------------------------------


def test_what_must_not_share_memory():
    x, g = ac.tensor(VECTOR), np.ones(3)
    found = [text for _, text in about_memory("xz", [g[:2], g[1:]], [np.ones(3)], [x])]
    assert found == ["the gradient of x shares memory with the gradient of z"]
    assert len(list(about_memory("xz", [g, x.array], [g], [x]))) == 2
    assert not list(about_memory("xz", [g, g.copy()], [g.copy()], [x]))


def test_an_engine_that_hands_out_shared_memory_is_found(monkeypatch):
    same = spoilt(forward=lambda y, x: x.copy(), jvp=lambda y, i, t, *_: t, vjp=lambda y, i, g, *_: g)
    assert not kinds(lambda x, z: x + z, (VECTOR, VECTOR))
    assert not kinds(same, VECTOR)
    monkeypatch.setattr(spans, "as_result", lambda g: g if g is None or isinstance(g, ac.Tensor) else from_array(g))
    assert kinds(lambda x, z: x + z, (VECTOR, VECTOR)) == {"memory"}
    assert "the tangent of output shares memory with an input or its tangent" in texts(same, VECTOR)


def scribbled(index: int) -> Any:
    """A rule that writes to one of its arrays."""

    def rule(right, *args):
        if isinstance(args[index], np.ndarray):
            args[index][...] += 1e-3
        return right

    return rule


@pytest.mark.parametrize("rule, index", [("forward", 0), ("vjp", 3), ("vjp", 1), ("jvp", 3), ("jvp", 1)])
def test_a_rule_that_writes_to_its_arrays_is_found(rule, index):
    report = gradcheck(spoilt(**{rule: scribbled(index)}), MATRIX, raise_error=False)
    found = "\n".join(failure.text for failure in report.failures)
    assert "changed in place" in found


def test_writing_is_found_even_where_it_is_undone():
    def scribble(right, x):
        before = x.copy()
        x[...] = 0.0
        x[...] = before
        return right

    assert kinds(spoilt(forward=scribble), MATRIX) == {"layout"}
    assert "inputs that are read-only: ValueError" in texts(spoilt(forward=scribble), MATRIX)


@pytest.mark.parametrize("rule, index", [("forward", 0), ("vjp", 1), ("jvp", 1), ("vjp", 3), ("jvp", 3)])
@pytest.mark.parametrize("layout", ["not contiguous", "in Fortran's order", "read-only", "broadcast (stride 0)"])
def test_what_is_wrong_only_for_a_layout_is_found(rule, index, layout):
    def lies_so(a):
        a = a.array if isinstance(a, ac.Tensor) else a
        return {
            "not contiguous": lambda: any(s < 0 for s in a.strides),
            "in Fortran's order": lambda: a.flags.f_contiguous and not a.flags.c_contiguous,
            "read-only": lambda: not a.flags.writeable and 0 not in a.strides,
            "broadcast (stride 0)": lambda: 0 in a.strides,
        }[layout]()

    op = spoilt(**{rule: lambda right, *args: right * 1.001 if lies_so(args[index]) else right})
    report = gradcheck(op, MATRIX, raise_error=False)
    assert {failure.kind for failure in report.failures} == {"layout"}
    assert all(layout in failure.text for failure in report.failures)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3,), (2, 3), (2, 0, 3), (2, 1, 3)])
def test_layouts_change_no_value(shape):
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    for layout in LAYOUTS.values():
        assert np.array_equal(layout(x), x)
        assert layout(x).dtype == x.dtype
        assert layout(x).shape == shape
        assert not np.shares_memory(layout(x), x)
    assert repeated(x).shape == shape
    assert len({*repeated(x).reshape(-1).tolist()}) <= 1
