"""What a module was made with: the arguments of its constructor, as far as a file could hold them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Unknown(NamedTuple):
    """An argument that is kept by the name of its type alone, such as a function or an array."""

    kind: str


class Recipe(NamedTuple):
    """The arguments of a constructor; seeds and generators are left out, since what they drew is in the weights."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def recipe(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Recipe:
    """The arguments that a module is being made with.

    >>> recipe((3, "tanh", abs), {"bias": True, "generator": 0})
    Recipe(args=(3, 'tanh', Unknown(kind='builtin_function_or_method')), kwargs={'bias': True})
    """
    return Recipe(tuple(map(kept, args)), {name: kept(v) for name, v in kwargs.items() if name != "generator"})


def kept(value: Any) -> Any:
    """Plain values and modules as they are, lists and dicts of them copied, the type of everything else."""
    if value is None or isinstance(value, bool | int | float | str) or hasattr(value, "load_state_dict"):
        return value
    if isinstance(value, np.integer | np.floating):
        return value.item()
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value)
    if type(value) in (tuple, list):
        return type(value)(map(kept, value))
    if type(value) is dict:
        return {name: kept(each) for name, each in value.items()}
    return Unknown(type(value).__name__)
