"""A line search for the strong Wolfe conditions.

Along a direction d from x, the loss is φ(t) = f(x + t·d), with slope φ'(t) = ∇f(x + t·d)·d. A step t satisfies the
strong Wolfe conditions if

    φ(t) ≤ φ(0) + c₁·t·φ'(0)        it decreases the loss enough,
    |φ'(t)| ≤ −c₂·φ'(0)             and comes close enough to a minimum along d.

Source: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed., Springer 2006: the conditions are (3.7), the
search algorithms 3.5 (`bracket`) and 3.6 (`zoom`), the interpolation (3.59). Their safeguards are those of PyTorch,
so that steps agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

C1, C2 = 1e-4, 0.9
MAX_TRIALS = 25
SMALLEST_BRACKET = 1e-9  # the largest change of a parameter from one end to the other
BACK_OFF = 0.25  # of the way to a step that was not finite


@dataclass(frozen=True, slots=True)
class Trial:
    """A step along the direction, with the loss, the gradient and the slope found there."""

    step: float
    loss: float
    gradient: np.ndarray
    slope: float

    @property
    def finite(self) -> bool:
        """Whether the loss and the whole gradient are numbers."""
        return math.isfinite(self.loss) and bool(np.isfinite(self.gradient).all())


@dataclass(slots=True)
class Search:
    """One line search: the loss along the line, where it starts, and what was tried so far.

    `phi(t)` returns the Trial at step t, `start` is that at 0, `reach` is the largest change of any parameter for t
    = 1, and `most` limits the trials after the first, unless none has made the loss smaller yet. `rounds` counts these
    trials, `non_finite` the steps that left the finite numbers, and `wall` is the shortest of them. `steps` lists all
    steps tried; `satisfied` tells whether one of them met both conditions.
    """

    phi: Callable[[float], Trial]
    start: Trial
    reach: float
    most: int = MAX_TRIALS
    rounds: int = 0
    non_finite: int = 0
    wall: float = math.inf
    satisfied: bool = False
    steps: list[float] = field(default_factory=list)

    def run(self, step: float) -> Trial:
        """Find a step that satisfies the strong Wolfe conditions, or else the best of those tried.

        Begins with `step`. What is returned has step 0 if no step made the loss smaller.
        """
        return zoom(self, bracket(self, step))

    def decreases(self, trial: Trial) -> bool:
        """The first condition, sufficient decrease."""
        return trial.loss <= self.start.loss + C1 * trial.step * self.start.slope

    def is_flat(self, trial: Trial) -> bool:
        """The second condition, on the slope."""
        return abs(trial.slope) <= -C2 * self.start.slope

    def evaluate(self, step: float, base: Trial) -> Trial:
        """The trial at `step`, or, where that is not finite, at a step backed off towards the finite trial `base`.

        Returns `base` itself if nothing finite is found.
        """
        for _ in range(MAX_TRIALS):
            trial = self.phi(step)
            self.steps.append(step)
            if trial.finite:
                return trial
            self.non_finite += 1
            self.wall = min(self.wall, step)
            step = base.step + BACK_OFF * (step - base.step)
        return base


def bracket(search: Search, step: float) -> list[Trial]:
    """Enlarge the step until it is good or an interval is known that holds good ones: algorithm 3.5.

    Returns [trial] that satisfies both conditions, or the two ends of the interval.
    """
    last, trial = search.start, search.evaluate(step, search.start)
    while search.rounds < search.most:
        if trial is last:
            return [last]
        # Algorithm 3.5 compares with the last trial from the second one on (rounds > 0), PyTorch from the third.
        if not search.decreases(trial) or (search.rounds > 1 and trial.loss >= last.loss):
            return [last, trial]
        if search.is_flat(trial):
            search.satisfied = True
            return [trial]
        if trial.slope >= 0:
            return [last, trial]
        low, high = trial.step + 0.01 * (trial.step - last.step), min(10 * trial.step, 0.5 * (trial.step + search.wall))
        step = minimum_of_cubic(last, trial, low, high)
        last, trial = trial, search.evaluate(step, trial)
        search.rounds += 1
    return [search.start, trial]


def zoom(search: Search, ends: list[Trial]) -> Trial:
    """Narrow an interval that holds good steps until one is found: algorithm 3.6. Returns the best end."""
    stalled = False
    while len(ends) == 2 and search.rounds < (search.most if lower(ends).step else MAX_TRIALS):
        low, high = sorted((ends[0].step, ends[1].step))
        if (high - low) * search.reach < SMALLEST_BRACKET:
            break
        step, stalled = inside(minimum_of_cubic(ends[0], ends[1], low, high), low, high, stalled)
        best = lower(ends)
        trial = search.evaluate(step, best)
        search.rounds += 1
        if trial is best:
            break
        ends = narrowed(search, ends, trial)
    return lower(ends)


def narrowed(search: Search, ends: list[Trial], trial: Trial) -> list[Trial]:
    """The smaller interval that a new trial inside leaves; [trial] if it satisfies both conditions.

    The order of the ends is kept: it decides which of two equal losses counts as the lower.
    """
    best = lower(ends)
    if not search.decreases(trial) or trial.loss >= best.loss:
        return [end if end is best else trial for end in ends]
    if search.is_flat(trial):
        search.satisfied = True
        return [trial]
    worst = ends[0] if best is ends[1] else ends[1]
    if trial.slope * (worst.step - best.step) >= 0:
        worst = best
    return [trial, worst] if best is ends[0] else [worst, trial]


def lower(ends: list[Trial]) -> Trial:
    """The trial of lowest loss, the first of equals."""
    return min(ends, key=lambda trial: trial.loss)


def inside(step: float, low: float, high: float, stalled: bool) -> tuple[float, bool]:
    """Keep a step away from the ends of an interval, and tell whether it came within a tenth of one.

    Once is tolerated, since a minimum may lie there; the second time in a row, or where it is an end itself, the step is
    moved inwards.
    """
    margin = 0.1 * (high - low)
    if min(high - step, step - low) >= margin:
        return step, False
    if stalled or step >= high or step <= low:
        return (high - margin if abs(step - high) < abs(step - low) else low + margin), False
    return step, True


def minimum_of_cubic(one: Trial, other: Trial, low: float, high: float) -> float:
    """Where the cubic through two losses and slopes has its minimum, within [low, high]: (3.59).

    The middle of [low, high] where the cubic has none.
    """
    a, b = (one, other) if one.step <= other.step else (other, one)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return 0.5 * (low + high)
    d2 = math.sqrt(square)
    bottom = b.slope - a.slope + 2 * d2
    step = b.step - (b.step - a.step) * ((b.slope + d2 - d1) / bottom) if bottom else math.nan
    return min(max(step, low), high) if step == step else 0.5 * (low + high)
