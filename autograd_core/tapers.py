"""Tapers for signals: hanning, hamming, blackman, bartlett and kaiser. All but the last are constants."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from .dtypes import get_default_dtype
from .errors import DTypeError
from .ops.elementwise import divide, multiply
from .special import i0
from .tensor import Tensor, as_tensor, from_array


def _constant(function: Callable, M: Any) -> Tensor:
    """What a function of NumPy gives for a number of points, in the default dtype."""
    return from_array(function(_points(function.__name__, M)).astype(get_default_dtype()))


def _points(name: str, M: Any) -> int:
    try:
        return index(M)
    except TypeError:
        raise DTypeError(f"{name}: the number of points is a whole number; given {M!r}") from None


def hanning(M: int) -> Tensor:
    """½ + ½ cos(πt) at M points t from -1 to 1: 0 at both ends. One point gives 1, none an empty array."""
    return _constant(np.hanning, M)


def hamming(M: int) -> Tensor:
    """0.54 + 0.46 cos(πt) at M points t from -1 to 1."""
    return _constant(np.hamming, M)


def blackman(M: int) -> Tensor:
    """0.42 + 0.5 cos(πt) + 0.08 cos(2πt) at M points t from -1 to 1."""
    return _constant(np.blackman, M)


def bartlett(M: int) -> Tensor:
    """1 - |t| at M points t from -1 to 1: a triangle."""
    return _constant(np.bartlett, M)


def kaiser(M: int, beta: Any) -> Tensor:
    """i0(β √(1 - t²)) / i0(β) at M points t from -1 to 1; differentiable with respect to the number β.

    >>> import autograd_core as ac
    >>> ac.kaiser(3, 1.0), ac.grad(lambda beta: ac.kaiser(3, beta)[0])(1.0)
    (tensor([0.78984831, 1.        , 0.78984831]), tensor(-0.35258036))
    """
    beta = as_tensor(beta)
    points = _points("kaiser", M)
    if beta.ndim:
        raise DTypeError(f"kaiser: beta is one number; given shape {beta.shape}")
    t = np.linspace(-1.0, 1.0, points) if points > 1 else np.zeros(max(points, 0))
    return divide(i0(multiply(beta, np.sqrt(1.0 - t * t).astype(get_default_dtype()))), i0(beta))
