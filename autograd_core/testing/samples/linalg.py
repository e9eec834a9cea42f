"""Samples of linear equations, determinants and factorisations: solve, inv, det, slogdet, cholesky, qr."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from ... import linalg
from ...errors import DTypeError, GradientError, ShapeError
from ...ops.determinant import Cofactor
from ...ops.factor import Complement
from ...ops.linalg import adjoint
from ...ops.lu import Lu, RowExchange
from ...ops.matmul import NullMatmul, _matmul
from ...tensor import Tensor, as_tensor
from ...transforms import grad
from ..declared import Kink, Refusal, Sample, declare

rng = np.random.default_rng(23)
EYE = np.eye(3)
A = rng.normal(size=(3, 3)) + 3.0 * EYE
STACK = rng.normal(size=(2, 2, 2)) + 3.0 * np.eye(2)
C = rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)) + 3.0 * np.eye(2)
B = rng.normal(size=(3, 2))
TALL = rng.normal(size=(3, 2))
COMPLEX_TALL = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
EMPTY = np.zeros((0, 0))
HALF = np.eye(2, dtype=np.float16)


def positive(x: Any) -> Any:
    """A positive definite matrix made of x."""
    x = as_tensor(x)
    return _matmul(x, adjoint(x)) + np.eye(x.shape[-2], dtype=x.dtype)


def positive_array(x: Any) -> Any:
    """The same of a raw array."""
    return x @ x.conj().swapaxes(-1, -2) + np.eye(x.shape[-2])


def total(f: Any, part: int) -> Any:
    """The sum of all elements of one of the outputs of f."""
    return lambda x: f(x)[part].sum()


def not_square(f: Any, name: str) -> list[Refusal]:
    """What every function of square matrices refuses."""
    return [
        Refusal(lambda: f(TALL), ShapeError, rf"{name}: needs a square matrix .*; given shape \(3, 2\)"),
        Refusal(lambda: f([1.0, 2.0]), ShapeError, rf"{name}: needs a square matrix .*; given shape \(2,\)"),
        Refusal(lambda: f(HALF), DTypeError, f"{name}: linear algebra has no float16"),
        Refusal(lambda: f([["a"]]), DTypeError, "a Tensor holds numbers or booleans"),
    ]


declare(
    "solve",
    samples=[
        Sample(linalg.solve, A, B, reference=np.linalg.solve),
        Sample(linalg.solve, A, B[:, 0], reference=np.linalg.solve),
        Sample(linalg.solve, STACK, B[:2], reference=np.linalg.solve),
        Sample(linalg.solve, STACK, B[:2, 0], reference=np.linalg.solve),
        Sample(linalg.solve, C, C[:, :1], reference=np.linalg.solve),
        Sample(linalg.solve, EMPTY, EMPTY, reference=np.linalg.solve),
    ],
    refusals=[
        *not_square(lambda a: linalg.solve(a, np.ones(2)), "solve"),
        Refusal(lambda: linalg.solve(A, B[:2]), ShapeError, r"solve: a of shape \(3, 3\) needs a b of shape \(3,\)"),
        Refusal(lambda: linalg.solve(STACK, np.ones((3, 2, 1))), ShapeError, "solve: the stacks do not broadcast"),
        Refusal(lambda: linalg.solve(SINGULAR, np.ones(2)), LinAlgError, r"solve: a matrix of a, shape \(2, 2\), is singular"),
    ],
)

declare(
    "inv",
    samples=[
        Sample(linalg.inv, A, reference=np.linalg.inv),
        Sample(linalg.inv, STACK, reference=np.linalg.inv),
        Sample(linalg.inv, C, reference=np.linalg.inv),
        Sample(linalg.inv, EMPTY, reference=np.linalg.inv),
    ],
    refusals=[
        *not_square(linalg.inv, "inv"),
        Refusal(lambda: linalg.inv(np.stack([np.eye(2), SINGULAR])), LinAlgError, "inv: a matrix, number 1 of the stack,"),
    ],
)

declare(
    "null_matmul",
    samples=[
        Sample(NullMatmul(), A, A.T, reference=np.matmul),
        Sample(NullMatmul(), STACK, STACK[::-1], reference=np.matmul),
        Sample(NullMatmul(), C, C.T, reference=np.matmul),
        Sample(NullMatmul(), 0.0 * A, np.full((3, 3), np.inf), reference=lambda x, z: x, order=0),
    ],
    refusals=[
        Refusal(lambda: NullMatmul()(Tensor(TALL), TALL), ShapeError, r"null_matmul: square matrices .* given \(3, 2\)"),
        Refusal(lambda: NullMatmul()(Tensor(A), C), ShapeError, r"null_matmul: square matrices .* given \(3, 3\) and \(2, 2\)"),
        Refusal(lambda: NullMatmul()(Tensor(A), STACK), ShapeError, r"null_matmul: square matrices .* and \(2, 2, 2\)"),
    ],
)

declare(
    "det",
    samples=[
        Sample(linalg.det, A, reference=np.linalg.det, order=3),
        Sample(linalg.det, SINGULAR, reference=np.linalg.det),
        Sample(linalg.det, np.zeros((3, 3)), reference=np.linalg.det),
        Sample(linalg.det, STACK, reference=np.linalg.det),
        Sample(linalg.det, C, reference=np.linalg.det),
        Sample(linalg.det, EMPTY, reference=np.linalg.det),
    ],
    refusals=not_square(linalg.det, "det"),
    kinks=[
        Kink("det(x) at a singular matrix", linalg.det, (SINGULAR,), (np.array([[4.0, -2.0], [-2.0, 1.0]]),), "PyTorch: 0"),
    ],
)

declare(
    "cofactor",
    samples=[
        Sample(Cofactor(0), A),
        Sample(Cofactor(1), A, np.diag(B.ravel()[:3])),
        Sample(Cofactor(2), STACK, STACK + 1.0, STACK[::-1]),
        Sample(Cofactor(1), C, C.T),
    ],
    refusals=[
        Refusal(lambda: Cofactor(0)(Tensor(TALL)), ShapeError, r"cofactor: needs a square matrix .*; given shape \(3, 2\)"),
        Refusal(lambda: Cofactor(0)(Tensor([1.0])), ShapeError, r"cofactor: needs a square matrix .*; given shape \(1,\)"),
        Refusal(lambda: Cofactor(0)(Tensor(HALF)), DTypeError, "cofactor: array type float16 is unsupported"),
    ],
)

declare(
    "slogdet",
    samples=[
        Sample(linalg.slogdet, A, reference=np.linalg.slogdet),
        Sample(linalg.slogdet, -STACK[:, :1, :1], reference=np.linalg.slogdet),
        Sample(linalg.slogdet, STACK, reference=np.linalg.slogdet),
        Sample(linalg.slogdet, C, reference=np.linalg.slogdet),
        Sample(linalg.slogdet, EMPTY, reference=np.linalg.slogdet),
    ],
    refusals=not_square(linalg.slogdet, "slogdet"),
    kinks=[
        Kink("slogdet(x)[1] at a singular matrix", total(linalg.slogdet, 1), (SINGULAR,), (np.full((2, 2), np.inf),)),
        Kink("slogdet(x)[0] where the determinant is 0", total(linalg.slogdet, 0), (SINGULAR,), (np.zeros((2, 2)),)),
    ],
)

declare(
    "solve_triangular",
    samples=[
        Sample(linalg.solve_triangular, A, B, reference=lambda a, b: np.linalg.solve(np.triu(a), b)),
        Sample(
            lambda a, b: linalg.solve_triangular(a, b, lower=True, unit_diagonal=True),
            A,
            B[:, 0],
            reference=lambda a, b: np.linalg.solve(np.tril(a, -1) + EYE, b),
        ),
        Sample(
            lambda a, b: linalg.solve_triangular(a, b, trans=2),
            C,
            C[0],
            reference=lambda a, b: np.linalg.solve(np.triu(a).conj().T, b),
        ),
        Sample(lambda a, b: linalg.solve_triangular(a, b, "T"), STACK, B[:2]),
        Sample(lambda x, b: linalg.cho_solve(linalg.cho_factor(positive(x)), b), STACK, B[:2]),
    ],
    refusals=[
        *not_square(lambda a: linalg.solve_triangular(a, np.ones(2)), "solve_triangular"),
        Refusal(lambda: linalg.solve_triangular(A, B, trans=3), ValueError, "trans must be 0, 1, 2, 'N', 'T' or 'C', not 3"),
        Refusal(lambda: linalg.solve_triangular(A, [1.0]), ShapeError, r"solve_triangular: a of shape \(3, 3\) needs a b"),
        Refusal(lambda: linalg.solve_triangular(np.zeros((2, 2)), np.ones(2)), LinAlgError, "solve_triangular: .* singular"),
    ],
)

declare(
    "cholesky",
    samples=[
        Sample(lambda x: linalg.cholesky(positive(x)), A, reference=lambda x: np.linalg.cholesky(positive_array(x))),
        Sample(lambda x: linalg.cholesky(positive(x)), STACK, reference=lambda x: np.linalg.cholesky(positive_array(x))),
        Sample(lambda x: linalg.cholesky(positive(x)), C, reference=lambda x: np.linalg.cholesky(positive_array(x))),
        Sample(
            lambda x: linalg.cholesky(positive(x), upper=True),
            TALL,
            reference=lambda x: np.linalg.cholesky(positive_array(x), upper=True),
        ),
        Sample(linalg.cholesky, EMPTY, reference=np.linalg.cholesky),
    ],
    refusals=[
        *not_square(linalg.cholesky, "cholesky"),
        Refusal(
            lambda: linalg.cholesky(-EYE), LinAlgError, r"cholesky: a matrix of a, shape \(3, 3\), is not positive definite"
        ),
    ],
)

declare(
    "qr",
    samples=[
        Sample(linalg.qr, A, reference=np.linalg.qr),
        Sample(linalg.qr, TALL, reference=np.linalg.qr),
        Sample(linalg.qr, TALL.T, reference=np.linalg.qr),
        Sample(lambda x: linalg.qr(x, "r"), STACK, reference=lambda x: np.linalg.qr(x, "r")),
        Sample(lambda x: [y * (1.0 + 2.0j) for y in linalg.qr(x)], COMPLEX_TALL),
    ],
    refusals=[
        Refusal(lambda: linalg.qr(A, "raw"), ValueError, "qr: mode must be 'reduced', 'complete' or 'r', not 'raw'"),
        Refusal(lambda: linalg.qr(np.ones(3)), ShapeError, r"qr: needs a matrix or a stack of them.*given shape \(3,\)"),
        Refusal(lambda: linalg.qr(HALF), DTypeError, "qr: linear algebra has no float16"),
        Refusal(lambda: grad(total(linalg.qr, 1))(SINGULAR * 0.0), GradientError, "qr: r is singular, columns of a are dep"),
    ],
)

declare(
    "row_exchange",
    samples=[
        Sample(RowExchange(), A, reference=lambda a: EYE, order=0),
        Sample(RowExchange(), STACK[:, ::-1].copy(), reference=lambda a: np.stack([1.0 - np.eye(2)] * 2), order=0),
        Sample(RowExchange(), TALL, order=0),
        Sample(RowExchange(), C, reference=lambda a: np.eye(2), order=0),
    ],
    refusals=[
        Refusal(lambda: RowExchange()(Tensor([1.0])), ShapeError, r"row_exchange: needs a matrix .*; given shape \(1,\)"),
        Refusal(lambda: RowExchange()(Tensor(1.0)), ShapeError, r"row_exchange: needs a matrix .*; given shape \(\)"),
        Refusal(lambda: linalg.lu(HALF), DTypeError, "lu: linear algebra has no float16"),
    ],
)

declare(
    "lu",
    samples=[
        Sample(lambda x: linalg.lu(x)[1:], A),
        Sample(lambda x: linalg.lu(x, permute_l=True), TALL),
        Sample(lambda x: linalg.lu(x)[1:], TALL.T),
        Sample(lambda x: [y * (1.0 + 2.0j) for y in linalg.lu(x)[1:]], C),
        Sample(Lu(), STACK),
    ],
    refusals=[
        Refusal(lambda: linalg.lu(np.ones(3)), ShapeError, r"lu: needs a matrix or a stack of them.*given shape \(3,\)"),
        Refusal(lambda: linalg.lu(EMPTY), ShapeError, r"lu: an empty matrix has no factors; given shape \(0, 0\)"),
        Refusal(lambda: Lu()(Tensor(TALL)), ShapeError, "lu: needs a square matrix"),
        Refusal(lambda: grad(total(linalg.lu, 2))(SINGULAR), GradientError, "lu: u is singular, and there l and u have no"),
    ],
)

declare(
    "complement",
    samples=[
        Sample(lambda x: linalg.qr(x, "complete"), TALL[:2, :1], reference=lambda x: np.linalg.qr(x, "complete")),
        Sample(lambda x: linalg.qr(x, "complete")[0], STACK[:, :, :1]),
    ],
    refusals=[
        Refusal(lambda: Complement()(Tensor(TALL.T)), ShapeError, r"complement: 3 columns of length 2 cannot be orthonormal"),
        Refusal(lambda: Complement()(Tensor([1.0])), ShapeError, r"complement: needs a matrix .*; given shape \(1,\)"),
        Refusal(lambda: Complement()(Tensor(HALF)), DTypeError, "complement: array type float16 is unsupported in linalg"),
        Refusal(
            lambda: grad(lambda x: linalg.qr(x, "complete").Q[0, 1])(A[:, :1]), GradientError, "qr: values 0 and 1 are equal"
        ),
    ],
)
