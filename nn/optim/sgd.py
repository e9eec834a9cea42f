"""Stochastic gradient descent, and its average."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import autograd_core as ac

from .elementwise import ElementwiseOptimizer, Slab, State
from .group import Group
from .optimizer import Options, check_at_least


class SGD(ElementwiseOptimizer):
    """Stochastic gradient descent, with momentum if asked.

        g ← g + weight_decay·x          (g ← −g first, if maximize)
        b ← momentum·b + (1 − dampening)·g,   b = g in the first step
        x ← x − lr·b                    nesterov: x ← x − lr·(g + momentum·b)

    Numbers, names and defaults are PyTorch's. The state `step` counts the changes of b. Sources: Polyak, USSR Comput. Math.
    Math. Phys. 4 (1964) 1–17; Sutskever et al., ICML 2013, for Nesterov's momentum; there, unlike here, lr is a factor
    inside b.

    >>> import autograd_core as ac
    >>> w = ac.tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> ac.sum(w**2).backward()
    >>> optimizer.step()
    >>> w.numpy()
    array([ 0.8, -2.4])
    """

    live = ("lr", "momentum", "dampening", "weight_decay")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "nesterov": nesterov, "maximize": maximize}, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "momentum", "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError(
                f"nesterov=True needs momentum > 0 and dampening = 0, got momentum={group['momentum']}, "
                f"dampening={group['dampening']}"
            )

    def moments(self, group: Group) -> tuple[str, ...]:
        """The running direction b, unless momentum is 0."""
        return ("momentum_buffer",) if group.uses("momentum") else ()

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class; b is 0 before the first step, so that only 1 − dampening makes that one special."""
        if group.uses("weight_decay"):
            g = g + s.number(group.cell("weight_decay")) * x
        if group.uses("momentum"):
            k, momentum = s.count(), s.number(group.cell("momentum"))
            new = g
            if group.uses("dampening"):
                new = s.number(ac.where(k > 1.0, 1.0 - group.cell("dampening"), 1.0)) * g
            b = s["momentum_buffer"] = momentum * s["momentum_buffer"] + new
            g = g + momentum * b if group["nesterov"] else b
        return x - s.number(group.cell("lr")) * g

    def _load(self, p: ac.Tensor, group: Group, saved: State) -> None:
        # PyTorch saves no step count: a momentum buffer that exists tells that the first step is done.
        started = saved.get("momentum_buffer") is not None
        super()._load(p, group, {"step": float(started), **saved})


class ASGD(ElementwiseOptimizer):
    """Averaged stochastic gradient descent: beside x it keeps an average of it, `ax` in the state.

        g ← g + weight_decay·x
        x ← (1 − lambd·η)·x − η·g
        ax ← ax + μ·(x − ax)
        η ← lr / (1 + lambd·lr·k)^alpha,   μ ← 1 / max(1, k − t0)      after step k = 1, 2, …; at first η = lr, μ = 1

    Numbers, names and defaults are PyTorch's. Source: Polyak and Juditsky, SIAM J. Control Optim. 30 (1992) 838–855.
    """

    live = ("lr", "lambd", "alpha", "t0", "weight_decay")
    numbers = ("step", "eta", "mu")

    def __init__(
        self,
        params: Iterable[ac.Tensor] | Iterable[Options],
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        maximize: bool = False,
        **switches: Any,
    ) -> None:
        defaults = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, defaults, **switches)

    def _check_options(self, group: Options) -> None:
        check_at_least(0, group, "lr", "weight_decay")

    def moments(self, group: Group) -> tuple[str, ...]:
        """The average of x."""
        return ("ax",)

    def start(self, name: str, group: Group) -> float:
        """η is lr at first, and μ is 1."""
        return {"eta": group["lr"], "mu": 1.0}.get(name, 0.0)

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The formula of the class."""
        k, lr, lambd = s.count(), group.cell("lr"), group.cell("lambd")
        eta = ac.where(k > 1.0, s["eta"], lr)
        if group.uses("weight_decay"):
            g = g + s.number(group.cell("weight_decay")) * x
        x = s.number(1.0 - lambd * eta) * x - s.number(eta) * g
        ax = s["ax"]
        s["ax"] = ac.where(s["mu"] == 1.0, x, ax + s.number(s["mu"]) * (x - ax))
        s["eta"] = lr / (1.0 + lambd * lr * k) ** group.cell("alpha")
        s["mu"] = 1.0 / ac.maximum(k - group.cell("t0"), 1.0)
        return x
