"""sin x beyond the data: a network that knows the derivative there, and a plain one that does not."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
from nn.command import Result, conduct

from .. import pictures
from ..boundary import OperatorBC
from ..conditions import PointData
from ..domain import Interval
from ..metrics import relative_l2
from ..pinn import PINN
from .dynamics import chosen, parser
from .equations import Figure, Size, fitted, read_rows, result

INSIDE, OUTSIDE = np.pi, 2 * np.pi  # data within ±π, slopes from there to ±2π
LINE = Interval("x", -OUTSIDE, OUTSIDE)
POINTS = 40

SIZES = {
    "quick": Size((12, 12), 60, adam=40, lbfgs=40),
    "default": Size((30, 30), 120, adam=500, lbfgs=2_000),
}


def measured(seed: int) -> np.ndarray:
    """Rows (x, sin x) inside."""
    x = np.random.default_rng(seed).uniform(-INSIDE, INSIDE, POINTS)
    return np.stack([x, np.sin(x)], axis=1)


def problem(size: Size, seed: int, data: np.ndarray, informed: bool) -> PINN:
    """A network that fits the data, and if it is informed, has the slope cos x where there are none."""
    x = np.linspace(INSIDE, OUTSIDE, size.interior // 2)
    slope = OperatorBC(lambda s: s.y_x - ac.cos(s.x), np.concatenate([-x, x])[:, None], name="slope")
    return PINN(
        size.network(1, 1, seed),
        LINE,
        outputs=["y"],
        residual=[],
        conditions=[PointData(data[:, :1], data[:, 1]), *([slope] if informed else [])],
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train both and compare them inside and outside of the data."""
    size = chosen(SIZES, args)
    data = measured(args.seed) if args.data is None else read_rows(args.data, "x, sin x", LINE)
    x = np.linspace(-OUTSIDE, OUTSIDE, 801)
    outside = np.abs(x) > INSIDE
    runs, fits, errors = [], {}, {}
    for name in ("plain network", "slope known"):
        runs.append(fitted(problem(size, args.seed, data, name != "plain network"), size, progress))
        fits[name] = y = runs[-1].pinn.predict(x)
        errors[name] = [relative_l2(y[part], np.sin(x[part])) for part in (~outside, outside)]
        if runs[-1].history.interrupted:
            break
    figures = [Figure(f"{n}, {w}", e) for n, es in errors.items() for w, e in zip(("inside", "outside"), es, strict=True)]
    if len(errors) == 2:
        figures.append(Figure("outside, slope known : plain", errors["slope known"][1] / errors["plain network"][1], 0.05))
    title = "sin x: data within ±π, the slope known outside"
    labels: dict[str, Any] = {"truth": np.sin(x), "points": (data[:, 0], data[:, 1])}
    draw = lambda folder: pictures.save_fit(folder / "fits.png", x, fits, title, **labels)
    head = f"sin x from {len(data)} values within ±π, relative L2 errors to ±2π; {size}"
    return result(args, head, figures, runs, draw)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("extrapolate", __doc__, "rows x, sin x to train on, values of the sine")
    return conduct(p, argv, study)
