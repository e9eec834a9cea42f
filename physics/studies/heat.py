"""Heat in a rod that is held cold at one end and cooled by convection at the other: u_t = α u_xx, u = 0, u_x + h u = 0.

0 ≤ x, t ≤ 1, α = 0.1, h = 2; u = 0 at x = 0, u_x + h u = 0 at x = 1. The start sin μ₀x + ½ sin μ₂x is made of two of the modes
sin μx with μ cos μ + h sin μ = 0 that this rod has, μ₀ = 2.28893 and μ₂ = 8.09616; each dies at its own rate αμ².
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core.errors import require
from nn.command import Result, conduct

from ..boundary import RobinBC
from ..conditions import DirichletBC, InitialCondition
from ..domain import Interval, TimeInterval
from ..pinn import PINN
from .dynamics import chosen, parser
from .equations import Size, beside_exact, fitted, own_solution

ALPHA, COOLING = 0.1, 2.0  # diffusivity and h, without units: a rod of length 1
PARTS = {0: 1.0, 2: 0.5}  # modes of the start
ROD = Interval("x", 0, 1) * TimeInterval("t", 0, 1)
COLD, AIR = ROD.boundary("x")

SIZES = {
    "quick": Size((12, 12), 200, adam=40, lbfgs=40, boundary=20, initial=20),
    "default": Size((24, 24, 24), 1_500, adam=300, lbfgs=1_500),
}


def modes(count: int) -> np.ndarray:
    """The first roots μ of μ cos μ + h sin μ = 0: one lies in each interval ((k + ½)π, (k + 1)π)."""
    root = require("scipy.optimize", extra="all").brentq
    f = lambda mu: mu * np.cos(mu) + COOLING * np.sin(mu)
    return np.array([root(f, (k + 0.5) * np.pi, (k + 1.0) * np.pi, xtol=1e-15) for k in range(count)])


def exact(x: Any, t: Any) -> Any:
    """The solution, for arrays and for the coordinates of a state."""
    mus = modes(max(PARTS) + 1)
    return sum(a * ac.exp(-ALPHA * mus[k] ** 2 * t) * ac.sin(mus[k] * x) for k, a in PARTS.items())


def problem(size: Size, seed: int) -> PINN:
    """The problem and its untrained network."""
    return PINN(
        size.network(2, 1, seed),
        ROD,
        outputs=["u"],
        residual=lambda s: s.u_t - ALPHA * s.u_xx,
        conditions=[
            InitialCondition(lambda s: exact(s.x, 0.0)),
            DirichletBC(COLD, 0.0),
            RobinBC(AIR, a=COOLING, b=1.0, value=0.0),
        ],
        points=size.points(seed),
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train and compare with the exact solution."""
    size = chosen(SIZES, args)
    pinn = problem(size, args.seed)
    own_solution(args.data, "x, t, u", pinn.domain)  # what is wrong with it is told before the training
    run = fitted(pinn, size, progress)
    solved = f"u_t = {ALPHA} u_xx, u(t, 0) = 0, u_x + {COOLING:g} u = 0 at x = 1, u(0, x) = sin 2.289x + ½ sin 8.096x, t ≤ 1"
    head = f"Heat in a rod, {solved}\n{size}"
    return beside_exact(args, run, exact, "Heat in a rod", head, wanted=1e-3)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("heat", __doc__, "rows x, t, u of a solution of this problem to compare with")
    return conduct(p, argv, study)
