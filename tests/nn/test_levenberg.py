"""Levenberg-Marquardt: least squares with known solutions, and why it stops."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

import autograd_core as ac
from nn import optim
from nn.optim import StopCode
from nn.optim.levenberg import jacobian, solve


def param(value, dtype=None):
    return ac.tensor(value, dtype=dtype, requires_grad=True)


def rosenbrock(x):
    return lambda: ac.stack([10.0 * (x[1] - x[0] ** 2), 1.0 - x[0]])


def misra():
    """Misra1a of the NIST reference data sets: y = b1·(1 − exp(−b2·x)), with the certified values."""
    y = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78]
    x = [77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0]
    return np.array(x), np.array(y), (2.3894212918e02, 5.5015643181e-04), 1.2455138894e-01


@pytest.mark.parametrize("solver", ["lstsq", "normal"])
def test_the_valley_of_rosenbrock_is_solved(solver):
    x = param([-1.2, 1.0])
    optimizer = optim.LevenbergMarquardt([x], solver=solver)
    assert optimizer.step(rosenbrock(x)) == pytest.approx(0.5 * 24.2)
    assert x.tolist() == pytest.approx([1.0, 1.0], abs=1e-8)
    assert optimizer.converged
    assert optimizer.iterations < 40


@pytest.mark.parametrize("start", [(500.0, 1e-4), (250.0, 5e-4)])
def test_a_reference_fit_has_its_certified_parameters(start):
    x, y, certified, squares = misra()
    b1, b2 = param(start[0]), param([start[1]])
    optimizer = optim.LevenbergMarquardt([b1, b2])
    optimizer.step(lambda: b1 * (1.0 - ac.exp(-b2 * x)) - y)
    assert (b1.item(), b2.item()) == pytest.approx(certified, rel=1e-8)
    assert 2.0 * optimizer.stop_reason.loss == pytest.approx(squares, rel=1e-9)


def test_a_line_takes_two_iterations_and_is_the_least_squares_solution():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(8, 3)), rng.normal(size=8)
    w = param(np.zeros(3))
    optimizer = optim.LevenbergMarquardt([w], damping=1e-12)
    optimizer.step(lambda: ac.matmul(a, w) - b)
    np.testing.assert_allclose(w.numpy(), np.linalg.lstsq(a, b, rcond=None)[0], rtol=1e-10)
    assert optimizer.iterations <= 3


def test_more_parameters_than_residuals_and_unused_ones_are_fine():
    w, unused = param([1.0, 2.0, 3.0]), param([5.0])
    optimizer = optim.LevenbergMarquardt([w, unused])
    optimizer.step(lambda: ac.sum(w * w, keepdims=True) - 1.0)
    assert ac.sum(w * w).item() == pytest.approx(1.0)
    assert unused.item() == 5.0


@pytest.mark.parametrize("shape", [(), (2, 3), (7,)])
def test_the_jacobian_is_that_of_the_engine(shape):
    rng = np.random.default_rng(1)
    w, b, a = param(rng.normal(size=(2, 2))), param(0.3), rng.normal(size=(math.prod(shape), 2))
    flat = optim.Flat([w, b])

    def residuals(w, b):
        return ac.reshape(ac.sum(ac.tanh(ac.matmul(a, w)), axis=1) * b, shape)

    expected = ac.jacobian(residuals, (0, 1))(w, b)
    parts = [e.detach().numpy().reshape(math.prod(shape), -1) for e in expected]
    np.testing.assert_allclose(jacobian(residuals(w, b), flat), np.hstack(parts), rtol=1e-13, atol=1e-15)


def test_both_ways_to_solve_agree():
    rng = np.random.default_rng(2)
    j, r = rng.normal(size=(9, 4)), rng.normal(size=9)
    one, other = (solve(j, r, 0.3, name) for name in ("lstsq", "normal"))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose((j.T @ j + 0.09 * np.eye(4)) @ one, -j.T @ r, rtol=1e-11, atol=1e-13)


def test_the_scale_of_a_parameter_does_not_matter():
    x, y, certified, _ = misra()
    found = []
    for scale in (1.0, 1e6):
        b1, b2 = param(250.0), param(5e-4 * scale)
        optimizer = optim.LevenbergMarquardt([b1, b2])
        optimizer.step(lambda b1=b1, b2=b2, scale=scale: b1 * (1.0 - ac.exp(-(b2 / scale) * x)) - y)
        found.append((b1.item(), b2.item() / scale, optimizer.iterations))
    assert found[0][:2] == pytest.approx(certified, rel=1e-8)
    assert found[1][:2] == pytest.approx(certified, rel=1e-8)
    assert found[0][2] == found[1][2]


def test_a_network_is_fitted():
    rng = np.random.default_rng(5)
    w1, b1, w2 = param(rng.normal(size=(1, 6))), param(rng.normal(size=6)), param(rng.normal(size=(6, 1)))
    x = np.linspace(-1, 1, 25)[:, None]
    optimizer = optim.LevenbergMarquardt([w1, b1, w2], max_iter=60)
    first = optimizer.step(lambda: ac.matmul(ac.tanh(ac.matmul(x, w1) + b1), w2) - np.sin(3 * x))
    assert optimizer.stop_reason.loss < 1e-6 * first


def test_single_precision_is_kept():
    x = param([-1.2, 1.0], "float32")
    optimizer = optim.LevenbergMarquardt([x], tolerance_grad=1e-5, tolerance_change=1e-6)
    optimizer.step(rosenbrock(x))
    assert x.dtype == np.float32
    assert x.tolist() == pytest.approx([1.0, 1.0], abs=1e-4)


# Why it stops


def test_it_stops_at_once_at_a_solution():
    x = param([1.0, 1.0])
    optimizer = optim.LevenbergMarquardt([x])
    optimizer.step(rosenbrock(x))
    assert optimizer.stop_reason.code == StopCode.GRADIENT
    assert (optimizer.iterations, optimizer.evaluations) == (0, 1)
    assert "nothing to do" in str(optimizer.stop_reason)


@pytest.mark.parametrize("options, code", [
    ({"max_iter": 3}, StopCode.MAX_ITER), ({"max_eval": 4}, StopCode.MAX_EVAL),
    ({"tolerance_change": 10.0}, StopCode.STEP),
])  # fmt: skip
def test_limits_and_tolerances_are_named(options, code):
    x = param([-1.2, 1.0])
    optimizer = optim.LevenbergMarquardt([x], **options)
    optimizer.step(rosenbrock(x))
    assert optimizer.stop_reason.code == code
    assert optimizer.converged == (code == StopCode.STEP)


def test_a_loss_that_no_longer_falls_is_named():
    x = param([0.5])
    optimizer = optim.LevenbergMarquardt([x], tolerance_grad=0.0)
    optimizer.step(lambda: ac.concatenate([x - 1.0, x + 1.0]))
    assert optimizer.stop_reason.code == StopCode.LOSS
    assert x.item() == pytest.approx(0.0, abs=1e-6)


def test_calls_go_on_where_the_last_one_stopped_and_count_together():
    x, z = param([-1.2, 1.0]), param([-1.2, 1.0])
    whole, parts = optim.LevenbergMarquardt([x], max_iter=12), optim.LevenbergMarquardt([z], max_iter=4)
    whole.step(rosenbrock(x))
    for _ in range(3):
        parts.step(rosenbrock(z))
    assert x.tolist() == z.tolist()
    assert whole.iterations == parts.iterations == 12


def test_a_saved_state_goes_on():
    x, z = param([-1.2, 1.0]), param([-1.2, 1.0])
    whole, first = optim.LevenbergMarquardt([x], max_iter=8), optim.LevenbergMarquardt([z], max_iter=4)
    whole.step(rosenbrock(x))
    first.step(rosenbrock(z))
    second = optim.LevenbergMarquardt([z])
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    second.step(rosenbrock(z))
    assert x.tolist() == z.tolist()
    assert second.iterations == 8


def test_a_trial_that_is_not_finite_is_taken_back():
    x = param([3.0])
    optimizer = optim.LevenbergMarquardt([x], damping=1e-8)
    with np.errstate(all="ignore"):
        optimizer.step(lambda: ac.where(x > 0.0, ac.log(ac.abs(x)) * 5.0, np.nan))
    assert x.item() == pytest.approx(1.0)


def test_a_start_that_is_not_finite_is_told():
    x = param([np.nan])
    optimizer = optim.LevenbergMarquardt([x])
    optimizer.step(lambda: x * 2.0)
    assert optimizer.stop_reason.code == StopCode.NON_FINITE
    assert not optimizer.converged


def test_a_wrong_jacobian_is_told():
    x = param([1.0])
    optimizer = optim.LevenbergMarquardt([x], max_iter=1000, tolerance_change=0.0)
    optimizer.step(lambda: 2.0 * ac.stop_gradient(x) - x)
    assert optimizer.stop_reason.code == StopCode.LINE_SEARCH
    assert x.item() == 1.0


def test_the_callback_sees_each_step_and_can_stop():
    x, seen = param([-1.2, 1.0]), []

    def callback(iteration, loss):
        seen.append(loss)
        if len(seen) == 3:
            raise StopIteration

    optimizer = optim.LevenbergMarquardt([x])
    first = optimizer.step(rosenbrock(x), callback)
    assert optimizer.stop_reason.code == StopCode.CALLBACK
    assert first > seen[0] > seen[1] > seen[2] == optimizer.stop_reason.loss


def test_an_interrupt_keeps_the_last_good_point():
    x, good = param([-1.2, 1.0]), []

    def closure():
        if len(good) == 2:
            raise KeyboardInterrupt
        return rosenbrock(x)()

    optimizer = optim.LevenbergMarquardt([x])
    with pytest.raises(KeyboardInterrupt):
        optimizer.step(closure, lambda iteration, loss: good.append(x.tolist()))
    assert x.tolist() == good[-1]
    assert optimizer.stop_reason.code == StopCode.INTERRUPTED


# Misuse


@pytest.mark.parametrize("closure", [lambda: None, lambda: 1.0, lambda: ac.tensor([1.0])])
def test_a_closure_without_residuals_is_told(closure):
    with pytest.raises(ac.GradientError, match="must return the residuals as a Tensor"):
        optim.LevenbergMarquardt([param([1.0])]).step(closure)


def misuses():
    w, z = param([1.0]), param([1.0])
    make = optim.LevenbergMarquardt
    yield lambda: make([w], solver="qr"), ValueError, "solver must be"
    yield lambda: make([w], damping=-1.0), ValueError, "damping must be at least 0"
    yield lambda: make([w], max_iter=0), ValueError, "max_iter must be at least 1"
    yield lambda: make([{"params": [w]}, {"params": [z]}]), ValueError, "treats all parameters alike"
    yield lambda: make([param([1.0j])]), ac.DTypeError, "needs real parameters"


@pytest.mark.parametrize("case", range(5))
def test_misuse_is_told(case):
    act, error, text = list(misuses())[case]
    with pytest.raises(error, match=text):
        act()
