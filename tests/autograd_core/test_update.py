"""x.at[i], put_along_axis and x[i] = z: values as in NumPy, derivatives, ties, aliasing, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ac
from autograd_core.errors import DTypeError, GradientError, MutationError, ShapeError
from autograd_core.ops.update import assign
from autograd_core.testing import gradcheck

X = np.random.default_rng(0).normal(size=(4, 3))
WHOLE = np.array([[3, 1, 2], [0, 5, 4]])
UPDATES = {
    "set": None, "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "max": np.maximum, "min": np.minimum,
}  # fmt: skip
PLACES = [(slice(1, 3), (3,)), (0, ()), ((slice(None), 1), (4,)), ([0, 2, 0], (3, 3)), (([0, 2, 0], [1, 1, 1]), (3,))]
PLACES += [(np.eye(4, 3) > 0, (3,)), ([0, 2, 0, 0], ()), ([], (3,)), (..., (4, 1)), (([0, 0], slice(1)), (2, 1))]
PLACES += [(True, (4, 3)), ((slice(None), [[1, 2], [0, 1]]), (4, 1, 2)), (([3, -1], slice(None), None), (2, 1, 1))]
PLACES += [((None, [0, 1]), (1, 2, 3)), (slice(0, 1), (1, 1, 3)), (([0], [2]), (1, 1, 1))]


def numpy_update(how, x, item, z):
    x = x.copy()
    if how == "set":
        x[item] = z
    else:
        UPDATES[how].at(x, item, z)
    return x


def agrees(f, reference, *xs, order=1):
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    assert gradcheck(f, xs, order=order)


@pytest.mark.parametrize("item, shape", PLACES, ids=repr)
@pytest.mark.parametrize("how", UPDATES)
def test_a_changed_copy(how, item, shape):
    item = np.array(item, int) if isinstance(item, list) else item
    z = np.random.default_rng(2).normal(size=shape)
    if len(shape) > X[item].ndim and how != "set":  # ufunc.at does not drop leading axes of length 1, as x[i] = z does
        reference = lambda x, z: numpy_update(how, x, item, z.reshape(z.shape[z.ndim - X[item].ndim :]))
    else:
        reference = lambda x, z: numpy_update(how, x, item, z)
    twice = how in ("multiply", "divide", "max") and shape in [(3,), ()]
    agrees(lambda x, z: getattr(x.at[item], how)(z), reference, X, z, order=2 if twice else 1)


@pytest.mark.parametrize("item, shape", PLACES, ids=repr)
def test_a_changed_copy_to_a_power(item, shape):
    item = np.array(item, int) if isinstance(item, list) else item
    z = np.random.default_rng(3).normal(size=shape)

    def reference(x, z):  # NumPy's x**z**w and x**(z·w) are the same for x > 0
        z = np.broadcast_to(z.reshape(z.shape[max(z.ndim - X[item].ndim, 0) :]), X[item].shape)
        return numpy_at(np.power, x, item, z)

    f = lambda x, z: x.at[item].power(z)
    x = np.abs(X) + 0.1
    np.testing.assert_allclose(f(ac.tensor(x), z).numpy(), reference(x, z), rtol=1e-12)
    assert gradcheck(f, (x, z), order=2 if shape == (3,) else 1)


def numpy_at(ufunc, x, item, z):
    x = x.copy()
    ufunc.at(x, item, z)
    return x


@given(st.data())
def test_updates_at_repeated_places_are_those_of_numpys_at(data):
    numbers = st.integers(-2, 2)
    how = data.draw(st.sampled_from(["add", "subtract", "multiply", "max", "min"]))
    n = data.draw(st.integers(0, 8))
    x = np.array(data.draw(st.lists(numbers, min_size=3, max_size=3)), float)
    z = np.array(data.draw(st.lists(numbers, min_size=n, max_size=n)), float)
    i = np.array(data.draw(st.lists(st.integers(-3, 2), min_size=n, max_size=n)), int)
    np.testing.assert_array_equal(getattr(ac.tensor(x).at[i], how)(z).numpy(), numpy_at(UPDATES[how], x, i, z))


def test_three_that_tie_share_equally():
    x, z = ac.tensor([1.0, 5.0], requires_grad=True), ac.tensor([1.0, 1.0, 0.0, 4.0], requires_grad=True)
    y = x.at[[0, 0, 0, 1]].max(z)
    np.testing.assert_array_equal(y.numpy(), [1, 5])
    gs = ac.gradients(y, [x, z], grad_ys=[[1.0, 10.0]])
    np.testing.assert_allclose(gs[0].numpy(), [1 / 3, 10])
    np.testing.assert_allclose(gs[1].numpy(), [1 / 3, 1 / 3, 0, 0])
    t = ac.jvp(lambda x, z: x.at[[0, 0, 0, 1]].max(z), (x, z), (ac.tensor([3.0, 1.0]), ac.tensor([6.0, 9.0, 7.0, 7.0])))[1]
    np.testing.assert_allclose(t.numpy(), [6, 1])
    f = lambda z: ac.sum(ac.tensor([1.0]).at[[0, 0, 0]].min(z) ** 2)
    hessian = ac.hessian(f)(ac.tensor([1.0, 1.0, 3.0])).numpy()
    np.testing.assert_allclose(hessian, 2 / 9 * np.array([[1, 1, 0], [1, 1, 0], [0, 0, 0]]), atol=1e-15)


def test_zero_factors_to_second_order():
    z = np.array([0.0, 2.0, 0.0, 3.0])
    agrees(lambda x, z: x.at[[0, 0, 1, 0]].multiply(z), lambda x, z: x * [0.0, 0.0], np.array([2.0, 7.0]), z, order=2)


def test_the_last_value_set_gets_the_gradient():
    x, z = ac.tensor(np.zeros(3), requires_grad=True), ac.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.at[[1, 0, 1]].set(z)
    np.testing.assert_array_equal(y.numpy(), [2, 3, 0])
    (y * ac.tensor([1.0, 10.0, 100.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 100])
    np.testing.assert_array_equal(z.grad.numpy(), [0, 1, 10])
    assert not x.numpy().any()


def test_a_changed_copy_refuses():
    with pytest.raises(DTypeError, match=r"x\.at\[0\]\.add: dtype float64 does not go into x of dtype int64"):
        ac.tensor([1, 2]).at[0].add(0.5)
    with pytest.raises(DTypeError, match=r"x\.at\[0\]\.divide: a quotient does not go into x of dtype int64"):
        ac.tensor([1, 2]).at[0].divide(2)
    for how in UPDATES:
        for item in (0, [0, 0]):
            with pytest.raises(ShapeError, match="do not broadcast"):
                getattr(ac.tensor(X).at[item], how)(np.ones(2))
    with pytest.raises(IndexError, match="out of bounds"):
        ac.tensor(X).at[9].set(1.0)


def test_a_changed_copy_keeps_the_dtype():
    x = ac.tensor(X, dtype=np.float32, requires_grad=True)
    for how in (*UPDATES, "power"):
        for item in ([0, 0], 0):
            y = getattr(x.at[item], how)(np.float64(2.0))
            assert y.dtype == np.float32
            assert ac.gradients(ac.sum(y), [x])[0].dtype == np.float32
    for how in ("set", "add", "subtract", "multiply", "max", "min"):
        y = getattr(ac.tensor(WHOLE).at[[0, 0]], how)(2)
        np.testing.assert_array_equal(y.numpy(), numpy_update(how, WHOLE, [0, 0], 2))
        assert y.dtype == WHOLE.dtype


@pytest.mark.parametrize("how", [*UPDATES, "power"])
def test_vmap_over_changed_copies(how):
    rng = np.random.default_rng(4)
    x, z = np.abs(rng.normal(size=(3, 5, 2))) + 0.5, rng.normal(size=(3, 4, 2))
    i = rng.integers(0, 5, (3, 4))
    f = lambda x, i, z: getattr(ac.as_tensor(x).at[i], how)(z)
    cases = [((0, 0, 0), (x, i, z)), ((None, 0, 0), (x[0], i, z)), ((0, None, 0), (x, i[0], z)), ((0, 0, None), (x, i, z[0]))]
    cases += [((None, None, 0), (x[0], i[0], z)), ((None, 0, None), (x[0], i, z[0]))]
    for axes, args in cases:
        loop = [f(*(ac.tensor(a if axis is None else a[k]) for a, axis in zip(args, axes))).numpy() for k in range(3)]
        np.testing.assert_allclose(ac.vmap(f, axes)(*args).numpy(), loop, rtol=1e-13)
    assert gradcheck(lambda x, z: ac.vmap(lambda x, z: f(x, i[0], z))(x, z), (x, z))


def test_put_along_axis():
    i = np.array([[0, 2], [1, 1], [2, 0], [0, 1]])

    def reference(i, axis):
        def put(x, z):
            x = x.copy()
            np.put_along_axis(x, i, z, axis)
            return x

        return put

    z = np.random.default_rng(5).normal(size=(4, 2))
    agrees(lambda x, z: ac.put_along_axis(x, i, z, 1), reference(i, 1), X, z)
    agrees(lambda x, z: ac.put_along_axis(x, i[:1, :1], z, 0), reference(i[:1, :1], 0), X, np.array(2.0))
    agrees(lambda x, z: ac.put_along_axis(x, [5, 0], z, None), reference(np.array([5, 0]), None), X, z[0])
    best = ac.put_along_axis(ac.tensor(X), ac.argmax(X, axis=1, keepdims=True), 0.0, 1)
    assert (best.numpy() == 0).sum() == 4
    with pytest.raises(ShapeError, match="equally many axes"):
        ac.put_along_axis(X, [0, 1], 1.0, 0)
    with pytest.raises(ShapeError, match="axis 2 is out of range"):
        ac.put_along_axis(X, i, 1.0, 2)


# -- x[i] = z ----------------------------------------------------------------------------------------------


def test_assignment_rebinds_and_gradients_flow_to_both():
    w, z = ac.tensor([1.0, 2.0, 3.0], requires_grad=True), ac.tensor([10.0, 20.0], requires_grad=True)
    x = w * 2.0
    before = x * x
    assign(x, slice(1, None), z * 3.0)
    np.testing.assert_array_equal(x.numpy(), [2, 30, 60])
    gw, gz = ac.gradients(ac.sum(x * x), [w, z], retain_graph=True)
    np.testing.assert_array_equal(gw.numpy(), [8, 0, 0])
    np.testing.assert_array_equal(gz.numpy(), [180, 360])
    np.testing.assert_array_equal(ac.gradients(ac.sum(before), w)[0].numpy(), [8, 16, 24])


def test_a_loop_of_assignments_is_a_function():
    def running(x):
        y = ac.zeros(4)
        for k in range(4):
            assign(y, k, x[k] * (y[k - 1] if k else 1.0))
        return y

    x = np.array([2.0, 3.0, 0.5, -1.0])
    agrees(running, np.cumprod, x, order=3)
    np.testing.assert_array_equal(ac.vmap(running)(np.stack([x, x * 2])).numpy(), np.cumprod([x, x * 2], 1))


def test_a_constant_takes_a_value_that_requires_a_gradient():
    x, v = ac.zeros((2, 2)), ac.tensor(3.0, requires_grad=True)
    assert not x.requires_grad
    assign(x, (0, 1), v * v)
    assert x.requires_grad
    (x * ac.tensor([[1.0, 5.0], [2.0, 7.0]])).sum().backward()
    assert v.grad.item() == 30


def test_views_and_other_names():
    x = ac.tensor(X) * 1.0
    same, view, copy = x, x[0], x.detach()
    assign(x, 0, 7.0)
    assert same is x
    np.testing.assert_array_equal(same.numpy()[0], [7, 7, 7])
    np.testing.assert_array_equal(view.numpy(), X[0])
    np.testing.assert_array_equal(copy.numpy(), X)


def test_a_leaf_under_no_grad_is_written_in_place():
    w = ac.tensor(X, requires_grad=True)
    array, view = w.array, w[1]
    y = (w * w).sum()
    with ac.no_grad():
        assign(w, 1, 0.0)
    assert w.array is array
    assert w.is_leaf
    np.testing.assert_array_equal(view.numpy(), [0, 0, 0])
    with pytest.raises(MutationError):
        y.backward()
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad.numpy()[1], [0, 0, 0])


def test_data_and_shared_arrays_are_written_in_place():
    w, a = ac.tensor(X, requires_grad=True), X.copy()
    assign(w.data, (slice(None), 0), 1.0)
    np.testing.assert_array_equal(w.numpy()[:, 0], 1)
    assign(ac.as_tensor(a), 0, 2.0)
    np.testing.assert_array_equal(a[0], 2)
    with pytest.raises(GradientError, match="copy_ records nothing"):
        assign(w.data, 0, w[1])


def test_a_leaf_that_is_recorded_refuses():
    w = ac.tensor(X, requires_grad=True)
    with pytest.raises(MutationError, match=r"a leaf that requires a gradient \(shape \(4, 3\)\) cannot be changed in place"):
        assign(w, 0, 1.0)
    np.testing.assert_array_equal(w.numpy(), X)
    with pytest.raises(MutationError):
        ac.vmap(lambda v: assign(w, 0, v))(X)


def test_in_place_operators_on_items():
    def add(x, item, z):
        part = x[item]
        part += z
        assign(x, item, part)

    w = ac.tensor(X, requires_grad=True)
    x = w * 1.0
    add(x, (slice(None), 0), w[:, 1])
    expected = X.copy()
    expected[:, 0] += X[:, 1]
    np.testing.assert_array_equal(x.numpy(), expected)
    np.testing.assert_array_equal(ac.gradients(ac.sum(x), w)[0].numpy(), np.broadcast_to([1, 2, 1], (4, 3)))
    with ac.no_grad():
        add(w, 0, 1.0)
        add(w, [1, 1], 1.0)
    expected = X.copy()
    expected[:2] += 1
    np.testing.assert_array_equal(w.numpy(), expected)


@pytest.mark.parametrize("item, shape", PLACES, ids=repr)
def test_assignment_is_numpys(item, shape):
    x, z = ac.tensor(X), np.random.default_rng(7).normal(size=shape)
    assign(x, item, z)
    np.testing.assert_array_equal(x.numpy(), numpy_update("set", X, item, z))
    y, v = ac.tensor(X) * 1.0, ac.tensor(z, requires_grad=True)
    assign(y, item, v)
    assert y.requires_grad == (np.size(X[item]) >= 0)


def test_assignment_refuses():
    for x in (ac.tensor(X), ac.tensor(X, requires_grad=True) * 1.0):
        with pytest.raises(ShapeError, match="do not broadcast"):
            assign(x, 0, np.ones(2))
        with pytest.raises(IndexError, match="out of bounds"):
            assign(x, 4, 1.0)
        with pytest.raises(DTypeError, match="complex128 does not go into x of dtype float64"):
            assign(x, 0, 1j)
        with pytest.raises(IndexError, match="is no index"):
            assign(x, "a", 1.0)
        np.testing.assert_array_equal(x.numpy(), X)
    with pytest.raises(DTypeError, match="float64 does not go into x of dtype int64"):
        assign(ac.tensor(WHOLE), 0, 0.5)


def test_numpys_own_function_is_not_silently_a_copy():
    with pytest.raises(TypeError):
        np.put_along_axis(ac.tensor(X), np.array([[0]]), 1.0, 1)
