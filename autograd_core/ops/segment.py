"""Segments: sums, means, variances, extremes and products of rows that belong together, and softmax among them.

`segment_ids` says for each row of `data` (along its first axis) which segment it belongs to: a whole number from 0 to
`num_segments` - 1, in any order. The sum over segments is the transpose of reading rows at the ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import index as whole
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import batch_size, everywhere
from ..errors import ShapeError
from ..primitive import OUTPUT, AsType, Primitive
from ..table import conjugate
from ..tensor import Tensor, as_tensor
from .elementwise import add, divide, equal, logical_or, maximum, multiply, not_equal, subtract
from .index import AddAt, GetItem, InRange, flat_places
from .indices import DISTINCT, ROWS, Index, as_index
from .join import narrow
from .product import _join, scan, to_front
from .reduce import absolute_square, root
from .reduction import floating, highest, lowest
from .select import _where
from .shape import Shape, _reshape
from .sort import Order

read = GetItem(ROWS)  # rows of an array at given numbers
ordered = GetItem(Index((DISTINCT,), 1))  # all rows in another order


@lru_cache(maxsize=1024)
def _total(shape: Shape) -> AddAt:
    """The op that adds rows to zeros of this shape at given row numbers."""
    return AddAt(ROWS, shape)


# -- the primitives ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Segments(Primitive):
    """What ops on `count` segments share. The last input are the segment ids."""

    count: int

    def totals(self, x: Any, ids: Any) -> Any:
        """The sum of the rows of x in each segment."""
        return _total((self.count, *x.shape[1:]))(x, ids)

    def rows(self, x: Shape, ids: Shape) -> Shape:
        """The shape of a row of x; ShapeError unless there is one id for each."""
        if len(ids) != 1 or x[:1] != ids:
            raise ShapeError(f"{self.name}: shape {x} with segment ids of shape {ids}: one id for each row needed")
        return x[1:]

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        size = batch_size(flags, xs)
        if not flags[-1]:  # the batch becomes an axis of the rows
            y = self(*(to_front(x, 1)(x) for x in everywhere(flags, xs)[:-1]), xs[-1])
            return to_front(y, 1)(y)
        *values, ids = everywhere(flags, xs)
        ids = ids + self.count * np.arange(size).reshape(size, 1)  # each example has segments of its own
        flat = [_reshape((x.shape[0] * x.shape[1], *x.shape[2:]))(x) for x in (*values, ids)]
        y = replace(self, count=size * self.count)(*flat)
        return _reshape((size, *self.shape(*(x.shape[1:] for x in (*values, ids)))))(y)


@dataclass(frozen=True)
class SegmentExtreme(Segments):
    """The largest (or smallest) row of each segment, element by element; a tie shares the gradient equally.

    Of an empty segment it is -∞ (∞), or the smallest (largest) integer.
    """

    largest: bool = True
    name: ClassVar[str] = "segment_extreme"

    def forward(self, x: Any, ids: Any) -> ndarray:
        y = np.full((self.count, *x.shape[1:]), lowest(x.dtype) if self.largest else highest(x.dtype), x.dtype)
        function = np.maximum if self.largest else np.minimum
        with np.errstate(invalid="ignore"):  # NaN
            function.at(y.reshape(-1), flat_places(ids, x.shape[1:]).ravel(), x.ravel())
        return y

    def vjp(self, i: int, g: Any, y: Any, x: Any, ids: Any) -> Any:
        return read(g, ids) * SegmentShares(self.count)(x, y, ids) if i == 0 else None

    def jvp(self, i: int, t: Any, y: Any, x: Any, ids: Any) -> Any:
        return self.totals(t * SegmentShares(self.count)(x, y, ids), ids) if i == 0 else None

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 0, 1) if i == 0 else ()

    def shape(self, x: Shape, ids: Shape) -> Shape:
        return (self.count, *self.rows(x, ids))


@dataclass(frozen=True)
class SegmentShares(Segments):
    """How much of the gradient each row of x gets if the extreme of its segment is in y: those that tie the same part."""

    name: ClassVar[str] = "segment_shares"
    differentiable: ClassVar[bool] = False

    def forward(self, x: Any, y: Any, ids: Any) -> ndarray:
        extreme = y[ids]
        ties = ((x == extreme) | ((x != x) & (extreme != extreme))).astype(x.real.dtype)
        return ties / np.maximum(self.totals(ties, ids)[ids], 1.0)

    def shape(self, x: Shape, y: Shape, ids: Shape) -> Shape:
        if y != (self.count, *self.rows(x, ids)):
            raise ShapeError(f"segment_shares: y of shape {y} does not hold {self.count} rows of x, shape {x}")
        return x


@dataclass(frozen=True)
class SegmentSoftmax(Segments):
    """exp(x) / Σ exp(x) over the rows of a segment: 0 where all are -∞; several +∞ share the weight equally."""

    name: ClassVar[str] = "segment_softmax"
    analytic: ClassVar[bool] = True

    def forward(self, x: Any, ids: Any) -> ndarray:
        with np.errstate(all="ignore"):
            top = SegmentExtreme(self.count).forward(x.real, ids)[ids]
            e = np.exp(x - np.where(np.isfinite(top), top, np.zeros((), top.dtype)))
            e = np.where(top == np.inf, (x == np.inf).astype(e.dtype), e)
            total = self.totals(e, ids)[ids]
            return e / np.where(total == 0, np.ones((), total.dtype), total)

    def vjp(self, i: int, g: Any, y: Any, x: Any, ids: Any) -> Any:
        if i != 0:
            return None
        s = conjugate(y)
        return s * (g - read(self.totals(s * g, ids), ids))

    def jvp(self, i: int, t: Any, y: Any, x: Any, ids: Any) -> Any:
        return y * (t - read(self.totals(y * t, ids), ids)) if i == 0 else None

    def uses(self, i: int) -> tuple[int, ...]:
        return (OUTPUT, 1) if i == 0 else ()

    def shape(self, x: Shape, ids: Shape) -> Shape:
        self.rows(x, ids)
        return x


# -- for users ---------------------------------------------------------------------------------------------


def segments(name: str, data: Any, segment_ids: Any, num_segments: int | None) -> tuple[Tensor, Tensor, int]:
    """The data with a row for each id, the checked ids, and the number of segments: by default the largest id + 1."""
    data, ids = as_tensor(data), as_index(segment_ids, f"{name}: segment_ids")
    if ids.ndim != 1 or data.shape[:1] != ids.shape:
        raise ShapeError(
            f"{name}: data of shape {data.shape} with segment_ids of shape {ids.shape}: one id for each row of data needed"
        )
    count = number_of(ids) if num_segments is None else whole(num_segments)
    if count < 0:
        raise ShapeError(f"{name}: num_segments cannot be negative; given {count}")
    return data, InRange(f"{name}: segment_ids", count)(ids), count


def number_of(ids: Tensor) -> int:
    """The largest id + 1: how many segments there must be, which the values of the ids decide."""
    return int(ids._read("number of segments").max(initial=-1)) + 1


def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The sum of the rows of each segment; of an empty one 0.

    Row k of `data`, its slice along the first axis, belongs to segment `segment_ids[k]`; the ids need not be sorted. The
    result has `num_segments` rows, by default as many as the largest id asks for. Large float32 data are summed in
    float32. Raises ShapeError unless there is one id a row, IndexError for a negative or too large id.

    >>> segment_sum([1.0, 2.0, 3.0], [0, 2, 0], 3)
    tensor([4., 0., 2.])
    """
    data, ids, count = segments("segment_sum", counted(data), segment_ids, num_segments)
    return _total((count, *data.shape[1:]))(data, ids)


def segment_mean(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The mean of the rows of each segment; of an empty one 0. Arguments and errors as in `segment_sum`."""
    data, ids, count = segments("segment_mean", floating(data), segment_ids, num_segments)
    return means(data, ids, count)


def means(data: Tensor, ids: Tensor, count: int) -> Tensor:
    """The mean of the rows of each segment."""
    number = maximum(sizes(data, ids, count), 1.0)
    return divide(_total((count, *data.shape[1:]))(data, ids), number)


def sizes(data: Tensor, ids: Tensor, count: int) -> Tensor:
    """How many rows each segment has, in the precision of the data, with an axis of length 1 for each of a row's."""
    ones = np.ones(ids.shape, data.array.real.dtype)
    return _reshape((count, *(1,) * (data.ndim - 1)))(_total((count,))(ones, ids))


def segment_var(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The variance of the rows of each segment; of an empty one 0. Arguments and errors as in `segment_sum`."""
    return variances(*segments("segment_var", floating(data), segment_ids, num_segments))


def variances(data: Tensor, ids: Tensor, count: int) -> Tensor:
    """The variance of the rows of each segment."""
    d = subtract(data, read(means(data, ids, count), ids))
    return means(absolute_square(d), ids, count)


def segment_std(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The standard deviation of the rows of each segment; its derivative is 0 where it is 0."""
    return root(variances(*segments("segment_std", floating(data), segment_ids, num_segments)))


def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The largest row of each segment, element by element; of an empty one -∞, or the smallest integer.

    A tie shares the gradient equally. Arguments and errors as in `segment_sum`.
    """
    data, ids, count = segments("segment_max", data, segment_ids, num_segments)
    return SegmentExtreme(count, True)(data, ids)


def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The smallest row of each segment, element by element; of an empty one ∞, or the largest integer.

    A tie shares the gradient equally. Arguments and errors as in `segment_sum`.
    """
    data, ids, count = segments("segment_min", data, segment_ids, num_segments)
    return SegmentExtreme(count, False)(data, ids)


def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """The product of the rows of each segment; of an empty one 1. Its derivatives are right where elements are 0.

    Arguments and errors as in `segment_sum`.
    """
    return products(*segments("segment_prod", counted(data), segment_ids, num_segments))


def counted(data: Any) -> Tensor:
    """The data as a Tensor; booleans as the numbers 0 and 1."""
    data = as_tensor(data)
    return AsType(np.dtype(np.intp))(data) if data.dtype == bool else data


def products(data: Any, ids: Any, count: int) -> Any:
    """The product of the rows of each segment: the last of the running products of its rows, in the order of the ids."""
    n, rest = data.shape[0], data.shape[1:]
    order = Order(0)(ids)
    y, ids = ordered(data, order), ordered(ids, order)
    if n > 1:
        new = _reshape((n - 1, *(1,) * len(rest)))(not_equal(narrow(ids, 0, 1, n), narrow(ids, 0, 0, n - 1)))
        edge = np.ones((1, *(1,) * len(rest)), bool)
        y = _where(_join(0, (n - 1, 1))(new, edge), scan(_join(0, (1, n - 1))(edge, new), y, logical_or, anew), 0)
    empty = AsType(data.dtype)(equal(sizes(data, ids, count), 0))
    return add(_total((count, *rest))(y, ids), empty)


def anew(new: Any, y: Any, x: Any) -> Any:
    """x where a product begins anew, else what it was, y, times x."""
    return _where(new, x, multiply(y, x))


def segment_softmax(data: Any, segment_ids: Any, num_segments: int | None = None) -> Tensor:
    """exp(x) / Σ exp(x), where the sum goes over the rows of the same segment: weights that add up to 1 in each.

    The result has the shape of `data`. It is 0 where all rows of a segment are -∞; several +∞ share the weight equally.
    Arguments and errors as in `segment_sum`.
    """
    data, ids, count = segments("segment_softmax", floating(data), segment_ids, num_segments)
    return SegmentSoftmax(count)(data, ids)
