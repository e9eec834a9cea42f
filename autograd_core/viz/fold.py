"""The size guard of drawings: which nodes of a large graph share a box.

Three ways, each coarser than the one before: runs of operations with one input and one use; operations that only one box
uses, together with that box; blocks of operations made one after another. None of them can make a loop: a box is left only
from its last operation, or (blocks) everything that leaves it is younger than everything in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..graph import LeafNode
from .listing import Listing

MOST_BLOCKS = 40  # more blocks than this on top of one another show no structure any more


@dataclass(frozen=True)
class Folding:
    """For every node the number of the node under which it is drawn, and a sentence that says what was done."""

    box: list[int]
    note: str | None


def fold(listing: Listing, limit: int | None, label: Callable[[int], str | None]) -> Folding:
    """Let nodes share boxes until there are at most `limit` of them, outputs included (None: each has its own).

    Nodes with a name and nodes of different `label` are kept apart where runs and common uses are folded.
    """
    size = len(listing.nodes)
    own = list(range(size))
    if limit is None or size + len(listing.outputs) <= limit:
        return Folding(own, None)
    room = max(1, limit - len(listing.outputs))
    uses = _uses(listing)
    way, box = "runs of operations with one input and one use share a box", _absorb(listing, uses, label, _in_a_run, size)
    if len(set(box)) > room:
        way, box = "operations that only one box uses share it", _trees(listing, uses, label, room)
    if len(set(box)) > room:
        way, box = "operations made one after another share a box", _blocks(listing, uses, room)
    note = f"{size:,} nodes are drawn as {len(set(box)):,} boxes: {way}. draw(..., limit=None) shows each one."
    return Folding(box, note)


def _uses(listing: Listing) -> list[list[int]]:
    """For every node the numbers of the nodes that use it, with repetitions; -1 for an output."""
    uses: list[list[int]] = [[] for _ in listing.nodes]
    for i in range(len(listing.nodes)):
        for p in listing.operands(i):
            uses[p].append(i)
    for _, i in listing.outputs:
        uses[i].append(-1)
    return uses


def _absorb(listing: Listing, uses: list[list[int]], label: Callable, may: Callable, most: int) -> list[int]:
    """Draw an operation with its users where all of them share one box, up to `most` operations to a box."""
    box = list(range(len(listing.nodes)))
    members = [1] * len(box)
    for i in reversed(box[:]):
        users = {box[u] if u >= 0 else -1 for u in uses[i]}
        if len(users) == 1 and i not in listing.names and not isinstance(listing.nodes[i], LeafNode):
            (user,) = users
            if user >= 0 and members[user] < most and label(user) == label(i) and may(listing, uses[i]):
                box[i] = user
                members[user] += 1
    return box


def _in_a_run(listing: Listing, users: list[int]) -> bool:
    return len(users) == 1 and len(listing.operands(users[0])) == 1


def _trees(listing: Listing, uses: list[list[int]], label: Callable, room: int) -> list[int]:
    """Draw operations with the only box that uses them, as few to a box as the room allows."""
    size = len(listing.nodes)
    coarsest = _absorb(listing, uses, label, _always, size)
    if len(set(coarsest)) > room:
        return coarsest
    most = -(-size // room)
    while len(set(box := _absorb(listing, uses, label, _always, most))) > room:
        most *= 2
    return box


def _always(listing: Listing, users: list[int]) -> bool:
    return True


def _blocks(listing: Listing, uses: list[list[int]], room: int) -> list[int]:
    """Draw equally many consecutive operations in each box, and leaves together that only one such box uses."""
    ops = [i for i, node in enumerate(listing.nodes) if not isinstance(node, LeafNode)]
    width = -(-len(ops) // max(1, min(MOST_BLOCKS, room // 2)))
    box = list(range(len(listing.nodes)))
    for start in range(0, len(ops), width):
        for i in ops[start : start + width]:
            box[i] = ops[min(start + width, len(ops)) - 1]
    leaves = [i for i, node in enumerate(listing.nodes) if isinstance(node, LeafNode)]
    _gather(box, leaves, lambda i: frozenset(box[u] if u >= 0 else -1 for u in uses[i]))
    if len(set(box)) > room:
        _gather(box, leaves, lambda i: 0)
    return box


def _gather(box: list[int], leaves: list[int], key: Callable[[int], object]) -> None:
    """Draw those leaves together that have the same key."""
    first: dict[object, int] = {}
    keys = [key(i) for i in leaves]
    for i, k in zip(leaves, keys, strict=True):
        box[i] = first.setdefault(k, i)
