"""Snapshots: all that the next step of a training depends on, in one nested dict that can be saved and put back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import autograd_core as ac

from .errors import FileFormatError
from .files import write
from .io import encoded, read
from .module import Module
from .packing import pack, unpack
from .seeding import get_rng_state, set_rng_state

KIND = "trainer"


class Parts(NamedTuple):
    """What a training is made of, and what of it changes."""

    model: Module
    loss: Any
    optimizer: Any
    schedule: Any
    callbacks: Sequence[Any]


def state_of(parts: Parts) -> dict[str, Any]:
    """Weights, also of a loss that has some, optimizer, schedule, callbacks, and all random states."""
    model, loss, optimizer, schedule, callbacks = parts
    return {
        "model": model.state_dict(),
        "loss": loss.state_dict() if isinstance(loss, Module) else {},
        "optimizer": optimizer.state_dict(),
        "schedule": None if schedule is None else schedule.state_dict(),
        "callbacks": [each.state_dict() for each in callbacks],
        "random": get_rng_state(),
        "generators": {place: _standing(generator) for place, generator in generators(model, loss)},
    }


def restore(parts: Parts, state: Mapping[str, Any]) -> None:
    """Put everything where `state_of` found it. Raises where something does not fit, and then changes nothing."""
    schedule, callbacks = parts.schedule, parts.callbacks
    if (schedule is None) != (state["schedule"] is None):
        had = "without" if schedule is not None else "with"
        raise ValueError(f"this training was saved {had} a schedule: make it as it was")
    if len(callbacks) != len(state["callbacks"]):
        raise ValueError(
            f"this training was saved with {len(state['callbacks'])} callbacks and has {len(callbacks)}: make it as it was"
        )
    if state["loss"] and not isinstance(parts.loss, Module):
        raise ValueError("this training was saved with a loss that has weights or buffers: make it as it was")
    before = state_of(parts)
    try:
        _put(parts, state)
    except BaseException:
        _put(parts, before)
        raise


def _put(parts: Parts, state: Mapping[str, Any]) -> None:
    model, loss, optimizer, schedule, callbacks = parts
    model.load_state_dict(state["model"])
    if isinstance(loss, Module):
        loss.load_state_dict(state["loss"])
    optimizer.load_state_dict(state["optimizer"])
    if schedule is not None:
        schedule.load_state_dict(state["schedule"])
    for each, saved in zip(callbacks, state["callbacks"], strict=True):
        each.load_state_dict(saved)
    here, standing = dict(generators(model, loss)), state["generators"]
    if other := sorted(here.keys() ^ standing.keys()):
        had = "with" if other[0] in standing else "without"
        raise ValueError(f"this training was saved {had} a generator at {other[0]}: make it as it was")
    for place, generator in here.items():
        _stand(generator, standing[place])
    set_rng_state(state["random"])


def tensors(model: Module, loss: Any) -> list[ac.Tensor]:
    """The weights and buffers of a model, and of a loss that is a module."""
    return [x for part in (model, loss) if isinstance(part, Module) for x in (*part.parameters(), *part.buffers())]


def generators(model: Module, loss: Any) -> Iterator[tuple[str, Any]]:
    """The random generators that a model and a loss hold, by their places."""
    inner = loss.named_modules() if isinstance(loss, Module) else [("", loss)]
    for path, holder in (*model.named_modules(), *((f"loss {path}", part) for path, part in inner)):
        for name, value in getattr(holder, "__dict__", {}).items():
            if isinstance(value, ac.random.Generator | np.random.Generator):
                yield f"{path}.{name}", value


def _standing(generator: Any) -> dict[str, Any]:
    if isinstance(generator, np.random.Generator):
        return dict(generator.bit_generator.state)
    return dict(generator.state)


def _stand(generator: Any, state: Mapping[str, Any]) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    else:
        generator.state = state


@contextmanager
def undone(model: Module, loss: Any, optimizer: Any) -> Iterator[None]:
    """A block after which weights, buffers, gradients, state of the optimizer and random states are what they were.

    All is written back into the same Tensors, which captured programs hold.
    """
    state = [value for entries in optimizer.state.values() for value in entries.values() if isinstance(value, ac.Tensor)]
    held = {id(x): x for x in (*tensors(model, loss), *optimizer.parameters(), *state)}
    values = [(x, x.numpy().copy(), x.grad) for x in held.values()]
    standing, default = [(each, _standing(each)) for _, each in generators(model, loss)], get_rng_state()
    try:
        yield
    finally:
        for x, value, grad in values:
            x.copy_(value)
            x.grad = grad
        for generator, place in standing:
            _stand(generator, place)
        set_rng_state(default)


@contextmanager
def evaluating(model: Module) -> Iterator[None]:
    """A block in which the model is as in prediction; each module's own mode comes back at its end."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def write_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> Path:
    """Write a nested state into a safetensors file, whole or not at all."""
    structure, arrays = pack(state)
    return write(path, encoded(arrays, {"kind": KIND, "state": json.dumps(structure)}))


def read_state(path: str | os.PathLike[str]) -> Any:
    """Read what `write_state` wrote. Raises FileFormatError for any other file."""
    arrays, texts = read(path)
    if texts.get("kind") != KIND:
        raise FileFormatError(f"{os.fspath(path)} holds no training: Trainer.save writes one. For a model: nn.load(path)")
    return unpack(json.loads(texts["state"]), arrays)
