"""Who lays a drawing out: Graphviz where it is installed, otherwise the built-in layout, which always works."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess

from ..errors import MissingExtraError, require
from .dot import plain_source, read_plain
from .layout import Layout, layered
from .scene import Scene
from .style import box_size

BACKENDS = ("pygraphviz", "dot", "builtin")  # the preferred first
LARGE = 1_000  # boxes; beyond this only the built-in layout is quick enough


def check(backend: str | None) -> None:
    """Raise ValueError for the name of a backend that there is not."""
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"draw: unknown backend {backend!r}. Known are {', '.join(BACKENDS)}; None chooses the best one that is installed.")


def installed() -> list[str]:
    """The backends that can run here, the preferred first."""
    has_graphviz = importlib.util.find_spec("graphviz") is not None
    here = {
        "pygraphviz": importlib.util.find_spec("pygraphviz") is not None,
        "dot": has_graphviz and shutil.which("dot") is not None,
        "builtin": True,
    }
    return [name for name in BACKENDS if here[name]]


def arrange(scene: Scene, backend: str | None = None) -> Layout:
    """Lay a scene out with this backend (None: the best one); with the built-in one if it is missing or fails."""
    check(backend)
    chosen = backend or (installed()[0] if len(scene.nodes) <= LARGE else "builtin")
    if chosen == "builtin":
        return _builtin(scene, "built-in")
    if chosen not in installed():
        return _builtin(scene, f"built-in, because {chosen} is not installed")
    try:
        return read_plain(scene, render(plain_source(scene), "plain", chosen).decode(), chosen)
    except (OSError, subprocess.SubprocessError, RuntimeError, ValueError, KeyError, ImportError) as error:
        return _builtin(scene, f"built-in, because {chosen} failed ({type(error).__name__})")


def _builtin(scene: Scene, label: str) -> Layout:
    number = {box.id: i for i, box in enumerate(scene.nodes)}
    edges = [(number[edge.source], number[edge.target]) for edge in scene.edges]
    return layered([box_size(box) for box in scene.nodes], edges, scene.direction, label)


def render(source: str, suffix: str, backend: str) -> bytes:
    """DOT source as a picture or a layout in one of Graphviz's formats, by "pygraphviz" or "dot"."""
    if backend == "pygraphviz":
        return require("pygraphviz", extra="viz").AGraph(string=source).draw(format=suffix, prog="dot")
    return require("graphviz", extra="viz").Source(source).pipe(format=suffix)


def picture(source: str, suffix: str) -> bytes:
    """DOT source as PNG or PDF.

    Raises MissingExtraError if Graphviz is not installed.
    """
    programs = [name for name in installed() if name != "builtin"]
    if not programs:
        raise MissingExtraError(
            f"a {suffix.upper()} file needs Graphviz, and neither pygraphviz nor the program dot is installed. Install it with: "
            'python -m pip install "autograd-core[viz]", or save the drawing as .svg, which needs nothing.'
        )
    return render(source, suffix, programs[0])
