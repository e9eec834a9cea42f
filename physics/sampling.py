"""Sampling chooses the points at which a network is asked to satisfy its equations.

>>> from physics.domain import Interval, TimeInterval
>>> points = Collocation(interior=1000, boundary=40, initial=20, seed=1)
>>> domain = Interval("x", -1, 1) * TimeInterval("t", 0, 1)
>>> points.on_interior(domain).shape, points.on_face(domain.initial).shape
((1000, 2), (20, 2))
>>> [points.on_face(face).shape for face in domain.boundary()]
[(20, 2), (20, 2)]
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .domain import SIDES, Domain, Face, TimeInterval

METHODS = ("latin_hypercube", "uniform", "grid")


class PointSetError(ValueError):
    """A point set is empty, or is to be chosen by an unknown method."""


@dataclass(frozen=True)
class Collocation:
    """How many points to choose, how, and from which seed; the same seed gives the same points.

    ``interior`` points fill the domain, ``boundary`` points are shared out equally over the faces of all coordinates
    but time, ``initial`` points fill the slab where time begins. What a problem has no condition for is never drawn.
    Interior and every face draw from streams of their own: changing one count moves no other point.

    Methods: ``latin_hypercube`` (each of N slices along each axis holds one point; McKay, Beckman, Conover 1979,
    Technometrics 21), ``uniform`` (independent and pseudo-random), ``grid`` (equispaced, ends included).
    """

    interior: int = 10_000
    boundary: int = 200
    initial: int = 200
    method: str = "latin_hypercube"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("interior", "boundary", "initial"):
            _check_count(getattr(self, name), name)
        _check_method(self.method)
        if operator.index(self.seed) < 0:
            raise ValueError(f"seed is {self.seed}; seeds begin at 0. Write seed={-self.seed}.")

    def on_interior(self, domain: Domain) -> np.ndarray:
        """Points inside the domain, shape (interior, d); the grid may hold fewer, see `grid_counts`."""
        return sample(domain, self.interior, self.method, np.random.default_rng([self.seed, 0]))

    def on_face(self, face: Face) -> np.ndarray:
        """Points on one face, shape (n, d): ``initial`` of them in a slab of time, else its share of ``boundary``."""
        stream = 1 + len(SIDES) * face.column + SIDES.index(face.side)
        return sample_face(face, self.count_on(face), self.method, np.random.default_rng([self.seed, stream]))

    def count_on(self, face: Face) -> int:
        """How many points this face is given. Raises PointSetError if there are fewer boundary points than faces."""
        if isinstance(face.domain.axis(face.name), TimeInterval):
            return self.initial
        faces = face.domain.boundary()
        share, left = divmod(self.boundary, len(faces))
        count = share + (faces.index(face) < left)
        if count == 0:
            raise PointSetError(
                f"Empty point set on the face {face}: boundary={self.boundary} points are too few for "
                f"{len(faces)} faces. Write Collocation(boundary={10 * len(faces)})."
            )
        return count


def sample(domain: Domain, n: int, method: str, rng: np.random.Generator) -> np.ndarray:
    """Choose n points of the domain, shape (n, d), with columns in the order of ``domain.names``.

    Points of ``latin_hypercube`` and ``uniform`` lie strictly inside; ``grid`` includes the ends and has at most n.

    >>> from physics.domain import Interval
    >>> sample(Interval("x", 0, 2), 3, "grid", np.random.default_rng(0)).tolist()
    [[0.0], [1.0], [2.0]]
    """
    _check_count(n, "n")
    _check_method(method)
    d = len(domain.names)
    if method == "grid":
        return grid(domain, grid_counts(n, d))
    unit = _latin_hypercube(n, d, rng) if method == "latin_hypercube" else rng.random((n, d))
    return _strictly_inside(domain, domain.from_unit(unit))


def sample_face(face: Face, n: int, method: str, rng: np.random.Generator) -> np.ndarray:
    """Choose n points on a face, shape (n, d); a face that is a single point gives it once.

    >>> from physics.domain import Interval
    >>> face = Interval("x", 0, 2).boundary("x")[1]
    >>> sample_face(face, 5, "uniform", np.random.default_rng(0)).tolist()
    [[2.0]]
    """
    _check_count(n, "n")
    _check_method(method)
    d = len(face.domain.names)
    if d == 1:
        return np.array([[face.value]])
    if method == "grid":
        counts = grid_counts(n, d - 1)
        counts.insert(face.column, 1)
        return face.place(grid(face.domain, counts))
    return face.place(sample(face.domain, n, method, rng))


def grid(domain: Domain, counts: Sequence[int]) -> np.ndarray:
    """The tensor grid with ``counts[i]`` equispaced values of coordinate i, ends included, the last coordinate fastest.

    A single value along a coordinate sits in its middle. Raises PointSetError for another number of counts or one below 1.

    >>> from physics.domain import Interval
    >>> grid(Interval("x", 0, 1) * Interval("y", 5, 7), (2, 1)).tolist()
    [[0.0, 6.0], [1.0, 6.0]]
    """
    if len(counts) != len(domain.names):
        raise PointSetError(
            f"A grid on {domain!r} needs a count for each of {', '.join(domain.names)}; got {tuple(counts)}."
        )
    for name, count in zip(domain.names, counts, strict=True):
        _check_count(count, name)
    values = [np.linspace(0.0, 1.0, count) if count > 1 else np.array([0.5]) for count in counts]
    mesh = np.meshgrid(*values, indexing="ij")
    return domain.from_unit(np.stack([coordinate.ravel() for coordinate in mesh], axis=1))


def grid_counts(n: int, d: int) -> list[int]:
    """Share out n points on d axes: counts that differ by at most one, with a product of at most n.

    >>> grid_counts(10_000, 2), grid_counts(100, 3)
    ([100, 100], [5, 5, 4])
    """
    counts = [int(n ** (1.0 / d))] * d
    size = counts[0] ** d
    for axis in range(d):
        larger = size // counts[axis] * (counts[axis] + 1)
        if larger <= n:
            size, counts[axis] = larger, counts[axis] + 1
    return counts


def _latin_hypercube(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.stats import qmc

    return qmc.LatinHypercube(d, rng=rng).random(n)


def _strictly_inside(domain: Domain, points: np.ndarray) -> np.ndarray:
    """Move the rare point that rounding put on an end to the next float inside."""
    low, high = domain.bounds.T
    return np.clip(points, np.nextafter(low, high), np.nextafter(high, low))


def _check_count(count: Any, name: str) -> None:
    if isinstance(count, bool) or not isinstance(count, int | np.integer):
        raise TypeError(f"{name}={count!r} is no number of points. Write a whole number, such as {name}=100.")
    if count < 1:
        raise PointSetError(
            f"Empty point set: {name}={count}. Write {name}=100, or leave it out: "
            "points are drawn only where a condition asks for them."
        )


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise PointSetError(f"No sampling method {method!r}. The methods are {', '.join(METHODS)}.")
