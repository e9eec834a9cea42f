"""Terms of a loss: equations and conditions as users write them, made uniform and checked before any training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .conditions import Condition
from .domain import Domain
from .fields import State, UnknownFieldError
from .sampling import PointSetError

Residual = Callable[[State], Tensor]
SLACK = 1e-6  # of the size of the domain: given points may have been rounded to float32


def named(residual: Any) -> dict[str, Residual]:
    """The equations by name, from one function, several in a sequence, or a mapping.

    Raises TypeError for what is not a function.
    """
    if isinstance(residual, Mapping):
        found = dict(residual)
    elif isinstance(residual, Sequence) and not isinstance(residual, str):
        found = {f"residual {i + 1}": f for i, f in enumerate(residual)}
    else:
        found = {"residual": residual}
    for name, f in found.items():
        if not callable(f):
            raise TypeError(f"{name!r} is {f!r}; an equation is a function of the state, such as lambda s: s.u_t + s.u_x")
    return found


def listed(conditions: Any) -> list[Condition]:
    """The conditions as a list, from one or several. Raises TypeError for what is not a Condition."""
    found = [conditions] if isinstance(conditions, Condition) else list(conditions)
    for c in found:
        if not isinstance(c, Condition):
            raise TypeError(f"{c!r} is no condition. Write one such as physics.DirichletBC('x', 0.0).")
    return found


def held(parameters: Sequence[Any]) -> nn.Module:
    """Unknown coefficients, Parameters or Modules, as one Module under their names. Raises TypeError for anything else."""
    found = nn.Module()
    for k, each in enumerate([parameters] if isinstance(parameters, nn.Parameter | nn.Module) else parameters, 1):
        name = getattr(each, "name", None) or f"coefficient{k}"
        if isinstance(each, nn.Parameter):
            found.register_parameter(name, each)
        elif isinstance(each, nn.Module):
            found.add_module(name, each)
        else:
            raise TypeError(f"PINN: {each!r} cannot be trained as a coefficient. Write physics.Parameter(0.0, name='k').")
    return found


def check_weights(weights: Mapping[str, Any]) -> None:
    """Raise ValueError for a loss without terms, a name that the history needs, or a weight that makes no sense."""
    if not weights:
        raise ValueError("PINN: there is no equation and no condition, so there is nothing to learn. Give a residual.")
    for name, weight in weights.items():
        if name in ("step", "stage", "loss"):
            raise ValueError(f"no term can be called {name!r}: a column of the history has that name. Choose another.")
        if not isinstance(weight, int | float | np.number) or not 0.0 <= weight < np.inf:
            raise ValueError(f"the weight of {name!r} is {weight!r}; it must be a number, 0 or more, and finite")


def unique(names: Sequence[str], taken: Mapping[str, Any]) -> list[str]:
    """Names that are all different: a second "initial" becomes "initial 2"."""
    found: list[str] = []
    for name in names:
        count, free = 1, name
        while free in found or free in taken:
            count += 1
            free = f"{name} {count}"
        found.append(free)
    return found


def checked_points(name: str, points: np.ndarray, domain: Domain) -> np.ndarray:
    """The points (N, d), if there are any and all are finite and lie in the domain; else PointSetError, NonFiniteError."""
    if len(points) == 0:
        raise PointSetError(f"the point set of {name!r} is empty: a mean over no points is not defined. Give at least one.")
    for wrong, what, error in (
        (~np.isfinite(points).all(axis=1), "not finite", ac.errors.NonFiniteError),
        (~domain.contains(points, SLACK), f"outside {domain!r}", PointSetError),
    ):
        rows = np.flatnonzero(wrong)
        if len(rows):
            raise error(
                f"{name}: {len(rows)} of {len(points)} points are {what}, the first in row {rows[0]}: "
                f"{place(domain, points[rows[0]])}. The columns are {', '.join(domain.names)}; leave such points out."
            )
    return points


def place(domain: Domain, point: np.ndarray) -> str:
    """A point in words, such as "x = 0.5, t = 1"."""
    return ", ".join(f"{name} = {value:.6g}" for name, value in zip(domain.names, point, strict=True))


def check_dependence(name: str, f: Residual, s: State, parameters: Sequence[Tensor]) -> None:
    """Raise UnknownFieldError for a wrong name, GradientError where training cannot change the residual."""
    try:
        r = f(s)
    except UnknownFieldError:
        raise
    except Exception:  # it may need all points, or what is made after the PINN: then the first step tells
        return
    if not isinstance(r, Tensor | np.ndarray):
        return
    r = ac.as_tensor(r)
    found = ac.gradients(ac.sum(r), parameters, allow_unused=True) if r.requires_grad and parameters else ()
    if parameters and all(g is None for g in found):
        raise ac.errors.GradientError(
            f"the residual {name!r} does not depend on the network, so training cannot change it. Write it with the fields "
            f"of the state, such as s.{s._outputs[0]}, and with the functions of autograd_core: a NumPy array has no graph."
        )


def one_a_point(name: str, r: Any, s: State) -> Tensor:
    """A residual as a Tensor (N,), or an error that says what it is instead."""
    n, shape = len(s), getattr(r, "shape", None)
    if shape != (n,):
        given = f"a {type(r).__name__}" if shape is None else f"shape {shape}"
        raise ac.errors.ShapeError(
            f"the residual {name!r} gave {given} at {n} points; needed is a Tensor with one value a point, shape ({n},), as "
            "the fields of the state are. Give several equations as a list or a dict of functions."
        )
    if r.dtype.kind == "c":
        raise ac.errors.DTypeError(f"the residual {name!r} is complex. Give its real and its imaginary part as two equations.")
    return ac.as_tensor(r)


def mean_square(name: str, r: Any, s: State) -> Tensor:
    """The mean of the squared residual over the points of its state."""
    r = one_a_point(name, r, s)
    return ac.mean(r * r)
