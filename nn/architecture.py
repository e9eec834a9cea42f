"""Architectures: what a module is made of, in words that a file can hold, and the module made anew from them.

A description names classes of this package and the arguments of their constructors, and nothing else: reading one never
imports or runs what somebody else wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from .container import ModuleDict, ModuleList, Sequential
from .module import Module
from .recipe import Unknown
from .seeding import get_rng_state, set_rng_state

PACKAGE = __name__.partition(".")[0]


class NotDescribableError(ValueError):
    """A module is not made of this package's classes and plain arguments alone."""


def describe(module: Module) -> dict[str, Any]:
    """Classes and constructor arguments of a module and of all inside it, as values that JSON can hold.

    Raises NotDescribableError, which says why, where they do not tell how to make it anew: a class from elsewhere, a
    function among the arguments, parts that were exchanged afterwards.
    """
    try:
        description = _Describer().module(module)
        with undisturbed():
            again = rebuild(description)
        if repr(again) != repr(module):
            raise NotDescribableError("it was changed after it was made")
        if _sharing(again) != _sharing(module):
            raise NotDescribableError("modules of it share parameters")
        if list(again._state()) != list(module._state()):
            raise NotDescribableError("parameters or buffers were added or taken away after it was made")
        return description
    except RecursionError:
        raise NotDescribableError("its modules are nested too deeply") from None


def rebuild(description: Mapping[str, Any]) -> Module:
    """A module like the one that was described, with the weights that its constructor draws.

    Raises NotDescribableError for a class that this package does not have, or arguments that it does not take.
    """
    if not isinstance(description, Mapping):
        raise NotDescribableError(f"{description!r} describes no module")
    return _Builder().module(description)


@contextmanager
def undisturbed() -> Iterator[None]:
    """A block that draws from the default generators and leaves them as they were."""
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)


def known_classes() -> dict[str, type[Module]]:
    """The module classes of this package by name."""
    found: dict[str, type[Module]] = {}
    stack: list[type[Module]] = [Module]
    while stack:
        for kind in stack.pop().__subclasses__():
            stack.append(kind)
            if kind.__module__.startswith(PACKAGE + ".") and not kind.__name__.startswith("_") and plain(kind) is kind:
                found.setdefault(kind.__name__, kind)
    return found


def plain(kind: type) -> type:
    """The class itself; of one that `compat` derived from it to speak PyTorch, the one it was derived from."""
    return vars(kind).get("_plain", kind)


class _Describer:
    """Numbers the modules, so that one that stands in two places is one again."""

    def __init__(self) -> None:
        self.classes = known_classes()
        self.numbers: dict[int, int] = {}

    def module(self, module: Module) -> dict[str, Any]:
        if id(module) in self.numbers:
            return {"same": self.numbers[id(module)]}
        kind = plain(type(module))
        if self.classes.get(kind.__name__) is not kind:
            raise NotDescribableError(f"{kind.__name__} is no class of {PACKAGE}")
        self.numbers[id(module)] = len(self.numbers)
        if kind in (Sequential, ModuleList, ModuleDict):
            return {"class": kind.__name__, "args": self._contents(module), "kwargs": {}}
        kept, inside = module._recipe, {id(inner) for inner in module.modules()}
        if any(id(given) not in inside for given in _modules([*kept.args, *kept.kwargs.values()])):
            raise NotDescribableError(f"a part of {kind.__name__} was exchanged after it was made")
        args = [self.value(value, kind) for value in kept.args]
        return {"class": kind.__name__, "args": args, "kwargs": {k: self.value(v, kind) for k, v in kept.kwargs.items()}}

    def _contents(self, module: Module) -> list[Any]:
        """A container by what it holds now, which `append` and `insert` may have changed."""
        inner = {name: m for name, m in vars(module).items() if isinstance(m, Module)}
        if isinstance(module, ModuleList) and list(inner) == [str(i) for i in range(len(inner))]:
            parts = [self.module(m) for m in inner.values()]
            return [{"list": parts}] if plain(type(module)) is ModuleList else parts
        return [{"dict": [[name, self.module(m)] for name, m in inner.items()]}]

    def value(self, value: Any, kind: type) -> Any:
        if isinstance(value, Module):
            return self.module(value)
        if isinstance(value, Unknown):
            raise NotDescribableError(f"an argument of {kind.__name__} is a {value.kind}")
        if isinstance(value, np.dtype):
            return {"dtype": value.name}
        if isinstance(value, tuple | list):
            return {type(value).__name__: [self.value(each, kind) for each in value]}
        if isinstance(value, dict):
            return {"dict": [[self.value(k, kind), self.value(v, kind)] for k, v in value.items()]}
        return value


class _Builder:
    """Makes the modules in the order in which they were numbered."""

    def __init__(self) -> None:
        self.classes = known_classes()
        self.made: dict[int, Module] = {}
        self.next = 0

    def module(self, given: Mapping[str, Any]) -> Module:
        if "same" in given:
            if given["same"] not in self.made:
                raise NotDescribableError(f"module number {given['same']!r} is used before it is described")
            return self.made[given["same"]]
        number, self.next = self.next, self.next + 1
        name = given.get("class")
        kind = self.classes.get(name) if isinstance(name, str) else None
        if kind is None:
            raise NotDescribableError(f"there is no class {name!r} in {PACKAGE}")
        try:
            args = [self.value(each) for each in given["args"]]
            self.made[number] = kind(*args, **{name: self.value(each) for name, each in given["kwargs"].items()})
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise NotDescribableError(f"{kind.__name__} cannot be made of what was saved: {error}") from error
        return self.made[number]

    def value(self, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if "class" in given or "same" in given:
            return self.module(given)
        ((form, content),) = given.items()
        if form == "dtype":
            return np.dtype(content)
        if form == "dict":
            return {self.value(k): self.value(v) for k, v in content}
        return {"tuple": tuple, "list": list}[form](self.value(each) for each in content)


def _sharing(module: Module) -> list[int]:
    """For each entry of the state, the first that is the same Tensor."""
    ids = [id(tensor) for tensor in module._state().values()]
    return [ids.index(each) for each in ids]


def _modules(value: Any) -> Iterator[Module]:
    if isinstance(value, Module):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ():
        yield from _modules(each)
