"""The Korteweg–de Vries equation discovered: λ₁ and λ₂ of u_t + λ₁ u u_x + λ₂ u_xxx = 0 from values of u.

u(0, x) = cos πx with the period 2 and t ≤ 1; the true coefficients are 1 and 0.0025. The values are those of the spectral
solution in $PHYSICS_DATA/pinn_raissi, or else of one that is computed here. Raissi, Perdikaris and Karniadakis 2019 (J. Comput.
Phys. 378) discover them from two moments by an implicit Runge–Kutta step of 50 stages; here values of all times are given.
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
from ..metrics import relative_l2
from ..pinn import PINN
from . import spectral
from .discovery import axes_of, box, errors
from .dynamics import chosen, parser
from .equations import Figure, Size, Solution, draw_field, fitted, on_grid, read_rows, read_solution, reference, result

FILE = "pinn_raissi/KdV.mat"
TRUE = {"lambda1": 1.0, "lambda2": 0.0025}
WANTED = dict.fromkeys(TRUE, 0.1)  # errors in %

SIZES = {
    "quick": Size((12, 12), 400, adam=20, lbfgs=30),
    "default": Size((25,) * 4, 2_000, adam=500, lbfgs=4_500, memory=1_000),
}


def solution(quick: bool) -> Solution:
    """The reference solution."""
    path = reference(FILE)
    if path is not None:
        return read_solution(path)
    t = np.linspace(0, 1, 11 if quick else 201)
    x, u = spectral.kdv(t, 64 if quick else 512)
    return Solution(x, t, u, f"a Fourier series of {len(x)} modes")


def measured(known: Solution, seed: int, count: int) -> np.ndarray:
    """Rows (x, t, u) of the solution at random places of its grid."""
    places = np.random.default_rng(seed).choice(known.u.size, min(count, known.u.size), replace=False)
    i, j = np.divmod(places, len(known.x))
    return np.column_stack([known.x[j], known.t[i], known.u[i, j]])


def problem(size: Size, seed: int, data: np.ndarray) -> PINN:
    """The equation with unknown coefficients, asked for where the data, rows (x, t, u), are."""
    lambda1 = Parameter(0.0, name="lambda1")
    lambda2 = Parameter(0.0, name="lambda2", scale=0.0025)
    return PINN(
        size.network(2, 1, seed),
        box(data),
        outputs=["u"],
        residual=lambda s: s.u_t + lambda1 * s.u * s.u_x + lambda2 * s.u_xxx,
        conditions=[PointData(data[:, :2], data[:, 2], weight=100.0)],
        points=data[:, :2],
        parameters=[lambda1, lambda2],
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Find the coefficients and compare with the true ones."""
    size, known = chosen(SIZES, args), solution(args.quick) if args.data is None else None
    data = read_rows(args.data, "x, t, u") if known is None else measured(known, args.seed, size.interior)
    run = fitted(problem(size, args.seed, data), size, progress)
    axes, exact = axes_of(run.pinn) if known is None else (known.x, known.t), None if known is None else TRUE
    found, figures = on_grid(run.pinn, *axes), errors(run.pinn, exact, wanted=WANTED)
    if known is not None:
        figures.append(Figure("u, relative L2", relative_l2(found, known.u)))
    source = f" of {Path(args.data).name if known is None else known.source}"
    head = f"Korteweg–de Vries discovered, u_t + λ₁ u u_x + λ₂ u_xxx = 0, from {len(data):,} values{source}\n{size}"

    def draw(folder: Path) -> None:
        pictures.save_coefficients(folder / "coefficients.png", run.history, "Korteweg–de Vries: coefficients", exact=exact)
        draw_field(folder, "Korteweg–de Vries discovered", axes, found, None if known is None else known.u)

    return result(args, head, figures, [run], draw)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("kdv-inverse", __doc__, "rows x, t, u to discover from", "the default: published was another way")
    return conduct(p, argv, study)
