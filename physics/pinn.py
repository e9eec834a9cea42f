"""PINN: a physics-informed neural network, after Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686–707."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor

from .conditions import Condition
from .domain import Domain
from .fields import Plan, State, Transform, check_names
from .history import History
from .refinement import refined
from .sampling import Collocation
from .stacked import Scaled
from .stage import Stage
from .terms import (
    Residual,
    check_dependence,
    check_weights,
    checked_points,
    held,
    listed,
    mean_square,
    named,
    one_a_point,
    place,
    unique,
)
from .training import Trainer


class PINN(nn.Module):
    """A network trained to satisfy an equation inside a domain and conditions on its boundary, in the mean square.

    `network` maps (N, d) inputs, scaled to [-1, 1], to (N, number of outputs). `residual` is a function of the state
    (see `State`) that should vanish everywhere, or several of them, named or not; each has the weight `weight`. `points`
    says how to choose the points (`Collocation()` if None), or is an array (N, d) of interior points. The loss is
    Σ weight · mean(residual²) over the equation(s) and the conditions. `history` is the record of the latest training.

    `parameters` are unknown coefficients, Parameters or Modules that the residual or the conditions use: they are trained too.
    `transform`, a function of points (N, d) and what the network gives (N, number of outputs), makes the outputs of it, as for
    conditions that hold by construction. `weighting` maps the mean squares by name to the terms of the loss, in place of the
    fixed weights; where it has a method `term(name, r, s)`, that makes a mean square of a residual.

    Each term is tried at one point when the PINN is made. Raises UnknownFieldError for a name that the problem does not
    have, ShapeError for a network of another width, PointSetError for no points or points outside the domain,
    NonFiniteError for points that are NaN, GradientError for a residual that no weight can change, and TypeError or
    ValueError for what is no equation, no condition or no weight.

    >>> import nn, physics
    >>> decay = physics.PINN(
    ...     nn.MLP([1, 8, 1]), physics.TimeInterval("t", 0, 1), outputs=["u"], residual=lambda s: s.u_t + s.u,
    ...     conditions=[physics.InitialCondition(1.0)], points=physics.Collocation(interior=20))
    >>> history = decay.fit([physics.Stage(nn.optim.LBFGS, steps=50)])
    >>> abs(decay([[1.0]]).item() - 0.3679) < 1e-2
    True
    """

    _fixed = ("history", "_rng")  # on these no captured program depends

    def __init__(
        self,
        network: nn.Module,
        domain: Domain,
        outputs: Sequence[str],
        residual: Residual | Sequence[Residual] | Mapping[str, Residual],
        conditions: Sequence[Condition] = (),
        points: Collocation | np.ndarray | None = None,
        weight: float = 1.0,
        *,
        parameters: Sequence[Any] = (),
        transform: Transform | None = None,
        weighting: Any = None,
    ) -> None:
        super().__init__()
        self.outputs = (outputs,) if isinstance(outputs, str) else tuple(outputs)
        check_names(domain.names, self.outputs)
        self.network, self.domain, self.transform, self.weighting = network, domain, transform, weighting
        if parameters:
            self.coefficients = held(parameters)
        self.collocation = points if isinstance(points, Collocation) else Collocation()
        self.conditions, self.weight = listed(conditions), weight
        self.equations = named(residual)
        self._names = unique([c.name for c in self.conditions], taken=self.equations)
        check_weights({**dict.fromkeys(self.equations, weight), **self._condition_weights()})
        interior = self.collocation.on_interior(domain) if points is None or isinstance(points, Collocation) else points
        self._inside = ac.tensor(checked_points("interior", domain.points(interior), domain))
        self._chunks = [self._inside]
        found = [c.points(domain, self.collocation) for c in self.conditions]
        places = [checked_points(name, X, domain) for name, X in zip(self._names, found, strict=True)]
        self._places = [ac.tensor(X) for X in places]
        self._rng = np.random.default_rng([self.collocation.seed, len(self._inside)])
        self._plans = {name: Plan() for name in ("interior", *self._names)}
        low, high = domain.bounds.T
        self._body = Scaled(network, (low + high) / 2.0, 2.0 / (high - low))
        self.history = History()
        self._try_terms()

    @property
    def interior(self) -> np.ndarray:
        """The points inside at which the equations are imposed, (N, d): a copy. Set it to impose them elsewhere."""
        return self._inside.numpy().copy()

    @interior.setter
    def interior(self, X: Any) -> None:
        points = checked_points("interior", self.domain.points(X), self.domain)
        if points.shape == self._inside.shape:
            self._inside.copy_(points)
        else:
            self._inside = ac.tensor(points)
            self._chunks = [self._inside]

    @property
    def condition_points(self) -> list[np.ndarray]:
        """The points of each condition: copies."""
        return [X.numpy().copy() for X in self._places]

    def forward(self, X: Any) -> Tensor:
        """The outputs at points X (N, d), as a Tensor (N, number of outputs)."""
        X = ac.as_tensor(X)
        y = self._scaled()(X)
        return y if self.transform is None else self.transform(X, y)

    def _scaled(self) -> Scaled:
        if self._body.network is not self.network:
            self._body = Scaled(self.network, self._body.center, self._body.scale)
        return self._body

    def state(self, X: Any, plan: Plan | None = None) -> State:
        """The fields and their derivatives at points X (N, d); `plan` knows which derivatives will be asked for."""
        points = X if isinstance(X, Tensor) else self.domain.points(X)
        time, names = self.domain.time, self.domain.names
        space = tuple(name for name in names if time is None or name != time.name)
        if type(self).forward is not PINN.forward or any((vars(self).get("_hooks") or {}).values()):
            return State(self, points, names, self.outputs, space=space)
        return State(self._scaled(), points, names, self.outputs, transform=self.transform, plan=plan, space=space)

    def predict(self, X: Any, field: str | None = None) -> np.ndarray:
        """A field at points X (N, d) as an array (N,): an output (the first one by default) or a derivative such as "u_x"."""
        return getattr(self.state(X), field or self.outputs[0]).numpy()

    def residuals(self) -> dict[str, tuple[Any, State]]:
        """Each term's residual at its points, a Tensor (N,), with the state there."""
        return self._inner(self._inside) | self._outer()

    def _inner(self, points: Tensor) -> dict[str, tuple[Any, State]]:
        inside = self.state(points, self._plans["interior"])
        return {name: (f(inside), inside) for name, f in self.equations.items()}

    def _outer(self) -> dict[str, tuple[Any, State]]:
        found = {}
        for name, condition, points in zip(self._names, self.conditions, self._places, strict=True):
            s = self.state(points, self._plans[name])
            found[name] = (condition.residual(s), s)
        return found

    def raw_terms(self) -> dict[str, Tensor]:
        """The mean square of each residual, without weights."""
        return self._mean_squares(self.residuals())

    def _mean_squares(self, residuals: Mapping[str, tuple[Any, State]]) -> dict[str, Tensor]:
        term = getattr(self.weighting, "term", mean_square)
        return {name: term(name, r, s) for name, (r, s) in residuals.items()}

    def weights(self, raw: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weighted terms of raw ones: by the `weighting`, or by the fixed weights."""
        if self.weighting is not None:
            return dict(self.weighting(raw))
        weights = dict.fromkeys(self.equations, self.weight) | self._condition_weights()
        return {name: term * weights[name] if weights[name] != 1.0 else term for name, term in raw.items()}

    def loss_terms(self) -> dict[str, Tensor]:
        """The weighted terms of the loss by name; the loss is their sum."""
        return self.weights(self.raw_terms())

    def loss_parts(self) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
        """The loss in parts that can follow one another, each as (weighted terms, raw terms where those differ).

        There is one part for each chunk of the interior points, see `use_batches`; the first has the conditions too.
        """
        total = sum(len(chunk) for chunk in self._chunks)
        for k, chunk in enumerate(self._chunks):
            raw = self._mean_squares(self._inner(chunk) | (self._outer() if k == 0 else {}))
            if len(self._chunks) > 1:
                raw = {name: t * (len(chunk) / total) if name in self.equations else t for name, t in raw.items()}
            weighted = self.weights(raw)
            yield weighted, raw if any(weighted[name] is not t for name, t in raw.items()) else {}

    def use_batches(self, size: int | None, drawn: bool) -> None:
        """Let the loss use `size` interior points at a time: some that are `drawn` by `next_batch`, or all in turn."""
        n = len(self._inside)
        if size is None or size >= n:
            self._chunks = [self._inside]
        elif drawn:
            self._chunks = [ac.tensor(self.interior[:size])]
        else:
            self._chunks = [ac.tensor(self.interior[k : k + size]) for k in range(0, n, size)]

    def next_batch(self) -> None:
        """Draw the interior points of the next step, where these are drawn."""
        (chunk, *rest) = self._chunks
        if chunk is not self._inside and not rest:
            rows = self._rng.choice(len(self._inside), len(chunk), replace=False, shuffle=False)
            chunk.copy_(self._inside.numpy()[rows])

    def loss(self) -> Tensor:
        """The sum of `loss_terms`, a Tensor of shape ()."""
        first, *rest = self.loss_terms().values()
        return sum(rest, start=first)

    def explain(self, term: str) -> str:
        """Where a term is worst: the first point that is NaN, else that of the largest residual."""
        r, s = self.residuals()[term]
        values = np.abs(ac.as_tensor(r).numpy())
        worst = int(np.argmax(values))  # a NaN counts as the largest
        return f", worst at {place(self.domain, s.points[worst])} (residual {values[worst]:.3g})"

    def refine(self, fraction: float = 0.5) -> None:
        """Draw the interior points anew, also given ones, a fraction of them where the residual is large; see `refined`."""

        def residual(points: np.ndarray) -> np.ndarray:
            s = self.state(points, self._plans["interior"])
            return np.sum([np.abs(one_a_point(name, f(s), s).numpy()) for name, f in self.equations.items()], axis=0)

        if self.equations:
            with ac.no_grad():
                self._inside.copy_(refined(self.domain, len(self._inside), residual, self._rng, fraction))
            start = 0
            for chunk in self._chunks:
                if chunk is not self._inside:
                    chunk.copy_(self._inside.numpy()[start : start + len(chunk)])
                    start += len(chunk)

    def fit(
        self,
        stages: Stage | Sequence[Stage],
        progress: bool | None = None,
        *,
        compile: bool | str = "auto",
        batch: int | None = None,
        validation: Any = None,
        metrics: Mapping[str, Callable[[Any], float]] | None = None,
        callbacks: Sequence[Any] = (),
        every: int = 100,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: str | os.PathLike[str] | None = None,
    ) -> History:
        """Train in stages, for instance Adam and then L-BFGS; returns the history.

        Ctrl-C ends the training and keeps what was learned (`history.interrupted`). A loss that is not finite raises
        NonFiniteError that names the term, the step and the worst point; the weights are then the best so far, and
        `self.history` has the record. L-BFGS first tries to back off from such a point.
        `progress`: True shows a progress bar, False none, None only at a terminal.

        `compile` is "auto" (evaluations and steps are captured and replayed if there are many, and where that works; if not,
        `history.notes` says why), True (or CaptureError) or False. `batch` bounds the memory: Adam and its like then draw so
        many interior points for each step, L-BFGS goes through all of them in chunks. After `every` steps, the mean squares at
        the points `validation` are noted in the column val_loss, the `metrics`, functions of the PINN, in columns of
        their names, the `callbacks` (nn.callbacks, or functions of trainer and row) are called, and the training is saved into
        the file `checkpoint`. `resume` is such a file: with the same stages the training goes on as if it had not stopped.
        """
        self.state_dict()  # sets what it sets once, before a program is captured
        points = None if validation is None else checked_points("validation", self.domain.points(validation), self.domain)
        looks = {} if points is None else {"val_loss": lambda pinn: pinn.validate(points)}
        options: dict[str, Any] = {"every": every, "checkpoint": checkpoint, "callbacks": callbacks}
        options["metrics"] = {**looks, **(metrics or {})}
        trainer = Trainer(self, progress, compile, batch=batch, **options)
        self.history = trainer.history
        if resume is not None:
            trainer.load(resume)
        return trainer.run([stages] if isinstance(stages, Stage) else list(stages))

    def validate(self, X: Any) -> float:
        """The weighted sum of the mean squares of the equations at points X (N, d)."""
        with ac.no_grad():
            s = self.state(X, self._plans["interior"])
            return float(sum(self.weight * mean_square(name, f(s), s).item() for name, f in self.equations.items()))

    def compile_layers(self, on: bool = True) -> None:
        """Let the derivatives of the network be programs of their own, for trainings whose steps cannot be captured."""
        for plan in self._plans.values():
            plan.compiled = on

    def training_state(self) -> dict[str, Any]:
        """Weights, points and the state of what draws these, as a training saves them."""
        bits = self._rng.bit_generator
        spawned = bits.seed_seq.n_children_spawned  # type: ignore[attr-defined]
        return {"model": self.state_dict(), "interior": self.interior, "draws": dict(bits.state), "spawned": spawned}

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `training_state` gave."""
        self.load_state_dict(state["model"])
        self.interior = np.asarray(state["interior"])
        seed: Any = self._rng.bit_generator.seed_seq
        again = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key, n_children_spawned=int(state["spawned"]))
        self._rng = np.random.Generator(type(self._rng.bit_generator)(again))
        self._rng.bit_generator.state = dict(state["draws"])

    def _condition_weights(self) -> dict[str, float]:
        return dict(zip(self._names, (c.weight for c in self.conditions), strict=True))

    def _try_terms(self) -> None:
        """Evaluate every term at one point, so that a wrong name or width shows now and not at the first step."""
        conditions = zip(self._names, (c.residual for c in self.conditions), self._places, strict=True)
        terms = [(name, f, self._inside, "interior") for name, f in self.equations.items()]
        terms += [(name, f, points, name) for name, f, points in conditions]
        for name, f, points, plan in terms:
            s = self.state(points.numpy()[:1])
            getattr(s, self.outputs[0])  # a network of the wrong width is an error, whatever the term uses
            with ac.enable_grad(), np.errstate(all="ignore"):
                check_dependence(name, f, s, [p for p in self.parameters() if p.requires_grad])
            self._plans[plan].note(*s.asked)
