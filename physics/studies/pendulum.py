"""A Hamiltonian network learns a pendulum from noisy states, and conserves its energy: H = 3 (1 − cos q) + p²."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.command import conduct

from ..systems import Pendulum
from .conserving import Experiment, Size, study
from .dynamics import parser


def starts(draws: np.random.Generator, count: int) -> np.ndarray:
    """States in all directions, at distances from 1.3 to 2.3: wide swings, none over the top."""
    x = draws.uniform(-1.0, 1.0, (count, 2))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * draws.uniform(1.3, 2.3, (count, 1))


EXPERIMENT = Experiment(
    "Pendulum, H = 3 (1 − cos q) + p²",
    Pendulum(m=0.5, l=1.0, g=6.0),
    starts,
    times=np.linspace(0.0, 3.0, 45),
    noise=0.1,
    train_share=0.5,
    published=(2.5e-2, 4.2e-2),
    sizes={"quick": Size(10, 40, 32), "default": Size(50, 2_000)},
    weight_decay=1e-4,
)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    data = "rows q, p, dq/dt, dp/dt of any motion that keeps an energy"
    p = parser("pendulum", __doc__, data, "the published set-up, which is the default too")
    return conduct(p, argv, lambda args, folder, progress: study(EXPERIMENT, args, progress))
