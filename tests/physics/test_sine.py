"""The sine study: its data, its trainings, what it prints and writes, and how it ends."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

import nn
from nn.progress import Progress
from physics.studies import sine

FILES = ["derivative.png", "fit.png", "history_training.png", "history_validation.png", "weights.npz"]


@pytest.fixture(scope="module")
def result():
    return sine.study(seed=0, steps=150)


def test_the_data_are_noisy_points_of_the_sine():
    data = sine.make_data(seed=3)
    assert [len(points.x) for points in data] == [30, 10, 401]
    noise = np.concatenate([points.y - np.sin(points.x) for points in data[:2]])
    slopes = np.concatenate([points.dy - np.cos(points.x) for points in data[:2]])
    assert 0.05 < noise.std() < 0.15
    assert 0.05 < slopes.std() < 0.15
    assert np.array_equal(data.test.y, np.sin(data.test.x))
    assert np.array_equal(data.training.x, sine.make_data(seed=3).training.x)
    assert not np.array_equal(data.training.x, sine.make_data(seed=4).training.x)


def test_every_variant_learns_from_the_same_start(result):
    _, runs = result
    assert [run.variant for run in runs] == list(sine.VARIANTS)
    assert len({run.history["training"][0] for run in runs}) == 1
    for run in runs:
        assert run.history["step"] == list(range(0, 151, sine.EVERY))
        assert run.history["training"][-1] < 0.5 * run.history["training"][0]
        assert not run.interrupted


def test_a_variant_has_its_own_loss():
    data = sine.make_data(seed=0)
    network = nn.MLP([1, 50, 50, 1], generator=0)
    plain, l2, stopped, sobolev = (sine.loss_of(v, network, data.training)().item() for v in sine.VARIANTS)
    assert stopped == plain == nn.mse_loss(network(data.training.x), data.training.y).item()
    assert l2 == pytest.approx(plain + 1e-3 * nn.l2_penalty(network).item())
    value, slope = sine.errors(network, data.training)
    assert sobolev == pytest.approx(value**2 + slope**2)


def test_early_stopping_stops_and_keeps_the_best(monkeypatch):
    monkeypatch.setattr(sine, "PATIENCE", 3)
    data, variant = sine.make_data(seed=0), sine.VARIANTS[2]
    swapped = data._replace(validation=data.validation._replace(y=-data.validation.y))
    run = sine.train(variant, swapped, 0, steps=500)
    best = int(np.argmin(run.history["validation"]))
    assert run.kept == run.history["step"][best]
    assert run.steps == run.kept + 3 * sine.EVERY < 500
    assert sine.errors(run.network, swapped.validation)[0] ** 2 == pytest.approx(run.history["validation"][best])
    plain = sine.train(sine.VARIANTS[0], swapped, 0, steps=run.steps + sine.EVERY)
    assert plain.kept == plain.steps == run.steps + sine.EVERY


def test_slopes_are_learned_only_by_sobolev_training(result):
    data, runs = result
    slopes = {run.variant.name: sine.errors(run.network, data.training)[1] for run in runs}
    assert min(slopes, key=slopes.get) == "Sobolev"


def test_the_table_has_a_row_for_each_variant(result):
    data, runs = result
    lines = sine.table(data, runs).splitlines()
    assert [line.partition(",")[0] for line in lines[2:6]] == ["plain", "L2", "early stopping", "Sobolev"]
    value, slope = sine.errors(runs[0].network, data.test)
    assert f"{value:.4f} |" in lines[2]
    assert lines[2].endswith(f"{slope:.4f}")
    assert len({len(line) for line in lines[1:6]}) == 1


def test_the_command_writes_pictures_and_weights(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    folder = tmp_path / "new" / "folder"
    assert sine.main(["--steps", "30", "--quiet", "--out", str(folder)]) == 0
    printed = capsys.readouterr()
    assert str(folder) in printed.out
    assert printed.err == ""
    assert sorted(path.name for path in folder.iterdir()) == FILES
    weights = np.load(folder / "weights.npz")
    network = nn.MLP([1, 50, 50, 1])
    network.load_state_dict({name.removeprefix("plain."): weights[name] for name in weights if name.startswith("plain.")})
    _, runs = sine.study(steps=30)
    assert sine.errors(network, sine.make_data(0).test) == sine.errors(runs[0].network, sine.make_data(0).test)


def interrupt(monkeypatch, stage, step):
    """Press Ctrl-C at a step of a stage."""
    update = Progress.update

    def pressed(self, at, *rest):
        if (self.stage, at) == (stage, step):
            raise KeyboardInterrupt
        update(self, at, *rest)

    monkeypatch.setattr(Progress, "update", pressed)


@pytest.mark.parametrize("stage, names", [("L2", ["plain", "L2"]), ("plain", ["plain"])])
def test_an_interrupted_study_keeps_what_was_learned(stage, names, tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    interrupt(monkeypatch, stage, 25)
    assert sine.main(["--steps", "40", "--quiet", "--out", str(tmp_path)]) == 130
    printed = capsys.readouterr().out
    assert f"Interrupted in {stage}, step 25" in printed
    assert str(tmp_path) in printed
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert list(dict.fromkeys(name.partition(".")[0] for name in np.load(tmp_path / "weights.npz"))) == names


def test_an_interrupted_drawing_loses_no_weights(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")

    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sine, "draw", pressed)
    assert sine.main(["--steps", "20", "--quiet", "--out", str(tmp_path)]) == 130
    assert "Interrupted while drawing" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


@pytest.mark.skipif(os.name != "posix", reason="/dev/null is a file everywhere but on Windows")
def test_an_unwritable_folder_is_an_error_before_any_training(capsys, monkeypatch):
    monkeypatch.setattr(sine, "train", lambda *_: pytest.fail("trained"))
    assert sine.main(["--out", "/dev/null/folder"]) == 2
    assert "Cannot write to the output folder /dev/null/folder" in capsys.readouterr().err


def test_without_matplotlib_the_table_is_printed_and_the_extra_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert sine.main(["--steps", "20", "--quiet", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "smallest test error" in printed
    assert "no pictures: matplotlib is needed" in printed
    assert "autograd-core[plot]" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


@pytest.mark.parametrize("arguments", [["--seed", "-1"], ["--steps", "0"], ["--steps", "1.5"]])
def test_wrong_numbers_on_the_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        sine.main(arguments)
    assert ended.value.code == 2
    assert "is not a whole number from" in capsys.readouterr().err
