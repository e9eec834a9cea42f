"""L-BFGS: its memory, its steps beside PyTorch, and why it stops. What it shares with L-BFGS-B is in test_minimizers.py."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from minimizing import closure_of, minimize, param, rosenbrock

import autograd_core as ac
from nn import optim
from nn.optim.lbfgs import Memory


def regression(inner, outer, lib=ac):
    """The mean squared error of a small network."""
    return lib.mean((lib.tanh(lib.tensor(POINTS) @ inner) @ outer - lib.tensor(TARGETS)) ** 2)


VALLEY = [-1.2, 1.0]
RNG = np.random.default_rng(3)
POINTS, TARGETS = RNG.normal(size=(30, 3)), RNG.normal(size=(30, 1))
WEIGHTS = [RNG.normal(size=(3, 8)) / 2, RNG.normal(size=(8, 1)) / 2]


# The memory of L-BFGS


@pytest.mark.parametrize("pairs", [1, 3, 4, 9])
def test_the_memory_multiplies_by_the_inverse_bfgs_matrix_of_the_last_pairs(pairs):
    """H ← (I − ρ·s·yᵀ)·H·(I − ρ·y·sᵀ) + ρ·s·sᵀ from H = γ·I: Nocedal and Wright (6.17), for four remembered pairs."""
    n, rng, memory = 6, np.random.default_rng(0), Memory(4, 6, np.dtype(float))
    s = rng.normal(size=(pairs, n))
    y = s * np.linspace(0.5, 4.0, n) + 0.01 * rng.normal(size=(pairs, n))
    for each in zip(s, y, strict=True):
        memory.add(*each)
    h = np.eye(n) * (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    for si, yi in zip(s[-4:], y[-4:], strict=True):
        left = np.eye(n) - np.outer(si, yi) / (yi @ si)
        h = left @ h @ left.T + np.outer(si, si) / (yi @ si)
    g = rng.normal(size=n)
    np.testing.assert_allclose(memory.times(g), h @ g, rtol=1e-11)
    np.testing.assert_allclose(memory.times(y[-1]), s[-1], rtol=1e-11)


def test_the_memory_can_change_its_size():
    memory, rng = Memory(5, 3, np.dtype(float)), np.random.default_rng(0)
    for s in rng.normal(size=(7, 3)):
        memory.add(s, 2.0 * s)
    small = memory.resized(2)
    assert np.array_equal(small.s, memory.s[memory.rows[-2:]])
    assert len(memory.resized(9).rows) == 5
    memory.forget()
    assert memory.times(np.ones(3)).tolist() == [1.0, 1.0, 1.0]


# L-BFGS beside PyTorch

OPTIONS = [
    {"line_search_fn": "strong_wolfe", "max_iter": 25},
    {"line_search_fn": "strong_wolfe", "max_iter": 25, "history_size": 3, "lr": 0.5},
    {"line_search_fn": "strong_wolfe", "max_iter": 6},
    {"line_search_fn": "strong_wolfe", "max_iter": 1, "max_eval": 26},
    {"lr": 0.1, "max_iter": 10},
    {"lr": 0.3, "max_iter": 1, "history_size": 4},
]


@pytest.mark.parametrize("problem, starts", [(rosenbrock, [np.array([-1.2, 1.0, 0.5])]), (regression, WEIGHTS)])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_lbfgs_takes_the_steps_of_pytorch(problem, starts, options):
    torch = pytest.importorskip("torch")
    if problem is rosenbrock and "line_search_fn" not in options:
        options = options | {"lr": 0.01}
    atol = 1e-7 if problem is rosenbrock else 1e-9  # its valley magnifies last digits, which differ between processors
    ours, theirs = [param(w) for w in starts], [torch.tensor(w, requires_grad=True) for w in starts]
    optimizer, reference = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    for _ in range(-(-24 // options["max_iter"])):
        first = optimizer.step(closure_of(optimizer, lambda: problem(*ours)))
        expected = reference.step(closure_of(reference, lambda: problem(*theirs, torch)))
        assert first.item() == pytest.approx(expected.item(), abs=atol)
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=0, atol=atol)
    state = reference.state[theirs[0]]
    assert (optimizer.iterations, optimizer.evaluations) == (state["n_iter"], state["func_evals"])


@pytest.mark.parametrize("max_eval", [2, 3, 5, 50])
def test_lbfgs_takes_the_steps_of_pytorch_among_many_valleys(max_eval):
    """Line searches that overshoot, zoom, stall and run out of evaluations."""
    torch = pytest.importorskip("torch")

    def both_minimize(waves, depth, lr):
        options = {"lr": lr, "max_iter": 3, "max_eval": max_eval, "line_search_fn": "strong_wolfe"}
        w, q = param([-1.5, 0.5]), torch.tensor([-1.5, 0.5], dtype=torch.float64, requires_grad=True)
        optimizer, reference = optim.LBFGS([w], **options), torch.optim.LBFGS([q], **options)
        minimize(optimizer, lambda: ac.sum(0.1 * w * w + depth * ac.cos(waves * w)))
        reference.step(closure_of(reference, lambda: torch.sum(0.1 * q * q + depth * torch.cos(waves * q))))
        if optimizer.evaluations == reference.state[q]["func_evals"]:
            np.testing.assert_allclose(w.numpy(), q.detach().numpy(), atol=1e-9)
            return True
        assert optimizer.evaluations > max_eval, "more only where PyTorch gives up before it has found a step"
        return False

    cases = itertools.product((0.5, 1.0, 2.0, 3.0), (0.4, 2.0), (0.1, 1.0, 5.0, 25.0))
    assert sum(both_minimize(*case) for case in cases) >= 24


def test_lbfgs_goes_on_from_a_state_saved_by_pytorch():
    torch = pytest.importorskip("torch")
    q = torch.tensor([-1.2, 1.0, 0.5], dtype=torch.float64, requires_grad=True)
    reference = torch.optim.LBFGS([q], max_iter=4, max_eval=20, line_search_fn="strong_wolfe")
    closure = closure_of(reference, lambda: rosenbrock(q, torch))
    reference.step(closure)
    w = param(q.detach().numpy())
    optimizer = optim.LBFGS([w])
    optimizer.load_state_dict(reference.state_dict())
    minimize(optimizer, lambda: rosenbrock(w))
    reference.step(closure)
    np.testing.assert_allclose(w.numpy(), q.detach().numpy(), atol=1e-12)
    assert optimizer.iterations == 8


# Why it stops, and what else is its own


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_tolerance_that_is_too_coarse_is_named_after_the_first_step(search):
    """The commonest surprise: a small loss changes by less than the default tolerance_change, so one step is all."""
    w = param([1.0, 2.0])
    reason = minimize(optim.LBFGS([w], line_search_fn=search), lambda: 1e-6 * ac.sum(w * w))
    assert (reason.code, reason.iterations) == ("slope", 1)
    assert "is within tolerance_change=1e-09; lower tolerance_change to go on" in reason.text
    w = param([3.7e-5])
    reason = minimize(optim.LBFGS([w], line_search_fn=search), lambda: 0.6 * ac.sum(w * w))
    assert (reason.code, reason.iterations) == ("loss", 1)
    assert "the change of the loss" in reason.text


def test_the_parameters_are_those_of_the_accepted_trial_even_if_another_came_after_it():
    w, tried = param([0.0]), []
    optimizer = optim.LBFGS([w], lr=0.5, max_iter=1, max_eval=4, line_search_fn="strong_wolfe")

    def closure():
        """A slope that ends at a wall; so the last trials fail, and no evaluation is left."""
        tried.append(w.item())
        w.grad = ac.tensor([-1.0])
        return -w.item() if w.item() < 3 else 10.0

    optimizer.step(closure)
    good = [x for x in tried if x < 3]
    assert w.item() == good[-1] == -optimizer.stop_reason.loss
    assert w.item() != tried[-1]


def test_a_step_shorter_than_the_tolerance_is_named():
    w = param([1.0])
    reason = minimize(optim.LBFGS([w], lr=1e-12), lambda: 1e6 * ac.sum(w * w))
    assert (reason.code, reason.limit) == ("step", 1e-9)
    assert reason.value == pytest.approx(1e-12)


def test_after_a_failed_search_the_memory_is_dropped_and_the_gradient_tried():
    w = param([-1.0, 2.0])
    optimizer = optim.LBFGS([w], max_iter=100, max_eval=1000, line_search_fn="strong_wolfe", tolerance_change=1e-14)
    optimizer._memory.times = lambda g: -g  # a memory gone wrong: every direction it gives leads uphill
    reason = minimize(optimizer, lambda: ac.sum((w - 3.0) ** 2))
    assert reason.converged
    np.testing.assert_allclose(w.numpy(), [3.0, 3.0], atol=1e-6)


def test_a_search_that_fails_from_the_remembered_direction_and_from_the_gradient_stops():
    w, tried = param([4.0]), []
    optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe")

    def closure():
        """A parabola for two evaluations, and then a loss that rises with every call."""
        tried.append(w.item())
        w.grad = ac.tensor([w.item()])
        return 0.5 * w.item() ** 2 if len(tried) < 3 else 10.0 * len(tried)

    optimizer.step(closure)
    assert optimizer.stop_reason.code == "line_search"
    assert optimizer.stop_reason.iterations == 3
    assert w.item() == tried[1] == 3.0


def test_without_a_line_search_a_step_out_of_the_finite_is_taken_back():
    w = param([1.0])
    optimizer = optim.LBFGS([w], lr=10.0)

    def closure():
        w.grad = ac.tensor([1.0])
        return w.item() if w.item() > -50 else math.nan

    optimizer.step(closure)
    assert optimizer.stop_reason.code == "non_finite"
    assert 'use line_search_fn="strong_wolfe" or a lower lr' in optimizer.stop_reason.text
    assert w.item() == -49.0


def test_the_last_step_which_is_not_evaluated_is_taken_back_by_the_next_call():
    w = param([1.0])
    optimizer = optim.LBFGS([w], lr=10.0, max_iter=1)
    good = closure_of(optimizer, lambda: ac.sum(w * w))

    def closure():
        loss = good()
        return loss if w.item() > 0 else math.nan

    optimizer.step(closure)
    assert w.item() == -9.0
    optimizer.step(closure)
    assert w.item() == 1.0
    assert "taken without evaluating it" in optimizer.stop_reason.text


def test_single_iterations_with_the_default_max_eval_still_get_there():
    """PyTorch gives the line search one trial then, and stands still for ever on this valley."""
    w = param([-1.2, 1.0, 0.5, -0.7])
    optimizer = optim.LBFGS([w], max_iter=1, line_search_fn="strong_wolfe")
    for _ in range(80):
        minimize(optimizer, lambda: rosenbrock(w))
    assert optimizer.stop_reason.converged


def test_lbfgs_goes_on_from_a_saved_state_as_if_never_stopped():
    def optimizer_of(w):
        return optim.LBFGS([w], max_iter=5, max_eval=50, history_size=3, line_search_fn="strong_wolfe")

    whole, first = param(VALLEY), param(VALLEY)
    one, other = optimizer_of(whole), optimizer_of(first)
    minimize(other, lambda: rosenbrock(first))
    saved, second = other.state_dict(), param(first.numpy())
    assert saved["state"][0]["old_dirs"].shape == (3, 2)
    minimize(other, lambda: rosenbrock(first))
    resumed = optimizer_of(second)
    resumed.load_state_dict(saved)
    minimize(resumed, lambda: rosenbrock(second))
    for _ in range(2):
        minimize(one, lambda: rosenbrock(whole))
    np.testing.assert_allclose(second.numpy(), first.numpy(), rtol=1e-12)
    np.testing.assert_allclose(second.numpy(), whole.numpy(), rtol=1e-12)


def test_the_history_size_can_be_changed_between_calls():
    w = param(VALLEY)
    optimizer = optim.LBFGS([w], max_iter=8, max_eval=50, line_search_fn="strong_wolfe")
    minimize(optimizer, lambda: rosenbrock(w))
    optimizer.param_groups[0]["history_size"] = 2
    minimize(optimizer, lambda: rosenbrock(w))
    assert len(optimizer.state_dict()["state"][0]["old_stps"]) == 2


@pytest.mark.parametrize(
    "options, text",
    [
        ({"line_search_fn": "armijo"}, "line_search_fn must be None or"),
        ({"max_iter": 0}, "max_iter must be at least 1"),
        ({"history_size": 0}, "history_size must be at least 1"),
        ({"tolerance_grad": -1.0}, "tolerance_grad must be at least 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, text):
    with pytest.raises(ValueError, match=text):
        optim.LBFGS([param([1.0])], **options)
