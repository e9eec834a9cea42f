"""Fields: the outputs of a network, and their derivatives with respect to its inputs, by name.

A residual is a function of one state `s`: `s.x` is a coordinate, `s.u` an output, `s.u_xx` a derivative. Each is a Tensor of
shape (N,), one value a point. What is asked for is computed once, on demand, by nested reverse mode.
"""

from __future__ import annotations

import re
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
        coordinate = "|".join(re.escape(x) for x in sorted(self._inputs, key=len, reverse=True))
        for output in self._outputs:
            match = re.fullmatch(f"{re.escape(output)}_((?:{coordinate})+)", name)
            if match:
                by = re.findall(coordinate, match[1])
                return (output, *sorted(by, key=self._inputs.index))
        raise self._unknown(name)

    def _field(self, key: tuple[str, ...]) -> Tensor:
        if key not in self._known:
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
            (g,) = (
                ac.gradients(u, self._points, ones, create_graph=True, allow_unused=True)
                if u.requires_grad
                else (None,)
            )
            self._gradients[key] = ac.zeros(self._points.shape) if g is None else g
        return self._gradients[key]

    def _unknown(self, name: str) -> UnknownFieldError:
        by = ", ".join(f"{u}_{x}" for u in self._outputs for x in self._inputs)
        return UnknownFieldError(
            f"unknown field {name!r}. Known are the coordinates {', '.join(self._inputs)}, the outputs "
            f"{', '.join(self._outputs)}, and derivatives of any order such as {by}, {self._outputs[0]}_{self._inputs[0] * 2}."
        )


def _column(values: Tensor, j: int) -> Tensor:
    """Column j of (N, d) as (N,)."""
    return ac.reshape(values, (-1,)) if values.shape[1] == 1 else values[:, j]
