"""Pictures of solutions, errors, fits and loss histories, in one style that colour-blind readers can tell apart.

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

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
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


def save_field(
    path: str | os.PathLike[str],
    x: Any,
    t: Any,
    values: Any,
    title: str = "",
    *,
    x_label: str = "x (–)",
    t_label: str = "t (–)",
    value_label: str = "u (–)",
    points: Any = None,
) -> Path:
    """Draw a field over time and place as a heat map with a colour bar.

    ``values[i, j]`` belongs to ``t[i]`` and ``x[j]``; ``points``, shape (N, 2) with columns x and t, are marked.
    """
    x, t, values = np.asarray(x).ravel(), np.asarray(t).ravel(), np.asarray(values)
    _check_shape("values", values, (t.size, x.size), "one row for each time, one column for each x")
    with _figure(path, 7.2, 3.4) as figure:
        axes = figure.subplots()
        mesh = axes.pcolormesh(t, x, values.T, shading="gouraud", rasterized=True)
        bar = figure.colorbar(mesh, ax=axes, label=value_label, pad=0.02)
        bar.outline.set_visible(False)
        if points is not None:
            points = np.asarray(points)
            _check_shape("points", points, (len(points), 2), "columns x and t")
            label = f"{len(points)} points"
            axes.plot(points[:, 1], points[:, 0], "x", color="black", markersize=3.5, clip_on=False, label=label)
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), handletextpad=0.0, borderaxespad=0.0)
        axes.grid(False)
        axes.set(xlabel=t_label, ylabel=x_label, title=title, xlim=_ends(t), ylim=_ends(x))
    return Path(path)


def save_slices(
    path: str | os.PathLike[str],
    x: Any,
    times: Any,
    prediction: Any,
    exact: Any,
    title: str = "",
    *,
    x_label: str = "x (–)",
    value_label: str = "u (–)",
    time_label: str = "t",
) -> Path:
    """Draw prediction against exact solution at a few times, one small panel each, all on the same axes.

    ``prediction[i, j]`` and ``exact[i, j]`` belong to ``times[i]`` and ``x[j]``.
    """
    x, times = np.asarray(x).ravel(), np.asarray(times).ravel()
    prediction, exact = np.asarray(prediction), np.asarray(exact)
    for name, values in (("prediction", prediction), ("exact", exact)):
        _check_shape(name, values, (times.size, x.size), "one row for each time, one column for each x")
    if times.size == 0:
        raise ShapeError("save_slices: there are no times to draw. Give at least one.")
    rows = -(-times.size // 4)
    columns = -(-times.size // rows)
    with _figure(path, 1.2 + 2.5 * columns, 1.0 + 2.4 * rows) as figure:
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for i in range(times.size, grid.size):
            grid.flat[i].set_visible(False)
            grid.flat[i - columns].tick_params(labelbottom=True)
        grid.flat[0].locator_params("x", nbins=4, prune="upper")
        for panel, time, guess, truth in zip(grid.flat, times, prediction, exact, strict=False):
            panel.plot(x, truth, color=OKABE_ITO[4], linewidth=4.0, label="exact")
            panel.plot(x, guess, "--", color=OKABE_ITO[1], label="network")
            panel.set(title=f"{time_label} = {time:.3g}", xlim=_ends(x))
        figure.supxlabel(x_label, fontsize=11)
        figure.supylabel(value_label, fontsize=11)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, borderaxespad=0.5, borderpad=0.0)
    return Path(path)


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
    with _figure(path, 8.4, 4.2) as figure:
        axes = figure.subplots()
        if truth is not None:
            axes.plot(x, _curve("truth", truth, x), color="#BDBDBD", linewidth=5.0, label="truth")
        for i, (name, values) in enumerate(fits.items()):
            axes.plot(x, _curve(name, values, x), label=name, **_look(i))
        if points is not None:
            axes.plot(*map(np.ravel, points), "o", color="black", markersize=4, alpha=0.7, label="data")
        axes.set(xlabel=x_label, ylabel=y_label, title=title, xlim=_ends(x))
        axes.legend(**BESIDE)
    return Path(path)


def save_history(
    path: str | os.PathLike[str],
    history: Mapping[str, Sequence[Any]],
    title: str = "",
    *,
    x_label: str = "step",
    y_label: str = "loss (–)",
) -> Path:
    """Draw loss terms over the steps on a logarithmic axis, with the borders between the stages.

    ``history`` is a table of columns of one length: ``loss`` and any other name is a curve; ``step``, if it is there,
    holds the step and ``stage`` the name of the stage of each row. Values that are not positive leave a gap.
    """
    length = len(next(iter(history.values()), ()))
    for name, column in history.items():
        _check_shape(f"history[{name!r}]", np.asarray(column), (length,), "all columns have one length")
    if length == 0:
        raise ShapeError("The history is empty: there is no step to draw. Train first.")
    steps = np.asarray(history.get("step", np.arange(1, length + 1)))
    curves = [name for name in history if name not in ("step", "stage")]
    with _figure(path, 8.4, 4.0) as figure:
        axes = figure.subplots()
        for i, name in enumerate(sorted(curves, key=lambda name: name != "loss")):
            look = {"color": "black"} if name == "loss" else _look(i - ("loss" in curves))
            marker = "o" if length == 1 else ""
            axes.plot(steps, _positive(history[name]), marker=marker, linewidth=1.4, label=name, **look)
        axes.set(yscale="log", xlabel=x_label, ylabel=y_label, xlim=_ends(steps))
        axes.set_title(title, pad=22.0 if "stage" in history else None)
        axes.legend(**BESIDE)
        _mark_stages(axes, steps, history.get("stage", ()))
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
def _figure(path: str | os.PathLike[str], width: float, height: float) -> Iterator[Any]:
    """A figure in the style of the house, in inches, saved when the block ends."""
    matplotlib = require("matplotlib", extra="plot")
    figures = require("matplotlib.figure", extra="plot")
    with matplotlib.rc_context(STYLE):
        figure = figures.Figure(figsize=(width, height), layout="constrained")
        yield figure
        figure.savefig(path, dpi=DPI)


def _look(i: int) -> dict[str, Any]:
    return {"color": OKABE_ITO[i % len(OKABE_ITO)], "linestyle": DASHES[i % len(DASHES)]}


def _positive(values: Sequence[float]) -> np.ndarray:
    column = np.asarray(values, dtype=np.float64)
    return np.where(column > 0.0, column, np.nan)


def _ends(values: np.ndarray) -> tuple[float, float] | None:
    low, high = float(values.min()), float(values.max())
    return (low, high) if low < high else None


def _curve(name: str, values: Any, x: np.ndarray) -> np.ndarray:
    curve = np.asarray(values)
    if curve.size != x.size:
        raise ShapeError(f"The curve {name!r} has shape {curve.shape}, but x has {x.size} values. Evaluate it at x.")
    return curve.ravel()


def _check_shape(name: str, values: np.ndarray, needed: tuple[int, ...], meaning: str) -> None:
    if values.shape != needed:
        raise ShapeError(f"{name} has shape {values.shape}; needed {needed}: {meaning}. Transpose or reshape it.")
