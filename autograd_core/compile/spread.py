"""Repetition: what is the same along an axis is computed once, and repeated as late as possible or not at all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..broadcast import BroadcastTo, SumTo
from ..ops.elementwise import multiply, negative
from ..ops.reduce import Sum
from ..ops.select import Where
from ..ops.shape import Reshape
from ..primitive import AsType
from ..table import Elementwise
from ..tape import Slot, Step
from .capture import Write
from .rewrite import Rules, Walk

SPREAD = Rules()


@SPREAD.of(BroadcastTo)
def repeated(walk: Walk, step: Step) -> Any:
    """x, if it has the shape; two repetitions are one."""
    (x,) = step.inputs
    if walk.shape(x) == step.op.target:
        return x
    inner = walk.maker(x, BroadcastTo)
    return None if inner is None else walk.emit(step.op, inner.inputs[0])


@SPREAD.of(Elementwise, Where)
def operands(walk: Walk, step: Step) -> Any:
    """A repeated operand is taken as it was, if another one has the full shape; if none has, the result is repeated."""
    sources = [source(walk, x) for x in step.inputs]
    if all(a is b for a, b in zip(sources, step.inputs)):
        return None
    shape = walk.result(step).shape
    if math.prod(shape) == 0:
        return None
    smaller = np.broadcast_shapes(*map(walk.shape, sources))
    if smaller == shape:
        return walk.emit(step.op, *sources)
    if all(walk.size(a) < math.prod(shape) for a in sources):
        return walk.emit(BroadcastTo(shape), walk.emit(step.op, *sources))
    return None


def source(walk: Walk, x: Any) -> Any:
    """What an operand is a repetition of, or x itself."""
    made = walk.maker(x, BroadcastTo)
    return x if made is None else made.inputs[0]


@SPREAD.of(AsType)
def converted(walk: Walk, step: Step) -> Any:
    """The conversion before the repetition."""
    inner = walk.maker(step.inputs[0], BroadcastTo)
    return None if inner is None else walk.emit(BroadcastTo(inner.op.target), walk.emit(step.op, inner.inputs[0]))


@SPREAD.of(Elementwise)
def numbers(walk: Walk, step: Step) -> Any:
    """A constant that is one number everywhere is that number, if the other operand has shape and dtype of the result."""
    y = walk.result(step)
    if len(step.inputs) != 2 or not isinstance(step.op.function, np.ufunc) or y.dtype.kind not in "fc":
        return None
    for k, x in enumerate(step.inputs):
        other = step.inputs[1 - k]
        if isinstance(x, Slot) and walk.dtype(x) == y.dtype and walk.alike(step, other) and (c := walk.number(x)) is not None:
            return walk.emit(step.op, *((c, other) if k == 0 else (other, c)))
    return None


# -- sums --------------------------------------------------------------------------------------------------------------------


def summed_axes(walk: Walk, step: Step) -> tuple[int, ...]:
    """The axes of its input that a sum runs over."""
    x, op = walk.shape(step.inputs[0]), step.op
    if isinstance(op, Sum):
        return tuple(range(len(x))) if op.axes is None else tuple(a % len(x) for a in op.axes)
    lead = len(x) - len(op.target)
    return (*range(lead), *(a for a in range(lead, len(x)) if op.target[a - lead] == 1 != x[a]))


@SPREAD.of(Sum, SumTo)
def of_repeated(walk: Walk, step: Step) -> Any:
    """The sum over axes along which x is repeated: as many times x; over axes of length 1 alone: x itself."""
    (x,) = step.inputs
    y, full, axes = walk.result(step), walk.shape(x), summed_axes(walk, step)
    if walk.dtype(x) != y.dtype or y.dtype.kind not in "fc" or not math.prod(full):
        return None
    inner = walk.maker(x, BroadcastTo)
    small = x if inner is None else inner.inputs[0]
    shape = (1,) * (len(full) - len(walk.shape(small))) + walk.shape(small)
    alone = [a for a in axes if shape[a] == 1]
    if not alone:
        return None
    rest = tuple(a for a in axes if shape[a] != 1)
    if inner is None and rest:
        return None
    if shape != walk.shape(small):
        small = walk.emit(Reshape(shape), small)
    if rest:
        small = walk.emit(Sum(rest, True), small)
    factor = math.prod(full[a] for a in alone)
    if factor != 1:
        small = walk.emit(multiply, small, float(factor))
    kept = tuple(1 if a in axes else n for a, n in enumerate(full))
    if walk.shape(small) != kept:
        small = walk.emit(BroadcastTo(kept), small)
    return walk.emit(Reshape(y.shape), small)


@SPREAD.of(Sum, SumTo)
def of_sum(walk: Walk, step: Step) -> Any:
    """The sum of a sum: one sum."""
    inner = walk.maker(step.inputs[0], Sum, SumTo)
    if inner is None or not walk.single(step.inputs[0]):
        return None
    x, y = inner.inputs[0], walk.result(step)
    first, full = summed_axes(walk, inner), walk.shape(x)
    middle = walk.shape(step.inputs[0])
    keeps = len(middle) == len(full)
    left = list(range(len(full))) if keeps else [a for a in range(len(full)) if a not in first]
    if len(left) != len(middle):
        return None
    axes = tuple(sorted({*first, *(left[a] for a in summed_axes(walk, step))}))
    return walk.emit(Reshape(y.shape), walk.emit(Sum(axes, False), x))


@SPREAD.of(Sum, SumTo)
def of_scaled(walk: Walk, step: Step) -> Any:
    """The sum of a multiple: the multiple of the sum."""
    (x,), y = step.inputs, walk.result(step)
    made = walk.maker(x, multiply, negative)
    if made is None or not walk.single(x) or not summed_axes(walk, step) or y.dtype.kind not in "fc":
        return None
    if made.op is negative:
        return walk.emit(negative, walk.emit(step.op, made.inputs[0]))
    for c, other in (made.inputs, made.inputs[::-1]):
        factor = walk.number(c)
        if factor is not None and np.isfinite(factor) and walk.dtype(other) == y.dtype and walk.shape(other) == walk.shape(x):
            return walk.emit(multiply, walk.emit(step.op, other), factor)
    return None


@SPREAD.of(Write)
def written(walk: Walk, step: Step) -> Any:
    """A write repeats what it writes by itself."""
    target, value = step.inputs
    made = walk.maker(value, BroadcastTo)
    if made is not None:
        walk.keep(Step(step.op, (target, made.inputs[0]), (), step.on))
        return ()
    return None
