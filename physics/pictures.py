"""Pictures of solutions, errors, fits and loss histories, in the one style of `nn.pictures`.

Each function writes one file, in the format its name ends in (.png, .svg, .pdf), and gives back the path. None needs a
display or changes matplotlib's global state. They need the extra ``plot``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core.errors import ShapeError
from nn.pictures import (
    OKABE_ITO,
    OutputFolderError,
    canvas,
    check_shape,
    ends,
    look_of,
    open_output_folder,
    save_fit,
)
from nn.pictures import save_history as save_columns

from .stage import check_count

__all__ = [
    "OutputFolderError", "open_output_folder", "save_coefficients", "save_field", "save_fit", "save_history", "save_points",
    "save_residual", "save_slices",
]  # fmt: skip


def save_history(path: str | os.PathLike[str], history: Any, title: str = "", **labels: str) -> Path:
    """Draw the loss and its terms, weighted and raw, over the steps, with the borders between the stages.

    ``history`` is that of a training, whose unknown coefficients are left out, or a table of columns of one length.
    """
    return save_columns(path, getattr(history, "losses", history), title, **labels)


def save_coefficients(
    path: str | os.PathLike[str], history: Any, title: str = "", *, exact: Mapping[str, float] | None = None
) -> Path:
    """Draw the paths of the unknown coefficients of a training over its steps, one small panel each.

    ``exact`` are known values by name, drawn as dashed lines. Raises ShapeError for a training without coefficients.
    """
    columns, names = history.columns, list(history.coefficients)
    if not names or not history.steps:
        raise ShapeError("save_coefficients: there are no unknown coefficients, or no steps. Train a PINN(parameters=[…]).")
    steps = np.asarray(columns["step"])
    with canvas(path, 8.4, 0.8 + 1.8 * len(names)) as figure:
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for i, (panel, name) in enumerate(zip(panels, names, strict=True)):
            panel.plot(steps, columns[name], linewidth=1.6, label=name, **{**look_of(i), "linestyle": "-"})
            if name in (exact or {}):
                panel.axhline((exact or {})[name], color="black", linestyle="--", linewidth=1.0, label="exact")
            panel.set(ylabel=f"{name} (–)", xlim=ends(steps))
            panel.legend(loc="best")
        panels[0].set_title(title)
        panels[-1].set_xlabel("step (–)")
    return Path(path)


def save_points(path: str | os.PathLike[str], pinn: Any, title: str = "") -> Path:
    """Draw the points of a `PINN`: those inside and those of each condition, with the normals where it uses them.

    The axes are the first two coordinates; on a line, all points lie on the one axis that there is.
    """
    names = pinn.domain.names
    plane = lambda X: np.stack([X[:, 0], X[:, 1] if X.shape[1] > 1 else np.zeros(len(X))], axis=1)
    with canvas(path, 6.4, 5.0 if len(names) > 1 else 2.6) as figure:
        axes = figure.subplots()
        axes.plot(*plane(pinn.interior).T, ".", color="0.6", markersize=3.0, label="inside")
        for i, (condition, X) in enumerate(zip(pinn.conditions, pinn.condition_points, strict=True)):
            color = OKABE_ITO[i % len(OKABE_ITO)]
            axes.plot(*plane(X).T, "o", color=color, markersize=4.0, label=condition.name, clip_on=False)
            normals = condition.normals(pinn.domain, X)
            if normals is not None:
                arrows = axes.quiver(*plane(X).T, *plane(normals.numpy()).T, color=color, width=0.003, scale=25.0)
                arrows.set(clip_on=False, in_layout=False)
        if len(names) > 1 and pinn.domain.time is None:
            axes.set_aspect("equal")
        axes.grid(False)
        axes.set(xlabel=f"{names[0]} (–)", ylabel=f"{names[1]} (–)" if len(names) > 1 else "", title=title)
        axes.margins(0.08)
        figure.legend(loc="outside lower center", ncols=4)
    return Path(path)


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
    check_shape("values", values, (t.size, x.size), "one row for each time, one column for each x")
    with canvas(path, 7.2, 3.4) as figure:
        axes = figure.subplots()
        mesh = axes.pcolormesh(t, x, values.T, shading="gouraud", rasterized=True)
        bar = figure.colorbar(mesh, ax=axes, label=value_label, pad=0.02)
        bar.outline.set_visible(False)
        if points is not None:
            points = np.asarray(points)
            check_shape("points", points, (len(points), 2), "columns x and t")
            label = f"{len(points)} points"
            axes.plot(points[:, 1], points[:, 0], "x", color="black", markersize=3.5, clip_on=False, label=label)
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), handletextpad=0.0, borderaxespad=0.0)
        axes.grid(False)
        axes.set(xlabel=t_label, ylabel=x_label, title=title, xlim=ends(t), ylim=ends(x))
    return Path(path)


def save_residual(path: str | os.PathLike[str], pinn: Any, title: str = "", *, count: int = 101) -> Path:
    """Draw how far the equations of a `PINN` are from holding: the sum of |residual|, on a logarithmic scale.

    It is taken on a grid of `count` points a side, in the domain; in a cloud of points, between which nothing is known, at
    those at which the equations are imposed. Raises ShapeError for more than two coordinates.
    """
    check_count("count", count, "save_residual")
    names, domain = pinn.domain.names, pinn.domain
    if len(names) > 2:
        raise ShapeError(f"save_residual: {len(names)} coordinates ({', '.join(names)}) cannot be drawn; one or two can.")
    sides = [np.linspace(low, high, count) for low, high in domain.bounds]
    points = np.stack([side.ravel() for side in np.meshgrid(*sides, indexing="ij")], axis=1)
    inside = domain.contains(points)
    cloud = any(part.finite is not None for part in getattr(domain, "parts", (domain,)))
    far = lambda X: np.log10(np.maximum(pinn.residual(X), np.finfo(np.float64).tiny))
    values = np.full(len(points), np.nan)
    values[inside] = far(points[inside])
    label = "log₁₀ |residual| (–)"
    with canvas(path, *((7.2, 3.4) if len(names) > 1 else (7.2, 2.8))) as figure:
        axes = figure.subplots()
        if len(names) == 1:
            alone = (pinn.interior[:, 0], far(pinn.interior)) if cloud else (sides[0], values)
            axes.plot(*alone, **{**look_of(0), **({"linestyle": "", "marker": "."} if cloud else {})})
            axes.set(xlabel=f"{names[0]} (–)", ylabel=label, title=title, xlim=ends(sides[0]))
            return Path(path)
        if cloud:
            mesh = axes.scatter(*pinn.interior.T[::-1], c=far(pinn.interior), s=12.0)
        else:
            mesh = axes.pcolormesh(sides[1], sides[0], values.reshape(count, count), shading="nearest", rasterized=True)
        figure.colorbar(mesh, ax=axes, label=label, pad=0.02).outline.set_visible(False)
        axes.grid(False)
        axes.set(xlabel=f"{names[1]} (–)", ylabel=f"{names[0]} (–)", title=title)
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
        check_shape(name, values, (times.size, x.size), "one row for each time, one column for each x")
    if times.size == 0:
        raise ShapeError("save_slices: there are no times to draw. Give at least one.")
    rows = -(-times.size // 4)
    columns = -(-times.size // rows)
    with canvas(path, 1.2 + 2.5 * columns, 1.0 + 2.4 * rows) as figure:
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for i in range(times.size, grid.size):
            grid.flat[i].set_visible(False)
            grid.flat[i - columns].tick_params(labelbottom=True)
        grid.flat[0].locator_params("x", nbins=4, prune="upper")
        for panel, time, guess, truth in zip(grid.flat, times, prediction, exact, strict=False):
            panel.plot(x, truth, color=OKABE_ITO[4], linewidth=4.0, label="exact")
            panel.plot(x, guess, "--", color=OKABE_ITO[1], label="network")
            panel.set(title=f"{time_label} = {time:.3g}", xlim=ends(x))
        figure.supxlabel(x_label, fontsize=11)
        figure.supylabel(value_label, fontsize=11)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=2, borderaxespad=0.5, borderpad=0.0)
    return Path(path)
