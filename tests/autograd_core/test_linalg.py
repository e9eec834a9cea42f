"""solve, inv, det, slogdet: values as in NumPy, derivatives to second and third order, singular matrices, errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.linalg import LinAlgError

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.normal(size=shape)


def regular(*shape):
    """Matrices far from singular."""
    return real(*shape) + 3.0 * np.eye(shape[-1])


def agrees(f, reference, *xs, order=2):
    """f has the values and the dtype of the NumPy function, and right derivatives."""
    expected = np.asarray(reference(*xs))
    y = f(*map(ac.tensor, xs))
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-12, atol=1e-12)
    assert gradcheck(f, xs, order=order)


# -- solve and inv -----------------------------------------------------------------------------------------

PAIRS = [((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 2)), ((1, 1), (1,))]
PAIRS += [((3, 1, 3, 3), (2, 3, 2)), ((2, 3, 3), (1, 3, 1)), ((3, 2, 3, 3), (3,)), ((0, 0), (0,)), ((0, 3, 3), (3,))]


@pytest.mark.parametrize("a, b", PAIRS)
def test_solve(a, b):
    agrees(ac.linalg.solve, np.linalg.solve, regular(*a), real(*b))


@pytest.mark.parametrize("a, b", PAIRS[:4])
def test_solve_with_one_constant_side(a, b):
    a, b = regular(*a), real(*b)
    assert gradcheck(lambda a: ac.linalg.solve(a, b), a, order=2)
    assert gradcheck(lambda b: ac.linalg.solve(a, b), b, order=2)


@pytest.mark.parametrize("shape", [(3,), (3, 2)])
def test_solve_with_complex_numbers(shape):
    a = regular(3, 3) + 1j * real(3, 3)
    agrees(ac.linalg.solve, np.linalg.solve, a, real(*shape) + 1j * real(*shape))
    agrees(ac.linalg.solve, np.linalg.solve, a, real(*shape))
    agrees(ac.linalg.solve, np.linalg.solve, regular(3, 3), real(*shape) + 1j * real(*shape))


def test_solve_takes_integers_and_keeps_float32():
    np.testing.assert_array_equal(ac.linalg.solve([[2, 0], [0, 4]], [2, 2]).numpy(), [1, 0.5])
    a = ac.tensor(regular(2, 2), dtype=np.float32, requires_grad=True)
    y = ac.linalg.solve(a, np.ones(2, np.float32))
    y.sum().backward()
    assert y.dtype == a.grad.dtype == np.float32


def test_a_singular_matrix_is_named_with_the_remedy():
    with pytest.raises(LinAlgError, match=r"solve: a matrix of a, shape \(2, 2\), is singular .*ac\.eye\(2\), b\)"):
        ac.linalg.solve(ac.tensor([[1.0, 2.0], [2.0, 4.0]]), [1.0, 1.0])
    stack = np.stack([np.eye(2), np.zeros((2, 2))])
    with pytest.raises(LinAlgError, match=r"inv: a matrix, number 1 of the stack, of a, shape \(2, 2, 2\)"):
        ac.linalg.inv(ac.tensor(stack, requires_grad=True))


@pytest.mark.parametrize(
    "a, b, message",
    [
        ((2, 3), (2,), r"solve: needs a square matrix or a stack of them, .*; given shape \(2, 3\)"),
        ((3,), (3,), r"solve: needs a square matrix"),
        ((3, 3), (2,), r"solve: a of shape \(3, 3\) needs a b of shape \(3,\) or \(\.\.\., 3, m\); given \(2,\)"),
        ((4, 3, 3), (4, 3), r"solve: a of shape \(4, 3, 3\) .* given \(4, 3\)\. .*b\[\.\.\., None\]"),
        ((4, 3, 3), (2, 3, 1), r"solve: the stacks do not broadcast: a has shape \(4, 3, 3\), b has shape \(2, 3, 1\)"),
        ((3, 3), (), r"given \(\)"),
    ],
)
def test_solve_refuses(a, b, message):
    with pytest.raises(ShapeError, match=message):
        ac.linalg.solve(np.ones(a), np.ones(b))


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1), (0, 0)])
def test_inv(shape):
    agrees(ac.linalg.inv, np.linalg.inv, regular(*shape))


def test_inv_of_complex_numbers():
    agrees(ac.linalg.inv, np.linalg.inv, regular(3, 3) + 1j * real(3, 3))


@pytest.mark.parametrize("f", [ac.linalg.inv, ac.linalg.det])
def test_a_matrix_that_is_not_square_is_refused(f):
    with pytest.raises(ShapeError, match=r"needs a square matrix or a stack of them, .*; given shape \(2, 3\)"):
        f(np.ones((2, 3)))


# -- det ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3), (1, 1), (2, 2), (0, 0), (0, 2, 2)])
def test_det(shape):
    agrees(ac.linalg.det, np.linalg.det, regular(*shape), order=3)


def test_det_of_complex_numbers():
    agrees(ac.linalg.det, np.linalg.det, regular(3, 3) + 1j * real(3, 3))


def test_det_of_singular_matrices():
    x = ac.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    ac.linalg.det(x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[4, -2], [-2, 1]], rtol=1e-14)
    agrees(ac.linalg.det, np.linalg.det, real(4, 3) @ real(3, 4), order=3)
    agrees(ac.linalg.det, np.linalg.det, np.zeros((3, 3)), order=3)


def test_every_derivative_of_a_determinant():
    """d/dt to fifth order of det(a + t b) at t = 0 against the polynomial, at a matrix of rank 1."""
    a, b = np.outer([1.0, 2.0, 3.0, 1.0], [1.0, 0.0, 2.0, -1.0]), real(4, 4)
    f = lambda t: ac.linalg.det(ac.tensor(a) + t * ac.tensor(b))
    t = np.linspace(-1, 1, 5)
    coefficients = np.polynomial.polynomial.polyfit(t, [np.linalg.det(a + s * b) for s in t], 4)
    for k in range(5):
        np.testing.assert_allclose(f(ac.tensor(0.0)).item(), coefficients[k] * [1, 1, 2, 6, 24][k], atol=1e-10)
        f = ac.grad(f)
    assert abs(f(ac.tensor(0.0)).item()) < 1e-10


@pytest.mark.parametrize("f", [ac.linalg.det, ac.linalg.inv, lambda a: ac.linalg.solve(a, a * a)])
def test_third_derivatives_in_all_eight_compositions_of_modes(f):
    assert gradcheck(f, regular(2, 2), order=3)


def test_det_of_a_stack_whose_matrices_differ_in_size():
    """The second derivatives are read off a circle whose radius is that of each matrix by itself."""
    a = np.stack([real(3, 3) * 1e-6, real(3, 3), real(3, 3) * 1e6])
    f = ac.hessian(lambda a: ac.sum(ac.linalg.det(a)))
    whole = f(ac.tensor(a)).numpy()
    for k in range(3):
        alone = f(ac.tensor(a[k])).numpy()
        np.testing.assert_allclose(whole[k, :, :, k], alone, atol=1e-12 * np.abs(alone).max())


# -- slogdet -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 3), (2, 2, 2), (1, 1), (0, 0), (0, 2, 2)])
def test_slogdet(shape):
    agrees(lambda a: ac.linalg.slogdet(a).sign, lambda a: np.linalg.slogdet(a).sign, regular(*shape))
    agrees(lambda a: ac.linalg.slogdet(a).logabsdet, lambda a: np.linalg.slogdet(a).logabsdet, -regular(*shape))


def test_slogdet_of_complex_numbers():
    a = real(3, 3) + 1j * real(3, 3)
    agrees(lambda a: ac.linalg.slogdet(a)[0], lambda a: np.linalg.slogdet(a)[0], a)
    agrees(lambda a: ac.linalg.slogdet(a)[1], lambda a: np.linalg.slogdet(a)[1], a)
    assert gradcheck(lambda a: ac.linalg.slogdet(a), a, order=2)


def test_slogdet_of_a_singular_matrix():
    a = np.stack([np.eye(2), np.array([[1.0, 2.0], [2.0, 4.0]])])
    sign, logarithm = ac.linalg.slogdet(a)
    assert (sign[1].item(), logarithm[1].item()) == (0.0, -np.inf)
    gradient = ac.grad(lambda a: ac.linalg.slogdet(a)[1].sum())(ac.tensor(a)).numpy()
    np.testing.assert_array_equal(gradient, [np.eye(2), np.full((2, 2), np.inf)])
    gradient = ac.grad(lambda a: ac.linalg.slogdet(a)[1][0])(ac.tensor(a)).numpy()
    np.testing.assert_array_equal(gradient, [np.eye(2), np.zeros((2, 2))])


def test_slogdet_does_not_overflow():
    a = 1e200 * np.eye(3)
    np.testing.assert_allclose(ac.linalg.slogdet(a)[1].item(), 600 * np.log(10), rtol=1e-14)
    gradient = ac.grad(lambda a: ac.linalg.slogdet(a)[1])(ac.tensor(a))
    np.testing.assert_allclose(gradient.numpy(), 1e-200 * np.eye(3), rtol=1e-14)


# -- tensors -----------------------------------------------------------------------------------------------


def test_tensorsolve():
    agrees(ac.linalg.tensorsolve, np.linalg.tensorsolve, real(2, 3, 6), real(2, 3))
    f, g = (lambda a, b, m=m: m.linalg.tensorsolve(a, b, axes=(0, 2)) for m in (ac, np))
    agrees(f, g, real(3, 6, 2), real(6))
    with pytest.raises(ShapeError, match=r"tensorsolve: a of shape \(2, 3, 5\) must begin with the shape of b, \(2, 3\)"):
        ac.linalg.tensorsolve(real(2, 3, 5), real(2, 3))


def test_tensorinv():
    agrees(ac.linalg.tensorinv, np.linalg.tensorinv, real(2, 3, 6))
    agrees(lambda a: ac.linalg.tensorinv(a, ind=1), lambda a: np.linalg.tensorinv(a, ind=1), real(6, 2, 3))
    with pytest.raises(ShapeError, match="tensorinv: ind counts the first axes of a, at least one; given 0"):
        ac.linalg.tensorinv(real(2, 2), 0)
    with pytest.raises(ShapeError, match=r"tensorinv: axes \(2,\) and \(3,\) of a must have equally many elements"):
        ac.linalg.tensorinv(real(2, 3), 1)


# -- what it costs -----------------------------------------------------------------------------------------


def test_solve_factors_once_in_a_sweep(monkeypatch):
    a, b = (ac.tensor(x, requires_grad=True) for x in (regular(3, 3), real(3, 2)))
    y = ac.linalg.solve(a, b)
    calls, solve = [], np.linalg.solve
    monkeypatch.setattr(np.linalg, "solve", lambda *xs: calls.append(1) or solve(*xs))
    y.sum().backward()
    assert len(calls) == 1
    assert a.grad is not None
    assert b.grad is not None


@pytest.mark.parametrize("flags, a, b", [("10", (5, 3, 3), (3, 2)), ("01", (3, 3), (5, 3, 2)), ("11", (5, 3, 3), (5, 3))])
def test_solve_of_a_batch(flags, a, b):
    a, b = regular(*a), real(*b)
    axes = tuple(0 if flag == "1" else None for flag in flags)
    alone = [np.linalg.solve(*(x[k] if axis == 0 else x for x, axis in zip((a, b), axes))) for k in range(5)]
    np.testing.assert_allclose(ac.vmap(ac.linalg.solve, axes)(a, b).numpy(), alone, rtol=1e-12)


def test_many_right_hand_sides_are_columns_of_one_matrix(monkeypatch):
    calls, solve = [], np.linalg.solve
    monkeypatch.setattr(np.linalg, "solve", lambda a, b: calls.append(b.shape) or solve(a, b))
    a, b = regular(3, 3), real(5, 3)
    np.testing.assert_allclose(ac.vmap(ac.linalg.solve, (None, 0))(a, b).numpy(), solve(a, b.T).T, rtol=1e-12)
    assert calls[-1] == (3, 5)


@pytest.mark.parametrize("name", ["solve", "inv", "det", "slogdet"])
def test_float16_has_no_linear_algebra(name):
    a = np.eye(2, dtype=np.float16)
    with pytest.raises(DTypeError, match=f"{name}: linear algebra has no float16, as in NumPy. Convert it"):
        getattr(ac.linalg, name)(*((a, a) if name == "solve" else (a,)))


# -- a second opinion --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["solve", "inv", "det", "matmul"])
def test_complex_gradients_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    a, b = regular(3, 3) + 1j * real(3, 3), real(3, 2) + 1j * real(3, 2)
    ours, theirs = (getattr(m if name == "matmul" else m.linalg, name) for m in (ac, torch))
    count = 2 if name in ("solve", "matmul") else 1
    xs = [ac.tensor(x, requires_grad=True) for x in (a, b)[:count]]
    zs = [torch.tensor(x, requires_grad=True) for x in (a, b)[:count]]
    y, z = ours(*xs), theirs(*zs)
    g = np.asarray(y.numpy() * (1.0 - 2.0j))
    z.backward(torch.tensor(g))
    for x, expected in zip(ac.gradients(y, xs, grad_ys=g), zs, strict=True):
        np.testing.assert_allclose(x.numpy(), expected.grad.numpy(), rtol=1e-10)
