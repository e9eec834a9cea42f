"""History: what happened in a training by stages, step by step."""

from __future__ import annotations

from typing import ClassVar

from nn.history import History as Table


class History(Table):
    """The record of a training: `columns` (step, stage, loss, and one column a term), and why each stage stopped.

    A row belongs to a step: the loss and its weighted terms where a step of Adam or SGD began, or where an iteration of
    L-BFGS ended; where weights are not 1, columns such as "raw residual" have the terms without them. `stop_reasons` are
    pairs (stage, reason). `interrupted` tells that Ctrl-C ended it, `why_not_compiled` why the steps were not compiled.
    """

    always: ClassVar[tuple[str, ...]] = ("step", "stage", "loss")
    why_not_compiled: str = ""

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.rows)

    def add(self, stage: str, loss: float, terms: dict[str, float]) -> None:
        """Append one step."""
        self.append({"step": self.steps + 1, "stage": stage, "loss": loss, **terms})

    def _size(self) -> str:
        return f"{self.steps} steps"
