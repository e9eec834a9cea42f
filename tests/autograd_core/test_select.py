"""where, select, clip, nonzero: values as in NumPy, derivatives of first and second order, and what happens at the bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.ops.select import select
from autograd_core.testing import gradcheck

CONDITION = np.array([[True, False, True], [False, True, False]])
X = np.random.default_rng(0).normal(size=(2, 3))
Z = np.random.default_rng(1).normal(size=3)


def agrees(f, reference, *xs):
    """f has the values and the dtype of the NumPy function, and right derivatives."""
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(y.numpy(), expected)
    assert gradcheck(f, xs, order=2)


@pytest.mark.parametrize("z", [Z, Z[:1], np.float64(2.0), Z[:0]])
def test_where_broadcasts(z):
    x = X[:, :0] if z.shape == (0,) else X
    c = CONDITION[:, : x.shape[1]]
    agrees(lambda x, z: ac.where(c, x, z), lambda x, z: np.where(c, x, z), x, z)


def test_where_with_a_number():
    agrees(lambda x: ac.where(CONDITION, x, 1.0), lambda x: np.where(CONDITION, x, 1.0), X)
    agrees(lambda x: ac.where(CONDITION, 2, x), lambda x: np.where(CONDITION, 2, x), X)


def test_where_takes_any_condition():
    x = ac.tensor(X)
    np.testing.assert_array_equal(ac.where(x > 0, x, 0.0).numpy(), np.maximum(X, 0))
    np.testing.assert_array_equal(ac.where([[1], [0]], x, 0.0).numpy(), X * [[1], [0]])


def test_where_alone_gives_indices():
    for found, expected in zip(ac.where(ac.tensor(X) > 0), np.where(X > 0), strict=True):
        np.testing.assert_array_equal(found.numpy(), expected)


@np.errstate(all="ignore")
def test_the_branch_not_taken_leaks_nothing():
    f = lambda x: ac.sum(ac.where(x > 0, ac.sqrt(x) + ac.log(x) + 1.0 / x, 0.0))
    g = ac.grad(f)
    np.testing.assert_array_equal(g(ac.tensor([4.0, 0.0, -1.0])).numpy(), [0.25 + 0.25 - 1 / 16, 0, 0])
    second = ac.grad(lambda x: ac.sum(g(x)))(ac.tensor([4.0, 0.0, -1.0])).numpy()
    np.testing.assert_allclose(second, [-1 / 32 - 1 / 16 + 2 / 64, 0, 0], rtol=1e-14)


def test_a_condition_has_no_gradient():
    x = ac.tensor(X, requires_grad=True)
    ac.where(x, 1.0, 2.0 * x).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.zeros((2, 3)))


def test_where_keeps_float32():
    x = ac.tensor(X, dtype=np.float32, requires_grad=True)
    y = ac.where(CONDITION, x, 1.0)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32


def test_where_refuses():
    with pytest.raises(ShapeError, match=r"where: shapes \(2, 3\) and \(4,\) and \(2,\) do not broadcast"):
        ac.where(CONDITION, np.ones(4), np.ones(2))
    with pytest.raises(TypeError, match="both values or neither"):
        ac.where(CONDITION, X)


@given(st.data())
def test_where_of_any_shapes(data):
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3, min_side=0)).input_shapes
    c, x, z = (np.arange(float(np.prod(shape))).reshape(shape) for shape in shapes)
    xs = [ac.tensor(v, requires_grad=True) for v in (x, -z)]
    y = ac.where(c % 2 == 1, *xs)
    np.testing.assert_array_equal(y.numpy(), np.where(c % 2 == 1, x, -z))
    y.sum().backward()
    taken = np.broadcast_to(c % 2 == 1, y.shape)
    assert [v.grad.numpy().sum() for v in xs] == [taken.sum(), (~taken).sum()]
    assert [v.grad.shape for v in xs] == [*shapes[1:]]


def test_where_in_a_batch():
    c, x = np.stack([CONDITION, ~CONDITION]), np.stack([X, 2 * X])
    for axes, args in (((0, None, None), (c, X, Z)), ((None, 0, None), (CONDITION, x, Z)), ((0, 0, None), (c, x, 3.0))):
        loop = [np.where(*(a if axis is None else a[k] for a, axis in zip(args, axes))) for k in range(2)]
        np.testing.assert_array_equal(ac.vmap(ac.where, axes)(*args).numpy(), loop)


def test_positions_of_what_is_not_zero():
    x = np.array([[0.0, 2.0, np.nan], [1j, 0, -0.0]])
    leaf = ac.tensor(x, requires_grad=True)
    for found, expected in zip(ac.nonzero(leaf), np.nonzero(x), strict=True):
        np.testing.assert_array_equal(found.numpy(), expected)
        assert not found.requires_grad
    np.testing.assert_array_equal(ac.flatnonzero(leaf).numpy(), np.flatnonzero(x))
    np.testing.assert_array_equal(np.argwhere(leaf).numpy(), np.argwhere(x))
    np.testing.assert_array_equal(ac.argwhere(3.0).numpy(), np.argwhere(3.0))
    assert ac.nonzero(np.zeros((0, 2)))[1].shape == (0,)
    with pytest.raises(ShapeError, match="nonzero: a 0-d array has no positions"):
        ac.where(True)
    for f in (ac.nonzero, ac.flatnonzero, ac.argwhere, lambda x: x[x > 0]):
        with pytest.raises(ac.CaptureError, match="positions of true elements"):
            ac.vmap(f)(X)
    np.testing.assert_array_equal(ac.vmap(lambda x: x[CONDITION[0]])(X).numpy(), X[:, CONDITION[0]])  # known beforehand


def test_select_takes_the_first_true_condition():
    f = lambda x: select([x < 0, x > 0.5, x > 0.1], [x * x, 3.0 * x, x], 1.0)
    agrees(f, lambda x: np.select([x < 0, x > 0.5, x > 0.1], [x * x, 3 * x, x], 1.0), X)


def test_select_needs_a_choice_for_each_condition():
    with pytest.raises(ShapeError, match="2 conditions for 1 choices"):
        select([X > 0, X < 0], [X])
    with pytest.raises(ShapeError, match="0 conditions for 0"):
        select([], [])


BOUNDS = [(-0.5, 0.5), (None, 0.2), (-0.1, None), (None, None), (np.array([-0.5, 0.0, 0.1]), 0.3), (0, 1)]


@pytest.mark.parametrize("low, high", BOUNDS)
def test_clip_with_constant_bounds(low, high):
    agrees(lambda x: ac.clip(x, low, high), lambda x: np.clip(x, low, high), X)


def test_clip_with_tensors_as_bounds():
    low, high = Z - 1.0, np.array([[0.3], [1.0]])
    agrees(ac.clip, np.clip, X, low, high)
    agrees(lambda x, low: ac.clip(x, low, None), lambda x, low: np.clip(x, low, None), X, low)


def test_clip_passes_the_gradient_at_both_bounds():
    x, low, high = (ac.tensor(v, requires_grad=True) for v in ([-1.0, 0.0, 0.5, 1.0, 2.0], 0.0, 1.0))
    ac.clip(x, low, high).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 1, 1, 1, 0])
    assert (low.grad.item(), high.grad.item()) == (1, 1)


def test_clip_between_crossed_bounds_is_the_upper_one():
    x, low, high = (ac.tensor(v, requires_grad=True) for v in ([-1.0, 2.0, 5.0], 3.0, 1.0))
    y = ac.clip(x, low, high)
    np.testing.assert_array_equal(y.numpy(), np.clip(x.numpy(), 3.0, 1.0))
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 0])
    assert (low.grad.item(), high.grad.item()) == (0, 3)


def test_clip_has_numpys_other_names():
    np.testing.assert_array_equal(ac.clip(X, min=0.0, max=0.1).numpy(), np.clip(X, 0.0, 0.1))
    with pytest.raises(TypeError, match="a_min and min are the same bound"):
        ac.clip(X, 0.0, min=1.0)


def test_clip_leaves_nan_and_its_gradient():
    x = ac.tensor([np.nan, 2.0], requires_grad=True)
    y = ac.clip(x, 0.0, 1.0)
    assert np.isnan(y.numpy()[0])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 0])


def test_clip_keeps_float32_and_integers():
    assert ac.clip(ac.tensor(X, dtype=np.float32), 0.0, 1.0).dtype == np.float32
    np.testing.assert_array_equal(ac.clip(ac.tensor([1, 5, 9]), 2, 7).numpy(), [2, 5, 7])
