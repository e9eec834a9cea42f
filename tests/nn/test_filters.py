"""Fixed filters: what each does to fields whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn

draws = np.random.default_rng(0)
x, z = np.meshgrid(np.arange(9.0), np.arange(7.0), indexing="ij")
INNER = (slice(1, -1), slice(1, -1))


def applied(layer, field):
    return layer(field[None, None]).numpy()[0, 0]


def test_identity_changes_nothing():
    field = draws.normal(size=(2, 3, 9, 7))
    for size in (1, 3, (5, 3)):
        assert np.array_equal(nn.IdentityFilter(size)(field).numpy(), field)


def test_a_mean_is_that_of_the_neighbours():
    field = draws.normal(size=(9, 7))
    y = applied(nn.MeanFilter(3), field)
    assert y[4, 2] == pytest.approx(field[3:6, 1:4].mean(), rel=1e-13)
    assert y[0, 0] == pytest.approx(np.pad(field, 1, "edge")[:3, :3].mean(), rel=1e-13)
    assert applied(nn.MeanFilter(3, padding="valid"), field).shape == (7, 5)


def test_a_gaussian_keeps_constants_and_is_round():
    layer = nn.GaussianFilter(1.5)
    assert layer.kernel.shape == (11, 11)
    assert layer.kernel.numpy().sum() == pytest.approx(1.0, rel=1e-14)
    assert np.allclose(applied(layer, np.full((9, 7), 3.0)), 3.0, rtol=1e-14)
    line = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    assert np.allclose(layer.kernel.numpy(), np.outer(line, line) / line.sum() ** 2, rtol=1e-14)
    assert nn.GaussianFilter(1.0, size=5, ndim=3).kernel.shape == (5, 5, 5)


def test_sobel_has_its_kernel():
    assert nn.SobelFilter().kernel.tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert nn.SobelFilter(0).kernel.tolist() == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    field = 2.0 * x - 5.0 * z
    assert np.allclose(applied(nn.SobelFilter(0, scaled=True), field)[INNER], 2.0, rtol=1e-13)
    assert np.allclose(applied(nn.SobelFilter(1, scaled=True), field)[INNER], -5.0, rtol=1e-13)


def test_differences_are_exact_for_parabolas():
    h = 0.25
    field = 3.0 * (h * x) ** 2 - (h * x) * (h * z) + 2.0 * (h * z) ** 2
    first = [applied(nn.FiniteDifference(1, axis, h), field)[INNER] for axis in (0, 1)]
    assert np.allclose(first[0], (6.0 * h * x - h * z)[INNER], rtol=1e-12)
    assert np.allclose(first[1], (4.0 * h * z - h * x)[INNER], rtol=1e-12)
    assert np.allclose(applied(nn.FiniteDifference(2, 0, h, padding="valid"), field), 6.0, rtol=1e-12)
    assert np.allclose(applied(nn.FiniteDifference(2, -1, h, padding="valid"), field), 4.0, rtol=1e-12)


def test_differences_of_a_periodic_field():
    t = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)
    layer = nn.FiniteDifference(1, spacing=t[1], ndim=1, padding_mode="circular")
    assert np.allclose(layer(np.sin(t)[None]).numpy()[0], np.cos(t), atol=2e-4)
    layer = nn.FiniteDifference(2, spacing=t[1], ndim=1, padding_mode="circular")
    assert np.allclose(layer(np.sin(t)[None]).numpy()[0], -np.sin(t), atol=2e-4)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_derivatives_hold_against_differences(mode):
    layer = nn.GaussianFilter(1.0, size=3, padding_mode=mode)
    ac.testing.gradcheck(layer, (draws.normal(size=(2, 4, 5)),), order=2)


def test_filters_are_fixed_and_keep_the_dtype():
    layer = nn.SobelFilter()
    assert not list(layer.parameters())
    assert not layer.state_dict()
    assert layer(np.ones((1, 2, 4, 4), np.float32)).dtype == np.float32
    assert layer(np.ones((2, 4, 4), np.int64)).shape == (2, 4, 4)
    assert repr(layer) == "SobelFilter((3, 3), padding=same, padding_mode=replicate)"


def test_a_kernel_of_ones_own_is_not_flipped():
    assert nn.Filter([[1.0, 10.0]], padding="valid")(np.arange(3.0)[None, None]).tolist() == [[[10.0, 21.0]]]


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.Filter(1.0), ValueError, "one to three axes"),
        (lambda: nn.Filter([1.0], padding="full"), ValueError, '"same" or "valid"'),
        (lambda: nn.Filter([1.0], padding_mode="wrap"), ValueError, "not 'wrap'"),
        (lambda: nn.MeanFilter(4), ValueError, "odd lengths"),
        (lambda: nn.GaussianFilter(0.0), ValueError, "sigma must be positive"),
        (lambda: nn.SobelFilter(2), ValueError, "axis 2 is none of the 2 lengths"),
        (lambda: nn.FiniteDifference(3), ValueError, "order is 1 or 2, not 3"),
        (lambda: nn.FiniteDifference(spacing=0.0), ValueError, "spacing must be positive"),
        (lambda: nn.MeanFilter()(np.ones(3)), ac.errors.ShapeError, "MeanFilter: input of shape"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
