"""Sets of numbers: NumPy's elements, each with the gradient of the place where it is read."""

import numpy as np
import pytest

import autograd_core as ac

X = np.array([[3.0, 1.0, 2.0], [2.0, np.inf, 3.0]])
Z = np.array([2.0, 5.0, -1.0, 3.0, 2.0])
PAIRS = [(X, Z), (Z, X), (X, X), (X, np.array([])), (np.array([]), Z), (np.array([1, 2, 3]), Z), (X, 3.0), (2.0, Z)]
PAIRS += [(X, np.array([np.nan, 2.0])), (np.array([np.nan, 2.0]), np.array([np.nan, 2.0])), (np.array([1 + 1j, 2.0]), X)]


@pytest.mark.parametrize("x, z", PAIRS)
def test_two_sets_are_numpys(x, z):
    for invert in (False, True):
        found = ac.isin(x, z, invert=invert)
        assert found.dtype == bool
        np.testing.assert_array_equal(found.numpy(), np.isin(x, z, invert=invert))
    for name in ("union1d", "intersect1d", "setdiff1d", "setxor1d"):
        np.testing.assert_array_equal(getattr(ac, name)(x, z).numpy(), getattr(np, name)(x, z))


def test_where_the_shared_elements_stand():
    ours, theirs = ac.intersect1d(X, Z, return_indices=True), np.intersect1d(X, Z, return_indices=True)
    for y, expected in zip(ours, theirs):
        np.testing.assert_array_equal(y.numpy(), expected)
    assert ac.setdiff1d([3.0, 1.0, 2.0], [2.0], assume_unique=True).tolist() == [3.0, 1.0]


@pytest.mark.parametrize("x", [X, Z, np.array([1.0, np.nan, np.nan]), np.array([]), np.array([3, 1, 3])])
@pytest.mark.parametrize("name", ["unique_values", "unique_counts", "unique_inverse", "unique_all"])
def test_the_different_elements_are_numpys(x, name):
    ours, theirs = getattr(ac, name)(x), getattr(np, name)(x)
    if name == "unique_values":
        np.testing.assert_array_equal(ours.numpy(), np.sort(theirs))
        return
    assert ours._fields == theirs._fields
    for y, expected in zip(ours, theirs):
        np.testing.assert_array_equal(y.numpy(), expected)
    assert isinstance(getattr(np, name)(ac.tensor(x)), type(ours))


def test_an_element_gets_its_gradient_where_it_is_read():
    x = ac.tensor([3.0, 1.0, 3.0, 2.0])
    weights = np.array([1.0, 10.0, 100.0])
    for f in (ac.unique_values, lambda x: ac.unique_all(x)[0], lambda x: ac.unique(x, sorted=False)):
        assert ac.grad(lambda x, f=f: ac.sum(f(x) * weights))(x).tolist() == [100.0, 1.0, 0.0, 10.0]
    both = ac.grad(lambda x, z: ac.sum(ac.union1d(x, z) * weights), (0, 1))(ac.tensor([3.0, 1.0]), ac.tensor([1.0, 2.0]))
    assert [g.tolist() for g in both] == [[100.0, 1.0], [0.0, 10.0]]
    assert ac.grad(lambda x: ac.sum(ac.setdiff1d(x, [1.0]) ** 2))(x).tolist() == [6.0, 0.0, 0.0, 4.0]
    assert ac.grad(lambda x: ac.sum(ac.intersect1d(x, [1.0, 3.0]) ** 2))(x).tolist() == [6.0, 2.0, 0.0, 0.0]
    assert ac.grad(lambda x: ac.sum(ac.setxor1d(x, [1.0]) ** 2))(x).tolist() == [6.0, 0.0, 0.0, 4.0]


def test_whether_an_element_is_there_is_a_constant_also_in_a_batch():
    x = ac.tensor([3.0, 1.0], requires_grad=True)
    assert not ac.isin(x, x).requires_grad
    assert isinstance(np.isin(x, [1.0]), ac.Tensor)
    batch = np.array([[3.0, 1.0], [1.0, 2.0]])
    assert ac.vmap(lambda x: ac.isin(x, [1.0, 2.0]))(batch).tolist() == np.isin(batch, [1.0, 2.0]).tolist()
    assert ac.vmap(lambda z: ac.isin(1.0, z))(batch).tolist() == [True, True]
    with pytest.raises(ac.CaptureError):
        ac.vmap(lambda x: ac.union1d(x, x))(batch)


def test_complex_numbers_in_order():
    for x in (np.array([3, 1, 2], np.int8), np.array([3.0, 1.0]), np.array([2j, 1.0, 1j], np.complex64)):
        y = ac.sort_complex(x)
        np.testing.assert_array_equal(y.numpy(), np.sort_complex(x))
        assert y.dtype == np.sort_complex(x).dtype
    ac.testing.gradcheck(ac.sort_complex, np.array([3.0, 1.0, 2.0]), order=2)
