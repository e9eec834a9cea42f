"""The errors of the networks: each subclasses the builtin that a caller would catch."""

from __future__ import annotations


class StateDictError(RuntimeError):
    """A saved state does not fit a module: entries are missing, unknown, of another shape or of another kind."""


class FileFormatError(ValueError):
    """A file is not what it should be: truncated, damaged, or of another format."""
