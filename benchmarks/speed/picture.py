"""The tables as pictures, where matplotlib is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .contenders import COLUMNS, OWN
from .table import Line, columns_of


def pyplot() -> Any:
    """matplotlib, drawing into files; None where it is not installed."""
    try:
        import matplotlib as mpl
    except ImportError:
        return None
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def color(name: str) -> str:
    """Ours in blue, the others in warm colors and grey."""
    others = {"torch": "#e8743b", "torch-fused": "#f2a379", "torch-compile": "#f7cdb3", "jax": "#6b8e5a", "jax-loop": "#a9c39b"}
    own = ("#9ecae1", "#4292c6", "#08519c", "#6a51a3", "#3f007d")
    return dict(zip(OWN, own)).get(name, others.get(name, "#999999"))


def bars(lines: Sequence[Line], path: Path) -> str:
    """Times relative to PyTorch's eager step (or to the slowest), a group of bars a row; returns what was done."""
    plt = pyplot()
    if plt is None:
        return "no picture: matplotlib is not installed"
    names = columns_of(lines)
    figure, axes = plt.subplots(figsize=(9, 1.0 + 0.16 * len(names) * len(lines)))
    height = 0.8 / len(names)
    for k, name in enumerate(names):
        places, lengths = [], []
        for j, line in enumerate(lines):
            base = line.seconds("torch") or max(line.seconds(each) for each in line.results)
            if line.seconds(name):
                places.append(j + k * height)
                lengths.append(line.seconds(name) / base)
        axes.barh(places, lengths, height, color=color(name), label=COLUMNS[name].title)
    axes.set_yticks([j + 0.4 for j in range(len(lines))], [line.name for line in lines])
    axes.axvline(1.0, color="black", linewidth=0.6)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("time of a training step; 1 = PyTorch, eager")
    axes.legend(fontsize=7)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    return f"picture: {path}"


def curves(figures: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], path: Path) -> str:
    """Growth curves, one field for each parameter, with logarithmic axes; returns what was done."""
    plt = pyplot()
    if plt is None:
        return "no picture: matplotlib is not installed"
    figure, fields = plt.subplots(1, len(figures), figsize=(3.6 * len(figures), 3.4), squeeze=False)
    for axes, (parameter, lines) in zip(fields[0], figures.items()):
        for name, points in lines.items():
            axes.loglog(*zip(*points), marker=".", color=color(name), label=COLUMNS[name].title)
        axes.set_xlabel(parameter)
    fields[0][0].set_ylabel("seconds a step")
    fields[0][0].legend(fontsize=7)
    figure.savefig(path, bbox_inches="tight")
    plt.close(figure)
    return f"picture: {path}"
