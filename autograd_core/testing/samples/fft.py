"""Samples of the Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import fft
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(21)
X, ROWS, BLOCK = rng.normal(size=5), rng.normal(size=(2, 4)), rng.normal(size=(2, 3, 2))
Z = rng.normal(size=4) + 1j * rng.normal(size=4)
PLANES = rng.normal(size=(3, 2, 2)) + 1j * rng.normal(size=(3, 2, 2))

HALF: Any = 2.5
LAST: Any = "last"


def sample(name: str, x: Any, *args: Any, **options: Any) -> Sample:
    """A sample of a function that NumPy has under the same name."""
    ours, theirs = getattr(fft, name), getattr(np.fft, name)
    return Sample(lambda x: ours(x, *args, **options), x, reference=lambda x: theirs(x, *args, **options), label=name)


declare(
    "fourier",
    samples=[
        sample("fft", X),
        sample("fft", Z, 6, norm="ortho"),
        sample("ifft", Z, 3),
        sample("ifft", PLANES, axis=0, norm="forward"),
        sample("fftn", BLOCK, (4, 2), (0, 2)),
        sample("ifft2", PLANES, axes=(0, 1)),
        sample("fft", np.array([[2.0]])),
        sample("fft", np.zeros((0, 2))),
    ],
    refusals=[
        Refusal(lambda: fft.fft(np.zeros((2, 0))), ShapeError, r"fourier: axis 1 of shape \(2, 0\) is empty"),
        Refusal(lambda: fft.fft(X, 0), ShapeError, "fft: the number of points must be at least 1; given 0"),
        Refusal(lambda: fft.ifft(X, HALF), ShapeError, "ifft: the number of points is a whole number, not 2.5"),
        Refusal(lambda: fft.fft(X, axis=1), ShapeError, "fft: axis 1 is out of range for 1 axes"),
        Refusal(lambda: fft.fft(X, norm="unitary"), ValueError, "norm must be None, .*, not 'unitary'"),
        Refusal(lambda: fft.fftn(ROWS, (2,), (0, 1)), ShapeError, r"fftn: s names 1 lengths \(2,\) for 2 axes"),
        Refusal(lambda: fft.fft(["one"]), DTypeError, "holds numbers or booleans"),
    ],
)

declare(
    "real_fourier",
    samples=[
        sample("rfft", X),
        sample("rfft", ROWS),
        sample("rfft", ROWS, 7, 0, norm="ortho"),
        sample("ihfft", X, 4),
        sample("rfft2", BLOCK, norm="forward"),
        sample("rfft", np.array([2.0])),
        sample("rfft", np.zeros((0, 2))),
    ],
    refusals=[
        Refusal(lambda: fft.rfft(Z), DTypeError, "rfft: takes real numbers, and x is complex128. Use fft."),
        Refusal(lambda: fft.ihfft(Z), DTypeError, "ihfft: takes real numbers, and x is complex128. Use ifft."),
        Refusal(lambda: fft.rfft(np.zeros(0)), ShapeError, r"real_fourier: axis 0 of shape \(0,\) is empty"),
        Refusal(lambda: fft.rfft(1.0), ShapeError, "rfft: axis -1 is out of range for 0 axes"),
        Refusal(lambda: fft.rfftn(1.0), ShapeError, "rfftn: needs at least one axis"),
        Refusal(lambda: fft.rfft2(X), ShapeError, "rfftn: axis -2 is out of range for 1 axes"),
    ],
)

declare(
    "inverse_real_fourier",
    samples=[
        sample("irfft", Z),
        sample("irfft", Z, 7, norm="ortho"),
        sample("irfft", X, 3),
        sample("hfft", Z, 5),
        sample("irfftn", PLANES, (2, 3), (1, 0), norm="forward"),
        sample("irfft", np.array([2.0 + 1j]), 1),
        sample("irfft", np.zeros((0, 2), complex)),
    ],
    refusals=[
        Refusal(lambda: fft.irfft(Z[:1]), ShapeError, "irfft: the number of points must be at least 1; given 0"),
        Refusal(lambda: fft.irfft(Z, -2), ShapeError, "given -2"),
        Refusal(lambda: fft.irfft(Z, axis=LAST), ShapeError, "irfft: an axis is a whole number or a tuple of them"),
        Refusal(lambda: fft.irfftn(PLANES, axes=()), ShapeError, "irfftn: needs at least one axis"),
        Refusal(
            lambda: fft.InverseRealFourier(0, 4).shape((4,)),
            ShapeError,
            r"4 numbers have 3 frequencies, and axis 0 of shape \(4,\) has 4",
        ),
    ],
)
