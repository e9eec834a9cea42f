"""Gives Tensor its operators and methods from one table, and NumPy its protocols."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import linalg, public, special
from .errors import MutationError
from .graph import LeafNode, recording
from .ops import contract, creation, index, join, product, reduce, select, shape, softmax, update
from .ops import elementwise as table
from .primitive import AsType, Identity, registry
from .table import Elementwise
from .tensor import Tensor
from .trees import map_leaves


def reflected(call: Callable) -> Callable:
    """The operator with its operands swapped: `z op x`."""
    return lambda x, z: call(z, x)


def in_place(call: Callable) -> Callable:
    """The in-place operator: a write for a leaf under `no_grad` and for `.data`, a new value otherwise."""

    def operator(x: Tensor, z: Any) -> Tensor:
        if isinstance(x.node, LeafNode) and recording.get():
            raise MutationError(
                f"a leaf that requires a gradient (shape {x.shape}) cannot be changed in place while operations are recorded. "
                "Put the update under `with ac.no_grad():`, or write x = x + … for a new Tensor."
            )
        y = call(x, z)
        if isinstance(x.node, LeafNode) or (x.node is None and getattr(x, "_shared", None) is not None):
            return x.copy_(y)
        return y

    return operator


BINARY = {
    "add": table.add.call,
    "sub": table.subtract.call,
    "mul": table.multiply.call,
    "truediv": table.divide.call,
    "floordiv": table.floor_divide.call,
    "mod": table.remainder.call,
    "pow": public.power,
    "and": table.bitwise_and.call,
    "or": table.bitwise_or.call,
    "xor": table.bitwise_xor.call,
}
COMPARISONS = {
    "eq": table.equal.call,
    "ne": table.not_equal.call,
    "lt": table.less.call,
    "le": table.less_equal.call,
    "gt": table.greater.call,
    "ge": table.greater_equal.call,
}
UNARY = {
    "neg": table.negative.call,
    "pos": table.positive.call,
    "abs": table.absolute.call,
    "invert": table.invert.call,
}

for name, call in BINARY.items():
    setattr(Tensor, f"__{name}__", call)
    setattr(Tensor, f"__r{name}__", reflected(call))
    setattr(Tensor, f"__i{name}__", in_place(call))
for name, call in (COMPARISONS | UNARY).items():
    setattr(Tensor, f"__{name}__", call)


# -- methods: NumPy's, on the functions of the same name -----------------------------------------------------------------

FUNCTIONS: dict[str, Callable] = {
    "sum": reduce.sum,
    "mean": reduce.mean,
    "max": reduce.max,
    "min": reduce.min,
    "prod": product.prod,
    "var": reduce.var,
    "std": reduce.std,
    "argmax": reduce.argmax,
    "argmin": reduce.argmin,
    "all": reduce.all,
    "any": reduce.any,
    "squeeze": shape.squeeze,
    "swapaxes": shape.swapaxes,
    "ravel": shape.ravel,
    "flatten": shape.ravel,
    "dot": contract.dot,
    "take": index.take,
    "clip": select.clip,
    "round": public.round,
    "abs": public.absolute,
    "exp": public.exp,
    "log": public.log,
    "sqrt": public.sqrt,
    "sin": public.sin,
    "cos": public.cos,
    "tanh": public.tanh,
    "sigmoid": public.sigmoid,
    "relu": public.relu,
    "square": public.square,
}
for name, function in FUNCTIONS.items():
    setattr(Tensor, name, function)


def method(function: Callable) -> Callable:
    """Attach a function to Tensor under its own name."""
    setattr(Tensor, function.__name__, function)
    return function


@method
def reshape(self: Tensor, *shape_: Any) -> Tensor:
    """The same elements in another shape: `x.reshape(2, 3)` or `x.reshape((2, 3))`; one length may be -1."""
    return shape.reshape(self, shape_[0] if len(shape_) == 1 else shape_)


@method
def transpose(self: Tensor, *axes: Any) -> Tensor:
    """The axes in another order, reversed without arguments, as NumPy's method."""
    return shape.transpose(self, (axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes) or None)


@method
def astype(self: Tensor, dtype: Any) -> Tensor:
    """The values in another dtype; the gradient comes back in this one."""
    dtype = np.dtype(dtype)
    return self if dtype == self.dtype else AsType(dtype)(self)


@method
def clone(self: Tensor) -> Tensor:
    """The same values on new memory; gradients flow through."""
    return Identity(True)(self)


@method
def __getitem__(self: Tensor, key: Any) -> Tensor:
    return index.getitem(self, key)


@method
def __setitem__(self: Tensor, key: Any, value: Any) -> None:
    raise TypeError(
        "a Tensor has no item assignment, since graphs may have saved its values. x.at[i].set(v) and x.at[i].add(v) give a "
        "changed copy; w.copy_(w.at[i].set(v)) under ac.no_grad() writes into a leaf."
    )


@method
def __iter__(self: Tensor) -> Any:
    if self.ndim == 0:
        raise TypeError("cannot iterate over a Tensor without axes")
    return iter(join.unstack(self))


@method
def __contains__(self: Tensor, value: Any) -> bool:
    return bool((self.array == (value.array if isinstance(value, Tensor) else value)).any())


@method
def __matmul__(self: Tensor, z: Any) -> Tensor:
    return contract.matmul(self, z)


@method
def __rmatmul__(self: Tensor, x: Any) -> Tensor:
    return contract.matmul(x, self)


setattr(Tensor, "T", property(shape.transpose, doc="The Tensor with its axes reversed."))
setattr(Tensor, "mT", property(shape.matrix_transpose, doc="Each matrix of a stack transposed."))
setattr(Tensor, "at", property(update.At, doc=update.At.__doc__))


# -- NumPy's protocols ---------------------------------------------------------------------------------------------------

# A ufunc finds its op by name, NumPy's other functions find the function that `autograd_core` has under theirs.
# Of two ops on one ufunc the first defined is meant: np.sqrt is `sqrt`, not the inner `root` of std.
ELEMENTWISE = [op for op in registry.values() if isinstance(op, Elementwise)]
UFUNCS = {op.function: op.public for op in reversed(ELEMENTWISE)} | {np.matmul: contract.matmul}
# SciPy is not imported here, so its ufuncs are known by name.
SCIPY: dict[str, Callable] = {name: getattr(special, name) for name in ("erf", "erfc", "expit", "xlogy")}
MODULES = (public, contract, creation, index, join, product, reduce, select, shape, softmax)
ARRAY_FUNCTIONS: dict[Callable, Callable] = {
    theirs: ours
    for home, modules in ((np, MODULES), (np.linalg, (linalg,)))
    for module in modules
    for name, ours in vars(module).items()
    if callable(theirs := getattr(home, name, None)) and not isinstance(theirs, type)
}
# These ask about an array and give no values that could have a derivative: they run on the raw arrays.
QUERIES = {
    np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj, np.result_type, np.can_cast, np.allclose, np.array_equal,
    np.argsort, np.searchsorted, np.nonzero, np.argwhere, np.flatnonzero, np.shares_memory, np.may_share_memory,
    np.array2string, np.array_repr, np.array_str,
}  # fmt: skip


@method
def __array_ufunc__(self: Tensor, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Tensor:
    call = UFUNCS.get(ufunc) or SCIPY.get(ufunc.__name__)
    if call is None or how != "__call__" or options:
        raise unsupported(f"numpy.{ufunc.__name__}" + ("" if how == "__call__" else f".{how}"), ufunc.__name__, options)
    return call(*inputs)


@method
def __array_function__(self: Tensor, function: Callable, types: Any, args: tuple, kwargs: dict) -> Any:
    if "a" in kwargs:  # NumPy's name of the first argument, which is x here
        args, kwargs = (kwargs["a"], *args), {name: value for name, value in kwargs.items() if name != "a"}
    if (call := ARRAY_FUNCTIONS.get(function)) is not None:
        return call(*args, **kwargs)
    if function in QUERIES:
        return function(*map_leaves(_raw, args), **map_leaves(_raw, kwargs))
    raise unsupported(f"{function.__module__}.{function.__name__}", function.__name__, {})


def _raw(x: Any) -> Any:
    return x.numpy() if isinstance(x, Tensor) else x


def unsupported(what: str, name: str, options: dict) -> TypeError:
    """The error for a NumPy function that has no counterpart here: it names the nearest one that has."""
    known = [function.__name__ for function in (*ARRAY_FUNCTIONS, *UFUNCS)]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    with_options = f" with {', '.join(options)}" if options else ""
    return TypeError(
        f"{what}{with_options} is not differentiable here, and would drop the gradient."
        + (f" The nearest supported function is {near[0]}." if near else "")
        + " For plain arrays call it on x.numpy()."
    )
