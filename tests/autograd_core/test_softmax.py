"""logsumexp, softmax and log_softmax: no overflow, no NaN at infinities, derivatives to third order."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.softmax import LogCumSumExp, LogSoftmax, LogSumExp, Peak, Softmax

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


@pytest.mark.parametrize("op", [LogSumExp((1,)), LogSumExp(None, True), Softmax((0, 1)), Softmax(), LogSoftmax((0,))])
def test_the_shape_rule_tells_the_shape(op):
    assert op.shape(X.shape) == op(X).shape
    assert op == type(op)(*(getattr(op, name) for name in op.__dataclass_fields__ if name in vars(op)))
    with pytest.raises(ShapeError, match="out of range"):
        type(op)((7,)).shape(X.shape)


# -- log_softmax where weights are 0 -----------------------------------------------------------------------

WEIGHTS = np.array([1.0, 2.0, 4.0])


@pytest.mark.parametrize(
    "x, value, softmax",
    [
        ([0.0, -INF, 0.0], [-np.log(2.0), -INF, -np.log(2.0)], [0.5, 0.0, 0.5]),
        ([-INF, -INF, -INF], [-INF, -INF, -INF], [0.0, 0.0, 0.0]),
        ([INF, 0.0, -INF], [0.0, -INF, -INF], [1.0, 0.0, 0.0]),
        ([INF, 3.0, INF], [-np.log(2.0), -INF, -np.log(2.0)], [0.5, 0.0, 0.5]),
    ],
)
def test_log_softmax_of_infinite_elements(x, value, softmax):
    x, s = ac.tensor(x, requires_grad=True), np.array(softmax)
    y = ac.log_softmax(x)
    np.testing.assert_allclose(y.numpy(), value, rtol=1e-15)
    (g,) = ac.gradients(y, [x], [WEIGHTS], create_graph=True)
    np.testing.assert_allclose(g.numpy(), WEIGHTS - s * WEIGHTS.sum(), rtol=1e-15)
    (h,) = ac.gradients(ac.sum(g * WEIGHTS), [x])
    np.testing.assert_allclose(h.numpy(), -WEIGHTS.sum() * s * (WEIGHTS - np.sum(s * WEIGHTS)), rtol=1e-14)
    _, t = ac.jvp(ac.log_softmax, (x.detach(),), (ac.tensor(WEIGHTS),))
    np.testing.assert_allclose(t.numpy(), WEIGHTS - np.sum(s * WEIGHTS), rtol=1e-15)


def test_a_masked_row_has_no_derivatives():
    x = ac.tensor([[-INF, -INF], [0.0, 0.0]], requires_grad=True)
    (g,) = ac.gradients(ac.softmax(x, axis=1), [x], [[[1.0, 2.0], [1.0, 2.0]]], create_graph=True)
    assert g.tolist() == [[0.0, 0.0], [-0.25, 0.25]]
    (h,) = ac.gradients(ac.sum(g * g), [x])
    assert h.tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_an_infinite_row_leaves_the_others_alone_in_log_softmax():
    x = np.array([[-INF, -INF], [np.nan, 0.0], [0.0, 0.0]])
    y = ac.log_softmax(x, axis=1).numpy()
    np.testing.assert_allclose(y, [[-INF, -INF], [np.nan, np.nan], [-np.log(2.0)] * 2])


# -- logsumexp with weights --------------------------------------------------------------------------------

SIGNED = np.array([[1.0, -2.0, 0.5, 0.25], [1.5, 0.25, -1.0, 2.0], [-0.1, 3.0, 1.0, 0.5]])


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
def test_weights_are_those_of_scipy(axis, keepdims):
    special = pytest.importorskip("scipy.special")
    options = {"axis": axis, "b": SIGNED, "keepdims": keepdims}
    expected = special.logsumexp(X, return_sign=True, **options)
    for y, z in zip(ac.logsumexp(X, return_sign=True, **options), expected):
        assert y.shape == np.shape(z)
        np.testing.assert_allclose(y.numpy(), z, rtol=1e-13)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(ac.logsumexp(X, **options).numpy(), special.logsumexp(X, **options), rtol=1e-13)
    f = lambda x, b: ac.logsumexp(x, axis, b, keepdims, return_sign=True)
    ac.testing.gradcheck(f, (X[:, :2, :2], SIGNED[:2, :2]), order=2)


def test_weights_of_complex_numbers():
    special = pytest.importorskip("scipy.special")
    z = X[0] + 1j * X[1]
    for y, expected in zip(ac.logsumexp(z, 1, SIGNED, return_sign=True), special.logsumexp(z, 1, SIGNED, return_sign=True)):
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13)
    ac.testing.gradcheck(lambda z, b: ac.logsumexp(z, 1, b), (z, SIGNED + 1j * X[0]), order=2)
    ac.testing.gradcheck(lambda z: ac.logsumexp(z, return_sign=True), z[0], order=2)


@pytest.mark.parametrize(
    "x, b, value, sign, by_x, by_b",
    [
        ([0.0, 0.0], [1.0, -1.0], -INF, 0.0, [0, 0], [0, 0]),
        ([-INF, -INF], [2.0, 3.0], -INF, 0.0, [0, 0], [0, 0]),
        ([INF, 1.0], [2.0, 3.0], INF, 1.0, [1, 0], [0.5, 0]),
        ([INF, INF], [1.0, 3.0], INF, 1.0, [0.25, 0.75], [0.25, 0.25]),
        ([INF, 0.0], [0.0, 2.0], np.log(2.0), 1.0, [0, 1], [0, 0.5]),
        ([5000.0, 0.0], [0.0, 2.0], np.log(2.0), 1.0, [0, 1], [0, 0.5]),
        ([np.log(3.0), 0.0], [0.0, 2.0], np.log(2.0), 1.0, [0, 1], [1.5, 0.5]),
        ([1000.0, 1000.0], [-1.0, -3.0], 1000.0 + np.log(4.0), -1.0, [0.25, 0.75], [-0.25, -0.25]),
    ],
)
def test_weights_at_infinite_elements_and_zeros(x, b, value, sign, by_x, by_b):
    x, b = ac.tensor(x, requires_grad=True), ac.tensor(b, requires_grad=True)
    y, s = ac.logsumexp(x, b=b, return_sign=True)
    np.testing.assert_allclose([y.item(), s.item()], [value, sign], rtol=1e-15)
    gx, gb = ac.gradients(y, [x, b], create_graph=True)
    np.testing.assert_allclose(gx.numpy(), by_x, rtol=1e-14)
    np.testing.assert_allclose(gb.numpy(), by_b, rtol=1e-12)
    assert np.isfinite(ac.gradients(ac.sum(gx * WEIGHTS[:2]), [x])[0].numpy()).all()


def test_weights_keep_the_dtype():
    x = ac.tensor(X[0], dtype=np.float32, requires_grad=True)
    for b in (2, 0.5, SIGNED.astype(np.float32)):
        y = ac.logsumexp(x, 1, b, return_sign=True)[0]
        (g,) = ac.gradients(y, [x], [np.ones(3, np.float32)])
        assert y.dtype == g.dtype == np.float32
    assert ac.logsumexp(x, 1, SIGNED).dtype == np.float64
    assert ac.logsumexp([1, 2], b=[1, 2]).dtype == np.float64


# -- logcumsumexp ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_logcumsumexp(axis):
    np.testing.assert_allclose(ac.logcumsumexp(X, axis).numpy(), np.log(np.cumsum(np.exp(X), axis)), rtol=1e-12, atol=1e-15)
    ac.testing.gradcheck(lambda x: ac.logcumsumexp(x, axis), X[:, :2, :3], order=2)


@pytest.mark.parametrize("n", range(8))
def test_logcumsumexp_of_every_length(n):
    x = 100.0 * np.random.default_rng(n).normal(size=n)
    y = ac.logcumsumexp(x)
    np.testing.assert_allclose(y.numpy(), [ac.logsumexp(x[: k + 1]).item() for k in range(n)], rtol=1e-14)
    if n:
        rows = [ac.softmax(x[: k + 1]).tolist() + [0.0] * (n - k - 1) for k in range(n)]
        np.testing.assert_allclose(ac.jacobian(ac.logcumsumexp)(ac.tensor(x)).numpy(), rows, rtol=1e-12)
        ac.testing.gradcheck(ac.logcumsumexp, x / 100.0, order=3)


@pytest.mark.parametrize(
    "x, value, jacobian",
    [
        ([-INF, -INF], [-INF, -INF], [[0, 0], [0, 0]]),
        ([-INF, 0.0, -INF], [-INF, 0.0, 0.0], [[0, 0, 0], [0, 1, 0], [0, 1, 0]]),
        ([0.0, INF, 1.0], [0.0, INF, INF], [[1, 0, 0], [0, 1, 0], [0, 1, 0]]),
        ([1000.0, 2000.0], [1000.0, 2000.0], [[1, 0], [0, 1]]),
        ([INF, INF], [INF, INF], [[1, 0], [0.5, 0.5]]),
    ],
)
def test_logcumsumexp_of_infinite_elements(x, value, jacobian):
    leaf = ac.tensor(x)
    np.testing.assert_array_equal(ac.logcumsumexp(leaf).numpy(), value)
    np.testing.assert_array_equal(ac.jacobian(ac.logcumsumexp)(leaf).numpy(), jacobian)
    for k in range(len(x)):
        assert np.isfinite(ac.hessian(lambda x, k=k: ac.logcumsumexp(x)[k])(leaf).numpy()).all()


@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax", "logcumsumexp"])
def test_a_batch_gives_what_a_loop_gives(name):
    for axis in (None, 0, -1):
        f = lambda x, axis=axis: getattr(ac, name)(x, axis)
        np.testing.assert_allclose(ac.vmap(f)(ac.tensor(X)).numpy(), [f(x).numpy() for x in X], rtol=1e-14)
        g = ac.grad(lambda x, f=f: ac.sum(f(x) ** 2))
        np.testing.assert_allclose(ac.vmap(g)(ac.tensor(X)).numpy(), [g(ac.tensor(x)).numpy() for x in X], rtol=1e-12)


def test_weights_in_a_batch():
    b = np.stack([SIGNED, 2.0 - SIGNED])
    y = ac.vmap(lambda x, b: ac.logsumexp(x, 1, b, return_sign=True))(ac.tensor(X), ac.tensor(b))
    loop = [ac.logsumexp(x, 1, c, return_sign=True) for x, c in zip(X, b)]
    for k in range(2):
        np.testing.assert_allclose(y[k].numpy(), [pair[k].numpy() for pair in loop], rtol=1e-14)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.logsumexp(X, 0, True), DTypeError, "the third argument is b, the weights, as in SciPy. Did you"),
        (lambda: ac.logsumexp(X, b=[1.0, 2.0]), ShapeError, "logsumexp: shapes .* do not broadcast"),
        (lambda: ac.logcumsumexp(X, 3), ShapeError, "logcumsumexp: axis 3 is out of range"),
        (lambda: ac.logcumsumexp(X, (0, 1)), ShapeError, "logcumsumexp: axis must be one number or None"),
        (lambda: ac.logcumsumexp(X + 1j), DTypeError, "logcumsumexp: real numbers needed, and given complex128"),
        (lambda: LogCumSumExp(3).shape(X.shape), ShapeError, "logcumsumexp: axis 3 is out of range"),
        (lambda: Peak((3,)).shape(X.shape, X.shape), ShapeError, "peak: axis .* is out of range"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    for name in ("logsumexp", "softmax", "log_softmax", "logcumsumexp"):
        leaf, other = ac.tensor(X, requires_grad=True), torch.tensor(X, requires_grad=True)
        y, z = getattr(ac, name)(leaf, axis=1), getattr(torch, name)(other, dim=1)
        g = np.random.default_rng(0).normal(size=y.shape)
        (a,) = ac.gradients(y, [leaf], [g], create_graph=True)
        (b,) = torch.autograd.grad(z, [other], torch.tensor(g), create_graph=True)
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-11, atol=1e-14)
        (a,), (b,) = ac.gradients(ac.sum(a * a), [leaf]), torch.autograd.grad((b * b).sum(), [other])
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-10, atol=1e-13)


def test_agrees_with_scipy():
    special = pytest.importorskip("scipy.special")
    for name in ("logsumexp", "softmax", "log_softmax"):
        np.testing.assert_allclose(getattr(ac, name)(X, axis=1).numpy(), getattr(special, name)(X, axis=1), rtol=1e-13)
