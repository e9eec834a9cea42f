"""interp: values as in NumPy, derivatives by everything, the points themselves, periods, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.testing import gradcheck

XP, FP = np.array([-1.0, -0.25, 0.5, 2.0]), np.array([0.5, -1.0, 2.0, 1.0])
X = np.array([[-3.0, -0.9, -0.3, 0.1], [0.4, 1.0, 1.9, 5.0]])
INSIDE = X[:, 1:3]


def close(ours, theirs):
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("options", [{}, {"left": 7.0}, {"right": -7.0}, {"left": 1.0, "right": 2.0}, {"period": 1.7}])
def test_values_are_numpys(options):
    close(ac.interp(X, XP, FP, **options), np.interp(X, XP, FP, **options))
    close(ac.interp(X, XP, FP + 1j * FP[::-1], **options), np.interp(X, XP, FP + 1j * FP[::-1], **options))
    close(ac.interp(0.3, XP, FP, **options), np.interp(0.3, XP, FP, **options))
    close(ac.interp(X[:0], XP, FP, **options), np.interp(X[:0], XP, FP, **options))
    close(ac.interp(X, [1], [3], **options), np.interp(X, [1], [3], **options))


numbers = st.integers(-4, 4).map(lambda k: k / 2)


@given(st.lists(numbers, min_size=1, max_size=5, unique=True), st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.data())
def test_any_points(xp, x, data):
    xp = np.sort(xp)
    fp = np.array(data.draw(st.lists(st.floats(-1e6, 1e6), min_size=len(xp), max_size=len(xp))))
    x = np.array([*x, *xp])
    y = ac.interp(x, xp, fp).numpy()
    np.testing.assert_allclose(y, np.interp(x, xp, fp), rtol=0, atol=1e-15 * np.abs(fp).max(initial=1.0) * 4)
    np.testing.assert_array_equal(y[-len(xp) :], fp)  # exact at the points
    assert fp.min() <= y.min() <= y.max() <= fp.max()


def test_a_line_between_equal_values_is_constant():
    np.testing.assert_array_equal(ac.interp(np.linspace(-1, 2, 50), XP, np.full(4, 0.1)).numpy(), 0.1)


def test_derivatives_by_everything():
    assert gradcheck(ac.interp, (X, XP, FP), order=1)
    assert gradcheck(lambda x, xp, fp, a, b: ac.interp(x, xp, fp, a, b), (X, XP, FP, 0.3, 0.7), order=1)
    assert gradcheck(ac.interp, (INSIDE, XP, FP), order=2)
    assert gradcheck(lambda x, xp, fp, p: ac.interp(x, xp, fp, period=p), (INSIDE, XP, FP, 1.7), order=1)
    assert gradcheck(lambda x, fp: ac.interp(x, XP, fp), (INSIDE, FP + 1j * FP[::-1]), order=1)


def test_slopes_at_the_points_and_beyond():
    f = lambda x: ac.interp(x, [0.0, 1.0, 3.0], [0.0, 2.0, 0.0])
    slopes = ac.vmap(ac.grad(f))(ac.tensor([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])).numpy()
    np.testing.assert_array_equal(slopes, [0, 2, 2, -1, -1, -1, 0])


def test_like_jax():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        x = np.array([-1.0, 0.0, 0.25, 0.5, 1.5, 2.0, 3.0])
        theirs = jax.grad(lambda *a: (jax.numpy.interp(*a) ** 2).sum(), (0, 1, 2))(x, XP, FP)
        ours = ac.grad(lambda *a: ac.sum(ac.interp(*a) ** 2), (0, 1, 2))(x, XP, FP)
        for g, expected in zip(ours, theirs):
            np.testing.assert_allclose(g.numpy(), np.asarray(expected), atol=1e-12)


def test_what_is_not_finite():
    fp = np.array([0.0, np.inf, 1.0, np.nan, 2.0, 3.0])
    xp = np.arange(6.0)
    x = np.array([*xp, 0.25, 0.75, 1.25, 1.5, 1.75, 2.5, 4.5, np.nan, np.inf, -np.inf])
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ac.interp(x, xp, fp).numpy(), np.interp(x, xp, fp))


def test_a_step_at_two_points_in_one_place():
    x = np.array([0.5, 1.0, 1.5, 2.0, 9.0])
    xp, fp = [0.0, 1.0, 1.0, 2.0, 2.0], [0.0, 1.0, 5.0, 6.0, 8.0]
    close(ac.interp(x, xp, fp), np.interp(x, xp, fp))


def test_dtypes():
    x = ac.tensor([0.2, 0.7], dtype=np.float32, requires_grad=True)
    y = ac.interp(x, XP.astype(np.float32), FP.astype(np.float32))
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert ac.interp([0, 1], [0, 2], [0, 3]).dtype == np.float64


def test_vmap():
    rng = np.random.default_rng(0)
    x, xp, fp = rng.normal(size=(3, 5)), np.sort(rng.normal(size=(3, 4))), rng.normal(size=(3, 4))
    for axes in ((0, 0, 0), (0, None, None), (None, 0, None), (None, None, 0)):
        args = [a if axis == 0 else a[0] for a, axis in zip((x, xp, fp), axes)]
        loop = [np.interp(*(a[k] if axis == 0 else a for a, axis in zip(args, axes))) for k in range(3)]
        close(ac.vmap(ac.interp, axes)(*args), loop)
    close(np.interp(ac.tensor(x), xp[0], fp[0]), np.interp(x, xp[0], fp[0]))


def test_refusals():
    for xp, fp in ((XP, FP[1:]), ([], []), (XP[:, None], FP[:, None]), (1.0, 1.0)):
        with pytest.raises(ShapeError, match="interp: xp and fp must be vectors of one length, not empty"):
            ac.interp(X, xp, fp)
    for period in (0, 0.0, [1.0, 2.0]):
        with pytest.raises(ValueError, match="interp: the period must be a number other than 0"):
            ac.interp(X, XP, FP, period=period)
