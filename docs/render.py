"""Writes docs/coverage.md and docs/kinks.md from the registry of primitives and from what is declared about each.

`python docs/render.py` writes the files, `python docs/render.py --check` tells whether they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent))

from functions import DTYPES, Use, uses  # noqa: E402

from autograd_core import registry  # noqa: E402
from autograd_core.table import Elementwise  # noqa: E402
from autograd_core.testing import samples as _  # noqa: E402, F401 (fills `declarations`)
from autograd_core.testing.declared import Declaration, Kink, declarations  # noqa: E402

# Modules of functions of functions, and of settings.
TOOLS = {
    "batching", "calculus", "checkpointing", "compile", "copies", "custom", "dtypes", "graph", "matrices", "random", "reading",
    "table", "tape", "taylor", "transforms",
}  # fmt: skip
COVERAGE = """\
# Coverage

Every public function that computes on arrays: what it runs through, how its derivatives are checked, and the dtypes that it is
tried with. Written by `python docs/render.py`, which runs the samples of `autograd_core/testing/samples` and the calls of
`docs/functions.py`, and looks on.

* **runs through**: the primitives of the second table, in all samples together; a single call needs some of them. A dash: the
  argument is handed on, or the answer is made by NumPy.
* **derivatives**: in reverse and in forward mode, and in every nesting of the two, to every order; "none" where the answer is a
  constant. **checked to** is the order to which those of the samples are compared with differences.
* **vmap**: "yes" without condition. "where values agree": in some calls it looks at values, such as the places of zeros, to
  know the shape of its answer, and these must be the same for all examples; else CaptureError is raised.
* **dtypes**: those that are tried. Samples in float64 run in float32 too, those in complex128 in complex64.

Methods (`x.sum()`), operators (`x + y`) and NumPy's own functions (`np.sum(x)`) lead to the same functions.
"""
APART = """
Without a row here, as they are functions of functions, or set something:
{tools}.

Arrays made of sizes and places, and questions about arrays, run through no primitive and have no derivative:
{plain}.
"""
PRIMITIVES = """\
## Primitives

Every primitive of the engine, as `autograd_core.registry` lists them. All of them have a batching rule (`vmap`) and a shape
rule; those with derivatives have them in reverse and in forward mode, to every order. `tests/autograd_core/test_registry.py`
runs the samples through the gradient check to the order given here, compares the values with NumPy or SciPy and with mpmath
where this table says so, and provokes the errors.

A name is that of the nodes in a graph: what `y.grad_fn`, drawings, error messages and `autograd_core.registry` show, and not
always that of a function. Many functions are made of others (`ac.var` of sums and products), some have a node of another name
(`x ** 3` is a `power_of`, `ac.take` a `getitem`), and some nodes are only in the graphs of derivatives (`sum_to`, `shares`).
`part` marks one output of a primitive that has several; the sweeps know it, and it has no rules, nor a row here.
"""
KINKS = """\
# Kinks

What the derivative is where a function is not smooth, where it is infinite, and where its formula reads 0/0 or ∞ - ∞. These
values are part of what the engine promises, in reverse and in forward mode: each row is a test in
`tests/autograd_core/test_registry.py`. Written by `python docs/render.py`.

What they have in common:

* Elements that tie in max, min, maximum and minimum share the gradient equally; sort keeps the order of equal ones.
* Where two slopes meet the derivative is 0, for |x|, sign, relu, norm and std; so are all higher ones, also of what is made of
  these.
* An infinite derivative is infinite, as that of √x at 0. Where the cotangent is 0 it contributes 0, and not 0 · ∞, so that
  `where` leaks nothing from the branch that is not taken. Products and exp do not do this: 0 · ∞ is NaN there.
* clip passes the gradient on at both bounds. prod and cumprod are right with zeros, to every order.
* Where a derivative that is asked for does not exist, as that of one of the eigenvectors of equal eigenvalues, GradientError is
  raised.

How to read it: `gradient` is that of the sum of the function's output, one array for each input. `elsewhere` is what other
libraries give at the same point, as measured with PyTorch 2.13, JAX 0.10 and HIPS autograd 1.9; "same" is the gradient of the
row. A library that a row does not name has no such function, or was not asked. Rows that begin with "inner op" are about
primitives that no user calls: the derivatives of public functions are made of them, and take their values from these.
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
    return "\n".join([COVERAGE, *functions(), PRIMITIVES, count, "", *table(head, rows), ""])


def functions() -> Iterator[str]:
    """The lines about the public functions."""
    found = sorted(uses(), key=lambda use: (use.names[0].count("."), use.names[0]))
    shown = [use for use in found if use.parts or use.derived]
    yield from table(["function", "runs through", "derivatives", "checked to", "vmap", "dtypes"], map(function, shown))
    apart = [use for use in found if use not in shown]
    groups = [[use for use in apart if (use.module.split(".")[1] in TOOLS) == tool] for tool in (True, False)]
    tools, plain = (fill(", ".join(map(named, group)), 124) for group in groups)
    yield APART.format(tools=tools, plain=plain)


def named(use: Use) -> str:
    """The names of a function."""
    return ", ".join(f"`{name}`" for name in use.names)


def function(use: Use) -> list[str]:
    """What coverage.md says about one public function."""
    derivatives = ["reverse, forward", f"order {use.order}"] if use.derived else ["none", ""]
    vmap = ("where values agree" if use.reads else "yes") if use.dtypes else ""
    words = {"float64": "float32, float64", "complex128": "complex64, complex128"}
    dtypes = ", ".join(words.get(name, name) for name in DTYPES if name in use.dtypes)
    return [named(use), ", ".join(sorted(use.parts)) or "–", *derivatives, vmap, dtypes]


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
