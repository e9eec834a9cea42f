"""The derivative of a compiled function: one node a call, whose backward pass is a program of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..checkpointing import Checkpoint
from ..graph import Node, ancestors
from ..tensor import Tensor, from_array


@dataclass(frozen=True, eq=False)
class Replay(Checkpoint):
    """One call of a compiled function. First derivatives come from a compiled backward pass, others as in a checkpoint."""

    pull: Callable | None = None

    @property
    def name(self) -> str:
        """How graphs call it. It is not in the registry: every call is an op of its own."""
        return "compiled"

    def pullback(self, wanted: Sequence[bool], g: Any, y: Any, *xs: Any) -> Sequence[Any]:
        if self.pull is None or any(isinstance(a, Tensor) for a in (*g, *xs)):
            return super().pullback(wanted, g, y, *xs)
        given = [None if a is None else from_array(a) for a in g]
        found = self.pull(list(wanted), given, [from_array(x) for x in xs[: self.arguments]])
        return [None if c is None else c.array for c in found]


def backward_of(op: Replay) -> Callable:
    """The backward pass of one call as a function of its cotangents and arguments, to be compiled."""

    def pull(wanted: Sequence[bool], gs: Sequence[Any], xs: Sequence[Tensor]) -> list[Tensor | None]:
        found = Checkpoint.pullback(op, wanted, gs, None, *xs, *op.outside)
        return [None if c is None else c.detach() for c in found]

    return pull


def has_graph(y: Tensor) -> bool:
    """Whether derivatives of a result can still be taken: it was computed from leaves, and no sweep has freed its graph."""
    if y.node is None:
        return False
    return all(not isinstance(n, Node) or n.saved is not None or not n.op.holds for n in ancestors([y.node]))
