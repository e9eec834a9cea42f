"""Training: stages of optimizers run one after the other on a loss of named terms, with a history, and nothing ever lost.

The last good weights are kept: after Ctrl-C the training stops where it is, and after a loss that is not finite it goes back
to the best state and says which term failed, at which step and at which point. An optimizer that searches along lines may
back off from such a loss by itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import autograd_core as ac
from autograd_core import Tensor
from nn.callbacks import Callback, as_callback
from nn.guard import Best
from nn.interrupts import Interrupts
from nn.progress import Progress
from nn.seeding import get_rng_state, set_rng_state
from nn.snapshot import read_state, write_state

from .evaluation import Evaluation, compiled_update
from .history import History
from .stage import Stage, check_count


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

    def refine(self, *rule: Any) -> None:
        """Choose the points anew, by a `Refinement` where one is given."""
        ...


def minimizes(optimizer: Any) -> bool:
    """Whether an optimizer evaluates the loss itself, through a closure, until it has a reason to stop."""
    return hasattr(optimizer, "stop_reason")


class Trainer:
    """Runs the stages on a problem, and keeps the `history` and the `best` weights so far.

    `progress`: True shows a progress bar, False none, None only at a terminal. `compile`, as in `PINN.fit`, needs a problem
    whose terms are a function of Tensors alone. After `every` steps `metrics`, functions of the problem by name, fill columns
    of the history, `callbacks` are called, and the training is saved into `checkpoint`, at its end too; Ctrl-C leaves the file
    of the look before. `step` and `epoch` count steps and looks. `batch` is how many interior points are used at a time.
    """

    def __init__(
        self,
        problem: Problem,
        progress: bool | None = None,
        compile: bool | str = False,
        *,
        batch: int | None = None,
        every: int = 100,
        checkpoint: str | os.PathLike[str] | None = None,
        metrics: Mapping[str, Callable[[Any], float]] | None = None,
        callbacks: Sequence[Any] = (),
    ) -> None:
        check_count("every", every, "fit")
        if batch is not None:
            check_count("batch", batch, "fit")
        for name, f in (metrics or {}).items():
            if name in History.always:
                raise ValueError(f"fit: no metric can be called {name!r}: a column of the history is. Choose another name.")
            if not callable(f):
                raise TypeError(f"fit: the metric {name!r} is {f!r}; it is a function of the problem, such as lambda pinn: ….")
        self.problem, self.progress, self.compile = problem, progress, compile
        self.batch, self.every, self.checkpoint = batch, every, checkpoint
        self.metrics, self.callbacks = dict(metrics or {}), [as_callback(each) for each in callbacks]
        self.parameters = list(problem.parameters())
        self.history = History()
        self.latest: dict[str, float] = {}
        self.latest_loss = float("nan")
        self.best = Best(self.parameters)
        self.new_points = False
        self.epoch = self.place = self.round = self.made = 0  # the stage, the round in it, the steps in that
        self.first = 0  # the step at which the stage began
        self.stopped_by: Any = None  # the callback that ended the training
        self.optimizer: Any = None
        self._saved: Mapping[str, Any] | None = None  # of the optimizer, in a training that goes on
        self._unsaved = False  # steps since the file was written
        self._exactly = checkpoint is not None  # each digit is that of a training that is stopped and goes on

    @property
    def step(self) -> int:
        """How many steps were made."""
        return self.history.steps

    def run(self, stages: Sequence[Stage]) -> History:
        """Run the stages in order and return the history, also after Ctrl-C.

        Raises NonFiniteError, with the best weights put back, GradientError for a loss that no parameter can change, and
        TypeError or ValueError for what is no stage.
        """
        self._check(stages)
        self.evaluate = Evaluation(self.problem, self.parameters, self.compile, sum(stage.steps for stage in stages))
        self._call("on_start")
        for stage in stages[self.place :]:
            try:
                # What is not finite is reported by `_fail`, with more than NumPy's warning tells.
                with Progress(stage.name, stage.steps, self.progress) as bar, np.errstate(all="ignore"), ac.enable_grad():
                    reason = self._run(stage, bar)
            except KeyboardInterrupt:
                self._stop_here(stage)
                break
            self.history.stop_reasons.append((stage.name, reason))
            if self.stopped_by is not None:
                break
            self.place += 1
            self._save_last()
        self.history.why_not_compiled = self.evaluate.why_not
        self._call("on_end")
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
        rounds, reason = stage.rounds(), ""
        if self.round == self.made == 0:
            self.first = self.history.steps
        while self.round < len(rounds) and self.stopped_by is None:
            steps = rounds[self.round]
            if self.made == 0 and stage.refines(self.round):
                self.problem.refine(*([stage.refine] if stage.refine else []))
                self.new_points = True
            if self.optimizer is None or (minimizes(self.optimizer) and self.made == 0):
                self._build(stage, steps)
            run = self._minimize if minimizes(self.optimizer) else self._make_steps
            reason = run(stage, steps, bar)
            ended = self.round + 1 == len(rounds) and not minimizes(self.optimizer)
            if ended or self.stopped_by is not None:  # more steps could follow; where a search has converged, none
                self._save_last()
            self.round, self.made = self.round + 1, 0
        if not minimizes(self.optimizer) and self.stopped_by is None:
            self._loss(stage)  # the last step too may have led to NaN
            self._keep_best(self.latest_loss)
        self.round, self.optimizer = 0, None
        return reason if self.stopped_by is None else self.stopped_by.reason

    def _build(self, stage: Stage, steps: int) -> None:
        self.optimizer = stage.build(self.parameters, steps)
        resumes, self._saved = self._saved, None
        if resumes is not None:
            self.optimizer.load_state_dict(resumes)
            if minimizes(self.optimizer):  # it was saved with the iterations up to there as its limit
                self.optimizer.param_groups[0]["max_iter"] = steps - self.made
        exactly = self._exactly
        self.update = compiled_update(self.optimizer, exactly=exactly) if self.evaluate.compiles else self.optimizer.step
        if self.batch is not None:
            self.problem.use_batches(self.batch, drawn=not minimizes(self.optimizer))  # type: ignore[attr-defined]
        if exactly and isinstance(getattr(self.problem, "weighting", None), Callback | None):  # another may remember its calls
            self.evaluate.warm()

    def _make_steps(self, stage: Stage, steps: int, bar: Progress) -> str:
        while self.made < steps and self.stopped_by is None:
            if self.batch is not None:
                self.problem.next_batch()  # type: ignore[attr-defined]
            self._loss(stage)
            self._keep_best(self.latest_loss)
            with Interrupts():  # Ctrl-C waits until all parameters are those of one step
                self.update()
            self._record(stage, bar, self.latest_loss)
        return f"made all {stage.steps} steps"

    def _minimize(self, stage: Stage, steps: int, bar: Progress) -> str:
        tried: dict[float, dict[str, float]] = {}

        def closure() -> Tensor:
            self._loss(stage)
            tried[self.latest_loss] = self.latest
            return ac.tensor(self.latest_loss)

        def accepted(iteration: int, loss: float) -> None:
            self.latest = tried.get(loss, self.latest)  # a line search may go back to a point before the last
            tried.clear()
            self._keep_best(loss)
            self._record(stage, bar, loss)
            if self.stopped_by is not None:
                raise StopIteration

        self._search(closure, accepted, steps)
        reason = self.optimizer.stop_reason
        code = getattr(reason, "code", None)
        if code == "non_finite":
            raise ac.errors.NonFiniteError(f"{stage.name}: {reason}")
        if code == "max_iter":
            made = self.history.steps - self.first
            return f"made all {made} steps" if made == stage.steps else f"made {made} of {stage.steps} steps"
        rounds = f", in the last of {len(stage.rounds())} rounds" if stage.refine_every else ""
        return f"{reason}{rounds}"

    def _search(self, closure: Callable, accepted: Callable, steps: int) -> None:
        """One minimization, or where it is to be saved on its way several, each of `every` iterations."""
        if self.checkpoint is None:
            if self.made < steps:  # a training that goes on may have been saved at the end of a round
                self.optimizer.step(closure, callback=accepted)
            return
        group = self.optimizer.param_groups[0]
        while self.made < steps and self.stopped_by is None:
            group["max_iter"] = min(self.every, steps - self.made)
            self.optimizer.step(closure, callback=accepted)
            if getattr(self.optimizer.stop_reason, "code", None) != "max_iter":
                return
            self.save(self.checkpoint)

    def _loss(self, stage: Stage) -> None:
        """The loss, its terms and gradients."""
        compiled = self.evaluate.compiles
        weighted, raw = self.evaluate()
        if compiled and not self.evaluate.compiles and hasattr(self.problem, "compile_layers"):
            self.problem.compile_layers()
        self.latest = {name: term.item() for name, term in weighted.items()}
        self.latest_loss = sum(self.latest.values())
        self.latest |= {f"raw {name}": term.item() for name, term in raw.items()}
        if not np.isfinite(self.latest_loss):
            self._fail(stage, list(weighted))
        self._check_gradients(list(weighted))

    def _check_gradients(self, names: Sequence[str]) -> None:
        if all(p.grad is None for p in self.parameters):
            raise ac.errors.GradientError(
                f"the loss ({', '.join(names)}) does not depend on any parameter that requires a gradient, so there is "
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

    def _record(self, stage: Stage, bar: Progress, loss: float) -> None:
        self.made, self._unsaved = self.made + 1, True
        look = (self.history.steps + 1) % self.every == 0
        measured = self._measured() if look else {}
        self.history.add(stage.name, loss, {**self.latest, **measured})
        bar.update(self.history.steps - self.first, loss, self.latest)
        if self.callbacks:
            self._call("on_step", loss)
        if look:
            self.epoch += 1
            self._call("on_epoch", {**self.history.rows[-1], "epoch": self.epoch})
            if self.checkpoint is not None and not minimizes(self.optimizer):
                self.save(self.checkpoint)

    def _measured(self) -> dict[str, float]:
        """The metrics now. Raises ValueError for one with the name of another column."""
        clash = next((name for name in self.metrics if name in self.latest or name in self.history.coefficients), None)
        if clash is not None:
            raise ValueError(f"fit: the metric {clash!r} has the name of a term or a coefficient. Choose another.")
        return {name: float(f(self.problem)) for name, f in self.metrics.items()}

    def _call(self, name: str, *arguments: Any) -> None:
        for each in self.callbacks:
            if getattr(each, name)(self, *arguments) is True and name != "on_end":
                self.stopped_by = each

    def _fail(self, stage: Stage, names: Sequence[str]) -> None:
        """Say what is not finite and where, with the weights put back to the best so far."""
        broken = [name for name in names if not np.isfinite(self.latest[name])]
        term = broken[0] if broken else max(names, key=self.latest.__getitem__)
        where = self.problem.explain(term)
        self.best.put_back()
        raise ac.errors.NonFiniteError(
            f"the loss term {term!r} became {self.latest[term]} at step {self.history.steps + 1} "
            f"({stage.name}){where}. The weights are put back: {self.best}. "
            "A smaller lr, or an input or residual that stays finite there, mends it."
        )

    # -- stop and resume -----------------------------------------------------------------------------------------

    def _save_last(self) -> None:
        """Save what was done since the file was written."""
        if self.checkpoint is not None and self._unsaved:
            self.save(self.checkpoint)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write all that the next step depends on: weights, optimizer, points, random states, history, place in the stages."""
        state = {
            "place": [self.place, self.round, self.made, self.epoch, self.first, int(self.new_points)],
            "parameters": [p.numpy() for p in self.parameters],
            "best": {"loss": self.best.loss, "values": self.best.values},
            "optimizer": None if self.optimizer is None else self.optimizer.state_dict(),
            "problem": self.problem.training_state(),  # type: ignore[attr-defined]
            "callbacks": [each.state_dict() for each in self.callbacks],
            "random": get_rng_state(),
            "rows": self.history.rows,
            "stop_reasons": [list(each) for each in self.history.stop_reasons],
        }
        self._unsaved = False
        return write_state(path, state)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Go on where `save` was called.

        Raises FileNotFoundError, and ValueError for a training of another network or with other callbacks.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(
                f"fit: there is no file {os.fspath(path)} to resume. fit(…, checkpoint=…) writes one; to begin "
                "anew leave resume out."
            )
        state = read_state(path)
        shapes = [p.shape for p in self.parameters]
        if [np.shape(p) for p in state["parameters"]] != shapes or len(state["callbacks"]) != len(self.callbacks):
            raise ValueError(f"{os.fspath(path)}: this training had other parameters or callbacks: make it as it was")
        self.place, self.round, self.made, self.epoch, self.first, new = map(int, state["place"])
        self.new_points, self._saved, self._exactly = bool(new), state["optimizer"], True
        for p, values in zip(self.parameters, state["parameters"], strict=True):
            p.copy_(np.asarray(values))
        self.best.loss, self.best.values = float(state["best"]["loss"]), [np.array(v) for v in state["best"]["values"]]
        self.problem.load_training_state(state["problem"])  # type: ignore[attr-defined]
        for each, saved in zip(self.callbacks, state["callbacks"], strict=True):
            each.load_state_dict(saved)
        set_rng_state(state["random"])
        self.history.rows = [dict(row) for row in state["rows"]]
        self.history.stop_reasons = [(name, reason) for name, reason in state["stop_reasons"]]
