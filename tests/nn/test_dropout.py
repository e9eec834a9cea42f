"""Dropout: how often, what stays, what is drawn together, what a seed repeats, and Monte-Carlo predictions."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F

KINDS = ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


def shape_for(kind):
    return (2, 3, 4, 1) if kind == "Dropout3d" else (2, 3, 4)


def seeded(seed=0):
    return ac.random.Generator(seed)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_elements_are_dropped_and_the_others_enlarged(p):
    y = F.dropout(np.ones(100_000), p, generator=seeded()).numpy()
    assert {*np.unique(y)} == {0.0, 1.0 / (1.0 - p)}
    assert abs((y == 0).mean() - p) < 0.01
    assert abs(y.mean() - 1.0) < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_happens_at_prediction_and_without_probability(kind):
    x = ac.tensor(np.ones((2, 3, 4)))
    assert getattr(nn, kind)(0.7).eval()(x).numpy().tolist() == x.tolist()
    assert getattr(nn, kind)(0.0)(x).tolist() == x.tolist()


@pytest.mark.parametrize(
    "kind, shape, together",
    [
        ("Dropout1d", (5, 200, 4), (2,)),
        ("Dropout1d", (200, 4), (1,)),
        ("Dropout2d", (5, 200, 4, 3), (2, 3)),
        ("Dropout2d", (5, 200, 4), (2,)),
        ("Dropout3d", (5, 200, 4, 3, 2), (2, 3, 4)),
        ("Dropout3d", (200, 4, 3, 2), (1, 2, 3)),
        ("FeatureAlphaDropout", (5, 200, 4), (2,)),
    ],
)
def test_whole_channels_are_dropped(kind, shape, together):
    y = getattr(nn, kind)(0.5, generator=seeded())(np.ones(shape)).numpy()
    assert (np.ptp(y, axis=together) == 0).all()
    values, counts = np.unique(y.mean(together), return_counts=True)
    assert len(values) == 2
    assert abs(counts / counts.sum() - 0.5).max() < 0.12


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.default_rng(0).normal(size=400_000)
    y = F.alpha_dropout(x, 0.3, training=True, generator=seeded()).numpy()
    assert abs(y.mean()) < 0.01
    assert abs(y.var() - 1.0) < 0.01
    saturated = np.unique(np.round(y, 12), return_counts=True)
    a = 1.0 / np.sqrt(0.7 * (1.0 + 0.3 * 1.7580993408473766**2))
    assert saturated[0][saturated[1].argmax()] == pytest.approx(-a * 1.7580993408473766 * 0.7, rel=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_with_probability_one_nothing_stays(kind):
    layer = getattr(nn, kind)(1.0)
    assert not np.any(layer(np.ones(shape_for(kind))).numpy())


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_the_draws(kind):
    x = np.ones((*shape_for(kind), 20)[-len(shape_for(kind)) :])
    layers = [getattr(nn, kind)(0.5, generator=seeded(3)) for _ in range(2)]
    first, second = ([layer(x).tolist() for _ in range(2)] for layer in layers)
    assert first == second
    assert first[0] != first[1]


def test_without_a_generator_the_default_one_draws():
    x = np.ones(50)
    ac.random.seed(5)
    first = nn.Dropout()(x).tolist()
    ac.random.seed(5)
    assert F.dropout(x).tolist() == first


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_are_those_of_what_stayed(kind):
    x = np.random.default_rng(0).normal(size=shape_for(kind))
    ac.testing.gradcheck(lambda x: getattr(nn, kind)(0.4, generator=seeded(1))(x) ** 2, (x,), order=2)
    y = ac.tensor(x.astype(np.float32), requires_grad=True)
    z = getattr(nn, kind)(0.4)(y)
    ac.sum(z).backward()
    assert z.dtype == y.grad.dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_that_of_pytorch(kind):
    torch = pytest.importorskip("torch")
    assert repr(getattr(nn, kind)(0.3)) == repr(getattr(torch.nn, kind)(0.3))


# -- Monte Carlo ---------------------------------------------------------------------------------------------------------------


def network():
    return nn.Sequential(nn.Linear(2, 50, generator=0), nn.BatchNorm1d(50), nn.Tanh(), nn.Dropout(0.5, generator=seeded()))


def test_monte_carlo_predictions_spread_around_that_of_the_network():
    model, x = network(), np.ones((3, 2))
    before = {name: value.tolist() for name, value in model.state_dict().items()}
    y = nn.monte_carlo(model, x, samples=2000)
    assert y.shape == (2000, 3, 50)
    certain = model.eval()(x).numpy()
    assert np.allclose(y.mean(0).numpy(), certain, atol=0.1 * np.abs(certain).max())
    assert (ac.std(y, 0).numpy() > 0).all()
    assert {name: value.tolist() for name, value in model.state_dict().items()} == before


def test_each_layer_is_afterwards_as_it_was():
    model = network()
    model[1].eval()
    with nn.monte_carlo_dropout(model) as drawing:
        assert drawing is model
        assert [layer.training for layer in model] == [False, False, False, True]
    assert [layer.training for layer in model] == [True, False, True, True]
    with pytest.raises(KeyError), nn.monte_carlo_dropout(model):
        raise KeyError
    assert [layer.training for layer in model] == [True, False, True, True]


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: p is a probability between 0 and 1, not 1.5"),
        (lambda: F.alpha_dropout([1.0], -0.1), ValueError, "not -0.1"),
        (lambda: nn.Dropout2d()(np.ones((2, 3))), ac.errors.ShapeError, "dropout2d: needs 3 or 4 axes"),
        (lambda: nn.FeatureAlphaDropout()(np.ones(3)), ac.errors.ShapeError, r"needs \(batch"),
        (lambda: nn.monte_carlo(nn.Linear(1, 1), [1.0]), ValueError, "Linear has no dropout layer"),
        (lambda: nn.monte_carlo(nn.Dropout(), [1.0], samples=0), ValueError, "at least one sample"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
