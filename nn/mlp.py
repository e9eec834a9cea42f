"""MLP: the multilayer perceptron, linear layers with an activation between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import autograd_core as ac

from . import init as initialisers
from .activation import as_activation
from .container import ModuleList
from .linear import Linear
from .module import Module
from .seeding import as_generator


class MLP(Module):
    """A network of linear layers of the given sizes with an activation after each but the last.

    x ↦ o(Wₙ a(… a(W₁ x + b₁) …) + bₙ) with activation a and output activation o (none, if None), each a name such as
    "tanh", a Module, or a function. `init` is "default" (that of Linear), or for weights with zero biases the name of an
    initialiser: "xavier" (uniform), "xavier_normal", "kaiming", "orthogonal" …; or a function that fills a weight in place
    and takes `generator=`. Weights are named layers.0.weight, layers.0.bias, layers.1.weight, …

    Raises ValueError for fewer than two sizes and for unknown names.

    >>> network = MLP([1, 50, 50, 1], activation="tanh", generator=0)
    >>> network
    MLP(
      (layers): ModuleList(
        (0): Linear(in_features=1, out_features=50, bias=True)
        (1): Linear(in_features=50, out_features=50, bias=True)
        (2): Linear(in_features=50, out_features=1, bias=True)
      )
      (activation): Tanh()
    )
    >>> sum(p.size for p in network.parameters())
    2701
    """

    output_activation: Callable[..., Any] | None = None

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Callable[..., Any] = "tanh",
        output_activation: str | Callable[..., Any] | None = None,
        init: str | Callable[..., Any] = "default",
        *,
        dtype: Any = None,
        generator: initialisers.Seed = None,
    ) -> None:
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"MLP: sizes are those of the input, of each hidden layer and of the output; got {sizes}")
        draws = as_generator(generator)
        pairs = zip(sizes[:-1], sizes[1:], strict=True)
        self.layers = ModuleList(Linear(n, m, dtype=dtype, generator=draws) for n, m in pairs)
        self.activation = as_activation(activation)
        if output_activation is not None:
            self.output_activation = as_activation(output_activation)
        if init != "default":
            self._initialise(initialisers.by_name(init) if isinstance(init, str) else init, draws)

    def _initialise(self, fill: Callable[..., Any], generator: Any) -> None:
        for layer in cast("list[Linear]", [*self.layers]):
            fill(layer.weight, generator=generator)
            if layer.bias is not None:
                initialisers.zeros_(layer.bias)

    def forward(self, x: Any) -> ac.Tensor:
        """The output of the network; x has shape (…, sizes[0]), the result (…, sizes[-1])."""
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        y = last(x)
        return y if self.output_activation is None else self.output_activation(y)
