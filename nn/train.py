"""Helpers of a training loop."""

from __future__ import annotations

import math

import autograd_core as ac

from .module import Module


class EarlyStopping:
    """Stops a training when the validation loss has not improved for `patience` updates, and keeps the best weights.

    An improvement is a fall by more than `min_delta` below the best so far; a NaN is none. `best_loss` and `best_step` tell
    the best so far, `best_state` holds the weights of that time. Raises ValueError for a patience below 1 or a negative
    `min_delta`.

    Source: Prechelt, in Neural Networks: Tricks of the Trade, 1998, pp. 55-69.

    >>> from nn.linear import Linear
    >>> stopping = EarlyStopping(Linear(1, 1), patience=2)
    >>> [stopping.update(step, loss) for step, loss in enumerate([3.0, 1.0, 2.0, 1.5], 1)]
    [False, False, False, True]
    >>> stopping.best_step
    2
    """

    def __init__(self, module: Module, patience: int, min_delta: float = 0.0) -> None:
        if patience < 1:
            raise ValueError(f"patience is the number of updates to wait for an improvement, at least 1; got {patience}")
        if not min_delta >= 0:
            raise ValueError(f"min_delta is the smallest fall that counts and cannot be negative; got {min_delta}")
        self.module, self.patience, self.min_delta = module, patience, min_delta
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
