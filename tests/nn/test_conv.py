"""Convolutions and their transposes: by hand, beside sums, differences and PyTorch, their sizes, start and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F

draws = np.random.default_rng(0)
LENGTHS = {1: (9,), 2: (7, 8), 3: (5, 4, 6)}
CLOSE = 1e-11  # of sums of hundreds of products, some of which cancel
OPTIONS = [
    {},
    {"stride": 2, "padding": 1},
    {"dilation": 2, "padding": 2, "bias": False},
    {"groups": 2, "padding": "same"},
    {"padding": "same", "dilation": 2, "kernel_size": 2},
    {"padding": "valid", "stride": 2},
    {"padding": "same", "padding_mode": "circular", "kernel_size": 2},
    {"padding": 1, "padding_mode": "reflect", "stride": 2},
    {"padding": 2, "padding_mode": "replicate", "groups": 4},
    {"padding": 1, "padding_mode": "circular", "dilation": 2},
    {"padding": "valid", "padding_mode": "reflect"},
]
TRANSPOSED = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": 3, "groups": 2, "bias": False},
    {"dilation": 2, "padding": 1},
    {"dilation": 3, "output_padding": 2, "stride": 2},
]


def image(n):
    return 0.3 * draws.normal(size=(2, 4, *LENGTHS[n]))


def both(parity, name, options, channels=(4, 4)):
    options = {"kernel_size": 3, **options}
    return getattr(nn, name)(*channels, **options), getattr(parity.torch.nn, name)(*channels, **options)


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_two_layers_by_hand():
    first = nn.Conv1d(1, 2, 3, bias=False)
    first.weight.copy_([[[0, 2, 1]], [[1, 0, 3]]])
    y = first([[[0.0, 1.0, 3.0, 2.0, 5.0]]])
    assert y.tolist() == [[[5.0, 8.0, 9.0], [9.0, 7.0, 18.0]]]

    second = nn.Conv1d(2, 2, 3, bias=False)
    second.weight.copy_([[[1, 0, 0], [2, 1, 0]], [[0, 0, 3], [0, 1, 1]]])
    assert second(y).tolist() == [[[30.0], [52.0]]]


@pytest.mark.parametrize("length", [5, 8, 28])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", [0, 1, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_size_of_the_output(length, kernel, padding, stride):
    y = nn.Conv1d(1, 1, kernel, stride, padding)(np.ones((1, 1, length)))
    assert y.shape[-1] == math.floor((length - kernel + 2 * padding) / stride) + 1


def test_a_convolution_is_the_sum_of_its_definition():
    layer = nn.Conv2d(4, 6, (2, 3), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, generator=0)
    x, w, b = draws.normal(size=(2, 4, 5, 6)), layer.weight.numpy(), layer.bias.numpy()
    around = np.pad(x, ((0, 0), (0, 0), (1, 1), (2, 2)))
    y = layer(x).numpy()
    wanted = np.empty_like(y)
    for n, o, p, q in np.ndindex(y.shape):
        patch = around[n, 2 * (o // 3) : 2 * (o // 3) + 2, 2 * p : 2 * p + 2, q : q + 5 : 2]
        wanted[n, o, p, q] = b[o] + np.sum(w[o] * patch)
    assert np.allclose(y, wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", TRANSPOSED, ids=str)
def test_a_transposed_convolution_is_the_transpose(n, options):
    options = {**options, "bias": False}
    back = getattr(nn, f"ConvTranspose{n}d")(4, 2, 3, generator=0, **options)
    options.pop("output_padding", None)
    there = getattr(nn, f"Conv{n}d")(2, 4, 3, **options)
    there.weight.copy_(back.weight.detach())
    y = draws.normal(size=(2, 4, 4, 3, 5)[: n + 2])
    x = draws.normal(size=back(y).shape)
    shown = there(x).numpy()[tuple(slice(length) for length in y.shape)]  # an output padding may give room for more places
    assert np.vdot(shown, y) == pytest.approx(np.vdot(x, back(y).numpy()), rel=1e-12)


# -- beside differences ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name, options", [("Conv1d", o) for o in OPTIONS] + [("ConvTranspose1d", o) for o in TRANSPOSED])
def test_derivatives_hold_against_differences(name, options):
    layer = getattr(nn, name)(4, 4, **{"kernel_size": 3, **options}, generator=0)
    ac.testing.gradcheck(layer, (draws.normal(size=(1, 4, 6)),), order=2)


# -- beside PyTorch ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_convolutions_agree_with_pytorch_to_second_order(n, options, parity):
    ours, theirs = both(parity, f"Conv{n}d", options)
    parity.modules(ours, theirs, image(n), tolerance=CLOSE)
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", TRANSPOSED, ids=str)
def test_transposed_convolutions_agree_with_pytorch_to_second_order(n, options, parity):
    ours, theirs = both(parity, f"ConvTranspose{n}d", options)
    parity.modules(ours, theirs, image(n), tolerance=CLOSE)
    assert repr(ours) == repr(theirs)


def test_an_image_without_a_batch_agrees_with_pytorch(parity):
    for name in ("Conv2d", "ConvTranspose2d"):
        parity.modules(*both(parity, name, {}), draws.normal(size=(4, 5, 6)))


def test_pairs_of_options_agree_with_pytorch(parity):
    pairs = {"kernel_size": (2, 3), "stride": (1, 2), "padding": (2, 1), "dilation": (2, 1)}
    x = draws.normal(size=(2, 4, 6, 7))
    parity.modules(*both(parity, "Conv2d", pairs, (4, 6)), x)
    parity.modules(*both(parity, "Conv2d", {**pairs, "padding_mode": "circular"}, (4, 6)), x)
    parity.modules(*both(parity, "ConvTranspose2d", pairs, (4, 6)), x)


@pytest.mark.parametrize("size", [(9,), (2, 3, 10), [11]])
def test_the_output_size_of_a_transposed_convolution_can_be_chosen(size, parity):
    ours, theirs = both(parity, "ConvTranspose1d", {"stride": 3}, (4, 3))
    parity.modules(ours, theirs, draws.normal(size=(2, 4, 3)), call=lambda m, x: m(x, output_size=size))
    with pytest.raises(ac.errors.ShapeError, match=r"lengths \(12,\) cannot be reached from shape \(2, 4, 3\)"):
        ours(np.ones((2, 4, 3)), output_size=(12,))


@pytest.mark.parametrize(
    "options", [{"kernel_size": 2}, {"kernel_size": (3, 2), "dilation": 2, "padding": 1, "stride": (2, 1)}]
)
def test_patches_agree_with_pytorch_to_second_order(options, parity):
    x = draws.normal(size=(2, 3, 6, 5))
    ours, theirs = nn.Unfold(**options), parity.torch.nn.Unfold(**options)
    parity.modules(ours, theirs, x)
    assert repr(ours) == repr(theirs)
    columns = ours(x).numpy()
    ours, theirs = nn.Fold((6, 5), **options), parity.torch.nn.Fold((6, 5), **options)
    parity.modules(ours, theirs, columns)
    assert repr(ours) == repr(theirs)


# -- start, dtype, one example at a time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name, fan", [("Conv2d", 4 // 2 * 9), ("ConvTranspose2d", 600 // 2 * 9)])
def test_weights_start_as_in_pytorch(name, fan):
    layer = getattr(nn, name)(4, 600, 3, groups=2, generator=0)
    bound = 1.0 / math.sqrt(fan)
    for p in layer.parameters():
        assert 0.98 * bound < np.abs(p.numpy()).max() <= bound
        assert abs(p.numpy().mean()) < 0.05 * bound
    assert layer.weight.shape == ((600, 2, 3, 3) if name == "Conv2d" else (4, 300, 3, 3))
    again = getattr(nn, name)(4, 600, 3, groups=2, generator=0)
    assert np.array_equal(layer.weight.numpy(), again.weight.numpy())


@pytest.mark.parametrize("name", ["Conv2d", "ConvTranspose2d"])
def test_single_precision_is_kept(name):
    layer = getattr(nn, name)(2, 3, 3, dtype=np.float32)
    x = ac.tensor(np.ones((1, 2, 4, 4), np.float32), requires_grad=True)
    ac.sum(layer(x)).backward()
    assert {t.dtype for t in (layer(x), x.grad, layer.weight.grad, layer.bias.grad)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("options", [{}, {"padding": 1, "padding_mode": "circular"}], ids=str)
def test_one_example_at_a_time(options):
    layer, x = nn.Conv2d(2, 3, 3, **options), draws.normal(size=(4, 2, 5, 5))
    assert np.allclose(ac.vmap(layer)(x).numpy(), layer(x).numpy(), rtol=1e-13, atol=1e-14)


def test_an_empty_batch_gives_an_empty_batch():
    assert nn.Conv2d(2, 3, 3)(np.ones((0, 2, 5, 5))).shape == (0, 3, 3, 3)


# -- bad input -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.Conv2d(2, 4, 3)(np.ones((1, 3, 5, 5))), ac.errors.ShapeError, "input has 3 channels, this layer takes 2"),
        (lambda: nn.Conv2d(2, 4, 3)(np.ones((5, 5))), ac.errors.ShapeError, r"Conv2d: input of shape \(5, 5\) has 2 axes"),
        (lambda: nn.Conv1d(1, 1, 3)(np.ones((1, 1, 2))), ac.errors.ShapeError, "spans"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels 3 must be divisible by groups 2"),
        (lambda: nn.Conv2d(2, 3, 3, groups=2), ValueError, "out_channels 3 must be divisible by groups 2"),
        (lambda: nn.Conv2d(2, 4, 0), ValueError, "kernel_size"),
        (lambda: nn.Conv2d(2, 4, (3, 3, 3)), ValueError, "kernel_size is one whole number, or 2 for 2 axes"),
        (lambda: nn.Conv2d(2, 4, 3, padding="full"), ValueError, "not 'full'"),
        (lambda: nn.Conv2d(2, 4, 3, stride=2, padding="same"), ValueError, "keeps the lengths, and a stride of 2 does not"),
        (lambda: nn.Conv2d(2, 4, 3, padding=-1), ValueError, "padding is one whole number"),
        (lambda: nn.Conv2d(2, 4, 3, padding_mode="wrap"), ValueError, "zeros, reflect, replicate, circular, not 'wrap'"),
        (lambda: nn.Conv2d(0, 4, 3), ValueError, "in_channels must be at least 1"),
        (lambda: nn.ConvTranspose2d(2, 4, 3, padding_mode="reflect"), ValueError, 'padding_mode is "zeros"'),
        (lambda: nn.ConvTranspose1d(1, 1, 3, output_padding=1)(np.ones((1, 1, 4))), ac.errors.ShapeError, "output_padding"),
        (lambda: F.conv2d(np.ones((1, 3, 5, 5)), np.ones((4, 2, 3, 3))), ac.errors.ShapeError, "3 channels"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
