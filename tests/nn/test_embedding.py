"""Embedding and one_hot: beside PyTorch to second order, padding, norms, and what their errors say."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F

draws = np.random.default_rng(0)
NUMBERS = np.array([[1, 3, 3], [0, 4, 1]])


@pytest.mark.parametrize("options", [{}, {"padding_idx": 3}, {"padding_idx": -2}, {"scale_grad_by_freq": True}], ids=str)
@pytest.mark.parametrize("shape", [(2, 3), (), (0,)])
def test_embedding_agrees_with_pytorch(options, shape, parity):
    weight, numbers = draws.normal(size=(5, 2)), np.resize(NUMBERS, shape)
    # PyTorch has no second derivative of the scaled gradient, and none at all of no rows.
    parity.functions(
        lambda w: F.embedding(numbers, w, **options),
        lambda w: parity.torch.nn.functional.embedding(parity.torch.tensor(numbers), w, **options),
        weight,
        order=0 if shape == (0,) else 1 if "scale_grad_by_freq" in options else 2,
    )


def test_the_module_agrees_with_pytorch(parity):
    ours, theirs = nn.Embedding(5, 2, padding_idx=1), parity.torch.nn.Embedding(5, 2, padding_idx=1)
    numbers = lambda module: NUMBERS if isinstance(module, nn.Module) else parity.torch.tensor(NUMBERS)
    parity.modules(ours, theirs, call=lambda module: module(numbers(module)))
    for options in ({}, {"padding_idx": -1}, {"max_norm": 2.0, "norm_type": 1.0, "scale_grad_by_freq": True, "sparse": True}):
        assert repr(nn.Embedding(5, 2, **options)) == repr(parity.torch.nn.Embedding(5, 2, **options))


@pytest.mark.parametrize("order", [1.0, 2.0, float("inf")])
def test_long_rows_that_are_read_are_shortened(order, parity):
    weight, numbers = 3.0 * draws.normal(size=(5, 4)), np.array([0, 2, 2])
    ours, theirs = ac.tensor(weight, requires_grad=True), parity.torch.tensor(weight)
    y = F.embedding(numbers, ours, max_norm=1.5, norm_type=order)
    z = parity.torch.nn.functional.embedding(parity.torch.tensor(numbers), theirs, max_norm=1.5, norm_type=order)
    np.testing.assert_allclose(y.numpy(), z.numpy(), rtol=1e-12)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
    assert np.array_equal(ours.numpy()[[1, 3, 4]], weight[[1, 3, 4]])
    ac.sum(y).backward()
    assert ours.grad[:, 0].tolist() == [1.0, 0.0, 2.0, 0.0, 0.0]


def test_rows_are_read_and_their_gradients_added():
    layer = nn.Embedding.from_pretrained([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], freeze=False, padding_idx=0)
    y = layer([2, 0, 2])
    assert y.tolist() == [[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]
    ac.sum(y).backward()
    assert layer.weight.grad.tolist() == [[0.0, 0.0], [0.0, 0.0], [2.0, 2.0]]


def test_a_pretrained_table_is_frozen_and_a_copy():
    table = np.ones((3, 2))
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad
    table[:] = 0.0
    assert layer.weight.tolist() == [[1.0, 1.0]] * 3


def test_derivatives_hold_against_differences():
    ac.testing.gradcheck(lambda w: ac.sin(F.embedding(NUMBERS, w)), (draws.normal(size=(5, 2)),), order=2)
    # A difference sees the padding: it stands apart, and does not vary.
    apart = lambda w: ac.concatenate([w[:3], ac.ones((1, 2)), w[3:]])
    f = lambda w: ac.sin(F.embedding(NUMBERS, apart(w), padding_idx=3))
    ac.testing.gradcheck(f, (draws.normal(size=(4, 2)),), order=2)


def test_the_start_is_normal_with_zeros_for_the_padding():
    weight = nn.Embedding(2000, 8, padding_idx=-1, generator=0).weight.numpy()
    assert np.array_equal(weight[-1], np.zeros(8))
    assert abs(weight.mean()) < 0.05
    assert abs(weight.std() - 1.0) < 0.05


def test_embedding_keeps_the_dtype_and_is_mapped_over_a_batch():
    layer = nn.Embedding(5, 2, padding_idx=1, dtype="float32")
    assert ac.vmap(layer)(NUMBERS).dtype == np.float32
    assert np.array_equal(ac.vmap(layer)(NUMBERS).numpy(), layer(NUMBERS).numpy())


def test_one_hot_agrees_with_pytorch(parity):
    for numbers, count in ((NUMBERS, -1), (NUMBERS, 7), (np.array(2), 3), (np.zeros((0, 2), int), 3)):
        y = F.one_hot(numbers, count)
        z = parity.torch.nn.functional.one_hot(parity.torch.tensor(numbers), count).numpy()
        assert (y.shape, y.dtype) == (z.shape, z.dtype)
        assert np.array_equal(y.numpy(), z)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.Embedding(5, 2)([5]), IndexError, "embedding: input: 5 is out of range, which is 0 to 4"),
        (lambda: nn.Embedding(5, 2)([-1]), IndexError, "-1 is out of range"),
        (lambda: nn.Embedding(5, 2)([0.5]), TypeError, "must be whole numbers, not float64"),
        (lambda: nn.Embedding(5, 2, padding_idx=5), ValueError, "padding_idx 5 is no row of a table of 5"),
        (lambda: F.embedding([0], ac.ones(3)), ac.errors.ShapeError, r"this one has shape \(3,\)"),
        (lambda: nn.Embedding.from_pretrained([1.0]), ac.errors.ShapeError, r"not shape \(1,\)"),
        (lambda: nn.Embedding(2, 2, _weight=ac.ones((2, 3))), ac.errors.ShapeError, r"\(2, 2\) needed, and given \(2, 3\)"),
        (lambda: nn.Embedding(-1, 2), ValueError, "num_embeddings must not be negative"),
        (lambda: F.one_hot([0, 3], 3), IndexError, "3 is out of range"),
        (lambda: F.one_hot([-1, 3]), IndexError, "-1 is out of range"),
        (lambda: F.one_hot([]), ValueError, "Give num_classes"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
