"""Samples of orders and searches: what sort, partition, searchsorted, digitize and interp go through."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import counting, interpolate, sort
from ...ops.sort import Digitize, Order, Search
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(33)
X = rng.normal(size=(2, 5))
C = np.array([1 + 1j, 0.5, 1 - 1j, 0.5 - 2j])
XP, FP = np.array([-1.0, 0.0, 0.5, 2.0]), np.array([0.5, -1.0, 2.0, 1.0])
XS = np.array([[-2.0, -0.7, 0.2], [0.6, 1.9, 3.0]])
HAT = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 0.0])
ONE = np.array([[1.0, 2.0]])
BOTH: Any = (0, 1)

declare(
    "order",
    samples=[
        Sample(sort.argsort, X, reference=np.argsort, order=0),
        Sample(lambda x: sort.sort(x, 0), X, reference=lambda x: np.sort(x, 0), order=0),
        Sample(lambda x: sort.sort(x, None), X, reference=lambda x: np.sort(x, None), order=0),
        Sample(sort.sort, C, reference=np.sort, order=0),
        Sample(lambda x: sort.partition(x, (1, -1)), X, reference=lambda x: np.partition(x, (1, -1)), order=0),
        Sample(
            lambda x: sort.lexsort((x, [1, 0, 1, 0, 0])), X[0], reference=lambda x: np.lexsort((x, [1, 0, 1, 0, 0])), order=0
        ),
        Sample(sort.sort, X[:, :0], reference=np.sort, order=0),
    ],
    refusals=[
        Refusal(lambda: sort.sort(X, 2), ShapeError, "sort: axis 2 is out of range for 2 axes"),
        Refusal(lambda: sort.sort(1.0), ShapeError, "sort: axis -1 is out of range for 0 axes"),
        Refusal(lambda: sort.sort(X, kind="bubble"), ValueError, "sort: kind must be one of .*, not 'bubble'"),
        Refusal(lambda: sort.argsort(X, BOTH), ShapeError, r"argsort: axis must be one number or None, not \(0, 1\)"),
        Refusal(lambda: sort.partition(X, 5), ShapeError, "partition: kth=5 is out of range for 5 elements"),
        Refusal(lambda: sort.partition(X, 0, kind="other"), ValueError, 'partition: kind must be "introselect"'),
        Refusal(lambda: Order(0, (3,)).shape((2,)), ShapeError, r"order: there is no position \(3,\) along axis 0"),
        Refusal(lambda: sort.lexsort([]), ShapeError, "lexsort: keys of one shape needed"),
    ],
    kinks=[
        Kink(
            "sort of equal elements: they keep their order, and each gets the cotangent of its place",
            lambda x: sort.sort(x) * np.array([1.0, 2.0, 4.0]),
            (np.array([1.0, 0.0, 1.0]),),
            (np.array([2.0, 1.0, 4.0]),),
            "PyTorch with stable=True, JAX: same",
        ),
        Kink(
            "unique of equal elements: the first one gets the cotangent",
            lambda x: sort.unique(x),
            (np.array([1.0, 0.0, 1.0]),),
            (np.array([1.0, 1.0, 0.0]),),
            "JAX: same",
        ),
    ],
)

declare(
    "search",
    samples=[
        Sample(lambda x, z: Search(False)(x, z), XP, XS, reference=np.searchsorted, order=0),
        Sample(
            lambda z: sort.searchsorted([0, 1, 1, 2], z, "right"),
            np.array([1, 0, 5]),
            reference=lambda z: np.searchsorted([0, 1, 1, 2], z, "right"),
            order=0,
        ),
        Sample(lambda x, z: Search(True)(x, z), XP[:0], np.array(0.5), reference=np.searchsorted, order=0),
        Sample(
            lambda x: counting.histogram(x, [-1.0, 0.0, 1.0])[0],
            X,
            reference=lambda x: np.histogram(x, [-1.0, 0.0, 1.0])[0],
            order=0,
        ),
        Sample(lambda x, xp, fp: interpolate.interp(x, xp, fp), XS, XP, FP, reference=np.interp, order=0),
    ],
    refusals=[
        Refusal(
            lambda: sort.searchsorted(ONE, 1.0),
            ShapeError,
            r"search: the numbers to search in must be a vector; given shape \(1, 2\)",
        ),
        Refusal(lambda: sort.searchsorted(XP, 1.0, "middle"), ValueError, 'searchsorted: side must be "left" or "right"'),
        Refusal(lambda: sort.searchsorted(XP, 1.0, sorter=[9]), IndexError, "index 9 is out of bounds"),
        Refusal(
            lambda: interpolate.interp(0.0, XP, FP[1:]),
            ShapeError,
            r"interp: xp and fp must be vectors of one length, not empty; given \(4,\) and \(3,\)",
        ),
        Refusal(
            lambda: interpolate.interp(0.0, XP, FP, period=0), ValueError, "interp: the period must be a number other than 0"
        ),
    ],
    kinks=[
        Kink(
            "interp at a point: the slope of the piece on its right; at the last point that of the last piece",
            lambda x: interpolate.interp(x, *HAT),
            (np.array([0.0, 1.0, 3.0]),),
            (np.array([2.0, -1.0, -1.0]),),
            "JAX: same",
        ),
        Kink(
            "interp beyond the points: 0",
            lambda x: interpolate.interp(x, *HAT),
            (np.array([-1.0, 4.0]),),
            (np.zeros(2),),
            "JAX: same",
        ),
    ],
)

declare(
    "digitize",
    samples=[
        Sample(lambda x, z: Digitize(False)(x, z), XS, XP, reference=np.digitize, order=0),
        Sample(
            lambda x, z: Digitize(True)(x, z),
            np.array([1, 0, 3]),
            np.array([3, 0]),
            reference=lambda x, z: np.digitize(x, z, True),
            order=0,
        ),
        Sample(sort.digitize, np.array(0.5), XP, reference=np.digitize, order=0),
        Sample(sort.digitize, XS[:, :0], XP, reference=np.digitize, order=0),
    ],
    refusals=[
        Refusal(
            lambda: sort.digitize(XS, ONE),
            ShapeError,
            r"digitize: the edges of the bins must be a vector; given shape \(1, 2\)",
        ),
        Refusal(
            lambda: sort.digitize(XS, [0.0, 2.0, 1.0]),
            ValueError,
            "digitize: bins must be monotonically increasing or decreasing",
        ),
        Refusal(lambda: sort.digitize(C, XP), DTypeError, "digitize: x may not be complex"),
    ],
)
