"""Polynomials, and functions defined in pieces: NumPy's values, exact derivatives, batches."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import CaptureError, DTypeError, GradientError, ShapeError

rng = np.random.default_rng(12)
X = np.array([[-2.0, -0.5, 0.0], [0.25, 1.0, 3.0]])
P = np.array([0.5, -1.0, 0.0, 2.0])


@pytest.mark.parametrize("p", [P, P[:1], [1, 2], P * 1j], ids=str)
def test_polyval(p):
    for x in (X, X[0], 2.0, X * 1j, [1, 2]):
        np.testing.assert_allclose(ac.polyval(p, x).numpy(), np.polyval(p, x), rtol=1e-14)
    ac.testing.gradcheck(ac.polyval, (np.multiply(p, 1.0), X), order=2)
    assert ac.polyval([], X).shape == X.shape


def test_polyval_to_the_third_order():
    ac.testing.gradcheck(ac.polyval, (P, X[0] + 0.5j), order=3)


@pytest.mark.parametrize("N", [None, 0, 1, 5])
@pytest.mark.parametrize("increasing", [False, True])
def test_vander(N, increasing):
    for x in (X[0], X[1] * 1j, [1, 2, 3], X[0].astype(np.float32)):
        y, expected = ac.vander(x, N, increasing), np.vander(x, N, increasing)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-6)
    ac.testing.gradcheck(lambda x: ac.vander(x, N, increasing), X[0], order=2)  # also at 0


@pytest.mark.parametrize("name", ["polyadd", "polysub", "polymul"])
def test_arithmetic_of_polynomials(name):
    for p, q in ((P, [1.0, 2.0]), ([3.0], P), (2.0, P * 1j), ([1, 2, 3], [4, 5, 6])):
        y, expected = getattr(ac, name)(p, q), getattr(np, name)(p, q)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    ac.testing.gradcheck(getattr(ac, name), (P, P[:2] * 1j), order=2)


@pytest.mark.parametrize("m", [0, 1, 2, 6])
def test_derivatives_and_integrals_of_polynomials(m):
    for p in (P, P[:1], [1, 2, 3], P * 1j):
        np.testing.assert_allclose(ac.polyder(p, m).numpy(), np.polyder(p, m), rtol=1e-14)
        for k in (None, 2.0, np.arange(1.0, m + 1)):
            if np.size(k):
                np.testing.assert_allclose(ac.polyint(p, m, k).numpy(), np.polyint(p, m, k), rtol=1e-14)
    ac.testing.gradcheck(lambda p: ac.polyder(p, m), P, order=2)
    ac.testing.gradcheck(lambda p, k: ac.polyint(p, m, k), (P, 0.5), order=2)


def test_float32_polynomials_stay():
    p = ac.tensor(P, dtype=np.float32, requires_grad=True)
    for y in (ac.polyder(p), ac.polyint(p), ac.polymul(p, p), ac.polyadd(p, p[:1]), ac.polyval(p, p)):
        assert y.dtype == np.float32


@pytest.mark.parametrize("degree", [0, 1, 3])
@pytest.mark.parametrize("weights", [None, np.array([1.0, 2.0, 0.5, 1.0, 3.0])], ids=["plain", "weighted"])
def test_polyfit(degree, weights):
    x = np.array([-1.0, 0.0, 0.5, 2.0, 3.0])
    for y in (np.exp(x), np.stack([np.sin(x), 1j * x], 1)):
        np.testing.assert_allclose(ac.polyfit(x, y, degree, w=weights).numpy(), np.polyfit(x, y, degree, w=weights), atol=1e-11)
    inputs = (x, np.exp(x), np.ones(5) if weights is None else weights)
    ac.testing.gradcheck(lambda x, y, w: ac.polyfit(x, y, degree, w=None if weights is None else w), inputs, order=2)


CONJUGATE = [1 + 1j, 1 - 1j, 2.0]


@pytest.mark.parametrize("zeros", [[1.0, -2.0, 0.5], [], [3.0], CONJUGATE, [1 + 1j, 2.0], [[1.0, 2.0], [-3.0, 1.0]]])
def test_poly(zeros):
    y, expected = ac.poly(zeros), np.poly(zeros)
    assert y.dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-14)
    if np.size(zeros) and zeros is not CONJUGATE:
        ac.testing.gradcheck(lambda z: ac.poly(z) * (1 + 0j), np.array(zeros), order=2)


COEFFICIENTS = [[1.0, -6.0, 11.0, -6.0], [2.0, 0.0, 3.0], [1.0, 1.0, 0.0], [1.0, 0.5, 0.0, 2.0], [4.0], [0.0], [], 2.0]


@pytest.mark.parametrize("p", [*COEFFICIENTS, [0.0, 0.0, 1.0, -3.0, 2.0], [1.0, 2j]])
def test_roots(p):
    y, expected = ac.roots(p), np.roots(np.atleast_1d(p))
    np.testing.assert_allclose(np.sort_complex(y.numpy()), np.sort_complex(expected), rtol=1e-12, atol=1e-14)
    if np.size(p) > 1 and p[0]:
        ac.testing.gradcheck(lambda p: ac.roots(p) * (1 + 0j), np.array(p), order=2)


def test_the_derivative_of_a_root_is_that_of_the_implicit_function():
    p = np.array([1.0, -3.0, 2.0])
    for r, slopes in zip(ac.roots(p).tolist(), ac.jacobian(ac.roots)(p).tolist()):
        np.testing.assert_allclose(slopes, -(r ** np.array([2, 1, 0])) / (2 * r - 3), rtol=1e-13)


DIVISIONS = [([1.0, 5.0, 7.0], [1.0, 2.0]), ([1.0, 2.0], [1.0, 2.0, 3.0]), ([3.0, 5.0, 2.0], [2.0, 1.0]), ([2.0], [4.0])]


@pytest.mark.parametrize("u, v", [*DIVISIONS, ([1.0, -3.0, 2.0], [1.0, -1.0]), ([1, 0, 0, 0, 1], [1, 1, 1]), (3.0, 2.0)])
def test_polydiv(u, v):
    for y, expected in zip(ac.polydiv(u, v), np.polydiv(u, v)):
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    if (u, v) in DIVISIONS:
        ac.testing.gradcheck(ac.polydiv, (np.array(u), np.array(v)), order=2)


# -- functions of functions ----------------------------------------------------------------------------------------------

LINES = [
    lambda v: v[1:] * v[:-1],
    lambda v: v[0] * v[-1],
    lambda v: v[:, None] * v[:2],
    lambda v: 3.0,
]


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("f", LINES, ids=range(len(LINES)))
def test_a_function_of_lines(f, axis):
    x = rng.normal(size=(2, 3, 4))
    expected = np.apply_along_axis(f, axis, x)
    y = ac.apply_along_axis(f, axis, x)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    ac.testing.gradcheck(lambda x: ac.apply_along_axis(f, axis, x), x[:, :, :2], order=2)


def test_a_function_of_lines_gets_further_arguments():
    assert ac.apply_along_axis(lambda v, a, b=0.0: a * v + b, 0, [1.0, 2.0], 3.0, b=1.0).tolist() == [4.0, 7.0]
    batch = rng.normal(size=(4, 2, 3))
    f = lambda x: ac.apply_along_axis(ac.cumsum, 1, x)
    np.testing.assert_allclose(ac.vmap(f)(batch).numpy(), np.cumsum(batch, 2), rtol=1e-14)


@pytest.mark.parametrize("axes", [0, [0, 1], (1, -1)])
@pytest.mark.parametrize("name", ["sum", "cumsum", "max"])
def test_a_function_over_axes(name, axes):
    x = rng.normal(size=(2, 3, 4))
    y = ac.apply_over_axes(getattr(ac, name), x, axes)
    np.testing.assert_allclose(y.numpy(), np.apply_over_axes(getattr(np, name), x, axes), rtol=1e-13)


PIECES = [
    ([X < 0, X > 0.5], [np.negative, np.square]),
    ([X < 0, X > 0.5], [1.0, np.exp, -2.0]),
    ([X < 1, X < 0], [np.sin, np.cos]),
    ([X < 0], [5.0]),
    ([True, False], [np.sin, 2.0]),
    ([np.array([True, False])], [np.sin, np.cos]),
    ([X > 100], [np.log, 1.0]),
]


@pytest.mark.parametrize("conditions, functions", PIECES, ids=range(len(PIECES)))
def test_piecewise(conditions, functions):
    expected = np.piecewise(X, conditions, functions)
    np.testing.assert_array_equal(ac.piecewise(X, conditions, functions).numpy(), expected)
    ac.testing.gradcheck(lambda x: ac.piecewise(x, conditions, functions), X, order=2)


def test_a_single_condition_needs_no_list():
    x = X.ravel()
    for condition in (x < 0, (x < 0).tolist(), ac.tensor(x) < 0):
        np.testing.assert_array_equal(
            ac.piecewise(x, condition, [np.negative, np.square]).numpy(), np.piecewise(x, x < 0, [np.negative, np.square])
        )
    assert ac.piecewise(2.0, True, [np.square]).numpy() == 4.0
    assert ac.piecewise(np.zeros((0, 2)), [np.zeros((0, 2), bool)], [np.square]).shape == (0, 2)


def test_further_arguments_go_to_the_functions():
    f = lambda x, a, b=0.0: ac.piecewise(x, [x < 0.5], [lambda x, a, b: a * x + b, lambda x, a, b: a * b], a, b=b)
    ac.testing.gradcheck(f, (X, 1.5, -0.5), order=2)


def test_no_function_meets_what_is_outside_its_domain():
    with np.errstate(all="raise"):
        x = ac.tensor([-4.0, -1.0, 4.0], requires_grad=True)
        a = ac.tensor(2.0, requires_grad=True)
        y = ac.piecewise(x, [x < 0, x >= 0], [lambda x: a * ac.exp(ac.sqrt(-x)), lambda x: a * ac.log(x)])
    ac.sum(y).backward()
    e = np.exp([2.0, 1.0])
    np.testing.assert_allclose(x.grad.numpy(), [*(-2.0 * e / np.array([4.0, 2.0])), 0.5], rtol=1e-14)
    np.testing.assert_allclose(a.grad.numpy(), e.sum() + np.log(4.0), rtol=1e-14)


def test_the_result_has_the_dtype_of_x():
    assert ac.piecewise(X.astype(np.float32), [X < 0], [np.sin, 0.5]).dtype == np.float32
    np.testing.assert_array_equal(ac.piecewise([1, 2], [[True, False]], [0.5, 1.5]).numpy(), [0, 1])


def test_a_batch_gives_what_single_examples_give():
    batch = rng.normal(size=(4, 5))
    calls = [
        lambda x: ac.piecewise(x, [x < 0, x > 0.5], [ac.negative, ac.square, 3.0]),
        lambda x: ac.polyval(x, x),
        lambda x: ac.vander(x, 3),
        lambda x: ac.polyfit(np.arange(5.0), x, 2),
        lambda x: ac.polyint(ac.polymul(ac.polyder(x), x), k=x[0]),
    ]
    for f in calls:
        np.testing.assert_allclose(ac.vmap(f)(batch).numpy(), np.stack([f(ac.tensor(x)).numpy() for x in batch]), rtol=1e-11)


def test_numpy_finds_them():
    t = ac.tensor(X[0], requires_grad=True)
    for y in (np.polyval(P, t), np.polyadd(t, P), np.polymul(t, P), np.polyder(t), np.polyint(t), np.polyfit(P[:3], t, 1)):
        assert y.requires_grad
    assert np.polyval(t, 2.0).requires_grad
    assert np.vander(t).requires_grad
    assert np.piecewise(t, [X[0] < 0], [np.sin, np.cos]).requires_grad


REFUSED = [
    (lambda: ac.polyval(X, 1.0), ShapeError, r"polyval: coefficients are a vector; given shape \(2, 3\)"),
    (lambda: ac.polymul(P, X), ShapeError, "polymul: coefficients are a vector"),
    (lambda: ac.polyder(P, -1), ValueError, "polyder: the order must be 0 or more; given -1. To integrate: ac.polyint"),
    (lambda: ac.polyint(P, -1), ValueError, "polyint: the order must be 0 or more; given -1. To differentiate: ac.polyder"),
    (lambda: ac.polyint(P, 3, [1.0, 2.0]), ShapeError, "polyint: 2 constants for 3 integrations"),
    (lambda: ac.polyfit(P, P, -1), ValueError, "polyfit: the degree must be 0 or more"),
    (lambda: ac.polyfit(P, P[:2], 1), ShapeError, r"polyfit: needs places x \(n,\) .* given shapes \(4,\) and \(2,\)"),
    (lambda: ac.polyfit(P, P, 1, w=P[:2]), ShapeError, r"polyfit: weights of shape \(2,\) for 4 places"),
    (lambda: ac.vander(X), ShapeError, r"vander: needs a vector; given shape \(2, 3\)"),
    (lambda: ac.vander(P, -1), ShapeError, "vander: lengths cannot be negative"),
    (lambda: ac.poly(np.zeros((2, 2, 2))), ShapeError, "poly: coefficients are a vector"),
    (lambda: ac.roots(X), ShapeError, r"roots: coefficients are a vector; given shape \(2, 3\)"),
    (lambda: ac.grad(lambda p: ac.sum(ac.roots(p)))(np.array([0.0, 1.0, 2.0])), GradientError, "roots: the first coefficient"),
    (lambda: ac.polydiv([], P), ShapeError, r"polydiv: both polynomials need coefficients; given shapes \(0,\) and \(4,\)"),
    (lambda: ac.vmap(lambda x: ac.polydiv(x, [1.0, 2.0]))(X), CaptureError, "remainder"),
    (lambda: ac.apply_along_axis(ac.sin, 0, np.zeros((2, 0))), ShapeError, r"apply_along_axis: shape \(2, 0\) has no lines"),
    (lambda: ac.apply_along_axis(ac.sin, 2, X), ShapeError, "apply_along_axis: axis 2 is out of range"),
    (lambda: ac.apply_over_axes(lambda x, a: ac.sum(x), X, 0), ShapeError, r"apply_over_axes: the function made shape \(\)"),
    (lambda: ac.piecewise(X, [X < 0, X > 0], [1.0]), ShapeError, "piecewise: 1 functions for 2 conditions: one each needed"),
    (lambda: ac.piecewise(X, [], [1.0]), ShapeError, "piecewise: 1 functions for 0 conditions"),
    (lambda: ac.piecewise(X, [X[:, :1] < 0], [1.0]), ShapeError, r"a condition of shape \(2, 1\) for x of shape \(2, 3\)"),
    (lambda: ac.piecewise([1, 2], [[True, True]], [ac.tensor(0.5, requires_grad=True)]), DTypeError, "would lose its gradient"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
