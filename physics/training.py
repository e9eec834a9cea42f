"""Training: stages of optimizers run one after the other on a loss of named terms, with a history, and nothing ever lost.

The last good weights are kept: after Ctrl-C the training stops where it is, and after a loss that is not finite it goes back
to the best state and says which term failed, at which step and at which point. An optimizer that searches along lines may
back off from such a loss by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

import autograd_core as ac
from autograd_core import Tensor
from nn.guard import Best
from nn.progress import Progress

from .history import History
from .stage import Stage


class Problem(Protocol):
    """What can be trained: named terms of a loss, and parameters."""

    def loss_terms(self) -> dict[str, Tensor]:
        """The weighted terms by name, each one number; the loss is their sum."""
        ...

    def parameters(self) -> Any:
        """The Tensors that are trained."""
        ...

    def explain(self, term: str) -> str:
        """Where a term is worst, as the end of a sentence."""
        ...

    def refine(self) -> None:
        """Choose the points anew."""
        ...


def minimizes(optimizer: Any) -> bool:
    """Whether an optimizer evaluates the loss itself, through a closure, until it has a reason to stop."""
    return hasattr(optimizer, "stop_reason")


class Trainer:
    """Runs the stages on a problem, and keeps the `history` and the `best` weights so far.

    `progress`: True shows a progress bar, False none, None only at a terminal.
    """

    def __init__(self, problem: Problem, progress: bool | None = None) -> None:
        self.problem, self.progress = problem, progress
        self.parameters = list(problem.parameters())
        self.history = History()
        self.latest: dict[str, float] = {}
        self.latest_loss = float("nan")
        self.best = Best(self.parameters)
        self.new_points = False

    def run(self, stages: Sequence[Stage]) -> History:
        """Run the stages in order and return the history, also after Ctrl-C.

        Raises NonFiniteError, with the best weights put back, GradientError for a loss that no parameter can change, and
        TypeError or ValueError for what is no stage.
        """
        self._check(stages)
        for stage in stages:
            try:
                # What is not finite is reported by `_fail`, with more than NumPy's warning tells.
                with Progress(stage.name, stage.steps, self.progress) as bar, np.errstate(all="ignore"), ac.enable_grad():
                    reason = self._run(stage, bar)
            except KeyboardInterrupt:
                self._stop_here(stage)
                break
            self.history.stop_reasons.append((stage.name, reason))
        return self.history

    def _check(self, stages: Sequence[Stage]) -> None:
        """Refuse now what the last stage would refuse after hours of training."""
        if not stages:
            raise ValueError("fit: no stage was given. For instance: [Stage(nn.optim.Adam, steps=1000, lr=1e-3)]")
        for stage in stages:
            if not isinstance(stage, Stage):
                raise TypeError(f"fit: {stage!r} is no stage. Write Stage(nn.optim.Adam, steps=1000, lr=1e-3)")
            stage.build(self.parameters, 1)

    def _run(self, stage: Stage, bar: Progress) -> str:
        optimizer, first = None, self.history.steps
        for steps in stage.rounds():
            if stage.refine_every:
                self.problem.refine()
                self.new_points = True
            optimizer = stage.build(self.parameters, steps) if optimizer is None or minimizes(optimizer) else optimizer
            run = self._minimize if minimizes(optimizer) else self._make_steps
            reason = run(stage, optimizer, steps, bar, first)
        if not minimizes(optimizer):
            self._loss(stage)  # the last step too may have led to NaN
            self._keep_best(self.latest_loss)
        return reason

    def _make_steps(self, stage: Stage, optimizer: Any, steps: int, bar: Progress, first: int) -> str:
        for _ in range(steps):
            optimizer.zero_grad()
            self._backward(self._loss(stage))
            self._keep_best(self.latest_loss)
            optimizer.step()
            self._record(stage, bar, first, self.latest_loss)
        return f"made all {stage.steps} steps"

    def _minimize(self, stage: Stage, optimizer: Any, steps: int, bar: Progress, first: int) -> str:
        tried: dict[float, dict[str, float]] = {}

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = self._loss(stage)
            tried[self.latest_loss] = self.latest
            self._backward(loss)
            return loss

        def accepted(iteration: int, loss: float) -> None:
            self.latest = tried.get(loss, self.latest)  # a line search may go back to a point before the last
            tried.clear()
            self._keep_best(loss)
            self._record(stage, bar, first, loss)

        optimizer.step(closure, callback=accepted)
        code = getattr(optimizer.stop_reason, "code", None)
        if code == "non_finite":
            raise ac.errors.NonFiniteError(f"{stage.name}: {optimizer.stop_reason}")
        if code == "max_iter":
            made = self.history.steps - first
            return f"made all {made} steps" if made == stage.steps else f"made {made} of {stage.steps} steps"
        rounds = f", in the last of {len(stage.rounds())} rounds" if stage.refine_every else ""
        return f"{optimizer.stop_reason}{rounds}"

    def _loss(self, stage: Stage) -> Tensor:
        terms = self.problem.loss_terms()
        first, *rest = terms.values()
        total = sum(rest, start=first)
        self.latest = {name: term.item() for name, term in terms.items()}
        self.latest_loss = total.item()
        if not np.isfinite(self.latest_loss):
            self._fail(stage)
        return total

    def _backward(self, loss: Tensor) -> None:
        if loss.requires_grad:
            loss.backward()
        if all(p.grad is None for p in self.parameters):
            raise ac.errors.GradientError(
                f"the loss ({', '.join(self.latest)}) does not depend on any parameter that requires a gradient, so there is "
                "nothing to train. Are all frozen? Is the residual written with the fields of the state and with the "
                "functions of autograd_core?"
            )

    def _keep_best(self, loss: float) -> None:
        if self.best.note(loss, anyway=self.new_points):  # a loss on other points cannot be compared
            self.new_points = False

    def _stop_here(self, stage: Stage) -> None:
        """Ctrl-C: keep what was learned, unless the last step has just ruined it."""
        if not self.best.finite():
            self.best.put_back()
        self.history.interrupted = True
        self.history.stop_reasons.append((stage.name, f"interrupted after step {self.history.steps}"))

    def _record(self, stage: Stage, bar: Progress, first: int, loss: float) -> None:
        self.history.add(stage.name, loss, self.latest)
        bar.update(self.history.steps - first, loss, self.latest)

    def _fail(self, stage: Stage) -> None:
        """Say what is not finite and where, with the weights put back to the best so far."""
        broken = [name for name, value in self.latest.items() if not np.isfinite(value)]
        term = broken[0] if broken else max(self.latest, key=self.latest.__getitem__)
        where = self.problem.explain(term)
        self.best.put_back()
        raise ac.errors.NonFiniteError(
            f"the loss term {term!r} became {self.latest[term]} at step {self.history.steps + 1} "
            f"({stage.name}){where}. The weights are put back: {self.best}. "
            "A smaller lr, or an input or residual that stays finite there, mends it."
        )
