"""Fields: the outputs of a network, and their derivatives with respect to its inputs, by name.

A residual is a function of one state `s`: `s.x` is a coordinate, `s.u` an output, `s.u_xx` a derivative. Each is a Tensor of
shape (N,), one value a point. What is asked for is computed once, on demand, by nested reverse mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core import Tensor


class UnknownFieldError(AttributeError):
    """A residual or condition asks for a name that the problem does not have."""


class State:
    """The fields at a set of points: coordinates, outputs and derivatives as attributes.

    `network` maps a Tensor (N, d) to (N, number of outputs). A derivative is written `u_t`, `u_xx`, or `d("u", "x", "x")`.
    Raises UnknownFieldError, with the known names, for anything else.

    >>> s = State(lambda X: X**3, [[2.0]], inputs=("x",), outputs=("u",))
    >>> s.u, s.u_x.item(), s.d("u", "x", "x").item()
    (tensor([8.], grad_fn=<reshape>), 12.0, 12.0)
    """

    def __init__(self, network: Callable, points: Any, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._points = ac.as_tensor(np.asarray(points, dtype=np.float64)).requires_grad_()
        self._points.name = "points"
        self._network = network
        self._values: Tensor | None = None
        self._known: dict[tuple[str, ...], Tensor] = {}
        self._gradients: dict[tuple[str, ...], Tensor] = {}

    @property
    def points(self) -> np.ndarray:
        """The points, shape (N, d)."""
        return self._points.numpy()

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._field(self._parse(name))

    def d(self, output: str, *by: str) -> Tensor:
        """The derivative of an output with respect to the coordinates `by`, in any order, as a Tensor (N,)."""
        if output not in self._outputs or any(x not in self._inputs for x in by):
            raise self._unknown(f"d({', '.join(map(repr, (output, *by)))})")
        return self._field((output, *sorted(by, key=self._inputs.index)))

    def _parse(self, name: str) -> tuple[str, ...]:
        """A name as a key: (coordinate,), or (output, coordinate, coordinate, …)."""
        if name in self._inputs or name in self._outputs:
            return (name,)
        found = {(u, *sorted(by, key=self._inputs.index)) for u, by in _readings(name, self._inputs, self._outputs)}
        if len(found) > 1:
            ways = " or ".join(f"s.d{key!r}" for key in sorted(found))
            raise UnknownFieldError(f"{name!r} can be read in more than one way. Write {ways}.")
        if not found:
            raise self._unknown(name)
        return found.pop()

    def _field(self, key: tuple[str, ...]) -> Tensor:
        if key not in self._known:
            with ac.enable_grad():  # without a graph, derivatives of any order would be zero and nobody would know
                self._known[key] = self._compute(key)
        return self._known[key]

    def _compute(self, key: tuple[str, ...]) -> Tensor:
        if key[0] in self._inputs:
            return _column(self._points, self._inputs.index(key[0]))
        if len(key) == 1:
            if self._values is None:
                self._values = self._evaluate()
            return _column(self._values, self._outputs.index(key[0]))
        return _column(self._gradient(key[:-1]), self._inputs.index(key[-1]))

    def _evaluate(self) -> Tensor:
        values = self._network(self._points)
        if not isinstance(values, Tensor):
            raise TypeError(
                f"The network gave a {type(values).__name__}; needed is a Tensor, because an array has no derivatives. "
                "Compute with the functions of autograd_core."
            )
        expected = (len(self._points), len(self._outputs))
        if values.shape != expected:
            raise ac.errors.ShapeError(
                f"The network gave shape {values.shape} for {len(self._points)} points; needed is {expected}, "
                f"one column for each of the outputs {', '.join(self._outputs)}."
            )
        return values

    def _gradient(self, key: tuple[str, ...]) -> Tensor:
        """The derivatives of one field with respect to all coordinates, (N, d): points do not mix, so one sweep gives all."""
        if key not in self._gradients:
            u = self._field(key)
            ones = np.ones(u.shape)
            (g,) = ac.gradients(u, self._points, ones, create_graph=True, allow_unused=True) if u.requires_grad else (None,)
            self._gradients[key] = ac.zeros(self._points.shape) if g is None else g
        return self._gradients[key]

    def _unknown(self, name: str) -> UnknownFieldError:
        by = ", ".join(f"{u}_{x}" for u in self._outputs for x in self._inputs)
        return UnknownFieldError(
            f"unknown field {name!r}. Known are the coordinates {', '.join(self._inputs)}, the outputs "
            f"{', '.join(self._outputs)}, and derivatives of any order such as {by}, {self._outputs[0]}_{self._inputs[0] * 2}."
        )


def check_names(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Raise ValueError for an output or a coordinate that a residual could not write, or could misread.

    >>> check_names(("x", "t"), ("u", "u_hat"))
    """
    if not outputs:
        raise ValueError("A problem needs at least one output. Write outputs=['u'].")
    for i, name in enumerate(outputs):
        others = (*inputs, *outputs[:i])
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_") or hasattr(State, name):
            raise ValueError(f"{name!r} cannot name an output: a residual must be able to write s.{name}. Try 'u'.")
        if name in others:
            raise ValueError(f"Two fields are called {name!r}; known are {', '.join((*inputs, *outputs))}. Rename one.")
        if _readings(name, inputs, outputs):
            raise ValueError(f"The output {name!r} reads as a derivative of another output. Rename one of them.")
    taken = next((name for name in inputs if hasattr(State, name)), None)
    if taken:
        raise ValueError(f"{taken!r} cannot name a coordinate: s.{taken} is something else. Rename it.")


def _readings(name: str, inputs: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """All ways to read a name as an output and the coordinates by which it is differentiated."""
    parts = [(u, name.removeprefix(f"{u}_")) for u in outputs if name.startswith(f"{u}_")]
    return [(u, by) for u, rest in parts for by in _split(rest, inputs) if by]


def _split(text: str, inputs: Sequence[str]) -> list[tuple[str, ...]]:
    """All ways to read a text as coordinates written one after the other."""
    if not text:
        return [()]
    return [(x, *rest) for x in inputs if text.startswith(x) for rest in _split(text[len(x) :], inputs)]


def _column(values: Tensor, j: int) -> Tensor:
    """Column j of (N, d) as (N,)."""
    return ac.reshape(values, (-1,)) if values.shape[1] == 1 else values[:, j]
