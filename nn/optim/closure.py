"""Optimizers that evaluate the loss themselves, many times a step, through a closure."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core as ac

from .group import Group
from .optimizer import Flat, Optimizer, Options, call
from .stopping import StopCode, StopReason

Closure = Callable[[], Any]
Callback = Callable[[int, float], Any]


class Run:
    """One call of `step`: evaluates the closure at flat points x, counts, and knows the last point that was
    accepted.

    `x`, `loss` and `gradient` belong to that point, which `put_back` returns to.
    """

    def __init__(self, flat: Flat, state: dict[str, Any], closure: Closure, callback: Callback | None) -> None:
        self.flat, self.state, self.closure, self.callback = flat, state, closure, callback
        self.iterations = self.evaluations = 0
        self.cause = ""
        self.stopped = False
        self.x = flat.values()
        self.result, self.loss, self.gradient = self._evaluate()
        if all(p.grad is None for p in flat.params):
            raise ac.errors.GradientError("no parameter has a gradient: the closure must call loss.backward()")

    @property
    def finite(self) -> bool:
        """Whether the loss and the gradient at the accepted point are numbers."""
        return is_finite(self.loss, self.gradient)

    def evaluate(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """The loss and the gradient at x. A NonFiniteError that the closure raises counts as a loss of NaN."""
        self.flat.write(x)
        try:
            return self._evaluate()[1:]
        except ac.errors.NonFiniteError as error:
            self.cause = f" ({error})"
            return math.nan, np.zeros_like(x)

    def _evaluate(self) -> tuple[Any, float, np.ndarray]:
        self.evaluations += 1
        self.state["func_evals"] += 1
        result = call(self.closure)
        return result, _number(result), self.flat.gradients()

    def begin_iteration(self) -> None:
        """Count an iteration."""
        self.iterations += 1
        self.state["n_iter"] += 1

    def accept(self, x: np.ndarray, loss: float, gradient: np.ndarray) -> None:
        """Take x, where the parameters must already be, as the point to return to; call the callback."""
        self.x, self.loss, self.gradient = x, loss, gradient
        if self.callback is not None:
            try:
                self.callback(self.iterations, loss)
            except StopIteration:
                self.stopped = True

    def put_back(self) -> None:
        """Set the parameters to the last accepted point."""
        self.flat.write(self.x)

    def reason(self, code: StopCode, text: str, value: float | None = None, limit: float | None = None) -> StopReason:
        """The reason for stopping now."""
        return StopReason(code, text, self.loss, self.iterations, self.evaluations, value, limit)


class ClosureOptimizer(Optimizer):
    """An optimizer whose `step(closure)` runs a whole minimization, and then tells in `stop_reason` why it stopped.

    The closure clears the gradients, computes the loss, calls backward on it and returns it.
    """

    stop_reason: StopReason | None = None

    def step(self, closure: Closure, callback: Callback | None = None) -> Any:  # type: ignore[override]
        """Minimize; returns the loss at the point where this call began, as PyTorch does.

        `callback(iteration, loss)` is called after every iteration of this call, counted from 1; it may raise
        StopIteration to end the call. On Ctrl-C or another exception in the closure the parameters are put back to
        the last accepted point, and the exception goes on.
        """
        run = None
        try:
            run = Run(self._flat, self._counts, closure, callback)
            self.stop_reason = self._minimize(run) if run.finite else self._start_again(run)
        except BaseException as error:
            self._give_up(run, error)
            raise
        return run.result

    @property
    def iterations(self) -> int:
        """How many iterations all calls of `step` made."""
        return self._counts["n_iter"]

    @property
    def evaluations(self) -> int:
        """How often all calls of `step` evaluated the closure."""
        return self._counts["func_evals"]

    @property
    def converged(self) -> bool:
        """Whether the last call of `step` stopped because a tolerance was met."""
        return self.stop_reason is not None and self.stop_reason.converged

    def _minimize(self, run: Run) -> StopReason:
        raise TypeError(f"{type(self).__name__} does not say how to minimize: define _minimize()")

    def _start_again(self, run: Run) -> StopReason:
        """What to do where the loss is not finite before the first step."""
        text = f"the loss is {run.loss} before the first step, or its gradient is not finite: start elsewhere"
        return run.reason(StopCode.NON_FINITE, text)

    def _give_up(self, run: Run | None, error: BaseException) -> None:
        text = f"{type(error).__name__} before the first step"
        if run is None:
            self.stop_reason = StopReason(StopCode.INTERRUPTED, text, math.nan, 0, 1)
            return
        run.put_back()
        text = f"{type(error).__name__} during the minimization; the parameters are those of the last accepted step"
        self.stop_reason = run.reason(StopCode.INTERRUPTED, text)

    def _check_options(self, group: Options) -> None:
        if self.param_groups:
            raise ValueError(f"{type(self).__name__} treats all parameters alike: give them in one group")

    def _prepare(self, group: Group) -> None:
        self._flat = Flat(group["params"])
        self._counts = self.state[group["params"][0]]
        self._counts.update(func_evals=0, n_iter=0)


def is_finite(loss: float, gradient: np.ndarray) -> bool:
    """Whether a loss and a whole gradient are numbers."""
    return math.isfinite(loss) and bool(np.isfinite(gradient).all())


def _number(loss: Any) -> float:
    if loss is None:
        raise TypeError("the closure returned None: it must return the loss, a single number")
    if isinstance(loss, ac.Tensor) and loss.size != 1:
        raise ac.errors.ShapeError(f"the closure returned a loss of shape {loss.shape}: reduce it to one number")
    return float(loss.item() if isinstance(loss, ac.Tensor) else loss)
