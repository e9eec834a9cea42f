"""What a reader can ask of a box: values, gradients, rules, source lines, bytes and times, and whether something is wrong."""

from __future__ import annotations

import linecache
from dataclasses import replace

import numpy as np

from .listing import Listing, constant_text
from .record import notes
from .rules import brief, file_size, gradient_of, is_bad, is_zero, local_rule, value_of
from .scene import Box


class Facts:
    """The facts and marks of the boxes of one listing."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.roots = [listing.nodes[i].serial for _, i in listing.outputs]
        self.bad: dict[int, bool] = {}
        self.recorded = any(node in notes for node in listing.nodes)

    def told(self, box: Box, inside: list[int], highlight: str | None) -> Box:
        """The box that stands for these nodes, with its facts and its mark."""
        mark = self.mark(inside, highlight) if self.recorded else ""
        return replace(box, facts=self.of(inside), mark=mark)

    def name(self, i: int) -> str:
        """How a rule calls node i."""
        return self.listing.names.get(i, f"%{i}")

    def of(self, inside: list[int]) -> tuple[tuple[str, str], ...]:
        """The facts of a box that stands for these nodes: of the last one, and sums of bytes and times."""
        node = self.listing.nodes[inside[-1]]
        found: list[tuple[str, str]] = []
        if (value := value_of(node)) is not None and np.shape(value) == node.shape:
            found.append(("value", brief(value)))
        if (g := gradient_of(node, self.roots)) is not None:
            found.append(("gradient", brief(g)))
        if len(inside) == 1:
            operands = [
                constant_text(node, k) if p is None else self.name(self.listing.number[p.serial])
                for k, p in enumerate(node.parents)
            ]
            rules = [local_rule(node, k, operands, self.name(inside[0])) for k, p in enumerate(node.parents) if p is not None]
            found += [("rule", text) for text in dict.fromkeys(rules)][:8]
        entry = notes.get(node)
        if entry is not None and entry.line is not None:
            found.append(("line", f"{entry.line[0]}:{entry.line[1]} {linecache.getline(*entry.line).strip()}".strip()))
        if entry is not None and entry.calls and entry.calls[-1].path:
            found.append(("module", entry.calls[-1].path))
        return (*found, *self.costs(inside))

    def costs(self, inside: list[int]) -> list[tuple[str, str]]:
        """The bytes of what is kept for the gradient, and the time where it was measured."""
        kept = {id(a): a.nbytes for i in inside for a in self.listing.nodes[i].saved or () if isinstance(a, np.ndarray)}
        found = [("kept", file_size(sum(kept.values())))] if kept else []
        times = [entry.seconds for i in inside if (entry := notes.get(self.listing.nodes[i])) is not None]
        total = sum(seconds for seconds in times if seconds is not None)
        return [*found, ("time", f"{total * 1e6:.3g} µs")] if total else found

    def mark(self, inside: list[int], highlight: str | None) -> str:
        """ "nan" or "zero" where that is asked for and found, with "!" at the box where it began."""
        if highlight is None:
            return ""
        node = self.listing.nodes[inside[-1]]
        if not self.holds(inside[-1], highlight):
            return ""
        if highlight == "nan":
            own = is_bad(value_of(node))
            before = any(
                self.holds(p, "nan") and is_bad(value_of(self.listing.nodes[p])) for p in self.listing.operands(inside[0])
            )
            return "nan!" if own and not before else "nan"
        return "zero"

    def holds(self, i: int, what: str) -> bool:
        """Whether the value or gradient of node i is bad, or its gradient zero."""
        if i not in self.bad:
            node = self.listing.nodes[i]
            g = gradient_of(node, self.roots)
            self.bad[i] = is_zero(g) if what == "zero" else is_bad(g) or (node in notes and is_bad(value_of(node)))
        return self.bad[i]
