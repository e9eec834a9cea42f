"""Fixed filters: layers that convolve each channel with a kernel that is given and not trained.

    identity    x                       Gaussian   a weighted mean over a few elements
    mean        the mean of neighbours  Sobel      a first difference along one axis, smoothed along the others
    difference  central differences of first and second order for the derivatives along one axis

All are for images (batch, channels, *lengths), or without the batch, in `ndim` axes.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core import conv1d, conv2d, conv3d

from .images import image, several
from .linear import count
from .module import Module
from .padding import pad

CONVOLUTIONS = {1: conv1d, 2: conv2d, 3: conv3d}


class Filter(Module):
    """Each channel convolved with one `kernel`, an array with an axis for each length.

    With padding "same" there are as many places as elements, and `padding_mode` ("replicate", "reflect", "circular" or
    "zeros") says what lies outside; with "valid" only places where the kernel lies within the image count. The kernel is
    not flipped: y[p] = Σ_k kernel[k] · x[p + k - middle]. It is a buffer that is no part of the state.

    Raises ValueError for a kernel of no or more than three axes, and for another padding.

    >>> Filter([0.0, -1.0, 1.0])([[1.0, 2.0, 4.0, 8.0]])
    tensor([[1., 2., 4., 0.]])
    """

    kernel: ac.Tensor

    def __init__(self, kernel: Any, padding: str = "same", padding_mode: str = "replicate") -> None:
        super().__init__()
        name = type(self).__name__
        values = ac.tensor(np.asarray(kernel, ac.get_default_dtype()))
        if values.ndim not in CONVOLUTIONS or values.size == 0:
            raise ValueError(f"{name}: a kernel has one to three axes and some elements, not the shape {values.shape}")
        if padding not in ("same", "valid"):
            raise ValueError(f'{name}: padding is "same" or "valid", not {padding!r}')
        if padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(f'{name}: padding_mode is "zeros", "reflect", "replicate" or "circular", not {padding_mode!r}')
        self.padding, self.padding_mode = padding, padding_mode
        self.register_buffer("kernel", values, persistent=False)

    @property
    def ndim(self) -> int:
        """The number of lengths of the images."""
        return self.kernel.ndim

    def forward(self, x: Any) -> ac.Tensor:
        """The filtered channels."""
        x = image(type(self).__name__, x, self.ndim)
        channels = x.shape[-self.ndim - 1]
        if self.padding == "same":
            totals = [k - 1 for k in reversed(self.kernel.shape)]
            mode = "constant" if self.padding_mode == "zeros" else self.padding_mode
            x = pad(x, [width for t in totals for width in (t // 2, t - t // 2)], mode)
        kernel = self.kernel if x.dtype.kind not in "fc" else self.kernel.astype(x.dtype.char.lower())
        weight = ac.broadcast_to(kernel, (channels, 1, *kernel.shape))
        return CONVOLUTIONS[self.ndim](x, weight, groups=channels)

    def extra_repr(self) -> str:
        return f"{self.kernel.shape}, padding={self.padding}, padding_mode={self.padding_mode}"


class IdentityFilter(Filter):
    """The image itself: a kernel of 1 in the middle of zeros."""

    def __init__(self, size: Any = 3, ndim: int = 2, **padding: str) -> None:
        kernel = np.zeros(_odd("IdentityFilter", size, ndim))
        kernel[tuple(n // 2 for n in kernel.shape)] = 1.0
        super().__init__(kernel, **padding)


class MeanFilter(Filter):
    """The mean of the `size` nearest elements along each axis."""

    def __init__(self, size: Any = 3, ndim: int = 2, **padding: str) -> None:
        shape = _odd("MeanFilter", size, ndim)
        super().__init__(np.full(shape, 1.0 / np.prod(shape)), **padding)


class GaussianFilter(Filter):
    """A weighted mean with the weights exp(-r²/2σ²), made to add up to 1; without a size it reaches three `sigma` far.

    Raises ValueError unless sigma > 0.
    """

    def __init__(self, sigma: float = 1.0, size: Any = None, ndim: int = 2, **padding: str) -> None:
        if not sigma > 0:
            raise ValueError(f"GaussianFilter: sigma must be positive, got {sigma}")
        shape = _odd("GaussianFilter", 2 * int(np.ceil(3.0 * sigma)) + 1 if size is None else size, ndim)
        super().__init__(_outer([_normalised(np.exp(-0.5 * ((np.arange(n) - n // 2) / sigma) ** 2)) for n in shape]), **padding)


class SobelFilter(Filter):
    """The difference of the two neighbours along `axis`, smoothed by (1, 2, 1) along the other axes: Sobel's edges.

    `axis` counts the lengths: of an image H × W axis 0 is down and axis 1 to the right. With `scaled` it estimates the
    derivative by the number of elements: the smoothing adds up to 1, and the difference is halved.
    """

    def __init__(self, axis: int = -1, ndim: int = 2, scaled: bool = False, **padding: str) -> None:
        smooth, difference = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
        if scaled:
            smooth, difference = smooth / 4.0, difference / 2.0
        place = _place("SobelFilter", axis, ndim)
        super().__init__(_outer([difference if i == place else smooth for i in range(ndim)]), **padding)


class FiniteDifference(Filter):
    """Central differences along `axis` for the derivative of first or second `order`, with elements `spacing` apart.

        order 1: (x[p + 1] - x[p - 1]) / 2h        order 2: (x[p + 1] - 2 x[p] + x[p - 1]) / h²

    Both are exact to h². At the ends they use the padding: with "replicate" they are not derivatives there, with "circular"
    they are those of a periodic field, and with padding="valid" the ends are left out, of all axes by one element.

    >>> FiniteDifference(2, spacing=0.5, ndim=1, padding="valid")([[0.0, 0.25, 1.0, 2.25]])
    tensor([[2., 2.]])
    """

    def __init__(self, order: int = 1, axis: int = -1, spacing: float = 1.0, ndim: int = 2, **padding: str) -> None:
        if order not in (1, 2):
            raise ValueError(f"FiniteDifference: order is 1 or 2, not {order}. Apply the filter again for higher ones.")
        if not spacing > 0:
            raise ValueError(f"FiniteDifference: spacing must be positive, got {spacing}")
        line = np.array([-0.5, 0.0, 0.5]) / spacing if order == 1 else np.array([1.0, -2.0, 1.0]) / spacing**2
        middle, place = np.array([0.0, 1.0, 0.0]), _place("FiniteDifference", axis, ndim)
        super().__init__(_outer([line if i == place else middle for i in range(ndim)]), **padding)


def _outer(lines: list[np.ndarray]) -> np.ndarray:
    """The kernel that is the product of one line an axis."""
    return reduce(np.multiply.outer, lines)


def _normalised(line: np.ndarray) -> np.ndarray:
    return line / line.sum()


def _odd(name: str, size: Any, ndim: int) -> tuple[int, ...]:
    """The lengths of a kernel, which must have a middle."""
    shape = several(name, "size", size, count(name, "ndim", ndim, 1))
    if any(n % 2 == 0 for n in shape):
        raise ValueError(f"{name}: a kernel with a middle has odd lengths, not {shape}")
    return shape


def _place(name: str, axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise ValueError(f"{name}: axis {axis} is none of the {ndim} lengths of an image")
    return axis % ndim
