"""The declarations of all families of primitives: importing this folder fills `declarations`."""

from importlib import import_module
from pkgutil import iter_modules

families = tuple(sorted(module.name for module in iter_modules(__path__)))
for family in families:
    import_module(f"{__name__}.{family}")
