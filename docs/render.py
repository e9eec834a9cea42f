"""Writes docs/coverage.md and docs/kinks.md from the registry of primitives and from what is declared about each.

`python docs/render.py` writes the files, `python docs/render.py --check` tells whether they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from autograd_core import registry  # noqa: E402
from autograd_core.table import Elementwise  # noqa: E402
from autograd_core.testing import samples as _  # noqa: E402, F401 (fills `declarations`)
from autograd_core.testing.declared import Declaration, Kink, declarations  # noqa: E402

COVERAGE = """\
# Coverage

Every primitive of the engine, as `autograd_core.registry` lists them. All of them have a batching rule (`vmap`) and a shape
rule; those with derivatives have them in reverse and in forward mode, to every order. `tests/autograd_core/test_registry.py`
runs the samples through the gradient check to the order given here, compares the values with NumPy or SciPy and with mpmath
where this table says so, and provokes the errors. `part` marks one output of a primitive that has several; the sweeps know it,
and it has no rules. Written by `python docs/render.py`.
"""
KINKS = """\
# Kinks

What the derivative is where a function is not smooth, or where its formula breaks down. Each row is a test in
`tests/autograd_core/test_registry.py`. The gradient is that of the sum of the output, one array for each input. Written by
`python docs/render.py`.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"


def coverage() -> str:
    """The text of coverage.md."""
    head = ["primitive", "what it is", "derivatives", "compared with", "samples", "errors", "kinks"]
    rows = [row(name, registry[name], declarations.get(name)) for name in sorted(registry) if name != "part"]
    derived = sum(registry[name].differentiable for name in registry)
    count = f"{len(rows)} primitives, {derived - 1} of them with derivatives."
    return "\n".join([COVERAGE, count, "", *table(head, rows), ""])


def row(name: str, op: Any, declared: Declaration | None) -> list[Any]:
    """What coverage.md says about one primitive."""
    given = Declaration(name, (), ()) if declared is None else declared
    order = max((sample.order for sample in given.samples), default=0)
    derivatives = f"checked to order {order}" if op.differentiable else "none"
    compared = ["NumPy or SciPy"] if any(sample.reference is not None for sample in given.samples) else []
    compared += ["mpmath"] if given.exact is not None else []
    counts = [len(part) or "" for part in (given.samples, given.refusals, given.kinks)]
    return [f"`{name}`", words(op), derivatives, ", ".join(compared), *counts]


def words(op: Any) -> str:
    """The first sentence about a primitive."""
    text = op.public.__doc__ if isinstance(op, Elementwise) else op.__doc__
    return " ".join((text or "").split("\n\n")[0].split())


def kinks() -> str:
    """The text of kinks.md."""
    rows = [(kink.words, gradient(kink), kink.like) for name in sorted(declarations) for kink in declarations[name].kinks]
    return "\n".join([KINKS, *table(["function and point", "gradient", "elsewhere"], rows), ""])


def gradient(kink: Kink) -> str:
    """The declared gradients as text."""
    return ", ".join(f"`{np.array2string(np.asarray(g), separator=', ')}`".replace("\n", "") for g in kink.gradient)


def main() -> int:
    """Write the files, or compare them with what would be written."""
    texts = {FOLDER / "coverage.md": coverage(), FOLDER / "kinks.md": kinks()}
    if "--check" not in sys.argv[1:]:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path.name for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if stale:
        print(f"{' and '.join(stale)} are not current: run python docs/render.py")
    return len(stale)


if __name__ == "__main__":
    sys.exit(main())
