"""Command lines of studies: `python -m PACKAGE STUDY` runs one, which trains, compares, prints a table and draws pictures."""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograd_core.errors import MissingExtraError, require

from .files import write_text
from .pictures import OutputFolderError, open_output_folder

TABLE = "A table is text with commas, semicolons (then a comma is a decimal one) or blanks; names on top are skipped."
QUICK = "a quick run: the same path, too short for small errors"


@dataclass
class Result:
    """What a study found: a table as text, how to draw its pictures into a folder, and whether Ctrl-C ended it."""

    table: str
    draw: Callable[[Path], object]
    interrupted: bool = False


class DataError(ValueError):
    """The data that a study was given, or needs, cannot be had."""


def run(package: str, studies: Mapping[str, str], argv: Sequence[str]) -> int:
    """Run the study of a package that the first argument names, with the other arguments; returns the exit code."""
    if not argv or argv[0] in ("-h", "--help"):
        print(usage(package, studies))
        return 0 if argv else 2
    module = argv[0].replace("-", "_")
    if module not in {name.replace("-", "_") for name in studies}:
        near = difflib.get_close_matches(argv[0].replace("_", "-"), studies, n=1)
        meant = f": did you mean {near[0]}?" if near else ""
        print(f"unknown study {argv[0]!r}{meant}\n\n{usage(package, studies)}", file=sys.stderr)
        return 2
    study = importlib.import_module(f"{package}.studies.{module}")
    try:
        return study.main(argv[1:])
    except BrokenPipeError:  # what read the output, such as `head`, has gone; the results are on disk
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (the interpreter flushes it at exit)
        return 1


def usage(package: str, studies: Mapping[str, str]) -> str:
    """What can be run."""
    width = max(map(len, studies), default=0)
    rows = "\n".join(f"  {name:<{width}} {text}" for name, text in studies.items())
    return f"usage: python -m {package} STUDY [--quick] [--out DIR] [--help]\n\n{rows}"


def start_with_one_thread() -> None:
    """Start this command again with one BLAS thread, unless the user has chosen a number.

    The matrices of small networks have about twenty columns. A second thread gains little on them, and waits for the
    first in a busy loop: when another program wants that core, a step takes a hundred times as long and more.
    """
    settings = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    if os.name == "posix" and not any(name in os.environ for name in settings):
        os.environ |= dict.fromkeys(settings, "1")
        os.execv(sys.executable, sys.orig_argv)


def print_whatever_comes() -> None:
    """Replace what an output cannot encode, such as ν in Latin-1: a character must not end a study."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def described(command: str, text: str, end: str = "") -> argparse.ArgumentParser:
    """A parser without options yet, whose help begins with a docstring, paragraph by paragraph, and has `end` below."""
    width = max(20, shutil.get_terminal_size().columns - 2)
    filled = "\n\n".join(textwrap.fill(part, width) for part in text.strip().split("\n\n"))
    style = argparse.RawDescriptionHelpFormatter
    prog, below = f"python -m {command}", textwrap.fill(end, width)
    return argparse.ArgumentParser(prog=prog, description=filled, epilog=below, formatter_class=style)


def options(command: str, text: str, data: str) -> argparse.ArgumentParser:
    """The options of all studies, for a command such as "nn digits"; `text` is its docstring, `data` what --data reads.

    Where these are rows or a table, the help says how they are written.
    """
    name = command.rpartition(" ")[2]
    written = f". {TABLE}" if data.startswith("rows") or ".csv" in data else ""
    p = described(command, text, f"FILE of --data: {data}{written}")
    p.add_argument("--quick", action="store_true", help="a few steps only, for a look")
    p.add_argument("--data", metavar="FILE", help="your own data")
    p.add_argument("--out", metavar="DIR", help=f"folder for pictures and tables (default: {name}-study or {name}-quick)")
    p.add_argument("--seed", type=whole_from(0), default=0, metavar="N", help="of all that is random (default: %(default)s)")
    p.add_argument("--quiet", action="store_true", help="no progress bar")
    return p


def whole_from(low: int) -> Callable[[str], int]:
    """The reader of a whole number that is not below `low`."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} on")
        return int(text)

    return read


def read_table(path: str) -> np.ndarray:
    """The numbers of a text file as rows and columns, separated by commas, semicolons or blanks, without a row of names on top.

    With semicolons a comma is a decimal one. Lines may end with a comment after #. Raises DataError for a file that cannot be
    read or has no numbers.
    """
    try:
        with np.lib.npyio.DataSource(None).open(path, "rt", encoding="latin-1") as file:  # names may be of any encoding
            text = file.read().removeprefix("\ufeff".encode().decode("latin-1"))
        lines = [line for line in (each.partition("#")[0].strip() for each in text.splitlines()) if line]
        if lines and not any(map(_is_number, lines[0].split(_separator(lines[0])))):
            del lines[0]
        if not lines:
            raise DataError(f"{path} has no numbers")
        if (separator := _separator(lines[0])) == ";":
            lines = [line.replace(",", ".") for line in lines]
        return np.loadtxt(lines, delimiter=separator, ndmin=2)
    except (OSError, ValueError) as error:
        raise error if isinstance(error, DataError) else DataError(f"Cannot read numbers from {path}: {error}") from error


def _separator(line: str) -> str | None:
    return next((each for each in ";," if each in line), None)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def conduct(parser: argparse.ArgumentParser, argv: Sequence[str], study: Callable[..., Result]) -> int:
    """Run `study(args, folder, progress)`, print and write its table, and draw its pictures.

    Returns the exit code: 0, 2 for data that cannot be read or a folder that cannot be written, 130 after Ctrl-C.
    """
    args = parser.parse_args(argv)
    name = parser.prog.rpartition(" ")[2]
    path = Path(args.out or (f"{name}-quick" if args.quick else f"{name}-study")).expanduser().absolute()
    new = [each for each in (path, *path.parents) if not each.exists()]
    try:
        folder = open_output_folder(path)
        start = time.perf_counter()
        result = study(args, folder, False if args.quiet else None if args.quick else True)
    except (OutputFolderError, DataError) as error:
        print(error, file=sys.stderr)
        _remove_empty(new)
        return 2
    table = f"{result.table}\n{QUICK}" if args.quick else result.table
    write_text(folder / "table.txt", table + "\n")  # before the pictures, so that no error there loses it
    print(f"{table}\n\nmade in {time.perf_counter() - start:.0f} s")
    return _draw(result, folder)


def _remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that were made for a study that was refused, the inner ones first."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:  # something was written there
            return


def _draw(result: Result, folder: Path) -> int:
    """Draw the pictures, and say where they are."""
    try:
        require("matplotlib", extra="plot")
        result.draw(folder)
        print(f"table and pictures in  {folder}")
    except MissingExtraError as error:
        print(f"table in  {folder}\nno pictures: {error}")
    except OSError as error:
        print(f"table in  {folder}\nnot all pictures could be written: {error}")
    except KeyboardInterrupt:
        print(f"table in  {folder}\nInterrupted while drawing: pictures are missing.")
        return 130
    if result.interrupted:
        print("Interrupted: all this is of the training so far.")
        return 130
    return 0
