"""Optimizers whose rule is elementwise: all parameters of a group are updated as one vector.

Every op costs about a microsecond whatever the size of its array, so a network of six small arrays is updated by a dozen ops
on one vector rather than a dozen on each array. The vector and those of the state are memory that the parameters lie on,
where that can be (`ac.Flattened`), and one write each ends the step. All of a step is ops on Tensors, numbers included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, ClassVar

import numpy as np

import autograd_core as ac

from .group import Group, cell
from .optimizer import Optimizer, call

State = dict[str, Any]


class Slab:
    """Some parameters of one dtype and one history, with their state: a vector or a number for each name.

    `s[name]` reads it, and `s[name] = value` overwrites it in place. The dicts in `states`, one a parameter, show the vectors
    in the shapes of the parameters, and the numbers, which all share.
    """

    _settled: ClassVar[bool] = True  # what a captured program need not look through

    def __init__(self, params: list[ac.Tensor], states: list[State], vectors: Sequence[str], numbers: Sequence[str]) -> None:
        self.params, self.states = params, states
        self.x = ac.Flattened(params)
        self.likes = [(p.shape, p.dtype) for p in params]
        self.vectors = {name: ac.Flattened([state[name] for state in states]) for name in vectors}
        self.numbers = {name: states[0][name] for name in numbers}
        self.double = self.x.dtype == np.float64
        self.names = (*vectors, *numbers)
        self.held = [[state[name] for name in self.names] for state in states]

        self.whole: dict[str, ac.Tensor | None] = {}

    def __getitem__(self, name: str) -> ac.Tensor:
        y = self.whole[name]
        return self.vectors[name].read() if y is None else y

    def __setitem__(self, name: str, value: ac.Tensor) -> None:
        y = self.whole[name]
        if y is None:
            self.vectors[name].write(value)
        else:
            y.copy_(value)

    def count(self) -> ac.Tensor:
        """Count a step, and return its number: 1 for the first."""
        k = self["step"] = self["step"] + 1.0
        return k

    def number(self, value: ac.Tensor) -> ac.Tensor:
        """A number that was computed in double precision, in that of the parameters."""
        return value if self.double else value.astype(self.x.dtype)

    def mean(self, name: str, beta: ac.Tensor, new: ac.Tensor) -> ac.Tensor:
        """Take `new` into a running mean, β·old + (1 − β)·new, and return the mean."""
        y = self[name] = self.number(beta) * self[name] + self.number(1.0 - beta) * new
        return y

    def fits(self, state: dict[ac.Tensor, State], names: Sequence[str]) -> bool:
        """Whether the state is still that which this slab was made for, and not exchanged by the user."""
        if self.names != names:
            return False
        for p, own, held in zip(self.params, self.states, self.held):
            if state.get(p) is not own or not all(map(is_, map(own.get, names), held)):
                return False
        return True

    def begin(self) -> None:
        """See where parameters and state lie now, once a step.

        Raises DTypeError or ShapeError if a parameter was converted: the state that goes with it was not.
        """
        if not self.x.intact:
            self.check()
        self.whole = {name: flat.vector if flat.intact else None for name, flat in self.vectors.items()} | self.numbers

    def check(self) -> None:
        """Raise if a parameter has another dtype or shape by now."""
        for p, (shape, dtype) in zip(self.params, self.likes, strict=True):
            if p.dtype != dtype:
                raise ac.errors.DTypeError(_CONVERTED.format(p.shape, dtype, p.dtype))
            if p.shape != shape:
                raise ac.errors.ShapeError(_CONVERTED.format(p.shape, f"of shape {shape}", p.shape))


_CONVERTED = (
    "a parameter of shape {} was {} when its optimizer was made and is {}: "
    "convert the parameters first, then make the optimizer"
)


class ElementwiseOptimizer(Optimizer):
    """An optimizer that is defined by `rule`, and by the names of what it remembers.

    `moments(group)` names the vectors, `numbers` the numbers that belong to a parameter, among them `step`, the count of
    updates. A parameter without a gradient keeps its value, its state and its count.
    """

    numbers: ClassVar[tuple[str, ...]] = ("step",)

    def moments(self, group: Group) -> tuple[str, ...]:
        """The names of the vectors that the rule remembers with these options."""
        return ()

    def start(self, name: str, group: Group) -> float:
        """What a vector or number is filled with before the first step."""
        return 0.0

    def rule(self, x: ac.Tensor, g: ac.Tensor, s: Slab, group: Group) -> ac.Tensor:
        """The new values of the parameters x with the gradient g, two vectors; `s` is the state, to be read and overwritten.

        It is made of ops on Tensors, and numbers come from `group.cell(name)` and `s`, in double precision.
        """
        raise TypeError(f"{type(self).__name__} has no rule: define rule()")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once, by the gradients they hold; returns the loss of `closure`, if there is one."""
        loss = None if closure is None else call(closure)
        with ac.no_grad():
            for i, group in enumerate(self.param_groups):
                for slab, gradients in self._ready(i, group):
                    slab.begin()
                    g = slab.x.join(gradients)
                    slab.x.write(self.rule(slab.x.read(), -g if group["maximize"] else g, slab, group))
        return loss

    # -- the slabs of a group ------------------------------------------------------------------------------------------

    _slabs: list[list[Slab]]  # of each group

    def _prepare(self, group: Group) -> None:
        self.__dict__.setdefault("_slabs", []).append([])
        self._rebuild(len(self._slabs) - 1, group)

    def _ready(self, i: int, group: Group) -> list[tuple[Slab, list[Any]]]:
        """The slabs of a group that have gradients, with these; one of which only a part has some is split for good."""
        names = (*self.moments(group), *self.numbers)
        if not all(slab.fits(self.state, names) for slab in self._slabs[i]):
            self._rebuild(i, group)
        given = [(slab, [p.grad for p in slab.params]) for slab in self._slabs[i]]
        if any(mixed(gradients) for _, gradients in given):
            self._rebuild(i, group, split=True)
            given = [(slab, [p.grad for p in slab.params]) for slab in self._slabs[i]]
        return [(slab, gradients) for slab, gradients in given if gradients[0] is not None]

    def _rebuild(self, i: int, group: Group, split: bool = False) -> None:
        """Lay the parameters of one dtype and one history together; with `split`, those with and without a gradient apart."""
        self._slabs[i] = []  # lets go of the memory
        alike: dict[tuple, list[ac.Tensor]] = {}
        for p in group["params"]:
            state = self._completed(p, group)
            history = (p.dtype, *(state[name].item() for name in self.numbers), split and p.grad is None)
            alike.setdefault(history, []).append(p)
        self._slabs[i] = [self._slab(params, group) for params in alike.values()]

    def _slab(self, params: list[ac.Tensor], group: Group) -> Slab:
        states = [self.state[p] for p in params]
        for name in self.numbers:
            shared = cell(states[0][name].item())
            for state in states:
                state[name] = shared
        return Slab(params, states, self.moments(group), self.numbers)

    def _completed(self, p: ac.Tensor, group: Group) -> State:
        """The state of a parameter, with Tensors for all names: from what is there, or from the start."""
        state = self.state.setdefault(p, {})
        for name in (*self.numbers, *self.moments(group)):
            value = state.get(name)
            shape, dtype = ((), np.dtype(float)) if name in self.numbers else (p.shape, p.dtype)
            if value is None:
                start = self.start(name, group)
                state[name] = ac.tensor(np.full(shape, complex(start, start) if dtype.kind == "c" else start, dtype))
            elif not (isinstance(value, ac.Tensor) and value.is_leaf and (value.shape, value.dtype) == (shape, dtype)):
                array = np.asarray(value)
                if array.shape != shape:
                    raise ac.errors.ShapeError(f"state {name!r} has shape {array.shape}; its parameter needs {shape}")
                state[name] = ac.tensor(array.astype(dtype))
        return state

    # -- saving and loading --------------------------------------------------------------------------------------------

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state that `state_dict` gave, here or in PyTorch.

        Raises ValueError where the number of groups or of parameters in a group differs, ShapeError for state of another
        shape.
        """
        super().load_state_dict(state_dict)
        for i, group in enumerate(self.param_groups):
            self._rebuild(i, group)

    def _saved(self, p: ac.Tensor) -> State:
        return {name: np.array(value) for name, value in self.state[p].items()}

    def _load(self, p: ac.Tensor, group: Group, saved: State) -> None:
        self.state[p] = {name: value for name, value in saved.items() if value is not None}


def mixed(gradients: list[Any]) -> bool:
    """Whether some are None and some are not."""
    absent = [g is None for g in gradients]
    return any(absent) and not all(absent)
