"""PyTorch's autograd and func."""

from __future__ import annotations

import pytest

import autograd_core as ac
from nn import compat as torch

grad = torch.autograd.grad


class Cube(torch.autograd.Function):
    """x³ times a number that is no Tensor."""

    @staticmethod
    def forward(ctx, x, factor):
        assert ctx.needs_input_grad == (True, False)
        ctx.save_for_backward(x)
        ctx.factor = factor
        return factor * x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        assert type(x) is type(g) is torch.Tensor
        return 3 * ctx.factor * x * x * g, None


class Both(torch.autograd.Function):
    """The sum and the product, with the newer form of the context."""

    @staticmethod
    def forward(x, z):
        return x + z, x * z

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g, h):
        x, z = ctx.saved_tensors
        return g + h * z, g + h * x


def test_a_rule_of_ones_own_to_third_order():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x, 2)
    orders = [y]
    for _ in range(3):
        orders.append(grad(orders[-1].sum(), x, create_graph=True)[0])
    assert [o.tolist() for o in orders] == [[2.0, 16.0], [6.0, 24.0], [12.0, 24.0], [12.0, 12.0]]


def test_a_rule_with_two_outputs():
    x, z = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    total, product = Both.apply(x, z)
    (total + 3 * product).backward()
    assert (x.grad.item(), z.grad.item()) == (16.0, 7.0)


def test_gradients_of_unused_inputs():
    x, z = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert grad(x.sum(), [x, z], allow_unused=True)[1] is None
    assert grad(x.sum(), [x, z], materialize_grads=True)[1].tolist() == [0.0, 0.0]
    with pytest.raises(ac.errors.GradientError):
        grad(x.sum(), [x, z])


def test_batches_of_cotangents():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (rows,) = grad(x**2, x, torch.eye(3), is_grads_batched=True)
    assert rows.tolist() == [[2.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 6.0]]


def test_backward_of_several_and_by_some():
    x, z = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    torch.autograd.backward([(x * z).sum(), (2 * x).sum()])
    assert (x.grad.tolist(), z.grad.tolist()) == ([3.0, 3.0], [1.0, 1.0])
    (x * z).sum().backward(inputs=[x])
    assert (x.grad.tolist(), z.grad.tolist()) == ([4.0, 4.0], [1.0, 1.0])


def test_hooks_see_tensors_of_this_kind():
    x = torch.ones(2, requires_grad=True)
    seen = []
    handle = x.register_hook(lambda g: seen.append(type(g)) or 2 * g)
    x.sum().backward()
    handle.remove()
    assert seen == [torch.Tensor]
    assert x.grad.tolist() == [2.0, 2.0]


def test_derivatives_of_functions():
    x, v = torch.tensor([1.0, 2.0]), torch.tensor([1.0, -1.0])
    functional, func = torch.autograd.functional, torch.func
    f = lambda x: x.pow(3).sum(dim=0)
    assert functional.jacobian(lambda x: x.view(-1) ** 2, x).tolist() == [[2.0, 0.0], [0.0, 4.0]]
    assert functional.hessian(f, x).tolist() == func.hessian(f)(x).tolist() == [[6.0, 0.0], [0.0, 12.0]]
    assert [j.tolist() for j in functional.jacobian(lambda x, z: x * z, (x, v))] == [
        [[1.0, 0.0], [0.0, -1.0]],
        [[1.0, 0.0], [0.0, 2.0]],
    ]
    assert functional.hvp(f, x, v)[1].tolist() == [6.0, -12.0]
    assert func.grad(f)(x).tolist() == [3.0, 12.0]
    assert [t.tolist() for t in func.grad_and_value(f)(x)] == [[3.0, 12.0], 9.0]
    value, pull = func.vjp(f, x)
    assert (value.item(), pull(torch.tensor(2.0))[0].tolist()) == (9.0, [6.0, 24.0])
    assert [t.item() for t in func.jvp(f, (x,), (v,))] == [9.0, -9.0]
    assert func.vmap(lambda a, b: a.dot(b), in_dims=(0, None))(torch.ones(3, 2), x).tolist() == [3.0] * 3


def test_a_module_with_other_parameters():
    net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Tanh())
    before = net.state_dict()
    y = torch.func.functional_call(net, {"0.weight": torch.zeros(1, 2), "0.bias": torch.ones(1)}, torch.ones(3, 2))
    assert torch.allclose(y, torch.tensor(1.0).tanh())
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def test_checkpoints_and_checks():
    x = torch.tensor([0.3, 0.7], requires_grad=True)
    torch.utils.checkpoint.checkpoint(lambda x: x.exp().sum(), x, use_reentrant=False).backward()
    assert torch.allclose(x.grad, x.exp())
    assert torch.autograd.gradcheck(lambda x: x.sin() * x, (x,))
