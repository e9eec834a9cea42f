"""What batching rules share. A batch is the first axis of those inputs of an op that have one, and of its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .broadcast import broadcast_to


def batch_size(flags: Sequence[bool], xs: Sequence[Any]) -> int:
    """How many examples the batch has: the length of the first axis of the inputs that have it."""
    return next(x.shape[0] for flag, x in zip(flags, xs) if flag)


def aligned(flags: Sequence[bool], xs: Sequence[Any]) -> list[Any]:
    """The inputs of an op that broadcasts: axes of length 1 after the batch, so that each example broadcasts as alone."""
    ndims = [(x.ndim if hasattr(x, "ndim") else np.ndim(x)) - flag for flag, x in zip(flags, xs)]
    longest = max(ndims)
    return [
        x.reshape(x.shape[:1] + (1,) * (longest - n) + x.shape[1:]) if flag and n < longest else x
        for flag, x, n in zip(flags, xs, ndims)
    ]


def everywhere(flags: Sequence[bool], xs: Sequence[Any]) -> list[Any]:
    """The inputs with the batch in all of them: those without are repeated, as a view."""
    size = batch_size(flags, xs)
    arrays = [x if hasattr(x, "shape") else np.asarray(x) for x in xs]
    return [x if flag else broadcast_to(x, (size, *x.shape)) for flag, x in zip(flags, arrays)]


def stand_in(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An example for a batch that has none: ones, or unit matrices, which have an inverse and a root."""
    unit = np.eye(shape[-2], shape[-1]) if len(shape) > 1 else np.ones(shape)
    return np.array(np.broadcast_to(unit, shape), dtype)


def later(axes: Sequence[int]) -> tuple[int, ...]:
    """Axes of one example (counted from 0) as axes of the batch."""
    return tuple(a + 1 for a in axes)
