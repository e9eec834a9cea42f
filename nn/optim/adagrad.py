"""Steps divided by the root of squares seen so far: Adagrad (their sum), RMSprop and Adadelta (running means)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd_core as ac

from .adam import decayed
from .elementwise import ElementwiseOptimizer, Slab
from .group import Group
from .optimizer import Options, check_at_least


class Adagrad(ElementwiseOptimizer):
    """Adagrad divides the gradient by the root of the sum of all its squares.

        g ← g + weight_decay·x
        v ← v + g²                          v is initial_accumulator_value at first
        x ← x − lr / (1 + (k − 1)·lr_decay)·g / (√v + eps)      in step k = 1, 2, …

    Numbers, names and defaults are PyTorch's. Source: Duchi, Hazan and Singer, JMLR 12 (2011) 2121–2159.
    """

    live = ("lr", "lr_decay", "weight_decay", "eps")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        start = {"initial_accumulator_value": initial_accumulator_value, "maximize": maximize}
        super().__init__(params, {**defaults, **start}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")

    def moments(self, group: Group) -> tuple[str, ...]:
        """The sum v of squares."""
        return ("sum",)

    def start(self, name: str, group: Group) -> float:
        """The sum begins with initial_accumulator_value."""
        return group["initial_accumulator_value"] if name == "sum" else 0.0

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        k = s.count()
        x, g = decayed(x, g, s, group)
        v = s["sum"] = s["sum"] + g * g
        lr = group.cell("lr") / (1.0 + (k - 1.0) * group.cell("lr_decay"))
        return x - s.number(lr) * (g / (ac.sqrt(v) + s.number(group.cell("eps"))))


class RMSprop(ElementwiseOptimizer):
    """RMSprop divides the gradient by the root of a running mean of its square, or of its variance if `centered`.

        g ← g + weight_decay·x
        v ← α·v + (1 − α)·g²,   a ← α·a + (1 − α)·g
        d = g / (√v + eps)                  centered: d = g / (√(v − a²) + eps)
        b ← momentum·b + d,   x ← x − lr·b  without momentum: x ← x − lr·d

    Numbers, names and defaults are PyTorch's. Sources: Tieleman and Hinton, Coursera lecture 6.5, 2012; Graves,
    arXiv:1308.0850, for the centered form.
    """

    live = ("lr", "momentum", "alpha", "eps", "weight_decay")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered}
        super().__init__(params, {**defaults, "weight_decay": weight_decay, "maximize": maximize}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "eps", "momentum", "weight_decay", "alpha")

    def moments(self, group: Group) -> tuple[str, ...]:
        """The mean square v, with momentum the direction b, and if centered the mean a."""
        return (
            "square_avg",
            *(["momentum_buffer"] if group.uses("momentum") else []),
            *(["grad_avg"] if group["centered"] else []),
        )

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        s.count()
        x, g = decayed(x, g, s, group)
        v = s.mean("square_avg", group.cell("alpha"), g * g)
        if group["centered"]:
            a = s.mean("grad_avg", group.cell("alpha"), g)
            v = v - a * a
        d = g / (ac.sqrt(v) + s.number(group.cell("eps")))
        if group.uses("momentum"):
            d = s["momentum_buffer"] = s.number(group.cell("momentum")) * s["momentum_buffer"] + d
        return x - s.number(group.cell("lr")) * d


class Adadelta(ElementwiseOptimizer):
    """Adadelta scales the gradient by the ratio of two running means of squares: of the steps and of the gradients.

        g ← g + weight_decay·x
        v ← ρ·v + (1 − ρ)·g²
        d = √(u + eps) / √(v + eps)·g
        u ← ρ·u + (1 − ρ)·d²
        x ← x − lr·d

    Numbers, names and defaults are PyTorch's. Source: Zeiler, arXiv:1212.5701.
    """

    live = ("lr", "rho", "eps", "weight_decay")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "eps", "weight_decay")
        if not 0 <= group["rho"] <= 1:
            raise ValueError(f"rho must be in [0, 1], got {group['rho']}")

    def moments(self, group: Group) -> tuple[str, ...]:
        """The mean squares v of the gradients and u of the steps."""
        return ("square_avg", "acc_delta")

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        s.count()
        x, g = decayed(x, g, s, group)
        rho, eps = group.cell("rho"), s.number(group.cell("eps"))
        v = s.mean("square_avg", rho, g * g)
        d = ac.sqrt(s["acc_delta"] + eps) / ac.sqrt(v + eps) * g
        s.mean("acc_delta", rho, d * d)
        return x - s.number(group.cell("lr")) * d
