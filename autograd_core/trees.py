"""Nested tuples, lists and dicts of Tensors, taken apart into a flat list and put together again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
        return _join([tree[k] for k in keys], lambda parts: type(tree)(zip(keys, parts, strict=True)))
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return _join(list(tree), lambda parts: type(tree)(*parts))
    if isinstance(tree, (tuple, list)):
        return _join(list(tree), type(tree))
    return [tree], lambda leaves: leaves[0]


def _join(parts: list, build: Callable[[list], Any]) -> tuple[list, Rebuild]:
    flat = [flatten(part) for part in parts]
    leaves = [leaf for part, _ in flat for leaf in part]

    def rebuild(new: list) -> Any:
        items = iter(new)
        return build([again([next(items) for _ in part]) for part, again in flat])

    return leaves, rebuild


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with `function` applied to each leaf."""
    leaves, rebuild = flatten(tree)
    return rebuild([function(leaf) for leaf in leaves])
