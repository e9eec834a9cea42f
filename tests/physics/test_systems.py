"""Mechanical systems: energies and motions belong together, and follow from the energy as Hamilton's equations say."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from physics.integrate import integrate
from physics.systems import DampedSpring, DoublePendulum, MassSpring, Pendulum, System, TwoBody

SYSTEMS = [
    MassSpring(k=3.0, m=2.0),
    Pendulum(m=0.5, l=2.0, g=3.0),
    TwoBody(m1=2.0, m2=0.5, G=1.5),
    DoublePendulum(m1=2.0, m2=0.5, l1=1.5, l2=0.7),
    DampedSpring(k=3.0, m=2.0, c=0.4),
]
draws = np.random.default_rng(0)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: type(s).__name__)
def test_energy_changes_as_it_should(system):
    x = draws.normal(size=(7, system.size))
    change = ac.jvp(lambda x: system.energy(x), (x,), (system.time_derivative(x),))[1].numpy()
    assert np.allclose(change, system.power(x) if isinstance(system, DampedSpring) else 0.0, atol=1e-12)
    assert np.all(change <= 1e-12)


@pytest.mark.parametrize("system", SYSTEMS[:3], ids=lambda s: type(s).__name__)
def test_hamiltons_equations(system):
    x, n = draws.normal(size=(2, 3, system.size)), system.size // 2
    slope = ac.grad(lambda x: ac.sum(system.energy(x)))(ac.tensor(x)).numpy()
    assert np.allclose(system.time_derivative(x), np.concatenate([slope[..., n:], -slope[..., :n]], axis=-1))


def test_closed_solutions():
    t, x0 = np.linspace(0.0, 4.0, 9), [0.7, -0.4]
    for system in (MassSpring(2.0, 0.5), DampedSpring(2.0, 0.5, 0.3), DampedSpring(2.0, 0.5, 2.0), DampedSpring(2.0, 0.5, 5.0)):
        found = integrate(system.time_derivative, x0, t, rtol=1e-11, atol=1e-11)
        assert np.allclose(system.solution(x0, t), found, atol=1e-8)


def test_known_numbers():
    assert DoublePendulum(g=9.8).energy([np.pi, np.pi, 0.0, 0.0]) == pytest.approx(29.4)
    assert Pendulum(m=0.5, l=1.0, g=6.0).energy([0.5, 2.0]) == pytest.approx(3 * (1 - np.cos(0.5)) + 4)
    assert MassSpring(k=2.0, m=0.5).energy([0.5, 2.0]) == pytest.approx(4.25)
    circle = [0.5, 0.0, -0.5, 0.0, 0.0, np.sqrt(0.5), 0.0, -np.sqrt(0.5)]
    assert TwoBody().energy(circle) == pytest.approx(-0.5)
    assert TwoBody().time_derivative(circle)[4] == pytest.approx(-1.0)


def test_arrays_give_arrays_and_tensors_tensors():
    for system in SYSTEMS:
        x = draws.normal(size=(3, system.size))
        for f in (system.energy, system.time_derivative):
            assert isinstance(f(x), np.ndarray)
            assert np.allclose(f(ac.tensor(x)).numpy(), f(x))


def test_what_is_refused():
    with pytest.raises(ac.errors.ShapeError, match="Pendulum: the last axis of a state has 2 entries"):
        Pendulum().energy(np.zeros(3))
    with pytest.raises(ValueError, match="MassSpring: m must be a finite positive number; got 0.0"):
        MassSpring(m=0.0)
    with pytest.raises(ValueError, match="k must be"):
        DampedSpring(k=np.nan)
    with pytest.raises(TypeError, match="define _energy"):
        System().energy([0.0, 1.0])
