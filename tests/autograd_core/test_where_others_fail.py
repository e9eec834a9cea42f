"""Cases that PyTorch 2.13, JAX 0.10 or HIPS autograd 1.9 get wrong, measured in float64, with the right values."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import autograd_core as ac

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")  # values at infinities
rng = np.random.default_rng(0)


def reverse(f):
    """The gradient of the sum of f, by reverse mode."""
    return ac.grad(lambda x: ac.sum(f(x)))


def forward(f):
    """The derivative of f along ones, by forward mode."""
    return lambda x: ac.jvp(f, (x,), (ac.ones(np.shape(x)),))[1]


MODES = {"reverse": reverse, "forward": forward}
NESTED = list(itertools.product(MODES, repeat=2))


def layer_norm(x):
    return (x - ac.mean(x, axis=-1, keepdims=True)) / ac.sqrt(ac.var(x, axis=-1, keepdims=True) + 1e-5)


def batch_norm(x):
    return (x - ac.mean(x, axis=0)) / ac.sqrt(ac.var(x, axis=0) + 1e-5)


# -- PyTorch -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("matrix", [[[1.0, 2.0], [2.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]]])
def test_det_at_a_singular_matrix(matrix):
    (a, b), (c, d) = matrix
    np.testing.assert_allclose(ac.grad(ac.linalg.det)(np.array(matrix)).numpy(), [[d, -c], [-b, a]], atol=1e-14)
    hessian = ac.hessian(ac.linalg.det)(np.array(matrix)).numpy().reshape(4, 4)
    np.testing.assert_allclose(hessian, [[0, 0, 0, 1], [0, 0, -1, 0], [0, -1, 0, 0], [1, 0, 0, 0]], atol=1e-14)


@pytest.mark.parametrize("norm", [layer_norm, batch_norm])
def test_third_derivatives_of_normalisations(norm):
    x = rng.normal(size=(3, 4))
    weights = ac.tensor(rng.normal(size=(3, 4)))
    ac.testing.gradcheck(lambda x: ac.sum(norm(x) ** 2 * weights), x, order=3)


MIXED = {
    "det": (lambda x: ac.linalg.det(x), rng.normal(size=(3, 3))),
    "det, singular": (lambda x: ac.linalg.det(x), np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0])),
    "solve": (lambda x: ac.linalg.solve(x, x @ x), rng.normal(size=(3, 3)) + 3 * np.eye(3)),
    "layer norm": (layer_norm, rng.normal(size=(2, 3))),
    "batch norm": (batch_norm, rng.normal(size=(3, 2))),
    "cumprod at a zero": (ac.cumprod, np.array([2.0, 0.0, 3.0, 0.0, 5.0])),
    "prod with zeros": (ac.prod, np.array([2.0, 0.0, 3.0, 0.0])),
}


@pytest.mark.parametrize("name", MIXED)
def test_every_nesting_of_modes(name):
    f, x = MIXED[name]
    ac.testing.gradcheck(f, x, order=3)


def test_sinc():
    values = [ac.sinc(0.0).item()]
    f = ac.sinc
    for _ in range(4):
        f = ac.grad(f)
        values.append(f(0.0).item())
    np.testing.assert_allclose(values, [1.0, 0.0, -(np.pi**2) / 3, 0.0, np.pi**4 / 5], atol=1e-12)


def test_xlogy_at_zero():
    assert ac.grad(ac.special.xlogy, 1)(0.0, 0.0).item() == 0.0
    assert ac.jvp(lambda z: ac.special.xlogy(0.0, z), (0.0,), (1.0,))[1].item() == 0.0


def test_logsumexp_of_nothing_but_minus_infinity():
    x = np.full(3, -np.inf)
    assert ac.logsumexp(x).item() == -np.inf
    assert ac.grad(ac.logsumexp)(x).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("modes", [*NESTED, *itertools.product(MODES, repeat=3)])
@pytest.mark.parametrize("bad", [ac.sqrt, ac.log, lambda x: 1.0 / x, lambda x: x**0.5, lambda x: x**-1.5, ac.arccosh, ac.cbrt])
def test_where_with_a_bad_branch_not_taken(modes, bad):
    f = lambda x: ac.where(x > 0.5, bad(2.0 * x), x**3 + x * x)
    for mode in reversed(modes):
        f = MODES[mode](f)
    assert f(np.array(0.0)).item() == {2: 2.0, 3: 6.0}[len(modes)]


def test_a_remainder_not_taken():
    f = lambda v: ac.sum(ac.where(v > 0, ac.mod(1.0, v), v**2))
    assert ac.grad(f)(np.array([0.0, 4.0])).tolist() == [0.0, 0.0]


def test_softplus_is_not_cut():
    x = 25.0
    assert ac.grad(ac.softplus)(x).item() == pytest.approx(1 / (1 + math.exp(-x)), rel=1e-15)
    assert ac.grad(ac.grad(ac.softplus))(x).item() == pytest.approx(math.exp(-x) / (1 + math.exp(-x)) ** 2, rel=1e-12)
    assert ac.softplus(-800.0).item() == 0.0
    assert ac.softplus(800.0).item() == 800.0


def test_an_array_times_a_tensor():
    x = ac.tensor([1.0, 2.0], requires_grad=True)
    for y in (np.ones(2) * x, np.float64(2.0) * x, np.ones(2) @ x, np.ones(2) - x, np.ones(2) / x):
        assert isinstance(y, ac.Tensor)
        assert y.requires_grad


# -- JAX -----------------------------------------------------------------------------------------------------------------


def test_hypot_does_not_overflow():
    gx, gz = ac.grad(ac.hypot, (0, 1))(3e200, 4e200)
    assert (gx.item(), gz.item()) == pytest.approx((0.6, 0.8), rel=1e-15)
    gx, gz = ac.grad(ac.hypot, (0, 1))(3e-200, 4e-200)
    assert (gx.item(), gz.item()) == pytest.approx((0.6, 0.8), rel=1e-15)
    gx, gz = ac.grad(ac.arctan2, (0, 1))(3e200, 4e200)
    assert (gx.item(), gz.item()) == pytest.approx((4 / 25 * 1e-200, -3 / 25 * 1e-200), rel=1e-14)
    np.testing.assert_allclose(ac.grad(ac.linalg.norm)(np.array([3e200, 4e200])).numpy(), [0.6, 0.8], rtol=1e-15)


def test_logaddexp_with_infinities():
    gx, gz = ac.grad(ac.logaddexp, (0, 1))(np.inf, 2.0)
    assert (gx.item(), gz.item()) == (1.0, 0.0)
    gx, gz = ac.grad(ac.logaddexp, (0, 1))(-np.inf, 2.0)
    assert (gx.item(), gz.item()) == (0.0, 1.0)
    gx, gz = ac.grad(ac.logaddexp, (0, 1))(-np.inf, -np.inf)
    assert not np.isnan([gx.item(), gz.item()]).any()


def test_the_squared_norm_at_zero():
    f = lambda x: ac.linalg.norm(x) ** 2
    assert ac.grad(f)(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    assert np.isfinite(ac.hessian(f)(np.zeros(3)).numpy()).all()


def test_zero_to_the_power_zero():
    gx, gz = ac.grad(ac.power, (0, 1))(0.0, 0.0)
    assert (gx.item(), gz.item()) == (0.0, 0.0)
    assert ac.grad(lambda x: x**0)(0.0).item() == 0.0
    assert ac.grad(lambda x: x**1)(0.0).item() == 1.0
    assert ac.grad(ac.grad(lambda x: x**2))(0.0).item() == 2.0
    assert ac.grad(lambda z: ac.power(0.0, z))(2.0).item() == 0.0


# -- HIPS autograd -------------------------------------------------------------------------------------------------------


def test_prod_with_zeros():
    assert ac.grad(ac.prod)(np.array([0.0, 2.0, 3.0])).tolist() == [6.0, 0.0, 0.0]
    assert ac.grad(ac.prod)(np.array([0.0, 0.0, 3.0])).tolist() == [0.0, 0.0, 0.0]
    assert ac.hessian(ac.prod)(np.array([0.0, 0.0, 3.0])).tolist() == [[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_einsum_of_a_trace():
    assert ac.grad(lambda x: ac.einsum("ii->", x))(np.ones((2, 2))).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("f", [ac.tanh, ac.sigmoid, ac.softplus])
@pytest.mark.parametrize("x", [1000.0, -1000.0])
def test_derivatives_far_out(f, x):
    derivative = f
    for order in range(1, 4):
        derivative = ac.grad(derivative)
        limit = 1.0 if f is ac.softplus and x > 0 and order == 1 else 0.0
        assert derivative(x).item() == limit


# -- the rules behind them -----------------------------------------------------------------------------------------------


def test_linearity_holds_beside_a_singular_point():
    """A zero cotangent contributes zero where the derivative is infinite; any other gives its product."""
    _, pull = ac.vjp(ac.sqrt, np.array([0.0, 4.0]))
    assert pull([0.0, 1.0])[0].tolist() == [0.0, 0.25]
    assert pull([1.0, 0.0])[0].tolist() == [np.inf, 0.0]
    _, pull = ac.vjp(ac.exp, np.array([np.inf]))
    assert np.isnan(pull([0.0])[0].numpy()).all()  # multiply and exp do not do this


def test_single_precision_with_a_scalar_of_double():
    x = ac.tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    ac.sum(x * np.float64(2.0)).backward()
    assert x.grad.dtype == np.float32
