"""Rows: how the axis of the rows of a batch goes through each kind of op.

In a network every row (a point, an example) goes its own way; rows meet only in sums. `RULES` follow their axis; an op that
they do not know, or one that mixes rows, raises Mixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..broadcast import BroadcastTo, SumTo
from ..ops.elementwise import Power
from ..ops.families import Sinc
from ..ops.index import AddAt, GetItem
from ..ops.join import Concatenate, Narrow, Place, Stack
from ..ops.matmul import Matmul
from ..ops.reduce import Sum
from ..ops.select import Where
from ..ops.shape import Reshape, Transpose
from ..ops.special import Bessel, Derivatives, Polygamma, ScaledBessel
from ..primitive import AsType, Identity
from ..table import Conj, Elementwise
from .program import Layout


class Mixed(Exception):
    """An op does not act row by row, or is not known to."""


SUM = -1  # in place of the axis of the rows: they are summed over
Rule = Callable[[Any, Sequence[Any], Sequence[Layout | None], int, int], "tuple[int, Any, list[int | None]]"]
RULES: dict[type, Rule] = {}


def rule(*kinds: type) -> Callable[[Rule], Rule]:
    """Register how the rows go through ops of some kinds.

    A rule takes the op, the axes of the rows in the inputs (None for a value without rows), the layouts of the inputs, the
    number of rows in all and in a tile. It returns the axis in the output (or SUM), the op for a tile, and the axis along
    which each input without rows has to be cut (None if it serves every tile).
    """

    def register(function: Rule) -> Rule:
        for kind in kinds:
            RULES[kind] = function
        return function

    return register


@rule(Elementwise, Where)
def elementwise(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    ndim = max(len(x.shape) for x in layouts if x is not None)
    places = {a + ndim - len(x.shape) for a, x in zip(axes, layouts) if a is not None}
    if len(places) != 1:
        raise Mixed
    (place,) = places
    cuts: list[int | None] = []
    for a, x in zip(axes, layouts):
        own = place - ndim + (0 if x is None else len(x.shape))
        whole = a is not None or x is None or own < 0 or x.shape[own] == 1
        cuts.append(None if whole else own)
    return place, op, cuts


@rule(AsType, Identity, Conj, Power, Sinc, Derivatives, Polygamma, Bessel, ScaledBessel)
def unchanged(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    return axes[0], op, [None]


@rule(Matmul)
def product(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    (a, b), (x, z) = axes, (len(layout.shape) for layout in layouts)
    if x != 2 or z != 2:
        if a == 0 and b is None and x > 2 and z == 2:
            return 0, op, [None, None]
        raise Mixed
    if (a, b) in ((0, None), (None, 1)):
        return (0 if b is None else 1), op, [None, None]
    if (a, b) in ((1, 0), (1, None), (None, 0)):
        return SUM, op, [1 if a is None else None, 0 if b is None else None]
    raise Mixed


@rule(Transpose)
def transposed(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    ndim = len(layouts[0].shape)
    return [a % ndim for a in op.axes].index(axes[0]), op, [None]


@rule(Reshape)
def reshaped(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    before = math.prod(layouts[0].shape[: axes[0]])
    for b, n in enumerate(op.target):
        if n == count and math.prod(op.target[:b]) == before:
            return b, Reshape(with_rows(op.target, b, rows)), [None]
    raise Mixed


@rule(BroadcastTo)
def repeated(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    place = axes[0] + len(op.target) - len(layouts[0].shape)
    return place, BroadcastTo(with_rows(op.target, place, rows)), [None]


@rule(Sum)
def summed(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    ndim = len(layouts[0].shape)
    over = set(range(ndim)) if op.axes is None else {a % ndim for a in op.axes}
    if axes[0] in over:
        return SUM, op, [None]
    return axes[0] if op.keepdims else axes[0] - sum(a < axes[0] for a in over), op, [None]


@rule(SumTo)
def summed_to(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    place = axes[0] - len(layouts[0].shape) + len(op.target)
    if place < 0 or op.target[place] == 1:
        return SUM, op, [None]
    return place, SumTo(with_rows(op.target, place, rows)), [None]


@rule(Concatenate, Place, Narrow)
def along_another(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    places = {a for a in axes if a is not None}
    if len(places) != 1 or op.axis in places:
        raise Mixed
    (place,) = places
    return place, op, [place if a is None else None for a in axes]


@rule(Stack)
def stacked(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    places = {a for a in axes if a is not None}
    if len(places) != 1:
        raise Mixed
    (place,) = places
    return place + (op.axis <= place), op, [place if a is None else None for a in axes]


@rule(GetItem)
def picked(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    place = where_it_goes(op.index, len(layouts[0].shape)).get(axes[0])
    if place is None:
        raise Mixed
    return place, op, [None]


@rule(AddAt)
def placed(op: Any, axes: Sequence[Any], layouts: Sequence[Any], count: int, rows: int) -> Any:
    target = op.target
    goes = where_it_goes(op.index, len(target))
    source = next((a for a, b in goes.items() if b == axes[0] and target[a] == count), None)
    if source is None:
        raise Mixed
    return source, replace(op, target=with_rows(target, source, rows)), [None]


def where_it_goes(index: Any, ndim: int) -> dict[int, int]:
    """For each axis that an index without arrays takes whole, its place in the result."""
    if index.arrays:
        raise Mixed
    taken = sum(p is not None and p is not Ellipsis for p in index.parts)
    parts: list[Any] = []
    for p in index.parts:
        parts += [slice(None)] * (ndim - taken) if p is Ellipsis else [p]
    parts += [slice(None)] * (ndim - sum(p is not None for p in parts))
    goes, a, b = {}, 0, 0
    for p in parts:
        if p == slice(None):
            goes[a] = b
        a, b = a + (p is not None), b + (not isinstance(p, int))
    return goes


def with_rows(shape: Sequence[int], axis: int, rows: int) -> tuple[int, ...]:
    """A shape with another length along one axis."""
    return (*shape[:axis], rows, *shape[axis + 1 :])
