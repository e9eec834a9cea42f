"""PyTorch's functions on Tensors where more than a name differs from NumPy's: an order of arguments, a meaning, a result.

Each takes PyTorch's arguments under PyTorch's names. `compat` makes functions and methods of them, and in-place methods.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_core as ac

# -- sizes -----------------------------------------------------------------------------------------------------


def sizes(*given: Any, **named: Any) -> tuple[int, ...]:
    """Lengths or axes that are given one by one, or as one sequence, or under a name."""
    values = given or tuple(named.values())
    if len(values) == 1 and (values[0] is None or hasattr(values[0], "__len__")):
        values = values[0] or ()
    return tuple(int(n) for n in values)


def reshape(input: Any, *shape: Any, **named: Any) -> ac.Tensor:
    """The same elements in another shape; one length may be -1."""
    return ac.reshape(input, sizes(*shape, **named))


def view(input: Any, *shape: Any, **named: Any) -> ac.Tensor:
    """The same elements in another shape, or read as another dtype of the same width."""
    if len(shape) == 1 and isinstance(shape[0], (np.dtype, type)):
        return ac.tensor(input.detach().numpy().view(shape[0]))
    return reshape(input, *shape, **named)


def permute(input: Any, *dims: Any, **named: Any) -> ac.Tensor:
    """The axes in another order."""
    return ac.transpose(input, sizes(*dims, **named))


def transpose(input: Any, dim0: Any = None, dim1: Any = None, *more: Any) -> ac.Tensor:
    """Two axes exchanged; NumPy's orders of all axes, and none, are understood too."""
    if isinstance(dim0, int) and isinstance(dim1, int) and not more:
        return ac.swapaxes(input, dim0, dim1)
    return ac.transpose(input, dim0 if dim1 is None else (dim0, dim1, *more))


def t(input: Any) -> ac.Tensor:
    """A matrix transposed; a vector or a number as it is. Raises ShapeError for more than two axes."""
    x = ac.as_tensor(input)
    if x.ndim > 2:
        raise ac.errors.ShapeError(f"t: a matrix needed, and shape {tuple(x.shape)} given. Use transpose(dim0, dim1).")
    return ac.transpose(x)


def squeeze(input: Any, dim: Any = None) -> ac.Tensor:
    """Without the axes of length 1, or those of them that are in `dim`."""
    x = ac.as_tensor(input)
    if dim is None:
        return ac.squeeze(x)
    dims = [dim] if isinstance(dim, int) else list(dim)
    return ac.squeeze(x, tuple(d for d in dims if x.shape[d] == 1))


def expand(input: Any, *size: Any, **named: Any) -> ac.Tensor:
    """Axes of length 1, and new ones in front, repeated up to these lengths; -1 keeps a length."""
    x, wanted = ac.as_tensor(input), sizes(*size, **named)
    own = (1,) * (len(wanted) - x.ndim) + tuple(x.shape)
    return ac.broadcast_to(x, tuple(m if n == -1 else n for n, m in zip(wanted, own, strict=True)))


def repeat(input: Any, *repeats: Any, **named: Any) -> ac.Tensor:
    """The whole repeated along each axis, and along new ones in front."""
    return ac.tile(input, sizes(*repeats, **named))


def repeat_interleave(input: Any, repeats: Any, dim: int | None = None) -> ac.Tensor:
    """Each element repeated along an axis, or of the flattened Tensor."""
    return ac.repeat(input, repeats.tolist() if isinstance(repeats, ac.Tensor) else repeats, dim)


def flip(input: Any, *dims: Any, **named: Any) -> ac.Tensor:
    """The order along these axes reversed."""
    return ac.flip(input, sizes(*dims, **named))


def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[ac.Tensor, ...]:
    """Parts of this length along an axis, the last one shorter, or parts of these lengths."""
    x, size = ac.as_tensor(tensor), split_size_or_sections
    n = x.shape[dim]
    ends = range(size, n, size) if isinstance(size, int) else np.cumsum(size)[:-1]
    return tuple(ac.split(x, [int(end) for end in ends], dim))


def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[ac.Tensor, ...]:
    """At most `chunks` parts of equal length along an axis, the last one shorter."""
    x = ac.as_tensor(input)
    return split(x, max(math.ceil(x.shape[dim] / chunks), 1), dim)


def narrow(input: Any, dim: int, start: int, length: int) -> ac.Tensor:
    """`length` entries along an axis, from `start` on."""
    return ac.take(input, np.arange(start, start + length), dim)


def select(input: Any, dim: int, index: int) -> ac.Tensor:
    """One entry along an axis, which is left out."""
    return ac.take(input, index, dim)


def unfold(input: Any, dimension: int, size: int, step: int) -> ac.Tensor:
    """All windows of a size along an axis, `step` apart; their entries are a new last axis."""
    windows = ac.sliding_window_view(input, size, dimension)
    return ac.take(windows, np.arange(0, windows.shape[dimension], step), dimension)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[ac.Tensor, ...]:
    """The coordinates of a grid; unlike NumPy's, the first Tensor runs along the first axis."""
    each = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    return tuple(ac.meshgrid(*each, indexing=indexing))


# -- choosing ----------------------------------------------------------------------------------------------------


def masked_fill(input: Any, mask: Any, value: Any) -> ac.Tensor:
    """`value` where the mask is true."""
    x = ac.as_tensor(input)
    value = value if isinstance(value, ac.Tensor) else np.asarray(value, x.dtype)
    return ac.where(mask, value, x)


def masked_select(input: Any, mask: Any) -> ac.Tensor:
    """The elements where the mask is true, in one line."""
    x, mask = ac.broadcast_arrays(input, mask)
    return x[mask]


def gather(input: Any, dim: int, index: Any) -> ac.Tensor:
    """For each place of `index` the element with that number along `dim`."""
    return ac.gather(input, index, dim)


def scatter(input: Any, dim: int, index: Any, src: Any = None, value: Any = None) -> ac.Tensor:
    """A copy with src[…, k, …], or one value, written at […, index[…, k, …], …]."""
    src, index = value if src is None else src, ac.as_tensor(index)
    if isinstance(src, ac.Tensor) and src.ndim:
        src = src[tuple(slice(n) for n in index.shape)]
    places = list(np.ogrid[tuple(slice(n) for n in index.shape)])
    places[dim] = index
    return ac.as_tensor(input).at[tuple(places)].set(src)


def scatter_add(input: Any, dim: int, index: Any, src: Any) -> ac.Tensor:
    """A copy with src[…, k, …] added at […, index[…, k, …], …]."""
    index = ac.as_tensor(index)
    return ac.scatter_add(input, index, ac.as_tensor(src)[tuple(slice(n) for n in index.shape)], dim)


def index_add(input: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> ac.Tensor:
    """A copy with the entries of `source` along an axis added to those with the numbers `index`."""
    x = ac.as_tensor(input)
    key = (slice(None),) * (dim % x.ndim) + (ac.as_tensor(index),)
    return x.at[key].add(source if alpha == 1 else alpha * source)


def take(input: Any, index: Any) -> ac.Tensor:
    """The elements with these numbers in the flattened Tensor."""
    return ac.take(input, index)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition is true and `other` elsewhere; alone, the places where it is true."""
    return ac.nonzero(condition) if input is None and other is None else ac.where(condition, input, other)


def nonzero(input: Any, as_tuple: bool = False) -> Any:
    """The places that are not 0: one row for each, or an array of numbers for each axis."""
    return ac.nonzero(input) if as_tuple else ac.argwhere(input)


def clamp(input: Any, min: Any = None, max: Any = None) -> ac.Tensor:
    """Elements moved to the nearest number between two bounds."""
    return ac.clip(input, min, max)


def clamp_min(input: Any, min: Any) -> ac.Tensor:
    """Elements below a bound moved to it."""
    return ac.clip(input, min, None)


def clamp_max(input: Any, max: Any) -> ac.Tensor:
    """Elements above a bound moved to it."""
    return ac.clip(input, None, max)


def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> ac.Tensor:
    """A copy with values written, or added, at the places that an array for each axis tells."""
    places = ac.as_tensor(input).at[tuple(indices)]
    return places.add(values) if accumulate else places.set(values)


def searchsorted(sorted_sequence: Any, input: Any, right: bool = False) -> ac.Tensor:
    """Where numbers would go in a sorted sequence: before equal ones, or behind them."""
    return ac.searchsorted(sorted_sequence, input, "right" if right else "left")


def bucketize(input: Any, boundaries: Any, right: bool = False) -> ac.Tensor:
    """Between which boundaries numbers lie."""
    return searchsorted(boundaries, input, right)


# -- arithmetic ----------------------------------------------------------------------------------------------------


def add(input: Any, other: Any, alpha: Any = 1) -> Any:
    """input + alpha · other."""
    return ac.add(input, other if alpha == 1 else alpha * other)


def sub(input: Any, other: Any, alpha: Any = 1) -> Any:
    """input - alpha · other."""
    return ac.subtract(input, other if alpha == 1 else alpha * other)


def div(input: Any, other: Any, rounding_mode: str | None = None) -> Any:
    """input / other, rounded down ("floor") or towards 0 ("trunc") if asked for."""
    if rounding_mode == "floor":
        return ac.floor_divide(input, other)
    y = ac.divide(input, other)
    if rounding_mode != "trunc":
        return y
    kinds = np.result_type(*(each.dtype if hasattr(each, "dtype") else type(each) for each in (input, other)))
    return ac.trunc(y).astype(kinds) if kinds.kind in "iu" else ac.trunc(y)


def addmm(input: Any, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> ac.Tensor:
    """beta · input + alpha · mat1 @ mat2."""
    return ac.add(input if beta == 1 else beta * input, ac.matmul(mat1, mat2) * alpha)


def baddbmm(input: Any, batch1: Any, batch2: Any, beta: Any = 1, alpha: Any = 1) -> ac.Tensor:
    """beta · input + alpha · batch1 @ batch2, for each matrix of a batch."""
    return addmm(input, batch1, batch2, beta, alpha)


def addmv(input: Any, mat: Any, vec: Any, beta: Any = 1, alpha: Any = 1) -> ac.Tensor:
    """beta · input + alpha · mat @ vec."""
    return addmm(input, mat, vec, beta, alpha)


def adjoint(input: Any) -> ac.Tensor:
    """Each matrix transposed and conjugated."""
    return ac.conj(ac.matrix_transpose(input))


def broadcast_tensors(*tensors: Any) -> tuple[ac.Tensor, ...]:
    """All in one shape."""
    return tuple(ac.broadcast_arrays(*tensors))


def addcmul(input: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> ac.Tensor:
    """input + value · tensor1 · tensor2."""
    return ac.add(input, value * ac.multiply(tensor1, tensor2))


def addcdiv(input: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> ac.Tensor:
    """input + value · tensor1 / tensor2."""
    return ac.add(input, value * ac.divide(tensor1, tensor2))


def lerp(input: Any, end: Any, weight: Any) -> ac.Tensor:
    """input + weight · (end - input)."""
    return ac.add(input, weight * ac.subtract(end, input))


def rsqrt(input: Any) -> ac.Tensor:
    """1 / √input."""
    return ac.reciprocal(ac.sqrt(input))


def frac(input: Any) -> ac.Tensor:
    """What is behind the decimal point."""
    return ac.subtract(input, ac.trunc(input))


def round(input: Any, decimals: int = 0) -> ac.Tensor:
    """To the nearest whole number, halves to the even one."""
    return ac.round(input, decimals)


def cdist(x1: Any, x2: Any, p: float = 2.0) -> ac.Tensor:
    """The distance of order p of each row of x1 from each row of x2."""
    difference = ac.expand_dims(x1, -2) - ac.expand_dims(x2, -3)
    return ac.linalg.vector_norm(difference, axis=-1, ord=p)


def dist(input: Any, other: Any, p: float = 2.0) -> ac.Tensor:
    """The norm of order p of input - other."""
    return ac.linalg.vector_norm(ac.subtract(input, other), ord=p)


def equal(input: Any, other: Any) -> bool:
    """Whether two Tensors have the same shape and elements."""
    x, z = ac.as_tensor(input), ac.as_tensor(other)
    return tuple(x.shape) == tuple(z.shape) and bool(ac.all(ac.equal(x, z)))


def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close."""
    return bool(ac.all(ac.isclose(input, other, rtol, atol, equal_nan)))
