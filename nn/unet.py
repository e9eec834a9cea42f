"""Convolutional networks that take images to images: a plain chain of blocks, and the U-Net."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd_core as ac

from .activation import as_activation
from .container import ModuleList
from .conv import Conv1d, Conv2d, Conv3d
from .images import image
from .init import Seed
from .module import Module
from .norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .pool import MaxPool1d, MaxPool2d, MaxPool3d
from .seeding import as_generator
from .upsample import interpolate

CONVOLUTIONS = {1: Conv1d, 2: Conv2d, 3: Conv3d}
NORMS = {1: BatchNorm1d, 2: BatchNorm2d, 3: BatchNorm3d}
POOLS = {1: MaxPool1d, 2: MaxPool2d, 3: MaxPool3d}
LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class ConvBlock(Module):
    """Batch norm, a convolution that keeps the lengths, and an activation (none, if None).

    `activation` is a name, a Module or a function; `norm=False` leaves the normalisation out.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        activation: str | Callable[..., Any] | None = "leaky_relu",
        norm: bool = True,
        ndim: int = 2,
        padding_mode: str = "zeros",
        *,
        generator: Seed = None,
    ) -> None:
        super().__init__()
        _check_ndim(type(self).__name__, ndim)
        self.norm = NORMS[ndim](in_channels) if norm else None
        self.conv = CONVOLUTIONS[ndim](
            in_channels, out_channels, kernel_size, padding="same", padding_mode=padding_mode, generator=generator
        )
        self.activation = as_activation(activation)

    def forward(self, x: Any) -> ac.Tensor:
        """The image after norm, convolution and activation."""
        return self.activation(self.conv(x if self.norm is None else self.norm(x)))


class CNN(Module):
    """A chain of blocks with these numbers of channels, the last without activation; options as in `ConvBlock`.

    Takes (N, C, *lengths) to (N, O, *lengths).

    >>> sum(p.size for p in CNN([1, 32, 64, 32, 3]).parameters())
    38405
    """

    def __init__(self, channels: Sequence[int], *, generator: Seed = None, **options: Any) -> None:
        super().__init__()
        if len(channels) < 2:
            raise ValueError(f"CNN: channels are those of the input, of each block and of the output; got {channels}")
        draws, pairs = as_generator(generator), list(zip(channels, channels[1:]))
        last = {**options, "activation": None}
        self.blocks = ModuleList(
            ConvBlock(*pair, generator=draws, **(options if k < len(pairs) else last)) for k, pair in enumerate(pairs, 1)
        )

    def forward(self, x: Any) -> ac.Tensor:
        """The image after all blocks."""
        for block in self.blocks:
            x = block(x)
        return x


class UNet(Module):
    """A network of images of which one path shrinks them and one enlarges them again, with skips between the two.

    On the way down blocks take the image to channels[0], channels[1], …, each followed by max-pooling by 2; a block takes
    the smallest image to `bottleneck` channels (the last of `channels` if None). On the way up the image is enlarged to the
    size of the skip, linearly (or with mode="nearest"), and joined with it, and a block takes both to the channels of the
    level above; at the top also with the input, and without activation, to `out_channels`. Options as in `ConvBlock`.

    Lengths need not be divisible by 2: each image is enlarged to the size of its skip.
    Raises ShapeError for an input with other channels or axes, or with lengths under 2^levels.
    Source: Ronneberger, Fischer and Brox, MICCAI 2015.

    >>> network = UNet(1, 3)
    >>> sum(p.size for p in network.parameters())
    94978
    >>> network([[[[0.0] * 12] * 8] * 1] * 2).shape
    (2, 3, 8, 12)
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        channels: Sequence[int] = (32, 64),
        bottleneck: int | None = None,
        mode: str = "linear",
        ndim: int = 2,
        *,
        generator: Seed = None,
        **options: Any,
    ) -> None:
        super().__init__()
        _check_ndim("UNet", ndim)
        if not channels:
            raise ValueError("UNet: channels are those of each level on the way down: at least one is needed")
        if mode not in ("linear", "nearest"):
            raise ValueError(f'UNet: mode is "linear" or "nearest", not {mode!r}')
        self.in_channels, self.mode, self.ndim = in_channels, mode, ndim
        options = {**options, "ndim": ndim, "generator": as_generator(generator)}
        make = lambda *sizes, **more: ConvBlock(*sizes, **{**options, **more})
        widths, deepest = [in_channels, *channels], bottleneck or channels[-1]
        self.down = ModuleList(make(first, second) for first, second in zip(widths, widths[1:]))
        self.pool = POOLS[ndim](2)
        self.bottom = make(channels[-1], deepest)
        # The way up, from the bottom: what comes from below and the skip beside it, to the width of the level above.
        below = [deepest, *reversed(channels[:-1])]
        ups = [make(b + skip, above) for b, skip, above in zip(below, reversed(channels), below[1:])]
        last = make(below[-1] + channels[0] + in_channels, out_channels, activation=None)
        self.up = ModuleList([*ups, last])

    def forward(self, x: Any) -> ac.Tensor:
        """The image (N, out_channels, *lengths) of an image (N, in_channels, *lengths)."""
        x = image("UNet", x, self.ndim, self.in_channels)
        levels = len(self.down)
        if x.ndim != self.ndim + 2 or min(x.shape[2:]) < 2**levels:
            raise ac.errors.ShapeError(
                f"UNet: {levels} levels need (batch, channels, *lengths) with lengths of at least {2**levels}; "
                f"given shape {x.shape}"
            )
        skips, y = [], x
        for block in self.down:
            skips.append(block(y))
            y = self.pool(skips[-1])
        y = self.bottom(y)
        for block in self.up:
            skip = skips.pop()
            parts = [self._enlarged(y, skip.shape[2:]), skip]
            y = block(ac.concatenate(parts if skips else [*parts, x], 1))
        return y

    def _enlarged(self, y: ac.Tensor, size: tuple[int, ...]) -> ac.Tensor:
        return interpolate(y, size, mode=LINEAR[self.ndim] if self.mode == "linear" else "nearest")


def _check_ndim(name: str, ndim: int) -> None:
    if ndim not in CONVOLUTIONS:
        raise ValueError(f"{name}: images have 1, 2 or 3 axes of lengths, not {ndim}")
