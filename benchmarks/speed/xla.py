"""The workloads in JAX: a training step under jit, and many of them inside one loop of XLA."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .contender import CHECKED, RATE, Contender, Numbers
from .functional import Library, adam, loss_of
from .problems import Problem

jax.config.update("jax_enable_x64", True)


def accelerations(energy: Any, q: Any, v: Any) -> Any:
    """Each example by itself, then all of them by vmap."""

    def one(q: Any, v: Any) -> Any:
        mass = jax.hessian(energy, 1)(q, v) + jnp.eye(len(q), dtype=q.dtype)
        mixed = jax.jacobian(jax.grad(energy, 1), 0)(q, v)
        return jnp.linalg.solve(mass, jax.grad(energy, 0)(q, v) - mixed @ v)

    return jax.vmap(one)(q, v)


LIBRARY = Library(
    jnp,
    jax.grad,
    lambda x, i: jnp.asarray(x)[i],
    lambda x, i, n: jax.ops.segment_sum(x, i, n),
    lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "SAME"),
    accelerations,
    lambda step, start, xs: lax.scan(lambda state, x: (step(state, x), None), start, xs)[0],
)


class Training(Contender):
    """A jitted training step; `looped`: many of them inside one loop."""

    def __init__(self, p: Problem, looped: bool = False) -> None:
        p = Problem(p.kind, p.sizes, p.weights, {name: jnp.asarray(x) for name, x in p.data.items()})
        loss = loss_of(p, LIBRARY)
        ws = [jnp.array(w) for w in p.weights]
        zeros = lambda: [jnp.zeros_like(w) for w in ws]
        self.state: Any = (ws, zeros(), zeros(), jnp.zeros((), ws[0].dtype))
        self.gradients = jax.grad(loss)

        def step(state: Any) -> Any:
            ws, ms, vs, k = state
            y, gs = jax.value_and_grad(loss)(ws)
            return (*adam(jnp, ws, gs, ms, vs, k + 1.0, RATE), k + 1.0), y

        def loop(state: Any, n: Any) -> Any:
            return lax.fori_loop(0, n, lambda _, pair: step(pair[0]), (state, jnp.zeros((), ws[0].dtype)))

        self.jitted = jax.jit(step, donate_argnums=0)
        self.loop = jax.jit(loop, donate_argnums=0)
        self.looped = looped

    def step(self) -> Any:
        self.state, y = self.loop(self.state, 1) if self.looped else self.jitted(self.state)
        return y.block_until_ready()

    def advance(self, n: int) -> None:
        if self.looped:
            self.state, y = self.loop(self.state, n)
        else:
            for _ in range(n):
                self.state, y = self.jitted(self.state)
        y.block_until_ready()

    def numbers(self) -> Numbers:
        losses = [float(self.step()) for _ in range(CHECKED - 1)]
        gradients = jax.jit(self.gradients)(self.state[0])
        return Numbers([*losses, float(self.step())], [np.asarray(g) for g in gradients])


class Chain(Contender):
    """The cost of an op without jit."""

    def __init__(self, p: Problem) -> None:
        self.loss, self.start, self.twice = loss_of(p, LIBRARY), jnp.asarray(p.weights[0]), p.kind == "chain_twice"

    def step(self) -> Any:
        ws = [self.start]
        value_and_grad = jax.value_and_grad(self.loss)
        y, gs = jax.vjp(value_and_grad, ws)[0] if self.twice else value_and_grad(ws)
        return y.block_until_ready(), gs[0].block_until_ready()

    def numbers(self) -> Numbers:
        y, g = self.step()
        return Numbers([float(y)], [np.asarray(g)])


def jitted(p: Problem) -> Contender:
    return Chain(p) if p.kind.startswith("chain") else Training(p)


def looped(p: Problem) -> Contender:
    return Training(p, looped=True)
