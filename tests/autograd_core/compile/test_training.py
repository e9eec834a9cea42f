"""Whole training steps, compiled against eager: the same numbers step by step, whatever changes between the calls."""

from __future__ import annotations

import numpy as np
import pytest
from memory import most

import autograd_core as ac
import nn

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), RNG.normal(size=(12, 2))


def network():
    return nn.Sequential(nn.Linear(3, 8, generator=0), nn.Tanh(), nn.Linear(8, 2, generator=1))


def losses(wrap, make_optimizer, steps=30, between=lambda k, optimizer: None, schedule=None, zero="first", penalty=0.0):
    """The losses of a training and its last weights and gradients."""
    nn.manual_seed(0)
    net = network()
    optimizer = make_optimizer(net.parameters())
    scheduler = schedule(optimizer) if schedule else None
    x, y = ac.tensor(X), ac.tensor(Y)

    def step():
        if zero == "first":
            optimizer.zero_grad()
        loss = nn.mse_loss(net(x), y) + penalty * nn.l2_penalty(net)
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        if zero == "last":
            optimizer.zero_grad()
        return loss

    run = wrap(step)
    found = []
    for k in range(steps):
        between(k, optimizer)
        found.append(run().item())
    weights = np.concatenate([p.numpy().ravel() for p in net.parameters()])
    grads = [None if p.grad is None else p.grad.numpy().copy() for p in net.parameters()]
    return np.array(found), weights, grads, run


def check_same(make_optimizer, captures=1, **options):
    expected, weights, grads, _ = losses(lambda f: f, make_optimizer, **options)
    found, ours, our_grads, run = losses(ac.compile, make_optimizer, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(ours, weights, rtol=1e-11, atol=1e-13)
    for a, b in zip(our_grads, grads, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-13)
    assert len(run.reasons) == captures, run.explain()


OPTIMIZERS = {
    "SGD": lambda p: nn.optim.SGD(p, lr=0.1),
    "momentum": lambda p: nn.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adam": lambda p: nn.optim.Adam(p, lr=1e-2),
    "AMSGrad": lambda p: nn.optim.Adam(p, lr=1e-2, amsgrad=True, weight_decay=1e-2),
    "AdamW": lambda p: nn.optim.AdamW(p, lr=1e-2),
    "Adagrad": lambda p: nn.optim.Adagrad(p, lr=1e-2),
    "Adadelta": nn.optim.Adadelta,
    "RMSprop": lambda p: nn.optim.RMSprop(p, lr=1e-3, momentum=0.5, centered=True),
    "Adamax": nn.optim.Adamax,
    "NAdam": nn.optim.NAdam,
    "RAdam": nn.optim.RAdam,
    "Rprop": nn.optim.Rprop,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    check_same(OPTIMIZERS[name])


@pytest.mark.parametrize("zero", ["first", "last"])
def test_gradients_set_to_none_first_or_last(zero):
    check_same(OPTIMIZERS["Adam"], zero=zero)


def test_gradients_that_add_up_over_the_calls():
    check_same(OPTIMIZERS["SGD"], zero="never", steps=6)


def test_a_learning_rate_that_changes_between_calls_needs_no_capture():
    def between(k, optimizer):
        optimizer.param_groups[0]["lr"] = 1e-2 / (1 + k)

    check_same(OPTIMIZERS["Adam"], between=between)


SCHEDULES = {
    "step": lambda o: nn.optim.lr_scheduler.StepLR(o, 4, 0.5),
    "exponential": lambda o: nn.optim.lr_scheduler.ExponentialLR(o, 0.9),
    "cosine": lambda o: nn.optim.lr_scheduler.CosineAnnealingLR(o, 10),
    "one cycle": lambda o: nn.optim.lr_scheduler.OneCycleLR(o, max_lr=0.05, total_steps=40),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_inside_the_step(name):
    check_same(OPTIMIZERS["Adam"], schedule=SCHEDULES[name])


def test_a_penalty():
    check_same(OPTIMIZERS["Adam"], penalty=1e-2)


def test_weights_that_are_loaded_between_calls():
    saved = network().state_dict()

    def between(k, optimizer):
        if k == 7:
            for p, value in zip(optimizer.param_groups[0]["params"], saved.values(), strict=True):
                p.data.copy_(value)

    check_same(OPTIMIZERS["Adam"], between=between)


def test_a_thousand_steps_stay_as_close_as_a_change_of_one_unit_in_the_last_place_allows():
    def run(wrap, nudge=False):
        net = network()
        if nudge:
            for p in net.parameters():
                p.data.copy_(np.nextafter(p.numpy(), np.inf))
        optimizer = nn.optim.Adam(net.parameters(), lr=3e-3)
        x, y = ac.tensor(X), ac.tensor(Y)

        def step():
            optimizer.zero_grad()
            loss = nn.mse_loss(net(x), y)
            loss.backward()
            optimizer.step()
            return loss

        f = wrap(step)
        for _ in range(1000):
            f()
        return np.concatenate([p.numpy().ravel() for p in net.parameters()])

    plain = run(lambda f: f)
    allowed = 10 * np.abs(run(lambda f: f, nudge=True) - plain).max()
    assert np.abs(run(ac.compile) - plain).max() <= allowed


def test_without_rewrites_a_step_is_bit_identical():
    expected, weights, _, _ = losses(lambda f: f, OPTIMIZERS["Adam"])
    found, ours, _, _ = losses(lambda f: ac.compile(f, rewrite=False), OPTIMIZERS["Adam"])
    assert (found == expected).all()
    assert (ours == weights).all()


def test_a_residual_with_nested_derivatives():
    net = nn.MLP([2, 8, 8, 1], activation="tanh", generator=0)
    points = RNG.uniform(-1, 1, (20, 2))

    def residual(x):
        u = lambda x: ac.sum(net(x))
        first = ac.grad(u)
        second = ac.grad(lambda x: ac.sum(first(x)[:, 0]))
        return first(x)[:, 1] + net(x)[:, 0] * first(x)[:, 0] - 0.01 * second(x)[:, 0]

    def gradients(x):
        for p in net.parameters():
            p.grad = None
        loss = ac.mean(residual(x) ** 2)
        loss.backward()
        return loss, [p.grad.clone() for p in net.parameters()]

    compiled = ac.compile(gradients)
    for _ in range(3):
        loss, found = compiled(points)
        expected_loss, expected = gradients(points)
        assert abs(loss.item() / expected_loss.item() - 1) < 1e-12
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-14)


def test_two_cells_are_exchanged():
    a, b = ac.tensor([1.0, 2.0]), ac.tensor([3.0, 4.0])

    @ac.compile
    def exchange():
        old = a.clone()
        a.copy_(b)
        b.copy_(old)

    for k in range(4):
        exchange()
        assert (a.tolist(), b.tolist()) == (([3.0, 4.0], [1.0, 2.0]) if k % 2 == 0 else ([1.0, 2.0], [3.0, 4.0]))


def test_what_is_read_after_a_write_is_new():
    a = ac.tensor([1.0])

    @ac.compile
    def step():
        before = a * 1.0
        a.copy_(a * 2.0)
        return before, a * 1.0

    assert [tuple(y.item() for y in step()) for _ in range(4)] == [(1.0, 2.0), (2.0, 4.0), (4.0, 8.0), (8.0, 16.0)]


def test_many_steps_in_one_call():
    expected, weights, _, _ = losses(lambda f: f, OPTIMIZERS["Adam"], steps=20)
    net = network()
    optimizer = nn.optim.Adam(net.parameters(), lr=1e-2)

    @ac.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = nn.mse_loss(net(x), y)
        loss.backward()
        optimizer.step()
        return loss

    found = [y.item() for y in step.repeat(20, [(X, Y)])]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([p.numpy().ravel() for p in net.parameters()]), weights, rtol=1e-11, atol=1e-13)


def test_a_compiled_function_can_be_differentiated_to_any_order():
    w = ac.tensor(RNG.normal(size=(3, 3)), requires_grad=True)
    f = lambda x: ac.tanh(x @ w)
    compiled = ac.compile(f)
    for _ in range(3):
        x = ac.tensor(X, requires_grad=True)
        w.grad = None
        ac.sum(compiled(x) ** 2).backward()
        found = x.grad, w.grad
        w.grad = None
        z = ac.tensor(X, requires_grad=True)
        ac.sum(f(z) ** 2).backward()
        np.testing.assert_allclose(found[0].numpy(), z.grad.numpy(), rtol=1e-12)
        np.testing.assert_allclose(found[1].numpy(), w.grad.numpy(), rtol=1e-12)
    second = lambda f: ac.grad(lambda x: ac.sum(ac.grad(lambda x: ac.sum(f(x) ** 3))(x) ** 2))(ac.tensor(X))
    np.testing.assert_allclose(second(compiled).numpy(), second(f).numpy(), rtol=1e-10, atol=1e-12)


def test_weights_are_read_again_after_the_update():
    def run(wrap):
        net = network()
        optimizer = nn.optim.Adam(net.parameters(), lr=1e-2)
        x, y = ac.tensor(X), ac.tensor(Y)

        def step():
            optimizer.zero_grad()
            before = nn.mse_loss(net(x), y)
            before.backward()
            optimizer.step()
            with ac.no_grad():
                after = nn.mse_loss(net(x), y)
            return before, after

        f = wrap(step)
        return [tuple(v.item() for v in f()) for _ in range(6)]

    expected, found = run(lambda f: f), run(ac.compile)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert all(a[1] == pytest.approx(b[0], rel=1e-12) for a, b in zip(found, found[1:], strict=False))


def test_a_capture_takes_no_more_memory_than_the_step_itself():
    model, x = nn.MLP([2, *[32] * 6, 1], "tanh", generator=0), ac.tensor(np.random.default_rng(0).normal(size=(2_000, 2)))

    def step():
        model.zero_grad()
        ac.mean(ac.square(model(x))).backward()

    captured = ac.compile(step)
    captured()  # as it is written
    arrays = 6 * x.shape[0] * 32 * 8  # what the graph of a step holds
    eager, capture = most(step), most(captured)
    assert len(captured.programs) == 1
    assert arrays < eager
    assert capture < eager + arrays // 2
