"""Losses of regression, and early stopping. PyTorch stands in test_losses.py."""

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


# -- other losses ----------------------------------------------------------------------------------------


def test_known_values():
    assert nn.l1_loss([1.0, 4.0], [0.0, 0.0]).item() == 2.5
    assert nn.huber_loss([0.5, -3.0], 0.0, reduction="none", delta=2.0).tolist() == [0.125, 4.0]
    assert nn.smooth_l1_loss([0.5, -3.0], 0.0, reduction="none", beta=2.0).tolist() == [0.0625, 2.0]
    assert nn.mse_loss([1.0, 2.0], [0.0, 0.0], weight=[3.0, 1.0]).item() == 7.0 / 4.0
    assert nn.gaussian_nll_loss([1.0], [3.0], 4.0).item() == pytest.approx(0.5 * (math.log(4.0) + 1.0), rel=1e-15)
    assert nn.gaussian_nll_loss([0.0], [0.0], 1.0, full=True).item() == pytest.approx(0.5 * math.log(2 * math.pi), rel=1e-15)
    assert nn.poisson_nll_loss([2.0], [0.0], log_input=False).item() == 2.0
    counts = ac.tensor([0.0, 1.0], requires_grad=True)
    assert nn.poisson_nll_loss([0.0, 0.0], counts, full=True).item() == 1.0
    assert ac.gradients(nn.poisson_nll_loss([1.0, 1.0], counts, full=True), counts)[0].tolist() == [-0.5, -0.5]
    divergence = nn.kl_div(np.log([[0.5, 0.5]] * 2), [[1.0, 0.0], [0.5, 0.5]], "batchmean")
    assert divergence.item() == pytest.approx(0.5 * math.log(2.0))


def test_large_errors_do_not_overflow():
    x = ac.tensor([1e200, -1e200], requires_grad=True)
    for loss in (nn.huber_loss, nn.smooth_l1_loss):
        y = loss(x, [0.0, 0.0], reduction="sum")
        assert y.item() == 2e200
        assert ac.gradients(y, x)[0].tolist() == [1.0, -1.0]


def test_a_variance_below_eps_still_learns():
    v = ac.tensor([1e-9], requires_grad=True)
    nn.gaussian_nll_loss([1.0], [1.0], v, eps=1e-2).backward()
    assert v.grad.tolist() == [50.0]


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda: nn.huber_loss([1.0], [1.0], delta=0.0), ValueError, "delta must be positive"),
        (lambda: nn.smooth_l1_loss([1.0], [1.0], beta=-1.0), ValueError, "beta must not be negative"),
        (lambda: nn.gaussian_nll_loss([1.0], [1.0], [-1.0]), ValueError, "variances are at least 0; one is -1"),
        (lambda: nn.gaussian_nll_loss(np.zeros((2, 3)), np.zeros((2, 3)), np.ones(3)), ac.ShapeError, "one variance for each"),
        (lambda: nn.gaussian_nll_loss(np.zeros((2, 1)), np.zeros(2), 1.0), ac.ShapeError, "they must be equal"),
        (lambda: nn.kl_div([0.0], [-0.5]), ValueError, "target probabilities are at least 0; one is -0.5"),
        (lambda: nn.kl_div(0.0, 1.0, "batchmean"), ac.ShapeError, "no batch"),
        (lambda: nn.l1_loss([1.0, 2.0], [[1.0, 2.0]]), ac.ShapeError, "they must be equal"),
        (lambda: nn.mse_loss([1.0, 2.0], [1.0, 2.0], weight=[1.0]), ac.ShapeError, "needs that of the input"),
    ],
)
def test_wrong_input_is_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


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
