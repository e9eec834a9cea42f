"""PINN: a physics-informed neural network, after Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686–707."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core import Tensor
from nn.callbacks import Callback

from .coefficients import Watch, owners, warn_of_untrained, warn_of_unused
from .conditions import Condition
from .corners import warn_of_contradictions
from .domain import Domain
from .draws import standing, standing_at
from .fields import Plan, State, Transform
from .history import History
from .refinement import CANDIDATES, RAD, Refinement
from .sampling import Collocation
from .solution import Solution, warn_of_outside
from .stage import Stage
from .terms import (
    LOOK,
    Residual,
    check_weighting,
    check_weights,
    checked_points,
    checked_terms,
    condition_points,
    held,
    hold,
    listed,
    mean_square,
    named,
    one_a_point,
    place,
    unique,
    warn_of_flat,
)
from .training import Trainer
from .trial import check_width, one_by_one, tried


class PINN(Solution):
    """A network trained to satisfy an equation inside a domain and conditions on its boundary, in the mean square.

    `network` maps (N, d) inputs, scaled to [-1, 1], to (N, number of outputs), or is a mapping with a network for each output,
    as for an unknown field beside the solution (see `JointNetwork`). `residual` is a function of the state (see `State`) that
    should vanish everywhere, or several of them, named or not; one function may also give several, as a list, a tuple or a
    dict. Each has the weight `weight`. `points` says how to choose the points (`Collocation()` if None), or is an array (N, d)
    of interior points. The loss is Σ weight · mean(residual²) over the equation(s) and the conditions. `history` is the record
    of the latest training.

    `parameters` are unknown coefficients, Parameters or Modules that the residual or the conditions use: they are trained too.
    So is each `physics.Parameter` that a term uses and that is not named here; `repr` and the notes of the history say so, and
    `float(k)` is one that is known. `transform`, a function of points (N, d) and what the network gives (N, number of outputs),
    makes the outputs of it, as for conditions that hold by construction. `weighting` maps the mean squares by name to the terms
    of the loss, in place of the fixed weights; where it has a method `term(name, r, s)`, that makes a term of a residual first.

    Each term is tried at one point when the PINN is made. Raises UnknownFieldError for a name that the problem does not
    have, ShapeError for a network of another width, PointSetError for no points or points outside the domain,
    NonFiniteError for points that are NaN, GradientError for a residual that no weight can change, and TypeError or
    ValueError for what is no equation, no condition or no weight. Warns of conditions that want different values at one
    place (`ContradictionWarning`), of coefficients and networks that are used and not trained (`CoefficientWarning`), and of
    networks without the derivatives that an equation needs (`FlatNetworkWarning`).

    >>> import nn, physics
    >>> decay = physics.PINN(
    ...     nn.MLP([1, 8, 1]), physics.TimeInterval("t", 0, 1), outputs=["u"], residual=lambda s: s.u_t + s.u,
    ...     conditions=[physics.InitialCondition(1.0)], points=physics.Collocation(interior=20))
    >>> history = decay.fit([physics.Stage(nn.optim.LBFGS, steps=50)])
    >>> abs(decay([[1.0]]).item() - 0.3679) < 1e-2
    True
    """

    _fixed = ("history", "_rng")  # on these no captured program depends
    _adopted: tuple[str, ...] = ()  # the coefficients that are trained because terms use them

    def __init__(
        self,
        network: nn.Module | Mapping[Any, Any],
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
        super().__init__(network, domain, outputs, transform)
        self.weighting = weighting
        if parameters:
            self.coefficients = held(parameters)
        self.collocation = points if isinstance(points, Collocation) else Collocation()
        self.conditions, self.weight = listed(conditions), weight
        interior = self.collocation.on_interior(domain) if points is None or isinstance(points, Collocation) else points
        self._inside = ac.tensor(checked_points("interior", domain.points(interior), domain))
        self._chunks = [self._inside]
        first = self.state(self._inside.numpy()[:1])
        check_width(self.network, domain, first)
        self.equations = one_by_one(named(residual), first)
        self._names = unique([c.name for c in self.conditions], taken=self.equations)
        check_weights({**dict.fromkeys(self.equations, weight), **self._condition_weights()})
        check_weighting(weighting, [*self.equations, *self._names])
        places = condition_points(self.conditions, self._names, domain, self.collocation)
        self._places = [ac.tensor(X) for X in places]
        self._normals = [c.normals(domain, X) for c, X in zip(self.conditions, places, strict=True)]
        self._rng = np.random.default_rng([self.collocation.seed, len(self._inside)])
        self._plans = {name: Plan() for name in ("interior", *self._names)}
        self.history = History()
        self._try_terms(first)
        warn_of_contradictions(domain, [*self.conditions, *getattr(transform, "conditions", ())], self.outputs)

    @property
    def interior(self) -> np.ndarray:
        """The points inside at which the equations are imposed, (N, d): a copy. Set it to impose them elsewhere."""
        return self._inside.numpy().copy()

    @interior.setter
    def interior(self, X: Any) -> None:
        points = checked_points("interior", self.domain.points(X), self.domain)
        if points.shape != self._inside.shape:
            batch = None if self._chunks[0] is self._inside else len(self._chunks[0])
            drawn, self._inside = len(self._chunks) == 1, ac.tensor(points)
            self.use_batches(batch, drawn)
        self._inside.copy_(points)
        start = 0
        for chunk in self._chunks:
            if chunk is not self._inside:
                chunk.copy_(points[start : start + len(chunk)])
                start += len(chunk)

    @property
    def condition_points(self) -> list[np.ndarray]:
        """The points of each condition: copies."""
        return [X.numpy().copy() for X in self._places]

    def residuals(self) -> dict[str, tuple[Any, State]]:
        """Each term's residual at its points, a Tensor (N,), with the state there."""
        return self._inner(self._inside) | self._outer()

    def _inner(self, points: Tensor) -> dict[str, tuple[Any, State]]:
        inside = self.state(points, self._plans["interior"])
        return {name: (f(inside), inside) for name, f in self.equations.items()}

    def _outer(self) -> dict[str, tuple[Any, State]]:
        found = {}
        rows = zip(self._names, self.conditions, self._places, self._normals, strict=True)
        for name, condition, points, normals in rows:
            s = self.state(points, self._plans[name]).facing(normals)
            found[name] = (condition.residual(s), s)
        return found

    def raw_terms(self) -> dict[str, Tensor]:
        """The mean square of each residual, without weights; where interior points are drawn for each step, at these."""
        points = self._inside if len(self._chunks) > 1 else self._chunks[0]
        return {name: mean_square(name, r, s) for name, (r, s) in (self._inner(points) | self._outer()).items()}

    def _both(self, residuals: Mapping[str, tuple[Any, State]], share: float = 1.0) -> tuple[dict, dict]:
        """The weighted and the raw terms; those of the equations count by the share that their points have in all."""
        raw = {name: mean_square(name, r, s) for name, (r, s) in residuals.items()}
        own = getattr(self.weighting, "term", None)
        terms = raw if own is None else {name: own(name, r, s) for name, (r, s) in residuals.items()}
        if share != 1.0:
            less = lambda found: {name: t * share if name in self.equations else t for name, t in found.items()}
            raw, terms = (both := less(raw), both) if own is None else (less(raw), less(terms))
        return self.weights(terms), raw

    def weights(self, raw: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weighted terms of raw ones: by the `weighting`, or by the fixed weights."""
        if self.weighting is not None:
            return checked_terms(self.weighting(raw), raw)
        weights = dict.fromkeys(self.equations, self.weight) | self._condition_weights()
        return {name: term * weights[name] if weights[name] != 1.0 else term for name, term in raw.items()}

    def loss_terms(self) -> dict[str, Tensor]:
        """The weighted terms of the loss by name; the loss is their sum."""
        return self._both(self.residuals())[0]

    def loss_parts(self) -> Iterator[tuple[dict[str, Tensor], dict[str, Tensor]]]:
        """The loss in parts that can follow one another, each as (weighted terms, raw terms where those differ).

        There is one part for each chunk of the interior points, see `use_batches`; the first has the conditions too.
        """
        total = sum(len(chunk) for chunk in self._chunks)
        for k, chunk in enumerate(self._chunks):
            weighted, raw = self._both(self._inner(chunk) | (self._outer() if k == 0 else {}), len(chunk) / total)
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

    def refine(self, rule: Refinement | float = 0.5) -> None:
        """Choose the interior points anew, also given ones, by a rule such as `RAR(10)`; a number is the fraction of `RAD`."""
        rule = rule if isinstance(rule, Refinement) else RAD(fraction=rule, candidates=CANDIDATES)
        if self.equations:
            with ac.no_grad():
                self.interior = rule.points(self.domain, self.interior, lambda X: self.residual(ac.as_tensor(X)), self._rng)

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
        `history.why_not_compiled` says why), True (or CaptureError) or False. `batch` bounds the memory: Adam and its like
        then draw so many interior points for each step, L-BFGS goes through all in chunks. After `every` steps, the mean
        squares at the points `validation` are noted in the column val_loss, the `metrics`, functions of the PINN, in columns of
        their names, the `callbacks` (nn.callbacks, or functions of trainer and row) are called, and the training is saved into
        the file `checkpoint`: at the end too, not at Ctrl-C. A Parameter at its bound is named in a warning and in the notes.
        `resume` is such a file: with the same stages the training goes on as if it had not stopped.
        """
        if not self._tried:  # what a term needs may have been made since
            self._try_terms(self.state(self._inside.numpy()[:1]))
        self.state_dict()  # sets what it sets once, before a program is captured
        points = None if validation is None else checked_points("validation", self.domain.points(validation), self.domain)
        looks = {} if points is None else {"val_loss": lambda pinn: pinn.validate(points)}
        options: dict[str, Any] = {"every": every, "checkpoint": checkpoint, "callbacks": self._with_own(callbacks)}
        options["metrics"] = {**looks, **(metrics or {})}
        trainer = Trainer(self, progress, compile, batch=batch, **options)
        self.history = trainer.history
        if self._adopted:
            self.history.notes.append(f"trained too, because terms of the loss use it: {', '.join(self._adopted)}")
        if resume is not None:
            trainer.load(resume)
        return trainer.run(list(stages) if isinstance(stages, Iterable) else [stages])

    def _with_own(self, callbacks: Sequence[Any]) -> list[Any]:
        """The callbacks, with the weighting that adapts and the watch over the coefficients."""
        watch = [Watch(self.coefficients)] if hasattr(self, "coefficients") else []
        adapts = isinstance(self.weighting, Callback) and not any(self.weighting is c for c in callbacks)
        return [*watch, *([self.weighting] if adapts else []), *callbacks]

    def validate(self, X: Any) -> float:
        """The weighted sum of the mean squares of the equations at points X (N, d)."""
        with ac.no_grad():
            s = self.state(X, self._plans["interior"])
            return float(sum(self.weight * mean_square(name, f(s), s).item() for name, f in self.equations.items()))

    def residual(self, X: Any) -> np.ndarray:
        """Σ |residual| of all equations at points X (N, d), an array (N,). Points outside are told as by `predict`."""
        if not isinstance(X, Tensor):
            warn_of_outside(self.domain, self.domain.points(X), "residual")
        with ac.no_grad():
            s = self.state(X, self._plans["interior"])
            return sum((np.abs(one_a_point(name, f(s), s).numpy()) for name, f in self.equations.items()), np.zeros(len(s)))

    def compile_layers(self, on: bool = True) -> None:
        """Let the derivatives of the network be programs of their own, for trainings whose steps cannot be captured."""
        for plan in self._plans.values():
            plan.compiled = on

    def training_state(self) -> dict[str, Any]:
        """Weights, points and the state of what draws these, as a training saves them."""
        return {"model": self.state_dict(), "interior": self.interior, **standing(self._rng)}

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Take over what `training_state` gave."""
        self.load_state_dict(state["model"])
        self.interior = np.asarray(state["interior"])
        self._rng = standing_at(self._rng, state)

    def _condition_weights(self) -> dict[str, float]:
        return dict(zip(self._names, (c.weight for c in self.conditions), strict=True))

    def _try_terms(self, inside: State) -> None:
        """Evaluate every term at one point, so that a wrong name shows now, and find the coefficients that they use."""
        terms: list[Any] = [(name, f, inside) for name, f in self.equations.items()]
        for name, c, points, normals in zip(self._names, self.conditions, self._places, self._normals, strict=True):
            s = self.state(points.numpy()[:1]).facing(None if normals is None else normals[:1])
            terms.append((name, c.residual, s))
        used, self._tried = tried(terms, [p for p in self.parameters() if p.requires_grad])
        for name, _, s in terms:
            self._plans["interior" if s is inside else name].note(*s.asked)
        self._adopt(owners(used, self.parameters()))
        with np.errstate(all="ignore"):
            warn_of_flat(self.state(self._inside.numpy()[:LOOK]), self._plans["interior"].keys)
        warn_of_untrained(used, self.parameters())
        if hasattr(self, "coefficients") and self._tried:
            warn_of_unused(self.coefficients, used)

    def extra_repr(self) -> str:
        at = lambda names, points: ", ".join(f"{name} ({len(X)} points)" for name, X in zip(names, points, strict=True))
        known = {
            "domain": repr(self.domain),
            "outputs": ", ".join(self.outputs),
            "equations": at(self.equations, [self._inside] * len(self.equations)) or "none",
            "conditions": at(self._names, self._places) or "none",
            "trained too, because terms of the loss use it": ", ".join(self._adopted),
        }
        return "\n  ".join(f"{name}: {text}" for name, text in known.items() if text)

    def _adopt(self, found: Sequence[Any]) -> None:
        """Train coefficients that the terms use and `parameters` does not name."""
        if found:
            self.coefficients = hold(getattr(self, "coefficients", nn.Module()), found)
            names = [name for name, k in self.coefficients.named_children() if k in found]
            self._adopted = (*self._adopted, *names)
