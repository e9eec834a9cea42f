"""Rprop: steps from the signs of the gradient alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd_core as ac

from .elementwise import ElementwiseOptimizer, Slab
from .group import Group
from .optimizer import Options, check_at_least


class Rprop(ElementwiseOptimizer):
    """Resilient backpropagation: each number has a step of its own, which grows while the gradient keeps its sign.

        d ← clip(η·d, step_sizes),   η = η₊ where g·g₋ > 0, η₋ where g·g₋ < 0, else 1      (d is lr at first)
        g ← 0 where g·g₋ < 0,   x ← x − sign(g)·d,   g₋ ← g

    with (η₋, η₊) = `etas` and g₋ the gradient before. It is meant for full batches. Numbers, names and defaults are
    PyTorch's. Source: Riedmiller and Braun, IEEE ICNN 1993, 586–591; this is iRprop⁻ of Igel and Hüsken, 2000.
    """

    live = ("lr", "etas", "step_sizes")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        super().__init__(params, {"lr": lr, "etas": etas, "step_sizes": step_sizes, "maximize": maximize}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr")
        smaller, larger = group["etas"]
        if not 0 < smaller < 1 < larger:
            raise ValueError(f"etas are a factor in (0, 1) and one above 1, got {group['etas']}")

    def moments(self, group: Group) -> tuple[str, ...]:
        """The gradient before, and the steps."""
        return ("prev", "step_size")

    def start(self, name: str, group: Group) -> float:
        """The first steps are lr."""
        return group["lr"] if name == "step_size" else 0.0

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        k, (smaller, larger), limits = s.count(), group.cells("etas"), group.cells("step_sizes")
        agreement = g * s["prev"]
        eta = ac.where(agreement > 0.0, s.number(larger), ac.where(agreement < 0.0, s.number(smaller), 1.0))
        d = ac.where(k > 1.0, s["step_size"], s.number(group.cell("lr")))
        d = s["step_size"] = ac.minimum(ac.maximum(eta * d, s.number(limits[0])), s.number(limits[1]))
        g = s["prev"] = ac.where(agreement < 0.0, 0.0, g)
        return x - ac.sign(g) * d
