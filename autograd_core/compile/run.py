"""Run: a program bound to memory, as one generated function of straight-line Python."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy import ndarray

from ..graph import Version
from ..ops.convolution import Convolution
from ..tape import Slot, Step
from ..tensor import Tensor, from_array
from .capture import Write
from .convolve import convolution
from .emit import Names, emit
from .fuse import Kernel, fused, grouped, stored_in
from .jit import compiled_kernel
from .lanes import threads, together
from .native import Call, calls_of, sequence, table
from .plan import Plan, plan
from .products import products_added
from .program import Program
from .source import Writer
from .statements import FORMS, Statement
from .tiles import Block

LEAST_TILES = 2  # of a thread
OWN_REFERENCES = 3  # to a gradient: from the leaf, from the runner, and from the call that counts them


class Moved(Exception):
    """A value from outside lies elsewhere in such a way that a program has to be captured anew."""


class Runner:
    """A program whose values have their places, ready to be called with the arrays of its arguments.

    The values of arguments are copied in, those of results out; `.grad` of leaves lies on memory of the runner.
    """

    def __init__(
        self, program: Program, reuse: bool = True, blocks: Sequence[Block] | None = None, backend: str = "numpy"
    ) -> None:
        self.program, self.reuse, self.blocks, self.backend = program, reuse, blocks or [Block(program)], backend
        taken = [*program.inputs, *(slot for slot, cell in program.cells.items() if cell.gradient)]
        self.buffers = {slot: program.layouts[slot].empty() for slot in taken}
        self.met = self.meeting()
        self.bind()

    def bind(self) -> None:
        """Give every value a place, and write the function that computes them."""
        program = self.program
        self.cells = {slot: cell for slot, cell in program.cells.items() if not cell.gradient}
        self.arrays = self.buffers | {slot: cell.read() for slot, cell in self.cells.items()}
        self.roots = {slot: slot for slot in self.arrays}
        self.bytes = 0
        self.names = Names()
        self.functions: list[list[str]] = []
        self.kept: list[Any] = []
        self.shared: dict[Any, ndarray] = {}
        lines_of = lambda block: self.lines_of_tiles(block) if block.tiles else self.lines_of_block(block)
        body = [line for block in self.blocks for line in lines_of(block)]
        self.versions = list(dict.fromkeys(self.written_versions()))
        self.owners = {id(owner(x)) for x in self.written() if not any(x is b for b in self.buffers.values())}
        self.gradients = self.places_of_gradients()
        self.source = self.text(body)
        namespace = dict(self.names.values)
        exec(compile(self.source, "<compiled step>", "exec"), namespace)
        self.run, self.stays = namespace["run"], namespace["stays"]

    def lines_of_block(self, block: Block) -> list[str]:
        """The lines that compute the steps of a block."""
        if self.backend != "numpy":
            block = replace(block, program=grouped(products_added(block.program), self.arrays, self.roots))
        made = plan(block.program, self.arrays, self.reuse, self.roots)
        self.arrays |= made.arrays
        self.roots |= made.roots
        self.bytes += made.bytes
        return self.lines_of_steps(block, made)

    def lines_of_tiles(self, block: Block) -> list[str]:
        """Loops over the tiles on one or more threads, each with memory and sums of its own; these are added up."""
        whole = {outer: block.program.layouts[outer].empty() for outer, _ in block.joins.values()}
        self.arrays |= whole
        self.roots |= {outer: outer for outer in whole}
        count = 1 if self.backend == "numpy" else max(1, min(threads(), block.tiles // LEAST_TILES))
        bounds = [block.tiles * i // count for i in range(count + 1)]
        lanes = [self.lane(block, range(*each)) for each in pairwise(bounds)]
        (body, totals), others = lanes[0], lanes[1:]
        self.arrays |= totals
        self.roots |= {total: total for total in totals}
        rest, rests = self.lane(block.rest, range(1)) if block.rest else ([], {})
        end = [*rest, *self.sums([(totals[k], rests[k]) for k in rests])]
        if not others:
            return [*body, *end]
        names = []
        for lines, _ in lanes:
            names.append(f"lane{len(self.functions)}")
            self.functions.append([f"def {names[-1]}():", *(f"    {line}" for line in lines)])
        pairs = [(totals[k], more[k]) for _, more in others for k in totals]
        return [f"{self.names.name(together, 'p')}({', '.join(names)})", *self.sums(pairs), *end]

    def lane(self, block: Block, tiles: range) -> tuple[list[str], dict[Slot, ndarray]]:
        """The lines that compute some tiles, and the sums over these."""
        outside = self.arrays, self.roots
        self.arrays, self.roots = dict(self.arrays), dict(self.roots)
        cut = {inner: block.program.layouts[inner].empty() for inner in block.slices}
        self.arrays |= cut
        lines = self.lines_of_block(block)
        totals = {total: np.zeros_like(self.arrays[part]) for part, total in block.sums.items()}
        sums = self.sums([(totals[total], self.arrays[part]) for part, total in block.sums.items()])
        self.kept.append(self.arrays)  # native calls know only addresses
        inside = self.arrays
        self.arrays, self.roots = outside
        fill, name = self.names.name(np.copyto, "f"), self.names.name
        pieces = lambda outer, axis: name([self.arrays[outer][block.piece(k, axis)] for k in range(block.tiles)])
        first = [f"{fill}({name(cut[inner])}, {pieces(*outer)}[k])" for inner, outer in block.slices.items()]
        last = [f"{fill}({pieces(*outer)}[k], {name(inside[inner])})" for inner, outer in block.joins.items()]
        zeros = [f"{fill}({name(x)}, {name(np.zeros((), x.dtype))})" for x in totals.values()]
        loop = f"for k in range({tiles.start}, {tiles.stop}):"
        return [*zeros, loop, *(f"    {line}" for line in (*first, *lines, *sums, *last))], totals

    def sums(self, pairs: Sequence[tuple[ndarray, ndarray]]) -> list[str]:
        """The lines that add to the first array of each pair the second one."""
        name = self.names.name
        statements = [Statement(0, FORMS[np.add], (x, z), x, x.shape) for x, z in pairs]
        if self.backend == "numpy" or not all(s.fits() for s in statements):
            return [f"{name(np.add, 'f')}({name(x)}, {name(z)}, {name(x)})" for x, z in pairs]
        kernel = Kernel()
        for statement in statements:
            kernel.add(statement)
        call = self.kernel(kernel, lambda step, together: True)
        return self.line_of(call or [])

    def lines_of_steps(self, block: Block, made: Plan) -> list[str]:
        """The lines that compute steps, one by one, or for a compiled backend gathered in native calls."""
        if self.backend == "numpy":
            return [line for step in made.steps for line in self.lines_of_step(step)]
        lines: list[str] = []
        waiting: list[Call] = []
        for item in self.items(block, made):
            if isinstance(item, Call):
                waiting.append(item)
            else:
                lines += [*self.line_of(waiting), *([item] if isinstance(item, str) else [f"{self.names.name(item, 'p')}()"])]
                waiting = []
        return lines + self.line_of(waiting)

    def items(self, block: Block, made: Plan) -> Iterator[Call | Callable[[], Any] | str]:
        """Steps as native calls, functions, and lines of Python."""
        needed = needed_after(block.program, made)
        for item in fused(made.steps, self.arrays):
            kernel = isinstance(item, Kernel) and len(item.statements) > 1
            steps = [item] if not isinstance(item, Kernel) else [made.steps[k] for k in item.steps]
            calls = self.kernel(item, needed) if kernel else self.calls_of(steps[0])
            yield from calls or (line for step in steps for line in self.lines_of_step(step))

    def calls_of(self, step: Step) -> Sequence[Call | Callable[[], Any]] | None:
        """One step as native calls; None if it is none."""
        xs, ys = self.operands(step)
        if isinstance(step.op, Convolution):
            return convolution(step.op, xs[0], xs[1], ys[0], self.backend, self.scratch)
        return calls_of(step, xs, ys, self.backend)

    def scratch(self, key: Any, shape: tuple[int, ...], dtype: np.dtype) -> ndarray:
        """Memory, of zeros at first, that steps with one key share."""
        key = (key, shape, dtype)
        if key not in self.shared:
            self.shared[key] = np.zeros(shape, dtype)
            self.bytes += self.shared[key].nbytes
        return self.shared[key]

    def kernel(self, kernel: Kernel, needed: Callable[[int, set[int]], bool]) -> list[Call] | None:
        """The call that runs a kernel on the addresses of its arrays; None if it cannot be compiled."""
        writer = Writer(kernel, stored_in(kernel, needed))
        source = writer.source()
        try:
            compiled_kernel(source)
        except (RuntimeError, AttributeError, TypeError, OSError) as error:
            why = str(error).splitlines()[:1]
            warnings.warn(f"compile: a kernel runs as NumPy calls, because LLVM failed: {why}", stacklevel=2)
            return None
        return [Call(source, table(*writer.bases))]

    def line_of(self, calls: Sequence[Call]) -> list[str]:
        """The line that makes native calls in turn."""
        if not calls:
            return []
        call = sequence(calls)
        self.names.name(call)  # which keeps the tables alive
        return [f"{self.names.name(call.function, 'k')}({call.table.ctypes.data})"]

    def operands(self, step: Step) -> tuple[list[Any], list[ndarray]]:
        """The arrays, and numbers, that a step reads, and those it writes."""
        xs = [self.arrays[x] if isinstance(x, Slot) else x for x in step.inputs]
        return xs, [self.arrays[y] for y in step.outputs]

    def lines_of_step(self, step: Step) -> list[str]:
        """The lines of Python that compute a step."""
        return emit(step.op, *self.operands(step), self.names)

    def text(self, body: Sequence[str]) -> str:
        """The source of two functions, `run(arguments)` and `stays()`, which tells that all cells lie where they lay."""
        name, fill = self.names.name, self.names.name(np.copyto, "f")
        inputs = [f"{fill}({name(self.buffers[slot])}, arguments[{k}])" for k, slot in enumerate(self.program.inputs)]
        old = [(slot, cell) for slot, cell in self.program.cells.items() if cell.gradient]
        inputs += [f"{fill}({name(self.buffers[slot])}, {name(cell.read, 'f')}())" for slot, cell in old]
        outputs = [
            f"{fill}({name(g.array)}, {name(self.arrays[slot])})"
            for (_, slot), (_, g) in zip(self.program.gradients, self.gradients)
            if slot is not None and g is not None and g.array is not self.arrays[slot]
        ]
        checks = [
            f"{name(cell.source, 'c')}.array is {name(self.arrays[slot])}"
            for slot, cell in self.cells.items()
            if isinstance(cell.source, Tensor)
        ]
        lines = [f"    {line}" for line in (*inputs, *body, *outputs, "return")]
        functions = [line for function in self.functions for line in function]
        stays = f"    return {' and '.join(checks) or 'True'}"
        return "\n".join([*functions, "def run(arguments):", *lines, "def stays():", stays])

    def places_of_gradients(self) -> list[tuple[Tensor, Tensor | None]]:
        """The leaves and their gradients to be: each on the memory of its value, unless other values stay there too."""
        program, roots = self.program, [self.roots[s] for s in self.program.results]
        found: list[tuple[Tensor, Tensor | None]] = []
        for x, s in program.gradients:
            outside = s in self.buffers or s in self.cells
            alone = s is not None and self.roots[s] == s and roots.count(s) == 1 and not outside
            found.append((x, None if s is None else from_array(self.arrays[s] if alone else self.arrays[s].copy())))
        return found

    def written(self) -> list[ndarray]:
        """The arrays that the program overwrites."""
        return [self.arrays[step.inputs[0]] for step in self.program.steps if isinstance(step.op, Write)]

    def meeting(self) -> set[Any]:
        """Which values from outside lie on memory that the program overwrites as another one, and what each of them is like.

        The program holds as long as this stays so: weights on the vector of an optimizer are not told when they leave it.
        """
        arrays = {slot: cell.read() for slot, cell in self.program.cells.items() if not cell.gradient}
        written = [step.inputs[0] for step in self.program.steps if isinstance(step.op, Write) and step.inputs[0] in arrays]
        pairs = {(s, w) for w in written for s, x in arrays.items() if np.may_share_memory(x, arrays[w])}
        return pairs | {(s, x.shape, x.dtype) for s, x in arrays.items()}

    def written_versions(self) -> list[Version]:
        """The counters of the memory that the program overwrites."""
        written = self.written()
        owners = [cell.source for cell in self.cells.values() if isinstance(cell.source, Tensor)]
        return [x._own_memory() for x in owners if any(np.may_share_memory(x.array, w) for w in written)]

    def __call__(self, arguments: Sequence[ndarray]) -> list[ndarray]:
        """One call: values in, steps, values out. The results lie on memory of their own."""
        if not self.stays():
            if self.meeting() != self.met:
                raise Moved
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
        return [self.arrays[slot].copy() for slot in self.program.outputs]

    def loop(self, batches: Iterable[Sequence[ndarray]]) -> list[list[ndarray]]:
        """One call for each of several lists of arguments, with nothing but the program in between."""
        results, arrays, outputs, run = [], self.arrays, self.program.outputs, self.run
        times = 0
        with np.errstate(all="ignore"):
            for arguments in batches:
                run(arguments)
                results.append([arrays[slot].copy() for slot in outputs])
                for x, g in self.gradients:
                    x._grad = g
                times += 1
        for version in self.versions:
            version.count += times
        return results

    def leave(self, k: int) -> None:
        """Leave a gradient that somebody holds to them, on memory of its own; the next one is another Tensor."""
        x, g = self.gradients[k]
        if g is None:
            return
        self.gradients[k] = (x, from_array(g.array))
        g.array = g.array.copy()


def owner(x: ndarray) -> Any:
    """What the memory of an array belongs to: the array of which it is a view, or another object."""
    while type(x.base) is ndarray:
        x = x.base
    return x if x.base is None else x.base


def needed_after(program: Program, made: Plan) -> Callable[[int, set[int]], bool]:
    """A function of a step and the steps of its loop, which tells whether anything else reads the value."""
    readers: dict[Slot, set[int]] = {}
    for k, step in enumerate(made.steps):
        for x in step.inputs:
            if isinstance(x, Slot):
                readers.setdefault(made.roots[x], set()).add(k)
    kept = {made.roots[s] for s in program.results}

    def needed(k: int, together: set[int]) -> bool:
        outputs = made.steps[k].outputs
        root = made.roots[outputs[0]] if outputs else None
        return root is None or outputs[0] in made.direct or root in kept or not readers.get(root, set()) <= together

    return needed
