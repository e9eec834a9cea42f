"""Hypothesis strategies: Tensors, shapes, axes, indices, well-conditioned matrices, whole programs, networks.

All of them shrink to something small. Without hypothesis a MissingExtraError names the extra that brings it.

>>> import autograd_core as ac
>>> from hypothesis import given
>>> @given(ac.testing.strategies.tensors(shape=(2, 3)))
... def test_the_derivative_of_a_sine(x):
...     ac.testing.gradcheck(ac.sin, x)
>>> test_the_derivative_of_a_sine()
"""

# ruff: noqa: I001 (public names by themselves)

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy import ndarray

from ..errors import require
from ..graph import no_grad
from ..tensor import Tensor
from .draws import EXTRA, Draw, arrays, composite, hypothesis
from .draws import axes, broadcastable_shapes, indices, numbers, positive_definite, shapes, tensors
from .moves import MOVES, Drawing, elementwise
from .programs import Program, Step, elementwise_functions, function, numpys

__all__ = [
    "axes", "broadcastable_shapes", "indices", "modules", "numbers", "positive_definite", "programs", "shapes", "tensors",
]  # fmt: skip

LARGEST = 30.0  # what an element of a program may be,
STEEPEST = 60.0  # and the first and second derivative of a step, as differences over SHIFT and TINY show them
SHIFT, TINY = 0.01, 1e-6
ELEMENTS = 16


@composite
def modules(
    draw: Draw,
    library: Any,
    activations: Sequence[str] = ("Tanh", "Sigmoid", "Softplus"),
    features: int = 4,
    layers: int = 3,
) -> Any:
    """Networks: chains of linear layers and activations, made of what `library` calls Sequential, Linear and so on.

    The engine does not know the package `nn`, which stands above it: pass it, or one like it, as `library`. A layer has
    up to `features` inputs, a chain up to `layers` layers. All weights are drawn from a normal distribution.
    """
    st = hypothesis()
    sizes = draw(st.lists(st.integers(1, features), min_size=2, max_size=layers + 1))
    parts = []
    for before, after in zip(sizes, sizes[1:]):
        parts += [library.Linear(before, after), getattr(library, draw(st.sampled_from(activations)))()]
    module = library.Sequential(*parts[: draw(st.integers(1, len(parts)))])
    rng = np.random.default_rng(draw(st.integers(0, 100)))
    with no_grad():
        for parameter in module.parameters():
            parameter.copy_(rng.standard_normal(parameter.shape))
    return module


# -- programs ------------------------------------------------------------------------------------------------------------


def accepted(step: Step, values: Sequence[ndarray]) -> bool:
    """Whether NumPy takes this call, where it has the function; the operands of others must broadcast."""
    oracle = numpys(step.name)
    try:
        if oracle is None:
            np.broadcast_shapes(*(values[ref.index].shape for ref in step.refs))
        else:
            with np.errstate(all="ignore"):
                step.run(lambda _: oracle, values)
    except (ValueError, TypeError, IndexError, np.linalg.LinAlgError):
        return False
    return True


def tame(step: Step, values: Sequence[ndarray]) -> ndarray | None:
    """What a step gives, if it is finite, not too large, and smooth near its operands, as far as shifted ones show.

    All are shifted together, and each by itself: copysign(x, z) at 0 is smooth along x = z alone.
    """
    operands = [values[ref.index] for ref in step.refs]
    alone = [(k,) for k in range(len(operands))] if len(operands) > 1 else []

    def at(shift: float, moving: Sequence[int]) -> ndarray:
        moved = [Tensor(x + shift * steps_of(x, k) if k in moving else x) for k, x in enumerate(operands)]
        y = step.apart().run(function, moved)
        return y.array if y.dtype == np.float64 else np.array(np.nan)

    with np.errstate(all="ignore"), no_grad():
        y = at(0.0, ())
        if not 0 < y.size <= ELEMENTS or not np.abs(y).max() <= LARGEST:
            return None
        for shift, moving in product((SHIFT, TINY), (range(len(operands)), *alone)):
            above, below = at(shift, moving), at(-shift, moving)
            if not above.shape == y.shape == below.shape or not np.abs(above - below).max() <= 2 * shift * STEEPEST:
                return None
            if not np.abs(above + below - 2 * y).max() <= shift**2 * STEEPEST:
                return None
    return y


def steps_of(x: ndarray, k: int) -> ndarray:
    """Steps between a half and one to both sides, no two alike: equal elements part."""
    steps = 0.5 + (0.618033988749895 * (np.arange(x.size) + 7 * k)) % 0.5
    return (steps * (-1.0) ** np.arange(x.size)).reshape(x.shape)


def draw_program(draw: Draw, names: Sequence[str] | None, inputs: int, steps: int) -> Program:
    """The strategy of `programs`."""
    st, names = hypothesis(), [*MOVES, *elementwise_functions()] if names is None else list(names)
    count = draw(st.integers(1, inputs))
    square = draw(st.booleans())
    shapes = [(2, 2)] * count if square else draw(broadcastable_shapes(count, max_dims=2, max_side=3))
    values = [draw(arrays().arrays(np.float64, shape, elements=numbers())) for shape in shapes]
    given, wanted = tuple(values), draw(st.integers(1, steps))
    taken: list[Step] = []
    for _ in range(2 * wanted):
        if len(taken) == wanted:
            break
        name = draw(st.sampled_from(names))
        call = MOVES.get(name, elementwise)(Drawing(draw, values), name)
        step = None if call is None else Step(name, call[0], tuple(call[1].items()))
        if step is not None and accepted(step, values) and (y := tame(step, values)) is not None:
            taken.append(step)
            values.append(y)
    require("hypothesis", EXTRA).assume(taken)
    return Program(given, tuple(taken))


def programs(functions: Sequence[str] | None = None, inputs: int = 3, steps: int = 12) -> Any:
    """Random programs: functions of up to `inputs` arrays, made of up to `steps` calls that share what they read.

    A program is drawn while it runs: each step is tried on the values that the steps before have given, and kept if it is
    finite, not too large, and smooth there. So every program has derivatives at `program.inputs`, and differences can
    tell them. `functions` are the names to choose from, such as "sin" or "linalg.inv"; unless given all ops of the
    derivative table, reductions, changes of shape, contractions and indexing; ValueError for another name. The repr of a
    program is source text that runs.

    >>> import autograd_core as ac
    >>> from hypothesis import given
    >>> @given(ac.testing.strategies.programs(functions=["sin", "multiply", "sum"]))
    ... def test_the_derivatives_of_a_program(program):
    ...     ac.testing.gradcheck(program, program.inputs)
    >>> test_the_derivatives_of_a_program()
    """
    known = [*MOVES, *elementwise_functions()]
    for name in functions or ():
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"Names like it: {', '.join(near)}." if near else f"Known are {', '.join(known)}."
            raise ValueError(f"programs: there is no function {name!r} to make programs of. {hint}")
    return hypothesis().composite(draw_program)(functions, inputs, steps)
