"""x[i], take, take_along_axis and x.at[i]: values as in NumPy, derivatives of first and second order, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.index import Index, getitem, parse, take_along_axis
from autograd_core.testing import gradcheck

X = np.random.default_rng(0).normal(size=(4, 5, 3))
ROWS = X[:, 0, 0] > 0


def agrees(f, reference, *xs, order=2):
    """f has the values and the dtype of the NumPy function, and right derivatives."""
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-14)
    assert gradcheck(f, xs, order=order)


BASIC = [0, -1, np.int64(2), slice(1, 3), slice(None, None, -2), slice(2, 2), ..., (), None]
BASIC += [(slice(None), 1), (slice(None, None, -2), ..., 2), (None, 1, ..., None), (1, 2, 0), (..., slice(np.int64(1)))]
ADVANCED = [[0, 0, 2], [], np.array([[1, 2], [3, 3]]), np.array(1), np.array([-1, 3], np.int8), np.zeros((0, 2), int)]
ADVANCED += [(slice(None), [1, 1, 3]), ([0, 1], [1, 2]), ([0, 1], slice(None), [1, 2]), (slice(1, 3), [0, 0], [1, 2])]
ADVANCED += [(slice(1, None), None, [0, 1, 1]), ([[0], [2]], [1, 1]), (1, slice(None), [0, 2]), ((0, 1),)]
MASKS = [X > 0.3, X[:, :, 0] > 0, ROWS, (slice(None), X[0, :, 0] > 0), (..., X[0, 0] > 0), (ROWS, 0), (None, ROWS)]
MASKS += [(ROWS, slice(1, 2)), X > 99, (..., X[0] > 0), True, np.False_]
MASKS += [(slice(None), (X[0] > 0).tolist())]


@pytest.mark.parametrize("item", BASIC + ADVANCED + MASKS, ids=repr)
def test_getitem(item):
    agrees(lambda x: getitem(x, item), lambda x: x[item], X)


@given(st.data())
def test_any_index_reads_and_gives_back_as_numpy_does(data):
    shape = data.draw(hnp.array_shapes(max_dims=4, max_side=4, min_side=0))
    basic = hnp.basic_indices(shape, allow_newaxis=True)
    item = data.draw(basic | hnp.arrays(bool, shape[:2]) | (hnp.integer_array_indices(shape) if all(shape) else basic))
    x = ac.tensor(np.arange(float(np.prod(shape))).reshape(shape), requires_grad=True)
    y = x[item]
    np.testing.assert_array_equal(y.numpy(), x.numpy()[item])
    g = np.cos(np.arange(float(y.size))).reshape(y.shape)
    expected = np.zeros(shape)
    np.add.at(expected, item, g)
    np.testing.assert_allclose(ac.gradients(y, [x], grad_ys=g)[0].numpy(), expected, atol=1e-14)


def test_masks_and_integers_together():
    two = np.array([True, False, True, False])
    agrees(lambda x: x[two, [1, 1]], lambda x: x[two, [1, 1]], X)
    one = np.array([True, False, False, False])
    agrees(lambda x: x[one, [1, 1, 1]], lambda x: x[one, [1, 1, 1]], X)


def test_tensors_are_indices():
    i, j = ac.tensor([0, 2, 2]), ac.tensor(1)
    agrees(lambda x: x[i], lambda x: x[[0, 2, 2]], X)
    agrees(lambda x: x[j, :, i], lambda x: x[1, :, [0, 2, 2]], X)
    agrees(lambda x: x[x[:, 0, 0] > 0], lambda x: x[ROWS], X)
    agrees(lambda x: x[: j + 1], lambda x: x[:2], X)


def test_what_is_read_twice_adds_up():
    x = ac.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x[[0, 2, 0, -1]] * ac.tensor([1.0, 10.0, 100.0, 1000.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [101, 0, 1010])


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.longdouble, np.complex64, np.complex128])
def test_the_gradient_has_the_dtype_of_x(dtype):
    x = ac.tensor(X.astype(dtype) * dtype(1 + 2j if np.dtype(dtype).kind == "c" else 1), requires_grad=True)
    for item in (1, [1, 1, 2], (slice(None), [0, 1, 1])):
        (g,) = ac.gradients(x[item], [x], grad_ys=[x.numpy()[item]])
        expected = np.zeros_like(x.numpy())
        np.add.at(expected, item, x.numpy()[item])
        assert g.dtype == dtype
        np.testing.assert_allclose(g.numpy(), expected, rtol=1e-3 if dtype == np.float16 else 1e-6)


def test_a_basic_index_is_a_view_and_knows_it():
    x = ac.tensor(X, requires_grad=True)
    y = x[1:3]
    assert np.shares_memory(y.numpy(), x.numpy())
    z = y * y
    with ac.no_grad():
        x *= 2.0
    with pytest.raises(ac.MutationError):
        z.sum().backward()


def test_the_index_array_may_change_afterwards():
    i = np.array([0, 1])
    x = ac.tensor(X, requires_grad=True)
    y = x[i].sum()
    i[:] = 3
    y.backward()
    assert x.grad.numpy()[:2].min() == 1
    assert not x.grad.numpy()[2:].any()


def test_equal_indices_are_equal_values():
    make = lambda item: parse(item, X.shape)[0]
    assert make((slice(1, 3), ..., None, 0)) == make((slice(1, 3), ..., None, 0))
    assert hash(make(slice(1, 3))) == hash(make((slice(1, 3),)))
    different = [make(i) for i in (0, 1, slice(1), slice(0, 1), None, ..., [0], ([0], 0), X > 0)]
    assert len(set(different)) == len(different)
    assert repr(make((slice(1, None, 2), ..., 3, None, [0]))) == "1::2, ..., 3, None, array"


WRONG = [
    (7, r"x\[7\] for x of shape \(4, 5, 3\): index 7 is out of bounds for axis 0 with size 4"),
    ([0, 9], r"x\[array\] for x of shape \(4, 5, 3\): index 9 is out of bounds"),
    ((0, 0, 0, 0), r"x\[0, 0, 0, 0\] for x of shape \(4, 5, 3\): too many indices"),
    (([0, 1], [0, 1, 2]), r"x\[array, array\] for x of shape \(4, 5, 3\): shape mismatch"),
    (1.0, r"1\.0 is no index: use integers"),
    ("a", r"'a' is no index"),
    ((True, 0), r"True is no index"),
    (slice(0.5), r"slice\(None, 0\.5, None\) is no index"),
    ([0.0, 1.0], r"holds whole numbers or booleans, not float64"),
    (np.ones(3, bool), r"a mask of shape \(3,\) does not fit the axes \(4,\) of shape \(4, 5, 3\)"),
    ((0, np.ones((5, 2), bool)), r"a mask of shape \(5, 2\) does not fit the axes \(5, 3\)"),
    ((..., np.ones(5, bool)), r"a mask of shape \(5,\) does not fit the axes \(3,\)"),
]


@pytest.mark.parametrize("item, message", WRONG, ids=[repr(item) for item, _ in WRONG])
def test_a_wrong_index_is_an_index_error_that_names_the_shape(item, message):
    with pytest.raises(IndexError, match=message):
        ac.tensor(X, requires_grad=True)[item]


@pytest.mark.parametrize(
    "indices, axis", [([[0, 1], [1, -1]], 1), ([7, 1, 7], None), (2, -1), ([], 0), (np.int64(1), 0)]
)
def test_take(indices, axis):
    agrees(lambda x: ac.take(x, indices, axis), lambda x: np.take(x, np.asarray(indices, int), axis), X)


@pytest.mark.parametrize("mode", ["wrap", "clip"])
def test_take_beyond_the_ends(mode):
    agrees(lambda x: ac.take(x, [7, -9, 1], 1, mode), lambda x: np.take(x, [7, -9, 1], 1, mode=mode), X)
    agrees(lambda x: ac.take(x, -9, 1, mode), lambda x: np.take(x, -9, 1, mode=mode), X)


def test_take_refuses():
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        ac.take(X, 5, axis=1)
    with pytest.raises(ShapeError, match="take: axis 3 is out of range"):
        ac.take(X, 0, axis=3)


def test_take_along_axis():
    i = np.random.default_rng(1).integers(0, 5, (4, 2, 3))
    agrees(lambda x: take_along_axis(x, i, 1), lambda x: np.take_along_axis(x, i, 1), X)
    agrees(lambda x: take_along_axis(x, i[:1], 1), lambda x: np.take_along_axis(x, i[:1], 1), X)
    agrees(lambda x: take_along_axis(x, [3, 3], None), lambda x: np.take_along_axis(x, np.array([3, 3]), None), X)
    order = np.argsort(X)
    np.testing.assert_array_equal(take_along_axis(X, order).numpy(), np.sort(X))
    with pytest.raises(ShapeError, match="equally many axes"):
        take_along_axis(X, [0, 1])


UPDATES = {"set": None, "add": np.add, "multiply": np.multiply, "max": np.maximum, "min": np.minimum}
PLACES = [(slice(1, 3), (3,)), (0, ()), ((slice(None), 1), (4,)), ([0, 2, 0], (3, 3)), (([0, 2, 0], [1, 1, 1]), (3,))]
PLACES += [(np.eye(4, 3) > 0, (3,)), ([0, 2, 0, 0], ()), ([], (3,)), (..., (4, 1)), (([0, 0], slice(1)), (2, 1))]


@pytest.mark.parametrize("item, shape", PLACES, ids=repr)
@pytest.mark.parametrize("how", UPDATES)
def test_a_changed_copy(how, item, shape):
    def reference(x, z):
        x = x.copy()
        if how == "set":
            x[item] = z
        else:
            UPDATES[how].at(x, item, z)
        return x

    item = np.array(item, int) if isinstance(item, list) else item
    z = np.random.default_rng(2).normal(size=shape)
    agrees(lambda x, z: getattr(x.at[item], how)(z), reference, X[:, :3, 0], z)


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
    with pytest.raises(ShapeError, match=r"set_at: .*\(2,\)|broadcast_to: .*\(2,\)"):
        ac.tensor(X).at[0].set(np.ones(2))
    for how in ("add", "multiply"):
        with pytest.raises(ShapeError, match="do not broadcast"):
            getattr(ac.tensor(X).at[[0, 0]], how)(np.ones(2))
    with pytest.raises(IndexError, match="out of bounds"):
        ac.tensor(X).at[9].set(1.0)


def test_a_changed_copy_keeps_float32():
    x = ac.tensor(X, dtype=np.float32, requires_grad=True)
    for how in UPDATES:
        assert getattr(x.at[[0, 0]], how)(np.float64(2.0)).dtype == np.float32


def test_an_index_prints_as_it_is_written():
    assert repr(Index((slice(None), slice(1, 2), None, 3))) == ":, 1:2, None, 3"
