"""The first half of a layered layout: a rank for every box, and bends where an edge crosses a rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]
MOST_BENDS = 20_000  # edges that would need more than this, the longest, run straight and behind the boxes


@dataclass
class Layers:
    """Boxes (vertices 0 … boxes-1) and bends (the others) in rows, linked only between neighbouring rows.

    `above[v]` and `below[v]` are the links of v; `chains` has for each edge the vertices on its way. All edges from one
    box that go far share one trunk of bends, so the chain of a later one starts where it leaves the trunk.
    """

    sizes: list[Point]
    boxes: int
    rank: list[int]
    rows: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    chains: list[list[int]]

    def is_bend(self, v: int) -> bool:
        """Whether vertex v is a bend."""
        return v >= self.boxes


def layers(
    sizes: Sequence[Point], edges: Sequence[tuple[int, int]], top: Sequence[int] = (), bottom: Sequence[int] = ()
) -> Layers:
    """Ranks, bends and links for boxes of these sizes and edges (source, target).

    `top` are kept in the first row, and `bottom` in the last. Raises ValueError if the edges form a loop.
    """
    rank = ranks(len(sizes), edges)
    inner = sorted({*range(len(sizes))} - {*top, *bottom}, key=rank.__getitem__)
    for v in top:
        rank[v] = rank[inner[0]] - 1
    for v in bottom:
        rank[v] = rank[inner[-1]] + 1
    result = Layers(list(sizes), len(sizes), rank, [], [], [], [[] for _ in edges])
    _add_bends(result, edges)
    result.above, result.below = [[] for _ in result.rank], [[] for _ in result.rank]
    for u, v in _links(result.chains):
        result.below[u].append(v)
        result.above[v].append(u)
    _first_rows(result)
    return result


def ranks(n: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The rank of each vertex: the length of the longest path that leads to it.

    But leaves, what is made of one leaf alone, and what has more ways out than in move down to just above where they are
    used. Raises ValueError if the edges form a loop.
    """
    sources: list[list[int]] = [[] for _ in range(n)]
    targets: list[list[int]] = [[] for _ in range(n)]
    for s, t in edges:
        targets[s].append(t)
        sources[t].append(s)
    order = _topological(sources, targets)
    rank, loose = [0] * n, [False] * n
    for v in order:
        rank[v] = max((rank[s] + 1 for s in sources[v]), default=0)
        loose[v] = len(sources[v]) <= 1 and all(loose[s] for s in sources[v])
    for v in reversed(order):
        if targets[v] and (loose[v] or len(targets[v]) > len(sources[v])):
            rank[v] = min(rank[t] for t in targets[v]) - 1
    return rank


def _topological(sources: list[list[int]], targets: list[list[int]]) -> list[int]:
    missing = [len(s) for s in sources]
    order = [v for v, count in enumerate(missing) if count == 0]
    for v in order:
        for t in targets[v]:
            missing[t] -= 1
            if missing[t] == 0:
                order.append(t)
    if len(order) < len(sources):
        raise ValueError("layout: the edges form a loop, so there is no order from top to bottom")
    return order


def _add_bends(result: Layers, edges: Sequence[tuple[int, int]]) -> None:
    """Give every edge its chain, short edges first, until there are too many bends."""
    rank = result.rank
    trunks: dict[tuple[int, int], list[int]] = {}
    by_length = sorted(range(len(edges)), key=lambda e: rank[edges[e][1]] - rank[edges[e][0]])
    copies = _copies(edges)
    for e in by_length:
        s, t = edges[e]
        trunk = trunks.setdefault((s, copies[e]), [s])
        start = len(trunk) - 1
        if len(rank) - result.boxes + rank[t] - rank[s] - len(trunk) > MOST_BENDS:
            continue
        while rank[trunk[-1]] < rank[t] - 1:
            rank.append(rank[trunk[-1]] + 1)
            result.sizes.append((0.0, 0.0))
            trunk.append(len(rank) - 1)
        result.chains[e] = [*trunk[start:], t]


def _copies(edges: Sequence[tuple[int, int]]) -> list[int]:
    """For each edge, how many equal ones came before."""
    seen: dict[tuple[int, int], int] = {}
    copies = []
    for edge in edges:
        copies.append(seen.get(edge, 0))
        seen[edge] = copies[-1] + 1
    return copies


def _links(chains: list[list[int]]) -> list[tuple[int, int]]:
    return [link for chain in chains for link in zip(chain, chain[1:], strict=False)]


def _first_rows(result: Layers) -> None:
    """Fill the rows depth first from the bottom, so that what leads to one vertex stands together."""
    lowest = min(result.rank, default=0)
    result.rank = [r - lowest for r in result.rank]
    result.rows = [[] for _ in range(max(result.rank, default=-1) + 1)]
    seen = [False] * len(result.rank)
    stack = [v for v in reversed(range(len(result.rank))) if not result.below[v]]
    while stack:
        v = stack.pop()
        if not seen[v]:
            seen[v] = True
            result.rows[result.rank[v]].append(v)
            stack.extend(reversed(result.above[v]))
