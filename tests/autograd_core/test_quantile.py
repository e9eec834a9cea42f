"""Medians and quantiles: NumPy's values for every method, derivatives by the elements and by q, ties, NaN, infinities."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, GradientError, ShapeError
from autograd_core.ops.quantile import JUMPING, METHODS, PLOTTING, Lerp

rng = np.random.default_rng(9)
X = rng.normal(size=(2, 3, 5))
GAPS = X.copy()
GAPS[0, 1, :] = GAPS[1, :2, 3] = GAPS[0, 0, 0] = np.nan
WEIGHTS = rng.uniform(0.5, 2.0, X.shape)
WEIGHTS[:, :, 1] = 0.0
AXES = [None, 0, -1, (0, 2), (2, 1), ()]


def numpy(name, *args, **options):
    """NumPy's value, without its warnings."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return getattr(np, name)(*args, **options)


# -- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_medians_are_those_of_numpy(name, axis, keepdims):
    z = X[..., :4] + 1j * X[..., 1:]
    for x in (X, GAPS, X[:, :, :4], (9 * X).astype(int), X.astype(np.float32), X.astype(np.float16), z):
        y, expected = getattr(ac, name)(x, axis=axis, keepdims=keepdims), numpy(name, x, axis=axis, keepdims=keepdims)
        assert y.shape == expected.shape
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-3 if x.dtype == np.float16 else 1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["quantile", "nanquantile", "percentile", "nanpercentile"])
def test_quantiles_are_those_of_numpy(name, method):
    whole = 100.0 if "percentile" in name else 1.0
    for x in (X, GAPS, (9 * X).astype(int)):
        for q in (0.3, 0.0, 1.0, [0.1, 0.5, 0.99]):
            for axis in (None, -1, (0, 2)):
                options = {"axis": axis, "method": method, "keepdims": axis == -1}
                q_of = whole * q if isinstance(q, float) else [whole * p for p in q]
                y, expected = getattr(ac, name)(x, q_of, **options), numpy(name, x, q_of, **options)
                assert y.shape == expected.shape
                np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("method", METHODS)
def test_every_number_of_elements_and_every_position(method):
    for n in range(1, 9):
        x = np.arange(n) ** 2.0
        qs = np.unique([i / d for d in (n, 2 * n, max(n - 1, 1)) for i in range(d + 1)])
        np.testing.assert_allclose(ac.quantile(x, qs, method=method).numpy(), np.quantile(x, qs, method=method), rtol=1e-13)


def test_the_axes_of_q_come_first():
    q = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert ac.quantile(X, q, axis=1).shape == (2, 3, 2, 5)
    assert ac.quantile(X, q, axis=1, keepdims=True).shape == (2, 3, 2, 1, 5)
    np.testing.assert_allclose(ac.nanquantile(X, q, axis=1).numpy(), np.nanquantile(X, q, axis=1), rtol=1e-13)


@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_weighted_quantiles(name):
    for axis in (None, -1, (0, 2)):
        for q in (0.0, 0.35, [0.2, 1.0]):
            options = {"axis": axis, "method": "inverted_cdf", "weights": WEIGHTS}
            np.testing.assert_array_equal(getattr(ac, name)(GAPS, q, **options).numpy(), numpy(name, GAPS, q, **options))
    options = {"axis": (2, 0), "method": "inverted_cdf", "weights": WEIGHTS[:, 0].T}
    np.testing.assert_array_equal(ac.quantile(X, 0.4, **options).numpy(), np.quantile(X, 0.4, **options))
    ac.testing.gradcheck(lambda x: ac.quantile(x, 0.4, **options), X, order=2)


def test_infinite_elements():
    inf = np.inf
    assert ac.quantile([1.0, inf], 1.0).item() == inf
    assert ac.quantile([-inf, 1.0, 2.0], 0.5).item() == 1.0
    assert ac.quantile([inf, inf], 0.3).item() == inf
    assert ac.quantile([-inf, -inf, 0.0], 0.25, method="hazen").item() == -inf
    assert ac.median([-inf, 3.0, inf]).item() == 3.0


@pytest.mark.parametrize("name", ["median", "nanmedian", "quantile", "nanquantile"])
def test_empty_single_and_plain_numbers(name):
    args = (0.25,) if "quantile" in name else ()
    f = lambda x, **options: getattr(ac, name)(x, *args, **options)
    assert f(2.5).item() == 2.5
    assert f([2.5]).item() == 2.5
    assert f(np.zeros((3, 0)), axis=0).shape == (0,)
    ac.testing.gradcheck(f, 2.5, order=2)
    if name == "quantile":
        with pytest.raises(ShapeError, match=r"quantile: shape \(0, 3\) has no elements along axis 0"):
            f(np.zeros((0, 3)), axis=0)
    else:
        with np.errstate(invalid="ignore"):
            assert np.isnan(f(np.zeros((0, 3)), axis=0).numpy()).tolist() == [True] * 3


def test_dtypes():
    x = X[0].astype(np.float32)
    assert ac.quantile(x, 0.3).dtype == np.float32
    assert ac.quantile(x, np.float64(0.3)).dtype == np.float64
    assert ac.quantile(x, [0.3], method="midpoint").dtype == np.float64
    assert ac.quantile(x, 0.3, method="midpoint").dtype == np.float32
    assert ac.quantile([1, 2, 4], 0.3, method="lower").dtype == np.int64
    assert ac.quantile([1, 2, 4], 0.3).dtype == np.float64
    for q in (0.3, np.float64(0.3)):
        leaf = ac.tensor(x, requires_grad=True)
        ac.sum(ac.quantile(leaf, q, axis=1)).backward()
        assert leaf.grad.dtype == np.float32


# -- derivatives -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["median", "nanmedian"])
@pytest.mark.parametrize("n", [4, 5])
def test_derivatives_of_medians(name, n):
    for axis in (None, -1, (0, 2)):
        ac.testing.gradcheck(lambda x, axis=axis: getattr(ac, name)(x * x * x, axis=axis), X[:, :1, :n], order=2)
    ac.testing.gradcheck(getattr(ac, name), X[0, 0, :n] + 1j * X[1, 0, :n], order=2)


@pytest.mark.parametrize("method", METHODS)
def test_derivatives_of_quantiles(method):
    q = np.array([0.13, 0.62])
    ac.testing.gradcheck(lambda x: ac.quantile(x * x * x, q, axis=1, method=method), X[0, :2], order=2)
    if method in PLOTTING:
        f = lambda x, q: ac.percentile(x, q, axis=-1, method=method)
        ac.testing.gradcheck(f, (X[0, :2], 100.0 * q), order=2)
        ac.testing.gradcheck(lambda x, q: ac.exp(ac.quantile(x, q, method=method)), (X[0, 0], 0.43), order=3)


def test_the_derivative_of_a_median():
    assert ac.grad(ac.median)(ac.tensor([5.0, 1.0, 3.0])).tolist() == [0.0, 0.0, 1.0]
    assert ac.grad(ac.median)(ac.tensor([5.0, 1.0, 3.0, 9.0])).tolist() == [0.5, 0.0, 0.5, 0.0]


def test_a_tie_goes_to_the_elements_that_a_stable_sort_puts_there():
    assert ac.grad(ac.median)(ac.tensor([2.0, 2.0, 2.0])).tolist() == [0.0, 1.0, 0.0]
    assert ac.grad(ac.median)(ac.tensor([2.0, 7.0, 2.0, 2.0])).tolist() == [0.0, 0.0, 0.5, 0.5]
    assert ac.grad(lambda x: ac.quantile(x, 0.25))(ac.tensor([1.0, 1.0, 1.0])).tolist() == [0.5, 0.5, 0.0]


def test_the_slope_by_q_at_an_element():
    slope = lambda q, **options: ac.grad(lambda q: ac.quantile([0.0, 1.0, 5.0], q, **options))(ac.tensor(q)).item()
    assert [slope(q) for q in (0.0, 0.25, 0.5, 0.75, 1.0)] == [2.0, 2.0, 8.0, 8.0, 8.0]
    assert slope(0.01, method="weibull") == 0.0  # beyond the first position
    assert ac.grad(lambda q: ac.quantile([3.0], q))(ac.tensor(0.5)).item() == 0.0
    assert ac.grad(lambda q: ac.percentile([0.0, 1.0, 5.0], q))(ac.tensor(50.0)).item() == 0.08


@pytest.mark.parametrize("name", ["median", "quantile"])
def test_nan_goes_through_with_derivative_zero(name):
    f = lambda x: ac.median(x, axis=1) if name == "median" else ac.quantile(x, 0.5, axis=1)
    x = ac.tensor([[1.0, np.nan, 2.0], [1.0, 5.0, 2.0]], requires_grad=True)
    y = f(x)
    np.testing.assert_array_equal(y.numpy(), [np.nan, 2.0])
    y.backward([1.0, 1.0])
    assert x.grad.tolist() == [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def test_the_nan_variants_leave_out_nan():
    x = ac.tensor([[4.0, np.nan, 1.0, 2.0], [np.nan] * 4], requires_grad=True)
    for f in (lambda x: ac.nanmedian(x, axis=1), lambda x: ac.nanquantile(x, 0.5, axis=1)):
        y = f(x)
        np.testing.assert_array_equal(y.numpy(), [2.0, np.nan])
        (g,) = ac.gradients(y, [x], [[1.0, 1.0]])
        assert g.tolist() == [[0.0, 0.0, 0.0, 1.0], [0.0] * 4]
        _, t = ac.jvp(f, (x.detach(),), (ac.tensor(np.arange(8.0).reshape(2, 4)),))
        assert t.tolist() == [3.0, 0.0]


@pytest.mark.parametrize("w", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_lerp(w):
    x, z = X[0, 0], X[1, 0]
    np.testing.assert_allclose(Lerp()(x, z, np.asarray(w)), x + w * (z - x), rtol=1e-14)
    ac.testing.gradcheck(Lerp(), (x, z, w), order=2)
    assert Lerp()(np.asarray(0.1), np.asarray(0.7), np.asarray(1.0)) == 0.7  # 0.1 + (0.7 - 0.1) is not


def test_batches():
    q = np.array([[0.1, 0.4], [0.2, 0.9]])
    y = ac.vmap(lambda x, q: ac.quantile(x, q, axis=1))(ac.tensor(X), ac.tensor(q))
    np.testing.assert_allclose(y.numpy(), [np.quantile(x, p, axis=1) for x, p in zip(X, q)], rtol=1e-13)
    y = ac.vmap(ac.grad(lambda x: ac.sum(ac.nanmedian(x, axis=0) ** 2)))(ac.tensor(X))
    loop = [ac.grad(lambda x: ac.sum(ac.nanmedian(x, axis=0) ** 2))(ac.tensor(x)).numpy() for x in X]
    np.testing.assert_allclose(y.numpy(), loop, rtol=1e-13)


# -- errors ------------------------------------------------------------------------------------------------

LEAF = ac.tensor(0.5, requires_grad=True)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.quantile(X, 1.01), ValueError, "quantile: q must lie between 0 and 1; given 1.01"),
        (lambda: ac.quantile(X, np.nan), ValueError, "quantile: q must lie between 0 and 1; given nan"),
        (lambda: ac.percentile(X, 101), ValueError, "percentile: q must lie between 0 and 100; given 101"),
        (lambda: ac.nanquantile(X, 0.5, method="mode"), ValueError, "nanquantile: 'mode' is no method. There are linear"),
        (lambda: ac.quantile(X + 1j, 0.5), DTypeError, "quantile: complex numbers have no order"),
        (lambda: ac.quantile(X, 0.5, axis=3), ShapeError, "quantile: axis 3 is out of range"),
        (lambda: ac.median(X, axis=(0, 0)), ShapeError, r"median: axis \(0, 0\) names an axis twice"),
        (lambda: ac.quantile(X, 0.5, weights=WEIGHTS), ValueError, "weights go with method='inverted_cdf' only; given 'lin"),
        (
            lambda: ac.quantile(X, 0.5, axis=1, method="inverted_cdf", weights=[1.0, 2.0]),
            ShapeError,
            r"quantile: weights of shape \(2,\) for an array of shape \(2, 3, 5\) and axis 1",
        ),
        (
            lambda: ac.quantile(X, 0.5, method="inverted_cdf", weights=ac.tensor(WEIGHTS, requires_grad=True)),
            GradientError,
            "no derivative by q and by weights",
        ),
        *((lambda m=m: ac.quantile(X, LEAF, method=m), GradientError, f"method '{m}' jumps") for m in JUMPING),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    q = np.array([0.2, 0.77])
    for ours, theirs in (("quantile", "quantile"), ("nanquantile", "nanquantile")):
        leaf, other = ac.tensor(X[0], requires_grad=True), torch.tensor(X[0], requires_grad=True)
        p, r = ac.tensor(q, requires_grad=True), torch.tensor(q, requires_grad=True)
        y, z = getattr(ac, ours)(leaf, p, axis=1), getattr(torch, theirs)(other, r, dim=1)
        np.testing.assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-13)
        g = rng.normal(size=y.shape)
        y.backward(g)
        z.backward(torch.tensor(g))
        np.testing.assert_allclose(leaf.grad.numpy(), other.grad.numpy(), rtol=1e-12)
        np.testing.assert_allclose(p.grad.numpy(), r.grad.numpy(), rtol=1e-12)
