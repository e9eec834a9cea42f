"""compile: a function of Tensors, or a training step, as a program that runs without Python's overhead."""

import sys
from types import ModuleType
from typing import Any

from .compiled import Compiled, compile
from .program import Program

__all__ = ["Compiled", "Program", "compile"]


class _Callable(ModuleType):
    """The folder has the name of its function: where an import puts it in the place of that, it may be called as well."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return compile(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
