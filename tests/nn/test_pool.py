"""Pooling by windows, by numbers of windows and of whole images: by hand, beside differences and PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F
from nn.pool import windows

draws = np.random.default_rng(0)
LENGTHS = {1: (9,), 2: (7, 8), 3: (5, 4, 6)}
OPTIONS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 2, "stride": 3, "ceil_mode": True},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
]
SIZES = [1, 2, 3, 4]


def picture(n, batch=(2, 3)):
    return draws.normal(size=(*batch, *LENGTHS[n]))


# -- windows of a given size ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", [*OPTIONS, {"kernel_size": 2, "dilation": 2}], ids=str)
def test_max_pools_agree_with_pytorch_to_second_order(n, options, parity):
    ours, theirs = (getattr(library, f"MaxPool{n}d")(**options) for library in (nn, parity.torch.nn))
    parity.modules(ours, theirs, picture(n))
    parity.modules(ours, theirs, picture(n, (3,)))
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_places_of_the_largest_agree_with_pytorch(n, parity):
    x = np.round(picture(n))  # with ties
    options = {"kernel_size": 3, "stride": 2, "padding": 1, "return_indices": True}
    (y, places), (z, wanted) = (
        getattr(nn, f"MaxPool{n}d")(**options)(x),
        getattr(parity.torch.nn, f"MaxPool{n}d")(**options)(parity.torch.tensor(x)),
    )
    assert np.array_equal(y.numpy(), z.numpy())
    assert np.array_equal(places.numpy(), wanted.numpy())


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("options", [*OPTIONS, {"kernel_size": 3, "padding": 1, "count_include_pad": False}], ids=str)
def test_average_pools_agree_with_pytorch_to_second_order(n, options, parity):
    ours, theirs = (getattr(library, f"AvgPool{n}d")(**options) for library in (nn, parity.torch.nn))
    parity.modules(ours, theirs, picture(n))
    assert repr(ours) == repr(theirs)


def test_the_divisor_of_a_mean_can_be_given(parity):
    options = {"kernel_size": (2, 3), "divisor_override": 4}
    parity.modules(nn.AvgPool2d(**options), parity.torch.nn.AvgPool2d(**options), picture(2))


def test_the_first_of_a_tie_gets_the_gradient():
    x = ac.tensor([[[1.0, 1.0, 0.0, 2.0]]], requires_grad=True)
    ac.sum(nn.MaxPool1d(3, 1)(x)).backward()
    assert x.grad.tolist() == [[[1.0, 0.0, 0.0, 1.0]]]


@pytest.mark.parametrize("layer", [nn.MaxPool1d(3, 2, 1), nn.AvgPool1d(3, 2, 1, count_include_pad=False)], ids=repr)
def test_derivatives_of_windows_hold_against_differences(layer):
    ac.testing.gradcheck(layer, (picture(1),), order=2)
    assert layer(np.ones((1, 1, 9), np.float32)).dtype == np.float32


# -- a given number of windows -------------------------------------------------------------------------------------------


def test_windows_cover_all_elements():
    assert windows(5, 3) == ((0, 2), (1, 4), (3, 5))
    assert windows(2, 3) == ((0, 1), (0, 2), (1, 2))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["Avg", "Max"])
def test_adaptive_pools_agree_with_pytorch_to_second_order(kind, n, size, parity):
    ours, theirs = (getattr(library, f"Adaptive{kind}Pool{n}d")(size) for library in (nn, parity.torch.nn))
    parity.modules(ours, theirs, picture(n))
    parity.modules(ours, theirs, picture(n, (3,)))
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("kind", ["Avg", "Max"])
@pytest.mark.parametrize("size", [(3, None), (None, 3), (9, 5)])
def test_adaptive_pools_of_pairs_agree_with_pytorch(kind, size, parity):
    ours, theirs = (getattr(library, f"Adaptive{kind}Pool2d")(size) for library in (nn, parity.torch.nn))
    parity.modules(ours, theirs, picture(2))


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_places_of_adaptive_pools_agree_with_pytorch(n, size, parity):
    x = np.round(picture(n))
    y, places = getattr(F, f"adaptive_max_pool{n}d")(x, size, return_indices=True)
    z, wanted = getattr(parity.torch.nn.functional, f"adaptive_max_pool{n}d")(parity.torch.tensor(x), size, return_indices=True)
    assert np.array_equal(y.numpy(), z.numpy())
    assert np.array_equal(places.numpy(), wanted.numpy())


@pytest.mark.parametrize("size", [1, 3, 4])
def test_adaptive_pools_are_means_and_maxima_of_their_windows(size):
    x = picture(1)
    parts = [x[..., start:stop] for start, stop in windows(9, size)]
    assert np.allclose(
        F.adaptive_avg_pool1d(x, size).numpy(), np.stack([p.mean(-1) for p in parts], -1), rtol=1e-14, atol=1e-15
    )
    assert np.array_equal(F.adaptive_max_pool1d(x, size).numpy(), np.stack([p.max(-1) for p in parts], -1))


@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_derivatives_of_adaptive_pools_hold_against_differences(name):
    f = getattr(F, name)
    ac.testing.gradcheck(lambda x: f(x, (3, 4)), (draws.normal(size=(2, 5, 6)),), order=2)
    assert f(np.ones((1, 4, 5), np.float32), 3).dtype == np.float32


def test_the_first_of_a_tie_gets_the_gradient_of_an_adaptive_pool():
    x = ac.tensor([[[1.0, 1.0, 1.0]]], requires_grad=True)
    ac.sum(F.adaptive_max_pool1d(x, 2)).backward()
    assert x.grad.tolist() == [[[1.0, 1.0, 0.0]]]


@pytest.mark.parametrize("size", [2, 3])
def test_one_example_at_a_time(size):
    x = picture(2)
    for layer in (nn.AdaptiveAvgPool2d(size), nn.AdaptiveMaxPool2d(size)):
        assert np.allclose(ac.vmap(layer)(x).numpy(), layer(x).numpy(), rtol=1e-14)


# -- whole images --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
def test_global_pools_leave_batch_and_channels(n):
    x = picture(n)
    assert np.allclose(nn.GlobalAvgPool()(x).numpy(), x.mean(tuple(range(2, n + 2))), rtol=1e-13, atol=1e-15)
    assert np.array_equal(nn.GlobalMaxPool()(x).numpy(), x.max(tuple(range(2, n + 2))))
    ac.testing.gradcheck(nn.GlobalMaxPool(), (x,), order=2)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.MaxPool2d(2)(np.ones((4, 4))), ac.errors.ShapeError, r"MaxPool2d: input of shape \(4, 4\) has 2 axes"),
        (lambda: nn.MaxPool2d(2, padding=2)(np.ones((1, 4, 4))), ac.errors.ShapeError, "at most half"),
        (lambda: nn.AvgPool1d((2, 2)), ValueError, "AvgPool1d: kernel_size"),
        (lambda: nn.AdaptiveAvgPool2d((1, 2, 3))(np.ones((1, 4, 4))), ValueError, "output_size is one whole number, or 2"),
        (lambda: nn.AdaptiveMaxPool1d(0)(np.ones((1, 4))), ValueError, "not less than 1"),
        (lambda: nn.AdaptiveMaxPool1d(1)(np.ones((1, 0))), ac.errors.ShapeError, "no elements to pool"),
        (lambda: nn.GlobalMaxPool()(np.ones((2, 3))), ac.errors.ShapeError, r"needs \(batch, channels, \*lengths\)"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
