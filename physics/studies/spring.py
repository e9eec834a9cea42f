"""A Hamiltonian network learns a mass on a spring from noisy states, and conserves its energy: H = q² + p²."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.command import conduct

from ..systems import MassSpring
from .conserving import Experiment, Size, study
from .dynamics import parser


def starts(draws: np.random.Generator, count: int) -> np.ndarray:
    """States in all directions, at distances from 0.1 to 1."""
    x = draws.uniform(-1.0, 1.0, (count, 2))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * draws.uniform(0.1, 1.0, (count, 1))


EXPERIMENT = Experiment(
    "Mass on a spring, H = q² + p²",
    MassSpring(k=2.0, m=0.5),
    starts,
    times=np.linspace(0.0, 3.0, 30),
    noise=0.1,
    train_share=0.5,
    published=(3.8e-4, 1.7e-1),
    sizes={"quick": Size(10, 40, 32), "default": Size(50, 2_000)},
    weight_decay=1e-4,
)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    data = "rows q, p, dq/dt, dp/dt of any motion that keeps an energy"
    p = parser("spring", __doc__, data, "the published set-up, which is the default too")
    return conduct(p, argv, lambda args, folder, progress: study(EXPERIMENT, args, progress))
