"""Reading and writing parts of an array: x[i], take, take_along_axis and x.at[i].

An index is split in two: what is known beforehand (integers, slices, None, …) is a parameter of the op, index arrays are
further inputs of it, without gradient. Reading (`GetItem`) and adding into zeros (`AddAt`) are each other's transpose, so
that two rules of one line serve every order.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..broadcast import BroadcastTo
from ..errors import DTypeError, ShapeError
from ..primitive import AsType, Primitive
from ..tensor import Tensor, as_tensor
from .elementwise import add, maximum, minimum, multiply, remainder
from .select import Where, clip
from .shape import reshape

ALL = slice(None)


class ArrayHere:
    """Marks the place of an index array in an `Index`; `mask` tells that it is boolean."""

    __slots__ = ("mask",)

    def __init__(self, mask: bool) -> None:
        self.mask = mask

    def __repr__(self) -> str:
        return "mask" if self.mask else "array"


ARRAY, MASK = ArrayHere(False), ArrayHere(True)


class Index:
    """What stands between the brackets of x[…], as a value: integers, slices, None, Ellipsis, and marks for index arrays."""

    __slots__ = ("arrays", "parts")

    def __init__(self, parts: tuple) -> None:
        self.parts = parts
        self.arrays = sum(type(p) is ArrayHere for p in parts)

    def key(self, arrays: Sequence[Any]) -> tuple:
        """The index that NumPy takes, with the index arrays in their places."""
        if not arrays:
            return self.parts
        rest = iter(arrays)
        return tuple(next(rest) if type(p) is ArrayHere else p for p in self.parts)

    @property
    def repeats(self) -> bool:
        """Whether it may name an element more than once: integer arrays may, all else cannot."""
        return self.arrays > 1 or ARRAY in self.parts

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


@dataclass(frozen=True)
class GetItem(Primitive):
    """x[index]. Inputs: x, and the index arrays; an element that is named twice is read twice."""

    index: Index
    name: ClassVar[str] = "getitem"

    @property
    def views(self) -> bool:  # type: ignore[override]
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
        return range(1, self.index.arrays + 1) if i == 0 else ()


@dataclass(frozen=True)
class AddAt(Primitive):
    """Zeros of shape `target` with x added at an index: the transpose of reading there. Repeats add up."""

    index: Index
    target: tuple[int, ...]
    name: ClassVar[str] = "add_at"

    def forward(self, x: ndarray, *arrays: Any) -> ndarray:
        key = self.index.key(arrays)
        try:
            if self.index.repeats:
                return accumulate(x, key, self.target)
            y = np.zeros(self.target, x.dtype)
            y[key] = x
            return y
        except IndexError as error:
            raise out_of_range(self.index, error, self.target) from None

    def vjp(self, i: int, g: Any, y: Any, x: Any, *arrays: Any) -> Any:
        return GetItem(self.index)(g, *arrays) if i == 0 else None

    def jvp(self, i: int, t: Any, y: Any, x: Any, *arrays: Any) -> Any:
        return self(t, *arrays) if i == 0 else None

    def shape(self, x: tuple[int, ...], *arrays: tuple[int, ...]) -> tuple[int, ...]:
        selected = selected_shape(self.index, self.target, arrays)
        if x != selected:
            raise ShapeError(f"add_at: shape {x} given for the index [{self.index}] that selects shape {selected}")
        return self.target

    def uses(self, i: int) -> Sequence[int]:
        return range(1, self.index.arrays + 1) if i == 0 else ()


@dataclass(frozen=True)
class SetAt(Primitive):
    """A copy of x with z written at an index. Inputs: x, z, and the index arrays; of repeats the last one stays."""

    index: Index
    name: ClassVar[str] = "set_at"

    def forward(self, x: ndarray, z: Any, *arrays: Any) -> ndarray:
        y = x.copy()
        try:
            y[self.index.key(arrays)] = z
        except IndexError as error:
            raise out_of_range(self.index, error, x.shape) from None
        return y

    def vjp(self, i: int, g: Any, y: Any, x: Any, z: Any, *arrays: Any) -> Any:
        if i == 0:
            return self(g, 0.0, *arrays)
        if i > 1:
            return None
        selected = GetItem(self.index)(g, *arrays)
        return Where()(Stays(self.index, g.shape)(*arrays), selected, 0.0) if self.index.repeats else selected

    def jvp(self, i: int, t: Any, y: Any, x: Any, z: Any, *arrays: Any) -> Any:
        if i == 0:
            return self(t, 0.0, *arrays)
        written = BroadcastTo(selected_shape(self.index, x.shape, arrays))(t)
        if self.index.repeats:
            written = Where()(Stays(self.index, x.shape)(*arrays), written, 0.0)
        return AddAt(self.index, x.shape)(written, *arrays)

    def shape(self, x: tuple[int, ...], z: tuple[int, ...], *arrays: tuple[int, ...]) -> tuple[int, ...]:
        selected = selected_shape(self.index, x, arrays)
        if BroadcastTo(selected).shape(z) != selected:
            raise ShapeError(f"set_at: shape {z} does not broadcast to the selected shape {selected}")
        return x

    def uses(self, i: int) -> Sequence[int]:
        return range(2, self.index.arrays + 2) if i < 2 else ()


@dataclass(frozen=True)
class Stays(Primitive):
    """For each element that an index names in an array of shape `target`, whether it is the last one written there."""

    index: Index
    target: tuple[int, ...]
    name: ClassVar[str] = "stays"
    differentiable: ClassVar[bool] = False

    def forward(self, *arrays: Any) -> Any:
        key = self.index.key(arrays)
        written = np.full(self.target, -1)
        selected = written[key]
        number = np.arange(selected.size).reshape(selected.shape)
        written[key] = number
        return written[key] == number

    def shape(self, *arrays: tuple[int, ...]) -> tuple[int, ...]:
        return selected_shape(self.index, self.target, arrays)


def accumulate(x: ndarray, key: tuple, target: tuple[int, ...]) -> ndarray:
    """Zeros with x added at a key that may repeat. Counting with weights is up to four times faster than `np.add.at`."""
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
    return np.bincount(places, x.ravel(), minlength=math.prod(target)).reshape(target)


def flat_places(key: tuple, target: tuple[int, ...]) -> ndarray:
    """Where each selected element lies in the flat array. Rows are so frequent that they do not number all elements."""
    if len(key) > 1:
        return np.arange(math.prod(target)).reshape(target)[key].ravel()
    rows = np.arange(target[0])[key]
    width = math.prod(target[1:])
    return rows.ravel() if width == 1 else (rows.reshape(-1, 1) * width + np.arange(width)).ravel()


def selected_shape(index: Index, shape: tuple[int, ...], arrays: Sequence[Any]) -> tuple[int, ...]:
    """The shape that an index selects, from shapes alone if no mask is in it."""
    shapes = [a if type(a) is tuple else a.shape for a in arrays]
    ...


def out_of_range(index: Index, error: Exception, shape: tuple[int, ...]) -> IndexError:
    """NumPy's complaint with the index and the shape."""
    return IndexError(f"x[{index}] of a Tensor of shape {shape}: {error}")
