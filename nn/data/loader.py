"""DataLoader: a data set in batches, in an order that a seed and the number of the epoch decide.

The order of epoch e, and the draws of an augmentation in its batch b, are functions of (seed, e, b) and of nothing else.
So three numbers say where a training stands in its data, and from there it goes on with the very same batches.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

import autograd_core as ac

from ..seeding import Seed, as_seed
from .dataset import as_dataset, collate, fetch

ORDER, AUGMENT = 0, 1  # what a stream of random numbers is for


class DataLoader:
    """Batches of a data set as Tensors, once through it each time it is iterated.

    `dataset` is a Dataset, a TensorDataset, or arrays as in (x, y). With `shuffle` each epoch has another order, drawn from
    `generator`: a seed, a NumPy generator, or None for the default one, from which one seed is drawn now. `drop_last` leaves
    out a last batch that is smaller. `collate_fn` makes a batch of a list of examples; the default one stacks arrays.
    `augment(*batch, generator=…)` changes a batch after that, with a generator of its own for each batch.

    `state_dict()` tells the place after the last batch handed out, and `load_state_dict` goes back there: the next
    iteration then gives the rest of that epoch. `num_workers` and `pin_memory` are PyTorch's and change nothing here.

    Raises ValueError for an empty data set and for a batch_size below 1.

    >>> loader = DataLoader((np.arange(5.0), np.arange(5)), batch_size=2)
    >>> [y.tolist() for x, y in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        generator: Seed = None,
        augment: Callable[..., Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
    ) -> None:
        self.dataset = as_dataset(dataset)
        self.batch_size = _batch_size(batch_size)
        self.shuffle, self.drop_last = bool(shuffle), bool(drop_last)
        self.collate_fn, self.augment = collate_fn or collate, augment
        if len(self.dataset) == 0:
            raise ValueError("DataLoader: the data set is empty, so there is nothing to load. Did a filter leave no example?")
        if len(self) == 0:
            raise ValueError(
                f"DataLoader: {len(self.dataset)} examples do not fill one batch of {self.batch_size}, and drop_last leaves "
                "it out. Take a smaller batch_size, or drop_last=False."
            )
        self.seed = as_seed(generator) if self.shuffle or augment else 0
        self.epoch = self.position = 0
        self._goes_on = False

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole if self.drop_last or not rest else whole + 1

    def __iter__(self) -> Iterator[Any]:
        if self._goes_on:
            self._goes_on = False
        elif self.position:  # the last epoch was left before its end
            self.epoch, self.position = self.epoch + 1, 0
        return self._batches(self.epoch, self.position)

    def _batches(self, epoch: int, start: int) -> Iterator[Any]:
        size = len(self.dataset)
        order = self._stream(ORDER, epoch).permutation(size) if self.shuffle else None
        for place in range(start, len(self)):
            indices = np.arange(place * self.batch_size, min((place + 1) * self.batch_size, size))
            indices = indices if order is None else order[indices]
            batch = fetch(self.dataset, indices, self.collate_fn)
            if self.augment is not None:
                batch = self._augmented(batch, epoch, place)
            self.epoch, self.position = epoch, place + 1
            yield as_tensors(batch)
        self.epoch, self.position = epoch + 1, 0

    def _stream(self, *place: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=place))

    def _augmented(self, batch: Any, epoch: int, place: int) -> Any:
        parts = batch if isinstance(batch, tuple) else (batch,)
        changed = self.augment(*parts, generator=self._stream(AUGMENT, epoch, place))  # type: ignore[misc]
        return changed

    def state_dict(self) -> dict[str, Any]:
        """The place in the data: seed, epoch (from 0), batches handed out in it, and what they were cut from."""
        return {"seed": self.seed, "epoch": self.epoch, "position": self.position, **self._cut()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a place that `state_dict` told: the next iteration gives the rest of its epoch.

        Raises ValueError where the number of examples, the batch size or the shuffling is another than it was there.
        """
        changed = [f"{name} was {state[name]} and is {now}" for name, now in self._cut().items() if state[name] != now]
        if changed:
            raise ValueError(
                f"DataLoader: {'; '.join(changed)}. The place in the data has a meaning only for the same batches: make "
                "the loader as it was."
            )
        self.seed, self.epoch, self.position = int(state["seed"]), int(state["epoch"]), int(state["position"])
        self._goes_on = True

    def _cut(self) -> dict[str, Any]:
        return {
            "examples": len(self.dataset),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def __repr__(self) -> str:
        return f"DataLoader({len(self.dataset)} examples, {len(self)} batches of {self.batch_size}, shuffle={self.shuffle})"


def as_tensors(batch: Any) -> Any:
    """The arrays of a batch as Tensors; what is neither an array nor a number stays as it is."""
    if isinstance(batch, tuple | list) and not hasattr(batch, "_fields"):
        return type(batch)(as_tensors(each) for each in batch)
    if isinstance(batch, Mapping):
        return {name: as_tensors(each) for name, each in batch.items()}
    if isinstance(batch, np.ndarray | np.generic | int | float | complex):
        array = np.asarray(batch)
        return ac.tensor(array) if array.dtype.kind in "fciub" else batch
    return batch


def _batch_size(given: Any) -> int:
    try:
        size = operator.index(given)
    except TypeError:
        raise TypeError(
            f"DataLoader: batch_size is a whole number, not {given!r}. For all examples at once: batch_size=len(dataset)"
        ) from None
    if size < 1:
        raise ValueError(f"DataLoader: batch_size must be at least 1, got {size}")
    return size
