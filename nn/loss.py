"""Losses of regression say in one number how far predicted numbers are from those wanted.

Names, arguments, defaults and reductions are PyTorch's, without the deprecated `size_average` and `reduce`. `reduction` is
"mean", "sum" or "none" (the loss of each element). One deviation: input and target of unequal shapes raise ShapeError, where
PyTorch broadcasts with a warning; a target may be a single number.
"""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ac

from .reduction import Loss, Within, alike, check_reduction, floored, pair, reduced


def mse_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> ac.Tensor:
    """The mean of the squared errors (input - target)² over all elements.

    `reduction` is "mean", "sum" or "none" (the squared errors themselves). The target may be a single number. With `weight`,
    of the same shape, each squared error counts that much, and the mean is their sum over the sum of the weights.
    Raises ShapeError for unequal shapes: (N, 1) against (N,) would broadcast to all N² pairs and train towards the mean.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    tensor(2.5)
    """
    input, target = pair("mse_loss", input, target)
    return _weighted("mse_loss", ac.square(input - target), reduction, weight)


def l1_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> ac.Tensor:
    """The mean of the absolute errors |input - target|, with derivative 0 where they are equal; `weight` as in `mse_loss`.

    >>> l1_loss([1.0, 2.0], [0.0, 4.0])
    tensor(1.5)
    """
    input, target = pair("l1_loss", input, target)
    return _weighted("l1_loss", abs(input - target), reduction, weight)


def _weighted(name: str, values: ac.Tensor, reduction: str, weight: Any) -> ac.Tensor:
    if weight is None:
        return reduced(name, values, reduction)
    weight = _same_shape(name, values, weight)
    total = reduced(name, values * weight, "sum" if reduction == "mean" else reduction)
    return total / ac.sum(weight) if reduction == "mean" else total


def _same_shape(name: str, values: ac.Tensor, weight: Any) -> ac.Tensor:
    weight = alike(values, weight)[1]
    if weight.shape != values.shape:
        raise ac.errors.ShapeError(f"{name}: weight has shape {weight.shape}, and needs that of the input, {values.shape}")
    return weight


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> ac.Tensor:
    """The mean of d²/2 where the error d = input - target has |d| ≤ delta, and of delta·(|d| - delta/2) beyond.

    With `weight`, of the same shape, each element's loss is multiplied by it. Raises ValueError unless delta > 0.
    Source: Huber, Ann. Math. Statist. 35 (1964) 73-101.

    >>> huber_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    tensor([0.125, 2.5  ])
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta must be positive, got {delta}")
    input, target = pair("huber_loss", input, target)
    values = _huber(input - target, delta)
    return reduced("huber_loss", values if weight is None else values * _same_shape("huber_loss", values, weight), reduction)


def _huber(d: ac.Tensor, delta: float) -> ac.Tensor:
    """c·(d - c/2) with c = d clipped to ±delta: both branches in one formula, which overflows in none."""
    c = ac.clip(d, -delta, delta)
    return c * (d - 0.5 * c)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> ac.Tensor:
    """The mean of d²/(2 beta) where the error d = input - target has |d| < beta, and of |d| - beta/2 beyond.

    It is `l1_loss` for beta = 0. Raises ValueError for a negative beta. Source: Girshick, ICCV 2015, eq. 3.

    >>> smooth_l1_loss([0.5, 3.0], [0.0, 0.0], reduction="none")
    tensor([0.125, 2.5  ])
    """
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    input, target = pair("smooth_l1_loss", input, target)
    d = input - target
    return reduced("smooth_l1_loss", _huber(d, beta) / beta if beta else abs(d), reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> ac.Tensor:
    """The mean of ½ (log v + (input - target)² / v) with v = max(var, eps): how unlikely normal numbers are.

    `input` are the expected values, `var` the variances: of the shape of the input, with a last axis of length 1 or without
    it, or one number. `full` adds the constant ½ log 2π. The derivative by `var` goes on where it is below eps, as if
    v = var there. The target has the shape of the input, but for axes of length 1.

    Raises ValueError for a negative variance, ShapeError for shapes that do not fit.
    Source: Nix and Weigend, ICNN 1994, pp. 55-60.

    >>> gaussian_nll_loss([1.0, 2.0], [0.0, 2.0], [1.0, 1.0])
    tensor(0.25)
    """
    input, target = alike(input, target)
    if target.shape not in ((), input.shape) and not _stretches(target.shape, input.shape):
        input, target = pair("gaussian_nll_loss", input, target)
    v = Within("gaussian_nll_loss: variances", 0.0, math.inf)(_variance(input, alike(input, var)[1]))
    v = floored(v, eps)
    values = 0.5 * (ac.log(v) + ac.square(input - target) / v)
    return reduced("gaussian_nll_loss", values + 0.5 * math.log(2.0 * math.pi) if full else values, reduction)


def _stretches(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether a shape is the wanted one but for axes of length 1."""
    return len(shape) == len(wanted) and all(n in (1, m) for n, m in zip(shape, wanted, strict=True))


def _variance(input: ac.Tensor, var: ac.Tensor) -> ac.Tensor:
    if var.shape in ((), input.shape) or _stretches(var.shape, input.shape):
        return var
    if var.shape == input.shape[:-1]:
        return ac.expand_dims(var, -1)
    raise ac.errors.ShapeError(
        f"gaussian_nll_loss: var has shape {var.shape}, the input {input.shape}. Give one variance for each element, one "
        f"for each row (shape {input.shape[:-1]}), or one number."
    )


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean"
) -> ac.Tensor:
    """The mean of λ - target·log λ: how unlikely the counts `target` are where λ are expected.

    The input is log λ, or λ if not `log_input`; then the logarithm is that of λ + eps. `full` adds Stirling's approximation
    of log target! where the target is above 1.

    >>> poisson_nll_loss([0.0], [3.0])
    tensor(1.)
    """
    x, t = pair("poisson_nll_loss", input, target)
    values = ac.exp(x) - t * x if log_input else x - t * ac.log(x + eps)
    if full:
        many = t > 1.0
        n = ac.where(many, t, 2.0)
        values = values + ac.where(many, n * ac.log(n) - n + 0.5 * ac.log(2.0 * math.pi * n), 0.0)
    return reduced("poisson_nll_loss", values, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> ac.Tensor:
    """The divergence of Kullback and Leibler: t·(log t - input) of each element, where `input` are logarithms.

    The targets t are probabilities, or their logarithms if `log_target`. The divergence itself is the sum for each example,
    its mean over a batch is the reduction "batchmean"; "mean" divides by the number of elements, as in PyTorch.
    A target of 0 counts 0. Raises ValueError for a negative target.

    >>> kl_div(ac.log([0.5, 0.5]), [1.0, 0.0], reduction="sum")
    tensor(0.69314718)
    """
    check_reduction(reduction, "batchmean")
    x, t = pair("kl_div", input, target)
    if log_target:
        values = ac.exp(t) * (t - x)
    else:
        t = Within("kl_div: target probabilities", 0.0, math.inf)(t)
        values = ac.special.xlogy(t, t) - t * x
    if reduction != "batchmean":
        return reduced("kl_div", values, reduction)
    if not values.shape or not values.shape[0]:
        raise ac.errors.ShapeError(f"kl_div: shape {values.shape} has no batch to take the mean over")
    return ac.sum(values) / values.shape[0]


# -- as modules ----------------------------------------------------------------------------------------------


class MSELoss(Loss):
    """The mean of the squared errors, as a module; see `mse_loss`."""

    function = staticmethod(mse_loss)

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)


class L1Loss(Loss):
    """The mean of the absolute errors, as a module; see `l1_loss`."""

    function = staticmethod(l1_loss)

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)


class HuberLoss(Loss):
    """Huber's loss, as a module; see `huber_loss`."""

    function = staticmethod(huber_loss)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction, delta=delta)


class SmoothL1Loss(Loss):
    """The smooth absolute error, as a module; see `smooth_l1_loss`."""

    function = staticmethod(smooth_l1_loss)

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction, beta=beta)


class GaussianNLLLoss(Loss):
    """The loss of normal numbers, called with (input, target, var), as a module; see `gaussian_nll_loss`."""

    function = staticmethod(gaussian_nll_loss)

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction, full=full, eps=eps)


class PoissonNLLLoss(Loss):
    """The loss of counts, as a module; see `poisson_nll_loss`."""

    function = staticmethod(poisson_nll_loss)

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        super().__init__(reduction, log_input=log_input, full=full, eps=eps)


class KLDivLoss(Loss):
    """The divergence of Kullback and Leibler, as a module; see `kl_div`."""

    function = staticmethod(kl_div)

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction, log_target=log_target)

    def _check_reduction(self) -> None:
        check_reduction(self.reduction, "batchmean")
