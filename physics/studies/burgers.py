"""Burgers' equation by a physics-informed network: u_t + u u_x = ν u_xx, u(0, x) = −sin πx, u(t, ±1) = 0, ν = 0.01/π.

The shock that forms at x = 0 makes it the standard test of the method (Raissi, Perdikaris, Karniadakis 2019, J. Comput.
Phys. 378, 686–707; published relative L2 error 6.7e-4 with 8 hidden layers of 20, 100 + 10,000 points and L-BFGS).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core.errors import MissingExtraError, require
from nn.command import TABLE, DataError, described, whole_from

from .. import pictures
from ..conditions import DirichletBC, InitialCondition
from ..domain import Interval, TimeInterval
from ..exact import burgers as exact_solution
from ..history import History
from ..metrics import max_error, relative_l2
from ..pinn import PINN
from ..sampling import Collocation
from ..stage import Stage
from .equations import check_inside, on_grid, read_rows, read_solution
from .equations import grid as grid_points

NU = 0.01 / np.pi
DOMAIN = Interval("x", -1, 1) * TimeInterval("t", 0, 1)
PUBLISHED = 6.7e-4


@dataclass(frozen=True)
class Setup:
    """The size of a run: layers of the network, points, steps of the two stages, and L-BFGS steps between refinements."""

    layers: tuple[int, ...]
    interior: int
    boundary: int
    initial: int
    adam: int
    lbfgs: int
    refine: int


SETUPS = {
    "quick": Setup((2, 16, 16, 16, 1), interior=400, boundary=40, initial=60, adam=60, lbfgs=60, refine=30),
    "default": Setup((2, *[20] * 5, 1), interior=2_000, boundary=80, initial=160, adam=600, lbfgs=8_400, refine=700),
    "paper": Setup((2, *[20] * 8, 1), interior=10_000, boundary=50, initial=50, adam=0, lbfgs=50_000, refine=0),
}


def build(setup: Setup, seed: int) -> PINN:
    """The problem and its untrained network."""
    nn.manual_seed(seed)
    return PINN(
        nn.MLP(list(setup.layers), activation="tanh", init="xavier"),
        DOMAIN,
        outputs=["u"],
        residual=lambda s: s.u_t + s.u * s.u_x - NU * s.u_xx,
        conditions=[
            InitialCondition(lambda s: -ac.sin(np.pi * s.x)),
            DirichletBC("x", 0.0),
        ],
        points=Collocation(setup.interior, setup.boundary, setup.initial, seed=seed),
    )


def stages(setup: Setup) -> list[Stage]:
    """Adam to leave the start and L-BFGS to converge; or as published, L-BFGS-B on points that stay."""
    if not setup.adam:
        return [Stage(nn.optim.LBFGSB, steps=setup.lbfgs, history_size=50)]
    refine = setup.refine
    return [
        Stage(nn.optim.Adam, steps=setup.adam, lr=2e-3, refine_every=setup.adam // 4),
        # A memory as long as a round is the full BFGS: 1,400 steps of it reached the loss of 3,000 steps with 50 pairs.
        Stage(nn.optim.LBFGS, steps=setup.lbfgs, refine_every=refine, history_size=refine),
    ]


def grid() -> tuple[np.ndarray, np.ndarray]:
    """x (256,) and t (100,): the grid of the published comparison."""
    return np.linspace(-1.0, 1.0, 256), np.arange(100) / 100


def draw(folder: Path, pinn: PINN, history: History, exact: np.ndarray, found: np.ndarray) -> list[Path]:
    """The pictures: solution, error, slices and history."""
    x, t = grid()
    rows = [25, 50, 75, 99]
    places = np.concatenate(pinn.condition_points)
    made = [
        pictures.save_field(folder / "solution.png", x, t, found, "Burgers: solution of the network", points=places),
        pictures.save_field(
            folder / "error.png", x, t, np.abs(found - exact), "Burgers: |network − exact|", value_label="|error| (–)"
        ),
        pictures.save_slices(folder / "slices.png", x, t[rows], found[rows], exact[rows], "Burgers: network and exact"),
        pictures.save_residual(folder / "residual.png", pinn, "Burgers: how far the equation is from holding"),
    ]
    if history.steps:
        title = "Burgers: loss by term; it jumps where new points are drawn"
        made.append(pictures.save_history(folder / "history.png", history.columns, title))
    return made


def draw_loss(folder: Path, pinn: PINN) -> None:
    """The computation graph of the loss, and that of the same problem with a network small enough to read."""
    small = build(replace(SETUPS["quick"], layers=(2, 4, 1), interior=8, boundary=4, initial=4), seed=0)
    for name, problem, title in (
        ("loss_graph.svg", pinn, "Burgers: loss"),
        ("loss_graph_small.svg", small, "Burgers: loss of a 2–4–1 network"),
    ):
        ac.viz.draw(problem.loss(), names=dict(problem.named_parameters()), title=title).save(folder / name)


Others = dict[str, tuple[np.ndarray, np.ndarray]]


def others(args: argparse.Namespace) -> Others:
    """What to compare with besides the exact solution: points (N, 2) and values (N,), by the name of the file."""
    found: Others = {}
    if args.reference is not None:
        x, t, u, name = read_solution(args.reference)
        found[name] = grid_points(x, t), u.real.ravel()
        check_inside(args.reference, found[name][0], DOMAIN)
    if args.data is not None:
        rows = read_rows(args.data, "x, t, u", DOMAIN)
        found[Path(args.data).name] = rows[:, :2], rows[:, 2]
    if unfit := [name for name, (_, u) in found.items() if not u.any()]:
        raise DataError(f"{unfit[0]}: its solution is zero everywhere, so no error is relative to it")
    return found


def report(pinn: PINN, history: History, seconds: float, others: Others) -> tuple[np.ndarray, np.ndarray]:
    """Print what was reached; returns the exact solution and the network on the grid."""
    x, t = grid()
    exact, found = exact_solution(t[:, None], x[None, :], NU), on_grid(pinn, x, t)
    for stage, reason in history.stop_reasons:
        print(f"{stage} stopped: {reason}")
    print(f"training                 {history.steps} steps in {seconds:.0f} s, loss {history.loss:.2e}")
    print(f"relative L2 error        {relative_l2(found, exact):.2e}   against the exact Cole–Hopf solution")
    for name, (points, u) in others.items():
        print(f"                         {relative_l2(pinn.predict(points), u):.2e}   against {name}")
    print(f"published                {PUBLISHED:.2e}   Raissi, Perdikaris, Karniadakis 2019 (8×20, 100 + 10,000 points)")
    print(f"largest error            {max_error(found, exact):.2e}")
    return exact, found


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code: 0, 2 for a folder or file that cannot be used, 130 after Ctrl-C."""
    args = parser().parse_args(argv)
    size = "quick" if args.quick else "paper" if args.paper else "study"
    try:
        beside = others(args)
        folder = pictures.open_output_folder(args.out or f"burgers-{size}")
    except (pictures.OutputFolderError, DataError) as error:
        print(error, file=sys.stderr)
        return 2
    setup = SETUPS["default" if size == "study" else size]
    pinn = build(setup, args.seed)
    layers = "–".join(map(str, setup.layers))
    print("Burgers' equation, u_t + u u_x = ν u_xx, u(0, x) = −sin πx, u(t, ±1) = 0, ν = 0.01/π")
    print(f"network {layers}, {setup.interior} collocation points, seed {args.seed}")
    if args.quick:
        print("A quick run: the same path, too short for a small error. Leave --quick out for the real one.")
    start = time.perf_counter()
    try:
        history = pinn.fit(stages(setup), progress=False if args.quiet else None if args.quick else True)
    finally:  # before anything else, so that no error below loses what was learned
        save_weights(folder / "weights.npz", pinn)
    try:
        exact, found = report(pinn, history, time.perf_counter() - start, beside)
        finish(folder, pinn, history, exact, found)
    except KeyboardInterrupt:
        print(f"weights in               {folder}\nInterrupted after the training: pictures are missing.")
        return 130
    return 130 if history.interrupted else 0


def save_weights(path: Path, pinn: PINN) -> None:
    """Write the weights under their names, such as "network.layers.0.weight"."""
    weights: dict[str, Any] = {name: p.numpy() for name, p in pinn.named_parameters()}
    try:
        np.savez(path, **weights)
    except OSError as error:  # the figures and pictures can still be had
        print(f"the weights could not be written to {path}: {error}", file=sys.stderr)


def finish(folder: Path, pinn: PINN, history: History, exact: np.ndarray, found: np.ndarray) -> None:
    """Draw the pictures, and say where they are."""
    try:
        draw_loss(folder, pinn)
        require("matplotlib", extra="plot")
        draw(folder, pinn, history, exact, found)
        print(f"pictures and weights in  {folder}")
    except MissingExtraError as error:
        print(f"loss graph, weights in   {folder}\nno other pictures: {error}")
    except OSError as error:
        print(f"weights in               {folder}\nnot all pictures could be written: {error}")
    if history.interrupted:
        print("Interrupted: the figures, pictures and weights are those of the training so far.")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = described("physics burgers", __doc__, f"FILE of --data: rows x, t, u of a solution of this problem. {TABLE}")
    size = p.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="the same path in under 20 seconds, for tests; the error is large")
    size.add_argument("--paper", action="store_true", help="the published set-up: 8×20, 10,100 points, L-BFGS-B; about 20 min")
    p.add_argument("--out", metavar="DIR", help="folder for pictures and weights (default: burgers-study, -quick or -paper)")
    p.add_argument("--reference", type=Path, metavar="FILE", help="a MATLAB file to compare with too: x, t, usol")
    p.add_argument("--data", metavar="FILE", help="your own data, a solution to compare with too")
    p.add_argument("--seed", type=whole_from(0), default=0, metavar="N", help="of weights and points (default: %(default)s)")
    p.add_argument("--quiet", action="store_true", help="no progress bar")
    return p
