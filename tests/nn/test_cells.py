"""Recurrent cells: beside PyTorch to second order, by hand, and what their errors say."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)
CELLS = ["RNNCell", "LSTMCell", "GRUCell"]


def with_states(module, x, *hx):
    return module(x, hx if len(hx) == 2 else hx[0])


@pytest.mark.parametrize("options", [{}, {"bias": False}], ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_cells_agree_with_pytorch_to_second_order(name, options, parity):
    ours, theirs = getattr(nn, name)(3, 4, **options), getattr(parity.torch.nn, name)(3, 4, **options)
    parity.modules(ours, theirs, draws.normal(size=(5, 3)))
    for shape in ((5,), ()):
        hx = [draws.normal(size=(*shape, 4)) for _ in range(2 if name == "LSTMCell" else 1)]
        parity.modules(ours, theirs, draws.normal(size=(*shape, 3)), *hx, call=with_states)
    assert repr(ours) == repr(theirs)


def test_the_relu_cell_agrees_with_pytorch(parity):
    options = {"nonlinearity": "relu"}
    ours, theirs = nn.RNNCell(3, 4, **options), parity.torch.nn.RNNCell(3, 4, **options)
    parity.modules(ours, theirs, draws.normal(size=(5, 3)))
    assert repr(ours) == repr(theirs)


def test_an_lstm_by_hand():
    cell = nn.LSTMCell(1, 1)
    zero, large = [0.0] * 4, [1e3, 1e3, 0.5, 1e3]  # gates i, f, o are open; g is tanh(1/2)
    cell.load_state_dict({"weight_ih": [[0.0]] * 4, "weight_hh": [[0.0]] * 4, "bias_ih": large, "bias_hh": zero})
    h, c = cell([[7.0]], ([[3.0]], [[2.0]]))
    assert c.item() == pytest.approx(2.0 + math.tanh(0.5), rel=1e-15)
    assert h.item() == pytest.approx(math.tanh(2.0 + math.tanh(0.5)), rel=1e-15)


def test_a_gru_keeps_its_state_where_z_is_one():
    cell = nn.GRUCell(1, 1)
    biases = {"bias_ih": [0.0, 1e3, 0.0], "bias_hh": [0.0] * 3}
    cell.load_state_dict({"weight_ih": [[1.0]] * 3, "weight_hh": [[1.0]] * 3, **biases})
    assert cell([[1.0]], [[0.3]]).item() == pytest.approx(0.3, rel=1e-15)


@pytest.mark.parametrize("name", CELLS)
def test_derivatives_hold_against_differences(name):
    cell = getattr(nn, name)(2, 3, generator=0)
    first = lambda y: y[0] if name == "LSTMCell" else y
    ac.testing.gradcheck(lambda x: first(cell(x)), (draws.normal(size=(2, 2)),), order=2)


@pytest.mark.parametrize("name", CELLS)
def test_a_start_is_drawn_within_its_bounds(name):
    cell, other, again = (getattr(nn, name)(3, 16, generator=seed) for seed in (0, 1, 0))
    for p, q, same in zip(cell.parameters(), other.parameters(), again.parameters()):
        assert np.abs(p.numpy()).max() <= 0.25
        assert not np.array_equal(p.numpy(), q.numpy())
        assert np.array_equal(p.numpy(), same.numpy())


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.GRUCell(3, 4)(np.ones((2, 5))), ac.errors.ShapeError, r"input of shape \(2, 5\): \(batch, 3\) or \(3,\)"),
        (lambda: nn.GRUCell(3, 4)(np.ones((2, 2, 3))), ac.errors.ShapeError, "GRUCell: input of shape"),
        (lambda: nn.RNNCell(3, 4)(np.ones((2, 3)), np.ones(4)), ac.errors.ShapeError, r"1 of shape \(2, 4\) needed"),
        (lambda: nn.LSTMCell(3, 4)(np.ones(3), (np.ones(4),)), ac.errors.ShapeError, r"2 of shape \(4,\) needed"),
        (lambda: nn.RNNCell(3, 4, nonlinearity="sin"), ValueError, "RNNCell: nonlinearity is"),
        (lambda: nn.RNNCell(3.0, 4), TypeError, "RNNCell: input_size is a whole number, not 3.0"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
