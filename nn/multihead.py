"""MultiheadAttention: several attentions side by side, on projections of their inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ac

from . import init
from .attention import attention_scores
from .dropout import dropout as drop
from .linear import Linear, count, linear
from .module import Module, Parameter
from .seeding import Seed, as_generator


class MultiheadAttention(Module):
    """Attention of `num_heads` heads on projections of query, key and value; names, shapes and masks are PyTorch's.

    Query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), with the batch N first if `batch_first`, or without it. In
    boolean masks True leaves a key out (in `scaled_dot_product_attention` it lets it count); floating ones are added.
    `add_bias_kv` appends a trained key and value, `add_zero_attn` zeros. A query without keys gives the bias of the last
    projection. `dropout` drops weights in training, with draws from `dropout_generator` or the default one.

    `in_proj_weight` (3 embed_dim, embed_dim) holds the projections of query, key and value, in this order; where kdim or vdim
    differ, `q_proj_weight`, `k_proj_weight`, `v_proj_weight` do.

    Source: Vaswani et al., NeurIPS 2017, section 3.2.2.

    >>> attention = MultiheadAttention(8, 2, batch_first=True, generator=0)
    >>> y, weights = attention(*[ac.ones((5, 3, 8))] * 3)
    >>> y.shape, weights.shape
    ((5, 3, 8), (5, 3, 3))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: Any = None,
        *,
        generator: Seed = None,
        dropout_generator: ac.random.Generator | None = None,
    ) -> None:
        super().__init__()
        n = self.embed_dim = count("MultiheadAttention", "embed_dim", embed_dim, 1)
        self.num_heads = count("MultiheadAttention", "num_heads", num_heads, 1)
        if n % num_heads:
            raise ValueError(f"MultiheadAttention: embed_dim {n} must be a multiple of num_heads {num_heads}")
        self.kdim, self.vdim = n if kdim is None else kdim, n if vdim is None else vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self.dropout_generator = dropout_generator
        draws, dtype = as_generator(generator), ac.get_default_dtype() if dtype is None else dtype
        if self.kdim == self.vdim == n:
            self.in_proj_weight = Parameter(np.zeros((3 * n, n), dtype))
        else:
            self.q_proj_weight = Parameter(np.zeros((n, n), dtype))
            self.k_proj_weight = Parameter(np.zeros((n, self.kdim), dtype))
            self.v_proj_weight = Parameter(np.zeros((n, self.vdim), dtype))
        self.in_proj_bias = Parameter(np.zeros(3 * n, dtype)) if bias else None
        self.bias_k = Parameter(np.zeros((1, 1, n), dtype)) if add_bias_kv else None
        self.bias_v = Parameter(np.zeros((1, 1, n), dtype)) if add_bias_kv else None
        self.out_proj = Linear(n, n, bias, dtype, generator=draws)
        self.reset_parameters(draws)

    def reset_parameters(self, generator: Seed = None) -> None:
        """Draw new values for the projections and the trained key and value; the biases become 0."""
        draws = as_generator(generator)
        for name, parameter in self.named_parameters(recurse=False):
            if name.endswith("weight"):
                init.xavier_uniform_(parameter, generator=draws)
            elif parameter.ndim == 3:
                init.xavier_normal_(parameter, generator=draws)
            else:
                init.zeros_(parameter)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[ac.Tensor, ac.Tensor | None]:
        """The output and, if needed, the weights: (N, L, S), or (N, heads, L, S) if they are not averaged.

        `key_padding_mask` has shape (N, S), `attn_mask` (L, S) or (N · heads, L, S). `is_causal` leaves out the keys behind
        each query where no `attn_mask` does.
        """
        q, k, v = map(ac.as_tensor, (query, key, value))
        several = self._check(q, k, v)
        if not several:
            q, k, v = q[None], k[None], v[None]
        elif not self.batch_first:
            q, k, v = (ac.swapaxes(x, 0, 1) for x in (q, k, v))
        if is_causal and attn_mask is None:
            attn_mask = ~np.tri(q.shape[1], k.shape[1], dtype=bool)
        q, k, v = (self._heads(x) for x in self._extended(*self._projected(q, k, v)))
        mask = self._mask(attn_mask, key_padding_mask, q, k)
        weights = ac.softmax(attention_scores(q, k, mask), axis=-1)
        weights = drop(weights, self.dropout, self.training, generator=self.dropout_generator)
        y = ac.swapaxes(ac.matmul(weights, v), 1, 2)
        y = self.out_proj(ac.reshape(y, (*y.shape[:2], self.embed_dim)))
        y = y[0] if not several else y if self.batch_first else ac.swapaxes(y, 0, 1)
        if not need_weights:
            return y, None
        weights = ac.mean(weights, axis=1) if average_attn_weights else weights
        return y, weights if several else weights[0]

    def _check(self, q: ac.Tensor, k: ac.Tensor, v: ac.Tensor) -> bool:
        """Whether there is an axis of the batch."""
        features = [x.shape[-1:] for x in (q, k, v)] == [(self.embed_dim,), (self.kdim,), (self.vdim,)]
        fits = features and q.ndim in (2, 3) and q.ndim == k.ndim and k.shape[:-1] == v.shape[:-1]
        batch = 0 if self.batch_first else 1
        if not fits or (q.ndim == 3 and q.shape[batch] != k.shape[batch]):
            raise ac.errors.ShapeError(
                f"MultiheadAttention: query {q.shape}, key {k.shape}, value {v.shape}: two or three axes each, the last of "
                f"{self.embed_dim}, {self.kdim} and {self.vdim} features, as many keys as values, and one batch needed"
            )
        return q.ndim == 3

    def _projected(self, *inputs: ac.Tensor) -> list[ac.Tensor]:
        """Query, key and value times their weights."""
        if self.kdim == self.vdim == self.embed_dim:
            weights = ac.split(self.in_proj_weight, 3)
        else:
            weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        biases = [None] * 3 if self.in_proj_bias is None else ac.split(self.in_proj_bias, 3)
        return [linear(x, weight, bias) for x, weight, bias in zip(inputs, weights, biases)]

    def _extended(self, q: ac.Tensor, k: ac.Tensor, v: ac.Tensor) -> tuple[ac.Tensor, ac.Tensor, ac.Tensor]:
        """Keys and values with the trained one and the zeros behind them."""
        for more_k, more_v in ((self.bias_k, self.bias_v), (0.0, 0.0) if self.add_zero_attn else (None, None)):
            if more_k is not None and more_v is not None:
                row = (k.shape[0], 1, self.embed_dim)
                last = (ac.broadcast_to(ac.as_tensor(more).astype(k.dtype), row) for more in (more_k, more_v))
                k, v = (ac.concatenate([x, end], axis=1) for x, end in zip((k, v), last))
        return q, k, v

    def _heads(self, x: ac.Tensor) -> ac.Tensor:
        """(N, L, embed_dim) as (N, heads, L, embed_dim / heads)."""
        shape = (*x.shape[:2], self.num_heads, self.embed_dim // self.num_heads)
        return ac.swapaxes(ac.reshape(x, shape), 1, 2)

    def _mask(self, mask: Any, padding: Any, q: ac.Tensor, k: ac.Tensor) -> ac.Tensor | None:
        """Both masks as one that is added to the scores, with nothing left out of what was appended."""
        batch, heads, queries, keys = (*q.shape[:3], k.shape[2])
        given = keys - (self.bias_k is not None) - self.add_zero_attn
        parts = []
        if mask is not None:
            x = ac.as_tensor(mask)
            if x.ndim == 3 and x.shape[0] == batch * heads:
                x = ac.reshape(x, (batch, heads, *x.shape[1:]))
            parts.append(_checked("attn_mask", x, (batch, heads, queries, given)))
        if padding is not None:
            x = ac.as_tensor(padding)
            x = x[None] if x.ndim == 1 else x
            shape = (x.shape[0], 1, 1, *x.shape[1:])
            parts.append(_checked("key_padding_mask", ac.reshape(x, shape), (batch, heads, queries, given)))
        added = [ac.where(x, -np.inf, 0.0) if x.dtype == bool else x for x in parts]
        added = [ac.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, keys - given)]) for x in added]
        return None if not added else added[0] if len(added) == 1 else added[0] + added[1]


def _checked(name: str, mask: ac.Tensor, scores: tuple[int, ...]) -> ac.Tensor:
    """A mask for scores of this shape; ShapeError where it does not fit."""
    queries_fit = mask.ndim >= 2 and mask.shape[-2] in (1, scores[2])
    if not queries_fit or mask.shape[-1] != scores[3] or mask.shape[:-2] not in ((), (scores[0], scores[1]), (scores[0], 1)):
        raise ac.errors.ShapeError(
            f"MultiheadAttention: {name} does not fit: {scores[0]} examples, {scores[1]} heads, {scores[2]} queries, "
            f"{scores[3]} keys. Shape (queries, keys) or (examples · heads, queries, keys) for attn_mask, (examples, keys) for "
            f"key_padding_mask needed; read as {mask.shape}"
        )
    return mask
