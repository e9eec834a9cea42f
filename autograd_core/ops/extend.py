"""An array with some of its elements again before and behind it, as mirrored and periodic padding want them.

What is repeated is a list of runs: elements in a row, in rising or falling order, or one of them several times. So values
and their transpose, which adds what was repeated to where it was read, cost as much as the elements that they move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..errors import ShapeError
from ..linear import Linear
from .join import resized, slab
from .shape import Shape, axes_of

Run = tuple[int, int, int]  # its first element, how many, and the step from one to the next: 1, -1, or 0


def run_slice(run: Run) -> slice:
    """The elements of a run; the one element of a run that stays there."""
    first, count, step = run
    if step < 0:
        last = first - count
        return slice(first, None if last < 0 else last, -1)
    return slice(first, first + (count if step else 1))


@dataclass(frozen=True)
class Ends(Linear):
    """What `Extend` and `Retract` share: the runs before and behind an array along `axis`."""

    axis: int
    before: tuple[Run, ...]
    after: tuple[Run, ...]

    @property
    def widths(self) -> tuple[int, int]:
        """The numbers of elements before and behind the array."""
        first, last = (sum(count for _, count, _ in runs) for runs in (self.before, self.after))
        return first, last

    def checked(self, x: Shape, n: int) -> Shape:
        """The shape x with length n along the axis, if the runs lie within that; ShapeError otherwise."""
        for run in (*self.before, *self.after):
            ends = run[0], run[0] + (run[1] - 1) * run[2]
            if not all(0 <= k < n for k in ends):
                raise ShapeError(f"{self.name}: elements {ends[0]} to {ends[1]} of axis {self.axis}, which has {n}")
        return resized(x, self.axis, n)

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        return type(self)(self.axis + 1, self.before, self.after)(x)


@dataclass(frozen=True)
class Extend(Ends):
    """x between two rows of runs of its own elements along `axis`."""

    name: ClassVar[str] = "extend"

    def forward(self, x: Any) -> ndarray:
        before, after = (self.read(x, runs) for runs in (self.before, self.after))
        return np.concatenate([*before, x, *after], self.axis)

    def read(self, x: Any, runs: tuple[Run, ...]) -> Iterator[ndarray]:
        """The elements of each run."""
        for run in runs:
            part = x[(*(slice(None),) * self.axis, run_slice(run))]
            yield part if run[2] else np.broadcast_to(part, resized(part.shape, self.axis, run[1]))

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return Retract(self.axis, self.before, self.after)(g)

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axis, len(x))
        n = x[self.axis]
        return resized(self.checked(x, n), self.axis, n + sum(self.widths))


@dataclass(frozen=True)
class Retract(Ends):
    """The transpose of `Extend`: the middle of x, and what lies around it added to the elements that it stands for."""

    name: ClassVar[str] = "retract"

    def forward(self, x: Any) -> ndarray:
        before, after = self.widths
        n = x.shape[self.axis]
        y = x[slab(self.axis, (before, n - after))].copy()
        self.add(y, x, self.before, 0)
        self.add(y, x, self.after, n - after)
        return y

    def add(self, y: ndarray, x: Any, runs: tuple[Run, ...], start: int) -> None:
        """Add the elements of x from `start` on to where the runs read them."""
        for run in runs:
            part = x[slab(self.axis, (start, start + run[1]))]
            start += run[1]
            y[(*(slice(None),) * self.axis, run_slice(run))] += part if run[2] else part.sum(self.axis, keepdims=True)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return Extend(self.axis, self.before, self.after)(g)

    def shape(self, x: Shape) -> Shape:
        axes_of(self.name, self.axis, len(x))
        return self.checked(x, x[self.axis] - sum(self.widths))


def runs_of(positions: Sequence[int]) -> Iterator[Run]:
    """Positions as runs.

    >>> list(runs_of([3, 2, 1, 1, 1, 5]))
    [(3, 3, -1), (1, 2, 0), (5, 1, 1)]
    """
    k = 0
    while k < len(positions):
        steps = np.diff(positions[k:])
        step = int(steps[0]) if len(steps) and abs(steps[0]) <= 1 else 1
        count = 1 + int(np.argmin(np.append(steps == step, False)))
        yield int(positions[k]), count, step
        k += count


@lru_cache(maxsize=1024)
def extension(mode: str, axis: int, n: int, before: int, after: int) -> Extend:
    """The op that extends an axis of length n in a mode of `np.pad` that repeats elements."""
    positions = np.pad(np.arange(n), (before, after), mode)  # type: ignore[call-overload]
    return Extend(axis, tuple(runs_of(positions[:before])), tuple(runs_of(positions[before + n :])))
