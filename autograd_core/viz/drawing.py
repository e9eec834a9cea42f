"""Drawing: a picture of a graph as plain data, which can be looked at, saved and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from json.encoder import encode_basestring
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..tensor import Tensor, from_array
from . import dot, html, mermaid, svg
from .backends import arrange, check, picture
from .backward_graph import SHOWS, backward
from .from_node import Wish, scene
from .from_program import is_program, program_scene
from .layout import Layout
from .listing import Listing, named, read
from .record import notes, record
from .scene import Box, Edge, Scene
from .steps import Step, steps_of

_dumps = json.JSONEncoder(ensure_ascii=False).encode
LIMIT = 400  # boxes in a drawing that a reader can still follow


def _edge_row(edge: Edge) -> str:
    """An edge as JSON, without the encoder: there are many."""
    operand = "null" if edge.operand is None else edge.operand
    ends = f'"source": {encode_basestring(edge.source)}, "target": {encode_basestring(edge.target)}'
    return f'{{{ends}, "operand": {operand}, "count": {edge.count}, "kind": {encode_basestring(edge.kind)}}}'


@dataclass(frozen=True)
class Drawing(Scene):
    """A drawing of a computation graph: `nodes`, `edges` and `groups`, and the same as `.svg`, `.html`, `.dot`, `.json`
    and `.mermaid`. `steps` is the order in which values and gradients come to be, for the page that plays them.

    Jupyter shows it by itself. Two drawings are equal if they show the same.
    """

    backend: str | None = None
    steps: tuple[Step, ...] = ()

    @cached_property
    def layout(self) -> Layout:
        """Where everything lies."""
        return arrange(self, self.backend)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, with its legend; needs no program but a browser."""
        return svg.svg(self, self.layout)

    @cached_property
    def html(self) -> str:
        """The picture as one page without a network: zoom, search, modules that fold, details, and backpropagation in steps."""
        return html.page(self, self.svg, self.steps)

    @cached_property
    def mermaid(self) -> str:
        """The picture in the language of Mermaid."""
        return mermaid.mermaid(self)

    @cached_property
    def dot(self) -> str:
        """The picture in the DOT language of Graphviz. Raises MissingExtraError without the Python package graphviz."""
        return dot.dot(self)

    @cached_property
    def json(self) -> str:
        """Title, notes, groups, nodes and edges as JSON, one line each."""
        head = {"version": 1, "title": self.title, "direction": self.direction, "notes": self.notes}
        lines = [f" {_dumps(key)}: {_dumps(value)}" for key, value in head.items()]
        groups, nodes = ([_dumps(vars(item)) for item in items] for items in (self.groups, self.nodes))
        for key, items in (("groups", groups), ("nodes", nodes), ("edges", map(_edge_row, self.edges))):
            rows = ",\n  ".join(items)
            lines.append(f' "{key}": [\n  {rows}\n ]' if rows else f' "{key}": []')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def save(self, path: str | PathLike) -> Path:
        """Write the drawing to a file in the format of its suffix: .svg, .html, .dot, .json, .mermaid (or .mmd), .png or
        .pdf. Returns the path.

        Raises ValueError for another suffix, OSError if the file cannot be written, and MissingExtraError if Graphviz,
        which draws .png and .pdf, or its Python package, which writes .dot, is not installed.
        """
        path = Path(path)
        content = self._as(path)
        try:
            path.write_bytes(content)
        except OSError as error:
            advice = "Give a file in a folder that exists and that you may write to"
            raise OSError(error.errno, f"cannot write the drawing: {error.strerror}. {advice}", str(path)) from error
        return path

    def _as(self, path: Path) -> bytes:
        writers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg.encode(),
            ".dot": lambda: self.dot.encode(),
            ".json": lambda: self.json.encode(errors="backslashreplace"),
            ".png": lambda: picture(self, self.layout, "png"),
            ".pdf": lambda: picture(self, self.layout, "pdf"),
            ".html": lambda: self.html.encode(),
            ".mermaid": lambda: self.mermaid.encode(),
            ".mmd": lambda: self.mermaid.encode(),
        }
        try:
            writer = writers[path.suffix.lower()]
        except KeyError:
            raise ValueError(
                f"save: {path.name!r} does not say in which format to save the drawing. "
                f"Its suffix must be one of {', '.join(writers)}."
            ) from None
        return writer()

    def __repr__(self) -> str:
        return f"<{svg.summary(self)}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg, "text/plain": repr(self)}


def draw(
    y: Any,
    *,
    names: Any = None,
    groups: Mapping[str, Any] | None = None,
    title: str | None = None,
    show: str = "forward",
    show_saved: bool = False,
    show_values: bool = False,
    links: bool = False,
    focus: Any = None,
    depth: int | None = None,
    collapse: Callable[[str, str], bool] | None = None,
    highlight: str | None = "nan",
    direction: str = "TB",
    limit: int | None = LIMIT,
    backend: str | None = None,
) -> Drawing:
    """Draw the graph of the computation of `y`: a Tensor, or a list, tuple or dict of Tensors.

    `y` may also be a compiled function, a program of one, `program.stages`, or a `record()` whose block failed.
    `names`: names for Tensors in the graph, such as `{"w": w}`, `model.named_parameters()`, or the model itself.
    `groups`: Tensors by label, such as `{"u": u, "u_x": u_x}`; each operation takes the tint of the first that needs it.
    Without it, what a graph built within `record()` owes to its first, second, … derivative is tinted.
    `show`: "forward", "backward" (the gradients on their way), or "both", with a link from each operation to its derivative.
    `links`: show which operation's rule made which part of a recorded derivative.
    `show_values`: values and gradients in the boxes, where they are known; `record()` keeps them.
    `focus`: a Tensor in the graph, or its name; only what it was computed from is drawn.
    `depth`: how many modules within one another are open, where they were recorded; `collapse(path, kind)` says of each
    whether to close it.
    `highlight`: "nan" marks the way of NaN and infinities, "zero" that of zero gradients, through a recorded graph.
    `show_saved`: show the arrays that are kept for the gradient.
    `direction`: "TB", downwards, or "LR", to the right.
    `limit`: with more boxes than this, operations share boxes, and a note says so; None shows every one.
    `backend`: who places the boxes: "pygraphviz", "dot" or "builtin"; None takes the first of these that is installed, and
    for a large graph the built-in one, which is quicker. One that is missing or fails is replaced by the built-in one.

    Raises GradientError for a Tensor without a graph, TypeError for what is not a Tensor, and ValueError for an unknown
    choice, a limit below 10, a focus outside the graph, or nothing to draw.

    >>> import autograd_core as ac
    >>> x = ac.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> drawing = ac.viz.draw(ac.sum(ac.tanh(x)), title="A small graph")
    >>> drawing
    <A small graph: 2 operations, 4 boxes, 3 edges>
    >>> [box.label for box in drawing.nodes]
    ['x', 'tanh', 'sum', 'output']
    """
    _check_choice(direction, show, highlight, limit, depth)
    check(backend)
    if is_program(y):
        return Drawing(**vars(program_scene(y, title, limit, direction)), backend=backend)
    wish = Wish(title, groups, show_saved, show_values, links, limit, depth, collapse, highlight, direction)
    if isinstance(y, record):
        return Drawing(**vars(_failed(y, names, wish)), backend=backend)
    listing = read(y, names, notes)
    if focus is not None:
        listing = _focused(listing, focus, names)
    made = scene(listing, wish)
    steps = steps_of(listing, made)
    if show != "forward":
        made = backward(made, show)
    return Drawing(**vars(made), backend=backend, steps=steps)


def _check_choice(direction: str, show: str, highlight: str | None, limit: int | None, depth: int | None) -> None:
    if direction not in ("TB", "LR"):
        raise ValueError(f'draw: direction is "TB" (downwards) or "LR" (to the right), not {direction!r}')
    if show not in SHOWS:
        raise ValueError(f"draw: show is one of {', '.join(SHOWS)}, not {show!r}")
    if highlight not in ("nan", "zero", None):
        raise ValueError(f'draw: highlight is "nan", "zero" or None, not {highlight!r}')
    if limit is not None and limit < 10:
        raise ValueError(f"draw: limit is the number of boxes, at least 10, or None for all of them; got {limit}")
    if depth is not None and depth < 0:
        raise ValueError(f"draw: depth is the number of modules that are open within one another, 0 or more; got {depth}")


def _focused(listing: Listing, focus: Any, names: Any) -> Listing:
    """What one node of a listing was computed from.

    Raises ValueError if it is not in the graph.
    """
    if isinstance(focus, Tensor):
        i = None if focus.node is None else listing.number.get(focus.node.serial)
    else:
        i = next((i for i, name in listing.names.items() if name == focus), None)
    if i is None:
        known = ", ".join(list(listing.names.values())[:8]) or "none"
        raise ValueError(f"draw: the focus {focus!r} is not in this graph. Give a Tensor of it, or one of its names: {known}.")
    pairs = [(name, x) for name, x in named(names) if x.node is not None]
    return read({listing.names.get(i, "focus"): from_array(np.empty(0), listing.nodes[i])}, pairs, notes)


def _failed(recorded: record, names: Any, wish: Wish) -> Scene:
    """The graph up to the operation at which a recorded block failed.

    Raises ValueError if it did not fail.
    """
    failure = recorded.failure
    if failure is None:
        raise ValueError("draw: this recorded block has not failed at an operation. Draw one of its results instead.")
    known = [x for x in failure.operands if isinstance(x, Tensor) and x.node is not None]
    made = Scene((), ())
    if known:
        listing = read([from_array(x.array, x.node) for x in known], names, notes)
        made = scene(listing, wish)
    kept = [edge for edge in made.edges if not edge.target.startswith("y")]
    sources = [edge.source for edge in made.edges if edge.target.startswith("y")]
    shapes = ", ".join(str(np.shape(x.array if isinstance(x, Tensor) else x)) for x in failure.operands)
    box = Box("failed", "failed", failure.op.name, (f"given {shapes}",), failure.error, 1)
    boxes = [each for each in made.nodes if each.kind != "output"]
    edges = [*kept, *(Edge(source, "failed", k if len(sources) > 1 else None) for k, source in enumerate(sources))]
    return replace(made, nodes=(*boxes, box), edges=tuple(edges), title=wish.title, notes=(*made.notes, failure.error))
