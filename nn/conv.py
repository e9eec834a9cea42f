"""Convolutions over one, two and three axes, their transposes, and the patches that they read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

import autograd_core as ac
from autograd_core import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, fold, unfold

from . import init
from .images import Sizes, image, several
from .linear import count
from .module import Module, Parameter
from .padding import pad
from .seeding import as_generator

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What all convolutions share: sizes, `weight`, `bias`, their start, and the text of `repr`."""

    ndim: ClassVar[int]
    transposed: ClassVar[bool] = False
    function: ClassVar[Callable[..., ac.Tensor]]
    padding: Any
    output_padding: Sizes
    padding_mode: str = "zeros"

    def _build(self, in_channels: int, out_channels: int, groups: int, bias: bool, dtype: Any, generator: Any) -> None:
        """Set channels, groups, weight and bias; the kernel stands already."""
        name = type(self).__name__
        self.in_channels = count(name, "in_channels", in_channels, 1)
        self.out_channels = count(name, "out_channels", out_channels, 1)
        self.groups = count(name, "groups", groups, 1)
        for what, channels in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if channels % self.groups:
                raise ValueError(f"{name}: {what} {channels} must be divisible by groups {self.groups}")
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        dtype = ac.get_default_dtype() if dtype is None else dtype
        self.weight = Parameter(np.zeros((first, second // self.groups, *self.kernel_size), dtype))
        self.bias = Parameter(np.zeros(self.out_channels, dtype)) if bias else None
        self.reset_parameters(generator)

    def _sizes(self, kernel_size: Any, stride: Any, dilation: Any) -> None:
        name = type(self).__name__
        self.kernel_size = several(name, "kernel_size", kernel_size, self.ndim)
        self.stride = several(name, "stride", stride, self.ndim)
        self.dilation = several(name, "dilation", dilation, self.ndim)

    def reset_parameters(self, generator: init.Seed = None) -> None:
        """Draw new values for weight and bias, in this order: uniform on ±1/√fan_in."""
        draws = as_generator(generator)
        init.kaiming_uniform_(self.weight, a=math.sqrt(5.0), generator=draws)
        if self.bias is not None:
            bound = 1.0 / math.sqrt(init.fans(self.weight)[0])
            init.uniform_(self.bias, -bound, bound, generator=draws)

    def extra_repr(self) -> str:
        ones, zeros = (1,) * self.ndim, (0,) * self.ndim
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" if self.padding != zeros else ""
        text += f", dilation={self.dilation}" if self.dilation != ones else ""
        text += f", output_padding={self.output_padding}" if self.output_padding != zeros else ""
        text += f", groups={self.groups}" if self.groups != 1 else ""
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class ForwardConvolution(Convolution):
    """The constructor and the function of Conv1d, Conv2d and Conv3d."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] | str = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        dtype: Any = None,
        *,
        generator: init.Seed = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self._sizes(kernel_size, stride, dilation)
        self.output_padding = (0,) * self.ndim
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"{name}: padding_mode is one of {', '.join(PADDING_MODES)}, not {padding_mode!r}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f'{name}: padding is "same", "valid" or a number for each axis, not {padding!r}')
        if padding == "same" and set(self.stride) != {1}:
            raise ValueError(f'{name}: padding="same" keeps the lengths, and a stride of {stride} does not. Pad with numbers.')
        self.padding = padding if isinstance(padding, str) else several(name, "padding", padding, self.ndim, 0)
        self.padding_mode = padding_mode
        self._build(in_channels, out_channels, groups, bias, dtype, generator)

    def _around(self) -> list[int]:
        """The padding as `pad` takes it: before and after of the last axis, then of the one before."""
        if self.padding == "valid":
            return [0] * (2 * self.ndim)
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            return [width for t in reversed(totals) for width in (t // 2, t - t // 2)]
        return [int(width) for p in reversed(self.padding) for width in (p, p)]

    def forward(self, x: Any) -> ac.Tensor:
        """The convolution of x with the weight, plus the bias."""
        x = image(type(self).__name__, x, self.ndim, self.in_channels)
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            x, padding = pad(x, self._around(), self.padding_mode), 0
        return type(self).function(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(ForwardConvolution):
    """A convolution along one axis: (N, C, L) or (C, L) to (N, O, P) or (O, P), as in `functional.conv1d`.

        P = ⌊(L + 2·padding - dilation·(kernel_size - 1) - 1) / stride⌋ + 1

    `weight` has the shape (out_channels, in_channels / groups, kernel_size), `bias` (out_channels,) or it is None. Both start
    from the uniform distribution on ±1/√(in_channels / groups · kernel_size), as in PyTorch. `padding` is a number, "same"
    (as many places as elements) or "valid" (none); `padding_mode` says what it is made of: "zeros", "reflect", "replicate",
    "circular". `generator` is a seed or a generator for the start.

    Raises ValueError for sizes that do not fit each other, ShapeError for an input with other channels or axes.

    >>> Conv1d(2, 4, 3, padding=1)(np.ones((5, 2, 10))).shape
    (5, 4, 10)
    """

    ndim, function = 1, conv1d


class Conv2d(ForwardConvolution):
    """As `Conv1d` along two axes: (N, C, H, W) or (C, H, W); kernel_size, stride, padding, dilation are numbers or pairs.

    >>> Conv2d(1, 8, (3, 5), padding="same")(np.ones((1, 28, 28))).shape
    (8, 28, 28)
    """

    ndim, function = 2, conv2d


class Conv3d(ForwardConvolution):
    """As `Conv1d` along three axes: (N, C, D, H, W) or (C, D, H, W)."""

    ndim, function = 3, conv3d


class TransposedConvolution(Convolution):
    """The constructor and the function of ConvTranspose1d, ConvTranspose2d and ConvTranspose3d."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        output_padding: int | Sequence[int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | Sequence[int] = 1,
        padding_mode: str = "zeros",
        dtype: Any = None,
        *,
        generator: init.Seed = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self._sizes(kernel_size, stride, dilation)
        if padding_mode != "zeros":
            raise ValueError(f'{name}: padding_mode is "zeros", not {padding_mode!r}: its padding cuts off what it would add')
        self.padding = several(name, "padding", padding, self.ndim, 0)
        self.output_padding = several(name, "output_padding", output_padding, self.ndim, 0)
        self._build(in_channels, out_channels, groups, bias, dtype, generator)

    def forward(self, x: Any, output_size: Sequence[int] | None = None) -> ac.Tensor:
        """The transposed convolution of x, plus the bias; `output_size` chooses lengths in place of `output_padding`."""
        x = image(type(self).__name__, x, self.ndim, self.in_channels)
        more = self.output_padding if output_size is None else self._more(x, output_size)
        options = (self.stride, self.padding, more, self.groups, self.dilation)
        return type(self).function(x, self.weight, self.bias, *options)

    def _more(self, x: ac.Tensor, output_size: Sequence[int]) -> Sizes:
        """The output padding that gives these lengths, with or without the axes before them."""
        wanted = tuple(output_size)[-self.ndim :]
        each = zip(x.shape[-self.ndim :], self.stride, self.padding, self.dilation, self.kernel_size)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in each]
        more = tuple(w - n for w, n in zip(wanted, least))
        if len(wanted) != self.ndim or any(not 0 <= m < max(s, d) for m, s, d in zip(more, self.stride, self.dilation)):
            raise ac.errors.ShapeError(
                f"{type(self).__name__}: lengths {wanted} cannot be reached from shape {x.shape}: the least are {least}, and "
                f"there may be less than the stride {self.stride} more"
            )
        return more


class ConvTranspose1d(TransposedConvolution):
    """The transpose of the linear map of a `Conv1d` with the same sizes: (N, C, P) to (N, O, L), or without N.

        L = (P - 1)·stride - 2·padding + dilation·(kernel_size - 1) + 1 + output_padding

    `weight` has the shape (in_channels, out_channels / groups, kernel_size). `output_padding`, less than stride or dilation,
    chooses among the lengths that a Conv1d maps to P.

    >>> ConvTranspose1d(2, 4, 3, stride=2)(np.ones((5, 2, 10))).shape
    (5, 4, 21)
    """

    ndim, function = 1, conv_transpose1d


class ConvTranspose2d(TransposedConvolution):
    """As `ConvTranspose1d` along two axes."""

    ndim, function = 2, conv_transpose2d


class ConvTranspose3d(TransposedConvolution):
    """As `ConvTranspose1d` along three axes."""

    ndim, function = 3, conv_transpose3d


# -- patches -----------------------------------------------------------------------------------------------


class Unfold(Module):
    """The patches of (N, C, H, W) or (C, H, W) under a moving window as columns (N, C·∏kernel_size, places)."""

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, x: Any) -> ac.Tensor:
        """The columns."""
        return unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Unfold):
    """Columns (N, C·∏kernel_size, places) added up where they came from: (N, C, *output_size). The transpose of `Unfold`."""

    def __init__(self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = output_size

    def forward(self, x: Any) -> ac.Tensor:
        """The images."""
        return fold(x, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
