"""Losses say in one number how far a prediction is from its target; penalties say how large the weights are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import autograd_core as ac

from .module import Module

REDUCTIONS: dict[str, Callable[[ac.Tensor], ac.Tensor]] = {"mean": ac.mean, "sum": ac.sum, "none": lambda x: x}


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> ac.Tensor:
    """The mean of the squared errors (input - target)² over all elements.

    `reduction` is "mean", "sum" or "none" (the squared errors themselves). The target may be a single number.
    Raises ShapeError for unequal shapes: (N, 1) against (N,) would broadcast to all N² pairs and train towards the mean.

    >>> mse_loss([1.0, 2.0], [0.0, 4.0])
    tensor(2.5)
    """
    input, target = ac.as_tensor(input), ac.as_tensor(target)
    if input.shape != target.shape and target.shape != ():
        raise ac.errors.ShapeError(_unequal("mse_loss", input.shape, target.shape))
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction is one of {', '.join(REDUCTIONS)}; got {reduction!r}")
    if reduction == "mean" and input.size == 0:
        raise ac.errors.ShapeError(f"mse_loss: shape {input.shape} has no elements, and no mean. Are there any data?")
    return REDUCTIONS[reduction](ac.square(input - target))


def _unequal(name: str, given: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    text = f"{name}: input has shape {given}, target {wanted}; they must be equal, or every pair would be compared."
    if given == (*wanted, 1):
        return f"{text} Write target[:, None], or input[..., 0]."
    return f"{text} Write input[:, None], or target[..., 0]." if wanted == (*given, 1) else f"{text} Reshape one of them."


class MSELoss(Module):
    """The mean of the squared errors, as a module; see `mse_loss`."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction is one of {', '.join(REDUCTIONS)}; got {reduction!r}")
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> ac.Tensor:
        """The loss of a prediction `input` against a target of the same shape."""
        return mse_loss(input, target, self.reduction)


def l1_penalty(weights: Module | Iterable[ac.Tensor], biases: bool = False) -> ac.Tensor:
    """The sum of |w| over the weights of a module, or over the Tensors given; a module's biases count if `biases`.

    The derivative at w = 0 is 0.
    """
    return _total([ac.sum(abs(w)) for w in penalised(weights, biases)])


def l2_penalty(weights: Module | Iterable[ac.Tensor], biases: bool = False) -> ac.Tensor:
    """The sum of w² over the weights of a module, or over the Tensors given; a module's biases count if `biases`.

    Adding λ times this to a loss is the option weight_decay = 2λ of plain SGD.

    >>> l2_penalty([ac.tensor([1.0, 2.0]), ac.tensor([[3.0]])])
    tensor(14.)
    """
    return _total([ac.sum(ac.square(w)) for w in penalised(weights, biases)])


def penalised(weights: Module | Iterable[ac.Tensor], biases: bool = False) -> list[ac.Tensor]:
    """The parameters that a penalty is about: those of a module whose name does not begin with "bias".

    A bias moves a curve without making it steeper: holding it small would cost accuracy and smooth nothing.
    """
    if not isinstance(weights, Module):
        return list(weights)
    named = weights.named_parameters()
    return [p for name, p in named if biases or not name.rpartition(".")[2].startswith("bias")]


def _total(terms: list[ac.Tensor]) -> ac.Tensor:
    if not terms:
        raise ValueError("a penalty needs weights, and there are none here. Was a generator such as parameters() used up?")
    total, *rest = terms
    for term in rest:
        total = total + term
    return total
