"""Promises about memory: derivatives do not depend on how inputs and cotangents lie in it, and nothing is written there.

Values are put into memory in other ways: read-only, in Fortran's order, backwards with gaps, or all on one place (stride 0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from ..tensor import from_array
from ..transforms import linearize, vjp
from .functions import Function, close, normals
from .promises import Arrays, Broken


def spread(x: ndarray) -> ndarray:
    """The same values, backwards in memory with gaps of NaN between them."""
    gaps = np.full([2 * n for n in x.shape], np.nan, x.dtype)
    every_second: Any = (..., *(slice(None, None, -2) for _ in x.shape))
    view = gaps[every_second]
    view[...] = x
    return view


def fortran(x: ndarray) -> ndarray:
    """The same values, with the first axis varying fastest."""
    return x.copy("F")


def locked(x: ndarray) -> ndarray:
    """The same values, read-only."""
    x = x.copy()
    x.flags.writeable = False
    return x


def repeated(x: ndarray) -> ndarray:
    """The first value everywhere, on one place in memory."""
    return np.broadcast_to(x.reshape(-1)[0], x.shape) if x.size else x


LAYOUTS: dict[str, Callable[[ndarray], ndarray]] = {
    "not contiguous": spread,
    "in Fortran's order": fortran,
    "read-only": locked,
}
REPEATED = "broadcast (stride 0)"


def broken_layouts(f: Function, rng: np.random.Generator) -> Broken:
    """Each promise about memory that is broken, as its kind and a sentence."""
    gs = normals(f.values(), rng)
    ts = normals(f.xs, rng)
    expected = derivatives(f, f.xs, ts, gs)
    for name, layout in LAYOUTS.items():
        yield from differing(f"inputs that are {name}", f, [layout(x) for x in f.xs], ts, gs, expected)
    for name, layout in {**LAYOUTS, REPEATED: repeated}.items():
        moved = [layout(t) for t in ts], [layout(g) for g in gs]
        if layout is repeated:
            expected = derivatives(f, f.xs, *([np.array(x) for x in xs] for xs in moved))
        yield from differing(f"tangents and cotangents that are {name}", f, f.xs, *moved, expected)
    yield from about_repeated(f, ts, gs)


def derivatives(f: Function, xs: Arrays, ts: Arrays, gs: Arrays) -> dict[str, list[ndarray]]:
    """Values, tangents and gradients for arrays as they lie in memory."""
    inputs = [from_array(x) for x in xs]
    with np.errstate(all="ignore"):
        ys, pull = vjp(f.call, *inputs)
        _, push = linearize(f.call, *inputs)
        found = {"value": ys, "tangent": push(*map(from_array, ts)), "gradient": pull(tuple(map(from_array, gs)))}
    return {key: [x.array for x in value] for key, value in found.items()}


def differing(what: str, f: Function, xs: Arrays, ts: Arrays, gs: Arrays, expected: Any) -> Broken:
    """What is other than expected, or raises."""
    before = [[np.array(x) for x in arrays] for arrays in (xs, ts, gs)]
    try:
        found = derivatives(f, xs, ts, gs)
    except Exception as error:
        yield "layout", f"{what}: {type(error).__name__}: {error}"
        return
    names = {"value": f.outputs, "tangent": f.outputs, "gradient": f.arguments}
    for key, arrays in found.items():
        for name, a, b in zip(names[key], arrays, expected[key], strict=True):
            if not close(a, b):
                yield "layout", f"{what}: another {key} of {name} than for contiguous ones"
    after = [[np.array(x) for x in arrays] for arrays in (xs, ts, gs)]
    if not all(np.array_equal(a, b, equal_nan=True) for old, new in zip(before, after) for a, b in zip(old, new)):
        yield "mutation", f"{what} were changed in place"


def about_repeated(f: Function, ts: Arrays, gs: Arrays) -> Broken:
    """Of inputs on one place in memory, if f is smooth enough at such a point that rounding does not show."""
    xs = [repeated(x) for x in f.xs]
    try:
        expected = derivatives(f, [np.array(x) for x in xs], ts, gs)
        nearby = derivatives(f, [np.array(x) * x.dtype.type(1 + 64 * np.finfo(x.dtype).eps) for x in xs], ts, gs)
    except Exception:  # such a point lies outside the domain
        return
    pairs: Iterator[tuple[ndarray, ndarray]] = ((a, b) for key in expected for a, b in zip(expected[key], nearby[key]))
    if all(np.isfinite(a).all() and close(a, b) for a, b in pairs):
        yield from differing(f"inputs that are {REPEATED}", f, xs, ts, gs, expected)
