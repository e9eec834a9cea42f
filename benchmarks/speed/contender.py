"""What every framework gives the clock: a training step, and numbers to compare."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

RATE = 1e-3  # of Adam
CHECKED = 4  # steps from the first weights that are compared


class Unable(Exception):
    """A framework cannot do this workload; the message says why, in a word or two."""


class Numbers(NamedTuple):
    """The losses of the first steps, and the gradients in the last of them."""

    losses: list[float]
    gradients: list[np.ndarray]


class Contender:
    """One workload in one framework."""

    warm = 1  # calls until it runs as it will run from then on

    def step(self) -> Any:
        """One training step: loss, gradients, Adam. Returns the loss."""
        raise Unable("no step")

    def advance(self, n: int) -> None:
        """n steps, finished when it returns."""
        for _ in range(n):
            self.step()

    def numbers(self) -> Numbers:
        """The first steps, to compare; called once, before anything is timed."""
        raise Unable("no numbers")
