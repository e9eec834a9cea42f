"""Weightings: how the terms of a loss are balanced while it is minimized.

A weighting is given to `PINN(weighting=…)` and maps the raw mean squares by name to the terms of the loss. Those that adapt
keep their state in Tensors, and `fit` lets them bring it up to date between the steps of Adam and its like. Under L-BFGS, which
needs one and the same loss for many iterations, they stay as they are; call `update(pinn)` to adapt them yourself. The formulas
are plain functions in `balance.py`.

>>> import autograd_core as ac
>>> weighting = FixedWeights({"residual": 1.0, "initial": 100.0})
>>> {name: term.item() for name, term in weighting({"residual": ac.tensor(0.5), "initial": ac.tensor(0.25)}).items()}
{'residual': 0.5, 'initial': 25.0}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor
from autograd_core.errors import ShapeError
from nn.callbacks import Callback

from . import balance
from .stage import check_count
from .training import minimizes


class Weighting(nn.Module, Callback):  # type: ignore[misc]  # its state is that of a Module
    """What all share: the names of the terms, one weight λ for each in the Tensor `lambdas` (n,), and when to adapt.

    `every` is after how many steps it adapts, as a callback. Raises ValueError for a term that it has no weight for.
    """

    lambdas: Tensor
    updates: Tensor

    def __init__(self, names: Sequence[str], every: int = 1) -> None:
        super().__init__()
        self.names = (names,) if isinstance(names, str) else tuple(names)
        if not self.names or len({*self.names}) < len(self.names):
            raise ValueError(
                f"{type(self).__name__}: the names of the terms are {self.names}; give each term once, at least one"
            )
        check_count("every", every, type(self).__name__)
        self.every = every
        self.register_buffer("lambdas", ac.ones(len(self.names)))
        self.register_buffer("updates", ac.zeros(()))

    def forward(self, raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weighted terms λᵢLᵢ of raw ones Lᵢ, by name."""
        return {name: term * ac.sum(self.lambdas * self._row(name)) for name, term in raw.items()}

    def _row(self, name: str) -> np.ndarray:
        """The row of the identity that picks out a name's weight: a value of its own, where an index would be a view."""
        return np.eye(len(self.names))[self._place(name)]

    def _place(self, name: str) -> int:
        if name not in self.names:
            known = ", ".join(map(repr, self.names))
            raise ValueError(f"{type(self).__name__}: there is no weight for the term {name!r}; there are those of {known}")
        return self.names.index(name)

    def weights(self) -> dict[str, float]:
        """The weights now, by name."""
        return dict(zip(self.names, map(float, self.lambdas.numpy()), strict=True))

    def update(self, problem: Any) -> None:
        """Adapt to a problem as it is now, such as a PINN."""
        self._learn(self.look(problem))

    def _learn(self, found: Any) -> None:
        if found is not None and all_finite(found):  # else the weights would stay NaN when the training is put back
            self.adapt(found)
        self.updates.copy_(self.updates.numpy() + 1.0)

    def look(self, problem: Any) -> Any:
        """What it must know of a problem to adapt, as Tensors; None where the weights are fixed or learned."""
        return None

    def adapt(self, found: Any) -> None:
        """Bring the weights up to date by what `look` has found."""

    def on_start(self, trainer: Any) -> None:
        """A training begins, or goes on where it stopped: then the weights are already those of the next step."""
        if self.updates.item() == 0.0:
            self.update(trainer.problem)

    def on_step(self, trainer: Any, loss: float) -> None:
        """Adapt to what the step has reached, for the next one."""
        looks = type(self).look is not Weighting.look
        if looks and trainer.step % self.every == 0 and not minimizes(trainer.optimizer):
            problem = trainer.problem  # a program depends on all that it can reach, and a trainer changes at each step
            self._learn(trainer.evaluate.also(id(self), lambda: self.look(problem)))

    def _ordered(self, raw: Mapping[str, Any] | Sequence[float]) -> np.ndarray:
        """Numbers by name, or already in order, as an array (n,)."""
        if isinstance(raw, Mapping) and not {*self.names} <= {*raw}:
            raise ValueError(f"{type(self).__name__}: numbers of {[*raw]}; needed is one for each of {[*self.names]}")
        values = [raw[name] for name in self.names] if isinstance(raw, Mapping) else list(raw)
        if len(values) != len(self.names):
            raise ShapeError(f"{type(self).__name__}: {len(values)} numbers for the {len(self.names)} terms {self.names}")
        return np.array([float(v) for v in values])


class FixedWeights(Weighting):
    """Weights that stay, as `FixedWeights({"residual": 1.0, "initial": 100.0})`. ValueError for negative or infinite ones."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        check_mapping("FixedWeights", weights, 100.0)
        super().__init__(list(weights))
        values = np.array(list(weights.values()), dtype=np.float64)
        if not ((values >= 0.0) & (values < np.inf)).all():
            raise ValueError(f"FixedWeights: the weights are {dict(weights)}; each must be a finite number, 0 or more")
        self.lambdas.copy_(values)


class UncertaintyWeights(Weighting):
    """Weights that are learned: the terms are ½e^(-sᵢ)Lᵢ + ½sᵢ with trained sᵢ, the logarithms of the variances σᵢ².

    Where the loss is least in sᵢ, e^sᵢ = Lᵢ. A term may be negative. The optimizer trains `log_variances` with the network,
    so nothing else adapts; a loss that is evaluated in chunks (`batch=` with L-BFGS) would count ½sᵢ for each chunk.

    Source: Kendall, Gal and Cipolla, CVPR 2018, section 3.2, in the form they train (`balance.uncertainty`).
    """

    def __init__(self, names: Sequence[str], start: float = 0.0) -> None:
        super().__init__(names)
        self.log_variances = nn.Parameter(np.full(len(self.names), float(start)))

    def forward(self, raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
        logs = {name: self.log_variances[self._place(name)] for name in raw}
        return {name: (ac.exp(-logs[name]) * term + logs[name]) * 0.5 for name, term in raw.items()}

    def weights(self) -> dict[str, float]:
        """The factors ½e^(-sᵢ) now, by name."""
        return dict(zip(self.names, map(float, 0.5 * np.exp(-self.log_variances.numpy())), strict=True))


class GradientNormWeights(Weighting):
    """Gradient-norm annealing: λᵢ ← (1 - α)λᵢ + α·max|∇L_r| / mean|∇Lᵢ|, over all weights of the network.

    L_r is the sum of the terms `reference` (the first one by default), whose weights stay 1. A term without a gradient
    keeps its weight. `alpha` is the share of the new value. `statistic="mean"` takes mean|∇L_r|, and "l2" is the later form
    in which all terms have weights, λᵢ ← (1 - α)λᵢ + α·Σⱼ‖∇Lⱼ‖ / ‖∇Lᵢ‖. `eps` is added to mean|∇Lᵢ|.

    Source: `balance.annealed` and `balance.equalized`; α = 0.1 is what the programs of the authors use.
    """

    def __init__(
        self,
        names: Sequence[str],
        reference: Sequence[str] = (),
        alpha: float = 0.1,
        every: int = 10,
        statistic: str = "max",
        eps: float = 0.0,
    ) -> None:
        super().__init__(names, every)
        self.reference = ((reference,) if isinstance(reference, str) else tuple(reference)) or self.names[:1]
        for name in self.reference:
            self._place(name)
        self.alpha, self.statistic = share("GradientNormWeights", "alpha", alpha), statistic
        self.eps = positive("GradientNormWeights", "eps", eps, zero=True)
        if statistic not in balance.STATISTICS:
            raise ValueError(f"GradientNormWeights: statistic={statistic!r}; it is one of {', '.join(balance.STATISTICS)}")

    def look(self, problem: Any) -> Any:
        weights = [p for p in getattr(problem, "network", problem).parameters() if p.requires_grad]
        return {name: _gradient(term, weights) for name, term in problem.raw_terms().items()}

    def adapt(self, found: Any) -> None:
        gradients = {name: g.numpy() for name, g in found.items()}
        which = balance.STATISTICS.index(self.statistic)
        largest = balance.statistics(sum(gradients[name] for name in self.reference))[which]
        self.observe(largest, [balance.statistics(gradients[name])[max(which, 1)] for name in self.names])

    def observe(self, largest: float, means: Mapping[str, float] | Sequence[float]) -> dict[str, float]:
        """One step of the formula: max|∇L_r|, and mean|∇Lᵢ| for each term by name or in order. Returns the new weights.

        For "mean" these are mean|∇L_r| and mean|∇Lᵢ|, for "l2" ‖∇L_r‖, which is not used, and ‖∇Lᵢ‖.
        """
        values, old = self._ordered(means), self.lambdas.numpy()
        if self.statistic == "l2":
            new = balance.equalized(old, values, self.alpha)
        else:
            adapts = np.array([name not in self.reference for name in self.names])
            new = np.where(adapts, balance.annealed(old, largest, values, self.alpha, eps=self.eps), old)
        self.lambdas.copy_(new)
        return self.weights()


class ReLoBRaLo(Weighting):
    """Relative loss balancing with random lookback: terms that fall slowly get more weight.

    With b(t, t') = n·softmax(L(t) / (T·L(t'))) over the n terms,
    λ(t) = α(ρλ(t - 1) + (1 - ρ)b(t, 0)) + (1 - α)b(t, t - 1), where ρ is 1 with the probability `rho` and else 0, drawn anew
    each time. L(0) is what is observed first; λ is 1 then. `eps` is added to T·L(t').

    Source: `balance.relobralo`; the defaults are those of the authors' program, which also begins with α = 1 and α = 0 for its
    first two steps.
    """

    first: Tensor
    last: Tensor
    seen: Tensor

    def __init__(
        self,
        names: Sequence[str],
        alpha: float = 0.999,
        temperature: float = 1.0,
        rho: float = 0.9999,
        seed: int = 0,
        every: int = 1,
        eps: float = 0.0,
    ) -> None:
        super().__init__(names, every)
        self.alpha, self.rho = share("ReLoBRaLo", "alpha", alpha), share("ReLoBRaLo", "rho", rho)
        self.temperature = positive("ReLoBRaLo", "temperature", temperature)
        self.seed, self.eps = seed, positive("ReLoBRaLo", "eps", eps, zero=True)
        self.register_buffer("first", ac.zeros(len(self.names)))
        self.register_buffer("last", ac.zeros(len(self.names)))
        self.register_buffer("seen", ac.zeros(()))

    def look(self, problem: Any) -> Any:
        with ac.no_grad():
            return problem.raw_terms()

    def adapt(self, found: Any) -> None:
        self.observe(found)

    def observe(self, losses: Mapping[str, Any] | Sequence[float], lookback: bool | None = None) -> dict[str, float]:
        """One step of the formula, with raw losses by name or in order. Returns the new weights.

        `lookback` says whether ρ is 0, and nothing is drawn.
        """
        now, seen = self._ordered(losses), int(self.seen.item())
        if seen == 0:
            self.first.copy_(now)
        else:
            draw = np.random.default_rng([self.seed, seen]).random() < self.rho
            back = bool(not draw if lookback is None else lookback)
            weights, last, first = (t.numpy() for t in (self.lambdas, self.last, self.first))
            new = balance.relobralo(weights, now, last, first, self.alpha, self.temperature, back, eps=self.eps)
            self.lambdas.copy_(new)
        self.last.copy_(now)
        self.seen.copy_(seen + 1.0)
        return self.weights()


def _gradient(term: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """The gradient of one term by all weights, as one Tensor (number of weights,)."""
    found = ac.gradients(term, weights, allow_unused=True)
    parts = [ac.zeros(w.size) if g is None else ac.reshape(g, (-1,)) for g, w in zip(found, weights, strict=True)]
    return ac.concatenate(parts)


def all_finite(found: Any) -> bool:
    """Whether all numbers of Tensors in a mapping or a sequence are finite."""
    values = found.values() if isinstance(found, Mapping) else found
    return all(np.isfinite(ac.as_tensor(each).numpy()).all() for each in values)


def check_mapping(kind: str, given: Any, example: float) -> None:
    """Raise TypeError for names of terms alone, where each has a number."""
    if not isinstance(given, Mapping):
        first = next(iter(given), "residual") if isinstance(given, Sequence) and not isinstance(given, str) else "residual"
        raise TypeError(f"{kind}: {given!r} has no number for each term. Write {kind}({{{first!r}: {example:g}}}).")


def positive(kind: str, name: str, value: float, zero: bool = False) -> float:
    """A positive, finite number, or 0 where that is allowed. Raises ValueError for another one."""
    if not 0.0 <= value < np.inf or (value == 0.0 and not zero):
        raise ValueError(f"{kind}: {name}={value}; it must be a {'finite number, 0 or more' if zero else 'positive number'}")
    return float(value)


def share(kind: str, name: str, value: float) -> float:
    """A share as a number. Raises ValueError for one below 0 or above 1."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{kind}: {name}={value}; it is a share, from 0 to 1")
    return float(value)
