"""A drawing in the DOT language, and the layouts of Graphviz."""

from __future__ import annotations

from html import escape
from textwrap import wrap

from ..errors import require
from .layout import Layout, Point, foot
from .scene import Box, Edge, Scene
from .style import DETAIL, INK, LABEL, LINE, SAVED_LINE, SOFT, box_size, key, legend, lines, look, printable

INCH = 72.0
SHAPES = {"pill": "rounded,filled", "dashed": "filled,dashed"}


def dot(scene: Scene, layout: Layout | None = None) -> str:
    """The DOT source of a scene, with its title and legend in the label of the graph; with a layout, places are given too.

    Graphviz lays out what has no places with `dot`, and draws what has them with `dot -Knop2`. Needs the graphviz package.
    """
    graphviz = require("graphviz", extra="viz")
    font = {"fontname": "Helvetica", "fontcolor": INK}
    graph = graphviz.Digraph(
        "computation",
        graph_attr={"rankdir": scene.direction, "label": _caption(scene), "labelloc": "b", **font},
        node_attr={"shape": "box", "style": "rounded,filled", "margin": "0.12,0.06", "fontsize": f"{LABEL:g}", **font},
        edge_attr={"color": LINE, "arrowsize": "0.7", "fontname": "Helvetica", "fontsize": "9", "fontcolor": SOFT},
    )
    for i, box in enumerate(scene.nodes):
        place = _box_place(layout, i) if layout else {}
        graph.node(box.id, _label(box), **_box_style(scene, box), **place)
    for i, edge in enumerate(scene.edges):
        place = {"pos": _spline(layout, i)} if layout else {}
        graph.edge(edge.source, edge.target, **_edge_style(edge), **place)
    return graph.source


def _box_style(scene: Scene, box: Box) -> dict[str, str]:
    style = look(scene, box)
    made = {"fillcolor": style.fill, "color": style.stroke, "tooltip": _tooltip(box)}
    if style.shape in SHAPES:
        made["style"] = SHAPES[style.shape]
    if style.shape in ("double", "stack"):
        made["peripheries"] = "2"
    return made


def _tooltip(box: Box) -> str:
    return require("graphviz", extra="viz").escape(printable(box.tooltip or box.label))


def _edge_style(edge: Edge) -> dict[str, str]:
    if edge.kind == "saved":
        return {"style": "dashed", "color": SAVED_LINE}
    if edge.count > 1:
        return {"headlabel": f"×{edge.count}", "labeldistance": "1.6"}
    return {} if edge.operand is None else {"headlabel": str(edge.operand), "labeldistance": "1.6"}


def _label(box: Box) -> str:
    """The lines of a box as an HTML-like label: the first bold, the others small."""
    return f"<{'<br/>'.join(_font(text, size, bold) for text, size, bold in lines(box))}>"


def _font(text: str, size: float, bold: bool) -> str:
    words = _text(text) or " "
    return f"<b>{words}</b>" if bold else f'<font point-size="{size:g}" color="{SOFT}">{words}</font>'


def _text(text: str) -> str:
    """Text as it must stand in an HTML-like label, where Graphviz reads backslashes too."""
    return escape(printable(text)).replace("\\", "\\\\")


def _caption(scene: Scene) -> str:
    """Title, legend and notes as an HTML-like table."""
    rows = [f"<tr><td><b>{_text(scene.title)}</b></td></tr>"] if scene.title else []
    cells = "".join(
        f'<td bgcolor="{style.fill}" color="{style.stroke}" border="1">{_font(words, DETAIL, False)}</td>'
        for style, words in legend(scene)
    )
    rows.append(f'<tr><td><table border="0" cellspacing="4"><tr>{cells}</tr></table></td></tr>')
    notes = [line for note in [*key(scene), *scene.notes] for line in wrap(note, 90)]
    rows += [f"<tr><td>{_font(line, DETAIL, False)}</td></tr>" for line in notes]
    return f'<<table border="0">{"".join(rows)}</table>>'


# -- layouts, to and from Graphviz, which counts upwards -------------------------------------------------------------------


def _box_place(layout: Layout, i: int) -> dict[str, str]:
    (x, y), (w, h) = layout.centres[i], layout.sizes[i]
    size = {"width": f"{w / INCH:.4f}", "height": f"{h / INCH:.4f}", "fixedsize": "true"}
    return {"pos": _point((x, layout.height - y)), **size}


def _spline(layout: Layout, i: int) -> str:
    points = [(x, layout.height - y) for x, y in foot(layout.routes[i])]
    tip = layout.routes[i][-1]
    return " ".join([f"e,{_point((tip[0], layout.height - tip[1]))}", *map(_point, points)])


def _point(point: Point) -> str:
    return f"{point[0]:.2f},{point[1]:.2f}"


def plain_source(scene: Scene) -> str:
    """DOT with nothing but the sizes of the boxes and the edges: what Graphviz needs for a layout."""
    rows = [
        f"digraph {{ rankdir={scene.direction}; nodesep=0.3; ranksep=0.45;",
        'node [shape=box fixedsize=true label=""]; edge [arrowhead=none];',
    ]
    for box in scene.nodes:
        w, h = box_size(box)
        rows.append(f'"{box.id}" [width={w / INCH:.4f} height={h / INCH:.4f}];')
    rows += [f'"{edge.source}" -> "{edge.target}";' for edge in scene.edges]
    return "\n".join([*rows, "}"])


def read_plain(scene: Scene, plain: str, backend: str) -> Layout:
    """The layout in Graphviz's plain output: inches, upwards."""
    centres: dict[str, Point] = {}
    routes: dict[tuple[str, str], list[list[Point]]] = {}
    width = height = 0.0
    for words in map(str.split, plain.splitlines()):
        if words[0] == "graph":
            width, height = float(words[2]) * INCH, float(words[3]) * INCH
        elif words[0] == "node":
            centres[words[1]] = (float(words[2]) * INCH, height - float(words[3]) * INCH)
        elif words[0] == "edge":
            numbers = [float(w) * INCH for w in words[4 : 4 + 2 * int(words[3])]]
            points = [(x, height - y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            routes.setdefault((words[1], words[2]), []).append(points)
    in_order = [routes[edge.source, edge.target].pop() for edge in scene.edges]
    middles, sizes = [centres[box.id] for box in scene.nodes], [box_size(box) for box in scene.nodes]
    return Layout(middles, sizes, in_order, width, height, backend)
