"""Pictures of fits and loss histories, in one style that colour-blind readers can tell apart.

Each function writes one file, in the format its name ends in (.png, .svg, .pdf), and gives back the path. None needs a
display or changes matplotlib's global state. They need the extra ``plot``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core.errors import ShapeError, require

# Those of Okabe and Ito but black and yellow, which is faint on white, and a seventh, Tol's wine.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#882255")
GREY = "#6B6B6B"
DASHES = ("-", "--", "-.", ":")
STYLE = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "axes.axisbelow": True,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "image.cmap": "viridis",
    "figure.facecolor": "white",
    "svg.fonttype": "none",
}
DPI = 160
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}


class OutputFolderError(OSError):
    """A folder cannot be written to."""


def open_output_folder(path: str | os.PathLike[str]) -> Path:
    """Create a folder, prove by a trial file that it can be written to, and give back its absolute path.

    Called before a training, so that hours of work are not lost at its end.
    """
    folder = Path(path).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"trial")
    except OSError as error:
        reason = "a file has that name" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise OutputFolderError(
            f"Cannot write to the output folder {folder}: {reason}. Choose another one with --out DIR."
        ) from error
    return folder


def save_fit(
    path: str | os.PathLike[str],
    x: Any,
    fits: Mapping[str, Any],
    title: str = "",
    *,
    truth: Any = None,
    points: tuple[Any, Any] | None = None,
    x_label: str = "x (–)",
    y_label: str = "y (–)",
) -> Path:
    """Draw curves fitted to data points, with the truth behind them; every curve in ``fits`` has the shape of ``x``."""
    x = np.asarray(x).ravel()
    with canvas(path, 8.4, 4.2) as figure:
        axes = figure.subplots()
        if truth is not None:
            axes.plot(x, _curve("truth", truth, x), color="#BDBDBD", linewidth=5.0, label="truth")
        for i, (name, values) in enumerate(fits.items()):
            axes.plot(x, _curve(name, values, x), label=name, **look_of(i))
        if points is not None:
            axes.plot(*map(np.ravel, points), "o", color="black", markersize=4, alpha=0.7, label="data")
        axes.set(xlabel=x_label, ylabel=y_label, title=title, xlim=ends(x))
        axes.legend(**BESIDE)
    return Path(path)


def save_history(
    path: str | os.PathLike[str],
    history: Any,
    title: str = "",
    *,
    x_label: str = "step",
    y_label: str = "loss (–)",
) -> Path:
    """Draw loss terms over the steps on a logarithmic axis, with the borders between the stages.

    ``history`` is that of a training, whose losses are drawn, or a table of columns of one length: ``loss`` and any other
    name is a curve; ``step``, if it is there, holds the step and ``stage`` the name of the stage of each row. Values that
    are not positive leave a gap.
    """
    history = getattr(history, "losses", history)
    length = len(next(iter(history.values()), ()))
    for name, column in history.items():
        check_shape(f"history[{name!r}]", np.asarray(column), (length,), "all columns have one length")
    if length == 0:
        raise ShapeError("The history is empty: there is no step to draw. Train first.")
    steps = np.asarray(history.get("step", np.arange(1, length + 1)))
    curves = [name for name in history if name not in ("step", "stage")]
    with canvas(path, 8.4, 4.0) as figure:
        axes = figure.subplots()
        for i, name in enumerate(sorted(curves, key=lambda name: name != "loss")):
            look = {"color": "black"} if name == "loss" else look_of(i - ("loss" in curves))
            marker = "o" if length == 1 else ""
            axes.plot(steps, _positive(history[name]), marker=marker, linewidth=1.4, label=name, **look)
        axes.set(yscale="log", xlabel=x_label, ylabel=y_label, xlim=ends(steps))
        axes.set_title(title, pad=22.0 if "stage" in history else None)
        axes.legend(**BESIDE)
        _mark_stages(axes, steps, history.get("stage", ()))
    return Path(path)


def save_learning_curves(
    path: str | os.PathLike[str], history: Mapping[str, Sequence[Any]], title: str = "", *, x_label: str = "epoch"
) -> Path:
    """Draw the losses on a logarithmic axis and, below them, the other quantities on a linear one.

    ``history`` is a table of columns of one length; the column named by ``x_label`` is the horizontal axis, ``step`` and
    ``lr`` are left out, and losses are the columns whose name ends in "loss".
    """
    names = [name for name in history if name not in (x_label, "epoch", "step", "lr", "stage")]
    groups = [[n for n in names if n.endswith("loss")], [n for n in names if not n.endswith("loss")]]
    groups = [group for group in groups if group]
    if not groups or not len(history[names[0]]):
        raise ShapeError("The history is empty: there is nothing to draw. Train first.")
    x = np.asarray(history[x_label])
    with canvas(path, 8.4, 0.8 + 3.0 * len(groups)) as figure:
        panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
        for panel, group in zip(panels, groups, strict=True):
            losses = group[0].endswith("loss")
            for i, name in enumerate(group):
                values = _positive(history[name]) if losses else np.asarray(history[name], dtype=np.float64)
                panel.plot(x, values, marker="o" if x.size == 1 else "", linewidth=1.6, label=name, **look_of(i))
            panel.set(yscale="log" if losses else "linear", xlim=ends(x), ylabel="loss (–)" if losses else group[0])
            panel.legend(**BESIDE)
        panels[0].set_title(title)
        panels[-1].set_xlabel(x_label)
    return Path(path)


def _mark_stages(axes: Any, steps: np.ndarray, stages: Sequence[str]) -> None:
    for row, name in enumerate(stages):
        if row and name == stages[row - 1]:
            continue
        if row:
            axes.axvline(steps[row], color=GREY, linewidth=1.0)
        place = {"xy": (steps[row], 1.0), "xycoords": ("data", "axes fraction"), "xytext": (4, 3)}
        axes.annotate(name, **place, textcoords="offset points", color=GREY, fontsize=10)


@contextmanager
def canvas(path: str | os.PathLike[str], width: float, height: float) -> Iterator[Any]:
    """A figure in the style of the house, in inches, saved when the block ends."""
    matplotlib = require("matplotlib", extra="plot")
    figures = require("matplotlib.figure", extra="plot")
    with matplotlib.rc_context(STYLE):
        figure = figures.Figure(figsize=(width, height), layout="constrained")
        yield figure
        figure.savefig(path, dpi=DPI)


def look_of(i: int) -> dict[str, Any]:
    """Colour and dashes of the curve number i."""
    return {"color": OKABE_ITO[i % len(OKABE_ITO)], "linestyle": DASHES[i % len(DASHES)]}


def _positive(values: Sequence[float]) -> np.ndarray:
    column = np.asarray(values, dtype=np.float64)
    return np.where(column > 0.0, column, np.nan)


def ends(values: np.ndarray) -> tuple[float, float] | None:
    """The limits of an axis, None where all values are one."""
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else None


def _curve(name: str, values: Any, x: np.ndarray) -> np.ndarray:
    curve = np.asarray(values)
    if curve.size != x.size:
        raise ShapeError(f"The curve {name!r} has shape {curve.shape}, but x has {x.size} values. Evaluate it at x.")
    return curve.ravel()


def check_shape(name: str, values: np.ndarray, needed: tuple[int, ...], meaning: str) -> None:
    """Raise ShapeError unless the values of a picture have the shape that is needed."""
    if values.shape != needed:
        raise ShapeError(f"{name} has shape {values.shape}; needed {needed}: {meaning}. Transpose or reshape it.")
