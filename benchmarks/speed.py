"""How fast the engine is beside PyTorch, in one process on one core: medians of interleaved runs, and their ratio.

    OPENBLAS_NUM_THREADS=1 taskset -c 0 python benchmarks/speed.py [row …]

Each row runs the same computation in both libraries by turns, so that a busy machine slows both. Needs the extra `bench`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch

import autograd_core as ac

torch.set_num_threads(1)
rng = np.random.default_rng(0)
Pair = tuple[Callable[[], object], Callable[[], object]]


def op_overhead(create_graph: bool = False) -> Pair:
    """h ← tanh(h)·x a hundred times on a vector of ten, forward and backward."""
    start = rng.normal(size=10)

    def ours() -> object:
        x = ac.tensor(start, requires_grad=True)
        h = x
        for _ in range(100):
            h = ac.tanh(h) * x
        return ac.gradients(h.sum(), x, create_graph=create_graph)

    def theirs() -> object:
        x = torch.tensor(start, requires_grad=True)
        h = x
        for _ in range(100):
            h = torch.tanh(h) * x
        return torch.autograd.grad(h.sum(), x, create_graph=create_graph)

    return ours, theirs


def network(width: int, points: int, second: bool) -> Pair:
    """A tanh network of four layers on some points: the gradient of its loss, or of the loss of its input gradient."""
    sizes = [2, width, width, width, 1]
    weights = [rng.normal(size=(m, n)) / np.sqrt(m) for m, n in zip(sizes, sizes[1:])]
    inputs = rng.normal(size=(points, 2))

    def run(library: type, tensor: Callable, gradient: Callable) -> Callable:
        ws = [tensor(w) for w in weights]
        x = tensor(inputs)

        def step() -> object:
            y = x
            for w in ws[:-1]:
                y = library.tanh(y @ w)  # type: ignore[attr-defined]
            y = (y @ ws[-1]).sum()
            loss = (gradient(y, [x], create_graph=True)[0] ** 2).sum() if second else y * y
            return gradient(loss, ws)

        return step

    ours = run(ac, lambda a: ac.tensor(a, requires_grad=True), ac.gradients)  # type: ignore[arg-type]
    theirs = run(torch, lambda a: torch.tensor(a, requires_grad=True), torch.autograd.grad)  # type: ignore[arg-type]
    return ours, theirs


ROWS: dict[str, Callable[[], Pair]] = {
    "op overhead": op_overhead,
    "op overhead, create_graph": lambda: op_overhead(create_graph=True),
    "network 20 wide, 100 points": lambda: network(20, 100, False),
    "network 20 wide, 100 points, gradient of gradient": lambda: network(20, 100, True),
    "network 50 wide, 2,000 points": lambda: network(50, 2000, False),
}


def alternate(pair: Pair, rounds: int = 60) -> tuple[float, float]:
    """The median times of both, run by turns, each time as often as takes some ten milliseconds."""
    ours, theirs = pair
    counts = [max(1, int(0.01 / timed(f, 1))) for f in (ours, theirs)]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for f, n, kept in zip(pair, counts, times):
            kept.append(timed(f, n))
    return median(times[0]), median(times[1])


def timed(f: Callable, n: int) -> float:
    """Seconds a call."""
    start = time.perf_counter()
    for _ in range(n):
        f()
    return (time.perf_counter() - start) / n


def backward_per_forward() -> float:
    """The backward pass of a network bound by matrix products, in forward passes."""
    ws = [ac.tensor(rng.normal(size=(512, 512)) / 20, requires_grad=True) for _ in range(4)]
    x = ac.tensor(rng.normal(size=(512, 512)), requires_grad=True)
    forward, backward = [], []
    for _ in range(15):
        start = time.perf_counter()
        y = x
        for w in ws:
            y = ac.relu(y @ w)
        y = y.sum()
        middle = time.perf_counter()
        ac.gradients(y, [x, *ws])
        backward.append(time.perf_counter() - middle)
        forward.append(middle - start)
    return median(backward) / median(forward)


def main() -> None:
    """Print the table."""
    wanted = sys.argv[1:] or list(ROWS)
    print("| row | autograd_core | PyTorch | ratio |\n|---|---|---|---|")
    for name in wanted:
        ours, theirs = alternate(ROWS[name]())
        print(f"| {name} | {ours * 1e6:.0f} µs | {theirs * 1e6:.0f} µs | {ours / theirs:.2f} |")
    if len(sys.argv) == 1:
        print(f"\nbackward pass of four 512×512 layers: {backward_per_forward():.2f} forward passes")


if __name__ == "__main__":
    main()
