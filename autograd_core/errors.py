"""The errors of the engine: each is a small lesson, and each subclasses the builtin that a caller would catch."""

from __future__ import annotations

import importlib
from types import ModuleType


class ShapeError(ValueError):
    """Shapes do not fit together."""


class DTypeError(TypeError):
    """A dtype cannot do what was asked of it, such as an integer that should have a gradient."""


class GradientError(RuntimeError):
    """A gradient was asked for where there is none: no graph, a freed graph, an unused input."""


class MutationError(RuntimeError):
    """An array that a graph needs was changed in place."""


class NonFiniteError(ArithmeticError):
    """A NaN or an infinity appeared where only finite numbers make sense."""


class CaptureError(RuntimeError):
    """A function does something that a recorded program cannot repeat."""


class MissingExtraError(ImportError):
    """An optional package is needed and not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    >>> require("math", extra="plot").pi > 3
    True
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{module} is needed here and could not be imported ({error}). "
            f'Install it with: python -m pip install "autograd-core[{extra}]"'
        ) from error
