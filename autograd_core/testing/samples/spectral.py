"""Samples of eigenvalues, singular values, and what comes of them: eigh, eig, svd, pinv, functions of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import linalg
from ...errors import DTypeError, GradientError, ShapeError
from ...ops.gauge import Quotients
from ...ops.linalg import adjoint
from ...ops.matmul import _matmul
from ...ops.matrix import MatrixFunction
from ...ops.pseudo import Pinv
from ...ops.spectral import Eigh, Pivots
from ...tensor import Tensor, as_tensor
from ...transforms import grad
from ..declared import Kink, Refusal, Sample, declare
from .linalg import HALF, SINGULAR, STACK, TALL, A, C, not_square, positive

W = np.array([0.5, -1.0, 2.0])
EQUAL = np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 1.0, 2.0]])  # eigenvalues 1, 1, 4
TURNED = np.array([[0.0, -2.0], [2.0, 0.0]])  # singular values 2, 2
UPPER = np.array([[1.0, 0.5, -0.3], [0.1, 2.0, 0.4], [0.2, -0.1, 4.0]])
ROTATION = np.array([[0.2, 1.0], [-1.1, 0.1]])


def symmetric(x: Any) -> Any:
    """The sum of a matrix and its adjoint."""
    x = as_tensor(x)
    return x + adjoint(x)


def symmetric_array(x: Any) -> Any:
    """The same of a raw array."""
    return x + x.conj().swapaxes(-1, -2)


def total_of_both(x: Any) -> Any:
    """An element of x, made of its eigenvalues and eigenvectors."""
    w, v = linalg.eigh(x)
    return _matmul(v * w, adjoint(v))[0, 1]


declare(
    "quotients",
    samples=[
        Sample(Quotients(), W, reference=lambda w: np.array([[0, -2 / 3, 2 / 3], [2 / 3, 0, 1 / 3], [-2 / 3, -1 / 3, 0]])),
        Sample(Quotients(), W * (1.0 + 0.5j)),
        Sample(Quotients(), np.stack([W + 3.0, 2.0 * W])),
        Sample(Quotients(), np.zeros(0)),
    ],
    refusals=[
        Refusal(lambda: Quotients()(Tensor(1.0)), ShapeError, r"quotients: needs a vector .*; given a number"),
        Refusal(lambda: Quotients()(Tensor([1, 2])), ValueError, r"quotients: .*int64.* Given shapes \(2,\)"),
        Refusal(lambda: Quotients()(Tensor([True])), DTypeError, "quotients: .*dtypes bool"),
    ],
)

declare(
    "eigh",
    samples=[
        Sample(lambda x: linalg.eigh(symmetric(x)), A, reference=lambda x: np.linalg.eigh(symmetric_array(x))),
        Sample(lambda x: Eigh()(symmetric(x)), C.real),
        Sample(lambda x: linalg.eigh(symmetric(x), "U"), STACK, reference=lambda x: np.linalg.eigh(symmetric_array(x), "U")),
        Sample(lambda x: linalg.eigvalsh(symmetric(x)), STACK, reference=lambda x: np.linalg.eigvalsh(symmetric_array(x))),
        Sample(linalg.eigvalsh, np.zeros((0, 0)), reference=np.linalg.eigvalsh),
    ],
    refusals=[
        *not_square(linalg.eigh, "eigh"),
        Refusal(lambda: linalg.eigh(A, "X"), ValueError, "eigh: UPLO must be 'L' or 'U', not 'X'"),
        Refusal(
            lambda: grad(lambda x: linalg.eigh(x)[1][1, 0])(EQUAL), GradientError, "eigh: values 0 and 1 are equal .* basis"
        ),
        Refusal(lambda: grad(total_of_both)(EQUAL), GradientError, "eigh: values 0 and 1 are equal .* depends on them and on"),
    ],
    kinks=[
        Kink("sum(eigvalsh(x)**3) at equal eigenvalues", lambda x: linalg.eigvalsh(x) ** 3, (EQUAL,), (3.0 * EQUAL @ EQUAL,)),
        Kink(
            "the gradient of sum(eigvalsh(x)**3) at equal eigenvalues, and of all symmetric functions: right to third order",
            grad(lambda x: (linalg.eigvalsh(x) ** 3).sum()),
            (EQUAL,),
            (np.full((3, 3), 24.0),),
        ),
    ],
)

declare(
    "eig",
    samples=[
        Sample(linalg.eig, UPPER, reference=np.linalg.eig),
        Sample(lambda x: [y * (1.0 + 2.0j) for y in linalg.eig(x)], ROTATION),
        Sample(lambda x: [y * (1.0 + 2.0j) for y in linalg.eig(x)], C),
        Sample(linalg.eigvals, STACK, reference=np.linalg.eigvals),
    ],
    refusals=[
        *not_square(linalg.eig, "eig"),
        Refusal(lambda: grad(lambda x: linalg.eig(x)[1][1, 0])(np.eye(2)), GradientError, "eig: values 1 and 0 are equal"),
        Refusal(
            lambda: grad(lambda x: linalg.eigvals(x)[0])(np.array([[0.0, 1.0], [0.0, 0.0]])), GradientError, "eig: .*defective"
        ),
    ],
    kinks=[Kink("sum(eigvals(x)) at equal eigenvalues", linalg.eigvals, (2.0 * np.eye(2),), (np.eye(2),))],
)

declare(
    "pivots",
    samples=[
        Sample(Pivots(), np.array([[0.6, 0.8], [-0.8, 0.6]]), reference=lambda v: np.array([[0.0, 1.0], [1.0, 0.0]]), order=0),
        Sample(Pivots(), np.array([[0.6, 0.8j], [0.8j, 0.6]]), reference=lambda v: np.eye(2), order=0),
        Sample(Pivots(), np.array([[0.8j, 1j], [0.6j, 0]]), reference=lambda v: np.array([[1.0, 1.0], [0.0, 0.0]]), order=0),
    ],
    refusals=[
        Refusal(lambda: Pivots()(Tensor(TALL)), ShapeError, r"pivots: needs a square matrix .*; given shape \(3, 2\)"),
        Refusal(lambda: Pivots()(Tensor([1.0])), ShapeError, r"pivots: needs a square matrix .*; given shape \(1,\)"),
        Refusal(lambda: Pivots()(Tensor(1.0)), ShapeError, r"pivots: needs a square matrix .*; given shape \(\)"),
    ],
)

declare(
    "svd",
    samples=[
        Sample(lambda x: linalg.svd(x, full_matrices=False), A, reference=np.linalg.svd),
        Sample(lambda x: linalg.svd(x, False), TALL, reference=lambda x: np.linalg.svd(x, False)),
        Sample(lambda x: linalg.svd(x, False), TALL.T, reference=lambda x: np.linalg.svd(x, False)),
        Sample(linalg.svd, TALL[:2, :1], reference=np.linalg.svd),
        Sample(linalg.svd, TALL[:1], reference=np.linalg.svd),
        Sample(linalg.svdvals, STACK, reference=np.linalg.svdvals),
    ],
    refusals=[
        Refusal(lambda: linalg.svd(np.ones(3)), ShapeError, r"svd: needs a matrix or a stack of them.*given shape \(3,\)"),
        Refusal(lambda: linalg.svd(HALF), DTypeError, "svd: linear algebra has no float16"),
        Refusal(
            lambda: grad(lambda x: linalg.svd(x)[0][0, 0])(TURNED), GradientError, "svd: values 0 and 1 are equal .* basis"
        ),
        Refusal(
            lambda: grad(lambda x: linalg.svd(x, False)[0][2, 1])(np.eye(3, 2) * [1, 0]), GradientError, "svd: value 1 is z"
        ),
    ],
    kinks=[
        Kink("sum(svdvals(x)**2) at equal singular values", lambda x: linalg.svdvals(x) ** 2, (TURNED,), (2.0 * TURNED,)),
        Kink(
            'the gradient of norm(x, "nuc"), the polar factor, at equal singular values',
            grad(lambda x: linalg.norm(x, "nuc")),
            (TURNED,),
            (np.eye(2) / 2.0,),
        ),
        Kink("svdvals(x) at x = 0, a number", linalg.svdvals, (np.zeros((1, 1)),), (np.ones((1, 1)),), "PyTorch: same"),
    ],
)

declare(
    "pinv",
    samples=[
        Sample(linalg.pinv, TALL, reference=np.linalg.pinv),
        Sample(linalg.pinv, TALL.T, reference=np.linalg.pinv),
        Sample(lambda x: linalg.pinv(x, [0.1, 0.01]), STACK, reference=lambda x: np.linalg.pinv(x, [0.1, 0.01])),
        Sample(lambda x: linalg.pinv(_matmul(x, x.T), rtol=1e-3), TALL, reference=lambda x: np.linalg.pinv(x @ x.T, rtol=1e-3)),
        Sample(linalg.pinv, C, reference=np.linalg.pinv),
        Sample(lambda a, b: linalg.lstsq(a, b)[0], TALL, A, reference=lambda a, b: np.linalg.lstsq(a, b)[0]),
    ],
    refusals=[
        Refusal(lambda: linalg.pinv(np.ones(3)), ShapeError, r"pinv: needs a matrix or a stack of them.*given shape \(3,\)"),
        Refusal(lambda: linalg.pinv(TALL, [0.1, 0.2]), ShapeError, r"pinv: rcond is a number, or one for each matrix"),
        Refusal(lambda: linalg.pinv(HALF), DTypeError, "pinv: linear algebra has no float16"),
        Refusal(lambda: linalg.pinv(TALL, 0.1, rtol=0.1), ValueError, "pinv: rcond and rtol are the same number"),
        Refusal(lambda: linalg.pinv(TALL, hermitian=True), ShapeError, "pinv: needs a square matrix"),
        Refusal(lambda: Pinv()(Tensor(TALL.T), 0.1), ShapeError, "pinv: at least as many rows as columns needed"),
    ],
)

declare(
    "matrix_function",
    samples=[
        Sample(linalg.expm, A / 3.0),
        Sample(linalg.expm, np.array([[1.0, 1.0], [0.0, 1.0]]), reference=lambda a: np.e * np.array([[1.0, 1.0], [0.0, 1.0]])),
        Sample(linalg.expm, np.zeros((2, 2)), reference=lambda a: np.eye(2)),
        Sample(linalg.expm, C),
        Sample(lambda x: linalg.logm(positive(x)), STACK),
        Sample(lambda x: linalg.sqrtm(positive(x)), STACK[0]),
        Sample(MatrixFunction("expm", 1), STACK, STACK[::-1]),
    ],
    refusals=[
        *not_square(linalg.expm, "expm"),
        Refusal(lambda: linalg.logm(np.ones((2, 3))), ShapeError, "logm: needs a square matrix"),
        Refusal(lambda: linalg.sqrtm(HALF), DTypeError, "sqrtm: linear algebra has no float16"),
        Refusal(lambda: MatrixFunction("expm", 1)(Tensor(A), SINGULAR), ShapeError, "expm: directions need the shape of the"),
    ],
)
