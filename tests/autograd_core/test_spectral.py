"""eigh and eig: values as in NumPy, derivatives to second order, equal eigenvalues, phases, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, GradientError, ShapeError
from autograd_core.ops.gauge import Quotients, Settled
from autograd_core.ops.isotropic import Bent, Horizon
from autograd_core.ops.slopes import SecondSlopes, Slopes, Turn
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


SYMMETRIC = [  # functions of eigenvalues, and the same ones of the matrix
    (ac.sum, ac.trace),
    (lambda w: ac.sum(w**2), lambda x: ac.sum(x * x)),
    (lambda w: ac.sum(w**3), lambda x: ac.einsum("ij,jk,ki->", x, x, x)),
    (ac.prod, ac.linalg.det),
    (lambda w: ac.sum(ac.log(w)), lambda x: ac.linalg.slogdet(x)[1]),
    (lambda w: ac.sum(w) ** 2 * ac.sum(w**2), lambda x: ac.trace(x) ** 2 * ac.sum(x * x)),
]


POINTS = [np.eye(3), EQUAL, SOME_EQUAL, np.diag([1.0, 1.0, 2.0]), np.diag([1.0, 2.0]), 1e-9 * EQUAL, 1e9 * np.eye(2)]


def half(f):
    return lambda x: f(hermitian(x) / 2.0)


def forward(f, t):
    return lambda x: ac.jvp(f, (x,), (t,))[1]


def reverse(f, t):
    return lambda x: ac.sum(t * ac.grad(f)(x))


@pytest.mark.parametrize("of_values, of_matrix", SYMMETRIC)
@pytest.mark.parametrize("x", POINTS)
def test_second_derivatives_of_symmetric_functions_of_equal_eigenvalues(of_values, of_matrix, x):
    """The stiffness that belongs to an energy of principal stretches, equal ones too."""
    ours, matrix = half(lambda x: of_values(ac.linalg.eigvalsh(x))), half(of_matrix)
    expected = ac.hessian(matrix)(x).numpy()
    tolerance = {"rtol": 1e-10, "atol": 1e-11 * max(np.abs(expected).max(), 1e-3 / np.abs(x).max())}
    np.testing.assert_allclose(ac.hessian(ours)(x).numpy(), expected, **tolerance)
    np.testing.assert_allclose(ac.jacobian(ac.grad(ours), mode="reverse")(x).numpy(), expected, **tolerance)
    batch = np.stack([x, x + np.diag(range(len(x)))])
    np.testing.assert_allclose(ac.vmap(ac.hessian(ours))(batch)[0].numpy(), expected, **tolerance)
    np.testing.assert_allclose(ac.vmap(ac.hessian(ours))(batch[::-1])[1].numpy(), expected, **tolerance)
    diagonal = ac.hessian_diag(matrix)(x).numpy()
    np.testing.assert_allclose(ac.hessian_diag(ours)(x).numpy(), diagonal, **tolerance)
    along = ac.hvp(ours, x, t := hermitian(real(*x.shape)).numpy()).numpy()
    np.testing.assert_allclose(along, np.tensordot(expected, t), rtol=1e-9, atol=10 * tolerance["atol"])


@pytest.mark.parametrize("of_values, of_matrix", SYMMETRIC)
@pytest.mark.parametrize("x", POINTS[1:4])
@pytest.mark.parametrize("order", [2, 3])
def test_all_orders_of_sweeps_at_equal_eigenvalues(of_values, of_matrix, x, order):
    ts = [real(*x.shape) for _ in range(order)]
    ours, expected = half(lambda x: of_values(ac.linalg.eigvalsh(x))), half(of_matrix)
    for t in ts:
        expected = reverse(expected, t)
    expected = expected(ac.tensor(x)).item()
    for sweeps in itertools.product((forward, reverse), repeat=order):
        f = ours
        for sweep, t in zip(sweeps, ts):
            f = sweep(f, t)
        np.testing.assert_allclose(f(ac.tensor(x)).item(), expected, rtol=1e-9, atol=1e-10)


def test_third_derivatives_in_all_directions():
    f = half(lambda x: ac.sum(ac.exp(ac.linalg.eigvalsh(x))))
    expected = ac.jacobian(ac.hessian(half(lambda x: ac.trace(ac.linalg.expm(x)))))(np.eye(3)).numpy()
    np.testing.assert_allclose(ac.jacobian(ac.hessian(f))(np.eye(3)).numpy(), expected, atol=1e-13)
    np.testing.assert_allclose(ac.vmap(ac.jacobian(ac.hessian(f)))(np.eye(3)[None])[0].numpy(), expected, atol=1e-13)


def test_where_a_function_is_invariant_rounding_is_no_doubt():
    """The derivative of softmax along equal numbers is 0, and what rounding leaves of it is not the same for equal values."""
    f = half(lambda x: ac.logsumexp(ac.linalg.eigvalsh(x)))
    g = half(lambda x: ac.log(ac.trace(ac.linalg.expm(x))))
    t, x = real(4, 4), EQUAL
    ours, theirs = (reverse(reverse(reverse(h, t), t), t)(ac.tensor(x)).item() for h in (f, g))
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    for x, u in ((np.eye(3), real(3, 3)), (EQUAL, t)):
        ours, theirs = (reverse(reverse(forward(h, u), u), u)(ac.tensor(x)).item() for h in (f, g))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    rest = half(lambda x: ac.sum((ac.linalg.eigvalsh(x) - 1.0) ** 2))  # a stress of zero
    np.testing.assert_allclose(reverse(reverse(rest, t), t)(ac.tensor(TURN @ TURN.T)).item(), np.sum((t + t.T) ** 2) / 2)


def test_a_function_with_parameters_and_other_arguments():
    """The mixed derivatives by what a symmetric function depends on beside the values."""

    def f(x, p):
        w = ac.linalg.eigvalsh(hermitian(x))
        return ac.sum(ac.exp(p[0] * w)) + p[1] * ac.sum(w**2) * x[0, 1]

    def g(x, p):
        x_ = hermitian(x)
        return ac.trace(ac.linalg.expm(p[0] * x_)) + p[1] * ac.sum(x_ * x_) * x[0, 1]

    x, p = np.eye(3) / 2.0, np.array([0.7, 0.3])
    for h, z in zip(ac.hessian(f, (0, 1))(x, p), ac.hessian(g, (0, 1))(x, p), strict=True):
        for a, b in zip(h, z, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-12)


@pytest.mark.parametrize("modes", [*map("".join, itertools.product("rf", repeat=4))])
def test_derivatives_of_the_fourth_order_raise(modes):
    x, t = np.eye(2), hermitian(real(2, 2)).numpy()
    f = lambda x: ac.sum(ac.exp(ac.linalg.eigvalsh(x)))
    for mode in modes:
        f = {"r": reverse, "f": forward}[mode](f, t)
    with pytest.raises(GradientError, match="values of a matrix are equal .* known to the third order"):
        f(ac.tensor(x))
    assert np.isfinite(f(ac.tensor(np.diag([1.0, 2.0]))).item())


def test_a_taylor_series_at_equal_eigenvalues():
    """To the second order; it then knows no more, and its gradient is not known at all."""
    f, g = (half(h) for h in (lambda x: ac.sum(ac.exp(ac.linalg.eigvalsh(x))), lambda x: ac.trace(ac.linalg.expm(x))))
    series = [real(3, 3) for _ in range(3)]
    ours, theirs = (ac.jet(h, (np.eye(3),), (series,))[1] for h in (f, g))
    np.testing.assert_allclose([y.item() for y in ours[:2]], [y.item() for y in theirs[:2]], rtol=1e-12)
    assert np.isnan(ours[2].item())
    with pytest.raises(GradientError, match="values are equal .* a Taylor series or a forward sweep went"):
        ac.grad(lambda x: ac.laplacian(f)(x))(np.eye(3))
    assert gradcheck(lambda x: ac.laplacian(f)(x), np.diag([1.0, 2.0, 4.0]))


def test_second_derivatives_at_equal_eigenvalues_of_complex_matrices():
    turn = np.linalg.qr(complex_(3, 3))[0]
    x = (turn * [0.5, 0.5, 1.0]) @ turn.conj().T
    f = lambda x: ac.sum(ac.linalg.eigvalsh(hermitian(x)) ** 3)
    assert gradcheck(f, x, order=2, atol=1e-9)


def test_second_derivatives_of_what_is_not_symmetric_do_not_exist():
    f = lambda x: ac.linalg.eigvalsh(x)[-1]
    with pytest.raises(GradientError, match="values 0 and 0 of a matrix are equal .* no second derivative"):
        ac.jacobian(ac.grad(f), mode="reverse")(np.eye(2))
    assert np.isnan(ac.hvp(f, np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])).numpy()).any()
    np.testing.assert_array_equal(ac.hvp(f, np.eye(2), np.diag([1.0, 2.0])).numpy(), np.zeros((2, 2)))  # nothing is turned
    squares = lambda x: ac.sum(ac.linalg.eigvalsh(x) ** 2 * [0.0, 1.0])  # whose gradient is 0 for both
    with pytest.raises(GradientError, match="no second derivative"):
        ac.jacobian(ac.grad(squares), mode="reverse")(np.zeros((2, 2)))
    cubes = lambda x: ac.sum(ac.linalg.eigvalsh(x) ** 3 * [0.0, 0.0, 1.0])
    with pytest.raises(GradientError, match="no second derivative"):
        reverse(reverse(reverse(cubes, real(3, 3)), real(3, 3)), real(3, 3))(ac.tensor(np.zeros((3, 3))))


def test_a_simple_eigenvalue_beside_equal_ones_has_all_derivatives():
    for k, x in ((-1, np.diag([1.0, 1.0, 2.0])), (0, np.diag([1.0, 2.0, 2.0]))):
        assert gradcheck(lambda x, k=k: ac.linalg.eigvalsh(hermitian(x))[k] ** 2, x, order=2)


def test_slopes_within_a_transform_are_not_taken_for_those_of_a_symmetric_function():
    t = np.array([[0.0, 1.0], [1.0, 0.0]])
    slopes = lambda x: ac.jvp(ac.linalg.eigvalsh, (x,), (t,))[1]
    with pytest.raises(GradientError, match="a forward sweep went through them before"):
        ac.jacobian(slopes, mode="reverse")(np.eye(2))
    values = slopes(ac.tensor(np.eye(2), requires_grad=True))
    np.testing.assert_allclose(values.numpy(), [-1, 1], atol=1e-15)  # a recorded tangent is no other number
    with pytest.raises(GradientError, match="a forward sweep went through them before"):
        forward(forward(lambda x: ac.linalg.eigvalsh(x)[-1] ** 2, t), t)(ac.tensor(np.eye(2)))


def test_slopes_that_begin_with_a_second_derivative():
    """x + s² t has the slopes of t in its second derivative, though nothing parts its values to first order."""
    x, t = np.eye(3), hermitian(real(3, 3)).numpy()
    f = lambda s: ac.linalg.eigvalsh(x + s * s * t)
    expected = 2.0 * np.linalg.eigvalsh(t)
    np.testing.assert_allclose(ac.jet(f, (0.0,), ([1.0, 0.0],))[1][1].numpy(), expected)
    slope = lambda f: lambda s: ac.jvp(f, (s,), (1.0,))[1]
    np.testing.assert_allclose(slope(slope(f))(0.0).numpy(), expected)


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


@pytest.mark.parametrize("distance, errors", [(1e-3, (1e-11, 1e-7)), (1e-6, (1e-8, 1e-1)), (0.0, (1e-13, 1e-13))])
def test_derivatives_at_near_values_lose_the_digits_that_their_distance_has(distance, errors):
    turn = np.linalg.qr(real(2, 2))[0]
    x = (turn * [1.0, 1.0 + distance]) @ turn.T
    x, ts = (x + x.T) / 2.0, [hermitian(real(2, 2)).numpy() for _ in range(3)]
    f, g = (half(h) for h in (lambda x: ac.sum(ac.linalg.eigvalsh(x) ** 3), lambda x: ac.einsum("ij,jk,ki->", x, x, x)))
    for k, error in zip((2, 3), errors):
        ours, theirs = (reverse(h, ts[0]) for h in (f, g))
        for t in ts[1:k]:
            ours, theirs = forward(ours, t), forward(theirs, t)
        expected = theirs(ac.tensor(x)).item()
        np.testing.assert_allclose(ours(ac.tensor(x)).item(), expected, rtol=error, atol=error)


def test_how_equal_values_part():
    m, b = hermitian(real(3, 3)).numpy(), np.diag([2.0, 2.0, 1.0])
    np.testing.assert_allclose(Slopes()(m, np.eye(3)), np.linalg.eigvalsh(m))
    np.testing.assert_allclose(Slopes(True)(m, b), [*np.linalg.eigvalsh(m[:2, :2])[::-1], m[2, 2]])
    r = Turn(True)(m, m, b)
    block = np.where(np.outer([1, 1, 0], [1, 1, 0]), m, 0.0)
    np.testing.assert_allclose(r.T @ block @ r, np.diag([*Slopes(True)(m, b)[:2], 0]), atol=1e-14)
    t = real(3, 3)
    np.testing.assert_allclose(SecondSlopes(True)(t, m, 2.0 * m, b)[:2], np.diagonal(r.T @ t @ r)[:2])
    assert np.isnan(SecondSlopes(True)(t, m, -m, b)).tolist() == [True, True, False]
    np.testing.assert_allclose(SecondSlopes(True)(t, 0.0 * m, m, b), SecondSlopes(True)(t, m, m, b))
    np.testing.assert_allclose(SecondSlopes(True)(m, 0.0 * m, 0.0 * m, b), Slopes(True)(m, b))
    with pytest.raises(GradientError, match="known to the third order"):
        Horizon(-1)(np.eye(2), np.ones((2, 2)))
    np.testing.assert_array_equal(Horizon(-1)(np.eye(2), np.zeros((2, 2))), np.zeros((2, 2)))
    assert np.isnan(Bent()(np.ones((2, 2)), np.array([np.nan, 1.0]))).tolist() == [[True, True], [False, False]]


def test_quotients_and_what_meets_their_zeros():
    np.testing.assert_array_equal(Quotients()(np.array([1.0, 1.0, 3.0])), [[0, 0, 0.5], [0, 0, 0.5], [-0.5, -0.5, 0]])
    x, w = np.array([[1.0, 2.0], [2.0, 3.0]]), np.ones(2)
    np.testing.assert_array_equal(Settled("eigh", "gap", "skew")(x, x, w), x)
    np.testing.assert_array_equal(Settled("eigh", "gap", "off", raises=False)(x, x, w), [[1, np.nan], [np.nan, 3]])
    with pytest.raises(GradientError, match="eigh: values 0 and 1 are equal .* and on their vectors"):
        Settled("eigh", "gap", "skew")(x, x, w, w)
    with pytest.raises(ShapeError, match=r"settled: square matrices needed for the gap of two values; given \(1, 2\)"):
        Settled("eigh", "gap", "skew")(x, ac.tensor(x[:1]), w)


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
    gradient = ac.grad(lambda x: ac.sum(ac.linalg.eigvals(x) ** 2).real)(x)  # rounding may part them as a complex pair
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
