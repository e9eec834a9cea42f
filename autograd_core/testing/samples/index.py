"""Samples of reading parts of an array, and of adding into zeros where they were read."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import index, segment, update
from ...ops.index import AddAt, InRange, getitem
from ...ops.indices import parse
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(32)
X = rng.normal(size=(3, 2, 4))
C = X[0] + 1j * X[1]
K, J = np.array([0, 2, 0, -1]), np.array([[1, 3], [3, 3]])
MASK = np.array([True, False, True])


def reading(item: Any, x: Any = X) -> Sample:
    """A sample of x[item]."""
    return Sample(lambda x: getitem(x, item), x, reference=lambda x: x[item], label=f"x[{item!r}]")


def adding(item: Any, *shape: int, complex: bool = False) -> Sample:
    """A sample of the op that adds into zeros of this shape at an index."""
    selected = np.zeros(shape)[item].shape
    x = rng.normal(size=selected) * (1.0 + 1j if complex else 1.0)
    which, arrays, _ = parse(item, shape)

    def reference(x: Any) -> Any:
        y = np.zeros(shape, x.dtype)
        np.add.at(y, item, x)
        return y

    return Sample(lambda x: AddAt(which, shape)(x, *arrays), x, reference=reference, label=f"zeros{shape}[{item!r}] +")


declare(
    "getitem",
    samples=[
        reading((1, ..., slice(None, None, -2), None)),
        reading(K),
        reading((slice(None), 1, J)),
        reading((0, slice(None), J)),
        reading((K[:3], slice(None), K[:3])),
        reading((None, MASK), C[:, :3].T),
        reading(([], 0)),
        reading((True, 1)),
        reading((), np.array(0.5)),
        Sample(lambda x: index.take(x, J, 1, "wrap"), X, reference=lambda x: np.take(x, J, 1, mode="wrap")),
        Sample(
            lambda x: index.take_along_axis(x, K[:, None, None], 0),
            X,
            reference=lambda x: np.take_along_axis(x, K[:, None, None], 0),
        ),
        Sample(lambda x: index.compress(MASK, x, 0), X, reference=lambda x: np.compress(MASK, x, 0)),
    ],
    refusals=[
        Refusal(lambda: getitem(X, 7), IndexError, r"x\[7\] for x of shape \(3, 2, 4\): index 7 is out of bounds"),
        Refusal(lambda: getitem(X, (0, 0, 0, 0)), IndexError, r"x\[0, 0, 0, 0\] for x of shape \(3, 2, 4\): too many indices"),
        Refusal(lambda: getitem(X, ([0, 1], [0, 1, 1])), IndexError, r"x\[array, array\] .*: shape mismatch"),
        Refusal(lambda: getitem(X, 1.5), IndexError, "1.5 is no index: use integers, slices"),
        Refusal(lambda: getitem(X, [0.5]), IndexError, "an index array holds whole numbers or booleans, not float64"),
        Refusal(lambda: getitem(X, ["a"]), IndexError, "is no index: a Tensor holds numbers"),
        Refusal(lambda: getitem(X, MASK[:2]), IndexError, r"a mask of shape \(2,\) does not fit the axes \(3,\)"),
        Refusal(lambda: index.take(X, 0, 3), ShapeError, "take: axis 3 is out of range"),
        Refusal(lambda: index.take(X, 0, 0, "other"), ValueError, 'take: mode must be "raise", "wrap" or "clip"'),
        Refusal(lambda: index.take_along_axis(X, [0], 0), ShapeError, "take_along_axis: .* equally many axes needed"),
        Refusal(lambda: index.compress(X > 0, X), ShapeError, "compress: the condition must be a vector"),
        Refusal(lambda: index.gather(X, X[:, :1] > 9, 5), ShapeError, "gather: axis 5 is out of range"),
        Refusal(lambda: index.gather(X, J, 0), ShapeError, r"gather: indices of shape \(2, 2\) for x of shape \(3, 2, 4\)"),
    ],
    kinks=[
        Kink(
            "x[i] with an element named three times: the sum of its cotangents",
            lambda x: x[[0, 0, 0, 2]],
            (np.zeros(3),),
            (np.array([3.0, 0.0, 1.0]),),
            "PyTorch: same",
        ),
    ],
)

declare(
    "add_at",
    samples=[
        adding((1, slice(None, None, -2)), 3, 4),
        adding(K, 3, 2),
        adding((slice(None), J), 2, 4, complex=True),
        adding((K, slice(None), K), 3, 2, 4),
        adding(MASK, 3, 2),
        adding(np.zeros(0, int), 3),
        Sample(
            lambda x: segment.segment_sum(x, K % 3, 4),
            C.T,
            reference=lambda x: np.stack([x[0] + x[2], 0 * x[0], x[1] + x[3], 0 * x[0]]),
        ),
        Sample(
            lambda x, z: update.scatter_add(x, J, z, 1),
            X[0],
            X[1, :, :2],
            reference=lambda x, z: x + np.array([[0, z[0, 0], 0, z[0, 1]], [0, 0, 0, z[1].sum()]]),
        ),
    ],
    refusals=[
        Refusal(
            lambda: AddAt(parse(0, (3, 2))[0], (3, 2)).shape((3,)), ShapeError, r"add_at: the index \[0\] selects shape \(2,\)"
        ),
        Refusal(lambda: AddAt(parse(5, (3, 2))[0], (3, 2)).shape((2,)), IndexError, "index 5 is out of bounds"),
        Refusal(lambda: update.scatter_add(X, [0], 1.0), ShapeError, r"scatter_add: indices of shape \(1,\) for x of shape"),
        Refusal(lambda: update.scatter_add(X[0], J, 1j), DTypeError, "scatter_add: updates of dtype complex128 do not go into"),
        Refusal(lambda: update.scatter_add(X[0], J, np.ones(3)), ShapeError, r"scatter_add: updates of shape \(3,\)"),
        Refusal(
            lambda: segment.segment_sum(X, K),
            ShapeError,
            r"segment_sum: data of shape \(3, 2, 4\) with segment_ids of shape \(4,\)",
        ),
        Refusal(lambda: segment.segment_sum(X, [0, 1, 0], -1), ShapeError, "segment_sum: num_segments cannot be negative"),
    ],
)

declare(
    "in_range",
    samples=[
        Sample(lambda i: InRange("numbers", 4)(i), J, reference=np.array, order=0),
        Sample(lambda i: InRange("numbers", 1)(i), np.array(0), reference=np.array, order=0),
        Sample(lambda i: InRange("numbers", 0)(i), np.zeros((0, 2), int), reference=np.array, order=0),
        Sample(
            lambda x, z: index.choose([1, 0, 1, 1], [x, z]),
            X[0],
            X[1, 0],
            reference=lambda x, z: np.choose([1, 0, 1, 1], [x, z]),
            order=0,
        ),
    ],
    refusals=[
        Refusal(lambda: segment.segment_sum(X, [0, -1, 0]), IndexError, "segment_sum: segment_ids: -1 is out of range"),
        Refusal(
            lambda: segment.segment_max(X, [0, 5, 0], 3),
            IndexError,
            "segment_max: segment_ids: 5 is out of range, which is 0 to 2",
        ),
        Refusal(
            lambda: segment.segment_sum(X, [True, False, True]),
            DTypeError,
            "segment_sum: segment_ids must be whole numbers, not bool",
        ),
        Refusal(lambda: index.choose([0, 2], [1.0, 2.0]), IndexError, "choose: numbers of choices: 2 is out of range"),
        Refusal(lambda: index.choose([0], [1.0], "other"), ValueError, "choose: mode must be"),
    ],
)
