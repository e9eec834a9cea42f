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
    "save_residual", "save_slices", "save_solution",
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
    plane: bool = False,
) -> Path:
    """Draw a field over time and place as a heat map with a colour bar, time to the right.

    ``values[i, j]`` belongs to ``t[i]`` and ``x[j]``; ``points``, shape (N, 2) with columns x and t, are marked. With ``plane``
    t is a second place: x lies to the right, t upward, to scale.
    """
    x, t, values = np.asarray(x).ravel(), np.asarray(t).ravel(), np.asarray(values)
    check_shape("values", values, (t.size, x.size), "one row for each time, one column for each x")
    sides, labels, (right, up) = (x, t), (x_label, t_label), _orientation(plane)
    with canvas(path, *(_plane_size(x, t) if plane else (7.2, 3.4))) as figure:
        axes = figure.subplots()
        mesh = axes.pcolormesh(sides[right], sides[up], values if plane else values.T, shading="gouraud", rasterized=True)
        _finish_map(figure, axes, mesh, value_label, plane)
        if points is not None:
            points = np.asarray(points)
            check_shape("points", points, (len(points), 2), "columns x and t")
            label = f"{len(points)} points"
            axes.plot(points[:, right], points[:, up], "x", color="black", markersize=3.5, clip_on=False, label=label)
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), handletextpad=0.0, borderaxespad=0.0)
        axes.set(xlabel=labels[right], ylabel=labels[up], title=title, xlim=ends(sides[right]), ylim=ends(sides[up]))
    return Path(path)


def save_solution(path: str | os.PathLike[str], pinn: Any, field: str = "", title: str = "", *, count: int = 101) -> Path:
    """Draw a field of a `PINN` over its domain: an output (the first one by default) or a derivative such as "u_x".

    It is taken on a grid of `count` points a side, in the domain; in a cloud of points, between which nothing is known, at
    those at which the equations are imposed. Raises ShapeError for more than two coordinates.
    """
    name = field or pinn.outputs[0]
    return _over_domain(path, pinn, lambda X: pinn.predict(X, name), ("save_solution", f"{name} (–)", title), count)


def save_residual(path: str | os.PathLike[str], pinn: Any, title: str = "", *, count: int = 101) -> Path:
    """Draw how far the equations of a `PINN` are from holding: the sum of |residual|, on a logarithmic scale.

    Where it is taken, and what it raises: as for `save_solution`.
    """
    far = lambda X: np.log10(np.maximum(pinn.residual(X), np.finfo(np.float64).tiny))
    return _over_domain(path, pinn, far, ("save_residual", "log₁₀ |residual| (–)", title), count)


def _over_domain(path: str | os.PathLike[str], pinn: Any, f: Any, texts: tuple[str, str, str], count: int) -> Path:
    """Draw f over the domain of a `PINN`: over time to the right, in a plane with its first coordinate to the right."""
    (caller, label, title), names, domain = texts, pinn.domain.names, pinn.domain
    check_count("count", count, caller)
    if len(names) > 2:
        raise ShapeError(f"{caller}: {len(names)} coordinates ({', '.join(names)}) cannot be drawn; one or two can.")
    sides = [np.linspace(low, high, count) for low, high in domain.bounds]
    points = np.stack([side.ravel() for side in np.meshgrid(*sides, indexing="ij")], axis=1)
    values, inside = np.full(len(points), np.nan), domain.contains(points)
    values[inside] = f(points[inside])
    cloud = pinn.interior if any(part.finite is not None for part in getattr(domain, "parts", (domain,))) else None
    size = (7.2, 2.8) if len(names) == 1 else _plane_size(*sides) if domain.time is None else (7.2, 3.4)
    with canvas(path, *size) as figure:
        axes = figure.subplots()
        if len(names) == 1:
            alone = (sides[0], values) if cloud is None else (cloud[:, 0], f(cloud))
            axes.plot(*alone, **{**look_of(0), **({} if cloud is None else {"linestyle": "", "marker": "."})})
            axes.set(xlabel=f"{names[0]} (–)", ylabel=label, title=title, xlim=ends(sides[0]))
            return Path(path)
        right, up = _orientation(domain.time is None)
        grid = values.reshape(count, count)
        if cloud is not None:
            mesh = axes.scatter(cloud[:, right], cloud[:, up], c=f(cloud), s=12.0)
        else:
            mesh = axes.pcolormesh(sides[right], sides[up], grid if up == 0 else grid.T, shading="nearest", rasterized=True)
        _finish_map(figure, axes, mesh, label, domain.time is None)
        axes.set(xlabel=f"{names[right]} (–)", ylabel=f"{names[up]} (–)", title=title)
    return Path(path)


def _plane_size(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """The size in inches of a picture of a plane to scale."""
    return 6.4, float(np.clip(1.0 + 4.4 * np.ptp(y) / max(np.ptp(x), 1e-300), 2.2, 6.4))


def _orientation(plane: bool) -> tuple[int, int]:
    """Which of two coordinates lies to the right and which upward."""
    return (0, 1) if plane else (1, 0)


def _finish_map(figure: Any, axes: Any, mesh: Any, label: str, plane: bool) -> None:
    """The colour bar of a map; a plane is to scale."""
    figure.colorbar(mesh, ax=axes, label=label, pad=0.02).outline.set_visible(False)
    axes.grid(False)
    if plane:
        axes.set_aspect("equal")


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
