"""Images and fields moved: shifted, turned, mirrored, cut. The last two axes are rows and columns, the first the examples.

Everything works on NumPy arrays (N, …, H, W) and gives new ones of the same dtype. What comes in from outside is told by
`mode`: "constant" (the value `fill`), "nearest" (the edge goes on), "reflect" (mirrored at the edge pixel), "wrap"
(periodic).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core as ac

MODES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "constant": lambda i, n: np.clip(i, 0, n - 1),
    "nearest": lambda i, n: np.clip(i, 0, n - 1),
    "wrap": lambda i, n: i % n,
    "reflect": lambda i, n: np.abs((i + n - 1) % max(2 * n - 2, 1) - (n - 1)),
}


def check_mode(mode: str) -> str:
    """The mode, if there is one of that name; raises ValueError otherwise."""
    if mode not in MODES:
        raise ValueError(f"mode is one of {', '.join(MODES)}; got {mode!r}")
    return mode


def as_images(x: Any) -> np.ndarray:
    """The values as an array (N, …, H, W). Raises ShapeError for fewer than three axes."""
    x = x.numpy() if isinstance(x, ac.Tensor) else np.asarray(x)
    if x.ndim < 3:
        raise ac.errors.ShapeError(
            f"images have the axes (N, …, H, W), and these have shape {x.shape}. For one image write x[None]."
        )
    return x


def flip(x: Any, axis: int = -1) -> np.ndarray:
    """Mirrored along one axis: -1 exchanges left and right, -2 top and bottom."""
    return np.flip(as_images(x), axis)


def rotate90(x: Any, turns: int = 1) -> np.ndarray:
    """Turned counter-clockwise by a number of right angles, exactly; H and W change places when it is odd."""
    return np.rot90(as_images(x), turns, axes=(-2, -1))


def crop(x: Any, size: tuple[int, int], top: Any = 0, left: Any = 0) -> np.ndarray:
    """The window of `size` (height, width) at row `top` and column `left`, one for all images or one each.

    Raises ShapeError for a window that is not inside.
    """
    x = as_images(x)
    (height, width), (rows, columns) = size, x.shape[-2:]
    tops, lefts = (np.broadcast_to(np.asarray(each), (len(x),)) for each in (top, left))
    inside = (tops >= 0) & (tops + height <= rows) & (lefts >= 0) & (lefts + width <= columns)
    if min(height, width) < 1 or not inside.all():
        raise ac.errors.ShapeError(f"crop: a window {height} x {width} does not lie within images of {rows} x {columns}")
    return _gathered(x, tops[:, None] + np.arange(height), lefts[:, None] + np.arange(width))


def shift(x: Any, rows: Any, columns: Any, mode: str = "constant", fill: float = 0.0) -> np.ndarray:
    """Moved down by `rows` and to the right by `columns` pixels, one number for all images or one each.

    Whole numbers move the pixels exactly, others interpolate linearly between them.
    """
    x = as_images(x)
    height, width = x.shape[-2:]
    down, right = (np.broadcast_to(np.asarray(each, dtype=np.float64), (len(x),)) for each in (rows, columns))
    r = np.arange(height)[None, :, None] - down[:, None, None]
    c = np.arange(width)[None, None, :] - right[:, None, None]
    r, c = np.broadcast_arrays(r, c)
    return sample(x, r, c, mode, fill)


def rotate(x: Any, degrees: Any, mode: str = "constant", fill: float = 0.0) -> np.ndarray:
    """Turned counter-clockwise about the centre by `degrees`, one number for all images or one each.

    Multiples of 90° move the pixels exactly where the shape allows it, other angles interpolate linearly between them;
    whole numbers and booleans, such as labels of pixels, take the nearest pixel instead. The shape stays.
    """
    x = as_images(x)
    angles = np.broadcast_to(np.asarray(degrees, dtype=np.float64), (len(x),))
    height, width = x.shape[-2:]
    sine, cosine = _sine_cosine(angles)
    r = np.arange(height)[None, :, None] - (height - 1) / 2.0
    c = np.arange(width)[None, None, :] - (width - 1) / 2.0
    sine, cosine = sine[:, None, None], cosine[:, None, None]
    rows = cosine * r + sine * c + (height - 1) / 2.0
    columns = cosine * c - sine * r + (width - 1) / 2.0
    return sample(x, rows, columns, mode, fill)


def turned(x: np.ndarray, degrees: np.ndarray, channels: tuple[int, int]) -> np.ndarray:
    """Vectors turned counter-clockwise, one angle an image; `channels` of axis 1 hold the components down and to the right."""
    down, right = channels
    sine, cosine = (each.reshape(-1, *[1] * (x.ndim - 2)) for each in _sine_cosine(degrees))
    y = np.array(x)
    y[:, down] = cosine * x[:, down] - sine * x[:, right]
    y[:, right] = cosine * x[:, right] + sine * x[:, down]
    return y


def sample(x: np.ndarray, rows: np.ndarray, columns: np.ndarray, mode: str = "constant", fill: float = 0.0) -> np.ndarray:
    """Each image read at places (N, H', W'), linearly between its pixels (whole numbers: at the nearest one)."""
    index = MODES[check_mode(mode)]
    height, width = x.shape[-2:]
    whole = x.dtype.kind in "iub"
    base = np.rint if whole else np.floor
    r0, c0 = base(rows).astype(np.intp), base(columns).astype(np.intp)
    y: Any = None
    for dr, dc in [(0, 0)] if whole else [(0, 0), (0, 1), (1, 0), (1, 1)]:
        r, c = r0 + dr, c0 + dc
        part = _picked(x, index(r, height), index(c, width))
        if mode == "constant":
            inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
            part = np.where(_spread(inside, x.ndim), part, np.asarray(fill).astype(x.dtype))
        if not whole:
            weight = _spread(_hat(rows - r0, dr) * _hat(columns - c0, dc), x.ndim).astype(x.dtype)
            part = np.multiply(weight, part, out=np.zeros_like(part), where=weight != 0.0)  # the rest may be infinite
        y = part if y is None else y + part
    return y


def _sine_cosine(degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exact at multiples of 90°."""
    turns, rest = np.divmod(np.asarray(degrees, dtype=np.float64) + 45.0, 90.0)
    sine, cosine = np.sin(np.radians(rest - 45.0)), np.cos(np.radians(rest - 45.0))
    quarter = turns.astype(int) % 4
    return np.choose(quarter, [sine, cosine, -sine, -cosine]), np.choose(quarter, [cosine, -sine, -cosine, sine])


def _hat(offset: np.ndarray, side: int) -> np.ndarray:
    return offset if side else 1.0 - offset


def _spread(values: np.ndarray, ndim: int) -> np.ndarray:
    """(N, H, W) as (N, 1, …, 1, H, W)."""
    return values.reshape(values.shape[0], *[1] * (ndim - 3), *values.shape[1:])


def _picked(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """x[n, …, rows[n, i, j], columns[n, i, j]]."""
    images = x.reshape(len(x), -1, *x.shape[-2:])
    n = np.arange(len(x))[:, None, None, None]
    channel = np.arange(images.shape[1])[None, :, None, None]
    y = images[n, channel, rows[:, None], columns[:, None]]
    return y.reshape(*x.shape[:-2], *rows.shape[1:])


def _gathered(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """x[n, …, rows[n, i], columns[n, j]]."""
    r, c = np.broadcast_arrays(rows[:, :, None], columns[:, None, :])
    return _picked(x, r, c)
