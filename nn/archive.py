"""PyTorch's `save` and `load`, as safetensors: Tensors, models, and nested dicts, lists and tuples of them and of numbers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import autograd_core as ac

from . import io
from .devices import check_device
from .dialect import spoken
from .files import write
from .module import Module
from .packing import pack, unpack

STRUCTURE = "structure"


def save(obj: Any, f: Any) -> None:
    """Write an object into a file, by its path or as one opened for writing bytes. The format is safetensors, no pickle.

    A model of this package's classes is saved with its architecture; of your own classes save the `state_dict()`.
    """
    if isinstance(obj, Module) and not hasattr(f, "write"):
        io.save(f, obj)
        return
    if isinstance(obj, Mapping) and obj and all(isinstance(each, ac.Tensor) for each in obj.values()):
        data = io.encoded(obj, {})
    else:
        structure, arrays = pack(obj)
        data = io.encoded(arrays, {STRUCTURE: json.dumps(structure)})
    if hasattr(f, "write"):
        f.write(data)
    else:
        write(f, data)


def load(f: Any, map_location: Any = None, weights_only: bool = True, **options: Any) -> Any:
    """What `save` wrote, or the arrays of any other safetensors file by name.

    Raises FileFormatError for other files, such as PyTorch's pickles, and ValueError for a `map_location` that is no CPU.
    """
    check_device(map_location)
    if hasattr(f, "read"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "read.safetensors"
            path.write_bytes(f.read())
            return load(path)
    arrays, texts = io.read(f)
    if STRUCTURE in texts:
        return spoken(_as_tensors(unpack(json.loads(texts[STRUCTURE]), arrays)))
    return spoken(io.load(f))


def _as_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_tensors(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_as_tensors(each) for each in value)
    return ac.tensor(value) if hasattr(value, "dtype") else value
