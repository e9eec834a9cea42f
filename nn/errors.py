"""The errors of the networks: each subclasses the builtin that a caller would catch."""

from __future__ import annotations


class StateDictError(RuntimeError):
    """A saved state does not fit a module: entries are missing, unknown, of another shape or of another kind."""
