"""The parts of complex numbers: imaginary part and angle. The real part is a change of dtype, `conj` stands in the table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..linear import Linear
from ..primitive import AsType
from ..table import conj as conjugated
from ..tensor import Tensor, as_tensor
from .elementwise import arctan2, nought

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Imag(Linear):
    """The imaginary part of complex numbers."""

    name: ClassVar[str] = "imag"

    def forward(self, x: Any) -> Any:
        return np.array(x.imag)

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return _imaginary(g)

    def shape(self, x: Shape) -> Shape:
        return x

    def batched(self, flags: Any, x: Any) -> Any:
        return self(x)


@dataclass(frozen=True)
class Imaginary(Linear):
    """i x for real x: the transpose of the imaginary part."""

    name: ClassVar[str] = "imaginary"

    def forward(self, x: Any) -> Any:
        y = np.zeros(x.shape, np.result_type(x, np.complex64))
        y.imag = x
        return y

    def vjp(self, i: int, g: Any, y: Any, x: Any) -> Any:
        return _imag(g)

    def shape(self, x: Shape) -> Shape:
        return x

    def batched(self, flags: Any, x: Any) -> Any:
        return self(x)


_imag, _imaginary = Imag(), Imaginary()


# -- for users: any input becomes a Tensor; NumPy's names and meaning ---------------------------------------


def real(x: Any) -> Tensor:
    """The real part of x; x itself if it is real. The gradient is that of PyTorch: real."""
    x = as_tensor(x)
    return AsType(x.array.real.dtype)(x) if x.dtype.kind == "c" else x


def imag(x: Any) -> Tensor:
    """The imaginary part of x; zeros, with gradient 0, if it is real. The gradient with respect to a complex x is i g."""
    x = as_tensor(x)
    return _imag(x) if x.dtype.kind == "c" else nought(x)


def conj(x: Any) -> Tensor:
    """The complex conjugate of x."""
    return conjugated(as_tensor(x))


def angle(x: Any, deg: bool = False) -> Tensor:
    """The angle of x in the complex plane, in (-π, π], or in degrees: 0 or π for a real x, with gradient 0.

    Derivative 0 at 0; on the negative real axis that of the smooth pieces.
    """
    x = as_tensor(x)
    y = arctan2(_imag(x), real(x)) if x.dtype.kind == "c" else arctan2(0, x)
    return y * (180.0 / math.pi) if deg else y


conjugate = conj
