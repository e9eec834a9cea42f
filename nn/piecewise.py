"""Activations made of pieces, with a kink or a jump where these meet: ReLU and its kin. `nonlinear.py` has their functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

import autograd_core as ac

from . import nonlinear
from .module import Module, Parameter


class Activation(Module):
    """What the activations share: a `function`, called with x and those attributes that `options` names.

    `inplace` is accepted, as listings give it, and changes nothing.
    """

    function: ClassVar[Callable[..., ac.Tensor]]
    options: ClassVar[tuple[str, ...]] = ()
    inplace: bool = False

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, x: Any) -> ac.Tensor:
        """The function of each element."""
        return type(self).function(x, **{name: getattr(self, name) for name in self.options})

    def extra_repr(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self.options]
        return ", ".join([*shown, *(["inplace=True"] if self.inplace else [])])


class ReLU(Activation):
    """y = max(x, 0), with derivative 0 at 0."""

    def forward(self, x: Any) -> ac.Tensor:
        """The positive part of each element."""
        return ac.relu(x)


class ReLU6(Activation):
    """y = min(max(x, 0), 6), with derivative 0 at 0 and at 6."""

    function = nonlinear.relu6


class LeakyReLU(Activation):
    """y = x where x > 0, else negative_slope·x; the derivative at 0 is negative_slope."""

    function, options = nonlinear.leaky_relu, ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope


class PReLU(Module):
    """y = x where x > 0, else w·x with a trained `weight`, one for all or one for each channel (axis 1).

    Source: He et al., ICCV 2015.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(np.full(num_parameters, init, ac.get_default_dtype() if dtype is None else dtype))

    def reset_parameters(self) -> None:
        """Set the weight to its first value."""
        self.weight.copy_(self.init)

    def forward(self, x: Any) -> ac.Tensor:
        """The function of each element."""
        return nonlinear.prelu(x, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(Activation):
    """A leaky ReLU whose slopes are drawn from [lower, upper) for each element in training, and their mean otherwise."""

    function, options = nonlinear.rrelu, ("lower", "upper")

    def __init__(
        self,
        lower: float = 1.0 / 8.0,
        upper: float = 1.0 / 3.0,
        inplace: bool = False,
        *,
        generator: ac.random.Generator | None = None,
    ) -> None:
        super().__init__(inplace)
        self.lower, self.upper, self.generator = lower, upper, generator

    def forward(self, x: Any) -> ac.Tensor:
        """The function of each element, with new slopes in training."""
        return nonlinear.rrelu(x, self.lower, self.upper, self.training, generator=self.generator)


class ELU(Activation):
    """y = x where x > 0, else alpha·(exp(x) - 1); the derivative at 0 is alpha."""

    function, options = nonlinear.elu, ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha


class CELU(ELU):
    """y = x where x > 0, else alpha·(exp(x/alpha) - 1)."""

    function = nonlinear.celu


class SELU(Activation):
    """y = λ·elu(x, α), which keeps mean 0 and variance 1 from layer to layer; see `functional.selu`."""

    function = nonlinear.selu


class Hardtanh(Activation):
    """y = x between min_val and max_val, the bound beyond one; derivative 0 at both."""

    function, options = nonlinear.hardtanh, ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        if not min_val < max_val:
            raise ValueError(f"Hardtanh: min_val {min_val} must be less than max_val {max_val}")
        self.min_val, self.max_val = min_val, max_val


class Hardsigmoid(Activation):
    """y = x/6 + 1/2 between 0 and 1, with derivative 0 at -3 and 3."""

    function = nonlinear.hardsigmoid


class Hardswish(Activation):
    """y = x·hardsigmoid(x), with derivative 0 at -3 and 1 at 3."""

    function = nonlinear.hardswish


class Hardshrink(Activation):
    """y = 0 for |x| ≤ lambd, else x."""

    function, options = nonlinear.hardshrink, ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Hardshrink):
    """y = x brought nearer to 0 by lambd, 0 for |x| ≤ lambd."""

    function = nonlinear.softshrink


class Threshold(Activation):
    """y = x where x > threshold, else `value`; derivative 0 at the threshold."""

    function, options = nonlinear.threshold, ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold, self.value = threshold, value


class Step(Module):
    """y = 1 where x > 0, else 0: the perceptron's activation. Its derivative is 0 everywhere, also at the step.

    Source: Rosenblatt, Psychological Review 65 (1958) 386-408.

    >>> Step()([-1.0, 0.0, 0.5])
    tensor([0., 0., 1.])
    """

    def forward(self, x: Any) -> ac.Tensor:
        """1 for each positive element, else 0, in the dtype of x."""
        return ac.sign(ac.relu(x))
