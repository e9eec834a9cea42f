"""NAdam and RAdam: Adam with Nesterov's momentum, and Adam with a rectified first phase."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd_core as ac

from .adam import decayed
from .elementwise import ElementwiseOptimizer, Slab
from .group import Group
from .optimizer import Options, check_at_least, check_betas


class NAdam(ElementwiseOptimizer):
    """Adam with Nesterov's momentum.

        g ← g + weight_decay·x              or, decoupled, x ← (1 − lr·weight_decay)·x
        μₖ = β₁·(1 − ½·0.96^(k·momentum_decay)),   M = μ₁·…·μₖ
        m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²
        x ← x − lr·((1 − μₖ)/(1 − M)·g + μₖ₊₁/(1 − M·μₖ₊₁)·m) / (√(v / (1 − β₂ᵏ)) + eps)      in step k = 1, 2, …

    Numbers, names and defaults are PyTorch's; `mu_product` is M. Source: Dozat, ICLR workshop 2016.
    """

    live = ("lr", "betas", "eps", "weight_decay", "momentum_decay")
    numbers = ("step", "mu_product")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "momentum_decay": momentum_decay}
        decoupled = {"decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize}
        super().__init__(params, {**defaults, **decoupled}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "eps", "weight_decay", "momentum_decay")
        check_betas(group)

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running means m and v."""
        return ("exp_avg", "exp_avg_sq")

    def start(self, name: str, group: Group) -> float:
        """The empty product is 1."""
        return 1.0 if name == "mu_product" else 0.0

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        (beta1, beta2), lr, k = group.cells("betas"), group.cell("lr"), s.count()
        x, g = decayed(x, g, s, group)
        mu, after = (beta1 * (1.0 - 0.5 * 0.96 ** (n * group.cell("momentum_decay"))) for n in (k, k + 1.0))
        product = s["mu_product"] = s["mu_product"] * mu
        m = s.mean("exp_avg", beta1, g)
        v = s.mean("exp_avg_sq", beta2, g * g)
        mixed = s.number(lr * (1.0 - mu) / (1.0 - product)) * g + s.number(lr * after / (1.0 - product * after)) * m
        return x - mixed / (ac.sqrt(v / s.number(1.0 - beta2**k)) + s.number(group.cell("eps")))


class RAdam(ElementwiseOptimizer):
    """Adam whose steps are rectified while few squares have been seen.

        g ← g + weight_decay·x              or, decoupled, x ← (1 − lr·weight_decay)·x
        m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²
        ρ∞ = 2/(1 − β₂) − 1,   ρ = ρ∞ − 2·k·β₂ᵏ/(1 − β₂ᵏ)      in step k = 1, 2, …
        r = √((ρ − 4)(ρ − 2)·ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)·ρ))·√(1 − β₂ᵏ) / (√v + eps) if ρ > 5, else 1
        x ← x − lr·m/(1 − β₁ᵏ)·r

    Numbers, names and defaults are PyTorch's. Source: Liu et al., ICLR 2020, algorithm 2.
    """

    live = ("lr", "betas", "eps", "weight_decay")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        decoupled = {"decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize}
        super().__init__(params, {**defaults, **decoupled}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "eps", "weight_decay")
        check_betas(group)

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running means m and v."""
        return ("exp_avg", "exp_avg_sq")

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class; both cases are computed, and the number ρ chooses."""
        (beta1, beta2), k = group.cells("betas"), s.count()
        x, g = decayed(x, g, s, group)
        m = s.mean("exp_avg", beta1, g)
        v = s.mean("exp_avg_sq", beta2, g * g)
        power = beta2**k
        rho_inf = 2.0 / (1.0 - beta2) - 1.0
        rho = rho_inf - 2.0 * k * power / (1.0 - power)
        adaptive, far = rho > 5.0, ac.maximum(rho, 5.0)
        least = ac.maximum((rho_inf - 4.0) * (rho_inf - 2.0), 1.0)  # that of ρ∞ > 5 is above 3; else it is not used
        r = ac.sqrt((far - 4.0) * (far - 2.0) * rho_inf / (least * far) * (1.0 - power))
        scale = group.cell("lr") / (1.0 - beta1**k)
        root = ac.sqrt(v) + s.number(group.cell("eps"))
        return x - ac.where(adaptive, s.number(scale * r) * (m / root), s.number(scale) * m)
