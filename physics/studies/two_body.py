"""A Hamiltonian network learns two bodies that attract each other on nearly circular orbits, and conserves their energy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.command import conduct

from ..systems import TwoBody
from .conserving import Experiment, Size, study
from .dynamics import parser


def starts(draws: np.random.Generator, count: int) -> np.ndarray:
    """Bodies opposite each other, 0.5 to 1.5 off the centre in x and in y, with the momentum of a circle but for 5 %."""
    place = draws.uniform(0.5, 1.5, (count, 2))
    r = np.linalg.norm(place, axis=1, keepdims=True)
    momentum = place[:, ::-1] * [-1.0, 1.0] / (2 * r**1.5) * (1 + 0.05 * draws.normal(size=(count, 1)))
    return np.concatenate([place, -place, momentum, -momentum], axis=1)


EXPERIMENT = Experiment(
    "Two bodies, equal masses",
    TwoBody(),
    starts,
    times=np.linspace(0.0, 20.0, 50),
    noise=0.0,
    train_share=0.8,
    published=(3.9e-5, 6.3e-2),
    sizes={
        "quick": Size(8, 40, 32),
        "default": Size(1_000, 10_000),
    },
    batch=200,
)


def main(argv: Sequence[str]) -> int:
    """Run the study; returns the exit code."""
    p = parser(
        "two-body",
        __doc__,
        "rows of 8 states and 8 derivatives, of any motion q, p that keeps an energy",
        "the published set-up, which is the default too",
    )
    return conduct(p, argv, lambda args, folder, progress: study(EXPERIMENT, args, progress))
