"""Linear algebra under NumPy's names, and those of scipy.linalg that NumPy has not."""

from typing import Any

from .ops.contract import matmul, matvec, outer, tensordot, vecdot, vecmat
from .ops.cross import cross as _cross
from .ops.determinant import det, slogdet
from .ops.diagonal import diagonal as _diagonal
from .ops.diagonal import trace as _trace
from .ops.factor import cho_factor, cho_solve, cholesky, qr, solve_triangular
from .ops.linalg import inv, solve, tensorinv, tensorsolve
from .ops.lu import lu
from .ops.matrix import block_diag, expm, logm, matrix_power, multi_dot, sqrtm
from .ops.norm import cond, matrix_norm, norm, vector_norm
from .ops.pseudo import lstsq, matrix_rank, pinv
from .ops.shape import matrix_transpose
from .ops.spectral import eig, eigh, eigvals, eigvalsh
from .ops.svd import svd, svdvals
from .tensor import Tensor


def cross(x: Any, z: Any, /, *, axis: int = -1) -> Tensor:
    """The vector product of vectors with three components along `axis`; the other axes broadcast."""
    return _cross(x, z, axis=axis)


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """The diagonal of each matrix, the last two axes, or the one `offset` to the right of it."""
    return _diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sum of the diagonal of each matrix, the last two axes, or of the one `offset` to the right of it."""
    return _trace(x, offset, -2, -1, dtype)


__all__ = [
    "block_diag", "cho_factor", "cho_solve", "cholesky", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "expm", "inv", "logm", "lstsq", "lu", "matmul", "matrix_norm", "matrix_power", "matrix_rank",
    "matrix_transpose", "matvec", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "solve_triangular",
    "sqrtm", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vecmat", "vector_norm",
]  # fmt: skip
