"""Training: stages of optimizers run one after the other on a loss of named terms, with a history, and nothing ever lost.

The last good weights are kept: after Ctrl-C the training stops where it is, and after a loss that is not finite it goes back
to the best state and says which term failed, at which step and at which point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .progress import Progress, short

TRIALS = 25  # the most that one line search of L-BFGS can need


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

    def __init__(self, optimizer: Callable[..., Any], steps: int, refine_every: int | None = None, **options: Any) -> None:
        if not callable(optimizer):
            raise TypeError(f"Stage: the optimizer is {optimizer!r}; give its class: Stage(nn.optim.Adam, steps=1000, lr=1e-3)")
        _check_count("steps", steps)
        if refine_every is not None:
            _check_count("refine_every", refine_every)
        object.__setattr__(self, "optimizer", optimizer)
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "refine_every", refine_every)
        object.__setattr__(self, "options", options)

    @property
    def name(self) -> str:
        """The name of the optimizer."""
        return getattr(self._made, "__name__", str(self._made))

    def build(self, parameters: Sequence[Tensor], steps: int) -> Any:
        """The optimizer on these parameters, for at most so many steps."""
        return self.optimizer(parameters, **self._defaults(steps), **self.options)

    def rounds(self) -> list[int]:
        """The steps between two refinements."""
        length = self.refine_every or self.steps
        return [min(length, self.steps - start) for start in range(0, self.steps, length)]

    @property
    def _made(self) -> Any:
        """What is built, also where it is wrapped as partial(nn.optim.LBFGS, history_size=20)."""
        return self.optimizer.func if isinstance(self.optimizer, partial) else self.optimizer

    def _defaults(self, steps: int) -> dict[str, Any]:
        defaults: dict[str, Any] = {}
        if not isinstance(self._made, type):
            return defaults
        if issubclass(self._made, nn.optim.LBFGS):
            defaults = {"line_search_fn": "strong_wolfe", "tolerance_grad": 1e-9, "tolerance_change": 1e-14}
            defaults |= {"tolerance_curvature": 1e-18, "max_iter": steps, "max_eval": TRIALS * steps}
        elif issubclass(self._made, nn.optim.LBFGSB):
            defaults = {"max_iter": steps}
        wrapped = self.optimizer.keywords if isinstance(self.optimizer, partial) else {}
        return {k: v for k, v in defaults.items() if k not in self.options and k not in wrapped}


def _check_count(name: str, number: Any) -> None:
    try:
        operator.index(number)
    except TypeError:
        raise TypeError(f"Stage: {name}={number!r}; it must be a whole number, such as {name}=1000") from None
    if number < 1:
        raise ValueError(f"Stage: {name}={number}; it must be at least 1")


class History:
    """The record of a training: `columns` (step, stage, loss, and one column a term), and why each stage stopped.

    A row belongs to a step: the loss and its terms where a step of Adam or SGD began, or where an iteration of L-BFGS
    ended. `interrupted` tells that Ctrl-C ended it.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, dict[str, float]]] = []
        self.stop_reasons: list[tuple[str, str]] = []
        self.interrupted = False

    @property
    def columns(self) -> dict[str, list]:
        """The record as a table: columns of one length by name."""
        stages, losses, terms = [list(column) for column in zip(*self.rows, strict=True)] or ([], [], [])
        table = {"step": [*range(1, self.steps + 1)], "stage": stages, "loss": losses}
        names = dict.fromkeys(name for row in terms for name in row)
        return table | {name: [row.get(name, float("nan")) for row in terms] for name in names}

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.rows)

    @property
    def loss(self) -> float:
        """The last recorded loss."""
        return self.rows[-1][1] if self.rows else float("nan")

    def add(self, stage: str, loss: float, terms: dict[str, float]) -> None:
        """Append one step."""
        self.rows.append((stage, loss, dict(terms)))

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
        self.new_points = False

    def run(self, stages: Sequence[Stage]) -> History:
        """Run the stages in order. KeyboardInterrupt ends it in good order; NonFiniteError leaves the best weights."""
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
        if loss < self.best_loss or self.new_points:  # a loss on other points cannot be compared
            self.best_loss, self.new_points = loss, False
            for kept, p in zip(self.best, self.parameters, strict=True):
                kept[...] = p.numpy()

    def _put_back(self) -> None:
        for kept, p in zip(self.best, self.parameters, strict=True):
            p.copy_(kept)

    def _stop_here(self, stage: Stage) -> None:
        """Ctrl-C: keep what was learned, unless the last step has just ruined it."""
        if not all(np.isfinite(p.numpy()).all() for p in self.parameters):
            self._put_back()
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
        self._put_back()
        best = f"best so far (loss {short(self.best_loss)})" if np.isfinite(self.best_loss) else "those of the start"
        raise ac.errors.NonFiniteError(
            f"the loss term {term!r} became {self.latest[term]} at step {self.history.steps + 1} "
            f"({stage.name}){where}. The weights are put back: {best}. "
            "A smaller lr, or an input or residual that stays finite there, mends it."
        )
