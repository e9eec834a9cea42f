"""Poisson's equation -Δu = f on a square, with conditions that are learned and with the same by construction.

The square is 0 ≤ x, y ≤ 1. f = 2π² sin πx sin πy + 3¼π² sin 3πx sin 2πy is made so that
u = sin πx sin πy + ¼ sin 3πx sin 2πy, which is 0 on all four sides. Where the network is 0 there by
construction, no term of the loss is left but that of the equation.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
from nn.command import Result, conduct

from ..conditions import DirichletBC
from ..domain import Interval
from ..hard import HardConstraints
from ..metrics import max_error, relative_l2
from ..pinn import PINN
from .dynamics import chosen, parser
from .equations import Figure, Size, draw_field, fitted, on_grid, own_figure, own_solution, result

PARTS = {(1, 1): 1.0, (3, 2): 0.25}
BOUNDS = {"learned": 2e-3, "hard": 1e-3}  # of the relative error
SQUARE = Interval("x", 0, 1) * Interval("y", 0, 1)

SIZES = {
    "quick": Size((12, 12), 200, adam=40, lbfgs=40, boundary=40),
    "default": Size((24, 24, 24), 1_000, adam=300, lbfgs=1_200, boundary=160),
}


def exact(x: Any, y: Any) -> Any:
    """The solution, for arrays and for the coordinates of a state."""
    return sum(a * ac.sin(m * np.pi * x) * ac.sin(n * np.pi * y) for (m, n), a in PARTS.items())


def source(x: Any, y: Any) -> Any:
    """f = -Δu."""
    parts = PARTS.items()
    return sum(a * (m**2 + n**2) * np.pi**2 * ac.sin(m * np.pi * x) * ac.sin(n * np.pi * y) for (m, n), a in parts)


def problem(size: Size, seed: int, hard: bool) -> PINN:
    """The problem and its untrained network, with the sides by construction or as a term of the loss."""
    sides = DirichletBC(value=0.0, weight=100.0)
    return PINN(
        size.network(2, 1, seed),
        SQUARE,
        outputs=["u"],
        residual=lambda s: s.laplacian("u") + source(s.x, s.y),
        conditions=[] if hard else [sides],
        transform=HardConstraints(SQUARE, sides) if hard else None,
        points=size.points(seed),
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train both and compare with the exact solution."""
    size = chosen(SIZES, args)
    x, y = np.linspace(0, 1, 101), np.linspace(0, 1, 101)
    true = exact(x[None, :], y[:, None]).numpy()
    runs, figures = [], []
    for kind in BOUNDS:
        pinn = problem(size, args.seed, kind == "hard")
        own_solution(args.data, "x, y, u", pinn.domain)  # what is wrong with it is told before the training
        runs.append(fitted(pinn, size, progress))
        found = on_grid(runs[-1].pinn, x, y)
        figures += [
            Figure(f"relative L2, {kind} sides", relative_l2(found, true), BOUNDS[kind]),
            Figure(f"largest error, {kind} sides", max_error(found, true)),
        ]
        if runs[-1].history.interrupted:
            break
    figures += own_figure(args.data, runs[-1].pinn, "x, y, u")
    labels: dict[str, Any] = {"x_label": "x (–)", "t_label": "y (–)", "plane": True}
    draw = lambda folder: draw_field(folder, "Poisson", (x, y), found, true, **labels)
    head = f"Poisson's equation -Δu = f on [0, 1]², u = 0 on its sides, f that of u = sin πx sin πy + ¼ sin 3πx sin 2πy\n{size}"
    return result(args, head, figures, runs, draw)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("poisson", __doc__, "rows x, y, u of a solution of this problem to compare with")
    return conduct(p, argv, study)
