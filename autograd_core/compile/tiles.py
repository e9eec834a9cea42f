"""Tiles: a program over many rows as a loop over some rows at a time, whose values stay in the cache.

In a network every row of a batch (a point, an example) goes its own way; rows meet only in sums. So the steps on rows run for
a few hundred rows at a time, and the sums are added up over the tiles. `row_axis` follows the axis of the rows through each
kind of op; a program with an op that it does not know, or one that mixes rows, is left as it is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..broadcast import BroadcastTo, SumTo
from ..ops.index import AddAt, GetItem
from ..ops.join import Concatenate, Narrow, Place, Stack
from ..ops.matmul import Matmul
from ..ops.reduce import Sum
from ..ops.select import Where
from ..ops.shape import Reshape, Transpose
from ..primitive import AsType, Identity
from ..table import Conj, Elementwise
from ..tape import Slot, Step
from .capture import Write
from .program import Layout, Program

TILE_BYTES = 1 << 16  # of one value: some tens of them fit into the second cache
LEAST = 1 << 18  # values smaller than this together with their like stay in the cache anyway


@dataclass(frozen=True)
class Block:
    """A part of a program that runs at once, or `tiles` times on `rows` rows each.

    Of a tiled block, `slices` are the values that it takes row by row, pairs (value in the block, (value outside, axis));
    `sums` those that it adds up, pairs (value in the block, sum outside).
    """

    program: Program
    tiles: int = 0
    rows: int = 0
    slices: Mapping[Slot, tuple[Slot, int]] = ()  # type: ignore[assignment]
    sums: Mapping[Slot, Slot] = ()  # type: ignore[assignment]


class Mixed(Exception):
    """An op does not act row by row, or is not known to."""


SUM = -1  # in place of the axis of the rows: they are summed over
Rule = Callable[[Any, Sequence[Any], Sequence[Layout | None], int, int], "tuple[int, Any, list[int | None]]"]
RULES: dict[type, Rule] = {}


def rule(*kinds: type) -> Callable[[Rule], Rule]:
    """Register how the rows go through ops of some kinds.

    A rule takes the op, the axes of the rows in the inputs (None for a value without rows), the layouts of the inputs, the
    number of rows in all and in a tile. It returns the axis in the output (or SUM), the op for a tile, and the axis along
    which each input without rows has to be cut (None if it serves every tile).
    """

    def register(function: Rule) -> Rule:
        for kind in kinds:
            RULES[kind] = function
        return function

    return register


@rule(Elementwise, Where)
def elementwise(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    ndim = max(len(x.shape) for x in layouts if x is not None)
    places = {a + ndim - len(x.shape) for a, x in zip(axes, layouts) if a is not None}
    if len(places) != 1:
        raise Mixed
    (place,) = places
    cuts: list[int | None] = []
    for a, x in zip(axes, layouts):
        own = place - ndim + (0 if x is None else len(x.shape))
        whole = a is not None or x is None or own < 0 or x.shape[own] == 1
        if not whole and x.shape[own] != count:
            raise Mixed
        cuts.append(None if whole else own)
    return place, op, cuts


@rule(AsType, Identity, Conj)
def unchanged(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    return axes[0], op, [None]


@rule(Matmul)
def product(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    (a, b), (x, z) = axes, (len(layout.shape) for layout in layouts)
    if x != 2 or z != 2:
        if a == 0 and b is None and x > 2 and z == 2:
            return 0, op, [None, None]
        raise Mixed
    if (a, b) in ((0, None), (None, 1)):
        return (0 if b is None else 1), op, [None, None]
    if (a, b) in ((1, 0), (1, None), (None, 0)):
        return SUM, op, [1 if a is None else None, 0 if b is None else None]
    raise Mixed


@rule(Transpose)
def transposed(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    ndim = len(layouts[0].shape)
    return [a % ndim for a in op.axes].index(axes[0]), op, [None]


@rule(Reshape)
def reshaped(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    before = math.prod(layouts[0].shape[: axes[0]])
    for b, n in enumerate(op.target):
        if n == count and math.prod(op.target[:b]) == before:
            return b, Reshape(with_rows(op.target, b, rows)), [None]
    raise Mixed


@rule(BroadcastTo)
def repeated(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    place = axes[0] + len(op.target) - len(layouts[0].shape)
    return place, BroadcastTo(with_rows(op.target, place, rows)), [None]


@rule(Sum)
def summed(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    ndim = len(layouts[0].shape)
    over = set(range(ndim)) if op.axes is None else {a % ndim for a in op.axes}
    if axes[0] in over:
        return SUM, op, [None]
    return axes[0] if op.keepdims else axes[0] - sum(a < axes[0] for a in over), op, [None]


@rule(SumTo)
def summed_to(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    place = axes[0] - len(layouts[0].shape) + len(op.target)
    if place < 0 or op.target[place] == 1:
        return SUM, op, [None]
    return place, SumTo(with_rows(op.target, place, rows)), [None]


@rule(Concatenate, Place, Narrow)
def along_another(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    places = {a for a in axes if a is not None}
    if len(places) != 1 or op.axis in places:
        raise Mixed
    (place,) = places
    if any(a is None and x.shape[place] != count for a, x in zip(axes, layouts)):
        raise Mixed
    return place, op, [place if a is None else None for a in axes]


@rule(Stack)
def stacked(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    places = {a for a in axes if a is not None}
    if len(places) != 1:
        raise Mixed
    (place,) = places
    return place + (op.axis <= place), op, [place if a is None else None for a in axes]


@rule(GetItem)
def picked(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    place = where_it_goes(op.index, len(layouts[0].shape)).get(axes[0])
    if place is None:
        raise Mixed
    return place, op, [None]


@rule(AddAt)
def placed(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    target = op.target
    goes = where_it_goes(op.index, len(target))
    source = next((a for a, b in goes.items() if b == axes[0] and target[a] == count), None)
    if source is None:
        raise Mixed
    return source, replace(op, target=with_rows(target, source, rows)), [None]


def where_it_goes(index: Any, ndim: int) -> dict[int, int]:
    """For each axis that an index without arrays takes whole, its place in the result."""
    if index.arrays:
        raise Mixed
    taken = sum(p is not None and p is not Ellipsis for p in index.parts)
    parts: list[Any] = []
    for p in index.parts:
        parts += [slice(None)] * (ndim - taken) if p is Ellipsis else [p]
    parts += [slice(None)] * (ndim - sum(p is not None for p in parts))
    goes, a, b = {}, 0, 0
    for p in parts:
        if p == slice(None):
            goes[a] = b
        a, b = a + (p is not None), b + (not isinstance(p, int))
    return goes


def with_rows(shape: Sequence[int], axis: int, rows: int) -> tuple[int, ...]:
    """A shape with another length along one axis."""
    return (*shape[:axis], rows, *shape[axis + 1 :])


# -- cutting a program -------------------------------------------------------------------------------------------------


def tiled(program: Program) -> list[Block]:
    """The program in blocks: what comes before the rows, the loop over the rows, and what comes after; or all in one."""
    for count, sources in row_counts(program):
        rows = rows_of_a_tile(program, count)
        if rows is None:
            continue
        try:
            return Cut(program, count, rows, sources).blocks()
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
    """How many rows a tile has: a divisor of their number, such that a value of it takes about TILE_BYTES. None: do not cut."""
    values = [x for x in program.layouts.values() if len(x.shape) > 1 and count in x.shape]
    if not values or sum(x.nbytes for x in values) < 4 * LEAST:
        return None
    typical = sorted(x.nbytes / count for x in values)[(3 * len(values)) // 4]
    wanted = TILE_BYTES / typical
    divisors = [d for d in range(16, count // 2 + 1) if count % d == 0]
    best = min(divisors, key=lambda d: abs(math.log(d / wanted)), default=None)
    return best if best is not None and wanted / 4 <= best <= 4 * wanted and wanted >= 32 else None


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
        if len(self.body) < 8 or self.axes.keys() & set(self.program.results):
            raise Mixed
        program = replace(self.program, layouts=self.layouts)
        slices = {inner: (outer, axis) for (outer, axis), inner in self.local.items()}
        body = replace(program, steps=tuple(self.body), outputs=tuple(self.sums), gradients=())
        parts = [
            Block(self.part(program, self.before, self.body + self.after, [s for s, _ in slices.values()])),
            Block(body, self.count // self.rows, self.rows, slices, self.sums),
            Block(program.with_steps(self.after)),
        ]
        return parts

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
            if self.layouts[y].shape[axis] != self.count:
                raise Mixed
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
