"""From a recorded graph to the boxes and edges of a drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import AnyNode, LeafNode, ancestors
from .fold import fold
from .listing import Listing, constant_text, named, parameters
from .scene import Box, Edge, Group, Scene
from .text import line

LONGEST = 34  # characters in a line of a box; tooltips have it whole
LONGEST_TOOLTIP = 2000
# Operations whose operands may change places: a drawing need not say which is which.
COMMUTATIVE = {"add", "multiply", "maximum", "minimum", "logaddexp", "hypot"}


def scene(
    listing: Listing,
    title: str | None = None,
    groups: Mapping[str, Any] | None = None,
    show_saved: bool = False,
    limit: int | None = None,
    direction: str = "TB",
) -> Scene:
    """Boxes for the nodes of a listing, folded where there are more than `limit`, with their edges, groups and notes."""
    group_of = _grouped(listing, groups or {})
    room = limit // 2 if limit and show_saved else limit
    folding = fold(listing, room, group_of.get)
    members: dict[int, list[int]] = {}
    for i, owner in enumerate(folding.box):
        members.setdefault(owner, []).append(i)
    boxes = [_box(listing, owner, inside, group_of) for owner, inside in sorted(members.items())]
    edges = _edges(listing, folding.box)
    notes = [folding.note, _strangers(listing)]
    if show_saved:
        more, links = _saved(listing, folding.box, together=folding.note is not None)
        boxes, edges = more + boxes, links + edges
        notes.append(_freed(listing))
    for k, (name, i) in enumerate(listing.outputs):
        boxes.append(Box(f"y{k}", "output", name, _what(listing.nodes[i]), f"output {name} = %{i}"))
        edges.append(Edge(f"n{folding.box[i]}", f"y{k}"))
    tinted = {box.group for box in boxes}
    present = tuple(Group(label, label) for label in groups or {} if label in tinted)
    return Scene(tuple(boxes), tuple(edges), present, title, tuple(filter(None, notes)), direction)


def _grouped(listing: Listing, groups: Mapping[str, Any]) -> dict[int, str]:
    """Which operations were first needed for which of the Tensors in `groups`."""
    group_of: dict[int, str] = {}
    for label, tensors in groups.items():
        pairs = named([(label, x) for x in (tensors if isinstance(tensors, (list, tuple)) else [tensors])])
        for node in ancestors([x.node for _, x in pairs if x.node is not None]):
            i = listing.number.get(node.serial)
            if i is not None and not isinstance(node, LeafNode):
                group_of.setdefault(i, label)
    return group_of


def _strangers(listing: Listing) -> str | None:
    if not listing.strangers:
        return None
    shown = ", ".join(listing.strangers[:5]) + (", …" if len(listing.strangers) > 5 else "")
    return f"Not in this graph, so no gradient reaches it: {shown}."


# -- boxes -----------------------------------------------------------------------------------------------------------------


def _box(listing: Listing, owner: int, inside: list[int], group_of: dict[int, str]) -> Box:
    node, tooltip = listing.nodes[owner], _tooltip(listing, inside)
    if isinstance(node, LeafNode):
        if len(inside) > 1:
            return Box(f"n{owner}", "leaves", f"{len(inside):,} leaves", _names(listing, inside), tooltip)
        return Box(f"n{owner}", "leaf", listing.names.get(owner, "leaf"), _what(node), tooltip)
    groups = {group_of.get(i) for i in inside}
    group = groups.pop() if len(groups) == 1 else None
    if len(inside) > 1:
        details = (_histogram(listing, inside), *_what(node))
        return Box(f"n{owner}", "folded", f"{len(inside):,} ops", details, tooltip, len(inside), group)
    label = node.name if owner not in listing.names else f"{listing.names[owner]} = {node.name}"
    return Box(f"n{owner}", "op", label, (*_details(node), *_what(node)), tooltip, 1, group)


def _tooltip(listing: Listing, inside: list[int]) -> str:
    lines, length = [], 0
    for i in inside:
        lines.append(line(listing, i))
        length += len(lines[-1])
        if length > LONGEST_TOOLTIP:
            return "\n".join([*lines, "…"])
    return "\n".join(lines)


def _names(listing: Listing, inside: list[int]) -> tuple[str, ...]:
    names = [listing.names[i] for i in inside if i in listing.names]
    return (shorten(", ".join(names)),) if names else ()


def _histogram(listing: Listing, inside: list[int]) -> str:
    counts = Counter(listing.nodes[i].name for i in inside)
    return shorten(", ".join(f"{name} ×{n}" if n > 1 else name for name, n in counts.items()))


def _details(node: Any) -> list[str]:
    """The parameters of an operation, and the constants among its operands."""
    given = [f"{name}={value}" for name, value in parameters(node.op) if value != str(node.shape)]
    together = ", ".join(given)
    lines = [together] if given and len(together) <= LONGEST else [shorten(one) for one in given]
    if None in node.parents:
        operands = ("·" if p is not None else constant_text(node, k) for k, p in enumerate(node.parents))
        lines.append(shorten(f"({', '.join(operands)})"))
    return lines


def _what(node: AnyNode) -> tuple[str, ...]:
    """Shape, and the dtype where it is not the usual one."""
    return (f"{node.shape}" if node.dtype == np.float64 else f"{node.shape} {node.dtype}",)


def shorten(line: str) -> str:
    """At most LONGEST characters of a line."""
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


# -- edges -----------------------------------------------------------------------------------------------------------------


def _edges(listing: Listing, box: list[int]) -> list[Edge]:
    """One edge a use, parallel ones too; uses between the same boxes are counted together where one of them is folded."""
    members = Counter(box)
    edges: list[Edge] = []
    bundles: dict[tuple[int, int], int] = {}
    for i, node in enumerate(listing.nodes):
        for k, p in enumerate(node.parents):
            if p is None:
                continue
            source, target = box[listing.number[p.serial]], box[i]
            if members[source] == members[target] == 1:
                edges.append(Edge(f"n{source}", f"n{target}", _operand(node, k)))
            elif source != target:
                bundles[source, target] = bundles.get((source, target), 0) + 1
    return edges + [Edge(f"n{s}", f"n{t}", count=count) for (s, t), count in bundles.items()]


def _operand(node: Any, k: int) -> int | None:
    """The place of an operand, where a reader must know it: the op is not commutative and has others, not all the same."""
    others = {p.serial for p in node.parents if p is not None}
    return k if len(others) > 1 and node.name not in COMMUTATIVE else None


# -- saved arrays ----------------------------------------------------------------------------------------------------------


@dataclass
class _Kept:
    """Arrays that share a box, and the boxes of the operations that keep them, once each time."""

    arrays: list[np.ndarray]
    role: str
    keepers: list[int]


def _saved(listing: Listing, box: list[int], together: bool) -> tuple[list[Box], list[Edge]]:
    """A box for each array that operations keep for their gradient, linked to these operations.

    `together`: one box for all arrays that the operations of one box are the first to keep.
    """
    kept: dict[int, _Kept] = {}
    seen: dict[int, _Kept] = {}
    for i, node in enumerate(listing.nodes):
        arrays = () if isinstance(node, LeafNode) else node.saved or ()
        for k, a in enumerate(arrays):
            if not isinstance(a, np.ndarray):
                continue
            if id(a) not in seen:
                seen[id(a)] = kept.setdefault(box[i] if together else id(a), _Kept([], _role(listing, i, k), []))
                seen[id(a)].arrays.append(a)
            seen[id(a)].keepers.append(box[i])
    boxes = [_kept_box(f"s{k}", group) for k, group in enumerate(kept.values())]
    counts = [(f"s{k}", Counter(group.keepers)) for k, group in enumerate(kept.values())]
    edges = [Edge(s, f"n{i}", count=n, kind="saved") for s, count in counts for i, n in count.items()]
    return boxes, edges


def _kept_box(name: str, kept: _Kept) -> Box:
    size, tooltip = _bytes(sum(a.nbytes for a in kept.arrays)), f"kept {len(kept.keepers):,} times"
    if len(kept.arrays) > 1:
        return Box(name, "saved", f"{len(kept.arrays):,} arrays", (size,), tooltip)
    a = kept.arrays[0]
    return Box(name, "saved", kept.role, (f"{a.shape} {a.dtype}", size), f"{kept.role}, {tooltip}")


def _freed(listing: Listing) -> str | None:
    """A note on what backward has freed."""
    freed = sum(node.saved is None for node in listing.nodes)
    return f"{freed:,} operations have freed their saved arrays; backward(retain_graph=True) keeps them." if freed else None


def _role(listing: Listing, i: int, k: int) -> str:
    """What the k-th saved array of node i is: the value of a leaf or an operation, or a constant."""
    if k > 0:
        parents = listing.nodes[i].parents
        p = parents[k - 1] if k <= len(parents) else None
        if p is None:
            return "constant"
        i = listing.number[p.serial]
    return f"value of {listing.names.get(i, listing.nodes[i].name)}"


def _bytes(n: int) -> str:
    power = min(4, (len(str(n)) - 1) // 3)
    return f"{n / 1000**power:.3g} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"
