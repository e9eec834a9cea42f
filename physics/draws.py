"""Where a generator of NumPy stands, with how many children it has spawned: to be saved, and to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def standing(draws: np.random.Generator) -> dict[str, Any]:
    """Where a generator stands.

    >>> draws = np.random.default_rng(0)
    >>> place, x = standing(draws), draws.uniform()
    >>> standing_at(draws, place).uniform() == x
    True
    """
    bits = draws.bit_generator
    return {"draws": dict(bits.state), "spawned": bits.seed_seq.n_children_spawned}  # type: ignore[attr-defined]


def standing_at(draws: np.random.Generator, place: Mapping[str, Any]) -> np.random.Generator:
    """A generator of the same seed that stands where `standing` was called."""
    seed: Any = draws.bit_generator.seed_seq
    again = np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key, n_children_spawned=int(place["spawned"]))
    found = np.random.Generator(type(draws.bit_generator)(again))
    found.bit_generator.state = dict(place["draws"])
    return found
