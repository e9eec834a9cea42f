"""What L-BFGS and L-BFGS-B share: they minimize by a closure, say why they stop, and lose nothing. And L-BFGS-B."""

from __future__ import annotations

import math

import numpy as np
import pytest
from minimizing import closure_of, minimize, param, rosenbrock

import autograd_core as ac
from nn import optim

MINIMIZERS = [
    lambda params, **options: optim.LBFGS(params, **{"line_search_fn": "strong_wolfe", "max_iter": 200} | options),
    lambda params, **options: optim.LBFGSB(params, **options),
]
both = pytest.mark.parametrize("make", MINIMIZERS, ids=["LBFGS", "LBFGSB"])


VALLEY = [-1.2, 1.0]


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


def test_a_float32_search_that_shrinks_to_rounding_is_no_convergence():
    w = ac.tensor(np.array([-1.2, 1.0], np.float32), requires_grad=True)
    optimizer = optim.LBFGSB([w])

    def closure():
        optimizer.zero_grad()
        loss = 1e8 * (w[1] - w[0] ** 2) ** 2 + (1.0 - w[0]) ** 2
        loss.backward()
        return loss

    optimizer.step(closure)
    assert not optimizer.converged
    assert optimizer.stop_reason.code == optim.StopCode.LINE_SEARCH


def test_a_bound_that_is_nan_is_refused():
    w = ac.tensor([1.0, 5.0], requires_grad=True)
    with pytest.raises(ValueError, match="NaN"):
        optim.LBFGSB([w], bounds=[(float("nan"), 1.0)])
