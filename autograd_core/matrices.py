"""Matrices of derivatives: jacobian and hessian, by rows in reverse mode or by columns in forward mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .ops.join import stack
from .ops.shape import Reshape, moveaxis
from .tensor import Tensor, from_array
from .transforms import Evaluation, argument_numbers, evaluate, filled, grad, zeros


def jacobian(f: Callable, argnums: int | Sequence[int] = 0, mode: str = "auto") -> Callable:
    """The Jacobian of f as a function: entries ∂y_i/∂x_j in an array of shape y.shape + x.shape.

    `mode` is "reverse" (one sweep an output element), "forward" (one an input element) or "auto", the cheaper of the two.
    Nested outputs and arguments give nested results: the structure of the output, of that of the argument.
    Raises DTypeError for arguments that are no floating or complex numbers.

    >>> import autograd_core as ac
    >>> ac.jacobian(lambda x: x**2)(ac.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ValueError(f"jacobian: mode must be 'auto', 'forward' or 'reverse', not {mode!r}")

    @wraps(f)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        e = evaluate(f, args, argument_numbers(argnums, len(args)), kwargs)
        forward = mode == "forward" or (mode == "auto" and sum(x.size for x in e.xs) <= sum(y.size for y in e.ys))
        blocks = _by_columns(e) if forward else _by_rows(e)
        rows = [e.rebuild_inputs(row) for row in blocks]
        return e.rebuild_outputs([row[0] if isinstance(argnums, int) else tuple(row) for row in rows])

    return jacobian_of


def _basis(vs: Sequence[Tensor], k: int) -> Iterable[list[Tensor]]:
    """Unit vectors of vs[k], with zeros for the others."""
    for j in range(vs[k].size):
        es = [zeros(v) for v in vs]
        es[k].array.reshape(-1)[j] = 1
        yield es


def _by_rows(e: Evaluation) -> list[list[Tensor]]:
    keep = e.keep()
    blocks = []
    for k, y in enumerate(e.ys):
        rows = [filled(e.span.pull(gs, keep, True), e.xs) for gs in _basis(e.ys, k)]
        blocks.append([_block([row[m] for row in rows], y, x, 0) for m, x in enumerate(e.xs)])
    return blocks


def _by_columns(e: Evaluation) -> list[list[Tensor]]:
    keep = e.keep()
    columns = [[filled(e.span.push(ts, keep), e.ys) for ts in _basis(e.xs, m)] for m in range(len(e.xs))]
    return [[_block([c[k] for c in columns[m]], y, x, -1) for m, x in enumerate(e.xs)] for k, y in enumerate(e.ys)]


def _block(slices: list[Tensor], y: Tensor, x: Tensor, axis: int) -> Tensor:
    """Rows (axis 0) or columns (axis -1) of ∂y/∂x put together in shape y.shape + x.shape."""
    shape = y.shape + x.shape
    if not slices:
        return from_array(np.zeros(shape, y.dtype))
    return Reshape(shape)(moveaxis(stack(slices), 0, axis))


def hessian(f: Callable, argnums: int | Sequence[int] = 0) -> Callable:
    """The second derivatives of a scalar function: entries ∂²f/∂x_i∂x_j in shape x.shape + x.shape, forward over reverse.

    >>> import autograd_core as ac
    >>> ac.hessian(lambda x: x[0] ** 2 * x[1])(ac.tensor([1.0, 2.0]))
    tensor([[4., 2.],
            [2., 0.]])
    """
    return jacobian(grad(f, argnums), argnums, mode="forward")
