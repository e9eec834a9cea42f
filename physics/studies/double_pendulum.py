"""A Lagrangian network learns the double pendulum, and keeps its energy where a plain network loses it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from nn.command import DataError, Result, conduct, read_table

from .. import pictures
from ..baseline import BaselineNN
from ..lagrangian import LagrangianNN
from ..portraits import save_portrait
from ..systems import DoublePendulum
from .dynamics import (
    OWN_COLUMNS,
    Data,
    Learned,
    falling,
    held_out,
    learned_from,
    motions,
    own_cells,
    parser,
    roll_out,
    rows,
    size_of,
    slope_error,
    train,
)

SYSTEM = DoublePendulum(g=9.8)
HIGHEST = 29.4  # J, the largest potential energy, both rods upright
PUBLISHED = {"Lagrangian network": "0.43 %", "plain network": "7.4 %"}  # of it, with 600,000 steps
FASTEST = 10.0  # rad/s, of the angular velocities in the published data
LARGE = 20.0  # J; networks give numbers of about 1, Lagrangians of this system are some 20 J
STARTS, STEPS, DT = 40, 100, 0.1  # of the motions that are compared; s
COLUMNS = ("energy error", "published", "median", "largest", "slope MSE", "steps", "time")


@dataclass(frozen=True)
class Size:
    """How large a run is: states in the data, steps of Adam, hidden units by layer, states a step, activation, first rate.

    By default the data are motions, each of 41 states, L = T − V with T quadratic in the velocities, and the networks are
    given cosine and sine of the angles. As `published` the states are drawn one by one, L is any function, and the networks
    are given angles between −π and π.
    """

    states: int
    steps: int
    hidden: tuple[int, ...]
    batch: int
    activation: str = "tanh"
    rate: float = 5e-3
    published: bool = False


SIZES = {
    "quick": Size(164, 6, (8, 8), 32),
    "default": Size(41_000, 20_000, (64, 64), 256),
    "paper": Size(1_024_000, 600_000, (600, 600, 600), 512, "softplus", 1e-3, published=True),
}


class Turning(nn.Module):
    """A network that is given two angles by cosine and sine, or between −π and π if `cut`: a whole turn changes nothing.

    Whatever follows the angles on the last axis is given as it is. Without this a network knows nothing of a pendulum that
    turns over more often than in its data.
    """

    def __init__(self, network: nn.Module, cut: bool = False) -> None:
        super().__init__()
        self.network, self.cut = network, cut

    def forward(self, x: Any) -> ac.Tensor:
        """The network's numbers at x of shape (…, 2) or more."""
        q, rest = x[..., :2], x[..., 2:]
        seen = [q - 2 * np.pi * ac.round(q / (2 * np.pi))] if self.cut else [ac.cos(q), ac.sin(q)]
        return self.network(ac.concatenate([*seen, rest], axis=-1))


class Mechanical(nn.Module):
    """L = T − V = |C(q) q̇|²/2 − V(q): a network of the angles gives V and the upper triangle of C, which is 1 at first.

    The mass matrix CᵀC then depends on the angles alone, as in every mechanical system whose constraints do not move.
    Source: Lutter, Ritter, Peters, Deep Lagrangian Networks, ICLR 2019.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Any) -> ac.Tensor:
        """L at states x = (q, q̇) of shape (…, 4)."""
        found, first, second = self.network(x[..., :2]), x[..., 2], x[..., 3]
        upper = (1.0 + found[..., 1]) * first + found[..., 2] * second
        lower = (1.0 + found[..., 3]) * second
        return 0.5 * (upper**2 + lower**2) - LARGE * found[..., 0]


class Accelerations(nn.Module):
    """A plain network for states (q, q̇): it gives q̈, and the rest of the state moves with q̇."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Any) -> ac.Tensor:
        """(q̇, q̈) at states x (…, 2n)."""
        x = ac.as_tensor(x)
        return ac.concatenate([x[..., x.shape[-1] // 2 :], self.network(x)], axis=-1)


def starts(draws: np.random.Generator, count: int) -> np.ndarray:
    """Both angles up to a quarter turn to either side, both angular velocities up to 1 rad/s."""
    return draws.uniform(-1.0, 1.0, (count, 4)) * [np.pi / 2, np.pi / 2, 1.0, 1.0]


def samples(seed: int, stream: int, count: int, published: bool = False) -> Data:
    """Exact states and their slopes: at 41 times within 4 s of each motion, or as published drawn one by one.

    Those published have angles of a whole turn and velocities to 10 rad/s: the authors' notebook of the double pendulum.
    """
    draws = np.random.default_rng([seed, stream])
    if published:
        x = draws.uniform(-1.0, 1.0, (count, 4)) * [np.pi, np.pi, FASTEST, FASTEST]
    else:
        x = motions(SYSTEM, starts(draws, -(-count // 41)), np.linspace(0.0, 4.0, 41)).reshape(-1, 4)
    return Data(x, SYSTEM.time_derivative(x))


def models(seed: int, size: Size) -> dict[str, Any]:
    """The two untrained models. L is known but for its scale, which the ridge chooses."""

    def net(velocities: int, out: int) -> Turning:
        widths = [(2 if size.published else 4) + velocities, *size.hidden, out]
        return Turning(nn.MLP(widths, size.activation, init="xavier", generator=seed), cut=size.published)

    lagrangian = LagrangianNN(net(2, 1), 1.0) if size.published else LagrangianNN(Mechanical(net(0, 4)), 0.1)
    return {"Lagrangian network": lagrangian, "plain network": BaselineNN(Accelerations(net(2, 2)))}


def energy_errors(states: np.ndarray) -> np.ndarray:
    """The mean distance of each motion's energy from that at its start, in % of the largest potential energy."""
    energies = SYSTEM.energy(states)
    return 100 * np.mean(np.abs(energies - energies[:1]), axis=0) / HIGHEST


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train the networks, let them move from new starts, and compare energies."""
    size, interrupted = SIZES[size_of(args)], False
    if args.data is not None:
        return from_own(args, size, progress)
    training = samples(args.seed, 1, size.states, size.published)
    testing = samples(args.seed, 3, 82 if args.quick else 410)
    new, times = (
        starts(np.random.default_rng([args.seed, 2]), 4 if args.quick else STARTS),
        np.arange((5 if args.quick else STEPS) + 1) * DT,
    )
    true = motions(SYSTEM, new, times)
    found: dict[str, np.ndarray] = {}
    lines: dict[str, list[str]] = {}
    errors: dict[str, float] = {}
    for name, model in models(args.seed, size).items():
        run = _trained(name, model, training, size, args.seed, progress)
        tolerance = 1e-3 if args.quick else 1e-6
        found[name] = roll_out(model, new, times, rtol=tolerance, atol=tolerance)
        single = energy_errors(found[name])
        errors[name] = float(single.mean())
        shown = (f"{each:.2g} %" for each in (np.median(single), single.max()))
        cells = (f"{errors[name]:.2g} %", PUBLISHED[name], *shown, f"{slope_error(model, testing):.1e}")
        lines[name] = [*cells, f"{run.steps:,}", f"{run.seconds:.0f} s"]
        if interrupted := run.interrupted:
            break
    table = f"{_head(size, args, training, len(new), times[-1])}\n\n{rows('', COLUMNS, lines)}"
    table += "" if args.quick or len(errors) < 2 else f"\n{_verdict(errors)}"
    return Result(table, lambda folder: draw(folder, times, true, found), interrupted)


def from_own(args: argparse.Namespace, size: Size, progress: bool | None) -> Result:
    """Train the networks on a user's states, and let them move from the first of these."""
    training, testing = own_data(args.data)
    times = np.arange((5 if args.quick else STEPS) + 1) * DT
    found: dict[str, np.ndarray] = {}
    lines: dict[str, list[str]] = {}
    for name, model in models(args.seed, size).items():
        run = _trained(name, model, training, size, args.seed, progress)
        found[name] = roll_out(model, training.x[:1], times, rtol=1e-6, atol=1e-6)
        lines[name] = own_cells(run, training, testing)
        if run.interrupted:
            break
    said = f"{learned_from(args, training, '')}, every fifth row held out; mean squares of the errors of slopes"
    head = f"Any motion of two angles; Adam {size.rate:g} falling to 0, {size.batch} states a step, seed {args.seed}\n{said}"
    draw = lambda folder: draw_angles(folder, found, None)
    return Result(f"{head}\n\n{rows('', OWN_COLUMNS, lines)}", draw, run.interrupted)


def _trained(name: str, model: Any, data: Data, size: Size, seed: int, progress: bool | None) -> Learned:
    return train(name, model, data, size.steps, seed, batch=size.batch, lr=size.rate, schedule=falling, progress=progress)


def _head(size: Size, args: argparse.Namespace, data: Data, motions: int, span: float) -> str:
    paper, seen = SIZES["paper"], "angles between −π and π" if size.published else "cosine and sine of the angles"
    widths = "–".join(map(str, size.hidden))
    reduced = "" if size == paper else f"\nreduced: published were {paper.steps:,} steps and layers of {paper.hidden[0]}"
    return (
        f"Double pendulum, m = 1 kg, l = 1 m, g = 9.8 m/s²; networks: hidden layers {widths}, {size.activation}, given {seen}\n"
        f"Adam {size.rate:g} falling to 0, {size.batch} states a step, seed {args.seed}\n"
        f"Lagrangian: {'any' if size.published else 'T(q, q̇) − V(q), T quadratic in q̇; published was any'} L(q, q̇)\n"
        f"{learned_from(args, data, 'exact states')}; energies of {motions} motions from new starts within {span:g} s, in % of "
        f"the largest potential energy{reduced}"
    )


def _verdict(errors: dict[str, float]) -> str:
    ratio = errors["plain network"] / errors["Lagrangian network"]
    return f"the Lagrangian network's energy error is {ratio:.1f} times smaller; wanted are 10 times: {_said(ratio >= 10)}"


def _said(reached: bool) -> str:
    return "reached" if reached else "NOT reached"


def own_data(path: str) -> tuple[Data, Data]:
    """Training data, and every fifth row for tests, from rows of two angles, two velocities and their four slopes."""
    table = read_table(path)
    if table.shape[1] != 8 or len(table) < 5 or not np.isfinite(table).all():
        raise DataError(
            f"{path}: needed are at least 5 rows of 8 finite numbers, a state and its time derivative; "
            f"got {len(table)} rows of {table.shape[1]}"
        )
    return held_out(table)


def draw(folder: Path, t: np.ndarray, true: np.ndarray, found: dict[str, np.ndarray]) -> None:
    """The pictures: the energy errors of all motions on average, and the angles of one."""
    errors = {name: np.abs(SYSTEM.energy(x) - SYSTEM.energy(x[:1])).mean(axis=1) for name, x in found.items()}
    title = "Double pendulum: mean energy error"
    labels: dict[str, Any] = {"x_label": "time (s)", "y_label": "|E − E(0)| (J)"}
    pictures.save_fit(folder / "energy.png", t, errors, title, truth=np.zeros_like(t), **labels)
    draw_angles(folder, found, true[:, 0, :2])


def draw_angles(folder: Path, found: dict[str, np.ndarray], true: np.ndarray | None) -> None:
    """The picture of one motion."""
    angles = {name: x[:, 0, :2] for name, x in found.items() if np.isfinite(x[:, 0]).all()}
    labels: dict[str, Any] = {"x_label": "θ₁ (rad)", "y_label": "θ₂ (rad)"}
    title = "Your motion" if true is None else "Double pendulum: one motion"
    save_portrait(folder / "angles.png", angles, title, truth=true, **labels)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    paper = "the published 600,000 steps of three layers of 600; about 46 hours"
    return conduct(
        parser(
            "double-pendulum",
            __doc__,
            "rows θ₁, θ₂, their velocities and the four derivatives, of any motion of two angles",
            paper,
        ),
        argv,
        study,
    )
