"""Samples of products that sum: matmul and einsum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError, ShapeError
from ...ops import contract
from ...ops.contract import Einsum
from ...ops.matmul import matmul
from ...tensor import Tensor
from ..declared import Refusal, Sample, declare

rng = np.random.default_rng(29)


def real(*shape: int) -> np.ndarray:
    """Random numbers."""
    return rng.normal(size=shape)


def complex_(*shape: int) -> np.ndarray:
    """Random complex numbers."""
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


def einsum(subscripts: str, *xs: Any) -> Sample:
    """A sample of `einsum`."""
    return Sample(
        lambda *xs: contract.einsum(subscripts, *xs), *xs, reference=lambda *xs: np.einsum(subscripts, *xs), label=subscripts
    )


declare(
    "matmul",
    samples=[
        Sample(matmul, real(2, 3), real(3, 2), reference=np.matmul),
        Sample(matmul, real(3), real(3), reference=np.matmul),
        Sample(matmul, real(2, 3), real(3), reference=np.matmul),
        Sample(matmul, real(3), real(2, 3, 2), reference=np.matmul),
        Sample(matmul, real(2, 2, 3), real(3), reference=np.matmul),
        Sample(matmul, real(2, 2, 3), real(3, 2), reference=np.matmul),
        Sample(matmul, real(3, 1, 2, 1), real(2, 1, 2), reference=np.matmul),
        Sample(matmul, complex_(2, 2), complex_(2), reference=np.matmul),
        Sample(matmul, real(2, 0), real(0, 3), reference=np.matmul),
        Sample(contract.vdot, complex_(2, 2), complex_(4), reference=np.vdot),
    ],
    refusals=[
        Refusal(lambda: matmul(real(3, 4), real(5, 2)), ShapeError, r"matmul: inner sizes differ: \(3, 4\) @ \(5, 2\)"),
        Refusal(lambda: matmul(2.0, real(3)), ShapeError, r"matmul: each side needs an axis: \(\) @ \(3,\)"),
        Refusal(lambda: matmul(real(2, 2, 3), real(3, 3, 2)), ShapeError, r"matmul: batch axes \(2,\) and \(3,\) do not br"),
        Refusal(lambda: matmul(["a"], [1.0]), DTypeError, "a Tensor holds numbers or booleans"),
    ],
)

declare(
    "einsum",
    samples=[
        einsum("ij,jk->ki", real(2, 3), real(3, 2)),
        einsum("ii->", real(3, 3)),
        einsum("iij->ji", real(2, 2, 3)),
        einsum("...i,...i->...", real(3, 2), real(2)),
        einsum("ij,kl->", real(2, 1), real(1, 3)),
        einsum("ij,jk,k->i", complex_(2, 2), real(2, 2), complex_(2)),
        einsum("ij,j->i", real(2, 0), real(0)),
        Sample(Einsum(("a",), "aba", (("b", 2),)), real(3), label="a diagonal, repeated"),
        Sample(lambda x, z: contract.tensordot(x, z, ([0], [1])), real(2, 3), real(2, 2)),
        Sample(contract.inner, real(2, 3), real(2, 3), reference=np.inner),
    ],
    refusals=[
        Refusal(
            lambda: contract.einsum("ij,jk", real(2, 3)), ShapeError, "einsum: 'ij,jk' describes 2 operands, and 1 were given"
        ),
        Refusal(
            lambda: contract.einsum("ij->k", real(2, 3)), ShapeError, "einsum: 'ij->k': an output label must be in an operand"
        ),
        Refusal(lambda: contract.einsum("ii", real(2, 3)), ShapeError, "einsum: label 'i' has length 2 and length 3"),
        Refusal(lambda: contract.einsum("i+", real(2)), ShapeError, r"einsum: 'i\+' may hold letters, commas"),
        Refusal(lambda: Einsum(("ab",), "b")(Tensor([1.0])), ShapeError, "einsum: 'ab' has 2 labels for an operand"),
        Refusal(lambda: contract.tensordot(real(2, 3), real(2, 3)[:1], 2), ShapeError, "tensordot: axes .* differ in length"),
    ],
)
