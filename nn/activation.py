"""Activations: the nonlinear functions between the layers, as modules, and their names; `piecewise.py` has those with kinks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd_core as ac

from . import nonlinear
from .module import Module, Parameter
from .piecewise import CELU, ELU, SELU, Activation, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, PReLU, ReLU, ReLU6, Step


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


class SiLU(Activation):
    """y = x·sigmoid(x), also called swish."""

    function = nonlinear.silu


Swish = SiLU


class Mish(Activation):
    """y = x·tanh(softplus(x))."""

    function = nonlinear.mish


class GELU(Activation):
    """y = x·Φ(x) with the normal distribution function Φ, or its approximation by "tanh"."""

    function, options = nonlinear.gelu, ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate


class Softplus(Activation):
    """y = log(1 + exp(beta·x)) / beta, a smooth ReLU.

    Exact for every x, if no `threshold` is given: PyTorch replaces it by x where beta·x > 20, which is wrong in the tenth
    digit and cuts its second derivative to 0. Raises ValueError unless beta > 0.
    """

    function = nonlinear.softplus

    def __init__(self, beta: float = 1.0, threshold: float = math.inf) -> None:
        super().__init__()
        if not beta > 0:
            raise ValueError(f"Softplus: beta must be positive, got {beta}")
        self.beta, self.threshold = beta, threshold

    @property
    def options(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("beta",) if self.threshold == math.inf else ("beta", "threshold")


class LogSigmoid(Activation):
    """y = log(sigmoid(x))."""

    function = nonlinear.logsigmoid


class Softsign(Activation):
    """y = x / (1 + |x|)."""

    function = nonlinear.softsign


class Tanhshrink(Activation):
    """y = x - tanh(x)."""

    function = nonlinear.tanhshrink


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


class Softmax(Activation):
    """y = exp(x) / Σ exp(x) along `dim`."""

    function, options = nonlinear.softmax, ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim


class LogSoftmax(Softmax):
    """y = log(softmax(x)) along `dim`."""

    function = nonlinear.log_softmax


class Softmin(Softmax):
    """y = softmax(-x) along `dim`."""

    function = nonlinear.softmin


class Softmax2d(Module):
    """The softmax over the channels of images (N, C, H, W) or (C, H, W)."""

    def forward(self, x: Any) -> ac.Tensor:
        """Weights of the channels that add up to 1 at each place."""
        x = ac.as_tensor(x)
        if x.ndim not in (3, 4):
            raise ac.errors.ShapeError(f"Softmax2d: needs (N, C, H, W) or (C, H, W), given shape {x.shape}")
        return ac.softmax(x, -3)


class GLU(Activation):
    """y = a·sigmoid(b) with the halves a and b of x along `dim`."""

    function, options = nonlinear.glu, ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim


class Adaptive(Module):
    """y = σ(n·a·x) with a trained `slope` a, for all or for each of `features` along the last axis.

    The scale n ≥ 1 makes the slope learn faster; it starts at 1/n, where y = σ(x).
    Source: Jagtap, Kawaguchi and Karniadakis, Journal of Computational Physics 404 (2020) 109136, eq. 5.

    >>> Adaptive("tanh", scale=5.0)([0.0, 100.0])
    tensor([0., 1.], grad_fn=<tanh>)
    """

    def __init__(
        self, activation: str | Callable[..., Any] = "tanh", scale: float = 1.0, features: int | None = None, dtype: Any = None
    ) -> None:
        super().__init__()
        if not scale > 0:
            raise ValueError(f"Adaptive: the scale must be positive, got {scale}")
        self.activation, self.scale, self.features = as_activation(activation), scale, features
        dtype = ac.get_default_dtype() if dtype is None else dtype
        self.slope = Parameter(ac.full(() if features is None else features, 1.0 / scale, dtype))

    def forward(self, x: Any) -> ac.Tensor:
        """The activation of each element, stretched."""
        x = ac.as_tensor(x)
        if self.features is not None and x.shape[-1:] != (self.features,):
            raise ac.errors.ShapeError(f"Adaptive: x of shape {x.shape} needs {self.features} features along its last axis")
        return self.activation((self.scale * self.slope) * x)

    def extra_repr(self) -> str:
        return f"scale={self.scale}, features={self.features}"


ACTIVATIONS: dict[str, type[Module]] = {
    "identity": Identity,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "relu": ReLU,
    "softplus": Softplus,
    "sine": Sine,
    "step": Step,
    "silu": SiLU,
    "swish": SiLU,
    "gelu": GELU,
    "mish": Mish,
    "elu": ELU,
    "selu": SELU,
    "celu": CELU,
    "leaky_relu": LeakyReLU,
    "prelu": PReLU,
    "relu6": ReLU6,
    "softsign": Softsign,
    "hardtanh": Hardtanh,
    "hardsigmoid": Hardsigmoid,
    "hardswish": Hardswish,
    "logsigmoid": LogSigmoid,
    "tanhshrink": Tanhshrink,
    "adaptive": Adaptive,
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
