"""The switch "raises": which `raise` statements of a package were reached, and that none can be missed unseen."""

from __future__ import annotations

import builtins
import sys
from importlib import import_module

import pytest
from raises import NOTE, Raises

MODULE = """
def f(x):
    if x > 0:
        raise ValueError("positive")
    try:
        raise TypeError("negative")
    except TypeError:
        raise
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A package that nothing has imported; whatever notes raise statements elsewhere goes on after the test."""
    monkeypatch.setattr(builtins, NOTE, None, raising=False)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "package_of_raises"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "module.py").write_text(MODULE)
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]


def test_statements_that_were_not_reached_are_listed(folder):
    noted = Raises(folder)
    place = str(folder / "module.py")
    assert noted.missed() == [(place, 4), (place, 6)]  # a bare one passes on what started elsewhere
    f = import_module("package_of_raises.module").f
    with pytest.raises(ValueError, match="positive") as caught:
        f(1)
    assert caught.traceback[-1].lineno + 1 == 4
    assert noted.missed() == [(place, 6)]
    with pytest.raises(TypeError):
        f(-1)
    assert noted.missed() == []


def test_a_package_that_was_imported_before_is_refused(folder):
    import_module("package_of_raises")
    with pytest.raises(pytest.UsageError, match="package_of_raises was imported before"):
        Raises(folder)
