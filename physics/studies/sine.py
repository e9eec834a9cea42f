"""The sine regression of a first course: a 1–50–50–1 tanh network on 40 noisy points, and three ways not to overfit.

The network is trained four times from the same start with Adam: as it is; with a penalty on its weights; stopped when its
error on the points held out for validation rises; and by Sobolev training, which learns measured slopes along with values.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

import autograd_core as ac
import nn
from autograd_core.errors import MissingExtraError, require
from nn.command import QUICK, described, whole_from
from nn.progress import Progress

from .. import pictures
from ..sobolev import SobolevLoss, derivatives

POINTS, HELD_OUT = 40, 10
NOISE = 0.1
STEPS, QUICK_STEPS = 10_000, 400
EVERY = 10  # steps from one look at the errors to the next
PATIENCE = 100  # looks without improvement before early stopping


class Points(NamedTuple):
    """Places x, values y and slopes dy, each of shape (N, 1)."""

    x: np.ndarray
    y: np.ndarray
    dy: np.ndarray


class Data(NamedTuple):
    """Noisy points to train on, noisy points to validate with, and exact ones to test against."""

    training: Points
    validation: Points
    test: Points


@dataclass(frozen=True)
class Variant:
    """A way to train: with a penalty of `l2` times the squared weights, stopped early, or with slopes as well."""

    name: str
    l2: float = 0.0
    stops_early: bool = False
    sobolev: bool = False


VARIANTS = (
    Variant("plain"),
    Variant("L2", l2=1e-3),
    Variant("early stopping", stops_early=True),
    Variant("Sobolev", sobolev=True),
)


@dataclass
class Run:
    """A training: the network, its mean squared errors every few steps, and how many steps were made.

    The network is that of step `kept`, which early stopping sets back to the best.
    """

    variant: Variant
    network: nn.MLP
    history: dict[str, list[float]] = field(default_factory=lambda: {"step": [], "training": [], "validation": []})
    steps: int = 0
    kept: int = 0
    interrupted: bool = False


def make_data(seed: int, noise: float = NOISE) -> Data:
    """40 points of the sine, uniform on [-π, π], with normal noise on values and slopes alike; 10 are held out."""
    draws = np.random.default_rng([seed, 1])  # not the numbers that the weights start from
    x = draws.uniform(-np.pi, np.pi, (POINTS, 1))
    y, dy = (f(x) + noise * draws.normal(size=x.shape) for f in (np.sin, np.cos))
    grid = np.linspace(-np.pi, np.pi, 401)[:, None]
    training, validation = (Points(x[part], y[part], dy[part]) for part in (slice(HELD_OUT, None), slice(HELD_OUT)))
    return Data(training, validation, Points(grid, np.sin(grid), np.cos(grid)))


def loss_of(variant: Variant, network: nn.MLP, points: Points) -> Callable[[], ac.Tensor]:
    """The loss of a variant, to be evaluated anew at each step."""
    x, y, dy = (ac.tensor(part) for part in points)
    if variant.sobolev:
        sobolev = SobolevLoss(order=1)
        return lambda: sobolev(network, x, y, dy)
    if variant.l2:
        return lambda: ac.add(nn.mse_loss(network(x), y), ac.multiply(variant.l2, nn.l2_penalty(network)))
    return lambda: nn.mse_loss(network(x), y)


def train(variant: Variant, data: Data, seed: int, steps: int, progress: bool | None = False) -> Run:
    """Train a network by one variant. Ctrl-C ends it: the network then is that of the last step made."""
    run = Run(variant, nn.MLP([1, 50, 50, 1], activation="tanh", generator=seed))
    stopping = nn.EarlyStopping(run.network, PATIENCE)
    try:
        with Progress(variant.name, steps, progress) as bar:
            _look(run, data, stopping)
            for loss in _steps(run, data.training, steps):
                if run.steps % EVERY == 0 and _look(run, data, stopping) and variant.stops_early:
                    break
                bar.update(run.steps, loss, {"validation": run.history["validation"][-1]})
    except KeyboardInterrupt:
        run.interrupted = True
    run.kept = stopping.restore() if variant.stops_early else run.steps
    return run


def _steps(run: Run, points: Points, steps: int) -> Iterator[float]:
    """Make one step of Adam after the other, and give the loss before each."""
    optimizer = nn.optim.Adam(run.network.parameters(), lr=1e-3)
    loss_now = loss_of(run.variant, run.network, points)
    while run.steps < steps:
        optimizer.zero_grad()
        loss = loss_now()
        loss.backward()
        optimizer.step()
        run.steps += 1
        yield loss.item()


def _look(run: Run, data: Data, stopping: nn.EarlyStopping) -> bool:
    """Note the errors of the values at this step; whether that on the validation points has long been rising."""
    run.history["step"].append(run.steps)
    with ac.no_grad():
        for name, points in (("training", data.training), ("validation", data.validation)):
            run.history[name].append(nn.mse_loss(run.network(points.x), points.y).item())
    return stopping.update(run.steps, run.history["validation"][-1])


def study(seed: int = 0, steps: int = STEPS, progress: bool | None = False) -> tuple[Data, list[Run]]:
    """The data and the runs of all variants, up to one that was interrupted."""
    data, runs = make_data(seed), []
    for variant in VARIANTS:
        runs.append(train(variant, data, seed, steps, progress))
        if runs[-1].interrupted:
            break
    return data, runs


def errors(network: nn.MLP, points: Points) -> tuple[float, float]:
    """The root mean square errors of the values and of the slopes."""
    y, dy = derivatives(network, points.x)
    misses = (y.numpy() - points.y, dy.numpy()[:, 0] - points.dy)
    return tuple(float(np.sqrt(np.mean(miss**2))) for miss in misses)  # type: ignore[return-value]


def table(data: Data, runs: Sequence[Run]) -> str:
    """The errors of all runs as text, and which are the smallest."""
    lines = [
        f"{'root mean square error':<28}|{'value':^28} |{'derivative':^28}",
        f"{'':<28}|" + (f"{'training':>9}{'validation':>11}{'test':>8} |" * 2).removesuffix(" |"),
    ]
    tests = {}
    for run in runs:
        values, slopes = zip(*(errors(run.network, points) for points in data), strict=True)
        tests[run.variant.name] = (values[-1], slopes[-1])
        cells = ("{:9.4f}{:11.4f}{:8.4f}".format(*row) for row in (values, slopes))
        lines.append(f"{run.variant.name + f', step {run.kept:,}':<28}|" + " |".join(cells))
    best = [min(tests, key=lambda name: tests[name][i]) for i in (0, 1)]
    lines.append(f"smallest test error: of the value {best[0]}, of the derivative {best[1]}")
    lines.append(f"a training error below the noise ({NOISE}) means that the noise is fitted too, of values as of slopes")
    return "\n".join(lines)


def draw(folder: Path, data: Data, runs: Sequence[Run]) -> list[Path]:
    """The pictures: fits of values and slopes, and the errors over the steps."""
    x = data.test.x
    found = {run.variant.name: derivatives(run.network, x) for run in runs}
    made = []
    for i, (name, label) in enumerate([("fit", "y (–)"), ("derivative", "dy/dx (1/rad)")]):
        fits = {variant: each[i].numpy().ravel() for variant, each in found.items()}
        given = (data.training.x, data.training[i + 1])
        title = f"Sine regression: {'values' if i == 0 else 'slopes'} at {len(data.training.x)} noisy points"
        labels = {"x_label": "x (rad)", "y_label": label}
        path = folder / f"{name}.png"
        made.append(pictures.save_fit(path, x, fits, title, truth=data.test[i + 1], points=given, **labels))
    for name in ("training", "validation"):
        title, label = f"Sine regression: error on the {name} points", "mean square error (–)"
        made.append(pictures.save_history(folder / f"history_{name}.png", curves(runs, name), title, y_label=label))
    return made


def curves(runs: Sequence[Run], name: str) -> dict[str, list[float]]:
    """One column of the history of each run, all as long as the longest: a run that stopped early leaves a gap."""
    steps = max((run.history["step"] for run in runs), key=len)
    gap = float("nan")
    padded = {run.variant.name: run.history[name] + [gap] * (len(steps) - len(run.history[name])) for run in runs}
    return {"step": steps, **padded}


def save_weights(path: Path, runs: Sequence[Run]) -> None:
    """Write the weights of all networks into one file, under names such as "plain.layers.0.weight"."""
    states = [run.network.state_dict(prefix=run.variant.name) for run in runs]
    np.savez(path, **{name: weight.numpy() for state in states for name, weight in state.items()})  # type: ignore[arg-type]


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code: 0, 2 for a folder that cannot be written, 130 after Ctrl-C."""
    args = parser().parse_args(argv)
    try:
        folder = pictures.open_output_folder(args.out or ("sine-quick" if args.quick else "sine-study"))
    except pictures.OutputFolderError as error:
        print(error, file=sys.stderr)
        return 2
    steps = args.steps or (QUICK_STEPS if args.quick else STEPS)
    print(
        f"y = sin x on [-π, π]; network 1–50–50–1, tanh, Adam 1e-3, {steps:,} steps, seed {args.seed}\n"
        f"{POINTS} points, {HELD_OUT} of them for validation; noise of standard deviation {NOISE} on values and slopes"
    )
    start = time.perf_counter()
    data, runs = study(args.seed, steps, False if args.quiet else None if args.quick else True)
    save_weights(folder / "weights.npz", runs)  # before anything else, so that no error below loses what was learned
    print(f"trained in {time.perf_counter() - start:.0f} s\n\n{table(data, runs)}\n" + (f"{QUICK}\n" if args.quick else ""))
    return finish(folder, data, runs)


def finish(folder: Path, data: Data, runs: Sequence[Run]) -> int:
    """Draw the pictures, and say where they are; returns the exit code."""
    try:
        require("matplotlib", extra="plot")
        draw(folder, data, runs)
        print(f"pictures and weights in  {folder}")
    except MissingExtraError as error:
        print(f"weights in  {folder}\nno pictures: {error}")
    except OSError as error:
        print(f"weights in  {folder}\nnot all pictures could be written: {error}")
    except KeyboardInterrupt:
        print(f"weights in  {folder}\nInterrupted while drawing: pictures are missing.")
        return 130
    if runs[-1].interrupted:
        print(f"Interrupted in {runs[-1].variant.name}, step {runs[-1].steps:,}: all this is of the training so far.")
        return 130
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = described("physics sine", __doc__)
    p.add_argument("--quick", action="store_true", help=f"only {QUICK_STEPS} steps, for tests; too few to overfit")
    p.add_argument("--out", metavar="DIR", help="folder for pictures and weights (default: sine-study or sine-quick)")
    p.add_argument("--seed", type=whole_from(0), default=0, metavar="N", help="of data and weights (default: %(default)s)")
    p.add_argument("--steps", type=whole_from(1), metavar="N", help=f"of each training (default: {STEPS})")
    p.add_argument("--quiet", action="store_true", help="no progress bar")
    return p
