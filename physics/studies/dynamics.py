"""What the studies of motions share: data from exact motions, training on time derivatives, and moving by what was learned."""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ac
import nn
from autograd_core.errors import CaptureError, NonFiniteError, require
from nn.command import options

from ..integrate import StepSizeError, integrate
from ..systems import System

OWN_COLUMNS = ("learned from", "held out", "steps", "time")  # errors of the slopes of a user's own states
COLUMNS = ("energy MSE", "published", "state MSE", "test loss", "steps", "time")


class Data(NamedTuple):
    """States x and their time derivatives dx, both (N, n)."""

    x: np.ndarray
    dx: np.ndarray


@dataclass
class Learned:
    """A model with a name, how its training went, and what came out as text by column."""

    name: str
    model: Any
    seconds: float
    steps: int
    interrupted: bool = False


def motions(system: System, starts: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The exact motions from starts (N, n), shape (len(times), N, n), by scipy's DOP853 with tolerances of 1e-11."""
    solve = require("scipy.integrate", extra="all").solve_ivp
    flow = lambda t, x: system.time_derivative(x.reshape(starts.shape)).ravel()
    made = solve(flow, (times[0], times[-1]), starts.ravel(), "DOP853", t_eval=times, rtol=1e-11, atol=1e-11)
    return made.y.T.reshape(len(times), *starts.shape)


def train(
    name: str,
    model: nn.Module,
    data: Data,
    steps: int,
    seed: int,
    *,
    batch: int | None = None,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    schedule: Callable[[Any, int], Any] | None = None,
    progress: bool | None = False,
) -> Learned:
    """Fit the time derivatives of a model to data with Adam, in steps that are compiled where that works."""
    optimizer = nn.optim.Adam(model.parameters(), lr=lr, weight_decay=weight_decay)
    epochs = -(-steps // (1 if batch is None else -(-len(data.x) // batch)))
    falling = None if schedule is None else schedule(optimizer, epochs)
    trainer = nn.Trainer(model, nn.mse_loss, optimizer, falling, rule=slope_rule, seed=seed, progress=progress)
    start = time.perf_counter()
    history = trainer.fit(data, epochs=epochs, batch_size=batch)
    return Learned(name, model, time.perf_counter() - start, trainer.step, history.interrupted)


def falling(optimizer: Any, epochs: int) -> Any:
    """The learning rate falls to 0 along a cosine."""
    return nn.schedule.CosineAnnealingLR(optimizer, epochs)


def slope_rule(model: Any, loss: Callable[[Any, Any], ac.Tensor], batch: Any) -> tuple[ac.Tensor, Any]:
    """(loss, output) of a batch (x, dx): the time derivatives of a model, compared with the given ones."""
    x, dx = batch
    found = model.time_derivative(x)
    return loss(found, dx), found


def slope_error(model: Any, data: Data) -> float:
    """The mean squared error of the time derivatives."""
    return float(np.mean((vector_field(model)(data.x) - data.dx) ** 2))


def vector_field(model: Any) -> Callable[[np.ndarray], np.ndarray]:
    """The time derivative of a model from arrays to arrays, compiled where that works."""
    eager = lambda x: model.time_derivative(x).detach()
    run = [ac.compile(eager)]

    def field(x: np.ndarray) -> np.ndarray:
        with ac.no_grad():
            try:
                return run[0](ac.as_tensor(x)).numpy().copy()
            except CaptureError:
                run[0] = eager
                return eager(ac.as_tensor(x)).numpy()

    return field


def roll_out(model: Any, starts: np.ndarray, times: np.ndarray, **settings: Any) -> np.ndarray:
    """The motions of a model from starts (N, n), shape (len(times), N, n); NaN where they cannot be had."""
    try:
        with np.errstate(all="ignore"):
            return integrate(vector_field(model), starts, times, **settings)
    except (NonFiniteError, StepSizeError) as error:
        warnings.warn(f"a motion of the {type(model).__name__} ended early: {error}", RuntimeWarning, stacklevel=2)
        return np.full((len(times), *starts.shape), np.nan)


def drift(energies: np.ndarray) -> float:
    """The largest distance of energies (times, …) from those at the start."""
    return float(np.abs(energies - energies[:1]).max())


def learned_from(args: argparse.Namespace, data: Data, made: str) -> str:
    """What a network learns from: as many states as there are, `made` by the study or those of a user's file."""
    return f"{len(data.x):,} {made if args.data is None else f'states of {Path(args.data).name}'}"


def held_out(table: np.ndarray) -> tuple[Data, Data]:
    """Rows (x, dx) to learn from, and every fifth for tests."""
    held, n = np.arange(len(table)) % 5 == 4, table.shape[1] // 2
    return Data(table[~held, :n], table[~held, n:]), Data(table[held, :n], table[held, n:])


def own_cells(run: Learned, training: Data, testing: Data) -> list[str]:
    """The mean squared errors of the slopes of a user's states, learned and held out, steps and time."""
    errors = (slope_error(run.model, each) for each in (training, testing))
    return [*(f"{each:.1e}" for each in errors), f"{run.steps:,}", f"{run.seconds:.0f} s"]


def rows(title: str, columns: Sequence[str], lines: Mapping[str, Sequence[str]]) -> str:
    """A table as text: a name and its cells a line."""
    head = f"{title:<24}" + "".join(f"{each:>14}" for each in columns)
    return "\n".join([head, *(f"{name:<24}" + "".join(f"{cell:>14}" for cell in cells) for name, cells in lines.items())])


def parser(name: str, text: str, data: str, paper: str = argparse.SUPPRESS) -> argparse.ArgumentParser:
    """The command line of a study; where no set-up is published, --paper is the default one, and not in the help."""
    p = options(f"physics {name}", text, data)
    p.add_argument("--paper", action="store_true", help=paper)
    return p


def chosen(sizes: Mapping[str, Any], args: argparse.Namespace) -> Any:
    """The size of a run that a command asks for; without a "paper" of its own the default is that, too."""
    return sizes.get(size_of(args), sizes["default"])


def size_of(args: argparse.Namespace) -> str:
    """Which set-up a command asks for: "quick", "paper" or "default"."""
    return "quick" if args.quick else "paper" if args.paper else "default"
