"""Linear algebra under NumPy's names."""

from .ops.linalg import det, inv, norm, solve

__all__ = ["det", "inv", "norm", "solve"]
