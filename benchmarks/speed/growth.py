"""How the time of a step grows with one size at a time, and the exponents of the growth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .contenders import COLUMNS
from .picture import curves
from .problems import Row, Sizes
from .runner import Settings, run_row
from .table import Line, markdown, refusals, short

Points = list[tuple[float, float]]


class Curve(NamedTuple):
    """A parameter, its values, and the sizes of a workload that it gives."""

    kind: str
    values: Sequence[int]
    quick: Sequence[int]
    sizes: Callable[[int], Sizes]


CURVES: dict[str, Curve] = {
    "width": Curve("sine", (8, 32, 128, 512, 1024), (2, 4), lambda n: {"layers": [1, n, n, 1], "batch": 64}),
    "batch": Curve("sine", (10, 100, 1000, 10_000, 100_000), (2, 4), lambda n: {"layers": [1, 32, 32, 1], "batch": n}),
    "depth": Curve("sine", (1, 4, 16, 64), (1, 2), lambda n: {"layers": [1, *[32] * n, 1], "batch": 64}),
    "order": Curve("order", (0, 1, 2, 3, 4, 5), (0, 1), lambda n: {"layers": [1, 20, 20, 1], "batch": 100, "order": n}),
    "length": Curve("chain", (10, 100, 1000, 10_000, 100_000), (2, 4), lambda n: {"length": n, "n": 10}),
}
LONGEST = {"jax": 1000, "hips": 10_000}  # of graphs that are not jitted: they take a minute, or the stack


def exponent(points: Points) -> float:
    """The slope of log time over log size, in the upper half of the sizes."""
    upper = np.log([point for point in points if point[0] > 0][len(points) // 2 :])
    return float(np.polyfit(*upper.T, 1)[0]) if len(upper) > 1 else float("nan")


def measured(name: str, columns: Sequence[str], settings: Settings, quick: bool) -> tuple[dict[str, Points], list[Line]]:
    """The seconds of a step for each value of a parameter, by column."""
    curve = CURVES[name]
    figures: dict[str, Points] = {}
    lines = []
    for value in curve.quick if quick else curve.values:
        row = Row(curve.kind, curve.sizes(value), {}, 0.0, per=2 if curve.kind == "chain" else 1)
        kept = [c for c in columns if name != "length" or value <= LONGEST.get(c, value)]
        results = run_row(row, row.sizes, kept, settings)
        lines.append(Line(f"{name} {value}", row, row.sizes, results))
        for column, result in results.items():
            if result.seconds:
                figures.setdefault(column, []).append((value, result.seconds))
        print(name, value, {c: short(r.seconds) for c, r in results.items()}, flush=True)
    return figures, lines


def table(name: str, figures: dict[str, Points]) -> str:
    """One growth curve as text."""
    values = sorted({value for points in figures.values() for value, _ in points})
    rows: list[Any] = []
    for column, points in figures.items():
        times = dict(points)
        growing = f"×{np.mean([b / a for (_, a), (_, b) in zip(points, points[1:])]):.2f} an order"
        fitted = growing if name == "order" else f"{exponent(points):.2f}"
        rows.append([COLUMNS[column].title, *(short(times[v]) if v in times else "–" for v in values), fitted])
    return markdown([f"µs, {name} =", *map(str, values), "exponent"], rows)


def growth(names: Sequence[str], columns: Sequence[str], settings: Settings, quick: bool, out: Path) -> str:
    """All curves that are asked for, as text; and a picture of them."""
    unknown = [name for name in names if name not in CURVES]
    if unknown:
        raise SystemExit(f"unknown curve {unknown[0]}; known are {', '.join(CURVES)}")
    parts, drawn, lines = ["# Growth\n", "Exponents are fitted to the upper half of the sizes.\n"], {}, []
    for name in names:
        drawn[name], more = measured(name, columns, settings, quick)
        lines += more
        parts += [f"## {name}\n", table(name, drawn[name]), ""]
    return "\n".join([*parts, refusals(lines), curves(drawn, out / "growth.svg"), ""])
