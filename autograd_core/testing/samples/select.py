"""Samples of choosing between values: where, and the halves of clip."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError
from ...ops import select
from ...ops.select import at_least, at_most, not_less
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(31)
X, Z = rng.normal(size=(2, 3)), rng.normal(size=3)
C = X + 1j * rng.normal(size=(2, 3))
MASK = np.array([[True, False, True], [False, True, False]])
LOW, HIGH = np.array([[-0.4], [-0.1]]), np.array([0.3, 0.2, 0.5])
ONES = np.ones(4)

declare(
    "where",
    samples=[
        Sample(select.where, MASK, X, Z, reference=np.where),
        Sample(lambda x: select.where(MASK[:, :1], x, 1.0), X, reference=lambda x: np.where(MASK[:, :1], x, 1.0)),
        Sample(select.where, MASK, C, Z, reference=np.where),
        Sample(select.where, np.array(True), np.array(0.5), np.array(2.0), reference=np.where),
        Sample(select.where, MASK[:, :0], X[:, :0], np.array(2.0), reference=np.where),
        Sample(
            lambda x, z: select.select([x < 0, x > 0.5], [x * x, z], 1.0),
            X,
            Z,
            reference=lambda x, z: np.select([x < 0, x > 0.5], [x * x, np.broadcast_to(z, x.shape)], 1.0),
        ),
    ],
    refusals=[
        Refusal(
            lambda: select.where(MASK, ONES, ONES), ShapeError, r"where: shapes \(2, 3\) and \(4,\) and \(4,\) do not broad"
        ),
        Refusal(lambda: select.where(MASK, X), TypeError, "where: give both values or neither"),
        Refusal(lambda: select.where(np.array(True)), ShapeError, "nonzero: a 0-d array has no positions"),
        Refusal(lambda: select.select([MASK], [X, X]), ShapeError, "select: 1 conditions for 2 choices"),
        Refusal(lambda: select.select([], []), ShapeError, "select: 0 conditions for 0 choices"),
    ],
    kinks=[
        Kink(
            "where(x > 0, √x, 0) at x = 0: the branch not taken gives nothing",
            lambda x: select.where(x > 0, x**0.5, 0.0),
            (np.array([0.0, 4.0]),),
            (np.array([0.0, 0.25]),),
            "PyTorch: NaN",
        ),
    ],
)


def bound(name: str, exact: Any, clip: Any, numpy: Any, **rest: Any) -> None:
    """Declare one half of clip."""
    op = {"at_least": at_least, "at_most": at_most}[name]
    declare(
        name,
        samples=[
            Sample(op, X, Z, reference=numpy),
            Sample(clip, X, LOW if name == "at_least" else HIGH, reference=numpy),
            Sample(op, np.array(0.5), np.array(0.1), reference=numpy),
            Sample(op, X[:, :0], Z[:0], reference=numpy),
        ],
        refusals=[
            Refusal(lambda: clip(X, ONES), ShapeError, rf"{name}: shapes \(2, 3\) and \(4,\) do not broadcast"),
            Refusal(lambda: select.clip(X, 0.0, min=1.0), TypeError, "clip: a_min and min are the same bound"),
            Refusal(lambda: select.clip(X, None, 0.0, max=1.0), TypeError, "clip: a_max and max are the same bound"),
        ],
        exact=exact,
        **rest,
    )


EDGES, ONE, NONE = (np.array([-1.0, 0.0, 0.5, 1.0, 2.0]),), (np.array([0.0, 1.0, 1.0, 1.0, 0.0]),), (np.array(0.0),)

bound(
    "at_least",
    lambda mp, x, z: max(x, z),
    lambda x, z: select.clip(x, z, None),
    np.maximum,
    kinks=[
        Kink(
            "clip(x, 0, 1) at both bounds: the gradient goes to x",
            lambda x: select.clip(x, 0.0, 1.0),
            EDGES,
            ONE,
            "PyTorch: same",
        ),
        Kink(
            "clip(x, a, b) at x = a: none goes to the bound",
            lambda x, z: select.clip(x, z, 9.0),
            (np.array(2.0), np.array(2.0)),
            (np.array(1.0), np.array(0.0)),
            "PyTorch: same",
        ),
    ],
)
bound(
    "at_most",
    lambda mp, x, z: min(x, z),
    lambda x, z: select.clip(x, None, z),
    np.minimum,
    kinks=[
        Kink("clip(x, a, b) with a > b is b", lambda x: select.clip(x, 3.0, 1.0), EDGES, (np.zeros(5),), "NumPy: same value"),
    ],
)

declare(
    "not_less",
    samples=[
        Sample(not_less, X, Z, reference=lambda x, z: (x >= z) * 1.0),
        Sample(not_less, np.array(0.5), np.array(0.1), reference=lambda x, z: (x >= z) * 1.0),
        Sample(not_less, X[:, :0], Z[:0], reference=lambda x, z: (x >= z) * 1.0),
    ],
    refusals=[
        Refusal(lambda: not_less.public(X, ONES), ShapeError, r"not_less: shapes \(2, 3\) and \(4,\) do not broadcast"),
        Refusal(lambda: not_less.public(ONES, X), ShapeError, r"not_less: shapes \(4,\) and \(2, 3\) do not broadcast"),
        Refusal(lambda: not_less.shape((2,), (3,)), ShapeError, r"not_less: shapes \(2,\) and \(3,\) do not broadcast"),
    ],
    exact=lambda mp, x, z: mp.mpf(x >= z),
)
