"""Kernels compiled by Numba, kept on disk and in memory by their source."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import require

HEAD = '''"""A kernel of a compiled program; written by autograd_core."""

import math

from autograd_core.compile.numbers import carray, exp, f4, f8, njit, tanh, u1


@njit(cache={cache}, error_model="numpy", fastmath={{"contract", "nsz"}})
'''


def cache_folder() -> Path:
    """Where kernels are kept: AUTOGRAD_CORE_CACHE, or a folder in the user's cache."""
    named = os.environ.get("AUTOGRAD_CORE_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "autograd_core"


@lru_cache(maxsize=4096)
def compiled_kernel(source: str) -> Callable[[Any], None]:
    """The function `kernel(p)` of a source, compiled. A cache that cannot be written or read is done without."""
    numba = require("numba", extra="jit")
    key = hashlib.sha256("\n".join((source, numba.__version__, np.__version__, sys.version, VERSION)).encode()).hexdigest()
    try:
        return loaded(stored(cache_folder() / f"kernel_{key[:32]}.py", HEAD.format(cache=True) + source))
    except Exception:  # whatever is wrong with the files: an unwritable folder, a damaged entry
        scope: dict[str, Any] = {}
        exec(compile(HEAD.format(cache=False) + source, "<kernel>", "exec"), scope)
        made: Callable[[Any], None] = scope["kernel"]
        made(np.zeros(0, np.uint64)) if "p[" not in source else None
        return made


VERSION = "1"  # of what the source means


def stored(path: Path, text: str) -> Path:
    """A file with this text: written beside and moved into place, so that another process finds all of it or nothing."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    return path


def loaded(path: Path) -> Callable[[Any], None]:
    """The function `kernel` of a file."""
    spec: Any = spec_from_file_location(path.stem, path)
    module = module_from_spec(spec)
    sys.modules[path.stem] = module  # Numba looks for the module of a function that it keeps
    spec.loader.exec_module(module)
    kernel: Callable[[Any], None] = module.kernel
    kernel.compile("void(uint64[::1])")  # type: ignore[attr-defined]
    return kernel
