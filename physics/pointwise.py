"""Weightings with a weight for each point, or each slice of time: self-adaptive and causal training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core import Tensor
from autograd_core.errors import ShapeError

from . import balance
from .fields import State
from .stage import check_count
from .terms import mean_square, one_a_point
from .weighting import Weighting, check_mapping, positive, share


class SelfAdaptiveWeights(Weighting):
    """A weight for each point, which rises where the residual stays large: a term is mean(λⱼ^q·rⱼ²) over its points.

    The loss is minimized in the network and maximized in λ: λⱼ ← λⱼ + rate·∂L/∂λⱼ = λⱼ + rate·q·λⱼ^(q-1)·rⱼ²/N. `sizes` are
    the numbers of points of the terms that have such weights; the others are plain mean squares. λ begins at `start`.
    The weights belong to the points in their order, so the points cannot be drawn in batches.

    Source: McClenny and Braga-Neto, J. Comput. Phys. 474 (2023), first 2020: mask m(λ) = λ^q, here with means for sums
    (`balance.ascended`); they let a second Adam climb, here it is plain ascent with a `rate`.
    """

    def __init__(self, sizes: Mapping[str, int], power: float = 2.0, rate: float = 1.0, start: float = 1.0) -> None:
        check_mapping("SelfAdaptiveWeights", sizes, 1000)
        super().__init__(list(sizes))
        given = {"power": power, "rate": rate, "start": start}
        self.power, self.rate, first = (positive("SelfAdaptiveWeights", *each) for each in given.items())
        for k, (name, size) in enumerate(sizes.items()):
            check_count(f"sizes[{name!r}]", size, "SelfAdaptiveWeights")
            self.register_buffer(f"points{k}", ac.tensor(np.full(size, first)))

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

    def look(self, problem: Any) -> Any:
        with ac.no_grad():
            return {name: r for name, (r, _) in problem.residuals().items() if name in self.names}

    def adapt(self, found: Any) -> None:
        self.observe(found)

    def observe(self, residuals: Mapping[str, Any]) -> None:
        """One step of the formula, with the residuals (N,) by name."""
        for name, r in residuals.items():
            self._check(name, r)
            weights = self.point_weights(name)
            weights.copy_(balance.ascended(weights.numpy(), ac.as_tensor(r).numpy(), self.rate, self.power))


class CausalWeights(Weighting):
    """Weights that let a later time count only when the earlier ones are learned: a term is mean(wₖLₖ) over slices of time.

    Lₖ is the mean square in slice k of `segments` ones from `start` to `end`, wₖ = exp(-ε·Σ_{j<k} Lⱼ), without a gradient.
    Slices without points do not count. When all wₖ of all `names` are above `delta`, the next of the `epsilons` is taken.
    Only the terms `names` are weighted so; the others are plain mean squares.

    Source: Wang, Sankaran and Perdikaris, "Respecting causality is all you need for training PINNs", 2022, section 3
    (`balance.causal`). The mean is over the slices, so that it is the mean square where all weights are 1 and slices are equal.
    """

    epsilon: Tensor

    def __init__(
        self,
        start: float,
        end: float,
        names: Sequence[str] = ("residual",),
        segments: int = 32,
        epsilons: Sequence[float] | float = (0.01, 0.1, 1.0, 10.0, 100.0),
        delta: float = 0.99,
    ) -> None:
        super().__init__(names)
        check_count("segments", segments, "CausalWeights")
        listed = (epsilons,) if isinstance(epsilons, int | float) else tuple(epsilons)
        if not (np.isfinite([start, end]).all() and start < end and listed):
            raise ValueError(f"CausalWeights: {segments} slices from {start} to {end}, epsilons {listed}: nothing to weight")
        self.start, self.end, self.segments = float(start), float(end), segments
        self.epsilons = tuple(positive("CausalWeights", "an epsilon", each, zero=True) for each in listed)
        self.delta = share("CausalWeights", "delta", delta)
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

    def look(self, problem: Any) -> Any:
        with ac.no_grad():
            found = problem.residuals()
            return [self.slices(name, *found[name])[0] for name in self.names]

    def adapt(self, found: Any) -> None:
        self.observe(found)

    def observe(self, losses: Sequence[Any]) -> None:
        """Take the next ε if all weights are above δ, for the losses of the slices of each term."""
        plain = [ac.as_tensor(each).detach().numpy() for each in losses]
        lowest = min(float(balance.causal(each, self.epsilon.item()).min()) for each in plain)
        later = [e for e in self.epsilons if e > self.epsilon.item()]
        if lowest > self.delta and later:
            self.epsilon.copy_(min(later))
