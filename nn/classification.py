"""Losses of classification say in one number how little a prediction believes in the right classes.

Names, arguments, defaults and reductions are PyTorch's, without the deprecated `size_average` and `reduce`. Those that take
logits (scores, any real numbers) are exact for all of them, and so are their derivatives: nothing overflows or cancels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd_core as ac

from .indices import as_indices
from .reduction import Loss, Within, alike, check_reduction, fitting, pair, reduced

LEAST_LOG = -100.0  # PyTorch's bounds of binary_cross_entropy at probabilities 0 and 1
LEAST_VARIANCE = 1e-12


# -- two classes -----------------------------------------------------------------------------------------------


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> ac.Tensor:
    """The mean of -(t log p + (1 - t) log(1 - p)) for probabilities p = `input` and targets t, both in [0, 1].

    At p = 0 and p = 1 it is finite as in PyTorch: logarithms are at least -100, and the derivative (p - t) / (p (1 - p)) has
    a denominator of at least 1e-12. From logits use `binary_cross_entropy_with_logits`, which is exact.
    `weight` broadcasts to the input. Raises ValueError for numbers outside [0, 1], ShapeError for unequal shapes.

    >>> binary_cross_entropy([0.5, 1.0], [1.0, 1.0], reduction="sum")
    tensor(0.69314718)
    """
    name = "binary_cross_entropy"
    p, t = pair(name, input, target)
    p, t = Within(f"{name}: input probabilities")(p), Within(f"{name}: target probabilities")(t)
    still = ac.stop_gradient(p)
    saturated = still * (1.0 - still) < LEAST_VARIANCE
    inner = ac.where(saturated, 0.5, p)
    slope = (still - ac.stop_gradient(t)) / LEAST_VARIANCE
    bounded = _bernoulli(t, _bounded(ac.log, still, 0.0), _bounded(ac.log1p, -still, -1.0))
    outer = bounded + slope * (p - still)
    values = ac.where(saturated, outer, _bernoulli(t, ac.log(inner), ac.log1p(-inner)))
    return reduced(name, values if weight is None else values * fitting(name, "weight", weight, p), reduction)


def _bernoulli(t: ac.Tensor, log_p: ac.Tensor, log_q: ac.Tensor) -> ac.Tensor:
    return -(t * log_p + (1.0 - t) * log_q)


def _bounded(log: Callable[[ac.Tensor], ac.Tensor], x: ac.Tensor, pole: float) -> ac.Tensor:
    """A logarithm of x, but LEAST_LOG where that is larger, also at the pole."""
    at = x == pole
    return ac.where(at, LEAST_LOG, ac.maximum(log(ac.where(at, 0.5, x)), LEAST_LOG))


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> ac.Tensor:
    """The mean of t·w log(1 + exp(-x)) + (1 - t) log(1 + exp(x)) for logits x = `input` and targets t.

    It is `binary_cross_entropy` of the probabilities 1 / (1 + exp(-x)), without rounding. w = `pos_weight` says how much a
    positive example counts for, and broadcasts to the input, as `weight` does, which multiplies the loss of each element.

    >>> binary_cross_entropy_with_logits([-1000.0, 0.0, 1000.0], [1.0, 1.0, 1.0], reduction="none")
    tensor([1.00000000e+03, 6.93147181e-01, 0.00000000e+00])
    """
    name = "binary_cross_entropy_with_logits"
    x, t = pair(name, input, target)
    positive = t * ac.softplus(-x)
    if pos_weight is not None:
        positive = positive * fitting(name, "pos_weight", pos_weight, x)
    values = positive + (1.0 - t) * ac.softplus(x)
    return reduced(name, values if weight is None else values * fitting(name, "weight", weight, x), reduction)


# -- many classes --------------------------------------------------------------------------------------------------


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> ac.Tensor:
    """The mean of -log softmax(input) at the right class, from logits: the usual loss of classification.

    The input has shape (N, C) for N examples and C classes, (N, C, d₁, …) for a picture of them, or (C,). The target holds
    class numbers, of shape (N,), (N, d₁, …) or (), or probabilities of all classes, of the shape of the input and floating.
    `weight`, of shape (C,), says how much each class counts for; the mean over class numbers is divided by the sum of the
    weights of the targets. Targets equal to `ignore_index` count for nothing; the mean is NaN if all do.
    `label_smoothing` s mixes the target with the uniform distribution: (1 - s) target + s/C.

    Raises IndexError for a class out of range, ValueError for negative probabilities, ShapeError and DTypeError.

    >>> cross_entropy([[0.0, 0.0], [1000.0, -1000.0]], [1, 1], reduction="none")
    tensor([6.93147181e-01, 2.00000000e+03])
    """
    name = "cross_entropy"
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(f"{name}: label_smoothing is a share between 0 and 1, not {label_smoothing}")
    x, t = ac.as_tensor(input), ac.as_tensor(target)
    axis = _class_axis(name, x)
    log_p = ac.log_softmax(x, axis)
    if t.shape == x.shape:
        return _of_probabilities(name, log_p, t, axis, weight, reduction, label_smoothing)
    return _of_classes(name, log_p, t, axis, weight, ignore_index, reduction, label_smoothing)


def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> ac.Tensor:
    """The mean of -input at the right class, where the input are log-probabilities, as `log_softmax` gives.

    Shapes, weights and `ignore_index` as in `cross_entropy`, with class numbers as targets.

    >>> nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0])
    tensor(2.5)
    """
    x = ac.as_tensor(input)
    return _of_classes("nll_loss", x, ac.as_tensor(target), _class_axis("nll_loss", x), weight, ignore_index, reduction)


def _class_axis(name: str, x: ac.Tensor) -> int:
    if x.ndim == 0:
        raise ac.errors.ShapeError(f"{name}: the input is one number, and needs an axis of classes: (C,), (N, C), (N, C, …)")
    return 0 if x.ndim == 1 else 1


def _of_classes(
    name: str,
    log_p: ac.Tensor,
    target: ac.Tensor,
    axis: int,
    weight: Any,
    ignore_index: int,
    reduction: str,
    smoothing: float = 0.0,
) -> ac.Tensor:
    """The loss for targets that are class numbers; the losses of all examples are divided by the sum of their weights."""
    check_reduction(reduction)
    _check_classes(name, log_p, target, axis)
    kept = target != ignore_index
    classes = as_indices(f"{name}: target classes", ac.where(kept, target, 0), log_p.shape[axis])
    values = -ac.squeeze(ac.take_along_axis(log_p, ac.expand_dims(classes, axis), axis), axis)
    counts = kept.astype(log_p.dtype)
    if weight is not None:
        weight = _class_weights(name, log_p, weight, axis)
        shares = ac.take(ac.reshape(weight, (log_p.shape[axis],)), classes)
        values, counts = values * shares, counts * shares
    if smoothing:
        spread = -ac.sum(log_p if weight is None else log_p * weight, axis)
        values = (1.0 - smoothing) * values + smoothing / log_p.shape[axis] * spread
    values = ac.where(kept, values, 0.0)
    if reduction != "mean":
        return reduced(name, values, reduction)
    return reduced(name, values, "sum" if values.size else reduction) / ac.sum(counts)


def _of_probabilities(
    name: str, log_p: ac.Tensor, target: ac.Tensor, axis: int, weight: Any, reduction: str, smoothing: float
) -> ac.Tensor:
    """The loss for targets that are the probabilities of all classes."""
    if target.dtype.kind != "f":
        raise ac.errors.DTypeError(
            f"{name}: a target of the shape of the input, {log_p.shape}, holds probabilities, which are floating numbers, not "
            f"{target.dtype}. For class numbers leave out the axis of the classes."
        )
    target = Within(f"{name}: target probabilities", 0.0, math.inf)(target)
    if smoothing:
        target = (1.0 - smoothing) * target + smoothing / log_p.shape[axis]
    if weight is not None:
        target = target * _class_weights(name, log_p, weight, axis)
    return reduced(name, -ac.sum(log_p * target, axis), reduction)


def _check_classes(name: str, x: ac.Tensor, target: ac.Tensor, axis: int) -> None:
    wanted = (*x.shape[:axis], *x.shape[axis + 1 :])
    if target.shape != wanted:
        raise ac.errors.ShapeError(
            f"{name}: the input has shape {x.shape}, with the classes along axis {axis}, and the target {target.shape}. Class "
            f"numbers have shape {wanted}" + (f", probabilities {x.shape}." if name == "cross_entropy" else ".")
        )
    if target.dtype.kind not in "iu" and target.size:
        raise ac.errors.DTypeError(f"{name}: class numbers are whole, not {target.dtype}. Write target.astype(int).")


def _class_weights(name: str, x: ac.Tensor, weight: Any, axis: int) -> ac.Tensor:
    """The weights of the classes, along their axis of the input."""
    weight = alike(x, weight)[1]
    if weight.shape != (x.shape[axis],):
        raise ac.errors.ShapeError(f"{name}: weight has shape {weight.shape}; {x.shape[axis]} classes need ({x.shape[axis]},)")
    return ac.reshape(weight, (-1, *(1,) * (x.ndim - axis - 1)))


# -- as modules ----------------------------------------------------------------------------------------------------


class BCELoss(Loss):
    """The loss of probabilities of one class or the other, as a module; see `binary_cross_entropy`."""

    function = staticmethod(binary_cross_entropy)

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction, weight=weight)


class BCEWithLogitsLoss(Loss):
    """The loss of logits of one class against the other, as a module; see `binary_cross_entropy_with_logits`."""

    function = staticmethod(binary_cross_entropy_with_logits)

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction, weight=weight, pos_weight=pos_weight)


class CrossEntropyLoss(Loss):
    """The loss of logits of many classes, as a module; see `cross_entropy`."""

    function = staticmethod(cross_entropy)

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction, weight=weight, ignore_index=ignore_index, label_smoothing=label_smoothing)


class NLLLoss(Loss):
    """The loss of log-probabilities of many classes, as a module; see `nll_loss`."""

    function = staticmethod(nll_loss)

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction, weight=weight, ignore_index=ignore_index)
