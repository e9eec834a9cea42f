"""Programs: computation graphs as values, that run on the functions of any library and print as source text that runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from importlib import import_module
from itertools import count
from operator import getitem
from types import ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

from ..ops.elementwise import zero
from ..primitive import registry
from ..table import Elementwise


@dataclass(frozen=True)
class Ref:
    """Value number `index` of a program: inputs first, then what the steps give."""

    index: int

    def __repr__(self) -> str:
        return f"x{self.index}"


@dataclass(frozen=True)
class Step:
    """A call of the function `name`; its arguments may be Refs, or lists with Refs."""

    name: str
    args: tuple
    options: tuple[tuple[str, Any], ...] = ()

    def run(self, library: Callable[[str], Callable], values: Sequence[Any]) -> Any:
        """What the function of a library gives for these values of the program so far."""
        return library(self.name)(*(resolved(arg, values) for arg in self.args), **dict(self.options))

    @property
    def refs(self) -> Iterator[Ref]:
        """The values that it reads."""
        for arg in self.args:
            yield from (part for part in (arg if isinstance(arg, list) else [arg]) if isinstance(part, Ref))

    def apart(self) -> Step:
        """The same call with a value of its own for each argument: number k for the k-th Ref."""
        numbers = count()

        def renumbered(arg: Any) -> Any:
            if isinstance(arg, list):
                return [renumbered(part) for part in arg]
            return Ref(next(numbers)) if isinstance(arg, Ref) else arg

        return Step(self.name, tuple(map(renumbered, self.args)), self.options)

    def __repr__(self) -> str:
        if self.name == "getitem":
            return f"{self.args[0]!r}[{text(self.args[1])}]"
        parts = [*map(text, self.args), *(f"{key}={text(value)}" for key, value in self.options)]
        return f"ac.{self.name}({', '.join(parts)})"


def resolved(arg: Any, values: Sequence[Any]) -> Any:
    """An argument with values in the places of Refs."""
    if isinstance(arg, list):
        return [resolved(part, values) for part in arg]
    return values[arg.index] if isinstance(arg, Ref) else arg


def text(value: Any) -> str:
    """The source text of an argument."""
    if isinstance(value, ndarray):
        same = value.dtype in (np.float64, np.int64, np.bool_) and value.size > 0
        dtype = "" if same else f", dtype={value.dtype.name!r}"
        return f"np.array({value.tolist()!r}{dtype})" + ("" if value.size else f".reshape({value.shape})")
    if isinstance(value, tuple):
        return f"({', '.join(map(text, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


class Program:
    """A function of arrays, made of steps, and the inputs at which it was drawn. Its repr is source text that runs.

    A call returns the tuple of all values that no step reads.
    """

    def __init__(self, inputs: Sequence[ndarray], steps: Sequence[Step]) -> None:
        self.inputs, self.steps = tuple(inputs), tuple(steps)

    def __call__(self, *xs: Any) -> tuple:
        return self.run(function, xs)

    def run(self, library: Callable[[str], Callable], xs: Sequence[Any]) -> tuple:
        """The results with the functions of another library, which finds them by their names here."""
        values = list(xs)
        for step in self.steps:
            values.append(step.run(library, values))
        return tuple(values[ref.index] for ref in self.results)

    @cached_property
    def results(self) -> tuple[Ref, ...]:
        """What a call returns."""
        read = {ref for step in self.steps for ref in step.refs}
        first = len(self.inputs)
        return tuple(ref for ref in map(Ref, range(first, first + len(self.steps))) if ref not in read)

    def __repr__(self) -> str:
        names = ", ".join(f"x{k}" for k in range(len(self.inputs)))
        steps = [f"    x{len(self.inputs) + k} = {step!r}" for k, step in enumerate(self.steps)]
        lines = [
            "import numpy as np",
            "import autograd_core as ac",
            "",
            f"def program({names}):",
            *steps,
            f"    return {text(self.results)}",
            "",
            f"inputs = {text(self.inputs)}",
            "ac.testing.gradcheck(program, inputs)",
        ]
        return "\n".join(lines)


# -- the functions -------------------------------------------------------------------------------------------------------


def package() -> ModuleType:
    """The engine as users import it: a program calls what its text names, and asks for that only when it runs."""
    return import_module(__name__.partition(".")[0])


def function(name: str) -> Callable:
    """The engine's function of a name, such as "sin", "linalg.solve" or "getitem"."""
    return named(package(), name)


def numpys(name: str) -> Callable | None:
    """NumPy's function of that name, if it has one."""
    try:
        return named(np, name)
    except AttributeError:
        return None


def named(home: Any, name: str) -> Any:
    """What a library has under a name with dots; `x[i]` is called "getitem"."""
    return getitem if name == "getitem" else reduce(getattr, name.split("."), home)


def elementwise_functions() -> dict[str, Elementwise]:
    """The ops of the derivative table that have a derivative, not 0 everywhere, and a public name, by that name."""
    ac = package()
    table = [op for op in registry.values() if isinstance(op, Elementwise) and op.differentiable]
    ops = {id(op.public): op for op in table if any(d is not zero for d in op.derivatives)}
    homes = {"special.": ac.special, "": ac}  # the last name that is found is the one that is written
    found = {id(f): prefix + name for prefix, home in homes.items() for name, f in vars(home).items() if id(f) in ops}
    return {name: ops[key] for key, name in sorted(found.items(), key=lambda pair: pair[1])}
