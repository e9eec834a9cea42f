"""The engine in fifteen tests: read from top to bottom, they are its tutorial."""

import numpy as np
import pytest

import autograd_core as ac
import nn
import physics


def test_01_a_tensor_is_an_array_that_remembers():
    x = ac.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = ac.sum(x**2)
    assert y.item() == 14.0
    assert repr(y) == "tensor(14., grad_fn=<sum>)"


def test_02_backward_puts_the_gradient_into_the_leaves():
    x = ac.tensor([1.0, 2.0, 3.0], requires_grad=True)
    ac.sum(x**2).backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]  # d(x²)/dx = 2x


def test_03_the_chain_rule_is_a_walk_over_the_graph():
    x = ac.tensor(0.5, requires_grad=True)
    y = ac.sin(x * x)
    sine, product = y.grad_fn, y.grad_fn.parents[0]
    assert (sine.name, product.name) == ("sin", "multiply")
    assert product.parents == (x.node, x.node)  # both operands are x
    y.backward()
    assert np.isclose(x.grad.item(), np.cos(0.25) * 2 * 0.5)


def test_04_gradients_accumulate_until_they_are_cleared():
    x = ac.tensor(3.0, requires_grad=True)
    (2.0 * x).backward()
    (5.0 * x).backward()
    assert x.grad.item() == 7.0
    x.grad = None
    (2.0 * x).backward()
    assert x.grad.item() == 2.0


def test_05_broadcasting_is_undone_by_a_sum():
    column, row = ac.tensor(np.ones((3, 1)), requires_grad=True), ac.tensor(np.ones(4), requires_grad=True)
    ac.sum(column * row).backward()
    assert column.grad.tolist() == [[4.0], [4.0], [4.0]]
    assert row.grad.tolist() == [3.0, 3.0, 3.0, 3.0]


def test_06_a_constant_takes_no_part():
    x = ac.tensor(2.0, requires_grad=True)
    assert not (x.detach() * 3.0).requires_grad
    with ac.no_grad():
        assert not (x * 3.0).requires_grad
    y = x * ac.stop_gradient(x)  # as if x² were x · 2
    y.backward()
    assert x.grad.item() == 2.0


def test_07_derivatives_are_functions_too():
    f = lambda x: x**3
    assert ac.grad(f)(2.0).item() == 12.0
    assert ac.grad(ac.grad(f))(2.0).item() == 12.0
    assert ac.grad(ac.grad(ac.grad(f)))(2.0).item() == 6.0


def test_08_forward_mode_pushes_a_direction_through():
    value, slope = ac.jvp(lambda x, z: x * ac.exp(z), (2.0, 0.0), (1.0, 3.0))
    assert value.item() == 2.0
    assert slope.item() == 1.0 * 1.0 + 2.0 * 3.0  # eᶻ·dx + x·eᶻ·dz


def test_09_jacobians_hessians_and_hessian_vector_products():
    f = lambda x: x[0] ** 2 * x[1]
    x = np.array([1.0, 2.0])
    assert ac.jacobian(lambda x: x * x)(x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert ac.hessian(f)(x).tolist() == [[4.0, 2.0], [2.0, 0.0]]
    assert ac.hvp(f, x, np.array([1.0, 0.0])).tolist() == [4.0, 2.0]


def test_10_transforms_nest_without_confusion():
    # d/dx (x · d/dy (x + y)) = 1; engines that confuse the two perturbations answer 2.
    outer = ac.grad(lambda x: x * ac.grad(lambda y: x + y)(1.0))
    assert outer(1.0).item() == 1.0


def test_11_a_gradient_can_be_part_of_a_loss():
    x = ac.tensor(2.0, requires_grad=True)
    (slope,) = ac.gradients(x**3, x, create_graph=True)
    (slope**2).backward()  # d/dx (3x²)² = 36x³
    assert x.grad.item() == 36.0 * 8.0


def test_12_every_gradient_can_be_checked():
    assert ac.testing.gradcheck(lambda x: ac.tanh(x) / x, np.array([0.5, 2.0]), order=2)


def test_13_a_mistake_is_explained():
    with pytest.raises(ac.ShapeError, match=r"\(2,\) and \(3,\)"):
        ac.tensor([1.0, 2.0]) + ac.tensor([1.0, 2.0, 3.0])
    with pytest.raises(ac.DTypeError, match="dtype=float"):
        ac.tensor([1, 2, 3], requires_grad=True)


def test_14_a_network_learns_by_these_gradients():
    nn.manual_seed(0)
    net = nn.MLP([1, 16, 1], activation="tanh")
    optimizer = nn.optim.Adam(net.parameters(), lr=1e-2)
    x = np.linspace(-1, 1, 20).reshape(-1, 1)
    losses = []
    for _ in range(300):
        optimizer.zero_grad()
        loss = nn.mse_loss(net(x), np.sin(3 * x))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 10


def test_15_and_solves_a_differential_equation():
    nn.manual_seed(0)
    decay = physics.PINN(
        nn.MLP([1, 10, 1], activation="tanh"),
        physics.TimeInterval("t", 0, 1),
        outputs=["u"],
        residual=lambda s: s.u_t + s.u,
        conditions=[physics.InitialCondition(1.0)],
        points=physics.Collocation(interior=30),
    )
    decay.fit(physics.Stage(nn.optim.LBFGS, steps=100), progress=False)
    assert abs(decay([[1.0]]).item() - np.exp(-1.0)) < 1e-3
