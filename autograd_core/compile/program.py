"""Program: what a function computes, as a flat list of ops on numbered values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy import ndarray

from ..tape import Slot, Step
from ..tensor import Tensor


@dataclass(frozen=True)
class Layout:
    """How a value lies in memory: shape, dtype, and the axes from the slowest to the fastest."""

    shape: tuple[int, ...]
    dtype: np.dtype
    axes: tuple[int, ...]

    @cached_property
    def nbytes(self) -> int:
        """The number of bytes."""
        return math.prod(self.shape) * self.dtype.itemsize

    def empty(self) -> ndarray:
        """New memory of this layout."""
        return self.view(np.empty(self.nbytes, np.uint8))

    def view(self, memory: ndarray) -> ndarray:
        """A value of this layout on (the first) bytes of some memory."""
        dense = memory[: self.nbytes].view(self.dtype).reshape([self.shape[a] for a in self.axes])
        return dense.transpose(np.argsort(self.axes)) if self.axes else dense


def layout_of(x: ndarray) -> Layout:
    """The layout of an array; one with gaps or overlaps (a view) becomes dense, in the order of its strides."""
    axes = tuple(range(x.ndim)) if x.flags.c_contiguous else tuple(sorted(range(x.ndim), key=lambda a: -abs(x.strides[a])))
    return Layout(x.shape, x.dtype, axes)


@dataclass(eq=False)
class Cell:
    """Memory outside a program that it reads at each call, and may write at the end of one.

    It is that of a Tensor, of the gradient of a Tensor (if `gradient`), or a raw array. A `constant` one was made during the
    capture, and nobody else holds it.
    """

    source: Any
    gradient: bool = False
    constant: bool = False

    def read(self) -> ndarray:
        """The array as it is now."""
        if self.gradient:
            return self.source.grad.array
        return self.source.array if isinstance(self.source, Tensor) else self.source

    def __repr__(self) -> str:
        kind = "constant" if self.constant else "gradient of " if self.gradient else "cell"
        name = getattr(self.source, "name", None) or ""
        return f"{kind} {name}".strip() if not self.gradient else f"{kind}{name or 'a leaf'}"


@dataclass(frozen=True)
class Program:
    """Steps in order, each an op with the slots it reads and gives; an input that is no slot is a constant.

    `inputs` are the slots of the arguments, `cells` what is read from outside, `outputs` the slots of the results.
    A step of the op `write` overwrites the value of a slot in place, and with it that of all slots that are views of it, or
    it of them: no step may be moved across such a write if it reads what is written. `gradients` are pairs (leaf, slot): the
    leaf's `.grad` afterwards; None leaves it without one. `layouts` tell how each value lay in memory, `stages` are the program
    before and after each rewrite, by name.
    """

    inputs: tuple[Slot, ...]
    cells: Mapping[Slot, Cell]
    steps: tuple[Step, ...]
    outputs: tuple[Slot, ...]
    gradients: tuple[tuple[Tensor, Slot | None], ...]
    layouts: Mapping[Slot, Layout] = field(repr=False)
    stages: dict[str, Program] = field(default_factory=dict, repr=False, compare=False)

    def with_steps(self, steps: Sequence[Step]) -> Program:
        """The same program with other steps."""
        return replace(self, steps=tuple(steps))

    @property
    def results(self) -> list[Slot]:
        """The slots whose values leave the program."""
        return [s for s in (*self.outputs, *(s for _, s in self.gradients)) if s is not None]

    def new_slot(self, layout: Layout) -> Slot:
        """A slot that no value has yet, for a value of this layout."""
        slot = Slot(max((s.index for s in self.layouts), default=-1) + 1)
        self.layouts[slot] = layout  # type: ignore[index]
        return slot

    def __str__(self) -> str:
        return "\n".join(lines(self))

    def __len__(self) -> int:
        return len(self.steps)


def lines(program: Program) -> Iterator[str]:
    """The listing of a program: one line a value that comes from outside, an op, or a value that goes out."""
    names: dict[Slot, str] = {}

    def name(x: Any) -> str:
        if isinstance(x, Slot):
            return names.setdefault(x, f"%{len(names)}")
        return brief(x)

    def described(slot: Slot) -> str:
        layout = program.layouts[slot]
        return f"{name(slot)}: {layout.dtype}{list(layout.shape)}"

    for k, slot in enumerate(program.inputs):
        yield f"{described(slot)} = argument {k}"
    for slot, cell in program.cells.items():
        yield f"{described(slot)} = {cell}"
    for step in program.steps:
        arguments = ", ".join(map(name, step.inputs))
        given = ", ".join(map(described, step.outputs))
        yield f"{given}{' = ' if given else ''}{brief_op(step.op)}({arguments})"
    for leaf, end in program.gradients:
        yield f"gradient of {leaf.name or 'a leaf'} <- {'None' if end is None else name(end)}"
    yield f"return {', '.join(map(name, program.outputs))}"


def brief(x: Any) -> str:
    """A constant in a listing."""
    if isinstance(x, ndarray) and x.size > 1:
        return f"{x.dtype}{list(x.shape)}"
    return repr(x.item() if isinstance(x, (ndarray, np.generic)) else x)


def brief_op(op: Any) -> str:
    """An op in a listing: its name, and its parameters if it has any."""
    text = repr(op)
    return op.name + text[text.index("(") :] if "(" in text and not text.endswith("()") else op.name
