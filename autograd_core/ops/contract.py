"""Products that sum over any axes: einsum, and NumPy's dot, inner, outer, tensordot and vdot.

`Einsum` is closed under differentiation: its output may repeat a label (it is zero off that diagonal) or have a label
that no input has (it is constant along it), so that its transpose is an Einsum too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..errors import ShapeError
from ..primitive import Primitive
from ..table import conjugate
from ..tensor import Tensor, as_tensor
from .elementwise import multiply
from .matmul import matmul
from .shape import Shape, _reshape, axes_of, moveaxis

__all__ = ["dot", "einsum", "inner", "matmul", "matvec", "outer", "tensordot", "vdot", "vecdot", "vecmat"]
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Einsum(Primitive):
    """The sum over all labels that the output lacks of the product of one or two inputs. Each axis has a label.

    `lengths` gives the length of each label that is in the output alone.
    """

    inputs: tuple[str, ...]
    output: str
    lengths: tuple[tuple[str, int], ...] = ()
    name: ClassVar[str] = "einsum"

    @property
    def views(self) -> bool:
        return len(self.inputs) == 1

    def forward(self, *xs: Any) -> Any:
        known = "".join(a for a in dict.fromkeys(self.output) if any(a in term for term in self.inputs))
        y = summed(self.inputs[0], known, *xs) if len(xs) == 1 else contracted(self.inputs, known, *xs)
        return y if known == self.output else self.spread(known, y, self.shape(*(x.shape for x in xs)))

    def spread(self, known: str, y: ndarray, shape: Shape) -> ndarray:
        """y, which has the known labels, along all labels of the output."""
        labels = "".join(dict.fromkeys(self.output))
        y = y[tuple(slice(None) if a in known else None for a in labels)]
        if labels == self.output:
            return np.broadcast_to(y, shape)
        full = np.zeros(shape, y.dtype)
        np.einsum(f"{self.output}->{labels}", full)[...] = y
        return full

    def vjp(self, i: int, g: Any, y: Any, *xs: Any) -> Any:
        """The same sum with g in place of input i, which becomes the output."""
        terms, others = [self.output], [g]
        if len(xs) == 2:
            z = xs[1 - i]
            terms.append(self.inputs[1 - i])
            others.append(conjugate(z))
        mine = self.inputs[i]
        lengths = tuple((a, n) for a, n in zip(mine, xs[i].shape) if not any(a in term for term in terms))
        return _einsum(tuple(terms), mine, lengths)(*others)

    def jvp(self, i: int, t: Any, y: Any, *xs: Any) -> Any:
        return self(*xs[:i], t, *xs[i + 1 :])

    def shape(self, *shapes: Shape) -> Shape:
        lengths = dict(self.lengths) | lengths_of(self.inputs, shapes)
        return tuple(lengths[a] for a in self.output)

    def uses(self, i: int) -> Sequence[int]:
        return [j for j in range(len(self.inputs)) if j != i]

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        batch = next(a for a in reversed(LETTERS) if a not in self.output.join(self.inputs) + self.output)
        inputs = tuple(batch + term if flag else term for term, flag in zip(self.inputs, flags))
        return _einsum(inputs, batch + self.output, self.lengths)(*xs)


_einsum = lru_cache(maxsize=4096)(Einsum)


def summed(term: str, output: str, x: ndarray) -> ndarray:
    """An array with labels `term` summed to those of the output; a repeated label is a diagonal."""
    left_out = "".join(a for a in dict.fromkeys(term) if a not in output)
    if term == output + left_out:
        y = x
    else:
        y = np.einsum(f"{term}->{output}{left_out}", x)
    return np.add.reduce(y, axis=tuple(range(len(output), y.ndim))) if left_out else y


def contracted(terms: tuple[str, ...], output: str, x: ndarray, z: ndarray) -> ndarray:
    """The product of two arrays with labels `terms` summed to those of the output, by BLAS where that pays."""
    a, b = terms
    batch, left, right, inner = split_labels(a, b, output)
    n = math.prod((lengths := dict(zip(a + b, x.shape + z.shape))).values())
    if not inner or not (left or right) or n < 10_000:
        return np.einsum(f"{a},{b}->{output}", x, z)
    shape = [lengths[c] for c in batch]
    sizes = [math.prod(lengths[c] for c in labels) for labels in (left, inner, right)]
    x = summed(a, batch + left + inner, x).reshape(*shape, sizes[0], sizes[1])
    z = summed(b, batch + inner + right, z).reshape(*shape, sizes[1], sizes[2])
    y = np.matmul(x, z).reshape(*shape, *(lengths[c] for c in left + right))
    return y if batch + left + right == output else y.transpose([(batch + left + right).index(c) for c in output])


@lru_cache(maxsize=4096)
def split_labels(a: str, b: str, output: str) -> tuple[str, str, str, str]:
    """The labels by their part: in a, b and the output, in a and the output, in b and the output, in a and b."""
    both = [c for c in dict.fromkeys(a) if c in b]
    batch, inner = ([c for c in both if (c in output) == kept] for kept in (True, False))
    left, right = ([c for c in output if c in mine and c not in other] for mine, other in ((a, b), (b, a)))
    return "".join(batch), "".join(left), "".join(right), "".join(inner)


def lengths_of(terms: Sequence[str], shapes: Sequence[Shape]) -> dict[str, int]:
    """The length of each label; a ShapeError if an operand has another number of axes or a label two lengths."""
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        if len(term) != len(shape):
            raise ShapeError(f"einsum: {term!r} has {len(term)} labels for an operand of shape {shape}")
        for label, n in zip(term, shape):
            if lengths.setdefault(label, n) != n:
                given = ", ".join(f"{t}: {s}" for t, s in zip(terms, shapes))
                raise ShapeError(f"einsum: label {label!r} has length {lengths[label]} and length {n}; given {given}")
    return lengths


def parse(subscripts: str, shapes: Sequence[Shape]) -> tuple[list[str], str]:
    """The labels of each operand and of the output, with letters in the place of `...`."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ShapeError(f"einsum: {subscripts!r} describes {len(terms)} operands, and {len(shapes)} were given")
    named = [t.replace("...", "", 1) for t in (*terms, output)]
    if not all(set(t) <= set(LETTERS) for t in named):
        raise ShapeError(f"einsum: {subscripts!r} may hold letters, commas, one '...' a term, and one '->'")
    free = [c for c in LETTERS if c not in subscripts]
    extra = [len(s) - len(t) if "..." in term else 0 for term, t, s in zip(terms, named, shapes)]
    if min(extra) < 0:
        k = extra.index(min(extra))
        raise ShapeError(f"einsum: {terms[k]!r} has more labels than an operand of shape {shapes[k]} has axes")
    dots = "".join(free[: max(extra)])
    full = [t.replace("...", dots[len(dots) - n :]) for t, n in zip(terms, extra)]
    if not arrow:
        output = "..." + "".join(sorted(c for c in set("".join(named)) if "".join(named).count(c) == 1))
    return full, checked_output(subscripts, output, dots, "".join(named[:-1]))


def checked_output(subscripts: str, output: str, dots: str, known: str) -> str:
    """The labels of the output, if each is that of an operand and none comes twice."""
    wrong = [c for c in output.replace("...", "") if c not in known or output.count(c) > 1]
    if wrong:
        raise ShapeError(f"einsum: {subscripts!r}: an output label must be in an operand and come once; not so {wrong[0]!r}")
    if dots and "..." not in output:
        raise ShapeError(f"einsum: {subscripts!r}: the operands have axes under '...', so the output needs '...' too")
    return output.replace("...", dots)


def from_lists(given: list[Any]) -> tuple[str, list[Any]]:
    """The other form of the arguments, einsum(x, [0, 1], z, [1, 2], [0, 2]), as a string of labels and the operands."""
    pairs = given[: len(given) // 2 * 2]
    terms = [letters(labels) for labels in pairs[1::2]]
    if not terms:
        raise TypeError("einsum: the string of labels comes first, then the arrays: einsum('ij,jk->ik', x, z)")
    return ",".join(terms) + "".join("->" + letters(labels) for labels in given[len(pairs) :]), pairs[::2]


def letters(labels: Any) -> str:
    """Labels that are given as whole numbers, as letters."""
    try:
        return "".join("..." if c is Ellipsis else LETTERS[range(len(LETTERS))[c]] for c in labels)
    except (TypeError, IndexError):
        raise TypeError(
            f"einsum: where an array comes first, it is followed by a list of its labels, whole numbers below {len(LETTERS)} "
            f"or ..., as in einsum(x, [0, 1], z, [1, 2]); given {labels!r}. A string comes first: einsum('ij,jk', x, z)."
        ) from None


@lru_cache(maxsize=1024)
def contraction_path(terms: tuple[str, ...], output: str, shapes: tuple[Shape, ...], optimize: Any) -> list:
    """The order in which to contract three operands or more, as `np.einsum_path` finds it."""
    dummies = [np.broadcast_to(0.0, shape) for shape in shapes]
    return list(np.einsum_path(f"{','.join(terms)}->{output}", *dummies, optimize=optimize)[0][1:])


def contract_pairs(terms: Sequence[str], output: str, xs: Sequence[Tensor], optimize: Any) -> Tensor:
    """Many operands as a chain of products of two, each a node: so the rules can use what lies between them."""
    waiting = list(zip(terms, xs))
    for step in contraction_path(tuple(terms), output, tuple(x.shape for x in xs), optimize):
        chosen = [waiting.pop(k) for k in sorted(step, reverse=True)]
        while len(chosen) > 1:
            (a, x), (b, z) = chosen.pop(), chosen.pop()
            needed = output + "".join(term for term, _ in waiting + chosen)
            kept = "".join(c for c in dict.fromkeys(a + b) if c in needed) if waiting or chosen else output
            chosen.append((kept, _einsum((a, b), kept)(x, z)))
        waiting += chosen
    return waiting[0][1]


@lru_cache(maxsize=4096)
def read(subscripts: str, shapes: tuple[Shape, ...]) -> tuple[tuple[str, ...], str, tuple[Shape, ...]]:
    """The labels of each operand and of the output, and the shapes to give the operands.

    An axis of length 1 whose label is longer elsewhere goes: the operand is constant along it.
    """
    terms, output = parse(subscripts, shapes)
    longer = {c for term, shape in zip(terms, shapes) for c, n in zip(term, shape) if n != 1}
    kept = []
    for k, (term, shape) in enumerate(zip(terms, shapes)):
        here = {c for c, n in zip(term, shape) if n != 1}  # of a repeated label all axes have one length
        axes = [(c, n) for c, n in zip(term, shape) if n != 1 or c not in longer or c in here]
        if len(axes) < len(term) == len(shape):
            terms[k], shape = "".join(c for c, _ in axes), tuple(n for _, n in axes)
        kept.append(shape)
    lengths_of(terms, kept)
    return tuple(terms), output, tuple(kept)


def einsum(subscripts: Any, *operands: Any, optimize: Any = True) -> Tensor:
    """Einstein's summation: a label for each axis, products over equal labels, sums over those not in the output.

    All of NumPy's strings: repeated labels ("ii->i" is the diagonal), "...", implicit output; also NumPy's form with
    lists of numbers in place of the string. Three operands or more are contracted in pairs, in the order that
    `np.einsum_path` finds with `optimize`. Raises ShapeError if labels and shapes do not agree.

    >>> import autograd_core as ac
    >>> x = ac.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> ac.einsum("ii->", x), ac.grad(lambda x: ac.einsum("ii->", x))(x)
    (tensor(5.), tensor([[1., 0.],
           [0., 1.]]))
    """
    if not isinstance(subscripts, str):
        subscripts, operands = from_lists([subscripts, *operands])  # type: ignore[assignment]
    xs = [as_tensor(x) for x in operands]
    terms, output, shapes = read(subscripts, tuple(x.shape for x in xs))
    xs = [x if x.shape == shape else _reshape(shape)(x) for x, shape in zip(xs, shapes)]
    return contract_pairs(terms, output, xs, optimize) if len(xs) > 2 else _einsum(terms, output)(*xs)


def tensordot(x: Any, z: Any, axes: Any = 2) -> Tensor:
    """The sum of products over pairs of axes: `axes` of the last of x with the first of z, or a pair of lists of axes.

    Raises ShapeError if two paired axes have different lengths.
    """
    x, z = as_tensor(x), as_tensor(z)
    first, second = paired_axes(axes, x.shape, z.shape)
    left, right = axes_of("tensordot", first, x.ndim), axes_of("tensordot", second, z.ndim)
    if [x.shape[a] for a in left] != [z.shape[b] for b in right]:
        raise ShapeError(f"tensordot: axes {left} of shape {x.shape} and {right} of shape {z.shape} differ in length")
    a, b = LETTERS[: x.ndim], [*LETTERS[x.ndim : x.ndim + z.ndim]]
    for i, j in zip(left, right):
        b[j] = a[i]
    output = "".join(c for c in (*a, *b) if (c in a) != (c in b))
    return _einsum((a, "".join(b)), output)(x, z)


def paired_axes(axes: Any, x: Shape, z: Shape) -> Any:
    """The axes of x and those of z that an argument `axes` of tensordot pairs, for two shapes."""
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes <= min(len(x), len(z)):
            raise ShapeError(f"tensordot: shapes {x} and {z} have no {axes} axes to pair, last ones of x with first ones of z")
        return tuple(range(len(x) - axes, len(x))), tuple(range(axes))
    if not isinstance(axes, (tuple, list, ndarray)) or len(axes) != 2:
        raise ShapeError(
            f"tensordot: axes is a number of axes, or a pair, those of x and those of z, as in ([0, 1], [1, 0]); given {axes!r}"
        )
    return [a.tolist() if isinstance(a, ndarray) else a for a in axes]


def dot(x: Any, z: Any) -> Tensor:
    """NumPy's dot: the sum over the last axis of x and the last but one of z (or its only one); numbers multiply."""
    x, z = as_tensor(x), as_tensor(z)
    if not x.ndim or not z.ndim:
        return multiply.public(x, z)
    return tensordot(x, z, (-1, -2)) if z.ndim > 2 else matmul(x, z)


def inner(x: Any, z: Any) -> Tensor:
    """The sum over the last axes of both, for every combination of the others; numbers multiply."""
    x, z = as_tensor(x), as_tensor(z)
    return tensordot(x, z, (-1, -1)) if x.ndim and z.ndim else multiply.public(x, z)


def outer(x: Any, z: Any) -> Tensor:
    """Every element of x times every element of z: the matrix x_i z_j of the flattened arrays."""
    x, z = as_tensor(x), as_tensor(z)
    return multiply(_reshape((x.size, 1))(x), _reshape((1, z.size))(z))


def vdot(x: Any, z: Any) -> Tensor:
    """The sum of conj(x) · z over all elements of the flattened arrays, which must be equally many."""
    x, z = as_tensor(x), as_tensor(z)
    return matmul(_reshape((x.size,))(conjugate(x)), _reshape((z.size,))(z))


def vecdot(x: Any, z: Any, axis: int = -1) -> Tensor:
    """The sum of conj(x) · z along `axis`, which both have; the other axes broadcast. Raises ShapeError if they do not.

    >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    tensor([21., 43.])
    """
    x, z = vectors("vecdot", x, axis), vectors("vecdot", z, axis)
    inner_sizes("vecdot", x.shape, z.shape, -1, -1)
    return einsum("...i,...i->...", conjugate(x), z)


def matvec(x: Any, z: Any) -> Tensor:
    """The product of matrices, the last two axes of x, with vectors, the last axis of z; the other axes broadcast.

    >>> matvec([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]])
    tensor([[1., 3.],
            [2., 4.]])
    """
    x, z = vectors("matvec", x, -1), vectors("matvec", z, -1)
    inner_sizes("matvec", x.shape, z.shape, -1, -1)
    return einsum("...ij,...j->...i", x, z)


def vecmat(x: Any, z: Any) -> Tensor:
    """The product of conjugated vectors, the last axis of x, with matrices, the last two axes of z; the others broadcast."""
    x, z = vectors("vecmat", x, -1), vectors("vecmat", z, -1)
    inner_sizes("vecmat", x.shape, z.shape, -1, -2)
    return einsum("...i,...ij->...j", conjugate(x), z)


def vectors(name: str, x: Any, axis: int) -> Tensor:
    """x with its vectors along the last axis; ShapeError if it has none."""
    x = as_tensor(x)
    if not x.ndim:
        raise ShapeError(f"{name}: a number is no vector. Needs an array with at least one axis.")
    return x if axis == -1 else moveaxis(x, axis, -1)


def inner_sizes(name: str, x: Shape, z: Shape, a: int, b: int) -> None:
    """ShapeError unless axis a of x and axis b of z exist and are equally long."""
    if len(x) < -a or len(z) < -b or x[a] != z[b]:
        raise ShapeError(f"{name}: shapes {x} and {z} do not fit: axis {a} and axis {b} must be equally long")
