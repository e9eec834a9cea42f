"""From a recorded graph to the boxes and edges of a drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..graph import AnyNode, LeafNode, ancestors
from .facts import Facts
from .fold import Folding, fold
from .listing import Listing, constant_text, named, parameters
from .modules import Collapse, Nesting, closed_to, fold_repeats, nest
from .record import notes
from .rules import file_size
from .scene import Box, Edge, Group, Scene
from .text import line

LONGEST = 34  # characters in a line of a box; tooltips have it whole
LONGEST_TOOLTIP = 2000
MANY = 5_000  # boxes; a drawing that has more, of a graph of which nothing was recorded, tells no facts: nobody would ask
# Operations whose operands may change places: a drawing need not say which is which.
COMMUTATIVE = {"add", "multiply", "maximum", "minimum", "logaddexp", "hypot"}


@dataclass(frozen=True)
class Wish:
    """What a drawing of a graph shall show: see `draw`."""

    title: str | None = None
    groups: Mapping[str, Any] | None = None
    show_saved: bool = False
    show_values: bool = False
    links: bool = False
    limit: int | None = None
    depth: int | None = None
    collapse: Collapse | None = None
    highlight: str | None = "nan"
    direction: str = "TB"


def scene(listing: Listing, wish: Wish) -> Scene:
    """Boxes for the nodes of a listing, folded where there are more than the limit, with their edges, groups and notes."""
    group_of, labels = _tinted(listing, wish.groups)
    folding, nesting = _folded(listing, wish, group_of)
    members: dict[int, list[int]] = {}
    for i, owner in enumerate(folding.box):
        members.setdefault(owner, []).append(i)
    boxes = [_box(listing, owner, inside, group_of, nesting, folding.labels) for owner, inside in sorted(members.items())]
    facts = Facts(listing)
    if facts.recorded or len(boxes) <= MANY:
        boxes = [facts.told(box, members[int(box.id[1:])], wish.highlight) for box in boxes]
    if wish.show_values:
        boxes = [replace(box, details=(*box.details, *_shown(box))) for box in boxes]
    edges = _edges(listing, folding.box)
    if wish.links:
        edges += _links(listing, folding.box)
    notes_ = [folding.note, _strangers(listing)]
    if wish.show_saved:
        more, ties = _saved(listing, folding.box, together=folding.note is not None)
        boxes, edges = more + boxes, ties + edges
        notes_.append(_freed(listing))
    for k, (name, i) in enumerate(listing.outputs):
        boxes.append(Box(f"y{k}", "output", name, _what(listing.nodes[i]), f"output {name} = %{i}", facts=facts.of([i])))
        edges.append(Edge(f"n{folding.box[i]}", f"y{k}"))
    tinted = {box.group for box in boxes}
    groups = tuple(Group(label, label) for label in labels if label in tinted)
    boxes, frames = _framed(boxes, nesting)
    return Scene(tuple(boxes), tuple(edges), (*groups, *frames), wish.title, tuple(filter(None, notes_)), wish.direction)


def _folded(listing: Listing, wish: Wish, group_of: dict[int, str]) -> tuple[Folding, Nesting | None]:
    """Which nodes share a box: closed modules, and where that is not enough, the size guard's choice."""
    room = wish.limit // 2 if wish.limit and wish.show_saved else wish.limit
    if not any((entry := notes.get(node)) is not None and entry.calls for node in listing.nodes):
        return fold(listing, room, group_of.get), None
    nesting = nest(listing, wish.depth, wish.collapse)
    note = None
    if wish.depth is not None or wish.collapse is not None:
        times = fold_repeats(listing, nesting)
        note = f"{nesting.closed:,} modules are closed to one box each" if nesting.closed else None
        note = f"{note}{', and what repeats is drawn once' if times else ''}." if note else None
    if room is not None and nesting.size + len(listing.outputs) > room:
        closed = closed_to(listing, room, wish.collapse)
        if closed is None:
            return fold(listing, room, group_of.get), None
        size = f"{len(listing.nodes):,} nodes are drawn as {closed.size:,} boxes"
        return Folding(closed.box, f"{size}: modules are closed. draw(..., limit=None) shows each node."), closed
    return Folding(nesting.box, note), nesting


def _framed(boxes: list[Box], nesting: Nesting | None) -> tuple[list[Box], list[Group]]:
    """The frames of the modules in which more than one box stands, and the boxes with the name of theirs."""
    if nesting is None:
        return boxes, []
    paths = {box.id: nesting.around[int(box.id[1:])] for box in boxes if box.id[0] == "n"}
    inside = Counter(call for path in paths.values() for call in path)
    kept = sorted((call for call, count in inside.items() if count > 1), key=lambda call: call.number)
    name = {call: f"m{k}" for k, call in enumerate(kept)}
    homes: dict[str, str | None] = {}
    parents: dict[str, str | None] = {}
    for place, path in paths.items():
        home = None
        for call in path:
            if call in name:
                parents[name[call]] = home
                home = name[call]
        homes[place] = home
    groups = [Group(name[call], call.label, "module", parents[name[call]]) for call in kept]
    return [replace(box, module=homes.get(box.id)) for box in boxes], groups


def _shown(box: Box) -> list[str]:
    facts = dict(box.facts)
    value = [shorten(f"= {facts['value']}")] if "value" in facts else []
    return value + ([shorten(f"∇ {facts['gradient']}")] if "gradient" in facts else [])


ORDERS = ("", "first derivative", "second derivative", "third derivative")


def _tinted(listing: Listing, groups: Mapping[str, Any] | None) -> tuple[dict[int, str], list[str]]:
    """The tint of each operation and all tints in order: those asked for, else the orders of derivatives that were recorded."""
    if groups is not None:
        return _grouped(listing, groups), list(groups)
    orders = {i: entry.order for i, node in enumerate(listing.nodes) if (entry := notes.get(node)) is not None and entry.order}
    words = {k: ORDERS[k] if k < len(ORDERS) else f"derivative of order {k}" for k in sorted(set(orders.values()))}
    return {i: words[k] for i, k in orders.items()}, list(words.values())


def _links(listing: Listing, box: list[int]) -> list[Edge]:
    """From each operation to the first box that its derivative rule made, where that was recorded."""
    first: dict[tuple[int, int], int] = {}
    for i, node in enumerate(listing.nodes):
        entry = notes.get(node)
        if entry is not None and entry.rule_of in listing.number and box[i] != (source := box[listing.number[entry.rule_of]]):
            first.setdefault((source, entry.order), box[i])
    return [Edge(f"n{s}", f"n{t}", kind="link") for (s, _), t in first.items()]


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


def _box(
    listing: Listing,
    owner: int,
    inside: list[int],
    group_of: dict[int, str],
    nesting: Nesting | None,
    labels: Mapping[int, str],
) -> Box:
    node, tooltip = listing.nodes[owner], _tooltip(listing, inside)
    if isinstance(node, LeafNode):
        if len(inside) > 1:
            return Box(f"n{owner}", "leaves", f"{len(inside):,} leaves", _names(listing, inside), tooltip)
        return Box(f"n{owner}", "leaf", listing.names.get(owner, "leaf"), _what(node), tooltip)
    groups = {group_of.get(i) for i in inside}
    group = groups.pop() if len(groups) == 1 else None
    if nesting is not None and owner in nesting.labels:
        operations = [i for i in inside if not isinstance(listing.nodes[i], LeafNode)]
        words = f"{len(operations):,} ops" + (f", {n} parameters" if (n := len(inside) - len(operations)) else "")
        return Box(f"n{owner}", "folded", nesting.labels[owner], (words, *_what(node)), tooltip, len(operations), group)
    if len(inside) > 1:
        details = (_histogram(listing, inside), *_what(node))
        return Box(f"n{owner}", "folded", labels.get(owner, f"{len(inside):,} ops"), details, tooltip, len(inside), group)
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
    several = bool(node.shape) and isinstance(node.shape[0], tuple)
    shape = (
        " + ".join(f"{n} × {s}" if n > 1 else f"{s}" for s, n in Counter(node.shape).items()) if several else f"{node.shape}"
    )
    return (shorten(shape) if node.dtype == np.float64 else f"{shorten(shape)} {node.dtype}",)


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
    parents = node.parents
    if len(parents) < 2 or node.name in COMMUTATIVE:
        return None
    return k if len({p.serial for p in parents if p is not None}) > 1 else None


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
    size, tooltip = file_size(sum(a.nbytes for a in kept.arrays)), f"kept {len(kept.keepers):,} times"
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
