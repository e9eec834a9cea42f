"""The perceptron rule: it separates what a plane can separate, and stops where none can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ac
from nn import optim
from nn.activation import Step
from nn.container import Sequential
from nn.linear import Linear
from nn.optim import StopCode

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def unit(inputs=2, outputs=1):
    layer = Linear(inputs, outputs)
    for p in layer.parameters():
        p.copy_(0.0)
    return Sequential(layer, Step())


@pytest.mark.parametrize(
    "targets", [[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [1, 0, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1], [0, 0, 0, 0]]
)
def test_separable_gates_are_learned(targets):
    network = unit()
    rule = optim.Perceptron(network.parameters())
    reason = rule.fit(INPUTS, targets)
    assert reason.code == StopCode.SEPARATED
    assert rule.converged
    assert network(INPUTS.astype(float)).tolist() == [[float(t)] for t in targets]


def test_xor_is_not_separable_and_stops_at_the_pass_limit():
    network = unit()
    rule = optim.Perceptron(network.parameters(), max_passes=50)
    reason = rule.fit(INPUTS, [0, 1, 1, 0])
    assert (reason.code, reason.iterations) == (StopCode.MAX_ITER, 50)
    assert not rule.converged
    assert reason.loss > 0
    assert "max_passes=50" in str(reason)


def test_two_steps_by_hand():
    network = unit()
    rule = optim.Perceptron(network.parameters(), lr=0.5)
    assert rule.step([[1.0, 2.0], [3.0, -1.0]], [1, 0]) == 2
    weight, bias = network.parameters()
    assert weight.tolist() == [[0.5 - 1.5, 1.0 + 0.5]]
    assert bias.tolist() == [0.0]


def test_several_units_learn_together_and_a_bias_may_be_missing():
    network = unit(2, 2)
    rule = optim.Perceptron(network.parameters())
    rule.fit(INPUTS, [[0, 0], [0, 1], [0, 1], [1, 1]])
    assert network(INPUTS.astype(float)).tolist() == [[0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 1.0]]
    alone = ac.tensor([[0.0, 0.0]], dtype="float32", requires_grad=True)
    assert optim.Perceptron([alone]).fit([[1, 0], [-1, 0]], [1, 0]).converged
    assert alone.dtype == np.float32


@given(st.integers(0, 2**32 - 1))
def test_whatever_a_plane_separates_is_learned_within_novikoffs_bound(seed):
    rng = np.random.default_rng(seed)
    normal, x = rng.normal(size=3), rng.normal(size=(20, 3))
    normal /= np.linalg.norm(normal)
    x = x[np.abs(x @ normal) > 0.2]
    if len(x) == 0:
        return
    weight = ac.tensor(np.zeros((1, 3)), requires_grad=True)
    mistakes = []
    rule = optim.Perceptron([weight], max_passes=10_000)
    assert rule.fit(x, x @ normal > 0, lambda number, wrong: mistakes.append(wrong)).converged
    assert sum(mistakes) <= (np.linalg.norm(x, axis=1).max() / np.abs(x @ normal).min()) ** 2 + 1


def test_the_callback_can_stop():
    def callback(number, mistakes):
        if number == 3:
            raise StopIteration

    reason = optim.Perceptron(unit().parameters()).fit(INPUTS, [0, 1, 1, 0], callback)
    assert (reason.code, reason.iterations) == (StopCode.CALLBACK, 3)


def misuses():
    w = ac.tensor([[0.0, 0.0]], requires_grad=True)
    rule = optim.Perceptron([w])
    yield lambda: optim.Perceptron([ac.tensor([0.0])]), ac.ShapeError, "takes a weight"
    yield lambda: optim.Perceptron([w, ac.tensor([0.0, 0.0])]), ac.ShapeError, r"given \(1, 2\), \(2,\)"
    yield lambda: optim.Perceptron([w], max_passes=0), ValueError, "max_passes must be at least 1"
    yield lambda: optim.Perceptron([{"params": w}, {"params": ac.tensor([[1.0]])}]), ValueError, "trains one unit"
    yield lambda: rule.fit([[1.0]], [1]), ac.ShapeError, r"inputs must have shape \(n, 2\)"
    yield lambda: rule.fit([[1.0, 2.0]], [[1, 0]]), ac.ShapeError, r"targets must have shape \(1, 1\)"
    yield lambda: rule.fit([[1.0, 2.0]], [-1]), ValueError, "targets are 0 and 1"


@pytest.mark.parametrize("case", range(7))
def test_misuse_is_told(case):
    act, error, text = list(misuses())[case]
    with pytest.raises(error, match=text):
        act()
