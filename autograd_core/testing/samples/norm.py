"""Samples of norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import linalg
from ...errors import DTypeError, ShapeError
from ...ops.norm import quotient
from ...transforms import grad
from ..declared import Kink, Refusal, Sample, declare
from .linalg import STACK, TALL, C

X = np.array([0.6, -1.5, 2.0])


def sample(x: Any, **options: Any) -> Sample:
    """A sample of `norm`."""
    return Sample(lambda x: linalg.norm(x, **options), x, reference=lambda x: np.linalg.norm(x, **options), label="norm")


def kink(words: str, x: Any, gradient: Any, like: str = "", **options: Any) -> Kink:
    """A point of `norm`."""
    return Kink(words, lambda x: linalg.norm(x, **options), (np.array(x),), (np.array(gradient),), like)


declare(
    "norm",
    samples=[
        sample(X),
        sample(STACK),
        sample(TALL, axis=1, keepdims=True),
        sample(STACK, axis=(0, 2), ord="fro"),
        sample(C),
        sample(np.zeros((2, 0)), axis=1),
        sample(np.array(-2.0)),
        sample(X * 1e30),
    ],
    refusals=[
        Refusal(lambda: linalg.norm(X, axis=1), ShapeError, "norm: axis 1 is out of range for 1 axes"),
        Refusal(lambda: linalg.norm(STACK, axis=(0, 1, 2)), ShapeError, "norm: axis is one axis, of vectors, or two"),
        Refusal(
            lambda: linalg.norm(STACK, 2), ShapeError, r"norm: ord=2 is of vectors or matrices; shape \(2, 2, 2\) has 3 axes"
        ),
        Refusal(lambda: linalg.norm(X, "nuc"), ShapeError, r"norm: ord='nuc' over 1 axes of shape \(3,\) is not known"),
        Refusal(lambda: linalg.norm(["a"]), DTypeError, "a Tensor holds numbers or booleans"),
    ],
    kinks=[
        kink("norm(x) at x = 0", [0.0, 0.0], [0.0, 0.0], "PyTorch: same"),
        Kink(
            "the gradient of norm(x)**2 at x = 0: the second derivative is 0 there, as all of norm's; write sum(x**2)",
            grad(lambda x: linalg.norm(x) ** 2),
            (np.zeros(2),),
            (np.zeros(2),),
            "PyTorch, JAX: NaN",
        ),
        kink("norm(x, 1) at x = 0", [0.0, 0.0], [0.0, 0.0], "PyTorch: same", ord=1),
        kink("norm(x, inf) at a tie", [3.0, -3.0], [0.5, -0.5], "PyTorch: same", ord=np.inf),
        kink('norm(x, "nuc") at x = 0', np.zeros((2, 2)), np.zeros((2, 2)), ord="nuc"),
        kink("norm(x, 2) of a matrix with equal singular values", np.eye(2), np.eye(2) / 2.0, ord=2),
    ],
)

declare(
    "power_norm",
    samples=[
        sample(X, ord=3),
        sample(X, ord=0.5),
        sample(TALL, ord=-1, axis=0),
        sample(C, ord=2.5, axis=1, keepdims=True),
        sample(X * 1e30, ord=4),
        Sample(lambda x: linalg.vector_norm(x, ord=3, axis=(0, 2)), STACK),
    ],
    refusals=[
        Refusal(lambda: linalg.norm(X, 3, axis=1), ShapeError, "norm: axis 1 is out of range for 1 axes"),
        Refusal(lambda: linalg.norm(TALL, 3), ShapeError, r"norm: ord=3 over 2 axes of shape \(3, 2\) is not known"),
        Refusal(lambda: linalg.norm(X, np.nan), ShapeError, "norm: ord=nan over 1 axes"),
        Refusal(lambda: linalg.vector_norm(X, ord="3"), ShapeError, "norm: ord='3' over 1 axes"),
    ],
    kinks=[
        kink("norm(x, 3) at x = 0", [0.0, 0.0], [0.0, 0.0], "PyTorch: same", ord=3),
        kink("norm(x, 0.5) where an element is 0", [0.0, 4.0, 4.0], [0.0, 2.0, 2.0], ord=0.5),
        kink("norm(x, -1) where an element is 0", [0.0, 4.0], [0.0, 0.0], ord=-1),
    ],
)

declare(
    "quotient",
    samples=[
        Sample(quotient, X, X[::-1].copy(), reference=np.divide),
        Sample(quotient, TALL, X[:2], reference=np.divide),
        Sample(quotient, C, X[:2], reference=np.divide),
    ],
    refusals=[
        Refusal(lambda: quotient.public(X, X[:2]), ShapeError, "quotient: shapes .* do not broadcast"),
        Refusal(lambda: quotient.public(["a"], 1.0), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(
            lambda: quotient.public(np.ones((2, 3)), np.ones((3, 2))), ShapeError, r"quotient: shapes \(2, 3\) and \(3, 2\)"
        ),
    ],
    exact=lambda mp, x, z: x / z,
    kinks=[
        Kink(
            "inner op quotient, x/z in the derivative of norms: 0 at z = 0",
            lambda z: quotient.public(1.0, z),
            (np.array(0.0),),
            (np.array(0.0),),
        )
    ],
)
