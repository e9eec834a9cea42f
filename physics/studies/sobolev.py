"""Sobolev training on seven test functions of optimisation: a few values with slopes, against the same values alone."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ac
import nn
from nn.command import DataError, Result, conduct, read_table

from .. import pictures
from ..sampling import sample
from ..shapes import Rectangle
from ..sobolev import SobolevLoss, StochasticSobolevLoss, derivatives
from .dynamics import chosen, parser, rows

LOSSES = ("values", "Sobolev", "stochastic")
UNSURE = 100.0  # how much the error of a slope counts against it
QUANTITIES = ("f", "∇f")


class Function(NamedTuple):
    """A function of two coordinates and its box, (x from, x to, y from, y to)."""

    f: Callable[[Any, Any], Any]
    box: tuple[float, float, float, float]


def _ackley(x: Any, y: Any) -> Any:
    waves = ac.exp(0.5 * (ac.cos(2 * np.pi * x) + ac.cos(2 * np.pi * y)))
    return -20 * ac.exp(-0.2 * ac.sqrt(0.5 * (x**2 + y**2))) - waves + np.e + 20


def _beale(x: Any, y: Any) -> Any:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _styblinski_tang(x: Any, y: Any) -> Any:
    return 0.5 * (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y)


FUNCTIONS = {
    "Ackley": Function(_ackley, (-5, 5, -5, 5)),
    "Beale": Function(_beale, (-4.5, 4.5, -4.5, 4.5)),
    "Booth": Function(lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2, (-10, 10, -10, 10)),
    "Bukin": Function(lambda x, y: 100 * ac.sqrt(ac.abs(y - 0.01 * x**2)) + 0.01 * ac.abs(x + 10), (-15, -5, -3, 3)),
    "McCormick": Function(lambda x, y: ac.sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1, (-1.5, 4, -3, 4)),
    "Rosenbrock": Function(lambda x, y: 100 * (y - x**2) ** 2 + (x - 1) ** 2, (-2, 2, -2, 2)),
    "Styblinski–Tang": Function(_styblinski_tang, (-5, 5, -5, 5)),
}


@dataclass(frozen=True)
class Size:
    """How large a run is: functions, numbers of points with those of draws, steps of Adam, hidden units of two layers."""

    functions: tuple[str, ...]
    draws: dict[int, int]
    steps: int
    hidden: int

    @property
    def starts(self) -> int:
        """From how many starts networks learn a user's own points."""
        return next(iter(self.draws.values()))


SIZES = {
    "quick": Size(("Booth",), {20: 2}, 40, 16),
    "default": Size(tuple(FUNCTIONS), {20: 48, 100: 8}, 1_000, 64),
}


class Points(NamedTuple):
    """Places in [−1, 1]² (N, 2), values (N, 1) and slopes (N, 1, 2): values have the standard deviation 1 over the box."""

    x: np.ndarray
    y: np.ndarray
    dy: np.ndarray


class Several(nn.Module):
    """Networks of one shape as one: points (N, 2) are shared out among them in equal parts, in order.

    The mean loss of all is the mean of theirs, so that Adam, which does not see the scale of a loss, trains each as if alone.
    """

    def __init__(self, networks: Sequence[nn.MLP]) -> None:
        super().__init__()
        self.count = len(networks)
        layers = list(zip(*(network.layers for network in networks), strict=True))
        stack = lambda arrays: nn.Parameter(np.stack([each.detach().numpy() for each in arrays]))
        self.weights = nn.ParameterList([stack([layer.weight for layer in each]) for each in layers])
        self.biases = nn.ParameterList([stack([layer.bias for layer in each]) for each in layers])

    def forward(self, x: Any) -> ac.Tensor:
        """The values (N, 1), of each part of the points by its own network."""
        h = ac.reshape(x, (self.count, -1, x.shape[-1]))
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = ac.matmul(ac.softplus(h) if k else h, ac.swapaxes(weight, 1, 2)) + bias[:, None]
        return ac.reshape(h, (-1, h.shape[-1]))


def sampled(function: Function, places: np.ndarray) -> Points:
    """Values and slopes at places in [−1, 1]²."""
    low, high = np.reshape(function.box, (2, 2)).T
    scaled = lambda x: function.f(*(low[i] + (high[i] - low[i]) * (x[:, i] + 1) / 2 for i in (0, 1)))
    over = scaled(ac.as_tensor(np.random.default_rng(0).uniform(-1, 1, (20_000, 2)))).numpy()
    unit = lambda x: ((scaled(x) - over.mean()) / over.std())[:, None]
    y, dy = derivatives(unit, places)
    return Points(places, y.detach().numpy(), dy.detach().numpy())


def fit(name: str, draws: Sequence[Points], size: Size, seed: int, progress: bool | None) -> Several:
    """A network for each draw of points, trained on the values alone, with all slopes, or with slopes along random directions.

    The slopes of a point are weighted by w: those of √w times the network, as the loss compares them, are √w times its own.
    """
    h, first = size.hidden, seed * len(draws)
    starts = range(first, first + len(draws))
    network = Several([nn.MLP([2, h, h, 1], "softplus", init="xavier", generator=k) for k in starts])
    optimizer = nn.optim.Adam(network.parameters(), lr=1e-2)
    falling = nn.schedule.CosineAnnealingLR(optimizer, size.steps)
    values, only = SobolevLoss(order=0), (0.0, 1.0)
    slopes = StochasticSobolevLoss(1, only, seed) if name == "stochastic" else SobolevLoss(1, only)

    def rule(model: Any, loss: Any, batch: Any) -> tuple[ac.Tensor, Any]:
        x, y, dy, root = batch
        total = values(model, x, y)
        if name != "values":
            total = total + loss(lambda x: root * model(x), x, root * y, root[:, None] * dy)
        return total, None

    trainer = nn.Trainer(network, slopes, optimizer, falling, rule=rule, progress=progress)
    roots = np.sqrt(np.concatenate([slope_weights(each) for each in draws]))[:, None]
    data = (*map(np.concatenate, zip(*draws, strict=True)), roots)
    if trainer.fit(data, epochs=size.steps).interrupted:
        raise KeyboardInterrupt
    return network


def slope_weights(data: Points) -> np.ndarray:
    """The weights of the slopes, wᵢ = 1/(mean |∇y|²/2 + 100 max(σᵢ², mean σ²)), from these points alone.

    σᵢ² is the median over the five points j next to i of (yⱼ − yᵢ − ½ (∇yᵢ + ∇yⱼ)·Δx)² / |Δx|²: the error of a slope that
    is asked how values go on to the next point. It is 0 for quadratic functions; it is as large as the slopes are where waves
    are shorter than the distance of the points, and larger at a point beside a ridge where slopes are unbounded.
    """
    distances = np.square(data.x[:, None] - data.x).sum(axis=-1)
    np.fill_diagonal(distances, np.inf)
    near = np.argsort(distances, axis=1)[:, : min(5, len(data.x) - 1)]
    ahead = data.x[near] - data.x[:, None]
    foretold = 0.5 * np.sum((data.dy + data.dy[near, 0]) * ahead, axis=-1)
    missed = np.square(data.y[near, 0] - data.y - foretold) / np.maximum(np.square(ahead).sum(axis=-1), 1e-300)
    error = np.median(missed, axis=1)
    return 1 / np.maximum(np.mean(data.dy**2) + UNSURE * np.maximum(error, error.mean()), 1e-300)


def errors(networks: Several, test: Points) -> np.ndarray:
    """The root mean square errors of values and slopes, in units of their root mean squares: (2, number of networks)."""
    y, dy = derivatives(networks, np.tile(test.x, (networks.count, 1)))
    found = [(a.detach().numpy().reshape(networks.count, *b.shape), b) for a, b in ((y, test.y), (dy, test.dy))]
    return np.array([np.sqrt(np.square(a - b).reshape(len(a), -1).mean(axis=1) / np.mean(b**2)) for a, b in found])


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Train all networks and compare their errors at new points."""
    size, interrupted = chosen(SIZES, args), False
    found: dict[str, dict[str, np.ndarray]] = {}
    seconds: dict[str, float] = {}
    try:
        for case, draws, test in cases(size, args):
            start = time.perf_counter()
            found[case] = {name: errors(fit(name, draws, size, args.seed, progress), test) for name in LOSSES}
            seconds[case] = time.perf_counter() - start
    except KeyboardInterrupt:
        interrupted = True
    tables = [table(i, found, seconds) for i in (0, 1)]
    text = "\n\n".join([_head(size, args), *tables, _verdict(found)])
    return Result(text, lambda folder: draw(folder, found), interrupted)


def table(i: int, found: dict[str, dict[str, np.ndarray]], seconds: dict[str, float]) -> str:
    """Mean errors of values (i = 0) or slopes (1), and how Sobolev training changes them, with the standard error."""
    lines = {}
    for case, by in found.items():
        change, spread = changed(by, i)
        better = f"{np.sum(by['Sobolev'][i] < by['values'][i])} of {by['values'].shape[1]}"
        means = {name: f"{each[i].mean():.4f}" for name, each in by.items()}
        places = 2 if abs(change) < 0.1 else 1
        cells = [means["values"], means["Sobolev"], f"{100 * change:+.{places}f} ± {100 * spread:.{places}f}", better]
        lines[case] = [*cells, *(means[name] for name in LOSSES[2:]), f"{seconds[case]:.0f} s"]
    columns = ["values", "Sobolev", "change (%)", "better in", *LOSSES[2:], "time"]
    return rows(f"{QUANTITIES[i]}: function, points", columns, lines)


def changed(by: dict[str, np.ndarray], i: int) -> tuple[float, float]:
    """The mean difference of the errors, draw by draw, as a part of the mean error of values alone; and its standard error."""
    differences = (by["Sobolev"][i] - by["values"][i]) / by["values"][i].mean()
    spread = differences.std(ddof=1) / np.sqrt(len(differences)) if len(differences) > 1 else 0.0
    return float(differences.mean()), float(spread)


def cases(size: Size, args: argparse.Namespace) -> Any:
    """(name, draws of training points, test points) one after the other."""
    if args.data is not None:
        training, test = own_data(args.data)
        yield f"own, {len(training.x)}", [training] * size.starts, test
        return
    box = Rectangle(("x", "y"), (-1, -1), (1, 1))
    for i, name in enumerate(size.functions):
        for count, draws in size.draws.items():
            rng = np.random.default_rng([args.seed, i, count])
            places = [sample(box, count, "latin_hypercube", rng) for _ in range(draws)]
            test = sampled(FUNCTIONS[name], rng.uniform(-1, 1, (2_000, 2)))
            yield f"{name}, {count}", [sampled(FUNCTIONS[name], each) for each in places], test


def own_data(path: str) -> tuple[Points, Points]:
    """Training points, and every second for tests, from a file with rows x, y, f, ∂f/∂x, ∂f/∂y."""
    table = read_table(path)
    if table.shape[1] != 5 or len(table) < 4 or not np.isfinite(table).all():
        raise DataError(f"{path}: needed are 4 rows or more of 5 finite numbers, x, y, f and its slopes; got {table.shape}")
    low, high = table[:, :2].min(axis=0), table[:, :2].max(axis=0)
    half, level, spread = np.maximum(high - low, 1e-300) / 2, table[:, 2].mean(), table[:, 2].std() or 1.0
    x, y, dy = (table[:, :2] - low) / half - 1, (table[:, 2:3] - level) / spread, table[:, None, 3:] * half / spread
    return Points(x[::2], y[::2], dy[::2]), Points(x[1::2], y[1::2], dy[1::2])


def _head(size: Size, args: argparse.Namespace) -> str:
    h = size.hidden
    if args.data is None:
        places, each = "2,000 new points", "draw"
        means = " and ".join(f"{many} draws of {count} points" for count, many in size.draws.items())
        means += ", each with its own networks"
    else:
        places, each = f"every second row of {Path(args.data).name}", "start"
        means = f"{size.starts} starts of the networks"
    return (
        f"Sobolev training; networks 2–{h}–{h}–1, softplus, Adam 1e-2 falling to 0, {size.steps:,} steps, seed {args.seed}\n"
        f"relative errors at {places}, of values f and slopes ∇f: means of {means}\n"
        f"change: of the errors by Sobolev training, {each} by {each}, with its standard error\n"
        f"published: no figures to compare with; wanted are errors below those of values alone"
    )


def _verdict(found: dict[str, dict[str, np.ndarray]]) -> str:
    text, missed, near = [], set(), set()
    for i, what in enumerate(QUANTITIES):
        changes = {case: changed(by, i) for case, by in found.items()}
        text.append(f"{what} in {sum(change < 0 for change, _ in changes.values())} of {len(found)}")
        missed |= {case for case, (change, _) in changes.items() if change >= 0}
        near |= {case for case, (change, spread) in changes.items() if abs(change) < 2 * spread}
    said = f"Sobolev below values only: {', '.join(text)}"
    said += f"; not in {'; '.join(sorted(missed))}" if missed else ""
    return said + (f"\nwithin two standard errors of a tie: {'; '.join(sorted(near))}" if near else "")


def draw(folder: Path, found: dict[str, dict[str, np.ndarray]]) -> None:
    """The pictures: the mean errors of all cases by kind of training; none where no case was finished."""
    for i, name in enumerate(("values", "slopes") if found else ()):
        columns = {loss: [by[loss][i].mean() for by in found.values()] for loss in LOSSES}
        title = f"Sobolev training: relative errors of the {name}, case by case as in the table"
        history: dict[str, Any] = {"step": list(range(1, len(found) + 1)), **columns}
        pictures.save_history(folder / f"{name}.png", history, title, x_label="case", y_label="relative error (–)")


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    return conduct(parser("sobolev", __doc__, "rows x, y, f, ∂f/∂x, ∂f/∂y"), argv, study)
