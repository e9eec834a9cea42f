"""Graphs made visible: `text` as a program, `draw` as a picture."""

from .drawing import Drawing, draw
from .scene import Box, Edge, Group
from .text import text

__all__ = ["draw", "text", "Drawing", "Box", "Edge", "Group"]
