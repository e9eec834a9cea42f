"""Mechanical systems with their exact energies and equations of motion, on arrays and Tensors.

States lie along the last axis, in any batch: positions first, then as many momenta or velocities, as each class says. Units are
those of the parameters; with SI parameters all are SI. `energy(x)` has the shape (…), `time_derivative(x)` that of x.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core.errors import ShapeError


@dataclass(frozen=True)
class System:
    """A mechanical system: its parameters, and `size`, the length of a state. Raises ValueError for a parameter that is no
    finite number ≥ 0, or 0 where one divides by it."""

    def __post_init__(self) -> None:
        for name in (each.name for each in fields(self)):
            value = getattr(self, name)
            if not (0 < value < np.inf or (value == 0 and name in ("k", "c", "g", "G"))):
                raise ValueError(f"{type(self).__name__}: {name} must be a finite positive number; got {value}")

    @property
    def size(self) -> int:
        """The length of a state."""
        return 2

    def energy(self, x: Any) -> Any:
        """The total energy, shape (…), of states x (…, size)."""
        return self._energy(*self._split(x))

    def time_derivative(self, x: Any) -> Any:
        """dx/dt at states x (…, size), in their shape."""
        return np.stack(self._motion(*self._split(x)), axis=-1)

    def _split(self, x: Any) -> list[Any]:
        x = x if isinstance(x, ac.Tensor) else np.asarray(x)
        if not x.ndim or x.shape[-1] != self.size:
            raise ShapeError(f"{type(self).__name__}: the last axis of a state has {self.size} entries; got shape {x.shape}")
        return [x[..., i] for i in range(self.size)]

    def _energy(self, *x: Any) -> Any:
        raise TypeError(f"{type(self).__name__} does not say what its energy is: define _energy(self, q, p)")

    def _motion(self, *x: Any) -> list[Any]:
        raise TypeError(f"{type(self).__name__} does not say how it moves: define _motion(self, q, p)")


@dataclass(frozen=True)
class MassSpring(System):
    """A mass m on a spring of stiffness k: H = p²/(2m) + k q²/2, states (q, p).

    >>> MassSpring(k=10.0).time_derivative([0.1, 2.0])
    array([ 2., -1.])
    """

    k: float = 1.0
    m: float = 1.0

    def _energy(self, q: Any, p: Any) -> Any:
        return p**2 / (2 * self.m) + self.k * q**2 / 2

    def _motion(self, q: Any, p: Any) -> list[Any]:
        return [p / self.m, -self.k * q]

    def solution(self, x0: Any, t: Any) -> np.ndarray:
        """The exact states at times t from one state x0, shape (len(t), 2)."""
        return DampedSpring(self.k, self.m, 0.0).solution(x0, t)


@dataclass(frozen=True)
class DampedSpring(System):
    """A mass m on a spring of stiffness k with a damper c: mq̈ + cq̇ + kq = 0, states (q, p = mq̇).

    The energy p²/(2m) + k q²/2 falls by `power`.
    """

    k: float = 1.0
    m: float = 1.0
    c: float = 0.1

    def _energy(self, q: Any, p: Any) -> Any:
        return p**2 / (2 * self.m) + self.k * q**2 / 2

    def _motion(self, q: Any, p: Any) -> list[Any]:
        return [p / self.m, -self.k * q - self.c / self.m * p]

    def power(self, x: Any) -> Any:
        """dE/dt = −c q̇², shape (…), of states x (…, 2)."""
        _, p = self._split(x)
        return -self.c * (p / self.m) ** 2

    def solution(self, x0: Any, t: Any) -> np.ndarray:
        """The exact states at times t from one state x0, shape (len(t), 2): below, at or above critical damping."""
        q0, p0 = np.asarray(x0, dtype=np.float64)
        t = np.asarray(t, dtype=np.float64)
        rate = self.c / (2 * self.m)
        root = np.sqrt(complex(rate**2 - self.k / self.m))
        c = np.cosh(root * t).real
        s = t * np.sinc(1j * root * t / np.pi).real  # sinh(root·t)/root, also where root = 0
        v0 = p0 / self.m
        decay = np.exp(-rate * t)
        q = decay * (q0 * c + (v0 + rate * q0) * s)
        v = decay * (v0 * c - (rate * v0 + self.k / self.m * q0) * s)
        return np.stack([q, self.m * v], axis=-1)


@dataclass(frozen=True)
class Pendulum(System):
    """A mass m on a rod of length l: H = p²/(2ml²) + m g l (1 − cos q), states (q, p) with the angle q from below."""

    m: float = 1.0
    l: float = 1.0  # noqa: E741  (its letter in every book)
    g: float = 9.81

    def _energy(self, q: Any, p: Any) -> Any:
        return p**2 / (2 * self.m * self.l**2) + self.m * self.g * self.l * (1 - np.cos(q))

    def _motion(self, q: Any, p: Any) -> list[Any]:
        return [p / (self.m * self.l**2), -self.m * self.g * self.l * np.sin(q)]


@dataclass(frozen=True)
class TwoBody(System):
    """Two masses in a plane that attract each other: H = |p₁|²/(2m₁) + |p₂|²/(2m₂) − G m₁ m₂ / |q₁ − q₂|.

    States (x₁, y₁, x₂, y₂, momenta in the same order), size 8.
    """

    m1: float = 1.0
    m2: float = 1.0
    G: float = 1.0

    @property
    def size(self) -> int:
        """The length of a state."""
        return 8

    def _energy(self, x1: Any, y1: Any, x2: Any, y2: Any, *p: Any) -> Any:
        kinetic = (p[0] ** 2 + p[1] ** 2) / (2 * self.m1) + (p[2] ** 2 + p[3] ** 2) / (2 * self.m2)
        return kinetic - self.G * self.m1 * self.m2 / np.sqrt((x1 - x2) ** 2 + (y1 - y2) ** 2)

    def _motion(self, x1: Any, y1: Any, x2: Any, y2: Any, *p: Any) -> list[Any]:
        dx, dy = x2 - x1, y2 - y1
        pull = self.G * self.m1 * self.m2 / np.sqrt(dx**2 + dy**2) ** 3
        fx, fy = pull * dx, pull * dy
        return [p[0] / self.m1, p[1] / self.m1, p[2] / self.m2, p[3] / self.m2, fx, fy, -fx, -fy]


@dataclass(frozen=True)
class DoublePendulum(System):
    """A mass m₁ on a rod l₁, and from it a mass m₂ on a rod l₂: states (θ₁, θ₂, θ̇₁, θ̇₂), angles from below, size 4.

    T = (m₁ + m₂) l₁² θ̇₁²/2 + m₂ l₂² θ̇₂²/2 + m₂ l₁ l₂ θ̇₁ θ̇₂ cos(θ₁ − θ₂)
    V = −(m₁ + m₂) g l₁ cos θ₁ − m₂ g l₂ cos θ₂,    zero where both rods are level
    """

    m1: float = 1.0
    m2: float = 1.0
    l1: float = 1.0
    l2: float = 1.0
    g: float = 9.81

    @property
    def size(self) -> int:
        """The length of a state."""
        return 4

    def kinetic_energy(self, x: Any) -> Any:
        """T, shape (…)."""
        a, b, da, db = self._split(x)
        turn = (self.m1 + self.m2) * (self.l1 * da) ** 2 / 2 + self.m2 * (self.l2 * db) ** 2 / 2
        return turn + self.m2 * self.l1 * self.l2 * da * db * np.cos(a - b)

    def potential_energy(self, x: Any) -> Any:
        """V, shape (…)."""
        a, b, _, _ = self._split(x)
        return -(self.m1 + self.m2) * self.g * self.l1 * np.cos(a) - self.m2 * self.g * self.l2 * np.cos(b)

    def lagrangian(self, x: Any) -> Any:
        """L = T − V, shape (…)."""
        return self.kinetic_energy(x) - self.potential_energy(x)

    def energy(self, x: Any) -> Any:
        """T + V, shape (…)."""
        return self.kinetic_energy(x) + self.potential_energy(x)

    def _motion(self, a: Any, b: Any, da: Any, db: Any) -> list[Any]:
        """The two Euler–Lagrange equations, solved for the accelerations by Cramer's rule."""
        total, c, s = self.m1 + self.m2, np.cos(a - b), np.sin(a - b)
        m11, m22, m12 = total * self.l1**2, self.m2 * self.l2**2, self.m2 * self.l1 * self.l2 * c
        turn = self.m2 * self.l1 * self.l2 * s
        f1 = -turn * db**2 - total * self.g * self.l1 * np.sin(a)
        f2 = turn * da**2 - self.m2 * self.g * self.l2 * np.sin(b)
        det = m11 * m22 - m12**2
        return [da, db, (m22 * f1 - m12 * f2) / det, (m11 * f2 - m12 * f1) / det]
