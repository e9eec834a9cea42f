"""PINN: a physics-informed neural network, after Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686–707."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .conditions import Condition
from .domain import Domain
from .fields import State, UnknownFieldError, check_names
from .refinement import refined
from .sampling import Collocation, PointSetError
from .training import History, Stage, Trainer

Residual = Callable[[State], Tensor]
SLACK = 1e-6  # of the size of the domain: given points may have been rounded to float32


class PINN(nn.Module):
    """A network trained to satisfy an equation inside a domain and conditions on its boundary, in the mean square.

    `network` maps (N, d) inputs, scaled to [-1, 1], to (N, number of outputs). `residual` is a function of the state
    (see `State`) that should vanish everywhere, or several of them, named or not. The loss is
    Σ weight · mean(residual²) over the equation(s) and the conditions. `history` is the record of the latest training.

    Each term is tried at one point when the PINN is made. Raises UnknownFieldError for a name that the problem does not
    have, ShapeError for a network of another width, PointSetError for no points or points outside the domain,
    NonFiniteError for points that are NaN, and GradientError for a residual that no weight can change.

    >>> import nn, physics
    >>> decay = physics.PINN(
    ...     nn.MLP([1, 8, 1]), physics.TimeInterval("t", 0, 1), outputs=["u"], residual=lambda s: s.u_t + s.u,
    ...     conditions=[physics.InitialCondition(1.0)], points=physics.Collocation(interior=20))
    >>> history = decay.fit([physics.Stage(nn.optim.LBFGS, steps=50)])
    >>> abs(decay([[1.0]]).item() - 0.3679) < 1e-2
    True
    """

    def __init__(
        self,
        network: nn.Module,
        domain: Domain,
        outputs: Sequence[str],
        residual: Residual | Sequence[Residual] | Mapping[str, Residual],
        conditions: Sequence[Condition] = (),
        points: Collocation | np.ndarray | None = None,
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.outputs = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        check_names(domain.names, self.outputs)
        self.network, self.domain = network, domain
        self.collocation = points if isinstance(points, Collocation) else Collocation()
        self.conditions, self.weight = _conditions(conditions), weight
        self.equations = _named(residual)
        self._names = _unique([c.name for c in self.conditions], taken=self.equations)
        _check_terms({**dict.fromkeys(self.equations, weight), **self._condition_weights()})
        interior = self.collocation.on_interior(domain) if points is None or isinstance(points, Collocation) else points
        self.interior = _checked("interior", domain.points(interior), domain)
        found = [c.points(domain, self.collocation) for c in self.conditions]
        self.condition_points = [_checked(name, X, domain) for name, X in zip(self._names, found, strict=True)]
        self._rng = np.random.default_rng([self.collocation.seed, len(self.interior)])
        low, high = domain.bounds.T
        self._center, self._scale = (low + high) / 2.0, 2.0 / (high - low)
        self.history = History()
        self._try_terms()

    def forward(self, X: Any) -> Tensor:
        """The outputs at points X (N, d), as a Tensor (N, number of outputs)."""
        return self.network((ac.as_tensor(X) - self._center) * self._scale)

    def state(self, X: Any) -> State:
        """The fields and their derivatives at points X (N, d)."""
        return State(self.forward, self.domain.points(X), self.domain.names, self.outputs)

    def predict(self, X: Any, field: str | None = None) -> np.ndarray:
        """A field at points X (N, d) as an array (N,): an output (the first one by default) or a derivative such as "u_x"."""
        return getattr(self.state(X), field or self.outputs[0]).numpy()

    def residuals(self) -> dict[str, tuple[Any, State]]:
        """Each term's residual at its points, a Tensor (N,), with the state there."""
        inside = self.state(self.interior)
        found: dict[str, tuple[Any, State]] = {name: (f(inside), inside) for name, f in self.equations.items()}
        for name, condition, points in zip(self._names, self.conditions, self.condition_points, strict=True):
            s = self.state(points)
            found[name] = (condition.residual(s), s)
        return found

    def loss_terms(self) -> dict[str, Tensor]:
        """The weighted terms of the loss by name; the loss is their sum."""
        weights = dict.fromkeys(self.equations, self.weight) | self._condition_weights()
        return {
            name: _mean_square(name, r, s) * weights[name] if weights[name] != 1.0 else _mean_square(name, r, s)
            for name, (r, s) in self.residuals().items()
        }

    def loss(self) -> Tensor:
        """The loss."""
        first, *rest = self.loss_terms().values()
        return sum(rest, start=first)

    def explain(self, term: str) -> str:
        """Where a term is worst: the first point that is NaN, else that of the largest residual."""
        r, s = self.residuals()[term]
        values = np.abs(ac.as_tensor(r).numpy())
        worst = int(np.argmax(values))  # a NaN counts as the largest
        return f", worst at {_place(self.domain, s.points[worst])} (residual {values[worst]:.3g})"

    def refine(self, fraction: float = 0.5) -> None:
        """Draw the interior points anew, a fraction of them where the residual is large; see `refined`."""

        def residual(points: np.ndarray) -> np.ndarray:
            s = self.state(points)
            return np.sum([np.abs(_one_a_point(name, f(s), s).numpy()) for name, f in self.equations.items()], axis=0)

        if self.equations:
            self.interior = refined(self.domain, len(self.interior), residual, self._rng, fraction)

    def fit(self, stages: Stage | Sequence[Stage], progress: bool | None = None) -> History:
        """Train in stages, for instance Adam and then L-BFGS; returns the history.

        Ctrl-C ends the training and keeps what was learned (`history.interrupted`). A loss that is not finite raises
        NonFiniteError that names the term, the step and the worst point; the weights are then the best so far.
        `progress`: True shows a progress bar, False none, None only at a terminal.
        """
        trainer = Trainer(self, progress)
        self.history = trainer.history
        return trainer.run([stages] if isinstance(stages, Stage) else list(stages))

    def _condition_weights(self) -> dict[str, float]:
        return dict(zip(self._names, (c.weight for c in self.conditions), strict=True))

    def _try_terms(self) -> None:
        """Evaluate every term at one point, so that a wrong name or width shows now and not at the first step."""
        conditions = zip(self._names, (c.residual for c in self.conditions), self.condition_points, strict=True)
        terms = [(name, f, self.interior) for name, f in self.equations.items()] + list(conditions)
        for name, f, points in terms:
            s = self.state(points[:1])
            getattr(s, self.outputs[0])
            with ac.enable_grad(), np.errstate(all="ignore"):
                _check_dependence(name, f, s, [p for p in self.parameters() if p.requires_grad])


def _named(residual: Any) -> dict[str, Residual]:
    if callable(residual):
        return {"residual": residual}
    if isinstance(residual, Mapping):
        found = dict(residual)
    elif isinstance(residual, Sequence):
        found = {f"residual {i + 1}": f for i, f in enumerate(residual)}
    else:
        found = {"residual": residual}
    for name, f in found.items():
        if not callable(f):
            raise TypeError(f"{name!r} is {f!r}; an equation is a function of the state, such as lambda s: s.u_t + s.u_x")
    return found


def _conditions(conditions: Any) -> list[Condition]:
    found = [conditions] if isinstance(conditions, Condition) else list(conditions)
    for c in found:
        if not isinstance(c, Condition):
            raise TypeError(f"{c!r} is no condition. Write one such as physics.DirichletBC('x', 0.0).")
    return found


def _check_terms(weights: Mapping[str, Any]) -> None:
    """Names and weights of the terms of the loss."""
    if not weights:
        raise ValueError("PINN: there is no equation and no condition, so there is nothing to learn. Give a residual.")
    for name, weight in weights.items():
        if name in ("step", "stage", "loss"):
            raise ValueError(f"no term can be called {name!r}: a column of the history has that name. Choose another.")
        if not isinstance(weight, int | float | np.number) or not 0.0 <= weight < np.inf:
            raise ValueError(f"the weight of {name!r} is {weight!r}; it must be a number, 0 or more, and finite")


def _unique(names: Sequence[str], taken: Mapping[str, Any]) -> list[str]:
    """Names that are all different: a second "initial" becomes "initial 2"."""
    found: list[str] = []
    for name in names:
        count, unique = 1, name
        while unique in found or unique in taken:
            count += 1
            unique = f"{name} {count}"
        found.append(unique)
    return found


def _checked(name: str, points: np.ndarray, domain: Domain) -> np.ndarray:
    """The points, if there are any and all lie in the domain."""
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
                f"{_place(domain, points[rows[0]])}. The columns are {', '.join(domain.names)}; leave such points out."
            )
    return points


def _place(domain: Domain, point: np.ndarray) -> str:
    return ", ".join(f"{name} = {value:.6g}" for name, value in zip(domain.names, point, strict=True))


def _check_dependence(name: str, f: Residual, s: State, weights: Sequence[Tensor]) -> None:
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
    found = ac.gradients(ac.sum(r), weights, allow_unused=True) if r.requires_grad and weights else ()
    if weights and all(g is None for g in found):
        raise ac.errors.GradientError(
            f"the residual {name!r} does not depend on the network, so training cannot change it. Write it with the fields "
            f"of the state, such as s.{s._outputs[0]}, and with the functions of autograd_core: a NumPy array has no graph."
        )


def _one_a_point(name: str, r: Any, s: State) -> Tensor:
    """A residual as a Tensor (N,), or an error that says what it is instead."""
    n, shape = len(s.points), getattr(r, "shape", None)
    if shape != (n,):
        given = f"a {type(r).__name__}" if shape is None else f"shape {shape}"
        raise ac.errors.ShapeError(
            f"the residual {name!r} gave {given} at {n} points; needed is a Tensor with one value a point, shape ({n},), as "
            "the fields of the state are. Give several equations as a list or a dict of functions."
        )
    if r.dtype.kind == "c":
        raise ac.errors.DTypeError(f"the residual {name!r} is complex. Give its real and its imaginary part as two equations.")
    return ac.as_tensor(r)


def _mean_square(name: str, r: Any, s: State) -> Tensor:
    r = _one_a_point(name, r, s)
    return ac.mean(r * r)
