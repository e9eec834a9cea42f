"""Drawing: a picture of a graph as plain data, which can be looked at, saved and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import Any

from ..tensor import Tensor
from . import dot, svg
from .backends import arrange, check, picture
from .from_node import scene
from .layout import Layout
from .listing import read
from .scene import Scene

_dumps = partial(json.dumps, ensure_ascii=False)
LIMIT = 400  # boxes in a drawing that a reader can still follow


@dataclass(frozen=True)
class Drawing(Scene):
    """A drawing of a computation graph: `nodes`, `edges` and `groups`, and the same as `.svg`, `.dot` and `.json`.

    Jupyter shows it by itself. Two drawings are equal if they show the same.
    """

    backend: str | None = None

    @cached_property
    def layout(self) -> Layout:
        """Where everything lies."""
        return arrange(self, self.backend)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG, with its legend; needs no program but a browser."""
        return svg.svg(self, self.layout)

    @cached_property
    def dot(self) -> str:
        """The picture in the DOT language of Graphviz. Raises MissingExtraError without the Python package graphviz."""
        return dot.dot(self)

    @cached_property
    def json(self) -> str:
        """Title, notes, groups, nodes and edges as JSON, one line each."""
        head = {"version": 1, "title": self.title, "direction": self.direction, "notes": self.notes}
        lines = [f" {_dumps(key)}: {_dumps(value)}" for key, value in head.items()]
        for key, items in (("groups", self.groups), ("nodes", self.nodes), ("edges", self.edges)):
            rows = ",\n  ".join(_dumps(vars(item)) for item in items)
            lines.append(f' "{key}": [\n  {rows}\n ]' if rows else f' "{key}": []')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def save(self, path: str | PathLike) -> Path:
        """Write the drawing to a file in the format of its suffix: .svg, .dot, .json, .png or .pdf. Returns the path.

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
    names: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None,
    groups: Mapping[str, Any] | None = None,
    title: str | None = None,
    show_saved: bool = False,
    direction: str = "TB",
    limit: int | None = LIMIT,
    backend: str | None = None,
) -> Drawing:
    """Draw the graph of the computation of `y`: a Tensor, or a list, tuple or dict of Tensors.

    `names`: names for Tensors in the graph, such as `{"w": w}` or `model.named_parameters()`.
    `groups`: Tensors by label, such as `{"u": u, "u_x": u_x}`; each operation takes the tint of the first that needs it.
    `show_saved`: show the arrays that are kept for the gradient.
    `direction`: "TB", downwards, or "LR", to the right.
    `limit`: with more boxes than this, operations share boxes, and a note says so; None shows every one.
    `backend`: who places the boxes: "pygraphviz", "dot" or "builtin"; None takes the first of these that is installed, and
    for a large graph the built-in one, which is quicker. One that is missing or fails is replaced by the built-in one.

    Raises GradientError for a Tensor without a graph, TypeError for what is not a Tensor, and ValueError for an unknown
    direction or backend, a limit below 10, or nothing to draw.

    >>> import autograd_core as ac
    >>> x = ac.tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> drawing = ac.viz.draw(ac.sum(ac.tanh(x)), title="A small graph")
    >>> drawing
    <A small graph: 2 operations, 4 boxes, 3 edges>
    >>> [box.label for box in drawing.nodes]
    ['x', 'tanh', 'sum', 'output']
    """
    if direction not in ("TB", "LR"):
        raise ValueError(f'draw: direction is "TB" (downwards) or "LR" (to the right), not {direction!r}')
    if limit is not None and limit < 10:
        raise ValueError(f"draw: limit is the number of boxes, at least 10, or None for all of them; got {limit}")
    check(backend)
    made = scene(read(y, names), title, groups, show_saved, limit, direction)
    return Drawing(**vars(made), backend=backend)
