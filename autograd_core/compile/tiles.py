"""Tiles: a program over many rows as a loop over some rows at a time, whose values stay in the cache.

The steps on rows run for a few hundred rows at a time, and the sums over rows are added up over the tiles. Where no number of
rows near the best one divides that of all, fewer rows are left for the end. A program with an op that `rows` does not know, or
one that mixes rows, is left as it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..tape import Slot, Step
from .capture import Write
from .program import Layout, Program
from .rows import RULES, SUM, Mixed, with_rows

TILE_BYTES = 1 << 16  # of one value: some tens of them fit into the second cache
LEAST_ROWS = 16  # of the rest
LEAST = 1 << 18  # values smaller than this together with their like stay in the cache anyway


@dataclass(frozen=True)
class Block:
    """A part of a program that runs at once, or `tiles` times on `rows` rows each from the row `start` on, then its `rest`.

    Of a tiled block, `slices` are the values that it takes row by row, pairs (value in the block, (value outside, axis));
    `sums` those that it adds up, pairs (value in the block, sum outside); `joins` those that it gives row by row, as `slices`.
    """

    program: Program
    tiles: int = 0
    rows: int = 0
    slices: Mapping[Slot, tuple[Slot, int]] = ()  # type: ignore[assignment]
    sums: Mapping[Slot, Slot] = ()  # type: ignore[assignment]
    joins: Mapping[Slot, tuple[Slot, int]] = ()  # type: ignore[assignment]
    start: int = 0
    rest: Block | None = None

    def piece(self, k: int, axis: int) -> tuple[slice, ...]:
        """Where the rows of tile k lie in an array of all rows along an axis."""
        first = self.start + k * self.rows
        return (*[slice(None)] * axis, slice(first, first + self.rows))


# -- cutting a program -------------------------------------------------------------------------------------------------


def tiled(program: Program) -> list[Block]:
    """The program in blocks: what comes before the rows, the loop over the rows, and what comes after; or all in one."""
    for count, sources in row_counts(program):
        rows = rows_of_a_tile(program, count)
        if rows is None:
            continue
        try:
            before, loop, after = Cut(program, count, rows, sources).blocks()
            if rest := count % rows:
                end = Cut(program, count, rest, sources).blocks()[1]
                loop = replace(loop, rest=replace(end, tiles=1, start=count - rest))
            return [before, loop, after]
        except Mixed:
            continue
    return [Block(program)]


def row_counts(program: Program) -> list[tuple[int, dict[Slot, int]]]:
    """Lengths of first axes of data that may be numbers of rows, the most frequent among all values first."""
    data = list(program.inputs)
    data += [s for s, cell in program.cells.items() if not cell.gradient and getattr(cell.source, "node", None) is None]
    lengths = Counter(x.shape[0] for x in program.layouts.values() if len(x.shape) > 1)
    found = {}
    for n in {program.layouts[s].shape[0] for s in data if program.layouts[s].shape}:
        found[n] = {s: 0 for s in data if program.layouts[s].shape[:1] == (n,)}
    return sorted(((n, found[n]) for n in found), key=lambda each: -lengths[each[0]])[:2]


def rows_of_a_tile(program: Program, count: int) -> int | None:
    """How many rows a tile has, such that a value of it takes about TILE_BYTES. None: do not cut.

    Best is a divisor of their number, within a factor of 2; or else what leaves none or LEAST_ROWS for the end, within 4.
    """
    values = [x for x in program.layouts.values() if len(x.shape) > 1 and count in x.shape]
    if not values or sum(x.nbytes for x in values) < 4 * LEAST:
        return None
    typical = sorted(x.nbytes / count for x in values)[(3 * len(values)) // 4]
    wanted = TILE_BYTES / typical
    if wanted < 32:
        return None
    near = lambda factor: range(max(16, math.ceil(wanted / factor)), min(count // 2, math.floor(factor * wanted)) + 1)
    fitting = [n for n in near(2) if count % n == 0] or [n for n in near(4) if not 0 < count % n < LEAST_ROWS]
    return min(fitting, key=lambda n: abs(math.log(n / wanted)), default=None)


class Cut:
    """Sorts the steps of a program into those before, on and after the rows, and rewrites those on rows for a tile."""

    def __init__(self, program: Program, count: int, rows: int, sources: Mapping[Slot, int]) -> None:
        self.program, self.count, self.rows = program, count, rows
        self.layouts = dict(program.layouts)
        self.next = 1 + max(s.index for s in self.layouts)
        self.axes: dict[Slot, int] = {}  # of values in the block
        self.local: dict[tuple[Slot, int], Slot] = {}  # values from outside, cut along an axis
        self.sources = sources
        self.late: set[Slot] = set()  # values that exist only after the loop
        self.before: list[Step] = []
        self.body: list[Step] = []
        self.after: list[Step] = []
        self.sums: dict[Slot, Slot] = {}
        self.written = False

    def blocks(self) -> list[Block]:
        """All blocks; raises Mixed where the program cannot be cut."""
        for step in self.program.steps:
            self.place(step)
        if len(self.body) < 8:
            raise Mixed
        joins = self.joins()
        program = replace(self.program, layouts=self.layouts)
        slices = {inner: (outer, axis) for (outer, axis), inner in self.local.items()}
        body = replace(program, steps=tuple(self.body), outputs=(*self.sums, *joins), gradients=())
        parts = [
            Block(self.part(program, self.before, self.body + self.after, [s for s, _ in slices.values()])),
            Block(body, self.count // self.rows, self.rows, slices, self.sums, joins),
            Block(program.with_steps(self.after)),
        ]
        return parts

    def joins(self) -> dict[Slot, tuple[Slot, int]]:
        """The results that lie on the rows: in the block they get slots of their own."""
        inner = {}
        for y in {y: None for y in self.program.results if y in self.axes}:
            inner[y] = self.new_slot(self.layouts[y])
            self.layouts[y] = self.program.layouts[y]
        renamed = lambda slots: tuple(inner.get(s, s) if isinstance(s, Slot) else s for s in slots)
        self.body = [Step(s.op, renamed(s.inputs), renamed(s.outputs), s.on) for s in self.body]
        return {inner[y]: (y, self.axes[y]) for y in inner}

    def part(self, program: Program, steps: list[Step], later: list[Step], more: list[Slot]) -> Program:
        """The steps before the loop, as a program that gives what is read later."""
        made = {y for step in steps for y in step.outputs}
        read = {x for step in later for x in step.inputs if isinstance(x, Slot)} | set(more) | set(self.program.results)
        return replace(program, steps=tuple(steps), outputs=tuple(made & read), gradients=())

    def place(self, step: Step) -> None:
        """Put a step where it belongs."""
        slots = [x for x in step.inputs if isinstance(x, Slot)]
        on_rows = [x for x in slots if x in self.axes or x in self.sources]
        if isinstance(step.op, Write) or any(x in self.late for x in slots):
            if any(x in self.axes for x in slots):
                raise Mixed
            self.written = self.written or isinstance(step.op, Write)
            self.after.append(step)
            self.late.update(step.outputs)
        elif on_rows:
            self.on_rows(step)
        elif self.written:
            self.after.append(step)
            self.late.update(step.outputs)
        else:
            self.before.append(step)

    def on_rows(self, step: Step) -> None:
        """Rewrite a step for a tile."""
        if self.written or step.op.outputs is not None:
            raise Mixed
        found = next((RULES[kind] for kind in type(step.op).__mro__ if kind in RULES), None)
        if found is None:
            raise Mixed
        inputs = [self.cut(x, self.sources[x]) if x in self.sources else x for x in step.inputs]
        axes = [self.axes.get(x) if isinstance(x, Slot) else None for x in inputs]
        layouts = [self.whole(x) if isinstance(x, Slot) else None for x in inputs]
        axis, op, cuts = found(step.op, axes, layouts, self.count, self.rows)
        inputs = [x if c is None else self.cut(x, c) for x, c in zip(inputs, cuts)]
        (y,) = step.outputs
        if axis == SUM:
            part = self.new_slot(self.layouts[y])
            self.sums[part] = y
            self.late.add(y)
            self.body.append(Step(op, tuple(inputs), (part,), step.on))
        else:
            self.axes[y] = axis
            self.layouts[y] = shortened(self.layouts[y], axis, self.rows)
            self.body.append(Step(op, tuple(inputs), step.outputs, step.on))

    def whole(self, x: Slot) -> Layout:
        """The layout of a value for all rows."""
        layout = self.layouts[x]
        return layout if x not in self.axes else shortened(layout, self.axes[x], self.count)

    def cut(self, x: Slot, axis: int) -> Slot:
        """The value in the block that holds the rows of a tile of a value from outside."""
        if (x, axis) not in self.local:
            inner = self.local[x, axis] = self.new_slot(shortened(self.layouts[x], axis, self.rows))
            self.axes[inner] = axis
        return self.local[x, axis]

    def new_slot(self, layout: Layout) -> Slot:
        slot = Slot(self.next)
        self.next += 1
        self.layouts[slot] = layout
        return slot


def shortened(layout: Layout, axis: int, rows: int) -> Layout:
    """A layout with another number of rows."""
    return Layout(with_rows(layout.shape, axis, rows), layout.dtype, layout.axes)
