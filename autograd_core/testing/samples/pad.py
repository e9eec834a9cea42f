"""Samples of repeating elements around an array, and of the transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError
from ...ops import pad
from ...ops.extend import Extend, Retract
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(9)
X = rng.normal(size=(2, 4))
LINE = rng.normal(size=3)
Z = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))


def padded(x: Any, width: Any, mode: Any) -> Sample:
    """A sample of pad."""
    return Sample(lambda x: pad.pad(x, width, mode), x, reference=lambda x: np.pad(x, width, mode), label=mode)


def added(*places: int) -> Any:
    """Each element of an array added to its place, by the definition."""

    def reference(x: Any) -> Any:
        y = np.zeros((max(places) + 1, *x.shape[1:]), x.dtype)
        np.add.at(y, list(places), x)
        return y

    return reference


declare(
    "extend",
    samples=[
        padded(X, 2, "edge"),
        padded(X, ((1, 0), (0, 3)), "reflect"),
        padded(LINE, (7, 8), "symmetric"),
        padded(Z, (1, 4), "wrap"),
        padded(LINE[:1], 2, "reflect"),
        padded(np.zeros((0, 3)), ((0, 0), (1, 1)), "wrap"),
    ],
    refusals=[
        Refusal(lambda: Extend(0, ((2, 3, 1),), ()).shape((4,)), ShapeError, "elements 2 to 4 of axis 0, which has 4"),
        Refusal(lambda: Extend(0, (), ((1, 3, -1),)).shape((4,)), ShapeError, "elements 1 to -1 of axis 0, which has 4"),
        Refusal(lambda: Extend(1, (), ()).shape((4,)), ShapeError, "extend: axis 1 is out of range for 1 axes"),
        Refusal(lambda: pad.pad(X[:0], 1, "edge"), ShapeError, "has no elements for mode 'edge'"),
    ],
)

declare(
    "retract",
    samples=[
        Sample(Retract(0, ((2, 2, -1),), ((1, 3, 0),)), rng.normal(size=8), reference=added(2, 1, 0, 1, 2, 1, 1, 1)),
        Sample(Retract(0, ((0, 1, 1),), ()), X.T.copy(), reference=added(0, 0, 1, 2)),
        Sample(Retract(0, (), ((0, 2, 1),)), np.concatenate([Z, Z[:2]]), reference=added(0, 1, 2, 0, 1)),
        Sample(Retract(1, (), ()), X, reference=np.copy),
    ],
    refusals=[
        Refusal(lambda: Retract(0, ((0, 3, 1),), ()).shape((4,)), ShapeError, "elements 0 to 2 of axis 0, which has 1"),
        Refusal(lambda: Retract(2, (), ()).shape((4, 2)), ShapeError, "retract: axis 2 is out of range for 2 axes"),
        Refusal(lambda: Retract(0, (), ((0, 2, 0),)).shape((2,)), ShapeError, "elements 0 to 0 of axis 0, which has 0"),
    ],
)
