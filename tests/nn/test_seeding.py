"""Seeding: one seed starts both default generators; states are put back; seeds and generators are told apart."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import seeding


@pytest.fixture(autouse=True)
def undisturbed():
    state = nn.get_rng_state()
    yield
    nn.set_rng_state(state)


def draws():
    return nn.default_generator.random(3).tolist(), ac.random.normal(size=3).tolist()


def test_one_seed_starts_both():
    nn.manual_seed(5)
    first = draws()
    nn.manual_seed(5)
    assert draws() == first
    nn.manual_seed(6)
    again = draws()
    assert again[0] != first[0]
    assert again[1] != first[1]


def test_a_state_is_put_back():
    nn.manual_seed(1)
    draws()
    state = nn.get_rng_state()
    first = draws()
    nn.set_rng_state(state)
    assert draws() == first


def test_a_wrong_seed_changes_nothing():
    nn.manual_seed(2)
    state = nn.get_rng_state()
    for seed, error in [(-1, ValueError), (1.5, TypeError), (2**63, ValueError)]:
        with pytest.raises(error):
            nn.manual_seed(seed)
    assert nn.get_rng_state() == state


def test_a_seed_is_itself_and_a_generator_gives_one():
    assert seeding.as_seed(7) == 7
    rng = np.random.default_rng(0)
    assert seeding.as_seed(rng) == int(np.random.default_rng(0).integers(2**63))
    nn.manual_seed(0)
    assert seeding.as_seed(None) != seeding.as_seed(None)
