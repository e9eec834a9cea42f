"""Polynomials: polyval and the matrix of powers, vander."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..broadcast import broadcast_to
from ..errors import ShapeError
from ..tensor import Tensor
from .creation import asarray, shape_of, zeros
from .elementwise import add, multiply, power
from .join import unstack
from .shape import _reshape


def polyval(p: Any, x: Any) -> Tensor:
    """The polynomial with coefficients p, that of the highest power first, at each element of x, by Horner's scheme.

    Differentiable with respect to both. Raises ShapeError if p is no vector.

    >>> polyval([1.0, 0.0, 2.0], 3.0)
    tensor(11.)
    """
    p, x = asarray(p), asarray(x)
    if p.ndim != 1:
        raise ShapeError(f"polyval: the coefficients are a vector; given shape {p.shape}")
    if not p.size:
        return zeros(x.shape, np.result_type(p.dtype, x.dtype))
    first, *rest = unstack(p)
    y: Any = broadcast_to(first, x.shape)
    for coefficient in rest:
        y = add(multiply(y, x), coefficient)
    return y


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of the powers of the elements of a vector: x^(N-1), …, x, 1, one row an element; N = len(x) if not given.

    With `increasing` in the order 1, x, …. Raises ShapeError for another number of axes.

    >>> vander([2.0, 3.0], 3)
    tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    x = asarray(x)
    if x.ndim != 1:
        raise ShapeError(f"vander: needs a vector; given shape {x.shape}")
    (columns,) = shape_of("vander", x.size if N is None else N)
    exponents = np.arange(columns, dtype=x.dtype.char.lower() if x.dtype.kind in "fc" else None)
    return power.public(_reshape((x.size, 1))(x), exponents if increasing else exponents[::-1])
