"""Samples of sliding windows, of adding them up, and of the one-dimensional convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError
from ...ops import windows
from ...ops.windows import Convolve, Overlap
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(8)
X, V = rng.normal(size=5), rng.normal(size=3)
ROWS = rng.normal(size=(2, 4))
Z = rng.normal(size=4) + 1j * rng.normal(size=4)
HALF: Any = 0.5  # no whole number
view = np.lib.stride_tricks.sliding_window_view


def sample(x: Any, size: Any, axis: Any = None) -> Sample:
    """A sample of sliding_window_view."""
    f = windows.sliding_window_view
    return Sample(lambda x: f(x, size, axis), x, reference=lambda x: view(x, size, axis))


def added(x: Any) -> Any:
    """Windows along axis 0 added up, by the definition."""
    count, size = x.shape
    return np.array([sum(x[k - j, j] for j in range(size) if 0 <= k - j < count) for k in range(count + size - 1)])


def convolution(name: str, x: Any, v: Any, mode: str) -> Sample:
    """A sample of `convolve` or `correlate`."""
    ours, reference = getattr(windows, name), getattr(np, name)
    return Sample(lambda x, v: ours(x, v, mode), x, v, reference=lambda x, v: reference(x, v, mode), label=name)


declare(
    "windows",
    samples=[
        sample(X, 2),
        sample(ROWS, (2, 3)),
        sample(ROWS, (2, 2), (1, 1)),
        sample(Z, 4),
        sample(ROWS, 1, 0),
        sample(np.zeros((0, 3)), 2, 1),
        sample(X, 0),
    ],
    refusals=[
        Refusal(lambda: windows.sliding_window_view(X, 6), ShapeError, "no window of 6 elements lies within axis 0"),
        Refusal(lambda: windows.sliding_window_view(ROWS, 2), ShapeError, r"a window of shape \(2,\) for axes \(0, 1\)"),
        Refusal(lambda: windows.sliding_window_view(X, 2, 1), ShapeError, "axis 1 is out of range for 1 axes"),
        Refusal(lambda: windows.sliding_window_view(X, -1), ShapeError, "lengths cannot be negative"),
    ],
)

declare(
    "overlap",
    samples=[
        Sample(Overlap(0), ROWS, reference=added),
        Sample(Overlap(0), ROWS.T.copy(), reference=added),
        Sample(Overlap(1), rng.normal(size=(2, 3, 2)), reference=lambda x: np.stack([added(row) for row in x])),
        Sample(Overlap(0), Z.reshape(2, 2), reference=added),
        Sample(Overlap(0), np.array([[2.5]]), reference=lambda x: x[0]),
    ],
    refusals=[
        Refusal(lambda: Overlap(0).shape((0, 3)), ShapeError, r"there are no windows along axis 0 of shape \(0, 3\)"),
        Refusal(lambda: Overlap(HALF).shape((3, 2)), ShapeError, "overlap: an axis is a whole number"),
        Refusal(lambda: Overlap(1).shape((3, 2)), ShapeError, "overlap: axis 1 is out of range for 1 axes"),
    ],
)

declare(
    "convolve",
    samples=[
        convolution("convolve", X, V, "full"),
        convolution("convolve", V, X, "same"),
        convolution("convolve", X, Z, "valid"),
        convolution("correlate", V, Z, "full"),
        convolution("correlate", X, np.array([2.0]), "valid"),
        Sample(Convolve(False), ROWS, V, reference=lambda x, v: np.stack([np.convolve(row, v, "valid") for row in x])),
    ],
    refusals=[
        Refusal(lambda: windows.convolve(ROWS, V), ShapeError, r"needs two vectors with elements; one has shape \(2, 4\)"),
        Refusal(lambda: windows.correlate(X, []), ShapeError, r"correlate: needs two vectors .* one has shape \(0,\)"),
        Refusal(lambda: windows.convolve(X, V, "middle"), ValueError, "mode is 'full', 'same' or 'valid', not 'middle'"),
        Refusal(lambda: Convolve(False).shape((2,), (3,)), ShapeError, "the second may not be longer than the first"),
        Refusal(lambda: Convolve(True).shape((2, 3), (3, 3)), ShapeError, "the axes before the last .* do not broadcast"),
        Refusal(lambda: Convolve(True).shape((), (3,)), ShapeError, "both sides need elements along a last axis"),
    ],
)
