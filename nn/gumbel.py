"""Gumbel's softmax: random choices of a class through which gradients flow."""

from __future__ import annotations

from typing import Any

import autograd_core as ac


def gumbel_softmax(
    logits: Any,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    generator: ac.random.Generator | None = None,
) -> ac.Tensor:
    """softmax((logits + g) / tau) along `dim`, with draws g of Gumbel's distribution: nearly 1 at one class, chosen at random.

    With `hard` it is exactly 1 there and 0 elsewhere, with the gradient of the soft weights. `eps` changes nothing, as in
    PyTorch. Draws come from `generator`, or the default one of `ac.random`. Raises ValueError unless tau > 0.

    Source: Jang, Gu and Poole, ICLR 2017, eq. 2.
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau must be positive, got {tau}")
    x = ac.as_tensor(logits)
    source = ac.random.default_generator if generator is None else generator
    g = -ac.log(source.exponential(size=tuple(x.shape), dtype=x.dtype))
    y = ac.softmax((x + g) / tau, dim)
    if not hard:
        return y
    places = ac.expand_dims(ac.argmax(y, dim), dim)
    still = ac.stop_gradient(y)
    return ac.put_along_axis(ac.zeros_like(still), places, 1.0, dim) + (y - still)
