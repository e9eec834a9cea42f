"""The gradient check: every rule a function goes through, in both modes and to any order, against differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ..tensor import Tensor
from ..transforms import linearize, vjp
from .differences import OPEN, Slope, slope
from .functions import DERIVATIVE, Function, joined, like, normals, place, real, without_structure
from .promises import broken_promises
from .report import Finding, GradcheckError, Report

ENTRIES = 64  # an array of at most so many numbers is moved number by number,
PROJECTIONS = 8  # a larger one along so many random directions
COTANGENTS = 2
MODES = ("reverse", "forward")
FATAL = {"random", "value", "shape"}  # without these promises there is nothing to compare
# What a right derivative may be wrong by, relative, by the bytes of a real number.
RTOL = {2: 2e-2, 4: 2e-4, 8: 1e-9, 16: 1e-9}


def gradcheck(
    f: Callable,
    inputs: Any,
    order: int = 1,
    modes: Sequence[str] = MODES,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    seed: int = 0,
    raise_error: bool = True,
) -> Report:
    """Check the derivatives of f at `inputs` against central differences, up to `order`, in each of `modes`.

    f is a function of Tensors to a Tensor, or to a nested tuple, list or dict of them; `inputs` is its one argument or
    a tuple of all (Tensors, arrays, numbers, lists of numbers, or nested). Floating and complex numbers are
    differentiated; everything else is passed on as it is. Order 2 checks each first derivative, as a function of the
    inputs and of a random cotangent or tangent, in each mode: reverse over reverse, forward over reverse, reverse over
    forward, forward over forward; from order 3 on along random directions.

    A number is right if it is as close to the differences as `rtol` times their size, `atol` and their own error allow;
    the defaults go with the dtype. Differences are taken in double precision. At a kink a number is right between the
    slopes of the two sides, and where the function jumps nothing can be told; the report remarks both.

    Also checked: f gives the same value twice; shape and dtype of the gradients; a zero cotangent gives zero; a
    recorded sweep gives the very bits of one that is not; no gradient shares memory with another, a cotangent or an
    input; the inputs stay as they were.

    Returns a Report, true if all is right. Raises GradcheckError, an AssertionError with the report, if something is
    wrong (unless `raise_error` is false), DTypeError if there is nothing to differentiate.

    >>> import autograd_core as ac
    >>> print(gradcheck(lambda x, z: ac.sin(x) * z, ([1.0, 2.0], 3.0), order=2))
    gradcheck to order 2: all right, 74 numbers compared.
    >>> report = gradcheck(lambda x: x * ac.stop_gradient(x), 3.0, modes=["forward"], raise_error=False)
    >>> print(report.failures[0])
    forward: output by argument 0: rule 3, differences 6, error 3, tolerance 6e-09
    """
    if order < 1 or not modes or set(modes) - set(MODES):
        raise ValueError(f"gradcheck: order must be 1 or more, modes some of {MODES}; given {order} and {tuple(modes)}")
    report = Report(order, tuple(modes))
    rng = np.random.default_rng(seed)
    level = [without_structure(f, inputs)]
    for kind, text in broken_promises(level[0], rng):
        report.add(Finding(kind, "", text=text))
    if not FATAL & {failure.kind for failure in report.failures}:
        compare(level[0], 0, rtol, atol, rng, report)
    for depth in range(1, order if report else 0):
        level = [DERIVATIVE[mode](function, rng) for function in level for mode in modes]
        for function in level:
            compare(function, depth, rtol, atol, rng, report)
        if not report:
            break
    if raise_error and not report:
        raise GradcheckError(report)
    return report


# -- directions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Direction:
    """A direction ts in which the inputs are moved, and its name; `index` is given if it is that of one number."""

    argument: str
    index: tuple[int, ...] | None
    ts: tuple[ndarray, ...]


def directions(f: Function, depth: int, rng: np.random.Generator) -> Iterator[Direction]:
    """Each number of a small array by itself, random directions in a large one, and one in which everything moves.

    From the third order on only random directions.
    """
    zeros = [np.zeros_like(x) for x in f.xs]
    for i, x in enumerate(f.xs):
        one_by_one = depth < 2 and real(x).size <= ENTRIES
        for name, index, t in numbered(f.arguments[i], x) if one_by_one else drawn(f.arguments[i], x, depth, rng):
            yield Direction(name, index, (*zeros[:i], t, *zeros[i + 1 :]))
    yield Direction("all arguments, random direction", None, normals(f.xs, rng))


def numbered(name: str, x: ndarray) -> Iterator[tuple[str, tuple[int, ...] | None, ndarray]]:
    """The directions of all single numbers of x."""
    for k, unit in enumerate(np.eye(real(x).size)):
        yield *place(name, x, k), like(unit, x)


def drawn(name: str, x: ndarray, depth: int, rng: np.random.Generator) -> Iterator[tuple[str, None, ndarray]]:
    """Random directions of x."""
    for k in range(min(x.size, PROJECTIONS if depth < 2 else 1)):
        yield f"{name}, random direction {k}", None, normals([x], rng)[0]


# -- the comparison ----------------------------------------------------------------------------------------------------


def compare(f: Function, depth: int, rtol: float | None, atol: float | None, rng: np.random.Generator, report: Report) -> None:
    """Compare the rules of f, in each mode, with its differences along all directions."""
    ys = f.values()
    dtype = min((x.real.dtype for x in (*f.xs, *ys)), key=lambda dtype: dtype.itemsize)
    rtol = RTOL[dtype.itemsize] if rtol is None else rtol
    checks: list[Reverse | Forward] = []
    if "reverse" in report.modes:
        checks += [Reverse(f, normals(ys, rng)) for _ in range(COTANGENTS)]
    if "forward" in report.modes:
        checks.append(Forward(f, ys, rng))
    for direction in directions(f, depth, rng):
        s = slope(f.line(direction.ts), rtol, _size(f.xs, direction.ts))
        for check in checks:
            rule, scale, expected = check(direction, s)
            rounding = 1e3 * float(np.finfo(dtype).eps) * scale if atol is None else atol
            note(report, check, direction, rule, expected, rtol, rounding)


class Reverse:
    """The gradients of f for cotangents gs, called with a direction and the slope of f along it.

    A call returns the derivative along the direction (one entry of one gradient, where one number is moved), the size
    of the numbers that it is made of, and the slope that it should have.
    """

    def __init__(self, f: Function, gs: tuple[ndarray, ...]) -> None:
        self.mode = f.over("reverse")
        self.g = joined(gs)
        self.gradient = [x.array for x in vjp(f.call, *map(Tensor, f.xs))[1](gs)]

    def __call__(self, direction: Direction, s: Slope) -> tuple[ndarray, float, Slope]:
        total, scale = 0.0, 0.0
        for x, t in zip(map(real, self.gradient), map(real, direction.ts), strict=True):
            moved = t != 0
            with np.errstate(all="ignore"):
                terms = x[moved] * t[moved]
                total += terms.sum()
            if moved.any():
                scale += _largest(x) + float(np.linalg.norm(terms[np.isfinite(terms)]))
        return np.array([total]), scale, s.paired(self.g)

    def output(self, k: int) -> str:
        """The output is paired as a whole."""
        return ""


class Forward:
    """The tangents of f, to be called like `Reverse`; a call returns those of all outputs."""

    def __init__(self, f: Function, ys: list[ndarray], rng: np.random.Generator) -> None:
        self.mode = f.over("forward")
        self.names = f.outputs
        self.ys = ys
        _, self.pushforward = linearize(f.call, *map(Tensor, f.xs))
        sizes = np.abs([self.push(normals(f.xs, rng)) for _ in range(2)]).max(0)
        self.scale = np.where(np.isfinite(sizes), sizes, 0.0)

    def push(self, ts: Sequence[ndarray]) -> ndarray:
        """The tangents of all outputs as one real vector."""
        return joined([t.array for t in self.pushforward(*ts)])

    def __call__(self, direction: Direction, s: Slope) -> tuple[ndarray, ndarray, Slope]:
        return self.push(direction.ts), self.scale, s

    def output(self, k: int) -> str:
        """The name of number k of all outputs."""
        for name, y in zip(self.names, self.ys, strict=True):
            if k < real(y).size:
                part, index = place(name, y, k)
                return f"{part}[{', '.join(map(str, index))}]" if index else part
            k -= real(y).size
        raise IndexError(k)


def note(
    report: Report, check: Reverse | Forward, direction: Direction, rule: ndarray, s: Slope, rtol: float, atol: Any
) -> None:
    """Compare numbers with their slopes; report the worst of the wrong ones, and the first that has no slope."""
    low, high, error, kind = map(np.atleast_1d, (s.low, s.high, s.error, s.kind))
    unknown = np.isin(kind, OPEN)
    with np.errstate(invalid="ignore"):
        off = np.maximum(low - rule, rule - high)
    off[(unknown & ~np.isnan(rule)) | (kind == "undefined")] = 0.0
    allowed = rtol * np.where(unknown, 0.0, np.maximum(np.abs(low), np.abs(high))) + atol
    wrong = ~(off <= allowed + error)
    odd = ~wrong & (kind != "smooth") & ((kind != "noise") | (error > allowed))
    report.compared[check.mode] = report.compared.get(check.mode, 0) + rule.size
    for found, order in ((wrong, np.where(np.isnan(off), np.inf, off)), (odd, error)):
        if found.any():
            k = int(np.where(found, order, -1.0).argmax())
            numbers = (float(rule[k]), (float(low[k]), float(high[k])), float(off[k]), float(allowed[k] + error[k]))
            what = "wrong" if found is wrong else str(kind[k])
            report.add(Finding(what, check.mode, direction.argument, direction.index, check.output(k), *numbers))


def _largest(*xs: ndarray) -> float:
    """The largest absolute value of all finite numbers."""
    return max(float(np.abs(x[np.isfinite(x)]).max(initial=0.0)) for x in xs)


def _size(xs: Sequence[ndarray], ts: Sequence[ndarray]) -> float:
    """The largest of the numbers that a direction moves."""
    return max(_largest(x[t != 0]) for x, t in zip(xs, ts, strict=True))
