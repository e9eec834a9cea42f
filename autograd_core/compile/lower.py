"""Lower: ops that compute several things at once as chains of single ufuncs, in the order in which their kernels compute.

So their values are the same to the last bit, and what they have in common with other steps can be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..broadcast import BroadcastTo
from ..ops import elementwise as table
from ..ops.elementwise import Power
from ..ops.join import Narrow, Split, spans_of
from ..ops.reduce import Mean, Sum
from ..ops.reduction import count
from ..ops.select import Where, at_least, at_most, not_less
from ..primitive import AsType, Identity
from ..tape import Step
from .program import Program
from .rewrite import Rules, Walk

LOWER = Rules()
ALL_FLOATS, REAL = "fc", "f"
where = Where()


def lowered(program: Program) -> Program:
    """The program with composite ops as chains of table ops, each a single ufunc; its values are bit-identical."""
    return Walk(program, LOWER).run()


def chain(*ops: Any, kinds: str = REAL) -> Callable[[Callable], Callable]:
    """Register the chain of steps for ops whose operands are arrays of one floating dtype: a function of `emit` and them."""

    def register(build: Callable) -> Callable:
        @LOWER.of(*ops)
        def rule(walk: Walk, step: Step) -> Any:
            dtypes = {walk.dtype(x) for x in step.inputs}
            one = len(dtypes) == 1 and None not in dtypes and dtypes.pop().kind in kinds
            return build(walk.emit, *step.inputs) if one else None

        return build

    return register


def flag(emit: Callable, op: Any, *xs: Any, dtype: Any) -> Any:
    """A comparison as numbers 0 and 1."""
    return emit(AsType(dtype), emit(op, *xs))


# -- elementwise -----------------------------------------------------------------------------------------------------------


@chain(table.sigmoid, kinds=ALL_FLOATS)
def sigmoid(emit: Callable, x: Any) -> Any:
    return emit(table.divide, 1.0, emit(table.add, 1.0, emit(table.exp, emit(table.negative, x))))


@chain(table.one_minus_square, kinds=ALL_FLOATS)
def one_minus_square(emit: Callable, x: Any) -> Any:
    return emit(table.subtract, 1.0, emit(table.multiply, x, x))


@chain(table.tanh_differential, kinds=ALL_FLOATS)
def tanh_differential(emit: Callable, v: Any, y: Any) -> Any:
    return emit(table.multiply, v, one_minus_square(emit, y))


@chain(table.logistic_map, kinds=ALL_FLOATS)
def logistic_map(emit: Callable, x: Any) -> Any:
    return emit(table.multiply, x, emit(table.subtract, 1.0, x))


@chain(table.one_plus_square)
def one_plus_square(emit: Callable, x: Any) -> Any:
    return emit(table.add, 1.0, emit(table.multiply, x, x))


@chain(table.leg)
def leg(emit: Callable, x: Any) -> Any:
    return emit(table.hypot, x, 1.0)


@chain(table.circle, kinds=ALL_FLOATS)
def circle(emit: Callable, x: Any) -> Any:
    below = emit(table.sqrt, emit(table.subtract, 1.0, x))
    return emit(table.multiply, below, emit(table.sqrt, emit(table.add, 1.0, x)))


@chain(table.hyperbola, kinds=ALL_FLOATS)
def hyperbola(emit: Callable, x: Any) -> Any:
    below = emit(table.sqrt, emit(table.subtract, x, 1.0))
    return emit(table.multiply, below, emit(table.sqrt, emit(table.add, x, 1.0)))


@chain(table.softplus, kinds=ALL_FLOATS)
def softplus(emit: Callable, x: Any) -> Any:
    return emit(table.logaddexp, x, 0.0)


@chain(table.relu)
def relu(emit: Callable, x: Any) -> Any:
    return emit(table.maximum, x, 0.0)


@chain(table.gate)
def gate(emit: Callable, x: Any, v: Any) -> Any:
    return emit(where, emit(table.greater, x, 0), v, 0.0)


@chain(at_least)
def larger_of(emit: Callable, x: Any, z: Any) -> Any:
    return emit(table.maximum, x, z)


@chain(at_most)
def smaller_of(emit: Callable, x: Any, z: Any) -> Any:
    return emit(table.minimum, x, z)


@chain(table.inverse_or_zero)
def inverse_or_zero(emit: Callable, x: Any) -> Any:
    return emit(where, emit(table.equal, x, 0), x, emit(table.divide, 1.0, x))


@chain(table.ratio)
def ratio(emit: Callable, x: Any, z: Any) -> Any:
    both = emit(table.logical_and, emit(table.equal, x, 0), emit(table.equal, z, 0))
    return emit(where, both, 0.0, emit(table.divide, x, z))


@chain(table.xlogy)
def xlogy(emit: Callable, x: Any, z: Any) -> Any:
    nothing = emit(table.logical_and, emit(table.equal, x, 0), emit(table.logical_not, emit(table.isnan, z)))
    return emit(where, nothing, 0.0, emit(table.multiply, x, emit(table.log, z)))


@LOWER.of(table.is_positive, table.is_zero, not_less, table.moving)
def flags(walk: Walk, step: Step) -> Any:
    """What is 1 where a condition holds, and 0 elsewhere."""
    dtype, xs, emit = walk.result(step).dtype, step.inputs, walk.emit
    if {walk.dtype(x) for x in xs} != {dtype} or dtype.kind != "f":
        return None
    if step.op is table.is_positive:
        return flag(emit, table.greater, xs[0], 0, dtype=dtype)
    if step.op is table.is_zero:
        return flag(emit, table.equal, xs[0], 0, dtype=dtype)
    if step.op is not_less:
        return flag(emit, table.logical_not, emit(table.less, *xs), dtype=dtype)
    held = emit(table.logical_and, emit(table.equal, xs[0], 0), emit(table.greater_equal, xs[1], 0))
    return flag(emit, table.logical_not, held, dtype=dtype)


@LOWER.of(table.nought)
def nought(walk: Walk, step: Step) -> Any:
    """0 in the shape of x, whatever x is."""
    y = walk.result(step)
    return walk.emit(BroadcastTo(y.shape), walk.constant(np.zeros((), y.dtype)))


@LOWER.of(Power)
def power(walk: Walk, step: Step) -> Any:
    """Small whole powers as products."""
    (x,), p, emit = step.inputs, step.op.exponent, walk.emit
    if walk.dtype(x).kind not in "fc":
        return None
    if p == 0:  # also of 0 and NaN
        y = walk.result(step)
        return emit(BroadcastTo(y.shape), walk.constant(np.ones((), y.dtype)))
    if p == 3:
        return emit(table.multiply, emit(table.multiply, x, x), x)
    if p == 4:
        return emit(table.square, emit(table.square, x))
    if p == -2:
        return emit(table.square, emit(table.reciprocal, x))
    single = {1: Identity(copies=True), 0.5: table.sqrt, -1: table.reciprocal}
    return emit(single[p], x) if p in single else None


# -- guarded products --------------------------------------------------------------------------------------------------------

FLAGS = (table.larger, table.smaller, table.larger_number, table.smaller_number)  # 0, ½ or 1, also of NaN


@LOWER.of(table.guarded_product)
def guarded_product(walk: Walk, step: Step) -> Any:
    """A plain product where the factor is finite for all that it is computed from."""
    g, d = step.inputs
    same = walk.dtype(g) == walk.result(step).dtype
    return walk.emit(table.multiply, g, d) if same and finite(walk, d) else None


def finite(walk: Walk, x: Any) -> bool:
    """Whether a value is finite, whatever the arguments and cells are."""
    value = walk.known(x)
    if value is not None:
        return bool(np.isfinite(value).all())
    made = walk.maker(x)
    if made is None:
        return False
    if made.op is table.negative or (made.op.views and not isinstance(made.op, AsType)):
        return finite(walk, made.inputs[0])
    return made.op in FLAGS or (isinstance(made.op, AsType) and walk.dtype(made.inputs[0]).kind == "b")


# -- others ------------------------------------------------------------------------------------------------------------------


@LOWER.of(Mean)
def mean(walk: Walk, step: Step) -> Any:
    """The sum divided by the number of elements."""
    (x,), op = step.inputs, step.op
    if walk.dtype(x).char not in "fdFD":
        return None
    return walk.emit(table.divide, walk.emit(Sum(op.axes, op.keepdims), x), count(walk.shape(x), op.axes))


@LOWER.of(Split)
def split(walk: Walk, step: Step) -> Any:
    """Pieces one by one: views all of them."""
    op, (x,) = step.op, step.inputs
    return tuple(walk.emit(Narrow(op.axis, *span), x) for span in spans_of(op.sizes))
