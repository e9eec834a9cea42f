"""sort, argsort, partition, lexsort, unique, searchsorted, digitize: values as in NumPy, derivatives, ties, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_core as ac
from autograd_core.errors import CaptureError, ShapeError
from autograd_core.ops.sort import Digitize, Search
from autograd_core.testing import gradcheck

X = np.random.default_rng(0).normal(size=(3, 4, 2))
COMPLEX = np.array([1 + 1j, 0.5, 1 - 1j, 0.5 - 2j, 0])
SPECIAL = np.array([np.inf, 0.0, np.nan, -np.inf, 1.0, np.nan, -0.0])


def agrees(f, reference, *xs, order=1):
    """f has the values and the dtype of the NumPy function, and right derivatives."""
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(y.numpy(), expected)
    assert gradcheck(f, xs, order=order)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_sort_and_partition(axis):
    agrees(lambda x: ac.sort(x, axis), lambda x: np.sort(x, axis), X)
    agrees(lambda x: ac.partition(x, 1, axis), lambda x: np.partition(x, 1, axis), X)
    np.testing.assert_array_equal(ac.argsort(X, axis).numpy(), np.argsort(X, axis))
    np.testing.assert_array_equal(ac.argpartition(X, 1, axis).numpy(), np.argpartition(X, 1, axis))


def test_sort_to_second_order():
    assert gradcheck(lambda x: ac.sort(x * x[0], 0) ** 2, X[:, :, 0], order=2)
    assert gradcheck(lambda x: ac.partition(x, (0, -1), 1)[:, 0] * x[:, 1], X[:, :, 0], order=2)


@pytest.mark.parametrize("kind", [None, "quicksort", "mergesort", "heapsort", "stable"])
def test_every_kind_is_stable(kind):
    x = ac.tensor([2.0, 1.0, 2.0, 1.0, 2.0], requires_grad=True)
    np.testing.assert_array_equal(ac.argsort(x, kind=kind).numpy(), [1, 3, 0, 2, 4])
    (ac.sort(x, kind=kind) * ac.tensor([1.0, 2.0, 3.0, 4.0, 5.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3, 1, 4, 2, 5])
    np.testing.assert_array_equal(ac.sort(x, kind=kind, stable=True).numpy(), [1, 1, 2, 2, 2])


@given(hnp.arrays(np.float64, st.integers(0, 12), elements=st.sampled_from([0.0, 1.0, 2.0, -1.0, np.inf, np.nan])))
def test_any_vector_is_sorted_and_gives_back(a):
    x = ac.tensor(a, requires_grad=True)
    order = np.argsort(a, kind="stable")
    y = ac.sort(x)
    np.testing.assert_array_equal(y.numpy(), a[order])
    g = np.arange(1.0, a.size + 1)
    expected = np.empty(a.size)
    expected[order] = g
    np.testing.assert_array_equal(ac.gradients(y, x, grad_ys=g)[0].numpy(), expected)


def test_sort_like_torch():
    torch = pytest.importorskip("torch")
    a, g = X.round(1), np.random.default_rng(1).normal(size=X.shape)
    for axis in range(3):
        x = ac.tensor(a, requires_grad=True)
        ac.sort(x, axis).backward(g)
        z = torch.tensor(a, requires_grad=True)
        torch.sort(z, dim=axis, stable=True)[0].backward(torch.tensor(g))
        np.testing.assert_array_equal(x.grad.numpy(), z.grad.numpy())


@pytest.mark.parametrize("x", [COMPLEX, SPECIAL, SPECIAL.astype(np.float16), X.astype(np.float32), X[:, ::2, ::-1], X[:0]])
def test_sort_of_other_values(x):
    y = ac.sort(x, 0)
    assert y.dtype == x.dtype
    np.testing.assert_array_equal(y.numpy(), np.sort(x, 0))
    assert ac.sort(np.array(3.0), None).shape == (1,)
    np.testing.assert_array_equal(ac.sort([3, 1, 2]).numpy(), [1, 2, 3])


def test_complex_gradients_go_with_their_elements():
    assert gradcheck(ac.sort, COMPLEX)
    x = ac.tensor(COMPLEX, requires_grad=True)
    ac.sort(x).backward(1j * np.arange(5))
    np.testing.assert_array_equal(x.grad.numpy(), [4j, 2j, 3j, 1j, 0])


def test_float32_gradients_stay_float32():
    x = ac.tensor(X, dtype=np.float32, requires_grad=True)
    ac.sum(ac.sort(x) * 2.0).backward()
    assert x.grad.dtype == np.float32


def test_positions_are_constants():
    x = ac.tensor(X, requires_grad=True)
    for y in (ac.argsort(x), ac.argpartition(x, 1), ac.lexsort([x]), ac.searchsorted([0.0], x), ac.digitize(x, [0.0])):
        assert y.dtype.kind == "i"
        assert not y.requires_grad
        with pytest.raises(ac.GradientError, match="does not require a gradient"):
            ac.gradients(ac.sum(y), x)


@pytest.mark.parametrize("kth", [0, 3, -1, (1, -1), [0, 2], np.array([3, 1]), ac.tensor(2)])
def test_partition_puts_the_kth_elements_in_place(kth):
    y = ac.partition(X, kth, 1).numpy()
    for k in np.atleast_1d(kth):
        np.testing.assert_array_equal(y[:, k], np.sort(X, 1)[:, k])
        k = k % 4
        assert (y[:, :k] <= y[:, k : k + 1]).all()
        assert (y[:, k:] >= y[:, k : k + 1]).all()
    np.testing.assert_array_equal(np.take_along_axis(X, ac.argpartition(X, kth, 1).numpy(), 1), y)


def test_lexsort():
    keys = np.random.default_rng(2).integers(0, 3, (3, 5, 6))
    for axis in (-1, 0):
        np.testing.assert_array_equal(ac.lexsort(keys, axis).numpy(), np.lexsort(keys, axis))
    np.testing.assert_array_equal(ac.lexsort(([1, 0, 1], [0.0, 0.0, -1.0])).numpy(), [2, 1, 0])
    with pytest.raises(ShapeError, match=r"lexsort: keys of one shape needed; given \[\(2,\), \(3,\)\]"):
        ac.lexsort(([1, 2], [1, 2, 3]))


def test_unique():
    x = np.array([[3.0, 1.0, 3.0], [1.0, 2.0, 3.0]])
    agrees(lambda x: ac.unique(x)[1] ** 2, lambda x: np.unique(x)[1] ** 2, np.array([5.0, 3.0, 9.0]))
    for options in ({}, {"axis": 0}, {"axis": 1}, {"axis": -1}):
        ours = ac.unique(x, return_index=True, return_inverse=True, return_counts=True, **options)
        for y, z in zip(ours, np.unique(x, True, True, True, **options), strict=True):
            np.testing.assert_array_equal(y.numpy(), z)
            assert y.dtype == z.dtype
    y, counts = ac.unique(x, return_counts=True)
    np.testing.assert_array_equal(counts.numpy(), [2, 1, 3])
    for nan in (True, False):
        np.testing.assert_array_equal(ac.unique(SPECIAL, equal_nan=nan).numpy(), np.unique(SPECIAL, equal_nan=nan))


def test_unique_gives_the_gradient_to_the_first_of_equal_elements():
    x = ac.tensor([[3.0, 1.0, 3.0], [1.0, 2.0, 3.0]], requires_grad=True)
    (ac.unique(x) * ac.tensor([1.0, 10.0, 100.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[100, 1, 0], [0, 10, 0]])
    with pytest.raises(CaptureError, match="different elements"):
        ac.vmap(ac.unique)(x)


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted(side):
    a, v = np.array([0.0, 1.0, 1.0, 2.0]), np.array([[1.0, -1.0, 2.0], [0.5, np.nan, 9.0]])
    np.testing.assert_array_equal(ac.searchsorted(a, v, side).numpy(), np.searchsorted(a, v, side))
    np.testing.assert_array_equal(ac.searchsorted(a, 1, side).numpy(), np.searchsorted(a, 1, side))
    sorter = np.array([3, 0, 1, 2])
    ours = ac.searchsorted(a[[1, 2, 3, 0]], v, side, sorter=sorter)
    np.testing.assert_array_equal(ours.numpy(), np.searchsorted(a[[1, 2, 3, 0]], v, side, sorter=sorter))


@pytest.mark.parametrize("bins", [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0], [1.0], []])
@pytest.mark.parametrize("right", [False, True])
def test_digitize(bins, right):
    x = np.array([[-1.0, 0.0, 0.5], [1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(ac.digitize(x, bins, right).numpy(), np.digitize(x, np.array(bins), right))


def test_batches_of_searches():
    edges, x = np.sort(X[:, :, 0]), X[:, :, 1]
    for op, args in ((Search(True), (edges, x)), (Digitize(False), (x, edges))):
        for flags in ((True, False), (False, True), (True, True)):
            given = [a if flag else a[0] for a, flag in zip(args, flags)]
            loop = [op(*(a[k] if flag else a for a, flag in zip(given, flags))) for k in range(3)]
            np.testing.assert_array_equal(op.batched(flags, *given), loop)


def test_vmap_over_sorts():
    np.testing.assert_array_equal(ac.vmap(ac.sort)(X).numpy(), np.sort(X))
    np.testing.assert_array_equal(ac.vmap(lambda x: ac.sort(x, None))(X).numpy(), np.sort(X.reshape(3, 8)))
    np.testing.assert_array_equal(ac.vmap(lambda x: ac.partition(x, 1, 0))(X).numpy(), np.partition(X, 1, 1))
    jacobian = ac.jacobian(ac.sort)(ac.tensor([3.0, 1.0, 2.0])).numpy()
    np.testing.assert_array_equal(jacobian, [[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    assert not ac.hessian(lambda x: ac.sort(x)[0])(ac.tensor([3.0, 1.0, 2.0])).numpy().any()


def test_numpys_functions_take_tensors():
    x = ac.tensor(X, requires_grad=True)
    for f in (np.sort, np.argsort, np.unique, lambda x: np.partition(x, 1), lambda x: np.searchsorted([0.0], x)):
        y = f(x)
        assert isinstance(y, ac.Tensor)
        np.testing.assert_array_equal(y.numpy(), f(X))


def test_refusals():
    with pytest.raises(ShapeError, match="sort: axis 3 is out of range"):
        ac.sort(X, 3)
    with pytest.raises(ShapeError, match="sort: axis -1 is out of range for 0 axes"):
        ac.sort(1.0)
    with pytest.raises(ShapeError, match="axis must be one number or None"):
        ac.sort(X, (0, 1))
    with pytest.raises(ValueError, match="argsort: kind must be one of"):
        ac.argsort(X, kind="bubble")
    with pytest.raises(ShapeError, match="argpartition: kth=4 is out of range for 4 elements, numbered -4 to 3"):
        ac.argpartition(X, 4, 1)
    with pytest.raises(ValueError, match="partition: kind"):
        ac.partition(X, 0, kind="heap")
    with pytest.raises(ValueError, match="searchsorted: side"):
        ac.searchsorted([1.0], 2.0, "top")
    with pytest.raises(ShapeError, match="numbers to search in must be a vector"):
        ac.searchsorted(X, 2.0)
    with pytest.raises(ShapeError, match="unique: axis 3 is out of range"):
        ac.unique(X, axis=3)
    with pytest.raises(ShapeError, match="edges of the bins must be a vector"):
        ac.digitize(X, X)
