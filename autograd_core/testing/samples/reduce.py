"""Samples of the reductions: sum, mean, extremes, tallies, and the roots of variances."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import nan, reduce
from ...ops.elementwise import inverse_or_zero
from ...ops.reduce import root
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(11)
X = rng.normal(size=(2, 3))
CUBE = rng.normal(size=(2, 1, 3))
Z = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))
GAPS = np.array([[1.0, np.nan, -2.0], [np.nan, 0.5, np.nan]])
MASK = np.array([[True, False, True], [True, True, False]])
EMPTY = np.zeros((0, 2))
TIE = np.array([1.0, 3.0, 3.0])
BOTH: Any = (0, 1)


def numpy(name: str, **options: Any) -> Any:
    """The function of NumPy of this name, with some arguments given."""
    return lambda x: getattr(np, name)(x, **options)


def sample(name: str, x: Any, order: int = 2, **options: Any) -> Sample:
    """A sample of a function that NumPy has under the same name."""
    ours = getattr(nan if name.startswith("nan") else reduce, name)
    return Sample(lambda x: ours(x, **options), x, reference=numpy(name, **options), order=order, label=name)


def refused(f: Any, name: str) -> list[Refusal]:
    """What every reduction refuses."""
    return [
        Refusal(lambda: f(X, axis=2), ShapeError, f"{name}: axis 2 is out of range for 2 axes, numbered -2 to 1"),
        Refusal(lambda: f(X, axis=(0, -2)), ShapeError, f"{name}: axis .* names an axis twice"),
        Refusal(lambda: f(X, axis=0.5), ShapeError, f"{name}: an axis is a whole number or a tuple of them, not 0.5"),
        Refusal(lambda: f(["a", "b"]), DTypeError, "a Tensor holds numbers or booleans"),
    ]


declare(
    "sum",
    samples=[
        sample("sum", X),
        sample("sum", CUBE, axis=(0, -1), keepdims=True),
        sample("sum", X, axis=()),
        sample("sum", EMPTY, axis=0),
        sample("sum", np.array(2.5)),
        sample("sum", Z, axis=1),
        sample("sum", X, axis=0, where=MASK, initial=0.5),
    ],
    refusals=[
        *refused(reduce.sum, "sum"),
        Refusal(lambda: reduce.sum(X, 0, True), DTypeError, "sum: the third argument is dtype"),
        Refusal(lambda: reduce.sum(X, where=[1, 0, 1]), DTypeError, "sum: where must be a mask of booleans, not int64"),
        Refusal(lambda: reduce.sum(X, where=[True, False]), ShapeError, r"sum: where of shape \(2,\) does not broadcast"),
        Refusal(lambda: reduce.sum(X, initial=[1.0, 2.0]), ShapeError, "sum: initial must be one number"),
    ],
)

declare(
    "mean",
    samples=[
        sample("mean", X),
        sample("mean", CUBE, axis=(-1, 0)),
        sample("mean", X[:, :1], axis=1, keepdims=True),
        sample("mean", Z, axis=0),
        sample("var", X, axis=1, ddof=1),
        sample("var", Z, axis=0),
    ],
    refusals=[
        *refused(reduce.mean, "mean"),
        Refusal(lambda: reduce.mean(X, where=np.ones(3)), DTypeError, "mean: where must be a mask of booleans, not float64"),
        Refusal(lambda: reduce.var(X, ddof=1, correction=1), TypeError, "var: ddof and correction are the same"),
    ],
)

for name, extreme in (("max", reduce.max), ("min", reduce.min)):
    declare(
        name,
        samples=[
            sample(name, X),
            sample(name, CUBE, axis=(0, 2), keepdims=True),
            sample(name, X, axis=1, initial=0.25, where=MASK),
            sample(name, np.array(2.5)),
            sample(f"nan{name}", GAPS, axis=0, initial=0.25, where=MASK),
            Sample(lambda x, f=extreme: f(x * x * x, axis=-1), X, label=name),
        ],
        refusals=[
            *refused(extreme, name),
            Refusal(lambda f=extreme: f(EMPTY), ShapeError, f"{name}: shape .* has no elements along axis None"),
            Refusal(lambda f=extreme: f(X, where=MASK), ShapeError, f"{name}: a mask may select nothing"),
        ],
        kinks=[
            Kink(
                f"{name}(x) with equal elements shares the gradient equally",
                extreme,
                (TIE if name == "max" else -TIE,),
                (np.array([0.0, 0.5, 0.5]),),
                "JAX, PyTorch's amax and amin: same",
            ),
            Kink(
                f"{name}(x) with NaN is NaN, and the NaNs share the gradient",
                extreme,
                (np.array([1.0, np.nan, np.nan]),),
                (np.array([0.0, 0.5, 0.5]),),
            ),
        ],
    )

for name, leaves_out in (("nanmax", nan.nanmax), ("nanmin", nan.nanmin)):
    declare(
        name,
        samples=[
            sample(name, np.where(np.isnan(GAPS), X, GAPS)),
            sample(name, CUBE, axis=(0, 2), keepdims=True),
            sample(name, GAPS, axis=1),
        ],
        refusals=[
            *refused(leaves_out, name),
            Refusal(lambda f=leaves_out: f(EMPTY, axis=0), ShapeError, f"{name}: shape .* has no elements along axis"),
        ],
        kinks=[
            Kink(
                f"{name}(x) leaves out NaN; equal elements share the gradient equally",
                leaves_out,
                (np.array([2.0, np.nan, 2.0]),),
                (np.array([0.5, 0.0, 0.5]),),
            ),
            Kink(f"{name}(x) of NaNs alone is NaN, with gradient 0", leaves_out, (np.full(2, np.nan),), (np.zeros(2),)),
        ],
    )

shares = reduce.Shares((1,))
declare(
    "shares",
    samples=[
        Sample(shares, X, X.max(1, keepdims=True), reference=lambda x, y: (x == y) * 1.0, order=0),
        Sample(shares, np.array([TIE, TIE]), np.full((2, 1), 3.0), reference=lambda x, y: (x == y) / 2.0, order=0),
        Sample(reduce.Shares(nan=False), np.full(2, np.nan), np.array([np.nan]), reference=lambda x, y: np.zeros(2), order=0),
    ],
    refusals=[
        Refusal(lambda: shares.shape((2,), (2, 1)), ShapeError, "shares: axis .* is out of range for 1 axes"),
        Refusal(lambda: shares.shape((2, 3), (4, 1)), ShapeError, "shares: shapes .* do not broadcast"),
        Refusal(lambda: reduce.Shares((0, 0)).shape((2, 3), (1, 1)), ShapeError, "shares: axis .* names an axis twice"),
    ],
)

declare(
    "tally",
    samples=[
        *(sample(name, X, order=0, axis=1, keepdims=True) for name in ("all", "any", "argmax", "argmin")),
        sample("all", MASK, order=0, axis=(0, 1)),
        sample("count_nonzero", X - X[0], order=0, axis=0),
        sample("argmax", X, order=0),
        sample("nanargmax", np.array([[1.0, np.nan, -2.0], [0.5, 4.0, np.nan]]), order=0, axis=1),
    ],
    refusals=[
        Refusal(lambda: reduce.all(X, axis=5), ShapeError, "all: axis 5 is out of range"),
        Refusal(lambda: reduce.argmax(X, axis=BOTH), ShapeError, "argmax: axis must be one number or None"),
        Refusal(lambda: reduce.argmin(EMPTY), ShapeError, "argmin: shape .* has no elements along axis None"),
        Refusal(lambda: nan.nanargmin([np.nan, np.nan]), ValueError, "All-NaN slice"),
    ],
)

declare(
    "root",
    samples=[
        Sample(root, np.array([[0.25, 2.0, 9.0]]), reference=np.sqrt),
        Sample(root, np.array(3.0), reference=np.sqrt),
        sample("std", X, axis=(0, 1), ddof=1),
        sample("std", Z, axis=0, keepdims=True),
    ],
    refusals=[
        Refusal(lambda: reduce.std(X, axis=2), ShapeError, "std: axis 2 is out of range"),
        Refusal(lambda: reduce.std(X, ddof=1, correction=1), TypeError, "std: ddof and correction are the same"),
        Refusal(lambda: reduce.std(X, where="all"), DTypeError, "a Tensor holds numbers or booleans"),
    ],
    exact=lambda mp, x: mp.sqrt(x),
    kinks=[
        Kink("std(x) of equal elements has derivative 0", reduce.std, (np.full(3, 2.0),), (np.zeros(3),), "PyTorch: NaN"),
    ],
)

declare(
    "inverse_or_zero",
    samples=[
        Sample(inverse_or_zero, np.array([0.25, -2.0, 9.0]), reference=lambda x: 1.0 / x, order=3),
        Sample(inverse_or_zero, np.array(0.5), reference=lambda x: 1.0 / x),
        Sample(inverse_or_zero, np.array([1.0 + 2.0j, -0.5j]), reference=lambda x: 1.0 / x),
    ],
    refusals=[
        Refusal(lambda: reduce.std([["a"]]), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: reduce.std([[1.0], [1.0, 2.0]]), ShapeError, "a Tensor is a rectangular array"),
        Refusal(lambda: reduce.std(X, 0, False), DTypeError, "std: the third argument is dtype"),
    ],
    exact=lambda mp, x: 1 / x,
    kinks=[Kink("inner op inverse_or_zero, 1/x in std's derivative: 0 at 0", inverse_or_zero, (np.zeros(1),), (np.zeros(1),))],
)
