"""The studies of motions and of Sobolev training: their data, their quick runs, their own data, and what they print."""

from __future__ import annotations

import argparse

import numpy as np
import pytest

import autograd_core as ac
from physics.__main__ import STUDIES
from physics.__main__ import main as command
from physics.lagrangian import LagrangianNN
from physics.portraits import save_portrait
from physics.studies import double_pendulum, dynamics, mass_spring, pendulum, sobolev, spring, two_body

QUICK = {
    "spring": (["motion.png", "energy.png"], ["Hamiltonian network", "plain network"]),
    "pendulum": (["motion.png", "energy.png"], ["Hamiltonian network", "plain network"]),
    "two-body": (["motion.png", "energy.png"], ["Hamiltonian network", "plain network"]),
    "mass-spring": (["phase.png", "energy.png", "place.png"], ["Hamiltonian", "Lagrangian", "plain network"]),
    "double-pendulum": (["energy.png", "angles.png"], ["Lagrangian network", "plain network"]),
    "sobolev": (["values.png", "slopes.png"], ["Booth, 20"]),
}


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_study_prints_and_draws(name, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert name in STUDIES
    assert command([name, "--quick", "--quiet", "--seed", "3", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert not printed.err
    pictures, lines = QUICK[name]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*pictures, "table.txt"])
    assert all(each in printed.out for each in [*lines, "seed 3", "a quick run", "made in"])
    assert "nan" not in printed.out


@pytest.mark.parametrize("experiment", [spring.EXPERIMENT, pendulum.EXPERIMENT, two_body.EXPERIMENT])
def test_the_data_of_an_experiment(experiment):
    training, testing = experiment.data(seed=1, count=10)
    n, times = experiment.system.size, len(experiment.times)
    kept = int(10 * experiment.train_share)
    assert training.x.shape == training.dx.shape == (kept * times, n)
    assert testing.x.shape == ((10 - kept) * times, n)
    missed = experiment.system.time_derivative(training.x) - training.dx
    if experiment.noise:
        assert 0.5 * experiment.noise < np.abs(missed).mean() < 3 * experiment.noise
    else:
        assert not missed.any()
        energies = experiment.system.energy(training.x.reshape(kept, times, n))
        assert np.ptp(energies, axis=1).max() < 1e-8
    again, other = experiment.data(seed=1, count=10)[0], experiment.data(seed=2, count=10)[0]
    assert np.array_equal(again.x, training.x)
    assert not np.array_equal(other.x, training.x)


def test_the_energies_of_the_pendulum_are_those_published():
    energies = pendulum.EXPERIMENT.system.energy(pendulum.starts(np.random.default_rng(0), 500))
    assert energies.max() < 6.0  # none goes over the top
    assert pendulum.EXPERIMENT.system.energy([1.0, 2.0]) == pytest.approx(3 * (1 - np.cos(1.0)) + 4.0)
    assert spring.EXPERIMENT.system.energy([1.0, 2.0]) == pytest.approx(5.0)


def test_a_table_of_ones_own(tmp_path, capsys):
    path = tmp_path / "own.csv"
    for study, system, told in (
        (spring, spring.EXPERIMENT.system, "32 states of own.csv"),
        (mass_spring, mass_spring.SYSTEM, "32 states of own.csv"),
        (double_pendulum, double_pendulum.SYSTEM, "32 states of own.csv"),
    ):
        x = np.random.default_rng(0).normal(size=(40, system.size))
        np.savetxt(path, np.hstack([x, system.time_derivative(x)]), delimiter=",")
        assert study.main(["--quick", "--quiet", "--data", str(path), "--out", str(tmp_path / "out")]) == 0
        printed = capsys.readouterr().out
        assert told in printed
        assert "held out" in printed
        assert not any(word in printed for word in ("published", "energy MSE", "drift", "k = 10", "exact", "Pendulum", "m = 1"))
    np.savetxt(path, x[:, :2], delimiter=",")
    for study in (spring, mass_spring, double_pendulum, sobolev):
        assert study.main(["--quick", "--quiet", "--data", str(path), "--out", str(tmp_path / "out")]) == 2
        assert "needed are" in capsys.readouterr().err


def test_the_mass_spring_data_are_those_of_the_exercise():
    near, far = mass_spring.samples(*mass_spring.TRAINING), mass_spring.samples(*mass_spring.TEST)
    assert (len(near.x), len(far.x)) == (50, 300)
    assert np.allclose(near.x[0], [0.0, 1.0])
    assert np.allclose(mass_spring.SYSTEM.energy(far.x), 0.5)
    assert np.allclose(near.dx, np.stack([near.x[:, 1], -10 * near.x[:, 0]], axis=1))


def test_the_sobolev_functions_have_their_known_minima():
    minima = {
        "Ackley": (1e-9, 1e-9, 0.0),
        "Beale": (3.0, 0.5, 0.0),
        "Booth": (1.0, 3.0, 0.0),
        "Bukin": (-10.0, 1.0, 0.0),
        "McCormick": (-0.54719, -1.54719, -1.9133),
        "Rosenbrock": (1.0, 1.0, 0.0),
        "Styblinski–Tang": (-2.903534, -2.903534, -78.33233),
    }
    assert list(minima) == list(sobolev.FUNCTIONS)
    for name, (x, y, lowest) in minima.items():
        f = sobolev.FUNCTIONS[name].f
        assert f(ac.tensor(x), ac.tensor(y)).item() == pytest.approx(lowest, abs=1e-4)
        points = sobolev.sampled(sobolev.FUNCTIONS[name], np.random.default_rng(0).uniform(-1, 1, (3_000, 2)))
        assert points.y.std() == pytest.approx(1.0, abs=0.1)
        assert points.dy.shape == (3_000, 1, 2)
        assert np.isfinite(points.dy).all()


def test_slopes_weigh_as_much_as_they_foretell():
    x = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    quadratic = sobolev.Points(x, (x[:, :1] * x[:, 1:]) * 3.0, 3.0 * x[:, None, ::-1])
    assert np.allclose(sobolev.slope_weights(quadratic), 1 / np.mean(quadratic.dy**2), rtol=1e-12)
    waves = sobolev.Points(x, np.sin(60 * x[:, :1]), np.stack([60 * np.cos(60 * x[:, :1]), 0 * x[:, :1]], axis=-1))
    assert np.all(sobolev.slope_weights(waves) > 0)
    assert np.all(sobolev.slope_weights(waves) * np.mean(waves.dy**2) < 0.05)
    level = sobolev.Points(x, 0 * x[:, :1], 0 * x[:, None])
    assert np.isfinite(sobolev.slope_weights(level)).all()


def test_a_slope_beside_a_ridge_counts_for_little():
    x = np.random.default_rng(0).uniform(-1, 1, (30, 2))
    dy = 3.0 * x[:, None, ::-1]
    dy[7] = 500.0
    weights = sobolev.slope_weights(sobolev.Points(x, 3.0 * x[:, :1] * x[:, 1:], dy))
    assert weights[7] < 0.1 * np.delete(weights, 7).min()


def test_several_networks_learn_each_as_if_alone():
    size = sobolev.Size(("Booth",), {12: 2}, 30, 8)
    draws = next(iter(sobolev.cases(size, argparse.Namespace(seed=0, data=None))))[1]
    for name in ("values", "Sobolev"):
        both = sobolev.fit(name, draws, size, 0, False)
        alone = [sobolev.fit(name, [each], size, k, False) for k, each in enumerate(draws)]
        x = np.random.default_rng(0).uniform(-1, 1, (10, 2))
        found = both(ac.as_tensor(x)).numpy()
        assert np.allclose(found, np.concatenate([alone[k](ac.as_tensor(x[5 * k :][:5])).numpy() for k in (0, 1)]), atol=1e-5)
        assert np.ptp(found) > 0.1


def test_sobolev_training_on_a_table_of_ones_own(tmp_path, capsys):
    x = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    path = tmp_path / "own.csv"
    np.savetxt(path, np.column_stack([x, x[:, 0] * x[:, 1], x[:, ::-1]]), delimiter=",")
    assert sobolev.main(["--quick", "--quiet", "--data", str(path), "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr().out
    assert "errors at every second row of own.csv, of values f and slopes ∇f: means of 2 starts of the networks" in printed
    assert "own, 6" in printed
    assert "new points" not in printed
    assert "draw" not in printed.replace("drawn", "")


def test_a_sobolev_study_that_is_stopped_at_once_ends_without_pictures(tmp_path, capsys, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sobolev, "fit", stopped)
    assert sobolev.main(["--quick", "--quiet", "--out", str(tmp_path)]) == 130
    assert "Interrupted" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["table.txt"]


def test_draws_differ_by_seed_and_from_each_other():
    size = sobolev.Size(("Booth", "Ackley"), {20: 2, 30: 3}, 1, 4)
    runs = [list(sobolev.cases(size, argparse.Namespace(seed=seed, data=None))) for seed in (0, 0, 1)]
    assert [name for name, _, _ in runs[0]] == [f"{f}, {count}" for f in size.functions for count in (20, 30)]
    assert [len(draws) for _, draws, _ in runs[0]] == [2, 3, 2, 3]
    first, again, other = (run[0][1] for run in runs)
    assert np.array_equal(first[0].x, again[0].x)
    assert not np.array_equal(first[0].x, first[1].x)
    assert not np.array_equal(first[0].x, other[0].x)
    assert all(len(set(np.floor(10 * (column + 1)))) == 20 for column in first[0].x.T)  # a Latin hypercube


def test_the_verdict_names_what_is_missed_and_what_is_near_a_tie():
    better = {"values": np.full((2, 4), 1.0), "Sobolev": np.array([[0.5, 0.6, 0.5, 0.6]] * 2)}
    near = {"values": np.full((2, 4), 1.0), "Sobolev": np.array([[0.5, 0.6, 0.5, 0.6], [0.5, 2.0, 0.5, 1.1]])}
    said = sobolev._verdict({"a": better, "b": near})
    assert "f in 2 of 2, ∇f in 1 of 2; not in b" in said
    assert said.endswith("within two standard errors of a tie: b")
    assert "tie" not in sobolev._verdict({"a": better})


@pytest.mark.parametrize("published", [False, True])
def test_a_whole_turn_changes_no_motion_that_was_learned(published):
    size = double_pendulum.Size(41, 1, (6, 6), 8, published=published)
    data = double_pendulum.samples(0, 1, 41, published)
    assert data.x.shape == (41, 4)
    assert np.array_equal(data.dx, double_pendulum.SYSTEM.time_derivative(data.x))
    assert (np.abs(data.x[:, 2:]).max() > 8) == published
    for model in double_pendulum.models(0, size).values():
        turned = data.x + 2 * np.pi * np.array([1, -2, 0, 0])
        assert np.allclose(model.time_derivative(turned).numpy(), model.time_derivative(data.x).numpy(), atol=1e-9)


def test_a_mechanical_lagrangian_of_the_double_pendulum():
    def network(q):  # C with CᵀC = [[2, c], [c, 1]], c = cos(q₁ − q₂), for masses and lengths of 1
        c = ac.cos(q[..., 0] - q[..., 1])
        v = -9.8 * (2 * ac.cos(q[..., 0]) + ac.cos(q[..., 1])) / double_pendulum.LARGE
        first = 2**0.5 + 0 * c
        return ac.stack([v, first - 1, c / first, ac.sqrt(1 - c**2 / 2) - 1], axis=-1)

    x = np.random.default_rng(0).normal(size=(6, 4))
    model = LagrangianNN(double_pendulum.Mechanical(network))
    assert np.allclose(model.time_derivative(x).numpy(), double_pendulum.SYSTEM.time_derivative(x), rtol=1e-10)
    assert np.allclose(np.ptp(model.energy(x[:, :2], x[:, 2:]).numpy() - double_pendulum.SYSTEM.energy(x)), 0.0, atol=1e-12)


def test_a_motion_that_cannot_be_had_is_a_gap():
    class Exploding:
        def time_derivative(self, x):
            return ac.as_tensor(x) ** 3

    with pytest.warns(RuntimeWarning, match="a motion of the Exploding ended early: integrate: the step size fell"):
        found = dynamics.roll_out(Exploding(), np.ones((2, 2)), np.linspace(0.0, 1.0, 5))
    assert found.shape == (5, 2, 2)
    assert np.isnan(found).all()


def test_a_portrait_needs_two_coordinates(tmp_path):
    pytest.importorskip("matplotlib")
    paths = {"one": np.zeros((5, 2)), "many": np.zeros((5, 3, 2))}
    assert save_portrait(tmp_path / "p.png", paths, truth=paths["one"], points=np.zeros((2, 2))).stat().st_size > 1000
    with pytest.raises(ac.errors.ShapeError, match="truth has shape"):
        save_portrait(tmp_path / "p.png", paths, truth=np.zeros((5, 3)))
