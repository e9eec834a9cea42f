"""Recurrent cells: one step of a simple recurrent network, of an LSTM, of a GRU.

A step takes the products of the input with its weights, which a layer takes for all steps at once, and the state.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

import autograd_core as ac

from . import init
from .linear import count, linear
from .module import Module, Parameter
from .seeding import Seed, as_generator

State = tuple[ac.Tensor, ...]
Product = Callable[[ac.Tensor], ac.Tensor]
NONLINEARITIES: dict[str, Callable[[Any], ac.Tensor]] = {"tanh": ac.tanh, "relu": ac.relu}


# -- one step: products of the input, state, and the function that multiplies the state with its weights --------


def tanh_step(x: ac.Tensor, state: State, product: Product) -> State:
    """h ← tanh(W x + U h + b). Source: Elman, Cognitive Science 14 (1990) 179-211."""
    return (ac.tanh(x + product(state[0])),)


def relu_step(x: ac.Tensor, state: State, product: Product) -> State:
    """h ← max(W x + U h + b, 0)."""
    return (ac.relu(x + product(state[0])),)


def lstm_step(x: ac.Tensor, state: State, product: Product) -> State:
    """c ← σ(f) c + σ(i) tanh(g), h ← σ(o) tanh(c) with the gates (i, f, g, o) = W x + U h + b.

    Source: Hochreiter and Schmidhuber, Neural Computation 9 (1997) 1735-1780; the forget gate f of Gers et al. 2000.
    """
    h, c = state
    i, f, g, o = ac.split(x + product(h), 4, axis=-1)
    c = ac.sigmoid(f) * c + ac.sigmoid(i) * ac.tanh(g)
    return ac.sigmoid(o) * ac.tanh(c), c


def gru_step(x: ac.Tensor, state: State, product: Product) -> State:
    """h ← (1 - z) n + z h with r = σ(W x + U h), z likewise, and n = tanh(W x + r (U h)), biases included.

    Source: Cho et al., EMNLP 2014; with the bias of U h within the brackets, as in PyTorch.
    """
    (h,) = state
    n = h.shape[-1]
    gates, x_new = ac.split(x, [2 * n], axis=-1)
    h_gates, h_new = ac.split(product(h), [2 * n], axis=-1)
    r, z = ac.split(ac.sigmoid(gates + h_gates), 2, axis=-1)
    new = ac.tanh(x_new + r * h_new)
    return (new + z * (h - new),)


def products(
    step: Callable[..., State], w_ih: ac.Tensor, w_hh: ac.Tensor, b_ih: ac.Tensor | None, b_hh: ac.Tensor | None
) -> tuple[Product, Product]:
    """The functions of the input and of the hidden state whose values a step takes.

    Both biases go with the input, which is multiplied once for all steps, except in a GRU, whose reset gate multiplies one.
    """
    transposed = w_hh.T
    if b_ih is None or b_hh is None:
        return lambda x: linear(x, w_ih), lambda h: ac.matmul(h, transposed)
    if step is gru_step:
        return lambda x: linear(x, w_ih, b_ih), lambda h: ac.matmul(h, transposed) + b_hh
    return lambda x: linear(x, w_ih, b_ih + b_hh), lambda h: ac.matmul(h, transposed)


def simple_step(name: str, nonlinearity: str) -> Callable[..., State]:
    """The step of a simple recurrent network with this nonlinearity."""
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'{name}: nonlinearity is "tanh" or "relu", not {nonlinearity!r}')
    return tanh_step if nonlinearity == "tanh" else relu_step


# -- cells -------------------------------------------------------------------------------------------------------


class Cell(Module):
    """What the cells share: `weight_ih` (gates · hidden, input), `weight_hh` (gates · hidden, hidden), and two biases.

    All start from the uniform distribution on ±1/√hidden_size.
    """

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    step: Callable[..., State]

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, dtype: Any = None, *, generator: Seed = None
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.input_size = count(name, "input_size", input_size)
        self.hidden_size = count(name, "hidden_size", hidden_size, 1)
        self.bias = bias
        dtype, rows = ac.get_default_dtype() if dtype is None else dtype, self.gates * self.hidden_size
        self.weight_ih = Parameter(np.zeros((rows, self.input_size), dtype))
        self.weight_hh = Parameter(np.zeros((rows, self.hidden_size), dtype))
        self.bias_ih = Parameter(np.zeros(rows, dtype)) if bias else None
        self.bias_hh = Parameter(np.zeros(rows, dtype)) if bias else None
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Seed = None) -> None:
        """Draw new values for all weights and biases."""
        draw_all(self, self.hidden_size, generator)

    def next_state(self, input: Any, state: State | None) -> State:
        """The state after one step: input (batch, input_size) or (input_size,), states (batch, hidden_size) likewise."""
        x, name = ac.as_tensor(input), type(self).__name__
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ac.errors.ShapeError(
                f"{name}: input of shape {x.shape}: (batch, {self.input_size}) or ({self.input_size},) needed"
            )
        wanted = (*x.shape[:-1], self.hidden_size)
        if state is None:
            state = (ac.zeros(wanted, self.weight_hh.dtype),) * self.states
        state = tuple(map(ac.as_tensor, state))
        if len(state) != self.states or any(h.shape != wanted for h in state):
            raise ac.errors.ShapeError(
                f"{name}: hidden states of shapes {', '.join(str(h.shape) for h in state)}: {self.states} of shape {wanted} "
                f"needed for an input of shape {x.shape}"
            )
        step = self.step
        of_input, of_state = products(step, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return step(of_input(x), state, of_state)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


def draw_all(module: Module, hidden_size: int, generator: Seed) -> None:
    """Fill all parameters from the uniform distribution on ±1/√hidden_size."""
    draws, bound = as_generator(generator), 1.0 / math.sqrt(hidden_size)
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound, generator=draws)


class RNNCell(Cell):
    """h' = tanh(W x + U h + b), or with "relu" its positive part; arguments and shapes as in PyTorch.

    >>> RNNCell(2, 3, generator=0)(np.ones((5, 2))).shape
    (5, 3)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        dtype: Any = None,
        *,
        generator: Seed = None,
    ) -> None:
        self.step = simple_step("RNNCell", nonlinearity)
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, bias, dtype, generator=generator)

    def forward(self, input: Any, hx: Any = None) -> ac.Tensor:
        """The next hidden state; the one before is 0 if `hx` is None."""
        return self.next_state(input, None if hx is None else (hx,))[0]

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class LSTMCell(Cell):
    """One step of an LSTM; rows of the weights in the order of the gates i, f, g, o. See `lstm_step`.

    >>> h, c = LSTMCell(2, 3, generator=0)(np.ones((5, 2)))
    >>> h.shape, c.shape
    ((5, 3), (5, 3))
    """

    gates = 4
    states = 2
    step = staticmethod(lstm_step)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[ac.Tensor, ac.Tensor]:
        """The next (h, c); the ones before are 0 if `hx` is None."""
        h, c = self.next_state(input, hx)
        return h, c


class GRUCell(Cell):
    """One step of a GRU; rows of the weights in the order of r, z, n. See `gru_step`.

    >>> GRUCell(2, 3, generator=0)(np.ones((5, 2))).shape
    (5, 3)
    """

    gates = 3
    step = staticmethod(gru_step)

    def forward(self, input: Any, hx: Any = None) -> ac.Tensor:
        """The next hidden state; the one before is 0 if `hx` is None."""
        return self.next_state(input, None if hx is None else (hx,))[0]
