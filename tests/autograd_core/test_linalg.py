"""solve, inv, det, norm: values as in NumPy, derivatives to second order (det to third), singular matrices, errors."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.linalg import LinAlgError

import autograd_core as ac
from autograd_core.errors import ShapeError
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


# -- norm --------------------------------------------------------------------------------------------------

NORMS = [((3,), {}), ((2, 3), {}), ((2, 3), {"axis": 1}), ((2, 3, 4), {"axis": (0, 2)}), ((), {}), ((0,), {})]
NORMS += [((2, 3), {"axis": 0, "keepdims": True}), ((2, 3), {"ord": "fro"}), ((3,), {"ord": 2}), ((3,), {"ord": 1})]
NORMS += [((2, 3), {"ord": np.inf, "axis": -1}), ((2, 3), {"ord": -np.inf, "axis": 0}), ((2, 0), {"axis": 1})]


@pytest.mark.parametrize("shape, options", NORMS)
def test_norm(shape, options):
    agrees(lambda x: ac.linalg.norm(x, **options), lambda x: np.linalg.norm(x, **options), real(*shape))


def test_norm_of_complex_numbers():
    agrees(ac.linalg.norm, np.linalg.norm, real(3) + 1j * real(3))


def test_norm_at_zero_has_the_gradient_zero():
    np.testing.assert_array_equal(ac.grad(ac.linalg.norm)(ac.tensor([0.0, 0.0])).numpy(), [0, 0])
    np.testing.assert_array_equal(ac.grad(lambda x: ac.linalg.norm(x) ** 2)(ac.tensor([0.0, 0.0])).numpy(), [0, 0])


@pytest.mark.parametrize("scale", [1e200, 1e-200, 5e-324 / 1e-16])
def test_norm_neither_overflows_nor_vanishes(scale):
    x = ac.tensor([3.0 * scale, 4.0 * scale], requires_grad=True)
    y = ac.linalg.norm(x)
    y.backward()
    np.testing.assert_allclose(y.item(), 5.0 * scale, rtol=1e-14)
    np.testing.assert_allclose(x.grad.numpy(), [0.6, 0.8], rtol=1e-14)


def test_norm_of_the_infinite():
    assert ac.linalg.norm([np.inf, 1.0]).item() == np.inf
    assert np.isnan(ac.linalg.norm([np.nan, 1.0]).item())


def test_norm_refuses_what_it_does_not_know():
    with pytest.raises(ShapeError, match=r"norm: ord='nuc' over 2 axes of shape \(2, 2\) is not known"):
        ac.linalg.norm(np.ones((2, 2)), ord="nuc")
    with pytest.raises(ShapeError, match="norm: axis 2 is out of range"):
        ac.linalg.norm(np.ones((2, 2)), axis=2)


# -- a second opinion --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["solve", "inv", "det", "norm", "matmul"])
def test_complex_gradients_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    a, b = regular(3, 3) + 1j * real(3, 3), real(3, 2) + 1j * real(3, 2)
    ours, theirs = (getattr(m if name == "matmul" else m.linalg, name) for m in (ac, torch))
    count = 2 if name in ("solve", "matmul") else 1
    xs = [ac.tensor(x, requires_grad=True) for x in (a, b)[:count]]
    zs = [torch.tensor(x, requires_grad=True) for x in (a, b)[:count]]
    y, z = ours(*xs), theirs(*zs)
    g = np.asarray(y.numpy() * (2.0 if name == "norm" else 1.0 - 2.0j))
    z.backward(torch.tensor(g))
    for x, expected in zip(ac.gradients(y, xs, grad_ys=g), zs, strict=True):
        np.testing.assert_allclose(x.numpy(), expected.grad.numpy(), rtol=1e-10)
