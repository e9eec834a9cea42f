"""Splits: parts of a data set to train with, and parts to test with, that share no example."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..seeding import Seed, as_generator
from .dataset import Subset, as_dataset

Pair = tuple[Subset, Subset]


def random_split(dataset: Any, lengths: Sequence[float], generator: Seed = None) -> list[Subset]:
    """Parts of the given lengths with the examples in random order, as in PyTorch.

    `lengths` are whole numbers that add up to the number of examples, or fractions that add up to 1; what rounding leaves
    goes to the first parts, one each. Raises ValueError where they do not add up.

    >>> [len(part) for part in random_split(range(10), [0.55, 0.45], generator=0)]
    [6, 4]
    """
    dataset = as_dataset(dataset)
    counts = _counts(lengths, len(dataset))
    order = as_generator(generator).permutation(len(dataset))
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(counts)[:-1])]


def _counts(lengths: Sequence[float], size: int) -> list[int]:
    if not lengths or min(lengths) < 0:
        raise ValueError(f"random_split: lengths are numbers from 0 on, at least one of them; got {list(lengths)}")
    total = sum(lengths)
    if all(isinstance(each, int | np.integer) for each in lengths) and total == size:
        return [int(each) for each in lengths]
    if not math.isclose(total, 1.0):
        raise ValueError(
            f"random_split: lengths {list(lengths)} add up to {total}; needed are whole numbers that add up to the {size} "
            "examples, or fractions that add up to 1"
        )
    counts = [math.floor(size * each) for each in lengths]
    for i in range(size - sum(counts)):
        counts[i % len(counts)] += 1
    return counts


def hold_out(dataset: Any, fraction: float = 0.2, generator: Seed = None, labels: Any = None) -> Pair:
    """(training, held out) with a fraction of the examples, in random order, held out.

    With `labels`, one an example, that fraction of each class is held out. Raises ValueError where a part would be empty.

    >>> train, test = hold_out(range(10), 0.3, generator=0)
    >>> len(train), len(test)
    (7, 3)
    """
    dataset = as_dataset(dataset)
    size = len(dataset)
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"hold_out: the fraction is between 0 and 1, not {fraction}")
    order = as_generator(generator).permutation(size)
    if labels is None:
        held = order[: round(size * fraction)]
    else:
        held = _stratified(order, np.asarray(labels), fraction, size)
    rest = order[~np.isin(order, held)]
    if not (held.size and rest.size):
        raise ValueError(f"hold_out: a fraction {fraction} of {size} examples leaves one part empty. Are there more data?")
    return Subset(dataset, rest), Subset(dataset, held)


def _stratified(order: np.ndarray, labels: np.ndarray, fraction: float, size: int) -> np.ndarray:
    if labels.shape != (size,):
        raise ValueError(f"hold_out: labels have shape {labels.shape}; needed is one for each of the {size} examples")
    parts = [order[labels[order] == label] for label in np.unique(labels)]
    chosen = np.concatenate([part[: round(len(part) * fraction)] for part in parts]) if parts else order[:0]
    return order[np.isin(order, chosen)]


def k_fold(dataset: Any, k: int = 5, shuffle: bool = True, generator: Seed = None) -> Iterator[Pair]:
    """k pairs (training, test): each example is in the test part of exactly one; their sizes differ by at most 1.

    Raises ValueError for fewer than two folds, or more than there are examples.

    >>> [len(test) for _, test in k_fold(range(10), 3, generator=0)]
    [4, 3, 3]
    """
    dataset, k = as_dataset(dataset), operator.index(k)
    size = len(dataset)
    if not 2 <= k <= size:
        raise ValueError(f"k_fold: {k} folds of {size} examples; there must be from 2 folds to one for each example")
    order = as_generator(generator).permutation(size) if shuffle else np.arange(size)
    return _pairs(dataset, np.array_split(order, k))


def leave_one_out(dataset: Any) -> Iterator[Pair]:
    """One pair (training, test) for each example, which is alone in the test part. Raises ValueError for fewer than two.

    >>> [test.indices.tolist() for _, test in leave_one_out(range(3))]
    [[0], [1], [2]]
    """
    dataset = as_dataset(dataset)
    if len(dataset) < 2:
        raise ValueError(f"leave_one_out: {len(dataset)} examples; with fewer than two nothing is left to train with")
    return k_fold(dataset, len(dataset), shuffle=False)


def _pairs(dataset: Any, folds: list[np.ndarray]) -> Iterator[Pair]:
    for i, test in enumerate(folds):
        training = np.concatenate([fold for j, fold in enumerate(folds) if j != i])
        yield Subset(dataset, training), Subset(dataset, test)
