"""Activations: the nonlinear functions between the layers, as modules without parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autograd_core as ac

from .module import Module


class Identity(Module):
    """y = x; takes and ignores any arguments."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, x: Any) -> ac.Tensor:
        """x as it is."""
        return ac.as_tensor(x)


class Tanh(Module):
    """y = tanh(x).

    >>> Tanh()([0.0, 100.0])
    tensor([0., 1.])
    """

    def forward(self, x: Any) -> ac.Tensor:
        """tanh of each element."""
        return ac.tanh(x)


class Sigmoid(Module):
    """y = 1 / (1 + exp(-x)), the logistic function."""

    def forward(self, x: Any) -> ac.Tensor:
        """The logistic function of each element."""
        return ac.sigmoid(x)


class ReLU(Module):
    """y = max(x, 0), with derivative 0 at 0."""

    def forward(self, x: Any) -> ac.Tensor:
        """The positive part of each element."""
        return ac.relu(x)


class Softplus(Module):
    """y = log(1 + exp(beta·x)) / beta, a smooth ReLU.

    Exact for every x: PyTorch replaces it by x where beta·x > 20, which is wrong in the tenth digit and cuts its second
    derivative to 0.

    Raises ValueError unless beta > 0.
    """

    def __init__(self, beta: float = 1.0) -> None:
        super().__init__()
        if not beta > 0:
            raise ValueError(f"Softplus: beta must be positive, got {beta}")
        self.beta = beta

    def forward(self, x: Any) -> ac.Tensor:
        """The smooth positive part of each element."""
        return ac.softplus(x) if self.beta == 1.0 else ac.softplus(self.beta * ac.as_tensor(x)) / self.beta

    def extra_repr(self) -> str:
        return f"beta={self.beta}"


class Sine(Module):
    """y = sin(omega·x), for networks whose derivatives are networks of the same kind.

    Source: Sitzmann et al., NeurIPS 2020, eq. 1 and section 3.2, where the first layer has omega = 30.
    """

    def __init__(self, omega: float = 1.0) -> None:
        super().__init__()
        self.omega = omega

    def forward(self, x: Any) -> ac.Tensor:
        """The sine of omega times each element."""
        return ac.sin(x) if self.omega == 1.0 else ac.sin(self.omega * ac.as_tensor(x))

    def extra_repr(self) -> str:
        return f"omega={self.omega}"


class Step(Module):
    """y = 1 where x > 0, else 0: the perceptron's activation. Its derivative is 0 everywhere, also at the step.

    Source: Rosenblatt, Psychological Review 65 (1958) 386-408.

    >>> Step()([-1.0, 0.0, 0.5])
    tensor([0., 0., 1.])
    """

    def forward(self, x: Any) -> ac.Tensor:
        """1 for each positive element, else 0, in the dtype of x."""
        return ac.sign(ac.relu(x))


ACTIVATIONS: dict[str, type[Module]] = {
    "identity": Identity,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "relu": ReLU,
    "softplus": Softplus,
    "sine": Sine,
    "step": Step,
}


def as_activation(activation: str | Callable[..., Any] | None) -> Callable[..., Any]:
    """The activation that is meant: by its name, a module or function itself, Identity for None.

    Raises ValueError for an unknown name, TypeError for what cannot be called.
    """
    if activation is None:
        return Identity()
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(f"no activation is called {activation!r}. There are: {', '.join(ACTIVATIONS)}")
        return ACTIVATIONS[activation]()
    if not callable(activation):
        raise TypeError(f"an activation is a name, a Module or a function, not a {type(activation).__name__}")
    return activation() if isinstance(activation, type) else activation
