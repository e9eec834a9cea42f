"""checkpoint: the same derivatives as without, fewer arrays kept, the same random draws."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.graph import ancestors

rng = np.random.default_rng(0)
W = rng.normal(size=(3, 3))
X = rng.normal(size=(2, 3))


def derivatives(block):
    w, x = ac.tensor(W, requires_grad=True), ac.tensor(X, requires_grad=True)
    first = ac.gradients(ac.sum(block(x, w) ** 2), [w, x], create_graph=True)
    second = ac.gradients(sum(ac.sum(g**2) for g in first), [w, x])
    return [g.numpy() for g in (*first, *second)]


def plain(x, w):
    return ac.tanh(ac.tanh(x @ w) @ w)


def from_outside(x, w):
    return ac.checkpoint(lambda x: plain(x, w))(x)


@pytest.mark.parametrize("block", [ac.checkpoint(plain), from_outside])
def test_first_and_second_derivatives(block):
    for ours, expected in zip(derivatives(block), derivatives(plain)):
        np.testing.assert_allclose(ours, expected, rtol=1e-10)


@pytest.mark.parametrize("block", [ac.checkpoint(plain), from_outside])
def test_all_modes(block):
    ac.testing.gradcheck(block, (X, W), order=2)


def test_one_node_a_call():
    x = ac.tensor(X, requires_grad=True)
    y = ac.checkpoint(lambda x: plain(x, ac.tensor(W)))(x)
    assert [n.name for n in ancestors([y.node])] == ["leaf", "checkpoint", "part"]


def test_the_function_runs_again_only_backward():
    calls = []
    x = ac.tensor(X, requires_grad=True)
    y = ac.checkpoint(lambda x: calls.append(1) or ac.sum(x**2))(x)
    assert len(calls) == 1
    y.backward()
    assert len(calls) == 2
    with ac.no_grad():
        ac.checkpoint(lambda x: calls.append(1) or x)(x)
    assert len(calls) == 3


def test_structures_and_options():
    f = ac.checkpoint(lambda tree, *, scale: {"y": [tree["a"] * scale], "z": ac.sum(tree["b"])})
    a, b = ac.tensor(2.0, requires_grad=True), ac.tensor(X, requires_grad=True)
    y = f({"a": a, "b": b}, scale=3.0)
    (y["y"][0] + y["z"]).backward()
    assert a.grad.item() == 3.0
    np.testing.assert_array_equal(b.grad.numpy(), np.ones((2, 3)))


def test_random_draws_are_repeated():
    generator = ac.random.Generator(5)
    dropout = ac.checkpoint(lambda x: x * generator.bernoulli(0.5, size=100) * ac.random.normal(size=100))
    x = ac.tensor(np.ones(100), requires_grad=True)
    y = dropout(x)
    states = generator.state, ac.random.default_generator.state
    ac.random.normal(size=3)
    y.backward(np.ones(100))
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())
    assert generator.state == states[0]


def test_transforms_see_through_it():
    c = ac.checkpoint(lambda x: ac.sum(x**3))
    np.testing.assert_allclose(ac.vmap(c)(X).numpy(), (X**3).sum(1))
    np.testing.assert_allclose(ac.vmap(ac.grad(c))(X).numpy(), 3 * X**2)
    np.testing.assert_allclose(ac.jacobian(ac.checkpoint(lambda x: x**2))(X[0]).numpy(), np.diag(2 * X[0]))
    assert ac.jet(c, (X[0],), ([X[0], 0 * X[0]],))[1][0].item() == pytest.approx(3 * (X[0] ** 3).sum())


def test_a_changed_parameter_is_noticed():
    w = ac.tensor(W, requires_grad=True)
    y = ac.checkpoint(lambda x: x @ w)(ac.tensor(X, requires_grad=True))
    with ac.no_grad():
        w -= 0.1
    with pytest.raises(ac.MutationError, match="checkpoint"):
        ac.sum(y).backward()


def test_nested():
    inner = ac.checkpoint(lambda x: ac.sin(x) * x)
    ac.testing.gradcheck(ac.checkpoint(lambda x: inner(inner(x))), X[0], order=2)


def test_the_arguments_stay_as_they_are():
    x = ac.tensor([1.0, 2.0], requires_grad=True)

    def f(t):
        t[0] = 0.0
        return ac.sum(t**2)

    y = ac.checkpoint(f)(x)
    assert x.tolist() == [1.0, 2.0]
    y.backward()
    assert x.grad.tolist() == [0.0, 4.0]


def test_a_result_does_not_share_memory_with_an_argument():
    c = ac.tensor([1.0, 2.0, 3.0])
    memory = c.data
    y = ac.checkpoint(lambda t: t)(c)
    w = ac.tensor(np.ones(3), requires_grad=True)
    z = ac.sum(w * y)
    memory += 5.0
    z.backward()
    assert w.grad.tolist() == [1.0, 2.0, 3.0]


def test_the_draws_of_other_threads_are_not_repeated():
    generator = ac.random.Generator(0)
    y = ac.checkpoint(lambda x: x * generator.normal(size=2))(ac.tensor(np.ones(2), requires_grad=True))
    position = generator.position
    y.backward(np.ones(2))
    assert generator.position == position


def test_whole_numbers_pass_through():
    x, n = ac.tensor([1.0, 2.0], requires_grad=True), ac.tensor(3)
    ac.sum(ac.checkpoint(lambda x, n: x**n)(x, n)).backward()
    assert x.grad.tolist() == [3.0, 12.0]


def test_gradients_inside():
    """As of a network with a derivative in it: the first run has a graph then, for as long as it lasts."""

    def by_gradients(x):
        (g,) = ac.gradients(ac.sum(x**3), x, create_graph=True)
        return ac.sum(g * g)

    def by_backward(x):
        z = x * 1.0
        z.retain_grad()
        ac.sum(z**3).backward(create_graph=True)
        return ac.sum(z.grad**2)

    for f in (by_gradients, by_backward):
        x = ac.tensor([1.0, 2.0], requires_grad=True)
        y = ac.checkpoint(f)(x)
        assert y.grad_fn.next_functions[0][0].name == "checkpoint"
        y.backward()
        np.testing.assert_allclose(x.grad.numpy(), [36.0, 288.0])
        np.testing.assert_allclose(ac.hessian(ac.checkpoint(f))(np.array([1.0, 2.0])).numpy(), np.diag([108.0, 432.0]))
    generator = ac.random.Generator(3)
    noisy = ac.checkpoint(lambda x: by_gradients(x * generator.normal(size=2)))
    expected = by_gradients(x * ac.random.Generator(3).normal(size=2))
    np.testing.assert_array_equal(noisy(x).numpy(), expected.numpy())
    assert generator.position == 1


def test_gradients_of_what_comes_from_outside():
    w = ac.tensor([1.0, 3.0], requires_grad=True)

    def f(x):
        (g,) = ac.gradients(ac.sum(w * x**3), x, create_graph=True)
        return ac.sum(g)

    ac.checkpoint(f)(ac.tensor([1.0, 2.0], requires_grad=True)).backward()
    np.testing.assert_allclose(w.grad.numpy(), [3.0, 12.0])
