"""Embedding: a table with a trained row for each whole number; and one_hot, the same as a sparse vector."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

import autograd_core as ac

from . import init
from .indices import as_indices
from .linear import count
from .module import Module, Parameter
from .seeding import as_generator


def embedding(
    input: Any,
    weight: ac.Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> ac.Tensor:
    """The rows of `weight` whose numbers are in `input`: shapes (…) and (count, features) give (…, features).

    The row `padding_idx` is read and gets no gradient. With `max_norm` the rows that are read and have a larger norm, of
    order `norm_type`, are first shortened to it in the weight itself, without a gradient. With `scale_grad_by_freq` the
    gradient of a row is divided by the number of times it is read. Gradients are dense, also if `sparse`.

    Raises IndexError for numbers that are no row, DTypeError for numbers that are not whole.

    >>> embedding([2, 0], ac.tensor([[1.0], [2.0], [3.0]]))
    tensor([[3.],
            [1.]])
    """
    if weight.ndim != 2:
        raise ac.errors.ShapeError(f"embedding: weight has the axes (count, features), and this one has shape {weight.shape}")
    rows = as_indices("embedding: input", input, weight.shape[0])
    if max_norm is not None:
        _shorten(weight, rows, max_norm, norm_type)
    y = ac.take(weight, rows, axis=0)
    if scale_grad_by_freq:
        y = _scaled_gradient(y, 1.0 / ac.take(_uses(rows, weight), rows)[..., None])
    if padding_idx is None:
        return y
    padding = _row("embedding", padding_idx, weight.shape[0])
    return ac.where((rows == padding)[..., None], ac.stop_gradient(y), y)


def _row(name: str, number: int, rows: int) -> int:
    """The number of a row, counted from the end where it is negative."""
    if not -rows <= number < rows:
        raise ValueError(f"{name}: padding_idx {number} is no row of a table of {rows}")
    return number % rows


def _uses(rows: ac.Tensor, weight: ac.Tensor) -> ac.Tensor:
    """How often each row is read."""
    return ac.segment_sum(np.ones(rows.size, weight.dtype), ac.reshape(rows, (rows.size,)), weight.shape[0])


def _scaled_gradient(y: ac.Tensor, factor: ac.Tensor) -> ac.Tensor:
    """y itself, with its gradient times a factor: what is added is zero."""
    still = ac.stop_gradient(y)
    return still + factor * (y - still)


def _shorten(weight: ac.Tensor, rows: ac.Tensor, max_norm: float, order: float) -> None:
    """Shorten the rows that are read and longer than max_norm."""
    with ac.no_grad():
        norms = ac.linalg.norm(weight, ord=order, axis=1)
        long = (norms > max_norm) & (_uses(rows, weight) > 0)
        factor = ac.where(long, max_norm / (norms + 1e-7), 1.0)
        weight.copy_(weight * factor.astype(weight.dtype)[:, None])


class Embedding(Module):
    """A table `weight` with `num_embeddings` rows of `embedding_dim` features, read by row number; see `embedding`.

    Rows start from the normal distribution with variance 1, that of `padding_idx` from 0. `dtype` and `generator` are as in
    `Linear`.

    >>> words = Embedding(10, 3, padding_idx=0, generator=0)
    >>> words([[1, 5, 0], [2, 0, 0]]).shape
    (2, 3, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        dtype: Any = None,
        *,
        generator: init.Seed = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = count("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = count("Embedding", "embedding_dim", embedding_dim)
        self.padding_idx = None if padding_idx is None else _row("Embedding", padding_idx, num_embeddings)
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        shape = (self.num_embeddings, self.embedding_dim)
        if _weight is None:
            dtype = ac.get_default_dtype() if dtype is None else dtype
            self.weight = Parameter(np.zeros(shape, dtype), requires_grad=not _freeze)
            self.reset_parameters(generator)
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)
            if self.weight.shape != shape:
                raise ac.errors.ShapeError(f"Embedding: a table of shape {shape} needed, and given {self.weight.shape}")

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, *args: Any, **options: Any) -> Self:
        """A layer with the given table, which stays as it is if `freeze`; further arguments are those from padding_idx on."""
        table = ac.as_tensor(embeddings).detach()
        if table.ndim != 2:
            raise ac.errors.ShapeError(f"from_pretrained: the table has the axes (rows, features), not shape {table.shape}")
        rows, features = table.shape
        return cls(rows, features, *args, **options, _weight=table, _freeze=freeze)  # type: ignore[misc]

    def reset_parameters(self, generator: init.Seed = None) -> None:
        """Draw new rows."""
        init.normal_(self.weight, generator=as_generator(generator))
        if self.padding_idx is not None:
            with ac.no_grad():
                self.weight[self.padding_idx] = 0.0

    def forward(self, input: Any) -> ac.Tensor:
        """The rows with the given numbers."""
        options = (self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        return embedding(input, self.weight, *options)

    def extra_repr(self) -> str:
        options = {"padding_idx": None, "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False, "sparse": False}
        changed = [f"{name}={getattr(self, name)}" for name, usual in options.items() if getattr(self, name) != usual]
        return ", ".join([str(self.num_embeddings), str(self.embedding_dim), *changed])


def one_hot(tensor: Any, num_classes: int = -1) -> ac.Tensor:
    """For each whole number k a vector that is 1 at place k, else 0: shape (…) gives (…, num_classes), as integers.

    There are as many classes as the largest number asks for if `num_classes` is -1. Raises IndexError for numbers that are
    no class.

    >>> one_hot([0, 2])
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    numbers = ac.as_tensor(tensor)
    if num_classes < 0:
        if not numbers.size:
            raise ValueError("one_hot: no numbers say how many classes there are. Give num_classes.")
        num_classes = int(ac.max(numbers)) + 1
    numbers = as_indices("one_hot: classes", numbers, num_classes)
    return (numbers[..., None] == np.arange(num_classes)).astype(np.int64)
