"""Steps for random programs: for each function what it may be called with, drawn from the values that there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from .draws import Draw, axes, hypothesis, indices
from .programs import Ref, elementwise_functions

Call = tuple[tuple, dict[str, Any]]


class Drawing:
    """A program as far as it is drawn: draws what a step needs."""

    def __init__(self, draw: Draw, values: list[ndarray]) -> None:
        self.draw, self.values, self.st = draw, values, hypothesis()

    def pick(self, *wanted: Callable[[ndarray], bool]) -> list[Ref] | None:
        """A value for each condition, the newest first; None if one of them has none."""
        refs = []
        for fits in wanted:
            fitting = [Ref(k) for k, x in enumerate(self.values) if fits(x)][::-1]
            if not fitting:
                return None
            refs.append(self.draw(self.st.sampled_from(fitting)))
        return refs

    def one(self, min_dims: int = 0) -> tuple[Ref, ndarray] | None:
        """A value with at least so many axes."""
        refs = self.pick(lambda x: x.ndim >= min_dims)
        return None if refs is None else (refs[0], self.values[refs[0].index])

    def beside(self, x: ndarray) -> Ref:
        """A value of the shape of x."""
        return self.pick(lambda z: z.shape == x.shape)[0]  # type: ignore[index]

    def axis(self, ndim: int) -> int:
        return self.draw(self.st.integers(-ndim, ndim - 1))

    def whole(self, low: int, high: int) -> int:
        return self.draw(self.st.integers(low, high))


def elementwise(d: Drawing, name: str) -> Call:
    """One or two values."""
    refs = d.pick(*[lambda x: True] * len(elementwise_functions()[name].derivatives))
    return tuple(refs or ()), {}


def reduction(d: Drawing, name: str) -> Call:
    ref, x = d.one()  # type: ignore[misc]
    return (ref,), {"axis": d.draw(axes(x.ndim)), "keepdims": d.draw(d.st.booleans())}


def along(d: Drawing, name: str) -> Call | None:
    """A value and one of its axes."""
    found = d.one(1)
    return None if found is None else ((found[0],), {"axis": d.axis(found[1].ndim)})


def plain(min_dims: int, count: int = 1) -> Callable[[Drawing, str], Call | None]:
    """So many values with at least so many axes, and nothing else."""

    def draw(d: Drawing, name: str) -> Call | None:
        refs = d.pick(*[lambda x: x.ndim >= min_dims] * count)
        return None if refs is None else (tuple(refs), {})

    return draw


def squares(count: int) -> Callable[[Drawing, str], Call | None]:
    """A stack of square matrices, and another value if count is 2."""

    def draw(d: Drawing, name: str) -> Call | None:
        wanted = [lambda x: x.ndim > 1 and x.shape[-1] == x.shape[-2], lambda x: x.ndim > 0]
        refs = d.pick(*wanted[:count])
        return None if refs is None else (tuple(refs), {})

    return draw


def permuted(d: Drawing, name: str) -> Call:
    ref, x = d.one()  # type: ignore[misc]
    return (ref, tuple(d.draw(d.st.permutations(range(x.ndim))))), {}


def reshaped(d: Drawing, name: str) -> Call:
    ref, x = d.one()  # type: ignore[misc]
    targets = [(-1,), (1, *x.shape), x.shape[::-1], (*x.shape, 1), (-1, 2) if x.size % 2 == 0 else x.shape]
    return (ref, d.draw(d.st.sampled_from(targets))), {}


def repeated(d: Drawing, name: str) -> Call | None:
    """A value, a whole number, and an axis."""
    found = d.one(1)
    return None if found is None else ((found[0], d.whole(1, 2)), {"axis": d.axis(found[1].ndim)})


def broadcasted(d: Drawing, name: str) -> Call:
    ref, x = d.one()  # type: ignore[misc]
    return (ref, (d.whole(1, 2), *x.shape)), {}


def new_axis(d: Drawing, name: str) -> Call:
    ref, x = d.one()  # type: ignore[misc]
    return (ref,), {"axis": d.axis(x.ndim + 1)}


def two_axes(d: Drawing, name: str) -> Call | None:
    found = d.one(2)
    return None if found is None else ((found[0], d.axis(found[1].ndim), d.axis(found[1].ndim)), {})


def joined(d: Drawing, name: str) -> Call | None:
    """Two values of one shape, and an axis."""
    found = d.one(0 if name == "stack" else 1)
    if found is None:
        return None
    ref, x = found
    return ([ref, d.beside(x)],), {"axis": d.axis(x.ndim + (name == "stack"))}


def indexed(d: Drawing, name: str) -> Call | None:
    found = d.one(1)
    return None if found is None else ((found[0], d.draw(indices(found[1].shape))), {})


def taken(d: Drawing, name: str) -> Call | None:
    found = d.one(1)
    if found is None:
        return None
    axis = d.axis(found[1].ndim)
    places = d.draw(d.st.lists(d.st.integers(0, found[1].shape[axis] - 1), min_size=1, max_size=3))
    return (found[0], places), {"axis": axis}


def chosen(d: Drawing, name: str) -> Call:
    ref, x = d.one()  # type: ignore[misc]
    flags = d.draw(d.st.lists(d.st.booleans(), min_size=x.size, max_size=x.size))
    return (np.array(flags, dtype=bool).reshape(x.shape), ref, d.beside(x)), {}


def clipped(d: Drawing, name: str) -> Call:
    ref, _ = d.one()  # type: ignore[misc]
    return (ref, d.whole(-3, 0) - 0.5, d.whole(0, 3) + 0.5), {}


SUMS = [
    "ij->ji", "ii->", "ii->i", "i,i->", "i,j->ij", "ij,j->i", "ij,j->ij", "ij,jk->ik", "ij,ij->j", "ij,kj->ik",
    "...i,...i->...", "i...->...i",
]  # fmt: skip


def summed(d: Drawing, name: str) -> Call | None:
    subscripts = d.draw(d.st.sampled_from(SUMS))
    terms = subscripts.partition("->")[0].split(",")
    # NumPy refuses what has other lengths under one label.
    refs = d.pick(*(lambda x, t=t: x.ndim > 0 if "." in t else x.ndim == len(t) for t in terms))
    return None if refs is None else ((subscripts, *refs), {})


MOVES: dict[str, Callable[[Drawing, str], Call | None]] = {
    **dict.fromkeys(["sum", "mean", "var", "std", "prod", "max", "min"], reduction),
    **dict.fromkeys(["logsumexp"], reduction),
    **dict.fromkeys(["cumsum", "cumprod", "softmax", "log_softmax", "sort", "flip", "linalg.norm", "diff"], along),
    **dict.fromkeys(["squeeze", "ravel"], plain(0)),
    **dict.fromkeys(["matmul", "dot", "inner"], plain(1, 2)),
    **dict.fromkeys(["outer"], plain(0, 2)),
    **dict.fromkeys(["tril", "triu", "trace", "diagonal"], plain(2)),
    **dict.fromkeys(["linalg.det", "linalg.inv"], squares(1)),
    **dict.fromkeys(["linalg.solve"], squares(2)),
    **dict.fromkeys(["roll", "repeat"], repeated),
    **dict.fromkeys(["swapaxes", "moveaxis"], two_axes),
    **dict.fromkeys(["concatenate", "stack"], joined),
    "reshape": reshaped,
    "transpose": permuted,
    "broadcast_to": broadcasted,
    "expand_dims": new_axis,
    "getitem": indexed,
    "take": taken,
    "where": chosen,
    "clip": clipped,
    "einsum": summed,
}
