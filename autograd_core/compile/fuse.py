"""Fuse: elementwise steps with their sums as loops over elements, whose values between the steps stay in registers.

The loops of a kernel are written as Python source on addresses of memory, for a compiler such as Numba. Steps of one shape
that follow each other share a loop, as long as each reads of the others' values only the element that the loop is at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from ..broadcast import SumTo
from ..ops.reduce import Sum
from ..ops.select import Where
from ..primitive import AsType, Identity
from ..table import Elementwise
from ..tape import Slot, Step
from .capture import Write

FORMS: dict[Any, str] = {
    np.add: "{0} + {1}",
    np.subtract: "{0} - {1}",
    np.multiply: "{0} * {1}",
    np.true_divide: "{0} / {1}",
    np.negative: "-{0}",
    np.positive: "{0}",
    np.square: "{0} * {0}",
    np.reciprocal: "1.0 / {0}",
    np.sqrt: "math.sqrt({0})",
    np.absolute: "abs({0})",
    np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}",
    np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}",
    np.greater: "{0} > {1}",
    np.greater_equal: "{0} >= {1}",
    np.less: "{0} < {1}",
    np.less_equal: "{0} <= {1}",
    np.equal: "{0} == {1}",
    np.not_equal: "{0} != {1}",
}
IN_DOUBLE: dict[Any, str] = {np.exp: "exp({0})", np.tanh: "tanh({0})"}  # NumPy is quicker in single precision
KINDS = {"d": "f8", "f": "f4", "?": "u1"}


@dataclass(frozen=True)
class Statement:
    """One step in a loop: a value from the elements of `inputs` (arrays and numbers), put or added into an array."""

    step: int
    form: str
    inputs: tuple[Any, ...]
    target: ndarray
    shape: tuple[int, ...]
    adds: bool = False


@dataclass
class Loop:
    """Statements on elements at one place at a time."""

    shape: tuple[int, ...]
    statements: list[Statement] = field(default_factory=list)

    def takes(self, new: Statement) -> bool:
        """Whether a statement may stand at the end of this loop."""
        if new.shape != self.shape:
            return False
        for old in self.statements:
            for x in new.inputs:
                if isinstance(x, ndarray) and np.may_share_memory(x, old.target) and (old.adds or not alike(x, old.target, self.shape)):
                    return False
            touched = [x for x in old.inputs if isinstance(x, ndarray)] + [old.target]
            for x in touched:
                if np.may_share_memory(new.target, x) and (new.adds or old.adds or not alike(new.target, x, self.shape)):
                    return False
        return not new.adds or not any(
            isinstance(x, ndarray) and np.may_share_memory(x, new.target) for x in new.inputs
        )


@dataclass
class Kernel:
    """Loops that run one after the other, in one call."""

    loops: list[Loop] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many steps it computes."""
        return sum(len(loop.statements) for loop in self.loops)

    def add(self, statement: Statement) -> None:
        """Put a statement into the last loop, or a new one."""
        if not self.loops or not self.loops[-1].takes(statement):
            self.loops.append(Loop(statement.shape))
        self.loops[-1].statements.append(statement)


def alike(x: ndarray, z: ndarray, shape: tuple[int, ...]) -> bool:
    """Whether two arrays are the same elements at each place of a loop."""
    same_place = x.__array_interface__["data"][0] == z.__array_interface__["data"][0]
    return same_place and x.dtype == z.dtype and strides_in(x, shape) == strides_in(z, shape)


def strides_in(x: ndarray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of an array, repeated up to the shape of a loop, in elements."""
    lead = len(shape) - x.ndim
    own = [0 if n == 1 else s // x.itemsize for n, s in zip(x.shape, x.strides)]
    return (*(0,) * lead, *own)


# -- steps as statements -----------------------------------------------------------------------------------------------


def statement_of(k: int, step: Step, arrays: Mapping[Slot, ndarray]) -> Statement | None:
    """A step as a statement of a loop; None for one that is none."""
    xs = tuple(arrays[x] if isinstance(x, Slot) else x for x in step.inputs)
    op = step.op
    made: Statement | None = None
    if isinstance(op, Write):
        made = Statement(k, "{0}", xs[1:], xs[0], xs[0].shape)
    elif len(step.outputs) != 1:
        return None
    else:
        made = computed(k, op, xs, arrays[step.outputs[0]])
    return made if made is not None and fits(made) else None


def computed(k: int, op: Any, xs: tuple, y: ndarray) -> Statement | None:
    if isinstance(op, Elementwise):
        form = FORMS.get(op.function) or (IN_DOUBLE.get(op.function) if y.dtype.char == "d" else None)
        return None if form is None else Statement(k, form, xs, y, y.shape)
    if isinstance(op, Where):
        return Statement(k, "{1} if {0} else {2}", xs, y, y.shape)
    if isinstance(op, (Identity, AsType)):
        same = isinstance(xs[0], ndarray) and xs[0].dtype == y.dtype
        return Statement(k, "{0}" if same else "1.0 if {0} else 0.0", xs, y, y.shape) if same or xs[0].dtype.char == "?" else None
    if isinstance(op, (Sum, SumTo)) and isinstance(xs[0], ndarray):
        target = kept(xs[0], y, op)
        return None if target is None else Statement(k, "{0}", xs, target, xs[0].shape, adds=True)
    return None


def kept(x: ndarray, y: ndarray, op: Any) -> ndarray | None:
    """The output of a sum with its axes kept, at length 1."""
    if isinstance(op, SumTo):
        shape = (*(1,) * (x.ndim - y.ndim), *y.shape)
    else:
        over = range(x.ndim) if op.axes is None else [a % x.ndim for a in op.axes]
        shape = tuple(1 if a in over else n for a, n in enumerate(x.shape))
    target = y.reshape(shape)
    return target if np.may_share_memory(target, y) else None


def fits(s: Statement) -> bool:
    """Whether all operands are arrays of one floating dtype, masks, and numbers, without steps backwards through memory."""
    arrays = [x for x in (*s.inputs, s.target) if isinstance(x, ndarray)]
    floating = {x.dtype.char for x in arrays} - {"?"}
    numbers = [x for x in s.inputs if not isinstance(x, ndarray)]
    plain = all(isinstance(x, (int, float)) and math.isfinite(x) for x in numbers)
    forward = all(t >= 0 and t % x.itemsize == 0 for x in arrays for t in x.strides)
    return plain and forward and len(floating) <= 1 and floating <= {"d", "f"} and s.target.size > 0 and 0 not in s.shape


# -- grouping ----------------------------------------------------------------------------------------------------------


def fused(steps: Sequence[Step], arrays: Mapping[Slot, ndarray]) -> list[Any]:
    """The steps in order, those that are statements gathered in Kernels."""
    found: list[Any] = []
    for k, step in enumerate(steps):
        statement = statement_of(k, step, arrays)
        if statement is None:
            found.append(step)
        else:
            if not found or not isinstance(found[-1], Kernel):
                found.append(Kernel())
            found[-1].add(statement)
    return found


# -- source ------------------------------------------------------------------------------------------------------------


class Writer:
    """Writes a kernel as the source of a function `kernel(p)`, p being the addresses of `arrays`."""

    def __init__(self, kernel: Kernel, stored: Callable[[Statement, Loop], bool]) -> None:
        self.kernel, self.stored = kernel, stored
        self.arrays: list[ndarray] = []
        self.names: dict[tuple, str] = {}
        self.lines: list[str] = []

    def source(self) -> str:
        """The source."""
        body = [line for loop in self.kernel.loops for line in self.loop(loop)]
        heads = [f"    {name} = carray({KINDS[key[2]]}(p[{k}]), {key[3]})" for k, (key, name) in enumerate(self.names.items())]
        return "\n".join(["def kernel(p):", *heads, *(f"    {line}" for line in body), "    return"])

    def name(self, x: ndarray) -> str:
        """The name of an array in the source."""
        extent = 1 + sum((n - 1) * (s // x.itemsize) for n, s in zip(x.shape, x.strides))
        key = (x.__array_interface__["data"][0], 0, x.dtype.char, extent)
        if key not in self.names:
            self.names[key] = f"a{len(self.names)}"
            self.arrays.append(x)
        return self.names[key]

    def loop(self, loop: Loop) -> list[str]:
        """The lines of a loop, over as few axes as the memory of all operands allows."""
        operands = [x for s in loop.statements for x in (*s.inputs, s.target) if isinstance(x, ndarray)]
        groups = collapsed(loop.shape, [strides_in(x, loop.shape) for x in operands])
        lines = [line for s in loop.statements if s.adds for line in self.cleared(s.target)]
        indent = ""
        for depth, (n, _) in enumerate(groups):
            lines.append(f"{indent}for i{depth} in range({n}):")
            indent += "    "
        known: list[tuple[ndarray, str]] = []
        for number, s in enumerate(loop.statements):
            lines += [indent + line for line in self.statement(s, loop, number, groups, known)]
        return lines

    def cleared(self, y: ndarray) -> list[str]:
        """Zeros in an array."""
        groups = collapsed(y.shape, [strides_in(y, y.shape)])
        lines, indent = [], ""
        for depth, (n, _) in enumerate(groups):
            lines.append(f"{indent}for i{depth} in range({n}):")
            indent += "    "
        return [*lines, f"{indent}{self.name(y)}[{self.place(y, y.shape, groups)}] = 0.0"]

    def statement(self, s: Statement, loop: Loop, number: int, groups: list, known: list[tuple[ndarray, str]]) -> list[str]:
        """A statement in the innermost loop."""
        operands, lines = [], []
        for j, x in enumerate(s.inputs):
            value = self.value(x, loop, groups, known)
            if isinstance(x, ndarray) and not value.startswith("t"):
                lines.append(f"t{number}_{j} = {value}")
                value = f"t{number}_{j}"
                known.append((x, value))
            operands.append(value)
        form = s.form.format(*operands)
        place = f"{self.name(s.target)}[{self.place(s.target, loop.shape, groups)}]" if s.adds or self.stored(s, loop) else ""
        if s.adds:
            return [*lines, f"{place} += {form}"]
        lines.append(f"t{number} = {form}")
        known[:] = [(x, v) for x, v in known if not np.may_share_memory(x, s.target)]
        known.append((s.target, f"t{number}"))
        return [*lines, f"{place} = t{number}"] if place else lines

    def value(self, x: Any, loop: Loop, groups: list, known: list[tuple[ndarray, str]]) -> str:
        """An operand: a number, what an earlier statement left in a register, or an element in memory."""
        if not isinstance(x, ndarray):
            return f"({float(x)!r})"
        for array, name in reversed(known):
            if array is x or alike(array, x, loop.shape):
                return name
        return f"{self.name(x)}[{self.place(x, loop.shape, groups)}]"

    def place(self, x: ndarray, shape: tuple[int, ...], groups: list) -> str:
        """The index of an element."""
        strides = strides_in(x, shape)
        terms = [f"i{d}" if strides[a] == 1 else f"i{d} * {strides[a]}" for d, (_, a) in enumerate(groups) if strides[a]]
        return " + ".join(terms) or "0"


def collapsed(shape: tuple[int, ...], strides: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    """The axes of a loop as pairs (length, last axis), neighbours joined where all operands go on through memory."""
    groups: list[tuple[int, int]] = []
    for a, n in enumerate(shape):
        if n == 1:
            continue
        if groups and all(t[groups[-1][1]] == t[a] * n for t in strides):
            groups[-1] = (groups[-1][0] * n, a)
        else:
            groups.append((n, a))
    return groups
