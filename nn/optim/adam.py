"""Adam: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

import autograd_core as ac

from .elementwise import ElementwiseOptimizer
from .optimizer import Group, check_at_least


class Adam(ElementwiseOptimizer):
    """Adam divides a running mean of the gradient by the root of a running mean of its square.

        g ← g + weight_decay·x              (g ← −g first, if maximize)
        m ← β₁·m + (1 − β₁)·g
        v ← β₂·v + (1 − β₂)·g²              v̂ is v, or with amsgrad the largest v so far
        x ← x − lr·(m / (1 − β₁ᵏ)) / (√(v̂ / (1 − β₂ᵏ)) + eps)      in step k = 1, 2, …

    Numbers, names and defaults are PyTorch's. Sources: Kingma and Ba, ICLR 2015, algorithm 1; Reddi, Kale and
    Kumar, ICLR 2018, for amsgrad.

    >>> import autograd_core as ac
    >>> w = ac.tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> ac.sum(w**2).backward()
    >>> optimizer.step()
    >>> w.numpy().round(6)
    array([ 0.9, -2.9])
    """

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Group],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "amsgrad": amsgrad, "maximize": maximize})

    def _check_options(self, group: Group) -> None:
        check_at_least(0, group, "lr", "eps", "weight_decay")
        if not all(0 <= beta < 1 for beta in group["betas"]):
            raise ValueError(f"both betas must be in [0, 1), got {group['betas']}")

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running means m and v, and with amsgrad the largest v."""
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def rule(self, x: np.ndarray, g: np.ndarray, moments: list[np.ndarray], step: np.ndarray, count: int, group: Group) -> None:
        """The formula of the class, with the two corrections for the start taken out of the vector arithmetic."""
        (beta1, beta2), (m, v, *largest) = group["betas"], moments
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        m *= beta1
        m += np.multiply(g, 1.0 - beta1, out=step)
        v *= beta2
        np.multiply(g, g, out=step)
        step *= 1.0 - beta2
        v += step
        for v_max in largest:
            v = np.maximum(v_max, v, out=v_max)
        root = math.sqrt(1.0 - beta2**count)
        np.sqrt(v, out=step)
        step += group["eps"] * root
        np.divide(m, step, out=step)
        step *= group["lr"] * root / (1.0 - beta1**count)
