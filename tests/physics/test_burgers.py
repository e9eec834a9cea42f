"""The Burgers study: what it prints and writes, what it compares with, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import nn
import physics
from nn.command import DataError
from physics.__main__ import STUDIES
from physics.__main__ import main as command
from physics.studies import burgers, equations

PICTURES = ["error.png", "history.png", "loss_graph.svg", "loss_graph_small.svg", "residual.png", "slices.png", "solution.png"]
FILES = sorted([*PICTURES, "weights.npz"])
TINY = burgers.Setup((2, 6, 1), interior=20, boundary=4, initial=6, adam=4, lbfgs=4, refine=3)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    """All sizes of the study as small as they can be."""
    monkeypatch.setattr(burgers, "SETUPS", dict.fromkeys(burgers.SETUPS, TINY))


@pytest.fixture
def mat(tmp_path):
    """Write a reference solution, by default the exact one on a small grid."""
    x, t = np.linspace(-1, 1, 9), np.linspace(0, 0.9, 5)
    exact = physics.exact.burgers(t[:, None], x[None, :], burgers.NU)

    def write(name="reference.mat", **entries):
        from scipy.io import savemat

        savemat(tmp_path / name, {"x": x[:, None], "t": t[:, None], "usol": exact.T} | entries)
        return tmp_path / name

    return write


def run(tmp_path, *options):
    return burgers.main(["--quick", "--quiet", "--out", str(tmp_path / "study"), *map(str, options)])


def no_training(monkeypatch):
    monkeypatch.setattr(physics.PINN, "fit", lambda *given, **options: pytest.fail("it began to train"))


def press_ctrl_c(*given):
    raise KeyboardInterrupt


# What it solves


def test_the_problem_is_that_of_the_paper():
    pinn = burgers.build(TINY, seed=0)
    assert pinn.domain == physics.Interval("x", -1, 1) * physics.TimeInterval("t", 0, 1)
    assert pytest.approx(0.01 / np.pi) == burgers.NU
    start, ends = pinn.condition_points
    s = pinn.state(start)
    assert pinn.conditions[0].residual(s).numpy() == pytest.approx(s.u.numpy() + np.sin(np.pi * start[:, 0]))
    assert np.abs(ends[:, 0]).tolist() == [1.0] * 4
    s = pinn.state(pinn.interior)
    wanted = s.u_t.numpy() + s.u.numpy() * s.u_x.numpy() - 0.01 / np.pi * s.u_xx.numpy()
    assert pinn.equations["residual"](s).numpy() == pytest.approx(wanted)


def test_the_exact_solution_makes_the_residual_zero():
    x, t = np.array([-0.5, 0.2, 0.6]), 0.4
    h = 1e-3
    u = lambda dx, dt: physics.exact.burgers(t + dt, x + dx, burgers.NU)
    u_t, u_x = (u(0, h) - u(0, -h)) / (2 * h), (u(h, 0) - u(-h, 0)) / (2 * h)
    u_xx = (u(h, 0) - 2 * u(0, 0) + u(-h, 0)) / h**2
    assert u_t + u(0, 0) * u_x - burgers.NU * u_xx == pytest.approx(np.zeros(3), abs=1e-4)


def test_the_seed_decides_weights_and_points():
    same, again, other = (burgers.build(TINY, seed) for seed in (0, 0, 1))
    assert np.array_equal(same.interior, again.interior)
    assert same.loss().item() == again.loss().item() != other.loss().item()


def test_the_published_setup_is_that_of_the_paper(monkeypatch):
    monkeypatch.undo()
    paper = burgers.SETUPS["paper"]
    assert paper.layers == (2, *[20] * 8, 1)
    assert (paper.interior, paper.boundary + paper.initial) == (10_000, 100)


def test_a_training_makes_it_better():
    pinn = burgers.build(TINY, seed=0)
    before = pinn.loss().item()
    history = pinn.fit(burgers.stages(TINY), progress=False)
    assert [name for name, _ in history.stop_reasons] == ["Adam", "LBFGS"]
    assert pinn.loss().item() < before
    assert [*history.columns][2:] == ["loss", "residual", "initial", "boundary x"]


def test_the_network_on_a_grid():
    x, t = np.array([-0.5, 0.0, 0.5]), np.array([0.1, 0.9])
    pinn = burgers.build(TINY, seed=0)
    found = equations.on_grid(pinn, x, t)
    assert found.shape == (2, 3)
    assert found[1, 0] == pytest.approx(pinn([[-0.5, 0.9]]).item())


# What it prints and writes


def test_the_command_writes_pictures_and_weights_and_prints_the_error(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert run(tmp_path) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    folder = tmp_path / "study"
    assert str(folder) in printed.out
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert all((folder / name).stat().st_size > 2000 for name in PICTURES)
    for words in ("network 2–6–1, 20 collocation points, seed 0", "Adam stopped: made all 4 steps", "LBFGS stopped: made all",
                  "training                 8 steps", "published                6.70e-04"):  # fmt: skip
        assert words in printed.out
    assert line(printed.out, "Cole–Hopf") == f"{error_of(folder / 'weights.npz'):.2e}"


def error_of(path):
    """The error of the network with these weights, against the exact solution."""
    pinn = burgers.build(TINY, seed=7)
    weights = np.load(path)
    pinn.load_state_dict({name: weights[name] for name in weights})
    x, t = burgers.grid()
    return physics.relative_l2(equations.on_grid(pinn, x, t), physics.exact.burgers(t[:, None], x[None, :], burgers.NU))


def line(printed, words):
    """The number on the line with these words."""
    (found,) = [line for line in printed.splitlines() if words in line]
    return found.removeprefix("relative L2 error").split()[0]


def test_the_graph_of_the_loss_names_the_weights(tmp_path):
    burgers.draw_loss(tmp_path, burgers.build(TINY, seed=0))
    for name, shape in (("loss_graph.svg", "(6, 2)"), ("loss_graph_small.svg", "(4, 2)")):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "<svg" in text
        assert "layers.0.weight" in text
        assert shape in text


def test_without_matplotlib_it_still_solves(tmp_path, capsys, monkeypatch):
    for name in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, name, None)
    assert run(tmp_path) == 0
    printed = capsys.readouterr().out
    assert "no other pictures: matplotlib is needed here" in printed
    assert "autograd-core[plot]" in printed
    assert line(printed, "Cole–Hopf")
    written = sorted(path.name for path in (tmp_path / "study").iterdir())
    assert written == ["loss_graph.svg", "loss_graph_small.svg", "weights.npz"]


# A reference


def test_a_reference_on_disk_is_compared_with(tmp_path, capsys, mat):
    pytest.importorskip("matplotlib")
    assert run(tmp_path, "--reference", mat()) == 0
    printed = capsys.readouterr().out
    assert float(line(printed, "against reference.mat")) == pytest.approx(float(line(printed, "Cole–Hopf")), rel=0.3)


def test_a_reference_is_read_with_its_axes(mat):
    x, t, u, name = equations.read_solution(mat())
    assert (x.shape, t.shape, u.shape, name) == ((9,), (5,), (5, 9), "reference.mat")
    assert u[0] == pytest.approx(-np.sin(np.pi * x), abs=1e-12)


def test_the_published_reference(tmp_path, capsys, physics_data):
    pytest.importorskip("matplotlib")
    path = physics_data / "pinn_raissi" / "burgers_shock.mat"
    x, t, u, _ = equations.read_solution(path)
    assert u.shape == (100, 256)
    assert physics.relative_l2(u, physics.exact.burgers(t[:, None], x[None, :], burgers.NU)) < 1e-3
    assert run(tmp_path, "--reference", path) == 0
    assert line(capsys.readouterr().out, "against burgers_shock.mat")


def broken(tmp_path, name):
    """A file that is no reference solution."""
    path = tmp_path / name
    contents = {
        "empty.mat": b"",
        "text.mat": b"x,t,u\n1,2,3\n" * 50,
        "v73.mat": b"MATLAB 7.3 MAT-file" + b" " * 105 + b"\0\2IM" * 9,
    }
    if name in contents:
        path.write_bytes(contents[name])
    elif name == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize("name", ["empty.mat", "text.mat", "v73.mat", "folder", "missing.mat"])
def test_a_reference_that_cannot_be_read_is_told_before_the_training(name, tmp_path, capsys, monkeypatch):
    no_training(monkeypatch)
    path = broken(tmp_path, name)
    assert run(tmp_path, "--reference", path) == 2
    unread = "cannot be read as a MATLAB file with x, t (or tt) and usol (or uu): "
    assert f"{path}: {unread if path.is_file() else 'there is no such file'}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "entries, words",
    [
        ({"usol": np.ones((5, 9))}, r"of shape \(9, 5\), a row for each x; got \(5, 9\)"),
        ({"usol": np.full((9, 5), np.nan)}, "needed are finite values"),
        ({"x": np.full(9, np.inf)}, "needed are finite values"),
        ({"usol": np.zeros((9, 5))}, "zero everywhere"),
        ({"usol": "text"}, "needed are finite values"),
        ({"t": np.linspace(0, 2, 5)}, "18 of 45 points are outside"),
        ({"x": np.full(9, 1.0, dtype=object)}, "needed are finite values"),  # a cell array
    ],
)
def test_a_reference_that_makes_no_sense(entries, words, mat, tmp_path, capsys, monkeypatch):
    no_training(monkeypatch)
    assert run(tmp_path, "--reference", mat(**entries)) == 2
    assert re.search(words, capsys.readouterr().err)


def test_a_reference_without_an_entry(tmp_path):
    from scipy.io import savemat

    savemat(tmp_path / "other.mat", {"x": np.ones(3), "t": np.ones(2), "u": np.ones((3, 2))})
    with pytest.raises(DataError, match="there is no entry 'uu'"):
        equations.read_solution(tmp_path / "other.mat")


def test_values_of_ones_own_are_compared_with(tmp_path, capsys):
    x, t = (each.ravel() for each in np.meshgrid(np.linspace(-0.9, 0.9, 12), np.linspace(0, 1, 6)))
    path = tmp_path / "own.txt"
    np.savetxt(path, np.column_stack([x, t, physics.exact.burgers(t, x, burgers.NU)]))
    assert run(tmp_path, "--data", path) == 0
    printed = capsys.readouterr().out
    assert float(line(printed, "against own.txt")) == pytest.approx(float(line(printed, "Cole–Hopf")), rel=0.3)


@pytest.mark.parametrize("rows, words", [([[0.0, 2.0, 1.0]], "1 of 1 points are outside"), ([[0.0, 0.5]], "x, t, u; got 2")])
def test_values_of_ones_own_that_make_no_sense(rows, words, tmp_path, capsys, monkeypatch):
    no_training(monkeypatch)
    np.savetxt(tmp_path / "own.txt", rows)
    assert run(tmp_path, "--data", tmp_path / "own.txt") == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "study").exists()


# Trouble


def test_a_folder_that_cannot_be_written_is_told_before_the_training(tmp_path, capsys, monkeypatch):
    no_training(monkeypatch)
    (tmp_path / "study").write_text("a file")
    assert run(tmp_path) == 2
    assert f"Cannot write to the output folder {tmp_path / 'study'}: a file has that name" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--seed", "-1"], ["--seed", "x"], ["--quick", "--paper"], ["--fast"]])
def test_options_that_make_no_sense(options, capsys):
    with pytest.raises(SystemExit) as caught:
        burgers.main(options)
    assert caught.value.code == 2
    assert options[-1] in capsys.readouterr().err


@pytest.mark.parametrize("at, steps", [(1, 0), (3, 2), (8, "[45]")])
def test_ctrl_c_writes_what_was_learned(at, steps, tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    calls = []
    loss_parts = physics.PINN.loss_parts
    monkeypatch.setattr(
        physics.PINN, "loss_parts", lambda s: calls.append(1) or (press_ctrl_c() if len(calls) == at else loss_parts(s))
    )
    assert run(tmp_path) == 130
    printed = capsys.readouterr().out
    assert re.search(f"interrupted after step {steps}\\n", printed)
    assert "Interrupted: the figures, pictures and weights are those of the training so far." in printed
    assert str(tmp_path / "study") in printed
    assert sorted(path.name for path in (tmp_path / "study").iterdir()) == [f for f in FILES if steps or f != "history.png"]
    assert line(printed, "Cole–Hopf") == f"{error_of(tmp_path / 'study' / 'weights.npz'):.2e}"


@pytest.mark.parametrize("error", [ValueError, OSError])
def test_trouble_after_the_training_loses_no_weights(error, tmp_path, monkeypatch):
    def trouble(*given):
        raise error

    monkeypatch.setattr(burgers, "report", trouble)
    with pytest.raises(error):
        run(tmp_path)
    assert error_of(tmp_path / "study" / "weights.npz") > 0


def test_a_training_that_fails_leaves_the_best_weights(tmp_path, monkeypatch):
    explode = [physics.Stage(nn.optim.SGD, steps=100, lr=1e3)]
    monkeypatch.setattr(burgers, "stages", lambda setup: explode)
    with pytest.raises(ArithmeticError, match="put back"):
        run(tmp_path)
    assert np.isfinite(error_of(tmp_path / "study" / "weights.npz"))


# python -m physics


def test_the_command_without_a_study_says_what_there_is(capsys):
    assert command([]) == 2
    printed = capsys.readouterr().out
    assert "usage: python -m physics STUDY" in printed
    assert all(f"  {name} " in printed for name in STUDIES)
    assert command(["--help"]) == 0
    assert capsys.readouterr().out == printed


def test_the_command_with_an_unknown_study_says_what_there_is(capsys):
    assert command(["burger"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "unknown study 'burger': did you mean burgers?" in printed.err
    assert "  burgers " in printed.err


def test_the_command_hands_the_options_on(monkeypatch):
    given = []
    monkeypatch.setattr(burgers, "main", lambda argv: given.append(argv) or 130)
    assert command(["burgers", "--seed", "3"]) == 130
    assert given == [["--seed", "3"]]


def start(*words, **environment):
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "physics", *words], env=os.environ | environment, capture_output=True, timeout=300, check=False
    )


def test_the_command_in_a_process_of_its_own():
    found = start("nothing")
    assert found.returncode == 2
    assert b"unknown study 'nothing'" in found.stderr


def test_an_output_that_knows_no_greek_does_not_end_a_study():
    found = start("burgers", "--help", PYTHONIOENCODING="latin-1")
    assert found.returncode == 0
    assert b"u_t + u u_x = ? u_xx" in b" ".join(found.stdout.split())


def test_one_thread_unless_the_user_has_chosen():
    code = "import json, os, sys; sys.orig_argv[1:] = ['-c', 'import json, os; print(json.dumps(dict(os.environ)))']; " \
        "from physics.__main__ import start_with_one_thread as s; s(); print(json.dumps(dict(os.environ)))"  # fmt: skip
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    for given, wanted in (({}, "1"), ({"OMP_NUM_THREADS": "4"}, None)):
        found = subprocess.run([sys.executable, "-c", code], env=free | given, capture_output=True, check=True)
        assert json.loads(found.stdout).get("OPENBLAS_NUM_THREADS") == wanted


def test_ctrl_c_while_drawing_keeps_the_weights(tmp_path, capsys, monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(burgers, "draw_loss", pressed)
    monkeypatch.setattr(burgers, "SETUPS", dict.fromkeys(burgers.SETUPS, TINY))
    assert burgers.main(["--quick", "--quiet", "--out", str(tmp_path / "out")]) == 130
    assert (tmp_path / "out" / "weights.npz").exists()
    assert "Interrupted after the training" in capsys.readouterr().out


def test_a_picture_that_cannot_be_written_loses_nothing_else(tmp_path, capsys):
    (tmp_path / "loss_graph.svg").mkdir()
    assert burgers.main(["--quick", "--quiet", "--out", str(tmp_path)]) == 0
    assert "not all pictures could be written" in capsys.readouterr().out
    assert (tmp_path / "weights.npz").exists()
