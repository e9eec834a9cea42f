"""compile: a function, or a whole training step, captured once and replayed as a program."""

from __future__ import annotations

import builtins
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any, Self

import numpy as np

from ..errors import CaptureError
from ..graph import LeafNode, recorder, recording
from ..tensor import Tensor, as_tensor, from_array
from ..trees import flatten
from .capture import Capture
from .guards import SCALARS, Guard, Reach, random_states
from .program import Program
from .run import Runner

MOST = 16  # programs of one function; from then on it runs as it is written


class Entry:
    """One captured program: what must hold for it, how to run it, and how to build the result."""

    def __init__(self, guards: list[Guard], runner: Runner, rebuild: Callable, kinds: Sequence[Any]) -> None:
        self.guards, self.runner, self.rebuild, self.kinds = guards, runner, rebuild, kinds
        self.quick = quick_check(guards)

    def broken(self) -> Guard | None:
        """The first guard that does not hold any more."""
        return next((guard for guard in self.guards if not guard.holds()), None)

    def holds(self) -> bool:
        """Whether this program still does what the function would do."""
        return self.quick() or self.broken() is None


def quick_check(guards: Sequence[Guard]) -> Callable[[], bool]:
    """A function that tells whether the very same objects stand at all places: one expression, generated."""
    names: dict[str, Any] = {}
    terms = []
    for k, guard in enumerate(guards):
        names[f"l{k}"], names[f"v{k}"] = guard.look, guard.value
        look = guard.look
        function, arguments = getattr(look, "func", None), getattr(look, "args", ())
        if getattr(function, "__name__", "") == "get" and isinstance(getattr(function, "__self__", None), dict):
            names[f"g{k}"], names[f"k{k}"] = function, arguments[0]
            terms.append(f"g{k}(k{k}) is v{k}")
        elif isinstance(guard.value, int) and not isinstance(guard.value, bool):
            terms.append(f"l{k}() == v{k}")
        else:
            terms.append(f"l{k}() is v{k}")
    if not terms:
        return lambda: True
    source = "lambda: " + " and ".join(terms)
    made: Callable[[], bool] = eval(builtins.compile(source, "<guards>", "eval"), names)
    return made


class Compiled:
    """What `ac.compile` returns: call it as the function itself."""

    def __init__(self, function: Callable, rewrite: bool = True, backend: str = "numpy") -> None:
        self.function, self.rewrite, self.backend = function, rewrite, backend
        self.entries: dict[Any, list[Entry]] = {}
        self.reasons: list[str] = []
        self.warm = False
        self.lock = threading.RLock()
        update_wrapper(self, function)

    @property
    def name(self) -> str:
        """The name of the function, for messages."""
        return getattr(self.function, "__qualname__", type(self.function).__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if type(recording.get()) is not bool or not self.lock.acquire(blocking=False):
            return self.function(*args, **kwargs)  # part of a larger capture; or another thread is at work
        try:
            return self.called(args, kwargs)
        finally:
            self.lock.release()

    def called(self, args: tuple, kwargs: dict) -> Any:
        """A call: by a program if one fits, else by a capture; the first call of all runs as it is written."""
        leaves, rebuild = flatten([list(args), kwargs])
        key = (self.structure(args, kwargs), tuple(map(described, leaves)), recording.get())
        for entry in self.entries.get(key, ()):
            if entry.holds():
                return self.replayed(entry, leaves)
        if not self.warm or len(self.reasons) >= MOST:
            self.warm = True
            return self.function(*args, **kwargs)
        return self.captured(key, leaves, rebuild)

    def structure(self, args: tuple, kwargs: dict) -> Any:
        """The nested structure of the arguments, as a hashable value."""
        return structure_of([list(args), kwargs])

    def replayed(self, entry: Entry, leaves: Sequence[Any]) -> Any:
        """A call by a program."""
        ys = entry.runner([x.array if isinstance(x, Tensor) else x for x in leaves if is_value(x)])
        return entry.rebuild(ys)

    def captured(self, key: Any, leaves: Sequence[Any], rebuild: Callable) -> Any:
        """A call that is written down as a program. If that fails, all is put back as it was before, and CaptureError raised."""
        self.reasons.append(self.reason(key))
        given = [from_array(np.array(x.array if isinstance(x, Tensor) else x)) if is_value(x) else x for x in leaves]
        capture = Capture(self.name, [x for x in given if isinstance(x, Tensor) and is_new(x, leaves)])
        reach = Reach().look_through((self.name, self.function), *((f"argument {k}", x) for k, x in enumerate(leaves) if not is_value(x)))
        for x in reach.tensors.values():
            if isinstance(x.node, LeafNode):
                capture.known_leaf(x)
        drawn = random_states(reach.generators)
        try:
            result = self.noted(capture, rebuild(given))
            ys, rebuild_ys = flatten(result)
            del result
            program = capture.program([y for y in ys if isinstance(y, Tensor)])
            self.check_state(reach, drawn)
        except BaseException:
            capture.put_back()
            raise
        entry = Entry([*reach.guards, *seen(capture)], Runner(self.rewritten(program)), builder(ys, rebuild_ys), ())
        self.entries.setdefault(key, []).insert(0, entry)
        return rebuild_ys([from_array(y.array.copy()) if isinstance(y, Tensor) else y for y in ys])

    def noted(self, capture: Capture, given: Any) -> Any:
        """The function run with notes taken."""
        args, kwargs = given
        token = recording.set(capture.switched(bool(recording.get())))
        try:
            return self.function(*args, **kwargs)
        finally:
            recording.reset(token)

    def rewritten(self, program: Program) -> Program:
        """The program after all rewrites."""
        return program

    def check_state(self, reach: Reach, drawn: Callable[[], bool]) -> None:
        """Raise if the run changed anything that a replay would not change again."""
        changed = next((guard for guard in reach.guards if not guard.holds()), None)
        if changed is not None:
            raise CaptureError(
                f"{self.name}: {changed.place} was {changed.value!r} before the call and is {changed.look()!r} after it. A "
                "replay runs no Python, so it would stay as it is. Keep what changes in a Tensor and write it with copy_, or "
                "change it outside of the compiled function."
            )
        if drawn():
            raise CaptureError(
                f"{self.name}: it draws random numbers from NumPy's or Python's generators, which a replay would freeze. Use "
                "ac.random, or an ac.random.Generator."
            )

    def reason(self, key: Any) -> str:
        """Why a capture is needed."""
        if not self.entries:
            return "first capture"
        entries = self.entries.get(key)
        if entries is None:
            return "arguments of another structure, shape or dtype, or another number"
        guard = entries[0].broken()
        return "" if guard is None else f"{guard.place} was {guard.value!r} and is {guard.look()!r}"

    def explain(self) -> str:
        """How often the function was captured, and why; and its newest program."""
        lines = [f"{self.name}: {len(self.reasons)} captures"]
        lines += [f"  {k}. {reason}" for k, reason in enumerate(self.reasons, 1)]
        if len(self.reasons) >= MOST:
            lines.append(f"  after {MOST} captures it runs as it is written")
        return "\n".join(lines)

    @property
    def programs(self) -> list[Program]:
        """The programs captured so far."""
        return [entry.runner.program for entries in self.entries.values() for entry in entries]


def is_value(x: Any) -> bool:
    """Whether an argument is data, whose values may differ from call to call."""
    return isinstance(x, np.ndarray) or (isinstance(x, Tensor) and x.node is None)


def is_new(x: Tensor, leaves: Sequence[Any]) -> bool:
    """Whether a Tensor was made for the capture, and is not one of the arguments themselves."""
    return all(x is not leaf for leaf in leaves)


def described(x: Any) -> Any:
    """What of an argument a program depends on: shape and dtype of data, the value of a number, the identity of the rest."""
    if is_value(x):
        return (x.shape, x.dtype.str)
    return (type(x), repr(x) if isinstance(x, (float, complex)) else x) if isinstance(x, SCALARS) else id(x)


def structure_of(tree: Any) -> Any:
    """A nested structure without its leaves, as a hashable value."""
    if isinstance(tree, dict):
        return (type(tree), tuple((k, structure_of(v)) for k, v in tree.items()))
    if isinstance(tree, (list, tuple)):
        return (type(tree), tuple(map(structure_of, tree)))
    return None


def seen(capture: Capture) -> list[Guard]:
    """Guards for the Tensors from outside whose values Python read."""

    def guard(x: Tensor, value: np.ndarray) -> Guard:
        return Guard(f"a Tensor of shape {x.shape}", lambda: np.array_equal(x.array, value, equal_nan=True), True)

    return [guard(x, value) for x, value in capture.looked_at]


def builder(ys: Sequence[Any], rebuild: Callable) -> Callable[[Sequence[Any]], Any]:
    """The function that puts the arrays of the results into their structure."""
    fixed = [None if isinstance(y, Tensor) else (y,) for y in ys]

    def build(arrays: Sequence[Any]) -> Any:
        rest = iter(arrays)
        return rebuild([from_array(next(rest)) if y is None else y[0] for y in fixed])

    return build


def compile(f: Callable | None = None, *, backend: str = "numpy", rewrite: bool = True) -> Any:
    """The same function, captured as a program at its second call and replayed from then on."""
    if f is None:
        return lambda g: compile(g, backend=backend, rewrite=rewrite)
    return Compiled(f, rewrite, backend)
