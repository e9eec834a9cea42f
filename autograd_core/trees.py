"""Nested tuples, lists and dicts of Tensors, taken apart into a flat list and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from itertools import islice
from typing import Any

from .errors import ShapeError

Rebuild = Callable[[list], Any]


def flatten(tree: Any) -> tuple[list, Rebuild]:
    """The leaves of a nested structure in order, and the function that rebuilds the structure from new leaves.

    Tuples (named ones too), lists and dicts are structure; everything else, None included, is a leaf.

    >>> leaves, rebuild = flatten({"w": [1, 2], "b": (3,)})
    >>> leaves
    [1, 2, 3]
    >>> rebuild([x * 10 for x in leaves])
    {'w': [10, 20], 'b': (30,)}
    """
    if isinstance(tree, dict):
        keys = list(tree)
        frame = _dict_like(tree, [(k, None) for k in keys])
        return _join([tree[k] for k in keys], lambda parts: _dict_like(frame, zip(keys, parts, strict=True)))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return _join(list(tree), type(tree)._make)  # type: ignore[attr-defined]
    if isinstance(tree, (tuple, list)):
        return _join(list(tree), type(tree))
    return [tree], first


def first(leaves: list) -> Any:
    """The one leaf that a tree without structure is."""
    return leaves[0]


def _dict_like(tree: dict, items: Iterable[tuple]) -> dict:
    """A dict of the same kind with other values; a copy, for not every kind is made from its items alone."""
    new = copy(tree)
    new.update(items)
    return new


def _join(parts: list, build: Callable[[list], Any]) -> tuple[list, Rebuild]:
    flat = [flatten(part) for part in parts]
    leaves = [leaf for part, _ in flat for leaf in part]
    parts_of = [(len(part), again) for part, again in flat]  # what rebuilds must not keep the leaves alive

    def rebuild(new: list) -> Any:
        items = iter(new)
        return build([again(list(islice(items, count))) for count, again in parts_of])

    return leaves, rebuild


def flatten_like(kind: str, tree: Any, values: Any) -> list:
    """The leaves of `tree` in the order of those of `values`; dicts are matched by their keys, whatever their order.

    Raises ShapeError where the structures differ; it calls the leaves `kind`. A tuple stands for a list and a list for a tuple.

    >>> flatten_like("tangent", {"b": 2, "a": [1]}, {"a": (0,), "b": 0})
    [1, 2]
    """
    if isinstance(values, dict):
        if not isinstance(tree, dict) or tree.keys() != values.keys():
            raise ShapeError(f"{kind}s: {_kind(tree)} given for {_kind(values)}; both must have the same keys")
        return [leaf for k in values for leaf in flatten_like(kind, tree[k], values[k])]
    if isinstance(values, (tuple, list)):
        if not isinstance(tree, (tuple, list)) or len(tree) != len(values):
            raise ShapeError(f"{kind}s: {_kind(tree)} given for {_kind(values)}; both must be nested alike")
        return [leaf for part, value in zip(tree, values) for leaf in flatten_like(kind, part, value)]
    if isinstance(tree, (dict, tuple)):
        raise ShapeError(f"{kind}s: {_kind(tree)} given for a single value; both must be nested alike")
    return [tree]


def _kind(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dict with the keys {', '.join(map(repr, tree))}"
    return f"a {type(tree).__name__} of length {len(tree)}" if isinstance(tree, (tuple, list)) else "a single value"


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with `function` applied to each leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([function(leaf) for leaf in leaves])
