"""Derivatives of a network by stacked coefficients and by nested reverse mode: time and memory of loss and gradient.

`python -m benchmarks derivatives [--points N] [--calls N] [--backend NAME]`: a tanh network 2–8×20–1; the residual of Burgers'
equation, that without u_xx, or u + u_xxxx. Each row runs in a process of its own: process time of the best call; the most
memory of arrays in a call, with what programs hold between calls; and by how much the first calls, captures included, raise the
peak of the resident memory (with numba, about 100 MB of that are its compiler).
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from physics.fields import Plan, State

RESIDUALS = {
    "Burgers": (lambda s: s.u_t + s.u * s.u_x - (0.01 / np.pi) * s.u_xx, (("u", "t"), ("u", "x", "x"))),
    "order 1": (lambda s: s.u_t + s.u * s.u_x, (("u", "t"), ("u", "x"))),
    "order 4": (lambda s: s.u + s.u_xxxx, (("u", "x", "x", "x", "x"),)),
}
WAYS = {
    "nested, eager": ("nested", False),
    "stacked, eager": ("stacked", False),
    "stacked, eager, the layers compiled": ("layers", False),
    "nested, compiled": ("nested", True),
    "stacked, compiled": ("stacked", True),
}


def measured(residual: str, way: str, points: int, calls: int, backend: str) -> dict[str, Any]:
    """One row: milliseconds, megabytes, the loss."""
    mode, compiled = WAYS[way]
    f, keys = RESIDUALS[residual]
    network = nn.MLP([2, *[20] * 8, 1], activation="tanh", generator=0)
    X = ac.tensor(np.random.default_rng(0).uniform(-1.0, 1.0, (points, 2)))
    plan = Plan(nested=mode == "nested", compiled=mode == "layers")
    plan.note(*keys)
    parameters = list(network.parameters())

    def step() -> ac.Tensor:
        for p in parameters:
            p.grad = None
        r = f(State(network, X, ("x", "t"), ("u",), plan=plan))
        loss = ac.mean(r * r)
        loss.backward()
        return loss.detach()

    run = ac.compile(step, backend=backend) if compiled else step
    before = peak()
    loss = run().item()
    run()
    run()
    first = peak() - before
    held = sum(map(program_bytes, [run, *plan._programs.values()])) / 1e6
    times = []
    for _ in range(calls):
        gc.collect()
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return {"ms": 1e3 * min(times), "MB": held + arrays_of(run), "first": first, "loss": loss}


def arrays_of(run: Callable[[], Any]) -> float:
    """The most memory that arrays take in a call, in megabytes."""
    gc.collect()
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return most


def program_bytes(run: Any) -> float:
    """The memory of the programs of a compiled function, and of those of its derivative."""
    entries = [entry for entries in getattr(run, "entries", {}).values() for entry in entries]
    return float(sum(entry.runner.bytes + program_bytes(entry.pull) for entry in entries))


def peak() -> float:
    """The largest resident memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def main() -> None:
    """Measure all rows, and print them with the ratios to nested reverse mode of the same kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--backend", default="auto", choices=("auto", "numpy", "numba", "mkl"), help="of the compiled rows")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(*given.one, given.points, given.calls, given.backend)))
        return
    print(f"2–8×20–1 tanh, {given.points:,} points, loss and gradient; ratios to nested reverse mode, eager and compiled")
    for residual in RESIDUALS:
        rows = {way: one(residual, way, given) for way in WAYS}
        for way, row in rows.items():
            base = rows["nested, compiled" if "compiled" in way and "eager" not in way else "nested, eager"]
            ratios = f"{base['ms'] / row['ms']:5.1f} × time {base['MB'] / max(row['MB'], 0.1):6.1f} × memory"
            cost = f"{row['ms']:8.1f} ms {row['MB']:8.1f} MB (first calls {row['first']:6.1f})"
            print(f"{residual:8s} {way:36s} {cost} {ratios}  loss {row['loss']:.10g}", flush=True)


def one(residual: str, way: str, given: argparse.Namespace) -> dict[str, Any]:
    """A row measured in a fresh process."""
    options = {"--points": given.points, "--calls": given.calls, "--backend": given.backend}
    flat = [str(x) for pair in options.items() for x in pair]
    command = [sys.executable, __file__, *flat, "--one", residual, way]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


if __name__ == "__main__":
    main()
