"""Padding: more elements around the last axes, as a function of PyTorch's form and as layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import autograd_core as ac

from .images import image
from .module import Module

MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> ac.Tensor:
    """x with `pad` = (before, after) elements more along the last axis, then (…, before, after) along the one before, ….

    The mode is "constant" (`value`, 0 if None), "reflect" (mirrored at the outermost element), "replicate" (that element
    again) or "circular" (as if x were periodic). A negative number cuts off elements.
    Raises ShapeError for an odd number of widths, more axes than x has, or more elements than there are to mirror or to
    repeat; ValueError for another mode, or a value in a mode that has no use for it.

    >>> pad([1.0, 2.0, 3.0], (2, 1), "reflect")
    tensor([3., 2., 1., 2., 3., 2.])
    """
    x, widths = ac.as_tensor(input), list(pad)
    if mode not in MODES:
        raise ValueError(f"pad: the mode is one of {', '.join(MODES)}, not {mode!r}")
    if mode != "constant" and value is not None:
        raise ValueError(f"pad: mode {mode!r} has no use for a value")
    pairs = list(zip(widths[::2], widths[1::2]))
    if len(widths) % 2 or len(pairs) > x.ndim:
        raise ac.errors.ShapeError(
            f"pad: two widths for each of the last axes of shape {x.shape} needed, given {tuple(widths)}"
        )
    for axis, (before, after) in enumerate(pairs, 1):
        x = _along(x, x.ndim - axis, before, after, mode, value)
    return x


def _along(x: ac.Tensor, axis: int, before: int, after: int, mode: str, value: float | None) -> ac.Tensor:
    length = x.shape[axis]
    if min(before, after) < 0:
        first, last = max(-before, 0), length - max(-after, 0)
        if last < first:
            raise ac.errors.ShapeError(f"pad: {-min(before, 0)} + {-min(after, 0)} elements cut off axis {axis} of {x.shape}")
        x = x[(*(slice(None),) * axis, slice(first, last))]
    before, after = max(before, 0), max(after, 0)
    most = {"reflect": length - 1, "circular": length}.get(mode)
    if most is not None and max(before, after) > most:
        raise ac.errors.ShapeError(
            f"pad: mode {mode!r} has at most {most} elements for axis {axis} of shape {x.shape}; asked for ({before}, {after})"
        )
    if not before and not after:
        return x
    widths = [(0, 0)] * x.ndim
    widths[axis] = (before, after)
    return ac.pad(x, widths, MODES[mode], constant_values=value)


class Padding(Module):
    """What the padding layers share: `ndim` axes, a mode, and `padding`, one number or (before, after) of the last axis …."""

    ndim: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: int | Sequence[int]) -> None:
        super().__init__()
        widths = tuple(padding) if isinstance(padding, Sequence) else (padding,) * (2 * self.ndim)
        if len(widths) != 2 * self.ndim:
            raise ValueError(f"{type(self).__name__}: one number or {2 * self.ndim} of them needed, given {padding}")
        self.padding = widths

    def forward(self, x: Any) -> ac.Tensor:
        """x with its padding."""
        return pad(image(type(self).__name__, x, self.ndim), self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad1d(Padding):
    """A constant `value` around the last axis."""

    ndim, mode = 1, "constant"

    def __init__(self, padding: int | Sequence[int], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Any) -> ac.Tensor:
        """x with its padding."""
        return pad(image(type(self).__name__, x, self.ndim), self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """A constant `value` around the last two axes."""

    ndim = 2


class ConstantPad3d(ConstantPad1d):
    """A constant `value` around the last three axes."""

    ndim = 3


class ZeroPad1d(Padding):
    """Zeros around the last axis."""

    ndim, mode = 1, "constant"


class ZeroPad2d(Padding):
    """Zeros around the last two axes."""

    ndim, mode = 2, "constant"


class ZeroPad3d(Padding):
    """Zeros around the last three axes."""

    ndim, mode = 3, "constant"


class ReflectionPad1d(Padding):
    """The last axis mirrored at its outermost elements."""

    ndim, mode = 1, "reflect"


class ReflectionPad2d(Padding):
    """The last two axes mirrored at their outermost elements."""

    ndim, mode = 2, "reflect"


class ReflectionPad3d(Padding):
    """The last three axes mirrored at their outermost elements."""

    ndim, mode = 3, "reflect"


class ReplicationPad1d(Padding):
    """The outermost elements of the last axis again."""

    ndim, mode = 1, "replicate"


class ReplicationPad2d(Padding):
    """The outermost elements of the last two axes again."""

    ndim, mode = 2, "replicate"


class ReplicationPad3d(Padding):
    """The outermost elements of the last three axes again."""

    ndim, mode = 3, "replicate"


class CircularPad1d(Padding):
    """The last axis as if it were periodic."""

    ndim, mode = 1, "circular"


class CircularPad2d(Padding):
    """The last two axes as if they were periodic."""

    ndim, mode = 2, "circular"


class CircularPad3d(Padding):
    """The last three axes as if they were periodic."""

    ndim, mode = 3, "circular"
