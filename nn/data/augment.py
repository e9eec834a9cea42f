"""Augmentation: batches of images or fields changed at random in ways that do not change what they show.

Each augmentation is called as `augment(*batch, generator=rng)` and gives a batch of the same form: hand it to a DataLoader,
which gives each batch a generator of its own. `moves` are the places in the batch of what is moved, all by the same draw:
(0,) for images with labels, (0, 1) where the target is a field or a mask that moves along. `vectors` says which channels of
an entry are the components (down, to the right) of a vector, which turn with the image: `vectors={1: (0, 1)}`.

>>> x = np.arange(9.0).reshape(1, 1, 3, 3)
>>> mirrored, label = Flip(p=1.0)(x, np.array([7]), generator=np.random.default_rng(0))
>>> mirrored[0, 0, 0].tolist()
[2.0, 1.0, 0.0]
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import autograd_core as ac

from ..seeding import Seed, as_generator
from . import images

Batch = tuple[Any, ...]


class Augmentation:
    """A random change of a batch: derive from it and define `change`, which draws, and moves all entries alike."""

    def __init__(self, moves: Sequence[int] = (0,), vectors: Mapping[int, tuple[int, int]] | None = None) -> None:
        self.moves, self.vectors = tuple(moves), dict(vectors or {})
        if missing := set(self.vectors) - set(self.moves):
            name = type(self).__name__
            raise ValueError(f"{name}: vectors names entry {min(missing)}, which is not one of moves={self.moves}")

    def __call__(self, *batch: Any, generator: Seed = None) -> Batch:
        """The batch with the entries `moves` changed, all by one draw from `generator`."""
        outside = [i for i in self.moves if not 0 <= i < len(batch)]
        if outside:
            raise ValueError(f"{type(self).__name__}: moves={self.moves}, and the batch has {len(batch)} entries from 0 on")
        entries = [images.as_images(batch[i]) for i in self.moves]
        sizes = {(len(x), *x.shape[-2:]) for x in entries}
        if len(sizes) > 1:
            raise ac.errors.ShapeError(
                f"{type(self).__name__}: what moves together must have equal numbers of images, rows and columns; "
                f"given are {', '.join(str(x.shape) for x in entries)}"
            )
        move = self.change(entries[0].shape, as_generator(generator))
        moved = {i: move(x, self.vectors.get(i)) for i, x in zip(self.moves, entries, strict=True)}
        return tuple(moved.get(i, each) for i, each in enumerate(batch))

    def change(self, shape: tuple[int, ...], rng: np.random.Generator) -> Callable[..., np.ndarray]:
        """Draw for images of a shape (N, …, H, W), and give the function of (images, vector channels) that moves them."""
        raise TypeError(f"{type(self).__name__} does not say what it changes: define change(self, shape, rng)")


class Compose(Augmentation):
    """Several augmentations, one after the other."""

    def __init__(self, *augmentations: Callable[..., Batch]) -> None:
        super().__init__()
        self.augmentations = augmentations

    def __call__(self, *batch: Any, generator: Seed = None) -> Batch:
        """The batch after all of them, which draw from one generator in turn."""
        rng = as_generator(generator)
        for augmentation in self.augmentations:
            batch = augmentation(*batch, generator=rng)
        return batch


class Flip(Augmentation):
    """Each image mirrored with probability p: left and right (axis=-1), or top and bottom (axis=-2)."""

    def __init__(self, p: float = 0.5, axis: int = -1, **where: Any) -> None:
        super().__init__(**where)
        if axis not in (-1, -2):
            raise ValueError(f"Flip: axis is -1 (left and right) or -2 (top and bottom), not {axis}")
        self.p, self.axis = _probability(p), axis

    def change(self, shape: tuple[int, ...], rng: np.random.Generator) -> Callable[..., np.ndarray]:
        """Draw which images are mirrored."""
        chosen = rng.random(shape[0]) < self.p

        def move(x: np.ndarray, channels: tuple[int, int] | None) -> np.ndarray:
            y = np.array(x)
            y[chosen] = images.flip(x[chosen], self.axis) if chosen.any() else x[chosen]
            if channels is not None:
                y[chosen, channels[self.axis]] *= -1
            return y

        return move


class Shift(Augmentation):
    """Each image moved by up to `pixels` rows and columns, whole numbers unless `whole` is False; see `images.shift`."""

    def __init__(self, pixels: float, mode: str = "constant", fill: float = 0.0, whole: bool = True, **where: Any) -> None:
        super().__init__(**where)
        if not pixels >= 0:
            raise ValueError(f"Shift: pixels is the largest shift, from 0 on; got {pixels}")
        self.pixels, self.mode, self.fill, self.whole = pixels, images.check_mode(mode), fill, whole

    def change(self, shape: tuple[int, ...], rng: np.random.Generator) -> Callable[..., np.ndarray]:
        """Draw rows and columns for each image."""
        size, most = (2, shape[0]), self.pixels
        by = rng.integers(-int(most), int(most), size, endpoint=True) if self.whole else rng.uniform(-most, most, size)
        return lambda x, channels: images.shift(x, by[0], by[1], self.mode, self.fill)


class Rotate(Augmentation):
    """Each image turned by an angle up to ±degrees, or with `right_angles=True` by 0°, 90°, 180° or 270° exactly.

    Turning by right angles needs square images; see `images.rotate` for what comes in at the corners.
    """

    def __init__(
        self, degrees: float = 180.0, right_angles: bool = False, mode: str = "constant", fill: float = 0.0, **where: Any
    ) -> None:
        super().__init__(**where)
        if not 0.0 <= degrees < np.inf:
            raise ValueError(f"Rotate: degrees is the largest angle, from 0 on; got {degrees}")
        self.degrees, self.right_angles = float(degrees), right_angles
        self.mode, self.fill = images.check_mode(mode), fill

    def change(self, shape: tuple[int, ...], rng: np.random.Generator) -> Callable[..., np.ndarray]:
        """Draw an angle for each image."""
        if self.right_angles and shape[-1] != shape[-2]:
            raise ac.errors.ShapeError(f"Rotate: right angles need square images; these have {shape[-2]} x {shape[-1]} pixels")
        n = shape[0]
        angles = 90.0 * rng.integers(4, size=n) if self.right_angles else rng.uniform(-self.degrees, self.degrees, n)

        def move(x: np.ndarray, channels: tuple[int, int] | None) -> np.ndarray:
            y = images.rotate(x, angles, self.mode, self.fill)
            return y if channels is None else images.turned(y, angles, channels)

        return move


class Crop(Augmentation):
    """A window of `size` (height, width), or one number for both, at a random place of each image.

    `padding` zeros are put around the images first.
    """

    def __init__(self, size: int | tuple[int, int], padding: int = 0, **where: Any) -> None:
        super().__init__(**where)
        self.size = (size, size) if isinstance(size, int) else tuple(map(operator.index, size))
        self.padding = operator.index(padding)

    def change(self, shape: tuple[int, ...], rng: np.random.Generator) -> Callable[..., np.ndarray]:
        """Draw a place for each image."""
        room = [n + 2 * self.padding - m for n, m in zip(shape[-2:], self.size, strict=True)]
        if min(room) < 0:
            raise ac.errors.ShapeError(f"Crop: images of {shape[-2]} x {shape[-1]} have no window of {self.size}. Add padding?")
        top, left = (rng.integers(most, size=shape[0], endpoint=True) for most in room)
        edge = [(self.padding, self.padding)] * 2

        def move(x: np.ndarray, channels: tuple[int, int] | None) -> np.ndarray:
            padded = np.pad(x, [(0, 0)] * (x.ndim - 2) + edge) if self.padding else x
            return images.crop(padded, self.size, top, left)  # type: ignore[arg-type]

        return move


class Noise(Augmentation):
    """Normal noise of standard deviation `std` added to the entries `moves`, to each number its own; of any shape.

    Raises ValueError for a negative deviation, DTypeError for whole numbers, which noise cannot be added to.
    """

    def __init__(self, std: float, moves: Sequence[int] = (0,)) -> None:
        super().__init__(moves)
        if not std >= 0:
            raise ValueError(f"Noise: a standard deviation cannot be negative; got {std}")
        self.std = std

    def __call__(self, *batch: Any, generator: Seed = None) -> Batch:
        """The batch with noise on the entries `moves`."""
        rng = as_generator(generator)
        return tuple(self._noisy(each, rng) if i in self.moves else each for i, each in enumerate(batch))

    def _noisy(self, x: Any, rng: np.random.Generator) -> np.ndarray:
        x = np.asarray(x)
        if x.dtype.kind != "f":
            raise ac.errors.DTypeError(f"Noise: noise is added to real floating numbers, not to {x.dtype}")
        return x + (self.std * rng.normal(size=x.shape)).astype(x.dtype)


def _probability(p: float) -> float:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not at {p}")
    return float(p)
