"""Saving and loading: models, states and arrays as safetensors files, whole or not at all, without running foreign code.

A file is JSON (names, dtypes, shapes and a `metadata` of texts) and bytes; see https://github.com/huggingface/safetensors.
PyTorch's are read by name. Ours say more in the metadata: `order` (of the names), `complex` (arrays saved as pairs of real
numbers along a new last axis) and, for a model, its `architecture` (see `describe`). Needs the extra `io`.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

import autograd_core as ac
from autograd_core.errors import DTypeError, require

from .architecture import NotDescribableError, describe, rebuild, undisturbed
from .errors import FileFormatError
from .files import write
from .module import Module, _convert

FORMAT = "autograd-core 1"
KINDS = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16, "I8": np.int8,
    "U64": np.uint64, "U32": np.uint32, "U16": np.uint16, "U8": np.uint8, "BOOL": np.bool_, "C64": np.complex64,
}  # fmt: skip
BFLOAT = "BF16"  # the upper half of a float32


def save(path: str | os.PathLike[str], what: Module | Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> Path:
    """Write a model, or arrays or Tensors by name, into a safetensors file; gives back the path.

    The old file stays whole until the new one is on the disk. A model is saved as its `state_dict`, and with its
    architecture where it is made of this package's classes alone: `load(path)` then gives the model. `metadata` are texts
    of your own. Raises DTypeError for what safetensors cannot hold, such as texts and objects.
    """
    texts = dict(metadata or {})
    if isinstance(what, Module):
        arrays: Mapping[str, Any] = what.state_dict()
        texts["architecture"] = json.dumps(_described(what))
    elif isinstance(what, Mapping):
        arrays = what
    else:
        raise TypeError(f"save: give a Module or a dict of arrays by name, not a {type(what).__name__}")
    return write(path, encoded(arrays, texts))


def load(path: str | os.PathLike[str], into: Module | None = None) -> Any:
    """What was saved: a dict of Tensors by name, or the model, made anew with its weights; PyTorch's files are dicts.

    With `into=model` the values are written into this one, which is given back: use it for models of your own classes.
    A model that is made anew is in training mode: call `model.eval()` before predicting.
    Raises FileFormatError for a file that is truncated, damaged, of another format, of a training, or of a model that this
    package cannot make by itself, and StateDictError where names or shapes do not fit; `into` is unchanged then.
    """
    arrays, texts = read(path)
    _check_nameable(path, arrays, texts)
    if into is not None:
        into.load_state_dict(arrays)
        return into
    if "architecture" not in texts:
        return {name: ac.tensor(array) for name, array in arrays.items()}
    description = _json(path, texts["architecture"])
    if isinstance(description, dict) and "why" in description:
        raise FileFormatError(
            f"{os.fspath(path)}: the model {description['class']} cannot be made from the file alone: {description['why']}. "
            "Make it yourself and load into it: nn.load(path, into=model), or read its arrays: nn.load_state(path)."
        )
    return _rebuilt(path, description, arrays)


def load_state(path: str | os.PathLike[str]) -> dict[str, ac.Tensor]:
    """The arrays of a file as Tensors by name, also where it holds a model. Raises FileFormatError as `load` does."""
    return {name: ac.tensor(array) for name, array in read(path)[0].items()}


def encoded(arrays: Mapping[str, Any], texts: Mapping[str, str]) -> bytes:
    """The bytes of a safetensors file."""
    plain, pairs = {}, []
    for name, value in arrays.items():
        array = value.numpy() if isinstance(value, ac.Tensor) else np.asarray(value)
        if not isinstance(name, str):
            raise TypeError(f"save: arrays are saved under texts as names, not under {name!r}")
        if array.dtype.kind == "c":
            pairs.append(name)
        plain[name] = _savable(name, array)
    own = {"format": FORMAT, "order": json.dumps(list(plain)), "complex": json.dumps(pairs)}
    return require("safetensors.numpy", extra="io").save(plain, metadata={**texts, **own})


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a file by name, in the order in which they were saved, and its texts.

    Raises FileFormatError for a file that is truncated, damaged or of another format.
    """
    return decoded(path, Path(path).read_bytes())


def decoded(path: str | os.PathLike[str], data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and texts in the bytes of a file; the path is for the message of an error."""
    safetensors = require("safetensors", extra="io")
    try:
        found = {name: _array(each) for name, each in safetensors.deserialize(data)}
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        _refuse(path, data, error)
    header = _header(data)
    texts = header.pop("__metadata__", None) or {}
    ours = texts.get("format") == FORMAT
    arrays = {name: found[name] for name in (_json(path, texts["order"]) if ours else header)}
    for name in _json(path, texts["complex"]) if ours else ():
        pair = arrays[name]
        arrays[name] = np.ascontiguousarray(pair).view(np.result_type(pair.dtype, np.complex64)).reshape(pair.shape[:-1])
    return arrays, texts


def _savable(name: str, array: np.ndarray) -> np.ndarray:
    """The array as safetensors take it: contiguous, little-endian, complex numbers as pairs."""
    if array.dtype.kind not in "fciub" or array.dtype.itemsize > (16 if array.dtype.kind == "c" else 8):
        raise DTypeError(f"save: {name!r} has dtype {array.dtype}; numbers of up to double precision can be saved")
    shape = array.shape
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(shape)  # which loses 0-d otherwise
    if array.dtype.kind == "c":
        array = array.reshape(*shape, 1).view(np.dtype(f"f{array.dtype.itemsize // 2}"))
    return array


def _array(each: Mapping[str, Any]) -> np.ndarray:
    if each["dtype"] == BFLOAT:
        upper = np.frombuffer(each["data"], dtype="<u2").astype(np.uint32) << 16
        return upper.view(np.float32).reshape(each["shape"])
    if each["dtype"] not in KINDS:
        raise ValueError(f"arrays of {each['dtype']} have no dtype in NumPy")
    return np.frombuffer(each["data"], dtype=np.dtype(KINDS[each["dtype"]]).newbyteorder("<")).reshape(each["shape"])


def _header(data: bytes) -> dict[str, Any]:
    """The JSON at the beginning, of which safetensors show the metadata for files on disk alone."""
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length])


def _json(path: Any, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise FileFormatError(f"{os.fspath(path)}: its metadata are damaged: {error}") from error


def _described(model: Module) -> dict[str, Any]:
    try:
        return describe(model)
    except NotDescribableError as error:
        return {"class": type(model).__name__, "why": str(error)}


def _check_nameable(path: Any, arrays: Mapping[str, Any], texts: Mapping[str, str]) -> None:
    """Raise for other files of ours, whose arrays have numbers for names: trainings and nested values."""
    if list(arrays) != [str(i) for i in range(len(arrays))]:
        return
    if texts.get("kind") == "trainer":
        raise FileFormatError(
            f"{os.fspath(path)} holds a training, as Trainer.save or the checkpoint of a PINN writes it. Make it as it was, "
            "then trainer.resume(path), or pinn.fit(…, resume=path). For a model alone: nn.save(path, model)"
        )
    if "structure" in texts:
        raise FileFormatError(f"{os.fspath(path)} holds nested values, as nn.compat.save writes them: nn.compat.load(path)")


def _rebuilt(path: Any, description: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Module:
    try:
        with undisturbed():
            model = rebuild(description)
    except NotDescribableError as error:
        raise FileFormatError(f"{os.fspath(path)}: {error}. Make the model yourself: nn.load(path, into=model)") from error
    for name, tensor in model._state().items():
        if name in arrays and arrays[name].dtype != tensor.dtype:
            _convert(tensor, arrays[name].dtype)
    model.load_state_dict(arrays)
    return model


def _refuse(path: Any, data: bytes, error: Exception) -> NoReturn:
    """Say what the file is, as far as its first bytes tell."""
    name, size = os.fspath(path), len(data)
    if data[:2] == b"PK" or data[:1] == b"\x80":
        raise FileFormatError(
            f"{name} is a pickle or a zip, as torch.save writes it; such a file can run any code, so it is not opened. Save it "
            "there as safetensors: safetensors.torch.save_file(model.state_dict(), path)"
        ) from error
    if size >= 8 and data[8:9] == b"{":
        raise FileFormatError(f"{name} ({size} bytes) is truncated or damaged: {error}") from error
    raise FileFormatError(f"{name} ({size} bytes) is no safetensors file: {error}") from error
