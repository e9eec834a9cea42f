"""Solution: a network as the fields of a problem, at any points of its domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .domain import Domain
from .fields import Plan, State, Transform, check_names
from .notices import warn
from .stacked import Scaled
from .terms import SLACK, check_transform, joined, place, spatial


class ExtrapolationWarning(UserWarning):
    """A field is asked for outside the domain, where no condition and no equation was imposed."""


def warn_of_outside(domain: Domain, points: np.ndarray, what: str = "predict") -> None:
    """Warn of points outside a domain; of a cloud of points, which does not tell what lies between them, outside its box."""
    if any(part.finite is not None for part in getattr(domain, "parts", (domain,))):
        low, high = domain.bounds.T
        inside = (np.abs(points - (low + high) / 2.0) <= (0.5 + SLACK) * (high - low)).all(axis=1)
    else:
        inside = domain.contains(points, SLACK)
    rows = np.flatnonzero(~inside)
    if len(rows):
        warn(
            f"{what}: {len(rows)} of {len(points)} points are outside {domain!r}, the first at "
            f"{place(domain, points[rows[0]])}: nothing was asked of the network there.",
            ExtrapolationWarning,
        )


class Solution(nn.Module):
    """The fields that a network has on a domain: their values, by calling it, and by name with their derivatives.

    The network is given the coordinates scaled to [-1, 1]; `transform`, a function of points (N, d) and what the network gives
    (N, number of outputs), makes the outputs of that. Several networks, by the names of their outputs, become one.
    Raises TypeError for what is no network, domain or transform, ValueError or DomainError for names or a transform that do not
    fit.
    """

    def __init__(
        self,
        network: nn.Module | Mapping[Any, Any],
        domain: Domain,
        outputs: Sequence[str],
        transform: Transform | None = None,
    ) -> None:
        super().__init__()
        self.outputs = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        self.network, self.domain, self.transform = joined(network, domain, self.outputs), domain, transform
        check_names(domain.names, self.outputs)
        check_transform(transform, domain, self.outputs)
        low, high = domain.bounds.T
        self._body = Scaled(self.network, (low + high) / 2.0, 2.0 / (high - low))

    def forward(self, X: Any) -> Tensor:
        """The outputs at points X (N, d), as a Tensor (N, number of outputs)."""
        X = ac.as_tensor(X)
        if getattr(self.transform, "slopes", ()):  # it differentiates the network by its inputs
            y = self.state(X).all_outputs()
            return y if ac.is_grad_enabled() else y.detach()
        y = self._scaled()(X)
        return y if self.transform is None else self.transform(X, y)

    def _scaled(self) -> Scaled:
        if self._body.network is not self.network:
            self._body = Scaled(self.network, self._body.center, self._body.scale)
        return self._body

    def state(self, X: Any, plan: Plan | None = None) -> State:
        """The fields and their derivatives at points X (N, d); `plan` knows which derivatives will be asked for."""
        names, space = self.domain.names, spatial(self.domain)
        X = ac.reshape(X, (-1, 1)) if isinstance(X, Tensor) and X.ndim == len(names) == 1 else X
        points = X if isinstance(X, Tensor) and X.ndim == 2 and X.shape[1] == len(names) else self.domain.points(X)
        if type(self).forward is not Solution.forward or any((vars(self).get("_hooks") or {}).values()):
            return State(self, points, names, self.outputs, space=space)
        return State(self._scaled(), points, names, self.outputs, transform=self.transform, plan=plan, space=space)

    def predict(self, X: Any, field: str | None = None) -> np.ndarray:
        """A field at points X (N, d) as an array (N,): an output (the first one by default) or a derivative such as "u_x".

        Warns of points outside the domain (`ExtrapolationWarning`).
        """
        if not isinstance(X, Tensor):
            warn_of_outside(self.domain, self.domain.points(X))
        return getattr(self.state(X), field or self.outputs[0]).numpy()
