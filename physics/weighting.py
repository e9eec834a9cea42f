"""Weightings: how the terms of a loss are balanced while it is minimized.

A weighting is given to `PINN(weighting=…)` and maps the raw mean squares by name to the terms of the loss. Those that adapt
keep their state in Tensors and bring it up to date between the steps: give the same object as a callback too,
`pinn.fit(stages, callbacks=[weighting])`, or call `update(pinn)` yourself. Without that it stays as it is, as is best for
L-BFGS, which needs one and the same loss for many iterations.

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

from .fields import State
from .terms import mean_square, one_a_point

TINY = np.finfo(np.float64).tiny


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
        if every < 1:
            raise ValueError(f"{type(self).__name__}: every={every}; it is a number of steps, at least 1")
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
        self.adapt(problem)
        self.updates.copy_(self.updates.numpy() + 1.0)

    def adapt(self, problem: Any) -> None:
        """What `update` does to the weights: nothing where they are fixed or learned."""

    def on_start(self, trainer: Any) -> None:
        """A training begins, or goes on where it stopped: then the weights are already those of the next step."""
        if self.updates.item() == 0.0:
            self.update(trainer.problem)

    def on_step(self, trainer: Any, loss: float) -> None:
        """Adapt to what the step has reached, for the next one."""
        if trainer.step % self.every == 0:
            self.update(trainer.problem)

    def _ordered(self, raw: Mapping[str, Any] | Sequence[float]) -> np.ndarray:
        """Numbers by name, or already in order, as an array (n,)."""
        values = [raw[name] for name in self.names] if isinstance(raw, Mapping) else list(raw)
        if len(values) != len(self.names):
            raise ShapeError(f"{type(self).__name__}: {len(values)} numbers for the {len(self.names)} terms {self.names}")
        return np.array([float(v) for v in values])


class FixedWeights(Weighting):
    """Weights that stay, as `FixedWeights({"residual": 1.0, "initial": 100.0})`. ValueError for negative or infinite ones."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        super().__init__(list(weights))
        values = np.array(list(weights.values()), dtype=np.float64)
        if not ((values >= 0.0) & (values < np.inf)).all():
            raise ValueError(f"FixedWeights: the weights are {dict(weights)}; each must be a finite number, 0 or more")
        self.lambdas.copy_(values)


class UncertaintyWeights(Weighting):
    """Weights that are learned: the terms are ½e^(-sᵢ)Lᵢ + ½sᵢ with trained sᵢ, the logarithms of the variances σᵢ².

    Where the loss is least in sᵢ, e^sᵢ = Lᵢ. A term may be negative. The optimizer trains `log_variances` with the network,
    so nothing else adapts; a loss that is evaluated in chunks (`batch=` with L-BFGS) would count ½sᵢ for each chunk.

    Source: Kendall, Gal and Cipolla, CVPR 2018, section 3.2, in the form they train.
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
    keeps its weight. `alpha` is the share of the new value.

    Source: Wang, Teng and Perdikaris, SIAM J. Sci. Comput. 43 (2021), algorithm 1; α = 0.1 is what their programs use.
    """

    def __init__(self, names: Sequence[str], reference: Sequence[str] = (), alpha: float = 0.1, every: int = 10) -> None:
        super().__init__(names, every)
        self.reference = ((reference,) if isinstance(reference, str) else tuple(reference)) or self.names[:1]
        for name in self.reference:
            self._place(name)
        self.alpha = _share("GradientNormWeights", "alpha", alpha)

    def adapt(self, problem: Any) -> None:
        raw = problem.raw_terms()
        weights = [p for p in getattr(problem, "network", problem).parameters() if p.requires_grad]
        gradients = {name: _gradient(term, weights) for name, term in raw.items()}
        largest = np.abs(sum(gradients[name] for name in self.reference)).max()
        self.observe(float(largest), [np.abs(gradients[name]).mean() for name in self.names])

    def observe(self, largest: float, means: Mapping[str, float] | Sequence[float]) -> None:
        """One step of the formula: max|∇L_r|, and mean|∇Lᵢ| for each term by name or in order."""
        values, old = self._ordered(means), self.lambdas.numpy()
        adapts = np.array([name not in self.reference for name in self.names]) & (values > 0.0)
        target = largest / np.where(adapts, values, 1.0)
        self.lambdas.copy_(np.where(adapts, (1.0 - self.alpha) * old + self.alpha * target, old))


class ReLoBRaLo(Weighting):
    """Relative loss balancing with random lookback: terms that fall slowly get more weight.

    With b(t, t') = n·softmax(L(t) / (T·L(t'))) over the n terms,
    λ(t) = α(ρλ(t - 1) + (1 - ρ)b(t, 0)) + (1 - α)b(t, t - 1), where ρ is 1 with the probability `rho` and else 0, drawn anew
    each time. L(0) is what is observed first; λ is 1 then.

    Source: Bischof and Kraus, "Multi-objective loss balancing for physics-informed deep learning", 2021, section 3.
    """

    first: Tensor
    last: Tensor
    seen: Tensor

    def __init__(
        self, names: Sequence[str], alpha: float = 0.999, temperature: float = 1.0, rho: float = 0.9999, seed: int = 0
    ) -> None:
        super().__init__(names)
        self.alpha, self.rho = _share("ReLoBRaLo", "alpha", alpha), _share("ReLoBRaLo", "rho", rho)
        if not 0.0 < temperature < np.inf:
            raise ValueError(f"ReLoBRaLo: temperature={temperature}; it must be a positive number")
        self.temperature, self.seed = temperature, seed
        self.register_buffer("first", ac.zeros(len(self.names)))
        self.register_buffer("last", ac.zeros(len(self.names)))
        self.register_buffer("seen", ac.zeros(()))

    def adapt(self, problem: Any) -> None:
        self.observe(problem.raw_terms())

    def observe(self, losses: Mapping[str, Any] | Sequence[float], lookback: bool | None = None) -> None:
        """One step of the formula, with raw losses by name or in order; `lookback` says what ρ is not to be drawn as."""
        now, seen = self._ordered(losses), int(self.seen.item())
        if seen == 0:
            self.first.copy_(now)
        else:
            draw = np.random.default_rng([self.seed, seen]).random() < self.rho
            rho = float(draw if lookback is None else not lookback)
            old = rho * self.lambdas.numpy() + (1.0 - rho) * self._balance(now, self.first.numpy())
            self.lambdas.copy_(self.alpha * old + (1.0 - self.alpha) * self._balance(now, self.last.numpy()))
        self.last.copy_(now)
        self.seen.copy_(seen + 1.0)

    def _balance(self, now: np.ndarray, then: np.ndarray) -> np.ndarray:
        ratios = now / np.maximum(self.temperature * then, TINY)
        powers = np.exp(ratios - ratios.max())
        return len(now) * powers / powers.sum()


class SelfAdaptiveWeights(Weighting):
    """A weight for each point, which rises where the residual stays large: a term is mean(λⱼ^q·rⱼ²) over its points.

    The loss is minimized in the network and maximized in λ: λⱼ ← λⱼ + rate·∂L/∂λⱼ = λⱼ + rate·q·λⱼ^(q-1)·rⱼ²/N. `sizes` are
    the numbers of points of the terms that have such weights; the others are plain mean squares. λ begins at `start`.
    The weights belong to the points in their order, so the points cannot be drawn in batches.

    Source: McClenny and Braga-Neto, J. Comput. Phys. 474 (2023), first 2020: mask m(λ) = λ^q, here with means for sums.
    """

    def __init__(self, sizes: Mapping[str, int], power: float = 2.0, rate: float = 1.0, start: float = 1.0) -> None:
        super().__init__(list(sizes))
        if not (power > 0 and rate > 0 and start > 0):
            raise ValueError(f"SelfAdaptiveWeights: power={power}, rate={rate}, start={start}; all three must be positive")
        self.power, self.rate = power, rate
        for k, size in enumerate(sizes.values()):
            self.register_buffer(f"points{k}", ac.tensor(np.full(size, float(start))))

    def forward(self, raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(raw)

    def point_weights(self, name: str) -> Tensor:
        """The weights λⱼ of the points of a term, (N,)."""
        return getattr(self, f"points{self._place(name)}")

    def term(self, name: str, r: Any, s: State) -> Tensor:
        """The weighted mean square of the residual r (N,) of one term. Raises ShapeError for another number of points."""
        r = one_a_point(name, r, s)
        if name not in self.names:
            return ac.mean(r * r)
        self._check(name, r)
        return ac.mean(self.point_weights(name) ** self.power * (r * r))

    def _check(self, name: str, r: Any) -> None:
        size = self.point_weights(name).shape
        if r.shape != size:
            raise ShapeError(
                f"SelfAdaptiveWeights: the term {name!r} has {r.shape[0]} points but {size[0]} weights. "
                f"Write sizes={{{name!r}: {r.shape[0]}}}, and train without batch=."
            )

    def adapt(self, problem: Any) -> None:
        self.observe({name: r for name, (r, _) in problem.residuals().items() if name in self.names})

    def observe(self, residuals: Mapping[str, Any]) -> None:
        """One step of the formula, with the residuals (N,) by name."""
        for name, r in residuals.items():
            self._check(name, r)
            weights, q = self.point_weights(name), self.power
            old = weights.numpy()
            weights.copy_(old + self.rate * q * old ** (q - 1.0) * np.asarray(ac.as_tensor(r).numpy()) ** 2 / len(old))


class CausalWeights(Weighting):
    """Weights that let a later time count only when the earlier ones are learned: a term is mean(wₖLₖ) over slices of time.

    Lₖ is the mean square in slice k of `segments` ones from `start` to `end`, wₖ = exp(-ε·Σ_{j<k} Lⱼ), without a gradient.
    Slices without points do not count. When all wₖ of all `names` are above `delta`, the next of the `epsilons` is taken.
    Only the terms `names` are weighted so; the others are plain mean squares.

    Source: Wang, Sankaran and Perdikaris, "Respecting causality is all you need for training PINNs", 2022, section 3.
    """

    epsilon: Tensor

    def __init__(
        self,
        start: float,
        end: float,
        names: Sequence[str] = ("residual",),
        segments: int = 32,
        epsilons: Sequence[float] = (0.01, 0.1, 1.0, 10.0, 100.0),
        delta: float = 0.99,
    ) -> None:
        super().__init__(names)
        if not start < end or segments < 1 or not epsilons:
            raise ValueError(
                f"CausalWeights: {segments} slices from {start} to {end}, epsilons {tuple(epsilons)}: nothing to weight"
            )
        self.start, self.end, self.segments = float(start), float(end), segments
        self.epsilons, self.delta = tuple(map(float, epsilons)), _share("CausalWeights", "delta", delta)
        self.register_buffer("epsilon", ac.tensor(self.epsilons[0]))

    def forward(self, raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return dict(raw)

    def term(self, name: str, r: Any, s: State) -> Tensor:
        """The causal mean square of the residual r (N,) of one term. Raises ValueError for a state without a time."""
        if name not in self.names:
            return mean_square(name, r, s)
        losses, counts = self.slices(name, one_a_point(name, r, s), s)
        return ac.sum(self.causal(losses) * losses) / ac.sum(ac.where(counts > 0.0, 1.0, 0.0))

    def slices(self, name: str, r: Tensor, s: State) -> tuple[Tensor, Tensor]:
        """The mean square of r in each slice of time (0 where it is empty), and its number of points, both (segments,)."""
        times = [x for x in s._inputs if x not in s._space]
        if len(times) != 1:
            raise ValueError(f"CausalWeights: the term {name!r} has no time among its coordinates {', '.join(s._inputs)}")
        place = ac.floor((getattr(s, times[0]) - self.start) * (self.segments / (self.end - self.start)))
        place = ac.reshape(ac.clip(place, 0.0, self.segments - 1.0), (-1, 1))
        inside = ac.where(place == np.arange(float(self.segments)), 1.0, 0.0)
        counts = ac.sum(inside, axis=0)
        return ac.sum(inside * ac.reshape(r * r, (-1, 1)), axis=0) / ac.maximum(counts, 1.0), counts

    def causal(self, losses: Any) -> Tensor:
        """The weights wₖ for the losses Lₖ of the slices, constants."""
        losses = ac.as_tensor(losses).detach()
        return ac.exp(-self.epsilon * (ac.as_tensor(np.tri(losses.shape[0], k=-1)) @ losses))

    def adapt(self, problem: Any) -> None:
        found = problem.residuals()
        self.observe([self.slices(name, *found[name])[0] for name in self.names])

    def observe(self, losses: Sequence[Any]) -> None:
        """Take the next ε if all weights are above δ, for the losses of the slices of each term."""
        lowest = min(float(self.causal(each).numpy().min()) for each in losses)
        later = [e for e in self.epsilons if e > self.epsilon.item()]
        if lowest > self.delta and later:
            self.epsilon.copy_(min(later))


def _gradient(term: Tensor, weights: Sequence[Tensor]) -> np.ndarray:
    """The gradient of one term by all weights, as one array (number of weights,)."""
    found = ac.gradients(term, weights, allow_unused=True)
    parts = [np.zeros(w.size) if g is None else g.numpy().ravel() for g, w in zip(found, weights, strict=True)]
    return np.concatenate(parts)


def _share(kind: str, name: str, value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{kind}: {name}={value}; it is a share, from 0 to 1")
    return float(value)
