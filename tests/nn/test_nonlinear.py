"""The nonlinear functions: values, kinks row by row, far out, derivatives beside differences and beside PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_core as ac
from nn import functional as F

draws = np.random.default_rng(0)
X = np.array([-4.1, -2.3, -0.9, -0.2, 0.3, 0.8, 1.9, 3.7, 7.2])

# Each with a name and its other arguments.
CASES = [
    ("relu", ()), ("relu6", ()), ("hardtanh", ()), ("hardtanh", (-0.5, 2.0)), ("leaky_relu", ()), ("leaky_relu", (0.3,)),
    ("threshold", (0.5, -2.0)), ("hardshrink", ()), ("softshrink", (1.0,)), ("hardswish", ()), ("sigmoid", ()), ("tanh", ()),
    ("tanhshrink", ()), ("logsigmoid", ()), ("softsign", ()), ("elu", ()), ("elu", (2.0,)), ("celu", ()), ("celu", (0.5,)),
    ("selu", ()), ("silu", ()), ("mish", ()), ("rrelu", ()), ("hardsigmoid", ()), ("softplus", ()), ("softplus", (2.0,)),
    ("gelu", ()),
]  # fmt: skip

KINKS = [
    ("relu", (), 0.0, 0.0), ("relu6", (), 0.0, 0.0), ("relu6", (), 6.0, 0.0), ("hardtanh", (), -1.0, 0.0),
    ("hardtanh", (), 1.0, 0.0), ("leaky_relu", (0.3,), 0.0, 0.3), ("elu", (2.0,), 0.0, 2.0), ("celu", (2.0,), 0.0, 1.0),
    ("selu", (), 0.0, 1.0507009873554805 * 1.6732632423543772), ("softsign", (), 0.0, 1.0), ("hardshrink", (), 0.5, 0.0),
    ("hardshrink", (), -0.5, 0.0), ("softshrink", (), 0.5, 0.0), ("softshrink", (), -0.5, 0.0),
    ("threshold", (1.0, 5.0), 1.0, 0.0), ("hardsigmoid", (), -3.0, 0.0), ("hardsigmoid", (), 3.0, 0.0),
    ("hardswish", (), -3.0, 0.0), ("hardswish", (), 3.0, 1.0),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments", CASES, ids=str)
def test_derivatives_hold_against_differences(name, arguments):
    f = getattr(F, name)
    ac.testing.gradcheck(lambda x: f(x, *arguments), (X[2:7],), order=3)


@pytest.mark.parametrize("name, arguments", CASES, ids=str)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_shape_and_single_precision_are_kept(name, arguments, shape):
    x = ac.tensor(np.ones(shape, np.float32), requires_grad=True)
    y = getattr(F, name)(x, *arguments)
    assert (y.shape, y.dtype) == (shape, np.float32)
    ac.sum(y).backward()
    assert (x.grad.shape, x.grad.dtype) == (shape, np.float32)


@pytest.mark.parametrize("name, arguments, at, slope", KINKS)
def test_the_derivative_at_a_kink(name, arguments, at, slope, request):
    f = getattr(F, name)
    x = ac.tensor([at], requires_grad=True)
    ac.sum(f(x, *arguments)).backward()
    assert x.grad.tolist() == pytest.approx([slope], rel=1e-15)
    torch = pytest.importorskip("torch")
    z = torch.tensor([at], dtype=torch.float64, requires_grad=True)
    getattr(torch.nn.functional, name)(z, *arguments).sum().backward()
    assert z.grad.tolist() == pytest.approx([slope], rel=1e-15)


@pytest.mark.parametrize("name, arguments", CASES, ids=str)
def test_functions_agree_with_pytorch_to_second_order(name, arguments, parity):
    theirs = getattr(parity.torch.nn.functional, name)
    exact = name != "hardsigmoid"  # PyTorch has 1/6 there in single precision, and no second derivative
    parity.functions(
        lambda x: getattr(F, name)(x, *arguments),
        lambda x: theirs(x, *arguments),
        X,
        order=2 if exact else 1,
        tolerance=1e-12 if exact else 1e-7,
    )


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_agrees_with_pytorch_to_second_order(approximate, parity):
    theirs = parity.torch.nn.functional.gelu
    parity.functions(lambda x: F.gelu(x, approximate), lambda x: theirs(x, approximate=approximate), X)
    ac.testing.gradcheck(lambda x: F.gelu(x, approximate), (X,), order=3)


@pytest.mark.parametrize("name, arguments", CASES, ids=str)
def test_far_out_no_value_and_no_derivative_is_lost(name, arguments):
    x = ac.tensor([-1e3, 1e3], requires_grad=True)
    y = getattr(F, name)(x, *arguments)
    (g,) = ac.gradients(ac.sum(y), x, create_graph=True)
    ac.sum(g * g).backward() if g.requires_grad else None
    assert np.isfinite(y.numpy()).all()
    assert np.isfinite(g.numpy()).all()
    assert x.grad is None or np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("name", ["relu6", "hardtanh", "leaky_relu", "elu", "selu", "celu", "hardshrink", "hardswish", "silu"])
def test_nan_goes_through(name):
    assert math.isnan(getattr(F, name)(math.nan).item())


@pytest.mark.parametrize("name, arguments", CASES, ids=str)
def test_one_example_at_a_time(name, arguments):
    f, x = getattr(F, name), draws.normal(size=(3, 4))
    assert np.array_equal(ac.vmap(lambda x: f(x, *arguments))(x).numpy(), f(x, *arguments).numpy())


def test_gelu_is_right_where_the_normal_distribution_ends():
    assert F.gelu(-10.0).item() == pytest.approx(-10.0 * 7.619853024160527e-24, rel=1e-13)
    with pytest.raises(ValueError, match='"none" or "tanh", not \'erf\''):
        F.gelu(1.0, "erf")


def test_a_threshold_of_softplus_is_an_option():
    assert F.softplus(30.0).item() == np.log1p(np.exp(30.0))
    assert F.softplus([11.0, -1.0], 2.0, 20.0).tolist() == [11.0, np.logaddexp(0.0, -2.0) / 2.0]


def test_inplace_changes_nothing():
    x = ac.tensor([-1.0, 2.0])
    assert F.relu(x, inplace=True).tolist() == [0.0, 2.0]
    assert x.tolist() == [-1.0, 2.0]


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: F.hardtanh(1.0, 2.0, 2.0), ValueError, "min_val 2.0 must be less"),
        (lambda: F.celu(1.0, 0.0), ValueError, "alpha must not be 0"),
        (lambda: F.softshrink(1.0, -1.0), ValueError, "lambd must not be negative"),
        (lambda: F.softplus(1.0, 0.0), ValueError, "beta must be positive, got 0"),
        (lambda: F.glu(np.ones((2, 3))), ac.errors.ShapeError, "even length"),
        (lambda: F.prelu(np.ones((2, 3)), np.ones(2)), ac.errors.ShapeError, "1 or 3 numbers"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()


# -- along one axis, and with weights ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_agrees_with_pytorch_to_second_order(name, dim, parity):
    x = draws.normal(size=(3, 4, 2))
    parity.functions(lambda x: getattr(F, name)(x, dim=dim), lambda x: getattr(parity.torch.nn.functional, name)(x, dim=dim), x)


@pytest.mark.parametrize("ndim, dim", [(0, None), (1, 0), (2, 1), (3, 0), (4, 1)])
def test_softmax_without_an_axis_takes_that_of_pytorch(ndim, dim):
    x = draws.normal(size=(2, 3, 2, 2)[:ndim])
    assert np.array_equal(F.softmax(x).numpy(), ac.softmax(x, dim).numpy())


def test_softmax_converts_first():
    assert F.softmax(np.ones(2, np.float32), 0, dtype=np.float64).dtype == np.float64


def test_glu_agrees_with_pytorch_to_second_order(parity):
    x = draws.normal(size=(3, 4))
    parity.functions(F.glu, parity.torch.nn.functional.glu, x)
    assert F.glu([2.0, 0.0]).tolist() == [1.0]


@pytest.mark.parametrize("shape, size", [((5,), 1), ((2, 3), 1), ((2, 3), 3), ((2, 3, 4), 3), ((2, 3, 2, 2), 3)])
def test_prelu_agrees_with_pytorch_to_second_order(shape, size, parity):
    parity.functions(F.prelu, parity.torch.nn.functional.prelu, draws.normal(size=shape), draws.normal(size=size))


def test_prelu_at_its_kink():
    x, w = ac.tensor([0.0], requires_grad=True), ac.tensor([0.25], requires_grad=True)
    ac.sum(F.prelu(x, w)).backward()
    assert (x.grad.tolist(), w.grad.tolist()) == ([0.25], [0.0])


def test_rrelu_draws_a_slope_for_each_element():
    x = np.full(1000, -1.0)
    slopes = -F.rrelu(x, 0.2, 0.4, training=True, generator=ac.random.Generator(1)).numpy()
    assert 0.2 <= slopes.min() < 0.21
    assert 0.39 < slopes.max() <= 0.4
    assert F.rrelu([-1.0], 0.2, 0.4).tolist() == [-(0.2 + 0.4) / 2.0]
