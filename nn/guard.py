"""The best state so far of a training, kept so that nothing that comes later can lose it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

import autograd_core as ac

from .progress import short


class Best:
    """Copies of some Tensors' values at the smallest loss so far; those of the start before the first.

    >>> w = ac.tensor([1.0])
    >>> best = Best([w])
    >>> best.note(0.5)
    True
    >>> _ = w.copy_([9.0])
    >>> best.note(0.7)
    False
    >>> best.put_back()
    >>> w
    tensor([1.])
    """

    def __init__(self, tensors: Iterable[ac.Tensor]) -> None:
        self.tensors = list(tensors)
        self.loss = float("inf")
        self.values = self.now()

    def now(self) -> list[np.ndarray]:
        """Copies of the values as they are."""
        return [tensor.numpy().copy() for tensor in self.tensors]

    def note(self, loss: float, values: list[np.ndarray] | None = None, anyway: bool = False) -> bool:
        """Keep the present values, or those given, if this loss is the smallest so far or `anyway`; whether it was."""
        if not (loss < self.loss or anyway):
            return False
        self.loss = loss
        if values is not None:
            self.values = values
        else:
            for kept, tensor in zip(self.values, self.tensors, strict=True):
                kept[...] = tensor.numpy()
        return True

    def put_back(self) -> None:
        """Write the best values into the Tensors."""
        for kept, tensor in zip(self.values, self.tensors, strict=True):
            tensor.copy_(kept)

    def finite(self) -> bool:
        """Whether all values are finite now."""
        return all(np.isfinite(tensor.numpy()).all() for tensor in self.tensors)

    def __str__(self) -> str:
        return f"best so far (loss {short(self.loss)})" if np.isfinite(self.loss) else "those of the start"
