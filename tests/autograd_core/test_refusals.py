"""What is refused, where no other file asks for it: so every `raise` of the engine is reached."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.graph import Recorder
from autograd_core.ops.elementwise import Family
from autograd_core.testing.declared import declarations, declare


@pytest.fixture
def x():
    return ac.tensor([1.0, 2.0], requires_grad=True)


@dataclass(frozen=True)
class Bare(ac.Primitive):
    name: ClassVar[str] = "test_refusals.bare"


@dataclass(frozen=True)
class Flat(Family):
    name: ClassVar[str] = "test_refusals.flat"

    def forward(self, x):
        return x


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda op: op(1.0), "Bare has no forward rule"),
        (lambda op: op.vjp(0, 1.0, 1.0, 1.0), "bare has no vjp rule"),
        (lambda op: op.jvp(0, 1.0, 1.0, 1.0), "bare has no jvp rule"),
        (lambda op: op.shape(()), "bare has no shape rule"),
        (lambda op: op.batched((True,), np.ones(2)), "bare has no batching rule"),
    ],
)
def test_a_primitive_says_which_rule_it_lacks(call, text):
    with pytest.raises(TypeError, match=text):
        call(Bare())


def test_a_family_without_a_slope(x):
    with pytest.raises(TypeError, match="flat has no derivative"):
        ac.sum(Flat()(x)).backward()


def test_a_recorder_without_a_switch():
    with pytest.raises(TypeError, match="Recorder cannot be switched"):
        Recorder().switched(False)


def test_a_second_declaration():
    declare(Bare.name, (), ())
    try:
        with pytest.raises(ValueError, match="declare: test_refusals.bare is declared already"):
            declare(Bare.name, (), ())
    finally:
        del declarations[Bare.name]


@pytest.mark.parametrize("dtype", [int, bool, complex])
def test_a_default_dtype_is_real_and_floating(dtype):
    with pytest.raises(ac.DTypeError, match="the default dtype must be a real floating dtype"), ac.default_dtype(dtype):
        pass


def test_a_complex_cotangent_of_a_real_tensor(x):
    with pytest.raises(ac.DTypeError, match=r"gradient: complex \(complex128\) given for a real Tensor \(float64\)"):
        x.backward(ac.tensor([1j, 1.0]))


def test_cotangents_are_as_many_as_outputs(x):
    with pytest.raises(ac.ShapeError, match="gradients: 1 cotangents grad_ys given for 2 outputs"):
        ac.gradients([x * 2.0, x * 3.0], x, [x])


def test_memory_keeps_its_dtype(x):
    with pytest.raises(ac.DTypeError, match=r"copy_: .* Convert the value first: value.astype\('int64'\)"):
        ac.tensor([1, 2]).copy_(np.array([0.5, 1.5]))
    with pytest.raises(ac.GradientError, match="as_tensor: converting to float32 would drop the gradient. Use x.astype"):
        ac.as_tensor(x, np.float32)


def test_a_dtype_that_numpy_has_not():
    torch = pytest.importorskip("torch")
    with pytest.raises(ac.DTypeError, match="from_dlpack: "):
        ac.from_dlpack(torch.ones(2, dtype=torch.bfloat16))


@pytest.mark.parametrize(
    "primals, tangents, text",
    [
        (({"a": 1.0},), ({"b": 1.0},), "a dict with the keys 'b' given for .* 'a'; both must have the same keys"),
        (({"a": 1.0},), (1.0,), "a single value given for a dict with the keys 'a'"),
        ((1.0,), ((1.0,),), "a tuple of length 1 given for a single value; both must be nested alike"),
        ((1.0,), ({"a": 1.0},), "a dict with the keys 'a' given for a single value"),
    ],
)
def test_tangents_are_nested_like_primals(primals, tangents, text):
    with pytest.raises(ac.ShapeError, match=f"tangents: {text}"):
        ac.jvp(lambda x: 1.0, primals, tangents)


def test_a_dtype_or_a_shape_that_changes_nearby_has_no_slope():
    for f in (lambda x: x if x.item() == 1.0 else x * 1j, lambda x: ac.ones(int(x.item() * 64.0)) * x):
        with pytest.raises(ac.ShapeError, match="gradcheck: near the point the output has another shape or dtype"):
            ac.testing.gradcheck(f, 1.0)
