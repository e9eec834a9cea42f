"""logsumexp, softmax and log_softmax: no overflow, no NaN at infinities, derivatives to third order."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.ops.softmax import LogSumExp, Softmax

X = np.random.default_rng(6).normal(size=(2, 3, 4))
INF = np.inf
AXES = [None, 0, -1, (0, 2), ()]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
def test_logsumexp(axis, keepdims):
    expected = np.log(np.sum(np.exp(X), axis=axis, keepdims=keepdims))
    y = ac.logsumexp(X, axis=axis, keepdims=keepdims)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-15)
    ac.testing.gradcheck(lambda x: ac.logsumexp(x, axis=axis, keepdims=keepdims), X[:, :2, :2], order=2)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name, axis):
    y = getattr(ac, name)(X, axis=axis)
    weights = y if name == "softmax" else ac.exp(y)
    np.testing.assert_allclose(weights.numpy(), np.exp(X) / np.sum(np.exp(X), axis=axis, keepdims=True), rtol=1e-13)
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=axis), X[:, :2, :2], order=2)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_third_order_and_complex_numbers(name):
    ac.testing.gradcheck(getattr(ac, name), X[0, 0], order=3)
    ac.testing.gradcheck(getattr(ac, name), X[0, 0] + 1j * X[1, 0], order=2)


@pytest.mark.parametrize("shift", [0.0, 1000.0, -1000.0, 1e300])
def test_nothing_overflows(shift):
    x = ac.tensor(np.array([0.0, 1.0]) + shift, requires_grad=True)
    y = ac.logsumexp(x)
    np.testing.assert_allclose(y.item(), np.logaddexp(*x.numpy()), rtol=1e-15)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp(x.numpy() - y.item()), rtol=1e-12 if abs(shift) < 1e4 else 1)
    assert np.isfinite(ac.log_softmax(x).numpy()).all()


# Values, gradient (the softmax) and Hessian where elements are infinite.
INFINITE = [
    ([-INF, -INF], -INF, [0, 0], [[0, 0], [0, 0]]),
    ([-INF, 0.0], 0.0, [0, 1], [[0, 0], [0, 0]]),
    ([INF, 1000.0], INF, [1, 0], [[0, 0], [0, 0]]),
    ([INF, -INF], INF, [1, 0], [[0, 0], [0, 0]]),
    ([INF, INF], INF, [0.5, 0.5], [[0.25, -0.25], [-0.25, 0.25]]),
]


@pytest.mark.parametrize("x, value, gradient, hessian", INFINITE)
def test_infinite_elements(x, value, gradient, hessian):
    x = ac.tensor(x)
    assert ac.logsumexp(x).item() == value
    np.testing.assert_array_equal(ac.softmax(x).numpy(), gradient)
    np.testing.assert_array_equal(ac.grad(ac.logsumexp)(x).numpy(), gradient)
    np.testing.assert_array_equal(ac.hessian(ac.logsumexp)(x).numpy(), hessian)
    _, t = ac.jvp(ac.logsumexp, (x,), (ac.tensor([3.0, 5.0]),))
    assert t.item() == np.dot(gradient, [3.0, 5.0])


def test_an_infinite_line_leaves_the_others_alone():
    x = np.array([[-INF, -INF], [INF, 0.0], [0.0, 0.0]])
    np.testing.assert_allclose(ac.logsumexp(x, axis=1).numpy(), [-INF, INF, np.log(2.0)])
    np.testing.assert_array_equal(ac.softmax(x, axis=1).numpy(), [[0, 0], [1, 0], [0.5, 0.5]])


def test_nan_stays_nan():
    x = ac.tensor([[np.nan, 1.0], [0.0, 0.0]])
    assert np.isnan(ac.logsumexp(x, axis=1).numpy()).tolist() == [True, False]
    assert np.isnan(ac.softmax(x, axis=1).numpy()).tolist() == [[True, True], [False, False]]


def test_nothing_has_the_logsumexp_of_nothing():
    y = ac.logsumexp(ac.tensor(np.zeros((0, 2)), requires_grad=True), axis=0)
    assert y.tolist() == [-INF, -INF]
    y.backward(np.ones(2))
    assert ac.softmax(np.zeros((0, 2)), axis=0).shape == (0, 2)


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_dtypes(name):
    x = ac.tensor(X[0], dtype=np.float32, requires_grad=True)
    y = getattr(ac, name)(x, axis=1)
    (g,) = ac.gradients(y, [x], grad_ys=[np.ones(y.shape, np.float32)], create_graph=True)
    assert y.dtype == g.dtype == np.float32
    assert getattr(ac, name)([1, 2]).dtype == np.float64
    assert getattr(ac, name)([True, False]).dtype == np.float64
    assert getattr(ac, name)(2.0).shape == ()
    assert getattr(ac, name)(2.0, axis=-1).item() == {"logsumexp": 2.0, "softmax": 1.0, "log_softmax": 0.0}[name]


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_an_axis_that_is_not_there_is_refused(name):
    with pytest.raises(ShapeError, match="axis 3 is out of range for 3 axes, numbered -3 to 2"):
        getattr(ac, name)(X, axis=3)


@pytest.mark.parametrize("op", [LogSumExp((1,)), LogSumExp(None, True), Softmax((0, 1)), Softmax()])
def test_the_shape_rule_tells_the_shape(op):
    assert op.shape(X.shape) == op(X).shape
    assert op == type(op)(*(getattr(op, name) for name in op.__dataclass_fields__ if name in vars(op)))
    with pytest.raises(ShapeError, match="out of range"):
        type(op)((7,)).shape(X.shape)


def test_agrees_with_scipy():
    special = pytest.importorskip("scipy.special")
    for name in ("logsumexp", "softmax", "log_softmax"):
        np.testing.assert_allclose(getattr(ac, name)(X, axis=1).numpy(), getattr(special, name)(X, axis=1), rtol=1e-13)
