"""Reductions: NumPy's values for every axis, derivatives to second order in both modes, and the values at kinks."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.reduce import Max, Mean, Sum

X = np.random.default_rng(3).normal(size=(2, 3, 4))
AXES = [None, 0, -1, (0, 2), (-1, 1), (0, 1, 2), ()]
SMOOTH = ["sum", "mean", "max", "min", "var", "std"]
CONSTANT = ["all", "any", "count_nonzero"]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", SMOOTH + CONSTANT)
def test_values_are_those_of_numpy(name, axis, keepdims):
    y = getattr(ac, name)(X, axis=axis, keepdims=keepdims)
    expected = getattr(np, name)(X, axis=axis, keepdims=keepdims)
    assert y.shape == expected.shape
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name, axis", [(n, a) for n in SMOOTH for a in AXES if (n, a) != ("std", ())])
def test_derivatives(name, axis, keepdims):
    x = X[:, :2, :3]
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=axis, keepdims=keepdims), x, order=2)


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std"])
def test_derivatives_of_complex_numbers(name):
    z = X[0] + 1j * X[1]
    y, expected = getattr(ac, name)(z, axis=0), getattr(np, name)(z, axis=0)
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    ac.testing.gradcheck(lambda z: getattr(ac, name)(z, axis=0), z, order=2)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_the_place_of_an_extreme(name, axis, keepdims):
    y = getattr(ac, name)(ac.tensor(X, requires_grad=True), axis=axis, keepdims=keepdims)
    np.testing.assert_array_equal(y.numpy(), getattr(np, name)(X, axis=axis, keepdims=keepdims))
    assert not y.requires_grad


@pytest.mark.parametrize("name", [*SMOOTH, "argmax", "argmin", *CONSTANT])
@pytest.mark.parametrize("axis", [None, 0, -1, ()])
def test_an_array_without_axes(name, axis):
    if name.startswith("arg") and axis == ():
        return
    x = ac.tensor(2.5, requires_grad=True)
    y = getattr(ac, name)(x, axis=axis)
    assert y.shape == ()
    expected = {"argmax": 0, "argmin": 0, "all": True, "any": True, "count_nonzero": 1, "var": 0.0, "std": 0.0}
    assert y.item() == expected.get(name, 2.5)
    if name in SMOOTH:
        y.backward()
        assert x.grad.item() == (0.0 if name in ("var", "std") else 1.0)


@pytest.mark.parametrize("name, axis", [("sum", 0), ("sum", None), ("mean", 1), ("max", 1), ("min", 1), ("var", 1), ("std", 1)])
def test_reductions_of_empty_arrays(name, axis):
    x = np.zeros((0, 3))
    np.testing.assert_array_equal(getattr(ac, name)(x, axis=axis).numpy(), getattr(np, name)(x, axis=axis))
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=axis), x, order=2)


def test_the_mean_of_nothing_is_nan_and_its_derivative_empty():
    x = ac.tensor(np.zeros((0, 3)), requires_grad=True)
    with np.errstate(invalid="ignore"):
        y = ac.mean(x, axis=0)
    assert np.isnan(y.numpy()).all()
    cotangent = ac.tensor(np.ones(3), requires_grad=True)
    (g,) = ac.gradients(y, [x], grad_ys=[cotangent], create_graph=True)
    assert g.shape == (0, 3)
    ac.sum(g).backward()
    assert cotangent.grad.tolist() == [0, 0, 0]


# -- dtypes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int32, np.uint8, np.bool_, np.complex64])
@pytest.mark.parametrize("name", [*SMOOTH, *CONSTANT])
def test_dtypes_are_those_of_numpy(name, dtype):
    if dtype in (np.complex64, np.bool_) and name in ("max", "min", "std", "var"):
        return
    x = (np.abs(X) * 4).astype(dtype)
    for axis in (None, 1):
        y, expected = getattr(ac, name)(x, axis=axis), getattr(np, name)(x, axis=axis)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-2 if dtype == np.float16 else 1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("name", SMOOTH)
def test_gradients_keep_the_dtype(name, dtype):
    x = ac.tensor(X, dtype=dtype, requires_grad=True)
    (g,) = ac.gradients(getattr(ac, name)(x * x), [x], create_graph=True)
    ac.sum(g * g).backward()
    assert g.dtype == x.grad.dtype == dtype


def test_half_precision_is_summed_in_single():
    assert ac.mean(np.full(4, 60000, np.float16)).item() == 60000
    x = ac.tensor(np.array([0, 496], np.float16), requires_grad=True)
    y = ac.var(x)  # the sum of the squares, 123008, is infinite in half precision
    y.backward()
    assert y.item() == 61504
    assert y.dtype == np.float16
    assert x.grad.tolist() == [-248, 248]


@pytest.mark.parametrize("name", ["sum", "mean", "var", "std"])
def test_a_dtype_may_be_asked_for(name):
    x = ac.tensor(X, dtype=np.float32, requires_grad=True)
    y = getattr(ac, name)(x, axis=0, dtype=np.float64)
    assert y.dtype == np.float64
    np.testing.assert_allclose(y.numpy(), getattr(np, name)(x.numpy(), axis=0, dtype=np.float64), rtol=1e-14)
    ac.sum(y).backward()
    assert x.grad.dtype == np.float32
    assert not ac.sum(x, dtype=int).requires_grad


def test_full_sums_are_the_bits_of_numpy():
    x = np.random.default_rng(4).normal(size=10_001)
    assert ac.sum(x).item() == np.sum(x)
    assert ac.mean(x).item() == np.mean(x)


# -- values at kinks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max", "min"])
def test_a_tie_shares_the_gradient_equally(name):
    x = ac.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [1.0, 0.0, 5.0]], requires_grad=True)
    getattr(ac, name)(x, axis=1).backward([2.0, 3.0, 7.0])
    expected = {"max": [[0, 1, 1], [1, 1, 1], [0, 0, 7]], "min": [[2, 0, 0], [1, 1, 1], [0, 7, 0]]}
    np.testing.assert_array_equal(x.grad.numpy(), expected[name])
    _, t = ac.jvp(lambda x: getattr(ac, name)(x, axis=1), (x.detach(),), (ac.tensor([[1.0, 2.0, 4.0]] * 3),))
    np.testing.assert_allclose(t.numpy(), {"max": [3, 7 / 3, 4], "min": [1, 7 / 3, 2]}[name], rtol=1e-15)


def test_a_tie_over_several_axes():
    x = ac.tensor([[1.0, 3.0], [3.0, 3.0]], requires_grad=True)
    ac.max(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0, 1 / 3], [1 / 3, 1 / 3]])


@pytest.mark.parametrize("name", ["max", "min"])
def test_nan_goes_through_an_extreme(name):
    x = ac.tensor([[1.0, np.nan, np.nan], [1.0, 2.0, 3.0]], requires_grad=True)
    y = getattr(ac, name)(x, axis=1)
    assert np.isnan(y.numpy()).tolist() == [True, False]
    y.backward([1.0, 1.0])
    np.testing.assert_array_equal(x.grad.numpy(), [[0, 0.5, 0.5], [0, 0, 1] if name == "max" else [1, 0, 0]])


def test_infinite_extremes():
    x = ac.tensor([np.inf, -np.inf, np.inf], requires_grad=True)
    ac.max(x).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.5, 0, 0.5])


def test_the_second_derivative_of_an_extreme_is_that_of_the_pieces():
    ac.testing.gradcheck(lambda x: ac.max(x * x * x), [1.0, 2.0, -1.0], order=3)


def test_the_standard_deviation_of_equal_elements_has_derivative_zero():
    x = ac.tensor([[1.0, 1.0], [1.0, 2.0]], requires_grad=True)
    (g,) = ac.gradients(ac.sum(ac.std(x, axis=1)), [x], create_graph=True)
    np.testing.assert_allclose(g.numpy(), [[0, 0], [-0.5, 0.5]], rtol=1e-15)
    ac.sum(g * g).backward()
    assert np.isfinite(x.grad.numpy()).all()
    np.testing.assert_array_equal(ac.hessian(ac.std)(ac.tensor([1.0, 1.0])).numpy(), np.zeros((2, 2)))
    _, t = ac.jvp(ac.std, (ac.tensor([1.0, 1.0]),), (ac.tensor([1.0, 2.0]),))
    assert t.item() == 0


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("ddof", [0, 1, 0.5])
def test_degrees_of_freedom(name, ddof):
    np.testing.assert_allclose(
        getattr(ac, name)(X, axis=(0, 2), ddof=ddof).numpy(), getattr(np, name)(X, axis=(0, 2), ddof=ddof), rtol=1e-14
    )
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=1, ddof=ddof), X[:1], order=2)


@pytest.mark.parametrize("x, ddof", [([3.0], 1), ([3.0, 4.0], 2), ([3.0, 4.0], 3)])
def test_too_few_elements_for_a_variance(x, ddof):
    leaf = ac.tensor(x, requires_grad=True)
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        y = ac.var(leaf, ddof=ddof)
        warnings.simplefilter("ignore")
        np.testing.assert_array_equal(y.numpy(), np.var(x, ddof=ddof))
    ac.gradients(y, [leaf], create_graph=True)


# -- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda x: ac.sum(x, axis=3), ShapeError, "sum: axis 3 is out of range for 3 axes, numbered -3 to 2"),
        (lambda x: ac.mean(x, axis=(0, -3)), ShapeError, r"mean: axis \(0, -3\) names an axis twice"),
        (lambda x: ac.max(x, axis=1.0), ShapeError, "max: an axis is a whole number or a tuple of them, not 1.0"),
        (lambda x: ac.sum(x, 0, True), DTypeError, "sum: the third argument is dtype, as in NumPy. Did you mean keepdims=True"),
        (lambda x: ac.max(x[:0]), ShapeError, r"max: shape \(0, 3, 4\) has no elements along axis None"),
        (lambda x: ac.min(x[:0], axis=0), ShapeError, "min: shape .* has no elements along axis"),
        (lambda x: ac.argmax(x[:0]), ShapeError, "argmax: shape .* has no elements along axis None"),
        (lambda x: ac.argmin(x, axis=(0, 1)), ShapeError, "argmin: axis must be one number or None"),
        (lambda x: ac.all(x, axis=5), ShapeError, "all: axis 5 is out of range"),
        (lambda x: ac.std(x, axis=4), ShapeError, "axis 4 is out of range"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call(ac.tensor(X))


def test_an_error_of_shape_is_a_value_error_as_in_numpy():
    with pytest.raises(ValueError, match="max of nothing"):
        ac.max([])


@pytest.mark.parametrize("op", [Sum((0, 2)), Sum(None, True), Mean((1,), True), Max(())])
def test_the_shape_rule_tells_the_shape(op):
    assert op.shape(X.shape) == op(X).shape
    assert op == type(op)(op.axes, op.keepdims)
    with pytest.raises(ShapeError, match="out of range"):
        Sum((5,)).shape(X.shape)


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_older_names(name):
    assert getattr(ac, name) is getattr(ac, name[1:])


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    for name, theirs in {"max": "amax", "min": "amin", "std": "std", "var": "var", "mean": "mean"}.items():
        x = np.array([[1.0, 3.0, 3.0, 0.5], [2.0, 2.0, 2.5, 0.5]])
        leaf, other = ac.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        options = {"ddof": 1} if name in ("std", "var") else {}
        getattr(ac, name)(leaf, axis=1, **options).backward([1.0, -2.0])
        getattr(torch, theirs)(other, dim=1).backward(torch.tensor([1.0, -2.0], dtype=torch.float64))
        np.testing.assert_allclose(leaf.grad.numpy(), other.grad.numpy(), rtol=1e-13)
