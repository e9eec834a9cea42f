"""The command line: `python -m benchmarks speed`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from .contenders import COLUMNS, OWN
from .costs import costs
from .growth import CURVES, growth
from .picture import bars
from .problems import ROWS, scaled
from .runner import Settings, run_row
from .table import Line, refusals, report, times


def parser() -> argparse.ArgumentParser:
    """The options."""
    p = argparse.ArgumentParser(prog="python -m benchmarks speed", description="Training steps beside other frameworks.")
    p.add_argument("--only", action="append", metavar="NAME", help="a row, by the beginning of its name; may be repeated")
    p.add_argument("--columns", metavar="A,B,…", help=f"of {', '.join(COLUMNS)}; or `ours`")
    p.add_argument("--threads", type=int, default=1, help="threads, each on a core of its own")
    p.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    p.add_argument("--sizes", type=float, default=1.0, metavar="FACTOR", help="of widths, batches, nodes and edges")
    p.add_argument("--rounds", type=int, default=9, help="blocks of each column, of which the median counts")
    p.add_argument("--block", type=float, default=0.1, metavar="SECONDS", help="what a block of steps takes")
    p.add_argument("--quick", action="store_true", help="tiny sizes and two short rounds: does everything work?")
    p.add_argument("--growth", nargs="?", const=",".join(CURVES), metavar="A,B,…", help=f"growth curves: {', '.join(CURVES)}")
    p.add_argument("--costs", action="store_true", help="import time and installed size")
    p.add_argument("--out", type=Path, default=Path("speed-results"), help="a folder for tables and pictures")
    return p


def columns_named(text: str | None) -> list[str]:
    """The columns of an option."""
    if not text:
        return list(COLUMNS)
    names = [*OWN] if text == "ours" else text.split(",")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise SystemExit(f"unknown column {unknown[0]}; known are {', '.join(COLUMNS)}")
    return names


def rows_named(names: Sequence[str] | None) -> list[str]:
    """The rows whose names begin so."""
    found = [row for row in ROWS if not names or any(row.lower().startswith(name.lower()) for name in names)]
    if not found:
        raise SystemExit(f"no row begins with {', '.join(names or [])}; known are {', '.join(ROWS)}")
    return found


def measured(rows: Sequence[str], columns: Sequence[str], settings: Settings, factor: float, quick: bool) -> list[Line]:
    """The rows one after the other; each is printed when it is there."""
    lines = []
    for name in rows:
        row = ROWS[name]
        sizes = row.quick if quick else scaled(row.sizes, factor) if factor != 1.0 else row.sizes
        lines.append(Line(name, row, sizes, run_row(row, sizes, columns, settings)))
        print("\n".join(filter(None, [times(lines[-1:]), refusals(lines[-1:])])), flush=True)
    return lines


def kept(lines: Sequence[Line]) -> str:
    """Everything, for other programs."""
    return json.dumps(
        [{"name": x.name, "sizes": x.sizes, "results": {k: asdict(r) for k, r in x.results.items()}} for x in lines]
    )


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for, print it, and write it into the folder."""
    options = parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    columns = columns_named(options.columns)
    rounds, block = (2, 0.001) if options.quick else (options.rounds, options.block)
    with tempfile.TemporaryDirectory() as cache:
        settings = Settings(options.threads, options.dtype, rounds, block, cache)
        if options.costs:
            write(options.out / "costs.md", costs(rounds=2 if options.quick else 5))
            if not options.only and not options.growth:
                return 0
        if options.growth:
            write(options.out / "growth.md", growth(options.growth.split(","), columns, settings, options.quick, options.out))
            return 0
        lines = measured(rows_named(options.only), columns, settings, options.sizes, options.quick)
    write(options.out / "speed.md", report(lines, settings))
    (options.out / "speed.json").write_text(kept(lines), encoding="utf-8")
    print(bars(lines, options.out / "speed.svg"))
    return 0


def write(path: Path, text: str) -> None:
    """Print a text and keep it."""
    print(text)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
