"""The functions of normalisation: values with mean 0 and variance 1 over the batch, the features, or groups of channels.

All are y = (x - E[x]) / √(Var[x] + eps) · weight + bias, and differ in what the mean runs over. The variance is the mean
of (x - E[x])²; running variances are the unbiased ones. Composed of differentiable functions throughout, so that the
derivatives of every order are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd_core as ac

Shape = tuple[int, ...]


def centred(x: ac.Tensor, axes: Shape) -> tuple[ac.Tensor, ac.Tensor, ac.Tensor]:
    """x less its mean, the mean, and the variance over these axes, which stay with length 1."""
    mean = ac.mean(x, axes, keepdims=True)
    d = x - mean
    return d, mean, ac.mean(ac.square(d), axes, keepdims=True)


def affine(d: ac.Tensor, variance: Any, eps: float, weight: Any, bias: Any) -> ac.Tensor:
    """d / √(variance + eps) · weight + bias; weight and bias broadcast to d."""
    scale = 1.0 / ac.sqrt(variance + eps)
    y = d * (scale if weight is None else scale * weight)
    return y if bias is None else y + bias


def batch_norm(
    input: Any,
    running_mean: ac.Tensor | None,
    running_var: ac.Tensor | None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> ac.Tensor:
    """Each channel of x (N, C, *lengths) normalised over batch and lengths.

    In training with the statistics of x, of which a part `momentum` goes into the running ones (in place); otherwise with
    the running ones. Raises ShapeError for an x without channels or a wrong number of them; ValueError in training with one
    value a channel, which has no variance, and otherwise without running statistics.
    """
    x = ac.as_tensor(input)
    if x.ndim < 2:
        raise ac.errors.ShapeError(f"batch_norm: needs (batch, channels, *lengths), given shape {x.shape}")
    shape = (x.shape[1], *(1,) * (x.ndim - 2))
    weight, bias = _shaped("batch_norm", shape, weight=weight, bias=bias)
    mean, variance = _shaped("batch_norm", shape, running_mean=running_mean, running_var=running_var)
    if not training:
        if mean is None or variance is None:
            raise ValueError(
                "batch_norm: without training the running mean and variance are needed. Give them, or training=True."
            )
        return affine(x - mean, variance, eps, weight, bias)
    number = x.size // max(x.shape[1], 1)
    if number == 1:
        raise ValueError(f"batch_norm: in training each channel needs more than one value; x has shape {x.shape}. Use eval()?")
    d, mean, variance = centred(x, (0, *range(2, x.ndim)))
    _follow(running_mean, mean, momentum)
    _follow(running_var, variance * (number / max(number - 1, 1)), momentum)
    return affine(d, variance, eps, weight, bias)


def instance_norm(
    input: Any,
    running_mean: ac.Tensor | None = None,
    running_var: ac.Tensor | None = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> ac.Tensor:
    """Each channel of each example of x (N, C, *lengths) normalised over its lengths.

    With `use_input_stats` by the statistics of x, the mean of which over the batch goes into the running ones; otherwise by
    the running ones. Raises as `batch_norm`, also for one value a channel and example.
    """
    x = ac.as_tensor(input)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    if x.ndim < 3:
        raise ac.errors.ShapeError(f"instance_norm: needs (batch, channels, *lengths), given shape {x.shape}")
    number, shape = math.prod(x.shape[2:]), (x.shape[1], *(1,) * (x.ndim - 2))
    if number == 1:
        raise ValueError(f"instance_norm: each channel needs more than one value; x has shape {x.shape}. Use eval()?")
    weight, bias = _shaped("instance_norm", shape, weight=weight, bias=bias)
    d, mean, variance = centred(x, tuple(range(2, x.ndim)))
    _follow(running_mean, ac.mean(mean, 0), momentum)
    _follow(running_var, ac.mean(variance, 0) * (number / max(number - 1, 1)), momentum)
    return affine(d, variance, eps, weight, bias)


def layer_norm(
    input: Any, normalized_shape: int | Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> ac.Tensor:
    """x normalised over its last axes, which have the `normalized_shape`; weight and bias have it too.

    ShapeError if x ends in another shape. Source: Ba, Kiros and Hinton, arXiv:1607.06450.
    """
    x, axes, shape = _last("layer_norm", input, normalized_shape)
    weight, bias = _shaped("layer_norm", shape, weight=weight, bias=bias)
    d, _, variance = centred(x, axes)
    return affine(d, variance, eps, weight, bias)


def rms_norm(input: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None) -> ac.Tensor:
    """x / √(E[x²] + eps) · weight over its last axes, which have the `normalized_shape`; no mean is taken off.

    `eps` is the rounding of the dtype if None. Source: Zhang and Sennrich, NeurIPS 2019.
    """
    x, axes, shape = _last("rms_norm", input, normalized_shape)
    (weight,) = _shaped("rms_norm", shape, weight=weight)
    eps = float(np.finfo(x.dtype if x.dtype.kind == "f" else np.float64).eps) if eps is None else eps
    return affine(x, ac.mean(ac.square(x), axes, keepdims=True), eps, weight, None)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> ac.Tensor:
    """x (N, C, *lengths) normalised over each of `num_groups` groups of its channels; weight and bias a number a channel.

    ShapeError unless the groups divide the channels. Source: Wu and He, ECCV 2018.
    """
    x = ac.as_tensor(input)
    if x.ndim < 2 or num_groups < 1 or x.shape[1] % num_groups:
        raise ac.errors.ShapeError(
            f"group_norm: needs (batch, channels, *lengths), and groups that divide the channels; given {num_groups} groups "
            f"and shape {x.shape}"
        )
    per = x.shape[1] // num_groups
    grouped = ac.reshape(x, (x.shape[0], num_groups, per, *x.shape[2:]))
    shape = (x.shape[1], *(1,) * (x.ndim - 2))
    weight, bias = _shaped("group_norm", shape, weight=weight, bias=bias)
    inner = lambda w: None if w is None else ac.reshape(w, (num_groups, per, *shape[1:]))
    d, _, variance = centred(grouped, tuple(range(2, grouped.ndim)))
    return ac.reshape(affine(d, variance, eps, inner(weight), inner(bias)), x.shape)


def _follow(running: ac.Tensor | None, value: ac.Tensor, momentum: Any) -> None:
    """running ← (1 - momentum)·running + momentum·value, in place and without a gradient."""
    if running is not None:
        with ac.no_grad():
            new = (1.0 - momentum) * running + momentum * ac.reshape(value.detach(), running.shape)
            running.copy_(new)


def _shaped(name: str, shape: Shape, **given: Any) -> list[Any]:
    """Tensors with one number for each element of a shape, in this shape; None stays."""
    for what, value in given.items():
        if value is not None and ac.as_tensor(value).size != math.prod(shape):
            raise ac.errors.ShapeError(
                f"{name}: {what} has shape {ac.as_tensor(value).shape}, and x needs {math.prod(shape)} numbers, one for each "
                f"{'channel' if shape[1:] == (1,) * len(shape[1:]) else 'element'}"
            )
    return [None if value is None else ac.reshape(value, shape) for value in given.values()]


def _last(name: str, input: Any, normalized_shape: int | Sequence[int]) -> tuple[ac.Tensor, Shape, Shape]:
    """x, its last axes, and their shape."""
    x, shape = ac.as_tensor(input), shape_of(normalized_shape)
    if not shape or x.shape[-len(shape) :] != shape:
        raise ac.errors.ShapeError(f"{name}: x of shape {x.shape} must end in {shape}, the shape that is normalised")
    return x, tuple(range(-len(shape), 0)), shape


def shape_of(normalized_shape: int | Sequence[int]) -> Shape:
    return tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (int(normalized_shape),)
