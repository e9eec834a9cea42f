"""Adam and AdamW: steps scaled by running means of the gradient and of its square; Adamax, by its largest entries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd_core as ac

from .elementwise import ElementwiseOptimizer, Slab
from .group import Group
from .optimizer import Options, check_at_least, check_betas


class Adam(ElementwiseOptimizer):
    """Adam divides a running mean of the gradient by the root of a running mean of its square.

        g ← g + weight_decay·x              (g ← −g first, if maximize)
        m ← β₁·m + (1 − β₁)·g
        v ← β₂·v + (1 − β₂)·g²              v̂ is v, or with amsgrad the largest v so far
        x ← x − lr·(m / (1 − β₁ᵏ)) / (√(v̂ / (1 − β₂ᵏ)) + eps)      in step k = 1, 2, …

    With decoupled_weight_decay, x ← (1 − lr·weight_decay)·x takes the place of the first line. Numbers, names and defaults
    are PyTorch's. Sources: Kingma and Ba, ICLR 2015, algorithm 1; Reddi, Kale and Kumar, ICLR 2018, for amsgrad.

    >>> import autograd_core as ac
    >>> w = ac.tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> ac.sum(w**2).backward()
    >>> optimizer.step()
    >>> w.numpy().round(6)
    array([ 0.9, -2.9])
    """

    live = ("lr", "betas", "eps", "weight_decay")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        decoupled = {"maximize": maximize, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**defaults, **decoupled}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "eps", "weight_decay")
        check_betas(group)

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running means m and v, and with amsgrad the largest v."""
        return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if group["amsgrad"] else ("exp_avg", "exp_avg_sq")

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class, with the two corrections for the start taken out of the vector arithmetic."""
        (beta1, beta2), lr, k = group.cells("betas"), group.cell("lr"), s.count()
        x, g = decayed(x, g, s, group)
        m = s.mean("exp_avg", beta1, g)
        v = s.mean("exp_avg_sq", beta2, g * g)
        if group["amsgrad"]:
            v = s["max_exp_avg_sq"] = ac.maximum(s["max_exp_avg_sq"], v)
        root = ac.sqrt(1.0 - beta2**k)
        step = m / (ac.sqrt(v) + s.number(group.cell("eps") * root))
        return x - s.number(lr * root / (1.0 - beta1**k)) * step


class AdamW(Adam):
    """Adam with decoupled weight decay: x ← (1 − lr·weight_decay)·x before the step, and the means see g alone.

    Numbers, names and defaults are PyTorch's. Source: Loshchilov and Hutter, ICLR 2019.
    """

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        decoupled = {"maximize": maximize, "decoupled_weight_decay": True}
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, **decoupled, **switches)


class Adamax(ElementwiseOptimizer):
    """Adam with the largest entry in place of the root of the mean square.

        g ← g + weight_decay·x
        m ← β₁·m + (1 − β₁)·g
        u ← max(β₂·u, |g| + eps)
        x ← x − lr / (1 − β₁ᵏ)·m / u        in step k = 1, 2, …

    Numbers, names and defaults are PyTorch's. Source: Kingma and Ba, ICLR 2015, algorithm 2.
    """

    live = ("lr", "betas", "eps", "weight_decay")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "eps", "weight_decay")
        check_betas(group)

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running mean m and the largest entry u."""
        return ("exp_avg", "exp_inf")

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        (beta1, beta2), lr, k = group.cells("betas"), group.cell("lr"), s.count()
        x, g = decayed(x, g, s, group)
        m = s.mean("exp_avg", beta1, g)
        u = s["exp_inf"] = ac.maximum(s.number(beta2) * s["exp_inf"], ac.abs(g) + s.number(group.cell("eps")))
        return x - s.number(lr / (1.0 - beta1**k)) * (m / u)


def decayed(x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> tuple[ac.Tensor, ac.Tensor]:
    """x and g after weight decay: g + weight_decay·x, or where that is decoupled (1 − lr·weight_decay)·x."""
    if not group.uses("weight_decay"):
        return x, g
    decay = group.cell("weight_decay")
    if group.get("decoupled_weight_decay"):
        return s.number(1.0 - group.cell("lr") * decay) * x, g
    return x, g + s.number(decay) * x
