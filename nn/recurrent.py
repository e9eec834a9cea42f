"""Recurrent layers: RNN, LSTM and GRU, several of them stacked, in one direction or both, for sequences of any lengths."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, ClassVar

import numpy as np

import autograd_core as ac

from .cells import State, draw_all, gru_step, lstm_step, products, simple_step
from .dropout import dropout as drop
from .linear import count
from .module import Module, Parameter
from .seeding import Seed
from .sequences import PackedSequence


def run(step: Callable[[ac.Tensor, State], State], x: ac.Tensor, sizes: Sequence[int], start: State, reverse: bool) -> Any:
    """The hidden states of all steps and the last states of all sequences.

    x holds the packed inputs of all steps, of which step t has sizes[t] rows, one for each sequence that is still going on;
    `reverse` goes from the last step of each sequence to its first one.
    """
    xs = ac.split(x, list(accumulate(sizes))[:-1])
    outputs: list[Any] = [None] * len(sizes)
    ended: list[State] = []
    rows = sizes[-1] if reverse else sizes[0]
    state = start if rows == sizes[0] else tuple(s[:rows] for s in start)
    for t in reversed(range(len(sizes))) if reverse else range(len(sizes)):
        if sizes[t] > rows:
            state = tuple(ac.concatenate([s, first[rows : sizes[t]]]) for s, first in zip(state, start))
        elif sizes[t] < rows:
            parts = [ac.split(s, [sizes[t]]) for s in state]
            state = tuple(part[0] for part in parts)
            ended.append(tuple(part[1] for part in parts))
        rows = sizes[t]
        state = step(xs[t], state)
        outputs[t] = state[0]
    if ended:
        state = tuple(ac.concatenate(pieces) for pieces in zip(state, *reversed(ended)))
    return ac.concatenate(outputs), state


class Recurrent(Module):
    """What RNN, LSTM and GRU share. Arguments, shapes and the names of the weights are PyTorch's.

    Input (steps, batch, input_size), (batch, steps, input_size) with `batch_first`, (steps, input_size) for a single
    sequence, or a PackedSequence; output likewise with hidden_size features, twice as many if `bidirectional`. States have
    shape (num_layers · directions, batch, hidden_size), without the batch for a single sequence. `dropout` is the
    probability of dropping the outputs between layers in training, with draws from `dropout_generator`, an
    ac.random.Generator, or the default one.

    Layer k has `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk`, `bias_hh_lk`, and the same with `_reverse` for the way back. All
    start from the uniform distribution on ±1/√hidden_size, for which `generator` is a seed or a generator.

    The product of the input with its weights is taken for all steps at once: a step costs the product of the state alone.
    """

    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    step: Callable[..., State]
    proj_size: int = 0

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = None,
        *,
        generator: Seed = None,
        dropout_generator: ac.random.Generator | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.input_size = count(name, "input_size", input_size)
        self.hidden_size = count(name, "hidden_size", hidden_size, 1)
        self.num_layers = count(name, "num_layers", num_layers, 1)
        if not 0.0 <= dropout <= 1.0:
            raise ValueError(f"{name}: dropout is a probability from 0 to 1, not {dropout}")
        if dropout > 0.0 and num_layers == 1:
            warnings.warn(f"{name}: dropout={dropout} acts between layers, and there is one layer only", stacklevel=3)
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self.dropout_generator = dropout_generator
        self._build(ac.get_default_dtype() if dtype is None else dtype)
        self.reset_parameters(generator)

    def _build(self, dtype: Any) -> None:
        out, rows = self.output_size, self.gates * self.hidden_size
        for layer in range(self.num_layers):
            features = self.input_size if layer == 0 else out * len(self._ways)
            for way in self._ways:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, out)}
                if self.bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if self.proj_size:
                    shapes |= {"weight_hr": (out, self.hidden_size)}
                for name, shape in shapes.items():
                    self.register_parameter(f"{name}_l{layer}{way}", Parameter(np.zeros(shape, dtype)))

    @property
    def output_size(self) -> int:
        """The number of features of one direction."""
        return self.proj_size or self.hidden_size

    @property
    def _ways(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def reset_parameters(self, generator: Seed = None) -> None:
        """Draw new values for all weights and biases."""
        draw_all(self, self.hidden_size, generator)

    def flatten_parameters(self) -> None:
        """Does nothing: it is here for code that calls it for the sake of a GPU."""

    # -- forward ------------------------------------------------------------------------------------------------

    def apply_to(self, input: Any, states: State | None) -> tuple[Any, State]:
        """The output, in the form of the input, and the last states."""
        if isinstance(input, PackedSequence):
            order, back = input.sorted_indices, input.unsorted_indices
            sizes = input.sizes
            self._check_features(input.data.shape)
            start = self._start(states, sizes[0], True)
            y, last = self._layers(input.data, sizes, start if order is None else along_batch(start, order))
            return input._replace(data=y), last if back is None else along_batch(last, back)
        x = ac.as_tensor(input)
        if x.ndim not in (2, 3):
            raise ac.errors.ShapeError(f"{type(self).__name__}: input has 2 or 3 axes, and this one has shape {x.shape}")
        self._check_features(x.shape)
        several = x.ndim == 3
        x = x[:, None] if not several else ac.swapaxes(x, 0, 1) if self.batch_first else x
        steps, batch, features = x.shape
        if not steps:
            raise ac.errors.ShapeError(f"{type(self).__name__}: input of shape {x.shape} has no steps")
        start = self._start(states, batch, several)
        y, last = self._layers(ac.reshape(x, (steps * batch, features)), [batch] * steps, start)
        y = ac.reshape(y, (steps, batch, y.shape[-1]))
        if not several:
            return y[:, 0], tuple(s[:, 0] for s in last)
        return ac.swapaxes(y, 0, 1) if self.batch_first else y, last

    def _layers(self, x: ac.Tensor, sizes: Sequence[int], start: State) -> tuple[ac.Tensor, State]:
        rows = list(zip(*(ac.unstack(s) for s in start), strict=True))  # the states of each layer and direction
        last: list[State] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = drop(x, self.dropout, generator=self.dropout_generator)
            outputs = []
            for way in self._ways:
                step, product = self._stepper(f"_l{layer}{way}")
                y, state = run(step, product(x), sizes, rows[len(last)], way == "_reverse")
                outputs.append(y)
                last.append(state)
            x = outputs[0] if len(outputs) == 1 else ac.concatenate(outputs, axis=-1)
        return x, tuple(ac.stack(parts) for parts in zip(*last))

    def _stepper(self, suffix: str) -> tuple[Callable[[ac.Tensor, State], State], Callable[[Any], ac.Tensor]]:
        """The step of one layer in one direction, and the product that it needs of the input."""

        def weight(name: str) -> Any:
            return getattr(self, name + suffix, None)

        step: Callable[..., State] = self.step
        biases = weight("bias_ih"), weight("bias_hh")
        of_input, of_state = products(step, weight("weight_ih"), weight("weight_hh"), *biases)
        reduced = weight("weight_hr")
        if reduced is None:
            return lambda x, state: step(x, state, of_state), of_input
        to_output = reduced.T

        def projected(x: ac.Tensor, state: State) -> State:
            h, *rest = step(x, state, of_state)
            return ac.matmul(h, to_output), *rest

        return projected, of_input

    # -- checks -------------------------------------------------------------------------------------------------

    def _check_features(self, shape: tuple[int, ...]) -> None:
        if shape[-1] != self.input_size:
            raise ac.errors.ShapeError(
                f"{type(self).__name__}: input of shape {shape} must have {self.input_size} features along its last axis"
            )

    def _start(self, states: State | None, batch: int, several: bool) -> State:
        """The states to start from, with the axis of the batch; zero if none are given."""
        number, widths = self.num_layers * len(self._ways), (self.output_size, self.hidden_size)[: self.states]
        if states is None:
            dtype = next(self.parameters()).dtype
            return tuple(ac.zeros((number, batch, width), dtype) for width in widths)
        states = tuple(map(ac.as_tensor, states))
        wanted = [(number, *([batch] if several else []), width) for width in widths]
        if [s.shape for s in states] != wanted:
            raise ac.errors.ShapeError(
                f"{type(self).__name__}: initial states of shapes {', '.join(str(s.shape) for s in states)}, needed are "
                f"{', '.join(map(str, wanted))}: (layers · directions, {'batch, ' if several else ''}features)"
            )
        return states if several else tuple(s[:, None] for s in states)

    def extra_repr(self) -> str:
        usual = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        changed = [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join([str(self.input_size), str(self.hidden_size), *changed])


def along_batch(states: State, order: ac.Tensor) -> State:
    """The states of the sequences in another order."""
    return tuple(ac.take(s, order, axis=1) for s in states)


class RNN(Recurrent):
    """h_t = tanh(W x_t + U h_(t-1) + b), or with `nonlinearity="relu"` its positive part. See `Recurrent` for the rest.

    >>> output, last = RNN(2, 3, num_layers=2, generator=0)(np.ones((7, 5, 2)))
    >>> output.shape, last.shape
    ((7, 5, 3), (2, 5, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        self.step, self.nonlinearity = simple_step("RNN", nonlinearity), nonlinearity
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, **options)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, ac.Tensor]:
        """The hidden states of the last layer at all steps, and those of all layers at the last step."""
        y, (h,) = self.apply_to(input, None if hx is None else (hx,))
        return y, h


class LSTM(Recurrent):
    """Long short-term memory; rows of the weights in the order of the gates i, f, g, o. See `Recurrent` and `lstm_step`.

    With `proj_size` the hidden state is a product with `weight_hr_lk` (proj_size, hidden_size), the cell state stays.

    >>> output, (h, c) = LSTM(2, 3, bidirectional=True, generator=0)(np.ones((7, 5, 2)))
    >>> output.shape, h.shape, c.shape
    ((7, 5, 6), (2, 5, 3), (2, 5, 3))
    """

    gates = 4
    states = 2
    step = staticmethod(lstm_step)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        self.proj_size = count("LSTM", "proj_size", proj_size)
        if self.proj_size >= hidden_size:
            raise ValueError(f"LSTM: proj_size {proj_size} must be smaller than hidden_size {hidden_size}")
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, **options)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, tuple[ac.Tensor, ac.Tensor]]:
        """The hidden states of the last layer at all steps, and (h, c) of all layers at the last step."""
        y, (h, c) = self.apply_to(input, hx)
        return y, (h, c)


class GRU(Recurrent):
    """Gated recurrent units; rows of the weights in the order of r, z, n. See `Recurrent` and `gru_step`.

    >>> output, last = GRU(2, 3, batch_first=True, generator=0)(np.ones((5, 7, 2)))
    >>> output.shape, last.shape
    ((5, 7, 3), (1, 5, 3))
    """

    gates = 3
    step = staticmethod(gru_step)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, ac.Tensor]:
        """The hidden states of the last layer at all steps, and those of all layers at the last step."""
        y, (h,) = self.apply_to(input, None if hx is None else (hx,))
        return y, h
