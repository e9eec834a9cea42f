"""Lagrangian networks: exact accelerations from known Lagrangians, the mass matrix, and where it is singular."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from physics.integrate import integrate
from physics.lagrangian import LagrangianNN, SingularMassMatrixError
from physics.systems import DoublePendulum

draws = np.random.default_rng(0)
DOUBLE = DoublePendulum(m1=2.0, m2=0.5, l1=1.5, l2=0.7)


@pytest.mark.parametrize("batch", [(), (5,), (2, 3)])
@pytest.mark.parametrize("options", [{}, {"pseudo_inverse": True}])
def test_a_known_lagrangian_gives_the_exact_motion(batch, options):
    x = draws.normal(size=(*batch, 4))
    model = LagrangianNN(DOUBLE.lagrangian, **options)
    assert np.allclose(model.time_derivative(x).numpy(), DOUBLE.time_derivative(x), rtol=1e-11)
    assert np.allclose(model.acceleration(x[..., :2], x[..., 2:]).numpy(), DOUBLE.time_derivative(x)[..., 2:], rtol=1e-11)
    assert np.allclose(model.energy(x[..., :2], x[..., 2:]).numpy(), DOUBLE.energy(x))


def test_a_charge_in_a_magnetic_field_turns():
    """L = |q̇|²/2 + (x ẏ − y ẋ) b/2: the velocity enters the force, q̈ = b (ẏ, −ẋ)."""
    model = LagrangianNN(
        lambda x: 0.5 * (x[..., 2] ** 2 + x[..., 3] ** 2) + 1.5 * (x[..., 0] * x[..., 3] - x[..., 1] * x[..., 2])
    )
    q, qd = draws.normal(size=(2, 6, 2))
    assert np.allclose(model.acceleration(q, qd).numpy(), 3.0 * qd[:, ::-1] * [1, -1])


def test_mass_matrix_momentum_and_condition():
    model = LagrangianNN(DOUBLE.lagrangian)
    q, qd = draws.normal(size=(2, 6, 2))
    mass = model.mass_matrix(q, qd).numpy()
    coupling = 0.5 * 1.5 * 0.7 * np.cos(q[:, 0] - q[:, 1])
    assert np.allclose(mass[:, 0, 0], 2.5 * 1.5**2)
    assert np.allclose(mass[:, 1, 1], 0.5 * 0.7**2)
    assert np.allclose(mass[:, 0, 1], coupling)
    assert np.allclose(mass, np.swapaxes(mass, 1, 2))
    assert np.allclose(model.momentum(q, qd).numpy(), np.einsum("nij,nj->ni", mass, qd))
    assert np.allclose(model.condition_number(q, qd), np.linalg.cond(mass))


def test_the_ridge_is_that_of_a_lagrangian():
    net = nn.MLP([2, 8, 1], "softplus", generator=0)
    q, qd = draws.normal(size=(2, 6, 1))
    plain, ridged = LagrangianNN(net), LagrangianNN(net, ridge=2.0)
    assert np.allclose(ridged.mass_matrix(q, qd).detach().numpy(), plain.mass_matrix(q, qd).detach().numpy() + 2.0)
    with ac.no_grad():
        path = integrate(ridged.time_derivative, np.concatenate([q, qd], axis=1), [0.0, 1.0, 3.0], rtol=1e-10, atol=1e-10)
        energy = ridged.energy(path[..., :1], path[..., 1:]).numpy()
    assert np.abs(energy - energy[0]).max() < 1e-8


def test_the_gradient_of_a_loss_of_accelerations():
    q, qd, target = draws.normal(size=(3, 4, 2))

    def loss(w, v):
        model = LagrangianNN(lambda x: ac.matmul(ac.softplus(ac.matmul(x, w)), v), ridge=1.0)
        return ac.mean((model.acceleration(q, qd) - target) ** 2)

    ac.testing.gradcheck(loss, (0.5 * draws.normal(size=(4, 3)), draws.uniform(0.5, 1.0, (3, 1))))


def test_the_motion_is_differentiable_by_the_state():
    model = LagrangianNN(DOUBLE.lagrangian)
    ac.testing.gradcheck(model.time_derivative, (draws.normal(size=(2, 4)),))


def test_a_singular_mass_matrix_is_named_with_its_state():
    flat = LagrangianNN(lambda x: x[..., 0] * x[..., 1] ** 3)
    q, qd = np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]])
    with pytest.raises(SingularMassMatrixError, match=r"singular.*at state \[1\], q = \[2\.0\], q̇ = \[0\.0\].*ridge=1e-6"):
        flat.acceleration(q, qd)
    with pytest.raises(np.linalg.LinAlgError, match="at the state, q = "):
        flat.acceleration(q[1], qd[1])
    assert np.isinf(flat.condition_number(q, qd)[1])
    for mended in (LagrangianNN(flat.network, ridge=1e-3), LagrangianNN(flat.network, pseudo_inverse=True)):
        assert np.isfinite(mended.acceleration(q, qd).numpy()).all()
    two = LagrangianNN(lambda x: (x[..., 2] + x[..., 3]) ** 2)
    with pytest.raises(SingularMassMatrixError, match="condition number"):
        two.acceleration(np.zeros((1, 2)), np.ones((1, 2)))
    with pytest.raises(SingularMassMatrixError, match="relu has no second derivative"):
        LagrangianNN(nn.MLP([2, 8, 1], "relu", generator=0)).acceleration([[0.3]], [[0.2]])


def test_what_is_refused():
    with pytest.raises(ac.errors.ShapeError, match=r"positions \(5, 2\) and velocities \(5, 1\) must have one shape"):
        LagrangianNN(DOUBLE.lagrangian).acceleration(np.zeros((5, 2)), np.zeros((5, 1)))
    with pytest.raises(ac.errors.ShapeError, match="the network gives"):
        LagrangianNN(nn.MLP([2, 3]))(np.zeros((5, 1)), np.zeros((5, 1)))
    with pytest.raises(ac.errors.ShapeError, match="as many of each"):
        LagrangianNN(DOUBLE.lagrangian).time_derivative(np.zeros(3))
    with pytest.raises(ValueError, match="0 or more; got -1"):
        LagrangianNN(DOUBLE.lagrangian, ridge=-1.0)
