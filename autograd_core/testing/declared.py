"""What is declared about each primitive for its tests: sample inputs, what it refuses, its values at kinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


class Sample:
    """One use of a primitive: a function of Tensors and its inputs (arrays and numbers).

    `reference` gives the value from the raw arrays, where another library has it. `order` is the highest order to which
    the derivatives exist; `modes` those that exist.
    """

    def __init__(
        self, f: Callable, *inputs: Any, reference: Callable | None = None, order: int = 2, label: str = ""
    ) -> None:
        self.f, self.inputs, self.reference, self.order, self.label = f, inputs, reference, order, label

    def __repr__(self) -> str:
        shapes = ", ".join(str(getattr(x, "shape", x)) for x in self.inputs)
        return f"{self.label or getattr(self.f, '__name__', 'sample')}({shapes})"


@dataclass(frozen=True)
class Refusal:
    """A call without arguments that must raise `error`, with a text that matches the pattern `text`."""

    call: Callable
    error: type[Exception]
    text: str


@dataclass(frozen=True)
class Kink:
    """A point where a function is not smooth or its formula breaks down, and the derivative that the engine gives there.

    `f` is a function of `inputs`; `gradient` is the tuple of its gradients (of the sum of its output). `words` say both
    in a line of the documentation, and `like` which library agrees.
    """

    words: str
    f: Callable
    inputs: tuple
    gradient: tuple
    like: str = ""


@dataclass(frozen=True)
class Declaration:
    """All that is declared about the primitive `name`.

    `exact(mp, *numbers)` gives the value of an elementwise op in the arithmetic of mpmath, for any precision.
    """

    name: str
    samples: Sequence[Sample]
    refusals: Sequence[Refusal]
    exact: Callable | None = None
    kinks: Sequence[Kink] = field(default=())


declarations: dict[str, Declaration] = {}


def declare(
    name: str,
    samples: Sequence[Sample],
    refusals: Sequence[Refusal],
    *,
    exact: Callable | None = None,
    kinks: Sequence[Kink] = (),
) -> None:
    """Declare samples, refusals and kinks of the primitive `name`; a second declaration raises ValueError."""
    if name in declarations:
        raise ValueError(f"declare: {name} is declared already")
    declarations[name] = Declaration(name, tuple(samples), tuple(refusals), exact, tuple(kinks))
