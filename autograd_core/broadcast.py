"""Broadcasting and its transpose, summing: the one place that un-broadcasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from .errors import ShapeError
from .linear import Linear


def broadcast_shape(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The common shape, or a ShapeError that names the op and all shapes."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        text = " and ".join(map(str, shapes))
        raise ShapeError(
            f"{name}: shapes {text} do not broadcast. Sizes are compared from the last axis back; "
            "each pair must be equal or contain a 1."
        ) from None


def fits(x: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Whether an array of shape x broadcasts to the shape `target`."""
    try:
        return np.broadcast_shapes(x, target) == target
    except ValueError:
        return False


@dataclass(frozen=True)
class BroadcastTo(Linear):
    """Repeats an array along new and length-1 axes up to `target`."""

    target: tuple[int, ...]
    name: ClassVar[str] = "broadcast_to"
    views: ClassVar[bool] = True

    def forward(self, x: ndarray) -> ndarray:
        return np.broadcast_to(x, self.target)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return sum_to(g, x.shape)

    def shape(self, x: tuple[int, ...]) -> tuple[int, ...]:
        if broadcast_shape(self.name, x, self.target) != self.target:
            raise ShapeError(f"broadcast_to: shape {x} does not broadcast to {self.target}")
        return self.target

    def batched(self, flags: Any, x: Any) -> Any:
        missing = len(self.target) + 1 - x.ndim
        return BroadcastTo((x.shape[0], *self.target))(x.reshape(x.shape[:1] + (1,) * missing + x.shape[1:]) if missing else x)


@dataclass(frozen=True)
class SumTo(Linear):
    """Sums an array down to `target`, a shape that broadcasts to its own: the transpose of broadcasting."""

    target: tuple[int, ...]
    name: ClassVar[str] = "sum_to"

    def forward(self, x: ndarray) -> ndarray:
        lead = x.ndim - len(self.target)
        axes = (*range(lead), *(i for i in range(lead, x.ndim) if self.target[i - lead] == 1 != x.shape[i]))
        return np.add.reduce(x, axis=axes, keepdims=True).reshape(self.target)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return BroadcastTo(x.shape)(g)

    def shape(self, x: tuple[int, ...]) -> tuple[int, ...]:
        if broadcast_shape(self.name, x, self.target) != x:
            raise ShapeError(f"sum_to: shape {self.target} does not broadcast to {x}")
        return self.target

    def batched(self, flags: Any, x: Any) -> Any:
        kept = (x.shape[0], *(1,) * (x.ndim - 1 - len(self.target)), *self.target)
        return sum_to(x, kept).reshape((x.shape[0], *self.target))


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum g down to `shape`, over the axes along which broadcasting had repeated it."""
    return g if g.shape == shape else SumTo(shape)(g)


def broadcast_to(t: Any, shape: tuple[int, ...]) -> Any:
    """Repeat t up to `shape`."""
    return t if t.shape == shape else BroadcastTo(shape)(t)
