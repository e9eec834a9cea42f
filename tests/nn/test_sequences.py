"""Padding and packing of sequences: beside PyTorch, there and back, derivatives, and what the errors say."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import sequences

draws = np.random.default_rng(0)
LENGTHS = [[4, 2, 1], [2, 4, 4], [1, 1, 1], [3]]


def rnn(torch, x):
    return torch.nn.utils.rnn if isinstance(x, torch.Tensor) else sequences


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3)])
@pytest.mark.parametrize("side", ["right", "left"])
def test_padding_agrees_with_pytorch(batch_first, shape, side, parity):
    xs = [draws.normal(size=(n, *shape)) for n in (2, 4, 1)]
    pad = lambda *xs: rnn(parity.torch, xs[0]).pad_sequence(xs, batch_first, -1.0, side)
    parity.functions(pad, pad, *xs)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("shape", [(), (2,)])
def test_packing_agrees_with_pytorch(batch_first, lengths, shape, parity):
    x = draws.normal(size=(5, len(lengths), *shape))
    x = x.swapaxes(0, 1).copy() if batch_first else x

    def packed(x):
        return rnn(parity.torch, x).pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)

    def there_and_back(x):
        padded, numbers = rnn(parity.torch, x).pad_packed_sequence(packed(x), batch_first, 3.0, total_length=7)
        assert numbers.tolist() == lengths
        return packed(x).data, padded

    parity.functions(there_and_back, there_and_back, x)
    ours, theirs = packed(x), packed(parity.torch.tensor(x))
    for a, b in zip(ours[1:], theirs[1:]):
        assert a.tolist() == b.tolist()


def test_packing_by_hand():
    packed = sequences.pack_sequence([[1.0, 2.0, 3.0], [4.0], [5.0, 6.0]], enforce_sorted=False)
    assert packed.data.tolist() == [1.0, 5.0, 4.0, 2.0, 6.0, 3.0]
    assert packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices.tolist() == packed.unsorted_indices.tolist() == [0, 2, 1]
    assert [x.tolist() for x in sequences.unpack_sequence(packed)] == [[1.0, 2.0, 3.0], [4.0], [5.0, 6.0]]


def test_pytorchs_names_lead_here():
    assert nn.utils.rnn.pack_sequence is sequences.pack_sequence
    assert {"pad_sequence", "pack_padded_sequence", "pad_packed_sequence"} <= set(nn.utils.rnn.__all__)


def test_sequences_come_back_from_padding():
    xs = [draws.normal(size=(n, 2)) for n in (2, 4, 1)]
    for batch_first in (True, False):
        back = sequences.unpad_sequence(sequences.pad_sequence(xs, batch_first), [2, 4, 1], batch_first)
        assert all(np.array_equal(x, z.numpy()) for x, z in zip(xs, back))


def test_derivatives_hold_against_differences():
    def f(x):
        packed = sequences.pack_padded_sequence(x, [1, 3], enforce_sorted=False)
        return ac.sin(sequences.pad_packed_sequence(packed, padding_value=2.0)[0])

    ac.testing.gradcheck(f, (draws.normal(size=(3, 2, 2)),), order=2)


def test_padding_has_no_gradient_and_no_influence():
    x = ac.tensor(np.full((3, 2), np.nan), requires_grad=True)
    with ac.no_grad():
        x[:2, 0], x[:1, 1] = 1.0, 2.0
    packed = sequences.pack_padded_sequence(x, [2, 1])
    ac.sum(packed.data).backward()
    assert packed.data.tolist() == [1.0, 2.0, 1.0]
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: sequences.pad_sequence([]), ac.errors.ShapeError, "given are none"),
        (lambda: sequences.pad_sequence([np.ones((2, 3)), np.ones((2, 4))]), ac.errors.ShapeError, r"\(2, 3\), \(2, 4\)"),
        (lambda: sequences.pad_sequence([[1.0]], padding_side="top"), ValueError, "padding_side"),
        (lambda: sequences.pack_padded_sequence(np.ones((3, 2)), [1, 2]), ValueError, r"\[1, 2\] must fall"),
        (lambda: sequences.pack_padded_sequence(np.ones((3, 2)), [4, 2]), ValueError, "lie from 1 to 3"),
        (lambda: sequences.pack_padded_sequence(np.ones((3, 2)), [2, 0]), ValueError, "lie from 1 to 3"),
        (lambda: sequences.pack_padded_sequence(np.ones((3, 2)), [2]), ValueError, "2 whole numbers needed"),
        (lambda: sequences.pack_padded_sequence(np.ones((3, 2)), [2.0, 1.0]), ValueError, "2 whole numbers needed"),
        (lambda: sequences.pack_padded_sequence(np.ones(3), [3]), ac.errors.ShapeError, r"not shape \(3,\)"),
        (
            lambda: sequences.pad_packed_sequence(sequences.pack_sequence([[1.0, 2.0]]), total_length=1),
            ValueError,
            "total_length 1 is less than the longest sequence, 2",
        ),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
