"""Whole numbers that name rows of a table: word numbers, classes, the ends of edges."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ac


def as_indices(what: str, x: Any, count: int) -> ac.Tensor:
    """x as a Tensor of whole numbers from 0 to `count` - 1, checked; nothing at all counts as no numbers.

    Raises DTypeError for other numbers and IndexError for those out of range; `what` they are begins the message. The check
    is an op: it also runs where a captured step is repeated with other numbers.

    >>> as_indices("words", [2, 0], 3)
    tensor([2, 0])
    """
    numbers = ac.as_tensor(x)
    if numbers.size == 0 and numbers.dtype.kind == "f":
        numbers = numbers.astype(np.intp)
    return ac.registry["in_range"](what, count)(numbers).astype(np.intp)
