"""Which `raise` statements of a package the tests reach: each gets a note in front of it when the package is imported."""

from __future__ import annotations

import ast
import builtins
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

NOTE = "__note_that_a_raise_was_reached__"
Place = tuple[str, int]


class Noting(ast.NodeTransformer):
    """Puts a note in front of each `raise`; a bare one passes on what started elsewhere."""

    def __init__(self, path: str) -> None:
        self.path, self.lines = path, []

    def visit_Raise(self, node: ast.Raise) -> Any:
        if node.exc is None:
            return node
        self.lines.append(node.lineno)
        (note,) = ast.parse(f"{NOTE}({self.path!r}, {node.lineno})").body
        return [ast.copy_location(note, node), node]


class Loader(SourceFileLoader):
    """Compiles a module with notes, and writes no bytecode."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        tree = Noting(path).visit(ast.parse(self.get_data(path)))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class Raises:
    """A plugin that lists the `raise` statements of a package that no test has reached, on all workers together."""

    def __init__(self, folder: Path) -> None:
        if folder.name in sys.modules:
            raise pytest.UsageError(f"{folder.name} was imported before its raise statements could be noted")
        self.package, self.reached = folder.name, set[Place]()
        self.all: dict[Place, str] = {}
        for path in sorted(folder.rglob("*.py")):
            text, notes = path.read_text(encoding="utf-8"), Noting(str(path))
            notes.visit(ast.parse(text))
            self.all |= {(str(path), line): text.splitlines()[line - 1].strip() for line in notes.lines}
        setattr(builtins, NOTE, lambda path, line: self.reached.add((path, line)))
        sys.meta_path.insert(0, self)  # type: ignore[arg-type]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What importing a module of the package takes."""
        if name.partition(".")[0] != self.package:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec

    def missed(self) -> list[Place]:
        """The statements that were not reached."""
        return sorted(set(self.all) - self.reached)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.reached.update(map(tuple, getattr(node, "workeroutput", {}).get("reached", ())))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["reached"] = sorted(self.reached)
        elif self.missed() and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        missed = self.missed()
        terminalreporter.section(f"{len(self.all) - len(missed)} of {len(self.all)} raise statements were reached")
        for place in missed:
            terminalreporter.line(f"{os.path.relpath(place[0])}:{place[1]}: {self.all[place]}")
