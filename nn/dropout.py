"""Dropout: random elements or channels set to zero in training, and at prediction to see how sure a network is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import autograd_core as ac

from .module import Module

Draws = ac.random.Generator | None
# What SELU tends to for large negative x: -λα.
SATURATION = -1.7580993408473766


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Draws = None) -> ac.Tensor:
    """x with each element set to 0 with probability p, and the others divided by 1 - p; x itself outside of training.

    Draws come from `generator`, or the default one of `autograd_core.random`. Raises ValueError unless 0 ≤ p ≤ 1.
    Source: Srivastava et al., Journal of Machine Learning Research 15 (2014) 1929-1958.
    """
    return _dropped("dropout", input, p, training, generator, 0)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Draws = None) -> ac.Tensor:
    """As `dropout` of whole channels of (N, C, L) or (C, L). Source: Tompson et al., CVPR 2015."""
    return _dropped("dropout1d", input, p, training, generator, 1)


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Draws = None) -> ac.Tensor:
    """As `dropout` of whole channels of (N, C, H, W), or of (N, C, L), as in PyTorch."""
    return _dropped("dropout2d", input, p, training, generator, 2)


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, generator: Draws = None) -> ac.Tensor:
    """As `dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""
    return _dropped("dropout3d", input, p, training, generator, 3)


def alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, generator: Draws = None
) -> ac.Tensor:
    """Each element set to what SELU tends to at -∞, with probability p; then stretched and moved to mean 0, variance 1.

    For networks of SELUs, which it leaves normalised. Raises ValueError unless 0 ≤ p ≤ 1.
    Source: Klambauer et al., NeurIPS 2017, eq. 4.
    """
    return _saturated("alpha_dropout", input, p, training, generator, False)


def feature_alpha_dropout(
    input: Any, p: float = 0.5, training: bool = False, inplace: bool = False, generator: Draws = None
) -> ac.Tensor:
    """As `alpha_dropout` of whole channels of (N, C, *lengths)."""
    return _saturated("feature_alpha_dropout", input, p, training, generator, True)


def _dropped(name: str, input: Any, p: float, training: bool, generator: Draws, n: int) -> ac.Tensor:
    x = _checked(name, input, p)
    if not training or p == 0.0:
        return x
    if n and x.ndim not in (n + 1, n + 2):
        raise ac.errors.ShapeError(f"{name}: needs {n + 1} or {n + 2} axes, given shape {x.shape}")
    kept = _kept(x, p, generator, x.ndim if n == 0 else 1 if x.ndim == n + 1 and n != 2 else 2)
    return x * (kept if p == 1.0 else kept * (1.0 / (1.0 - p)))


def _saturated(name: str, input: Any, p: float, training: bool, generator: Draws, channels: bool) -> ac.Tensor:
    x = _checked(name, input, p)
    if not training or p == 0.0:
        return x
    if channels and x.ndim < 2:
        raise ac.errors.ShapeError(f"{name}: needs (batch, channels, *lengths), given shape {x.shape}")
    kept = _kept(x, p, generator, 2 if channels else x.ndim)
    if p == 1.0:
        return x * kept
    a = 1.0 / math.sqrt((1.0 - p) * (1.0 + p * SATURATION**2))
    return x * (a * kept) + (a * SATURATION) * ((1.0 - kept) - p)


def _checked(name: str, input: Any, p: float) -> ac.Tensor:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{name}: p is a probability between 0 and 1, not {p}")
    return ac.as_tensor(input)


def _kept(x: ac.Tensor, p: float, generator: Draws, axes: int) -> ac.Tensor:
    """1 with probability 1 - p, else 0: drawn for each index of the first axes, and the same along the others."""
    draws = ac.random.default_generator if generator is None else generator
    shape = (*x.shape[:axes], *(1,) * (x.ndim - axes))
    dtype = x.dtype.char.lower() if x.dtype.kind in "fc" else None
    return draws.bernoulli(1.0 - p, shape, dtype)


# -- modules -----------------------------------------------------------------------------------------------


class Dropout(Module):
    """In training each element is 0 with probability p, and the others are divided by 1 - p.

    `generator` is an autograd_core.random.Generator, or None for the default one. Raises ValueError unless 0 ≤ p ≤ 1.

    >>> layer = Dropout(0.5, generator=ac.random.Generator(0))
    >>> sorted({*layer([1.0] * 20).tolist()}), layer.eval()([1.0]).tolist()
    ([0.0, 2.0], [1.0])
    """

    function: ClassVar[Callable[..., ac.Tensor]] = dropout

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Draws = None) -> None:
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"{type(self).__name__}: p is a probability between 0 and 1, not {p}")
        self.p, self.inplace, self.generator = p, inplace, generator

    def forward(self, x: Any) -> ac.Tensor:
        """x, in training with new zeros."""
        return type(self).function(x, self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """As `Dropout` of whole channels of (N, C, L) or (C, L)."""

    function = dropout1d


class Dropout2d(Dropout):
    """As `Dropout` of whole channels of (N, C, H, W), or of (N, C, L)."""

    function = dropout2d


class Dropout3d(Dropout):
    """As `Dropout` of whole channels of (N, C, D, H, W) or (C, D, H, W)."""

    function = dropout3d


class AlphaDropout(Dropout):
    """Dropout for networks of SELUs: what is dropped saturates, and mean 0 and variance 1 are kept."""

    function = alpha_dropout


class FeatureAlphaDropout(Dropout):
    """As `AlphaDropout` of whole channels."""

    function = feature_alpha_dropout


# -- at prediction -----------------------------------------------------------------------------------------


@contextmanager
def monte_carlo_dropout(model: Module) -> Iterator[Module]:
    """A context in which all dropout layers of a model drop, and all other layers predict as in `eval()`.

    Afterwards each is as it was. Raises ValueError for a model without dropout layers.
    """
    before = {module: module.training for module in model.modules()}
    layers = [module for module in before if isinstance(module, Dropout)]
    if not layers:
        raise ValueError(f"monte_carlo_dropout: {type(model).__name__} has no dropout layer: all its predictions would agree")
    try:
        model.eval()
        for layer in layers:
            layer.train()
        yield model
    finally:
        for module, training in before.items():
            module.training = training


def monte_carlo(model: Module, *inputs: Any, samples: int = 100) -> ac.Tensor:
    """Predictions with dropout, stacked along a new first axis: their mean predicts, their spread says how surely.

    Source: Gal and Ghahramani, ICML 2016.

    >>> from nn.container import Sequential
    >>> draws = monte_carlo(Sequential(Dropout(0.5)), [1.0] * 4, samples=10)
    >>> draws.shape, ac.mean(draws, 0).shape, ac.std(draws, 0).shape
    ((10, 4), (4,), (4,))
    """
    if samples < 1:
        raise ValueError(f"monte_carlo: at least one sample is needed, not {samples}")
    with monte_carlo_dropout(model):
        return ac.stack([model(*inputs) for _ in range(samples)])
