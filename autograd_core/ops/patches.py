"""The sums of products behind convolution on raw arrays: a matrix product of the weight with patches of the array.

Patches are made block by block, so many that they are still in the cache when they are multiplied. That bounds the memory;
on 16 images of 32 × 14 × 14 numbers in double precision, with kernels of 3 × 3, it takes a tenth off the time of the
convolution and a quarter off that of the gradient of its weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy import ndarray

from .shape import Shape
from .unfold import Pads, Window, layout, padded

BLOCK = 1 << 19  # bytes of patches that are made at a time
DEPTH = 24  # how long the sums of a matrix product must be to be worth one of their own

Block = tuple[slice, slice, Any, tuple[slice, ...]]


@dataclass(frozen=True)
class Plan:
    """How the patches of an array (images, groups, channels, *L) are made block by block.

    The patches of a whole kernel are larger than the array by the number of its elements. Of large arrays therefore only
    those along the later axes of the kernel are made, with some rows more, and each of the `parts` of a kernel along its
    first axis is a product of its own; on the images above that takes another third off the time. `shape` and `strides` are
    those of a view of all patches, `size` is the number of elements of one. A block has its images, its places, its part of
    the view, and for each part of the kernel the columns.
    """

    shape: Shape
    strides: Shape
    size: int
    parts: int
    blocks: tuple[Block, ...]


@lru_cache(maxsize=1024)
def plan(x: Shape, kernel: Shape, out: Shape, stride: Shape, dilation: Shape, itemsize: int) -> Plan:
    """The plan for an array of shape x."""
    width, depth = math.prod(out[1:]), x[2] * math.prod(kernel[1:])
    row, shifts = math.prod(x[1:3]) * math.prod(kernel) * width * itemsize, [0]
    if len(out) > 1 and stride[0] == 1 and depth >= DEPTH and row * out[0] > BLOCK // 4:
        row, shifts = row // kernel[0], [k * dilation[0] for k in range(kernel[0])]
        kernel = (1, *kernel[1:])
    height = out[0] + shifts[-1]
    images = BLOCK // (row * height)
    rows = max(1, BLOCK // row - shifts[-1])
    blocks: list[Block] = []
    for i, r in product(range(0, x[0], max(1, images)), range(0, out[0], rows)):
        end, some = min(r + rows, out[0]), slice(i, i + max(1, images))
        cut = (some, *(slice(None),) * (2 + len(kernel)), slice(r, end + shifts[-1]))
        parts = tuple(slice(k * width, (k + end - r) * width) for k in shifts)
        blocks.append((some, slice(r * width, end * width), cut, parts))
    return Plan(
        *layout(x, itemsize, kernel, (height, *out[1:]), stride, dilation),
        x[2] * math.prod(kernel),
        len(shifts),
        tuple(blocks),
    )


def columns(x: ndarray, p: Plan) -> Iterator[tuple[slice, slice, list[ndarray]]]:
    """Images and places of each block, and for each part of the kernel the patches (images, groups, patch, places)."""
    views = np.ndarray(p.shape, x.dtype, x, 0, p.strides)
    for images, places, cut, parts in p.blocks:
        view = views[cut]
        matrix = view.reshape(*view.shape[:2], p.size, -1)
        yield images, places, [matrix[..., part] for part in parts]


def correlate(x: ndarray, w: ndarray, out: Shape, stride: Shape, dilation: Shape, groups: int) -> ndarray:
    """Σ_k w_k x_(stride·p + dilation·k) at all places p of `out`; x (N, G·C, *L) lies in one block of memory, with padding."""
    n, channels = x.shape[0], w.shape[1]
    x = x.reshape(n, groups, channels, *x.shape[2:])
    p = plan(x.shape, w.shape[2:], out, stride, dilation, x.itemsize)
    if p.parts > 1:
        w = w.reshape(groups, -1, channels, p.parts, p.size // channels).transpose(3, 0, 1, 2, 4)
    kernels = w.reshape(p.parts, groups, -1, p.size)
    y = np.empty((n, groups, kernels.shape[2], math.prod(out)), x.dtype)
    for images, places, parts in columns(x, p):
        here = y[images, :, :, places]
        np.matmul(kernels[0], parts[0], out=here)
        for kernel, part in zip(kernels[1:], parts[1:]):
            here += np.matmul(kernel, part)
    return y.reshape(n, -1, *out)


def spread(g: ndarray, w: ndarray, window: Window, groups: int) -> ndarray:
    """The transpose of `correlate` in x: the elements of x with one remainder modulo the stride are a correlation."""
    channels, kernel = w.shape[1], w.shape[2:]
    turned = w.reshape(groups, -1, channels, *kernel).swapaxes(1, 2)
    one = (1,) * window.ndim
    x: Any = None if window.stride == one else np.zeros((g.shape[0], groups * channels, *window.lengths), g.dtype)
    for places, taps, padding, out, step in phases_of(window):
        part = turned[(..., *taps)]  # type: ignore[arg-type]
        y = correlate(padded(g, padding), part.reshape(-1, *part.shape[2:]), out, one, step, groups)
        if x is None:
            return y
        x[(..., *places)] = y
    return x


Phase = tuple[tuple[slice, ...], tuple[slice, ...], Pads, Shape, Shape]


@lru_cache(maxsize=1024)
def phases_of(window: Window) -> tuple[Phase, ...]:
    """For all remainders modulo the stride that the window reads: places, taps, and the correlation that gives the values."""
    each = zip(window.lengths, window.kernel, window.stride, window.padding, window.dilation, window.out)
    axes = [[phase for r in range(min(s, n)) for phase in phase_of(r, n, k, s, p[0], d, o)] for n, k, s, p, d, o in each]
    return tuple(tuple(zip(*chosen)) for chosen in product(*axes))  # type: ignore[misc]


def phase_of(r: int, length: int, kernel: int, stride: int, before: int, dilation: int, outs: int) -> Iterator[tuple]:
    """Along one axis, for the elements r + stride·q: none, or what `phases_of` gives.

    Those k of the kernel reach them for which dilation·k has the remainder of r + before. They are evenly spaced, say
    k = first + jump·j, and so are the outputs that read the element with them: p = q + here - step·j.
    """
    jump = stride // math.gcd(stride, dilation)
    first = next((k for k in range(min(kernel, jump)) if (r + before - dilation * k) % stride == 0), None)
    if first is None:
        return
    here, step = (r + before - dilation * first) // stride, dilation * jump // stride
    last = (kernel - 1 - first) // jump
    taps = slice(first + jump * last, first - 1 if first else None, -jump)
    count = -((r - length) // stride)
    start = last * step - here
    yield slice(r, None, stride), taps, (start, count + here - outs), count, step


def weigh(x: ndarray, g: ndarray, window: Window, groups: int) -> ndarray:
    """The transpose of `correlate` in w."""
    n, outs, channels = x.shape[0], g.shape[1] // groups, x.shape[1] // groups
    x = padded(x, window.padding)
    x = x.reshape(n, groups, channels, *x.shape[2:])
    p = plan(x.shape, window.kernel, window.out, window.stride, window.dilation, x.itemsize)
    # BLAS is up to twice as fast on the copy.
    g = np.ascontiguousarray(g.reshape(n, groups, outs, -1).swapaxes(2, 3))
    w = np.zeros((p.parts, groups, p.size, outs), x.dtype)
    for images, places, parts in columns(x, p):
        for kernel, part in zip(w, parts):
            kernel += np.add.reduce(np.matmul(part, g[images, :, places]), axis=0)
    w = w.reshape(p.parts, groups, channels, -1, outs).transpose(1, 4, 2, 0, 3)
    return w.reshape(groups * outs, channels, *window.kernel)
