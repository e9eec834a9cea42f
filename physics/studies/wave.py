"""Waves on a string of two tones: u_tt = c² u_xx, u = 0 at both ends, u(0, x) = sin πx + ½ sin 4πx at rest.

0 ≤ x, t ≤ 1 and c = 1. Ends, start and velocity at the start hold by construction; the equation alone is left to be learned.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
from nn.command import Result, conduct

from ..conditions import DirichletBC, InitialCondition, InitialVelocity
from ..domain import Interval, TimeInterval
from ..hard import HardConstraints
from ..pinn import PINN
from .dynamics import chosen, parser
from .equations import Size, beside_exact, fitted, own_solution

C = 1.0  # speed of the waves, without units: a string of length 1
TONES = {1: 1.0, 4: 0.5}

SIZES = {
    "quick": Size((12, 12), 200, adam=40, lbfgs=40),
    "default": Size((32, 32, 32), 2_000, adam=300, lbfgs=6_000, memory=500),
}


def exact(x: Any, t: Any) -> Any:
    """The solution, for arrays and for the coordinates of a state."""
    return sum(a * ac.sin(k * np.pi * x) * ac.cos(k * np.pi * C * t) for k, a in TONES.items())


def problem(size: Size, seed: int) -> PINN:
    """The problem and its untrained network."""
    string = Interval("x", 0, 1) * TimeInterval("t", 0, 1)
    conditions = [InitialCondition(lambda s: exact(s.x, 0.0)), InitialVelocity(0.0), DirichletBC("x", 0.0)]
    return PINN(
        size.network(2, 1, seed),
        string,
        outputs=["u"],
        residual=lambda s: s.u_tt - C**2 * s.u_xx,
        transform=HardConstraints(string, conditions),
        points=size.points(seed),
    )


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train and compare with the exact solution."""
    size = chosen(SIZES, args)
    pinn = problem(size, args.seed)
    own_solution(args.data, "x, t, u", pinn.domain)  # what is wrong with it is told before the training
    run = fitted(pinn, size, progress)
    solved = f"u_tt = {C:g}² u_xx, u(t, 0) = u(t, 1) = 0, u(0, x) = sin πx + ½ sin 4πx, u_t(0, x) = 0, t ≤ 1"
    head = f"Waves on a string, {solved}\n{size}"
    return beside_exact(args, run, exact, "Waves on a string", head, wanted=5e-3)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("wave", __doc__, "rows x, t, u of a solution of this problem to compare with")
    return conduct(p, argv, study)
