"""Reading parts of an array: x[i], take and take_along_axis.

An index is split in two: what is known beforehand (integers, slices, None, …) is a parameter of the op; index arrays
are further inputs of it, without gradient. Reading (`GetItem`) and adding into zeros (`AddAt`) are each other's
transpose, so that two rules of one line serve every order. A mask stands for the positions of its true elements.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index as whole
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..errors import ShapeError
from ..linear import Linear
from ..primitive import AsType, apply
from ..tensor import Tensor, as_tensor, from_array
from .elementwise import remainder
from .select import clip
from .shape import _reshape, axes_of

ALL = slice(None)
ARRAYS = (Tensor, ndarray, list, tuple)
SLICED = {int, type(None)}
PLAIN = {int, type(None), type(Ellipsis)}


class Gap:
    """Marks where an index array goes."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


ARRAY, MASK = Gap("array"), Gap("mask")


class Index:
    """What stands between the brackets of x[…], as a value: integers, slices, None, Ellipsis, and gaps for arrays."""

    __slots__ = ("arrays", "parts")

    def __init__(self, parts: tuple, arrays: int = 0) -> None:
        self.parts, self.arrays = parts, arrays

    def key(self, arrays: Sequence[Any]) -> tuple:
        """The index that NumPy takes, with the index arrays in their places."""
        if not arrays:
            return self.parts
        rest = iter(arrays)
        return tuple(next(rest) if type(p) is Gap else p for p in self.parts)

    @property
    def repeats(self) -> bool:
        """Whether it may name an element more than once: integer arrays may, all else cannot."""
        return ARRAY in self.parts

    def comparable(self) -> tuple:
        """Its parts as hashable values."""
        return tuple((p.start, p.stop, p.step) if type(p) is slice else p for p in self.parts)

    def __eq__(self, other: object) -> bool:
        return type(other) is Index and self.comparable() == other.comparable()

    def __hash__(self) -> int:
        return hash(self.comparable())

    def __repr__(self) -> str:
        return ", ".join(map(part_text, self.parts))


def part_text(part: Any) -> str:
    """A part of an index as it is written."""
    if type(part) is slice:
        text = ["" if b is None else str(b) for b in (part.start, part.stop, part.step)]
        return ":".join(text if text[2] else text[:2])
    return "..." if part is Ellipsis else repr(part)


# -- the primitives ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GetItem(Linear):
    """x[index]. Inputs: x, and the index arrays; an element that is named twice is read twice."""

    index: Index
    name: ClassVar[str] = "getitem"

    def __call__(self, x: Any, *arrays: Any) -> Any:
        return apply(self, (x, *arrays)) if arrays else super().__call__(x)

    @property
    def views(self) -> bool:
        return self.index.arrays == 0

    def forward(self, x: ndarray, *arrays: Any) -> Any:
        try:
            return x[self.index.key(arrays)]
        except IndexError as error:
            raise out_of_range(self.index, error, x.shape) from None

    def vjp(self, i: int, g: Any, y: Any, x: Any, *arrays: Any) -> Any:
        return AddAt(self.index, x.shape)(g, *arrays) if i == 0 else None

    def jvp(self, i: int, t: Any, y: Any, x: Any, *arrays: Any) -> Any:
        return self(t, *arrays) if i == 0 else None

    def shape(self, x: tuple[int, ...], *arrays: tuple[int, ...]) -> tuple[int, ...]:
        return selected_shape(self.index, x, arrays)

    def uses(self, i: int) -> Sequence[int]:
        return range(1, self.index.arrays + 1)


@dataclass(frozen=True)
class AddAt(Linear):
    """Zeros of shape `target` with x added at an index: the transpose of reading there. Repeats add up."""

    index: Index
    target: tuple[int, ...]
    name: ClassVar[str] = "add_at"

    def __call__(self, x: Any, *arrays: Any) -> Any:
        return apply(self, (x, *arrays)) if arrays else super().__call__(x)

    def forward(self, x: ndarray, *arrays: Any) -> ndarray:
        key = self.index.key(arrays)
        if self.index.repeats:
            return accumulate(x, key, self.target)
        y = np.zeros(self.target, x.dtype)
        y[key] = x
        return y

    def vjp(self, i: int, g: Any, y: Any, x: Any, *arrays: Any) -> Any:
        return GetItem(self.index)(g, *arrays) if i == 0 else None

    def jvp(self, i: int, t: Any, y: Any, x: Any, *arrays: Any) -> Any:
        return self(t, *arrays) if i == 0 else None

    def shape(self, x: tuple[int, ...], *arrays: tuple[int, ...]) -> tuple[int, ...]:
        selected = selected_shape(self.index, self.target, arrays)
        if x != selected:
            raise ShapeError(f"add_at: the index [{self.index}] selects shape {selected}, and shape {x} was given")
        return self.target

    def uses(self, i: int) -> Sequence[int]:
        return range(1, self.index.arrays + 1)


def accumulate(x: ndarray, key: tuple, target: tuple[int, ...]) -> ndarray:
    """Zeros with x added at a key that may repeat. Weighted counts are up to four times as fast as `np.add.at`."""
    if x.dtype.char not in "efdFD":
        y = np.zeros(target, x.dtype)
        np.add.at(y, key, x)
        return y
    places = flat_places(key, target)
    if x.dtype.kind != "c":
        return weighted_count(places, x, target).astype(x.dtype, copy=False)
    y = np.empty(target, x.dtype)
    y.real, y.imag = weighted_count(places, x.real, target), weighted_count(places, x.imag, target)
    return y


def weighted_count(places: ndarray, x: ndarray, target: tuple[int, ...]) -> ndarray:
    """The sum of x over each place, in double precision."""
    return np.bincount(places.ravel(), x.ravel(), minlength=math.prod(target)).reshape(target)


def flat_places(key: tuple, target: tuple[int, ...]) -> ndarray:
    """Where each selected element lies in the flat array. A lone index array, the frequent case, numbers no others."""
    if len(key) > 1:
        return np.arange(math.prod(target)).reshape(target)[key]
    width = math.prod(target[1:])
    rows = np.arange(target[0])[key]
    return rows if width == 1 else rows[..., None] * width + np.arange(width)


def selected_shape(index: Index, shape: tuple[int, ...], arrays: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of what an index selects, from the shapes of its arrays."""
    try:
        return np.broadcast_to(np.False_, shape)[index.key([np.zeros(a, np.intp) for a in arrays])].shape
    except IndexError as error:
        raise out_of_range(index, error, shape) from None


def out_of_range(index: Index, error: Exception, shape: tuple[int, ...]) -> IndexError:
    """NumPy's complaint, with the index and the shape."""
    return IndexError(f"x[{index}] for x of shape {shape}: {error}")


# -- what a user writes ------------------------------------------------------------------------------------


def getitem(x: Any, item: Any) -> Tensor:
    """x[item]: integers, slices, `...`, None, integer arrays, boolean masks, and tuples of these, as in NumPy.

    Index arrays may be Tensors. The gradient of an element that is read n times is the sum of the n cotangents.
    Raises IndexError, with the shape of x, for what does not fit it, and for anything else between the brackets.

    >>> import autograd_core as ac
    >>> x = ac.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = ac.sum(x[[0, 0, 2]] * ac.tensor([1.0, 10.0, 100.0]))
    >>> y.backward()
    >>> x.grad
    tensor([ 11.,   0., 100.])
    """
    x = as_tensor(x)
    if isinstance(item, (bool, np.bool_)):
        item = np.array(item)
    if isinstance(item, (np.ndarray, Tensor)) and item.ndim == 0 and item.dtype == bool:
        x, item = _reshape((1, *x.shape))(x), as_tensor(item).array.reshape(1)
    index, arrays = parse(item, x.shape)
    return GetItem(index)(x, *arrays)


def take(x: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Tensor:
    """The elements of x at whole-number positions along an axis, or of the flattened x if axis is None.

    `mode` says what a position out of range does: "raise" an IndexError, "wrap" around, or "clip" to the ends.
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = _reshape((x.size,))(x), 0
    (axis,) = axes_of("take", axis, x.ndim)
    indices = as_tensor(indices) if np.ndim(indices) or isinstance(indices, Tensor) else whole(indices)
    if isinstance(indices, Tensor) and (indices.dtype == bool or not indices.size):
        indices = AsType(np.dtype(np.intp))(indices)
    if mode != "raise":
        last = x.shape[axis] - 1
        indices = remainder.public(indices, last + 1) if mode == "wrap" else clip(indices, 0, last)
    return getitem(x, (ALL,) * axis + (indices,))


def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Tensor:
    """The elements x[…, indices[…, k, …], …]: positions along `axis` for each place in the other axes, which broadcast.

    Goes with argsort and argmax. With axis None both arrays are flattened. Raises ShapeError if `indices` has not as
    many axes as x.
    """
    x, indices = as_tensor(x), as_tensor(indices)
    if axis is None:
        x, indices, axis = _reshape((x.size,))(x), _reshape((indices.size,))(indices), 0
    if indices.ndim != x.ndim:
        raise ShapeError(f"take_along_axis: x has shape {x.shape}, indices {indices.shape}: equally many axes needed")
    (axis,) = axes_of("take_along_axis", axis, x.ndim)
    numbers = [np.arange(n).reshape(-1, *(1,) * (x.ndim - 1 - a)) for a, n in enumerate(x.shape)]
    return getitem(x, tuple(indices if a == axis else numbers[a] for a in range(x.ndim)))


# -- reading an index --------------------------------------------------------------------------------------


def parse(item: Any, shape: tuple[int, ...]) -> tuple[Index, list[Tensor]]:
    """The index that `item` means on an array of this shape, and its index arrays."""
    given = item if isinstance(item, tuple) else (item,)
    if is_plain(given):
        return Index(given), []
    items = [as_index(p) if isinstance(p, ARRAYS) else plain(p) for p in given]
    masks = [i for i, p in enumerate(items) if isinstance(p, Tensor) and p.dtype == bool]
    unmasked: list[Any] = []
    for i, p in enumerate(items):
        unmasked += positions(p, i, items, shape) if i in masks else (p,)
    arrays = [p for p in unmasked if isinstance(p, Tensor)]
    # The positions from a single mask name no element twice.
    gap = MASK if len(masks) == 1 and len(arrays) == items[masks[0]].ndim else ARRAY
    return Index(tuple(gap if isinstance(p, Tensor) else p for p in unmasked), len(arrays)), arrays


def as_index(part: Any) -> Tensor:
    """An index array as a Tensor of whole numbers or booleans."""
    array = as_tensor(part)
    if array.dtype.kind in "iub":
        return array
    if not array.size and isinstance(part, (list, tuple)):
        return AsType(np.dtype(np.intp))(array)
    raise IndexError(f"an index array holds whole numbers or booleans, not {array.dtype}. Convert it: i.astype(int).")


def is_plain(parts: tuple) -> bool:
    """Whether all parts are Python's own integers, slices of such, None or Ellipsis, the quick and frequent case."""
    for p in parts:
        if type(p) is slice:
            if not {type(p.start), type(p.stop), type(p.step)} <= SLICED:
                return False
        elif type(p) not in PLAIN:
            return False
    return True


def plain(part: Any) -> Any:
    """A part of an index that is no array, with Python's own integers."""
    if part is None or part is Ellipsis:
        return part
    try:
        if isinstance(part, slice):
            return slice(*(None if b is None else whole(b) for b in (part.start, part.stop, part.step)))
        if not isinstance(part, (bool, np.bool_)):
            return whole(part)
    except TypeError:
        pass
    raise IndexError(
        f"{part!r} is no index: use integers, slices, ..., None, arrays of integers or booleans, or tuples of these"
    )


def positions(mask: Tensor, i: int, items: list[Any], shape: tuple[int, ...]) -> Iterator[Tensor]:
    """Where the mask, part number i of the items, is true: one index array for each axis that it stands for."""
    covered = [p.ndim if isinstance(p, Tensor) and p.dtype == bool else int(p is not None) for p in items]
    dots = [k for k, p in enumerate(items) if p is Ellipsis]
    start = sum(covered[:i]) + (len(shape) - sum(covered) if dots and dots[0] < i else 0)
    axes = shape[start : start + mask.ndim]
    if mask.ndim == 0 or mask.shape != axes:
        raise IndexError(f"a mask of shape {mask.shape} does not fit the axes {axes} of shape {shape} it stands for")
    return map(from_array, np.nonzero(mask.array))
