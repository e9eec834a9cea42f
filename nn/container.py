"""Containers hold modules under numbers: Sequential runs them one after the other, ModuleList only holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from .module import Module


class ModuleList(Module):
    """A list of modules whose parameters are found: a plain Python list would hide them.

    >>> from nn.activation import Tanh
    >>> layers = ModuleList([Tanh(), Tanh()])
    >>> len(layers), layers[-1]
    (2, Tanh())
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end; returns itself."""
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__} holds Modules, not a {type(module).__name__}. "
                "For a function there is a module of the same name, such as nn.Tanh() for tanh."
            )
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end; returns itself."""
        for module in modules:
            self.append(module)
        return self

    def __iter__(self) -> Iterator[Module]:
        return (module for module in vars(self).values() if isinstance(module, Module))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module | Self:
        if not isinstance(index, slice):
            return list(self)[index]
        part = type(self)()
        return part.extend(list(self)[index])

    def __setitem__(self, index: int, module: Module) -> None:
        name = [name for name, inner in vars(self).items() if isinstance(inner, Module)][index]
        setattr(self, name, module)


class Sequential(ModuleList):
    """Modules run one after the other, the output of each being the input of the next.

    Takes the modules, or one dict of names and modules.

    >>> from nn.activation import Tanh
    >>> from nn.linear import Linear
    >>> Sequential(Linear(1, 50), Tanh(), Linear(50, 1))
    Sequential(
      (0): Linear(in_features=1, out_features=50, bias=True)
      (1): Tanh()
      (2): Linear(in_features=50, out_features=1, bias=True)
    )
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)  # type: ignore[arg-type]

    def forward(self, x: Any) -> Any:
        """The output of the last module; x itself if there is none."""
        for module in self:
            x = module(x)
        return x
