"""The line search, L-BFGS and L-BFGS-B: numbers, and why they stop."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ac
from nn import optim
from nn.optim.lbfgs import Memory
from nn.optim.line_search import C1, C2, MAX_TRIALS, Search, Trial, minimum_of_cubic

MINIMIZERS = [
    lambda params, **options: optim.LBFGS(params, **{"line_search_fn": "strong_wolfe", "max_iter": 200} | options),
    lambda params, **options: optim.LBFGSB(params, **options),
]
both = pytest.mark.parametrize("make", MINIMIZERS, ids=["LBFGS", "LBFGSB"])


def param(value, dtype=None):
    return ac.tensor(value, dtype=dtype, requires_grad=True)


def closure_of(optimizer, f):
    """What a user writes: clear, compute, differentiate, return. Counts its calls in `.calls`."""

    def closure():
        closure.calls += 1
        optimizer.zero_grad()
        loss = f()
        loss.backward()
        return loss

    closure.calls = 0
    return closure


def minimize(optimizer, f, callback=None):
    optimizer.step(closure_of(optimizer, f), callback)
    return optimizer.stop_reason


def rosenbrock(w, lib=ac):
    return lib.sum(100.0 * (w[1:] - w[:-1] ** 2) ** 2 + (1.0 - w[:-1]) ** 2)


def regression(inner, outer, lib=ac):
    """The mean squared error of a small network."""
    return lib.mean((lib.tanh(lib.tensor(POINTS) @ inner) @ outer - lib.tensor(TARGETS)) ** 2)


VALLEY = [-1.2, 1.0]
RNG = np.random.default_rng(3)
POINTS, TARGETS = RNG.normal(size=(30, 3)), RNG.normal(size=(30, 1))
WEIGHTS = [RNG.normal(size=(3, 8)) / 2, RNG.normal(size=(8, 1)) / 2]


# The line search


def along(f, slope):
    """φ(t) = f(t) as a one-dimensional problem."""
    return lambda t: Trial(t, f(t), np.array([slope(t)]), slope(t))


@given(st.floats(0.05, 20), st.floats(0.1, 5), st.floats(-0.3, 0.3), st.floats(0.001, 50), st.floats(-100, 100))
def test_the_step_found_satisfies_the_strong_wolfe_conditions(width, depth, wobble, first, height):
    """On wavy valleys of any width, from any first step."""

    def f(t):
        return height + depth * ((t / width - 1) ** 2 + wobble * math.sin(3 * t / width))

    def slope(t):
        return depth / width * (2 * (t / width - 1) + 3 * wobble * math.cos(3 * t / width))

    phi = along(f, slope)
    search = Search(phi, phi(0.0), reach=1.0)
    trial = search.run(first)
    assert search.satisfied
    assert trial.loss <= search.start.loss + C1 * trial.step * search.start.slope
    assert abs(trial.slope) <= C2 * abs(search.start.slope)


def test_a_step_that_is_good_at_once_costs_one_evaluation():
    phi = along(lambda t: (t - 1) ** 2, lambda t: 2 * (t - 1))
    search = Search(phi, phi(0.0), reach=1.0)
    assert search.run(1.0).step == 1.0
    assert search.steps == [1.0]


@given(*[st.floats(-3, 3)] * 3, st.floats(0.1, 3), st.floats(0.1, 3))
def test_the_minimum_of_a_cubic_is_exact(a, left, right, curvature, third):
    """c(t) = curvature/2·(t − a)² + third/6·(t − a)³ has its minimum at a."""

    def c(t):
        return Trial(
            t,
            curvature / 2 * (t - a) ** 2 + third / 6 * (t - a) ** 3,
            np.zeros(1),
            (t - a) * (curvature + third / 2 * (t - a)),
        )

    if abs(left - right) > 0.1:
        assert minimum_of_cubic(c(left), c(right), -100, 100) == pytest.approx(a, abs=1e-6)
        assert minimum_of_cubic(c(left), c(right), a + 1, 100) == a + 1


def test_a_cubic_without_minimum_gives_the_middle():
    falling = [Trial(t, -t - t**3, np.zeros(1), -1 - 3 * t * t) for t in (0.0, 1.0)]
    assert minimum_of_cubic(*falling, 0.0, 4.0) == 2.0
    flat = [Trial(t, 1.0, np.zeros(1), 0.0) for t in (0.0, 1.0)]
    assert minimum_of_cubic(*flat, 0.0, 1.0) == 0.5


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("wall", [3.0, 1.2, 1e-3])
def test_the_search_backs_off_from_where_the_loss_is_not_finite(bad, wall):
    phi = along(lambda t: bad if t > wall else -t, lambda t: -1.0)
    search = Search(phi, phi(0.0), reach=1.0)
    trial = search.run(1.0)
    assert 0 < trial.step <= wall
    assert trial.loss < 0
    outside = [t for t in search.steps if t > wall]
    assert outside, "the search came to where it had to back off"
    assert outside == sorted(outside, reverse=True), "and never went as far again"


def cliff(t):
    """Falls with slope −1 to t = 5, and beyond lies a plain, lower than the start."""
    return Trial(t, -t, np.array([-1.0]), -1.0) if t < 5 else Trial(t, -1.0, np.array([0.0]), 0.0)


def test_the_search_does_not_settle_for_a_plain_above_what_it_has_seen():
    trial = Search(cliff, cliff(0.0), reach=1.0).run(0.5)
    assert trial.loss < -2.5


def test_the_search_returns_step_0_where_no_step_decreases():
    uphill = along(lambda t: t, lambda t: -1.0 if t == 0 else 1.0)
    assert Search(uphill, uphill(0.0), reach=1.0).run(1.0).step == 0
    blind = along(lambda t: 0.0 if t == 0 else math.nan, lambda t: -1.0)
    search = Search(blind, blind(0.0), reach=1.0)
    assert search.run(1.0).step == 0
    assert search.non_finite == len(search.steps) == MAX_TRIALS


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
    ours, theirs = [param(w) for w in starts], [torch.tensor(w, requires_grad=True) for w in starts]
    optimizer, reference = optim.LBFGS(ours, **options), torch.optim.LBFGS(theirs, **options)
    for _ in range(-(-24 // options["max_iter"])):
        first = optimizer.step(closure_of(optimizer, lambda: problem(*ours)))
        expected = reference.step(closure_of(reference, lambda: problem(*theirs, torch)))
        assert first.item() == pytest.approx(expected.item(), abs=1e-9)
        for p, q in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=0, atol=1e-9)
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


# What both minimizers do


@both
def test_a_quadratic_is_solved_and_the_loss_at_the_start_returned(make):
    w, b = param([3.0, -2.0]), param([[5.0]])
    optimizer = make([w, b], tolerance_change=1e-15)
    first = optimizer.step(closure_of(optimizer, lambda: ac.sum((w - [1.0, 2.0]) ** 2) + ac.sum(3.0 * (b + 1.0) ** 2)))
    assert first.item() == 4 + 16 + 108
    np.testing.assert_allclose(w.numpy(), [1.0, 2.0], atol=1e-6)
    np.testing.assert_allclose(b.numpy(), [[-1.0]], atol=1e-6)
    assert optimizer.converged


@both
def test_evaluations_and_iterations_are_counted(make):
    w = param(VALLEY)
    optimizer = make([w])
    closure = closure_of(optimizer, lambda: rosenbrock(w))
    seen = []
    optimizer.step(closure, lambda *each: seen.append(each))
    reason = optimizer.stop_reason
    assert optimizer.evaluations == reason.evaluations == closure.calls
    accepted = reason.iterations - (reason.code == "slope")  # then the last one made no step
    assert [iteration for iteration, _ in seen] == list(range(1, accepted + 1))
    assert [loss for _, loss in seen] == sorted((loss for _, loss in seen), reverse=True)
    assert seen[-1][1] == reason.loss == pytest.approx(rosenbrock(w).item(), rel=1e-9)
    optimizer.step(closure)
    assert optimizer.evaluations == closure.calls == reason.evaluations + optimizer.stop_reason.evaluations


@both
def test_float32_parameters_stay_float32(make):
    w = param(VALLEY, "float32")
    reason = minimize(make([w], tolerance_change=0.0, tolerance_grad=1e-3), lambda: rosenbrock(w))
    assert w.dtype == np.float32
    assert rosenbrock(w).item() < 1e-5, reason


@both
def test_it_stops_at_once_where_the_gradient_is_small_and_says_so(make):
    w = param([1.0, 1.0])
    optimizer = make([w])
    reason = minimize(optimizer, lambda: rosenbrock(w))
    assert reason.code == "gradient"
    assert optimizer.converged
    assert (reason.iterations, reason.evaluations, reason.value) == (0, 1, 0.0)
    assert reason.limit == optimizer.param_groups[0]["tolerance_grad"]


@both
def test_it_stops_after_max_iter_iterations(make):
    w = param(VALLEY)
    optimizer = make([w], max_iter=3, max_eval=100)
    reason = minimize(optimizer, lambda: rosenbrock(w))
    assert (reason.code, reason.value, reason.limit, reason.iterations) == ("max_iter", 3, 3, 3)
    assert not optimizer.converged


@both
def test_it_stops_after_max_eval_evaluations(make):
    w = param(VALLEY)
    reason = minimize(make([w], max_eval=5), lambda: rosenbrock(w))
    assert (reason.code, reason.limit) == ("max_eval", 5)
    assert 5 <= reason.evaluations <= 7
    assert reason.iterations < 6


@both
def test_it_stops_where_the_loss_hardly_changes(make):
    w = param(VALLEY)
    reason = minimize(make([w], tolerance_change=1e-5), lambda: rosenbrock(w))
    assert reason.code == "loss"
    assert reason.value < reason.limit == 1e-5


@both
def test_it_tells_where_no_step_decreases_the_loss(make):
    """A gradient with the wrong sign promises what no step holds."""
    w = param([1.0, 2.0])
    optimizer = make([w])

    def closure():
        w.grad = ac.tensor([-2.0, -2.0])
        return float(np.sum(w.numpy()))

    optimizer.step(closure)
    assert optimizer.stop_reason.code == "line_search"
    assert "line search found no descent step" in str(optimizer.stop_reason)
    np.testing.assert_allclose(w.numpy(), [1.0, 2.0], rtol=1e-15)


@both
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_it_backs_off_from_where_the_loss_is_not_finite(make, bad):
    """f(w) = w − log w is smallest at 1 and does not exist below 0, where the first step leads."""
    w = param([5.0])
    optimizer = make([w])
    outside = []

    def closure():
        x = w.item()
        outside.append(x <= 0)
        w.grad = ac.tensor([bad if x <= 0 else 30.0 * (1 - 1 / x)])
        return bad if x <= 0 else 30.0 * (x - math.log(x))

    optimizer.step(closure)
    assert any(outside)
    assert optimizer.converged, optimizer.stop_reason
    assert w.item() == pytest.approx(1.0, abs=1e-6)


@both
@pytest.mark.parametrize("what", ["loss", "gradient", "error"])
def test_it_returns_to_the_last_good_point_where_nothing_is_finite(make, what):
    w = param(VALLEY)
    optimizer = make([w])
    good = closure_of(optimizer, lambda: rosenbrock(w))
    accepted = []

    def closure():
        loss = good()
        if len(accepted) < 4:
            return loss
        if what == "error":
            raise ac.errors.NonFiniteError("log of a negative number")
        if what == "gradient":
            w.grad = ac.tensor([0.0, math.inf])
        return math.nan if what == "loss" else loss

    optimizer.step(closure, lambda *_: accepted.append(w.numpy().copy()))
    assert optimizer.stop_reason.code == "non_finite"
    assert "back at the last good point" in optimizer.stop_reason.text
    assert ("log of a negative number" in optimizer.stop_reason.text) == (what == "error")
    assert np.array_equal(w.numpy(), accepted[-1])
    assert len(accepted) == 4


@both
def test_it_does_not_begin_where_the_loss_is_not_finite(make):
    w = param([math.nan, 1.0])
    reason = minimize(make([w]), lambda: rosenbrock(w))
    assert (reason.code, reason.evaluations) == ("non_finite", 1)
    assert "before the first step" in reason.text


@both
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_keeps_the_last_accepted_point_and_goes_on(make, error):
    w = param(VALLEY)
    optimizer = make([w])
    good, accepted = closure_of(optimizer, lambda: rosenbrock(w)), []

    def closure():
        if good.calls == 15:
            raise error
        return good()

    with pytest.raises(error):
        optimizer.step(closure, lambda *_: accepted.append(w.numpy().copy()))
    assert np.array_equal(w.numpy(), accepted[-1])
    assert optimizer.stop_reason.code == "interrupted"
    assert error.__name__ in optimizer.stop_reason.text
    assert minimize(optimizer, lambda: rosenbrock(w)).converged
    np.testing.assert_allclose(w.numpy(), [1.0, 1.0], atol=1e-3)


@both
def test_the_callback_can_stop(make):
    w, seen = param(VALLEY), []

    def callback(iteration, loss):
        seen.append(w.numpy().copy())
        if iteration == 4:
            raise StopIteration

    reason = minimize(make([w]), lambda: rosenbrock(w), callback)
    assert (reason.code, reason.iterations) == ("callback", 4)
    assert np.array_equal(w.numpy(), seen[-1])


@both
def test_a_wrong_closure_is_told(make):
    w = param([1.0, 2.0])
    optimizer = make([w])
    with pytest.raises(TypeError, match="must return the loss"):
        optimizer.step(lambda: rosenbrock(w).backward())
    with pytest.raises(ac.errors.ShapeError, match=r"loss of shape \(2,\)"):
        optimizer.step(lambda: w * 2.0)
    optimizer.zero_grad()
    with pytest.raises(ac.errors.GradientError, match="must call loss.backward"):
        optimizer.step(lambda: rosenbrock(w))
    with pytest.raises(ValueError, match="give them in one group"):
        make([{"params": [w]}, {"params": [param([1.0])]}])


@both
def test_counts_are_saved_with_the_state(make):
    w = param(VALLEY)
    optimizer = make([w])
    minimize(optimizer, lambda: rosenbrock(w))
    again = make([param(VALLEY)])
    again.load_state_dict(optimizer.state_dict())
    assert (again.iterations, again.evaluations) == (optimizer.iterations, optimizer.evaluations)


def test_the_reason_reads_as_a_sentence():
    w = param(VALLEY)
    optimizer = optim.LBFGS([w], line_search_fn="strong_wolfe", max_iter=100, tolerance_grad=1e-2)
    reason = minimize(optimizer, lambda: rosenbrock(w))
    start = f"gradient: the largest entry of the gradient, {reason.value:.3g}, is within tolerance_grad=0.01"
    assert str(reason).startswith(start)
    assert f"iterations: {reason.iterations}, evaluations: {reason.evaluations}" in str(reason)
    assert optimizer.stop_reason.code is optim.StopCode.GRADIENT


# L-BFGS alone


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


# L-BFGS-B alone


def test_lbfgsb_takes_the_steps_of_scipy():
    from scipy.optimize import minimize as scipy_minimize
    from scipy.optimize import rosen, rosen_der

    w, ours, theirs = param([-1.2, 1.0, 0.5]), [], []
    optimizer = optim.LBFGSB([w], history_size=10)
    minimize(optimizer, lambda: rosenbrock(w), lambda *_: ours.append(w.numpy().copy()))
    options = {"ftol": 1e-12, "gtol": 1e-8, "maxls": 50, "maxcor": 10}
    start = np.array([-1.2, 1.0, 0.5])
    result = scipy_minimize(
        rosen, start, jac=rosen_der, method="L-BFGS-B", callback=lambda x: theirs.append(x.copy()), options=options
    )
    np.testing.assert_allclose(ours[:20], theirs[:20], atol=1e-9)
    assert optimizer.iterations == result.nit
    assert optimizer.stop_reason.text.startswith(result.message)


def test_bounds_hold_also_while_searching():
    w, b, seen = param([-1.2, 1.0]), param([4.0]), []
    optimizer = optim.LBFGSB([w, b], bounds=[(None, [0.5, 10.0]), (2.0, None)])
    good = closure_of(optimizer, lambda: rosenbrock(w) + ac.sum((b - 1.0) ** 2))

    def closure():
        seen.append((w.numpy()[0], b.item()))
        return good()

    optimizer.step(closure)
    assert max(w0 for w0, _ in seen) <= 0.5
    assert min(b0 for _, b0 in seen) >= 2.0
    np.testing.assert_allclose(w.numpy(), [0.5, 0.25], atol=1e-5)
    assert b.item() == 2.0
    assert optimizer.converged


@pytest.mark.parametrize("goal", [0.5, 3.0])
def test_a_start_outside_the_bounds_is_moved_inside(goal):
    w = param([5.0])
    reason = minimize(optim.LBFGSB([w], bounds=[(-1.0, 1.0)]), lambda: ac.sum((w - goal) ** 2))
    assert w.item() == pytest.approx(min(goal, 1.0))
    assert (reason.code, reason.value) == ("gradient", 0.0), "the gradient that points out of the bounds does not count"


def test_lbfgsb_returns_to_the_accepted_point_after_a_failed_search():
    w = param([1.0, 2.0])
    optimizer = optim.LBFGSB([w], max_ls=3)

    def closure():
        w.grad = ac.tensor([-2.0, -2.0])
        return float(np.sum(w.numpy()))

    optimizer.step(closure)
    assert optimizer.stop_reason.code == "line_search"
    assert w.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "bounds, text",
    [
        ([None, None], "bounds has 2 entries for 1 parameters"),
        ([(2.0, 1.0)], "lower bound is above"),
        ([([1.0, 2.0, 3.0], None)], r"bound 0 has shape \(3,\), its parameter \(2,\)"),
    ],
)
def test_bounds_that_make_no_sense_are_refused(bounds, text):
    with pytest.raises(ValueError, match=text):
        optim.LBFGSB([param([1.0, 2.0])], bounds=bounds)
