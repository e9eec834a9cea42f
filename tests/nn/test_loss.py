"""Losses, penalties and early stopping."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5,), (4, 1), (2, 3, 2), ()])
def test_mse_is_the_mean_of_squared_errors(shape):
    x, t = draws.normal(size=shape), draws.normal(size=shape)
    errors = (x - t) ** 2
    assert nn.mse_loss(x, t).item() == pytest.approx(errors.mean(), rel=1e-15)
    assert nn.mse_loss(x, t, reduction="sum").item() == pytest.approx(errors.sum(), rel=1e-15)
    assert np.array_equal(nn.mse_loss(x, t, reduction="none").numpy(), errors)
    assert nn.MSELoss(reduction="sum")(x, t).item() == nn.mse_loss(x, t, "sum").item()


def test_the_gradient_of_mse():
    x = ac.tensor([[1.0], [4.0]], requires_grad=True)
    nn.mse_loss(x, ac.tensor([[0.0], [2.0]])).backward()
    assert x.grad.tolist() == [[1.0], [2.0]]
    ac.testing.gradcheck(nn.mse_loss, (draws.normal(size=(3, 2)), draws.normal(size=(3, 2))), order=2)


def test_a_target_may_be_one_number():
    assert nn.mse_loss([1.0, 3.0], 1.0).item() == 2.0


@pytest.mark.parametrize(
    "input, target, remedy",
    [((40, 1), (40,), r"target\[:, None\]"), ((40,), (40, 1), r"input\[:, None\]"), ((2, 3), (3,), "Reshape")],
)
def test_unequal_shapes_are_refused(input, target, remedy):
    text = rf"input has shape \({', '.join(map(str, input))},?\), target \({', '.join(map(str, target))},?\).*{remedy}"
    with pytest.raises(ac.errors.ShapeError, match=text):
        nn.mse_loss(np.zeros(input), ac.tensor(np.zeros(target)))


def test_no_data_have_no_mean():
    with pytest.raises(ac.errors.ShapeError, match=r"shape \(0, 1\) has no elements"):
        nn.mse_loss(np.zeros((0, 1)), np.zeros((0, 1)))
    assert nn.mse_loss(np.zeros((0, 1)), np.zeros((0, 1)), reduction="sum").item() == 0.0


def test_an_unknown_reduction_is_refused():
    for call in (lambda: nn.mse_loss(1.0, 1.0, reduction="avg"), lambda: nn.MSELoss("avg")):
        with pytest.raises(ValueError, match="one of mean, sum, none; got 'avg'"):
            call()


# -- penalties -------------------------------------------------------------------------------------------


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


# -- early stopping --------------------------------------------------------------------------------------


def train(losses, **options):
    """Update with these losses, the weight being the number of the step; gives the stopping and what `update` gave."""
    layer = nn.Linear(1, 1, bias=False)
    stopping = nn.EarlyStopping(layer, **options)
    told = []
    for step, loss in enumerate(losses, 1):
        layer.weight.copy_(float(step))
        told.append(stopping.update(step, loss))
    return stopping, told


def test_early_stopping_waits_and_restores_the_best_weights():
    stopping, told = train([5.0, 3.0, 4.0, 3.0, 2.0, 9.0, 8.0, 7.0], patience=3)
    assert told == [False] * 7 + [True]
    assert (stopping.best_step, stopping.best_loss) == (5, 2.0)
    assert stopping.restore() == 5
    assert stopping.module.weight.item() == 5.0


def test_a_small_improvement_may_be_none():
    stopping, told = train([1.0, 0.95, 0.9, 0.85], patience=2, min_delta=0.12)
    assert told == [False, False, True, False]
    assert stopping.best_step == 4


def test_nan_is_no_improvement():
    stopping, told = train([math.nan, 1.0, math.nan, math.nan], patience=2)
    assert told == [False, False, False, True]
    assert stopping.restore() == 2
    stopping, told = train([math.nan, math.nan], patience=2)
    assert told == [False, True]
    assert stopping.restore() == 0
    assert stopping.module.weight.item() == 2.0


@pytest.mark.parametrize("options", [{"patience": 0}, {"patience": 1, "min_delta": -1}, {"patience": 1, "min_delta": math.nan}])
def test_wrong_options_of_early_stopping(options):
    with pytest.raises(ValueError, match=r"at least 1; got 0|cannot be negative; got"):
        nn.EarlyStopping(nn.Linear(1, 1), **options)
