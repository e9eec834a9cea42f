"""Lorenz' system discovered: x' = σ(y - x), y' = x(ρ - z) - y, z' = xy - βz, from states at 40 times.

σ, ρ and β all begin at 1; the true ones are 10, 15 and 8/3. The motion begins at (-8, 7, 27) and lasts 3 units of time.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograd_core.errors import require
from nn.command import DataError, Result, conduct

from .. import pictures
from ..coefficients import Parameter
from ..conditions import PointData
from ..domain import TimeInterval
from ..metrics import relative_l2
from ..pinn import PINN
from .discovery import errors
from .dynamics import chosen, parser
from .equations import Figure, Size, fitted, read_rows, result

TRUE = {"sigma": 10.0, "rho": 15.0, "beta": 8 / 3}
WANTED = dict.fromkeys(TRUE, 0.5)  # errors in %
START, END, TIMES = (-8.0, 7.0, 27.0), 3.0, 40

SIZES = {
    "quick": Size((12, 12), 60, adam=40, lbfgs=40),
    "default": Size((30, 30), 400, adam=500, lbfgs=2_000, memory=500, waves=15),
    "paper": Size((40, 40, 40), 400, adam=60_000, lbfgs=0, lr=1e-3),
}


def motion(t: np.ndarray) -> np.ndarray:
    """The states (len(t), 3) of the true system, by scipy's DOP853."""
    sigma, rho, beta = TRUE.values()
    flow = lambda _, s: [sigma * (s[1] - s[0]), s[0] * (rho - s[2]) - s[1], s[0] * s[1] - beta * s[2]]
    solve = require("scipy.integrate", extra="all").solve_ivp
    return solve(flow, (0.0, END), START, "DOP853", t_eval=t, rtol=1e-11, atol=1e-11).y.T


def problem(size: Size, seed: int, data: np.ndarray) -> PINN:
    """The system with unknown coefficients, and states at some times, rows (t, x, y, z)."""
    sigma, rho, beta = (Parameter(1.0, name=name, scale=10.0) for name in TRUE)
    if np.ptp(data[:, 0]) == 0 or not data[:, 1:].any(axis=0).all():
        raise DataError("the states are all at one time, or one of x, y, z is always 0: a motion is needed")
    names, typical = ["x", "y", "z"], np.abs(data[:, 1:]).max(axis=0)
    return PINN(
        size.network(1, 3, seed),
        TimeInterval("t", data[:, 0].min(), data[:, 0].max()),
        outputs=names,
        residual=[
            lambda s: s.x_t - sigma * (s.y - s.x),
            lambda s: s.y_t - s.x * (rho - s.z) + s.y,
            lambda s: s.z_t - s.x * s.y + beta * s.z,
        ],
        conditions=[PointData(data[:, 0], data[:, k], output=u, weight=100.0, name=u) for k, u in enumerate(names, 1)],
        transform=lambda _, outputs: outputs * typical,
        points=size.points(seed),
        parameters=[sigma, rho, beta],
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Find the coefficients and compare with the true ones."""
    size, t = chosen(SIZES, args), np.linspace(0, END, TIMES)
    data = np.column_stack([t, motion(t)]) if args.data is None else read_rows(args.data, "t, x, y, z")
    run = fitted(problem(size, args.seed, data), size, progress)
    t = np.linspace(data[:, 0].min(), data[:, 0].max(), 601)
    found = {name: run.pinn.predict(t, name) for name in run.pinn.outputs}
    figures = errors(run.pinn, TRUE if args.data is None else None, wanted=WANTED)
    true = motion(t) if args.data is None else None
    if true is not None:
        figures.append(Figure("states, relative L2", relative_l2(np.stack([*found.values()], axis=1), true)))

    def draw(folder: Path) -> None:
        exact = TRUE if args.data is None else None
        pictures.save_coefficients(folder / "coefficients.png", run.history, "Lorenz: coefficients", exact=exact)
        for k, (name, values) in enumerate(found.items(), 1):
            labels: dict[str, Any] = {"x_label": "t (–)", "y_label": f"{name} (–)", "points": (data[:, 0], data[:, k])}
            truth = None if true is None else true[:, k - 1]
            pictures.save_fit(folder / f"{name}.png", t, {"network": values}, f"Lorenz: {name}", truth=truth, **labels)

    head = f"Lorenz' system discovered, x' = σ(y - x), y' = x(ρ - z) - y, z' = xy - βz, from {len(data)} states\n{size}"
    return result(args, head, figures, [run], draw)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("lorenz-inverse", __doc__, "rows t, x, y, z to discover from", "Adam alone, 60,000 steps on 3 layers of 40")
    return conduct(p, argv, study)
