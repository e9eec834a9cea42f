"""A bar of varying section, held at one end and pulled at the other: (EA u')' + p = 0. Its displacement, and its stiffness.

Forward: E = 1 and A = x² + 1 are known, u is to be found, with u(0) = 0 and the force EA u' at x = L. Inverse: u is measured
along the bar and EA is an unknown field, a second network, that is positive. The load p is made so that
u = 1 - cos 3πx in both, with EA = x² + 1 and with EA = x³ - x² + 1; L = 1.5.

With displacements of one's own the inverse problem alone is solved, of a bar 0 ≤ x ≤ 1.5 under the same load and force:
p = (2x - 3x²) u' - 9π² (x³ - x² + 1) cos 3πx with u' = 3π sin 3πx, and EA u' = 6.375π = 20.03 at x = 1.5.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from nn.command import Result, conduct

from .. import pictures
from ..boundary import NeumannBC, OperatorBC
from ..conditions import DirichletBC, PointData
from ..domain import Interval
from ..metrics import relative_l2
from ..pinn import PINN
from .dynamics import chosen, parser
from .equations import Figure, Run, Size, check_not_zero, fitted, read_rows, result

L = 1.5
BAR = Interval("x", 0, L)
HELD, PULLED = BAR.boundary("x")
Stiffness = tuple[Callable[[Any], Any], Callable[[Any], Any]]  # EA and its derivative
FORWARD: Stiffness = (lambda x: x**2 + 1, lambda x: 2 * x)
INVERSE: Stiffness = (lambda x: x**3 - x**2 + 1, lambda x: 3 * x**2 - 2 * x)

SIZES = {
    "quick": Size((12, 12), 40, adam=40, lbfgs=40),
    "default": Size((24, 24), 150, adam=200, lbfgs=2_400, memory=400),
}
MEASURED = 76  # displacements that the inverse problem is given


def displacement(x: Any) -> Any:
    """u."""
    return 1 - ac.cos(3 * np.pi * x)


def strain(x: Any) -> Any:
    """u'."""
    return 3 * np.pi * ac.sin(3 * np.pi * x)


def load(x: Any, stiffness: Stiffness) -> Any:
    """p = -(EA u')', a force for each unit of length."""
    EA, slope = stiffness
    return -slope(x) * strain(x) - EA(x) * (3 * np.pi) ** 2 * ac.cos(3 * np.pi * x)


def forward(size: Size, seed: int) -> PINN:
    """u from the stiffness and the load."""
    EA, slope = FORWARD
    return PINN(
        size.network(1, 1, seed),
        BAR,
        outputs=["u"],
        residual=lambda s: EA(s.x) * s.u_xx + slope(s.x) * s.u_x + load(s.x, FORWARD),
        conditions=[DirichletBC(HELD, 0.0, weight=100.0), NeumannBC(PULLED, float(strain(L).item()), weight=100.0)],
        points=size.points(seed),
    )


def alone(size: Size, seed: int, data: np.ndarray) -> PINN:
    """u from displacements, rows (x, u), without an equation: where the inverse problem begins."""
    return PINN(size.network(1, 1, seed), BAR, ["u"], residual=[], conditions=[PointData(data[:, :1], data[:, 1])])


def inverse(size: Size, seed: int, data: np.ndarray, u: nn.Module) -> PINN:
    """EA from displacements, rows (x, u), the load, and the force at the end; `u` is a network that fits them."""
    force = INVERSE[0](L) * float(strain(L).item())
    return PINN(
        {"u": u, "EA": nn.Sequential(size.network(1, 1, seed + 1), nn.Softplus())},
        BAR,
        outputs=["u", "EA"],
        residual=lambda s: s.EA * s.u_xx + s.EA_x * s.u_x + load(s.x, INVERSE),
        conditions=[
            PointData(data[:, :1], data[:, 1], output="u", weight=1e4),
            OperatorBC(lambda s: s.EA * s.u_x - force, PULLED, name="force"),
        ],
        points=size.points(seed),
    )


def measured() -> np.ndarray:
    """Rows (x, u) at equal distances."""
    x = np.linspace(0, L, MEASURED)
    return np.stack([x, displacement(x).numpy()], axis=1)


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Solve both problems and compare with what they were made of, or find the stiffness from displacements of one's own."""
    size = chosen(SIZES, args)
    if args.data is not None:
        return from_own(args, size, progress)
    data = measured()
    runs, figures = [fitted(forward(size, args.seed), size, progress)], []
    x = np.linspace(0, L, 601)
    EA, pinn = INVERSE[0](x), runs[0].pinn
    pulled = FORWARD[0](x) * strain(x).numpy()
    figures.append(Figure("forward: u, relative L2", relative_l2(pinn.predict(x), displacement(x).numpy()), 1e-3))
    figures.append(Figure("forward: EA u', relative L2", relative_l2(FORWARD[0](x) * pinn.predict(x, "u_x"), pulled), 1e-3))
    if not runs[0].history.interrupted:
        runs.append(stiffness_from(data, size, args.seed, progress))
        pinn = runs[1].pinn
        figures.append(Figure("inverse: u, relative L2", relative_l2(pinn.predict(x), displacement(x).numpy())))
        figures.append(Figure("inverse: EA, relative L2", relative_l2(pinn.predict(x, "EA"), EA), 1e-2))
    head = f"Bar, (EA u')' + p = 0, u = 1 - cos 3πx, L = {L}; inverse from {len(data)} displacements\n{size}"
    return result(args, head, figures, runs, lambda folder: draw(folder, runs, data, x))


def stiffness_from(data: np.ndarray, size: Size, seed: int, progress: bool | None) -> Run:
    """The inverse problem, trained: u alone before, else EA would fit what u does not yet."""
    first = fitted(alone(size, seed, data), replace(size, adam=0, lbfgs=size.lbfgs // 4), progress)
    return fitted(inverse(size, seed, data, first.pinn.network), size, progress)


def from_own(args: argparse.Namespace, size: Size, progress: bool | None) -> Result:
    """The stiffness from displacements of one's own, with errors against these."""
    data = read_rows(args.data, "x, u", BAR)
    check_not_zero(args.data, data[:, 1])
    run, x = stiffness_from(data, size, args.seed, progress), np.linspace(0, L, 601)
    u, EA = run.pinn.predict(x), run.pinn.predict(x, "EA")
    name = Path(args.data).name
    labels: dict[str, Any] = {"x_label": "x (–)"}
    figures = [
        Figure(f"u, relative L2 to {name}", relative_l2(run.pinn.predict(data[:, :1]), data[:, 1])),
        *(Figure(f"EA at x = {at:g}", EA[k]) for at, k in ((0, 0), (L / 2, 300), (L, 600))),
    ]

    def draw(folder: Path) -> None:
        given: dict[str, Any] = {"points": tuple(data.T), **labels}
        pictures.save_fit(folder / "stiffness.png", x, {"inverse": EA}, "Bar: the stiffness", y_label="EA (–)", **labels)
        pictures.save_fit(folder / "displacement.png", x, {"inverse": u}, "Bar: displacement", y_label="u (–)", **given)

    problem = f"Bar, (EA u')' + p = 0, L = {L}, with the load p and the force at x = L that --help gives"
    head = f"{problem}\nEA from {len(data)} displacements of {name}, which must belong to this bar\n{size}"
    return result(args, head, figures, [run], draw)


def draw(folder: Path, runs: Sequence[Run], data: np.ndarray, x: np.ndarray) -> None:
    """The pictures: displacement and force of the forward problem, the stiffness of the inverse one."""
    found = {"forward": runs[0].pinn.predict(x)}
    labels: dict[str, Any] = {"x_label": "x (–)", "y_label": "u (–)"}
    if len(runs) > 1:
        found["inverse"] = runs[1].pinn.predict(x)
        stiffness = {"inverse": runs[1].pinn.predict(x, "EA")}
        names: dict[str, Any] = {**labels, "y_label": "EA (–)"}
        pictures.save_fit(folder / "stiffness.png", x, stiffness, "Bar: the stiffness", truth=INVERSE[0](x), **names)
    u = displacement(x).numpy()
    pictures.save_fit(folder / "displacement.png", x, found, "Bar: displacement", truth=u, points=tuple(data.T), **labels)
    force = {"forward": FORWARD[0](x) * runs[0].pinn.predict(x, "u_x")}
    truth = FORWARD[0](x) * strain(x).numpy()
    pictures.save_fit(folder / "force.png", x, force, "Bar: force EA u'", truth=truth, x_label="x (–)", y_label="EA u' (–)")


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser("bar", __doc__, "rows x, u of displacements for the inverse problem, of the bar and the load above")
    return conduct(p, argv, study)
