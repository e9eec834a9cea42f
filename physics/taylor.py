"""Taylor coefficients in several variables, and how functions of one number map them.

A jet holds, for each multi-index α that is wanted, the coefficient ∂^α h / α! of a field h at all points, a Tensor (N, w); a
row (w,) is one that is the same at all points, and a missing one is zero. Products follow Cauchy's rule, and y = φ(z) with
dy = d(z) dz the recurrence αᵢ y_α = Σ βᵢ z_β d_(α-β) over the β ≤ α with βᵢ > 0 (Griewank and Walther, Evaluating
Derivatives, 2nd edition, chapter 13), whose cost grows with the square of the order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import cache

import autograd_core as ac
from autograd_core import Tensor

Index = tuple[int, ...]  # the coordinates by which it is differentiated, in rising order, each as often
Jet = dict[Index, Tensor]
VALUE: Index = ()


def closed(indices: Iterable[Index]) -> tuple[Index, ...]:
    """All multi-indices below those given, themselves and the empty one included, by rising order.

    >>> closed([(0, 0, 1)])
    ((), (0,), (1,), (0, 0), (0, 1), (0, 0, 1))
    """
    found: set[Index] = {VALUE}
    waiting = [tuple(sorted(index)) for index in indices]
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting.extend(index[:k] + index[k + 1 :] for k in range(len(index)))
    return tuple(sorted(found, key=lambda index: (len(index), index)))


def factorial(index: Index) -> float:
    """α!, which makes a derivative of a coefficient."""
    return float(math.prod(math.factorial(index.count(i)) for i in set(index)))


@cache
def parts(index: Index) -> tuple[tuple[Index, Index], ...]:
    """All pairs (β, γ) with β + γ = α."""
    pairs: list[tuple[Index, Index]] = [(VALUE, VALUE)]
    for i in sorted(set(index)):
        n = index.count(i)
        pairs = [(b + (i,) * k, c + (i,) * (n - k)) for b, c in pairs for k in range(n + 1)]
    return tuple(pairs)


@cache
def steps(index: Index) -> tuple[tuple[float, Index, Index], ...]:
    """The terms (βᵢ / αᵢ, β, α - β) of the recurrence, along the coordinate i that leads to the fewest of them."""
    if index == VALUE:
        return ()
    i = min(set(index), key=lambda i: (index.count(i), i))
    return tuple((b.count(i) / index.count(i), b, c) for b, c in parts(index) if i in b)


def added(terms: Iterable[tuple[float, Tensor]]) -> Tensor | None:
    """Σ scale · term, with the terms of one scale added up first; None where there is none."""
    sums: dict[float, Tensor] = {}
    for scale, term in terms:
        sums[scale] = sums[scale] + term if scale in sums else term
    total: Tensor | None = None
    for scale, term in sorted(sums.items(), key=lambda each: -each[0]):
        if total is None:
            total = term if scale == 1.0 else scale * term
        elif scale == -1.0:
            total = total - term
        else:
            total = total + (term if scale == 1.0 else scale * term)
    return total


# -- arithmetic ------------------------------------------------------------------------------------------------


def scaled(factor: float | Tensor, h: Jet) -> Jet:
    """Each coefficient times a number, or times one for each column."""
    return {index: factor * t for index, t in h.items()}


def shifted(h: Jet, summand: float | Tensor) -> Jet:
    """A jet plus a constant."""
    return {**h, VALUE: h[VALUE] + summand}


def sum_of(a: Jet, b: Jet) -> Jet:
    """a + b."""
    return {index: a[index] + b[index] if index in a and index in b else a.get(index, b.get(index)) for index in {**a, **b}}  # type: ignore[misc]


def product(a: Jet, b: Jet, indices: tuple[Index, ...]) -> Jet:
    """a · b."""
    found = {index: added((1.0, a[b1] * b[c]) for b1, c in parts(index) if b1 in a and c in b) for index in indices}
    return {index: t for index, t in found.items() if t is not None}


def half_square(h: Jet, index: Index) -> Tensor | None:
    """One coefficient of h² / 2: each product of two different coefficients once."""
    pairs = [(b, c) for b, c in parts(index) if b <= c and b in h and c in h]
    return added((0.5 if b == c else 1.0, h[b] * h[c]) for b, c in pairs)


def half_squares(h: Jet, indices: tuple[Index, ...]) -> Jet:
    """h² / 2."""
    found = {index: half_square(h, index) for index in indices}
    return {index: t for index, t in found.items() if t is not None}


def advanced(index: Index, z: Jet, slope: Tensor, rates: Jet, scale: float = 1.0) -> Tensor | None:
    """y_α of a y with dy = d dz: `slope` is d at the point itself, and scale · rates are its other coefficients."""
    first = [(1.0, z[index] * slope)] if index in z else []
    rest = [(scale * k, z[b] * rates[c]) for k, b, c in steps(index) if b in z and c in rates and c != VALUE]
    return added([*first, *rest])


def solved(
    z: Jet,
    indices: tuple[Index, ...],
    y: Tensor,
    slope: Tensor,
    rate: Callable[[Index, Jet], Tensor | None],
    scale: float = 1.0,
) -> Jet:
    """y with dy = d dz from its value, d there, and `rate`, which gives each coefficient of d / scale from y so far."""
    found: Jet = {VALUE: y}
    rates: Jet = {}
    needed = {c for index in indices for _, b, c in steps(index) if b in z}
    for index in indices[1:]:
        t = advanced(index, z, slope, rates, scale)
        if t is not None:
            found[index] = t
        r = rate(index, found) if index in needed else None
        if r is not None:
            rates[index] = r
    return found


# -- functions of one number -----------------------------------------------------------------------------------


def tanh(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """y' = 1 - y²."""
    y = ac.tanh(z[VALUE])
    return solved(z, indices, y, 1.0 - y * y, lambda index, y: half_square(y, index), -2.0)


def sigmoid(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """y' = y (1 - y)."""

    def rate(index: Index, y: Jet) -> Tensor | None:
        square = half_square(y, index)
        return added((s, t) for s, t in ((1.0, y.get(index)), (-2.0, square)) if t is not None)

    y = ac.sigmoid(z[VALUE])
    return solved(z, indices, y, y * (1.0 - y), rate)


def exp(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """y' = y."""
    y = ac.exp(z[VALUE])
    return solved(z, indices, y, y, lambda index, y: y.get(index))


def waves(z: Jet, indices: tuple[Index, ...]) -> tuple[Jet, Jet]:
    """sin z and cos z, each of which is the other's derivative."""
    s, c = {VALUE: ac.sin(z[VALUE])}, {VALUE: ac.cos(z[VALUE])}
    for index in indices[1:]:
        pair = advanced(index, z, c[VALUE], c), advanced(index, z, -s[VALUE], s, -1.0)
        for jet, t in zip((s, c), pair, strict=True):
            if t is not None:
                jet[index] = t
    return s, c


def sin(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """sin z."""
    return waves(z, indices)[0]


def cos(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """cos z."""
    return waves(z, indices)[1]


def softplus(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """y' = sigmoid(z)."""
    d = sigmoid(z, indices)
    return solved(z, indices, ac.softplus(z[VALUE]), d[VALUE], lambda index, y: d.get(index))


def silu(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """z · sigmoid(z)."""
    return product(z, sigmoid(z, indices), indices)


def mish(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """z · tanh(softplus(z))."""
    return product(z, tanh(softplus(z, indices), indices), indices)


def gelu(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """z · Φ(z) with the normal distribution function Φ, whose derivative is exp(-z²/2) / √2π."""
    density = scaled(1.0 / math.sqrt(2.0 * math.pi), exp(scaled(-1.0, half_squares(z, indices)), indices))
    value = 0.5 * ac.erfc(-math.sqrt(0.5) * z[VALUE])
    phi = solved(z, indices, value, density[VALUE], lambda index, y: density.get(index))
    return product(z, phi, indices)


def gelu_tanh(z: Jet, indices: tuple[Index, ...]) -> Jet:
    """z · (1 + tanh(√(2/π) (z + 0.044715 z³))) / 2."""
    cube = product(z, half_squares(z, indices), indices)
    inner = scaled(math.sqrt(2.0 / math.pi), sum_of(z, scaled(2.0 * 0.044715, cube)))
    return product(scaled(0.5, z), shifted(tanh(inner, indices), 1.0), indices)
