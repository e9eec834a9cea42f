"""Burgers' equation discovered: λ₁ and λ₂ of u_t + λ₁ u u_x = λ₂ u_xx from 2,000 values of u, exact and with 1 % noise.

The true ones are 1 and 0.01/π (Raissi, Perdikaris, Karniadakis 2019, J. Comput. Phys. 378, 686–707; their errors with
2,000 values are those of the authors' own tables).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nn.command import Result, conduct

from .. import pictures
from ..coefficients import Parameter
from ..conditions import PointData
from ..exact import burgers as exact_solution
from ..metrics import relative_l2
from ..pinn import PINN
from .discovery import axes_of, box, errors, noisy, several
from .dynamics import chosen, parser
from .equations import Figure, Size, draw_field, on_grid, read_rows, result

TRUE = {"lambda1": 1.0, "lambda2": 0.01 / np.pi}
WANTED = {"": {"lambda1": 0.1, "lambda2": 0.5}, ", noise 1 %": {"lambda1": 0.1, "lambda2": 1.0}}  # errors in %
PUBLISHED = {"": {"lambda1": 0.096, "lambda2": 0.469}, ", noise 1 %": {"lambda1": 0.039, "lambda2": 0.008}}

SIZES = {
    "quick": Size((12, 12), 400, adam=20, lbfgs=30),
    "default": Size((20,) * 5, 2_000, adam=500, lbfgs=3_500, memory=1_000),
    "paper": Size((20,) * 8, 2_000, adam=0, lbfgs=50_000, memory=50),
}


def measured(seed: int, noise: float, count: int) -> np.ndarray:
    """Rows (x, t, u) of the exact solution at random places, with noise."""
    draws = np.random.default_rng(seed)
    x, t = draws.uniform(-1, 1, count), draws.uniform(0, 1, count)
    return noisy(np.column_stack([x, t, exact_solution(t, x, TRUE["lambda2"])]), noise, draws)


def problem(size: Size, seed: int, data: np.ndarray) -> PINN:
    """The equation with unknown coefficients, asked for where the data, rows (x, t, u), are."""
    lambda1 = Parameter(0.0, name="lambda1")
    lambda2 = Parameter(0.02, name="lambda2", positive=True, scale=0.01)
    return PINN(
        size.network(2, 1, seed),
        box(data),
        outputs=["u"],
        residual=lambda s: s.u_t + lambda1 * s.u * s.u_x - lambda2 * s.u_xx,
        conditions=[PointData(data[:, :2], data[:, 2])],
        points=data[:, :2],
        parameters=[lambda1, lambda2],
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Find the coefficients with noise and without, and compare with the true ones."""
    size = chosen(SIZES, args)
    own = None if args.data is None else read_rows(args.data, "x, t, u")
    given = lambda noise: measured(args.seed, noise, size.interior) if own is None else own
    make = lambda noise: problem(size, args.seed, given(noise))
    runs = several(make, (0.0, 0.01) if own is None else (0.0,), size, progress)
    x, t = (np.linspace(-1, 1, 256), np.arange(100) / 100) if own is None else axes_of(runs[""].pinn)
    true, found = exact_solution(t[:, None], x[None, :], TRUE["lambda2"]), on_grid(runs[""].pinn, x, t)
    figures = [] if own is not None else [Figure("u, relative L2", relative_l2(found, true))]
    for kind, run in runs.items():
        limits = {"wanted": WANTED[kind], "published": PUBLISHED[kind]}
        figures += errors(run.pinn, TRUE if own is None else None, kind=kind, **limits)
    source = "" if own is None else f" of {Path(args.data).name}"
    head = f"Burgers' equation discovered, u_t + λ₁ u u_x = λ₂ u_xx, from {len(given(0.0)):,} values{source}\n{size}"

    def draw(folder: Path) -> None:
        for kind, run in runs.items():
            name = f"coefficients{'-noise' if kind else ''}.png"
            pictures.save_coefficients(
                folder / name, run.history, f"Burgers{kind}: coefficients", exact=TRUE if own is None else None
            )
        draw_field(folder, "Burgers' equation discovered", (x, t), found, true if own is None else None)

    return result(args, head, figures, [*runs.values()], draw)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("burgers-inverse", __doc__, "rows x, t, u to discover from", "8 layers of 20, L-BFGS alone, as published")
    return conduct(p, argv, study)
