"""The nonlinear functions of networks, element by element or along one axis, under PyTorch's functional names.

Values at kinks are PyTorch's and stand in each docstring. `inplace` is accepted everywhere and changes nothing: results
are always new Tensors.
"""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ac

# -- straight pieces ---------------------------------------------------------------------------------------


def relu(input: Any, inplace: bool = False) -> ac.Tensor:
    """max(x, 0), with derivative 0 at 0."""
    return ac.relu(input)


def relu6(input: Any, inplace: bool = False) -> ac.Tensor:
    """min(max(x, 0), 6), with derivative 0 at 0 and at 6."""
    return hardtanh(input, 0.0, 6.0)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> ac.Tensor:
    """x between two bounds, and the bound beyond one; derivative 0 at both. ValueError unless min_val < max_val."""
    if not min_val < max_val:
        raise ValueError(f"hardtanh: min_val {min_val} must be less than max_val {max_val}")
    x = ac.as_tensor(input)
    return ac.where(x <= min_val, float(min_val), ac.where(x >= max_val, float(max_val), x))


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> ac.Tensor:
    """x where x > 0, else negative_slope·x; the derivative at 0 is negative_slope."""
    x = ac.as_tensor(input)
    return ac.where(x > 0, x, negative_slope * x)


def prelu(input: Any, weight: Any) -> ac.Tensor:
    """x where x > 0, else w·x, with a weight for all or for each channel; at 0 the derivative by x is w, that by w is 0.

    Channels are axis 1. Raises ShapeError unless the weight is one number or one for each channel.
    """
    x, w = ac.as_tensor(input), ac.as_tensor(weight)
    channels = x.shape[1] if x.ndim > 1 else 1
    if w.ndim > 1 or w.size not in (1, channels):
        raise ac.errors.ShapeError(
            f"prelu: weight needs 1 or {channels} numbers for x of shape {x.shape}; its shape is {w.shape}"
        )
    if w.size > 1:
        w = ac.reshape(w, (channels, *(1,) * (x.ndim - 2)))
    return ac.where(x > 0, x, w * x)


def rrelu(
    input: Any,
    lower: float = 1.0 / 8.0,
    upper: float = 1.0 / 3.0,
    training: bool = False,
    inplace: bool = False,
    generator: ac.random.Generator | None = None,
) -> ac.Tensor:
    """A leaky ReLU with slopes drawn from [lower, upper) for each element in training, their mean otherwise.

    The derivative at 0 is that slope. Source: Xu et al., arXiv:1505.00853.
    """
    x = ac.as_tensor(input)
    if not training:
        return leaky_relu(x, (lower + upper) / 2.0)
    draws = ac.random.default_generator if generator is None else generator
    return ac.where(x > 0, x, draws.uniform(lower, upper, x.shape, x.dtype) * x)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> ac.Tensor:
    """x where x > threshold, else a constant; derivative 0 at the threshold."""
    x = ac.as_tensor(input)
    return ac.where(x <= threshold, float(value), x)


def hardshrink(input: Any, lambd: float = 0.5) -> ac.Tensor:
    """0 for |x| ≤ lambd, else x; derivative 0 at both ends."""
    x = ac.as_tensor(input)
    return ac.where((x >= -lambd) & (x <= lambd), 0.0, x)


def softshrink(input: Any, lambd: float = 0.5) -> ac.Tensor:
    """x brought nearer to 0 by lambd, 0 for |x| ≤ lambd; derivative 0 at both ends. ValueError for a negative lambd."""
    if lambd < 0:
        raise ValueError(f"softshrink: lambd must not be negative, got {lambd}")
    x = ac.as_tensor(input)
    return ac.where(x > lambd, x - lambd, ac.where(x < -lambd, x + lambd, 0.0 * x))


def hardsigmoid(input: Any, inplace: bool = False) -> ac.Tensor:
    """x/6 + 1/2 between 0 and 1, a straight sigmoid; derivative 0 at -3 and 3."""
    x = ac.as_tensor(input)
    return ac.where(x <= -3.0, 0.0, ac.where(x >= 3.0, 1.0, (x + 3.0) / 6.0))


def hardswish(input: Any, inplace: bool = False) -> ac.Tensor:
    """x·hardsigmoid(x); derivative 0 at -3 and 1 at 3. Source: Howard et al., ICCV 2019."""
    x = ac.as_tensor(input)
    return ac.where(x <= -3.0, 0.0, ac.where(x >= 3.0, x, x * (x + 3.0) / 6.0))


# -- exponentials ------------------------------------------------------------------------------------------


def sigmoid(input: Any) -> ac.Tensor:
    """1 / (1 + exp(-x)), the logistic function."""
    return ac.sigmoid(input)


def tanh(input: Any) -> ac.Tensor:
    """tanh(x)."""
    return ac.tanh(input)


def tanhshrink(input: Any) -> ac.Tensor:
    """x - tanh(x)."""
    x = ac.as_tensor(input)
    return x - ac.tanh(x)


def softplus(input: Any, beta: float = 1.0, threshold: float = math.inf) -> ac.Tensor:
    """log(1 + exp(beta·x)) / beta, a smooth ReLU, and x itself where beta·x > threshold.

    PyTorch's threshold is 20, which is wrong in the tenth digit there and cuts the second derivative to 0; here the default
    is none, and the values are exact for every x. ValueError unless beta > 0.
    """
    if not beta > 0:
        raise ValueError(f"Softplus: beta must be positive, got {beta}")
    x = ac.as_tensor(input)
    y = ac.softplus(x) if beta == 1.0 else ac.softplus(beta * x) / beta
    return y if threshold == math.inf else ac.where(beta * x > threshold, x, y)


def logsigmoid(input: Any) -> ac.Tensor:
    """log(1 / (1 + exp(-x))), exact also where it is large."""
    return -ac.softplus(-ac.as_tensor(input))


def softsign(input: Any) -> ac.Tensor:
    """x / (1 + |x|), with derivative 1 and second derivative 0 at 0."""
    x = ac.as_tensor(input)
    return x / (1.0 + ac.abs(x))


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> ac.Tensor:
    """x where x > 0, else alpha·(exp(x) - 1); the derivative at 0 is alpha. Source: Clevert et al., ICLR 2016, eq. 15."""
    return _exponential_unit(input, alpha, 1.0)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> ac.Tensor:
    """x where x > 0, else alpha·(exp(x/alpha) - 1), whose derivative is 1 at 0 from both sides.

    ValueError for alpha = 0. Source: Barron, arXiv:1704.07483.
    """
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0: the function divides by it")
    return _exponential_unit(input, alpha, alpha)


SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def selu(input: Any, inplace: bool = False) -> ac.Tensor:
    """λ·elu(x, α) with the λ and α that keep mean 0 and variance 1; the derivative at 0 is λα = 1.758.

    Source: Klambauer et al., NeurIPS 2017, eq. 2.
    """
    return SELU_SCALE * _exponential_unit(input, SELU_ALPHA, 1.0)


def _exponential_unit(input: Any, alpha: float, width: float) -> ac.Tensor:
    x = ac.as_tensor(input)
    below = ac.where(x > 0, 0.0, x)  # what is not taken must not overflow
    return ac.where(x > 0, x, alpha * ac.expm1(below if width == 1.0 else below / width))


def gelu(input: Any, approximate: str = "none") -> ac.Tensor:
    """x·Φ(x) with the normal distribution function Φ, or with approximate="tanh"

        x·(1 + tanh(√(2/π)·(x + 0.044715 x³))) / 2.

    ValueError for another approximation. Source: Hendrycks and Gimpel, arXiv:1606.08415.
    """
    x = ac.as_tensor(input)
    if approximate == "none":
        return 0.5 * x * ac.erfc(-math.sqrt(0.5) * x)
    if approximate != "tanh":
        raise ValueError(f'gelu: approximate is "none" or "tanh", not {approximate!r}')
    return 0.5 * x * (1.0 + ac.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * (x * x * x))))


def silu(input: Any, inplace: bool = False) -> ac.Tensor:
    """x·sigmoid(x), also called swish. Source: Elfwing et al., Neural Networks 107 (2018) 3-11."""
    x = ac.as_tensor(input)
    return x * ac.sigmoid(x)


def mish(input: Any, inplace: bool = False) -> ac.Tensor:
    """x·tanh(softplus(x)). Source: Misra, arXiv:1908.08681."""
    x = ac.as_tensor(input)
    return x * ac.tanh(ac.softplus(x))


# -- along one axis ----------------------------------------------------------------------------------------


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> ac.Tensor:
    """exp(x) / Σ exp(x) along `dim`: positive weights that add up to 1.

    Without `dim` it is, as in PyTorch, axis 0 of 0, 1 or 3 axes, else axis 1; better say which. `dtype` converts x first.
    """
    x = _converted(input, dtype)
    return ac.softmax(x, _axis(x, dim))


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> ac.Tensor:
    """log(softmax(x, dim)) without cancellation."""
    x = _converted(input, dtype)
    return ac.log_softmax(x, _axis(x, dim))


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> ac.Tensor:
    """softmax(-x, dim)."""
    x = _converted(input, dtype)
    return ac.softmax(-x, _axis(x, dim))


def glu(input: Any, dim: int = -1) -> ac.Tensor:
    """a·sigmoid(b), where a and b are the halves of x along `dim`. ShapeError for an odd length.

    Source: Dauphin et al., ICML 2017.
    """
    x = ac.as_tensor(input)
    if x.ndim == 0 or x.shape[dim] % 2:
        raise ac.errors.ShapeError(f"glu: axis {dim} is cut in halves, and must have an even length; given shape {x.shape}")
    a, b = ac.split(x, 2, dim)
    return a * ac.sigmoid(b)


def _converted(input: Any, dtype: Any) -> ac.Tensor:
    x = ac.as_tensor(input)
    return x if dtype is None else x.astype(dtype)


def _axis(x: ac.Tensor, dim: int | None) -> int | None:
    if x.ndim == 0 and dim in (None, 0, -1):
        return None
    return (0 if x.ndim in (1, 3) else 1) if dim is None else dim
