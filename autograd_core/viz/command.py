"""`python -m autograd_core graph FILE.py:FUNCTION -o graph.html`: draw what a function of a file computes."""

from __future__ import annotations

import argparse
import inspect
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import GradientError
from ..graph import LeafNode
from ..tensor import Tensor
from .drawing import Drawing, draw
from .record import record

GRAPH = """\
Draw what FUNCTION returns: a Tensor, or a list or a dict of Tensors. It is called without arguments. The whole file is run
first, as by an import: what stands under `if __name__ == "__main__":` is not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns 0, or 2 after a message about what was wrong."""
    parser = argparse.ArgumentParser(prog="python -m autograd_core", description="Draw the graph that a function computes.")
    commands = parser.add_subparsers(dest="command", required=True)
    graph = commands.add_parser("graph", help="draw what FILE.py:FUNCTION returns", description=GRAPH)
    graph.add_argument("function", metavar="FILE.py:FUNCTION", help="a file, and a function in it that needs no arguments")
    graph.add_argument("-o", "--output", default="graph.html", help="file to write; its suffix says the format")
    graph.add_argument("--show", default="forward", choices=("forward", "backward", "both"))
    graph.add_argument("--depth", type=int, help="how many modules within one another are open")
    graph.add_argument("--direction", default="TB", choices=("TB", "LR"))
    graph.add_argument("--theme", default="light", choices=("light", "dark"))
    graph.add_argument("--title")
    given = parser.parse_args(arguments)
    try:
        path = drawing_of(given).save(given.output)
    except (GradientError, OSError, TypeError, ValueError, ImportError) as error:
        print(f"graph: {error}", file=sys.stderr)
        return 2
    print(path)
    return 0


def drawing_of(given: argparse.Namespace) -> Drawing:
    """The drawing that the arguments ask for. The gradient of a scalar result is taken, so that it can be shown, too."""
    file, _, name = given.function.rpartition(":")
    if not file or not name:
        raise ValueError(f"{given.function!r} does not name a function: write FILE.py:FUNCTION")
    if not Path(file).is_file():
        raise FileNotFoundError(f"there is no file {file!r}")
    sys.path.insert(0, str(Path(file).resolve().parent))
    try:
        space = runpy.run_path(file)
    finally:
        sys.path.pop(0)
    if not callable(space.get(name)):
        known = ", ".join(k for k, v in space.items() if callable(v) and not k.startswith("_") and hasattr(v, "__code__"))
        raise ValueError(f"{file} has no function {name!r}. It has: {known or 'none'}.")
    check_needs_nothing(file, name, space[name])
    options = {choice: getattr(given, choice) for choice in ("show", "depth", "direction", "theme")}
    recorded = record()
    try:
        with recorded:
            y = space[name]()
            sweep(y)
    except Exception as error:
        if recorded.failure is None:
            raise
        print(f"graph: {name} failed: {error} Drawn is the graph up to there.", file=sys.stderr)
        y = recorded
    return draw(y, title=given.title or name, **options)


def check_needs_nothing(file: str, name: str, function: Any) -> None:
    """Raise TypeError for a function that cannot be called without arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin may not tell
        return
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in optional]
    if needed:
        raise TypeError(
            f"{name} of {file} needs arguments ({', '.join(needed)}), and is called without any. Write a function there that "
            f"calls it: def drawn(): return {name}(…)"
        )


def sweep(y: Any) -> None:
    """Take the gradient of a scalar result once, so that it is noted."""
    if isinstance(y, Tensor) and y.node is not None and not isinstance(y.node, LeafNode) and y.size == 1:
        y.backward(retain_graph=True)
