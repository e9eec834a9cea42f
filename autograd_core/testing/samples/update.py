"""Samples of changed copies of an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import update
from ...ops.indices import parse
from ...ops.update import At, Places, Stays
from ...tensor import Tensor, as_tensor
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(34)
X = rng.normal(size=(3, 4))
C = X + 1j * X[::-1]
K, J = np.array([0, 2, 0]), np.array([1, 1, 3])
MASK = np.eye(3, 4) > 0


def setting(item: Any, x: Any, z: Any) -> Sample:
    """A sample of x.at[item].set(z)."""

    def reference(x: Any, z: Any) -> Any:
        y = np.array(x)
        y[item] = z
        return y

    return Sample(lambda x, z: At(x)[item].set(z), x, z, reference=reference, label=f"x.at[{item!r}].set")


def changed(how: str) -> Any:
    """A function that changes x at an element that is named three times."""
    return lambda x, z: getattr(At(x)[[1, 1, 1]], how)(z)


def along(x: Any, z: Any) -> Any:
    """What NumPy's function makes of x."""
    y = np.array(x)
    np.put_along_axis(y, K[:, None], z, 1)
    return y


declare(
    "set_at",
    samples=[
        setting((slice(1, 3), 0), X, rng.normal(size=2)),
        setting((K, J), X, rng.normal(size=3)),
        setting((K[:, None], slice(None), [1]), rng.normal(size=(3, 2, 2)), rng.normal(size=(3, 1, 2))),
        setting(MASK, C, rng.normal(size=3) * 1j),
        setting((), np.array(0.5), np.array(2.0)),
        setting(slice(1, 1), X, rng.normal(size=4)),
        Sample(lambda x, z: update.put_along_axis(x, K[:, None], z, 1), X, X[:, :1], reference=along),
        Sample(lambda x, z: At(x)[0].multiply(z), X, X[1], reference=lambda x, z: np.concatenate([[x[0] * z], x[1:]])),
    ],
    refusals=[
        Refusal(
            lambda: At(as_tensor([1, 2]))[0].set(0.5),
            DTypeError,
            r"x\.at\[0\]\.set: dtype float64 does not go into x of dtype int64",
        ),
        Refusal(
            lambda: At(as_tensor(X))[0].set(np.ones(3)), ShapeError, r"broadcast_to: shapes \(3,\) and \(4,\) do not broadcast"
        ),
        Refusal(lambda: At(as_tensor(X))[9].set(1.0), IndexError, r"x\[9\] for x of shape \(3, 4\): index 9 is out of bounds"),
        Refusal(
            lambda: At(as_tensor([1, 2]))[[0]].divide(2),
            DTypeError,
            r"x\.at\[array\]\.divide: a quotient does not go into x of dtype int64",
        ),
        Refusal(lambda: update.put_along_axis(X, [0], 1.0, 0), ShapeError, "put_along_axis: .* equally many axes needed"),
        Refusal(
            lambda: update.assign(Tensor(X, requires_grad=True), 0, 1.0),
            update.MutationError,
            "a leaf that requires a gradient .* cannot be changed in place",
        ),
    ],
    kinks=[
        Kink(
            "x.at[i].set(z) with an element named twice: the last value stays and gets the gradient",
            lambda x, z: At(x)[[1, 1]].set(z),
            (np.zeros(2), np.zeros(2)),
            (np.array([1.0, 0.0]), np.array([0.0, 1.0])),
            "JAX: same",
        ),
        Kink(
            "x.at[i].max(z) with three values that tie: a third each",
            changed("max"),
            (np.array([0.0, 1.0]), np.array([1.0, 1.0, 0.0])),
            (np.array([1.0, 1 / 3]), np.array([1 / 3, 1 / 3, 0.0])),
            "JAX: same",
        ),
        Kink(
            "x.at[i].multiply(z) with factors 0: the product of the others",
            changed("multiply"),
            (np.ones(2), np.array([0.0, 2.0, 3.0])),
            (np.array([1.0, 0.0]), np.array([6.0, 0.0, 0.0])),
            "JAX: no gradient",
        ),
    ],
)

STAYS = [((K, J), (3, 4)), ((slice(None), J), (3, 4)), (K, (3,)), (np.array(1), (3,)), (np.zeros(0, int), (3,))]


def last(key: Any, shape: Any) -> Any:
    """Whether each named element is written last, by writing numbers."""
    y = np.zeros(shape, int)
    numbers = np.arange(y[key].size).reshape(y[key].shape)
    y[key] = numbers
    return y[key] == numbers


def naming(op: Any, key: Any, shape: Any, reference: Any) -> Sample:
    """A sample of an op on the index arrays of an index."""
    which, arrays, _ = parse(key, shape)
    return Sample(
        lambda *arrays: op(which, shape)(*arrays),
        *(a.array for a in arrays),
        reference=lambda *_: reference(key, shape),
        order=0,
    )


declare(
    "stays",
    samples=[naming(Stays, key, shape, last) for key, shape in STAYS],
    refusals=[
        Refusal(
            lambda: Stays(parse([7], (3,))[0], (3,))(as_tensor([7])),
            IndexError,
            "index 7 is out of bounds for axis 0 with size 3",
        ),
        Refusal(lambda: Stays(parse(([0], [0]), (3, 4))[0], (3,)).shape((1,), (1,)), IndexError, "too many indices"),
        Refusal(lambda: Stays(parse(([0], [0]), (3, 4))[0], (3, 4)).shape((2,), (3,)), IndexError, "shape mismatch"),
    ],
)

declare(
    "places",
    samples=[
        naming(Places, key, shape, lambda key, shape: np.arange(np.prod(shape)).reshape(shape)[key]) for key, shape in STAYS
    ],
    refusals=[
        Refusal(lambda: At(as_tensor(X))[[0, 9]].max(1.0), IndexError, "index 9 is out of bounds for axis 0 with size 3"),
        Refusal(
            lambda: At(as_tensor(X))[[0, 0]].max(np.ones(2)),
            ShapeError,
            r"broadcast_to: shapes \(2,\) and \(2, 4\) do not broadcast",
        ),
        Refusal(
            lambda: At(as_tensor(X))[[0, 0]].multiply(1j),
            DTypeError,
            r"x\.at\[array\]\.multiply: dtype complex128 does not go into",
        ),
    ],
)
