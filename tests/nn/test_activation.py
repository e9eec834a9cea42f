"""Activations as modules: each does what its function does, has PyTorch's text, and is found by its name."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F
from nn.activation import ACTIVATIONS, as_activation

draws = np.random.default_rng(0)
X = np.array([[-4.1, -2.3, -0.9, -0.2], [0.3, 0.8, 1.9, 7.2]])

# Class, arguments of PyTorch's, function, its arguments.
MODULES = [
    ("ReLU", {"inplace": True}, "relu", ()), ("ReLU6", {}, "relu6", ()), ("LeakyReLU", {}, "leaky_relu", ()),
    ("LeakyReLU", {"negative_slope": 0.2, "inplace": True}, "leaky_relu", (0.2,)), ("ELU", {"alpha": 2.0}, "elu", (2.0,)),
    ("CELU", {"alpha": 0.5}, "celu", (0.5,)), ("SELU", {}, "selu", ()), ("GELU", {}, "gelu", ()),
    ("GELU", {"approximate": "tanh"}, "gelu", ("tanh",)), ("SiLU", {}, "silu", ()), ("Mish", {}, "mish", ()),
    ("Sigmoid", {}, "sigmoid", ()), ("Tanh", {}, "tanh", ()), ("Softsign", {}, "softsign", ()),
    ("LogSigmoid", {}, "logsigmoid", ()), ("Tanhshrink", {}, "tanhshrink", ()), ("Hardtanh", {}, "hardtanh", ()),
    ("Hardtanh", {"min_val": -2.0, "max_val": 0.5}, "hardtanh", (-2.0, 0.5)), ("Hardsigmoid", {}, "hardsigmoid", ()),
    ("Hardswish", {}, "hardswish", ()), ("Hardshrink", {"lambd": 0.7}, "hardshrink", (0.7,)),
    ("Softshrink", {}, "softshrink", ()), ("Threshold", {"threshold": 0.5, "value": 2.0}, "threshold", (0.5, 2.0)),
    ("Softmax", {"dim": 1}, "softmax", (1,)), ("LogSoftmax", {"dim": 0}, "log_softmax", (0,)),
    ("Softmin", {"dim": 0}, "softmin", (0,)), ("GLU", {}, "glu", ()), ("RReLU", {}, "rrelu", ()),
    ("Softplus", {"beta": 2.0, "threshold": 5.0}, "softplus", (2.0, 5.0)),
]  # fmt: skip


@pytest.mark.parametrize("name, options, function, arguments", MODULES)
def test_a_module_is_its_function(name, options, function, arguments):
    module = getattr(nn, name)(**options).eval()
    assert np.array_equal(module(X).numpy(), getattr(F, function)(X, *arguments).numpy())
    assert not module.state_dict()


@pytest.mark.parametrize("name, options, function, arguments", MODULES)
def test_the_text_of_a_module_is_that_of_pytorch(name, options, function, arguments):
    torch = pytest.importorskip("torch")
    assert repr(getattr(nn, name)(**options)) == repr(getattr(torch.nn, name)(**options))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_have_names(name):
    activation = as_activation(name)
    ac.testing.gradcheck(activation, (X[0],), order=2)
    assert activation(X.astype(np.float32)).shape == X.shape
    assert nn.MLP([2, 3, 1], activation=name)(np.ones((4, 2))).shape == (4, 1)


def test_the_mean_slope_of_rrelu_at_prediction():
    layer = nn.RReLU(0.1, 0.3, generator=ac.random.Generator(0))
    x = np.full(50, -1.0)
    assert len({*layer(x).tolist()}) == 50
    assert layer.eval()(x).tolist() == [-0.2] * 50


def test_softmax2d_is_over_the_channels():
    x = draws.normal(size=(2, 3, 4, 5))
    assert np.array_equal(nn.Softmax2d()(x).numpy(), ac.softmax(x, 1).numpy())
    assert np.array_equal(nn.Softmax2d()(x[0]).numpy(), ac.softmax(x[0], 0).numpy())
    with pytest.raises(ac.errors.ShapeError, match=r"\(N, C, H, W\) or \(C, H, W\), given shape \(3,\)"):
        nn.Softmax2d()(np.ones(3))


def test_prelu_agrees_with_pytorch_to_second_order(parity):
    for size, shape in ((1, (4,)), (3, (2, 3, 5))):
        ours, theirs = nn.PReLU(size), parity.torch.nn.PReLU(size)
        parity.modules(ours, theirs, draws.normal(size=shape))
        assert repr(ours) == repr(theirs)


def test_prelu_starts_from_a_quarter():
    layer = nn.PReLU(2, dtype=np.float32)
    assert (layer.weight.tolist(), layer.weight.dtype) == ([0.25, 0.25], np.float32)
    layer.weight.copy_([1.0, 2.0])
    layer.reset_parameters()
    assert layer.weight.tolist() == [0.25, 0.25]


@pytest.mark.parametrize("features", [None, 4])
def test_an_adaptive_activation_learns_its_slope(features):
    layer = nn.Adaptive("tanh", scale=10.0, features=features)
    assert layer.slope.shape == (() if features is None else (4,))
    assert np.allclose(layer(X).numpy(), np.tanh(X), rtol=1e-15)
    ac.testing.gradcheck(lambda x: layer(x) ** 2, (X,), order=2)
    ac.sum(layer(X)).backward()
    slopes = 10.0 * X / np.cosh(X) ** 2
    assert np.allclose(layer.slope.grad.numpy(), slopes.sum() if features is None else slopes.sum(0), rtol=1e-13)


def test_copies_of_adaptive_activations_learn_for_themselves():
    model = nn.MLP([1, 2, 1], activation=nn.Adaptive("sine"))
    other = copy.deepcopy(model)
    other.activation.slope.copy_(2.0)
    assert model.activation.slope.item() == 1.0
    assert [name for name, _ in model.named_parameters()][-1] == "activation.slope"


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.Hardtanh(1.0, 1.0), ValueError, "min_val 1.0 must be less"),
        (lambda: nn.Softplus(-1.0), ValueError, "beta must be positive"),
        (lambda: nn.Adaptive(scale=0.0), ValueError, "scale must be positive"),
        (lambda: nn.Adaptive(features=3)(X), ac.errors.ShapeError, "needs 3 features"),
        (lambda: nn.PReLU(3)(X), ac.errors.ShapeError, "1 or 4 numbers"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
