"""What holds for every derivative, whatever its value: the promises of the sweeps, checked on one function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy import ndarray

from ..tensor import Tensor
from ..transforms import gradients, jvp, linearize, vjp
from .functions import Function, close, normals, real

Broken = Iterator[tuple[str, str]]
Arrays = Sequence[ndarray]
FEW = 4  # so many arguments or outputs are tried one by one


def broken_promises(f: Function, rng: np.random.Generator) -> Broken:
    """Each broken promise, as its kind and a sentence."""
    xs = [Tensor(x, requires_grad=True) for x in f.xs]
    with np.errstate(all="ignore"):
        ys, again = f.call(*xs), f.call(*xs)
    broken = [*about_inputs(f, xs), *about_values([y.array for y in ys], [y.array for y in again], f.values())]
    yield from broken
    if broken:
        return  # there is nothing to compare
    gs = normals([y.array for y in ys], rng)
    given = [g.copy() for g in gs]
    yield from about_reverse(f, xs, ys, gs, rng)
    yield from about_forward(f, rng)
    if len(xs) > 1:
        yield from about_constants(f, gs, rng)
    yield from about_inputs(f, xs)
    if any(map(differ, gs, given)):
        yield "mutation", "a cotangent was changed in place by the gradient"


def about_inputs(f: Function, xs: list[Tensor]) -> Broken:
    """Of inputs after their use."""
    for name, before, x in zip(f.arguments, f.xs, xs, strict=True):
        if differ(before, x.array):
            yield "mutation", f"{name} was changed in place by the function or by its gradient"


def differ(a: ndarray, b: ndarray) -> bool:
    """Whether two arrays differ in a single bit of a value."""
    return a.dtype != b.dtype or not np.array_equal(a, b, equal_nan=True)


def about_values(ys: Arrays, again: Arrays, unrecorded: Arrays) -> Broken:
    """Of two recorded evaluations at leaves and one at constants."""
    if any(map(differ, ys, again)):
        yield "random", "the function gives another value when called again. Fix the seed of what is random in it."
    elif any(map(differ, ys, unrecorded)):
        yield "unrecorded", "the function gives another value where nothing is recorded"
    if not all(np.isfinite(y).all() for y in ys):
        yield "value", "the function is not finite at this point, so it has no derivative. Check it at another one."


# -- reverse mode ------------------------------------------------------------------------------------------------------


def about_reverse(f: Function, xs: list[Tensor], ys: Sequence[Tensor], gs: Arrays, rng: np.random.Generator) -> Broken:
    """Of sweeps back from ys to xs."""
    plain, again, recorded = (swept(ys, xs, gs, record) for record in (False, False, True))
    zero = swept(ys, xs, [np.zeros_like(g) for g in gs])
    hs = normals(gs, rng)
    other, both = swept(ys, xs, hs), swept(ys, xs, mixed(gs, hs))
    for i, (name, x) in enumerate(zip(f.arguments, xs, strict=True)):
        p, r, z, a, o, b = (each[i] for each in (plain, recorded, zero, again, other, both))
        if p is not None:
            yield from ((kind, f"{name}: {text}") for kind, text in about_gradient(x, p, r, z))
            if a is None or differ(p, a):
                yield "twice", f"{name}: a second backward pass gives other bits than the first"
            elif o is None or b is None or not (
                linear(b, p, o, noise([y.array for y in ys], [x.array]))
                or linear(b, p, o, jitter(f, pulled, (gs, hs), i))
            ):
                yield "linear", f"{name}: the gradient is not linear in the cotangent"
    yield from about_memory(f.arguments, plain, gs, xs)
    if len(ys) > 1:
        yield from about_absent(f, xs, ys, gs)


def swept(ys: Sequence[Tensor], xs: Sequence[Tensor], gs: Arrays, record: bool = False) -> list[ndarray | None]:
    """The gradients of ys for cotangents gs; None where no path leads."""
    if all(y.node is None for y in ys):
        return [None] * len(xs)
    found = gradients(ys, xs, gs, create_graph=record, retain_graph=True, allow_unused=True)
    return [None if g is None else g.array for g in found]


def pulled(f: Function, gs: Arrays) -> list[ndarray]:
    """The gradients of f at its point."""
    return [g.array for g in vjp(f.call, *map(Tensor, f.xs))[1](tuple(gs))]


def mixed(gs: Arrays, hs: Arrays) -> list[ndarray]:
    """A linear combination of two lists of arrays, array by array."""
    with np.errstate(all="ignore"):
        return [(g * g.dtype.type(-1.75) + h * g.dtype.type(0.375)) for g, h in zip(gs, hs)]


def linear(both: ndarray, g: ndarray, h: ndarray, floor: float) -> bool:
    """Whether what came of a mixture is the mixture of what came of its parts, where that is finite."""
    (expected,) = mixed([g], [h])
    return both.shape != expected.shape or close(both, np.where(np.isfinite(expected), expected, both), floor)


def noise(ys: Arrays, xs: Arrays) -> float:
    """What rounding may leave of a derivative of ys by xs that cancels to zero: epsilon times its natural size, y / x."""
    size = max((largest(y) for y in ys), default=0.0)
    unit = min((largest(x) or 1.0 for x in xs), default=1.0)
    epsilon = max(np.finfo(a.dtype).eps for a in (*ys, *xs))
    return 16 * float(epsilon) * size / unit


def jitter(f: Function, derivative: Callable, vectors: Sequence[Arrays], i: int) -> float:
    """How far apart part i of the derivatives of f along vectors is, ten times, at points as near as rounding may be.

    That is what rounding leaves of a derivative that cancels.
    """
    epsilon = max(np.finfo(x.dtype).eps for x in f.xs)
    at_point, *others = ([derivative(each, v)[i] for v in vectors] for each in (f, *f.beside(8, 64 * float(epsilon))))
    return max(10 * largest(x - z) for found in others for x, z in zip(at_point, found, strict=True))


def largest(x: ndarray) -> float:
    """The largest of the finite numbers of x; 0 if there is none."""
    return float(np.abs(x[np.isfinite(x)]).max(initial=0.0))


def about_gradient(x: Tensor, plain: ndarray, recorded: Any, zero: Any) -> Broken:
    """Of a gradient from a sweep that is not recorded, from a recorded one, and for a zero cotangent."""
    if plain.shape != x.shape:
        yield "shape", f"the gradient has shape {plain.shape}, the input {x.shape}"
    if plain.dtype != x.dtype:
        yield "dtype", f"the gradient has dtype {plain.dtype}, the input {x.dtype}"
    if recorded is None or differ(plain, recorded):
        yield "recorded", "a sweep with create_graph=True gives other bits than one without"
    if zero is not None and np.any(zero != 0):
        yield "zero", f"a zero cotangent gives a gradient that is not zero: {real(zero)[real(zero) != 0][0]:.4g}"


def about_memory(names: Sequence[str], found: Sequence[Any], gs: Arrays, xs: Sequence[Tensor]) -> Broken:
    """Of gradients and what they must not share memory with: each other, cotangents and inputs."""
    arrays = [(f"the gradient of {name}", a) for name, a in zip(names, found, strict=True) if a is not None]
    others = [("a cotangent", g) for g in gs] + [("an input", x.array) for x in xs]
    for (what, a), (other, b) in [*combinations(arrays, 2), *((a, b) for a in arrays for b in others)]:
        if np.shares_memory(a, b):
            yield "memory", f"{what} shares memory with {other}"


def about_absent(f: Function, xs: list[Tensor], ys: Sequence[Tensor], gs: Arrays) -> Broken:
    """Of several outputs of which one alone has a cotangent: those of the others are absent, or zero."""
    for k, y in enumerate(ys[:FEW]):
        absent = swept([y], xs, [gs[k]])
        zeros = swept(ys, xs, [g if j == k else np.zeros_like(g) for j, g in enumerate(gs)])
        for name, x, a, z in zip(f.arguments, f.xs, absent, zeros):
            one, other = (np.zeros_like(x) if g is None else g for g in (a, z))
            if not close(one, other):
                yield "absent", f"{name}: the gradient of {f.outputs[k]} alone changes if zeros are given for the others"


# -- forward mode ------------------------------------------------------------------------------------------------------


def about_forward(f: Function, rng: np.random.Generator) -> Broken:
    """Of sweeps forward from the inputs."""
    ys, push = linearize(f.call, *map(Tensor, f.xs))
    ts, us = normals(f.xs, rng), normals(f.xs, rng)
    found, again, other, both, zero = (
        [t.array for t in push(*vs)] for vs in (ts, ts, us, mixed(ts, us), [np.zeros_like(t) for t in ts])
    )
    for i, (name, y) in enumerate(zip(f.outputs, ys, strict=True)):
        t, a, b, o, z = (each[i] for each in (found, again, both, other, zero))
        if t.shape != y.shape or t.dtype != y.dtype:
            yield "tangent", f"{name} is {y.dtype} of shape {y.shape}, its tangent {t.dtype} of shape {t.shape}"
        elif differ(t, a):
            yield "twice", f"{name}: a second forward sweep gives other bits than the first"
        elif not (
            linear(b, t, o, noise([y.array], f.xs))
            or linear(b, t, o, jitter(f, pushed, (ts, us), i))
        ):
            yield "linear", f"{name}: the tangent is not linear in those of the inputs"
        if np.any(z != 0):
            yield "zero", f"{name}: zero tangents give one that is not zero"
        if any(np.shares_memory(t, given) for given in (*ts, *f.xs)):
            yield "memory", f"the tangent of {name} shares memory with an input or its tangent"


def pushed(f: Function, ts: Arrays) -> list[ndarray]:
    """The tangents of f at its point."""
    return [t.array for t in jvp(f.call, tuple(map(Tensor, f.xs)), tuple(map(Tensor, ts)))[1]]


# -- both --------------------------------------------------------------------------------------------------------------


def about_constants(f: Function, gs: Arrays, rng: np.random.Generator) -> Broken:
    """Of each argument alone while the others are constants: its derivatives are those that it has among all."""
    _, pull = vjp(f.call, *map(Tensor, f.xs))
    _, push = linearize(f.call, *map(Tensor, f.xs))
    gradient = [g.array for g in pull(tuple(gs))]
    for i, (name, x) in enumerate(zip(f.arguments[:FEW], f.xs)):
        (t,) = normals([x], rng)
        tangents = [z.array for z in push(*(t if j == i else np.zeros_like(z) for j, z in enumerate(f.xs)))]
        try:
            g, ts = alone(f, i, gs, t)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            yield "constant", f"{name} beside constants: {fault}. If an op fails, does `uses` name all that its rules read?"
            continue
        if not close(g, gradient[i]):
            yield "constant", f"{name}: the gradient is another one where the other arguments are constants"
        if not all(map(close, ts, tangents)):
            yield "constant", f"{name}: the tangent is another one where the other arguments are constants"


def alone(f: Function, i: int, gs: Arrays, t: ndarray) -> tuple[ndarray, list[ndarray]]:
    """The gradient of input i, and the tangents along t, where all other inputs are constants."""
    call, x = f.call_at(i), Tensor(f.xs[i])
    (g,) = vjp(call, x)[1](tuple(gs))
    return g.array, [z.array for z in jvp(call, (x,), (t,))[1]]
