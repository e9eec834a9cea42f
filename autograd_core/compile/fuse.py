"""Fuse: elementwise steps with their sums as loops over elements, whose values between the steps stay in registers.

Steps that do not depend on each other are put in another order, so that those that can be fused come one after the other.
Of these, the ones of one shape share a loop, as long as each reads of the others' values only the element that the loop is at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy import ndarray

from ..tape import Slot, Step
from .capture import Write
from .plan import shadows_of, view_of
from .program import Program
from .statements import Operand, Statement, statements_of

LONG = 96  # statements in one loop: more would not be compiled well


@dataclass
class Loop:
    """Statements on elements at one place at a time."""

    shape: tuple[int, ...]
    statements: list[Statement] = field(default_factory=list)

    def takes(self, new: Statement) -> bool:
        """Whether a statement may stand at the end of this loop."""
        if new.shape != self.shape or len(self.statements) >= LONG:
            return False
        if new.adds and any(x.meets(new.target) for x in new.reads):
            return False
        return all(self.agree(old, new) for old in self.statements)

    @staticmethod
    def agree(old: Statement, new: Statement) -> bool:
        """Whether the later of two statements may be run at a place before the earlier has been run at the next one."""
        wrote, writes = old.target, new.target
        if any(x.meets(wrote) and (old.adds or x.key != wrote.key) for x in new.reads):
            return False
        either = old.adds or new.adds
        return not any(writes.meets(x) and (either or x.key != writes.key) for x in (*old.reads, wrote))

    def blocks(self, new: Statement) -> bool:
        """Whether a statement has to come after this loop."""
        return any(
            new.target.meets(x) for old in self.statements for x in (*old.reads, old.target)
        ) or any(x.meets(old.target) for old in self.statements for x in new.reads)  # fmt: skip


@dataclass
class Kernel:
    """Loops that run one after the other, in one call."""

    loops: list[Loop] = field(default_factory=list)

    @property
    def statements(self) -> list[Statement]:
        """All statements."""
        return [s for loop in self.loops for s in loop.statements]

    @property
    def steps(self) -> list[int]:
        """The numbers of the steps that it computes."""
        return sorted({s.step for s in self.statements})

    def add(self, new: Statement) -> None:
        """Put a statement into the last loop that it may be put into, or into a new one."""
        for loop in reversed(self.loops):
            if loop.takes(new):
                loop.statements.append(new)
                return
            if loop.blocks(new):
                break
        self.loops.append(Loop(new.shape, [new]))


def fused(steps: Sequence[Step], arrays: Mapping[Slot, ndarray]) -> list[Any]:
    """The steps in order, those that are statements gathered in Kernels."""
    found: list[Any] = []
    for k, step in enumerate(steps):
        statements = statements_of(k, step, arrays)
        if statements is None:
            found.append(step)
        else:
            if not found or not isinstance(found[-1], Kernel):
                found.append(Kernel())
            for statement in statements:
                found[-1].add(statement)
    return found


# -- order -------------------------------------------------------------------------------------------------------------


def grouped(program: Program, arrays: Mapping[Slot, ndarray], known: Mapping[Slot, Slot]) -> Program:
    """The program with its steps in an order in which those that can be fused stand together.

    `arrays` are the places of the values from outside, `known` on the memory of which others they lie. No step is moved
    across a write to memory that it reads.
    """
    kinds, roots = kinds_of(program, arrays, known)
    before = dependencies(program, arrays, roots)
    after: list[list[int]] = [[] for _ in before]
    for k, needs in enumerate(before):
        for j in needs:
            after[j].append(k)
    order = Order(kinds, [len(needs) for needs in before], after).run()
    return program.with_steps([program.steps[k] for k in order])


def kinds_of(
    program: Program, arrays: Mapping[Slot, ndarray], known: Mapping[Slot, Slot]
) -> tuple[list[Any], dict[Slot, Slot]]:
    """For each step the shape of its loop, None if it has none, or "view"; and for each value on which other it lies."""
    shadows, roots = dict(arrays), {slot: known.get(slot, slot) for slot in arrays}
    shadow = shadows_of(program)
    kinds: list[Any] = []
    for k, step in enumerate(program.steps):
        views = view_of(step, shadows)
        for i, slot in enumerate(step.outputs):
            shadows[slot] = shadow(program.layouts[slot]) if views is None else views[i]
            roots[slot] = slot if views is None else roots[step.inputs[0]]
        statements = statements_of(k, step, shadows) if views is None else None
        kinds.append("view" if views is not None else statements[0].shape if statements else None)
    return kinds, roots


def dependencies(program: Program, arrays: Mapping[Slot, ndarray], roots: Mapping[Slot, Slot]) -> list[set[int]]:
    """For each step the numbers of those that have to come before it."""
    written = list({roots[step.inputs[0]]: 0 for step in program.steps if isinstance(step.op, Write)})
    near = {r: [w for w in written if r == w or overlap(r, w, arrays)] for r in set(roots.values())}
    maker: dict[Slot, int] = {}
    writer: dict[Slot, int] = {}
    readers: dict[Slot, list[int]] = {w: [] for w in written}
    found: list[set[int]] = []
    for k, step in enumerate(program.steps):
        slots = [x for x in step.inputs if isinstance(x, Slot)]
        needs = {maker[x] for x in slots if x in maker}
        for w in {w for x in slots for w in near[roots[x]]}:
            needs.update([writer[w]] if w in writer else [])
            readers[w].append(k)
        if isinstance(step.op, Write):
            for w in near[roots[step.inputs[0]]]:
                needs.update(readers[w])
                writer[w], readers[w] = k, [k]
        maker.update((y, k) for y in step.outputs)
        found.append(needs - {k})
    return found


def overlap(r: Slot, w: Slot, arrays: Mapping[Slot, ndarray]) -> bool:
    """Whether two values from outside may lie on the same memory; a value made in the block lies on memory of its own."""
    return r in arrays and w in arrays and np.may_share_memory(arrays[r], arrays[w])


class Order:
    """Takes in turn all steps that are ready and cannot be fused, and all that can, those of one shape together."""

    def __init__(self, kinds: Sequence[Any], waits: list[int], after: Sequence[Sequence[int]]) -> None:
        self.kinds, self.waits, self.after = kinds, waits, after
        self.order: list[int] = []
        self.others: list[int] = []
        self.loops: dict[Any, list[int]] = {}

    def run(self) -> list[int]:
        """The numbers of all steps in their new order."""
        for k in [k for k, n in enumerate(self.waits) if n == 0]:
            self.ready(k)
        while self.others or self.loops:
            while self.others:
                self.done(heappop(self.others))
            shape = None
            while self.loops:
                shape = shape if shape in self.loops else min(self.loops, key=lambda each: self.loops[each][0])
                k = heappop(self.loops[shape])
                if not self.loops[shape]:
                    del self.loops[shape]
                self.done(k)
        return self.order

    def ready(self, k: int) -> None:
        """All that step k waits for is done."""
        kind = self.kinds[k]
        if isinstance(kind, str):
            self.done(k)
        elif kind is None:
            heappush(self.others, k)
        else:
            heappush(self.loops.setdefault(kind, []), k)

    def done(self, k: int) -> None:
        """Step k comes next; what waited for it may follow."""
        stack = [k]
        while stack:
            k = stack.pop()
            self.order.append(k)
            for j in self.after[k]:
                self.waits[j] -= 1
                if self.waits[j] == 0:
                    if isinstance(self.kinds[j], str):
                        stack.append(j)
                    else:
                        self.ready(j)


Needed = Callable[[int, set[int]], bool]


def stored_in(kernel: Kernel, needed: Needed) -> set[int]:
    """The statements, by identity, whose values are read elsewhere than in their loop; sums are always in memory."""
    loops_of: dict[int, set[int]] = {}
    for i, loop in enumerate(kernel.loops):
        for s in loop.statements:
            loops_of.setdefault(s.step, set()).add(i)
    found = set()
    for loop in kernel.loops:
        whole = {s.step for s in loop.statements if len(loops_of[s.step]) == 1}
        found |= {id(s) for s in loop.statements if s.adds or needed(s.step, whole)}
    return found


def operands_of(loop: Loop) -> list[Operand]:
    """All operands of a loop."""
    return [x for s in loop.statements for x in (*s.reads, s.target)]
