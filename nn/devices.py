"""Devices of PyTorch's listings: the CPU, and what to say of others."""

from __future__ import annotations

from typing import Any

import numpy as np


class Device:
    """Where Tensors lie: "cpu", the one device that there is. Raises ValueError for another."""

    type, index = "cpu", None

    def __init__(self, device: Any = "cpu", index: int | None = None) -> None:
        check_device(device)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) or other == "cpu"

    def __hash__(self) -> int:
        return hash("cpu")

    def __str__(self) -> str:
        return "cpu"

    def __repr__(self) -> str:
        return "device(type='cpu')"


def check_device(device: Any) -> None:
    """Raise ValueError for a device that is not the CPU."""
    if device is not None and str(device).partition(":")[0] != "cpu":
        raise ValueError(
            f"device {str(device)!r}: Tensors lie on the CPU here, and nowhere else. "
            'Write "cuda" if torch.cuda.is_available() else "cpu", as PyTorch\'s tutorials do, or leave the device out.'
        )


def is_dtype(x: Any) -> bool:
    """Whether something is a dtype, and not a device or a Tensor."""
    return isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, (np.generic, float, int, complex)))
