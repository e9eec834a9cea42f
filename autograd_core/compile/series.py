"""Series: the same product at every time step, done once for all of them.

Where the inputs of all steps are slices of one array, their products with one weight are one product. The gradient of a
weight that was used n times is a sum of n products, Σ Aᵢ Bᵢ: the product of [A₁ A₂ …] with the Bᵢ below each other.
"""

from __future__ import annotations

from typing import Any

from ..broadcast import SumTo
from ..ops.elementwise import add
from ..ops.join import Concatenate, Narrow
from ..ops.matmul import Matmul
from ..ops.reduce import Sum
from ..ops.shape import Reshape, Transpose
from ..tape import Slot, Step
from .products import MATMUL, TURNED, matrices
from .program import Program
from .rewrite import Rules, Walk
from .views import piece

LEAST = 3  # so many equal steps are a series
LARGEST = 1 << 17  # numbers that may be joined: beyond what caches hold, joining costs more than it saves


# -- one weight, slices of one array -----------------------------------------------------------------------------------------


class Slices(Rules):
    """The one rule that the products of slices of x with one matrix are slices of the product of x with it."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[Any, int] = {}
        self.products: dict[Any, Slot] = {}
        self.counting = True
        self.of(Matmul)(self.product)

    def product(self, walk: Walk, step: Step) -> Any:
        """The slice of the product of all."""
        found = self.slice_of(walk, step)
        if found is None:
            return None
        x, axis, start, stop, w = found
        key = (x, axis, stop - start, w, *(walk.memory.epoch(s, walk.now) for s in (x, w)))
        if self.counting:
            self.counts[key] = self.counts.get(key, 0) + 1
            return None
        if self.counts.get(key, 0) < LEAST or 2 * self.counts[key] * (stop - start) < walk.shape(x)[axis]:
            return None
        if key not in self.products:
            self.products[key] = whole_product(walk, x, w)
        return walk.emit(Reshape(walk.result(step).shape), walk.emit(Narrow(axis, start, stop), self.products[key]))

    def slice_of(self, walk: Walk, step: Step) -> tuple[Any, int, int, int, Any] | None:
        """(x, axis, start, stop, w) if a step is a product of a slice of x along an axis with a matrix w; else None."""
        a, w = step.inputs
        if not matrices(walk, a, w):
            return None
        made = walk.maker(a, Narrow, Reshape)
        if made is not None and isinstance(made.op, Reshape):
            made = walk.maker(made.inputs[0], Narrow)
        if made is None or not isinstance(made.op, Narrow):
            return None
        (x,), op = made.inputs, made.op
        shape, width = walk.shape(x), op.stop - op.start
        long = len(shape) == 3 and width == 1 and op.axis < 2 and walk.shape(a)[1] == shape[2]
        flat = len(shape) == 2 and op.axis == 0 and walk.shape(a) == (width, shape[1])
        return (x, op.axis, op.start, op.stop, w) if long or flat else None


def whole_product(walk: Walk, x: Any, w: Any) -> Any:
    """The product of all rows of x with w, as one product of matrices."""
    *lead, width = walk.shape(x)
    rows = walk.emit(Reshape((walk.size(x) // max(width, 1), width)), x)
    return walk.emit(Reshape((*lead, walk.shape(w)[1])), walk.emit(MATMUL, rows, w))


def products_of_slices(program: Program) -> Program:
    """The products of the slices of an array with one weight, over all time steps, done at once."""
    rules = Slices()
    Walk(program, rules).run()
    if max(rules.counts.values(), default=0) < LEAST:
        return program
    rules.counting = False
    return Walk(program, rules).run()


# -- sums of products --------------------------------------------------------------------------------------------------------

SERIES = Rules()


@SERIES.of(add)
def sum_of_products(walk: Walk, step: Step) -> Any:
    """A sum of three and more products as one product of what is joined; of three and more sums over rows likewise."""
    readers = walk.readers.get(step.outputs[0], ()) if step.outputs else ()
    if not step.outputs or (len(readers) == 1 and readers[0].op is add and walk.single(step.outputs[0])):
        return None
    terms = terms_of(walk, step)
    if len(terms) < LEAST:
        return None
    rest: list[Any] = []
    products: list[Step] = []
    sums: list[Step] = []
    for x in terms:
        made = walk.maker(x, Matmul, SumTo, Sum)
        if made is None or not walk.single(x):
            rest.append(x)
        else:
            (products if isinstance(made.op, Matmul) else sums).append(made)
    done = [one_product(walk, products), one_sum(walk, sums)]
    if done == [None, None]:
        return None
    rest += [made.outputs[0] for made in (*(products if done[0] is None else ()), *(sums if done[1] is None else ()))]
    total, *others = [x for x in done if x is not None] + rest
    for x in others:
        total = walk.emit(add, total, x)
    return total


def terms_of(walk: Walk, step: Step) -> list[Any]:
    """The terms of a sum of sums that are read nowhere else, from the last one added to the first one."""
    terms, todo = [], [*step.inputs]
    while todo:
        x = todo.pop()
        made = walk.maker(x, add) if walk.single(x) and isinstance(x, Slot) else None
        if made is not None and walk.shape(x) == walk.result(step).shape:
            todo.extend(made.inputs)
        else:
            terms.append(x)
    return terms


def one_product(walk: Walk, made: list[Step]) -> Any:
    """Σ Aᵢ Bᵢ as one product; None if that is more work, more memory than caches hold, or they are fewer than three."""
    if len(made) < LEAST or not all(matrices(walk, *step.inputs) for step in made):
        return None
    lefts, rights = zip(*(step.inputs for step in made))
    columns = inside(walk, lefts)
    lefts = lefts if columns is None else columns
    n, m = walk.result(made[0]).shape
    moved = (0 if joined_already(walk, lefts) else n) + (0 if joined_already(walk, rights) else m)
    inner = sum(walk.shape(b)[0] for b in rights)
    if inner * moved > min(2 * len(made) * n * m, LARGEST) or len({walk.dtype(x) for step in made for x in step.inputs}) > 1:
        return None
    left = walk.emit(TURNED, joined(walk, 0, lefts)) if columns is not None else joined(walk, 1, lefts)
    return walk.emit(MATMUL, left, joined(walk, 0, rights))


def inside(walk: Walk, xs: Any) -> tuple[Any, ...] | None:
    """What all of xs are transposes of; None if one of them is none."""
    made = [walk.maker(x, Transpose) for x in xs]
    found = tuple(step.inputs[0] for step in made if step is not None)
    return found if len(found) == len(made) else None


def joined_already(walk: Walk, xs: Any) -> bool:
    """Whether there is a step that joins these rows, or they are pieces of one array."""
    readers = walk.readers.get(xs[0], ())
    pieces = [piece(walk, x, 0) for x in xs]
    return any(isinstance(s.op, Concatenate) and s.op.axis == 0 and s.inputs == tuple(xs) for s in readers) or all(
        p is not None and p[0] == pieces[0][0] for p in pieces  # type: ignore[index]
    )


def joined(walk: Walk, axis: int, xs: Any) -> Any:
    """The arrays joined along an axis; if all are transposes, the transpose of their join."""
    inner = inside(walk, xs)
    if inner is not None:
        return walk.emit(TURNED, walk.emit(Concatenate(1 - axis, tuple(walk.shape(x)[1 - axis] for x in inner)), *inner))
    return walk.emit(Concatenate(axis, tuple(walk.shape(x)[axis] for x in xs)), *xs)


def one_sum(walk: Walk, made: list[Step]) -> Any:
    """Σ of the sums over the rows of matrices as one sum over the rows of their join, which a product needs anyway."""
    if len(made) < LEAST or any(not over_rows(walk, step) for step in made):
        return None
    xs = tuple(step.inputs[0] for step in made)
    if not joined_already(walk, xs):
        return None
    return walk.emit(made[0].op, walk.emit(Concatenate(0, tuple(walk.shape(x)[0] for x in xs)), *xs))


def over_rows(walk: Walk, step: Step) -> bool:
    """Whether a step sums the rows of a matrix up to a vector."""
    (x,), op = step.inputs, step.op
    if not matrices(walk, x) or walk.shape(x)[0] < 2:
        return False
    return op.axes == (0,) if isinstance(op, Sum) else op.target in (walk.shape(x)[1:], (1, *walk.shape(x)[1:]))


@SERIES.of(Concatenate)
def join_of_products(walk: Walk, step: Step) -> Any:
    """The products of several matrices with one matrix, below each other: the product of their join with it."""
    made = [product_behind(walk, x) for x in step.inputs]
    if step.op.axis != 0 or len(made) < LEAST or any(m is None for m in made):
        return None
    steps: list[Any] = made
    w = steps[0].inputs[1]
    if any(m.inputs[1] != w or not matrices(walk, *m.inputs) for m in steps):
        return None
    lefts = [m.inputs[0] for m in steps]
    if walk.shape(lefts[0])[1] > 4 * walk.shape(w)[1] or len({walk.dtype(x) for x in lefts}) > 1:
        return None
    return walk.emit(Reshape(walk.result(step).shape), walk.emit(MATMUL, joined(walk, 0, lefts), w))


def product_behind(walk: Walk, x: Any) -> Step | None:
    """The product that makes x, perhaps in another shape, and is read nowhere else."""
    made = walk.maker(x, Matmul, Reshape) if walk.single(x) else None
    if made is not None and isinstance(made.op, Reshape):
        return product_behind(walk, made.inputs[0])
    return made
