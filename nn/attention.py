"""Attention: means of values, weighted by how well keys fit a query."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd_core as ac

from .dropout import dropout


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    generator: ac.random.Generator | None = None,
) -> ac.Tensor:
    """softmax(scale · Q Kᵀ + mask) V, with scale = 1/√features if None.

    Shapes: query Q (…, L, E), key K (…, S, E), value V (…, S, F), result (…, L, F). The mask broadcasts to (…, L, S): where
    a boolean one is False the key does not count, a floating one is added. `is_causal` masks the keys behind the query. With
    `enable_gqa` groups of query heads, the third axis from the end, share one key and value head. `dropout_p` drops weights,
    always, with draws from `generator`. A query without keys gives zeros, and gradients of zero to all orders.

    Raises ShapeError for shapes that do not fit, DTypeError for masks of integers, ValueError for a mask beside is_causal.

    Source: Vaswani et al., NeurIPS 2017, eq. 1.

    >>> scaled_dot_product_attention([[1.0]], [[1.0], [1.0]], [[2.0], [4.0]], attn_mask=[[True, False]])
    tensor([[2.]])
    """
    q, k, v = map(ac.as_tensor, (query, key, value))
    if enable_gqa:
        k, v = (_shared_heads(q, x) for x in (k, v))
    _check(q, k, v)
    scores = attention_scores(q, k, attn_mask, is_causal, scale)
    return ac.matmul(dropout(ac.softmax(scores, axis=-1), dropout_p, generator=generator), v)


def attention_scores(
    q: ac.Tensor, k: ac.Tensor, mask: Any = None, is_causal: bool = False, scale: float | None = None
) -> ac.Tensor:
    """scale · Q Kᵀ with the mask applied: -∞ where a key does not count."""
    factor = 1.0 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
    scores = ac.matmul(q * factor, ac.swapaxes(k, -1, -2))
    if is_causal:
        if mask is not None:
            raise ValueError("scaled_dot_product_attention: give attn_mask or is_causal=True, not both")
        return ac.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    if mask is None:
        return scores
    mask = ac.as_tensor(mask)
    if mask.dtype.kind not in "bf":
        raise ac.errors.DTypeError(f"attn_mask holds booleans or floating numbers, not {mask.dtype}. Use mask.astype(bool).")
    if not _joins(mask.shape, scores.shape):
        raise ac.errors.ShapeError(f"attn_mask of shape {mask.shape} does not broadcast to the scores of shape {scores.shape}")
    return ac.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask.astype(scores.dtype)


def _shared_heads(q: ac.Tensor, x: ac.Tensor) -> ac.Tensor:
    """The heads of keys or values, each repeated for the query heads that share it."""
    if q.ndim < 3 or x.ndim < 3 or not x.shape[-3] or q.shape[-3] % x.shape[-3]:
        raise ac.errors.ShapeError(
            f"scaled_dot_product_attention: the heads of a query of shape {q.shape} cannot share those of shape {x.shape}: "
            "their number, the third axis from the end, must be a multiple"
        )
    return ac.repeat(x, q.shape[-3] // x.shape[-3], axis=-3)


def _check(q: ac.Tensor, k: ac.Tensor, v: ac.Tensor) -> None:
    fits = min(q.ndim, k.ndim, v.ndim) >= 2 and q.shape[-1] == k.shape[-1] and k.shape[-2] == v.shape[-2]
    if not fits or not _joins(q.shape[:-2], k.shape[:-2], v.shape[:-2]):
        raise ac.errors.ShapeError(
            f"scaled_dot_product_attention: query {q.shape}, key {k.shape}, value {v.shape}: (…, L, E), (…, S, E) and "
            "(…, S, F) needed, with axes in front that broadcast"
        )


def _joins(*shapes: tuple[int, ...]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True
