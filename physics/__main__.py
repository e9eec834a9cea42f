"""`python -m physics STUDY`: run a study."""

from __future__ import annotations

import importlib
import io
import os
import sys

STUDIES = {
    "burgers": "Burgers' equation by a physics-informed network, against the exact solution",
    "sine": "the sine regression of a first course: history, fit, regularisation, Sobolev training",
}


def main(argv: list[str]) -> int:
    """Run the study that the first argument names, with the other arguments."""
    if not argv or argv[0] in ("-h", "--help"):
        print(usage())
        return 0 if argv else 2
    if argv[0] not in STUDIES:
        print(f"unknown study {argv[0]!r}\n\n{usage()}", file=sys.stderr)
        return 2
    study = importlib.import_module(f"physics.studies.{argv[0]}")
    try:
        return study.main(argv[1:])
    except BrokenPipeError:  # what read the output, such as `head`, has gone; the weights are on disk
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (the interpreter flushes it at exit)
        return 1


def usage() -> str:
    """What can be run."""
    rows = "\n".join(f"  {name:<10} {text}" for name, text in STUDIES.items())
    return f"usage: python -m physics STUDY [--quick] [--out DIR] [--help]\n\n{rows}"


def start_with_one_thread() -> None:
    """Start this command again with one BLAS thread, unless the user has chosen a number.

    The matrices of these networks have about twenty columns. A second thread gains little on them, and waits for the
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


if __name__ == "__main__":
    start_with_one_thread()
    print_whatever_comes()
    sys.exit(main(sys.argv[1:]))
