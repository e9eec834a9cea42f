"""A schedule that looks at the loss: the rate falls where it no longer gets better."""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ac

from .optimizer import Optimizer
from .scheduler import Live, LRScheduler, checked, for_each_group


class ReduceLROnPlateau(LRScheduler):
    """lr ← max(factor·lr, min_lr) when a figure was not better than the best for more than `patience` steps.

    `step(metrics)` takes the figure, such as a validation loss; with mode="max" larger ones are better. Better is by more
    than `threshold`, a part of the best ("rel") or a difference ("abs"). After a change `cooldown` steps count nothing, and
    changes below `eps` are not made. NaN is not better. `best`, `num_bad_epochs` and `cooldown_counter` show where it is.

    Raises ValueError for a factor of 1 or more, an unknown mode, or a `min_lr` that does not fit the groups.
    """

    best = Live()
    num_bad_epochs = Live(int)
    cooldown_counter = Live(int)

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not 0 <= factor < 1:
            raise ValueError(f"factor must be in [0, 1) for the rate to fall, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        self.optimizer = checked(optimizer)
        self.min_lrs = for_each_group("min_lr", min_lr, optimizer)
        self.factor, self.patience, self.cooldown, self.eps = factor, patience, cooldown, eps
        self.mode, self.threshold, self.threshold_mode = mode, threshold, threshold_mode
        self.last_epoch = 0
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0
        self._begin_rates()

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Take note of a figure, a number or a Tensor with one, and lower the rates if it is time to."""
        with ac.no_grad():
            figure = ac.reshape(ac.as_tensor(metrics).detach().astype(float), ())
            count, best, bad, rest = (self.cell(n) for n in ("last_epoch", "best", "num_bad_epochs", "cooldown_counter"))
            better, resting = self._is_better(figure, best), rest > 0.0
            waited = ac.where(ac.logical_or(better, resting), 0.0, bad + 1.0)
            due = waited > float(self.patience)
            self.put(count, count + 1.0 if epoch is None else float(epoch))
            self.put(best, ac.where(better, figure, best))
            self.put(bad, ac.where(due, 0.0, waited))
            self.put(rest, ac.where(due, float(self.cooldown), ac.where(resting, rest - 1.0, rest)))
            for lr, least in zip(self.lrs, self.min_lrs, strict=True):
                new = ac.maximum(lr * self.factor, float(least))
                self.put(lr, ac.where(ac.logical_and(due, lr - new > self.eps), new, lr))
            self._note()

    @property
    def in_cooldown(self) -> bool:
        """Whether steps count nothing since the rate has just changed."""
        return self.cooldown_counter > 0

    def _is_better(self, figure: ac.Tensor, best: ac.Tensor) -> ac.Tensor:
        sign = -1.0 if self.mode == "min" else 1.0
        limit = best * (1.0 + sign * self.threshold) if self.threshold_mode == "rel" else best + sign * self.threshold
        return figure < limit if self.mode == "min" else figure > limit
