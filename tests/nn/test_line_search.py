"""The line search for the strong Wolfe conditions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.optim.line_search import C1, C2, MAX_TRIALS, Search, Trial, minimum_of_cubic


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
