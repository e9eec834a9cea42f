"""Gumbel's softmax."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

F = nn.functional


def test_classes_are_chosen_with_their_probabilities():
    logits = ac.log(ac.tensor([0.2, 0.3, 0.5])) + ac.zeros((4000, 3))
    chosen = F.gumbel_softmax(logits, hard=True, generator=ac.random.Generator(0))
    assert set(np.unique(chosen.numpy())) <= {0.0, 1.0}
    assert np.allclose(chosen.numpy().mean(0), [0.2, 0.3, 0.5], atol=0.03)


def test_a_hard_choice_has_the_gradient_of_the_soft_one():
    x, weights = ac.tensor([[0.3, -1.0, 0.5]], requires_grad=True), np.array([1.0, 2.0, 4.0])
    soft, hard = (
        ac.gradients(ac.sum(F.gumbel_softmax(x, 0.7, hard, generator=ac.random.Generator(3)) * weights), x)[0].numpy()
        for hard in (False, True)
    )
    assert np.array_equal(soft, hard)
    assert np.abs(soft).max() > 0


def test_low_temperatures_choose():
    y = F.gumbel_softmax(np.float32([[1.0, 2.0]]), tau=1e-3, dim=1)
    assert y.dtype == np.float32
    assert y.numpy().max() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="tau must be positive"):
        F.gumbel_softmax([1.0], tau=0.0)
