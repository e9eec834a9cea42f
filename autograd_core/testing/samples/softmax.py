"""Samples of logsumexp, softmax, log_softmax and logcumsumexp, and their values where elements are infinite."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import softmax
from ..declared import Kink, Refusal, Sample, declare
from .reduce import BOTH, refused

rng = np.random.default_rng(13)
X = rng.normal(size=(2, 3))
LARGE = np.array([[1000.0, 1001.0, -1000.0]])
Z = rng.normal(size=(2, 2)) + 0.5j * rng.normal(size=(2, 2))
WEIGHTS = np.array([0.5, 2.0, 1.5])
SIGNS = np.array([[1.0, -2.0, 0.5], [1.5, 0.25, -1.0]])
LOW, HIGH = np.full(3, -np.inf), np.full(2, np.inf)
MASKED = np.array([0.0, -np.inf, 0.0])


def logsumexp(x: Any, axis: Any = None, b: Any = 1.0) -> Any:
    """The formula."""
    return np.log(np.sum(b * np.exp(x), axis=axis))


def weights(x: Any, axis: Any = None) -> Any:
    """The formula of softmax."""
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


declare(
    "logsumexp",
    samples=[
        Sample(softmax.logsumexp, X, reference=logsumexp, order=3),
        Sample(lambda x: softmax.logsumexp(x, (0, 1), keepdims=True), X),
        Sample(lambda x: softmax.logsumexp(x, 1), LARGE, reference=lambda x: np.logaddexp(x[:, 0], x[:, 1])),
        Sample(lambda x: softmax.logsumexp(x, 0), Z, reference=lambda x: logsumexp(x, 0)),
        Sample(softmax.logsumexp, np.array(2.5), reference=lambda x: x),
    ],
    refusals=[
        *refused(softmax.logsumexp, "logsumexp"),
        Refusal(lambda: softmax.logsumexp(X, 0, True), DTypeError, "logsumexp: the third argument is b, the weights"),
        Refusal(lambda: softmax.logsumexp(X, b=[1.0, 2.0]), ShapeError, "logsumexp: shapes .* do not broadcast"),
    ],
    kinks=[
        Kink("logsumexp(x) of all -∞ is -∞", softmax.logsumexp, (LOW,), (np.zeros(3),), "PyTorch: same; JAX: NaN"),
        Kink("logsumexp(x) of several +∞ is +∞, shared equally", softmax.logsumexp, (HIGH,), (np.full(2, 0.5),)),
    ],
)

declare(
    "softmax",
    samples=[
        Sample(softmax.softmax, X, reference=weights, order=3),
        Sample(lambda x: softmax.softmax(x, 1), LARGE, reference=lambda x: weights(x - 1000.0, 1)),
        Sample(lambda x: softmax.softmax(x, -1), X[:, :1], reference=np.ones_like),
        Sample(lambda x: softmax.softmax(x, 0), Z, reference=lambda x: weights(x, 0)),
        Sample(lambda x: softmax.softmax(x, (0, 2)), rng.normal(size=(2, 1, 2))),
    ],
    refusals=refused(softmax.softmax, "softmax"),
    kinks=[
        Kink("softmax(x) of all -∞ is 0", lambda x: softmax.softmax(x) * WEIGHTS, (LOW,), (np.zeros(3),), "PyTorch, JAX: NaN"),
        Kink("softmax(x) with -∞", lambda x: softmax.softmax(x)[:2] * 4.0, (MASKED,), (np.array([1.0, 0.0, -1.0]),)),
    ],
)

declare(
    "log_softmax",
    samples=[
        Sample(softmax.log_softmax, X, reference=lambda x: np.log(weights(x)), order=3),
        Sample(lambda x: softmax.log_softmax(x, 1), LARGE, reference=lambda x: x - np.logaddexp(x[:, :1], x[:, 1:2])),
        Sample(lambda x: softmax.log_softmax(x, 0), Z, reference=lambda x: x - logsumexp(x, 0)),
        Sample(lambda x: softmax.log_softmax(x, -1), np.zeros((0, 2)), reference=np.copy),
    ],
    refusals=refused(softmax.log_softmax, "log_softmax"),
    kinks=[
        Kink(
            "log_softmax(x) at an x of -∞ is -∞; the derivative is δ - softmax(x)",
            lambda x: softmax.log_softmax(x) * WEIGHTS,
            (MASKED,),
            (WEIGHTS - 4.0 * np.array([0.5, 0.0, 0.5]),),
            "PyTorch, JAX: same",
        ),
        Kink(
            "log_softmax(x) of all -∞ is -∞; the derivative is δ",
            lambda x: softmax.log_softmax(x) * WEIGHTS,
            (LOW,),
            (WEIGHTS,),
            "PyTorch, JAX: NaN",
        ),
    ],
)


def running(x: Any, axis: int = 0) -> Any:
    """The formula of logcumsumexp."""
    return np.log(np.cumsum(np.exp(x), axis))


declare(
    "logcumsumexp",
    samples=[
        Sample(lambda x: softmax.logcumsumexp(x, 1), X, reference=lambda x: running(x, 1), order=3),
        Sample(softmax.logcumsumexp, X, reference=lambda x: running(x.ravel())),
        Sample(lambda x: softmax.logcumsumexp(x, 1), LARGE, reference=lambda x: np.logaddexp.accumulate(x, 1)),
        Sample(softmax.logcumsumexp, np.array([0.5]), reference=np.copy),
    ],
    refusals=[
        Refusal(lambda: softmax.logcumsumexp(X, 2), ShapeError, "logcumsumexp: axis 2 is out of range"),
        Refusal(lambda: softmax.logcumsumexp(X, BOTH), ShapeError, "logcumsumexp: axis must be one number or None"),
        Refusal(lambda: softmax.logcumsumexp(Z), DTypeError, "logcumsumexp: real numbers needed, and given complex128"),
    ],
    kinks=[
        Kink("logcumsumexp(x) as long as all x are -∞", softmax.logcumsumexp, (LOW,), (np.zeros(3),), "PyTorch, JAX: NaN"),
        Kink("logcumsumexp(x) at an x of -∞", lambda x: softmax.logcumsumexp(x)[2], (MASKED,), (np.array([0.5, 0.0, 0.5]),)),
    ],
)

peak = softmax.Peak((1,))
declare(
    "peak",
    samples=[
        Sample(peak, X, SIGNS, reference=lambda x, b: x.max(1, keepdims=True), order=0),
        Sample(peak, LARGE, np.array([[1.0, 0.0, 2.0]]), reference=lambda x, b: np.array([[1000.0]]), order=0),
        Sample(softmax.Peak(), X, np.zeros((2, 3)), reference=lambda x, b: np.array([[-np.inf]]), order=0),
    ],
    refusals=[
        Refusal(lambda: peak.shape((3,), (3,)), ShapeError, "peak: axis .* is out of range for 1 axes"),
        Refusal(lambda: peak.shape((2, 3), (2, 2)), ShapeError, "peak: shapes .* do not broadcast"),
        Refusal(lambda: softmax.Peak((0, 0)).shape((2, 3), (2, 3)), ShapeError, "peak: axis .* names an axis twice"),
    ],
)

unlike = [
    Refusal(lambda: softmax.logsumexp(X, b=["a"]), DTypeError, "a Tensor holds numbers or booleans"),
    Refusal(lambda: softmax.logsumexp(X, 3, b=SIGNS), ShapeError, "logsumexp: axis 3 is out of range"),
    Refusal(lambda: softmax.logsumexp(X, b=np.ones(4)), ShapeError, "logsumexp: shapes .* do not broadcast"),
]
declare(
    "lost",
    samples=[
        Sample(softmax.lost, np.array([1000.0, 1000.0, 0.0]), np.array([0.0, 1.0, 0.0]), order=0),
        Sample(softmax.lost, X, SIGNS, reference=lambda d, b: np.zeros((2, 3), bool), order=0),
        Sample(
            lambda x, b: softmax.logsumexp(x, b=b),
            np.array([1e4, 1.0, 0.0]),
            np.array([0.0, 1.0, 1.0]),
            reference=lambda x, b: logsumexp(x[1:]),
            order=0,
        ),
    ],
    refusals=unlike,
)

declare(
    "log_of_sum",
    samples=[
        Sample(softmax.log_of_sum, np.array([[0.5, 2.0, 30.0]]), reference=np.log, order=3),
        Sample(
            lambda x, b: softmax.logsumexp(x, 1, b), X, WEIGHTS, reference=lambda x, b: logsumexp(x, 1, b), label="logsumexp"
        ),
        Sample(lambda x, b: softmax.logsumexp(x, 0, b, True, True), X, SIGNS, label="logsumexp"),
        Sample(lambda x: softmax.logsumexp(x, b=2.0), Z, reference=lambda x: logsumexp(x, None, 2.0)),
    ],
    refusals=unlike,
    exact=lambda mp, x: mp.log(x),
    kinks=[
        Kink(
            "logsumexp(x, b=b) where the sum is 0 is -∞, with gradient 0",
            lambda x, b: softmax.logsumexp(x, b=b),
            (np.zeros(2), np.array([1.0, -1.0])),
            (np.zeros(2), np.zeros(2)),
        ),
        Kink(
            "logsumexp(x, b=b) by b at b = 0",
            lambda x, b: softmax.logsumexp(x, b=b),
            (np.zeros(2), np.array([0.0, 2.0])),
            (np.array([0.0, 1.0]), np.array([0.5, 0.5])),
        ),
    ],
)
