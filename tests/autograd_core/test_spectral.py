"""eigh and eig: values as in NumPy, derivatives to second order, equal eigenvalues, phases, errors."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, GradientError, ShapeError
from autograd_core.ops.gauge import Quotients, Settled
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)
TURN = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
EQUAL = (TURN * [1.0, 1.0, 2.0, 2.0]) @ TURN.T  # eigenvalues in pairs, in no special position
SOME_EQUAL = (TURN * [1.0, 1.0, 2.0, 4.0]) @ TURN.T


def real(*shape):
    return RNG.normal(size=shape)


def complex_(*shape):
    return real(*shape) + 1j * real(*shape)


def adjoint(x):
    return ac.conj(ac.matrix_transpose(x)) if x.dtype.kind == "c" else ac.matrix_transpose(x)


def hermitian(x):
    x = ac.as_tensor(x)
    return x + adjoint(x)


def rebuilt(v, w):
    return ac.matmul(v * w, adjoint(v))


# -- eigh --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [real, complex_])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1), (0, 0)])
@pytest.mark.parametrize("triangle", ["L", "U", "l"])
def test_values_of_eigh(kind, shape, triangle):
    x = kind(*shape)  # the other triangle is not read
    ours, theirs = ac.linalg.eigh(x, triangle), np.linalg.eigh(x, triangle)
    for y, z in zip(ours, theirs, strict=True):
        assert y.dtype == z.dtype
        np.testing.assert_array_equal(y.numpy(), z)
    np.testing.assert_array_equal(ac.linalg.eigvalsh(x, triangle).numpy(), theirs.eigenvalues)


@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1), (0, 0)])
def test_derivatives_of_eigh(shape):
    assert gradcheck(lambda x: tuple(ac.linalg.eigh(hermitian(x))), real(*shape), order=2)


def test_third_derivatives_of_eigh():
    assert gradcheck(lambda x: tuple(ac.linalg.eigh(hermitian(x))), real(2, 2), order=3)


def test_derivatives_of_complex_eigh_are_those_of_what_does_not_depend_on_phases():
    def f(x):
        w, v = ac.linalg.eigh(hermitian(x))
        return w, rebuilt(v, ac.tanh(w)), ac.absolute(v[0])

    assert gradcheck(f, complex_(2, 2), order=2, atol=1e-10)
    assert gradcheck(f, complex_(3, 3), atol=1e-10)


def test_a_function_of_the_phase_has_no_derivative():
    x = hermitian(complex_(3, 3))
    with pytest.raises(GradientError, match=r"eigh: the phase of vector \d is not determined, and this function depends on it"):
        ac.grad(lambda x: ac.sum(ac.real(ac.linalg.eigh(x).eigenvectors)))(x)


def test_gradients_of_eigh_are_hermitian():
    x = np.tril(real(3, 3))
    gradient = ac.grad(lambda x: ac.linalg.eigvalsh(x)[0] + ac.linalg.eigh(x)[1][0, 0])(ac.tensor(x)).numpy()
    np.testing.assert_allclose(gradient, gradient.T, atol=1e-15)


# -- equal eigenvalues -------------------------------------------------------------------------------------


def test_symmetric_functions_of_equal_eigenvalues():
    cubes = lambda x: ac.sum(ac.linalg.eigvalsh(x) ** 3)
    np.testing.assert_allclose(ac.grad(cubes)(EQUAL).numpy(), 3 * EQUAL @ EQUAL, atol=1e-12)
    t = hermitian(real(4, 4)).numpy()
    np.testing.assert_allclose(ac.jvp(cubes, (EQUAL,), (t,))[1].item(), np.sum(3 * EQUAL @ EQUAL * t), rtol=1e-12)
    logdet = lambda x: ac.sum(ac.log(ac.linalg.eigvalsh(x)))
    np.testing.assert_allclose(ac.grad(logdet)(np.eye(3)).numpy(), np.eye(3), atol=1e-15)


def test_projectors_on_the_spaces_of_equal_eigenvalues():
    def f(x):
        v = ac.linalg.eigh(hermitian(x)).eigenvectors[:, :2]
        return ac.matmul(v, adjoint(v))

    assert gradcheck(f, EQUAL, modes=["reverse"])


def test_a_simple_eigenvalue_beside_equal_ones():
    """As the leading component of data of low rank, its eigenvalue and its vector."""

    def f(x):
        w, v = ac.linalg.eigh(hermitian(x))
        return w[-1] * ac.absolute(v[:, -1])

    assert gradcheck(f, SOME_EQUAL, modes=["reverse"])
    assert gradcheck(f, SOME_EQUAL, modes=["forward"])
    low = np.outer([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert gradcheck(lambda x: ac.linalg.eigvalsh(hermitian(x))[-1], low, order=2, modes=["reverse", "reverse over reverse"])


def test_second_derivatives_of_a_sum_of_equal_eigenvalues():
    f = lambda x: ac.sum(ac.linalg.eigvalsh(hermitian(x)))
    assert gradcheck(f, EQUAL, order=2, modes=["reverse over reverse"])


def test_what_has_no_derivative_at_equal_eigenvalues_raises():
    basis = lambda x: ac.linalg.eigh(x).eigenvectors[0, 0]
    with pytest.raises(GradientError, match="eigh: values 0 and 1 are equal .* This function depends on the basis"):
        ac.grad(basis)(EQUAL)
    assert np.isnan(ac.jvp(basis, (EQUAL,), (hermitian(real(4, 4)),))[1].item())


def test_a_function_of_values_and_vectors_is_not_decided():
    """The same cotangents belong to functions with different derivatives, and a wrong number would be worse than none."""
    whole = lambda x: rebuilt(*ac.linalg.eigh(x)[::-1])[0, 1]
    with pytest.raises(GradientError, match="eigh: values 0 and 1 are equal .* depends on them and on their vectors"):
        ac.grad(whole)(EQUAL)
    assert np.isnan(ac.jvp(whole, (EQUAL,), (hermitian(real(4, 4)),))[1].item())
    squares = lambda x: ac.sum(ac.linalg.eigvalsh(x) ** 2)
    with pytest.raises(GradientError, match="eigh: values 0 and 1 are equal"):
        ac.jacobian(ac.grad(squares), mode="reverse")(EQUAL)


SYMMETRIC = [  # functions of eigenvalues, and the same ones of the matrix
    (ac.sum, ac.trace),
    (lambda w: ac.sum(w**2), lambda x: ac.sum(x * x)),
    (lambda w: ac.sum(w**3), lambda x: ac.einsum("ij,jk,ki->", x, x, x)),
    (ac.prod, ac.linalg.det),
    (lambda w: ac.sum(ac.log(w)), lambda x: ac.linalg.slogdet(x)[1]),
    (lambda w: ac.sum(w) ** 2 * ac.sum(w**2), lambda x: ac.trace(x) ** 2 * ac.sum(x * x)),
]


@pytest.mark.parametrize("of_values, of_matrix", SYMMETRIC)
@pytest.mark.parametrize("x", [np.eye(3), EQUAL, SOME_EQUAL, np.diag([1.0, 2.0]), 1e-9 * EQUAL, 1e9 * np.eye(2)])
def test_second_derivatives_of_symmetric_functions_of_equal_eigenvalues(of_values, of_matrix, x):
    """Forward over reverse: the stiffness that belongs to an energy of principal stretches, equal ones too."""
    half = lambda f: lambda x: f(hermitian(x) / 2.0)
    ours = ac.hessian(half(lambda x: of_values(ac.linalg.eigvalsh(x))))(x).numpy()
    expected = ac.hessian(half(of_matrix))(x).numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-11 * np.abs(expected).max())
    t = hermitian(real(*x.shape)).numpy()
    along = ac.hvp(lambda x: of_values(ac.linalg.eigvalsh(x)), x, t).numpy()
    np.testing.assert_allclose(along, np.tensordot(expected, t), rtol=1e-9, atol=1e-10 * np.abs(expected).max())


def test_second_derivatives_at_equal_eigenvalues_of_complex_matrices():
    turn = np.linalg.qr(complex_(3, 3))[0]
    x = (turn * [0.5, 0.5, 1.0]) @ turn.conj().T
    f = lambda x: ac.sum(ac.linalg.eigvalsh(hermitian(x)) ** 3)
    assert gradcheck(f, x, order=2, modes=["forward over reverse"], atol=1e-9)


def test_second_derivatives_of_what_is_not_symmetric_do_not_exist():
    f = lambda x: ac.linalg.eigvalsh(x)[-1]
    assert np.isnan(ac.hessian(f)(np.eye(2)).numpy()).any()
    np.testing.assert_array_equal(ac.hvp(f, np.eye(2), np.diag([1.0, 2.0])).numpy(), np.zeros((2, 2)))  # nothing is turned
    assert gradcheck(lambda x: f(hermitian(x)), np.diag([1.0, 1.0, 2.0]), order=2, modes=["forward over reverse"])


def test_the_slopes_of_equal_eigenvalues_along_a_direction():
    t = np.array([[0.0, 1.0], [1.0, 0.0]])
    np.testing.assert_allclose(ac.jvp(ac.linalg.eigvalsh, (np.eye(2),), (t,))[1].numpy(), [-1, 1], atol=1e-15)
    t = hermitian(real(4, 4)).numpy()
    h = 1e-7
    slopes = (np.linalg.eigvalsh(EQUAL + h * t) - np.linalg.eigvalsh(EQUAL)) / h
    np.testing.assert_allclose(ac.jvp(ac.linalg.eigvalsh, (EQUAL,), (t,))[1].numpy(), slopes, atol=1e-5)


def test_near_values_are_not_equal_ones():
    x = np.diag([1.0, 1.0 + 1e-10]) + 1e-11 * np.ones((2, 2))
    assert np.isfinite(ac.grad(lambda x: ac.linalg.eigh(x).eigenvectors[0, 0])(ac.tensor(x)).numpy()).all()


def test_quotients_and_what_meets_their_zeros():
    np.testing.assert_array_equal(Quotients("gap")(np.array([1.0, 1.0, 3.0])), [[0, 0, 0.5], [0, 0, 0.5], [-0.5, -0.5, 0]])
    np.testing.assert_array_equal(Quotients("value")(np.zeros(2)), [[0, 0]])
    x, w = np.array([[1.0, 2.0], [2.0, 3.0]]), np.ones(2)
    np.testing.assert_array_equal(Settled("eigh", "gap", "skew")(x, w), x)
    np.testing.assert_array_equal(Settled("eigh", "gap", "off", raises=False)(x, w), [[1, np.nan], [np.nan, 3]])
    with pytest.raises(GradientError, match="eigh: values 0 and 1 are equal .* and on their vectors"):
        Settled("eigh", "gap", "skew")(x, w, w)
    with pytest.raises(ShapeError, match=r"settled: square matrices needed for the gap of two values; given \(1, 2\)"):
        Settled("eigh", "gap", "skew")(ac.tensor(x[:1]), w)


# -- eig ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [real, complex_])
@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1), (0, 0)])
def test_eig(kind, shape):
    x = kind(*shape)
    for y, z in zip(ac.linalg.eig(x), np.linalg.eig(x), strict=True):
        assert y.dtype == z.dtype
        np.testing.assert_array_equal(y.numpy(), z)
    assert gradcheck(lambda x: tuple(ac.linalg.eig(x)), x, order=2 if kind is real else 1, atol=1e-8)
    assert gradcheck(ac.linalg.eigvals, x, atol=1e-10)


def test_eig_of_a_rotation_whose_vectors_have_two_largest_components():
    w, _v = ac.linalg.eig(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    np.testing.assert_allclose(sorted(w.numpy().imag), [-1, 1])
    gradient = ac.grad(lambda x: ac.sum(ac.absolute(ac.linalg.eig(x).eigenvectors) ** 2))(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    np.testing.assert_allclose(gradient.numpy(), np.zeros((2, 2)), atol=1e-15)  # their length is 1


def test_symmetric_functions_of_equal_eigenvalues_of_any_matrix():
    x = real(3, 3)
    x = x @ np.diag([2.0, 2.0, 5.0]) @ np.linalg.inv(x)
    gradient = ac.grad(lambda x: ac.sum(ac.linalg.eigvals(x) ** 2))(x)
    np.testing.assert_allclose(gradient.numpy(), 2 * x.T, atol=1e-10)


def test_where_eig_has_no_derivative():
    with pytest.raises(GradientError, match="eig: values 1 and 0 are equal .* This function depends on the basis"):
        ac.grad(lambda x: ac.linalg.eig(x).eigenvectors[1, 0])(np.eye(2))
    for jordan in (np.array([[0.0, 1.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])):
        with pytest.raises(GradientError, match="eig: the matrix is defective"):
            ac.grad(lambda x: ac.linalg.eigvals(x)[0])(jordan)
        np.testing.assert_allclose(ac.grad(lambda x: ac.sum(ac.linalg.eigvals(x)))(jordan).numpy(), np.eye(2), atol=1e-12)


# -- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [ac.linalg.eigh, ac.linalg.eigvalsh, ac.linalg.eig, ac.linalg.eigvals])
def test_what_is_refused(f):
    with pytest.raises(ShapeError, match=r"needs a square matrix or a stack of them, .*; given shape \(2, 3\)"):
        f(real(2, 3))
    with pytest.raises(DTypeError, match="linear algebra has no float16"):
        f(np.eye(2, dtype=np.float16))


def test_eigh_reads_one_of_two_triangles():
    with pytest.raises(ValueError, match="eigh: UPLO must be 'L' or 'U', not 'lower'"):
        ac.linalg.eigh(np.eye(2), "lower")


def test_float32_stays_float32():
    x = ac.tensor(hermitian(real(3, 3)).numpy(), dtype=np.float32, requires_grad=True)
    for f in (ac.linalg.eigh, ac.linalg.eig):
        w, v = f(x)
        (gradient,) = ac.gradients(ac.sum(w * w) + ac.sum(v * w), x)
        assert w.dtype == v.dtype == gradient.dtype == np.float32


# -- second opinions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [real, complex_])
def test_gradients_are_those_of_pytorch(kind):
    torch = pytest.importorskip("torch")
    x, c = hermitian(kind(3, 3)).numpy(), hermitian(kind(3, 3)).numpy()
    a, b = ac.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    w, v = ac.linalg.eigh(a)
    y = ac.sum(ac.real(rebuilt(v, ac.exp(w)) * c))
    w, v = torch.linalg.eigh(b)
    torch.sum(((v * torch.exp(w)) @ v.mH * torch.tensor(c)).real).backward()
    np.testing.assert_allclose(ac.gradients(y, a)[0].numpy(), b.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("kind", [real, complex_])
def test_gradients_of_eig_are_those_of_pytorch(kind):
    torch = pytest.importorskip("torch")
    x = kind(3, 3)
    a, b = ac.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    w, v = ac.linalg.eig(a)
    y = ac.sum(ac.absolute(w) ** 2) + ac.sum(ac.absolute(v) ** 4)
    w, v = torch.linalg.eig(b)
    (torch.sum(w.abs() ** 2) + torch.sum(v.abs() ** 4)).backward()
    np.testing.assert_allclose(ac.gradients(y, a)[0].numpy(), b.grad.numpy(), rtol=1e-9, atol=1e-11)


def test_second_derivatives_are_those_of_jax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    x = hermitian(real(3, 3)).numpy()
    ours = ac.hessian(lambda x: ac.sum(ac.linalg.eigh(x)[1][:, 0] ** 3))(x)
    theirs = jax.hessian(lambda x: (jax.numpy.linalg.eigh(x, symmetrize_input=True)[1][:, 0] ** 3).sum())(x)
    sign = np.sign(np.linalg.eigh(x)[1][0, 0] * np.asarray(jax.numpy.linalg.eigh(x)[1][0, 0]))
    np.testing.assert_allclose(ours.numpy(), sign * np.asarray(theirs), rtol=1e-8, atol=1e-9)


def test_batches_of_eigenvalues():
    x = hermitian(real(5, 3, 3)).numpy()
    f = ac.grad(lambda x: ac.sum(ac.linalg.eigh(x)[1][0] ** 3))
    np.testing.assert_allclose(ac.vmap(f)(x).numpy(), [f(a).numpy() for a in x], rtol=1e-10)
