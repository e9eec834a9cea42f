"""Graphs made visible: `text` as a program, `draw` as a picture; `record` keeps what they can show beyond the graph."""

from .drawing import Drawing, draw
from .record import record
from .scene import Box, Edge, Group
from .steps import Step
from .text import text

__all__ = ["draw", "text", "record", "Drawing", "Box", "Edge", "Group", "Step"]
