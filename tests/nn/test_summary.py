"""Summary: shapes, parameters and multiply-adds counted by hand; nothing in the model changes."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.summary import summary


def rows(model, *inputs):
    return {row.name: row for row in summary(model, *inputs).rows}


def test_a_perceptron_by_hand():
    found = summary(nn.MLP([2, 5, 1]), (7, 2))
    assert [(r.name, r.kind, r.depth) for r in found.rows][:2] == [("", "MLP", 0), ("layers.0", "Linear", 1)]
    by_name = {r.name: r for r in found.rows}
    assert (by_name["layers.0"].output, by_name["layers.0"].parameters) == ((7, 5), 15)
    assert by_name["layers.0"].multiply_adds == 7 * 2 * 5
    assert by_name["activation"].multiply_adds == 0
    assert (found.parameters, found.multiply_adds) == (21, 7 * 15)
    assert found.parameter_bytes == 21 * 8
    assert found.output_bytes == 8 * 7 * (5 + 5 + 1)


@pytest.mark.parametrize("sizes, parameters", [([2, *[800] * 5, 1], 2_566_401), ([2, *[100] * 5, 1], 40_801)])
def test_the_numbers_of_a_course(sizes, parameters):
    found = summary(nn.MLP(sizes), (1, 2))
    assert found.parameters == parameters
    assert found.multiply_adds == sum(n * m for n, m in zip(sizes, sizes[1:]))


def test_convolutions_by_hand():
    model = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1, stride=2, groups=2), nn.ReLU(), nn.ConvTranspose2d(6, 4, 2, stride=2))
    found = rows(model, (3, 2, 8, 8))
    assert found["0"].output == (3, 6, 4, 4)
    assert found["0"].multiply_adds == 3 * 6 * 16 * 1 * 9
    assert found["2"].output == (3, 4, 8, 8)
    assert found["2"].multiply_adds == 3 * 6 * 16 * 4 * 4


def test_recurrent_and_attention_layers_are_counted_too():
    assert rows(nn.LSTM(3, 4), (5, 2, 3))[""].multiply_adds == 5 * 2 * (3 + 4) * 16
    assert rows(nn.LSTM(3, 4), (5, 2, 3))[""].output[0] == (5, 2, 4)


def test_a_shared_module_has_two_rows_and_counts_once():
    layer = nn.Linear(4, 4)
    found = summary(nn.Sequential(layer, nn.Tanh(), nn.Sequential(layer, nn.Linear(4, 1))), (2, 4))
    shared = [row for row in found.rows if row.shared]
    assert len(shared) == 1
    assert shared[0].multiply_adds == 2 * 16
    assert found.parameters == 20 + 5
    assert found.multiply_adds == 2 * (16 + 16 + 4)
    assert repr(found).count("(shared)") == 1


def test_frozen_parameters_and_functions_between_layers():
    class Mine(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(3, 3)
            self.w = nn.Parameter(np.ones((3, 2)))

        def forward(self, x):
            return (self.layer(x) @ self.w).sum()

    model = Mine()
    model.layer.requires_grad_(False)
    found = summary(model, np.ones((5, 3)))
    assert found.multiply_adds == 5 * 9 + 5 * 6
    assert (found.parameters, found.trainable) == (18, 6)
    assert "parameters: 18 (12 frozen)" in repr(found)
    assert [p.requires_grad for p in model.parameters()] == [True, False, False]


def test_nothing_changes():
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    before, state = model.state_dict(), nn.get_rng_state()
    summary(model, np.ones((3, 2)))
    assert nn.get_rng_state() == state
    assert all(np.array_equal(before[k].numpy(), v.numpy()) for k, v in model.state_dict().items())
    assert model.training
    assert not model._hooks
    assert all(p.grad is None for p in model.parameters())


def test_single_precision_and_an_input_that_is_missing():
    assert rows(nn.Linear(2, 2).float(), (1, 2))[""].output_bytes == 8
    with pytest.raises(ValueError, match="give an input"):
        summary(nn.Linear(1, 1))
