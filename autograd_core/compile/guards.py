"""Guards: what a captured function depends on without taking it as an argument, and whether it is as it was.

A replay runs no Python of the user, so it must notice when that Python would now do something else: a number in a module,
a global name, a closed-over Tensor that was exchanged. What the function can reach is looked through once; each number,
text, Tensor or object found is remembered with the place it stood at, and compared before each call.
"""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor

SCALARS = (int, float, complex, bool, str, bytes, type(None), np.generic, np.dtype, enum.Enum, slice, range, type(Ellipsis))
LIBRARY = ("autograd_core", "nn", "physics")
LONG = 10_000  # longer lists are guarded by their lengths
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "missing"})()


class Guard(NamedTuple):
    """A place, how to look at it, and what stood there. `mapping` and `key` say the same for the most frequent kind."""

    place: str
    look: Callable[[], Any]
    value: Any

    def holds(self) -> bool:
        """Whether the same stands there now."""
        return same(self.look(), self.value)


def same(a: Any, b: Any) -> bool:
    """Whether two values are the same object, equal scalars of one type, or containers of one kind with the same in them."""
    if a is b or type(a) is not type(b):
        return a is b
    if isinstance(b, SCALARS):
        return bool(a == b or (a != a and b != b))
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in b)
    return isinstance(b, (list, tuple)) and len(a) == len(b) and all(map(same, a, b))


def is_library(module: str | None) -> bool:
    """Whether a module belongs to this project, whose functions read no globals that change."""
    return (module or "").partition(".")[0] in LIBRARY


class Reach:
    """Looks through what a function can reach, and collects a Guard for each place."""

    def __init__(self) -> None:
        self.guards: list[Guard] = []
        self.flags: dict[int, Guard] = {}  # whether a Tensor requires a gradient, by its id
        self.seen: set[int] = set()
        self.kept: list[Any] = []  # alive, since `seen` holds ids
        self.names: set[str] = set()
        self.tensors: dict[int, Tensor] = {}
        self.generators: list[np.random.Generator] = []
        self.waiting: list[tuple[str, Any]] = []

    def look_through(self, *roots: tuple[str, Any]) -> Reach:
        """Collect all guards from the roots on; returns itself."""
        for _, root in roots:
            self.collect_names(root)
        self.waiting.extend(roots)
        while self.waiting:
            place, x = self.waiting.pop()
            if not isinstance(x, SCALARS) and id(x) not in self.seen:
                self.seen.add(id(x))
                self.kept.append(x)
                self.visit(place, x)
        return self

    def collect_names(self, root: Any) -> None:
        """The names that the code of a function and of the functions in it uses: of other objects only these are looked at."""
        seen, waiting = set(), [root]
        while waiting:
            x = waiting.pop()
            if id(x) in seen:
                continue
            seen.add(id(x))
            if isinstance(x, types.CodeType):
                self.names.update(x.co_names)
                waiting.extend(c for c in x.co_consts if isinstance(c, types.CodeType))
            elif isinstance(x, types.FunctionType) and not is_library(x.__module__):
                waiting.append(x.__code__)
                waiting.extend(value for _, _, value in globals_of(x))
                waiting.extend(cell.cell_contents for cell in x.__closure__ or () if filled(cell))
            elif isinstance(x, types.MethodType):
                waiting.extend((x.__func__, *methods_of(type(x.__self__))))
            elif isinstance(x, type):
                waiting.extend(methods_of(x))
            elif not isinstance(x, SCALARS) and not isinstance(x, (types.ModuleType, Tensor, np.ndarray)):
                waiting.extend(methods_of(type(x)))

    def add(self, place: str, look: Callable[[], Any], value: Any) -> None:
        """A guard of one place, whose value is looked through later."""
        self.guards.append(Guard(place, look, value))
        self.waiting.append((place, value))

    def visit(self, place: str, x: Any) -> None:
        """Guard what an object holds."""
        if isinstance(x, Tensor):
            self.tensors[id(x)] = x
            self.flags[id(x)] = Guard(f"{place}.requires_grad", lambda: x.node is None, x.node is None)
        elif isinstance(x, np.random.Generator):
            self.generators.append(x)
        elif isinstance(x, types.FunctionType):
            self.visit_function(place, x)
        elif isinstance(x, types.MethodType):
            self.waiting.extend(((place, x.__func__), (place.rpartition(".")[0] or "self", x.__self__)))
        elif isinstance(x, partial):
            self.waiting.extend(((place, x.func), (f"{place}.args", x.args), (f"{place}.keywords", x.keywords)))
        elif isinstance(x, dict):
            self.visit_items(place, x)
        elif isinstance(x, (list, tuple)):
            self.visit_sequence(place, x)
        elif isinstance(x, types.ModuleType):
            self.visit_module(place, x)
        elif not isinstance(x, (np.ndarray, type)):
            self.visit_object(place, x)

    def visit_function(self, place: str, f: types.FunctionType) -> None:
        """Closure, defaults and globals of a function of the user."""
        for name, cell in zip(f.__code__.co_freevars, f.__closure__ or ()):
            self.add(name, partial(contents, cell), contents(cell))
        if not is_library(f.__module__):
            for name in ("__defaults__", "__kwdefaults__", "__code__"):
                self.add(f"{place}.{name}", partial(getattr, f, name), getattr(f, name))
            for name, mapping, value in globals_of(f):
                self.add(name, partial(mapping.get, name, MISSING), value)

    def visit_items(self, place: str, x: dict) -> None:
        self.guards.append(Guard(f"len({place})", partial(len, x), len(x)))
        for key, value in list(x.items())[:LONG]:
            text = repr(key) if isinstance(key, SCALARS) else f"<{type(key).__name__}>"
            self.add(f"{place}[{text}]", partial(x.get, key, MISSING), value)

    def visit_sequence(self, place: str, x: list | tuple) -> None:
        if isinstance(x, list):
            self.guards.append(Guard(f"len({place})", partial(len, x), len(x)))
        for k, value in enumerate(x[:LONG]):
            if isinstance(x, list):
                self.add(f"{place}[{k}]", partial(item, x, k), value)
            else:
                self.waiting.append((f"{place}[{k}]", value))

    def visit_module(self, place: str, x: types.ModuleType) -> None:
        """Of a module of the user, the names that the function uses."""
        if not is_library(x.__name__) and is_users(x):
            for name in self.names & vars(x).keys():
                self.add(f"{place}.{name}", partial(vars(x).get, name, MISSING), vars(x)[name])

    def visit_object(self, place: str, x: Any) -> None:
        """Attributes: all of a class of this project or derived from one, else those that the function names.

        A class may name in `_fixed` those attributes on which no program depends, and in which nothing else lies; an object
        of a class that is `_settled` changes nothing that a program depends on but by ops on Tensors.
        """
        if getattr(type(x), "_settled", False):
            self.waiting.append((place, getattr(x, "function", None)))
            return
        ours = any(is_library(kind.__module__) for kind in type(x).__mro__)
        attributes = getattr(x, "__dict__", {})
        if ours:
            self.guards.append(Guard(f"the number of attributes of {place}", partial(len, attributes), len(attributes)))
        fixed = getattr(type(x), "_fixed", ())
        for name in [name for name in attributes if name not in fixed] if ours else self.names & attributes.keys():
            self.add(f"{place}.{name}", partial(attributes.get, name, MISSING), attributes[name])
        for name in slots_of(type(x)):
            if (ours or name in self.names) and hasattr(x, name):
                self.add(f"{place}.{name}", partial(getattr, x, name, MISSING), getattr(x, name))
        self.waiting.extend((place, method) for method in methods_of(type(x)))


def contents(cell: Any) -> Any:
    """What a closure cell holds."""
    return cell.cell_contents if filled(cell) else MISSING


def filled(cell: Any) -> bool:
    """Whether a closure cell holds anything."""
    try:
        return cell.cell_contents is not MISSING
    except ValueError:
        return False


def item(x: list, k: int) -> Any:
    """Element k of a list that may have become shorter."""
    return x[k] if k < len(x) else MISSING


def slots_of(kind: type) -> Iterator[str]:
    """The slots of the instances of a class."""
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        yield from (s for s in ((slots,) if isinstance(slots, str) else slots) if not s.startswith("__"))


def methods_of(kind: type) -> list[Any]:
    """The functions that a class of the user defines; those of this project and of Python are known to be harmless."""
    bases = [base for base in kind.__mro__ if not is_library(base.__module__) and is_users(sys.modules.get(base.__module__))]
    found = [value for base in bases for value in vars(base).values()]
    inner = [getattr(value, "__func__", getattr(value, "fget", value)) for value in found]
    return [value for value in inner if isinstance(value, types.FunctionType)]


def globals_of(f: types.FunctionType) -> Iterator[tuple[str, dict, Any]]:
    """The global names that a function and those inside it use, and their values."""
    import dis

    waiting, seen = [f.__code__], set()
    while waiting:
        code = waiting.pop()
        waiting.extend(c for c in code.co_consts if isinstance(c, types.CodeType))
        for name in (i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")):
            if name not in seen and name in f.__globals__:
                seen.add(name)
                yield name, f.__globals__, f.__globals__[name]


def is_users(module: types.ModuleType | None) -> bool:
    """Whether a module was written by the user, and neither installed nor part of Python."""
    if module is None or module.__name__.partition(".")[0] in sys.stdlib_module_names - {"__main__"}:
        return module is None
    path = getattr(module, "__file__", None) or ""
    return "site-packages" not in path and "dist-packages" not in path and "lib/python" not in path.replace("\\", "/")


def random_states(generators: list[np.random.Generator]) -> Callable[[], bool]:
    """A function that tells whether NumPy's or Python's generators have drawn since."""


    def states() -> list[Any]:
        used = sys.modules.get("random")  # nobody draws from it who has not imported it
        return [used and used.getstate(), legacy(), *(str(g.bit_generator.state) for g in generators)]

    before = states()
    return lambda: states() != before


def legacy() -> tuple:
    """The state of NumPy's global generator."""
    name, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002 (the user may draw from it)
    return (name, np.asarray(keys).tobytes(), *rest)
