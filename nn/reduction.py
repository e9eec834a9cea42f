"""What all losses share: how one number comes of many, how inputs and targets are checked, and the loss as a module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

import autograd_core as ac

from .module import Module

REDUCTIONS: dict[str, Callable[[ac.Tensor], ac.Tensor]] = {"mean": ac.mean, "sum": ac.sum, "none": lambda x: x}


def check_reduction(reduction: str, *more: str) -> None:
    """Raise ValueError for a reduction that is none of REDUCTIONS or `more`."""
    if reduction not in REDUCTIONS and reduction not in more:
        raise ValueError(f"reduction is one of {', '.join([*REDUCTIONS, *more])}; got {reduction!r}")


def reduced(name: str, values: ac.Tensor, reduction: str) -> ac.Tensor:
    """The mean or the sum of the losses of all elements, or these themselves.

    Raises ValueError for another reduction, ShapeError for the mean of nothing.
    """
    check_reduction(reduction)
    if reduction == "mean" and values.size == 0:
        raise ac.errors.ShapeError(f"{name}: shape {values.shape} has no elements, and no mean. Are there any data?")
    return REDUCTIONS[reduction](values)


def pair(name: str, input: Any, target: Any) -> tuple[ac.Tensor, ac.Tensor]:
    """Input and target as Tensors of the same shape, or the target as one number, in the floating dtype of one of them.

    Whole numbers and Python's numbers take the dtype of the other. Raises ShapeError for unequal shapes: (N, 1) against
    (N,) would broadcast to all N² pairs and train towards the mean.
    """
    input, target = alike(input, target)
    if input.shape != target.shape and target.shape != ():
        raise ac.errors.ShapeError(_unequal(name, input.shape, target.shape))
    return input, target


def alike(input: Any, other: Any) -> tuple[ac.Tensor, ac.Tensor]:
    """Two values as Tensors; one that is whole or a Python number takes the floating dtype of the other."""
    input = ac.as_tensor(input)
    if not hasattr(other, "dtype") and input.dtype.kind == "f":
        return input, ac.as_tensor(other, dtype=input.dtype)
    other = ac.as_tensor(other)
    if other.dtype.kind in "biu" and input.dtype.kind in "fc":
        return input, other.astype(input.dtype)
    return (input.astype(other.dtype) if input.dtype.kind in "biu" and other.dtype.kind in "fc" else input), other


def _unequal(name: str, given: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    text = f"{name}: input has shape {given}, target {wanted}; they must be equal, or every pair would be compared."
    if given == (*wanted, 1):
        return f"{text} Write target[:, None], or input[..., 0]."
    return f"{text} Write input[:, None], or target[..., 0]." if wanted == (*given, 1) else f"{text} Reshape one of them."


def fitting(name: str, what: str, weight: Any, x: ac.Tensor) -> ac.Tensor:
    """A weight as a Tensor of the dtype of x. Raises ShapeError where it does not broadcast to the shape of x."""
    weight = alike(x, weight)[1]
    try:
        fits = np.broadcast_shapes(weight.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ac.errors.ShapeError(f"{name}: {what} of shape {weight.shape} does not broadcast to the input, {x.shape}")
    return weight


def floored(x: ac.Tensor, floor: float) -> ac.Tensor:
    """max(x, floor), whose derivative by x is 1 everywhere, also where it is the floor."""
    return ac.where(x < floor, floor + (x - ac.stop_gradient(x)), x)


@dataclass(frozen=True)
class Within(ac.Primitive):
    """Its input, after the check that all its elements lie from `low` to `high`; `what` they are begins the error.

    An op, so that the check also runs where a captured step is repeated with other numbers.
    """

    what: str
    low: float = 0.0
    high: float = 1.0
    name: ClassVar[str] = "within"
    holds = False

    def forward(self, x: Any) -> Any:
        if np.size(x) and not (np.min(x) >= self.low and np.max(x) <= self.high):
            wrong = np.ravel(x)[~((x >= self.low) & (x <= self.high)).ravel()][0]
            least = f"are at least {self.low:g}" + (f" and at most {self.high:g}" if np.isfinite(self.high) else "")
            raise ValueError(f"{self.what} {least}; one is {wrong:g}")
        return np.array(x)  # not x itself: what shares memory may be made before there are values to look at

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return g

    def jvp(self, i: int, t: Any, y: Any, x: Any) -> Any:
        return t

    def shape(self, *shapes: tuple[int, ...]) -> tuple[int, ...]:
        return shapes[0]

    def batched(self, flags: Sequence[bool], x: Any) -> Any:
        return self(x)


class Loss(Module):
    """A loss as a module: calling it calls its `function` with its options, which are its attributes.

    Options that are Tensors, such as the weights of classes, are buffers.
    """

    function: Callable[..., ac.Tensor]
    reduction: str

    def __init__(self, reduction: str = "mean", **options: Any) -> None:
        super().__init__()
        options["reduction"] = reduction
        for name, value in options.items():
            if name.endswith("weight") and value is not None:
                self.register_buffer(name, ac.tensor(value))
            else:
                setattr(self, name, value)
        self._options = tuple(options)
        self._check_reduction()

    def _check_reduction(self) -> None:
        check_reduction(self.reduction)

    def forward(self, *inputs: Any) -> ac.Tensor:
        """The loss of inputs and targets; see the function."""
        return type(self).function(*inputs, **{name: getattr(self, name) for name in self._options})
