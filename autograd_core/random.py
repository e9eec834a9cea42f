"""Random numbers: `Generator(seed)`, and the functions of one default generator, which starts from seed 0 in every process."""

from __future__ import annotations

from .ops.random import Generator, checked_seed

__all__ = [
    "Generator", "bernoulli", "choice", "default_generator", "exponential", "integers", "normal", "permutation",
    "seed", "uniform",
]  # fmt: skip

default_generator = Generator(0)

normal = default_generator.normal
uniform = default_generator.uniform
exponential = default_generator.exponential
bernoulli = default_generator.bernoulli
integers = default_generator.integers
permutation = default_generator.permutation
choice = default_generator.choice


def seed(seed: int) -> None:
    """Start the default generator anew from a seed ≥ 0.

    >>> seed(7)
    >>> default_generator
    Generator(seed=7, position=0)
    """
    default_generator.state = {"seed": checked_seed(seed), "position": 0}
