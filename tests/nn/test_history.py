"""History: a table that is read, saved, loaded and drawn with all its digits."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import pictures

ROWS = [
    {"epoch": 1, "step": 10, "loss": 0.1 + 0.2, "lr": 1e-3},
    {"epoch": 2, "step": 20, "loss": 1e-300, "lr": 1e-3, "val_loss": 0.5, "a, \"b\"": -0.0},
    {"epoch": 3, "step": 30, "loss": math.inf, "lr": 1e-3, "val_loss": 0.25},
]


def history(rows=ROWS):
    made = nn.History()
    for row in rows:
        made.append(row)
    return made


def same(a, b):
    return a == b or (math.isnan(a) and math.isnan(b))


def test_columns_have_one_length_and_gaps_are_nan():
    columns = history().columns
    assert list(columns) == ["epoch", "step", "loss", "lr", "val_loss", 'a, "b"']
    assert columns["epoch"] == [1, 2, 3]
    assert math.isnan(columns["val_loss"][0])
    assert nn.History().columns == {"epoch": [], "step": [], "loss": []}


def test_the_last_and_the_best():
    assert history().loss == math.inf
    assert math.isnan(nn.History().loss)
    assert history().best()["epoch"] == 3
    assert history().best("loss")["epoch"] == 2
    with pytest.raises(ValueError, match="no numbers in a column 'accuracy'. It has: epoch, step"):
        history().best("accuracy")


def test_rows_are_copies():
    row = {"epoch": 1}
    made = nn.History()
    made.append(row)
    row["epoch"] = 2
    assert made.rows == [{"epoch": 1}]


@pytest.mark.parametrize("ending", [".csv", ".CSV", ".jsonl"])
def test_a_table_comes_back_with_all_digits(ending, tmp_path):
    made = history() if ending.lower() == ".csv" else history(ROWS[:2])
    path = made.save(tmp_path / f"h{ending}")
    back = nn.History.load(path).columns
    for name, column in made.columns.items():
        assert all(map(same, column, back[name])), name
        assert [type(v) for v in column if v == v] == [type(v) for v in back[name] if v == v]
    assert nn.History.load(nn.History().save(path)).rows == []


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_numbers_of_numpy_and_truths_are_saved_as_such(ending, tmp_path):
    made = nn.History()
    made.append({"epoch": np.int64(1), "loss": np.float32(0.1), "error": np.float64(np.inf), "held": np.bool_(True)})
    made.append({"epoch": 2, "loss": ac.tensor(0.25), "error": 1.0, "held": False})
    rows = nn.History.load(made.save(tmp_path / f"h{ending}")).rows
    assert [row["epoch"] for row in rows] == [1, 2]
    assert [row["loss"] for row in rows] == [float(np.float32(0.1)), 0.25]
    assert rows[0]["held"] is True
    assert rows[1]["held"] is False


def test_json_has_no_number_that_is_not_finite(tmp_path):
    lines = history().save(tmp_path / "h.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line, parse_constant=lambda name: pytest.fail(name)) for line in lines]
    assert found[2]["loss"] is None
    assert math.isnan(nn.History.load(tmp_path / "h.jsonl").rows[2]["loss"])


@pytest.mark.parametrize("name", ["h.txt", "h"])
def test_another_ending_is_refused(name, tmp_path):
    for use in (history().save, nn.History.load):
        with pytest.raises(ValueError, match=r"\.csv or \.jsonl"):
            use(tmp_path / name)


def test_learning_curves_are_drawn(tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure")
    drawn = []
    save = figure.Figure.savefig
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, *a, **k: (drawn.append(self), save(self, *a, **k)))
    rows = [row | {"accuracy": 0.5} for row in ROWS[:2]]
    path = history(rows).draw(tmp_path / "h.png", "title")
    assert path.read_bytes().startswith(b"\x89PNG")
    losses, metrics = drawn[0].axes
    assert [line.get_label() for line in losses.lines] == ["loss", "val_loss"]
    assert [line.get_label() for line in metrics.lines] == ["accuracy", 'a, "b"']
    assert (losses.get_yscale(), metrics.get_yscale(), metrics.get_xlabel()) == ("log", "linear", "epoch")
    history(ROWS[:1]).draw(tmp_path / "one.svg")
    with pytest.raises(ac.errors.ShapeError, match="The history is empty"):
        nn.History().draw(tmp_path / "h.png")


def test_losses_over_the_steps_are_drawn_of_a_history(tmp_path, monkeypatch):
    figure = pytest.importorskip("matplotlib.figure")
    drawn = []
    monkeypatch.setattr(figure.Figure, "savefig", lambda self, *a, **k: drawn.append(self))
    pictures.save_history(tmp_path / "h.png", history([row | {"accuracy": 0.5} for row in ROWS[:2]]))
    (axes,) = drawn[0].axes
    assert [line.get_label() for line in axes.lines] == ["loss", "val_loss"]
    assert axes.lines[0].get_xdata().tolist() == [10, 20]
    with pytest.raises(ac.errors.ShapeError, match="The history is empty"):
        pictures.save_history(tmp_path / "h.png", nn.History())


def test_it_says_what_happened():
    made = history(ROWS[:1])
    made.stop_reasons.append(("Adam", "made all 1 epochs"))
    assert repr(made) == "History(1 epoch, loss 3.00e-01. Adam: made all 1 epochs)"
    made.interrupted = True
    assert "3.00e-01, interrupted." in repr(made)
