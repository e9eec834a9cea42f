"""Arithmetic: factors and signs brought together, and steps with 0 and 1 left out.

Nothing here makes a number of what is infinite or NaN: 0·x stays. Constants are merged only where their product is a
normal number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..ops.elementwise import absolute, add, divide, fabs, multiply, negative, positive, square, subtract
from ..primitive import AsType
from ..table import guarded_product
from ..tape import Slot, Step
from .rewrite import Rules, Walk

ARITHMETIC = Rules()


def normal(walk: Walk, step: Step, c: Any) -> bool:
    """Whether a number is as precise as others in the dtype of a result."""
    dtype = walk.result(step).dtype
    if dtype.kind not in "fc":
        return False
    info = np.finfo(dtype)
    return bool(float(info.tiny) <= abs(c) <= float(info.max))


def plain(walk: Walk, step: Step) -> bool:
    """Whether a result is floating, and all operands have its dtype."""
    dtype = walk.result(step).dtype
    return dtype.kind in "fc" and all(walk.dtype(x) in (None, dtype) for x in step.inputs if not isinstance(x, bool))


def scaled(walk: Walk, x: Any) -> tuple[Any, Any]:
    """(c, v) where x = c · v; (None, x) if it is no multiple."""
    made = walk.maker(x, multiply, negative)
    if made is None or not plain(walk, made):
        return None, x
    if made.op is negative:
        return -1.0, made.inputs[0]
    for c, v in (made.inputs, made.inputs[::-1]):
        if isinstance(v, Slot) and walk.alike(made, v) and (number := factor(walk, c)) is not None:
            return number, v
    return None, x


def factor(walk: Walk, x: Any) -> Any:
    """The number that x is everywhere; else None."""
    c = walk.number(x)
    return None if isinstance(c, bool) else c


def times(walk: Walk, c: Any, v: Any) -> Any:
    """c · v."""
    return v if c == 1 else walk.emit(negative, v) if c == -1 else walk.emit(multiply, c, v)


def negated(walk: Walk, x: Any) -> Any:
    """v where x = -v; else None."""
    made = walk.maker(x, negative)
    return None if made is None or not plain(walk, made) else made.inputs[0]


@ARITHMETIC.of(multiply)
def product(walk: Walk, step: Step) -> Any:
    """1·x and -1·x; a multiple of a multiple; factors of factors outside of the product."""
    if not plain(walk, step):
        return None
    for c, x in (step.inputs, step.inputs[::-1]):
        number = factor(walk, c)
        if number is not None and walk.alike(step, x):
            inner, v = scaled(walk, x)
            if number in (1, -1):
                return times(walk, number, x)
            return times(walk, number * inner, v) if inner is not None and normal(walk, step, number * inner) else None
    return outside(walk, step)


def outside(walk: Walk, step: Step) -> Any:
    """(c·v)·w as c·(v·w), where that takes no more work."""
    total: Any = 1.0
    values: list[Any] = []
    for x in step.inputs:
        c, v = scaled(walk, x)
        movable = c is not None and walk.single(x) and walk.size(v) >= math.prod(walk.result(step).shape)
        total, values = (total * c, [*values, v]) if movable else (total, [*values, x])
    if all(a is b for a, b in zip(values, step.inputs)) or not normal(walk, step, total):
        return None
    return times(walk, total, walk.emit(multiply, *values))


@ARITHMETIC.of(divide)
def quotient(walk: Walk, step: Step) -> Any:
    """x / c as a product; (c·v) / w as c·(v/w)."""
    x, z = step.inputs
    if not plain(walk, step):
        return None
    c = factor(walk, z)
    if c is not None and walk.alike(step, x) and normal(walk, step, c) and normal(walk, step, 1.0 / c):
        return times(walk, 1.0 / c, x)
    above = negated(walk, x)
    if above is not None and walk.single(x) and walk.alike(step, x):
        return walk.emit(negative, walk.emit(divide, above, z))
    return None


@ARITHMETIC.of(add)
def total(walk: Walk, step: Step) -> Any:
    """x + 0; x + (-z); c·x + c·z; x + x."""
    if not plain(walk, step):
        return None
    for x, z in (step.inputs, step.inputs[::-1]):
        if factor(walk, z) == 0 and walk.alike(step, x):
            return x
        if (v := negated(walk, z)) is not None:
            return walk.emit(subtract, x, v)
    x, z = step.inputs
    return walk.emit(multiply, 2.0, x) if x == z else common(walk, step)


@ARITHMETIC.of(subtract)
def difference(walk: Walk, step: Step) -> Any:
    """x - 0; 0 - x; x - (-z); c·x - c·z."""
    x, z = step.inputs
    if not plain(walk, step):
        return None
    if factor(walk, z) == 0 and walk.alike(step, x):
        return x
    if factor(walk, x) == 0 and walk.alike(step, z):
        return walk.emit(negative, z)
    v = negated(walk, z)
    return walk.emit(add, x, v) if v is not None else common(walk, step)


def common(walk: Walk, step: Step) -> Any:
    """c·v ± c·w as c·(v ± w)."""
    x, z = step.inputs
    (c, v), (d, w) = scaled(walk, x), scaled(walk, z)
    if c is None or c != d or not (walk.single(x) and walk.single(z)) or not (walk.alike(step, x) and walk.alike(step, z)):
        return None
    return times(walk, c, walk.emit(step.op, v, w))


@ARITHMETIC.of(negative)
def opposite(walk: Walk, step: Step) -> Any:
    """-(-x); -(c·x); -(x - z)."""
    (x,) = step.inputs
    if not plain(walk, step):
        return None
    c, v = scaled(walk, x)
    if c is not None:
        return times(walk, -c, v)
    made = walk.maker(x, subtract)
    if made is not None and walk.single(x) and plain(walk, made):
        return walk.emit(subtract, *made.inputs[::-1])
    return None


@ARITHMETIC.of(AsType)
def precise(walk: Walk, step: Step) -> Any:
    """What single precision times a constant of double precision makes single again: that constant as a number of Python."""
    (x,), dtype = step.inputs, step.op.dtype
    made = walk.maker(x, multiply, guarded_product)
    if made is None or not walk.single(x) or dtype.kind != "f":
        return None
    values = [walk.number(a) if isinstance(a, np.generic) else a for a in made.inputs]
    slots = [a for a in values if isinstance(a, Slot)]
    numbers = [a for a in values if not isinstance(a, Slot)]
    if len(slots) != 1 or walk.dtype(slots[0]) != dtype or not all(type(a) is float and np.isfinite(a) for a in numbers):
        return None
    return walk.emit(multiply, *values)


@ARITHMETIC.of(positive)
def itself(walk: Walk, step: Step) -> Any:
    """+x."""
    return step.inputs[0] if walk.alike(step, step.inputs[0]) else None


@ARITHMETIC.of(square, absolute, fabs)
def even(walk: Walk, step: Step) -> Any:
    """f(-x) = f(x)."""
    v = negated(walk, step.inputs[0])
    return None if v is None else walk.emit(step.op, v)
