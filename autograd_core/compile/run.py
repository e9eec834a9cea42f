"""Run: a program bound to memory, as one generated function of straight-line Python."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..graph import Version
from ..tape import Slot
from ..tensor import Tensor, from_array
from .capture import Write
from .emit import Names, emit
from .plan import Plan, plan
from .program import Program

OWN_REFERENCES = 3  # to a gradient: from the leaf, from the runner, and from the call that counts them


class Runner:
    """A program whose values have their places, ready to be called with the arrays of its arguments.

    The values of arguments are copied in, those of results out; `.grad` of leaves lies on memory of the runner.
    """

    def __init__(self, program: Program, reuse: bool = True) -> None:
        self.program, self.reuse = program, reuse
        taken = [*program.inputs, *(slot for slot, cell in program.cells.items() if cell.gradient)]
        self.buffers = {slot: program.layouts[slot].empty() for slot in taken}
        self.bind()

    def bind(self) -> None:
        """Give every value a place, and write the function that computes them."""
        program = self.program
        self.cells = {slot: cell for slot, cell in program.cells.items() if not cell.gradient}
        arrays = self.buffers | {slot: cell.read() for slot, cell in self.cells.items()}
        self.plan = plan(program, arrays, self.reuse)
        self.versions = list(dict.fromkeys(self.written_versions()))
        self.gradients = gradients_of(program, self.plan)
        self.source, namespace = self.generate()
        self.run, self.stays = namespace["run"], namespace["stays"]

    def generate(self) -> tuple[str, dict[str, Any]]:
        """The source of two functions, `run(arguments)` and `stays()`, which tells that all cells lie where they lay."""
        names = Names()
        body = []
        copy = names.name(np.copyto, "f")
        for k, slot in enumerate(self.program.inputs):
            body.append(f"{copy}({names.name(self.buffers[slot])}, arguments[{k}])")
        for slot, cell in self.program.cells.items():
            if cell.gradient:
                body.append(f"{copy}({names.name(self.buffers[slot])}, {names.name(cell.read, 'f')}())")
        for step in self.plan.steps:
            xs = [self.plan.arrays[x] if isinstance(x, Slot) else x for x in step.inputs]
            body += emit(step.op, xs, [self.plan.arrays[y] for y in step.outputs], names)
        for (_, slot), (_, g) in zip(self.program.gradients, self.gradients):
            if slot is not None and g.array is not self.plan.arrays[slot]:
                body.append(f"{copy}({names.name(g.array)}, {names.name(self.plan.arrays[slot])})")
        checks = [
            f"{names.name(cell.source, 'c')}.array is {names.name(self.plan.arrays[slot])}"
            for slot, cell in self.cells.items()
            if isinstance(cell.source, Tensor)
        ]
        text = "\n".join(
            ["def run(arguments):", *(f"    {line}" for line in body), "    return", "def stays():"]
            + [f"    return {' and '.join(checks) or 'True'}"]
        )
        namespace = dict(names.values)
        exec(compile(text, "<compiled step>", "exec"), namespace)
        return text, namespace

    def written_versions(self) -> list[Version]:
        """The counters of the memory that the program overwrites."""
        written = [self.plan.arrays[step.inputs[0]] for step in self.program.steps if isinstance(step.op, Write)]
        owners = [cell.source for cell in self.cells.values() if isinstance(cell.source, Tensor)]
        return [x._own_memory() for x in owners if any(np.may_share_memory(x.array, w) for w in written)]

    def __call__(self, arguments: Sequence[ndarray]) -> list[ndarray]:
        """One call: values in, steps, values out. The results lie on memory of their own."""
        if not self.stays():
            self.bind()
        for k, (x, g) in enumerate(self.gradients):
            if g is not None and x.grad is g and sys.getrefcount(g) > OWN_REFERENCES + 1:
                self.leave(k)
        with np.errstate(all="ignore"):
            self.run(arguments)
        for version in self.versions:
            version.count += 1
        for x, g in self.gradients:
            x._grad = g
        arrays = self.plan.arrays
        return [arrays[slot].copy() for slot in self.program.outputs]

    def leave(self, k: int) -> None:
        """Leave a gradient that somebody holds to them, on memory of its own; the next one is another Tensor."""
        x, g = self.gradients[k]
        self.gradients[k] = (x, from_array(g.array))
        g.array = g.array.copy()


def gradients_of(program: Program, made: Plan) -> list[tuple[Tensor, Tensor | None]]:
    """The leaves and their gradients to be: each on the memory of its value, unless other values stay there too."""
    roots = [made.roots[s] for s in program.results]
    found: list[tuple[Tensor, Tensor | None]] = []
    for x, s in program.gradients:
        alone = s is not None and made.roots[s] == s and roots.count(s) == 1 and s not in program.cells and s not in program.inputs
        found.append((x, None if s is None else from_array(made.arrays[s] if alone else made.arrays[s].copy())))
    return found
