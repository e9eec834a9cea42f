"""The workloads in HIPS autograd, with Adam written in NumPy."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive

from .contender import CHECKED, RATE, Contender, Numbers, Unable
from .functional import Library, adam, loss_of
from .problems import Problem


@primitive
def segment_sum(x: Any, ids: Any, n: int) -> Any:
    """Sums of rows by their number; the library has no such function."""
    y = np.zeros((n, x.shape[1]), x.dtype)
    np.add.at(y, ids, x)
    return y


defvjp(segment_sum, lambda _y, _x, ids, _n: lambda g: g[ids])


def convolve(x: Any, w: Any) -> Any:
    """A sum of nine products of shifted images; the library's own convolution is slower still."""
    n, m = x.shape[2:]
    x = anp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), "constant")
    shifted = anp.concatenate([x[:, :, i : i + n, j : j + m] for i in range(3) for j in range(3)], axis=1)
    flat = anp.reshape(anp.transpose(w, (0, 2, 3, 1)), (w.shape[0], -1))
    return anp.transpose(anp.tensordot(flat, shifted, axes=([1], [1])), (1, 0, 2, 3))


def accelerations(energy: Any, q: Any, v: Any) -> Any:
    """All examples at once: they do not mix, so a sum has the gradients of all."""
    total = lambda q, v: anp.sum(energy(q, v))
    momentum = lambda k: lambda q, v: anp.sum(autograd.grad(total, 1)(q, v)[:, k])
    axes = range(q.shape[1])
    mixed = anp.stack([autograd.grad(momentum(k), 0)(q, v) for k in axes], axis=1)
    mass = anp.stack([autograd.grad(momentum(k), 1)(q, v) for k in axes], axis=1) + np.eye(q.shape[1], dtype=q.dtype)
    force = autograd.grad(total, 0)(q, v) - anp.einsum("bij,bj->bi", mixed, v)
    return anp.linalg.solve(mass, force[:, :, None])[:, :, 0]


def scan(step: Any, state: Any, xs: Any) -> Any:
    """The last state."""
    for k in range(xs.shape[0]):
        state = step(state, xs[k])
    return state


LIBRARY = Library(anp, autograd.grad, lambda x, i: x[i], segment_sum, convolve, accelerations, scan)


class Training(Contender):
    """A training step."""

    def __init__(self, p: Problem) -> None:
        self.ws = p.weights
        self.ms = self.vs = [np.zeros_like(w) for w in p.weights]
        self.k = 0
        self.value_and_grad = autograd.value_and_grad(loss_of(p, LIBRARY))

    def step(self) -> Any:
        y, self.gs = self.value_and_grad(self.ws)
        self.k += 1
        self.ws, self.ms, self.vs = adam(np, self.ws, self.gs, self.ms, self.vs, self.k, RATE)
        return y

    def numbers(self) -> Numbers:
        losses = [float(self.step()) for _ in range(CHECKED)]
        return Numbers(losses, self.gs)


class Chain(Contender):
    """The cost of an op."""

    def __init__(self, p: Problem) -> None:
        self.loss, self.start, self.twice = loss_of(p, LIBRARY), p.weights[0], p.kind == "chain_twice"

    def step(self) -> Any:
        gradient = lambda x: autograd.grad(lambda x: self.loss([x]))(x)
        if self.twice:
            return 0.0, autograd.make_vjp(gradient)(self.start)[1]
        return autograd.value_and_grad(lambda x: self.loss([x]))(self.start)

    def numbers(self) -> Numbers:
        return Numbers([float(self.loss([self.start]))], [np.asarray(self.step()[1])])


def eager(p: Problem) -> Contender:
    if p.kind == "order" and p.sizes["order"] > 4:
        raise Unable("too slow")
    return Chain(p) if p.kind.startswith("chain") else Training(p)
