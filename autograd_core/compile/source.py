"""Source: a kernel as the text of a function for LLVM, on a table of the addresses of its arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .fuse import Kernel, Loop, operands_of
from .numbers import TYPES, Code, Value
from .statements import Operand, Statement

MEMORY = {"d": "double", "f": "float", "?": "i8"}
SIZES = {"d": 8, "f": 4, "?": 1}
REDUCED = "fadd reassoc nsz contract"  # a sum may be taken in another order, several parts at once


class Writer:
    """Writes a kernel; `bases` are then the addresses for its table."""

    def __init__(self, kernel: Kernel, stored: set[int]) -> None:
        self.kernel, self.stored, self.code = kernel, stored, Code()
        self.bases: dict[int, str] = {}
        self.notes: list[str] = ['!0 = !{!"kernel"}']
        self.scopes: dict[int, str] = {}
        self.at = "entry"
        self.labels = 0

    def source(self) -> str:
        """The text."""
        for loop in self.kernel.loops:
            self.loop(loop)
        heads = []
        for k, name in enumerate(self.bases.values()):
            heads += [f"  %e{k} = getelementptr ptr, ptr %table, i64 {k}", f"  {name} = load ptr, ptr %e{k}"]
        lines = ["define void @kernel(ptr %table) #0 {", "entry:", *heads, *self.code.lines, "  ret void", "}"]
        called = sorted(set(re.findall(r"call (\w+) @([\w.]+)\((.*?)\)", "\n".join(lines))))
        kinds = lambda rest: ", ".join(x.split()[0] for x in rest.split(","))
        declared = {f"declare {kind} @{name}({kinds(rest)})" for kind, name, rest in called}
        wide = 'attributes #0 = { nounwind "prefer-vector-width"="512" }'
        return "\n".join([*lines, *sorted(declared), wide, *self.notes])

    def put(self, *lines: str) -> None:
        """Add instructions."""
        self.code.lines += lines

    # -- memory ----------------------------------------------------------------------------------------------------------

    def place(self, x: Operand, index: Sequence[tuple[str, int]]) -> str:
        """The pointer to an element; `index` are the counters with their axes."""
        base = self.bases.setdefault(x.address, f"%a{len(self.bases)}")
        offset = ""
        for counter, axis in index:
            stride = x.strides[axis] // x.array.itemsize
            if stride == 0:
                continue
            term = counter if stride == 1 else self.code.value("l", f"mul nsw i64 {counter}, {stride}").text
            offset = term if not offset else self.code.value("l", f"add nsw i64 {offset}, {term}").text
        if not offset:
            return base
        return self.code.value("l", f"getelementptr inbounds {MEMORY[x.char]}, ptr {base}, i64 {offset}").text

    def load(self, x: Operand, index: Sequence[tuple[str, int]]) -> Value:
        """An element."""
        kind = MEMORY[x.char]
        value = self.code.value(x.char, f"load {kind}, ptr {self.place(x, index)}, align {SIZES[x.char]}{self.note(x)}")
        return value if x.char != "?" else self.code.value("?", f"icmp ne i8 {value.text}, 0")

    def store(self, value: Value, x: Operand, index: Sequence[tuple[str, int]]) -> None:
        """Put a value into its place."""
        text = value.text
        if x.char == "?":
            text = self.code.value("?", f"zext i1 {text} to i8").text
        self.put(f"  store {MEMORY[x.char]} {text}, ptr {self.place(x, index)}, align {SIZES[x.char]}{self.note(x)}")

    def note(self, x: Operand) -> str:
        """The remark which memory an instruction does not touch."""
        return self.scopes.get(id(x), "")

    def remark(self, loop: Loop) -> None:
        """Tell apart the memory of the operands of a loop, so that nothing has to be checked when it runs."""
        areas: list[list[Operand]] = []
        for x in {x.key: x for x in operands_of(loop)}.values():
            met = [area for area in areas if any(x.address == z.address or x.meets(z) for z in area)]
            apart = [area for area in areas if not any(area is each for each in met)]
            areas = [*apart, [x, *(z for area in met for z in area)]]
        number = len(self.notes)
        self.notes += [f'!{number + i} = !{{!"{number + i}", !0}}' for i in range(len(areas))]
        marks: dict[tuple, str] = {}
        for i, area in enumerate(areas):
            others = ", ".join(f"!{number + j}" for j in range(len(areas)) if j != i)
            k = len(self.notes)
            self.notes += [f"!{k} = !{{!{number + i}}}", f"!{k + 1} = !{{{others}}}"]
            marks.update((x.key, f", !alias.scope !{k}, !noalias !{k + 1}") for x in area)
        self.scopes = {id(x): marks[x.key] for x in operands_of(loop)}

    # -- loops -----------------------------------------------------------------------------------------------------------

    def loop(self, loop: Loop) -> None:
        """A loop over as few axes as the memory of all operands allows."""
        self.scopes = {}
        for s in loop.statements:
            if s.adds:
                self.cleared(s.target, s.shape)
        self.remark(loop)
        groups = collapsed(loop.shape, [x.strides for x in operands_of(loop)])
        self.nest(groups, [s for s in loop.statements if s.adds], lambda index, sums: self.body(loop, index, sums))

    def cleared(self, y: Operand, shape: Sequence[int]) -> None:
        """Zeros in an array."""
        own = [n if t else 1 for n, t in zip(shape, y.strides)]
        zero = self.code.number(0.0, y.char)
        self.nest(collapsed(own, [y.strides]), [], lambda index, sums: self.store(zero, y, index))

    def nest(self, groups: Sequence[tuple[int, int]], adding: Sequence[Statement], body: Any) -> None:
        """Loops in each other, with sums over the innermost one held in registers."""
        self.labels += 1
        label, index, latches = f"l{self.labels}", [], []
        inner = groups[-1][1] if groups else -1
        held = {id(s): s for s in adding if not groups or s.target.strides[inner] == 0}
        phis: dict[int, Value] = {}
        for d, (n, axis) in enumerate(groups):
            counter, last = f"%{label}i{d}", d == len(groups) - 1
            self.put(f"  br label %{label}_{d}", f"{label}_{d}:")
            self.put(f"  {counter} = phi i64 [ 0, %{self.at} ], [ {counter}n, %{label}_{d}e ]")
            if last:
                for key, s in held.items():
                    kind, name = s.target.char, self.code.name()
                    zero = self.code.number(0.0, kind).text
                    self.put(f"  {name} = phi {TYPES[kind]} [ {zero}, %{self.at} ], [ {name}n, %{label}_{d}e ]")
                    phis[key] = Value(self.code, kind, name)
            self.at = f"{label}_{d}"
            index.append((counter, axis))
            latches.append((d, n, counter))
        body(index, phis)
        for d, n, counter in reversed(latches):
            self.put(f"  br label %{label}_{d}e", f"{label}_{d}e:")
            self.put(f"  {counter}n = add nuw nsw i64 {counter}, 1", f"  {counter}c = icmp eq i64 {counter}n, {n}")
            self.put(f"  br i1 {counter}c, label %{label}_{d}x, label %{label}_{d}", f"{label}_{d}x:")
            self.at = f"{label}_{d}x"
            if d == len(groups) - 1:
                outer = index[:-1]
                for key, s in held.items():
                    total = self.load(s.target, outer) + Value(self.code, s.target.char, f"{phis[key].text}n")
                    self.store(total, s.target, outer)

    def body(self, loop: Loop, index: Sequence[tuple[str, int]], sums: dict[int, Value]) -> None:
        """The statements at one place."""
        known: dict[tuple, Value] = {}
        for s in loop.statements:
            kind = s.kind
            xs = [self.operand(x, index, known, kind) for x in s.inputs]
            value = s.form(*xs)
            if not s.adds:
                known[s.target.key] = value
                if id(s) in self.stored:
                    self.store(value, s.target, index)
            elif id(s) in sums:
                name = sums[id(s)].text
                self.put(f"  {name}n = {REDUCED} {TYPES[kind]} {name}, {value.text}")
            else:
                self.store(self.load(s.target, index) + value, s.target, index)

    def operand(self, x: Any, index: Sequence[tuple[str, int]], known: dict[tuple, Value], kind: str) -> Value:
        """A number, what an earlier statement left in a register, or an element in memory."""
        if not isinstance(x, Operand):
            return self.code.number(x, kind)
        if x.key not in known:
            known[x.key] = self.load(x, index)
        return known[x.key]


def collapsed(shape: Sequence[int], strides: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
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
