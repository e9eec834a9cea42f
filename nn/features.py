"""Features that are computed once and for all, and not trained: random Fourier features."""

from __future__ import annotations

import math
from typing import Any

import autograd_core as ac

from .linear import count
from .module import Module
from .seeding import Seed, as_generator


class RandomFourierFeatures(Module):
    """y = (cos 2πBx, sin 2πBx) with fixed frequencies B from the normal distribution of standard deviation `sigma`.

    A network of these features learns fine detail that one of x itself learns late or never: sigma sets how fine. `B` is the
    buffer `frequencies` of shape (num_frequencies, in_features), part of the state and not a parameter. Shapes: x
    (…, in_features), y (…, 2 · num_frequencies). `generator` is a seed or a generator for B.

    Source: Tancik et al., NeurIPS 2020, eq. 4 and 5; after Rahimi and Recht, NeurIPS 2007.

    >>> features = RandomFourierFeatures(2, 16, sigma=5.0, generator=0)
    >>> features(ac.zeros((7, 2))).shape, features.out_features
    ((7, 32), 32)
    """

    frequencies: ac.Tensor

    def __init__(
        self, in_features: int, num_frequencies: int, sigma: float = 1.0, dtype: Any = None, *, generator: Seed = None
    ) -> None:
        super().__init__()
        self.in_features = count("RandomFourierFeatures", "in_features", in_features)
        self.num_frequencies = count("RandomFourierFeatures", "num_frequencies", num_frequencies, 1)
        if not sigma > 0:
            raise ValueError(f"RandomFourierFeatures: sigma must be positive, got {sigma}")
        self.sigma = sigma
        draws = as_generator(generator).normal(0.0, sigma, (num_frequencies, in_features))
        dtype = ac.get_default_dtype() if dtype is None else dtype
        self.register_buffer("frequencies", ac.tensor(draws.astype(dtype)))

    @property
    def out_features(self) -> int:
        """The number of features it gives."""
        return 2 * self.num_frequencies

    def forward(self, x: Any) -> ac.Tensor:
        """Cosines, then sines, of the projections of x."""
        x = ac.as_tensor(x)
        if x.shape[-1:] != (self.in_features,):
            raise ac.errors.ShapeError(
                f"RandomFourierFeatures: x of shape {x.shape} must have {self.in_features} features along its last axis"
            )
        angles = ac.matmul(x, (2.0 * math.pi) * self.frequencies.T)
        return ac.concatenate([ac.cos(angles), ac.sin(angles)], axis=-1)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, num_frequencies={self.num_frequencies}, sigma={self.sigma}"
