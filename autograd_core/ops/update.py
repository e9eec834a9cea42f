"""Changed copies of an array: `x.at[i].set(z)`, and add, multiply, max and min; x itself stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..broadcast import BroadcastTo, broadcast_to
from ..errors import DTypeError
from ..primitive import AsType, Primitive
from ..tensor import Tensor, as_tensor, from_array
from .elementwise import add, maximum, minimum, multiply
from .index import MASK, AddAt, GetItem, Index, flat_places, out_of_range, parse, selected_shape
from .select import _where
from .shape import _reshape


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
        return _where(Stays(self.index, g.shape)(*arrays), selected, 0.0) if self.index.repeats else selected

    def jvp(self, i: int, t: Any, y: Any, x: Any, z: Any, *arrays: Any) -> Any:
        if i == 0:
            return self(t, 0.0, *arrays)
        return self(np.zeros(x.shape, t.dtype), t, *arrays) if i == 1 else None

    def shape(self, x: tuple[int, ...], z: tuple[int, ...], *arrays: tuple[int, ...]) -> tuple[int, ...]:
        BroadcastTo(selected_shape(self.index, x, arrays)).shape(z)
        return x

    def uses(self, i: int) -> Sequence[int]:
        return range(2, self.index.arrays + 2)


@dataclass(frozen=True)
class Stays(Primitive):
    """For each element that an index names in an array of shape `target`, whether it is the last one written there."""

    index: Index
    target: tuple[int, ...]
    name: ClassVar[str] = "stays"
    differentiable: ClassVar[bool] = False

    def forward(self, *arrays: Any) -> Any:
        key = self.index.key(arrays)
        last = np.empty(self.target, np.intp)
        number = np.arange(last[key].size).reshape(last[key].shape)
        last[key] = number
        return last[key] == number

    def shape(self, *arrays: tuple[int, ...]) -> tuple[int, ...]:
        return selected_shape(self.index, self.target, arrays)


class At:
    """x.at, for changed copies: `x.at[i].set(z)` is x with z at i, and x stays as it is."""

    __slots__ = ("x",)

    def __init__(self, x: Tensor) -> None:
        self.x = x

    def __getitem__(self, item: Any) -> Changed:
        return Changed(self.x, *parse(item, self.x.shape))


class Changed:
    """x.at[index]: makes copies of x that differ at the index. Values broadcast to the shape there."""

    __slots__ = ("arrays", "index", "x")

    def __init__(self, x: Tensor, index: Index, arrays: list[Tensor]) -> None:
        self.x, self.index, self.arrays = x, index, arrays

    def set(self, value: Any) -> Tensor:
        """With `value` there. Where the index repeats, the last value stays and gets the gradient."""
        return SetAt(self.index)(self.x, self.value(value, "set"), *self.arrays)

    def add(self, value: Any) -> Tensor:
        """With `value` added there, once for each time that the index names an element."""
        selected = selected_shape(self.index, self.x.shape, [a.shape for a in self.arrays])
        value = broadcast_to(self.value(value, "add"), selected)
        return add(self.x, AddAt(self.index, self.x.shape)(value, *self.arrays))

    def multiply(self, value: Any) -> Tensor:
        """With the elements there times `value`, once for each time that the index names one."""
        return self.changed(multiply, self.value(value, "multiply"))

    def max(self, value: Any) -> Tensor:
        """With the larger of the elements there and `value`; two equal ones share the gradient equally."""
        return self.changed(maximum, self.value(value, "max"))

    def min(self, value: Any) -> Tensor:
        """With the smaller of the elements there and `value`; two equal ones share the gradient equally."""
        return self.changed(minimum, self.value(value, "min"))

    def value(self, value: Any, name: str) -> Tensor:
        """The value as a Tensor of x's dtype."""
        value = as_tensor(value)
        if not np.can_cast(value.dtype, self.x.dtype, "same_kind"):
            raise DTypeError(
                f"x.at[{self.index}].{name}: dtype {value.dtype} does not go into x of dtype {self.x.dtype}. "
                f"Convert x first: x.astype({str(value.dtype)!r})."
            )
        return value if value.dtype == self.x.dtype else AsType(self.x.dtype)(value)

    def changed(self, op: Callable, value: Tensor) -> Tensor:
        """The copy with op(element, value); an element that is named n times is changed in n rounds."""
        index, arrays = self.index, self.arrays
        if not index.repeats:
            return SetAt(index)(self.x, op(GetItem(index)(self.x, *arrays), value), *arrays)
        places = flat_places(index.key([a.array for a in arrays]), self.x.shape)
        y, z = (_reshape((a.size,))(a) for a in (self.x, broadcast_to(value, places.shape)))
        flat = Index((MASK,), 1)
        for visit in rounds(places.ravel()):
            there = from_array(places.ravel()[visit])
            y = SetAt(flat)(y, op(GetItem(flat)(y, there), GetItem(flat)(z, from_array(visit))), there)
        return _reshape(self.x.shape)(y)


def rounds(places: ndarray) -> list[ndarray]:
    """The numbers 0 … n-1 of the places in groups in which no place repeats: all first visits, all second ones, ….

    >>> [list(map(int, r)) for r in rounds(np.array([5, 3, 5, 5]))]
    [[0, 1], [2], [3]]
    """
    order = np.argsort(places, kind="stable")
    ranked = places[order]
    first = np.searchsorted(ranked, ranked)
    visit = np.empty(places.size, np.intp)
    visit[order] = np.arange(places.size) - first
    return [np.flatnonzero(visit == v) for v in range(visit.max(initial=-1) + 1)]
