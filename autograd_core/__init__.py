"""Reverse-mode automatic differentiation on NumPy: readable, exact to any order, fast on small arrays, and drawable.

The public names, grouped; nothing happens here. Subpackages that need more than NumPy import it when they are first used.
"""

from math import e, inf, nan, pi

from . import copies as copies
from . import errors, linalg, special, testing, viz
from . import methods as methods
from .dtypes import default_dtype, get_default_dtype, set_default_dtype
from .errors import (
    CaptureError,
    DTypeError,
    GradientError,
    MissingExtraError,
    MutationError,
    NonFiniteError,
    ShapeError,
)
from .graph import LeafNode, Node, enable_grad, is_grad_enabled, no_grad
from .matrices import hessian, jacobian
from .ops.contract import dot, einsum, inner, matmul, outer, tensordot, vdot
from .ops.creation import arange, eye, full, full_like, linspace, ones, ones_like, zeros, zeros_like
from .ops.index import take, take_along_axis
from .ops.join import (
    array_split,
    column_stack,
    concatenate,
    dstack,
    hstack,
    repeat,
    split,
    stack,
    unstack,
    vstack,
)
from .ops.product import cumprod, cumsum, prod
from .ops.reduce import all, amax, amin, any, argmax, argmin, count_nonzero, max, mean, min, std, sum, var
from .ops.select import clip, select, where
from .ops.shape import (
    atleast_1d,
    atleast_2d,
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    flip,
    matrix_transpose,
    moveaxis,
    ravel,
    reshape,
    roll,
    squeeze,
    swapaxes,
    tile,
    transpose,
)
from .ops.softmax import log_softmax, logsumexp, softmax
from .primitive import Primitive, registry
from .public import (
    abs,
    absolute,
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    cbrt,
    ceil,
    cos,
    cosh,
    divide,
    equal,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    hypot,
    invert,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    positive,
    pow,
    power,
    reciprocal,
    relu,
    remainder,
    rint,
    round,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    true_divide,
    trunc,
)
from .special import erf, erfc
from .table import elementwise
from .tensor import Tensor, as_tensor, tensor
from .transforms import grad, gradients, hvp, jvp, linearize, stop_gradient, value_and_grad, vjp

__version__ = "0.1.0"

__all__ = [
    "CaptureError", "DTypeError", "GradientError", "LeafNode", "MissingExtraError", "MutationError", "Node",
    "NonFiniteError", "Primitive", "ShapeError", "Tensor", "__version__", "abs", "absolute", "add", "all", "amax",
    "amin", "any", "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax",
    "argmin", "array_split", "as_tensor", "atleast_1d", "atleast_2d", "bitwise_and", "bitwise_or", "bitwise_xor",
    "broadcast_arrays", "broadcast_to", "cbrt", "ceil", "clip", "column_stack", "concatenate", "cos", "cosh",
    "count_nonzero", "cumprod", "cumsum", "default_dtype", "divide", "dot", "dstack", "e", "einsum", "elementwise",
    "enable_grad", "equal", "erf", "erfc", "errors", "exp", "exp2", "expand_dims", "expm1", "eye", "flip", "floor",
    "floor_divide", "full", "full_like", "get_default_dtype", "grad", "gradients", "greater", "greater_equal",
    "hessian", "hstack", "hvp", "hypot", "inf", "inner", "invert", "is_grad_enabled", "isfinite", "isinf", "isnan",
    "jacobian", "jvp", "less", "less_equal", "linalg", "linearize", "linspace", "log", "log10", "log1p", "log2",
    "log_softmax", "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "logsumexp", "matmul",
    "matrix_transpose", "max", "maximum", "mean", "min", "minimum", "mod", "moveaxis", "multiply", "nan", "negative",
    "no_grad", "not_equal", "ones", "ones_like", "outer", "pi", "positive", "pow", "power", "prod", "ravel",
    "reciprocal", "registry", "relu", "remainder", "repeat", "reshape", "rint", "roll", "round", "select",
    "set_default_dtype", "sigmoid", "sign", "sin", "sinh", "softmax", "softplus", "special", "split", "sqrt",
    "square", "squeeze", "stack", "std", "stop_gradient", "subtract", "sum", "swapaxes", "take", "take_along_axis",
    "tan", "tanh", "tensor", "tensordot", "testing", "tile", "transpose", "true_divide", "trunc", "unstack",
    "value_and_grad", "var", "vdot", "viz", "vjp", "vstack", "where", "zeros", "zeros_like",
]
