"""Steps: what a training does with one batch, written once and compiled where that is possible."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from textwrap import shorten
from typing import Any

import autograd_core as ac
from autograd_core.errors import CaptureError

from .clip import clip_grad_norm_
from .snapshot import undone

LINE = 400  # characters of a warning

Forward = Callable[[Any, Any, Any], tuple[ac.Tensor, Any]]


def forward(model: Callable[..., Any], loss: Callable[[Any, Any], ac.Tensor], batch: Any) -> tuple[ac.Tensor, Any]:
    """(loss, output) of a batch: (x, …, target) gives loss(model(x, …), target); what is no tuple, loss(model(b), b).

    Raises ValueError for a tuple of one entry, which has no target.
    """
    if not isinstance(batch, tuple | list):
        output = model(batch)
        return loss(output, batch), output
    *inputs, target = batch
    if not inputs:
        raise ValueError("a batch has one entry, and no target. Train on (x, y); an autoencoder on (x, x).")
    output = model(*inputs)
    return loss(output, target), output


def target_of(batch: Any) -> Any:
    """What the output of a batch is compared with."""
    return batch[-1] if isinstance(batch, tuple | list) else batch


def size_of(batch: Any) -> int:
    """How many examples a batch has."""
    first = batch[0] if isinstance(batch, tuple | list) and batch else batch
    return len(first) if getattr(first, "ndim", 0) else 1


def check_parts(model: Any, loss: Any, optimizer: Any, rule: Forward) -> None:
    """Raise TypeError for what is no model, loss or optimizer, such as a class, ValueError where nothing would be trained.

    A rule of the user may train what it likes.
    """
    for name, part in (("model", model), ("loss", loss), ("optimizer", optimizer)):
        if isinstance(part, type):
            call = f"{part.__name__}({'model.parameters(), lr=1e-3' if name == 'optimizer' else ''})"
            raise TypeError(f"Trainer: the {name} is the class {part.__name__}. Make one of it, as in {call}")
    fits = hasattr(model, "parameters"), callable(loss), hasattr(optimizer, "param_groups")
    for name, part, fit in zip(("model", "loss", "optimizer"), (model, loss, optimizer), fits, strict=True):
        if not fit:
            given = getattr(part, "__name__", type(part).__name__)
            raise TypeError(f"Trainer: {given} is no {name}. Write Trainer(model, loss, optimizer).")
    known = {id(p) for part in (model, loss) if hasattr(part, "parameters") for p in part.parameters()}
    if rule is forward and known.isdisjoint(id(p) for group in optimizer.param_groups for p in group["params"]):
        name = type(optimizer).__name__
        raise ValueError(f"Trainer: the optimizer has no parameter of the model. Make it of them: {name}(model.parameters())")


def minimizes(optimizer: Any) -> bool:
    """Whether an optimizer evaluates the loss itself, through a closure, until it has a reason to stop."""
    return hasattr(optimizer, "stop_reason")


class Step:
    """One step of a training, called with a batch: gives its loss before the step, and the output if it `shows` it.

    `mode` is "auto" (compiled by `ac.compile` where that works; if not, one warning says why), True (compiled, or
    CaptureError) or False. `why_not` is the reason why steps are not compiled, if there is one.
    """

    def __init__(
        self, model: Any, loss: Any, optimizer: Any, mode: bool | str, clip_norm: float | None, rule: Forward, shows: bool
    ) -> None:
        if mode not in ("auto", True, False):
            raise ValueError(f'compile is "auto", True or False, not {mode!r}')
        self.mode, self.why_not = mode, "compile=False" if mode is False else ""
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.seen: set[Any] = set()  # the shapes for which there is a program
        self.eager = _written(model, loss, optimizer, clip_norm, rule, shows)
        self.run = self.eager if mode is False else self._compiled()

    def _compiled(self) -> Callable[..., Any]:
        if not hasattr(ac, "compile"):
            self.why_not = "this autograd_core has no compile"
            return self.eager
        return ac.compile(self.eager, backend="auto")

    def __call__(self, batch: Any) -> tuple[ac.Tensor, Any]:
        try:
            if self.run is not self.eager and (shapes := shapes_of(batch)) not in self.seen:
                self._rehearse(batch)
                self.seen.add(shapes)
            return self.run(batch)
        except CaptureError as error:  # everything is as it was before the step
            if self.mode is True or self.run is self.eager:
                raise
            self.why_not, self.run = shorten(str(error), LINE), self.eager
            warnings.warn(f"Trainer: steps run uncompiled. {self.why_not}", RuntimeWarning, stacklevel=2)
            return self.eager(batch)

    def _rehearse(self, batch: Any) -> None:
        """Let the program for such batches be made, and change nothing.

        A program rounds otherwise than the step as it is written, which the first calls run. If they counted, a training that
        was resumed would differ in its last digits from one that never stopped.
        """
        with undone(self.model, self.loss, self.optimizer):
            for _ in range(2):
                self.run(batch)


def _written(
    model: Any, loss: Any, optimizer: Any, clip_norm: float | None, rule: Forward, shows: bool
) -> Callable[[Any], tuple[ac.Tensor, Any]]:
    """The step as it is written. It holds nothing else that changes, so that a compiled one is captured once."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]

    def step(batch: Any) -> tuple[ac.Tensor, Any]:
        optimizer.zero_grad()
        value, output = rule(model, loss, batch)
        backward(value)
        if clip_norm is not None:
            clip_grad_norm_(parameters, clip_norm)
        optimizer.step()
        return value.detach(), detached(output) if shows else None

    return step


def backward(loss: Any) -> None:
    """The gradients of a loss. Raises for a loss that is no number, and for one that no parameter can change."""
    if not isinstance(loss, ac.Tensor) or loss.size != 1:
        what = f"shape {loss.shape}" if isinstance(loss, ac.Tensor) else f"type {type(loss).__name__}"
        raise ac.errors.ShapeError(f'Trainer: the loss must be a Tensor with one number, not of {what}. reduction="mean"?')
    if not loss.requires_grad:
        raise ac.errors.GradientError(
            "Trainer: the loss depends on no parameter that requires a gradient, so there is nothing to train. Are all "
            "frozen? Is the loss made of the functions of autograd_core?"
        )
    loss.backward()


def shapes_of(batch: Any) -> Any:
    """The structure of a batch, with the shapes and dtypes of its Tensors."""
    if isinstance(batch, tuple | list):
        return tuple(map(shapes_of, batch))
    if isinstance(batch, dict):
        return tuple((name, shapes_of(each)) for name, each in batch.items())
    return (batch.shape, batch.dtype) if hasattr(batch, "dtype") else type(batch)


def detached(value: Any) -> Any:
    """Tensors, and those in tuples, lists and dicts, without their graphs."""
    if isinstance(value, ac.Tensor):
        return value.detach()
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return type(value)(detached(each) for each in value)
    return {name: detached(each) for name, each in value.items()} if isinstance(value, dict) else value


def takes_metric(schedule: Any) -> bool:
    """Whether a schedule wants to be told how good the training is, as ReduceLROnPlateau does."""
    return "metrics" in inspect.signature(schedule.step).parameters
