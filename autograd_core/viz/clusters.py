"""The built-in layout with frames: each module is laid out by itself, and is one box in the layout around it.

An edge that crosses a frame passes through a port: a place in the first or the last row within, which fixes where the edge
meets the frame outside. The innermost modules are laid out first; nothing recurses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .layers import Point
from .layout import Layout, downwards, layered, turn

PAD, HEAD = 10.0, 22.0  # around what a frame holds, and on the side where its title stands

Vertex = int | str | tuple[str, int]  # a box, a module, or a port for the values of one box: ("in", 3)
Route = list[tuple[str, int]]  # frames and segments on the way of an edge
WHOLE = ""


@dataclass
class Frame:
    """What stands in one module (or in the whole), the segments of edges in it, and once it is laid out, where all that is."""

    number: dict[Vertex, int] = field(default_factory=dict)
    segments: dict[tuple, int] = field(default_factory=dict)
    ends: list[tuple[Vertex, Vertex, int]] = field(default_factory=list)  # of each segment, and the box it comes from
    layout: Layout | None = None
    size: Point = (0.0, 0.0)
    shift: Point = (0.0, 0.0)  # from the corner of the frame to that of its layout
    corner: Point = (0.0, 0.0)

    def join(self, a: Vertex, b: Vertex, source: int, copy: int) -> int:
        """The number of the segment from a to b for the values of a box; made if there is none."""
        for v in (a, b):
            self.number.setdefault(v, len(self.number))
        key = (a, b, source, copy)
        if key not in self.segments:
            self.segments[key] = len(self.ends)
            self.ends.append((a, b, source))
        return self.segments[key]

    def port(self, kind: str, source: int) -> float:
        """How far from the middle of the frame a port lies."""
        assert self.layout is not None
        return self.layout.centres[self.number[kind, source]][0] + self.shift[0] - self.size[0] / 2


def framed(
    sizes: Sequence[Point],
    edges: Sequence[tuple[int, int]],
    homes: Sequence[str | None],
    parents: Mapping[str, str | None],
    titles: Mapping[str, float],
    direction: str,
    port_gap: float,
    backend: str,
) -> Layout:
    """A layout with frames: `homes` has the module of each box, `parents` the module around each module, outer ones first.

    `titles` are the widths of their titles. Raises ValueError if the edges form a loop, also one between frames.
    """
    if not parents:
        return layered(sizes, edges, direction, port_gap, backend)
    sideways = direction == "LR"
    turned = [(h, w) for w, h in sizes] if sideways else list(sizes)
    frames = {name: Frame() for name in (WHOLE, *parents)}
    for i, home in enumerate(homes):
        inside = frames[home or WHOLE]
        inside.number.setdefault(i, len(inside.number))
    for name, parent in parents.items():
        outside = frames[parent or WHOLE]
        outside.number.setdefault(name, len(outside.number))
    ways = _ways(edges, homes, parents, frames)
    for name in [*reversed(list(parents)), WHOLE]:
        _lay(frames[name], frames, turned, port_gap, backend)
        if name:
            _surround(frames[name], titles[name], sideways)
    return _gathered(sizes, edges, homes, parents, frames, ways, sideways, backend)


def _around(name: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """The frames around a place, from the whole inwards."""
    path = []
    while name:
        path.append(name)
        name = parents[name]
    return [WHOLE, *reversed(path)]


def _ways(edges: Sequence, homes: Sequence, parents: Mapping, frames: dict[str, Frame]) -> list[Route]:
    """For each edge the segments from its source out of frames, across, and into frames to its target."""
    seen: dict[tuple[int, int], int] = {}
    ways = []
    for s, t in edges:
        copy = seen[s, t] = seen.get((s, t), -1) + 1
        up, down = _around(homes[s], parents), _around(homes[t], parents)
        common = sum(1 for a, b in zip(up, down, strict=False) if a == b)
        way: Route = []
        a: Vertex = s
        for name in reversed(up[common:]):
            way.append((name, frames[name].join(a, ("out", s), s, 0)))
            a = name
        for k, name in enumerate(down[common - 1 :], common):
            b = down[k] if k < len(down) else t
            way.append((name, frames[name].join(a, b, s, copy if b == t else 0)))
            a = ("in", s)
        ways.append(way)
    return ways


def _lay(frame: Frame, frames: dict[str, Frame], turned: Sequence[Point], port_gap: float, backend: str) -> None:
    """Lay out what stands in a frame; the frames in it have their layouts."""
    sizes = [turned[v] if isinstance(v, int) else frames[v].size if isinstance(v, str) else (0.0, 0.0) for v in frame.number]
    number = frame.number
    edges = [(number[a], number[b]) for a, b, _ in frame.ends]
    ends = [
        (frames[a].port("out", s) if isinstance(a, str) else None, frames[b].port("in", s) if isinstance(b, str) else None)
        for a, b, s in frame.ends
    ]
    top, bottom = ([i for v, i in number.items() if isinstance(v, tuple) and v[0] == kind] for kind in ("in", "out"))
    frame.layout = downwards(sizes, edges, port_gap, backend, top, bottom, ends)


def _surround(frame: Frame, title: float, sideways: bool) -> None:
    """Give a frame its size, with room for the title, which stands on the left where all is turned."""
    assert frame.layout is not None
    before, above = (HEAD, PAD) if sideways else (PAD, HEAD)
    width, height = frame.layout.width + before + PAD, frame.layout.height + above + PAD
    wider = max(0.0, title + 2 * PAD - (height if sideways else width))
    across, down = (0.0, wider) if sideways else (wider, 0.0)
    frame.size, frame.shift = (width + across, height + down), (before + across / 2, above + down / 2)


def _gathered(
    sizes: Sequence[Point],
    edges: Sequence,
    homes: Sequence,
    parents: Mapping,
    frames: dict[str, Frame],
    ways: list[Route],
    sideways: bool,
    backend: str,
) -> Layout:
    """All layouts put into one."""
    whole = frames[WHOLE].layout
    assert whole is not None
    for name, parent in parents.items():
        x, y = _absolute(frames[parent or WHOLE], name)
        w, h = frames[name].size
        frames[name].corner = (x - w / 2, y - h / 2)
    centres = [_absolute(frames[home or WHOLE], i) for i, home in enumerate(homes)]
    routes = [_route(way, frames) for way in ways]
    boxes = {name: (*frames[name].corner, *frames[name].size) for name in parents}
    width, height = whole.width, whole.height
    if sideways:
        centres, routes = turn(centres), [turn(route) for route in routes]
        boxes = {name: (y, x, h, w) for name, (x, y, w, h) in boxes.items()}
        width, height = height, width
    return Layout(centres, list(sizes), routes, width, height, backend, boxes)


def _moved(frame: Frame, point: Point) -> Point:
    return point[0] + frame.corner[0] + frame.shift[0], point[1] + frame.corner[1] + frame.shift[1]


def _absolute(frame: Frame, v: Vertex) -> Point:
    assert frame.layout is not None
    return _moved(frame, frame.layout.centres[frame.number[v]])


def _route(way: Route, frames: dict[str, Frame]) -> list[Point]:
    """The curve through all segments. One that leaves a trunk begins there: another edge draws what comes before."""
    points: list[Point] = []
    for name, segment in way:
        frame = frames[name]
        assert frame.layout is not None
        piece = [_moved(frame, point) for point in frame.layout.routes[segment]]
        a = frame.ends[segment][0]
        starts = not isinstance(a, tuple) or abs(piece[0][1] - _absolute(frame, a)[1]) < 0.5
        if points and starts:
            (x0, y0), (x1, y1) = points[-1], piece[0]
            points += [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2), *piece]
        else:
            points = piece
    return points
