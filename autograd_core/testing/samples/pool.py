"""Samples of pooling."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import pool
from ...ops.pooling import MaxPlace, SpreadPool
from ...ops.unfold import Window
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(23)
LINE = rng.permutation(12).reshape(2, 6) / 3.0
IMAGE = rng.permutation(24).reshape(2, 3, 4) / 7.0
SOLID = rng.permutation(12).reshape(1, 2, 3, 2) / 5.0
STEPS = Window((6,), (3,), (2,), ((1, 1),), (1,))
PLANE = Window((3, 4), (2, 2), (1, 2), ((0, 0), (1, 1)), (2, 1))


def shown(x: Any, window: Window) -> list[Any]:
    """What the window shows at each place of the last axes of one example, in their order, without padding."""
    found = []
    for place in np.ndindex(window.out):
        ticks = [
            [o * s - p[0] + d * j for j in range(k)]
            for o, k, s, p, d in zip(place, window.kernel, window.stride, window.padding, window.dilation)
        ]
        inside = [[i for i in each if 0 <= i < n] for each, n in zip(ticks, window.lengths)]
        found.append(x[np.ix_(*inside)].ravel())
    return found


def over(f: Any, window: Window) -> Any:
    """The reference that takes f of what the window shows."""
    lead = lambda x: x.shape[: x.ndim - window.ndim]
    flat = lambda x: x.reshape(-1, *window.lengths)
    return lambda x: np.array([[f(v) for v in shown(c, window)] for c in flat(x)]).reshape(*lead(x), *window.out)


declare(
    "max_pool",
    samples=[
        Sample(lambda x: pool.max_pool1d(x, 3, 2, 1), LINE, reference=over(np.max, STEPS)),
        Sample(lambda x: pool.max_pool2d(x, 2, (1, 2), (0, 1), (2, 1)), IMAGE, reference=over(np.max, PLANE)),
        Sample(lambda x: pool.max_pool1d(x, 4, 2, ceil_mode=True), LINE[:1, :5]),
        Sample(lambda x: pool.max_pool3d(x, 2, 1), SOLID),
        Sample(lambda x: pool.max_pool1d(x, 2), np.zeros((0, 1, 2))),
    ],
    refusals=[
        Refusal(lambda: pool.max_pool1d(LINE, 7), ShapeError, r"the kernel \(7,\) .* spans \(7,\) elements"),
        Refusal(lambda: pool.max_pool1d(LINE, 3, 1, 2), ShapeError, r"the padding \(2,\) must be at most half of"),
        Refusal(lambda: pool.max_pool2d(LINE, 2), ShapeError, r"max_pool2d: needs \(batch, channels, 2 lengths\)"),
        Refusal(lambda: pool.max_pool1d(LINE, (2, 2)), ShapeError, "kernel_size must be one whole number, or 1 for 1 axes"),
        Refusal(lambda: pool.max_pool1d(LINE + 1j, 2), DTypeError, "complex numbers .* have no largest one"),
        Refusal(lambda: pool.max_pool1d(LINE[:, :1], 2, 1, 2, 4), ShapeError, "shows nothing but padding"),
    ],
    kinks=[
        Kink(
            "max_pool1d where numbers are equal",
            lambda x: pool.max_pool1d(x, 3),
            (np.array([[1.0, 2.0, 2.0, 0.0, 0.0, 0.0]]),),
            (np.array([[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]]),),
            "PyTorch: same, the first; ac.max shares",
        ),
        Kink(
            "max_pool1d where a window holds NaN",
            lambda x: pool.max_pool1d(x, 3),
            (np.array([[np.nan, 2.0, np.nan, 1.0, 0.0, 3.0]]),),
            (np.array([[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]]),),
            "PyTorch: same, the last NaN",
        ),
        Kink(
            "max_pool1d of -∞ beside padding",
            lambda x: pool.max_pool1d(x, 3, 3, 1),
            (np.array([[-np.inf, -np.inf]]),),
            (np.array([[1.0, 0.0]]),),
            "PyTorch: same, never the padding",
        ),
    ],
)

declare(
    "max_place",
    samples=[
        Sample(
            lambda x: pool.max_pool1d(x, 3, 2, 1, return_indices=True)[1],
            LINE,
            reference=lambda x: np.array([[int(np.where(c == max(v))[0][0]) for v in shown(c, STEPS)] for c in x]),
            order=0,
        ),
        Sample(lambda x: pool.max_pool2d(x, 2, return_indices=True)[1], IMAGE, order=0),
        Sample(lambda x: pool.max_pool1d(x, 2, return_indices=True)[1], np.zeros((0, 1, 2)), order=0),
    ],
    refusals=[
        Refusal(lambda: MaxPlace(STEPS).shape((2, 5), (2, 3)), ShapeError, r"last axes have lengths \(6,\); given shape"),
        Refusal(lambda: MaxPlace(STEPS).shape((2, 6), (2, 4)), ShapeError, r"have shape \(2, 3\), not \(2, 4\)"),
        Refusal(lambda: pool.max_pool1d(LINE, -1, return_indices=True), ShapeError, "kernel_size must be .* given -1"),
    ],
)

declare(
    "sum_pool",
    samples=[
        Sample(lambda x: pool.avg_pool1d(x, 3, 2, 1, False, False), LINE, reference=over(np.mean, STEPS)),
        Sample(lambda x: pool.avg_pool1d(x, 2), LINE, reference=lambda x: x.reshape(2, 3, 2).mean(2)),
        Sample(lambda x: pool.avg_pool2d(x, 2, 1, (0, 1)), IMAGE + 1j * IMAGE[::-1]),
        Sample(lambda x: pool.avg_pool2d(x, 2, ceil_mode=True, divisor_override=3), IMAGE),
        Sample(lambda x: pool.avg_pool3d(x, (2, 2, 1)), SOLID),
        Sample(lambda x: pool.avg_pool1d(x, 2), np.zeros((0, 1, 2))),
    ],
    refusals=[
        Refusal(lambda: pool.avg_pool1d(LINE, 7), ShapeError, r"the kernel \(7,\) .* spans \(7,\) elements"),
        Refusal(lambda: pool.avg_pool1d(LINE, 2, padding=2), ShapeError, "must be at most half of"),
        Refusal(lambda: pool.avg_pool1d(LINE, 2, stride=(1, 1)), ShapeError, "stride must be one whole number, or 1"),
        Refusal(lambda: pool.avg_pool1d([["a"]], 1), DTypeError, "holds numbers or booleans"),
        Refusal(lambda: pool.avg_pool2d(IMAGE, 2, divisor_override=0), ValueError, "divisor_override must not be zero"),
    ],
)

declare(
    "spread_pool",
    samples=[
        Sample(SpreadPool(STEPS), LINE[:, :3]),
        Sample(SpreadPool(PLANE), np.ones((1, 1, 3)), reference=lambda x: np.array([[[1.0], [0], [1]]]).repeat(4, 2)),
        Sample(SpreadPool(PLANE), IMAGE[:, :1, :3] * 1j),
        Sample(SpreadPool(STEPS), np.zeros((0, 3))),
    ],
    refusals=[
        Refusal(lambda: SpreadPool(STEPS).shape((2, 6)), ShapeError, r"last axes have lengths \(3,\); given shape \(2, 6\)"),
        Refusal(lambda: SpreadPool(PLANE).shape((3,)), ShapeError, r"given shape \(3,\)"),
        Refusal(lambda: SpreadPool(PLANE).shape((2, 1, 4)), ShapeError, r"lengths \(1, 3\); given shape \(2, 1, 4\)"),
    ],
)
