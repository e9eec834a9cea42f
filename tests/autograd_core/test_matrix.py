"""Functions of matrices: powers, expm, sqrtm, logm, and products of many. Values, derivatives of high order, errors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from numpy.linalg import LinAlgError

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.matrix import best_cuts
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.normal(size=shape)


def complex_(*shape):
    return real(*shape) + 1j * real(*shape)


def positive(x):
    x = ac.as_tensor(x)
    y = ac.matrix_transpose(x)
    return ac.matmul(x, ac.conj(y) if x.dtype.kind == "c" else y) + np.eye(x.shape[-1])


def agrees(f, reference, *xs, order=2):
    """f has the values and the dtype of the other function, and right derivatives."""
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-11, atol=1e-11)
    assert gradcheck(f, xs, order=order, atol=1e-8)


# -- expm --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [real, complex_])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1), (0, 0)])
def test_expm(kind, shape):
    agrees(ac.linalg.expm, scipy.linalg.expm, kind(*shape), order=2 if kind is real else 1)


SPECIAL = [np.zeros((2, 2)), np.eye(2), np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[0.0, 5.0], [-5.0, 0.0]])]


@pytest.mark.parametrize("a", SPECIAL)
def test_expm_of_equal_eigenvalues_and_of_defective_matrices(a):
    agrees(ac.linalg.expm, scipy.linalg.expm, a, order=3)


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1.0, 10.0, 100.0])
def test_expm_of_small_and_large_matrices(scale):
    a = scale * np.array([[-1.0, 0.5], [0.25, -0.75]])
    expected = scipy.linalg.expm(a)
    np.testing.assert_allclose(ac.linalg.expm(a).numpy(), expected, rtol=1e-12, atol=1e-14 * np.abs(expected).max())


def test_a_stack_is_scaled_matrix_by_matrix():
    a = np.stack([1e-3 * real(2, 2), 30.0 * real(2, 2) - 40 * np.eye(2)])
    for y, x in zip(ac.linalg.expm(a).numpy(), a, strict=True):
        np.testing.assert_array_equal(y, ac.linalg.expm(x).numpy())


def test_every_derivative_of_expm():
    """d/dt to fourth order of exp(t a) at 0 is aᵏ."""
    a = real(3, 3)
    f = lambda t: ac.linalg.expm(t * ac.tensor(a))[0, 1]
    for k in range(5):
        np.testing.assert_allclose(f(ac.tensor(0.0)).item(), np.linalg.matrix_power(a, k)[0, 1], atol=1e-11)
        f = ac.grad(f)


def test_expm_of_what_is_not_finite():
    assert np.isnan(ac.linalg.expm(np.full((2, 2), np.nan)).numpy()).all()
    assert not np.isfinite(ac.linalg.expm(np.diag([np.inf, 0.0])).numpy()).all()


def test_expm_keeps_float32_and_has_no_float16():
    x = ac.tensor(real(2, 2), dtype=np.float32, requires_grad=True)
    y = ac.linalg.expm(x)
    assert y.dtype == ac.gradients(ac.sum(y), x)[0].dtype == np.float32
    with pytest.raises(DTypeError, match="expm: linear algebra has no float16"):
        ac.linalg.expm(np.eye(2, dtype=np.float16))
    with pytest.raises(ShapeError, match=r"expm: needs a square matrix .*; given shape \(2, 3\)"):
        ac.linalg.expm(real(2, 3))


# -- sqrtm and logm ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sqrtm", "logm"])
@pytest.mark.parametrize("kind", [real, complex_])
def test_roots_and_logarithms(name, kind):
    f, g = getattr(ac.linalg, name), getattr(scipy.linalg, name)
    agrees(lambda x: f(positive(x)), lambda x: g(positive(x).numpy()), kind(2, 2))
    agrees(f, g, np.array([[1.0, 2.0], [-2.0, 1.0]]))
    agrees(f, g, np.array([[2.0, 1.0], [0.0, 2.0]]))  # defective
    agrees(f, g, np.array([[-1.0 + 1.0j, 2.0], [0.3, 1.0]]))
    stack = np.stack([np.diag([1.0, 2.0]), np.diag([3.0, 4.0])])
    np.testing.assert_allclose(f(stack).numpy(), [g(x) for x in stack])
    assert f(np.zeros((0, 2, 2))).shape == (0, 2, 2)


def test_logm_needs_a_regular_matrix():
    with pytest.raises(LinAlgError, match=r"logm: a matrix of shape \(2, 2\) is singular, and has no logarithm"):
        ac.linalg.logm(np.diag([1.0, 0.0]))
    assert np.isnan(ac.linalg.logm(np.full((2, 2), np.nan)).numpy()).all()
    a = np.diag([1e-12, 1e12])
    np.testing.assert_allclose(ac.linalg.logm(a).numpy(), np.diag(np.log(a.diagonal())), rtol=1e-12)


def test_a_root_can_be_complex():
    y = ac.linalg.sqrtm(np.diag([-4.0, 1.0]))
    np.testing.assert_allclose(y.numpy(), np.diag([2j, 1.0]))


# -- powers and products -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [real, complex_])
@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5])
def test_matrix_power(kind, n):
    agrees(lambda x: ac.linalg.matrix_power(x, n), lambda x: np.linalg.matrix_power(x, n), kind(2, 2))


def test_matrix_power_of_stacks_and_integers():
    agrees(lambda x: ac.linalg.matrix_power(x, 3), lambda x: np.linalg.matrix_power(x, 3), real(2, 2, 2))
    assert ac.linalg.matrix_power([[1, 1], [0, 1]], 3).tolist() == [[1, 3], [0, 1]]
    assert ac.linalg.matrix_power(np.ones((2, 2), int), 0).tolist() == [[1, 0], [0, 1]]


def test_matrix_power_refuses():
    with pytest.raises(TypeError, match=r"matrix_power: the power must be a whole number, not 0\.5. See expm"):
        ac.linalg.matrix_power(np.eye(2), 0.5)
    with pytest.raises(ShapeError, match="matrix_power: needs a square matrix"):
        ac.linalg.matrix_power(np.ones((2, 3)), 2)
    with pytest.raises(LinAlgError, match="inv: a matrix"):
        ac.linalg.matrix_power(np.ones((2, 2)), -1)


@pytest.mark.parametrize("shapes", [[(2, 3), (3, 2)], [(2,), (2, 3), (3,)], [(2, 3), (3, 4), (4, 1), (1, 2)], [(2,), (2,)]])
def test_multi_dot(shapes):
    xs = [real(*shape) for shape in shapes]
    agrees(lambda *xs: ac.linalg.multi_dot(xs), lambda *xs: np.linalg.multi_dot(xs), *xs, order=1)


def test_the_cheapest_order_of_a_chain():
    assert best_cuts((10, 100, 5, 50))[0, 3] == 2  # (ab)c
    assert best_cuts((50, 5, 100, 10))[0, 3] == 1  # a(bc)


def test_multi_dot_refuses():
    with pytest.raises(ShapeError, match="multi_dot: needs at least two arrays; given 1"):
        ac.linalg.multi_dot([real(2, 2)])
    with pytest.raises(ShapeError, match=r"multi_dot: .* array 1 has shape \(2,\)"):
        ac.linalg.multi_dot([real(2, 2), real(2), real(2, 2)])


def test_block_diag():
    xs = [real(2, 3), real(2), real(1, 1), np.array(2.0)]
    agrees(ac.linalg.block_diag, scipy.linalg.block_diag, *xs, order=1)
    np.testing.assert_array_equal(ac.linalg.block_diag().numpy(), scipy.linalg.block_diag())
    with pytest.raises(ShapeError, match=r"block_diag: matrices needed; given shapes \(2, 2\), \(1, 2, 2\)"):
        ac.linalg.block_diag(np.eye(2), np.ones((1, 2, 2)))


# -- the namespace -----------------------------------------------------------------------------------------


def test_functions_of_the_last_two_axes():
    x = real(2, 3, 4)
    np.testing.assert_array_equal(ac.linalg.diagonal(x, offset=1).numpy(), np.linalg.diagonal(x, offset=1))
    np.testing.assert_allclose(ac.linalg.trace(x, offset=-1).numpy(), np.linalg.trace(x, offset=-1))
    np.testing.assert_array_equal(ac.linalg.matrix_transpose(x).numpy(), np.linalg.matrix_transpose(x))
    a, b = real(3, 2), real(3)
    np.testing.assert_allclose(ac.linalg.cross(a, b[:, None], axis=0).numpy(), np.linalg.cross(a, b[:, None], axis=0))


def test_the_names_of_numpy_are_complete():
    theirs = {name for name in dir(np.linalg) if not name.startswith("_")} - {"LinAlgError", "test"}
    assert theirs <= set(ac.linalg.__all__)


@pytest.mark.parametrize(
    "name", ["inv", "det", "qr", "svd", "eigh", "pinv", "cond", "norm", "matrix_rank", "slogdet", "cholesky"]
)
def test_numpy_finds_the_functions(name):
    x = positive(real(2, 2)).numpy()
    ours, theirs = getattr(np.linalg, name)(ac.tensor(x)), getattr(np.linalg, name)(x)
    for y, z in zip(ours, theirs, strict=True) if isinstance(ours, tuple) else [(ours, theirs)]:
        assert isinstance(y, ac.Tensor)
        np.testing.assert_allclose(y.numpy(), z, atol=1e-14)
    if isinstance(ours, tuple):
        assert ours._fields == theirs._fields


@pytest.mark.parametrize(
    "f", [ac.linalg.expm, lambda x: ac.linalg.matrix_power(x, -2), lambda x: ac.linalg.multi_dot([x, x, x])]
)
def test_batches_of_functions(f):
    x = real(5, 2, 2)
    g = ac.grad(lambda x: ac.sum(f(x) ** 2))
    np.testing.assert_allclose(ac.vmap(g)(x).numpy(), [g(a).numpy() for a in x], rtol=1e-9)


@pytest.mark.parametrize("kind", [real, complex_])
def test_gradients_are_those_of_pytorch(kind):
    torch = pytest.importorskip("torch")
    x, c = kind(3, 3), kind(3, 3)
    b = torch.tensor(x, requires_grad=True)
    torch.sum((torch.linalg.matrix_exp(b) * torch.tensor(c)).real).backward()
    gradient = ac.grad(lambda x: ac.sum(ac.real(ac.linalg.expm(x) * c)))(x)
    np.testing.assert_allclose(gradient.numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("f", [ac.linalg.sqrtm, ac.linalg.logm])
def test_both_modes_are_on_one_branch_where_an_eigenvalue_is_negative(f):
    a, v = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[0.3, -0.7], [1.1, 0.4]])
    _, pull = ac.vjp(f, a)
    g = np.array([[1.0 + 2.0j, -0.5j], [0.3, 1.0]])
    _, t = ac.jvp(f, (a,), (v,))
    assert np.vdot(g, t.numpy()).real == pytest.approx(np.vdot(pull(g)[0].numpy(), v).real, rel=1e-12)


def test_least_squares_of_a_batch():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4))
    x = ac.vmap(lambda a, b: ac.linalg.lstsq(a, b)[0])(a, b)
    np.testing.assert_allclose(x.numpy(), [np.linalg.lstsq(*each)[0] for each in zip(a, b)], rtol=1e-12)
