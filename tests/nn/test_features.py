"""Random Fourier features: the formula, the kernel they stand for, and that they are not trained."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)


def test_features_are_cosines_and_sines_of_projections():
    layer = nn.RandomFourierFeatures(2, 5, sigma=3.0, generator=1)
    x = draws.normal(size=(4, 3, 2))
    angles = 2.0 * np.pi * x @ layer.frequencies.numpy().T
    y = layer(x)
    assert y.shape == (4, 3, layer.out_features) == (4, 3, 10)
    np.testing.assert_allclose(y.numpy(), np.concatenate([np.cos(angles), np.sin(angles)], -1), rtol=1e-12, atol=1e-12)


def test_their_products_are_a_gaussian_kernel():
    layer = nn.RandomFourierFeatures(1, 40_000, sigma=0.5, generator=0)
    y = layer([[0.0], [0.3]])
    kernel = float(ac.sum(y[0] * y[1])) / 40_000
    assert kernel == pytest.approx(np.exp(-0.5 * (2 * np.pi * 0.5 * 0.3) ** 2), abs=0.01)


def test_frequencies_are_saved_and_not_trained():
    layer = nn.RandomFourierFeatures(2, 5, generator=1)
    assert list(layer.parameters()) == []
    assert list(layer.state_dict()) == ["frequencies"]
    same, other = (nn.RandomFourierFeatures(2, 5, generator=seed).frequencies.numpy() for seed in (1, 2))
    assert np.array_equal(layer.frequencies.numpy(), same)
    assert not np.array_equal(same, other)
    assert repr(layer) == "RandomFourierFeatures(in_features=2, num_frequencies=5, sigma=1.0)"


def test_derivatives_hold_against_differences():
    layer = nn.RandomFourierFeatures(2, 3, sigma=0.3, generator=1)
    ac.testing.gradcheck(layer, (draws.normal(size=(2, 2)),), order=3)


def test_single_precision_stays():
    assert nn.RandomFourierFeatures(2, 3, dtype="float32")(np.ones((4, 2), "float32")).dtype == np.float32


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.RandomFourierFeatures(2, 3)(np.ones(3)), ac.errors.ShapeError, r"shape \(3,\) must have 2 features"),
        (lambda: nn.RandomFourierFeatures(2, 0), ValueError, "num_frequencies must be at least 1"),
        (lambda: nn.RandomFourierFeatures(2, 3, sigma=0.0), ValueError, "sigma must be positive"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
