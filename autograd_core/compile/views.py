"""Views: reshapes, transposes, slices, copies and joins that undo each other, or do nothing.

Slices and integers between brackets become `narrow` and `reshape` first, and their transposes `place`, so that one set of
identities serves all of them.
"""

from __future__ import annotations

import math
from typing import Any

from ..broadcast import BroadcastTo
from ..ops.elementwise import add
from ..ops.index import AddAt, GetItem
from ..ops.join import Concatenate, Narrow, Place, Span
from ..ops.shape import Reshape, Transpose
from ..primitive import AsType, Identity
from ..tape import Step
from .rewrite import Rules, Walk

VIEWS = Rules()


# -- nothing to do -----------------------------------------------------------------------------------------------------------


@VIEWS.of(Identity)
def identity(walk: Walk, step: Step) -> Any:
    """x itself; the walk refuses where a copy and its source differ later."""
    return step.inputs[0] if walk.alike(step, step.inputs[0]) else None


@VIEWS.of(AsType)
def converted(walk: Walk, step: Step) -> Any:
    """x, if it has the dtype."""
    return step.inputs[0] if walk.dtype(step.inputs[0]) == step.op.dtype else None


@VIEWS.of(Reshape)
def reshaped(walk: Walk, step: Step) -> Any:
    """x, if it has the shape; two reshapes are one."""
    (x,), op = step.inputs, step.op
    if walk.shape(x) == op.target:
        return x
    inner = walk.maker(x, Reshape)
    return None if inner is None else walk.emit(op, inner.inputs[0])


@VIEWS.of(Transpose)
def transposed(walk: Walk, step: Step) -> Any:
    """x, if no axis moves; two transposes are one."""
    (x,), axes = step.inputs, step.op.axes
    if axes == tuple(range(len(axes))):
        return x
    if sum(n != 1 for n in walk.shape(x)) < 2:
        return walk.emit(Reshape(step.op.shape(walk.shape(x))), x)
    inner = walk.maker(x, Transpose)
    return None if inner is None else walk.emit(Transpose(tuple(inner.op.axes[a] for a in axes)), inner.inputs[0])


@VIEWS.of(Concatenate)
def joined(walk: Walk, step: Step) -> Any:
    """One array alone; pieces of one array that lie behind each other in it."""
    if len(step.inputs) == 1:
        return step.inputs[0]
    pieces = [piece(walk, x, step.op.axis) for x in step.inputs]
    if pieces[0] is None:
        return None
    x, start, stop = pieces[0]
    for other in pieces[1:]:
        if other is None or other[:2] != (x, stop):
            return None
        stop = other[2]
    return walk.emit(Reshape(walk.result(step).shape), walk.emit(Narrow(step.op.axis, start, stop), x))


def piece(walk: Walk, x: Any, axis: int) -> tuple[Any, int, int] | None:
    """(y, start, stop) if x holds these elements of y along an axis: a piece, or of axis 0 one in another shape; else None."""
    made = walk.maker(x, Narrow, Reshape)
    if made is not None and made.op.name == "reshape" and axis == 0:
        made = walk.maker(made.inputs[0], Narrow)
    if made is None or not isinstance(made.op, Narrow) or made.op.axis != axis:
        return None
    return made.inputs[0], made.op.start, made.op.stop


# -- brackets ----------------------------------------------------------------------------------------------------------------


def slices(parts: tuple, shape: tuple[int, ...]) -> list[Span] | None:
    """The span along each axis that integers and plain slices select; None if there is more between the brackets."""
    if any(type(p) not in (int, slice, type(Ellipsis)) for p in parts) or parts.count(Ellipsis) > 1:
        return None
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts = (*parts[:at], *(slice(None),) * (len(shape) - len(parts) + 1), *parts[at + 1 :])
    parts = (*parts, *(slice(None),) * (len(shape) - len(parts)))
    if any(type(p) is slice and p.step not in (None, 1) for p in parts):
        return None
    spans = [p.indices(n)[:2] if type(p) is slice else (p % n, p % n + 1) for p, n in zip(parts, shape)]
    return [(start, max(start, stop)) for start, stop in spans]


@VIEWS.of(GetItem)
def read(walk: Walk, step: Step) -> Any:
    """A piece along each axis."""
    if step.op.index.arrays:
        return None
    (x,), target = step.inputs, walk.result(step).shape
    spans = slices(step.op.index.parts, walk.shape(x))
    if spans is None:
        return None
    for axis, (start, stop) in enumerate(spans):
        if stop - start != walk.shape(x)[axis]:
            x = walk.emit(Narrow(axis, start, stop), x)
    return walk.emit(Reshape(target), x)


@VIEWS.of(AddAt)
def added(walk: Walk, step: Step) -> Any:
    """A piece along each axis, in zeros."""
    if step.op.index.arrays:
        return None
    (x,), target = step.inputs, step.op.target
    spans = slices(step.op.index.parts, target)
    if spans is None:
        return None
    x = walk.emit(Reshape(tuple(stop - start for start, stop in spans)), x)
    for axis, span in enumerate(spans):
        if span != (0, target[axis]):
            x = walk.emit(Place(axis, (span,), target[axis]), x)
    return x


# -- pieces ------------------------------------------------------------------------------------------------------------------


@VIEWS.of(Narrow)
def narrowed(walk: Walk, step: Step) -> Any:
    """All of x; a piece of a piece; a piece of what was joined, or of what is repeated."""
    (x,), op = step.inputs, step.op
    if (op.start, op.stop) == (0, walk.shape(x)[op.axis]):
        return x
    inner = walk.maker(x, Narrow, BroadcastTo, Concatenate, Place)
    if inner is None:
        return None
    if isinstance(inner.op, Narrow):
        if inner.op.axis != op.axis:
            return None
        return walk.emit(Narrow(op.axis, inner.op.start + op.start, inner.op.start + op.stop), inner.inputs[0])
    if isinstance(inner.op, BroadcastTo):
        shape = walk.shape(inner.inputs[0])
        axis = op.axis - (len(inner.op.target) - len(shape))
        repeated = axis < 0 or shape[axis] == 1
        return walk.emit(BroadcastTo(walk.result(step).shape), inner.inputs[0]) if repeated else None
    return piece_of_joined(walk, op, inner)


def piece_of_joined(walk: Walk, op: Narrow, inner: Step) -> Any:
    """The array of which a piece is a part, or part of it."""
    if inner.op.axis != op.axis:
        return None
    for x, (start, stop) in zip(inner.inputs, inner.op.spans):
        if start <= op.start and op.stop <= stop and walk.dtype(x) == walk.dtype(inner.outputs[0]):
            return walk.emit(Narrow(op.axis, op.start - start, op.stop - start), x)
    return None


@VIEWS.of(add)
def placed(walk: Walk, step: Step) -> Any:
    """The sum of pieces in zeros, at places that are apart or the same: one join."""
    x, z = (walk.maker(x, Place, Concatenate) for x in step.inputs)
    if x is None or z is None or x.op.axis != z.op.axis or not all(map(walk.single, step.inputs)):
        return None
    if not all(walk.alike(step, y) for y in step.inputs) or (Place not in map(type, (x.op, z.op)) and x.op != z.op):
        return None
    parts: dict[Span, Any] = dict(zip(x.op.spans, x.inputs))
    for span, piece in zip(z.op.spans, z.inputs):
        if span not in parts and any(a < span[1] and span[0] < b for a, b in parts):
            return None
        parts[span] = walk.emit(add, parts[span], piece) if span in parts else piece
    spans = tuple(sorted(parts))
    sizes = tuple(b - a for a, b in spans)
    pieces = [parts[span] for span in spans]
    length = walk.result(step).shape[x.op.axis]
    if sum(sizes) == length:
        return walk.emit(Concatenate(x.op.axis, sizes), *pieces)
    return walk.emit(Place(x.op.axis, spans, length), *pieces)


@VIEWS.of(Reshape, Transpose)
def of_one_element(walk: Walk, step: Step) -> Any:
    """What repeats one element in another shape."""
    inner = walk.maker(step.inputs[0], BroadcastTo)
    if inner is None or walk.size(inner.inputs[0]) != 1 or not math.prod(inner.op.target):
        return None
    shape = walk.result(step).shape
    return walk.emit(BroadcastTo(shape), walk.emit(Reshape(()), inner.inputs[0]))
