"""Trainer: a model, a loss and an optimizer, trained on data with a history, and nothing ever lost.

The place in the data, the weights, the optimizer, the schedule and all random states make up its state: a training that is
saved, stopped and resumed gives the same numbers, bit by bit, as one that was never stopped.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np

import autograd_core as ac

from .callbacks import as_callback
from .data import DataLoader
from .data.dataset import as_dataset
from .guard import Best
from .history import History
from .interrupts import Interrupts
from .linear import count
from .module import Module
from .progress import Progress
from .seeding import Seed, as_seed
from .snapshot import Parts, evaluating, read_state, restore, state_of, tensors, undone, write_state
from .steps import Forward, Step, backward, check_parts, detached, forward, minimizes, size_of, takes_metric, target_of

Metrics = Mapping[str, Callable[[Any, Any], float]] | Iterable[Callable[[Any, Any], float]]


class Trainer:
    """Trains a model: `Trainer(model, loss, optimizer).fit((x, y), epochs=100, batch_size=32)`.

    `loss(output, target)` gives one number, a mean over the batch. `schedule` is stepped after each epoch, or after each
    step with `schedule_every="step"`. `metrics` are functions of (output, target) that give a number, by name or in a list.
    `callbacks` are Callbacks, or functions of (trainer, row) called after each epoch. `compile` is "auto" (steps are
    captured and replayed where that works), True or False. `seed` (or a generator) decides the order of the data alone:
    what draws within the model, such as dropout, goes by `nn.manual_seed`. `clip_norm` limits the norm of the gradient.
    `progress`: True shows a progress bar, False none, None only at a terminal. `rule(model, loss, batch)`, if given, says
    how a batch becomes (loss, output); else a batch is (x, …, target).

    `history`, `epoch` and `step` tell how far it is. Raises TypeError for what is no model, loss or optimizer, ValueError
    where the optimizer has no parameter of the model.

    >>> from nn.linear import Linear
    >>> from nn.loss import mse_loss
    >>> from nn.optim import SGD
    >>> x = np.linspace(-1.0, 1.0, 20)[:, None]
    >>> line = Linear(1, 1, generator=0)
    >>> trainer = Trainer(line, mse_loss, SGD(line.parameters(), lr=0.3))
    >>> history = trainer.fit((x, 2.0 * x + 1.0), epochs=100)
    >>> round(line.weight.item(), 3), round(line.bias.item(), 3)
    (2.0, 1.0)
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], ac.Tensor],
        optimizer: Any,
        schedule: Any = None,
        *,
        metrics: Metrics = (),
        callbacks: Iterable[Any] = (),
        compile: bool | str = "auto",
        seed: Seed = 0,
        schedule_every: str = "epoch",
        clip_norm: float | None = None,
        progress: bool | None = None,
        rule: Forward = forward,
    ) -> None:
        if schedule_every not in ("epoch", "step"):
            raise ValueError(f'schedule_every is "epoch" or "step", not {schedule_every!r}')
        check_parts(model, loss, optimizer, rule)
        self.model, self.loss, self.optimizer, self.schedule = model, loss, optimizer, schedule
        self.metrics = dict(metrics) if isinstance(metrics, Mapping) else {f.__name__: f for f in metrics}
        self.callbacks = [as_callback(each) for each in callbacks]
        self.schedule_every, self.progress, self.rule = schedule_every, progress, rule
        self.seed, self.history = as_seed(seed), History()
        self.epoch = self.step = 0
        self._sums: dict[str, float] = {}  # of the epoch so far
        self._loader: DataLoader | None = None
        self._place: Mapping[str, Any] | None = None  # in the data, where a resumed training goes on
        self.stopped_by: Any = None  # the callback that ended the last fit
        self._stopped = ""
        self._last: Any = None  # batch
        self._make_step = Step(model, loss, optimizer, compile, clip_norm, rule, bool(self.metrics))

    @property
    def why_not_compiled(self) -> str:
        """Why steps are not compiled; empty where they are, or have not been tried."""
        return self._make_step.why_not

    # -- training -------------------------------------------------------------------------------------------

    def fit(
        self,
        train: Any,
        validation: Any = None,
        epochs: int = 1,
        batch_size: int | None = None,
        shuffle: bool = True,
        augment: Callable[..., Any] | None = None,
    ) -> History:
        """Train until `epochs` epochs are made in all, those before included, and return the history, also after Ctrl-C.

        `train` is a DataLoader, a Dataset, or arrays as in (x, y); `batch_size` 1 is stochastic, None takes all examples at
        once, and then in their own order. `validation` is evaluated after each epoch: columns `val_loss` and so on. Where so
        many epochs are made already, nothing is trained, and a warning says so.

        Raises NonFiniteError for a loss that is not finite, with the best weights so far put back; GradientError for one
        that no parameter can change; ValueError for a negative number of epochs.
        """
        epochs = count("Trainer.fit", "epochs", epochs)
        loader = self._open(train, batch_size, shuffle, augment)
        checked = None if validation is None else self._batches(validation, batch_size)
        known = not minimizes(self.optimizer) and loader.batches is not None
        best, total = Best(tensors(self.model, self.loss)), epochs * len(loader) if known else None
        self._stopped, self.stopped_by, self.history.interrupted = self._nothing_to_do(epochs), None, False
        self.model.train()
        name = type(self.optimizer).__name__
        self._call("on_start")
        try:
            # What is not finite is reported by `_fail`, with more than NumPy's warning tells.
            with Progress(name, total, self.progress) as bar, np.errstate(all="ignore"), ac.enable_grad():
                with Interrupts() as interrupts:
                    while self.epoch < epochs and not self._stopped:
                        self._run_epoch(loader, checked, best, bar, interrupts)
                if checked is None:
                    self._check_end(best)
        except KeyboardInterrupt:
            if not best.finite():
                best.put_back()
            self.history.interrupted, self._stopped = True, f"interrupted after step {self.step}"
        self._place = loader.state_dict() if self._sums else None
        self.history.stop_reasons.append((name, self._stopped or f"made all {epochs} epochs"))
        self._call("on_end")
        return self.history

    def _nothing_to_do(self, epochs: int) -> str:
        """Why a fit would make no epoch, with a warning; empty where it makes some, or none was wanted at all."""
        if epochs > self.epoch or self.epoch == 0:
            return ""
        why = f"nothing to do: {self.epoch} epochs are made, {epochs} were asked for in all"
        more = f"For {epochs} more write epochs={self.epoch + epochs}."
        warnings.warn(f"Trainer.fit: {why}. {more if epochs > 0 else ''}".rstrip(), stacklevel=3)
        return why

    def _open(self, train: Any, batch_size: int | None, shuffle: bool, augment: Any) -> DataLoader:
        if isinstance(train, DataLoader):
            loader = train
        else:
            dataset = as_dataset(train)
            size = max(len(dataset), 1) if batch_size is None else batch_size
            loader = DataLoader(dataset, size, shuffle and batch_size is not None, generator=self.seed, augment=augment)
            loader.epoch = self.epoch
        if self._place is not None and self._place["position"]:
            loader.load_state_dict(self._place)
        elif self._place is not None:  # between two epochs other batches will do
            loader.seed, loader.epoch = self._place["seed"], self._place["epoch"]
        self._place = None
        self._loader = loader
        return loader

    def _run_epoch(self, loader: DataLoader, validation: Any, best: Best, bar: Progress, interrupts: Interrupts) -> None:
        before = best.now() if validation is None else None
        for batch in loader:
            self._last = batch
            if minimizes(self.optimizer):
                self._minimize(batch, best, bar)
            else:
                value, output = self._make_step(batch)
                self._record(value.item(), output, batch, best, bar)
            if self.schedule is not None and self.schedule_every == "step":
                self.schedule.step()
            interrupts.check()
            if self.stopped_by is not None:  # in the middle of an epoch; a minimization that converged ends one
                return
        row = self._row(validation, best)
        best.note(row["loss" if before is not None else "val_loss"], values=before)
        self._end_epoch(row)

    def _record(self, loss: float, output: Any, batch: Any, best: Best, bar: Progress) -> None:
        """Note a step that was made."""
        if not math.isfinite(loss):
            self._fail("loss", loss, best)
        count = size_of(batch)
        with ac.no_grad():
            found = {name: float(metric(output, target_of(batch))) for name, metric in self.metrics.items()}
        for name, value in {"loss": loss, **found}.items():
            self._sums[name] = self._sums.get(name, 0.0) + value * count
        self._sums["examples"] = self._sums.get("examples", 0) + count
        self.step += 1
        last = self.history.rows[-1] if self.history.rows else {}
        bar.update(self.step, loss, found | {name: v for name, v in last.items() if name.startswith("val_")})
        self._call("on_step", loss)

    def _minimize(self, batch: Any, best: Best, bar: Progress) -> None:
        """A minimization on one batch; each of its iterations is a step."""
        shown: list[Any] = [None]

        def closure() -> ac.Tensor:
            self.optimizer.zero_grad()
            loss, output = self.rule(self.model, self.loss, batch)
            backward(loss)
            shown[0] = detached(output)
            return loss

        def accepted(iteration: int, loss: float) -> None:
            self._record(loss, shown[0], batch, best, bar)
            if self._stopped:
                raise StopIteration

        made = self.step
        start = self.optimizer.step(closure, callback=accepted)
        reason = self.optimizer.stop_reason
        if reason.code == "non_finite":
            self._fail("loss", reason.loss, best, f": {reason}")
        if self.step == made:  # it began at a minimum
            self._record(float(start), shown[0], batch, best, bar)
        if reason.converged and self._loader is not None and self._loader.batches == 1:
            self._stopped = str(reason)

    def _row(self, validation: Any, best: Best) -> dict[str, Any]:
        """What the history holds of this epoch."""
        sums = dict(self._sums)
        if not (count := sums.pop("examples", 0)):
            raise ValueError("Trainer: the loader gave no batch, so there was nothing to train on. Is its data set empty?")
        row = {"epoch": self.epoch + 1, "step": self.step, **{name: value / count for name, value in sums.items()}}
        row["lr"] = float(self.optimizer.param_groups[0].get("lr", math.nan))
        if validation is not None:
            row |= {f"val_{name}": value for name, value in self._evaluated(validation).items()}
            if not math.isfinite(row["val_loss"]):
                self._fail("validation loss", row["val_loss"], best)
        return row

    def _end_epoch(self, row: dict[str, Any]) -> None:
        self.history.append(row)
        self.epoch, self._sums = self.epoch + 1, {}
        if self.schedule is not None and self.schedule_every == "epoch":
            told = (row.get("val_loss", row["loss"]),) if takes_metric(self.schedule) else ()
            self.schedule.step(*told)
        self._call("on_epoch", row)

    def _call(self, event: str, *told: Any) -> None:
        for callback in self.callbacks:
            if getattr(callback, event)(self, *told) is True and not self._stopped:
                self._stopped, self.stopped_by = callback.reason, callback

    def _check_end(self, best: Best) -> None:
        """The last step too may have led to NaN."""
        if self._last is not None:
            with undone(self.model, self.loss, self.optimizer):
                value = self._evaluated([self._last])["loss"]
            self._last = None
            if not (math.isfinite(value) and best.finite()):
                self._fail("loss", value, best)

    def _fail(self, what: str, value: float, best: Best, why: str = "") -> NoReturn:
        """Say what is not finite, with the weights put back to the best so far."""
        best.put_back()
        raise ac.errors.NonFiniteError(
            f"the {what} became {value} at step {self.step + 1} (epoch {self.epoch + 1}){why}. The weights are put back: "
            f"{best}. A smaller lr, clip_norm=1.0, or inputs and targets of size 1 (nn.data.Standardiser) mend it."
        )

    # -- looking --------------------------------------------------------------------------------------------

    def evaluate(self, data: Any, batch_size: int | None = None) -> dict[str, float]:
        """The loss and the metrics on data, means over all examples, with the model as in prediction."""
        return self._evaluated(self._batches(data, batch_size))

    def predict(self, x: Any, batch_size: int | None = None) -> ac.Tensor:
        """The outputs at inputs x, an array or a tuple of arrays, with the model as in prediction."""
        with evaluating(self.model), ac.no_grad():
            parts = [self.model(*batch) for batch in self._batches(x if isinstance(x, tuple) else (x,), batch_size)]
        return ac.concatenate(parts) if len(parts) > 1 else parts[0]

    def _batches(self, data: Any, batch_size: int | None) -> Iterable[Any]:
        if isinstance(data, DataLoader):
            return data
        dataset = as_dataset(data)
        return DataLoader(dataset, max(len(dataset), 1) if batch_size is None else batch_size)

    def _evaluated(self, batches: Iterable[Any]) -> dict[str, float]:
        sums, count = dict.fromkeys(["loss", *self.metrics], 0.0), 0
        with evaluating(self.model), ac.no_grad():
            for batch in batches:
                loss, output = self.rule(self.model, self.loss, batch)
                size = size_of(batch)
                found = {name: float(metric(output, target_of(batch))) for name, metric in self.metrics.items()}
                for name, value in {"loss": loss.item(), **found}.items():
                    sums[name] += value * size
                count += size
        if not count:
            raise ValueError("Trainer: the loader gave no batch, so there was nothing to evaluate. Is its data set empty?")
        return {name: value / count for name, value in sums.items()}

    def _parts(self) -> Parts:
        return Parts(self.model, self.loss, self.optimizer, self.schedule, self.callbacks)

    # -- stopping and going on ------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on, and the history."""
        data = self._loader.state_dict() if self._loader is not None else self._place
        own = {"epoch": self.epoch, "step": self.step, "sums": self._sums, "seed": self.seed, "data": data}
        own |= {"rows": self.history.rows, "stop_reasons": self.history.stop_reasons}
        return state_of(self._parts()) | {"trainer": own}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to where `state_dict` was called; if anything does not fit, it raises and nothing is changed."""
        restore(self._parts(), state)
        own = state["trainer"]
        self.epoch, self.step, self.seed = own["epoch"], own["step"], own["seed"]
        self._sums, self._place, self._loader = dict(own["sums"]), own["data"], None
        self.history = History()
        self.history.rows = [dict(row) for row in own["rows"]]
        self.history.stop_reasons = [(what, why) for what, why in own["stop_reasons"]]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the state into a safetensors file, in one step: the old file stays whole until the new one is there."""
        return write_state(path, self.state_dict())

    def resume(self, path: str | os.PathLike[str]) -> Self:
        """Go to where `save` was called; then `fit` with the same arguments goes on as if it had never stopped.

        Make the trainer as it was made then, with the same model, optimizer, schedule and callbacks. Raises
        FileFormatError for another file, and StateDictError or ValueError where anything does not fit; nothing is changed.
        """
        self.load_state_dict(read_state(path))
        return self

    load = resume
