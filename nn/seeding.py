"""The random numbers of networks: one default generator, and one way to name another.

Everything in this package that draws takes `generator=`: a seed, a NumPy generator, or None for the default one. That one
starts from seed 0 in every process, so that a script without a seed gives the same numbers every time it runs.
"""

from __future__ import annotations

import operator

import numpy as np

START_SEED = 0
default_generator = np.random.Generator(np.random.PCG64(START_SEED))


def manual_seed(seed: int) -> np.random.Generator:
    """Start the default generator anew from a seed ≥ 0, and give it back.

    >>> first = manual_seed(7).random()
    >>> manual_seed(7).random() == first
    True
    """
    default_generator.bit_generator.state = np.random.PCG64(_checked(seed)).state
    return default_generator


def as_generator(generator: np.random.Generator | int | None) -> np.random.Generator:
    """The generator that is meant: itself, a new one from a seed, the default one for None.

    >>> as_generator(None) is default_generator
    True
    """
    if generator is None:
        return default_generator
    return generator if isinstance(generator, np.random.Generator) else np.random.default_rng(_checked(generator))


def _checked(seed: object) -> int:
    try:
        number = operator.index(seed)  # type: ignore[arg-type]
    except TypeError as error:
        raise TypeError(f"a seed is a whole number or a numpy.random.Generator, not {type(seed).__name__}") from error
    if number < 0:
        raise ValueError(f"seeds begin at 0, this one is {number}. Use {-number}.")
    return number
