"""The modules of a recorded graph: which frames stand around which nodes, which are closed to one box, and what repeats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..graph import LeafNode
from .listing import Listing
from .record import Call, notes

Collapse = Callable[[str, str], bool]
LONGEST_PERIOD, FEWEST_TIMES = 6, 3  # of what counts as a repetition


@dataclass
class Nesting:
    """For every node the box under which it is drawn and the calls whose frames stand around it; names of the boxes."""

    box: list[int]
    around: list[tuple[Call, ...]]
    labels: dict[int, str] = field(default_factory=dict)
    closed: int = 0

    @property
    def size(self) -> int:
        """The number of boxes."""
        return len(set(self.box))


def nest(listing: Listing, depth: int | None = None, collapse: Collapse | None = None) -> Nesting:
    """Frames for the modules of a graph built under `record()`.

    Closed are those deeper than `depth`, and those for which `collapse(path, kind)` says so; it gets the name of a module, such
    as "layers.0", and that of its class.
    """
    calls = [() if (entry := notes.get(node)) is None else entry.calls for node in listing.nodes]
    last: dict[int, int] = {}
    closing: list[Call | None] = []
    for i, path in enumerate(calls):
        call = next(
            (c for k, c in enumerate(path) if (depth is not None and k >= depth) or (collapse and collapse(c.path, c.kind))),
            None,
        )
        closing.append(call)
        if call is not None:
            last[call.number] = i
    box = [i if call is None else last[call.number] for i, call in enumerate(closing)]
    around = [path if call is None else path[: path.index(call)] for path, call in zip(calls, closing, strict=True)]
    made = Nesting(box, around)
    counts: dict[int, int] = {}
    for i, call in enumerate(closing):
        counts[box[i]] = counts.get(box[i], 0) + 1
        if call is not None and counts[box[i]] > 1:
            made.labels[box[i]] = call.label
    made.closed = len(made.labels)
    _place_leaves(listing, made)
    return made


def _place_leaves(listing: Listing, made: Nesting) -> None:
    """Draw each leaf where it is used: in the closed module that alone uses it, or in the frame around all its uses."""
    users: dict[int, list[int]] = {}
    for i in range(len(listing.nodes)):
        for p in listing.operands(i):
            users.setdefault(p, []).append(i)
    outputs = {i for _, i in listing.outputs}
    for i, node in enumerate(listing.nodes):
        if not isinstance(node, LeafNode):
            continue
        using = users.get(i, [])
        boxes = {made.box[u] for u in using}
        if len(boxes) == 1 and i not in outputs and (owner := next(iter(boxes))) in made.labels:
            made.box[i] = owner
        paths = [made.around[u] for u in using] or [()]
        shared = 0
        while all(len(path) > shared and path[shared] == paths[0][shared] for path in paths):
            shared += 1
        made.around[i] = paths[0][:shared]


def closed_to(listing: Listing, room: int, collapse: Collapse | None) -> Nesting | None:
    """Modules closed from the innermost outwards until there is room; None if that is not enough, or there are none."""
    made = nest(listing, None, collapse)
    deepest = max(map(len, made.around), default=0)
    for depth in range(deepest - 1, 0, -1):
        made = nest(listing, depth, collapse)
        fold_repeats(listing, made)
        if made.size <= room:
            return made
    return None


# -- repetitions -----------------------------------------------------------------------------------------------------------


def fold_repeats(listing: Listing, made: Nesting) -> int:
    """Draw what repeats along a chain of boxes as one box, "Linear + tanh × 8"; returns how many such boxes there are."""
    before, after = _neighbours(listing, made.box)
    found = 0
    for chain in _chains(listing, made, before, after):
        kinds = [_kind(listing, made, unit) for unit in chain]
        for start, period, times in _runs(kinds):
            members = chain[start : start + period * times]
            owner = dict.fromkeys(members, members[-1])
            made.box[:] = [owner.get(b, b) for b in made.box]
            made.labels[members[-1]] = f"{' + '.join(kinds[start : start + period])} × {times}"
            found += 1
    if found:
        _place_leaves(listing, made)
    return found


def _kind(listing: Listing, made: Nesting, unit: int) -> str:
    label = made.labels.get(unit)
    return listing.nodes[unit].name if label is None else label.rpartition(": ")[2].partition(" (call")[0]


def _neighbours(listing: Listing, box: Sequence[int]) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """For each box of operations those it gets values from, and those it gives values to."""
    before: dict[int, set[int]] = {}
    after: dict[int, set[int]] = {}
    for i in range(len(listing.nodes)):
        for p in listing.operands(i):
            if box[p] != box[i] and not isinstance(listing.nodes[p], LeafNode):
                before.setdefault(box[i], set()).add(box[p])
                after.setdefault(box[p], set()).add(box[i])
    for _, i in listing.outputs:
        after.setdefault(box[i], set()).add(-1)
    return before, after


def _chains(listing: Listing, made: Nesting, before: dict, after: dict) -> list[list[int]]:
    """Boxes of operations that follow one another, each the only one before and the only one after its neighbour."""
    units = [u for u in sorted(set(made.box)) if not isinstance(listing.nodes[u], LeafNode)]
    follows = {u: next(iter(after[u])) for u in units if len(after.get(u, ())) == 1}
    follows = {u: v for u, v in follows.items() if v >= 0 and len(before[v]) == 1 and made.around[u] == made.around[v]}
    followed = set(follows.values())
    chains = []
    for u in units:
        if u not in followed:
            chain = [u]
            while chain[-1] in follows:
                chain.append(follows[chain[-1]])
            chains.append(chain)
    return chains


def _runs(kinds: Sequence[str]) -> list[tuple[int, int, int]]:
    """Where a piece of a sequence repeats: start, length and times, from left to right."""
    found, i = [], 0
    while i < len(kinds):
        best = (0, 0)
        for period in range(1, LONGEST_PERIOD + 1):
            times = 1
            while kinds[i + times * period : i + (times + 1) * period] == kinds[i : i + period] and i + (
                times + 1
            ) * period <= len(kinds):
                times += 1
            if times >= FEWEST_TIMES and period * times > best[0] * best[1]:
                best = (period, times)
        if best[0]:
            found.append((i, *best))
        i += max(1, best[0] * best[1])
    return found
