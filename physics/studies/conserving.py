"""The experiments of Hamiltonian networks against plain ones: Greydanus, Dzamba, Yosinski, NeurIPS 2019, tables 1 and 2."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import nn
from nn.command import DataError, Result, read_table

from .. import pictures
from ..baseline import BaselineNN
from ..hamiltonian import HamiltonianNN
from ..portraits import save_portrait
from ..systems import System
from .dynamics import (
    COLUMNS,
    OWN_COLUMNS,
    Data,
    Learned,
    chosen,
    held_out,
    learned_from,
    motions,
    own_cells,
    roll_out,
    rows,
    slope_error,
    train,
)

HIDDEN = 200
STARTS = 15  # motions that are compared, from starts that are not in the data


@dataclass(frozen=True)
class Size:
    """How large a run is: motions in the data, steps of Adam, hidden units."""

    motions: int
    steps: int
    hidden: int = HIDDEN


@dataclass(frozen=True)
class Experiment:
    """A system, the data of its motions, and what was published: the energy MSE of the Hamiltonian and the plain network."""

    title: str
    system: System
    starts: Callable[[np.random.Generator, int], np.ndarray]
    times: np.ndarray  # of the data
    noise: float  # on the states of the data alone
    train_share: float
    published: tuple[float, float]
    sizes: dict[str, Size]
    batch: int | None = None
    weight_decay: float = 0.0
    span: float = 20.0  # of the motions that are compared

    def data(self, seed: int, count: int) -> tuple[Data, Data]:
        """Training and test data: states with noise, and the exact time derivatives without it."""
        draws = np.random.default_rng([seed, 1])
        exact = motions(self.system, self.starts(draws, count), self.times).swapaxes(0, 1)
        noisy = exact + self.noise * draws.normal(size=exact.shape)
        dx, cut = self.system.time_derivative(exact), max(1, int(count * self.train_share))
        flat = lambda part: part.reshape(-1, self.system.size)
        return Data(flat(noisy[:cut]), flat(dx[:cut])), Data(flat(noisy[cut:]), flat(dx[cut:]))

    def models(self, seed: int, hidden: int) -> dict[str, Any]:
        """The two untrained models."""
        n = self.system.size
        net = lambda out: nn.MLP([n, hidden, hidden, out], "tanh", init="orthogonal", generator=seed)
        return {"Hamiltonian network": HamiltonianNN(net(1)), "plain network": BaselineNN(net(n))}


def study(experiment: Experiment, args: argparse.Namespace, progress: bool | None) -> Result:
    """Train both networks, let them move from new starts, and compare energies; with a user's states, slopes held out."""
    size, seed = chosen(experiment.sizes, args), args.seed
    own = args.data is not None
    training, testing = own_data(experiment, args.data) if own else experiment.data(seed, size.motions)
    starts = training.x[:1] if own else experiment.starts(np.random.default_rng([seed, 2]), STARTS)
    times = np.linspace(0.0, experiment.span, 21 if args.quick else 401)
    true = None if own else motions(experiment.system, starts, times)
    learned, found, lines = [], {}, {}
    for (name, model), published in zip(experiment.models(seed, size.hidden).items(), experiment.published, strict=True):
        learned.append(_trained(experiment, size, name, model, training, seed, progress))
        tolerance = 1e-4 if args.quick else 1e-8
        found[name] = roll_out(model, starts, times, rtol=tolerance, atol=tolerance)
        if true is None:
            lines[name] = own_cells(learned[-1], training, testing)
        else:
            lines[name] = _cells(experiment, learned[-1], true, found[name], testing, published)
        if learned[-1].interrupted:
            break
    table = f"{_head(experiment, size, args, training)}\n\n{rows('', OWN_COLUMNS if own else COLUMNS, lines)}"
    table += "" if args.quick or true is None else f"\n{_verdict(experiment, true, found)}"
    return Result(table, lambda folder: draw(folder, experiment, training, times, true, found), learned[-1].interrupted)


def _trained(e: Experiment, size: Size, name: str, model: Any, data: Data, seed: int, progress: bool | None) -> Learned:
    return train(name, model, data, size.steps, seed, batch=e.batch, weight_decay=e.weight_decay, progress=progress)


def energy_mse(system: System, true: np.ndarray, found: np.ndarray) -> float:
    """The mean squared difference of the true energies along true and found motions."""
    return float(np.mean((system.energy(found) - system.energy(true)) ** 2))


def _cells(e: Experiment, run: Learned, true: np.ndarray, found: np.ndarray, data: Data, published: float) -> list[str]:
    figures = (energy_mse(e.system, true, found), published, np.mean((found - true) ** 2), slope_error(run.model, data))
    return [*(f"{figure:.1e}" for figure in figures), f"{run.steps:,}", f"{run.seconds:.0f} s"]


def _head(e: Experiment, size: Size, args: argparse.Namespace, data: Data) -> str:
    n, h, whole = e.system.size, size.hidden, e.sizes["default"]
    nets = f"networks {n}–{h}–{h}–1 and –{n}, tanh, Adam 1e-3, seed {args.seed}"
    if args.data is not None:
        return (
            f"Any motion q, p of {n} numbers a state that keeps an energy; {nets}\n"
            f"{learned_from(args, data, '')}, every fifth row held out; mean squares of the errors of slopes"
        )
    published = f"published were {whole.motions:,}, {whole.steps:,} and {whole.hidden}"
    reduced = f"\nreduced: {size.motions:,} motions, {size.steps:,} steps, {h} units; {published}" if size != whole else ""
    learned = learned_from(args, data, f"states with noise {e.noise}, slopes without")
    return f"{e.title}; {nets}\n{learned}; energies of {STARTS} motions from new starts over {e.span:g} units of time{reduced}"


def _verdict(e: Experiment, true: np.ndarray, found: dict[str, np.ndarray]) -> str:
    bound, reached = e.published[0], energy_mse(e.system, true, found["Hamiltonian network"])
    said = "reached" if reached <= bound else "NOT reached"
    return f"Hamiltonian network: energy MSE {reached:.1e}, published {bound:.1e}: {said}"


def own_data(e: Experiment, path: str) -> tuple[Data, Data]:
    """Training data, and every fifth row for tests, from a file with a row (x, dx) for each state."""
    table, n = read_table(path), e.system.size
    if table.shape[1] != 2 * n or len(table) < 5 or not np.isfinite(table).all():
        raise DataError(
            f"{path}: needed are at least 5 rows of {2 * n} finite numbers, a state and its time derivative; "
            f"got {len(table)} rows of {table.shape[1]}"
        )
    return held_out(table)


def draw(folder: Path, e: Experiment, data: Data, t: np.ndarray, true: Any, found: dict[str, np.ndarray]) -> None:
    """The pictures: one motion in the space of states, and its energy where the system, and so its `true` motion, is known."""
    n = e.system.size
    plane = [0, n // 2] if n == 2 else [0, 1]
    labels = ("q (–)", "p (–)") if n == 2 else ("x of the first body (–)", "y of the first body (–)")
    one = {name: states[:, 0, plane] for name, states in found.items() if np.isfinite(states[:, 0]).all()}
    given = data.x[: 40 * len(e.times) : 2, plane] if n == 2 else None
    title, path = ("Your motion", None) if true is None else (e.title, true[:, 0, plane])
    save_portrait(folder / "motion.png", one, title, truth=path, points=given, x_label=labels[0], y_label=labels[1])
    if true is None:
        return
    energies = {name: e.system.energy(states[:, 0]) for name, states in found.items()}
    pictures.save_fit(
        folder / "energy.png", t, energies, f"{e.title}: energy", truth=e.system.energy(true[:, 0]),
        x_label="time (–)", y_label="energy (–)",
    )  # fmt: skip
