"""History: what happened in a training, as a table that can be read, saved and drawn."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from .files import write_text
from .pictures import save_learning_curves
from .progress import short


class History:
    """A table with one row an epoch: `columns`, and why each training stopped.

    Rows are dicts; `columns` has one list a name, of one length, with NaN where a row lacks the entry. `stop_reasons` are
    pairs (what was run, reason). `interrupted` tells that Ctrl-C ended it.

    >>> history = History()
    >>> history.append({"epoch": 1, "step": 10, "loss": 0.5})
    >>> history.columns
    {'epoch': [1], 'step': [10], 'loss': [0.5]}
    """

    always: ClassVar[tuple[str, ...]] = ("epoch", "step", "loss")

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.stop_reasons: list[tuple[str, str]] = []
        self.interrupted = False

    @property
    def columns(self) -> dict[str, list]:
        """The record as a table: columns of one length by name; NaN where a row had no such entry."""
        names = dict.fromkeys([*self.always, *(name for row in self.rows for name in row)])
        return {name: [row.get(name, math.nan) for row in self.rows] for name in names}

    @property
    def loss(self) -> float:
        """The last recorded loss; NaN before the first."""
        return self.rows[-1].get("loss", math.nan) if self.rows else math.nan

    def append(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        self.rows.append(dict(row))

    def __len__(self) -> int:
        return len(self.rows)

    def best(self, name: str = "val_loss") -> dict[str, Any]:
        """The row in which a column is smallest. Raises ValueError where there is none."""
        rows = [row for row in self.rows if not math.isnan(row.get(name, math.nan))]
        if not rows:
            raise ValueError(f"the history has no numbers in a column {name!r}. It has: {', '.join(self.columns)}")
        return min(rows, key=lambda row: row[name])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the table as CSV (.csv) or JSON lines (.jsonl), by the ending of the name; all digits are kept.

        A number that is not finite is null in JSON. Raises ValueError for another ending.
        """
        columns = self.columns
        if _ending(path) == ".csv":
            rows = [list(columns), *([_cell(v) for v in row] for row in zip(*columns.values(), strict=True))]
            return write_text(path, "".join(_csv_line(row) for row in rows))
        lines = (json.dumps({k: _plain(v) for k, v in row.items()}, ensure_ascii=False) for row in self.rows)
        return write_text(path, "".join(f"{line}\n" for line in lines))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a table that `save` wrote."""
        history, csv_file = cls(), _ending(path) == ".csv"
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file) if csv_file else (json.loads(line) for line in file if line.strip())
            for row in rows:
                history.rows.append({name: _value(cell) if csv_file else _number(cell) for name, cell in row.items()})
        return history

    @property
    def losses(self) -> dict[str, list]:
        """The steps, and the columns that are losses: those whose name ends in "loss"."""
        return {name: column for name, column in self.columns.items() if name == "step" or name.endswith("loss")}

    def draw(self, path: str | os.PathLike[str], title: str = "") -> Path:
        """Draw the learning curves into a file (.png, .svg, .pdf). Needs matplotlib, the extra `plot`."""
        return save_learning_curves(path, self.columns, title)

    def __repr__(self) -> str:
        stops = "; ".join(f"{what}: {reason}" for what, reason in self.stop_reasons)
        return f"{type(self).__name__}({self._size()}, loss {short(self.loss)}{', interrupted' * self.interrupted}. {stops})"

    def _size(self) -> str:
        return f"{len(self)} {'epoch' if len(self) == 1 else 'epochs'}"


def _ending(path: str | os.PathLike[str]) -> str:
    ending = Path(path).suffix.lower()
    if ending not in (".csv", ".jsonl"):
        raise ValueError(f"a history is saved as .csv or .jsonl, not {ending or 'without an ending'!r}: {os.fspath(path)}")
    return ending


def _csv_line(cells: list[str]) -> str:
    quoted = ('"' + cell.replace('"', '""') + '"' if any(c in cell for c in ',"\r\n') else cell for cell in cells)
    return ",".join(quoted) + "\n"


def _own(value: Any) -> Any:
    """A number of NumPy, or a Tensor, as one of Python."""
    return value.item() if hasattr(value, "item") else value


def _cell(value: Any) -> str:
    value = _own(value)
    return repr(value) if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """What JSON can say: a number that is not finite is null."""
    value = _own(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> Any:
    return math.nan if value is None else value


def _value(cell: str) -> Any:
    if cell in ("True", "False"):
        return cell == "True"
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell
