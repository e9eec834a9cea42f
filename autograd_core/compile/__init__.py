"""compile: a function of Tensors, or a training step, as a program that runs without Python's overhead."""

from .compiled import Compiled, compile
from .program import Program

__all__ = ["Compiled", "Program", "compile"]
