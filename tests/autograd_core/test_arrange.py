"""Arrays turned, joined from blocks, cut, lengthened and shortened: NumPy's values, exact derivatives, batches."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import CaptureError, DTypeError, ShapeError

rng = np.random.default_rng(9)
X = rng.normal(size=(3, 4))
CUBE = rng.normal(size=(2, 3, 2))
V, NUMBER, EMPTY = X[0], np.array(0.5), np.zeros((0, 3))

SAME = [
    *[("rot90", (X, k), {}) for k in range(-2, 4)],
    ("rot90", (CUBE, 1), {"axes": (2, 0)}),
    ("rot90", (CUBE, 3, (-1, 1)), {}),
    ("fliplr", (X,), {}),
    ("flipud", (V,), {}),
    *[("rollaxis", (CUBE, a, s), {}) for a, s in [(0, 3), (2, 0), (1, -1), (-1, 1), (1, 1)]],
    ("permute_dims", (CUBE, (2, 0, 1)), {}),
    ("permute_dims", (X,), {}),
    *[("atleast_3d", (x,), {}) for x in (NUMBER, V, X, CUBE)],
    ("append", (X, [1.0, 2.0]), {}),
    ("append", (X, X[:1]), {"axis": 0}),
    ("append", (NUMBER, 2.0), {}),
    *[("delete", (X, obj), {"axis": axis}) for axis in (0, -1, None) for obj in (1, [0, -1], slice(None, None, 2), [], (2,))],
    ("delete", (X, np.array([True, False, True])), {"axis": 0}),
    ("delete", (V, slice(2, None, -1)), {}),
    ("delete", (V, np.array([[0, 1], [1, 3]])), {}),
    *[("insert", (X, obj, 7.0), {"axis": axis}) for axis in (0, -1, None) for obj in (1, -1, [0, 2, 2], slice(0, 2), [])],
    ("insert", (X, 4, V[:3]), {"axis": 1}),
    ("insert", (X, [4], V[:3, None]), {"axis": 1}),
    ("insert", (X, 1, rng.normal(size=(2, 4))), {"axis": 0}),
    ("insert", (X, [1, 0], rng.normal(size=(2, 4))), {"axis": 0}),
    ("insert", (V, np.array([True, False, True, False]), [5.0, 6.0]), {}),
    ("insert", (V, [3, 1, 1], [5.0, 6.0, 7.0]), {}),
    ("insert", (V, 2, [5.0, 6.0, 7.0]), {}),
    *[("resize", (x, s), {}) for x, s in [(X, (2, 3)), (X, 30), (V, (3, 3)), (NUMBER, (2, 2)), (X, ()), (X, (0, 2))]],
    *[("trim_zeros", (np.pad(V, (2, 3)),), {"trim": trim}) for trim in ("f", "b", "fb", "BF")],
    ("trim_zeros", (np.zeros(3),), {}),
    ("trim_zeros", (np.array([1.0, 0.0, 2.0]),), {}),
]
CUTS = [
    ("hsplit", (X, 2)),
    ("hsplit", (V, [1, 3])),
    ("vsplit", (X, 3)),
    ("vsplit", (CUBE, [1])),
    ("dsplit", (CUBE, 2)),
]
BLOCKS = [
    [[X, X], [X, X]],
    [[X], [V]],
    [V, V, 1.0],
    X,
    [[[X]]],
    [[X[:, :1], X], [np.ones((1, 5))]],
    [CUBE, CUBE],
    [[[CUBE], [CUBE]]],
]
IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(SAME)]


@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_values_are_those_of_numpy(name, args, options):
    y, expected = getattr(ac, name)(*args, **options), getattr(np, name)(*args, **options)
    assert y.dtype == expected.dtype
    assert y.shape == expected.shape
    np.testing.assert_array_equal(y.numpy(), expected)


@pytest.mark.parametrize("name, args, options", [case for case in SAME if case[0] != "trim_zeros"])
def test_derivatives(name, args, options):
    x, *rest = args
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, *rest, **options), x)


@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_a_cotangent_goes_back_to_where_the_element_came_from(name, args, options):
    """The exact gradient: the elements are numbered, and each number comes back as often as it was used."""
    x, *rest = args
    numbers = np.where(np.asarray(x) == 0, 0.0, np.arange(100.0, 100.0 + np.size(x)).reshape(np.shape(x)))
    leaf = ac.tensor(numbers, requires_grad=True)
    y = getattr(ac, name)(leaf, *rest, **options)
    y.backward(y.detach())
    times = np.array([(y.numpy() == n).sum() for n in numbers.ravel()]).reshape(np.shape(x))
    np.testing.assert_array_equal(leaf.grad.numpy(), numbers * times)


def test_derivatives_by_what_is_put_in():
    ac.testing.gradcheck(lambda x, z: ac.insert(x, [0, 2, 2], z, 1), (X, rng.normal(size=3)), order=2)
    ac.testing.gradcheck(lambda x, z: ac.insert(x, 1, z, 0), (X, rng.normal(size=(2, 4)) + 0.0), order=2)
    ac.testing.gradcheck(lambda x, z: ac.append(x, [z, z * z]), (X + 1j * X, 0.5), order=2)


@pytest.mark.parametrize("name, args", CUTS)
def test_cutting(name, args):
    pieces, expected = getattr(ac, name)(*args), getattr(np, name)(*args)
    for y, z in zip(pieces, expected, strict=True):
        np.testing.assert_array_equal(y.numpy(), z)
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, args[1]), args[0], order=2)


@pytest.mark.parametrize("blocks", BLOCKS, ids=range(len(BLOCKS)))
def test_block(blocks):
    np.testing.assert_array_equal(ac.block(blocks).numpy(), np.block(blocks))


def test_derivatives_of_blocks():
    ac.testing.gradcheck(lambda x, v, z: ac.block([[x, x], [v, z * v]]), (X, V, 2j), order=2)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1), -1])
def test_trim_zeros_of_a_matrix(axis):
    """What `np.trim_zeros` does since NumPy 2.2."""
    x = np.pad(X, ((1, 2), (0, 3)))
    kept = {None: X, 0: x[1:4], 1: x[:, :4], (0, 1): X, -1: x[:, :4]}[axis]
    np.testing.assert_array_equal(ac.trim_zeros(x, axis=axis).numpy(), kept)
    np.testing.assert_array_equal(ac.trim_zeros(x, "f", axis=0).numpy(), x[1:])


def test_nothing_is_repeated_as_zeros():
    np.testing.assert_array_equal(ac.resize(EMPTY, (2, 2)).numpy(), np.zeros((2, 2)))


def test_concat_is_concatenate():
    assert ac.concat is ac.concatenate
    assert ac.permute_dims is ac.transpose


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_the_dtype_stays(dtype):
    for name, (x, *rest), options in SAME:
        rest = [np.asarray(rest[0], dtype)] if name == "append" else rest
        leaf = ac.tensor(x, dtype=dtype, requires_grad=True)
        y = getattr(ac, name)(leaf, *rest, **options)
        y.backward(np.ones(y.shape, dtype))
        assert y.dtype == leaf.grad.dtype == dtype


CALLS = {
    "rot90": ac.rot90,
    "block": lambda x: ac.block([[x, x[::-1]], [x[:1], x[0]]]),
    "insert": lambda x: ac.insert(x, [0, 3], x[:, 0] * 2.0, 0) if x.shape[0] == x.shape[1] else ac.insert(x, [0, 3], x[:2], 0),
    "delete": lambda x: ac.delete(x, [1], 1),
    "append": lambda x: ac.append(x, x[0]),
    "resize": lambda x: ac.resize(x, (5, 4)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_gives_what_single_examples_give(name):
    batch = rng.normal(size=(5, 3, 4))
    expected = np.stack([CALLS[name](ac.tensor(x)).numpy() for x in batch])
    np.testing.assert_array_equal(ac.vmap(CALLS[name])(batch).numpy(), expected)


def test_how_many_zeros_there_are_differs_in_a_batch():
    with pytest.raises(CaptureError, match="Python reads the values"):
        ac.vmap(ac.trim_zeros)(np.eye(3))


def test_numpy_finds_them():
    t = ac.tensor(X, requires_grad=True)
    for name in ("rot90", "fliplr", "flipud", "atleast_3d"):
        assert getattr(np, name)(t).requires_grad
    for y in (np.insert(X, 1, t[0], 0), np.append(X, t), np.delete(t, 0, 1), np.block([[t], [X]]), np.resize(t, 3)):
        assert y.requires_grad
    assert np.hsplit(t, 2)[1].requires_grad
    assert np.trim_zeros(t[0]).requires_grad


LEAF = ac.tensor(0.5, requires_grad=True)
REFUSED = [
    (lambda: ac.fliplr(V), ShapeError, "flip: axis 1 is out of range for 1 axes"),
    (lambda: ac.flipud(1.0), ShapeError, "flip: axis 0 is out of range"),
    (lambda: ac.rot90(X, 1, (0, 0)), ShapeError, "rot90: .* names an axis twice"),
    (lambda: ac.rot90(X, 1, (1,)), ShapeError, r"rot90: a rotation has two axes; given \(1,\)"),
    (lambda: ac.rollaxis(X, 0, 3), ShapeError, "rollaxis: axis 3 is out of range for 3 axes"),
    (lambda: ac.rollaxis(X, 2), ShapeError, "rollaxis: axis 2 is out of range for 2 axes"),
    (lambda: ac.block([]), ShapeError, "block: the lists are empty somewhere, or not nested equally deep"),
    (lambda: ac.block([[X], X]), ShapeError, "not nested equally deep"),
    (lambda: ac.block([[X, V]]), ShapeError, "does not fit"),
    (lambda: ac.hsplit(1.0, 1), ShapeError, r"hsplit: needs at least 1 axes; given shape \(\)"),
    (lambda: ac.vsplit(V, 1), ShapeError, "vsplit: needs at least 2 axes"),
    (lambda: ac.dsplit(X, 1), ShapeError, "dsplit: needs at least 3 axes"),
    (lambda: ac.hsplit(X, 3), ShapeError, "4 elements along axis 1 give no 3 equal parts"),
    (lambda: ac.append(X, V, axis=0), ShapeError, "does not fit"),
    (lambda: ac.insert(X, 4, 1.0, 0), IndexError, "insert: position 4 is out of range for an axis of length 3"),
    (lambda: ac.insert(X, 0.5, 1.0, 0), IndexError, "insert: positions are whole numbers, a slice or a mask"),
    (lambda: ac.insert(X, [[0]], 1.0, 0), ShapeError, r"insert: positions are a number or a vector; given shape \(1, 1\)"),
    (lambda: ac.insert(X, [0, 1], X, 0), ShapeError, "do not broadcast|does not broadcast"),
    (lambda: ac.insert([1, 2], 0, LEAF), DTypeError, "insert: a value of dtype float64 would lose its gradient"),
    (lambda: ac.insert(X, 0, 1j, 0), DTypeError, "insert: a value of dtype complex128 would lose its imaginary part"),
    (lambda: ac.delete(X, -4, 0), IndexError, "delete: position -4 is out of range for an axis of length 3"),
    (lambda: ac.delete(X, [True, False], 0), ShapeError, r"delete: a mask of shape \(2,\) where one of length 3 is needed"),
    (lambda: ac.delete(X, [0], 2), ShapeError, "delete: axis 2 is out of range"),
    (lambda: ac.resize(X, -2), ShapeError, "resize: lengths cannot be negative"),
    (lambda: ac.trim_zeros(V, "x"), ValueError, "trim_zeros: trim holds 'f' for the front, 'b' for the back"),
    (lambda: ac.trim_zeros(V, axis=1), ShapeError, "trim_zeros: axis 1 is out of range"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
