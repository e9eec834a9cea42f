"""Windows, unfold and fold: values as PyTorch, each other's transpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.ops.unfold import Fold, Unfold, padded, window_over
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)


def real(*shape):
    return RNG.normal(size=shape)


def unreal(*shape):
    return real(*shape) + 1j * real(*shape)


@given(st.data())
def test_unfold_and_fold_are_those_of_pytorch(data):
    torch = pytest.importorskip("torch")
    pair = lambda low, high: data.draw(st.integers(low, high) | st.tuples(*[st.integers(low, high)] * 2))
    options = {"kernel_size": pair(1, 3), "dilation": pair(1, 2), "padding": pair(0, 2), "stride": pair(1, 3)}
    x = real(*data.draw(st.sampled_from([(2, 3), (3,)])), 4, 5)
    columns = torch.nn.functional.unfold(torch.tensor(x), **options)
    y = ac.unfold(x, **options)
    np.testing.assert_array_equal(y.numpy(), columns.numpy())
    back = torch.nn.functional.fold(columns, (4, 5), **options)
    np.testing.assert_allclose(ac.fold(y, (4, 5), **options).numpy(), back.numpy(), atol=1e-14)


@pytest.mark.parametrize("kernel, lengths", [((2,), (5,)), ((2, 1), (3, 4)), ((1, 2, 2), (2, 3, 2))])
def test_unfold_and_fold_are_each_others_transpose(kernel, lengths):
    x = unreal(2, 3, *lengths)
    y, pull = ac.vjp(lambda x: ac.unfold(x, kernel, 1, 1, 2), x)
    g = unreal(*y.shape)
    np.testing.assert_allclose(pull(g)[0].numpy(), ac.fold(g, lengths, kernel, 1, 1, 2).numpy(), atol=1e-14)
    assert gradcheck(lambda x: ac.unfold(x, kernel, 1, 1, 2), x.real, order=2)
    assert gradcheck(lambda y: ac.fold(y, lengths, kernel, 1, 1, 2), y.numpy(), order=2)


def test_a_convolution_is_a_product_with_the_unfolded_image():
    x, w = real(2, 3, 5, 4), real(4, 3, 2, 2)
    y = w.reshape(4, -1) @ ac.unfold(x, 2, stride=2)
    np.testing.assert_allclose(y.numpy().reshape(2, 4, 2, 2), ac.conv2d(x, w, stride=2).numpy(), atol=1e-13)


def test_unfolded_windows_are_memory_of_their_own():
    x = ac.tensor(real(1, 1, 3, 3))
    assert not np.shares_memory(ac.unfold(x, 1).array, x.array)


def test_windows_count_their_places():
    window = window_over("f", (5, 4), (2, 3), (2, 1), ((1, 0), (0, 1)), (1, 1))
    assert window.out == (3, 3)
    assert Unfold(window).shape((7, 5, 4)) == (7, 2, 3, 3, 3)
    assert Fold(window).shape((7, 2, 3, 3, 3)) == (7, 5, 4)


@pytest.mark.parametrize("before, after", [(0, 0), (2, 1), (-1, 2), (2, -1), (-1, -1), (-5, 6), (6, -5), (-9, 1)])
def test_padding_adds_zeros_or_cuts_off(before, after):
    x = np.arange(1.0, 4.0)
    wide = np.concatenate([np.zeros(9), x, np.zeros(9)])
    expected = wide[9 - before : 12 + after] if 3 + before + after > 0 else wide[:0]
    np.testing.assert_array_equal(padded(x[None], ((before, after),))[0], expected)


LINE = np.ones((1, 2, 5))


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: ac.unfold(LINE, 3), "unfold: the kernel"),
        (lambda: ac.unfold(LINE[0, 0], 2), r"unfold: needs \(batch, channels, 2 lengths\)"),
        (lambda: ac.fold(np.ones((1, 8, 3)), (3, 2), 2), r"fold: needs columns of shape \(channels · 4, 2\)"),
        (lambda: ac.fold(np.ones((8,)), (3, 2), 2), r"given shape \(8,\)"),
        (lambda: Unfold(window_over("f", (5,), 2, 1, ((0, 0),), 1)).shape((2, 4)), r"last axes have lengths \(5,\); given"),
    ],
)
def test_shapes_that_are_refused(call, text):
    with pytest.raises(ShapeError, match=text):
        call()
