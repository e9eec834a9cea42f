"""Differences, finite-difference derivatives and the trapezoidal rule: NumPy's values, also derivatives by the places."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

rng = np.random.default_rng(7)
X = rng.normal(size=(3, 4))
Z = X + 1j * rng.normal(size=(3, 4))
ROWS, COLUMNS = np.array([0.0, 0.3, 1.0]), np.array([-1.0, 0.0, 1.5, 3.0])
SPACINGS = [(), (0.5,), (2, 0.25), (ROWS, COLUMNS), (0.5, COLUMNS), (np.arange(3), np.arange(4) * 2)]
DIFFS = [
    {},
    {"n": 0},
    {"n": 2, "axis": 0},
    {"n": 5},
    {"axis": 0, "prepend": 1.0},
    {"prepend": X[:, :1], "append": X},
    {"n": 2, "append": 0.0},
]


@pytest.mark.parametrize("options", DIFFS, ids=str)
def test_diff(options):
    for x in (X, Z, X[:0], (X * 9).astype(int)):
        given = {k: v[: len(x)] if isinstance(v, np.ndarray) else v for k, v in options.items()}
        y, expected = ac.diff(x, **given), np.diff(x, **given)
        assert y.dtype == expected.dtype
        np.testing.assert_array_equal(y.numpy(), expected)
    ac.testing.gradcheck(lambda x: ac.diff(x, **options), X, order=2)


def test_diff_of_booleans_tells_where_they_change():
    np.testing.assert_array_equal(ac.diff(X > 0, 2, 1).numpy(), np.diff(X > 0, 2, 1))


def test_diff_by_what_is_put_around():
    ac.testing.gradcheck(lambda x, p, q: ac.diff(x, 2, -1, p, q), (X, 0.5, X[:, :2]), order=2)


@pytest.mark.parametrize("x", [X, X[0], X[:0], 2.5, Z], ids=np.shape)
def test_ediff1d(x):
    for ends in ({}, {"to_end": 1.0}, {"to_begin": [1.0, 2.0], "to_end": [[3.0], [4.0]]}):
        np.testing.assert_array_equal(ac.ediff1d(x, **ends).numpy(), np.ediff1d(x, **ends))
    ac.testing.gradcheck(lambda x, a, b: ac.ediff1d(x, a, b), (x, [1.0, 2.0], 0.5), order=2)
    assert ac.ediff1d([1, 4, 9], to_begin=7).dtype == np.int64


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("spacing", SPACINGS, ids=lambda s: "-".join(str(np.shape(h)) for h in s))
def test_gradient(spacing, edge_order):
    for f in (X, Z, (9 * X).astype(int)):
        for y, expected in zip(
            ac.gradient(f, *spacing, edge_order=edge_order), np.gradient(f, *spacing, edge_order=edge_order), strict=True
        ):
            assert y.dtype == expected.dtype
            np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-13)
    ac.testing.gradcheck(lambda f: ac.gradient(f, *spacing, edge_order=edge_order), X)


@pytest.mark.parametrize("axis", [0, -1, (1,), (1, 0), None])
def test_gradient_along_some_axes(axis):
    found, expected = ac.gradient(X, axis=axis), np.gradient(X, axis=axis)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    for y, z in zip(found if isinstance(found, tuple) else [found], expected if isinstance(expected, tuple) else [expected]):
        np.testing.assert_allclose(y.numpy(), z, rtol=1e-14)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_gradient_by_distances_and_coordinates(edge_order):
    options = {"axis": 0, "edge_order": edge_order}
    ac.testing.gradcheck(lambda f, h: ac.gradient(f, h, **options), (X[:, 0], 0.7), order=2)
    # Evenly spaced coordinates move one by one: the rule for uneven ones must hold here.
    ac.testing.gradcheck(lambda f, u: ac.gradient(f, u, **options), (X[:, 0], np.arange(3.0)), order=2)
    ac.testing.gradcheck(lambda f, u: ac.gradient(f, u, **options), (Z[:, 0], ROWS), order=2)


def test_gradient_is_exact_for_parabolas():
    x = ac.tensor(np.sort(rng.normal(size=7)), requires_grad=True)
    np.testing.assert_allclose(ac.gradient(3.0 * x**2 - x, x, edge_order=2).numpy(), 6.0 * x.numpy() - 1.0, rtol=1e-11)
    assert ac.gradient(x**2, ac.arange(7.0)).shape == (7,)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_gradient_keeps_the_dtype(dtype):
    f = ac.tensor(X, dtype=dtype, requires_grad=True)
    y, _ = ac.gradient(f, np.float64(0.5), COLUMNS)
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == f.grad.dtype == dtype


def test_gradient_looks_at_no_value_that_numpy_does_not():
    f = np.array([0.0, 1.0, np.nan, 3.0, 4.0])
    np.testing.assert_array_equal(ac.gradient(f).numpy(), np.gradient(f))
    np.testing.assert_array_equal(ac.gradient(f, np.arange(5.0)).numpy(), np.gradient(f, np.arange(5.0)))


TRAPEZOIDS = [
    {},
    {"dx": 0.5},
    {"axis": 0},
    {"x": COLUMNS},
    {"x": ROWS, "axis": 0},
    {"x": X**2},
    {"x": X**2, "axis": 0},
    {"x": COLUMNS[None]},
    {"dx": np.array([1.0, 2.0, 3.0])},
]


@pytest.mark.parametrize("options", TRAPEZOIDS, ids=lambda o: "-".join(f"{k}{np.shape(v)}" for k, v in o.items()))
def test_trapezoid(options):
    for y in (X, Z, X[:0]):
        if y.size or "x" not in options or (np.ndim(options["x"]) == 1 and "axis" not in options):
            np.testing.assert_allclose(ac.trapezoid(y, **options).numpy(), np.trapezoid(y, **options), rtol=1e-13, atol=1e-14)
    ac.testing.gradcheck(lambda y: ac.trapezoid(y, **options), X)


def test_trapezoid_by_places_and_distance():
    ac.testing.gradcheck(lambda y, x: ac.trapezoid(y, x), (X[:2], COLUMNS), order=2)
    ac.testing.gradcheck(lambda y, x: ac.trapezoid(y, x, axis=0), (X[:, :2], X[:, 1:3]), order=2)
    ac.testing.gradcheck(lambda y, h: ac.trapezoid(y, dx=h), (Z[0], 0.5), order=2)


CALLS = {
    "diff": lambda x: ac.diff(x, 2, 0),
    "ediff1d": ac.ediff1d,
    "gradient": lambda x: ac.gradient(x, 0.5, COLUMNS)[1],
    "by coordinates": lambda x: ac.gradient(x, x[:, 0], axis=0, edge_order=2),
    "trapezoid": lambda x: ac.trapezoid(x, x[0]),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_gives_what_single_examples_give(name):
    batch = rng.normal(size=(5, 3, 4))
    expected = np.stack([CALLS[name](ac.tensor(x)).numpy() for x in batch])
    np.testing.assert_allclose(ac.vmap(CALLS[name])(batch).numpy(), expected, rtol=1e-12)


def test_numpy_finds_them():
    t = ac.tensor(X, requires_grad=True)
    for y in (np.diff(t), np.ediff1d(t), np.gradient(t)[0], np.trapezoid(t), np.gradient(X, t[:, 0], axis=0)):
        assert isinstance(y, ac.Tensor)
        assert y.requires_grad


REFUSED = [
    (lambda: ac.diff(1.0), ShapeError, "diff: a number has no neighbours"),
    (lambda: ac.diff(X, -1), ValueError, "diff: the order n must be 0 or more; given -1"),
    (lambda: ac.diff(X, 1, 2), ShapeError, "diff: axis 2 is out of range"),
    (lambda: ac.diff(X, prepend=X[:1]), ShapeError, "does not fit"),
    (lambda: ac.ediff1d([1, 2], to_end=0.5), DTypeError, "ediff1d: to_begin and to_end of dtype float64 do not go with"),
    (lambda: ac.gradient(X, 1.0, 2.0, 3.0), TypeError, "gradient: 3 distances or vectors of coordinates for 2 axes"),
    (lambda: ac.gradient(X, ROWS), TypeError, "gradient: 1 distances or vectors of coordinates for 2 axes"),
    (lambda: ac.gradient(X, ROWS, ROWS), ShapeError, r"coordinates of shape \(3,\) for axis 1 of shape \(3, 4\)"),
    (lambda: ac.gradient(X, X, axis=0), ShapeError, r"coordinates of shape \(3, 4\) for axis 0"),
    (lambda: ac.gradient(X[:1]), ShapeError, r"axis 0 of shape \(1, 4\) is too short: edge_order 1 needs 2 places"),
    (lambda: ac.gradient(X[:2], edge_order=2), ShapeError, "edge_order 2 needs 3 places"),
    (lambda: ac.gradient(X, edge_order=3), ValueError, "edge_order is 1 or 2, not 3"),
    (lambda: ac.trapezoid(X, X[:2]), ShapeError, "do not broadcast"),
    (lambda: ac.trapezoid(1.0), ShapeError, "trapezoid: axis -1 is out of range"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
