"""What the studies of equations share: sizes of runs, training, errors on grids, tables of figures, and reading solutions."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ac
import nn
from autograd_core.errors import require
from nn.command import DataError, Result, read_table

from .. import pictures
from ..domain import Domain
from ..history import History
from ..metrics import max_error, relative_l2
from ..pinn import PINN
from ..sampling import Collocation
from ..stage import Stage
from .dynamics import size_of


@dataclass(frozen=True)
class Size:
    """How large a run is: hidden layers, points, steps of Adam and of L-BFGS, L-BFGS steps between refinements.

    `waves` is how many random frequencies the network is given as cosines and sines, in place of the coordinates.
    """

    hidden: tuple[int, ...]
    interior: int
    adam: int
    lbfgs: int
    boundary: int = 80
    initial: int = 80
    refine: int | None = None
    lr: float = 2e-3
    memory: int = 100
    waves: int = 0

    def network(self, inputs: int, outputs: int, seed: int) -> nn.Module:
        """An untrained network with tanh."""
        if self.waves:
            return nn.Sequential(
                nn.RandomFourierFeatures(inputs, self.waves, generator=seed),
                replace(self, waves=0).network(2 * self.waves, outputs, seed),
            )
        return nn.MLP([inputs, *self.hidden, outputs], "tanh", init="xavier", generator=seed)

    def points(self, seed: int) -> Collocation:
        """How to choose the points."""
        return Collocation(self.interior, self.boundary, self.initial, seed=seed)

    def stages(self) -> list[Stage]:
        """Adam to leave the start, and L-BFGS to converge."""
        made = [Stage(nn.optim.Adam, steps=self.adam, lr=self.lr)] if self.adam else []
        if self.lbfgs:
            made.append(Stage(nn.optim.LBFGS, steps=self.lbfgs, refine_every=self.refine, history_size=self.memory))
        return made

    def __str__(self) -> str:
        layers = "–".join(map(str, self.hidden))
        waves = f"{self.waves} random waves, " if self.waves else ""
        return f"{waves}hidden layers {layers}, tanh; {self.adam:,} steps of Adam, at most {self.lbfgs:,} of L-BFGS"


class Figure(NamedTuple):
    """One number that came out, the most that is wanted of it, and what was published."""

    name: str
    reached: float
    wanted: float | None = None
    published: str = "–"


@dataclass
class Run:
    """A trained problem, the history of its training and its time in s."""

    pinn: PINN
    history: History
    seconds: float

    def __str__(self) -> str:
        record = self.history
        told = [f"{stage} stopped: {reason}" for stage, reason in record.stop_reasons[-1:]] + record.notes
        return "\n".join([f"{record.steps:,} steps in {self.seconds:.0f} s, loss {record.loss:.1e}", *told])


def fitted(pinn: PINN, size: Size, progress: bool | None, **options: Any) -> Run:
    """Train a problem in the stages of a size."""
    start = time.perf_counter()
    history = pinn.fit(size.stages(), progress, **options)
    return Run(pinn, history, time.perf_counter() - start)


def result(
    args: argparse.Namespace,
    head: str,
    figures: Sequence[Figure],
    runs: Sequence[Run],
    draw: Callable[[Path], object],
    reduced: str = "",
) -> Result:
    """What a study found, with the histories, points and residuals of its trainings drawn beside its own pictures."""

    def pictures_of(folder: Path) -> None:
        draw(folder)
        for k, run in enumerate(runs):
            number, of = (f"-{k + 1}" if k else ""), (f", run {k + 1} of {len(runs)}" if len(runs) > 1 else "")
            if run.history.steps:
                pictures.save_history(folder / f"history{number}.png", run.history, f"Loss by term{of}")
            if len(run.pinn.domain.names) == 2:
                pictures.save_points(folder / f"points{number}.png", run.pinn, f"Points at the end of the training{of}")
                pictures.save_residual(folder / f"residual{number}.png", run.pinn, f"Where the equations hold{of}")

    text = table(args, head, figures, runs, reduced)
    return Result(text, pictures_of, any(run.history.interrupted for run in runs))


def table(args: argparse.Namespace, head: str, figures: Sequence[Figure], runs: Sequence[Run], reduced: str) -> str:
    """The text of a study: what was solved, the figures beside the wanted and the published ones, how the training went."""
    width = max([30, *(len(each.name) + 2 for each in figures)])
    lines = [f"{head}, seed {args.seed}"]
    lines += [reduced] if reduced and size_of(args) == "default" else []
    own = getattr(args, "data", None) is not None  # what the study has of its own, such as published figures, is then left out
    aimed = not own or any(each.wanted is not None for each in figures)
    compared = not own or any(each.published != "–" for each in figures)
    lines += ["", f"{'':<{width}}{'reached':>12}" + f"{'wanted':>12}" * aimed + f"{'published':>14}" * compared]
    for name, reached, wanted, published in figures:
        limit = "–" if wanted is None else f"≤ {wanted:g}"
        late = "   missed" if wanted is not None and not reached <= wanted and not args.quick else ""
        cells = f"{_short(reached):>12}" + f"{limit:>12}" * aimed + f"{published:>14}" * compared
        lines.append(f"{name:<{width}}{cells}{late}")
    lines += ["", *map(str, runs)]
    return "\n".join(lines)


def _short(x: float) -> str:
    return f"{x:.4g}" if x == 0 or 1e-2 <= abs(x) < 1e5 else f"{x:.2e}"


# Grids


def grid(*axes: np.ndarray) -> np.ndarray:
    """All points of a grid, (N, d); the first coordinate changes fastest, so that a field has a row for each of the last."""
    mesh = np.meshgrid(*axes, indexing="xy")
    return np.stack([each.ravel() for each in mesh], axis=1)


def on_grid(pinn: PINN, x: np.ndarray, t: np.ndarray, field: str | None = None) -> np.ndarray:
    """A field on a grid of two coordinates, shape (len(t), len(x))."""
    if field is not None and field not in pinn.outputs:
        return pinn.predict(grid(x, t), field).reshape(len(t), len(x))
    with ac.no_grad():
        values = pinn(grid(x, t)).numpy()[:, pinn.outputs.index(field) if field else 0]
    return values.reshape(len(t), len(x))


def draw_field(
    folder: Path, title: str, axes: Sequence[np.ndarray], found: np.ndarray, exact: np.ndarray | None, **labels: Any
) -> None:
    """The solution, its error, and slices of it beside the exact one if that is known; `labels` as in `pictures.save_field`."""
    x, t = axes
    value = labels.get("value_label", "u (–)")
    pictures.save_field(folder / "solution.png", x, t, found, f"{title}: solution of the network", **labels)
    if exact is None:
        return
    error = {**labels, "value_label": f"|error of {value}|"}
    pictures.save_field(folder / "error.png", x, t, np.abs(found - exact), f"{title}: error of the network", **error)
    rows = np.linspace(0, len(t) - 1, 6).astype(int)[1:-1]
    names = {"x_label": labels.get("x_label", "x (–)"), "value_label": value}
    names["time_label"] = labels.get("t_label", "t").partition(" ")[0]
    pictures.save_slices(folder / "slices.png", x, t[rows], found[rows], exact[rows], f"{title}: network and exact", **names)


def beside_exact(
    args: argparse.Namespace, run: Run, exact: Callable[[Any, Any], Any], title: str, head: str, wanted: float
) -> Result:
    """The result of a problem with 0 ≤ x, t ≤ 1 whose solution is known, and the relative L2 error that is `wanted`."""
    x, t = np.linspace(0, 1, 101), np.linspace(0, 1, 101)
    found, true = on_grid(run.pinn, x, t), exact(x[None, :], t[:, None]).numpy()
    figures = [
        Figure("relative L2 error", relative_l2(found, true), wanted),
        Figure("largest error", max_error(found, true)),
        *own_figure(args.data, run.pinn, "x, t, u"),
    ]
    draw = lambda folder: draw_field(folder, title, (x, t), found, true)
    return result(args, head, figures, [run], draw)


# What others computed or measured


class Solution(NamedTuple):
    """A solution on a grid: x, t, u of shape (len(t), len(x)), and where it is from."""

    x: np.ndarray
    t: np.ndarray
    u: np.ndarray
    source: str


def reference(name: str) -> Path | None:
    """A file of the folder that PHYSICS_DATA names; None where that is unset or does not have it."""
    folder = os.environ.get("PHYSICS_DATA")
    path = Path(folder or "") / name
    return path if folder and path.is_file() else None


def read_solution(path: Path) -> Solution:
    """The solution in a MATLAB file with x, t or tt, and usol or uu (len(x), len(t)). Raises DataError."""
    loadmat = require("scipy.io", extra="all").loadmat
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        data = loadmat(path)
        x, t, u = (data[name if name in data else other] for name, other in (("x", "x"), ("t", "tt"), ("usol", "uu")))
    except Exception as error:  # a broken file can raise anything
        text = f"there is no entry {error}" if isinstance(error, KeyError) else error
        raise DataError(f"{path}: cannot be read as a MATLAB file with x, t (or tt) and usol (or uu): {text}") from error
    if u.shape != (x.size, t.size) or not all(each.dtype.kind in "iufc" and np.isfinite(each).all() for each in (x, t, u)):
        raise DataError(f"{path}: needed are finite values of shape ({x.size}, {t.size}), a row for each x; got {u.shape}")
    return Solution(x.ravel(), t.ravel(), np.ascontiguousarray(u.T), path.name)


def read_rows(path: str, columns: str, domain: Domain | None = None) -> np.ndarray:
    """A table with the named columns, such as "x, t, u", as (rows, columns), its points in a domain. Raises DataError."""
    found, count = read_table(path), len(columns.split(","))
    if found.shape[1] != count or not np.isfinite(found).all():
        raise DataError(f"{path}: needed are rows of {count} finite numbers, {columns}; got {found.shape[1]} a row")
    if domain is not None:
        check_inside(path, found[:, : len(domain.names)], domain)
    return found


def check_inside(path: str | Path, points: np.ndarray, domain: Domain) -> None:
    """Raise DataError where points of a file are outside a domain."""
    outside = int(np.sum(~domain.contains(points)))
    if outside:
        raise DataError(f"{path}: {outside} of {len(points)} points are outside {domain!r}. Leave them out.")


def check_not_zero(path: str | Path, u: np.ndarray) -> None:
    """Raise DataError where the values of a file are all zero."""
    if not u.any():
        raise DataError(f"{path}: its solution is zero everywhere, so no error is relative to it")


def own_solution(path: str | None, columns: str, domain: Domain) -> np.ndarray | None:
    """The solution in a user's file, as rows; None without one. Read it before a training. Raises DataError."""
    if path is None:
        return None
    rows = read_rows(path, columns, domain)
    check_not_zero(path, rows[:, -1])
    return rows


def own_figure(path: str | None, pinn: PINN, columns: str) -> list[Figure]:
    """The relative L2 error of the first output against the solution in a user's file, if there is one."""
    rows = own_solution(path, columns, pinn.domain)
    if path is None or rows is None:
        return []
    return [Figure(f"relative L2, {Path(path).name}", relative_l2(pinn.predict(rows[:, :-1]), rows[:, -1]))]
