"""What the tests of minimizers share: a closure as a user writes it, and a function to minimize."""

from __future__ import annotations

import autograd_core as ac


def param(value, dtype=None):
    return ac.tensor(value, dtype=dtype, requires_grad=True)


def closure_of(optimizer, f):
    """What a user writes: clear, compute, differentiate, return. Counts its calls in `.calls`."""

    def closure():
        closure.calls += 1
        optimizer.zero_grad()
        loss = f()
        loss.backward()
        return loss

    closure.calls = 0
    return closure


def minimize(optimizer, f, callback=None):
    optimizer.step(closure_of(optimizer, f), callback)
    return optimizer.stop_reason


def rosenbrock(w, lib=ac):
    return lib.sum(100.0 * (w[1:] - w[:-1] ** 2) ** 2 + (1.0 - w[:-1]) ** 2)
