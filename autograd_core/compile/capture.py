"""Capture: a tape that also sees updates, gradients and draws, and makes a Program of one run of a function."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from weakref import ref

import numpy as np
from numpy import ndarray

from ..anomaly import at, users_line
from ..errors import CaptureError
from ..ops.elementwise import add
from ..primitive import Identity, Primitive
from ..tape import Slot, Step, Tape
from ..tensor import Tensor, from_array
from .program import Cell, Layout, Program, layout_of

SMALL = 64  # a Tensor of so many elements may be read by Python: its values are then guarded
COPY = Identity(copies=True)
NOTES: dict[int, Any] = {0: (object(), None)}
ALONE = sys.getrefcount(NOTES[0][0])  # of what only a dict of notes holds


@dataclass(frozen=True)
class Write(Primitive):
    """Overwrites the memory of its first input with the values of the second one, broadcast; it has no output.

    It stands in programs only, so it is not in the registry of what users can call.
    """

    differentiable: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """How listings call it."""
        return "write"

    def forward(self, x: ndarray, value: Any) -> None:
        np.copyto(x, value, casting="same_kind")


WRITE = Write()


class Capture(Tape):
    """Notes every op that runs on Tensors, what they take from outside, and what is written, in order.

    `cells` are the values from outside by slot, `layouts` tell how all values lay. `deposits` are the leaves whose `.grad`
    changed, with the gradient they had before. `looked_at` are Tensors from outside that Python read, with the values it saw.
    `undo` puts back what was written, if the capture fails; `refused` are the errors that were raised, which the function may
    have caught. `made` are weak references to the Tensors that ops gave, each with its op and the user's line.
    """

    def __init__(self, what: str, inputs: Sequence[Tensor]) -> None:
        self.layouts: dict[Slot, Layout] = {}
        super().__init__(what, inputs)
        self.arguments = inputs
        self.cells: dict[Slot, Cell] = {}
        self.deposits: dict[int, tuple[Tensor, Tensor | None]] = {}
        self.looked_at: list[tuple[Tensor, ndarray]] = []
        self.undo: list[Callable[[], Any]] = []
        self.made: list[tuple[Any, Any, tuple[str, int]]] = []
        self.written: set[Slot] = set()
        self.drawn: dict[int, list[Any]] = {}
        self.refused: list[str] = []

    def next_slot(self, array: ndarray) -> Slot:
        slot = super().next_slot(array)
        self.layouts[slot] = layout_of(array)
        return slot

    # -- values from outside -------------------------------------------------------------------------------------------

    def operand(self, x: Any) -> Any:
        array = x.array if isinstance(x, Tensor) else x
        if not isinstance(array, ndarray):
            return x
        slot = self.slots.get(array)
        return self.cell(x) if slot is None else slot

    def varies(self, x: Any) -> bool:
        array = x.array if isinstance(x, Tensor) else x
        return (isinstance(array, ndarray) and self.slot(x) is None) or super().varies(x)  # what is outside is read anew

    def cell(self, x: Any) -> Slot:
        """The slot of a value from outside, which each call reads anew."""
        array = x.array if isinstance(x, Tensor) else x
        leaf = self.leaf_with_gradient(x)
        slot = self.next_slot(array)
        self.varying.add(slot)
        self.cells[slot] = Cell(x if leaf is None else leaf, gradient=leaf is not None)
        return slot

    def leaf_with_gradient(self, x: Any) -> Tensor | None:
        """The leaf whose gradient x was when the capture began."""
        return next((leaf for leaf, old in self.deposits.values() if old is x), None) if isinstance(x, Tensor) else None

    def known_leaf(self, leaf: Tensor) -> None:
        """Note the gradient that a leaf has before the function runs."""
        old = leaf.grad
        self.deposits[id(leaf)] = (leaf, old)
        weak = ref(leaf)
        self.undo.append(lambda: setattr(weak(), "_grad", old) if weak() is not None else None)

    # -- what happens --------------------------------------------------------------------------------------------------

    def note(self, op: Any, xs: tuple, y: Any) -> None:
        super().note(op, xs, y)
        line = users_line()
        self.made.extend((ref(each), op, line) for each in (y if isinstance(y, tuple) else (y,)))

    def cut(self, x: Tensor, y: Tensor) -> None:
        super().cut(x, y)
        self.made.append((ref(y), None, users_line()))

    def read(self, x: Tensor, how: str) -> None:
        slot = self.slot(x)
        if (slot is None or slot in self.cells) and slot not in self.written and x.size <= SMALL:
            self.looked_at.append((x, x.array.copy()))
        elif slot is None or slot in self.varying:
            text = (
                f"{self.what}: Python reads the values of a Tensor of shape {x.shape} by {how}{at(users_line())}. They differ "
                "from call to call, and what Python makes of them would be frozen. Return the Tensor and read it outside, "
                "use ac.where for a choice between values, and Tensors for all that is computed from values."
            )
            if not asked_by_library():
                self.refused.append(text)
            raise CaptureError(text)

    def deposited(self, x: Tensor) -> None:
        if id(x) not in self.deposits:
            self.known_leaf(x)

    def draws(self, generator: Any) -> int:
        """Count a draw of a generator; returns how many came before it in this run."""
        self.drawn.setdefault(id(generator), [generator, 0])[1] += 1
        return self.drawn[id(generator)][1] - 1

    def moved(self, x: Tensor, old: ndarray) -> None:
        """x, which lay on the memory `old`, has moved to memory of its own."""
        slot = self.operand(x if self.slots.get(old) is None else old)
        if slot in self.cells:
            self.slots.put(x.array, slot)
        else:
            self.note(COPY, (old,), x)

    def kept(self, x: Any, copy: ndarray) -> None:
        if isinstance(x, (Tensor, ndarray)):
            self.note(COPY, (x,), from_array(copy))

    def writing(self, x: Tensor) -> None:
        array, old = x.array, x.array.copy()
        self.undo.append(lambda: np.copyto(array, old))
        self.written.add(self.operand(x))

    def wrote(self, x: Tensor, value: Any) -> None:
        self.add(Step(WRITE, (self.operand(x), self.operand(value)), (), False))

    # -- the end -------------------------------------------------------------------------------------------------------

    def put_back(self) -> None:
        """Undo what the function wrote."""
        for undo in reversed(self.undo):
            undo()

    def program(self, ys: Sequence[Tensor]) -> Program:
        """The program of what was noted, with the results ys. Call it when the frames of the function are gone."""
        outputs = tuple(self.operand(y) for y in ys)
        self.move_generators_on()
        self.forget_leaves()
        gradients = tuple((x, self.gradient(x)) for x, old in self.deposits.values() if x.grad is not old)
        for slot, cell in [*self.cells.items()]:
            if isinstance(cell.source, Tensor) and not cell.gradient:
                self.rebound(slot, cell.source)
        for slot, x in zip(self.inputs, self.arguments):
            self.rebound(slot, x)
        self.check_escaped([*ys, *(x.grad for x, _ in gradients)])
        for slot, cell in self.cells.items():
            cell.constant = slot not in self.written and not cell.gradient and held_by_nobody_else(cell)
        return Program(self.inputs, self.cells, tuple(self.steps), outputs, gradients, self.layouts)

    def move_generators_on(self) -> None:
        """At the end of a call each generator is as many positions further as it drew numbers."""
        for key in self.drawn:
            if sys.getrefcount(self.drawn[key][0]) <= ALONE:  # made in the call, and gone: it begins anew in each
                continue
            generator, count = self.drawn[key]
            _, position = generator.cells()
            moved = from_array(np.asarray(position.array + count))
            self.note(add, (position, count), moved)
            self.add(Step(WRITE, (self.operand(position), self.operand(moved)), (), False))
            self.undo.append(partial(np.copyto, position.array, position.array.copy()))
            np.copyto(position.array, moved.array)

    def gradient(self, x: Tensor) -> Slot | None:
        return None if x.grad is None else self.operand(x.grad)

    def forget_leaves(self) -> None:
        """Leaves that were made in the call, as by `x.clone().requires_grad_()`, and that nobody holds any more."""
        for key in [*self.deposits]:
            if sys.getrefcount(self.deposits[key][0]) <= ALONE:
                del self.deposits[key]

    def rebound(self, slot: Slot, x: Tensor) -> None:
        """A Tensor from outside that lies on another array now, as after `x[i] = v`: it takes those values."""
        now = self.slots.get(x.array)
        if now is not None and now != slot:
            self.add(Step(WRITE, (slot, now), (), False))

    def check_escaped(self, known: Sequence[Any]) -> None:
        """Raise if a Tensor that an op gave is still alive and is no result: it would never change again."""
        ids = {id(y) for y in (*known, *self.arguments)} | {id(cell.source) for cell in self.cells.values()}
        for weak, op, line in self.made:
            y = weak()
            if y is not None and id(y) not in ids:
                made = "a detached Tensor" if op is None else f"the result of {op.name}"
                raise CaptureError(
                    f"{self.what}: {made} (shape {y.shape}){at(line)} is kept after the call, in a list or an attribute, and "
                    "would never change again. Return it, or write it into a Tensor from outside with copy_ under ac.no_grad()."
                )


def asked_by_library() -> bool:
    """Whether the code that reads a value is of `nn` or `physics`, which know what to do where it cannot be read."""
    frame: Any = sys._getframe(1)
    names = [""]
    while frame is not None and (names := frame.f_globals.get("__name__", "").split("."))[0] == "autograd_core":
        frame = frame.f_back
    return names[0] in ("nn", "physics")


def held_by_nobody_else(cell: Cell) -> bool:
    """Whether only the capture holds what a cell reads, so that no one can ever change it.

    A Tensor is then held by its cell and by this call; its array by it and by this call.
    """
    x = cell.source
    if isinstance(x, Tensor):
        if x.node is not None or getattr(x, "_shared", None) is not None or sys.getrefcount(x) > 3:
            return False
        array, holders = x.array, 3
    else:
        array, holders = x, 4
    return array.base is None and sys.getrefcount(array) <= holders
