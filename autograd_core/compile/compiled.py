"""compile: a function, or a whole training step, captured once and replayed as a program."""

from __future__ import annotations

import builtins
import threading
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from ..errors import CaptureError
from ..graph import LeafNode, recording
from ..ops.random import capturing
from ..primitive import apply
from ..tensor import Tensor, from_array
from ..trees import flatten
from .capture import Capture, Write
from .derivative import Replay, backward_of, has_graph
from .guards import SCALARS, Guard, Reach, random_states
from .program import Program
from .run import Runner

MOST = 16  # programs of one function; from then on it runs as it is written


class Entry:
    """One captured program: what must hold for it, how to run it, and how its results go out.

    `stand_ins` are the Tensors that stood for the arguments in the capture, by number; those which are arguments and cells
    at once are in `identical`. `changed` are the arguments that the function overwrites. `outside` are the Tensors that a
    differentiable function takes from outside, None for one whose results have no derivative.
    """

    def __init__(self, guards: Sequence[Guard], runner: Runner, build: Callable, arguments: Arguments) -> None:
        self.guards, self.runner, self.build, self.arguments = guards, runner, build, arguments
        self.quick = quick_check(guards)
        self.outside: list[Tensor] | None = None
        self.pull: Compiled | None = None

    def broken(self) -> Guard | None:
        """The first guard that does not hold any more."""
        return next((guard for guard in self.guards if not guard.holds()), None)

    def fits(self, leaves: Sequence[Any]) -> bool:
        """Whether this program does what the function would do with these arguments."""
        return all(leaves[k] is x for k, x in self.arguments.identical) and (self.quick() or self.broken() is None)

    def __call__(self, leaves: Sequence[Any]) -> list[np.ndarray]:
        """Run the program; returns the arrays of its results."""
        stand_ins = self.arguments.stand_ins
        for k, x in self.arguments.leaves:
            x._grad = leaves[k].grad
        ys = self.runner([leaves[k].array if isinstance(leaves[k], Tensor) else leaves[k] for k, _ in stand_ins])
        for k, x in self.arguments.leaves:
            leaves[k]._grad = x._grad
        for k, buffer in self.arguments.changed:
            write_back(leaves[k], buffer)
        return ys


class Arguments:
    """The arguments of a capture: data gets a stand-in that the function sees, so that nobody else holds it."""

    def __init__(self, leaves: Sequence[Any], known: dict[int, Tensor]) -> None:
        self.identical = [(k, x) for k, x in enumerate(leaves) if isinstance(x, Tensor) and id(x) in known]
        numbers = {k for k, _ in self.identical}
        self.stand_ins = [(k, stand_in(x)) for k, x in enumerate(leaves) if is_data(x) and k not in numbers]
        self.leaves = [(k, x) for k, x in self.stand_ins if isinstance(x.node, LeafNode)]
        self.changed: list[tuple[int, np.ndarray]] = []
        self.given = [*leaves]
        for k, x in self.stand_ins:
            self.given[k] = x

    def find_changed(self, program: Program, runner: Runner) -> None:
        """Note which arguments the program overwrites."""
        written = {step.inputs[0] for step in program.steps if isinstance(step.op, Write)}
        for (k, _), slot in zip(self.stand_ins, program.inputs):
            if any(runner.roots.get(w) == slot for w in written):
                self.changed.append((k, runner.buffers[slot]))

    def hand_over(self, leaves: Sequence[Any]) -> None:
        """After the capture: what happened to the stand-ins happens to the arguments."""
        changed = {k for k, _ in self.changed}
        for k, x in self.stand_ins:
            if k in changed:
                write_back(leaves[k], x.array)
        for k, x in self.leaves:
            leaves[k]._grad = x._grad


def is_data(x: Any) -> bool:
    """Whether an argument is data, whose values may differ from call to call."""
    return isinstance(x, (np.ndarray, Tensor))


def stand_in(x: Any) -> Tensor:
    """A Tensor with the values of an argument, on memory of its own."""
    y = from_array(np.array(x.array if isinstance(x, Tensor) else x))
    if isinstance(x, Tensor) and x.node is not None:
        y.node = y._leaf_node()
        y._grad = x.grad if isinstance(x.node, LeafNode) else None
    return y


def write_back(x: Any, values: np.ndarray) -> None:
    """Give an argument that the function overwrote its new values."""
    if isinstance(x, Tensor):
        version = x._own_memory()
        np.copyto(x.array, values)
        version.count += 1
    else:
        np.copyto(x, values)


def quick_check(guards: Sequence[Guard]) -> Callable[[], bool]:
    """A function that tells whether the very same objects stand at all places: one generated expression."""
    names: dict[str, Any] = {}
    terms = []
    for k, guard in enumerate(guards):
        names[f"l{k}"], names[f"v{k}"] = guard.look, guard.value
        function, arguments = getattr(guard.look, "func", None), getattr(guard.look, "args", ())
        if getattr(function, "__name__", "") == "get" and isinstance(getattr(function, "__self__", None), dict):
            names[f"l{k}"], names[f"k{k}"] = function, arguments[0]
            terms.append(f"l{k}(k{k}) is v{k}")
        else:
            terms.append(f"l{k}() {'==' if type(guard.value) is int else 'is'} v{k}")
    made: Callable[[], bool] = eval(builtins.compile("lambda: " + (" and ".join(terms) or "True"), "<guards>", "eval"), names)
    return made


class Compiled:
    """What `ac.compile` returns: call it as the function itself."""

    def __init__(self, function: Callable, backend: str = "numpy", rewrite: bool = True) -> None:
        self.function, self.backend, self.rewrite = function, backend, rewrite
        self.entries: dict[Any, list[Entry]] = {}
        self.reasons: list[str] = []
        self.refused = ""
        self.warm = False
        self.lock = threading.RLock()
        update_wrapper(self, function)

    @property
    def name(self) -> str:
        """The name of the function, for messages."""
        return getattr(self.function, "__qualname__", type(self.function).__name__)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """A compiled method, compiled for each instance that calls it."""
        if instance is None:
            return self
        made = Compiled(self.function.__get__(instance, owner), self.backend, self.rewrite)
        instance.__dict__[self.function.__name__] = made
        return made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if type(recording.get()) is not bool or self.refused or not self.lock.acquire(blocking=False):
            return self.function(*args, **kwargs)  # part of a larger capture; or another thread is at work
        try:
            return self.called(args, kwargs)
        finally:
            self.lock.release()

    def called(self, args: tuple, kwargs: dict) -> Any:
        """A call: by a program if one fits, else by a capture; the first call of all runs as it is written."""
        leaves, rebuild = flatten([list(args), kwargs])
        key = (structure_of([list(args), kwargs]), tuple(map(described, leaves)), recording.get())
        for entry in self.entries.get(key, ()):
            if entry.fits(leaves):
                return self.replayed(entry, leaves)
        if not self.warm or len(self.reasons) >= MOST:
            self.warm = True
            return self.function(*args, **kwargs)
        return self.captured(key, leaves, rebuild)

    def replayed(self, entry: Entry, leaves: Sequence[Any]) -> Any:
        """A call by a program."""
        if entry.outside is None:
            return entry.build([from_array(y) for y in entry(leaves)])
        xs = [leaves[k] if isinstance(leaves[k], Tensor) else from_array(leaves[k]) for k, _ in entry.arguments.stand_ins]
        return entry.build(list(apply(self.node_of(entry, leaves, xs), (*xs, *entry.outside))))

    def node_of(self, entry: Entry, leaves: Sequence[Any], xs: Sequence[Tensor]) -> Replay:
        """The op of one call of a differentiable function."""
        outside = tuple(entry.outside or ())
        flat = self.on_tensors(entry, leaves)
        op = Replay(flat, len(xs), outside, (), [tuple(entry(leaves))], entry.pull)
        if entry.pull is None:
            entry.pull = Compiled(backward_of(Replay(flat, len(xs), outside, ())), self.backend, self.rewrite)
            entry.pull.warm = True
            op = Replay(flat, len(xs), outside, (), op.kept, entry.pull)
        return op

    def on_tensors(self, entry: Entry, leaves: Sequence[Any]) -> Callable:
        """The function as one of its data arguments, which returns its Tensors as a list."""
        rest = [None if is_data(x) else x for x in leaves]

        def flat(*xs: Tensor) -> list[Tensor]:
            given = [*rest]
            for (k, _), x in zip(entry.arguments.stand_ins, xs):
                given[k] = x
            args, kwargs = entry.arguments.rebuild(given)  # type: ignore[attr-defined]
            return [y for y in flatten(self.function(*args, **kwargs))[0] if isinstance(y, Tensor)]

        return flat

    # -- capture -------------------------------------------------------------------------------------------------------

    def captured(self, key: Any, leaves: Sequence[Any], rebuild: Callable) -> Any:
        """A call that is written down as a program. If that fails, all is put back as it was, and CaptureError raised."""
        self.reasons.append(self.reason(key))
        reach = Reach().look_through((self.name, self.function), *((f"argument {k}", x) for k, x in enumerate(leaves) if not is_data(x)))
        arguments = Arguments(leaves, reach.tensors)
        arguments.rebuild = rebuild  # type: ignore[attr-defined]
        capture = Capture(self.name, [x for _, x in arguments.stand_ins])
        for x in (*reach.tensors.values(), *(x for _, x in arguments.leaves)):
            if isinstance(x.node, LeafNode):
                capture.known_leaf(x)
        drawn = random_states(reach.generators)
        try:
            result = self.noted(capture, rebuild(arguments.given))
            ys, rebuild_ys = flatten(result)
            del result
            differentiable = any(isinstance(y, Tensor) and has_graph(y) for y in ys)
            program = capture.program([y for y in ys if isinstance(y, Tensor)])
            self.check_state(reach, drawn)
        except BaseException:
            capture.put_back()
            raise
        runner = Runner(self.rewritten(program))
        arguments.find_changed(program, runner)
        arguments.hand_over(leaves)
        entry = Entry([*reach.guards, *seen(capture)], runner, builder(ys, rebuild_ys), arguments)
        if differentiable:
            return self.with_graph(key, entry, program, leaves)
        self.entries.setdefault(key, []).insert(0, entry)
        return entry.build([from_array(y.array.copy()) for y in ys if isinstance(y, Tensor)])

    def with_graph(self, key: Any, entry: Entry, program: Program, leaves: Sequence[Any]) -> Any:
        """The results of a differentiable function, on one node that stands for the call."""
        if program.gradients or any(isinstance(step.op, Write) for step in program.steps):
            self.refused = (
                "its results have a graph, and it also writes: compile the whole training step, or return y.detach()"
            )
        else:
            cells = [cell.source for cell in program.cells.values() if isinstance(cell.source, Tensor) and not cell.gradient]
            entry.outside = [x for x in cells if x.node is not None]
            self.entries.setdefault(key, []).insert(0, entry)
            return self.replayed(entry, leaves)
        args, kwargs = entry.arguments.rebuild(leaves)  # type: ignore[attr-defined]
        return self.function(*args, **kwargs)

    def noted(self, capture: Capture, given: Any) -> Any:
        """The function run with notes taken."""
        args, kwargs = given
        token, inside = recording.set(capture.switched(bool(recording.get()))), capturing.set(capture)
        try:
            return self.function(*args, **kwargs)
        finally:
            capturing.reset(inside)
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
            return "arguments of another structure, shape or dtype, or another number among them"
        guard = entries[0].broken()
        return "another Tensor as argument" if guard is None else f"{guard.place} was {guard.value!r} and is {guard.look()!r}"

    def explain(self) -> str:
        """How often the function was captured, and why; or why it runs as it is written."""
        lines = [f"{self.name}: {len(self.reasons)} capture{'s' * (len(self.reasons) != 1)}"]
        lines += [f"  {k}. {reason}" for k, reason in enumerate(self.reasons, 1)]
        if self.refused or len(self.reasons) >= MOST:
            lines.append(f"  it runs as it is written: {self.refused or f'after {MOST} captures'}")
        return "\n".join(lines)

    @property
    def programs(self) -> list[Program]:
        """The programs captured so far."""
        return [entry.runner.program for entries in self.entries.values() for entry in entries]


def described(x: Any) -> Any:
    """What of an argument a program depends on: shape and dtype of data, the value of a number, the identity of the rest."""
    if isinstance(x, Tensor):
        return (x.shape, x.dtype.str, None if x.node is None else (type(x.node), x.grad is None))
    if isinstance(x, np.ndarray):
        return (x.shape, x.dtype.str, None)
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


def builder(ys: Sequence[Any], rebuild: Callable) -> Callable[[Sequence[Tensor]], Any]:
    """The function that puts the results into their structure."""
    fixed = [None if isinstance(y, Tensor) else (y,) for y in ys]

    def build(results: Sequence[Tensor]) -> Any:
        rest = iter(results)
        return rebuild([next(rest) if y is None else y[0] for y in fixed])

    return build


def compile(f: Callable | None = None, *, backend: str = "numpy", rewrite: bool = True) -> Any:
    """The same function, captured as a program at its second call and replayed from then on."""
    if f is None:
        return lambda g: compile(g, backend=backend, rewrite=rewrite)
    return Compiled(f, backend, rewrite)
