"""What stands between the brackets of x[…], as a value, and how it is read.

An index is split in two: what is known beforehand (integers, slices, None, …) is a parameter of an op; index arrays are
further inputs of it, without gradient. A mask stands for the positions of its true elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as whole
from typing import Any

import numpy as np
from numpy import ndarray

from ..batch import aligned, batch_size
from ..errors import DTypeError, ShapeError
from ..primitive import AsType
from ..tensor import Tensor, as_tensor, from_array
from .select import positions
from .shape import _reshape, with_ones

ALL = slice(None)
ARRAYS = (Tensor, ndarray, list, tuple, range)
BOOLS = (bool, np.bool_)
SLICED = {int, type(None)}
PLAIN = {int, type(None), type(Ellipsis)}


class Gap:
    """Marks where an index array goes."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


ARRAY = Gap("array")
# Index arrays that together name no element twice: the positions of a mask, a permutation.
MASK, DISTINCT = Gap("mask"), Gap("distinct")


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

    def start(self, ndim: int) -> int:
        """How many axes of what it selects from `ndim` axes stand before those of its index arrays.

        None do if anything stands between index arrays and integers: NumPy then puts the axes of the arrays first.
        """
        fancy = [k for k, p in enumerate(self.parts) if type(p) in (Gap, int)]
        if fancy[-1] - fancy[0] >= len(fancy):
            return 0
        taken = sum(p is not None and p is not Ellipsis for p in self.parts)
        return sum(ndim - taken if p is Ellipsis else 1 for p in self.parts[: fancy[0]])

    def comparable(self) -> tuple:
        """Its parts as hashable values."""
        return tuple((p.start, p.stop, p.step) if type(p) is slice else p for p in self.parts)

    def __eq__(self, other: object) -> bool:
        return type(other) is Index and self.comparable() == other.comparable()

    def __hash__(self) -> int:
        return hash(self.comparable())

    def __repr__(self) -> str:
        return ", ".join(map(part_text, self.parts))


ROWS = Index((ARRAY,), 1)  # a lone index array, the frequent case


def part_text(part: Any) -> str:
    """A part of an index as it is written."""
    if type(part) is slice:
        text = ["" if b is None else str(b) for b in (part.start, part.stop, part.step)]
        return ":".join(text if text[2] else text[:2])
    return "..." if part is Ellipsis else repr(part)


def selected_shape(index: Index, shape: tuple[int, ...], arrays: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of what an index selects, from the shapes of its arrays."""
    try:
        return np.broadcast_to(np.False_, shape)[index.key([np.zeros(a, np.intp) for a in arrays])].shape
    except IndexError as error:
        raise out_of_range(index, error, shape) from None


def out_of_range(index: Index, error: Exception, shape: tuple[int, ...]) -> IndexError:
    """NumPy's complaint, with the index and the shape."""
    return IndexError(f"x[{index}] for x of shape {shape}: {error}")


# -- an index on a batch -----------------------------------------------------------------------------------


def stacked(index: Index, own: bool, flags: Sequence[bool], arrays: Sequence[Any], ndim: int) -> Any:
    """An index for the examples of a batch: the index, its arrays, and the order of axes that puts the batch first.

    `own` tells whether the array that is indexed, with `ndim` axes an example, has the batch as its first axis; `flags`
    tell it of the index arrays. If some have it as well, the numbers 0, 1, … of the examples become an index array too.
    """
    parts = index.parts
    block = max((np.ndim(a) - flag for a, flag in zip(arrays, flags)), default=0)
    if not any(flags):
        new = Index((ALL, *parts), index.arrays)
        at = block if arrays and new.start(ndim + 1) == 0 else 0
        return new, arrays, front(at, selected_ndim(index, ndim, block) + 1)
    arrays, start, total = aligned(flags, arrays), index.start(ndim), selected_ndim(index, ndim, block) + 1
    if not own:  # examples may name the same element
        new = Index(tuple(ARRAY if type(p) is Gap else p for p in parts), index.arrays)
        return new, arrays, front(start, total)
    size = batch_size([True], [next(a for a, flag in zip(arrays, flags) if flag)])
    numbers = np.arange(size).reshape(size, *(1,) * block)
    new = Index((ARRAY if index.repeats else DISTINCT, *parts), index.arrays + 1)
    before = range(1 + block, 1 + block + start)
    order = (0, *before, *range(1, 1 + block), *range(1 + block + start, total))
    return new, [numbers, *arrays], order


def front(axis: int, ndim: int) -> tuple[int, ...]:
    """The order of `ndim` axes with one of them moved to the front."""
    return (axis, *range(axis), *range(axis + 1, ndim))


def selected_ndim(index: Index, ndim: int, block: int) -> int:
    """The number of axes that an index selects from `ndim`, with `block` axes for its arrays."""
    taken = sum(p is not None and p is not Ellipsis for p in index.parts)
    return ndim - taken + sum(p is None or type(p) is slice for p in index.parts) + block


# -- reading an index --------------------------------------------------------------------------------------


def parse(item: Any, shape: tuple[int, ...]) -> tuple[Index, list[Tensor], tuple[int, ...]]:
    """The index that `item` means on an array of this shape, its index arrays, and the shape to index instead.

    That is another one where there is a mask without axes, which adds an axis of length 1 or 0, as in NumPy.
    """
    given = item if isinstance(item, tuple) else (item,)
    if is_plain(given):
        return Index(given), [], shape
    items = [as_index(p) if isinstance(p, ARRAYS + BOOLS) else plain(p) for p in given]
    if len(items) == 1 and isinstance(items[0], Tensor) and not is_mask(items[0]):
        return ROWS, items, shape
    masks = [is_mask(p) for p in items]
    covered = [p.ndim if mask else int(p is not None and p is not Ellipsis) for p, mask in zip(items, masks)]
    parts: list[Any] = []
    new: list[int] = []
    axis = 0
    for p, mask, n in zip(items, masks, covered):
        if mask and n == 0:
            new.append(axis + len(new))
        parts += true_positions(p, axis, shape) if mask else (p,)
        axis += len(shape) - sum(covered) if p is Ellipsis else n
    arrays = [p for p in parts if isinstance(p, Tensor)]
    # The positions from a single mask name no element twice.
    gap = MASK if sum(masks) == 1 and len(arrays) == max(1, covered[masks.index(True)]) else ARRAY
    index = Index(tuple(gap if isinstance(p, Tensor) else p for p in parts), len(arrays))
    return index, arrays, with_ones(shape, new) if new else shape


def is_mask(part: Any) -> bool:
    """Whether a part of an index is an array of booleans."""
    return isinstance(part, Tensor) and part.dtype == bool


def true_positions(mask: Tensor, axis: int, shape: tuple[int, ...]) -> tuple[Tensor, ...]:
    """Where a mask for the axes from `axis` on is true: an index array for each of its axes, one if it has none."""
    axes = shape[axis : axis + mask.ndim]
    if mask.shape != axes:
        raise IndexError(f"a mask of shape {mask.shape} does not fit the axes {axes} of shape {shape} it stands for")
    return tuple(map(from_array, positions(mask if axes else _reshape((1,))(mask))))


def as_index(part: Any, name: str = "x[…]") -> Tensor:
    """An index array as a Tensor of whole numbers or booleans; `name` is what indexes with it."""
    try:
        array = as_tensor(part)
    except (ShapeError, DTypeError) as error:
        raise IndexError(f"{name}: {part!r} is no index: {error}") from None
    if array.dtype.kind in "iub":
        return array
    if not array.size and isinstance(part, (list, tuple)):
        return AsType(np.dtype(np.intp))(array)
    raise IndexError(f"{name}: an index array holds whole numbers or booleans, not {array.dtype}. Convert it: i.astype(int).")


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
        return whole(part)
    except TypeError:
        raise IndexError(
            f"{part!r} is no index: use integers, slices, ..., None, arrays of integers or booleans, or tuples of these"
        ) from None
