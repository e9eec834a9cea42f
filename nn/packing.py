"""Packing: nested dicts, lists and tuples of numbers, texts and arrays as one value for JSON and a flat dict of arrays.

Nothing is lost: keys that are no texts, tuples, exact floating numbers and the dtypes of arrays come back as they were.

>>> text, arrays = pack({"lr": 0.1, 0: (np.arange(2), None)})
>>> list(arrays)
['0']
>>> unpack(text, arrays)
{'lr': 0.1, 0: (array([0, 1]), None)}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import autograd_core as ac


def pack(value: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """A value for JSON, and the arrays that it refers to by number. Raises TypeError for what is none of these."""
    arrays: dict[str, np.ndarray] = {}
    return _packed(value, arrays), arrays


def _packed(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, ac.Tensor | np.ndarray | np.generic):
        number = str(len(arrays))
        arrays[number] = value.numpy() if isinstance(value, ac.Tensor) else np.asarray(value)
        return {"array": number}
    if isinstance(value, Mapping):
        return {"dict": [[_packed(k, arrays), _packed(v, arrays)] for k, v in value.items()]}
    if isinstance(value, tuple | list):
        return {"tuple" if isinstance(value, tuple) else "list": [_packed(each, arrays) for each in value]}
    raise TypeError(f"a {type(value).__name__} cannot be saved: only numbers, texts, arrays, and dicts, lists, tuples of them")


def unpack(value: Any, arrays: Mapping[str, Any]) -> Any:
    """What was packed; arrays as NumPy arrays."""
    if not isinstance(value, dict):
        return value
    ((form, content),) = value.items()
    if form == "array":
        return np.asarray(arrays[content])
    if form == "dict":
        return {unpack(k, arrays): unpack(v, arrays) for k, v in content}
    return {"tuple": tuple, "list": list}[form](unpack(each, arrays) for each in content)
