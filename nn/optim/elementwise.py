"""Optimizers whose rule is elementwise: all parameters of a group are updated as one vector.

NumPy pays about a microsecond a call whatever the size, so a network of six small arrays is updated by ten calls on
one vector rather than sixty on six arrays. A large vector is updated in blocks that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np

import autograd_core as ac

from .optimizer import Flat, Group, Optimizer, call, copy_into

BLOCK = 256 * 1024  # bytes of each vector


class Slab:
    """The parameters of one group and one dtype, with all their state in flat vectors.

    `steps[i]` counts the updates of parameter i, `moments[name]` is one vector for all; the dicts in `states` hold
    views of them, one dict a parameter.
    """

    def __init__(self, params: list[ac.Tensor], states: list[dict[str, Any]]) -> None:
        self.flat = Flat(params)
        self.states = states
        self.steps = np.zeros(len(params), np.int64)
        self.moments: dict[str, np.ndarray] = {}
        self._x, self._g = self.flat.zeros(), self.flat.zeros()
        self._x_views, self._g_views = self.flat.views(self._x), self.flat.views(self._g)
        self._block = BLOCK // self.flat.dtype.itemsize
        self._scratch = np.empty(min(self._block, self.flat.size), self.flat.dtype)
        # A parameter that fills a block gains nothing from neighbours: it makes a run of its own and is not copied.
        self._alone = [i if p.size >= self._block else -1 for i, p in enumerate(params)]
        for i, state in enumerate(states):
            state["step"] = self.steps[i : i + 1].reshape(())

    def moment(self, name: str) -> np.ndarray:
        """The flat vector of one moment; zeros when it is first asked for."""
        if name not in self.moments:
            self.moments[name] = self.flat.zeros()
            for state, view in zip(self.states, self.flat.views(self.moments[name]), strict=True):
                state[name] = view
        return self.moments[name]

    def step(self, rule: Callable, names: tuple[str, ...], group: Group) -> None:
        """Update the parameters that have a gradient; the others keep their value, their state and their count."""
        gradients = [p.grad for p in self.flat.params]
        moments = [self.moment(name) for name in names]
        counts = self.steps.tolist()
        keys = zip(counts, self._alone, gradients, strict=True)
        for first, last in runs([None if g is None else (count, alone) for count, alone, g in keys]):
            start, stop = self.flat.offsets[first], self.flat.offsets[last]
            x, g = self._read([g.numpy() for g in gradients[first:last]], first, last)  # type: ignore[union-attr]
            self.steps[first:last] += 1
            vectors = [x, g, self._x[start:stop], *(m[start:stop] for m in moments)]
            self._in_blocks(rule, vectors, counts[first] + 1, group)
            for p, view in zip(self.flat.params[first:last], self._x_views[first:last], strict=True):
                p.copy_(view)

    def _read(self, gradients: list[np.ndarray], first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The values and gradients of some neighbours as two vectors; those of a single one are not copied."""
        values = self.flat.arrays(first, last)
        if len(values) == 1:
            return values[0].reshape(-1).view(self.flat.dtype), gradients[0].reshape(-1).view(self.flat.dtype)
        copy_into(self._x_views[first:last], values)
        copy_into(self._g_views[first:last], gradients)
        start, stop = self.flat.offsets[first], self.flat.offsets[last]
        return self._x[start:stop], self._g[start:stop]

    def _in_blocks(self, rule: Callable, vectors: list[np.ndarray], count: int, group: Group) -> None:
        for low in range(0, vectors[0].size, self._block):
            x, g, out, *moments = (vector[low : low + self._block] for vector in vectors)
            step = self._scratch[: x.size]
            rule(x, g, moments, step, count, group)
            np.subtract(x, step, out=out)


def runs(keys: list[Any]) -> list[tuple[int, int]]:
    """Ranges (first, last) of neighbours with equal keys, without those whose key is None.

    >>> runs([3, 3, None, 3, 2])
    [(0, 2), (3, 4), (4, 5)]
    """
    found = []
    for key, places in groupby(range(len(keys)), keys.__getitem__):
        place = list(places)
        if key is not None:
            found.append((place[0], place[-1] + 1))
    return found


class ElementwiseOptimizer(Optimizer):
    """An optimizer that is defined by `moments`, the names of the vectors it remembers, and `rule`."""

    def moments(self, group: Group) -> tuple[str, ...]:
        """The names of the vectors that the rule remembers with these options."""
        return ()

    def rule(self, x: np.ndarray, g: np.ndarray, moments: list[np.ndarray], step: np.ndarray, count: int, group: Group) -> None:
        """Write into `step` what is to be taken off x, and update the moments in place; leave x and its gradient g.

        All are vectors of equal length; `step` holds anything at first. `count` is 1 in the first step.
        """
        raise TypeError(f"{type(self).__name__} has no rule: define rule()")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change the parameters once, by the gradients they hold; returns the loss of `closure`, if there is one."""
        loss = None if closure is None else call(closure)
        for group in self.param_groups:
            names = self.moments(group)
            for slab in self._slabs[group["params"][0]]:
                slab.step(self.rule, names, group)
        return loss

    _slabs: dict[ac.Tensor, list[Slab]]  # of each group, found by its first parameter

    def _prepare(self, group: Group) -> None:
        by_dtype: dict[np.dtype, list[ac.Tensor]] = {}
        for p in group["params"]:
            by_dtype.setdefault(p.dtype, []).append(p)
        slabs = [Slab(params, [self.state[p] for p in params]) for params in by_dtype.values()]
        self.__dict__.setdefault("_slabs", {})[group["params"][0]] = slabs
        self._ensure(slabs, group)

    def _ensure(self, slabs: list[Slab], group: Group) -> None:
        for slab in slabs:
            for name in self.moments(group):
                slab.moment(name)

    def _load(self, p: ac.Tensor, group: Group, saved: dict[str, Any]) -> None:
        self._ensure(self._slabs[group["params"][0]], group)
        for name, view in self.state[p].items():
            value = saved.get(name)
            view[...] = 0 if value is None else np.asarray(value)
