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
from .fields import State
from .refinement import refined
from .sampling import Collocation, PointSetError
from .training import History, Stage, Trainer

Residual = Callable[[State], Tensor]


class PINN(nn.Module):
    """A network trained to satisfy an equation inside a domain and conditions on its boundary, in the mean square.

    `network` maps (N, d) inputs, scaled to [-1, 1], to (N, number of outputs). `residual` is a function of the state
    (see `State`) that should vanish everywhere, or several of them, named or not. The loss is
    Σ weight · mean(residual²) over the equation(s) and the conditions.

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
        self.network, self.domain, self.outputs = network, domain, tuple(outputs)
        self.collocation = points if isinstance(points, Collocation) else Collocation()
        self.conditions, self.weight = list(conditions), weight
        self.equations = _named(residual)
        interior = self.collocation.on_interior(domain) if points is None or isinstance(points, Collocation) else points
        self.interior = _not_empty("interior", domain.points(interior))
        self.condition_points = [_not_empty(c.name, c.points(domain, self.collocation)) for c in self.conditions]
        self._rng = np.random.default_rng([self.collocation.seed, len(self.interior)])
        low, high = domain.bounds.T
        self._center, self._scale = (low + high) / 2.0, 2.0 / (high - low)
        self._names = _unique([c.name for c in self.conditions], taken=self.equations)

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
        weights = dict.fromkeys(self.equations, self.weight) | dict(
            zip(self._names, (c.weight for c in self.conditions), strict=True)
        )
        return {
            name: _mean_square(name, r, s) * weights[name] if weights[name] != 1.0 else _mean_square(name, r, s)
            for name, (r, s) in self.residuals().items()
        }

    def loss(self) -> Tensor:
        """The loss."""
        first, *rest = self.loss_terms().values()
        return sum(rest, start=first)

    def explain(self, term: str) -> str:
        """Where a term is worst: the first point that is not finite, else the largest residual."""
        r, s = self.residuals()[term]
        values = np.abs(ac.as_tensor(r).numpy())
        worst = int(np.argmax(np.where(np.isfinite(values), values, np.inf)))
        place = ", ".join(f"{n} = {v:.6g}" for n, v in zip(self.domain.names, s.points[worst], strict=True))
        return f", worst at {place} (residual {values[worst]:.3g})"

    def refine(self, fraction: float = 0.5) -> None:
        """Draw the interior points anew, a fraction of them where the residual is large; see `refined`."""

        def residual(points: np.ndarray) -> np.ndarray:
            s = self.state(points)
            return sum(np.abs(ac.as_tensor(f(s)).numpy()) for f in self.equations.values())  # type: ignore[return-value]

        self.interior = refined(self.domain, len(self.interior), residual, self._rng, fraction)

    def fit(self, stages: Stage | Sequence[Stage], progress: bool | None = None) -> History:
        """Train in stages, for instance Adam and then L-BFGS; returns the history.

        Ctrl-C ends the training and keeps what was learned (`history.interrupted`). A loss that is not finite raises
        NonFiniteError that names the term, the step and the worst point; the weights are then the best so far.
        `progress`: True shows a progress bar, False none, None only at a terminal.
        """
        return Trainer(self, progress).run([stages] if isinstance(stages, Stage) else list(stages))


def _named(residual: Any) -> dict[str, Residual]:
    if isinstance(residual, Mapping):
        return dict(residual)
    if callable(residual):
        return {"residual": residual}
    return {f"residual {i + 1}": f for i, f in enumerate(residual)}


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


def _not_empty(name: str, points: np.ndarray) -> np.ndarray:
    if len(points) == 0:
        raise PointSetError(f"the point set of {name!r} is empty: a mean over no points is not defined. Give at least one.")
    return points


def _mean_square(name: str, r: Any, s: State) -> Tensor:
    r = ac.as_tensor(r)
    if r.shape != (len(s.points),):
        raise ac.errors.ShapeError(
            f"the residual {name!r} has shape {r.shape} at {len(s.points)} points; "
            f"needed is one value a point, shape ({len(s.points)},)"
        )
    return ac.mean(r * r)
