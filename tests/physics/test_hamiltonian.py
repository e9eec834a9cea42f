"""Hamiltonian and plain networks: exact fields from known energies, gradients, conservation, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from physics.baseline import BaselineNN
from physics.hamiltonian import HamiltonianNN
from physics.integrate import integrate
from physics.systems import MassSpring, Pendulum, TwoBody

draws = np.random.default_rng(0)


@pytest.mark.parametrize("system", [MassSpring(3.0, 2.0), Pendulum(), TwoBody()], ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("batch", [(), (5,), (2, 3), (0,)])
def test_a_known_energy_gives_the_exact_field(system, batch):
    x = draws.normal(size=(*batch, system.size))
    model = HamiltonianNN(system.energy)
    found = model.time_derivative(x)
    assert found.shape == x.shape
    assert np.allclose(found.numpy(), system.time_derivative(x), rtol=1e-13)
    assert np.array_equal(model.energy(x).numpy(), model(x).numpy())


def test_whatever_a_network_is_its_energy_is_conserved():
    model = HamiltonianNN(nn.MLP([6, 16, 1], generator=0))
    x = draws.normal(size=(4, 6))
    slope = ac.grad(lambda x: ac.sum(model(x)))(ac.tensor(x))
    assert np.abs(np.sum(slope.numpy() * model.time_derivative(x).detach().numpy(), axis=-1)).max() < 1e-15
    with ac.no_grad():
        path = integrate(model.time_derivative, x, np.linspace(0.0, 5.0, 11), "gauss-legendre", steps=20)
        energy = model(path).numpy()
    assert np.abs(energy - energy[0]).max() < 1e-9


def test_the_gradient_of_a_loss_of_the_field():
    x, target = draws.normal(size=(3, 4)), draws.normal(size=(3, 4))

    def loss(w, b, v):
        model = HamiltonianNN(lambda x: ac.matmul(ac.tanh(ac.matmul(x, w) + b), v))
        return ac.mean((model.time_derivative(x) - target) ** 2)

    ac.testing.gradcheck(loss, (draws.normal(size=(4, 5)), draws.normal(size=5), draws.normal(size=(5, 1))), order=2)


def test_the_field_is_differentiable_by_the_state():
    model = HamiltonianNN(nn.MLP([2, 5, 1], generator=0))
    ac.testing.gradcheck(model.time_derivative, (draws.normal(size=(3, 2)),), order=2)


def test_nothing_is_recorded_where_it_should_not():
    model = HamiltonianNN(nn.MLP([2, 5, 1], generator=0))
    with ac.no_grad():
        assert not model.time_derivative(np.zeros((3, 2))).requires_grad
    assert model.time_derivative(np.zeros((3, 2))).requires_grad
    assert model.float().time_derivative(np.zeros((3, 2), "f4")).dtype == np.float32


def losses_of_steps(wrap):
    x, dx = np.random.default_rng(1).normal(size=(2, 20, 2))
    model = HamiltonianNN(nn.MLP([2, 8, 1], generator=0))
    optimizer = nn.optim.Adam(model.parameters(), lr=1e-2)

    def step(x, dx):
        optimizer.zero_grad()
        loss = nn.mse_loss(model.time_derivative(x), dx)
        loss.backward()
        optimizer.step()
        return loss.detach()

    run = wrap(step)
    return [run(ac.tensor(x), ac.tensor(dx)).item() for _ in range(6)]


def test_a_training_step_can_be_compiled():
    eager, compiled = losses_of_steps(lambda step: step), losses_of_steps(ac.compile)
    assert np.allclose(eager, compiled, rtol=1e-10)
    assert eager[-1] < eager[0]


def test_what_is_refused():
    with pytest.raises(ac.errors.ShapeError, match=r"positions and as many momenta, \(q, p\); got shape \(5, 3\)"):
        HamiltonianNN(nn.MLP([3, 1]))(np.zeros((5, 3)))
    with pytest.raises(ac.errors.ShapeError, match=r"the network gives \(5, 2\); needed is one number"):
        HamiltonianNN(nn.MLP([2, 2])).time_derivative(np.zeros((5, 2)))
    with pytest.raises(ac.errors.ShapeError, match=r"BaselineNN: the network gives \(5, 1\) for states \(5, 2\)"):
        BaselineNN(nn.MLP([2, 1])).time_derivative(np.zeros((5, 2)))


def test_the_plain_network_is_the_field():
    net = nn.MLP([2, 4, 2], generator=0)
    x = draws.normal(size=(3, 2))
    assert np.array_equal(BaselineNN(net).time_derivative(x).numpy(), net(x).numpy())
    assert next(name for name, _ in BaselineNN(net).named_parameters()) == "network.layers.0.weight"
