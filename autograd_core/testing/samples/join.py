"""Samples of joining arrays, cutting them apart, and placing one within zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import arrange, creation, difference, join, pad, stacks
from ...ops.join import Narrow, Place
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(6)
X = rng.normal(size=(2, 3))
CUBE = rng.normal(size=(2, 1, 3))
Z = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
EMPTY, NUMBER = np.zeros((0, 3)), np.array(0.5)


def joining(ours: Any, *xs: Any, reference: Any = None, **options: Any) -> Sample:
    """A sample of a function of a list of arrays, that NumPy has under the same name."""
    reference = reference or getattr(np, ours.__name__)
    f = lambda *xs: ours(list(xs), **options)
    return Sample(f, *xs, reference=lambda *xs: reference(list(xs), **options), label=ours.__name__)


declare(
    "narrow",
    samples=[
        Sample(Narrow(1, 0, 2), X, reference=lambda x: x[:, :2]),
        Sample(Narrow(2, 1, 3), CUBE, reference=lambda x: x[:, :, 1:3]),
        Sample(Narrow(0, 1, 2), Z, reference=lambda x: x[1:2]),
        Sample(Narrow(1, 1, 1), EMPTY, reference=lambda x: x[:, 1:1]),
        Sample(lambda x: difference.diff(x, 2), X, reference=lambda x: np.diff(x, 2)),
        Sample(lambda x: difference.gradient(x, axis=1), X, reference=lambda x: np.gradient(x, axis=1)),
    ],
    refusals=[
        Refusal(lambda: Narrow(1, 1, 4).shape((2, 3)), ShapeError, r"narrow: 1:4 does not lie within axis 1 of shape \(2, 3\)"),
        Refusal(lambda: Narrow(0, 2, 1).shape((2, 3)), ShapeError, "narrow: 2:1 does not lie within axis 0"),
        Refusal(lambda: Narrow(2, 0, 1).shape((2, 3)), ShapeError, "narrow: axis 2 is out of range for 2 axes"),
        Refusal(lambda: difference.diff(NUMBER), ShapeError, "diff: a number has no neighbours"),
        Refusal(lambda: difference.diff(X, -1), ValueError, "diff: the order n must be 0 or more; given -1"),
        Refusal(lambda: difference.gradient(X, axis=0, edge_order=2), ShapeError, "needs 3 places"),
    ],
)

declare(
    "place",
    samples=[
        Sample(Place(1, ((1, 4),), 5), X, reference=lambda x: np.pad(x, ((0, 0), (1, 1)))),
        Sample(Place(0, ((0, 2), (3, 4)), 5), X, X[:1], reference=lambda x, z: np.insert(np.append(x, z, 0), [2, 3], 0.0, 0)),
        Sample(Place(1, ((2, 4),), 4), Z, reference=lambda x: np.pad(x, ((0, 0), (2, 0)))),
        Sample(Place(0, ((1, 1),), 2), EMPTY, reference=lambda x: np.zeros((2, 3))),
        Sample(Place(2, ((0, 3), (4, 5)), 5), CUBE, CUBE[:, :, :1]),
    ],
    refusals=[
        Refusal(lambda: Place(0, ((0, 2), (2, 3)), 4).shape((2, 3), (2, 3)), ShapeError, r"\(2, 3\) where \(1, 3\) is needed"),
        Refusal(lambda: Place(1, ((0, 2),), 4).shape((2, 3)), ShapeError, r"place: .* shape \(2, 3\) where \(2, 2\) is needed"),
        Refusal(lambda: Place(0, ((0, 1), (1, 2)), 2).shape((1, 3), (1, 2)), ShapeError, r"\(1, 2\) where \(1, 3\) is needed"),
    ],
)

declare(
    "concatenate",
    samples=[
        joining(join.concatenate, X, X[:1]),
        joining(join.concatenate, CUBE, CUBE[:, :0], CUBE, axis=1),
        joining(join.concatenate, Z, X[:, :1], axis=-1),
        joining(join.concatenate, X, NUMBER, axis=None),
        joining(stacks.hstack, X, Z.real),
        Sample(lambda x, z: arrange.insert(x, [0, 2], z, 1), X, X[:, :2], reference=lambda x, z: np.insert(x, [0, 2], z, 1)),
        Sample(lambda x: pad.pad(x, 1, "maximum"), X, reference=lambda x: np.pad(x, 1, "maximum")),
    ],
    refusals=[
        Refusal(lambda: join.concatenate([]), ShapeError, "concatenate: needs at least one array"),
        Refusal(lambda: join.concatenate([1.0, 2.0]), ShapeError, "a 0-d array has no axis to join along. Use stack"),
        Refusal(lambda: join.concatenate([X, X[0]]), ShapeError, r"shape \(3,\) of array 1 does not fit to \(2, 3\)"),
        Refusal(lambda: join.concatenate([X, X], 2), ShapeError, "concatenate: axis 2 is out of range for 2 axes"),
        Refusal(lambda: join.concatenate([X, ["a"]]), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: arrange.block([[X, X], X]), ShapeError, "block: the lists are empty somewhere, or not nested equally"),
        Refusal(lambda: arrange.insert(X, 3, 0.0, 0), IndexError, "insert: position 3 is out of range for an axis of length 2"),
    ],
)

declare(
    "stack",
    samples=[
        joining(join.stack, X, -X),
        joining(join.stack, CUBE, 2.0 * CUBE, CUBE, axis=-1),
        joining(join.stack, Z, X[:, :2], axis=1),
        joining(join.stack, NUMBER, NUMBER),
        joining(join.stack, EMPTY, EMPTY, axis=1),
        Sample(lambda x, z: creation.array([[x, z], [z, x]]), NUMBER, 2.0, reference=lambda x, z: np.array([[x, z], [z, x]])),
    ],
    refusals=[
        Refusal(lambda: join.stack(()), ShapeError, "stack: needs at least one array"),
        Refusal(lambda: join.stack([X, X[0]]), ShapeError, r"array 1 has \(3,\), array 0 has \(2, 3\)"),
        Refusal(lambda: join.stack([X, X], 3), ShapeError, "stack: axis 3 is out of range for 3 axes"),
        Refusal(lambda: join.stack([X, [[None] * 3] * 2]), DTypeError, "a Tensor holds numbers or booleans"),
    ],
)

declare(
    "split",
    samples=[
        Sample(lambda x: arrange.split(x, 3, 1), X, reference=lambda x: np.split(x, 3, 1)),
        Sample(lambda x: arrange.split(x, [1, 1], -1), CUBE, reference=lambda x: np.split(x, [1, 1], -1)),
        Sample(lambda x: arrange.vsplit(x, 2), Z, reference=lambda x: np.vsplit(x, 2)),
        Sample(lambda x: arrange.array_split(x, 2, 1), X, reference=lambda x: np.array_split(x, 2, 1)),
        Sample(lambda x: arrange.split(x, 2), EMPTY, reference=lambda x: np.split(x, 2)),
        Sample(lambda x: list(join.unstack(x)), X, reference=lambda x: list(x)),
    ],
    refusals=[
        Refusal(lambda: arrange.split(X, 2, 1), ShapeError, "split: 3 elements along axis 1 give no 2 equal parts"),
        Refusal(lambda: arrange.split(X, [2, 1], 1), ShapeError, r"split: the indices \[2, 1\] must not decrease"),
        Refusal(lambda: arrange.array_split(X, 0), ShapeError, "the number of sections must be positive; given 0"),
        Refusal(lambda: arrange.dsplit(X, 1), ShapeError, r"dsplit: needs at least 3 axes; given shape \(2, 3\)"),
        Refusal(lambda: join.unstack(1.0), ShapeError, "unstack: axis 0 is out of range"),
        Refusal(lambda: join.Split(0, (1, 2)).shape((2, 3)), ShapeError, r"sizes \(1, 2\) do not add up to 2"),
    ],
)
