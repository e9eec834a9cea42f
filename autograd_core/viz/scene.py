"""What a drawing is made of: boxes, edges and groups, as plain data that knows nothing of graphs, layouts or files."""

from __future__ import annotations

from dataclasses import dataclass

# The kinds of boxes, in the order in which a legend lists them, and what the legend calls them.
KINDS = {
    "leaf": "leaf (wants a gradient)",
    "leaves": "several leaves",
    "saved": "array kept for the gradient",
    "op": "operation",
    "folded": "several operations",
    "output": "output",
}


@dataclass(frozen=True)
class Box:
    """A node of a drawing. `label` is its first line, `details` the smaller ones below, `tooltip` what a pointer shows."""

    id: str
    kind: str
    label: str
    details: tuple[str, ...] = ()
    tooltip: str = ""
    operations: int = 0  # how many operations of the graph it stands for
    group: str | None = None  # the id of its group


@dataclass(frozen=True)
class Edge:
    """A value on its way from the box that made it to a box that uses it.

    `operand` is its place among the operands where that matters, `count` how many uses it stands for.
    `kind` is "value", or "saved" for an array that an operation keeps.
    """

    source: str
    target: str
    operand: int | None = None
    count: int = 1
    kind: str = "value"


@dataclass(frozen=True)
class Group:
    """Boxes that belong together and share a tint, such as all that the first derivative added."""

    id: str
    label: str


@dataclass(frozen=True)
class Scene:
    """Boxes, edges and groups, with a title and notes for the reader. `direction` is "TB" (downwards) or "LR"."""

    nodes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...] = ()
    title: str | None = None
    notes: tuple[str, ...] = ()
    direction: str = "TB"

    def kinds(self) -> list[str]:
        """The kinds of boxes that occur, in the order of the legend."""
        present = {box.kind for box in self.nodes}
        return [kind for kind in KINDS if kind in present]
