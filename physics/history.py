"""History: what happened in a training, step by step."""

from __future__ import annotations

from .progress import short


class History:
    """The record of a training: `columns` (step, stage, loss, and one column a term), and why each stage stopped.

    A row (stage, loss, terms) belongs to a step: the loss and its weighted terms where a step of Adam or SGD began, or
    where an iteration of L-BFGS ended. `stop_reasons` are pairs (stage, reason). `interrupted` tells that Ctrl-C ended it.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[str, float, dict[str, float]]] = []
        self.stop_reasons: list[tuple[str, str]] = []
        self.interrupted = False

    @property
    def columns(self) -> dict[str, list]:
        """The record as a table: columns of one length by name; NaN where a step had no such term."""
        stages, losses, terms = [list(column) for column in zip(*self.rows, strict=True)] or ([], [], [])
        table = {"step": [*range(1, self.steps + 1)], "stage": stages, "loss": losses}
        names = dict.fromkeys(name for row in terms for name in row)
        return table | {name: [row.get(name, float("nan")) for row in terms] for name in names}

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return len(self.rows)

    @property
    def loss(self) -> float:
        """The last recorded loss; NaN before the first step."""
        return self.rows[-1][1] if self.rows else float("nan")

    def add(self, stage: str, loss: float, terms: dict[str, float]) -> None:
        """Append one step."""
        self.rows.append((stage, loss, dict(terms)))

    def __repr__(self) -> str:
        stops = "; ".join(f"{stage}: {reason}" for stage, reason in self.stop_reasons)
        return f"History({self.steps} steps, loss {short(self.loss)}{', interrupted' if self.interrupted else ''}. {stops})"
