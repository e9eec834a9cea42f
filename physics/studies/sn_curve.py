"""Stress–life curves of fatigue tests, one a stress ratio R, that fall and are convex: dN/dS < 0 and d²N/dS² > 0.

The tests are those of --data, else the real ones in the folder that PHYSICS_DATA names, else 15 made by a power law.
The network gives y = log10 N for a stress S, and N = 10^y falls where y' < 0 and is convex where y'' + ln 10 · y'² > 0. Both
are asked for as inequalities on all stresses tested and somewhat beyond, and a small curvature of y, so that few tests do not
bend it; a network without all this is fitted beside each.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nn.command import DataError, Result, conduct, read_table
from nn.pictures import BESIDE, canvas, look_of

from ..boundary import InequalityCondition, OperatorBC
from ..conditions import PointData
from ..domain import Interval
from ..pinn import PINN
from .dynamics import chosen, parser
from .equations import Figure, Run, Size, fitted, reference, result

FILE = "fatigue/AGG_sample_2022-09.csv"
NAMES = ["stress_ratio", "stress_max", "cycles_to_failure"]
SOURCE = "without it the real tests in the folder that PHYSICS_DATA names, or where there is none, 15 made by a power law"
POWER_LAW = (613.8, -0.1047)  # of the tests at R = 0.1
BEYOND = 0.1  # of the range of stresses, on both sides
STRICT, SMOOTH = 100.0, 0.01  # weights of the inequalities, and of the curvature of log10 N where they are asked for
MARGIN = 0.05  # by which slope and curvature are to be off zero, in units of the fit

SIZES = {
    "quick": Size((8,), 40, adam=30, lbfgs=30),
    "default": Size((16, 16), 200, adam=300, lbfgs=600),
}


def read_tests(path: Any) -> np.ndarray:
    """Rows (R, S in MPa, N) of tests: the columns `NAMES` of a file of CCFatiguePlatform, or a table of three columns."""
    try:
        header = Path(path).read_text(encoding="utf-8-sig").partition("\n")[0].strip().split(",")
        if set(NAMES) <= {*header}:
            columns = [header.index(name) for name in NAMES]
            rows = np.loadtxt(path, delimiter=",", skiprows=1, usecols=columns, ndmin=2, encoding="utf-8-sig")
        else:
            rows = read_table(str(path))
    except (OSError, ValueError) as error:
        raise error if isinstance(error, DataError) else DataError(f"Cannot read tests from {path}: {error}") from error
    if len(rows) == 0 or rows.shape[1] != 3 or not np.isfinite(rows).all() or not (rows[:, 1:] > 0).all():
        raise DataError(f"{path}: needed are rows R, S, N of finite numbers, stresses and cycles positive; got {rows.shape}")
    return rows


def made_tests(seed: int) -> np.ndarray:
    """Tests as a power law with scatter would give them, where there are no real ones."""
    draws = np.random.default_rng(seed)
    a, b = POWER_LAW
    S = np.repeat([210.0, 200.0, 180.0, 150.0, 140.0], 3)
    return np.stack([np.full_like(S, 0.1), S, (S / a) ** (1 / b) * 10 ** draws.normal(0, 0.2, S.shape)], axis=1)


def power_law(S: np.ndarray, N: np.ndarray) -> tuple[float, float]:
    """(a, b) of S = a N^b, by least squares of log N on log S: the scatter is in the cycles."""
    slope, level = np.polyfit(np.log10(S), np.log10(N), 1)
    return 10 ** (-level / slope), 1 / slope


def problem(size: Size, seed: int, S: np.ndarray, N: np.ndarray, asked: bool) -> PINN:
    """The curve of one stress ratio, with the inequalities or without."""
    low, high = S.min(), S.max()
    room = BEYOND * (high - low)
    width, line = (high - low) / 2, np.linspace(low - room, high + room, size.interior)[:, None]
    inequalities = {
        "falls": lambda s: -width * s.y_S - MARGIN,
        "convex": lambda s: width**2 * (s.y_SS + np.log(10) * s.y_S**2) - MARGIN,
    }
    conditions = [
        *(InequalityCondition(f, line, STRICT, name) for name, f in inequalities.items()),
        OperatorBC(lambda s: width**2 * s.y_SS, line, SMOOTH, "smooth"),
    ]
    return PINN(
        size.network(1, 1, seed),
        Interval("S", low - room, high + room),
        outputs=["y"],
        residual=[],
        conditions=[PointData(S, np.log10(N)), *(conditions if asked else [])],
        points=size.points(seed),
    )


def offences(S: np.ndarray, N: np.ndarray) -> int:
    """At how many of the places S the cycles N rise or their curve bends downwards, by differences."""
    slopes = np.diff(N) / np.diff(S)
    return int(np.sum(slopes >= 0) + np.sum(np.diff(slopes) <= 0))


def study(args: argparse.Namespace, folder: Path, progress: bool | None) -> Result:
    """Fit the curves of all stress ratios, with the inequalities and without, and look where they hold."""
    size, path = chosen(SIZES, args), args.data or reference(FILE)
    tests = made_tests(args.seed) if path is None else read_tests(path)
    runs, figures, curves = [], [], {}
    by_ratio = {R: tests[tests[:, 0] == R, 1:].T for R in np.unique(tests[:, 0])}
    for R, (S, _) in by_ratio.items():
        if len(np.unique(S)) < 2:
            raise DataError(f"R = {R:g}: all {len(S)} tests are at S = {S[0]:g} MPa. A curve needs two stresses or more.")
    for R, (S, N) in by_ratio.items():
        pair = [fitted(problem(size, args.seed, S, N, asked), size, progress) for asked in (True, False)]
        ((low, high),) = pair[0].pinn.domain.bounds
        line = np.linspace(low, high, 2001)
        curves[R] = (line, *(10 ** run.pinn.predict(line) for run in pair))
        figures += compared(R, S, N, pair, curves[R], args.data is None)
        runs += pair
        if any(run.history.interrupted for run in pair):
            break
    source = "made by a power law" if path is None else f"{'your own of ' if args.data else ''}{Path(path).name}"
    head = f"N(S) falls and is convex: {len(tests)} fatigue tests at {len(curves)} stress ratios, {source}\n{size}"
    shown = [run for run in runs if run.history.interrupted] or runs[:2]
    return result(args, head, figures, shown, lambda folder: draw(folder, tests, curves))


def compared(
    R: float, S: np.ndarray, N: np.ndarray, pair: Sequence[Run], curves: Sequence[np.ndarray], known: bool
) -> list[Figure]:
    """The figures of one stress ratio: where the curves break the conditions, their distance from the tests, the power law.

    Of tests that are `known`, the power law at R = 0.1 is published.
    """
    a, b = power_law(S, N)
    misfit = [float(np.sqrt(np.mean((run.pinn.predict(S) - np.log10(N)) ** 2))) for run in pair]
    published = [f"{each:g}" if known and R == 0.1 else "–" for each in POWER_LAW]
    return [
        Figure(f"R = {R:g}: places against the conditions", offences(curves[0], curves[1]), 0),
        Figure(f"R = {R:g}: the same, none asked", offences(curves[0], curves[2])),
        Figure(f"R = {R:g}: scatter of log10 N", misfit[0]),
        Figure(f"R = {R:g}: the same, none asked", misfit[1]),
        Figure(f"R = {R:g}: a of S = a N^b, in MPa", a, None, published[0]),
        Figure(f"R = {R:g}: b", b, None, published[1]),
    ]


def draw(folder: Path, tests: np.ndarray, curves: dict[float, tuple[np.ndarray, ...]]) -> None:
    """The picture: tests and curves, cycles to the right and stresses upwards."""
    with canvas(folder / "curves.png", 8.4, 5.0) as figure:
        axes = figure.subplots()
        for k, (R, (S, asked, plain)) in enumerate(curves.items()):
            color = look_of(k)["color"]
            axes.plot(asked, S, color=color, label=f"R = {R:g}")
            axes.plot(plain, S, ":", color=color, linewidth=1.2)
            axes.plot(*tests[tests[:, 0] == R, :0:-1].T, "o", color=color, markersize=4)
        axes.plot([], [], "k:", linewidth=1.2, label="no condition asked")
        axes.set(xscale="log", xlabel="cycles to failure N (–)", ylabel="stress S (MPa)", title="Stress–life curves")
        axes.set_xlim(tests[:, 2].min() / 10, tests[:, 2].max() * 10)
        axes.legend(**BESIDE)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    data = f"rows R, S in MPa, N, or a .csv with the columns {', '.join(NAMES)} of EPFL's CCFatiguePlatform; {SOURCE}"
    p = parser("sn-curve", __doc__, data)
    return conduct(p, argv, study)
