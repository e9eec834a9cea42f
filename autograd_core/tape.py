"""The second recorder: every primitive that runs on Tensors, in order, as a program that can be run again.

A graph holds what derivatives need; a tape holds what a repetition needs: also ops on constants, comparisons, and the ops
of a sweep. Values are known by the arrays they lie in, so a Tensor that a sweep makes of a saved array is the value it was.
A tape does not keep them alive: a value that nobody holds cannot be asked for, and its memory is free as without a tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np
from numpy import ndarray

from .errors import CaptureError
from .graph import Recorder, recorder, recording, transforming
from .primitive import COPY, Identity
from .tensor import Tensor

CUT = Identity(copies=False)  # a constant with the same values


@dataclass(frozen=True)
class Slot:
    """The place of a value in a program: number `index` of the values that inputs and ops gave, in their order."""

    index: int


@dataclass(frozen=True)
class Step:
    """One op of a program. `inputs` are slots, Tensors from outside, and raw values; `on`: graphs were being recorded."""

    op: Any
    inputs: tuple[Any, ...]
    outputs: tuple[Slot, ...]
    on: bool


class Known:
    """The slots of arrays, found by identity, for as long as the arrays live. `count` slots were given so far."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[ref[ndarray], Slot]] = {}
        self.count = 0

    def new(self, array: ndarray) -> Slot:
        """The next slot, for an array."""
        self.count += 1
        return self.put(array, Slot(self.count - 1))

    def get(self, array: Any) -> Slot | None:
        """The slot of an array; None if it has none. Another object may have the place of one that is gone."""
        weak, slot = self.found.get(id(array), NOWHERE)
        return slot if weak() is array else None

    def put(self, array: ndarray, slot: Slot) -> Slot:
        """Give an array a slot."""
        self.found[id(array)] = ref(array), slot
        return slot


NOWHERE: tuple[Any, Any] = (object, None)  # object() is no array


class Tape(Recorder):
    """A list of steps that grows while the tape is the recording state, and the slots of the values so far.

    `outer` is the recorder in which the tape will be run again. What varies there varies here as well.
    """

    def __init__(self, what: str, inputs: Sequence[Tensor]) -> None:
        self.what, self.outer = what, recorder()
        self.on = True
        self.steps: list[Step] = []
        self.slots = Known()
        self.inputs = tuple(self.new_slot(x) for x in inputs)
        self.varying = set(self.inputs)  # those that depend on an input, or on what varies outside
        self.still: set[Slot] = set()  # those among them that have the same values when the tape is run again
        self.checks: dict[Slot, list[Callable]] = {}

    def new_slot(self, y: Tensor) -> Slot:
        """A slot for a Tensor that no step before has given; one on the array of another gets a view of its own."""
        if self.slots.get(y.array) is not None:
            y.array = y.array.view()
        return self.next_slot(y.array)

    def next_slot(self, array: ndarray) -> Slot:
        """The next slot, for an array."""
        return self.slots.new(array)

    def slot(self, x: Any) -> Slot | None:
        """The slot of a value; None for one from outside."""
        return self.slots.get(x.array if isinstance(x, Tensor) else x)

    def operand(self, x: Any) -> Any:
        """What a step notes of an operand."""
        return x if (slot := self.slot(x)) is None else slot

    def switched(self, on: bool) -> Tape:
        """The same tape with the recording of graphs on or off."""
        if on == self.on:
            return self
        other = type(self).__new__(type(self))
        other.__dict__ = self.__dict__ | {"on": on}
        return other

    def note(self, op: Any, xs: tuple, y: Any) -> None:
        inputs = tuple(map(self.operand, xs))
        self.add(Step(op, inputs, tuple(map(self.new_slot, y if isinstance(y, tuple) else (y,))), self.on))

    def watched(self, y: Any, check: Callable) -> None:
        if (slot := self.slot(y)) is not None:
            self.checks.setdefault(slot, []).append(check)

    def cut(self, x: Tensor, y: Tensor) -> None:
        inputs = (self.operand(x),)
        y.array = x.array.view()
        self.add(Step(CUT, inputs, (self.new_slot(y),), False))

    def add(self, step: Step) -> None:
        """Note a step."""
        self.steps.append(step)
        varying = [x for x in step.inputs if (x in self.varying if isinstance(x, Slot) else super(Tape, self).varies(x))]
        if varying:
            self.varying.update(step.outputs)
            if all(isinstance(x, Slot) and x in self.still for x in varying):
                self.still.update(step.outputs)

    def varies(self, x: Any) -> bool:
        slot = self.slot(x)
        return super().varies(x) if slot is None else slot in self.varying and slot not in self.still

    def kept(self, x: Any, copy: ndarray) -> None:
        if (slot := self.slot(x)) is not None:
            self.slots.put(copy, slot)

    def moved(self, x: Tensor, old: ndarray) -> None:
        self.note(COPY, (old,), x)

    def read(self, x: Tensor, how: str) -> None:
        slot = self.slot(x)
        if slot is None and self.outer is not None:
            self.outer.read(x, how)
        elif how != "repr" and slot in self.varying:
            raise CaptureError(
                f"{self.what}: Python reads the values of a Tensor of shape {x.shape} ({how}), and they differ from one "
                "example or call to the next. Use ac.where for a choice between values, and Tensors for everything "
                "that is computed from values."
            )

    def wrote(self, x: Tensor, value: Any) -> None:
        raise CaptureError(
            f"{self.what}: a Tensor of shape {x.shape} was overwritten in place, which a repetition would not repeat. "
            "Return the new value instead."
        )

    def deposited(self, x: Tensor) -> None:
        raise CaptureError(
            f"{self.what}: a backward pass inside the function adds to `.grad` of a Tensor of shape {x.shape}, and would do "
            "so for one example or call alone. Use ac.grad, which returns gradients."
        )

    def run(self, f: Callable, *args: Any) -> Any:
        """f(*args) with notes taken."""
        on, inside = recording.set(self), transforming.set(True)
        try:
            return f(*args)
        finally:
            transforming.reset(inside)
            recording.reset(on)

    def needed(self, results: Iterable[Slot]) -> list[Step]:
        """The steps that the results depend on, in order."""
        wanted = set(results)
        kept = []
        for step in reversed(self.steps):
            if not wanted.isdisjoint(step.outputs):
                kept.append(step)
                wanted.update(x for x in step.inputs if isinstance(x, Slot))
        return kept[::-1]


class Closed(Recorder):
    """Refuses the values of an outer tape: what runs here is one op of it, and takes them as inputs or not at all."""

    def __init__(self, what: str, outer: Tape, on: bool = False) -> None:
        self.what, self.outer, self.on = what, outer, on

    def switched(self, on: bool) -> Closed:
        """The same with the recording of graphs on or off."""
        return Closed(self.what, self.outer, on)

    def note(self, op: Any, xs: tuple, y: Any) -> None:
        for x in xs:
            if isinstance(x, Tensor) and self.outer.slot(x) in self.outer.varying:
                raise CaptureError(
                    f"{self.what}: the function takes a Tensor of shape {x.shape} from outside, and {self.outer.what} needs it "
                    "to differ from one example or call to the next. Pass it as an argument."
                )

    def read(self, x: Any, how: str) -> None:
        self.outer.read(x, how)


def taping() -> Tape | None:
    """The tape that takes notes here, also behind another recorder."""
    mode: Any = recorder()
    while mode is not None and not isinstance(mode, Tape):
        mode = getattr(mode, "outer", None)
    return mode


def own(y: ndarray, xs: Sequence[Any]) -> ndarray:
    """The value of an op that is a function, on memory of its own if it lies on that of an input."""
    return y.copy() if any(np.may_share_memory(y, x) for x in xs if isinstance(x, ndarray)) else y


@contextmanager
def closed(what: str) -> Iterator[None]:
    """Within the block nothing is recorded: it is the forward pass of one op, made of others."""
    outer = taping()
    token = recording.set(False if outer is None else Closed(what, outer))
    try:
        yield
    finally:
        recording.reset(token)
