"""Samples of products and running sums: with zeros, where their derivatives are products of the others."""

from __future__ import annotations

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import nan, product
from ..declared import Kink, Refusal, Sample, declare
from .reduce import GAPS, MASK, refused

rng = np.random.default_rng(12)
X = rng.normal(size=(2, 3))
ZEROS = np.array([[2.0, 0.0, -1.0], [0.0, 3.0, 0.0]])
Z = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))

declare(
    "prod",
    samples=[
        Sample(product.prod, X, reference=np.prod),
        Sample(lambda x: product.prod(x, axis=1), ZEROS, reference=lambda x: np.prod(x, axis=1), order=3),
        Sample(lambda x: product.prod(x, (0, 2), keepdims=True), rng.normal(size=(2, 1, 2))),
        Sample(lambda x: product.prod(x, axis=0), Z, reference=lambda x: np.prod(x, axis=0)),
        Sample(product.prod, np.zeros((0, 2)), reference=np.prod),
        Sample(
            lambda x: product.prod(x, 1, where=MASK, initial=0.5), X, reference=lambda x: np.prod(x, 1, where=MASK, initial=0.5)
        ),
        Sample(lambda x: nan.nanprod(x, 0), GAPS, reference=lambda x: np.nanprod(x, 0)),
    ],
    refusals=[
        *refused(product.prod, "prod"),
        Refusal(lambda: product.prod(X, 0, True), DTypeError, "prod: the third argument is dtype"),
        Refusal(lambda: product.prod(X, where=np.ones((3, 2), bool)), ShapeError, r"prod: where of shape \(3, 2\) does not"),
    ],
    kinks=[
        Kink(
            "prod(x) with a zero: the product of the others",
            product.prod,
            (np.array([0.0, 2.0, 3.0]),),
            (np.array([6.0, 0.0, 0.0]),),
            "PyTorch, JAX: same; HIPS autograd: NaN",
        ),
        Kink("prod(x) with two zeros", product.prod, (np.array([0.0, 2.0, 0.0]),), (np.zeros(3),), "PyTorch, JAX: same"),
    ],
)


def along(name: str) -> list[Refusal]:
    """What a function along one axis refuses."""
    f = getattr(product, name)
    return [
        Refusal(lambda: f(X, axis=2), ShapeError, f"{name}: axis 2 is out of range for 2 axes"),
        Refusal(lambda: f(X, axis=(0, 1)), ShapeError, f"{name}: axis must be one number or None"),
        Refusal(lambda: f("text"), DTypeError, "a Tensor holds numbers or booleans"),
        Refusal(lambda: f(X, 0, True), DTypeError, f"{name}: the third argument is dtype"),
    ]


declare(
    "cumsum",
    samples=[
        Sample(product.cumsum, X, reference=np.cumsum),
        Sample(lambda x: product.cumsum(x, axis=0), X, reference=lambda x: np.cumsum(x, 0)),
        Sample(product.CumSum(1, True), X, reference=lambda x: np.cumsum(x[:, ::-1], 1)[:, ::-1]),
        Sample(lambda x: product.cumsum(x, axis=-1), Z, reference=lambda x: np.cumsum(x, -1)),
        Sample(
            lambda x: product.cumulative_sum(x, axis=1, include_initial=True),
            X,
            reference=lambda x: np.cumulative_sum(x, axis=1, include_initial=True),
        ),
        Sample(lambda x: nan.nancumsum(x, 1), GAPS, reference=lambda x: np.nancumsum(x, 1)),
    ],
    refusals=[
        *along("cumsum"),
        Refusal(lambda: product.cumulative_sum(X), ShapeError, "cumulative_sum: shape .* has several axes"),
    ],
)

declare(
    "cumprod",
    samples=[
        Sample(product.cumprod, X, reference=np.cumprod),
        Sample(lambda x: product.cumprod(x, axis=1), ZEROS, reference=lambda x: np.cumprod(x, 1), order=3),
        Sample(lambda x: product.cumprod(x, axis=0), Z, reference=lambda x: np.cumprod(x, 0)),
        Sample(product.cumprod, np.array([1.5]), reference=np.cumprod),
        Sample(
            lambda x: product.cumulative_prod(x, axis=0, include_initial=True),
            X,
            reference=lambda x: np.cumulative_prod(x, axis=0, include_initial=True),
        ),
        Sample(lambda x: nan.nancumprod(x, 1), GAPS, reference=lambda x: np.nancumprod(x, 1)),
    ],
    refusals=[
        *along("cumprod"),
        Refusal(lambda: product.cumulative_prod(X), ShapeError, "cumulative_prod: shape .* has several axes"),
    ],
    kinks=[
        Kink(
            "cumprod(x) with a zero: sums of products of the others",
            product.cumprod,
            (np.array([2.0, 0.0, 3.0]),),
            (np.array([1.0, 8.0, 0.0]),),
            "PyTorch, JAX: same",
        ),
    ],
)
