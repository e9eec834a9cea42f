"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd_core as ac

from .elementwise import ElementwiseOptimizer
from .optimizer import Group, check_at_least


class SGD(ElementwiseOptimizer):
    """Stochastic gradient descent, with momentum if asked.

        g ← g + weight_decay·x          (g ← −g first, if maximize)
        b ← momentum·b + (1 − dampening)·g,   b = g in the first step
        x ← x − lr·b                    nesterov: x ← x − lr·(g + momentum·b)

    Numbers, names and defaults are PyTorch's. Sources: Polyak, USSR Comput. Math. Math. Phys. 4 (1964) 1–17;
    Sutskever et al., ICML 2013, for Nesterov's momentum; there, unlike here, lr is a factor inside b.

    >>> import autograd_core as ac
    >>> w = ac.tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> ac.sum(w**2).backward()
    >>> optimizer.step()
    >>> w.numpy()
    array([ 0.8, -2.4])
    """

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Group],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "nesterov": nesterov, "maximize": maximize})

    def _check_options(self, group: Group) -> None:
        check_at_least(0, group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                f"nesterov=True needs momentum > 0 and dampening = 0, got momentum={group['momentum']}, "
                f"dampening={group['dampening']}"
            )

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running direction b, unless momentum is 0."""
        return ("momentum_buffer",) if group["momentum"] else ()

    def rule(self, x: np.ndarray, g: np.ndarray, moments: list[np.ndarray], step: np.ndarray, count: int, group: Group) -> None:
        """The formula of the class."""
        momentum = group["momentum"]
        if group["maximize"]:
            g = -g
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        for b in moments:
            b *= momentum
            b += g if count == 1 or not group["dampening"] else np.multiply(g, 1.0 - group["dampening"], out=step)
            g = g + momentum * b if group["nesterov"] else b
        np.multiply(g, group["lr"], out=step)

    def _load(self, p: ac.Tensor, group: Group, saved: dict[str, Any]) -> None:
        # PyTorch saves no step count: a momentum buffer that exists tells that the first step is done.
        started = saved.get("momentum_buffer") is not None
        super()._load(p, group, {"step": int(started), **saved})
