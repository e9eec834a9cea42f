"""The gradient check as its user sees it: what it takes, in which modes it checks, and what it reports."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from checking import FIRST, SECOND, failing

import autograd_core as ac
import nn
from autograd_core.errors import DTypeError
from autograd_core.ops import elementwise as table
from autograd_core.testing import GradcheckError, gradcheck
from autograd_core.testing.structures import written

pytestmark = pytest.mark.usefixtures("registry_as_it_was")


def sine(derivative):
    """The sine with this derivative."""
    return ac.elementwise("planted_sine", np.sin, derivative)


# -- right functions pass ----------------------------------------------------------------------------------------------

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


def test_a_composition_of_modes_is_checked_alone():
    report = gradcheck(ac.sin, VECTOR, modes=["forward over reverse"])
    assert set(report.compared) == {"forward over reverse"}
    assert report.order == 2
    report = gradcheck(ac.sin, VECTOR, 2, modes=["reverse", "forward over forward over reverse"])
    assert set(report.compared) == {"reverse", "reverse over reverse", "forward over forward over reverse"}


def test_what_is_checked_besides_changes_no_number():
    wrong = sine(lambda _y, x: table.cos(x) * np.array([1.0, 1.01, 1.0]))
    alone = gradcheck(wrong, VECTOR, modes=["forward"], raise_error=False).failures
    both = [f for f in gradcheck(wrong, VECTOR, order=3, raise_error=False).failures if f.mode == "forward"]
    assert alone == both


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
    assert "are NaN" in str(gradcheck(sine(lambda _y, x: table.cos(x) * math.nan), VECTOR, raise_error=False))
    assert "… and" in str(gradcheck(sine(table.zero), np.linspace(1, 2, 30), raise_error=False))
    assert "all right" in str(gradcheck(ac.sin, VECTOR))


def hermitian(n, dtype):
    x = np.random.default_rng(n).normal(size=(2, n, n, 2)).astype(float).view(complex)[..., 0]
    x = x if dtype is complex else x.real
    return x @ x.conj().swapaxes(-1, -2) + n * np.eye(n)


@pytest.mark.parametrize("name", ["cholesky", "eigvalsh"])
@pytest.mark.parametrize("dtype", [float, complex], ids=["real", "complex"])
@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_function_that_reads_one_triangle_is_explained(name, dtype, mode):
    f, x = getattr(ac.linalg, name), hermitian(3, dtype)
    report = gradcheck(f, x, modes=[mode], raise_error=False)
    assert "f reads one triangle" in report.hint()
    assert gradcheck(lambda x: f((x + ac.conj(x.mT)) / 2), x, modes=[mode])


def test_wrong_numbers_that_come_in_no_such_pairs_are_not_blamed_on_a_triangle():
    for factor in ([[1.0, 2.0], [3.0, 1.0]], [[1.0, 2.0], [0.5, 1.1]], [[1.0, 1.1], [1.0, 1.0]]):
        wrong = sine(lambda _y, x, w=factor: table.cos(x) * np.array(w))
        report = gradcheck(wrong, np.ones((2, 2)), raise_error=False)
        assert report.failures
        assert not report.hint()
    assert not gradcheck(sine(lambda _y, x: table.cos(x) * [1.0, 2.0, 3.0]), np.ones(3), raise_error=False).hint()


def test_a_report_shows_its_text_in_the_prompt():
    report = gradcheck(sine(lambda _y, x: -table.cos(x)), VECTOR, raise_error=False)
    assert repr(report) == str(report)
    assert repr(report).startswith("gradcheck to order 1: ")


def test_a_derivative_cut_by_the_user_is_explained():
    with pytest.raises(GradcheckError, match="cut by detach"):
        gradcheck(lambda x: x.detach() * 2.0, VECTOR)


def test_failures_stop_at_their_order():
    report = gradcheck(sine(lambda _y, x: -table.cos(x)), VECTOR, order=3, raise_error=False)
    assert set(report.compared) == FIRST


def test_the_report_tells_how_to_see_the_failure_alone():
    wrong = sine(lambda _y, x: table.cos(x) * np.array([[1.0, 1.0], [1.0, 3.0]]))
    inputs = ({"a": 1.0, "b": [2, "text", None]}, np.array([[0.1, np.nan], [1e-300, 7.0]], "float32")[:, ::-1] * 0.5)
    given = ({**inputs[0]}, np.nan_to_num(inputs[1]))

    def f(tree, x):
        return wrong(x) * tree["a"]

    report = gradcheck(f, given, order=2, raise_error=False)
    *_, made, call = str(report).partition("Remarks")[0].splitlines()
    names = {"np": np, "ac": ac, "f": f}
    exec(made.strip(), names)
    assert written(names["inputs"]) == written(given)
    assert "modes=['reverse']" in call
    assert "test_gradcheck.py, line" in call
    with pytest.raises(GradcheckError):
        exec(call.strip(), names)


@pytest.mark.parametrize("tree", [
    1.5, (), (2,), [True, None, "x"], {"a": np.arange(3), "b": np.zeros((0, 2))}, np.array([1.0, np.inf, -np.inf]),
    np.array([[1 + 2j]]), np.float32(0.1), np.array([True]),
])  # fmt: skip
def test_written_structures_can_be_read_again(tree):
    again = eval(written(tree), {"np": np})
    assert written(again) == written(tree)
    assert str(again) == str(tree)


def test_large_arrays_and_objects_are_described():
    assert written((np.zeros((30, 40)), nn.Tanh())) == "(<array of float64, shape (30, 40)>, <Tanh>)"


# -- Modules -----------------------------------------------------------------------------------------------------------


class Scaled(nn.Module):
    """A module that uses one parameter twice, under two names, one that is frozen, and all parameters in its value."""

    def __init__(self):
        self.inner = nn.Linear(3, 2)
        self.again = self.inner
        self.factor = nn.Parameter(0.7)
        self.frozen = nn.Parameter([1.0, 2.0], requires_grad=False)

    def forward(self, x):
        penalty = sum(ac.sum(p**2) for p in self.parameters())
        return ac.tanh(self.inner(x)) * self.factor * self.frozen + self.again(x) + penalty


NAMES = ["factor", "inner.weight", "inner.bias"]


def test_the_parameters_of_a_module_are_checked():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    report = gradcheck(model, MATRIX[:, :2], order=2)
    assert report
    before = {name: id(p) for name, p in model.named_parameters()}
    assert gradcheck(lambda net, x: ac.sum(net(x) ** 2), (model, MATRIX[:, :2]), order=2)
    assert {name: id(p) for name, p in model.named_parameters()} == before


@pytest.mark.parametrize("inside", [False, True])
def test_failures_name_parameters(inside):
    model = Scaled()
    bad = sine(lambda _y, x: 1.001 * table.cos(x))

    def f(tree, x):
        net = tree["net"]
        assert isinstance(net.factor, nn.Parameter)
        return bad(net(x))

    inputs: Any = ({"net": model}, MATRIX)
    prefix = "argument 0['net']"
    if inside:
        f, inputs, prefix = _squeezed(model, bad), MATRIX, "module"
    found = {failure.argument for failure in gradcheck(f, inputs, raise_error=False).failures if failure.index is not None}
    assert {f"{prefix}.{name}" for name in NAMES} <= found
    assert not [name for name in found if "frozen" in name]


def _squeezed(model, function):
    class Squeezed(Scaled):
        def forward(self, x):
            return function(Scaled.forward(self, x))

    squeezed = Squeezed()
    squeezed.load_state_dict(model.state_dict())
    return squeezed


def test_a_module_is_as_it_was_after_an_error():
    model = Scaled()
    before = dict(vars(model))

    def f(net, x):
        if isinstance(net.factor.grad_fn, ac.Node):
            raise KeyError("in the middle")
        return net(x)

    with pytest.raises(KeyError):
        gradcheck(f, (model, MATRIX))
    assert vars(model) == before
    assert all(p.is_leaf for p in model.parameters())


@pytest.mark.parametrize("f", [
    lambda x: ac.einsum("ij,ij->i", x, ac.conj(x)),
    lambda x: ac.linalg.inv(x + ac.conj(x).T),
    lambda x: ac.linalg.expm(x + ac.conj(x).T),
])  # fmt: skip
def test_a_part_of_a_complex_number_that_is_only_rounding_has_no_fault(f):
    """It is as precise as the other part: neither noise nor a jump, which would leave it unchecked."""
    rng = np.random.default_rng(0)
    report = ac.testing.gradcheck(f, rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)))
    assert "Remarks" not in str(report)
    wrong = ac.elementwise("shifted", lambda x: x * 1.0, lambda _y, x: 1.0 + 1e-6j)
    assert not ac.testing.gradcheck(lambda x: wrong(x), np.array([1.0 + 0.0j]), raise_error=False)


@pytest.mark.parametrize("seed", range(4))
def test_a_derivative_that_is_only_rounding_is_not_wrong(seed):
    """solve(x, x) is the unit matrix: its derivative 0 is rounded to 2e-16 at this point, and to 0 at nearly all nearby."""
    x = np.array([[-0.289, 0.353], [1.387, -0.493]])
    assert ac.testing.gradcheck(lambda x: ac.linalg.solve(x, x), x, seed=seed)
