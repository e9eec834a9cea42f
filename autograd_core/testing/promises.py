"""What holds for every gradient, whatever its value: the promises of the sweeps, checked on one function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy import ndarray

from ..tensor import Tensor
from ..transforms import gradients
from .functions import Function, normals, real

Broken = Iterator[tuple[str, str]]


def broken_promises(f: Function, rng: np.random.Generator) -> Broken:
    """Each broken promise, as its kind and a sentence."""
    xs = [Tensor(x, requires_grad=True) for x in f.xs]
    with np.errstate(all="ignore"):
        ys = f.call(*xs)
    yield from about_values([y.array for y in ys], f.values())
    gs = normals([y.array for y in ys], rng)
    plain, recorded = swept(ys, xs, gs, False), swept(ys, xs, gs, True)
    zero = swept(ys, xs, [np.zeros_like(g) for g in gs], False)
    for name, x, *found in zip(f.arguments, xs, plain, recorded, zero, strict=True):
        yield from ((kind, f"{name}: {text}") for kind, text in about_gradient(x, *found))
    yield from about_memory(f.arguments, plain, gs, xs)
    for name, before, x in zip(f.arguments, f.xs, xs, strict=True):
        if not np.array_equal(before, x.array, equal_nan=True):
            yield "mutation", f"{name} was changed in place by the function or by its gradient"


def swept(ys: Sequence[Tensor], xs: Sequence[Tensor], gs: Sequence[ndarray], record: bool) -> list[ndarray | None]:
    """The gradients of ys for cotangents gs; None where no path leads."""
    if all(y.node is None for y in ys):
        return [None] * len(xs)
    found = gradients(ys, xs, gs, create_graph=record, retain_graph=True, allow_unused=True)
    return [None if g is None else g.array for g in found]


def about_values(ys: Sequence[ndarray], again: Sequence[ndarray]) -> Broken:
    if not all(np.array_equal(y, z, equal_nan=True) for y, z in zip(ys, again, strict=True)):
        yield "random", "the function gives another value when called again. Fix the seed of what is random in it."
    if not all(np.isfinite(y).all() for y in ys):
        yield "value", "the function is not finite at this point, so it has no derivative. Check it at another one."


def about_gradient(x: Tensor, plain: Any, recorded: Any, zero: Any) -> Broken:
    """Of a gradient from a sweep that is not recorded, from a recorded one, and for a zero cotangent."""
    if plain is None:
        return
    if plain.shape != x.shape:
        yield "shape", f"the gradient has shape {plain.shape}, the input {x.shape}"
    if plain.dtype != x.dtype:
        yield "dtype", f"the gradient has dtype {plain.dtype}, the input {x.dtype}"
    if recorded is None or recorded.dtype != plain.dtype or not np.array_equal(plain, recorded, equal_nan=True):
        yield "recorded", "a sweep with create_graph=True gives other bits than one without"
    if zero is not None and np.any(zero != 0):
        yield "zero", f"a zero cotangent gives a gradient that is not zero: {real(zero)[real(zero) != 0][0]:.4g}"


def about_memory(names: Sequence[str], found: Sequence[Any], gs: Sequence[ndarray], xs: Sequence[Tensor]) -> Broken:
    arrays = [(f"the gradient of {name}", a) for name, a in zip(names, found, strict=True) if a is not None]
    others = [("a cotangent", g) for g in gs] + [("an input", x.array) for x in xs]
    for (what, a), (other, b) in [*combinations(arrays, 2), *((a, b) for a in arrays for b in others)]:
        if np.shares_memory(a, b):
            yield "memory", f"{what} shares memory with {other}"
