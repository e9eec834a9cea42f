"""Samples of extremes and softmax over segments."""

from __future__ import annotations

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import segment
from ...ops.segment import SegmentExtreme, SegmentShares, SegmentSoftmax
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(35)
X = rng.normal(size=(5, 2))
C = X + 1j * rng.normal(size=(5, 2))
IDS = np.array([2, 0, 2, 1, 0])
PARTS = [k == IDS for k in range(3)]
TIE = (np.array([1.0, 1.0, 0.0, 1.0, 5.0]),)
NO = np.zeros(0, int)

declare(
    "segment_extreme",
    samples=[
        Sample(lambda x: segment.segment_max(x, IDS, 3), X, reference=lambda x: np.stack([x[p].max(0) for p in PARTS])),
        Sample(lambda x: segment.segment_min(x, IDS), X[:, 0], reference=lambda x: np.stack([x[p].min(0) for p in PARTS])),
        Sample(lambda x: segment.segment_max(x, IDS), C),
        Sample(lambda x: SegmentExtreme(1)(x, np.zeros(5, int)), X, reference=lambda x: x.max(0, keepdims=True)),
        Sample(lambda x: SegmentExtreme(0)(x, NO), X[:0], reference=lambda x: x),
    ],
    refusals=[
        Refusal(
            lambda: segment.segment_max(X, IDS[1:]),
            ShapeError,
            r"segment_max: data of shape \(5, 2\) with segment_ids of shape \(4,\)",
        ),
        Refusal(
            lambda: segment.segment_max(X, IDS, 2), IndexError, "segment_max: segment_ids: 2 is out of range, which is 0 to 1"
        ),
        Refusal(lambda: segment.segment_min(X, IDS - 1, 3), IndexError, "segment_min: segment_ids: -1 is out of range"),
        Refusal(
            lambda: segment.segment_max(X, IDS / 2), IndexError, "an index array holds whole numbers or booleans, not float64"
        ),
        Refusal(
            lambda: SegmentExtreme(2).shape((3, 2), (2,)),
            ShapeError,
            r"segment_extreme: shape \(3, 2\) with segment ids of shape \(2,\)",
        ),
    ],
    kinks=[
        Kink(
            "segment_max of three equal elements: a third each",
            lambda x: segment.segment_max(x, [0, 0, 0, 0, 1]),
            TIE,
            (np.array([1 / 3, 1 / 3, 0.0, 1 / 3, 1.0]),),
            "JAX: same",
        ),
        Kink(
            "segment_std of equal elements: 0",
            lambda x: segment.segment_std(x, [0, 0, 1]),
            (np.array([2.0, 2.0, 1.0]),),
            (np.zeros(3),),
        ),
        Kink(
            "segment_prod with a factor 0: the product of the others",
            lambda x: segment.segment_prod(x, [0, 0, 0, 1]),
            (np.array([0.0, 2.0, 3.0, 4.0]),),
            (np.array([6.0, 0.0, 0.0, 1.0]),),
            "JAX: no gradient",
        ),
    ],
)

declare(
    "segment_shares",
    samples=[
        Sample(
            lambda x, y: SegmentShares(2)(x, y, np.array([0, 0, 0, 0, 1])),
            *TIE,
            np.array([1.0, 5.0]),
            reference=lambda x, y: np.array([1 / 3, 1 / 3, 0.0, 1 / 3, 1.0]),
            order=0,
        ),
        Sample(lambda x, y: SegmentShares(1)(x, y, np.zeros(5, int)), X, X[:1] - 9, reference=lambda x, y: 0 * x, order=0),
        Sample(lambda x, y: SegmentShares(3)(x, y, NO), X[:0], X[:3], reference=lambda x, y: x, order=0),
    ],
    refusals=[
        Refusal(
            lambda: SegmentShares(2).shape((3,), (3,), (3,)),
            ShapeError,
            r"segment_shares: y of shape \(3,\) does not hold 2 rows",
        ),
        Refusal(lambda: SegmentShares(2).shape((3,), (2,), (2,)), ShapeError, r"shape \(3,\) with segment ids of shape \(2,\)"),
        Refusal(
            lambda: SegmentShares(2).shape((3, 4), (2,), (3,)),
            ShapeError,
            r"y of shape \(2,\) does not hold 2 rows of x, shape \(3, 4\)",
        ),
    ],
)

declare(
    "segment_softmax",
    samples=[
        Sample(lambda x: segment.segment_softmax(x, IDS), X),
        Sample(
            lambda x: SegmentSoftmax(3)(x, IDS), X[:, 0], reference=lambda x: np.exp(x) / (np.equal.outer(IDS, IDS) @ np.exp(x))
        ),
        Sample(lambda x: SegmentSoftmax(2)(x, IDS % 2), C),
        Sample(lambda x: SegmentSoftmax(2)(x, NO), X[:0], reference=lambda x: x),
    ],
    refusals=[
        Refusal(lambda: segment.segment_softmax(X, IDS, 2), IndexError, "segment_softmax: segment_ids: 2 is out of range"),
        Refusal(
            lambda: segment.segment_softmax(X, IDS[:, None]),
            ShapeError,
            r"segment_softmax: data .* segment_ids of shape \(5, 1\)",
        ),
        Refusal(
            lambda: segment.segment_softmax(X, IDS > 0),
            DTypeError,
            "segment_softmax: segment_ids must be whole numbers, not bool",
        ),
    ],
    kinks=[
        Kink(
            "segment_softmax of a segment that is all -∞: 0, with the derivative 0",
            lambda x: segment.segment_softmax(x, [0, 0, 1]),
            (np.array([-np.inf, -np.inf, 1.0]),),
            (np.zeros(3),),
            "PyTorch, of softmax: NaN",
        ),
    ],
)
