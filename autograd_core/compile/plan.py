"""Plan: which value lies where. Views lie on what they are views of; memory that is no longer read is used again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from ..ops.index import InRange
from ..table import Elementwise
from ..tape import Slot, Step
from .capture import Write
from .products import MatmulAdd
from .program import Layout, Program, layout_of


@dataclass
class Plan:
    """Where values lie: `arrays` by slot, and the `steps` that have to be computed; views were made beforehand.

    `direct` are the values that lie on a cell, which is overwritten with them. `roots` tells of each value on the memory of
    which other one it lies. `bytes` is how much memory was taken for what the program itself computes.
    """

    arrays: dict[Slot, ndarray]
    roots: dict[Slot, Slot]
    direct: dict[Slot, Slot] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    bytes: int = 0


class Pool:
    """Memory that can be taken and given back."""

    def __init__(self) -> None:
        self.free: list[ndarray] = []
        self.taken: dict[Slot, ndarray] = {}
        self.bytes = 0

    def take(self, slot: Slot, layout: Layout) -> ndarray:
        """Memory for a value: the smallest free piece that is large enough and not wasteful, or a new one."""
        fitting = [m for m in self.free if layout.nbytes <= m.nbytes <= 2 * layout.nbytes + 256]
        if fitting:
            memory = min(fitting, key=lambda m: m.nbytes)
            self.free = [m for m in self.free if m is not memory]
        else:
            memory = aligned_memory(layout.nbytes)
            self.bytes += memory.nbytes
        self.taken[slot] = memory
        return layout.view(memory)

    def passes_on(self, old: Slot, new: Slot) -> bool:
        """Give the memory of one value to another one, if it was taken."""
        if old in self.taken:
            self.taken[new] = self.taken.pop(old)
        return new in self.taken

    def give_back(self, slot: Slot) -> None:
        """The value of this slot is read no more."""
        if (memory := self.taken.pop(slot, None)) is not None and memory.nbytes:
            self.free.append(memory)


def aligned_memory(size: int, alignment: int = 64) -> ndarray:
    """Bytes that begin at a cache line."""
    raw = np.empty(size + alignment, np.uint8)
    start = -raw.ctypes.data % alignment
    return raw[start : start + size]


def plan(
    program: Program, arrays: Mapping[Slot, ndarray], reuse: bool = True, known: Mapping[Slot, Slot] | None = None
) -> Plan:
    """Places for all values of a program; `arrays` are those that have one, `known` on the memory of which others they lie."""
    roots, computed = trace_views(program, arrays, known or {})
    last = last_uses(program, roots)
    pinned = {roots[s] for s in (*program.results, *arrays)}
    made, pool = Plan(dict(arrays), roots), Pool()
    direct = made.direct = direct_writes(program, arrays, roots) if reuse else {}
    for k, step in enumerate(program.steps):
        if isinstance(step.op, Write) and step.inputs[1] in direct:
            continue
        if reuse and isinstance(step.op, MatmulAdd) and pool.passes_on(step.inputs[0], step.outputs[0]):
            made.arrays[step.outputs[0]] = made.arrays[step.inputs[0]]
            made.steps.append(step)
        elif step.outputs and computed[step.outputs[0]]:
            ends = [s for s in dying(step, k, roots, last) if s not in pinned and s in pool.taken]
            early = ends if reuse and in_place(step, program, ends, roots) else []
            for slot in early:
                pool.give_back(slot)
            for slot in step.outputs:
                target = direct.get(slot)
                made.arrays[slot] = pool.take(slot, program.layouts[slot]) if target is None else made.arrays[target]
            made.steps.append(step)
        elif step.outputs:
            views = step.op.forward(*(made.arrays[x] if isinstance(x, Slot) else x for x in step.inputs))
            for slot, y in zip(step.outputs, views if isinstance(views, tuple) else (views,), strict=True):
                made.arrays[slot] = np.asarray(y)
        else:
            made.steps.append(step)
        if reuse:
            for slot in {*dying(step, k, roots, last), *(roots[s] for s in step.outputs if last.get(roots[s], -1) <= k)}:
                if slot not in pinned:
                    pool.give_back(slot)
    made.bytes = pool.bytes
    return made


def trace_views(
    program: Program, arrays: Mapping[Slot, ndarray], known: Mapping[Slot, Slot]
) -> tuple[dict[Slot, Slot], dict[Slot, bool]]:
    """For each slot the one whose memory it lies on, and whether it has to be computed."""
    shadows, shadow = dict(arrays), shadows_of(program)  # to see which results are views
    roots = {slot: known.get(slot, slot) for slot in arrays}
    computed: dict[Slot, bool] = {}
    for step in program.steps:
        ys = view_of(step, shadows)
        for k, slot in enumerate(step.outputs):
            computed[slot] = ys is None
            shadows[slot] = shadow(program.layouts[slot]) if ys is None else ys[k]
            roots[slot] = slot if ys is None else roots[step.inputs[0]]
    return roots, computed


def shadows_of(program: Program) -> Callable[[Layout], ndarray]:
    """A function that gives arrays of the layouts of a program, to see how views of them lie.

    All lie on one piece of memory: where each had its own, a program of 300 values took four times the memory of the code.
    """
    memory = np.zeros(max((layout.nbytes for layout in program.layouts.values()), default=0), np.uint8)
    return lambda layout: layout.view(memory)


def view_of(step: Step, arrays: Mapping[Slot, ndarray]) -> list[ndarray] | None:
    """The outputs of a step if they are views of its first input, else None."""
    if not step.outputs or not step.op.views or isinstance(step.op, InRange) or not isinstance(step.inputs[0], Slot):
        return None
    xs = [arrays[x] if isinstance(x, Slot) else x for x in step.inputs]
    y = step.op.forward(*xs)
    ys = [np.asarray(a) for a in (y if isinstance(y, tuple) else (y,))]
    lies = all(np.may_share_memory(a, xs[0]) or a.size == 0 for a in ys)
    return ys if lies else None


def last_uses(program: Program, roots: Mapping[Slot, Slot]) -> dict[Slot, int]:
    """For each piece of memory the number of the last step that reads it."""
    last: dict[Slot, int] = {}
    for k, step in enumerate(program.steps):
        last.update((roots[x], k) for x in step.inputs if isinstance(x, Slot))
    return last


def dying(step: Step, k: int, roots: Mapping[Slot, Slot], last: Mapping[Slot, int]) -> set[Slot]:
    """The pieces of memory that step k reads as the last one."""
    return {roots[x] for x in step.inputs if isinstance(x, Slot) and last[roots[x]] == k}


def in_place(step: Step, program: Program, ends: Iterable[Slot], roots: Mapping[Slot, Slot]) -> bool:
    """Whether an elementwise step may write where its dying inputs lie: all of them as the output does, and whole."""
    if not is_ufunc(step):
        return False
    layout, ending = program.layouts[step.outputs[0]], set(ends)
    inputs = [x for x in step.inputs if isinstance(x, Slot) and roots[x] in ending]
    return all(roots[x] == x and program.layouts[x] == layout for x in inputs)


def direct_writes(program: Program, arrays: Mapping[Slot, ndarray], roots: Mapping[Slot, Slot]) -> dict[Slot, Slot]:
    """Values that are computed straight into the memory they are written to: pairs (value, cell).

    Such a value is that of an elementwise step and read by the write alone; between the two nothing reads this memory, and
    the step itself reads of it at most the very elements that it then overwrites.
    """
    made = {y: k for k, step in enumerate(program.steps) for y in step.outputs}
    uses = Counter(x for step in program.steps for x in step.inputs if isinstance(x, Slot))
    uses.update(program.results)
    found: dict[Slot, Slot] = {}
    for k, step in enumerate(program.steps):
        if not isinstance(step.op, Write):
            continue
        x, v = step.inputs
        if not isinstance(v, Slot) or v not in made or uses[v] != 1 or x not in arrays:
            continue
        first = program.steps[made[v]]
        memory = arrays[x]
        dense = program.layouts[v] == layout_of(memory) and is_dense(memory)
        if not dense or not is_ufunc(first) or roots[v] != v:
            continue
        between = [s for each in program.steps[made[v] + 1 : k] for s in (*each.inputs, *each.outputs)]
        if any(overlaps(s, memory, arrays, roots) for s in between):
            continue
        if all(s == x or not overlaps(s, memory, arrays, roots) for s in first.inputs):
            found[v] = x
    return found


def overlaps(x: Any, memory: ndarray, arrays: Mapping[Slot, ndarray], roots: Mapping[Slot, Slot]) -> bool:
    """Whether an operand may lie on this memory."""
    return isinstance(x, Slot) and roots[x] in arrays and np.may_share_memory(arrays[roots[x]], memory)


def is_dense(x: ndarray) -> bool:
    """Whether the elements of an array fill its memory."""
    return x.size == 0 or np.lib.array_utils.byte_bounds(x)[1] - np.lib.array_utils.byte_bounds(x)[0] == x.nbytes


def is_ufunc(step: Step) -> bool:
    """Whether a step is one call of a ufunc."""
    return isinstance(step.op, Elementwise) and isinstance(step.op.function, np.ufunc)
