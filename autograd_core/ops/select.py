"""Choosing between values element by element: where, select and clip; and where a condition holds: nonzero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from ..batch import aligned
from ..broadcast import broadcast_shape
from ..errors import ShapeError
from ..primitive import Primitive
from ..tensor import Tensor, as_tensor, from_array
from .elementwise import choice, positive, steps
from .kernels import float_of
from .shape import ravel


@dataclass(frozen=True)
class Where(Primitive):
    """Takes x where the condition holds and z elsewhere; a cotangent goes only to the value that was taken."""

    name: ClassVar[str] = "where"
    analytic: ClassVar[bool] = True

    def forward(self, condition: Any, x: Any, z: Any) -> Any:
        return np.where(condition, x, z)

    def vjp(self, i: int, g: Any, y: Any, condition: Any, x: Any, z: Any) -> Any:
        if i == 0:
            return None
        return self(condition, g, 0.0) if i == 1 else self(condition, 0.0, g)

    def jvp(self, i: int, t: Any, y: Any, condition: Any, x: Any, z: Any) -> Any:
        return self.vjp(i, t, y, condition, x, z)

    def pushforward(self, tangents: Sequence[Any], y: Any, *xs: Any) -> Any:
        _, t, u = tangents
        return None if t is None and u is None else self(xs[0], 0.0 if t is None else t, 0.0 if u is None else u)

    def shape(self, *shapes: tuple[int, ...]) -> tuple[int, ...]:
        return broadcast_shape(self.name, *shapes)

    def uses(self, i: int) -> tuple[int, ...]:
        return () if i == 0 else (0,)

    def batched(self, flags: Sequence[bool], *xs: Any) -> Any:
        return self(*aligned(flags, xs))


_where = Where()

not_less = steps("not_less", lambda x, z: float_of(~(x < z), x, z), 2)
not_less.public.__doc__ = "1 where x is not less than z, also where one of them is NaN; 0 elsewhere."

# Unlike maximum and minimum, these do not share a tie: all of the gradient goes to x. Functions of their own, since
# np.maximum itself belongs to the op maximum.
at_least = choice(
    "at_least", lambda x, z: np.maximum(x, z), lambda _y, x, z: not_less(x, z), lambda _y, x, z: 1.0 - not_less(x, z)
)
at_most = choice(
    "at_most", lambda x, z: np.minimum(x, z), lambda _y, x, z: not_less(z, x), lambda _y, x, z: 1.0 - not_less(z, x)
)
at_least.public.__doc__ = "The larger of x and z; where they are equal, all of the gradient goes to x."
at_most.public.__doc__ = "The smaller of x and z; where they are equal, all of the gradient goes to x."


def where(condition: Any, x: Any = None, z: Any = None, /) -> Any:
    """The elements of x where `condition` is true and those of z elsewhere; all three broadcast.

    The branch not taken gets the gradient 0, also if it is infinite or NaN there. The condition has no gradient.
    `where(condition)` alone gives the indices of its true elements, one integer Tensor an axis.

    >>> import autograd_core as ac
    >>> ac.grad(lambda x: ac.sum(ac.where(x > 0, ac.sqrt(x), 0.0)))(ac.tensor([4.0, 0.0]))
    tensor([0.25, 0.  ])
    """
    if x is None and z is None:
        return nonzero(condition)
    if x is None or z is None:
        raise TypeError("where: give both values or neither: where(condition, x, z)")
    return _where(as_tensor(condition), *operands(x, z))


def positions(mask: Tensor) -> tuple[ndarray, ...]:
    """Where a mask is true, a raw index array an axis: the one place where values decide how much is selected."""
    return np.nonzero(mask._read("positions of true elements"))


def nonzero(x: Any) -> tuple[Tensor, ...]:
    """Where x is not zero, or true: an integer Tensor an axis, in the order of the elements. They have no gradient.

    Raises ShapeError for a 0-d x, and CaptureError where positions may differ from one call or example to the next.
    """
    x = as_tensor(x)
    if x.ndim == 0:
        raise ShapeError("nonzero: a 0-d array has no positions. Use x != 0, or x.reshape(1).")
    return tuple(map(from_array, positions(x)))


def flatnonzero(x: Any) -> Tensor:
    """Where the flattened x is not zero, or true: whole numbers, without a gradient."""
    return nonzero(ravel(x))[0]


def argwhere(x: Any) -> Tensor:
    """Where x is not zero, or true: a row of whole numbers for each such element, without a gradient."""
    return from_array(np.argwhere(as_tensor(x)._read("positions of true elements")))


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    """For each element the choice that belongs to the first true condition, or the default where none is true.

    Raises ShapeError if there are not as many choices as conditions, or none.
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ShapeError(f"select: {len(condlist)} conditions for {len(choicelist)} choices: one each, and some, needed")
    pairs = reversed(list(zip(condlist, choicelist)))
    return reduce(lambda rest, pair: where(pair[0], pair[1], rest), pairs, default)


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:
    """x with what is below `a_min` raised to it and what is above `a_max` lowered to it; None is no bound.

    At both bounds the gradient goes to x (derivative 1); beyond one it goes to that bound. Where a_min > a_max, the
    result is a_max. `min` and `max` are NumPy's other names for the bounds.

    >>> import autograd_core as ac
    >>> ac.grad(lambda x: ac.sum(ac.clip(x, 0.0, 1.0)))(ac.tensor([-1.0, 0.0, 0.5, 1.0, 2.0]))
    tensor([0., 1., 1., 1., 0.])
    """
    lower, upper = one_of("a_min", a_min, "min", min), one_of("a_max", a_max, "max", max)
    x = as_tensor(x)
    y = x if lower is None else at_least.public(x, lower)
    y = y if upper is None else at_most.public(y, upper)
    return positive(y) if y is x else y


def one_of(name: str, value: Any, other: str, value_of_other: Any) -> Any:
    """The one argument that was given under one of two names."""
    if value is not None and value_of_other is not None:
        raise TypeError(f"clip: {name} and {other} are the same bound: give one of them")
    return value if value_of_other is None else value_of_other


def operands(*xs: Any) -> list[Any]:
    """Tensors, and Python numbers as they are beside one, so that they do not decide the dtype."""
    weak = any(isinstance(x, (Tensor, np.ndarray, np.generic)) for x in xs)
    return [x if weak and isinstance(x, (int, float, complex)) else as_tensor(x) for x in xs]
