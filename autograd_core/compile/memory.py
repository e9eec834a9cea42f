"""Memory: on which memory the values of a program lie, when it is written, and when it is read for the last time."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from ..tape import Slot, Step
from .capture import Write
from .program import Program


class Memory:
    """On which memory the values of a program lie, and when it is written and last read. A view may be a copy."""

    def __init__(self, program: Program) -> None:
        self.roots: dict[Slot, Slot] = {}
        self.writes: dict[Slot, list[int]] = {}
        for step in program.steps:
            self.add(step)
        self.writes = self.written(program)
        self.moving = {*self.writes, *(y for y, root in self.roots.items() if root in self.writes)}  # on memory that is written
        self.reach = self.last_reads(program)

    def add(self, step: Step) -> None:
        """Note on what the outputs of a step lie."""
        if step.op.views and isinstance(step.inputs[0], Slot):
            root = self.root(step.inputs[0])
            self.roots.update(dict.fromkeys(step.outputs, root))
            if root in self.writes:
                self.moving.update(step.outputs)

    def root(self, slot: Slot) -> Slot:
        """The slot on whose memory a value lies."""
        return self.roots.get(slot, slot)

    def written(self, program: Program) -> dict[Slot, list[int]]:
        """For each slot whose memory is written, also as that of a cell that overlaps with it, the numbers of the steps."""
        writes: dict[Slot, list[int]] = {}
        for k, step in enumerate(program.steps):
            if isinstance(step.op, Write):
                writes.setdefault(self.root(step.inputs[0]), []).append(k)
        arrays = {s: c.read() for s, c in program.cells.items() if not c.gradient and not c.constant}
        found = {s: [*ks] for s, ks in writes.items()}
        for slot, array in arrays.items():
            overlapping = [s for s in writes if s is not slot and s in arrays and np.may_share_memory(array, arrays[s])]
            if overlapping:
                found[slot] = sorted({k for s in (slot, *overlapping) for k in writes.get(s, ())})
        return found

    def last_reads(self, program: Program) -> dict[Slot, int]:
        """For each slot the number of the last step that reads it, or a view of it."""
        end = len(program.steps) + 1
        reach = dict.fromkeys(program.results, end)
        for k in range(len(program.steps) - 1, -1, -1):
            step = program.steps[k]
            last = max([k, *(reach.get(y, 0) for y in step.outputs)]) if step.op.views else k
            for number, x in enumerate(step.inputs):
                if isinstance(x, Slot):
                    itself = isinstance(step.op, Write) and number == 0
                    reach[x] = max(reach.get(x, 0), k + 1 if itself else last)
        return reach

    def still(self, slot: Slot, after: int, before: int) -> bool:
        """Whether no step between these two writes to the memory of a value."""
        if slot not in self.moving:
            return True
        writes = self.writes[self.root(slot)]
        k = bisect_right(writes, after)
        return k == len(writes) or writes[k] >= before

    def epoch(self, slot: Slot, now: int) -> int:
        """How often the memory of a value was written so far."""
        return bisect_right(self.writes[self.root(slot)], now) if slot in self.moving else 0
