"""A domain is the set of points on which a problem is posed, with a name for each coordinate.

>>> domain = Interval("x", -1, 1) * TimeInterval("t", 0, 1)
>>> domain
Interval('x', -1, 1) * TimeInterval('t', 0, 1)
>>> domain.names
('x', 't')
>>> [str(face) for face in domain.boundary("x")]
['x = -1', 'x = 1']
>>> str(domain.initial)
't = 0'

Points are float64 arrays of shape (N, d), one row a point, the columns in the order of ``names``.
"""

from __future__ import annotations

import keyword
import math
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from autograd_core.errors import ShapeError

Side = Literal["low", "high"]
SIDES: tuple[Side, Side] = ("low", "high")
ROUNDING = 1e-12  # of the size of the domain


class DomainError(ValueError):
    """A domain makes no sense, or a coordinate is asked for that it does not have."""


class Domain(ABC):
    """What all domains share: named coordinates inside a bounding box.

    A new shape gives the abstract members; the product of shapes follows from them.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The coordinates, in the order of the columns of a point array."""

    @property
    @abstractmethod
    def bounds(self) -> np.ndarray:
        """The bounding box, shape (d, 2): lowest and highest value of each coordinate."""

    @property
    @abstractmethod
    def volume(self) -> float:
        """Length, area, volume …, in the product of the units of the coordinates."""

    @property
    @abstractmethod
    def axes(self) -> tuple[Interval, ...]:
        """The coordinates that run over an interval whatever the others are: those that have a low and a high face."""

    @abstractmethod
    def contains_points(self, points: np.ndarray, slack: float) -> np.ndarray:
        """Say for each checked point whether it is inside; ``slack`` is in units of the size of the domain."""

    @abstractmethod
    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        """Map points of the unit cube, shape (N, d), onto the domain so that equal volumes stay equal."""

    def __mul__(self, other: Domain) -> Domain:
        if not isinstance(other, Domain):
            return NotImplemented
        return Product((*_parts(self), *_parts(other)))

    @property
    def time(self) -> TimeInterval | None:
        """The time interval, or None in a problem without time."""
        return next((axis for axis in self.axes if isinstance(axis, TimeInterval)), None)

    @property
    def initial(self) -> Face:
        """The slab where time begins."""
        if self.time is None:
            raise DomainError(f"{self!r} has no time, so nothing begins. Multiply it by a TimeInterval('t', 0, 1).")
        return Face(self, self.time.name, "low")

    def boundary(self, name: str | None = None) -> tuple[Face, ...]:
        """The low and the high face of one coordinate, or of every coordinate but time."""
        if name is None:
            return tuple(Face(self, a.name, side) for a in self.axes if a is not self.time for side in SIDES)
        return tuple(Face(self, name, side) for side in SIDES)

    def column(self, name: str) -> int:
        """The column of a point array that holds the coordinate ``name``."""
        if name not in self.names:
            raise DomainError(f"No coordinate {name!r} in {self!r}. Its coordinates are {', '.join(self.names)}.")
        return self.names.index(name)

    def axis(self, name: str) -> Interval:
        """The interval over which the coordinate ``name`` runs."""
        self.column(name)
        for axis in self.axes:
            if axis.name == name:
                return axis
        raise DomainError(f"{name!r} is no interval of {self!r}: it has no low and no high face.")

    def points(self, X: Any) -> np.ndarray:
        """Check an array of points and give it back as float64 of shape (N, d); in one dimension (N,) will do.

        Raises ShapeError for any other shape.
        """
        points = np.asarray(X, dtype=np.float64)
        d = len(self.names)
        if points.ndim == 1 and d == 1:
            points = points[:, None]
        if points.ndim != 2 or points.shape[1] != d:
            raise ShapeError(
                f"Points of {self!r} have shape (N, {d}), columns {', '.join(self.names)}; got {points.shape}. "
                "Stack the coordinates with np.stack([...], axis=1)."
            )
        return points

    def contains(self, X: Any, slack: float = ROUNDING) -> np.ndarray:
        """Say for each point whether it is in the closed domain; shape (N,), bool. A NaN is nowhere.

        ``slack``, in units of the size of the domain, lets points on the boundary survive rounding.

        >>> Interval("x", 0, 1).contains([0.0, 0.5, 1.5])
        array([ True,  True, False])
        """
        return self.contains_points(self.points(X), slack)


@dataclass(frozen=True)
class Interval(Domain):
    """One coordinate between two ends.

    >>> Interval("x", 0, 2).volume
    2.0
    """

    name: str
    low: float
    high: float

    def __post_init__(self) -> None:
        _check_name(self.name)
        for side in SIDES:
            object.__setattr__(self, side, _finite_end(self, side))
        if self.low == self.high:
            raise DomainError(f"{self!r} is empty. Give a low end below the high end.")
        if self.low > self.high:
            mended = f"{type(self).__name__}({self.name!r}, {_short(self.high)}, {_short(self.low)})"
            raise DomainError(f"{self!r} is reversed: its low end is above its high end. Write {mended}.")

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    @property
    def bounds(self) -> np.ndarray:
        return np.array([[self.low, self.high]])

    @property
    def volume(self) -> float:
        return self.high - self.low

    @property
    def axes(self) -> tuple[Interval, ...]:
        return (self,)

    def contains_points(self, points: np.ndarray, slack: float) -> np.ndarray:
        room = slack * self.volume
        return (self.low - room <= points[:, 0]) & (points[:, 0] <= self.high + room)

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        return (1.0 - unit) * self.low + unit * self.high

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {_short(self.low)}, {_short(self.high)})"


@dataclass(frozen=True, repr=False)
class TimeInterval(Interval):
    """The interval in which a problem runs in time: its low end is where the initial state is given."""

    @property
    def start(self) -> float:
        """The time at which the problem begins."""
        return self.low

    @property
    def end(self) -> float:
        """The time at which the problem ends."""
        return self.high


@dataclass(frozen=True)
class Product(Domain):
    """All combinations of the points of its parts, ``a * b * c``; the columns of the parts stand side by side.

    >>> (Interval("x", 0, 2) * Interval("y", 0, 3)).volume
    6.0
    """

    parts: tuple[Domain, ...]

    def __post_init__(self) -> None:
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DomainError(f"Two coordinates of {self!r} are called {twice[0]!r}. Give each its own name.")
        if sum(isinstance(axis, TimeInterval) for axis in self.axes) > 1:
            raise DomainError(f"{self!r} has two times. Keep one TimeInterval and make the other an Interval.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.names)

    @property
    def bounds(self) -> np.ndarray:
        return np.concatenate([part.bounds for part in self.parts])

    @property
    def volume(self) -> float:
        return math.prod(part.volume for part in self.parts)

    @property
    def axes(self) -> tuple[Interval, ...]:
        return tuple(axis for part in self.parts for axis in part.axes)

    def contains_points(self, points: np.ndarray, slack: float) -> np.ndarray:
        return np.logical_and.reduce([part.contains_points(columns, slack) for part, columns in self._split(points)])

    def from_unit(self, unit: np.ndarray) -> np.ndarray:
        return np.concatenate([part.from_unit(columns) for part, columns in self._split(unit)], axis=1)

    def _split(self, points: np.ndarray) -> Iterator[tuple[Domain, np.ndarray]]:
        start = 0
        for part in self.parts:
            stop = start + len(part.names)
            yield part, points[:, start:stop]
            start = stop

    def __repr__(self) -> str:
        return " * ".join(map(repr, self.parts))


@dataclass(frozen=True)
class Face:
    """The part of a domain where one coordinate is at one of its ends.

    >>> face = (Interval("x", -1, 1) * TimeInterval("t", 0, 2)).boundary("x")[1]
    >>> face.value, face.normal, face.volume
    (1.0, array([1., 0.]), 2.0)
    """

    domain: Domain = field(repr=False)
    name: str
    side: Side

    def __post_init__(self) -> None:
        self.domain.axis(self.name)
        if self.side not in SIDES:
            raise DomainError(f"A face of {self.name!r} is 'low' or 'high', not {self.side!r}.")

    @property
    def column(self) -> int:
        """The column of a point array that is constant on this face."""
        return self.domain.column(self.name)

    @property
    def value(self) -> float:
        """The value of the coordinate on this face."""
        axis = self.domain.axis(self.name)
        return axis.low if self.side == "low" else axis.high

    @property
    def normal(self) -> np.ndarray:
        """The unit normal that points out of the domain, shape (d,)."""
        normal = np.zeros(len(self.domain.names))
        normal[self.column] = -1.0 if self.side == "low" else 1.0
        return normal

    @property
    def volume(self) -> float:
        """The size of the face, one dimension lower than the domain; 1 for a single point."""
        return self.domain.volume / self.domain.axis(self.name).volume

    def place(self, X: Any) -> np.ndarray:
        """Move points of the domain onto this face, along its own coordinate."""
        points = self.domain.points(X).copy()
        points[:, self.column] = self.value
        return points

    def contains(self, X: Any, slack: float = ROUNDING) -> np.ndarray:
        """Say for each point whether it lies on this face; shape (N,), bool."""
        points = self.domain.points(X)
        room = slack * self.domain.axis(self.name).volume
        return self.domain.contains_points(points, slack) & (np.abs(points[:, self.column] - self.value) <= room)

    def __str__(self) -> str:
        return f"{self.name} = {_short(self.value)}"


def _parts(domain: Domain) -> tuple[Domain, ...]:
    return domain.parts if isinstance(domain, Product) else (domain,)


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise TypeError(f"An interval begins with the name of its coordinate; got {name!r}. Write Interval('x', 0, 1).")
    if not name.isidentifier() or keyword.iskeyword(name) or unicodedata.normalize("NFKC", name) != name:
        raise DomainError(f"{name!r} cannot name a coordinate: a residual must be able to write s.{name}. Try 'x1'.")


def _finite_end(interval: Interval, side: Side) -> float:
    end = getattr(interval, side)
    try:
        number = float(end)
    except (TypeError, ValueError):
        raise TypeError(f"The {side} end of interval {interval.name!r} must be a number; got {end!r}.") from None
    if not math.isfinite(number):
        raise DomainError(f"The {side} end of interval {interval.name!r} must be finite; got {number}. Cut it off.")
    return number


def _short(number: float) -> str:
    return repr(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)
