"""What was measured, as text: tables in Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass

from .contenders import COLUMNS
from .problems import Row, Sizes
from .runner import Result, Settings, best


@dataclass
class Line:
    """A row of the table, measured."""

    name: str
    row: Row
    sizes: Sizes
    results: dict[str, Result]

    def seconds(self, column: str) -> float:
        """Seconds a step, or an op; 0 where there is no figure."""
        return self.results[column].seconds / self.row.per if column in self.results else 0.0

    @property
    def ratio(self) -> float:
        """PyTorch's time in ours."""
        name = best(self.results)
        return self.seconds("torch") / self.seconds(name) if name and self.seconds("torch") else 0.0


def short(seconds: float) -> str:
    """A time in µs with three digits or so."""
    micro = 1e6 * seconds
    return f"{micro:,.0f}" if micro >= 100 else f"{micro:.3g}"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its columns below each other in plain text, too."""
    widths = [max(len(line[k]) for line in (head, *rows)) for k in range(len(head))]
    padded = lambda k, cell: cell.rjust(widths[k]) if k else cell.ljust(widths[k])
    line = lambda cells: "| " + " | ".join(padded(*each) for each in enumerate(cells)) + " |"
    rule = "|" + "|".join("-" * (w + 2) if k == 0 else "-" * (w + 1) + ":" for k, w in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def columns_of(lines: Sequence[Line]) -> list[str]:
    """The columns that any line has."""
    return [name for name in COLUMNS if any(name in line.results for line in lines)]


def times(lines: Sequence[Line]) -> str:
    """The table of times in µs, with the ratio of PyTorch's time to our best."""
    names = columns_of(lines)
    rows = []
    for line in lines:
        cells = [short(line.seconds(name)) if line.seconds(name) else "–" for name in names]
        ratio = f"{line.ratio:.2f}" if line.ratio else "–"
        jax = line.seconds("jax-loop") or line.seconds("jax")
        beside = f"{jax / line.seconds(best(line.results)):.2f}" if jax and best(line.results) else "–"
        rows.append([line.name, *cells, ratio, f"{line.row.aim:g}", beside])
    return markdown(["µs", *(COLUMNS[name].title for name in names), "PyTorch ÷ ours", "aim", "JAX ÷ ours"], rows)


def others(lines: Sequence[Line], what: str, unit: str) -> str:
    """A table of something else that was measured along with the times."""
    names = columns_of(lines)
    value = lambda line, name: getattr(line.results[name], what) if name in line.results else 0.0
    rows = [[x.name, *(f"{v:.3g}" if (v := value(x, n)) and not x.results[n].refused else "–" for n in names)] for x in lines]
    return markdown([unit, *(COLUMNS[name].title for name in names)], rows)


def refusals(lines: Sequence[Line]) -> str:
    """Which columns have no figure, and why."""
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        for name, result in line.results.items():
            if result.refused:
                found.setdefault((name, result.refused), []).append(line.name)
    return "\n".join(f"* {COLUMNS[name].title}: {why} ({', '.join(rows)})" for (name, why), rows in found.items())


def machine(settings: Settings) -> str:
    """Where and how it was measured."""
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor()}, {os.cpu_count()} cores, {load}; Python {platform.python_version()}; {settings.dtype}, "
        f"{settings.threads} thread(s); medians of {settings.rounds} blocks of {settings.block:g} s, taken in turns"
    )


def processor() -> str:
    """The processor's name and instruction sets where the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def report(lines: Sequence[Line], settings: Settings) -> str:
    """All tables of the rows."""
    parts = [
        "# A training step\n",
        machine(settings),
        "\nµs a step, µs an op for op overhead; lower is better. Loss and gradients of the first steps were compared before.\n",
        times(lines),
        "\nPyTorch ÷ ours: PyTorch's eager step by our best compiled one (eager for op overhead); JAX in a loop if it is.",
        "\n## Seconds to the first fast step\n\nWithout imports; with capture, tracing and compilation, kernels not cached.\n",
        others(lines, "first", "s"),
        "\n## Peak memory of the process\n",
        others(lines, "memory", "MB"),
        "\n## What a training adds to it\n",
        others(lines, "grown", "MB"),
        "\n## Spread\n\nHalf the distance between the quartiles, relative to the median.\n",
        others(lines, "spread", ""),
    ]
    skipped = refusals(lines)
    return "\n".join([*parts, *(["\n## Without a figure\n", skipped] if skipped else []), ""])
