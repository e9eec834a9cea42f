"""A mass on a spring from three quarters of one swing: a Hamiltonian, a Lagrangian and a plain network move on for 50 more.

The spring has k = 10 N/m and m = 1 kg, and begins at x = 0 with v = 1 m/s. States of one's own may be of any motion x, v that
keeps an energy H(x, v) with dx/dt = ∂H/∂v and dv/dt = -∂H/∂x; every fifth is held out, and the motions begin at the first.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nn
from nn.command import DataError, Result, conduct, read_table

from .. import pictures
from ..baseline import BaselineNN
from ..hamiltonian import HamiltonianNN
from ..lagrangian import LagrangianNN
from ..portraits import save_portrait
from ..systems import MassSpring
from .dynamics import (
    OWN_COLUMNS,
    Data,
    chosen,
    drift,
    falling,
    held_out,
    learned_from,
    own_cells,
    parser,
    roll_out,
    rows,
    train,
)

SYSTEM = MassSpring(k=10.0, m=1.0)  # of mass 1, so that momenta are velocities
START = np.array([[0.0, 1.0]])  # m and m/s
TRAINING, TEST = (1.5, 50), (9.0, 300)  # s and samples
COLUMNS = ("slope, 1.5 s", "slope, 9 s", "state, 9 s", "energy drift", "steps", "time")


@dataclass(frozen=True)
class Size:
    """How large a run is: steps of Adam, hidden units a layer, steps and their length in s of the motion."""

    steps: int
    hidden: int
    motion: int
    dt: float = 0.01


SIZES = {"quick": Size(30, 16, 50), "default": Size(5_000, 50, 10_000)}


def samples(span: float, count: int) -> Data:
    """States (x in m, v in m/s) and their slopes at equal times of the exact motion."""
    x = SYSTEM.solution(START[0], np.linspace(0.0, span, count))
    return Data(x, SYSTEM.time_derivative(x))


def models(seed: int, hidden: int) -> dict[str, Any]:
    """The three untrained models. L is known but for its scale, which the ridge chooses."""
    net = lambda out: nn.MLP([2, *[hidden] * 3, out], "tanh", init="xavier", generator=seed)
    return {
        "Hamiltonian network": HamiltonianNN(net(1)),
        "Lagrangian network": LagrangianNN(net(1), ridge=1.0),
        "plain network": BaselineNN(net(2)),
    }


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train the three networks, let each move on by itself, and compare with the exact motion or with states held out."""
    own = args.data is not None
    size, interrupted = chosen(SIZES, args), False
    training, testing = own_data(args.data) if own else (samples(*TRAINING), samples(*TEST))
    start = training.x[:1] if own else START
    times = np.arange(size.motion + 1) * size.dt
    found: dict[str, np.ndarray] = {}
    lines: dict[str, list[str]] = {}
    for name, model in models(args.seed, size.hidden).items():
        run = train(name, model, training, size.steps, args.seed, lr=2e-3, schedule=falling, progress=progress)
        found[name] = states = roll_out(model, start, times, method="rk4")[:, 0]
        cells = own_cells(run, training, testing)
        lines[name] = cells if own else [*cells[:2], *_against_exact(times, states), *cells[2:]]
        if interrupted := run.interrupted:
            break
    table = f"{_head(size, args, training)}\n\n{rows('', OWN_COLUMNS if own else COLUMNS, lines)}\nmean squares of the errors"
    if own:
        table += " of slopes; every fifth row was held out"
    else:
        table += "; the drift is the largest change of the exact energy on the way. No figures are published."
    return Result(table, lambda folder: draw(folder, training, times, found, known=not own), interrupted)


def _against_exact(times: np.ndarray, states: np.ndarray) -> list[str]:
    """The mean squared error of states near the data, and the drift of the energy."""
    near = times <= TEST[0]
    error = np.mean((states[near] - SYSTEM.solution(START[0], times[near])) ** 2)
    return [f"{error:.1e}", f"{100 * drift(SYSTEM.energy(states)) / SYSTEM.energy(START[0]):.2g} %"]


def _head(size: Size, args: argparse.Namespace, data: Data) -> str:
    units = "–".join(["2", *[str(size.hidden)] * 3])
    motion = "A motion x, v with dx/dt = ∂H/∂v, dv/dt = -∂H/∂x, from the first state"
    system = "Mass on a spring, k = 10 N/m, m = 1 kg, from x = 0, v = 1 m/s" if args.data is None else motion
    learned = learned_from(args, data, f"exact states within {TRAINING[0]} s")
    return (
        f"{system}; networks {units}–1 (plain: –2), tanh, Adam, seed {args.seed}\n"
        f"{learned}; {size.motion:,} steps of {size.dt} s by RK4"
    )


def own_data(path: str) -> tuple[Data, Data]:
    """Training data, and every fifth row for tests, from a file with a row x, v, dx/dt, dv/dt for each state."""
    table = read_table(path)
    if table.shape[1] != 4 or len(table) < 5 or not np.isfinite(table).all():
        raise DataError(
            f"{path}: needed are at least 5 rows of 4 finite numbers, x, v, dx/dt and dv/dt; "
            f"got {len(table)} rows of {table.shape[1]}"
        )
    return held_out(table)


def draw(folder: Path, data: Data, times: np.ndarray, found: dict[str, np.ndarray], known: bool = True) -> None:
    """The pictures: paths in the plane of states, the place in the first 9 s, and of the `known` spring the energies."""
    true = SYSTEM.solution(START[0], np.linspace(0.0, 2.0, 201)) if known else None
    motion = "Mass on a spring" if known else "Your states"
    labels: dict[str, Any] = {"x_label": "x (m)", "y_label": "v (m/s)"}
    whole = {name: states for name, states in found.items() if np.isfinite(states).all()}
    save_portrait(folder / "phase.png", whole, f"{motion}: the whole motion", truth=true, points=data.x, **labels)
    if known:
        energies = {name: SYSTEM.energy(states) for name, states in found.items()}
        level = np.full_like(times, SYSTEM.energy(START[0]))
        labels = {"x_label": "time (s)", "y_label": "energy (J)"}
        pictures.save_fit(folder / "energy.png", times, energies, "Mass on a spring: energy", truth=level, **labels)
    near = times <= TEST[0]
    places = {name: states[near, 0] for name, states in found.items()}
    truth = SYSTEM.solution(START[0], times[near])[:, 0] if known else None
    labels = {"x_label": "time (s)", "y_label": "x (m)"}
    pictures.save_fit(folder / "place.png", times[near], places, f"{motion}: place", truth=truth, **labels)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    return conduct(parser("mass-spring", __doc__, "rows x, v, dx/dt, dv/dt to train on"), argv, study)
