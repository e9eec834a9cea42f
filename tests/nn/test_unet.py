"""The U-Net and the plain chain of blocks: their parameters, their shapes, their parts, and that they learn."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F

draws = np.random.default_rng(0)


def parameters(model):
    return sum(p.size for p in model.parameters())


def test_the_number_of_parameters():
    assert parameters(nn.UNet(1, 3, channels=(32, 64))) == 94_978
    assert parameters(nn.CNN([1, 32, 64, 32, 3])) == 38_405


def test_a_block_is_norm_convolution_and_leaky_relu():
    block, x = nn.ConvBlock(2, 3, generator=0), draws.normal(size=(4, 2, 5, 6))
    wanted = F.leaky_relu(F.conv2d(F.batch_norm(x, None, None, training=True), block.conv.weight, block.conv.bias, padding=1))
    assert np.allclose(block(x).numpy(), wanted.numpy(), rtol=1e-13, atol=1e-14)
    assert nn.ConvBlock(2, 3, norm=False).norm is None
    assert nn.ConvBlock(2, 3, 4)(x).shape == (4, 3, 5, 6)


def test_a_unet_joins_skips_and_input():
    model = nn.UNet(1, 3, (4, 6), 8, norm=False, activation="tanh", generator=0)
    x = draws.normal(size=(2, 1, 8, 12))
    up = lambda y, like: F.interpolate(y, like.shape[2:], mode="bilinear")
    first = model.down[0](x)
    second = model.down[1](F.max_pool2d(first, 2))
    bottom = model.bottom(F.max_pool2d(second, 2))
    middle = model.up[0](ac.concatenate([up(bottom, second), second], 1))
    wanted = model.up[1](ac.concatenate([up(middle, first), first, x], 1))
    assert np.array_equal(model(x).numpy(), wanted.numpy())
    assert [block.conv.weight.shape[:2] for block in (*model.down, model.bottom, *model.up)] == [
        (4, 1), (6, 4), (8, 6), (4, 14), (3, 9),
    ]  # fmt: skip
    assert (model(x).numpy() < 0).any()


@pytest.mark.parametrize("shape", [(8, 8), (7, 13), (4, 5)])
@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_an_image_keeps_its_size(shape, mode):
    model = nn.UNet(2, 1, (3, 4), mode=mode)
    assert model(draws.normal(size=(2, 2, *shape))).shape == (2, 1, *shape)


@pytest.mark.parametrize("ndim", [1, 3])
def test_a_unet_in_other_dimensions(ndim):
    shape = (9, 8, 8)[:ndim]
    assert nn.UNet(1, 2, (3,), ndim=ndim)(draws.normal(size=(2, 1, *shape))).shape == (2, 2, *shape)
    assert nn.CNN([1, 3, 2], ndim=ndim)(draws.normal(size=(2, 1, *shape))).shape == (2, 2, *shape)


def test_derivatives_hold_against_differences():
    model = nn.UNet(1, 1, (1,), activation="tanh", ndim=1, generator=0)
    ac.testing.gradcheck(model, (draws.normal(size=(2, 1, 4)),))


def test_a_seed_repeats_the_start():
    first, second, other = (nn.UNet(1, 1, (2, 3), generator=seed) for seed in (1, 1, 2))
    pairs = list(zip(first.parameters(), second.parameters(), other.parameters()))
    assert all(np.array_equal(p.numpy(), q.numpy()) for p, q, _ in pairs)
    assert not all(np.array_equal(p.numpy(), q.numpy()) for p, _, q in pairs)


def test_a_unet_learns_a_filter():
    x = draws.normal(size=(8, 1, 8, 8))
    wanted = nn.MeanFilter()(x)
    model = nn.UNet(1, 1, (4,), generator=0)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.mse_loss(model(x), wanted)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.UNet(1, 1, ()), ValueError, "at least one is needed"),
        (lambda: nn.UNet(1, 1, mode="cubic"), ValueError, "not 'cubic'"),
        (lambda: nn.UNet(1, 1, ndim=4), ValueError, "1, 2 or 3 axes of lengths, not 4"),
        (lambda: nn.UNet(1, 1)(np.ones((1, 2, 8, 8))), ac.errors.ShapeError, "UNet: input has 2 channels, this layer takes 1"),
        (lambda: nn.UNet(1, 1)(np.ones((1, 1, 8, 3))), ac.errors.ShapeError, "lengths of at least 4"),
        (lambda: nn.UNet(1, 1)(np.ones((1, 8, 8))), ac.errors.ShapeError, r"need \(batch, channels"),
        (lambda: nn.CNN([1]), ValueError, "CNN: channels are"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
