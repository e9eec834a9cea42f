"""Nested inputs: the names of their leaves, the parameters of Modules among them, and all of them as Python text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from ..dtypes import differentiable
from ..tensor import Tensor, as_tensor, new_tensor
from ..trees import flatten

NUMBERS = (Tensor, ndarray, np.generic, bool, int, float, complex)
WRITTEN = 100  # inputs of at most so many numbers are written out in a report


class Inputs:
    """The arguments of a function as a flat list of the Tensors that can be differentiated, with their names.

    Leaves of nested tuples, lists and dicts are differentiated if they are floating or complex; of a Module, something
    with `named_parameters` and `named_modules`, those parameters are that require a gradient.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        trees = [with_arrays(x) for x in arguments.values()]
        self.leaves, self.rebuild = flatten(trees)
        names = [name for key, tree in zip(arguments, trees) for name in leaf_names(tree, key)]
        self.places = [place for i, leaf in enumerate(self.leaves) for place in _places(i, leaf)]
        self.names = tuple(names[i] + (f".{path}" if path else "") for i, path, _ in self.places)
        self.xs = tuple(x.array for _, _, x in self.places)

    def call(self, f: Callable, xs: tuple[Tensor, ...]) -> Any:
        """f of the arguments with xs in the places of the numbers."""
        leaves, new = list(self.leaves), {}
        for (i, path, old), x in zip(self.places, xs, strict=True):
            if path:
                new[id(old)] = x
            else:
                leaves[i] = x
        with substituted([leaf for leaf in leaves if is_module(leaf)], new):
            return f(*self.rebuild(leaves))


def _places(i: int, leaf: Any) -> Iterator[tuple[int, str, Tensor]]:
    """The number of a leaf, the path of a parameter in it, and the Tensor there, for all that can be differentiated."""
    if is_module(leaf):
        yield from ((i, path, p) for path, p in leaf.named_parameters() if p.requires_grad)
    elif isinstance(leaf, NUMBERS) and differentiable(as_tensor(leaf).dtype):
        yield i, "", Tensor(leaf)


# -- Modules -----------------------------------------------------------------------------------------------------------


def is_module(x: Any) -> bool:
    """Whether it is a Module in effect: an object whose attributes are parameters and modules."""
    return callable(getattr(x, "named_parameters", None)) and callable(getattr(x, "named_modules", None))


@contextmanager
def substituted(modules: list, new: Mapping[int, Tensor]) -> Iterator[None]:
    """The modules with other Tensors in place of parameters, wherever these stand, given by identity; undone at the end."""
    places = []
    for module in modules:
        for _, inner in module.named_modules():
            places += [(vars(inner), name, p) for name, p in vars(inner).items() if id(p) in new]
    try:
        for attributes, name, p in places:
            attributes[name] = _disguised(new[id(p)], type(p))
        yield
    finally:
        for attributes, name, p in places:
            attributes[name] = p


def _disguised(x: Tensor, kind: type) -> Tensor:
    """x as a Tensor of another class, so that a module still finds its parameters."""
    y = new_tensor(kind)
    y.array, y.node = x.array, x.node
    return y


# -- nested lists and names --------------------------------------------------------------------------------------------


def with_arrays(tree: Any) -> Any:
    """The same structure with arrays in place of nested lists of numbers."""
    if is_numbers(tree):
        return np.array(tree)
    if isinstance(tree, dict):
        return {key: with_arrays(value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*map(with_arrays, tree))
    return type(tree)(map(with_arrays, tree)) if isinstance(tree, (tuple, list)) else tree


def is_numbers(tree: Any) -> bool:
    """Whether it is a nested list of Python numbers, and not empty."""
    if not isinstance(tree, list) or not tree:
        return False
    return all(is_numbers(x) or isinstance(x, (bool, int, float, complex)) for x in tree)


def leaf_names(tree: Any, name: str) -> Iterator[str]:
    """A name for each leaf of a structure, such as `argument 0['w'][1]`."""
    if isinstance(tree, dict):
        parts: Any = tree.items()
    elif isinstance(tree, (tuple, list)):
        parts = enumerate(tree)
    else:
        yield name
        return
    for key, value in parts:
        yield from leaf_names(value, f"{name}[{key!r}]")


# -- as text -----------------------------------------------------------------------------------------------------------


def written(tree: Any) -> str:
    """Python text that makes the structure again (with NumPy as np); of what is large or no number, a description.

    >>> written(({"w": np.arange(2.0)}, 3, [Tensor(1.5, dtype="float32")]))
    "({'w': np.array([0.0, 1.0])}, 3, [np.array(1.5, 'float32')])"
    """
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {written(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, tuple):
        return "(" + ", ".join(map(written, tree)) + ("," if len(tree) == 1 else "") + ")"
    if isinstance(tree, list):
        return "[" + ", ".join(map(written, tree)) + "]"
    if isinstance(tree, (Tensor, ndarray, np.generic)):
        return _written_array(as_tensor(tree).array)
    return repr(tree) if isinstance(tree, (bool, int, float, complex, str, type(None))) else f"<{type(tree).__name__}>"


def _written_array(x: ndarray) -> str:
    if x.size > WRITTEN:
        return f"<array of {x.dtype}, shape {x.shape}>"
    if x.size == 0:
        return f"np.zeros({x.shape}, {str(x.dtype)!r})"
    numbers = str(x.astype(complex if x.dtype.kind == "c" else float).tolist() if x.dtype.kind in "fc" else x.tolist())
    numbers = numbers.replace("nan", "np.nan").replace("inf", "np.inf")
    return f"np.array({numbers})" if x.dtype in (np.float64, np.int64, np.bool_) else f"np.array({numbers}, {str(x.dtype)!r})"
