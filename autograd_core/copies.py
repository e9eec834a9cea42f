"""Copies of Tensors: copy.copy, copy.deepcopy and pickle. Nothing recurses over a graph."""

from __future__ import annotations

from numpy import ndarray

from .errors import GradientError
from .graph import LeafNode, Node
from .tensor import Tensor, from_array


def deep_copy(self: Tensor, memo: dict) -> Tensor:
    """A new Tensor on new memory: a leaf of its own for a leaf, the same (shared, unchanging) graph for a result."""
    y = memo[id(self)] = type(self).__new__(type(self))
    y.array, y.node = self._read("copy").copy(), self.node
    if isinstance(self.node, LeafNode):
        y.node = y._leaf_node()
    if self.grad is not None:
        y._grad = from_array(self.grad.array.copy())
    if self.name is not None:
        y._name = self.name
    return y


def copy(self: Tensor) -> Tensor:
    """As a deep copy: two leaves on one memory would not notice each other's writes."""
    return deep_copy(self, {})


def reduce(self: Tensor) -> tuple:
    """What pickle writes of a leaf or constant. Raises GradientError for a result of recorded operations."""
    if isinstance(self.node, Node):
        raise GradientError("only leaves and constants can be pickled; call detach() first")
    grad = None if self.grad is None else self.grad.detach()
    return rebuild, (type(self), self._read("pickle"), self.requires_grad, self.name, grad)


def rebuild(kind: type[Tensor], array: ndarray, requires_grad: bool, name: str | None, grad: Tensor | None) -> Tensor:
    """What pickle reads."""
    y = kind.__new__(kind)
    y.array, y.node = array, None
    if name is not None:
        y._name = name
    if grad is not None:
        y._grad = grad
    return y.requires_grad_(requires_grad)


setattr(Tensor, "__deepcopy__", deep_copy)
setattr(Tensor, "__copy__", copy)
setattr(Tensor, "__reduce__", reduce)
setattr(Node, "__deepcopy__", lambda self, memo: self)  # a recorded op never changes, so it is its own copy
setattr(Node, "__copy__", lambda self: self)
