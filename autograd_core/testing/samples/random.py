"""Declarations of the random draw, and of the two ops that are whole functions: custom_vjp and checkpoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...checkpointing import checkpoint
from ...custom import custom_vjp
from ...errors import CaptureError, GradientError, MutationError, ShapeError
from ...graph import no_grad
from ...ops.elementwise import cos, sin
from ...ops.random import Draw, Generator
from ...ops.reduce import sum
from ...tensor import Tensor, tensor
from ...transforms import grad
from ..declared import Refusal, Sample, declare

SEED = np.asarray(3)


def drawn(kind: str, size: tuple[int, ...], dtype: str = "float64", high: int = 0) -> Sample:
    """One draw, at a seed and a position."""
    return Sample(Draw(kind, size, np.dtype(dtype), high), SEED, np.asarray(1), order=0, label=f"draw {kind}")


declare(
    "draw",
    samples=[
        drawn("normal", (2, 3)),
        drawn("uniform", ()),
        drawn("exponential", (0,), "float32"),
        drawn("integers", (4,), "int64", 5),
        drawn("permutation", (3,), "int64", 3),
    ],
    refusals=[
        Refusal(lambda: Draw("normal", (2,), np.dtype(float)).shape((2,), ()), ShapeError, "seed and position are numbers"),
        Refusal(lambda: Generator(-1), ValueError, "a seed is a whole number from 0"),
        Refusal(lambda: Generator(0).normal(scale=-1.0), ValueError, "a scale cannot be negative"),
        Refusal(lambda: Generator(0).choice(2, 3, replace=False), ValueError, "3 of 2 elements cannot be chosen"),
    ],
)


def sine(x: Tensor, z: Tensor) -> Tensor:
    """sin(x) · z by a rule of its own."""
    f = custom_vjp(lambda x, z: sin(x) * z)
    f.defvjp(lambda x, z: (sin(x) * z, (x, z)), lambda saved, g: (g * cos(saved[0]) * saved[1], g * sin(saved[0])))
    return f(x, z)


def refused(forward: Any, backward: Any) -> Any:
    """A gradient through a custom rule."""
    return grad(lambda x: sum(custom_vjp(lambda x: x, forward, backward)(x)))(np.ones(2))


X, Z = np.array([0.5, 1.0, 2.0]), np.array([1.5, -1.0, 0.3])

declare(
    "custom_vjp",
    samples=[
        Sample(sine, X, Z, reference=lambda x, z: np.sin(x) * z),
        Sample(sine, np.array(0.5), np.array(2.0)),
        Sample(sine, X[:0], Z[:0]),
    ],
    refusals=[
        Refusal(lambda: refused(None, None), GradientError, "no rule is set"),
        Refusal(lambda: refused(lambda x: x, lambda r, g: (g,)), TypeError, "forward must return"),
        Refusal(lambda: refused(lambda x: (x, None), lambda r, g: (g, g)), ShapeError, "tuple of 1 cotangents"),
        Refusal(lambda: refused(lambda x: (x, None), lambda r, g: (g[:1],)), ShapeError, "cotangent of shape"),
    ],
)


def stale() -> None:
    """A parameter changes between the forward and the backward pass."""
    w = tensor(2.0, requires_grad=True)
    y = checkpoint(lambda x: x * w)(tensor(1.0, requires_grad=True))
    with no_grad():
        w.copy_(3.0)
    y.backward()


def freed() -> None:
    """A second backward pass through a freed graph."""
    y = checkpoint(sin)(tensor(1.0, requires_grad=True)) * 1.0
    y.backward()
    y.backward()


def closed_over() -> None:
    """The op itself, asked for a batch of what its function takes from outside."""
    y = checkpoint(sin)(tensor(1.0, requires_grad=True))
    y.grad_fn.parents[0].op.batched((False, True), X, X)


declare(
    "checkpoint",
    samples=[
        Sample(checkpoint(lambda x, z: sin(x * z)), X, Z, reference=lambda x, z: np.sin(x * z)),
        Sample(checkpoint(lambda x: sum(sin(x) * x)), X),
        Sample(checkpoint(lambda x: x * 2.0), X[:0]),
    ],
    refusals=[
        Refusal(stale, MutationError, "checkpoint: argument 1"),
        Refusal(freed, GradientError, "freed by an earlier backward pass"),
        Refusal(closed_over, CaptureError, "Pass it as an argument"),
    ],
)
