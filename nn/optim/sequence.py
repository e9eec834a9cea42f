"""Schedules of schedules: one after the other, and all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autograd_core as ac

from .optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler


class Combined(LRScheduler):
    """What schedules of schedules share: checks, saving and loading."""

    def __init__(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name} needs at least one schedule, and got none")
        for k, schedule in enumerate(schedulers):
            if not isinstance(schedule, LRScheduler):
                raise TypeError(f"{name}: entry {k} is a {type(schedule).__name__}, no schedule")
            if isinstance(schedule, ReduceLROnPlateau):
                raise ValueError(f"{name}: entry {k} is a ReduceLROnPlateau, whose step needs a figure. Step it by itself.")
            if schedule.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ValueError(f"{name}: entry {k} acts on another optimizer")
        self.optimizer = optimizer or schedulers[0].optimizer
        self._schedulers = list(schedulers)
        self._begin_rates()

    def _both(self, mask: ac.Tensor) -> ac.Tensor:
        """The mask, within that of this schedule itself."""
        return mask if self._mask is None else ac.logical_and(self._mask, mask)

    def state_dict(self) -> dict[str, Any]:
        """All numbers by name, and the states of the schedules in a list."""
        return super().state_dict() | {"_schedulers": [schedule.state_dict() for schedule in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for schedule, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            schedule.load_state_dict(state)


class SequentialLR(Combined):
    """Schedules one after the other: the first up to step milestones[0], the second up to milestones[1], ….

    Each begins anew at its milestone, in closed form where it has one. All are made on the optimizer before, as if each were
    the only one. Every step computes all of them, and a choice between numbers decides which one writes.
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = -1
    ) -> None:
        super().__init__(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(f"{len(schedulers)} schedules need one milestone fewer, got {len(milestones)}")
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        undo(self._schedulers)
        first = self._schedulers[sum(milestone <= 0 for milestone in milestones)]
        first._initial_step()
        self._note()

    def step(self, epoch: int | None = None) -> None:
        """Count on, and step the schedule whose turn it is."""
        with ac.no_grad():
            count = self.cell("last_epoch")
            self.put(count, count + 1.0 if epoch is None else float(epoch))
            k = count + 0.0  # as it is now, whatever is written
            for i, schedule in enumerate(self._schedulers):
                begins = [k == float(m) for m in self._milestones[i - 1 : i]] if i else []
                has_turn = [k > float(m) for m in self._milestones[i - 1 : i]] if i else []
                has_turn += [k < float(m) for m in self._milestones[i : i + 1]]
                begins += [k < float(m) for m in self._milestones[i : i + 1]] if begins else []
                with schedule._masked(self._both(_all(has_turn, k))):
                    schedule.step()
                if begins:
                    with schedule._masked(self._both(_all(begins, k))):
                        schedule._update_lr(0)
            self._note()


class ChainedScheduler(Combined):
    """Schedules that all act on the rates, one upon the other, in each step."""

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        super().__init__(optimizer, schedulers)

    def step(self, epoch: int | None = None) -> None:
        """Step all schedules."""
        with ac.no_grad():
            for schedule in self._schedulers:
                with schedule._masked(self._mask):
                    schedule.step(epoch)
            self._note()

    def _update_lr(self, epoch: float | None = None) -> None:
        for schedule in self._schedulers:
            with schedule._masked(self._mask):
                schedule._update_lr(epoch)
        self._note()


def undo(schedulers: Sequence[LRScheduler]) -> None:
    """Take back the first count of schedules and of those inside them."""
    for schedule in schedulers:
        if isinstance(schedule, Combined):
            undo(schedule._schedulers)
        else:
            schedule.last_epoch -= 1


def _all(conditions: list[ac.Tensor], k: ac.Tensor) -> ac.Tensor:
    result = k == k
    for condition in conditions:
        result = ac.logical_and(result, condition)
    return result
