"""The Cole–Hopf solution of Burgers' equation, proved in six independent ways; and the metrics that use it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from autograd_core.errors import ShapeError
from physics import exact
from physics.exact import burgers
from physics.metrics import max_error, relative_l2

NU = 0.01 / math.pi
TIMES = (1e-9, 1e-3, 0.1, 1 / math.pi, 0.5, 1.0)
X = np.linspace(-1, 1, 81)

# Eighth-order central differences: f' and f'' from nine values around a point.
FIRST = np.array([1 / 280, -4 / 105, 1 / 5, -4 / 5, 0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
SECOND = np.array([-1 / 560, 8 / 315, -1 / 5, 8 / 5, -205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])
OFFSETS = np.arange(-4, 5)


def test_the_published_reference_agrees_as_far_as_its_own_digits_go(physics_data: Path) -> None:
    from scipy.io import loadmat

    data = loadmat(physics_data / "pinn_raissi" / "burgers_shock.mat")
    u = burgers(data["t"], data["x"].T)
    assert relative_l2(u, data["usol"].T) <= 1e-11


@pytest.mark.parametrize("nu", [NU, 0.05])
def test_the_equation_holds_by_finite_differences(nu: float) -> None:
    t, x, h = np.array([[0.2], [0.4], [0.8]]), np.array([-0.73, -0.4, 0.31, 0.6]), 2e-3
    u = burgers(t, x, nu)
    u_t = sum(c * burgers(t + k * h, x, nu) for k, c in zip(OFFSETS, FIRST)) / h
    u_x = sum(c * burgers(t, x + k * h, nu) for k, c in zip(OFFSETS, FIRST)) / h
    u_xx = sum(c * burgers(t, x + k * h, nu) for k, c in zip(OFFSETS, SECOND)) / h**2
    assert np.abs(u_t + u * u_x - nu * u_xx).max() < 1e-10
    assert np.abs(u_t).min() > 1e-3


def test_gauss_hermite_quadrature_gives_the_same() -> None:
    z, w = np.polynomial.hermite.hermgauss(150)
    for t in TIMES:
        y = X[:, None] - 2 * math.sqrt(NU * t) * z
        weight = w * np.exp(-np.cos(np.pi * y) / (2 * np.pi * NU))
        u = -(weight * np.sin(np.pi * y)).sum(axis=1) / weight.sum(axis=1)
        assert max_error(burgers(t, X), u) < 1e-14


@pytest.mark.parametrize("nu", [10.0, 1.0, 0.1, 0.01, NU, 1e-3, 1e-4, 1e-5])
def test_more_nodes_change_nothing(nu: float, monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = [burgers(t, X, nu) for t in (*TIMES, 10.0)]
    monkeypatch.setattr(exact, "NEGLIGIBLE", 100.0)
    monkeypatch.setattr(exact, "TAIL", 9.0)
    for t, u in zip((*TIMES, 10.0), coarse):
        assert max_error(burgers(t, X, nu), u) < 3e-14


def test_the_steepest_slope_is_the_published_one() -> None:
    """Basdevant et al. 1986: |u_x(t, 0)| is largest at πt = 1.6037, where it is 152.00516."""
    h = 1e-5
    slope = [-(FIRST * burgers(t / math.pi, OFFSETS * h)).sum() / h for t in (1.6037 - 0.01, 1.6037, 1.6037 + 0.01)]
    assert slope[1] == pytest.approx(152.00516, abs=1e-4)
    assert slope[1] == max(slope)


def test_a_thick_fluid_diffuses_like_heat() -> None:
    """For small Reynolds number the Fourier series of the solution has one term, u ≈ −sin(πx) e^(−νπ²t)."""
    assert max_error(burgers(0.01, X, 100.0), -np.sin(np.pi * X) * math.exp(-(math.pi**2))) < 1e-6


def test_the_start_the_axis_and_the_walls_are_exact() -> None:
    x = X[(X != 0) & (np.abs(X) != 1)]
    assert (burgers(0.0, x) == -np.sin(np.pi * x)).all()
    for t in (0.0, *TIMES):
        assert (burgers(t, [-1.0, 0.0, 1.0]) == 0.0).all()


@pytest.mark.parametrize("nu", [1.0, NU, 1e-4])
def test_the_solution_is_odd_and_has_period_two(nu: float) -> None:
    for t in TIMES:
        assert (burgers(t, -X, nu) == -burgers(t, X, nu)).all()
        assert max_error(burgers(t, X + 2.0, nu), burgers(t, X, nu)) < 1e-12


def test_close_to_the_walls_nothing_jumps() -> None:
    near = burgers(0.5, [1 - 1e-8, -1 + 1e-8])
    assert np.abs(near).max() < 1e-7
    assert near[0] < 0 < near[1]


def test_t_and_x_broadcast_and_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    t = np.linspace(0, 1, 5)
    u = burgers(t[:, None], X)
    assert u.shape == (5, 81)
    assert max_error(u[2], burgers(t[2], X)) < 1e-14
    monkeypatch.setattr(exact, "EXPONENTIALS_AT_ONCE", 500)
    assert (burgers(t[:, None], X) == u).all()
    assert burgers(0.5, 0.25).shape == ()
    assert burgers([], []).shape == (0,)


def test_values_stay_within_the_start() -> None:
    for nu in (1e-5, NU, 1.0):
        assert np.abs(burgers(np.array(TIMES)[:, None], X, nu)).max() <= 1.0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((0.5, 0.0, 0.0), "nu must be a positive number; got 0.0"),
        ((0.5, 0.0, -1.0), "nu must be a positive number"),
        ((0.5, 0.0, math.nan), "nu must be a positive number"),
        ((-0.1, 0.0), "begins at t = 0; got t = -0.1"),
        ((0.1, math.nan), "must be finite"),
        ((math.inf, 0.0), "must be finite"),
        ((1.0, 0.0, 1e-30), "too small at t = 1"),
    ],
)
def test_bad_input_is_explained(arguments: tuple[float, ...], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        burgers(*arguments)


def test_relative_l2_is_a_ratio_of_norms() -> None:
    assert relative_l2([[1.0, 2.0], [2.0, 0.0]], [[1.0, 2.0], [2.0, 3.0]]) == pytest.approx(1 / math.sqrt(2))
    assert relative_l2([1j, 1.0], [1j, 2.0]) == pytest.approx(1 / math.sqrt(5))


def test_metrics_refuse_what_would_broadcast() -> None:
    for metric in (relative_l2, max_error):
        with pytest.raises(ShapeError, match=r"Prediction \(3, 1\) and reference \(3,\)"):
            metric(np.ones((3, 1)), np.ones(3))
        with pytest.raises(ShapeError, match="empty"):
            metric([], [])
    with pytest.raises(ValueError, match=r"zero everywhere.*max_error"):
        relative_l2([1.0], [0.0])


def test_max_error_is_absolute_and_keeps_nan() -> None:
    assert max_error([1.0, -3.0], [1.0, 1.0]) == 4.0
    assert math.isnan(max_error([math.nan, 0.0], [0.0, 0.0]))
