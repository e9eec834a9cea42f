"""x[i], take, take_along_axis, compress, extract, choose: values as in NumPy, derivatives of first and second order, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.ops import index as module
from autograd_core.ops.index import AddAt, GetItem, getitem, take_along_axis
from autograd_core.ops.indices import Index, parse
from autograd_core.ops.update import Places, SetAt, Stays
from autograd_core.testing import gradcheck

X = np.random.default_rng(0).normal(size=(4, 5, 3))
ROWS = X[:, 0, 0] > 0


def agrees(f, reference, *xs, order=1):
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
MASKS += [(slice(None), (X[0] > 0).tolist()), (True,), (False,), (np.array(True), ..., 1), (True, [0, 1]), (..., True)]
MASKS += [(slice(None), True, [1, 1], slice(None)), (0, False), (True, ROWS), (True, None, True), np.True_, (ROWS, True, 2)]
OTHERS = [range(1, 3), (range(2), [0, 1]), [[]], (..., []), np.array([], int), (np.int8(1), np.uint64(2))]
OTHERS += [[True, False, True, True], (None, [1], None), ((0, 1), (1, 1), (2, 0))]
OTHERS += [np.array([3, 0], np.uint8), (slice(None, np.int64(-1)), slice(5, None, -1))]


@pytest.mark.parametrize("item", BASIC + ADVANCED + MASKS + OTHERS, ids=repr)
def test_getitem(item):
    agrees(lambda x: getitem(x, item), lambda x: x[item], X)


BLOCKS = [(), (1,), (3,), (2, 1), (2, 3), (0, 1)]


@st.composite
def keys(draw, shape):
    """An index for an array of this shape: any mixture of what NumPy takes, often valid."""
    parts, axis = [], 0
    while axis < draw(st.integers(axis, len(shape)), label="axes"):
        n = shape[axis]
        kind = draw(st.sampled_from(["integer", "slice", "array", "array", "mask", "masks"] if n else ["slice", "mask"]))
        width = 2 if kind == "masks" and axis + 1 < len(shape) else 1
        if kind == "integer":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "slice":
            parts.append(draw(st.slices(n)))
        elif kind == "array":
            parts.append(draw(hnp.arrays(np.intp, draw(st.sampled_from(BLOCKS)), elements=st.integers(-n, n - 1))))
        else:
            parts.append(draw(hnp.arrays(bool, shape[axis : axis + width])))
        axis += width
    for more in draw(st.lists(st.sampled_from([None, ..., True, np.False_]), max_size=2, unique_by=id)):
        parts.insert(draw(st.integers(0, len(parts))), more)
    return tuple(parts)


@st.composite
def arrays_with_keys(draw):
    shape = draw(hnp.array_shapes(max_dims=4, max_side=3, min_side=0))
    return np.arange(float(np.prod(shape))).reshape(shape), draw(keys(shape))


@given(arrays_with_keys())
def test_any_index_reads_gives_back_and_writes_as_numpy_does(case):
    a, key = case
    # NumPy lets an empty mask stand for an axis that is not empty.
    assume(all(k.size for k in key if isinstance(k, np.ndarray) and k.dtype == bool))
    x = ac.tensor(a, requires_grad=True)
    try:
        expected = a[key]
    except IndexError:
        with pytest.raises(IndexError):
            x[key]
        return
    y = x[key]
    np.testing.assert_array_equal(y.numpy(), expected)
    g = np.cos(np.arange(float(y.size))).reshape(y.shape)
    total = np.zeros(a.shape)
    np.add.at(total, key, g)
    np.testing.assert_allclose(ac.gradients(y, [x], grad_ys=g)[0].numpy(), total, atol=1e-14)
    written = a.copy()
    written[key] = -g
    np.testing.assert_array_equal(x.at[key].set(-g).numpy(), written)
    np.testing.assert_allclose(x.at[key].add(g).numpy(), a + total, atol=1e-13)


@given(arrays_with_keys())
def test_any_index_of_a_batch_is_that_of_each_example(case):
    a, key = case
    try:
        index, arrays, shape = parse(key, a.shape)
        selected = GetItem(index)(a.reshape(shape), *(i.array for i in arrays))
    except IndexError:
        return
    arrays = [i.array for i in arrays]
    g = np.cos(np.arange(float(selected.size))).reshape(selected.shape)
    for op, xs in (
        (GetItem(index), [a.reshape(shape)]),
        (AddAt(index, shape), [g]),
        (SetAt(index), [a.reshape(shape), g]),
        (SetAt(index), [a.reshape(shape), np.array(2.0)]),
        *([(Stays(index, shape), []), (Places(index, shape), [])] if arrays else []),
    ):
        agrees_with_a_loop(op, [*xs, *arrays])


def agrees_with_a_loop(op, xs):
    """The op on batches of two, for each choice of inputs that have the batch."""
    batches = [np.stack([x, x[::-1] if x.ndim else x]) for x in map(np.asarray, xs)]
    for flags in itertools.product((False, True), repeat=len(xs)):
        if any(flags):
            given = [b if flag else x for b, x, flag in zip(batches, xs, flags)]
            loop = [op(*(x[k] if flag else x for x, flag in zip(given, flags))) for k in range(2)]
            y = op.batched(flags, *given)
            np.testing.assert_allclose(y, np.stack(loop), atol=1e-13, err_msg=f"{op} {flags}")
            assert y.dtype == loop[0].dtype


def test_vmap_over_arrays_and_indices():
    rng = np.random.default_rng(5)
    table, many = ac.tensor(rng.normal(size=(6, 2)), requires_grad=True), rng.normal(size=(3, 6, 2))
    i = rng.integers(0, 6, (3, 4))
    np.testing.assert_array_equal(ac.vmap(lambda i: table[i])(i).numpy(), table.numpy()[i])
    np.testing.assert_array_equal(ac.vmap(lambda x: x[[0, 0, 5], 1])(many).numpy(), many[:, [0, 0, 5], 1])
    both = ac.vmap(lambda x, i: x.at[i].add(1.0)[i, ::-1])(many, i)
    expected = []
    for x, k in zip(many.copy(), i):
        np.add.at(x, k, 1.0)
        expected.append(x[k, ::-1])
    np.testing.assert_allclose(both.numpy(), expected)
    assert gradcheck(lambda x: ac.vmap(lambda i: x[i] * x[i[0]])(i), table.numpy(), order=2)
    with pytest.raises(ac.CaptureError, match="positions of true elements"):
        ac.vmap(lambda x: x[x > 0])(many)


def test_long_rows_are_added_by_a_sparse_matrix():
    rng = np.random.default_rng(6)
    i = rng.integers(-50, 50, (20, 30))
    for dtype in (np.float64, np.float32, np.complex128, np.float16):
        g = rng.normal(size=(20, 30, 40)) * (1 + 2j if dtype == np.complex128 else 1)
        g = g.astype(dtype)
        y = AddAt(Index((module.ARRAY,), 1), (50, 40))(g, i)
        expected = np.zeros((50, 40), np.complex128 if dtype == np.complex128 else np.float64)
        np.add.at(expected, i, g)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=1e-2 if dtype == np.float16 else 1e-4, atol=100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("item", [(slice(1, None), 0), ([0, 0, 2], slice(None), [1, 1, 1]), ROWS, True], ids=repr)
def test_getitem_to_second_order(item):
    assert gradcheck(lambda x: getitem(x * x, item) * x[0, 0, 0], X[:, :2], order=2)


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
    ((True, 9), r"x\[mask, 9\] for x of shape \(1, 4, 5, 3\): index 9 is out of bounds"),
    (["a", "b"], r"\['a', 'b'\] is no index"),
    ([slice(1)], r"is no index"),
    ((..., 0, ...), r"an index can only have a single ellipsis"),
    ((np.array([True, True, False, False]), [0, 1, 2]), r"shape mismatch"),
    (-5, r"index -5 is out of bounds for axis 0 with size 4"),
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


@pytest.mark.parametrize("indices, axis", [([[0, 1], [1, -1]], 1), ([7, 1, 7], None), (2, -1), ([], 0), (np.int64(1), 0)])
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


def test_take_wants_a_mode_that_numpy_knows():
    with pytest.raises(ValueError, match="take: mode must be"):
        ac.take(X, 0, mode="reflect")


def test_compress_and_extract():
    two = np.array([True, False, True])
    agrees(lambda x: ac.compress(two, x, 1), lambda x: np.compress(two, x, 1), X)
    agrees(lambda x: ac.compress(two, x, -1), lambda x: np.compress(two, x, -1), X)
    agrees(lambda x: ac.compress([0, 1, 1], x), lambda x: np.compress([0, 1, 1], x), X)
    agrees(lambda x: ac.extract(X > 0.5, x), lambda x: np.extract(X > 0.5, x), X)
    with pytest.raises(ShapeError, match=r"the condition must be a vector; given shape \(4, 5, 3\)"):
        ac.compress(X > 0, X)
    with pytest.raises(IndexError, match="out of bounds"):
        ac.compress([False] * 4 + [True], X, 0)


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_choose(mode):
    a = np.array([[0], [1]]) + (0 if mode == "raise" else [0, 3, -4, 7])
    x, z = X[:2, :4, 0], X[0, 0, 0]
    agrees(lambda x, z: ac.choose(a, [x, z], mode), lambda x, z: np.choose(a, [x, z], mode=mode), x, z)


def test_choose_refuses():
    with pytest.raises(IndexError, match="choose: numbers of choices: -1 is out of range, which is 0 to 1"):
        ac.choose([-1, 0], [1.0, 2.0])
    with pytest.raises(ValueError, match="choose: mode"):
        ac.choose([0], [1.0], "other")
    with pytest.raises(ac.DTypeError, match="whole numbers, not float64"):
        ac.choose([0.0], [1.0])


def test_take_along_axis():
    i = np.random.default_rng(1).integers(0, 5, (4, 2, 3))
    agrees(lambda x: take_along_axis(x, i, 1), lambda x: np.take_along_axis(x, i, 1), X)
    agrees(lambda x: take_along_axis(x, i[:1], 1), lambda x: np.take_along_axis(x, i[:1], 1), X)
    agrees(lambda x: take_along_axis(x, [3, 3], None), lambda x: np.take_along_axis(x, np.array([3, 3]), None), X)
    order = np.argsort(X)
    np.testing.assert_array_equal(take_along_axis(X, order).numpy(), np.sort(X))
    with pytest.raises(ShapeError, match="equally many axes"):
        take_along_axis(X, [0, 1])


def test_an_index_prints_as_it_is_written():
    assert repr(Index((slice(None), slice(1, 2), None, 3))) == ":, 1:2, None, 3"
