"""PINN: a physics-informed neural network, after Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686–707."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .conditions import Condition
from .domain import Domain
from .fields import State, check_names
from .history import History
from .refinement import refined
from .sampling import Collocation
from .stage import Stage
from .terms import (
    Residual,
    check_dependence,
    check_weights,
    checked_points,
    listed,
    mean_square,
    named,
    one_a_point,
    place,
    unique,
)
from .training import Trainer


class PINN(nn.Module):
    """A network trained to satisfy an equation inside a domain and conditions on its boundary, in the mean square.

    `network` maps (N, d) inputs, scaled to [-1, 1], to (N, number of outputs). `residual` is a function of the state
    (see `State`) that should vanish everywhere, or several of them, named or not; each has the weight `weight`. `points`
    says how to choose the points (`Collocation()` if None), or is an array (N, d) of interior points. The loss is
    Σ weight · mean(residual²) over the equation(s) and the conditions. `history` is the record of the latest training.

    Each term is tried at one point when the PINN is made. Raises UnknownFieldError for a name that the problem does not
    have, ShapeError for a network of another width, PointSetError for no points or points outside the domain,
    NonFiniteError for points that are NaN, GradientError for a residual that no weight can change, and TypeError or
    ValueError for what is no equation, no condition or no weight.

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
        self.conditions, self.weight = listed(conditions), weight
        self.equations = named(residual)
        self._names = unique([c.name for c in self.conditions], taken=self.equations)
        check_weights({**dict.fromkeys(self.equations, weight), **self._condition_weights()})
        interior = self.collocation.on_interior(domain) if points is None or isinstance(points, Collocation) else points
        self.interior = checked_points("interior", domain.points(interior), domain)
        found = [c.points(domain, self.collocation) for c in self.conditions]
        self.condition_points = [checked_points(name, X, domain) for name, X in zip(self._names, found, strict=True)]
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
            name: mean_square(name, r, s) * weights[name] if weights[name] != 1.0 else mean_square(name, r, s)
            for name, (r, s) in self.residuals().items()
        }

    def loss(self) -> Tensor:
        """The sum of `loss_terms`, a Tensor of shape ()."""
        first, *rest = self.loss_terms().values()
        return sum(rest, start=first)

    def explain(self, term: str) -> str:
        """Where a term is worst: the first point that is NaN, else that of the largest residual."""
        r, s = self.residuals()[term]
        values = np.abs(ac.as_tensor(r).numpy())
        worst = int(np.argmax(values))  # a NaN counts as the largest
        return f", worst at {place(self.domain, s.points[worst])} (residual {values[worst]:.3g})"

    def refine(self, fraction: float = 0.5) -> None:
        """Draw the interior points anew, also given ones, a fraction of them where the residual is large; see `refined`."""

        def residual(points: np.ndarray) -> np.ndarray:
            s = self.state(points)
            return np.sum([np.abs(one_a_point(name, f(s), s).numpy()) for name, f in self.equations.items()], axis=0)

        if self.equations:
            self.interior = refined(self.domain, len(self.interior), residual, self._rng, fraction)

    def fit(self, stages: Stage | Sequence[Stage], progress: bool | None = None) -> History:
        """Train in stages, for instance Adam and then L-BFGS; returns the history.

        Ctrl-C ends the training and keeps what was learned (`history.interrupted`). A loss that is not finite raises
        NonFiniteError that names the term, the step and the worst point; the weights are then the best so far, and
        `self.history` has the record. L-BFGS first tries to back off from such a point.
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
            getattr(s, self.outputs[0])  # a network of the wrong width is an error, whatever the term uses
            with ac.enable_grad(), np.errstate(all="ignore"):
                check_dependence(name, f, s, [p for p in self.parameters() if p.requires_grad])
