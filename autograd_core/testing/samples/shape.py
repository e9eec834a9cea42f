"""Samples of the ops that give one array another shape or order, and of broadcasting and its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...broadcast import BroadcastTo, SumTo
from ...errors import DTypeError, ShapeError
from ...ops import arrange, cross, shape, stacks
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(5)
X = rng.normal(size=(2, 3))
CUBE = rng.normal(size=(2, 1, 3))
Z = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
HALF: Any = 0.5  # no whole number
EMPTY, NUMBER, ONE = np.zeros((0, 3)), np.array(0.5), np.array([[0.5]])


def sample(name: str, x: Any, *args: Any, **options: Any) -> Sample:
    """A sample of a function that NumPy has under the same name."""
    ours = getattr(shape if hasattr(shape, name) else arrange, name)
    reference = getattr(np, name)
    return Sample(lambda x: ours(x, *args, **options), x, reference=lambda x: reference(x, *args, **options), label=name)


declare(
    "reshape",
    samples=[
        sample("reshape", X, (3, 2)),
        sample("reshape", CUBE, (-1, 2), order="F"),
        sample("ravel", Z),
        sample("reshape", NUMBER, (1, 1)),
        sample("squeeze", ONE),
        sample("reshape", EMPTY, (3, 0, 2)),
        sample("tile", X, (2, 1, 2)),
    ],
    refusals=[
        Refusal(lambda: shape.reshape(X, (4, 2)), ShapeError, r"reshape: shape \(2, 3\) does not go into \(4, 2\): 6 elements"),
        Refusal(lambda: shape.reshape(X, (-1, 4)), ShapeError, "-1 may stand once, and must come out whole"),
        Refusal(lambda: shape.reshape(X, HALF), ShapeError, "a shape is a whole number or a tuple of them, not 0.5"),
        Refusal(lambda: shape.reshape(X, 6, "B"), ValueError, "order must be"),
        Refusal(lambda: shape.reshape(["a", "b"], 2), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: shape.squeeze(X, 0), ShapeError, r"squeeze: axis 0 of shape \(2, 3\) is not of length 1"),
        Refusal(lambda: stacks.tile(X, -2), ShapeError, "tile: numbers of repetitions cannot be negative"),
    ],
)

declare(
    "transpose",
    samples=[
        sample("transpose", X),
        sample("transpose", CUBE, (1, 2, 0)),
        sample("swapaxes", Z, 0, -1),
        sample("moveaxis", CUBE, (0, 1), (-1, 0)),
        sample("transpose", NUMBER),
        sample("rollaxis", EMPTY, 1),
    ],
    refusals=[
        Refusal(lambda: shape.transpose(X, (0,)), ShapeError, r"axes \(0,\) must name each axis of shape \(2, 3\) once"),
        Refusal(lambda: shape.transpose(X, (0, -2)), ShapeError, "names an axis twice"),
        Refusal(lambda: shape.moveaxis(X, 0, 2), ShapeError, "moveaxis: axis 2 is out of range for 2 axes"),
        Refusal(lambda: shape.moveaxis(X, (0, 1), 0), ShapeError, "must name equally many axes"),
        Refusal(lambda: shape.swapaxes(X, HALF, 1), ShapeError, "an axis is a whole number or a tuple of them, not 0.5"),
        Refusal(lambda: shape.matrix_transpose(X[0]), ShapeError, "matrix_transpose: needs at least two axes"),
        Refusal(lambda: shape.Transpose((1, 0)).shape((2, 3, 4)), ShapeError, r"\(1, 0\) permutes 2 axes; shape \(2, 3, 4\)"),
    ],
)

declare(
    "flip",
    samples=[
        sample("flip", X),
        sample("flip", CUBE, (0, -1)),
        sample("fliplr", Z),
        sample("flip", NUMBER),
        sample("flipud", EMPTY),
        sample("rot90", X, 3),
    ],
    refusals=[
        Refusal(lambda: shape.flip(X, 2), ShapeError, "flip: axis 2 is out of range for 2 axes"),
        Refusal(lambda: shape.flip(X, (1, -1)), ShapeError, "flip: .* names an axis twice"),
        Refusal(lambda: shape.flip(X, HALF), ShapeError, "flip: an axis is a whole number or a tuple of them, not 0.5"),
        Refusal(lambda: arrange.fliplr(X[0]), ShapeError, "flip: axis 1 is out of range for 1 axes"),
        Refusal(lambda: arrange.rot90(X, 1, (0, 1, 2)), ShapeError, "rot90: axis .* is out of range"),
        Refusal(lambda: arrange.rot90(X, 1, (0,)), ShapeError, r"rot90: a rotation has two axes; given \(0,\)"),
    ],
)

declare(
    "roll",
    samples=[
        sample("roll", X, 1, 1),
        sample("roll", CUBE, (2, -1), (0, 2)),
        sample("roll", Z, 3),
        sample("roll", EMPTY, 1),
        sample("roll", ONE, 5, (0, 1)),
        Sample(cross.cross, X, CUBE, reference=np.cross),
    ],
    refusals=[
        Refusal(lambda: shape.roll(X, 1, 2), ShapeError, "roll: axis 2 is out of range for 2 axes"),
        Refusal(lambda: shape.roll(X, (1, 2, 3), (0, 1)), ShapeError, "roll: 3 shifts for 2 axes; give one for all"),
        Refusal(lambda: shape.roll(X, 1, HALF), ShapeError, "roll: an axis is a whole number"),
        Refusal(lambda: cross.cross(X, X[:, :1]), ShapeError, "cross: vectors have 2 or 3 components; axis 1 .* has 1"),
        Refusal(lambda: cross.cross(X, CUBE[:, :, [0, 1, 2, 0]]), ShapeError, "cross: vectors have 2 or 3 components"),
    ],
)

declare(
    "broadcast_to",
    samples=[
        sample("broadcast_to", X, (2, 2, 3)),
        sample("broadcast_to", CUBE, (2, 2, 3)),
        sample("broadcast_to", Z, (1, 2, 2)),
        sample("broadcast_to", NUMBER, (3,)),
        sample("broadcast_to", ONE, (0, 2)),
        Sample(shape.broadcast_arrays, X, CUBE, reference=np.broadcast_arrays),
    ],
    refusals=[
        Refusal(lambda: shape.broadcast_to(X, (2, 4)), ShapeError, r"shapes \(2, 3\) and \(2, 4\) do not broadcast"),
        Refusal(lambda: shape.broadcast_to(X, (3,)), ShapeError, r"shape \(2, 3\) does not broadcast to \(3,\)"),
        Refusal(lambda: shape.broadcast_to(X[:1], (0, 1)), ShapeError, r"\(1, 3\) does not broadcast to \(0, 1\)"),
        Refusal(lambda: shape.broadcast_to([None], 2), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: shape.broadcast_arrays(X, Z), ShapeError, r"broadcast_arrays: shapes \(2, 3\) and \(2, 2\) do not"),
    ],
)

declare(
    "sum_to",
    samples=[
        Sample(SumTo((3,)), X, reference=lambda x: x.sum(0)),
        Sample(SumTo((2, 1)), X, reference=lambda x: x.sum(1, keepdims=True)),
        Sample(SumTo((1, 1)), CUBE, reference=lambda x: x.sum((0, 2)).reshape(1, 1)),
        Sample(SumTo(()), Z, reference=lambda x: x.sum()),
        Sample(SumTo((1, 3)), EMPTY, reference=lambda x: np.zeros((1, 3))),
        Sample(SumTo((3,)), CUBE[:, :, :2].repeat(2, 2)[..., :3], reference=lambda x: x.sum((0, 1))),
    ],
    refusals=[
        Refusal(lambda: SumTo((2,)).shape((2, 3)), ShapeError, r"sum_to: shapes \(2, 3\) and \(2,\) do not broadcast"),
        Refusal(lambda: SumTo((2, 3)).shape((3,)), ShapeError, r"sum_to: shape \(2, 3\) does not broadcast to \(3,\)"),
        Refusal(lambda: SumTo((0, 3)).shape((1, 3)), ShapeError, r"sum_to: shape \(0, 3\) does not broadcast to \(1, 3\)"),
        Refusal(lambda: BroadcastTo((1, 3)).shape((2, 3)), ShapeError, r"shape \(2, 3\) does not broadcast to \(1, 3\)"),
    ],
)
