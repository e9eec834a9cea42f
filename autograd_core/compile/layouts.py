"""Layouts: shape, dtype and order of axes of what a new step gives, as NumPy chooses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..ops.select import Where
from ..ops.shape import Transpose
from ..primitive import AsType, Identity
from ..table import Elementwise
from ..tape import Slot
from .program import Layout, Program


def made_layout(op: Any, xs: Sequence[Any], layouts: Mapping[Slot, Layout]) -> Layout:
    """The layout of the one result of an op."""
    given = [layouts[x] for x in xs if isinstance(x, Slot)]
    shape = op.shape(*(layouts[x].shape if isinstance(x, Slot) else np.shape(x) for x in xs))
    return Layout(shape, made_dtype(op, xs, layouts), axes_of_result(op, shape, given))


def made_dtype(op: Any, xs: Sequence[Any], layouts: Mapping[Slot, Layout]) -> np.dtype:
    """The dtype of the one result of an op."""
    if isinstance(op, AsType):
        return op.dtype
    if isinstance(op, (Elementwise, Where)):
        with np.errstate(all="ignore"):
            return np.asarray(op.forward(*(np.ones((), layouts[x].dtype) if isinstance(x, Slot) else x for x in xs))).dtype
    floating = [layouts[x].dtype for x in xs if isinstance(x, Slot)]
    return np.result_type(*floating) if op.name in ("matmul", "concatenate", "stack", "place") else floating[0]


def axes_of_result(op: Any, shape: tuple[int, ...], given: Sequence[Layout]) -> tuple[int, ...]:
    """The order of axes in which an op lays out its result, as NumPy does: that of its operands where they agree."""
    rows = tuple(range(len(shape)))
    if isinstance(op, Transpose):
        return tuple(op.inverse[a] for a in given[0].axes)
    if isinstance(op, (Elementwise, Where, Identity, AsType)):
        orders = {x.axes for x in given if x.shape == shape}
        return orders.pop() if len(orders) == 1 else rows
    return rows


def laid_out(program: Program) -> Program:
    """The program with the layouts that NumPy would choose for the results of its steps, where rules changed their inputs."""
    layouts = dict(program.layouts)
    for step in program.steps:
        if len(step.outputs) == 1 and isinstance(step.op, (Elementwise, Where, Identity, AsType, Transpose)):
            (y,) = step.outputs
            given = [layouts[x] for x in step.inputs if isinstance(x, Slot)]
            layouts[y] = replace(layouts[y], axes=axes_of_result(step.op, layouts[y].shape, given))
    return replace(program, layouts=layouts)
