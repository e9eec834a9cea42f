"""What the studies of unknown coefficients share: where the data lie, and how good the coefficients are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nn.command import DataError

from ..domain import Domain, Interval, TimeInterval
from ..pinn import PINN
from .equations import Figure, Run, Size, fitted


def box(data: np.ndarray) -> Domain:
    """The smallest domain of x and t that holds data, rows (x, t, …). Raises DataError for one place or one time alone."""
    (x_low, t_low), (x_high, t_high) = data[:, :2].min(axis=0), data[:, :2].max(axis=0)
    if x_low == x_high or t_low == t_high:
        raise DataError(f"the {len(data)} values are all at one x or all at one t: an equation needs several of both")
    return Interval("x", x_low, x_high) * TimeInterval("t", t_low, t_high)


def axes_of(pinn: PINN) -> tuple[np.ndarray, np.ndarray]:
    """x and t of a grid where the data lie."""
    (x_low, x_high), (t_low, t_high) = pinn.domain.bounds
    return np.linspace(x_low, x_high, 201), np.linspace(t_low, t_high, 101)


def noisy(data: np.ndarray, noise: float, draws: np.random.Generator) -> np.ndarray:
    """Rows whose last column has noise in units of its standard deviation."""
    return np.column_stack([data[:, :-1], data[:, -1] + noise * data[:, -1].std() * draws.normal(size=len(data))])


def coefficients(pinn: PINN) -> dict[str, float]:
    """The coefficients of a problem now, by name."""
    return {name: each().item() for name, each in pinn.coefficients.named_children()}


def errors(pinn: PINN, true: Mapping[str, float] | None, *, kind: str = "", **limits: Mapping[str, float]) -> list[Figure]:
    """The coefficients that were found, and how far they are from the true ones in percent.

    `limits` are errors by the name of a coefficient: the `wanted` and the `published` ones.
    """
    figures = []
    wanted, published = limits.get("wanted", {}), limits.get("published", {})
    for name, value in coefficients(pinn).items():
        figures.append(Figure(f"{name}{kind}", value))
        if true is not None:
            error = 100 * abs(value / true[name] - 1)
            figures.append(Figure(f"{name}{kind}: error in %", error, wanted.get(name), str(published.get(name, "–"))))
    return figures


def several(make: Callable[[float], PINN], noises: Sequence[float], size: Size, progress: bool | None) -> dict[str, Run]:
    """Runs with data of several noises, by a text such as ", noise 1 %"; fewer after Ctrl-C."""
    runs: dict[str, Run] = {}
    for noise in noises:
        runs[f", noise {100 * noise:g} %" if noise else ""] = run = fitted(make(noise), size, progress)
        if run.history.interrupted:
            break
    return runs
