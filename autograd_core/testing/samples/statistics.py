"""Samples of statistics: medians and quantiles, averages, covariances and correlations."""

from __future__ import annotations

import numpy as np

from ...errors import DTypeError, GradientError, ShapeError
from ...ops import quantile, statistics
from ...tensor import tensor
from ..declared import Kink, Refusal, Sample, declare
from .reduce import CUBE, GAPS, Z, refused

rng = np.random.default_rng(14)
X = rng.normal(size=(3, 4))
Q = np.array([0.1, 0.55, 0.8])
TIE = np.array([3.0, 1.0, 3.0, 0.0])

declare(
    "lerp",
    samples=[
        Sample(quantile.Lerp(), X, X[:1] + 1.0, np.array([[0.2], [0.5], [0.7]]), order=3),
        Sample(quantile.Lerp(), Z, np.conj(Z), np.array(0.25), reference=lambda x, z, w: 0.75 * x + 0.25 * z),
        Sample(quantile.Lerp(), X, X[::-1], np.array(1.0), reference=lambda x, z, w: z, order=1),
        Sample(lambda x, q: quantile.quantile(x, q, axis=1), X, Q, reference=lambda x, q: np.quantile(x, q, axis=1)),
        Sample(
            lambda x, q: quantile.nanpercentile(x, q, 0, method="hazen", keepdims=True),
            GAPS,
            100.0 * Q[1:],
            reference=lambda x, q: np.nanpercentile(x, q, 0, method="hazen", keepdims=True),
        ),
    ],
    refusals=[
        *refused(lambda x, axis=None: quantile.quantile(x, 0.5, axis), "quantile"),
        Refusal(lambda: quantile.quantile(X, 1.5), ValueError, "quantile: q must lie between 0 and 1; given 1.5"),
        Refusal(lambda: quantile.percentile(X, [-1.0, 5.0]), ValueError, "percentile: q must lie between 0 and 100"),
        Refusal(lambda: quantile.quantile(X, 0.5, method="best"), ValueError, "quantile: 'best' is no method. There are"),
        Refusal(lambda: quantile.quantile(Z, 0.5), DTypeError, "quantile: complex numbers have no order"),
        Refusal(lambda: quantile.quantile(np.zeros((0, 2)), 0.5, 0), ShapeError, r"quantile: shape \(0, 2\) has no elements"),
        Refusal(
            lambda: quantile.quantile(X, tensor(0.5, requires_grad=True), method="lower"), GradientError, "'lower' jumps"
        ),
        Refusal(lambda: quantile.quantile(X, 0.5, weights=X), ValueError, "quantile: weights go with method='inverted_cdf'"),
        Refusal(lambda: quantile.Lerp().shape((2,), (3,), ()), ShapeError, "lerp: shapes .* do not broadcast"),
    ],
    kinks=[
        Kink(
            "median(x) of equal elements: those that a stable sort puts in the middle",
            lambda x: quantile.median(x) + 0.0,
            (np.array([3.0, 1.0, 3.0, 3.0, 0.0]),),
            (np.array([1.0, 0.0, 0.0, 0.0, 0.0]),),
        ),
        Kink("median(x) with NaN is NaN", quantile.median, (np.array([1.0, np.nan, 2.0]),), (np.zeros(3),)),
        Kink(
            "quantile(x, q) by q at an element: the slope to its right",
            lambda q: quantile.quantile([0.0, 1.0, 5.0], q),
            (np.array(0.5),),
            (np.array(8.0),),
        ),
        Kink(
            "quantile(x, q) by q at the last element: the slope to its left",
            lambda q: quantile.quantile([0.0, 1.0, 5.0], q),
            (np.array(1.0),),
            (np.array(8.0),),
        ),
        Kink(
            "nanmedian(x) leaves out NaN",
            quantile.nanmedian,
            (np.array([4.0, np.nan, 1.0, 2.0, 9.0]),),
            (np.array([0.5, 0.0, 0.0, 0.5, 0.0]),),
        ),
    ],
)

declare(
    "correlation",
    samples=[
        Sample(statistics.correlation, np.array([[0.5, -0.25]]), reference=np.copy),
        Sample(statistics.correlation, np.array(0.75), reference=np.copy),
        Sample(statistics.correlation, 0.4 * Z / np.abs(Z), reference=np.copy),
        Sample(lambda x: statistics.corrcoef(x, dtype=x.dtype)[0, 1:], X),
    ],
    refusals=[
        Refusal(lambda: statistics.corrcoef(CUBE), ShapeError, r"variables by observations are a matrix.* given \(2, 1, 3\)"),
        Refusal(lambda: statistics.corrcoef(X, X[:, :2]), ShapeError, "concatenate: shape .* does not fit"),
        Refusal(lambda: statistics.corrcoef(["a"]), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: statistics.cov(X, aweights=[1.0, 2.0]), ShapeError, "aweights must be one number for each of 4"),
        Refusal(lambda: statistics.cov(X, fweights=[1.5] * 4), DTypeError, "fweights count observations and must be whole"),
    ],
)
