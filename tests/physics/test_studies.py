"""The studies of equations: their problems, their quick runs, their own data, and what they print."""

from __future__ import annotations

import importlib
import re

import numpy as np
import pytest

import autograd_core as ac
import nn
import physics
from nn.command import TABLE
from physics.__main__ import STUDIES
from physics.__main__ import main as command
from physics.studies import (
    bar,
    burgers_inverse,
    discovery,
    dynamics,
    equations,
    extrapolate,
    heat,
    kdv_inverse,
    lorenz_inverse,
    poisson,
    schrodinger,
    sn_curve,
    wave,
)

FIELD = ["error.png", "history.png", "points.png", "residual.png", "slices.png", "solution.png"]
SECOND = ["history-2.png", "points-2.png", "residual-2.png"]
PICTURES = {
    "bar": ["displacement.png", "force.png", "history-2.png", "history.png", "stiffness.png"],
    "burgers-inverse": ["coefficients-noise.png", "coefficients.png", *SECOND, *FIELD],
    "extrapolate": ["fits.png", "history-2.png", "history.png"],
    "heat": FIELD,
    "kdv-inverse": ["coefficients.png", *FIELD],
    "lorenz-inverse": ["coefficients.png", "history.png", "x.png", "y.png", "z.png"],
    "poisson": [*SECOND, *FIELD],
    "schrodinger": FIELD,
    "sn-curve": ["curves.png", "history-2.png", "history.png"],
    "wave": FIELD,
}
MODULES = [bar, burgers_inverse, extrapolate, heat, kdv_inverse, lorenz_inverse, poisson, schrodinger, sn_curve, wave]
TINY = equations.Size((6,), 30, adam=4, lbfgs=4, boundary=8, initial=8)


@pytest.fixture
def tiny(monkeypatch):
    """All sizes of the studies as small as they can be."""
    for module in MODULES:
        monkeypatch.setattr(module, "SIZES", dict.fromkeys(module.SIZES, TINY))


def run(name, tmp_path, *options):
    return command([name, "--quick", "--quiet", "--out", str(tmp_path / "out"), *map(str, options)])


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the pictures out: they cost more than the trainings."""
    monkeypatch.setattr("nn.command._draw", lambda result, folder: 0)


class Known(nn.Module):
    """Functions of the coordinates as a network of points scaled to [-1, 1]."""

    def __init__(self, domain, *functions):
        super().__init__()
        self.functions, (self.low, self.high) = functions, domain.bounds.T

    def forward(self, X):
        X = self.low + (X + 1) * (self.high - self.low) / 2
        return ac.stack([f(*(X[:, k] for k in range(X.shape[1]))) for f in self.functions], axis=1)


def misses(pinn, *functions, transform=None):
    """The largest residual of each term with known functions as the outputs."""
    pinn.network, pinn.transform = Known(pinn.domain, *functions), transform
    return {name: float(np.abs(ac.as_tensor(r).numpy()).max()) for name, (r, _) in pinn.residuals().items()}


# What they solve: a solution obeys the equation and all conditions


@pytest.mark.parametrize("study", [heat, wave], ids=["heat", "wave"])
def test_the_exact_solution_obeys_the_problem(study):
    found = misses(study.problem(TINY, 0), study.exact)
    assert len(found) == len(study.problem(TINY, 0).conditions) + 1
    assert max(found.values()) < 1e-11
    bent = misses(study.problem(TINY, 0), lambda x, t: study.exact(x, t) + 0.01 * x * t**2)
    assert max(bent.values()) > 1e-3


def test_the_string_is_held_and_at_rest_by_construction():
    pinn = wave.problem(TINY, 0)
    x, zero = np.linspace(0, 1, 5), np.zeros(5)
    start, ends = np.stack([x, zero], axis=1), np.stack([np.round(x), x], axis=1)
    assert np.allclose(pinn.predict(start), wave.exact(x, 0.0).numpy(), atol=1e-13)
    assert np.abs(pinn.predict(start, "u_t")).max() < 1e-12
    assert np.abs(pinn.predict(ends)).max() < 1e-13


def test_the_exact_solution_of_poissons_equation():
    assert max(misses(poisson.problem(TINY, 0, hard=False), poisson.exact).values()) < 1e-11
    pinn = poisson.problem(TINY, 0, hard=True)
    sides = np.concatenate(poisson.problem(TINY, 0, hard=False).condition_points)
    assert [*pinn.loss_terms()] == ["residual"]
    assert np.abs(pinn.predict(sides)).max() < 1e-15


def test_the_bar_is_that_of_the_exercise():
    assert bar.L == 1.5
    assert bar.FORWARD[0](2.0) == 5.0
    assert bar.INVERSE[0](2.0) == 5.0
    x = np.array([0.0, 0.4, 1.5])
    assert np.allclose(bar.displacement(x).numpy(), 1 - np.cos(3 * np.pi * x))
    for EA, slope in (bar.FORWARD, bar.INVERSE):
        assert np.allclose(slope(x), (EA(x + 1e-6) - EA(x - 1e-6)) / 2e-6)
    assert max(misses(bar.forward(TINY, 0), bar.displacement).values()) < 1e-11
    inverse = bar.inverse(TINY, 0, bar.measured(), TINY.network(1, 1, 0))
    assert max(misses(inverse, bar.displacement, bar.INVERSE[0]).values()) < 1e-11
    assert bar.inverse(TINY, 0, bar.measured(), TINY.network(1, 1, 0)).predict(x, "EA").min() > 0


def test_the_solution_of_the_schrodinger_equation_obeys_it():
    # h = a exp(i(kx - ωt)) solves the equation with ω = k²/2 - a²; k makes it periodic
    a, k = 1.3, 2 * np.pi / 5
    turn = lambda x, t: k * x - (k**2 / 2 - a**2) * t
    plane = [lambda x, t: a * ac.cos(turn(x, t)), lambda x, t: a * ac.sin(turn(x, t))]
    found = misses(schrodinger.problem(TINY, 0, hard=False), *plane)
    assert [name for name, miss in found.items() if miss > 1e-10] == ["initial u", "initial v"]
    assert min(found["initial u"], found["initial v"]) > 0.1
    # and 2 sech x is where it begins
    start = misses(schrodinger.problem(TINY, 0, hard=False), lambda x, t: 2 / ac.cosh(x) + 0 * t, lambda x, t: 0 * x)
    assert max(start["initial u"], start["initial v"]) < 1e-15
    pinn = schrodinger.problem(TINY, 0, hard=True)
    left, right = pinn.predict([[-5.0, 1.0], [5.0, 1.0]], "v_x")
    assert left == pytest.approx(right, abs=1e-12)


@pytest.mark.parametrize(
    "study, sign, order", [(burgers_inverse, -1, 2), (kdv_inverse, 1, 3)], ids=["burgers-inverse", "kdv-inverse"]
)
def test_the_coefficients_enter_the_equation(study, sign, order):
    data = np.array([[-1, 0, 0.0], [1, 1, 0.0], [0.3, 0.4, 0.0]])
    pinn = study.problem(TINY, 0, data)
    names = dict(pinn.coefficients.named_children())
    names["lambda1"].set(2.0)
    names["lambda2"].set(0.5)
    pinn.network = Known(pinn.domain, lambda x, t: ac.sin(2 * x) * ac.exp(t))
    s = pinn.state(data[:, :2])
    wanted = s.u_t + 2.0 * s.u * s.u_x + sign * 0.5 * s.d("u", *["x"] * order)
    assert np.allclose(pinn.equations["residual"](s).numpy(), wanted.numpy())
    assert discovery.coefficients(pinn) == pytest.approx({"lambda1": 2.0, "lambda2": 0.5})


def test_the_true_coefficients_of_lorenz_obey_the_data():
    t = np.linspace(0, 3, 7)
    states = lorenz_inverse.motion(t)
    assert states[0] == pytest.approx([-8, 7, 27])
    pinn = lorenz_inverse.problem(TINY, 0, np.column_stack([t, states]))
    assert set(discovery.coefficients(pinn).values()) == {1.0}
    for name, each in pinn.coefficients.named_children():
        each.set(lorenz_inverse.TRUE[name])
    slopes = (lorenz_inverse.motion(t[1:-1] + 1e-5) - lorenz_inverse.motion(t[1:-1] - 1e-5)) / 2e-5
    s = physics.State(lambda T: T, t[1:-1, None], ["t"], ["w"])
    for k, name in enumerate("xyz"):
        s._known[(name,)], s._known[(name, "t")] = ac.tensor(states[1:-1, k]), ac.tensor(slopes[:, k])
    s._outputs = ("x", "y", "z")
    for f in pinn.equations.values():
        assert np.abs(f(s).numpy()).max() < 1e-4


def test_the_derivative_beyond_the_data():
    data = extrapolate.measured(3)
    assert np.abs(data[:, 0]).max() < np.pi
    assert np.allclose(data[:, 1], np.sin(data[:, 0]))
    pinn = extrapolate.problem(TINY, 0, data, informed=True)
    assert max(misses(pinn, ac.sin).values()) < 1e-12
    _, places = pinn.condition_points
    assert np.abs(places).min() == pytest.approx(np.pi)
    assert [*extrapolate.problem(TINY, 0, data, informed=False).loss_terms()] == ["data"]


# What they print and draw


@pytest.mark.parametrize("name", PICTURES)
def test_a_quick_study_prints_and_draws(name, tmp_path, capsys, monkeypatch, tiny):
    pytest.importorskip("matplotlib")
    monkeypatch.delenv("PHYSICS_DATA", raising=False)
    assert name in STUDIES
    assert run(name, tmp_path, "--seed", "3") == 0
    printed = capsys.readouterr()
    assert not printed.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*PICTURES[name], "table.txt"])
    assert all(each in printed.out for each in ["reached", "published", "seed 3", "a quick run", "8 steps in"])
    assert "nan" not in printed.out


def test_every_study_has_a_quick_and_a_published_size():
    for module in MODULES:
        parse = dynamics.parser("name", "text", "data").parse_args
        sizes = [dynamics.chosen(module.SIZES, parse(words)) for words in (["--quick"], [], ["--paper"])]
        quick, default, paper = (size.adam + size.lbfgs for size in sizes)
        assert quick < default < paper if "paper" in module.SIZES else quick < default == paper


def test_a_table_tells_what_was_missed():
    args = type("Args", (), {"seed": 5, "quick": False, "paper": False})
    figures = [equations.Figure("near", 1e-4, 1e-3, "7e-4"), equations.Figure("far", 0.5, 1e-3), equations.Figure("a", 12.5)]
    text = equations.table(args, "Heat", figures, [], "reduced: this")
    near, far, a = (line for line in text.splitlines() if line.startswith(("near", "far", "a ")))
    assert near.split() == ["near", "1.00e-04", "≤", "0.001", "7e-4"]
    assert far.split() == ["far", "0.5", "≤", "0.001", "–", "missed"]
    assert a.split() == ["a", "12.5", "–", "–"]
    assert text.splitlines()[:2] == ["Heat, seed 5", "reduced: this"]
    nothing = equations.table(args, "Heat", [equations.Figure("far", float("nan"), 1.0)], [], "")
    assert "missed" in nothing


def test_a_grid_has_a_row_for_each_time():
    pinn = heat.problem(TINY, 0)
    x, t = np.linspace(0, 1, 4), np.linspace(0, 1, 3)
    u, slope = equations.on_grid(pinn, x, t), equations.on_grid(pinn, x, t, "u_x")
    assert u.shape == slope.shape == (3, 4)
    assert u[2, 1] == pytest.approx(pinn([[x[1], t[2]]]).item())
    assert slope[2, 1] == pytest.approx(pinn.predict([[x[1], t[2]]], "u_x")[0])


# Data of one's own


OWN = {
    "bar": (2, "x, u"),
    "burgers-inverse": (3, "x, t, u"),
    "extrapolate": (2, "x, sin x"),
    "heat": (3, "x, t, u"),
    "kdv-inverse": (3, "x, t, u"),
    "lorenz-inverse": (4, "t, x, y, z"),
    "poisson": (3, "x, y, u"),
    "wave": (3, "x, t, u"),
}


@pytest.mark.parametrize("name", OWN)
def test_a_table_of_ones_own(name, tmp_path, capsys, monkeypatch, tiny, undrawn):
    monkeypatch.delenv("PHYSICS_DATA", raising=False)
    columns, names = OWN[name]
    path = tmp_path / "own.csv"
    np.savetxt(path, np.random.default_rng(0).uniform(0.1, 0.9, (12, columns)), delimiter=",")
    assert run(name, tmp_path, "--data", path) == 0
    printed = capsys.readouterr().out
    assert "own.csv" in printed or " 12 " in printed
    np.savetxt(path, np.ones((12, 6)), delimiter=",")
    assert run(name, tmp_path, "--data", path) == 2
    assert f"needed are rows of {columns} finite numbers, {names}; got 6 a row" in capsys.readouterr().err


@pytest.fixture
def truths(monkeypatch):
    """The truths that are drawn, by the title of the picture; and nothing drawn."""
    drawn = {}
    for name in ("save_fit", "save_field", "save_slices", "save_history", "save_points", "save_residual", "save_coefficients"):
        note = lambda *given, name=name, **labels: drawn.update(
            {(given[0].name, name): labels.get("truth", labels.get("exact"))}
        )
        monkeypatch.setattr(physics.pictures, name, note)
    return drawn


def own_table(path, name):
    columns, _ = OWN[name]
    rows = np.random.default_rng(0).uniform(0.1, 0.9, (12, columns))
    np.savetxt(path, rows, delimiter=";", header=";".join("abcd"[:columns]), comments="")
    return path


INVERSE = ["bar", "burgers-inverse", "kdv-inverse", "lorenz-inverse"]


@pytest.mark.parametrize("name", INVERSE)
def test_an_inverse_problem_of_ones_own_has_no_truth(name, tmp_path, capsys, monkeypatch, tiny, truths):
    monkeypatch.delenv("PHYSICS_DATA", raising=False)
    assert run(name, tmp_path, "--data", own_table(tmp_path / "own.csv", name)) == 0
    printed = capsys.readouterr().out
    assert not any(word in printed for word in ("wanted", "published", "error in %"))
    assert truths
    assert all(truth is None for truth in truths.values())
    assert not any(file in ("error.png", "slices.png") for file, _ in truths)
    truths.clear()
    assert run(name, tmp_path) == 0
    assert "wanted" in capsys.readouterr().out
    assert any(truth is not None for truth in truths.values()) or ("error.png", "save_field") in truths


def test_the_stiffness_of_displacements_of_ones_own(tmp_path, capsys, monkeypatch, undrawn):
    monkeypatch.setattr(bar, "SIZES", dict.fromkeys(bar.SIZES, equations.Size((12, 12), 80, adam=60, lbfgs=500)))
    np.savetxt(tmp_path / "own.txt", bar.measured())
    assert run("bar", tmp_path, "--data", tmp_path / "own.txt") == 0
    printed = capsys.readouterr().out
    found = {at: float(re.search(rf"EA at x = {at} +([0-9.e-]+)", printed)[1]) for at in ("0", "0.75", "1.5")}
    assert found == pytest.approx({"0": 1.0, "0.75": bar.INVERSE[0](0.75), "1.5": 2.125}, rel=0.2)
    assert "u, relative L2 to own.txt" in printed
    assert "76 displacements of own.txt, which must belong to this bar" in printed
    assert "forward" not in printed


PROBLEMS = {
    "bar": "(EA u')' + p = 0",
    "burgers-inverse": "u_t + λ₁ u u_x = λ₂ u_xx",
    "heat": "u(t, 0) = 0, u_x + 2 u = 0 at x = 1, u(0, x) = sin 2.289x + ½ sin 8.096x, t ≤ 1",
    "kdv-inverse": "u_t + λ₁ u u_x + λ₂ u_xxx = 0",
    "lorenz-inverse": "x' = σ(y - x), y' = x(ρ - z) - y, z' = xy - βz",
    "poisson": "-Δu = f on [0, 1]², u = 0 on its sides, f that of u = sin πx sin πy + ¼ sin 3πx sin 2πy",
    "schrodinger": "i h_t + ½ h_xx + |h|² h = 0, h(0, x) = 2 sech x, period 10, t ≤ π/2",
    "sn-curve": "N(S) falls and is convex",
    "wave": "u_tt = 1² u_xx, u(t, 0) = u(t, 1) = 0, u(0, x) = sin πx + ½ sin 4πx, u_t(0, x) = 0, t ≤ 1",
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_heading_tells_the_problem(name, tmp_path, capsys, monkeypatch, tiny, undrawn):
    monkeypatch.delenv("PHYSICS_DATA", raising=False)
    assert run(name, tmp_path) == 0
    assert PROBLEMS[name] in capsys.readouterr().out.partition("reached")[0]


@pytest.mark.parametrize("name", STUDIES)
def test_the_help_tells_the_whole_problem_and_the_options_alike(name, capsys):
    module = importlib.import_module(f"physics.studies.{name.replace('-', '_')}")
    with pytest.raises(SystemExit):
        module.main(["--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert " ".join(module.__doc__.split()) in printed
    assert "--seed N" in printed
    assert "no set-up is published" not in printed
    assert ("--paper" in printed) == (
        name not in ("bar", "extrapolate", "heat", "mass-spring", "poisson", "sine", "sn-curve", "sobolev", "wave")
    )
    if name not in ("schrodinger", "sine"):
        assert "FILE of --data: rows" in printed
        assert TABLE in printed


def test_the_published_setup_is_the_default_where_none_is_published():
    sizes, parse = {"quick": 1, "default": 2}, dynamics.parser("name", "text", "data").parse_args
    assert [dynamics.chosen(sizes, parse(words)) for words in (["--quick"], [], ["--paper"])] == [1, 2, 2]


def test_the_constants_that_the_help_of_the_problems_tells():
    assert heat.modes(3)[[0, 2]] == pytest.approx([2.28893, 8.09616], abs=5e-6)
    assert (heat.ALPHA, heat.COOLING, wave.C) == (0.1, 2.0, 1.0)
    x, y = 0.3, 0.7
    first, second = (np.sin(m * np.pi * x) * np.sin(n * np.pi * y) for m, n in ((1, 1), (3, 2)))
    assert poisson.source(x, y).item() == pytest.approx(np.pi**2 * (2 * first + 3.25 * second))
    slope = 3 * np.pi * np.sin(3 * np.pi * x)
    load = (2 * x - 3 * x**2) * slope - 9 * np.pi**2 * (x**3 - x**2 + 1) * np.cos(3 * np.pi * x)
    assert bar.load(x, bar.INVERSE).item() == pytest.approx(load)
    assert bar.INVERSE[0](bar.L) * bar.strain(bar.L).item() == pytest.approx(6.375 * np.pi)


def test_a_solution_of_ones_own(tmp_path, capsys, tiny, undrawn):
    scipy = pytest.importorskip("scipy.io")
    x, t = np.linspace(-5, 5, 6), np.linspace(0, 1.5, 8)
    h = (2 / np.cosh(x))[:, None] * np.exp(1j * t)
    scipy.savemat(tmp_path / "own.mat", {"x": x, "t": t, "usol": h})
    assert run("schrodinger", tmp_path, "--data", tmp_path / "own.mat") == 0
    assert "against own.mat" in capsys.readouterr().out
    scipy.savemat(tmp_path / "own.mat", {"x": x, "tt": t, "uu": h.T})
    assert run("schrodinger", tmp_path, "--data", tmp_path / "own.mat") == 2
    assert "shape (6, 8), a row for each x; got (8, 6)" in capsys.readouterr().err
    scipy.savemat(tmp_path / "own.mat", {"x": x})
    assert run("schrodinger", tmp_path, "--data", tmp_path / "own.mat") == 2
    assert "there is no entry" in capsys.readouterr().err


UNFIT = [
    ("heat", [[0.5, 2.0, 1.0]], "1 of 1 points are outside"),
    ("heat", [[0.5, 0.5, 0.0]], "zero everywhere"),
    ("bar", [[0.5, 1.0], [2.0, 1.0]], "1 of 2 points are outside"),
    ("extrapolate", [[7.0, 1.0]], "outside"),
    ("burgers-inverse", [[0.5, 0.5, 1.0], [0.6, 0.5, 1.0]], "all at one t"),
    ("kdv-inverse", [[0.5, 0.5, 1.0], [0.5, 0.6, 1.0]], "all at one x"),
    ("lorenz-inverse", [[0.5, 1, 2, 3], [0.5, 1, 2, 3]], "all at one time"),
]


@pytest.mark.parametrize("name, rows, message", UNFIT, ids=[f"{name}: {message}" for name, _, message in UNFIT])
def test_data_that_do_not_fit_the_problem(name, rows, message, tmp_path, capsys, tiny, undrawn):
    np.savetxt(tmp_path / "own.txt", rows)
    assert run(name, tmp_path, "--data", tmp_path / "own.txt") == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["heat", "wave", "poisson", "schrodinger"])
def test_a_file_that_cannot_be_read_is_refused_before_the_training(name, tmp_path, capsys, tiny, undrawn, monkeypatch):
    monkeypatch.setattr(physics.PINN, "fit", lambda *_, **__: pytest.fail("trained"))
    assert run(name, tmp_path, "--data", tmp_path / "none.txt") == 2
    assert re.search("not found|no such file", capsys.readouterr().err)


def test_random_waves_come_before_the_hidden_layers():
    size = equations.Size((8, 6), 10, adam=1, lbfgs=0, waves=5)
    features, hidden = size.network(2, 3, seed=0)
    assert (features.num_frequencies, [layer.weight.shape for layer in hidden.layers]) == (5, [(8, 10), (6, 8), (3, 6)])
    assert str(size).startswith("5 random waves, hidden layers 8–6")
