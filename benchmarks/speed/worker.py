"""A process that runs one workload in one framework, a block of steps whenever it is asked."""

from __future__ import annotations

import os
import pickle
import resource
import sys
import time
from typing import Any, BinaryIO

Answer = dict[str, Any]


def peak() -> float:
    """The largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def start(order: Answer) -> tuple[Any, Answer]:
    """Import the framework, make its contender, and look at its first steps."""
    if order["cores"]:
        os.sched_setaffinity(0, order["cores"])
    from .contender import Unable
    from .contenders import COLUMNS, made
    from .problems import problem

    if COLUMNS[order["column"]].module == "pytorch":
        from .pytorch import prepared

        prepared(order["threads"])
    p = problem(order["kind"], order["sizes"], order["dtype"])
    try:
        made(order["column"], problem("sine", {"layers": [1, 2, 1], "batch": 2}, order["dtype"]))  # imports
        before, begin = peak(), time.perf_counter()
        contender = made(order["column"], p)
        numbers, times = watched(contender)
        first = times[min(contender.warm, len(times)) - 1] - begin
        contender.advance(1)
        seconds = min(timed(contender, 1) for _ in range(3))
        contender.advance(max(1, min(20, int(order["block"] / seconds))))
        grown = peak() - before
    except Unable as refusal:
        return None, {"refused": str(refusal)}
    except Exception as fault:  # a framework that cannot: the table says so
        return None, {"refused": f"{type(fault).__name__}: {(str(fault).strip().splitlines() or [''])[0][:160]}", "fault": True}
    count = max(1, int(order["block"] / max(seconds, 1e-7)))
    return contender, {"numbers": numbers, "first": first, "count": count, "memory": peak(), "grown": grown}


def watched(contender: Any) -> tuple[Any, list[float]]:
    """The numbers of the first steps, and when each of them was done."""
    step, times = contender.step, []

    def noted() -> Any:
        y = step()
        times.append(time.perf_counter())
        return y

    if not getattr(contender, "repeat", False):
        contender.step = noted
    numbers = contender.numbers()
    contender.step = step
    return numbers, times or [time.perf_counter()]


def timed(contender: Any, n: int) -> float:
    """Seconds a step."""
    begin = time.perf_counter()
    contender.advance(n)
    return (time.perf_counter() - begin) / n


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until they end: first an order, then numbers of steps."""

    def answer(x: Any) -> None:
        pickle.dump(x, answers)
        answers.flush()

    contender, found = start(pickle.load(requests))
    answer(found)
    while contender is not None:
        try:
            n = pickle.load(requests)
        except EOFError:
            return
        answer(timed(contender, n))


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a framework prints is no answer
    serve(sys.stdin.buffer, channel)
