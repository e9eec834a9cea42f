"""Summary: the layers of a model as a table, with what each gives, holds and costs for one input."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd_core as ac

from .architecture import undisturbed
from .module import Module

Shape = tuple[int, ...]


@dataclass
class Row:
    """One call of one module. `parameters` are its own and those inside it; `shared`: they were counted in a row above.

    `multiply_adds` are those of matrix products and convolutions, `output_bytes` the memory of what it gives.
    """

    name: str
    kind: str
    depth: int
    output: Any = None
    parameters: int = 0
    trainable: int = 0
    parameter_bytes: int = 0
    multiply_adds: int = 0
    output_bytes: int = 0
    shared: bool = False
    inner: list[Row] = field(default_factory=list)


class Summary:
    """What `summary` returns: `rows` in the order of the calls, and totals. Its text is a table.

    `parameters`, `trainable` and `parameter_bytes` count each parameter once, also those of modules that were not called;
    `output_bytes` are those of all modules that have none inside.
    """

    def __init__(self, rows: list[Row], model: Module) -> None:
        self.rows = rows
        each = list(model.parameters())
        self.parameters, self.trainable = _count(each), _count([p for p in each if p.requires_grad])
        self.parameter_bytes = sum(map(_bytes, each))
        self.buffer_bytes = sum(map(_bytes, model.buffers()))
        self.multiply_adds = rows[0].multiply_adds
        self.output_bytes = sum(row.output_bytes for row in rows if not row.inner)

    def __repr__(self) -> str:
        head = ("layer", "output", "parameters", "multiply-adds", "memory")
        cells = [head, *(_cells(row) for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        lines = ["  ".join(_aligned(text, width, i) for i, (text, width) in enumerate(zip(row, widths))) for row in cells]
        rule = "-" * len(lines[0])
        frozen = f" ({self.parameters - self.trainable:,} frozen)" if self.trainable < self.parameters else ""
        held = self.parameter_bytes + self.buffer_bytes
        totals = [
            f"parameters: {self.parameters:,}{frozen}, {_size(held)}",
            f"multiply-adds: {self.multiply_adds:,}",
            f"outputs of the layers: {_size(self.output_bytes)}",
        ]
        return "\n".join([lines[0], rule, *(line.rstrip() for line in lines[1:]), rule, *totals])


def summary(model: Module, *inputs: Any) -> Summary:
    """The layers of a model with output shapes, parameters, multiply-adds and memory, from one call with `inputs`.

    An input is an array, a Tensor, or a tuple of whole numbers, which stands for zeros of that shape. The call is made on a
    copy of the model as in prediction: nothing in the model or in the random generators changes. A module that is called
    twice has two rows, and its parameters count once. Multiply-adds are counted in the matrix products, contractions and
    convolutions that really run, whatever module or function they are in; elementwise work is not counted.

    Raises ValueError for no input.

    >>> from nn.mlp import MLP
    >>> summary(MLP([2, 8, 1]), (10, 2))
    layer               output   parameters  multiply-adds  memory
    --------------------------------------------------------------
    MLP                 (10, 1)          33            240    80 B
      0: Linear         (10, 8)          24            160   640 B
      activation: Tanh  (10, 8)           0              0   640 B
      1: Linear         (10, 1)           9             80    80 B
    --------------------------------------------------------------
    parameters: 33, 264 B
    multiply-adds: 240
    outputs of the layers: 1.36 kB
    """
    if not inputs:
        raise ValueError("summary: give an input, or its shape as a tuple: summary(model, (1, 28 * 28))")
    twin = copy.deepcopy(model).eval()
    for p in twin.parameters():
        p.requires_grad_()  # so that all that runs is in the graph, which is then counted
    dtype = next((p.dtype for p in twin.parameters() if p.dtype.kind == "f"), ac.get_default_dtype())
    with undisturbed(), ac.enable_grad():
        recorder = _Recorder(twin)
        twin(*(_as_input(each, dtype) for each in inputs))
    trained = {id(p): own.requires_grad for p, own in zip(twin.parameters(), model.parameters(), strict=True)}
    recorder.count(trained)
    return Summary(recorder.rows, model)


class _Recorder:
    """Watches every call of every module in a model."""

    def __init__(self, model: Module) -> None:
        self.rows: list[Row] = []
        self.open: list[tuple[Row, int]] = []
        self.modules: dict[int, Module] = {}
        self.names = {id(module): path for path, module in model.named_modules()}
        for module in model.modules():
            module.register_forward_pre_hook(self.before)
            module.register_forward_hook(self.after)

    def before(self, module: Any, inputs: tuple) -> None:
        row = Row(self.names[id(module)], type(module).__name__, len(self.open))
        self.modules[id(row)] = module
        if self.open:
            self.open[-1][0].inner.append(row)
        self.rows.append(row)
        self.open.append((row, _serial()))

    def after(self, module: Any, inputs: tuple, output: Any) -> None:
        row, start = self.open.pop()
        found = list(_tensors(output))
        row.output, row.output_bytes = _shapes(output), sum(map(_bytes, found))
        row.multiply_adds = sum(_multiply_adds(node) for node in _nodes(found, start))

    def count(self, trained: dict[int, bool]) -> None:
        """Fill in the parameters; those of a row above are not counted again."""
        seen: set[int] = set()
        for row in self.rows:
            each = list(self.modules[id(row)].parameters())
            row.shared = bool(each) and row.depth > 0 and {id(p) for p in each} <= seen and not row.inner
            row.parameters, row.parameter_bytes = _count(each), sum(map(_bytes, each))
            row.trainable = _count([p for p in each if trained[id(p)]])
            if not row.inner:
                seen |= {id(p) for p in each}


def _multiply_adds(node: Any) -> int:
    """Those of one op: size of the output times how many products each of its numbers adds up."""
    if node.name == "matmul":
        x, z = _operand(node, 0), _operand(node, 1)
        length = x[-1] if x else z[-2] if len(z) > 1 else z[0]
        return math.prod(node.shape) * length
    if node.name == "conv":
        return math.prod(node.shape) * math.prod(_operand(node, 1)[1:])
    if node.name == "conv_transpose":
        return math.prod(_operand(node, 0)) * math.prod(_operand(node, 1)[1:])
    if node.name == "einsum" and len(node.parents) == 2:
        lengths = {a: n for i, term in enumerate(node.op.inputs) for a, n in zip(term, _operand(node, i))}
        return math.prod(lengths.values())
    return 0


def _operand(node: Any, i: int) -> Shape:
    """The shape of an operand: what is recorded has a node, the saved values show that of a constant."""
    parent = node.parents[i]
    return parent.shape if parent is not None else getattr(node.saved[i + 1], "shape", ())


def _nodes(tensors: list[ac.Tensor], start: int) -> Iterator[Any]:
    """The ops behind some Tensors that are younger than a serial number, each once."""
    stack: list[Any] = [t.grad_fn for t in tensors if t.grad_fn is not None]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if node.serial > start and node.serial not in seen:
            seen.add(node.serial)
            yield node
            stack.extend(parent for parent, _ in node.next_functions if parent is not None and parent.op is not None)


def _serial() -> int:
    """The serial number of an op that runs now."""
    node: Any = (ac.tensor(0.0, requires_grad=True) + 1.0).grad_fn
    return node.serial


def _as_input(given: Any, dtype: Any) -> Any:
    if isinstance(given, tuple) and all(isinstance(n, int) for n in given):
        return ac.zeros(given, dtype=dtype)
    return ac.tensor(given) if isinstance(given, np.ndarray) else given


def _tensors(value: Any) -> Iterator[ac.Tensor]:
    if isinstance(value, ac.Tensor):
        yield value
    elif not isinstance(value, str):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else ()
        for each in inner or (vars(value).values() if hasattr(value, "__dict__") else ()):
            yield from _tensors(each)


def _shapes(value: Any) -> Any:
    if isinstance(value, ac.Tensor):
        return value.shape
    if isinstance(value, tuple | list):
        return [_shapes(each) for each in value]
    return {name: _shapes(each) for name, each in value.items()} if isinstance(value, dict) else type(value).__name__


def _count(tensors: list[Any]) -> int:
    return sum(p.size for p in tensors)


def _bytes(tensor: Any) -> int:
    return tensor.size * tensor.dtype.itemsize


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000  # type: ignore[assignment]
    return f"{count:.3g} GB"


def _cells(row: Row) -> tuple[str, ...]:
    own = row.name.rpartition(".")[2]
    name = "  " * row.depth + (f"{own}: {row.kind}" if own else row.kind)
    parameters = "(shared)" if row.shared else f"{row.parameters:,}"
    return name, str(row.output), parameters, f"{row.multiply_adds:,}", _size(row.output_bytes)


def _aligned(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column < 2 else text.rjust(width)
