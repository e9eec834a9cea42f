"""Averages, ranges, covariances and correlations: NumPy's values, derivatives to second order, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

rng = np.random.default_rng(10)
X = rng.normal(size=(3, 4, 2))
M, N = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
Z = M + 1j * rng.normal(size=M.shape)
TIMES, COUNTS = np.array([1, 2, 0, 1, 3]), np.array([0.5, 1.0, 2.0, 0.25, 1.5])


def numpy(name, *args, **options):
    """NumPy's value, without its warnings."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return getattr(np, name)(*args, **options)


# -- averages ----------------------------------------------------------------------------------------------


WEIGHTS = [(None, X**2), (1, X**2), (1, X[0, :, 0] ** 2), ((2, 0), X[:, 0].T ** 2), (-1, [1, 3])]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis, weights", [(None, None), (1, None), ((0, 2), None), *WEIGHTS])
def test_averages_are_those_of_numpy(axis, weights, keepdims):
    for x in (X, (9 * X).astype(int), X + 1j, X.astype(np.float32)):
        options = {"axis": axis, "weights": weights, "returned": True, "keepdims": keepdims}
        for y, expected in zip(ac.average(x, **options), np.average(x, **options)):
            assert y.shape == expected.shape
            assert y.dtype == expected.dtype
            np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5 if x.dtype == np.float32 else 1e-13)


def test_derivatives_of_averages():
    ac.testing.gradcheck(lambda x: ac.average(x, axis=1), X, order=2)
    ac.testing.gradcheck(lambda x, w: ac.average(x, 1, w), (X[0], X[0, :, :] ** 2), order=2)
    weights = 1.0 + M[:2, :3] ** 2
    ac.testing.gradcheck(lambda x, w: ac.average(x, (1, 0), w, returned=True), (X[:, :2, 0], weights), order=2)
    ac.testing.gradcheck(lambda z, w: ac.average(z, 1, w), (Z, COUNTS), order=2)


def test_weights_that_add_up_to_zero():
    with pytest.raises(ZeroDivisionError, match=r"average: weights of shape \(2,\) add up to 0 along axis 0"):
        ac.average([1.0, 2.0], axis=0, weights=[1.0, -1.0])


# -- ranges ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
def test_the_range(axis):
    np.testing.assert_array_equal(ac.ptp(X, axis=axis, keepdims=True).numpy(), np.ptp(X, axis=axis, keepdims=True))
    ac.testing.gradcheck(lambda x: ac.ptp(x * x, axis=axis), X, order=2)
    assert ac.ptp([1, 5]).dtype == np.int64


def test_a_tie_shares_the_gradient_of_the_range():
    assert ac.grad(ac.ptp)(ac.tensor([1.0, 3.0, 3.0, 1.0])).tolist() == [-0.5, 0.5, 0.5, -0.5]
    assert ac.grad(ac.ptp)(ac.tensor([2.0, 2.0])).tolist() == [0.0, 0.0]


# -- covariances and correlations --------------------------------------------------------------------------

CASES = [
    {},
    {"rowvar": False},
    {"bias": True},
    {"ddof": 0},
    {"ddof": 3},
    {"fweights": TIMES},
    {"aweights": COUNTS},
    {"fweights": TIMES, "aweights": COUNTS, "ddof": 2},
    {"fweights": TIMES, "ddof": 0},
]


@pytest.mark.parametrize("options", CASES, ids=lambda options: "-".join(options) or "plain")
def test_covariances_are_those_of_numpy(options):
    x, y = (M.T, N.T) if "rowvar" in options else (M, N)
    for m, more in ((x, None), (x, y), (M[0], None), (M[0], N[1]), (Z.T if "rowvar" in options else Z, None)):
        c, expected = ac.cov(m, more, **options), np.cov(m, more, **options)
        assert c.shape == expected.shape
        assert c.dtype == expected.dtype
        np.testing.assert_allclose(c.numpy(), expected, rtol=1e-12, atol=1e-14)
    ac.testing.gradcheck(lambda m, more: ac.cov(m, more, **options), (x, y), order=2)


def test_covariances_of_complex_numbers_and_by_weights():
    ac.testing.gradcheck(ac.cov, Z[:2, :3], order=2)
    ac.testing.gradcheck(lambda m, w: ac.cov(m, aweights=w), (M[:2], COUNTS), order=2)


@pytest.mark.parametrize("ddof", [5, 7])
def test_too_few_observations(ddof):
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ac.cov(M, ddof=ddof).numpy(), numpy("cov", M, ddof=ddof))
        assert not np.isfinite(ac.cov(M, aweights=COUNTS, ddof=20).numpy()).any()


@pytest.mark.parametrize("name", ["cov", "corrcoef"])
def test_dtypes(name):
    x = M.astype(np.float32)
    assert getattr(ac, name)(x).dtype == getattr(np, name)(x).dtype == np.float64
    y = getattr(ac, name)(ac.tensor(x, requires_grad=True), dtype=np.float32)
    assert y.dtype == np.float32
    leaf = ac.tensor(x, requires_grad=True)
    getattr(ac, name)(leaf)[0, 1].backward()
    assert leaf.grad.dtype == np.float32
    whole = (9 * M).astype(int)
    np.testing.assert_allclose(getattr(ac, name)(whole).numpy(), getattr(np, name)(whole), rtol=1e-13)


def test_correlations_are_those_of_numpy():
    for args in ((M,), (M, N), (M.T, None, False), (M[0],), (M[0], N[0]), (Z,)):
        r, expected = ac.corrcoef(*args), np.corrcoef(*args)
        assert r.shape == expected.shape
        np.testing.assert_allclose(r.numpy(), expected, rtol=1e-12, atol=1e-14)
    ac.testing.gradcheck(lambda m: ac.corrcoef(m)[[0, 0, 1], [1, 2, 2]], M, order=2)
    ac.testing.gradcheck(lambda z: ac.corrcoef(z)[0, 1], Z[:2, :3], order=2)


def test_correlations_do_not_leave_their_range():
    x = np.outer([1.0, 3.0, -0.1], M[0]) + 1e3
    r = ac.corrcoef(x).numpy()
    assert np.abs(r).max() <= 1.0
    np.testing.assert_allclose(np.abs(r), np.ones((3, 3)), rtol=1e-9)
    g = ac.grad(lambda x: ac.corrcoef(x)[0, 0])(ac.tensor(M)).numpy()
    np.testing.assert_allclose(g, np.zeros(M.shape), atol=1e-15)


def test_one_variable_and_variables_that_do_not_vary():
    assert ac.corrcoef(M[0]).item() == 1.0
    assert ac.grad(ac.corrcoef)(ac.tensor(M[0])).tolist() == [0.0] * 5
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(
            np.isnan(ac.corrcoef([[1.0, 2.0], [3.0, 3.0]]).numpy()), [[False, True], [True, True]]
        )


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.average(X, weights=[1.0, 2.0]), ShapeError, r"weights of shape \(2,\) for an array of shape .* no axis"),
        (lambda: ac.average(X, axis=1, weights=[1.0, 2.0]), ShapeError, r"and axis 1: they have the shape of the array"),
        (lambda: ac.average(X, axis=5), ShapeError, "average: axis 5 is out of range"),
        (lambda: ac.ptp(X, axis=5), ShapeError, "axis 5 is out of range"),
        (lambda: ac.ptp(np.zeros((0, 2))), ShapeError, "max of nothing is not defined"),
        (lambda: ac.cov(X), ShapeError, "cov: variables by observations are a matrix"),
        (lambda: ac.cov(M, fweights=COUNTS), DTypeError, "cov: fweights count observations and must be whole numbers"),
        (lambda: ac.cov(M, fweights=-TIMES), ValueError, "cov: fweights cannot be negative"),
        (lambda: ac.cov(M, aweights=-COUNTS), ValueError, "cov: aweights cannot be negative"),
        (lambda: ac.cov(M, aweights=COUNTS[:3]), ShapeError, r"cov: aweights must be one number for each of 5 .* \(3,\)"),
        (lambda: ac.cov(M, ddof=0.5), DTypeError, "cov: ddof must be a whole number, not 0.5"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_batches():
    y = ac.vmap(lambda m: ac.corrcoef(m))(ac.tensor(np.stack([M, 2.0 * M**2])))
    np.testing.assert_allclose(y.numpy(), [np.corrcoef(M), np.corrcoef(2.0 * M**2)], rtol=1e-12)
    w = np.stack([COUNTS, COUNTS**2])
    y = ac.vmap(lambda w: ac.cov(M, aweights=w))(ac.tensor(w))
    np.testing.assert_allclose(y.numpy(), [np.cov(M, aweights=v) for v in w], rtol=1e-12)
    y = ac.vmap(lambda x, w: ac.average(x, axis=1, weights=w))(ac.tensor(np.stack([M, M + 1.0])), ac.tensor(w))
    np.testing.assert_allclose(y.numpy(), [np.average(M, 1, w[0]), np.average(M + 1.0, 1, w[1])], rtol=1e-12)


def test_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    for name, options in (("cov", {"fweights": TIMES, "aweights": COUNTS}), ("corrcoef", {})):
        leaf, other = ac.tensor(M, requires_grad=True), torch.tensor(M, requires_grad=True)
        y = getattr(ac, name)(leaf, **options)
        z = getattr(torch, name)(other, **{key: torch.tensor(value) for key, value in options.items()})
        g = rng.normal(size=y.shape)
        y.backward(g)
        z.backward(torch.tensor(g))
        np.testing.assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(leaf.grad.numpy(), other.grad.numpy(), rtol=1e-11, atol=1e-14)
