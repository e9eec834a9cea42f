"""Diagonals, triangles, and the products kron and cross: NumPy's values, exact derivatives, batches."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

rng = np.random.default_rng(4)
X = rng.normal(size=(3, 4))
CUBE = rng.normal(size=(2, 3, 4))
V = rng.normal(size=3)
Z = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
OFFSETS = [-5, -3, -1, 0, 1, 3, 5]
OF_MATRICES = ["diag", "diagonal", "trace", "tril", "triu"]
VECTORS = [((3,), (3,)), ((4, 3), (3,)), ((2, 1, 3), (4, 3)), ((2,), (3,)), ((5, 3), (5, 2)), ((0, 3), (3,))]


@pytest.mark.parametrize("name", OF_MATRICES)
@pytest.mark.parametrize("k", OFFSETS)
def test_values_are_those_of_numpy(name, k):
    for x in (X, X.T, Z, X[:, :0], (9 * X).astype(int), X > 0):
        y, expected = getattr(ac, name)(x, k), np.asarray(getattr(np, name)(x, k))
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-15)


@pytest.mark.parametrize("name", ["diag", "diagflat", "tril", "triu"])
@pytest.mark.parametrize("k", OFFSETS)
def test_values_of_vectors_are_those_of_numpy(name, k):
    for x in (V, V[:1], V[:0], [1, 2]):
        np.testing.assert_array_equal(getattr(ac, name)(x, k).numpy(), getattr(np, name)(x, k))


@pytest.mark.parametrize("axes", [(0, 1), (2, 0), (-1, 1), (1, -1)])
def test_any_two_axes_have_a_diagonal(axes):
    for k in OFFSETS:
        np.testing.assert_array_equal(ac.diagonal(CUBE, k, *axes).numpy(), np.diagonal(CUBE, k, *axes))
        np.testing.assert_allclose(ac.trace(CUBE, k, *axes).numpy(), np.trace(CUBE, k, *axes), rtol=1e-14)
    ac.testing.gradcheck(lambda x: (ac.diagonal(x, 1, *axes), ac.trace(x, -1, *axes)), CUBE, order=2)


@pytest.mark.parametrize("name", OF_MATRICES)
@pytest.mark.parametrize("k", [-2, 0, 1, 7])
def test_derivatives(name, k):
    for x in (X, Z):
        ac.testing.gradcheck(lambda x: getattr(ac, name)(x, k), x, order=2)


@pytest.mark.parametrize("name", ["diag", "diagflat", "tril", "triu"])
def test_derivatives_by_vectors(name):
    for k in (-1, 0, 2):
        ac.testing.gradcheck(lambda x, k=k: getattr(ac, name)(x, k), V, order=2)


def test_triangles_of_stacks():
    for k in OFFSETS:
        np.testing.assert_array_equal(ac.tril(CUBE, k).numpy(), np.tril(CUBE, k))
        np.testing.assert_array_equal(ac.triu(CUBE, k).numpy(), np.triu(CUBE, k))


def test_what_a_triangle_leaves_out_leaks_nothing():
    x = ac.tensor([[1.0, np.nan], [2.0, np.inf]], requires_grad=True)
    y = ac.tril(ac.where(ac.isfinite(x), x, np.inf), -1)
    np.testing.assert_array_equal(y.numpy(), [[0.0, 0.0], [2.0, 0.0]])
    ac.sum(y).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[0.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize("x, z", [((3,), (2,)), ((2, 3), (3, 1, 2)), ((), (2,)), ((2, 2), (2, 2)), ((0, 2), (3,)), ((), ())])
def test_kron(x, z):
    x, z = rng.normal(size=x), rng.normal(size=z)
    np.testing.assert_array_equal(ac.kron(x, z).numpy(), np.kron(x, z))
    ac.testing.gradcheck(ac.kron, (x, z * 1j), order=2)


@pytest.mark.parametrize("x, z", VECTORS)
def test_cross(x, z):
    x, z = rng.normal(size=x), rng.normal(size=z)
    np.testing.assert_allclose(ac.cross(x, z).numpy(), numpy_cross(x, z), rtol=1e-14)
    ac.testing.gradcheck(ac.cross, (x, z), order=2)


def numpy_cross(x, z, **axes):
    """NumPy's product, with the third component that it no longer wants to add by itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.cross(x, z, **axes)


def test_cross_of_two_plane_vectors_is_a_number():
    x, z = rng.normal(size=(4, 2)), rng.normal(size=2) + 1j
    np.testing.assert_allclose(ac.cross(x, z).numpy(), x[:, 0] * z[1] - x[:, 1] * z[0], rtol=1e-15)
    ac.testing.gradcheck(ac.cross, (x, z), order=2)


@pytest.mark.parametrize("axes", [{"axis": 0}, {"axisa": 1, "axisb": 0, "axisc": 1}, {"axisa": 1, "axisb": 0, "axisc": 0}])
def test_cross_along_other_axes(axes):
    x, z = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    np.testing.assert_allclose(ac.cross(x, z, **axes).numpy(), np.cross(x, z, **axes), rtol=1e-14)
    ac.testing.gradcheck(lambda x, z: ac.cross(x, z, **axes), (x, z), order=2)


CALLS = {
    "diag": lambda x: ac.diag(x, 1),
    "diagonal": lambda x: ac.diagonal(x, -1),
    "trace": ac.trace,
    "diagflat": lambda x: ac.diagflat(x, -1),
    "tril": lambda x: ac.tril(x, 1),
    "triu": lambda x: ac.triu(x),
    "kron": lambda x: ac.kron(x, x),
    "cross": lambda x: ac.cross(x, x[::-1]),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_batch_gives_what_single_examples_give(name):
    batch = rng.normal(size=(4, 3, 3))
    np.testing.assert_allclose(
        ac.vmap(CALLS[name])(batch).numpy(), np.stack([CALLS[name](ac.tensor(x)).numpy() for x in batch]), rtol=1e-14
    )


@pytest.mark.parametrize("name", CALLS)
def test_float32_stays(name):
    x = ac.tensor(rng.normal(size=(3, 3)), dtype=np.float32, requires_grad=True)
    y = CALLS[name](x)
    ac.sum(y).backward()
    assert y.dtype == x.grad.dtype == np.float32


def test_numpy_finds_them():
    t = ac.tensor(Z.real, requires_grad=True)
    for name in (*OF_MATRICES, "diagflat"):
        assert isinstance(getattr(np, name)(t), ac.Tensor)
    assert isinstance(np.cross(t, t), ac.Tensor)
    assert isinstance(np.kron(t, V), ac.Tensor)


def test_beside_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    numpy = jax.numpy
    w = rng.normal(size=(3, 3))
    functions = (
        lambda lib, x: lib.trace(lib.tril(x, 1) @ lib.diag(lib.diagonal(x))),
        lambda lib, x: lib.sum(lib.kron(x, x) ** 3),
        lambda lib, x: lib.sum(lib.cross(x, x[::-1]) ** 3 * w),
    )
    for f in functions:
        ours = ac.hessian(lambda x, f=f: f(ac, x))(w).numpy()
        np.testing.assert_allclose(ours, jax.hessian(lambda x, f=f: f(numpy, x))(w), rtol=1e-12, atol=1e-12)


REFUSED = [
    (lambda: ac.diag(CUBE), ShapeError, r"diag: needs a vector or a matrix; given shape \(2, 3, 4\). For stacks there is"),
    (lambda: ac.diag(1.0), ShapeError, "diag: needs a vector or a matrix"),
    (lambda: ac.diagonal(V), ShapeError, r"diagonal: a diagonal runs along two axes, and shape \(3,\) has 1"),
    (lambda: ac.diagonal(X, 0, 1, 1), ShapeError, "names an axis twice"),
    (lambda: ac.trace(X, 0, 0, 2), ShapeError, "trace: axis .* is out of range for 2 axes"),
    (lambda: ac.trace(2.0), ShapeError, "trace: a diagonal runs along two axes"),
    (lambda: ac.tril(1.0), ShapeError, "tril: a number has no triangle"),
    (lambda: ac.triu(1.0), ShapeError, "triu: a number has no triangle"),
    (lambda: ac.triu("ab"), DTypeError, "a Tensor holds numbers or booleans"),
    (lambda: ac.cross(X, V), ShapeError, r"cross: vectors have 2 or 3 components; axis 1 of shape \(3, 4\) has 4"),
    (lambda: ac.cross(1.0, V), ShapeError, "cross: axis -1 is out of range"),
    (lambda: ac.cross(np.ones((2, 3)), np.ones((5, 3))), ShapeError, r"cross: shapes \(2,\) and \(5,\) do not broadcast"),
    (lambda: ac.cross(V, V, axis=1), ShapeError, "cross: axis 1 is out of range for 1 axes"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
