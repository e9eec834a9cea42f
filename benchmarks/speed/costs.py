"""What a framework costs before it does anything: time to import, size on disk, and the sweep against the forward pass."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from .runner import ROOT
from .table import markdown

IMPORTS = {
    "Python alone": ("", ""),
    "numpy": ("numpy", "numpy"),
    "autograd_core": ("autograd_core", "autograd-core"),
    "autograd_core, nn, physics": ("autograd_core, nn, physics", "autograd-core"),
    "PyTorch": ("torch", "torch"),
    "JAX": ("jax.numpy", "jax"),
    "HIPS autograd": ("autograd.numpy", "autograd"),
}
OWN = ("autograd_core", "nn", "physics")


def costs(rounds: int = 5) -> str:
    """A table of import times and installed sizes."""
    rows = []
    for title, (modules, distribution) in IMPORTS.items():
        absent = [name for name in re.findall(r"^\w+", modules) if find_spec(name) is None]
        if absent:
            rows.append([title, f"{absent[0]} is not installed", "–", "–"])
            continue
        own = size(distribution) if distribution else 0.0
        everything = sum(map(size, {distribution, *needed(distribution)})) if distribution else 0.0
        numbers = [f"{x / 1e6:,.1f}" if x else "–" for x in (own, everything)]
        rows.append([title, f"{1e3 * import_time(modules, rounds):,.0f}", *numbers])
    head = ["import", "ms, a fresh process", "MB installed", "MB with what it needs"]
    return f"# Costs\n\n{markdown(head, rows)}\n"


def import_time(modules: str, rounds: int) -> float:
    """Seconds from the start of a Python process to its end, the modules imported."""
    command = [sys.executable, "-c", f"import {modules}" if modules else "pass"]
    times = []
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - begin)
    return median(times[1:])  # the first reads the disk


def size(distribution: str) -> float:
    """Bytes of an installed distribution; of this one, of its packages beside this folder."""
    if distribution == "autograd-core":
        return float(sum(f.stat().st_size for name in OWN for f in (ROOT / name).rglob("*") if f.suffix in (".py", ".typed")))
    try:
        files = metadata.files(distribution) or []
    except metadata.PackageNotFoundError:
        return 0.0
    paths = [Path(str(file.locate())) for file in files]
    return float(sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc"))


def needed(distribution: str) -> set[str]:
    """The distributions that one needs, and those that these need, without extras."""
    found: set[str] = set()
    waiting = [distribution]
    while waiting:
        name = waiting.pop()
        try:
            requirements = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            requirements = ["numpy", "scipy", "graphviz"] if name == "autograd-core" else []
        names = {re.split(r"[^\w.-]", each)[0].lower() for each in requirements if "extra ==" not in each}
        waiting += names - found
        found |= names
    return found
