"""Functions of scipy.special, differentiable here; erf and erfc need SciPy, and raise MissingExtraError without it."""

from __future__ import annotations

from .ops import elementwise as table
from .public import public

erf = public(table.erf, "The error function 2/√π ∫₀ˣ exp(-s²) ds.")
erfc = public(table.erfc, "1 - erf(x), precise for large x.")
expit = public(table.sigmoid, "The logistic function 1 / (1 + exp(-x)).")
xlogy = public(table.xlogy, "x · log(z), and 0 where x is 0.")
