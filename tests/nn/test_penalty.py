"""Penalties on weights."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)


def model():
    net = nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 1))
    for p, values in zip(net.parameters(), ([[1.0, -2.0]], [5.0], [[-3.0]], [7.0]), strict=True):
        p.copy_(values)
    return net


def test_penalties_leave_biases_out_unless_asked():
    assert nn.l2_penalty(model()).item() == 14.0
    assert nn.l1_penalty(model()).item() == 6.0
    assert nn.l2_penalty(model(), biases=True).item() == 14.0 + 25.0 + 49.0
    assert nn.l1_penalty(model(), biases=True).item() == 18.0
    assert nn.l1_penalty(model().parameters()).item() == 18.0


def test_gradients_of_penalties():
    net = model()
    nn.l2_penalty(net).backward()
    assert net[0].weight.grad.tolist() == [[2.0, -4.0]]
    assert net[0].bias.grad is None
    w = ac.tensor([2.0, 0.0, -2.0], requires_grad=True)
    nn.l1_penalty([w]).backward()
    assert w.grad.tolist() == [1.0, 0.0, -1.0]


def test_a_penalty_needs_weights():
    for penalty in (nn.l1_penalty, nn.l2_penalty):
        with pytest.raises(ValueError, match="a penalty needs weights"):
            penalty(nn.Tanh())


def test_the_l2_penalty_is_weight_decay():
    penalised, decayed = model(), model()
    x, y = draws.normal(size=(4, 2)), draws.normal(size=(4, 1))
    optimizer = nn.optim.SGD(penalised.parameters(), lr=0.1)
    weights = [decayed[0].weight, decayed[2].weight]
    other = nn.optim.SGD([{"params": weights, "weight_decay": 0.02}, {"params": [decayed[0].bias, decayed[2].bias]}], lr=0.1)
    (nn.mse_loss(penalised(x), y) + 0.01 * nn.l2_penalty(penalised)).backward()
    nn.mse_loss(decayed(x), y).backward()
    optimizer.step(), other.step()
    for p, q in zip(penalised.parameters(), decayed.parameters(), strict=True):
        assert np.allclose(p.numpy(), q.numpy(), rtol=1e-14)


def test_the_elastic_penalty_mixes_both():
    net = model()
    assert nn.elastic_penalty(net, l1_ratio=0.25).item() == 0.25 * 6.0 + 0.375 * 14.0
    assert nn.elastic_penalty(net, 1.0).item() == nn.l1_penalty(net).item()
    assert nn.elastic_penalty([net[0].bias], 0.0).item() == 12.5
    assert nn.elastic_penalty(net.parameters(), 0.0).item() == 0.5 * nn.l2_penalty(net, biases=True).item()
    with pytest.raises(ValueError, match="share between 0 and 1, not 2"):
        nn.elastic_penalty(net, 2)
