"""Products and running sums: right where factors are zero, to third order, in both modes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.product import CumProd, CumSum, Prod, product_of_others, recurrence

X = np.random.default_rng(5).normal(size=(2, 3, 4))
ZEROS = {
    "none": [2.0, 3.0, -1.0, 0.5],
    "one": [2.0, 0.0, -1.0, 0.5],
    "two": [2.0, 0.0, -1.0, 0.0],
    "three": [0.0, 0.0, 3.0, 0.0],
    "all": [0.0, 0.0, 0.0, 0.0],
    "first": [0.0, 2.0, 3.0],
    "last": [2.0, 3.0, 0.0],
}


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 1), ()])
def test_products(axis, keepdims):
    np.testing.assert_allclose(
        ac.prod(X, axis=axis, keepdims=keepdims).numpy(), np.prod(X, axis=axis, keepdims=keepdims), rtol=1e-15
    )
    ac.testing.gradcheck(lambda x: ac.prod(x, axis=axis, keepdims=keepdims), X[:, :, :2], order=2)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_running_sums_and_products(name, axis):
    np.testing.assert_allclose(getattr(ac, name)(X, axis=axis).numpy(), getattr(np, name)(X, axis=axis), rtol=1e-15)
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=axis), X[:, :, :3], order=2)


@pytest.mark.parametrize("name", ["prod", "cumprod"])
@pytest.mark.parametrize("x", ZEROS.values(), ids=ZEROS)
def test_derivatives_at_zeros_to_third_order(name, x):
    ac.testing.gradcheck(getattr(ac, name), np.array(x), order=3)


@pytest.mark.parametrize("name", ["prod", "cumprod"])
def test_zeros_in_some_lines_only(name):
    x = np.array([[1.0, 0.0, 2.0], [3.0, 4.0, 5.0], [0.0, 0.0, 1.0]])
    for axis in (0, 1):
        ac.testing.gradcheck(lambda x, axis=axis: getattr(ac, name)(x, axis=axis), x, order=2)


@pytest.mark.parametrize("x", ZEROS.values(), ids=ZEROS)
def test_the_derivatives_of_a_product_are_products_of_the_others(x):
    n = len(x)
    others = lambda *skip: math.prod(v for k, v in enumerate(x) if k not in skip)
    leaf = ac.tensor(x)
    np.testing.assert_array_equal(ac.grad(ac.prod)(leaf).numpy(), [others(i) for i in range(n)])
    hessian = [[0.0 if i == j else others(i, j) for j in range(n)] for i in range(n)]
    np.testing.assert_array_equal(ac.hessian(ac.prod)(leaf).numpy(), hessian)


@pytest.mark.parametrize("n", range(2, 18))
def test_the_product_of_the_others(n):
    x = np.random.default_rng(n).integers(1, 4, n).astype(float)
    expected = [math.prod(np.delete(x, i)) for i in range(n)]
    np.testing.assert_array_equal(product_of_others(x), expected)
    np.testing.assert_array_equal(ac.grad(ac.prod)(ac.tensor(x)).numpy(), expected)


@pytest.mark.parametrize("n", range(18))
def test_a_linear_recurrence(n):
    a, b = np.random.default_rng(n).integers(-2, 3, (2, n, 2)).astype(float)
    steps = list(itertools.accumulate(range(n), lambda y, k: a[k] * y + b[k], initial=np.zeros(2)))[1:]
    np.testing.assert_array_equal(recurrence(a, b), np.array(steps).reshape(n, 2))


@pytest.mark.parametrize("n", range(1, 10))
def test_running_products_of_every_length(n):
    ac.testing.gradcheck(ac.cumprod, np.random.default_rng(n).integers(-2, 3, n).astype(float), order=2)


@pytest.mark.parametrize("name", ["prod", "cumsum", "cumprod"])
def test_complex_numbers(name):
    z = X[0] + 1j * X[1]
    z[0, 0] = 0
    np.testing.assert_allclose(getattr(ac, name)(z, axis=1).numpy(), getattr(np, name)(z, axis=1), rtol=1e-14)
    ac.testing.gradcheck(lambda z: getattr(ac, name)(z, axis=1), z, order=2)


@pytest.mark.parametrize("name", ["prod", "cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.bool_, np.float16, np.float32, np.complex64])
def test_dtypes_are_those_of_numpy(name, dtype):
    x = np.array([[1, 0, 2], [3, 1, 1]]).astype(dtype)
    y, expected = getattr(ac, name)(x, axis=1), getattr(np, name)(x, axis=1)
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y.numpy(), expected)
    if y.dtype.kind in "fc":
        leaf = ac.tensor(x, requires_grad=True)
        (g,) = ac.gradients(ac.sum(getattr(ac, name)(leaf, axis=1)), [leaf], create_graph=True)
        assert g.dtype == dtype


def test_a_dtype_may_be_asked_for():
    x = np.array([1.5, 2.5], np.float32)
    for name in ("prod", "cumsum", "cumprod"):
        assert getattr(ac, name)(x, dtype=np.float64).dtype == np.float64


@pytest.mark.parametrize("shape, axis", [((0, 3), 0), ((0, 3), 1), ((0, 3), None), ((), None), ((), 0), ((1,), 0), ((2, 1), 1)])
@pytest.mark.parametrize("name", ["prod", "cumsum", "cumprod"])
def test_empty_and_single(name, shape, axis):
    x = np.full(shape, 2.5)
    y = getattr(ac, name)(x, axis=axis)
    np.testing.assert_array_equal(y.numpy(), getattr(np, name)(x, axis=axis))
    assert y.shape == getattr(np, name)(x, axis=axis).shape
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=axis), x, order=2)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.prod(X, axis=3), ShapeError, "prod: axis 3 is out of range for 3 axes"),
        (lambda: ac.prod(X, 0, True), DTypeError, "prod: the third argument is dtype"),
        (lambda: ac.cumsum(X, axis=-4), ShapeError, "cumsum: axis -4 is out of range"),
        (lambda: ac.cumprod(X, axis=(0, 3)), ShapeError, "cumprod: axis"),
        (lambda: ac.cumprod(X, axis=(0, 1)), ShapeError, "cumprod: axis must be one number or None"),
        (lambda: ac.cumulative_sum(X), ShapeError, r"cumulative_sum: shape \(2, 3, 4\) has several axes"),
        (lambda: ac.cumulative_prod(2.0), ShapeError, "cumulative_prod: an array without axes has nothing"),
        (lambda: ac.cumulative_sum(X, axis=3), ShapeError, "cumulative_sum: axis 3 is out of range"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("op", [Prod((1,)), Prod(None, True), CumSum(1), CumSum(0, True), CumProd(2)])
def test_the_shape_rule_tells_the_shape(op):
    assert op.shape(X.shape) == op(X).shape
    if not isinstance(op, Prod):
        with pytest.raises(ShapeError, match="out of range for 0 axes"):
            op.shape(())


def pushed(f, x, *directions):
    """The derivative of f along one direction after the other: forward over forward over …."""
    for t in directions:
        f = lambda x, f=f, t=t: ac.jvp(f, (x,), (ac.tensor(t),))[1]
    return f(ac.tensor(x)).numpy()


def pulled(f, x, *directions):
    """The same by the gradient of the derivative along all directions but the last: reverse over forward over …."""
    *rest, last = directions
    inner = f
    for t in rest:
        inner = lambda x, f=inner, t=t: ac.jvp(f, (x,), (ac.tensor(t),))[1]
    rows = [ac.grad(lambda x, k=k: ac.ravel(inner(x))[k])(ac.tensor(x)).numpy() for k in range(np.size(f(x)))]
    return np.array(rows) @ last


@pytest.mark.parametrize("x", ZEROS.values(), ids=ZEROS)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_nested_modes_at_zeros_are_exact(order, x):
    directions = np.random.default_rng(order).integers(-3, 4, (order, len(x))).astype(float)
    # What is linear in each factor has the derivative Σ t_i u_j … Π of the others, over all i, j, … that differ.
    sums = []
    for end in range(1, len(x) + 1):
        places = itertools.permutations(range(end), order)
        others = lambda p, end=end: math.prod(x[k] for k in range(end) if k not in p)
        sums.append(sum(math.prod(t[i] for t, i in zip(directions, p)) * others(p) for p in places))
    np.testing.assert_array_equal(pushed(ac.cumprod, np.array(x), *directions), sums)
    np.testing.assert_array_equal(pulled(ac.cumprod, np.array(x), *directions), sums)
    assert pushed(ac.prod, np.array(x), *directions) == sums[-1]
    assert pulled(ac.prod, np.array(x), *directions) == sums[-1]


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@pytest.mark.parametrize("include_initial", [False, True])
def test_running_sums_of_the_array_api(name, include_initial):
    for x, options in ((X, {"axis": 1}), (X, {"axis": -1, "dtype": np.complex128}), (X[0, 0], {}), (X[0, 0] > 0, {"axis": 0})):
        options = options | {"include_initial": include_initial}
        y, expected = getattr(ac, name)(x, **options), getattr(np, name)(x, **options)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, axis=0, include_initial=include_initial), X[0], order=2)
    empty = getattr(ac, name)(np.zeros((0, 2)), axis=0, include_initial=include_initial)
    assert empty.shape == (int(include_initial), 2)


@pytest.mark.parametrize("name", ["prod", "cumprod", "cumsum"])
def test_a_batch_gives_what_a_loop_gives(name):
    for options in ({}, {"axis": 0}, {"axis": -1}):
        f = lambda x, options=options: getattr(ac, name)(x, **options)
        x = np.where(X > 1.0, 0.0, X)
        np.testing.assert_array_equal(ac.vmap(f)(ac.tensor(x)).numpy(), [f(each).numpy() for each in x])
        g = ac.grad(lambda x, f=f: ac.sum(f(x) ** 2))
        np.testing.assert_allclose(ac.vmap(g)(ac.tensor(x)).numpy(), [g(ac.tensor(each)).numpy() for each in x], rtol=1e-13)
    assert ac.vmap(ac.prod)(ac.tensor([2.0, 3.0])).tolist() == [2.0, 3.0]


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    x = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 3.0]])
    for name in ("prod", "cumprod"):
        leaf, other = ac.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y, theirs = getattr(ac, name)(leaf, axis=1), getattr(torch, name)(other, dim=1)
        g = np.random.default_rng(0).normal(size=y.shape)
        y.backward(g)
        theirs.backward(torch.tensor(g))
        np.testing.assert_allclose(leaf.grad.numpy(), other.grad.numpy(), rtol=1e-13)
