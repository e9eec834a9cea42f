"""Slopes by complex steps: Im f(x + iht)/h is the derivative of an analytic f along t, exact to its last digits.

No difference is taken, so nothing cancels, and h may be tiny: what is left out is of order h². It needs a forward pass that
is right for complex numbers. Values qualify, and tangents, made by the same holomorphic formulas; gradients do not, since
rules of the reverse mode conjugate.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ..graph import Recorder, recording
from ..tensor import Tensor
from .functions import Function, joined, wide

H = 2.0**-100  # a power of two: dividing by it is exact

# Ops whose forward pass, and NumPy's functions in it, keep Im f(x + ih)/h exact to the last digits. Not among them is what
# chooses by values, conjugates, has no complex form, or mixes real and imaginary parts (FFT, singular values).
_ANALYTIC = """
    add subtract multiply divide negative positive reciprocal square power power_of guarded_product ratio
    sqrt exp exp2 expm1 log log2 log10 log1p xlogy xlog1py erfcx ndtr loggamma digamma polygamma
    sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh circle sigmoid
    sum mean prod cumsum cumprod sum_to matmul einsum solve solve_triangular inv det
    softmax log_softmax logsumexp lerp correlation
    identity reshape transpose broadcast_to flip roll concatenate stack split narrow place windows overlap
    getitem set_at add_at where
"""
ANALYTIC = frozenset(_ANALYTIC.split())


class Watch(Recorder):
    """Notes the names of all ops that ran and do not declare themselves analytic, and other ways to use a value."""

    def __init__(self, kinds: str) -> None:
        self.kinds = kinds
        self.others: list[str] = []

    def switched(self, on: bool) -> Watch:
        other = copy(self)
        other.on = on
        return other

    def note(self, op: Any, xs: tuple, y: Any) -> None:
        known = all(each.dtype.kind in self.kinds for each in (y if isinstance(y, tuple) else (y,)))
        if not (known and (op.analytic or op.name in ANALYTIC)):
            self.others.append(op.name)

    def failed(self, op: Any, xs: Any, error: Exception) -> None:
        self.others.append(op.name)

    def cut(self, x: Any, y: Any) -> None:
        self.others.append("detach")

    def read(self, x: Any, how: str) -> None:
        self.others.append(how)

    def wrote(self, x: Any, value: Any) -> None:
        self.others.append("copy_")


def watched(f: Function, xs: Sequence[ndarray], kinds: str) -> tuple[list[ndarray], list[str]]:
    """The outputs of f at xs, and the names of what runs there and is not analytic, or gives other kinds of numbers."""
    watch = Watch(kinds)
    token = recording.set(watch)
    try:
        with np.errstate(all="ignore"):
            return [y.array for y in f.call(*map(Tensor, xs))], watch.others
    finally:
        recording.reset(token)


def not_analytic(f: Function) -> list[str]:
    """What keeps complex steps from f at its point: a mode, a dtype, names of ops; empty if nothing does."""
    if "reverse" in f.mode:
        return ["reverse"]
    if any(x.dtype.kind == "c" for x in f.xs):
        return ["complex"]
    ys, others = watched(f, f.xs, "f")
    if others:
        return others
    try:
        zs, others = watched(f, [wide(x) + 0j for x in f.xs], "fc")
    except Exception as error:  # an op that has no complex form after all
        return [type(error).__name__]
    values, parts = joined(ys), joined([z.real for z in zs])
    same = parts.shape == values.shape and np.allclose(parts, values, 1e-3 if values.itemsize < 8 else 1e-9)
    return others if same else ["other values"]


@dataclass(frozen=True)
class ComplexStep:
    """The slopes of f along directions, by complex steps."""

    f: Function

    def slope(self, ts: Sequence[ndarray]) -> ndarray:
        """The derivative of all outputs along ts as one real vector; ArithmeticError if f is not finite there."""
        with np.errstate(all="ignore"):
            ys = self.f.call(*(Tensor(wide(x) + 1j * H * t) for x, t in zip(self.f.xs, ts, strict=True)))
            return joined([y.array.imag / H for y in ys])


def complex_step(f: Function) -> ComplexStep | None:
    """The complex steps of f, if every op in it declares itself analytic and its complex values are its real ones."""
    return None if not_analytic(f) else ComplexStep(f)
