"""Linear: the layer y = x Wᵀ + b."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

import autograd_core as ac

from . import init
from .module import Module, Parameter
from .seeding import as_generator


def linear(x: Any, weight: ac.Tensor, bias: ac.Tensor | None = None) -> ac.Tensor:
    """x Wᵀ + b along the last axis of x.

    Shapes: x (…, in), weight (out, in), bias (out,), result (…, out). Raises ShapeError where the last axis of x does not
    have `in` entries.
    """
    try:
        y = ac.matmul(x, weight.T)
    except ac.errors.ShapeError as error:
        raise ac.errors.ShapeError(_lesson(ac.as_tensor(x).shape, weight.shape[1])) from error
    return y if bias is None else y + bias


def _lesson(shape: tuple[int, ...], features: int) -> str:
    text = f"linear: x of shape {shape} must have {features} features along its last axis."
    if features == 1 and len(shape) == 1:
        return f"{text} For {shape[0]} points of one feature write x[:, None], of shape ({shape[0]}, 1)."
    return f"{text} Transpose x, or give the layer another in_features?"


class Linear(Module):
    """y = x Wᵀ + b, with `weight` W of shape (out_features, in_features) and `bias` b of shape (out_features,) or None.

    Both start from the uniform distribution on ±1/√in_features, as in PyTorch: `kaiming_uniform_` with a = √5.
    `dtype` is the default dtype if None. `generator` is a seed or a generator for this start.

    Raises ValueError for negative numbers of features.

    >>> layer = Linear(2, 3, generator=0)
    >>> layer(np.ones((5, 2))).shape
    (5, 3)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, dtype: Any = None, *, generator: init.Seed = None
    ) -> None:
        super().__init__()
        self.in_features = _feature_count("in_features", in_features)
        self.out_features = _feature_count("out_features", out_features)
        dtype = ac.get_default_dtype() if dtype is None else dtype
        self.weight = Parameter(np.zeros((self.out_features, self.in_features), dtype))
        self.bias = Parameter(np.zeros(self.out_features, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: init.Seed = None) -> None:
        """Draw new values for weight and bias, in this order."""
        draws = as_generator(generator)
        init.kaiming_uniform_(self.weight, a=math.sqrt(5.0), generator=draws)
        if self.bias is not None:
            bound = 1.0 / math.sqrt(max(self.in_features, 1))
            init.uniform_(self.bias, -bound, bound, generator=draws)

    def forward(self, x: Any) -> ac.Tensor:
        """x Wᵀ + b."""
        return linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def _feature_count(name: str, count: Any) -> int:
    try:
        number = operator.index(count)
    except TypeError as error:
        raise TypeError(f"Linear: {name} is a whole number, not {count!r}") from error
    if number < 0:
        raise ValueError(f"Linear: {name} must not be negative, got {number}")
    return number
