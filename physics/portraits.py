"""Portraits of motions: their paths in the space of states, in the one style of `nn.pictures`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nn.pictures import BESIDE, canvas, check_shape, look_of


def save_portrait(
    path: str | os.PathLike[str],
    paths: Mapping[str, Any],
    title: str = "",
    *,
    truth: Any = None,
    points: Any = None,
    x_label: str = "q (–)",
    y_label: str = "p (–)",
) -> Path:
    """Draw paths through a plane, each of shape (times, 2) or (times, motions, 2), with the true ones behind them.

    `points`, shape (N, 2), are marked as data. The file's format is that which its name ends in.
    """
    with canvas(path, 7.4, 4.8) as figure:
        axes = figure.subplots()
        if truth is not None:
            axes.plot(*_columns("truth", truth), color="#BDBDBD", linewidth=5.0, solid_capstyle="round")
            axes.plot([], [], color="#BDBDBD", linewidth=5.0, label="truth")
        for i, (name, values) in enumerate(paths.items()):
            look = {**look_of(i), "linewidth": 1.4}
            axes.plot(*_columns(name, values), **look)
            axes.plot([], [], label=name, **look)
        if points is not None:
            axes.plot(*_columns("points", points), "o", color="black", markersize=3, alpha=0.5)
            axes.plot([], [], "o", color="black", markersize=3, alpha=0.5, label="data")
        axes.set(xlabel=x_label, ylabel=y_label, title=title)
        axes.legend(**BESIDE)
    return Path(path)


def _columns(name: str, values: Any) -> tuple[np.ndarray, np.ndarray]:
    values = np.asarray(values)
    check_shape(name, values, (*values.shape[:-1][:2], 2), "times, motions if there are several, and two coordinates")
    return values[..., 0], values[..., 1]
