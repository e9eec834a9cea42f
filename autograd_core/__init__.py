"""Reverse-mode automatic differentiation on NumPy: readable, exact to any order, fast on small arrays, and drawable.

The public names, grouped; nothing happens here. Subpackages that need more than NumPy import it when they are first used.
"""

from math import e, inf, nan, pi

from . import errors, linalg, methods, special, testing, viz
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
from .ops.softmax import log_softmax, logsumexp, softmax
from .ops.shape import (
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
from .transforms import grad, gradients, hessian, hvp, jacobian, jvp, linearize, stop_gradient, value_and_grad, vjp

__version__ = "0.1.0"
