"""The strategies: what they draw is what they promise, it shrinks, and hypothesis is needed only when they are used."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import autograd_core as ac
import nn
from autograd_core.testing import strategies
from autograd_core.testing.programs import Ref, Step
from autograd_core.testing.strategies import (
    axes,
    broadcastable_shapes,
    indices,
    modules,
    positive_definite,
    programs,
    shapes,
    tame,
    tensors,
)

patient = settings(database=None, suppress_health_check=list(HealthCheck))


@given(tensors())
def test_tensors_are_constants_of_float64_by_default(x):
    assert type(x) is ac.Tensor
    assert (x.dtype, x.requires_grad) == (np.float64, False)
    assert np.abs(x.numpy()).max(initial=0.0) <= 3.0


@given(
    st.data(), shapes(min_side=0), st.sampled_from(["float16", "float32", "complex64", "complex128", "int32", "uint8", "bool"])
)
def test_tensors_have_the_shape_and_dtype_that_was_asked_for(data, shape, dtype):
    x = data.draw(tensors(shape, dtype))
    assert (x.shape, x.dtype) == (shape, dtype)


@given(tensors(shapes(max_dims=1), elements=st.just(2.0), requires_grad=st.booleans()))
def test_arguments_may_be_strategies(x):
    assert x.ndim <= 1
    assert np.all(x.numpy() == 2.0)


@pytest.mark.parametrize("flag", [False, True])
def test_leaves_can_be_asked_for(flag):
    x = find(tensors(requires_grad=st.booleans()), lambda x: x.requires_grad is flag, settings=patient)
    assert x.is_leaf


def test_what_holds_no_numbers_is_refused():
    with pytest.raises(ac.DTypeError, match="numbers or booleans, not <U1"):
        find(tensors((), "U1"), lambda x: True, settings=patient)


@given(broadcastable_shapes(3, min_side=0))
def test_broadcastable_shapes_broadcast(found):
    assert len(found) == 3
    ac.broadcast_arrays(*(ac.zeros(shape) for shape in found))


@given(st.data(), tensors(shapes()))
def test_axes_are_axes(data, x):
    axis = data.draw(axes(x.ndim))
    np.testing.assert_allclose(ac.sum(x, axis=axis), np.sum(x.numpy(), axis=axis), atol=1e-12)
    assert data.draw(axes(2, several=False, none=False)) in (-2, -1, 0, 1)


@given(st.data(), tensors(shapes(min_side=0)))
def test_indices_index(data, x):
    i = data.draw(indices(x.shape))
    np.testing.assert_array_equal(x[i], x.numpy()[i])


def has(kind):
    return lambda i: any(isinstance(part, kind) for part in (i if isinstance(i, tuple) else (i,)))


@pytest.mark.parametrize(
    "is_wanted",
    [
        has(int),
        has(slice),
        has(type(None)),
        has(type(Ellipsis)),
        lambda i: isinstance(i, np.ndarray) and i.dtype == bool and i.ndim == 2,
        lambda i: has(np.ndarray)(i) and has(slice)(i) and has(type(None))(i),
        lambda i: isinstance(i, np.ndarray) and i.dtype == int and len(set(i.tolist())) < len(i),
        lambda i: isinstance(i, tuple) and [getattr(part, "dtype", None) for part in i] == [bool, int],
    ],
)
def test_indices_are_of_every_kind(is_wanted):
    find(indices((3, 4)), is_wanted, settings=settings(patient, max_examples=2_000))


@given(positive_definite(), positive_definite(3, "complex128"), positive_definite(2, "float32", requires_grad=True))
def test_matrices_are_positive_definite(x, c, leaf):
    for a in (x, c, leaf):
        np.testing.assert_array_equal(a.numpy(), a.numpy().conj().T)
        assert np.linalg.eigvalsh(a.numpy()).min() > 0.49
    assert (c.dtype, leaf.dtype, leaf.requires_grad) == (np.complex128, np.float32, True)


@given(modules(nn), st.integers(1, 3))
def test_modules_are_networks_that_run(network, rows):
    width = next(iter(network.parameters())).shape[1]
    x = ac.tensor(np.ones((rows, width)))
    (g,) = ac.gradients(ac.sum(network(x) ** 2), next(iter(network.parameters())))
    assert np.isfinite(g.numpy()).all()


def test_what_fails_shrinks_to_something_small():
    x = find(tensors(), lambda x: ac.sum(x).item() > 1.0, settings=settings(patient, max_examples=1_000))
    assert x.size == 1
    assert x.item() <= 1.01
    assert find(indices((3, 4)), lambda i: has(np.ndarray)(i), settings=patient) is not None


def test_a_wrong_rule_shrinks_to_a_short_program():
    """As if the rule of exp were wrong: the program that shows it has hardly a step more than exp itself."""
    program = find(
        programs(["exp", "sin", "add", "sum", "reshape"]),
        lambda program: any(step.name == "exp" for step in program.steps),
        settings=settings(patient, max_examples=1_000),
    )
    assert [step.name for step in program.steps] == ["exp"]
    assert [x.size for x in program.inputs] == [1]


def test_only_the_functions_that_were_asked_for_are_drawn():
    with pytest.raises(NoSuchExample):
        find(programs(["sin", "add"]), lambda p: any(step.name not in ("sin", "add") for step in p.steps), settings=patient)


def test_steps_are_drawn_where_they_are_smooth_by_each_operand():
    """copysign(x, z) = ±|x| is smooth at 0 along x = z, but has a kink there along x."""
    step = Step("copysign", (Ref(0), Ref(0)))
    assert tame(step, [np.array(0.0)]) is None
    assert tame(step, [np.array(1.5)]) == 1.5


# -- hypothesis is an extra --------------------------------------------------------------------------------------------

WITHOUT = """
import sys
import autograd_core as ac
assert not any(name.startswith("hypothesis") for name in sys.modules), "imported with the engine"
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Block())
s = ac.testing.strategies
for call in (s.tensors, s.shapes, s.broadcastable_shapes, lambda: s.axes(2), lambda: s.indices((2,)),
             s.positive_definite, s.programs, lambda: s.modules(None), s.numbers):
    try:
        call()
    except ac.MissingExtraError as error:
        assert "autograd-core[test]" in str(error), error
    else:
        raise AssertionError(call)
"""


def test_the_engine_does_without_hypothesis_and_names_the_extra():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_public_strategies_are_documented():
    for name in strategies.__all__:
        assert getattr(strategies, name).__doc__
