"""Rewrite: one walk over a program that puts cheaper steps where a rule knows some, and keeps the order of writes.

All values of a program are functions of earlier ones, but for memory that a `write` step overwrites. A walk therefore tells
a rule what made a value only while all that was read for it is as it was, and puts one value in the place of another only
if nothing is written to either before the last time that it is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray

from ..primitive import Primitive
from ..table import Elementwise
from ..tape import Slot, Step
from .layouts import made_layout
from .memory import Memory
from .program import Cell, Layout, Program, layout_of

Rule = Callable[["Walk", Step], Any]
DEEPEST = 24  # rules that lead to rules
NUMBERS = (bool, int, float, complex, np.generic)


class Rules:
    """Rules by what they rewrite: an entry of the derivative table, or a class of ops."""

    def __init__(self) -> None:
        self.known: dict[Any, list[Rule]] = {}
        self.found: dict[Any, list[Rule]] = {}

    def of(self, *keys: Any) -> Callable[[Rule], Rule]:
        """Register a rule: a function of the walk and a step that gives the value to take instead, or None."""

        def register(function: Rule) -> Rule:
            for key in keys:
                self.known.setdefault(key, []).append(function)
            return function

        return register

    def __call__(self, op: Any) -> list[Rule]:
        """The rules for an op: those for the entry itself, then those for its classes."""
        key = op if isinstance(op, Elementwise) else type(op)
        if key not in self.found:
            keys = (*((op,) if isinstance(op, Elementwise) else ()), *type(op).__mro__)
            self.found[key] = [rule for key in keys for rule in self.known.get(key, ())]
        return self.found[key]

    def __or__(self, other: Rules) -> Rules:
        """The rules of both."""
        both = Rules()
        for rules in (self, other):
            for key, known in rules.known.items():
                both.known.setdefault(key, []).extend(known)
        return both


class Walk:
    """A pass over the steps of a program in their order, each handed to the rules that fit, which may put in others."""

    def __init__(self, program: Program, rules: Rules) -> None:
        self.program, self.rules = program, rules
        self.cells, self.layouts = dict(program.cells), dict(program.layouts)
        self.memory = Memory(program)
        self.steps: list[Step] = []
        self.makers: dict[Slot, tuple[Step, int]] = {}
        self.instead: dict[Slot, Slot] = {}
        self.numbers: dict[Slot, Any] = {}
        self.users = users(program)
        self.next = max((s.index for s in self.layouts), default=-1) + 1
        self.now = self.depth = 0
        self.changed = False

    def run(self) -> Program:
        """The program after the pass."""
        for k, step in enumerate(self.program.steps):
            self.now = k
            self.take(self.renamed(step))
        if not self.changed:
            return self.program
        new = {slot: self.instead.get(slot, slot) for slot in self.program.results}
        outputs = tuple(new[s] for s in self.program.outputs)
        gradients = tuple((x, None if s is None else new[s]) for x, s in self.program.gradients)
        return Program(self.program.inputs, self.cells, tuple(self.steps), outputs, gradients, self.layouts)

    def renamed(self, step: Step) -> Step:
        """A step that reads what was put in the place of its inputs."""
        instead = self.instead
        if instead.keys().isdisjoint(step.inputs):
            return step
        return Step(step.op, tuple(instead.get(x, x) if isinstance(x, Slot) else x for x in step.inputs), step.outputs, step.on)

    def take(self, step: Step) -> None:
        """A step of the program: what a rule knows instead of it, or the step itself."""
        found = self.better(step)
        if found is not None:
            self.changed = True
        if found is None or not self.replaces(step.outputs, found):
            self.keep(step)

    def keep(self, step: Step) -> None:
        """Put a step at the end of those so far."""
        self.steps.append(step)
        self.memory.add(step)
        for y in step.outputs:
            self.makers[y] = (step, self.now)

    def better(self, step: Step) -> Any:
        """What the first rule that fits gives instead of a step: a slot, several for several outputs, or None."""
        rules = self.rules(step.op)
        if not rules or self.depth >= DEEPEST:
            return None
        self.depth += 1
        try:
            return next((found for rule in rules if (found := rule(self, step)) is not None), None)
        finally:
            self.depth -= 1

    def replaces(self, outputs: Sequence[Slot], found: Any) -> bool:
        """Put values in the place of the outputs of a step, if these are not told apart by a write."""
        values = found if isinstance(found, tuple) else (found,)
        reach = self.memory.reach
        for y, new in zip(outputs, values, strict=True):
            last = reach.get(y, 0)
            if not (self.memory.still(y, self.now, last) and self.memory.still(new, self.now, last)):
                return False
        for y, new in zip(outputs, values, strict=True):
            self.instead[y] = new
            self.users[new] = self.users.get(new, 0) + self.users.get(y, 0)
            reach[new] = max(reach.get(new, 0), reach.get(y, 0))
        return True

    # -- what rules ask ------------------------------------------------------------------------------------------------

    def maker(self, x: Any, *ops: Any) -> Step | None:
        """The step that gives x, if all it reads is as it was then; if ops are named, only one of these (or these classes)."""
        step, at = self.makers.get(x, (None, 0)) if isinstance(x, Slot) else (None, 0)
        if step is None or (ops and not any(step.op is op or (type(op) is type and isinstance(step.op, op)) for op in ops)):
            return None
        still = self.memory.still
        read = (x, *step.inputs)
        return step if all(still(s, at, self.now) for s in read if isinstance(s, Slot)) else None

    def single(self, x: Any) -> bool:
        """Whether a value is read once at most."""
        return self.users.get(x, 0) <= 1

    @cached_property
    def readers(self) -> dict[Any, list[Step]]:
        """The steps that read each value of the program, before the walk."""
        found: dict[Any, list[Step]] = {}
        for step in self.program.steps:
            for x in step.inputs:
                if isinstance(x, Slot):
                    found.setdefault(x, []).append(step)
        return found

    def shape(self, x: Any) -> tuple[int, ...]:
        """The shape of an operand."""
        return self.layouts[x].shape if isinstance(x, Slot) else np.shape(x)

    def size(self, x: Any) -> int:
        """The number of elements of an operand."""
        return math.prod(self.shape(x))

    def dtype(self, x: Any) -> Any:
        """The dtype of an operand; None for a number."""
        return self.layouts[x].dtype if isinstance(x, Slot) else None

    def result(self, step: Step) -> Layout:
        """Shape and dtype of what a step gives."""
        return self.layouts[step.outputs[0]] if step.outputs else made_layout(step.op, step.inputs, self.layouts)

    def alike(self, step: Step, x: Any) -> bool:
        """Whether x has the shape and dtype of the result of a step."""
        y = self.result(step)
        return isinstance(x, Slot) and (self.shape(x), self.dtype(x)) == (y.shape, y.dtype)

    def known(self, x: Any) -> Any:
        """The value of a number, or of a slot that is the same in each call, as a view; else None."""
        if not isinstance(x, Slot):
            return x
        cell = self.cells.get(x)
        if cell is not None:
            return cell.read() if cell.constant and x not in self.memory.writes else None
        made = self.maker(x)
        if made is None or not made.op.views or made.op.outputs is not None or len(made.inputs) != 1:
            return None
        value = self.known(made.inputs[0])
        return None if value is None else np.asarray(made.op.forward(np.asarray(value)))

    def number(self, x: Any) -> Any:
        """The number that an operand holds everywhere, in each call, as one of Python; else None."""
        if isinstance(x, NUMBERS):
            return x.item() if isinstance(x, np.generic) else x
        if x not in self.numbers:
            self.numbers[x] = uniform(self.known(x))
        return self.numbers[x]

    # -- what rules give -----------------------------------------------------------------------------------------------

    def emit(self, op: Primitive, *xs: Any) -> Any:
        """A new step here, or what rules know instead of it."""
        step = Step(op, xs, (), False)
        found = self.better(step)
        if found is not None:
            return found
        slot = self.new_slot(made_layout(op, xs, self.layouts))
        self.keep(replace(step, outputs=(slot,)))
        for x in xs:
            if isinstance(x, Slot):
                self.users[x] = self.users.get(x, 0) + 1
        return slot

    def constant(self, value: Any) -> Slot:
        """A slot for a value that is the same in each call."""
        array = np.asarray(value)
        slot = self.new_slot(layout_of(array))
        self.cells[slot] = Cell(array, constant=True)
        return slot

    def new_slot(self, layout: Layout) -> Slot:
        """A slot that no value has yet."""
        slot = Slot(self.next)
        self.next += 1
        self.layouts[slot] = layout
        return slot


def users(program: Program) -> dict[Slot, int]:
    """How often each value is read, or leaves the program."""
    counts: dict[Slot, int] = {}
    for x in (*(x for step in program.steps for x in step.inputs), *program.results):
        if isinstance(x, Slot):
            counts[x] = counts.get(x, 0) + 1
    return counts


def uniform(value: Any) -> Any:
    """The number that all elements of an array are, as one of Python; None if they differ or there are none."""
    if not isinstance(value, ndarray) or value.size == 0 or value.dtype.kind not in "fc":
        return None
    lone = value[tuple(slice(0, 1) if step == 0 else slice(None) for step in value.strides)]
    first = lone.flat[0]
    same = lone.size == 1 or (lone.size <= 4096 and bool((lone == first).all()) and bool(first != 0))
    return first.item() if same else None
