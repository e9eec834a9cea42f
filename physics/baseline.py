"""BaselineNN: a plain network that gives the time derivative itself, to compare those with that know a conservation law."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_core as ac
import nn
from autograd_core.errors import ShapeError


class BaselineNN(nn.Module):
    """dx/dt = f(x) with a network f from states (…, n) to derivatives (…, n); nothing is conserved by construction.

    Raises ShapeError where the network gives another shape.
    """

    def __init__(self, network: Callable[[Any], ac.Tensor]) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Any) -> ac.Tensor:
        """The same as `time_derivative`."""
        return self.time_derivative(x)

    def time_derivative(self, x: Any) -> ac.Tensor:
        """dx/dt at states x (…, n)."""
        x = ac.as_tensor(x)
        found = self.network(x)
        if found.shape != x.shape:
            raise ShapeError(
                f"BaselineNN: the network gives {found.shape} for states {x.shape}; a time derivative has the shape of its "
                "state. Give it as many outputs as inputs."
            )
        return found
