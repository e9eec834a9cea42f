"""Samples of eigenvalues, singular values, and what comes of them: eigh, eig, svd, pinv, functions of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import linalg
from ...errors import DTypeError, GradientError, ShapeError
from ...ops.gauge import Quotients, Settled
from ...ops.linalg import adjoint
from ...ops.matmul import _matmul
from ...ops.matrix import MatrixFunction
from ...ops.pseudo import Pinv
from ...ops.slopes import Blank, Slopes, Turn, WithinGroups
from ...ops.spectral import FromEigenvalues, Pivots
from ...ops.svd import FromSingularValues
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


def rebuilt(a: Any, g: Any) -> Any:
    """The matrix with the eigenvectors of a and the eigenvalues g."""
    w, v = linalg.eigh(a)
    return FromEigenvalues()(a, w, v, g)


def rebuilt_array(a: Any, g: Any) -> Any:
    """The same of raw arrays."""
    v = np.linalg.eigh(a)[1]
    return (v * g) @ v.T


def rebuilt_from_svd(a: Any, g: Any) -> Any:
    """The matrix with the singular vectors of a and the singular values g."""
    u, s, vh = linalg.svd(a, full_matrices=False)
    return FromSingularValues()(a, u, s, vh, g)


def total_of_both(x: Any) -> Any:
    """An element of x, made of its eigenvalues and eigenvectors."""
    w, v = linalg.eigh(x)
    return _matmul(v * w, adjoint(v))[0, 1]


declare(
    "quotients",
    samples=[
        Sample(Quotients("gap"), W, reference=lambda w: np.array([[0, -2 / 3, 2 / 3], [2 / 3, 0, 1 / 3], [-2 / 3, -1 / 3, 0]])),
        Sample(Quotients("gap"), W * (1.0 + 0.5j)),
        Sample(Quotients("sum"), np.stack([W + 3.0, W + 4.0])),
        Sample(Quotients("value"), W, reference=lambda w: 1.0 / w[None]),
        Sample(Quotients("gap"), np.zeros(0)),
    ],
    refusals=[
        Refusal(lambda: Quotients("gap")(Tensor(1.0)), ShapeError, r"quotients: needs a vector .*; given a number"),
        Refusal(lambda: Quotients("gap")(Tensor([1, 2])), ValueError, r"quotients: .*int64.* Given shapes \(2,\)"),
        Refusal(lambda: Quotients("gap")(Tensor([True])), DTypeError, "quotients: .*dtypes bool"),
    ],
)

declare(
    "settled",
    samples=[
        Sample(Settled("eigh", "gap", "skew"), A, W, W),
        Sample(Settled("eig", "gap", "off"), A * 1j, W * 1j),
        Sample(Settled("svd", "sum", "all"), STACK, W[:2] + np.array([[2.0], [3.0]])),
        Sample(Settled("svd", "value", "all"), TALL, W[:2]),
        Sample(Settled("eigh", "gap", "off", raises=False), A, np.ones(3), order=0),
    ],
    refusals=[
        Refusal(lambda: Settled("eigh", "gap", "off")(Tensor(A), W[:2]), ShapeError, r"settled: .* given \(3, 3\) and \(2,\)"),
        Refusal(
            lambda: Settled("svd", "sum", "all")(Tensor(TALL), W[:2]), ShapeError, "settled: square matrices needed for the s"
        ),
        Refusal(
            lambda: Settled("eigh", "gap", "skew")(A, np.ones(3)), GradientError, "eigh: values 0 and 1 are equal .* basis"
        ),
        Refusal(lambda: Settled("eigh", "gap", "skew")(1j * np.eye(3), W), GradientError, "eigh: the phase of vector 0 is not"),
        Refusal(
            lambda: Settled("svd", "sum", "all")(1.0 - np.eye(3), np.zeros(3)), GradientError, "svd: values 0 and 1 are zero"
        ),
        Refusal(lambda: Settled("svd", "value", "all")(TALL, np.zeros(2)), GradientError, "svd: value 0 is zero, and there"),
        Refusal(
            lambda: Settled("eigh", "gap", "skew")(A + A.T, np.ones(3), W),
            GradientError,
            "eigh: .* depends on them and on their",
        ),
    ],
)

declare(
    "slopes",
    samples=[
        Sample(Slopes(), A, W, reference=lambda m, w: np.diagonal(m)),
        Sample(Slopes(descending=True), STACK * (1.0 + 1.0j), W[:2] + np.zeros((2, 1))),
        Sample(
            lambda m: Slopes()(symmetric(m), np.ones(3, m.dtype)), A, reference=lambda m: np.linalg.eigvalsh(m + m.T), order=1
        ),
        Sample(lambda m: Slopes(True)(symmetric(m), np.array([2.0, 2.0, 1.0], m.dtype)), A, order=1),
    ],
    refusals=[
        Refusal(lambda: Slopes()(Tensor(TALL), W), ShapeError, r"slopes: needs a square matrix .*; given shape \(3, 2\)"),
        Refusal(lambda: Slopes()(Tensor(A), W[:2]), ShapeError, r"slopes: matrices .* needed; given \(3, 3\) and .*2"),
        Refusal(lambda: Slopes()(Tensor([1.0]), W), ShapeError, r"slopes: needs a square matrix .*; given shape \(1,\)"),
    ],
)

declare(
    "turn",
    samples=[
        Sample(Turn(), A, W, reference=lambda m, w: np.eye(3)),
        Sample(Turn(), STACK * 1j, W[:2] + np.zeros((2, 1)), reference=lambda m, w: np.stack([np.eye(2) + 0j] * 2)),
        Sample(Turn(), np.diag([2.0, 1.0]), np.ones(2), reference=lambda m, w: 1.0 - np.eye(2), order=0),
    ],
    refusals=[
        Refusal(lambda: Turn()(Tensor(TALL), W), ShapeError, r"turn: needs a square matrix .*; given shape \(3, 2\)"),
        Refusal(lambda: Turn()(Tensor(A), W[:2]), ShapeError, r"turn: matrices .* needed; given \(3, 3\) and .*2"),
        Refusal(lambda: Turn()(Tensor([1.0]), W), ShapeError, r"turn: needs a square matrix .*; given shape \(1,\)"),
    ],
)

declare(
    "blank",
    samples=[
        Sample(Blank(), W, reference=lambda w: np.zeros((3, 3)), order=0),
        Sample(Blank(), np.ones(2), reference=lambda w: np.array([[0.0, np.nan], [np.nan, 0.0]]), order=0),
        Sample(Blank(), np.zeros((2, 1)), reference=lambda w: np.zeros((2, 1, 1)), order=0),
    ],
    refusals=[
        Refusal(lambda: Blank()(Tensor(1.0)), ShapeError, "blank: needs a vector of values .*; given a number"),
        Refusal(lambda: Blank()(Tensor([1, 2])), ValueError, r"blank: .*int64.* Given shapes \(2,\)"),
        Refusal(lambda: Blank()(Tensor([True])), DTypeError, "blank: .*dtypes bool"),
    ],
)

declare(
    "within_groups",
    samples=[
        Sample(WithinGroups(), A, W, W + 1.0, W + 2.0, reference=lambda m, *_: np.zeros((3, 3))),
        Sample(WithinGroups(True), STACK * 1j, *[W[:2] + np.zeros((2, 1))] * 3),
        Sample(WithinGroups(), A + A.T, np.ones(3), np.ones(3), np.ones(3), reference=lambda m, *_: np.zeros((3, 3)), order=0),
        Sample(WithinGroups(), 1.0 - np.eye(2), np.ones(2), np.ones(2), np.array([-1.0, 1.0]), order=0),
        Sample(WithinGroups(), 1.0 - np.eye(2), np.ones(2), W[:2], W[:2], order=0),
    ],
    refusals=[
        Refusal(lambda: WithinGroups()(Tensor(TALL), W, W, W), ShapeError, "within_groups: needs a square matrix"),
        Refusal(lambda: WithinGroups()(Tensor(A), W[:2], W, W), ShapeError, r"within_groups: .* given \(3, 3\) and \(\(2,\), "),
        Refusal(lambda: WithinGroups()(Tensor(A), W, W, W[:2]), ShapeError, r"within_groups: .* given .*\(2,\)\)"),
    ],
)

declare(
    "from_eigenvalues",
    samples=[
        Sample(lambda x, g: rebuilt(symmetric(x), g), A, W, reference=lambda x, g: rebuilt_array(symmetric_array(x), g)),
        Sample(lambda x, g: rebuilt(symmetric(x), g), STACK, STACK[0]),
        Sample(lambda x, g: rebuilt(symmetric(x), g), C, W[:2]),
    ],
    refusals=[
        Refusal(lambda: FromEigenvalues()(Tensor(A), W, TALL, W), ShapeError, r"from_eigenvalues: vectors of shape \(3, 2\)"),
        Refusal(lambda: FromEigenvalues()(Tensor(A), W[:2], A, W), ShapeError, "from_eigenvalues: matrices .* needed; given"),
        Refusal(lambda: FromEigenvalues()(Tensor(TALL), W, TALL, W), ShapeError, "from_eigenvalues: needs a square matrix"),
    ],
)

declare(
    "eigh",
    samples=[
        Sample(lambda x: linalg.eigh(symmetric(x)), A, reference=lambda x: np.linalg.eigh(symmetric_array(x))),
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
        Kink("svdvals(x) at x = 0, a number", linalg.svdvals, (np.zeros((1, 1)),), (np.ones((1, 1)),), "PyTorch: same"),
    ],
)

declare(
    "from_singular_values",
    samples=[
        Sample(rebuilt_from_svd, TALL, W[:2]),
        Sample(rebuilt_from_svd, TALL.T, W[:2]),
        Sample(rebuilt_from_svd, STACK, STACK[0]),
        Sample(rebuilt_from_svd, C, W[:2]),
    ],
    refusals=[
        Refusal(
            lambda: FromSingularValues()(Tensor(TALL), A, W[:2], STACK[0], W[:2]),
            ShapeError,
            r"from_singular_values: factors \(3, 3\)",
        ),
        Refusal(
            lambda: FromSingularValues()(Tensor(TALL), TALL, W[:2], STACK[0], W),
            ShapeError,
            r"from_singular_values: .* values \(3,\) do not",
        ),
        Refusal(
            lambda: FromSingularValues()(Tensor([1.0]), TALL, W[:2], STACK[0], W),
            ShapeError,
            r"from_singular_values: needs a matrix",
        ),
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
