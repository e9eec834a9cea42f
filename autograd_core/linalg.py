"""Linear algebra under NumPy's names."""

from .ops.determinant import det
from .ops.linalg import inv, solve

try:
    from .ops.norm import norm
except ImportError:
    norm = None

__all__ = ["det", "inv", "norm", "solve"]
