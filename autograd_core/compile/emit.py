"""Emit: for each op the line of Python that computes it into memory that is there already.

A line calls NumPy with `out`, on names of arrays. An op without an entry is computed by its own `forward` and copied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..broadcast import SumTo
from ..ops.index import AddAt
from ..ops.join import Concatenate, Place, Stack
from ..ops.matmul import Matmul
from ..ops.reduce import Mean, Sum
from ..ops.select import Where
from ..primitive import AsType, Identity
from ..table import Elementwise
from .capture import Write


class Names:
    """The names that the generated code uses, and what they stand for: one name an object."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.known: dict[int, str] = {}

    def name(self, x: Any, kind: str = "v") -> str:
        """The name of an object."""
        if id(x) not in self.known:
            self.known[id(x)] = f"{kind}{len(self.values)}"
            self.values[self.known[id(x)]] = x
        return self.known[id(x)]


Line = Callable[[Any, Sequence[Any], Sequence[ndarray], Names], "list[str] | None"]
LINES: dict[type, Line] = {}


def line_of(kind: type) -> Callable[[Line], Line]:
    """Register how ops of a class are written."""

    def register(line: Line) -> Line:
        LINES[kind] = line
        return line

    return register


def emit(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str]:
    """The lines that compute an op on arrays (and constants) xs into the arrays `outs`."""
    line = next((LINES[kind] for kind in type(op).__mro__ if kind in LINES), None)
    written = None if line is None else line(op, xs, outs, names)
    return general(op, xs, outs, names) if written is None else written


def general(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str]:
    """The op's own forward pass, and copies of what it gives."""
    call = f"{names.name(op.forward, 'f')}({', '.join(names.name(x) for x in xs)})"
    copy = names.name(np.copyto, "f")
    if op.outputs is None:
        return [f"{copy}({names.name(outs[0])}, {call})"]
    return [f"t = {call}", *(f"{copy}({names.name(y)}, t[{k}])" for k, y in enumerate(outs))]


@line_of(Elementwise)
def elementwise(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (y,) = outs
    if not isinstance(op.function, np.ufunc) or op.function.nout != 1:
        return None
    operands = [as_operand(x, xs, y) for x in xs]
    keyword = "out=" if op.function in (np.maximum, np.minimum) else ""  # NumPy 2.4 warns without it, for these two alone
    return [f"{names.name(op.function, 'f')}({', '.join(map(names.name, operands))}, {keyword}{names.name(y)})"]


def as_operand(x: Any, xs: Sequence[Any], y: ndarray) -> Any:
    """A constant as an array without axes in the dtype that it would take beside the others: quicker than a number."""
    arrays = [a.dtype for a in xs if isinstance(a, ndarray)]
    if type(x) in (float, int) and len(set(arrays)) == 1 and arrays[0].kind == "f":
        return np.asarray(x, arrays[0])
    return x


@line_of(Sum)
def total(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (x,), (y,) = xs, outs
    axes = tuple(range(x.ndim)) if op.axes is None else op.axes
    return reduced(np.add, x, axes, y, names)


@line_of(Mean)
def average(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (x,), (y,) = xs, outs
    lines = total(op, xs, outs, names) if x.dtype.char in "fdFD" else None
    if lines is None:
        return None
    count = np.asarray(x.size // y.size if y.size else 0, y.dtype)
    return [*lines, f"{names.name(np.true_divide, 'f')}({names.name(y)}, {names.name(count)}, {names.name(y)})"]


@line_of(SumTo)
def total_to(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (x,), (y,) = xs, outs
    lead = x.ndim - y.ndim
    axes = (*range(lead), *(i for i in range(lead, x.ndim) if y.shape[i - lead] == 1 != x.shape[i]))
    return reduced(np.add, x, axes, y, names)


def reduced(ufunc: Any, x: ndarray, axes: tuple[int, ...], y: ndarray, names: Names) -> list[str] | None:
    """A reduction of x over some axes into y, which may have kept them."""
    target = y.reshape([n for a, n in enumerate(x.shape) if a not in axes])
    if x.dtype != y.dtype or not np.may_share_memory(target, y):
        return None
    if not axes:
        return [f"{names.name(np.copyto, 'f')}({names.name(y)}, {names.name(x)})"]
    axis = axes[0] if len(axes) == 1 else axes
    return [f"{names.name(ufunc.reduce, 'f')}({names.name(x)}, {axis}, None, {names.name(target)})"]


@line_of(Matmul)
def product(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (x, z), (y,) = xs, outs
    if x.ndim > 2 and z.ndim == 2 and x.flags.c_contiguous and y.flags.c_contiguous:  # one product of all rows
        x, y = x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1])
    function = np.dot if x.ndim == z.ndim == 2 and y.flags.c_contiguous and x.dtype == z.dtype == y.dtype else np.matmul
    return [f"{names.name(function, 'f')}({names.name(x)}, {names.name(z)}, {names.name(y)})"]


@line_of(AsType)
def converted(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (x,), (y,) = xs, outs
    if x.dtype.kind == "c" and y.dtype.kind != "c":
        x = x.real
    return [f"{names.name(np.copyto, 'f')}({names.name(y)}, {names.name(x)}, 'unsafe')"]


@line_of(Identity)
def copied(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    return [f"{names.name(np.copyto, 'f')}({names.name(outs[0])}, {names.name(xs[0])})"]


@line_of(Write)
def written(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    return [f"{names.name(np.copyto, 'f')}({names.name(xs[0])}, {names.name(xs[1])}, 'same_kind')"]


@line_of(Where)
def chosen(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (condition, x, z), (y,) = xs, outs
    if not isinstance(condition, ndarray) or condition.dtype != bool:
        return None
    copy, there = names.name(np.copyto, "f"), names.name(y)
    return [
        f"{copy}({there}, {names.name(z)})",
        f"{copy}({there}, {names.name(x)}, 'same_kind', {names.name(condition)})",
    ]


@line_of(Concatenate)
def joined(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    return [f"{names.name(np.concatenate, 'f')}(({', '.join(map(names.name, xs))},), {op.axis}, {names.name(outs[0])})"]


@line_of(Stack)
def stacked(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    return [f"{names.name(np.stack, 'f')}(({', '.join(map(names.name, xs))},), {op.axis}, {names.name(outs[0])})"]


@line_of(Place)
def spread_out(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    (y,), copy = outs, names.name(np.copyto, "f")
    places = [y[(*(slice(None),) * op.axis, slice(*span))] for span in op.spans]
    zero = names.name(np.zeros((), y.dtype))
    return [f"{copy}({names.name(y)}, {zero})", *(f"{copy}({names.name(p)}, {names.name(x)})" for p, x in zip(places, xs))]


@line_of(AddAt)
def placed(op: Any, xs: Sequence[Any], outs: Sequence[ndarray], names: Names) -> list[str] | None:
    """Into zeros; for an index without arrays the place is a view that is known beforehand."""
    if op.index.arrays:
        return None
    (y,), zero = outs, np.zeros((), outs[0].dtype)
    place = y[op.index.parts]
    copy = names.name(np.copyto, "f")
    if not isinstance(place, ndarray) or not np.may_share_memory(place, y):
        place = y[(*op.index.parts, ...)]
    return [f"{copy}({names.name(y)}, {names.name(zero)})", f"{copy}({names.name(place)}, {names.name(xs[0])})"]
