"""Reductions that leave out NaN: NumPy's values, and the derivative 0 at a NaN, to second order in both modes."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import numpy, ours

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

rng = np.random.default_rng(8)
X = rng.normal(size=(2, 3, 4))
GAPS = X.copy()
GAPS[0, :, 1] = GAPS[1, 2, :3] = GAPS[0, 0, 0] = np.nan
MASK = rng.random(X.shape) < 0.8
AXES = [None, 0, -1, (0, 2), ()]
REDUCTIONS = ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin"]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_values_are_those_of_numpy(name, axis, keepdims):
    for x in (GAPS, X, GAPS.astype(np.float32), (4 * X).astype(int)):
        y, expected = ours(name, x, axis=axis, keepdims=keepdims), numpy(name, x, axis=axis, keepdims=keepdims)
        assert y.shape == expected.shape
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5 if x.dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_a_mask_leaves_out_more(name):
    options = {"axis": 1, "where": MASK} | ({"initial": 0.25} if name in ("nanmax", "nanmin") else {})
    np.testing.assert_allclose(ours(name, GAPS, **options).numpy(), numpy(name, GAPS, **options), rtol=1e-13)
    f = lambda x: ours(name, x, **options)
    assert_right_at_numbers(f, GAPS)


def assert_right_at_numbers(f, x, order=2):
    """Gradcheck in the elements that are numbers; the derivative at each NaN is 0, in both modes."""
    gaps = np.isnan(x)
    filled = lambda v: ac.where(gaps, np.nan, v)
    finite = lambda y: ac.where(ac.isnan(y), 0.0, y)
    ac.testing.gradcheck(lambda v: finite(f(filled(v))), np.where(gaps, 1.0, x), order=order)
    leaf = ac.tensor(x, requires_grad=True)
    (g,) = ac.gradients(ac.nansum(f(leaf) ** 2), [leaf], create_graph=True)
    assert (g.numpy()[gaps] == 0).all()
    (h,) = ac.gradients(ac.sum(g * np.arange(1.0, 1.0 + x.size).reshape(x.shape)), [leaf])
    assert (h.numpy()[gaps] == 0).all()
    _, t = ac.jvp(f, (ac.tensor(x),), (ac.tensor(gaps * 1.0),))
    assert (t.numpy() == 0).all()


OPTIONS = [*((name, {}) for name in REDUCTIONS), ("nanvar", {"ddof": 1}), ("nanstd", {"correction": 1})]


@pytest.mark.parametrize("name, options", OPTIONS)
def test_derivatives(name, options):
    for axis in (None, 0, (-1, 1)):
        assert_right_at_numbers(lambda x, axis=axis: ours(name, x, axis=axis, **options), GAPS)


@pytest.mark.parametrize("name", ["nancumsum", "nancumprod"])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_running_sums_and_products(name, axis):
    np.testing.assert_allclose(ours(name, GAPS, axis=axis).numpy(), numpy(name, GAPS, axis=axis), rtol=1e-13)
    assert ours(name, [1, 2]).dtype == numpy(name, [1, 2]).dtype
    x = GAPS[:, 1:] * (X[:, 1:] > -1.0)  # with zeros too
    assert_right_at_numbers(lambda x: ours(name, x, axis=axis), x)


@pytest.mark.parametrize("name", ["nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nancumsum", "nancumprod"])
def test_complex_numbers(name):
    z = GAPS[1] + 1j * X[0]
    z[0, 0] = complex(1.0, np.nan)
    y, expected = ours(name, z, axis=0), numpy(name, z, axis=0)
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13)
    gaps = np.isnan(z)
    ac.testing.gradcheck(lambda z: ours(name, ac.where(gaps, np.nan, z), axis=0), np.where(gaps, 1.0, z), order=2)
    leaf = ac.tensor(z, requires_grad=True)
    y = ours(name, leaf, axis=0)
    y.backward(np.ones(y.shape))
    assert (leaf.grad.numpy()[gaps] == 0).all()


@pytest.mark.parametrize("name", REDUCTIONS)
def test_nan_alone(name):
    x = ac.tensor([[np.nan, np.nan], [1.0, 2.0]], requires_grad=True)
    y = ours(name, x, axis=1)
    np.testing.assert_allclose(y.numpy(), numpy(name, x.numpy(), axis=1), rtol=1e-15)
    y.backward(np.ones(2))
    assert x.grad.numpy()[0].tolist() == [0, 0]
    assert np.isfinite(x.grad.numpy()).all()
    np.testing.assert_array_equal(x.grad.numpy()[1], ac.grad(lambda v: ours(name, v))(ac.tensor([1.0, 2.0])).numpy())


@pytest.mark.parametrize("name", ["nanvar", "nanstd"])
def test_too_few_numbers_for_a_variance(name):
    x = np.array([[1.0, np.nan, 2.0], [1.0, 2.0, 4.0]])
    np.testing.assert_allclose(ours(name, x, axis=1, ddof=2).numpy(), numpy(name, x, axis=1, ddof=2))
    assert np.isnan(ours(name, x, axis=1, ddof=2).numpy()).tolist() == [True, False]


@pytest.mark.parametrize("name", ["nanmax", "nanmin"])
def test_equal_numbers_share_the_gradient(name):
    sign = 1.0 if name == "nanmax" else -1.0
    x = ac.tensor([np.nan, 2.0 * sign, 1.0 * sign, 2.0 * sign], requires_grad=True)
    y = getattr(ac, name)(x)
    assert y.item() == 2.0 * sign
    y.backward()
    assert x.grad.tolist() == [0.0, 0.5, 0.0, 0.5]
    infinite = ac.tensor([-np.inf * sign, np.nan], requires_grad=True)
    getattr(ac, name)(infinite).backward()
    assert infinite.grad.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", ["nanargmax", "nanargmin"])
def test_the_place_of_an_extreme(name, axis):
    x = np.where(np.isnan(GAPS).all(axis=1, keepdims=True), X, GAPS)[1:]
    x[np.isnan(x).all(axis=-1)] = 0.5
    x = np.where(np.isnan(x), -1.0 if axis == 0 else x, x)
    y = getattr(ac, name)(ac.tensor(x, requires_grad=True), axis=axis, keepdims=True)
    np.testing.assert_array_equal(y.numpy(), getattr(np, name)(x, axis=axis, keepdims=True))
    assert not y.requires_grad


@pytest.mark.parametrize("name", REDUCTIONS)
def test_gradients_keep_the_dtype(name):
    for dtype in (np.float16, np.float32):
        x = ac.tensor(GAPS[1], dtype=dtype, requires_grad=True)
        y = ours(name, x, axis=0)
        assert y.dtype == numpy(name, x.numpy(), axis=0).dtype == dtype
        (g,) = ac.gradients(ac.nansum(y * y), [x], create_graph=True)
        assert g.dtype == dtype


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.nanmax(np.zeros((0, 2))), ShapeError, "nanmax: shape .* has no elements along axis None"),
        (lambda: ac.nanmin(GAPS, axis=3), ShapeError, "nanmin: axis 3 is out of range"),
        (lambda: ac.nanmin(GAPS, where=MASK), ShapeError, "min: a mask may select nothing"),
        (lambda: ac.nanargmax([np.nan, np.nan]), ValueError, "All-NaN slice"),
        (lambda: ac.nanargmin([[1.0, 2.0]], axis=(0, 1)), ShapeError, "nanargmin: axis must be one number"),
        (lambda: ac.nanstd(GAPS, ddof=1, correction=1), TypeError, "nanstd: ddof and correction are the same"),
        (lambda: ac.nanvar(GAPS, axis=7), ShapeError, "nanvar: axis 7 is out of range"),
        (lambda: ac.nanmean(GAPS, where=[1.0]), DTypeError, "nanmean: where must be a mask"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("name", [*REDUCTIONS, "nancumsum", "nancumprod"])
def test_a_batch_gives_what_a_loop_gives(name):
    y = ours("vmap", lambda x: ours(name, x))(ac.tensor(GAPS))
    np.testing.assert_allclose(y.numpy(), [ours(name, x).numpy() for x in GAPS], rtol=1e-13)


def test_agrees_with_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    for name in REDUCTIONS:
        found = ac.grad(lambda x, name=name: ac.sum(ours(name, x, axis=1) ** 2))(ac.tensor(GAPS[1, :2]))
        theirs = jax.grad(lambda x, name=name: (getattr(jax.numpy, name)(x, axis=1) ** 2).sum())(GAPS[1, :2])
        np.testing.assert_allclose(found.numpy(), theirs, rtol=1e-12)
