"""Penalties say in one number how large the weights are; a loss plus a multiple of one prefers small weights."""

from __future__ import annotations

from collections.abc import Iterable

import autograd_core as ac

from .module import Module


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


def elastic_penalty(weights: Module | Iterable[ac.Tensor], l1_ratio: float = 0.5, biases: bool = False) -> ac.Tensor:
    """r Σ|w| + (1 - r)/2 Σw² with r = `l1_ratio` in [0, 1], over the weights of a module or the Tensors given.

    Source: Zou and Hastie, J. R. Statist. Soc. B 67 (2005) 301-320, in the scaling of scikit-learn's ElasticNet.

    >>> elastic_penalty([ac.tensor([1.0, -2.0])], l1_ratio=0.2)
    tensor(2.6)
    """
    if not 0.0 <= l1_ratio <= 1.0:
        raise ValueError(f"elastic_penalty: l1_ratio is a share between 0 and 1, not {l1_ratio}")
    chosen = penalised(weights, biases)
    return l1_ratio * l1_penalty(chosen) + 0.5 * (1.0 - l1_ratio) * l2_penalty(chosen)


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
