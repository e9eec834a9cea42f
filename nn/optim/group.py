"""Group: the options of some parameters, as a dict whose numbers live in Tensors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, ClassVar

import autograd_core as ac


def cell(value: float) -> ac.Tensor:
    """One number in double precision that is overwritten in place from now on."""
    return ac.tensor(0.0, dtype=float).copy_(value)  # it lies on the memory that later writes go to


class Group(MutableMapping[str, Any]):
    """The options of some parameters by name: `group["lr"] = 1e-4` and `group["lr"]` work as with a dict of numbers.

    The `live` options, numbers and tuples of numbers, lie in Tensors without axes: `group.cell("lr")` is what the rule of
    an optimizer computes with, and what a schedule overwrites, so that a captured step follows every change. Whether one of
    them is 0 is remembered by the last assignment: `group.uses("momentum")` decides about the form of a rule.

    >>> group = Group({"lr": 0.1, "betas": (0.9, 0.999), "nesterov": False}, live=("lr", "betas"))
    >>> group["lr"] = 0.2
    >>> group.cell("lr")
    tensor(0.2)
    >>> dict(group)
    {'lr': 0.2, 'betas': (0.9, 0.999), 'nesterov': False}
    """

    _fixed: ClassVar[tuple[str, ...]] = ("live", "_cells")  # attributes on which no captured program depends

    def __init__(self, options: Mapping[str, Any], live: Iterable[str] = ()) -> None:
        self.live = tuple(live)
        self._plain: dict[str, Any] = {}
        self._cells: dict[str, ac.Tensor | tuple[ac.Tensor, ...]] = {}
        self._used: dict[str, bool] = {}
        self.update(options)

    def cell(self, name: str) -> ac.Tensor:
        """The Tensor that holds a live number."""
        return self._cells[name]  # type: ignore[return-value]

    def cells(self, name: str) -> tuple[ac.Tensor, ...]:
        """The Tensors that hold a live tuple of numbers."""
        return self._cells[name]  # type: ignore[return-value]

    def uses(self, name: str) -> bool:
        """Whether a live number was set to something other than 0."""
        return self._used[name]

    def __getitem__(self, name: str) -> Any:
        value = self._cells.get(name)
        if value is None:
            return self._plain[name]
        return tuple(v.item() for v in value) if isinstance(value, tuple) else value.item()

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self.live:
            self._plain[name] = value
            return
        self._plain.setdefault(name, None)  # the order of the names
        if isinstance(value, (tuple, list)):
            cells: Any = self._cells.setdefault(name, tuple(cell(0.0) for _ in value))
            for each, number in zip(cells, value, strict=True):
                _write(each, number)
        else:
            _write(self._cells.setdefault(name, cell(0.0)), value)
            self._used[name] = isinstance(value, ac.Tensor) or float(value) != 0

    def __delitem__(self, name: str) -> None:
        del self._plain[name]
        self._cells.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)

    def __repr__(self) -> str:
        return repr(dict(self))


def _write(number: Any, value: Any) -> None:
    with ac.no_grad():
        number.copy_(ac.reshape(value, ()) if isinstance(value, ac.Tensor) else float(value))
