"""Sequences of unequal length: padded to one length, or packed without the padding, as in torch.nn.utils.rnn.

Packed data hold the first step of all sequences, then the second of those that are long enough, and so on; the sequences
are sorted by falling length, so that those that go on are always the first ones. Lengths are structure, like shapes: numbers
for Python, which no derivative reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ac


class PackedSequence(NamedTuple):
    """The steps of several sequences without padding.

    `data` has shape (all steps, …); `batch_sizes` says how many sequences have a step 0, a step 1, …; `sorted_indices`
    is the order in which they were sorted by falling length, `unsorted_indices` the way back, None where they were sorted.
    """

    data: ac.Tensor
    batch_sizes: ac.Tensor
    sorted_indices: ac.Tensor | None = None
    unsorted_indices: ac.Tensor | None = None

    @property
    def sizes(self) -> list[int]:
        """`batch_sizes` as Python's numbers."""
        return [int(n) for n in np.asarray(self.batch_sizes)]


def pad_sequence(
    sequences: Sequence[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> ac.Tensor:
    """Sequences of shapes (length, …) as one array of shape (longest, count, …), (count, longest, …) with `batch_first`.

    Shorter ones are filled with `padding_value` at their end, or at their start with `padding_side="left"`.

    >>> pad_sequence([[1.0, 2.0], [3.0]], batch_first=True)
    tensor([[1., 2.],
            [3., 0.]])
    """
    if padding_side not in ("right", "left"):
        raise ValueError(f'pad_sequence: padding_side is "right" or "left", not {padding_side!r}')
    xs = [ac.as_tensor(x) for x in sequences]
    if not xs or any(x.ndim == 0 or x.shape[1:] != xs[0].shape[1:] for x in xs):
        shapes = ", ".join(str(x.shape) for x in xs) or "none"
        raise ac.errors.ShapeError(
            f"pad_sequence: sequences of shapes (length, …) that differ in length only are needed, and given are {shapes}"
        )
    longest = max(len(x) for x in xs)
    rest, right = [(0, 0)] * (xs[0].ndim - 1), padding_side == "right"
    gaps = [(0, longest - len(x)) if right else (longest - len(x), 0) for x in xs]
    padded = [ac.pad(x, [gap, *rest], constant_values=padding_value) for x, gap in zip(xs, gaps)]
    return ac.stack(padded, axis=0 if batch_first else 1)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[ac.Tensor]:
    """The sequences of these lengths that `pad_sequence` gave as one array.

    >>> unpad_sequence([[1.0, 2.0], [3.0, 0.0]], [2, 1], batch_first=True)
    [tensor([1., 2.]), tensor([3.])]
    """
    x = ac.as_tensor(padded_sequences)
    rows = ac.unstack(x, axis=0 if batch_first else 1)
    return [row[:n] for row, n in zip(rows, _checked_lengths("unpad_sequence", lengths, len(rows), x.shape[batch_first]))]


def pack_padded_sequence(input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> PackedSequence:
    """Packs an array of shape (longest, count, …), (count, longest, …) with `batch_first`; `lengths` has `count` numbers.

    Raises ValueError for lengths that are not from 1 to the longest, and for lengths that rise unless
    `enforce_sorted=False`, which sorts.

    >>> pack_padded_sequence([[1.0, 2.0], [3.0, 0.0]], [2, 1], batch_first=True).data
    tensor([1., 3., 2.])
    """
    x = ac.as_tensor(input)
    if x.ndim < 2:
        raise ac.errors.ShapeError(f"pack_padded_sequence: input has axes for steps and sequences, not shape {x.shape}")
    count, steps = (x.shape[0], x.shape[1]) if batch_first else (x.shape[1], x.shape[0])
    sizes = np.asarray(_checked_lengths("pack_padded_sequence", lengths, count, steps))
    order = None if enforce_sorted else np.argsort(-sizes, kind="stable")
    if order is not None:
        sizes = sizes[order]
    elif (np.diff(sizes) > 0).any():
        raise ValueError(
            f"pack_padded_sequence: lengths {sizes.tolist()} must fall. Use enforce_sorted=False, which sorts the sequences."
        )
    step, place = np.nonzero(np.arange(sizes.max(initial=0))[:, None] < sizes)
    place = place if order is None else order[place]
    rows = place * steps + step if batch_first else step * count + place
    data = ac.take(ac.reshape(x, (count * steps, *x.shape[2:])), rows, axis=0)
    return packed(data, np.bincount(step, minlength=0), order)


def packed(data: ac.Tensor, batch_sizes: np.ndarray, order: np.ndarray | None) -> PackedSequence:
    """A PackedSequence from the order in which its sequences were sorted."""
    if order is None:
        return PackedSequence(data, ac.tensor(batch_sizes))
    return PackedSequence(data, ac.tensor(batch_sizes), ac.tensor(order), ac.tensor(np.argsort(order)))


def _checked_lengths(name: str, lengths: Any, count: int, longest: int) -> list[int]:
    """The lengths as numbers, one a sequence, each from 1 to the longest."""
    given = np.asarray(lengths)
    if given.shape != (count,) or given.dtype.kind not in "iu":
        raise ValueError(f"{name}: {count} whole numbers needed as lengths, and given is {lengths!r}")
    if count and not 1 <= given.min() <= given.max() <= longest:
        raise ValueError(f"{name}: lengths lie from 1 to {longest}, the number of steps, and given is {given.tolist()}")
    return [int(n) for n in given]


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[ac.Tensor, ac.Tensor]:
    """The padded array of shape (longest, count, …) that was packed, in its first order, and the lengths.

    `batch_first` and `padding_value` are those of `pad_sequence`; with `total_length` the array has so many steps.

    >>> x, lengths = pad_packed_sequence(pack_sequence([[1.0, 2.0], [3.0]]), padding_value=-1.0)
    >>> x, lengths
    (tensor([[ 1.,  3.],
            [ 2., -1.]]), tensor([2, 1]))
    """
    sizes = np.asarray(sequence.sizes, np.int64)
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(f"pad_packed_sequence: total_length {steps} is less than the longest sequence, {len(sizes)}")
    sizes = np.pad(sizes, (0, steps - len(sizes)))
    starts = np.cumsum(sizes) - sizes
    place = np.arange(sizes[0])
    if sequence.unsorted_indices is not None:
        place = np.asarray(sequence.unsorted_indices)
    there = place < sizes[:, None]  # (steps, count)
    rows = np.where(there, starts[:, None] + place, 0)
    lengths = there.sum(axis=0)
    if batch_first:
        rows, there = rows.T, there.T
    data = ac.as_tensor(sequence.data)
    y = ac.take(data, rows, axis=0)
    filling = np.asarray(padding_value, y.dtype)
    return ac.where(there.reshape(there.shape + (1,) * (y.ndim - 2)), y, filling), ac.tensor(lengths)


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Packs a list of sequences of shapes (length, …); `enforce_sorted` as in `pack_padded_sequence`."""
    lengths = [len(ac.as_tensor(x)) for x in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[ac.Tensor]:
    """The list of sequences that was packed."""
    padded, lengths = pad_packed_sequence(packed_sequences)
    return unpad_sequence(padded, lengths)
