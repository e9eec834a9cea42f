"""Samples of convolutions, and of cutting out windows and adding them up."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import conv, unfold
from ...ops.convolution import W, _convolution
from ...ops.unfold import Window
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(22)


def real(*shape: int) -> np.ndarray:
    return rng.normal(size=shape)


def unreal(*shape: int) -> np.ndarray:
    return real(*shape) + 1j * real(*shape)


def products(x: Any, w: Any, y: Any, result: int, *options: Any) -> Any:
    """All products of the convolution added up one by one: into x, w or y, whichever `result` says."""
    stride, padding, dilation, groups = options
    arrays = [x, w, y]
    arrays[result] = np.zeros(arrays[result].shape, np.result_type(*(a for i, a in enumerate(arrays) if i != result)))
    x, w, y = arrays
    outs, channels = len(w) // groups, w.shape[1]
    for n, o, c, k, p in np.ndindex(len(x), len(w), channels, *(np.prod(a.shape[2:], dtype=int) for a in (w, y))):
        ks, ps = np.unravel_index(k, w.shape[2:]), np.unravel_index(p, y.shape[2:])
        place = tuple(int(b * s - m + a * d) for a, b, s, m, d in zip(ks, ps, stride, padding, dilation))
        if all(0 <= i < length for i, length in zip(place, x.shape[2:])):
            at = ((n, o // outs * channels + c, *place), (o, c, *ks), (n, o, *ps))
            factors = [a[i] for j, (a, i) in enumerate(zip(arrays, at)) if j != result]
            arrays[result][at[result]] += factors[0] * factors[1]
    return arrays[result]


def sample(x: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Sample:
    """A sample of conv1d, conv2d or conv3d."""
    n = w.ndim - 2
    f = getattr(conv, f"conv{n}d")
    options = (stride, padding, dilation, groups)
    several = [(a,) * n if isinstance(a, int) else a for a in options[:3]]
    shape = f(x, w, bias, *options).shape
    reference = lambda x, w: products(x, w, np.empty(shape), 2, *several, groups)
    return Sample(lambda x, w: f(x, w, None, *options), x, w, reference=reference, label=f"conv{n}d")


def transposed(y: Any, w: Any, stride: Any = 1, padding: Any = 0, more: Any = 0, groups: int = 1, dilation: Any = 1) -> Sample:
    """A sample of conv_transpose1d, 2d or 3d."""
    n = w.ndim - 2
    f = getattr(conv, f"conv_transpose{n}d")
    options = (stride, padding, more, groups, dilation)
    several = [(a,) * n if isinstance(a, int) else a for a in (stride, padding, dilation)]
    shape = f(y, w, None, *options).shape
    reference = lambda y, w: products(np.empty(shape), w, y, 0, *several, groups)
    return Sample(lambda y, w: f(y, w, None, *options), y, w, reference=reference, label=f"conv_transpose{n}d")


def weight(x: Any, y: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Sample:
    """A sample of the gradient of a weight."""
    op = _convolution(W, Window(x.shape[2:], kernel, stride, tuple((p, p) for p in padding), dilation), groups)
    shape = (y.shape[1], x.shape[1] // groups, *kernel)
    reference = lambda x, y: products(x, np.empty(shape), y, 1, stride, padding, dilation, groups)
    return Sample(lambda x, y: op(x, y), x, y, reference=reference, label="conv_weight")


X, KERNEL = real(1, 2, 5), real(2, 2, 3)

declare(
    "conv",
    samples=[
        sample(X, KERNEL),
        sample(real(2, 2, 5), real(2, 1, 2), None, 2, 1, 2, 2),
        sample(real(1, 1, 3, 4), real(2, 1, 2, 2), None, (1, 2), (0, 1)),
        sample(real(1, 1, 2, 3, 2), real(1, 1, 1, 2, 2), None, 1, 1),
        sample(unreal(1, 1, 4), unreal(2, 1, 2)),
        sample(real(0, 2, 5), KERNEL),
        Sample(lambda x, w, b: conv.conv1d(x, w, b, padding="same"), X[0], KERNEL[:, :, :2], real(2), label="conv1d"),
    ],
    refusals=[
        Refusal(lambda: conv.conv1d(X, real(2, 3, 3)), ShapeError, "has 2 channels; a weight of shape .* reads 3 in each"),
        Refusal(lambda: conv.conv1d(X, real(2, 2, 6)), ShapeError, r"the kernel \(6,\) .* spans \(6,\) elements"),
        Refusal(lambda: conv.conv2d(X[0], KERNEL), ShapeError, r"conv2d: needs \(batch, channels, 2 lengths\)"),
        Refusal(lambda: conv.conv1d(X, KERNEL[0]), ShapeError, "the weight needs two axes of channels and 1 of the kernel"),
        Refusal(lambda: conv.conv1d(X, KERNEL, groups=3), ShapeError, "3 groups must divide 2 channels"),
        Refusal(lambda: conv.conv1d(X, KERNEL, stride=0), ShapeError, "stride must be .* not less than 1; given 0"),
        Refusal(lambda: conv.conv1d(X, KERNEL, padding="full"), ShapeError, "padding is a whole number, .* not 'full'"),
        Refusal(lambda: conv.conv1d(X, KERNEL, stride=2, padding="same"), ShapeError, 'padding="same" keeps the lengths'),
        Refusal(lambda: conv.conv1d(X, KERNEL, real(3)), ShapeError, "the bias needs a number for each of 2 channels"),
        Refusal(lambda: conv.conv1d(["a"], KERNEL), DTypeError, "holds numbers or booleans"),
    ],
)

Y, BACK = real(1, 2, 3), real(2, 1, 3)

declare(
    "conv_transpose",
    samples=[
        transposed(Y, BACK),
        transposed(Y, real(2, 2, 3), 2, 1, 1, 2),
        transposed(real(1, 1, 2, 2), real(1, 2, 3, 2), (2, 3), (1, 0), (0, 2), 1, (3, 1)),
        transposed(real(1, 1, 2, 1, 2), real(1, 1, 2, 2, 1)),
        transposed(unreal(1, 1, 3), unreal(1, 1, 2), 3),
        transposed(real(0, 2, 3), BACK),
        Sample(lambda y, w, b: conv.conv_transpose1d(y, w, b), Y[0], BACK, real(1), label="conv_transpose1d"),
    ],
    refusals=[
        Refusal(lambda: conv.conv_transpose1d(Y, real(3, 1, 2)), ShapeError, "has 2 channels; a weight of shape .* reads 3"),
        Refusal(lambda: conv.conv_transpose1d(Y, BACK, padding=3), ShapeError, r"the output would have lengths \(-1,\)"),
        Refusal(lambda: conv.conv_transpose1d(Y, BACK, output_padding=1), ShapeError, r"output_padding \(1,\) must be less"),
        Refusal(lambda: conv.conv_transpose1d(Y, BACK, padding="same"), ShapeError, "padding is a whole number"),
        Refusal(lambda: conv.conv_transpose3d(Y, BACK), ShapeError, "conv_transpose3d: needs"),
        Refusal(lambda: conv.conv_transpose1d(Y, BACK, real(2)), ShapeError, "the bias needs a number for each of 1 channels"),
    ],
)

LINE = Window((5,), (3,), (1,), ((0, 0),), (1,))

declare(
    "conv_weight",
    samples=[
        weight(X, real(1, 2, 3), (3,), (1,), (0,), (1,), 1),
        weight(real(2, 2, 5), real(2, 4, 3), (2,), (2,), (1,), (2,), 2),
        weight(real(1, 1, 3, 3), real(1, 2, 2, 3), (2, 1), (1, 1), (0, 0), (1, 2), 1),
        weight(unreal(1, 1, 4), unreal(1, 1, 3), (2,), (1,), (0,), (1,), 1),
        weight(real(0, 2, 5), real(0, 1, 3), (3,), (1,), (0,), (1,), 1),
    ],
    refusals=[
        Refusal(lambda: _convolution(W, LINE, 1).shape((1, 2, 4), (1, 2, 3)), ShapeError, r"the lengths \(5,\)"),
        Refusal(lambda: _convolution(W, LINE, 1).shape((1, 2, 5), (2, 2, 3)), ShapeError, "differ in the number of examples"),
        Refusal(lambda: _convolution(W, LINE, 3).shape((1, 3, 5), (1, 2, 3)), ShapeError, "3 groups of channels"),
    ],
)

IMAGE = real(2, 3, 4)
PLANE = Window((3, 4), (2, 2), (1, 2), ((0, 0), (1, 1)), (2, 1))


def patches(x: Any) -> Any:
    """What the window PLANE shows, by the definition."""
    x = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    y = np.empty((len(x), 2, 2, 1, 3))
    for n, i, j, p, q in np.ndindex(y.shape):
        y[n, i, j, p, q] = x[n, p + 2 * i, 2 * q + j]
    return y


declare(
    "unfold",
    samples=[
        Sample(unfold.Unfold(PLANE), IMAGE, reference=patches),
        Sample(lambda x: unfold.unfold(x, 2, stride=2), real(1, 2, 4, 2)),
        Sample(lambda x: unfold.unfold(x, (2,), 2), unreal(1, 4)),
        Sample(lambda x: unfold.unfold(x, (1, 1, 2), padding=1), real(1, 1, 1, 2)),
        Sample(lambda x: unfold.unfold(x, 2), real(0, 1, 2, 2)),
    ],
    refusals=[
        Refusal(lambda: unfold.unfold(IMAGE, 5), ShapeError, r"unfold: the kernel \(5, 5\) .* spans \(5, 5\) elements"),
        Refusal(lambda: unfold.unfold(IMAGE[0], 2), ShapeError, r"unfold: needs \(batch, channels, 2 lengths\)"),
        Refusal(lambda: unfold.unfold(IMAGE, 0), ShapeError, "kernel_size must be .* not less than 1; given 0"),
        Refusal(lambda: unfold.unfold(IMAGE, 2, padding=-1), ShapeError, "padding must be .* not less than 0; given -1"),
        Refusal(lambda: unfold.Unfold(PLANE).shape((2, 4, 3)), ShapeError, r"last axes have lengths \(3, 4\); given shape"),
    ],
)

declare(
    "fold",
    samples=[
        Sample(unfold.Fold(PLANE), real(2, 2, 2, 1, 3)),
        Sample(lambda x: unfold.fold(x, (3, 2), 2), real(2, 4, 2)),
        Sample(lambda x: unfold.fold(x, (4,), 2, 2), unreal(2, 2)),
        Sample(lambda x: unfold.fold(x, 4, 2, padding=1, stride=3), real(4, 4)),
        Sample(lambda x: unfold.fold(x, 2, 2), real(0, 4, 1)),
    ],
    refusals=[
        Refusal(lambda: unfold.fold(real(2, 4, 3), (3, 2), 2), ShapeError, r"needs columns of shape \(channels · 4, 2\)"),
        Refusal(lambda: unfold.fold(real(2, 3, 2), (3, 2), 2), ShapeError, r"given shape \(2, 3, 2\)"),
        Refusal(lambda: unfold.fold(real(4, 1), (1, 1), 2), ShapeError, r"fold: the kernel \(2, 2\)"),
        Refusal(lambda: unfold.fold(real(4, 1), (2, 2.5), 2), ShapeError, "output_size is a whole number"),
    ],
)
