"""Where the vertices of each row lie, from left to right, once their order is known.

The method of Brandes and Köpf (2001): vertices that follow one another are joined to upright blocks, blocks are packed as
closely as they may, and the mean is taken of four such packings: from the left and from the right, from above and from below.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import inf

from .layers import Layers
from .order import positions

NODE_GAP, BEND_GAP = 22.0, 13.0

Ports = dict[tuple[int, int, int], tuple[float, float]]
Guides = list[list[tuple[int, float]]]


def ports(graph: Layers, gap: float) -> Ports:
    """For the k-th link from u to v: how far from the middle of u it leaves, and from the middle of v it arrives.

    Links arrive side by side, `gap` apart where the box is wide enough, in the order of their upper ends; parallel ones
    also leave side by side.
    """
    place = positions(graph)
    found: Ports = {}
    for v, above in enumerate(graph.above):
        upper = sorted(above, key=place.__getitem__)
        for i, u in enumerate(upper):
            k = i - upper.index(u)
            arrive = 0.0 if graph.is_bend(v) else _spread(i, len(upper), graph.sizes[v][0], gap)
            found[u, v, k] = (_spread(k, upper.count(u), graph.sizes[u][0], gap), arrive)
    return found


def _spread(i: int, count: int, width: float, gap: float) -> float:
    """The i-th of `count` places around 0 that share a side of this width."""
    if count == 1:
        return 0.0
    return (i - (count - 1) / 2) * min(gap, max(width - 14.0, 0.0) / (count - 1))


def place_rows(graph: Layers, where: Ports) -> list[float]:
    """The middle of every vertex, in the given order and without overlaps."""
    from_above, from_below = _guides(graph, where)
    crossed = crossed_links(graph)
    packings = []
    for rows, guides in ((graph.rows, from_above), (graph.rows[::-1], from_below)):
        packings.append(_pack(graph, rows, guides, crossed))
        mirrored = [[(u, -shift) for u, shift in reversed(guide)] for guide in guides]
        packings.append([-x for x in _pack(graph, [row[::-1] for row in rows], mirrored, crossed)])
    x = _balance(packings)
    _settle_leaves(graph, where, x)
    return x


def _guides(graph: Layers, where: Ports) -> tuple[Guides, Guides]:
    """For every vertex the neighbours above, and below, that it may stand in line with, and how far beside their middle.

    A chain of operations is not bent by leaves, or what is made of one leaf alone, nor a trunk by those who leave it.
    """
    place, light = positions(graph), _light(graph)
    from_above: Guides = [[] for _ in graph.rank]
    from_below: Guides = [[] for _ in graph.rank]
    for (u, v, _), (leave, arrive) in where.items():
        beside = light[u] and not all(light[w] for w in graph.above[v])
        branch = graph.is_bend(u) and not graph.is_bend(v) and any(graph.is_bend(w) for w in graph.below[u])
        if not (beside or branch):
            from_above[v].append((u, leave - arrive))
            from_below[u].append((v, arrive - leave))
    for guide in (*from_above, *from_below):
        guide.sort(key=lambda entry: place[entry[0]])
    return from_above, from_below


def _light(graph: Layers) -> list[bool]:
    """Which vertices are leaves, or reached from one leaf alone without branching."""
    light = [False] * len(graph.rank)
    for row in graph.rows:
        for v in row:
            above = graph.above[v]
            light[v] = not above or (len(above) == 1 and light[above[0]])
    return light


def crossed_links(graph: Layers) -> set[tuple[int, int]]:
    """Links, in both directions, that cross a link between two bends. They must not become upright, so that trunks can."""
    place = positions(graph)
    crossed: set[tuple[int, int]] = set()
    for row in graph.rows:
        low, scanned = 0.0, 0
        for i, v in enumerate(row):
            high = max((place[u] for u in graph.above[v] if graph.is_bend(u) and graph.is_bend(v)), default=-1.0)
            if high < low:
                if i < len(row) - 1:
                    continue
                high = inf
            for w in row[scanned : i + 1]:
                bad = [u for u in graph.above[w] if not low <= place[u] <= high]
                crossed.update((u, w) for u in bad)
                crossed.update((w, u) for u in bad)
            low, scanned = high, i + 1
    return crossed


# -- one packing -----------------------------------------------------------------------------------------------------------


def _pack(graph: Layers, rows: list[list[int]], guides: Guides, crossed: set[tuple[int, int]]) -> list[float]:
    """Join vertices to blocks along their guides, first row first, and pack the blocks to the left."""
    root, offset = _blocks(rows, guides, crossed)
    follows: dict[int, list[tuple[int, float]]] = {}
    leads: dict[int, list[tuple[int, float]]] = {}
    for row in rows:
        for a, b in pairwise(row):
            gap = BEND_GAP if graph.is_bend(a) or graph.is_bend(b) else NODE_GAP
            distance = offset[a] - offset[b] + gap + (graph.sizes[a][0] + graph.sizes[b][0]) / 2
            follows.setdefault(root[a], []).append((root[b], distance))
            leads.setdefault(root[b], []).append((root[a], distance))
    start: dict[int, float] = {}
    order = _in_order({root[v] for row in rows for v in row}, follows, leads)
    for block in order:
        start[block] = max((start[a] + distance for a, distance in leads.get(block, ())), default=0.0)
    for block in reversed(order):
        start[block] = max(start[block], min((start[b] - distance for b, distance in follows.get(block, ())), default=-inf))
    return [start[root[v]] + offset[v] for v in range(len(root))]


def _blocks(rows: list[list[int]], guides: Guides, crossed: set[tuple[int, int]]) -> tuple[list[int], list[float]]:
    """For every vertex the first one of its block, and how far beside it it stands. Joined links do not cross."""
    place = {v: i for row in rows for i, v in enumerate(row)}
    root, offset = list(range(len(guides))), [0.0] * len(guides)
    for row in rows:
        last = -1
        for v in row:
            guide = guides[v]
            for u, shift in guide[(len(guide) - 1) // 2 : len(guide) // 2 + 1]:
                if last < place[u] and (u, v) not in crossed:
                    root[v], offset[v], last = root[u], offset[u] + shift, place[u]
                    break
    return root, offset


def _in_order(blocks: Iterable[int], follows: dict, leads: dict) -> list[int]:
    """The blocks so that each comes after those to its left."""
    missing = {block: len(leads.get(block, ())) for block in blocks}
    order = [block for block, count in missing.items() if count == 0]
    for block in order:
        for b, _ in follows.get(block, ()):
            missing[b] -= 1
            if missing[b] == 0:
                order.append(b)
    return order


def _balance(packings: list[list[float]]) -> list[float]:
    """The mean of the two middle ones of four packings, all moved to the narrowest."""
    narrowest = min(packings, key=lambda xs: max(xs, default=0.0) - min(xs, default=0.0))
    moved = []
    for k, xs in enumerate(packings):
        side = max if k % 2 else min
        shift = side(narrowest, default=0.0) - side(xs, default=0.0)
        moved.append([x + shift for x in xs])
    return [sum(sorted(xs)[1:3]) / 2 for xs in zip(*moved, strict=True)]


# -- leaves ----------------------------------------------------------------------------------------------------------------


def _settle_leaves(graph: Layers, where: Ports, x: list[float]) -> None:
    """Move each leaf to the middle of where it is used, as near as the others, which stay, allow."""
    goals: dict[int, list[float]] = {}
    for (u, v, _), (leave, arrive) in where.items():
        if not graph.above[u]:
            goals.setdefault(u, []).append(x[v] + arrive - leave)
    for row in graph.rows:
        offsets = _offsets(graph, row)
        wanted = [sum(goals[v]) / len(goals[v]) if v in goals else x[v] for v in row]
        strengths = [1.0 if v in goals else 1e9 for v in row]
        shifted = [goal - offset for goal, offset in zip(wanted, offsets, strict=True)]
        for v, offset, value in zip(row, offsets, rising(shifted, strengths), strict=True):
            x[v] = value + offset


def _offsets(graph: Layers, row: list[int]) -> list[float]:
    """The positions of the vertices of a row when they stand as close as they may."""
    offsets = [0.0] * len(row)
    for i, (a, b) in enumerate(pairwise(row)):
        gap = BEND_GAP if graph.is_bend(a) or graph.is_bend(b) else NODE_GAP
        offsets[i + 1] = offsets[i] + gap + (graph.sizes[a][0] + graph.sizes[b][0]) / 2
    return offsets


def rising(wanted: list[float], strengths: list[float]) -> list[float]:
    """The non-falling numbers nearest to the wanted ones in weighted least squares, by pooling neighbours that disagree.

    >>> rising([0.0, 3.0, 1.0, 5.0], [1.0, 1.0, 1.0, 1.0])
    [0.0, 2.0, 2.0, 5.0]
    """
    pools: list[list[float]] = []  # mean, strength, members
    for value, strength in zip(wanted, strengths, strict=True):
        pool = [value, strength, 1]
        while pools and pools[-1][0] > pool[0]:
            mean, weight, members = pools.pop()
            total = weight + pool[1]
            pool = [(mean * weight + pool[0] * pool[1]) / total, total, members + pool[2]]
        pools.append(pool)
    return [mean for mean, _, members in pools for _ in range(int(members))]
