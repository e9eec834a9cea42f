"""Mutation testing of the derivative rules: is every wrong rule found by the declared samples of its primitive?

    python benchmarks/mutation.py [name …]

Spoils the rules of the primitives (of those named, or of all) in one place after the other, and runs the gradient check
on the samples that are declared for the primitives that use the rule, and their kinks and refusals. Prints a table in
Markdown, and the mutants that nobody noticed. Takes an hour or more.
"""

from __future__ import annotations

import re
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from equivalent import EQUIVALENT, reason
from further import FURTHER
from mutants import Mutant, Place, broken, mutants, places

import autograd_core as ac
from autograd_core.tensor import as_tensor
from autograd_core.testing import gradcheck, samples  # noqa: F401 (importing the samples declares them)
from autograd_core.testing.declared import Kink, Refusal, Sample, declarations
from autograd_core.trees import flatten

SECONDS = 20  # a mutant that computes longer hangs, which is noticed;
MEMORY = 8 << 30  # so is one that asks for more bytes
USERS = 6  # of so many primitives that share a function the samples are taken

Check = Sample | Kink | Refusal


class Late(Exception):
    """A mutant took too long."""


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise Late in the block after so many seconds of its own work, however busy the machine is."""

    def late(*_: Any) -> None:
        raise Late

    signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def noticed(checks: list[Check]) -> str:
    """By what the checks notice that something is wrong; empty if they do not. The one that does comes first next time."""
    for order in (1, 2):
        for check in checks:
            due = check.order >= order if isinstance(check, Sample) else order == 1
            if due and (found := by(check, order)):
                checks.remove(check)
                checks.insert(0, check)
                return found
    return ""


def by(check: Check, order: int) -> str:
    """By what one of them notices that something is wrong."""
    try:
        with limited(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(check, Sample):
                return of_sample(check, order)
            return at_kink(check) if isinstance(check, Kink) else of_refusal(check)
    except Late:
        return "time"
    except Exception:
        return "an exception"


def of_sample(sample: Sample, order: int) -> str:
    """By what the gradient check of a sample fails."""
    report = gradcheck(sample.f, tuple(sample.inputs), order, raise_error=False)
    if report:
        return "" if order > 1 or right_value(sample) else "a value"
    if all(f.kind != "wrong" for f in report.failures):
        return "a promise"
    return "second order" if any(" over " in f.mode for f in report.failures) else "first order"


def right_value(sample: Sample) -> bool:
    """Whether the value is that of the reference, if there is one."""
    if sample.reference is None:
        return True
    found, _ = flatten(sample.f(*map(as_tensor, sample.inputs)))
    expected, _ = flatten(sample.reference(*sample.inputs))
    return all(np.allclose(x.numpy(), y, equal_nan=True) for x, y in zip(found, expected, strict=True))


def at_kink(kink: Kink) -> str:
    """Whether the gradients at a kink are other than those declared."""
    xs = [ac.tensor(x, requires_grad=True) for x in kink.inputs]
    gradients = ac.gradients(ac.sum(kink.f(*xs)), xs, allow_unused=True)
    found = [np.zeros(()) if g is None else g.numpy() for g in gradients]
    right = all(np.allclose(g, e, equal_nan=True) for g, e in zip(found, kink.gradient, strict=True))
    return "" if right else "a kink"


def of_refusal(refusal: Refusal) -> str:
    """Whether a call raises something else than declared, or nothing."""
    try:
        refusal.call()
    except Exception as error:
        return "" if type(error) is refusal.error and re.search(refusal.text, str(error)) else "a refusal"
    return "a refusal"


def checks_of(place: Place) -> tuple[list[Check], list[Check]]:
    """What should notice: samples of some primitives that use the place, and the kinks and refusals of all; samples of more."""
    users = [name for name in dict.fromkeys(place.users) if name in declarations]
    tried, more = (
        list(dict.fromkeys(s for name in part for s in samples_of(name) if s.order and usable(s)))
        for part in (users[:USERS], users[USERS : 4 * USERS])
    )
    others = [check for name in users for check in (*declarations[name].kinks, *declarations[name].refusals)]
    return [*tried, *(check for check in others if not by(check, 1))], more


def samples_of(name: str) -> list[Sample]:
    """The samples of a primitive, declared and further ones."""
    return [*declarations[name].samples, *FURTHER.get(name, ())]


@cache
def usable(sample: Sample) -> bool:
    """Whether a sample has derivatives and finds nothing wrong before any change."""
    return not sample.order or not by(sample, min(sample.order, 2))


def main(names: list[str]) -> None:
    """Run all mutants and print what was found."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    start, found, survivors, unreached = time.perf_counter(), Counter[tuple[str, str]](), [], []
    for place in places():
        if names and not {*names} & {*place.users}:
            continue
        checks, more = checks_of(place)
        with broken(place).planted():
            reached = noticed(checks) or noticed(more)
        if not reached:
            unreached.append(place.name)
            continue
        for mutant in mutants(place):
            with mutant.planted():
                how = noticed(checks) or noticed(more)
            if not how and reason(mutant.name):
                how = "equivalent"
                print(f"equivalent: {mutant.name}", file=sys.stderr, flush=True)
            found[mutant.kind, how] += 1
            if not how:
                survivors.append(mutant)
                print(f"survivor: {mutant.name}", file=sys.stderr, flush=True)
    publish(found, survivors)
    unsound = [f"{name} {k}" for name in declarations for k, sample in enumerate(samples_of(name)) if not usable(sample)]
    print(f"\nReached by no sample: {', '.join(unreached) or 'none'}.")
    print(f"\nSamples that fail before any change, left out: {', '.join(unsound) or 'none'}.")
    print(f"\n{time.perf_counter() - start:.0f} seconds.")


HOW = ("first order", "second order", "a value", "a promise", "a kink", "a refusal", "an exception", "time", "equivalent", "")


def publish(found: Counter[tuple[str, str]], survivors: list[Mutant]) -> None:
    """Print the table, the score, and what survived."""
    print("| mutants | " + " | ".join(how or "not noticed" for how in HOW) + " | all |")
    print("|---|" + "---:|" * (len(HOW) + 1))
    kinds = [*sorted({kind for kind, _ in found}), "all"]
    for kind in kinds:
        row = [sum(n for (k, h), n in found.items() if h == how and kind in (k, "all")) for how in HOW]
        print(f"| {kind} | " + " | ".join(map(str, row)) + f" | {sum(row)} |")
    total = sum(found.values())
    equal = sum(n for (_, how), n in found.items() if how == "equivalent")
    print(f"\n{total} mutants, {equal} of them equivalent; of the other {total - equal}, {len(survivors)} are not noticed.")
    for mutant in survivors:
        print(f"* `{mutant.name}`")
    print("\nJudged equivalent:\n")
    for pattern, why in EQUIVALENT.items():
        print(f"* {why}: `{pattern}`")


if __name__ == "__main__":
    main(sys.argv[1:])
