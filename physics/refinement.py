"""Refinement: collocation points drawn where the residual is large, so that a thin layer cannot hide between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .domain import Domain
from .sampling import sample

CANDIDATES = 4  # for each point that is wanted


def refined(
    domain: Domain, n: int, residual: Callable[[np.ndarray], np.ndarray], rng: np.random.Generator, fraction: float = 0.5
) -> np.ndarray:
    """n points of the domain: a `fraction` of them by the residual, the others by a Latin hypercube, shape (n, d).

    The former are picked among 4 n uniform candidates with probability ∝ |r| / mean|r| + 1: the RAD distribution with
    k = c = 1 (Wu, Zhu, Tan, Kartha, Lu 2023, Comput. Methods Appl. Mech. Engrg. 403, 115671, equation 2).
    `residual` gives r at points (N, d), shape (N,); where it is not finite it counts as zero. Raises ValueError for a
    fraction outside [0, 1].
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"refined: fraction is {fraction}; it is a part of the points, between 0 and 1")
    many = round(fraction * n)
    rest = sample(domain, n - many, "latin_hypercube", rng) if many < n else np.empty((0, len(domain.names)))
    if many == 0:
        return rest
    candidates = sample(domain, CANDIDATES * n, "uniform", rng)
    r = np.nan_to_num(np.abs(residual(candidates)), nan=0.0, posinf=0.0)
    density = r / r.mean() + 1.0 if r.any() else np.ones_like(r)
    picked = rng.choice(len(candidates), many, replace=False, p=density / density.sum())
    return np.concatenate([rest, candidates[picked]])
