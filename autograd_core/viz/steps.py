"""Backpropagation step by step: the values forwards, then the gradients backwards, each with the local rule."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import LeafNode
from .listing import Listing
from .rules import brief, gradient_of, local_rule, value_of
from .scene import Scene

MOST = 2_000  # nodes; nobody plays more


@dataclass(frozen=True)
class Step:
    """One step: "forward" at the node that gets its value, or "backward" at the one from which gradients go on.

    `text` says what happens; `value` is what arrives; `rules` are pairs of the box that a gradient goes to and its rule.
    """

    phase: str
    box: str
    text: str
    value: str = ""
    rules: tuple[tuple[str, str], ...] = ()


def steps_of(listing: Listing, scene: Scene) -> tuple[Step, ...]:
    """The steps of a graph whose nodes all have boxes of their own; none for a folded one."""
    shown = {box.id for box in scene.nodes}
    if len(listing.nodes) > MOST or any(f"n{i}" not in shown for i in range(len(listing.nodes))):
        return ()
    roots = [listing.nodes[i].serial for _, i in listing.outputs]
    names = [listing.names.get(i, f"%{i}") for i in range(len(listing.nodes))]
    forward, backward = [], []
    for i, node in enumerate(listing.nodes):
        value, g = value_of(node), gradient_of(node, roots)
        known = "" if value is None else brief(value)
        operands = [names[listing.number[p.serial]] if p is not None else "constant" for p in node.parents]
        call = names[i] if isinstance(node, LeafNode) else f"{names[i]} = {node.name}({', '.join(operands)})"
        forward.append(Step("forward", f"n{i}", call, known))
        rules = tuple(
            (f"n{listing.number[p.serial]}", local_rule(node, k, operands, names[i]))
            for k, p in enumerate(node.parents)
            if p is not None
        )
        ending = "the gradient is complete" if isinstance(node, LeafNode) else "is passed on by the local rule"
        backward.append(Step("backward", f"n{i}", f"∇{names[i]}: {ending}", "" if g is None else brief(g), rules))
    return (*forward, *reversed(backward))
