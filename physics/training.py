"""Training: stages of optimizers run one after the other on a loss of named terms, with a history, and nothing ever lost.

The last good weights are kept: after Ctrl-C the training stops where it is, and after a loss that is not finite it goes back
to the best state and says which term failed, at which step and at which point.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .progress import Progress, short


class Problem(Protocol):
    """What can be trained: named terms of a loss, and parameters."""

    def loss_terms(self) -> dict[str, Tensor]: ...

    def parameters(self) -> Any: ...

    def explain(self, term: str) -> str: ...

    def refine(self) -> None: ...


@dataclass(frozen=True)
class Stage:
    """One optimizer for a number of steps; other arguments go to the optimizer: `Stage(nn.optim.Adam, steps=1000, lr=1e-3)`.

    An L-BFGS stage makes at most `steps` iterations and stops earlier where its tolerances are met; the history says why.
    It searches along strong Wolfe lines unless told otherwise. With `refine_every=k` the interior points are drawn anew
    every k steps, half of them where the residual is large (`PINN.refine`); an L-BFGS then starts a new memory.
    """

    optimizer: Callable[..., Any]
    steps: int
    refine_every: int | None
    options: dict[str, Any]

    def __init__(
        self, optimizer: Callable[..., Any], steps: int, refine_every: int | None = None, **options: Any
    ) -> None:
        for name, number in (("steps", steps), ("refine_every", refine_every)):
            if number is not None and number < 1:
                raise ValueError(f"Stage: {name}={number}; it must be at least 1")
        object.__setattr__(self, "optimizer", optimizer)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "refine_every", refine_every)
        object.__setattr__(self, "options", options)

    @property
    def name(self) -> str:
        """The name of the optimizer."""
        return getattr(self.optimizer, "__name__", str(self.optimizer))

    def build(self, parameters: Sequence[Tensor], steps: int) -> Any:
        """The optimizer on these parameters, for at most so many steps."""
        return self.optimizer(parameters, **self._defaults(steps), **self.options)

    def rounds(self) -> list[int]:
        """The steps between two refinements."""
        length = self.refine_every or self.steps
        return [min(length, self.steps - start) for start in range(0, self.steps, length)]

    def _defaults(self, steps: int) -> dict[str, Any]:
        defaults: dict[str, Any]
        if self.optimizer is nn.optim.LBFGS:
            defaults = {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-9, "tolerance_change": 1e-12}
            defaults |= {"max_iter": steps, "max_eval": 2 * steps}
        elif self.optimizer is nn.optim.LBFGSB:
            defaults = {"max_iter": steps}
        else:
            defaults = {}
        return {k: v for k, v in defaults.items() if k not in self.options}


class History:
    """The record of a training: `columns` (step, stage, loss, and one column a term), and why each stage stopped.

    A row is the state after a step, written before the next one. `interrupted` tells that Ctrl-C ended it.
    """

    def __init__(self) -> None:
        self.columns: dict[str, list] = {"step": [], "stage": [], "loss": []}
        self.stop_reasons: list[tuple[str, str]] = []
        self.interrupted = False

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.columns["loss"])

    @property
    def loss(self) -> float:
        """The last recorded loss."""
        return self.columns["loss"][-1] if self.steps else float("nan")

    def add(self, stage: str, loss: float, terms: dict[str, float]) -> None:
        """Append one step."""
        self.columns["step"].append(self.steps + 1)
        self.columns["stage"].append(stage)
        self.columns["loss"].append(loss)
        for name, value in terms.items():
            self.columns.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        stops = "; ".join(f"{stage}: {reason}" for stage, reason in self.stop_reasons)
        return f"History({self.steps} steps, loss {short(self.loss)}{', interrupted' if self.interrupted else ''}. {stops})"


def minimizes(optimizer: Any) -> bool:
    """Whether an optimizer evaluates the loss itself, through a closure, until it has a reason to stop."""
    return hasattr(optimizer, "stop_reason")


class Trainer:
    """Runs the stages on a problem; see the module for what it promises."""

    def __init__(self, problem: Problem, progress: bool | None = None) -> None:
        self.problem, self.progress = problem, progress
        self.parameters = list(problem.parameters())
        self.history = History()
        self.latest: dict[str, float] = {}
        self.latest_loss = float("nan")
        self.best_loss = float("inf")
        self.best = [p.numpy().copy() for p in self.parameters]

    def run(self, stages: Sequence[Stage]) -> History:
        """Run the stages in order. KeyboardInterrupt ends it in good order; NonFiniteError leaves the best weights."""
        if not stages:
            raise ValueError("fit: no stage was given. For instance: [Stage(nn.optim.Adam, steps=1000, lr=1e-3)]")
        for stage in stages:
            try:
                with Progress(stage.name, stage.steps, self.progress) as bar:
                    reason = self._run(stage, bar)
            except KeyboardInterrupt:
                self.history.interrupted = True
                self.history.stop_reasons.append((stage.name, f"interrupted after step {self.history.steps}"))
                break
            self.history.stop_reasons.append((stage.name, reason))
        return self.history

    def _run(self, stage: Stage, bar: Progress) -> str:
        optimizer, first = None, self.history.steps
        for steps in stage.rounds():
            if stage.refine_every:
                self.problem.refine()
                self.best_loss = float("inf")  # another set of points is another loss
            optimizer = stage.build(self.parameters, steps) if optimizer is None or minimizes(optimizer) else optimizer
            run = self._minimize if minimizes(optimizer) else self._make_steps
            reason = run(stage, optimizer, steps, bar, first)
        return reason

    def _make_steps(self, stage: Stage, optimizer: Any, steps: int, bar: Progress, first: int) -> str:
        for _ in range(steps):
            optimizer.zero_grad()
            self._loss(stage).backward()
            self._keep_best(self.latest_loss)
            optimizer.step()
            self._record(stage, bar, first, self.latest_loss)
        return f"made all {stage.steps} steps"

    def _minimize(self, stage: Stage, optimizer: Any, steps: int, bar: Progress, first: int) -> str:
        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = self._loss(stage)
            loss.backward()
            return loss

        def accepted(iteration: int, loss: float) -> None:
            self._keep_best(loss)
            self._record(stage, bar, first, loss)

        optimizer.step(closure, callback=accepted)
        rounds = f", in the last of {len(stage.rounds())} rounds" if stage.refine_every else ""
        return f"{optimizer.stop_reason}{rounds}"

    def _loss(self, stage: Stage) -> Tensor:
        terms = self.problem.loss_terms()
        total = sum(terms.values(), start=ac.tensor(0.0)) if len(terms) != 1 else next(iter(terms.values()))
        self.latest = {name: term.item() for name, term in terms.items()}
        self.latest_loss = total.item()
        if not np.isfinite(self.latest_loss):
            self._fail(stage)
        return total

    def _keep_best(self, loss: float) -> None:
        if loss < self.best_loss:
            self.best_loss = loss
            for kept, p in zip(self.best, self.parameters, strict=True):
                kept[...] = p.numpy()

    def _record(self, stage: Stage, bar: Progress, first: int, loss: float) -> None:
        self.history.add(stage.name, loss, self.latest)
        bar.update(self.history.steps - first, loss, self.latest)

    def _fail(self, stage: Stage) -> None:
        """Say what is not finite and where, with the weights put back to the best so far."""
        term = next((name for name, value in self.latest.items() if not np.isfinite(value)), "loss")
        where = self.problem.explain(term)
        for kept, p in zip(self.best, self.parameters, strict=True):
            p.copy_(kept)
        raise ac.errors.NonFiniteError(
            f"the loss term {term!r} became {self.latest.get(term, self.latest_loss)} at step {self.history.steps + 1} "
            f"({stage.name}){where}. The weights are back at the best state so far (loss {short(self.best_loss)}). "
            "A smaller lr, or an input or residual that stays finite there, mends it."
        )
