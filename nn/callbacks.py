"""Callbacks: what a training calls on its way, to look, to save, or to stop it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import autograd_core as ac

from .module import Module


class Callback:
    """What a Trainer calls: derive from it and define what you need. What returns True ends the training.

    A callback with a memory also gives it as `state_dict` and takes it back, so that a resumed training is the same.
    """

    def on_start(self, trainer: Any) -> None:
        """A `fit` begins."""

    def on_step(self, trainer: Any, loss: float) -> bool | None:
        """A step was made; `loss` is that of its batch, before the step."""

    def on_epoch(self, trainer: Any, row: Mapping[str, Any]) -> bool | None:
        """An epoch is over; `row` is what the history holds of it."""

    def on_end(self, trainer: Any) -> None:
        """A `fit` ends, also after Ctrl-C."""

    def state_dict(self) -> dict[str, Any]:
        """What it remembers: numbers, texts, arrays, and dicts and lists of these."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""

    @property
    def reason(self) -> str:
        """Why it ended a training."""
        return f"{type(self).__name__} ended it"


class OnEpoch(Callback):
    """A function of (trainer, row) as a callback after each epoch."""

    def __init__(self, function: Callable[[Any, Mapping[str, Any]], Any]) -> None:
        self.function = function

    def on_epoch(self, trainer: Any, row: Mapping[str, Any]) -> bool | None:
        """Call the function."""
        return self.function(trainer, row)

    @property
    def reason(self) -> str:
        """The name of the function."""
        return f"{getattr(self.function, '__name__', 'a callback')} ended it"


class Checkpoint(Callback):
    """Saves the training into a file after every so many epochs, and at its end; see `Trainer.save`.

    `{epoch}` in the path is replaced by the number of epochs. Raises ValueError for `every` below 1.
    """

    def __init__(self, path: str | os.PathLike[str], every: int = 1) -> None:
        if every < 1:
            raise ValueError(f"Checkpoint: every is a number of epochs, at least 1; got {every}")
        self.path, self.every = os.fspath(path), every

    def on_epoch(self, trainer: Any, row: Mapping[str, Any]) -> None:
        """Save, if it is time."""
        if trainer.epoch % self.every == 0:
            self._save(trainer)

    def on_end(self, trainer: Any) -> None:
        """Save."""
        self._save(trainer)

    def _save(self, trainer: Any) -> Path:
        return trainer.save(self.path.replace("{epoch}", str(trainer.epoch)))


class EarlyStopping(Callback):
    """Stops a training when the validation loss has not improved for `patience` updates, and keeps the best weights.

    An improvement is a fall by more than `min_delta` below the best so far; a NaN is none. `best_loss` and `best_step` tell
    the best so far, `best_state` holds the weights of that time. As a callback of a Trainer it is updated after each epoch
    with the column `monitor` of the history and at the end puts the best weights back; in a loop of your own, call `update`
    and `restore`. Raises ValueError for a patience below 1 or a negative `min_delta`.

    Source: Prechelt, in Neural Networks: Tricks of the Trade, 1998, pp. 55-69.

    >>> from nn.linear import Linear
    >>> stopping = EarlyStopping(Linear(1, 1), patience=2)
    >>> [stopping.update(step, loss) for step, loss in enumerate([3.0, 1.0, 2.0, 1.5], 1)]
    [False, False, False, True]
    >>> stopping.best_step
    2
    """

    def __init__(self, module: Module, patience: int, min_delta: float = 0.0, monitor: str = "val_loss") -> None:
        if patience < 1:
            raise ValueError(f"patience is the number of updates to wait for an improvement, at least 1; got {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta is the smallest fall that counts and cannot be negative; got {min_delta}")
        self.module, self.patience, self.min_delta, self.monitor = module, patience, min_delta, monitor
        self.best_loss, self.best_step, self.waited = math.inf, 0, 0
        self.best_state: dict[str, ac.Tensor] | None = None

    def update(self, step: int, loss: float) -> bool:
        """Note the validation loss after a step; whether it is time to stop."""
        if float(loss) < self.best_loss - self.min_delta:
            self.best_loss, self.best_step, self.waited = float(loss), step, 0
            self.best_state = self.module.state_dict()
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self) -> int:
        """Write the best weights back into the module; returns the step they are from, 0 if no update was finite."""
        if self.best_state is not None:
            self.module.load_state_dict(self.best_state)
        return self.best_step

    def on_epoch(self, trainer: Any, row: Mapping[str, Any]) -> bool:
        """Update with the monitored column. Raises ValueError where the history has none of that name."""
        if self.monitor not in row:
            raise ValueError(
                f"EarlyStopping: the history has no column {self.monitor!r}, only {', '.join(row)}. Give fit validation=, or "
                'monitor="loss".'
            )
        return self.update(row["epoch"], row[self.monitor])

    def on_end(self, trainer: Any) -> None:
        """Put the best weights back, unless Ctrl-C or another callback ended the training, which may then go on."""
        if not trainer.history.interrupted and trainer.stopped_by in (None, self):
            self.restore()

    def state_dict(self) -> dict[str, Any]:
        """The best so far, and how long it was waited."""
        best = None if self.best_state is None else dict(self.best_state)
        return {"best_loss": self.best_loss, "best_step": self.best_step, "waited": self.waited, "best_state": best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.best_loss, self.best_step, self.waited = state["best_loss"], state["best_step"], state["waited"]
        best = state["best_state"]
        self.best_state = None if best is None else {name: ac.tensor(each) for name, each in best.items()}

    @property
    def reason(self) -> str:
        """What it waited for, and what was best."""
        return f"{self.monitor} has not improved for {self.waited} epochs; best: {self.best_loss:.4g} in epoch {self.best_step}"


def as_callback(given: Any) -> Any:
    """A callback: itself, or a function of (trainer, row) to be called after each epoch. Raises TypeError otherwise."""
    if isinstance(given, Callback):
        return given
    if callable(given) and not isinstance(given, type):
        return OnEpoch(given)
    raise TypeError(f"a callback is a Callback, or a function of (trainer, row); not {given!r}")
