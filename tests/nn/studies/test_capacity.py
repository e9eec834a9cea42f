"""Width against depth: budgets are kept, the field is learnt, and a user's columns are read."""

from __future__ import annotations

import os

import numpy as np
import pytest

from nn.__main__ import main
from nn.mlp import MLP
from nn.studies import capacity


@pytest.mark.parametrize("budget", [20, 300, 3_000, 91_501])
@pytest.mark.parametrize("inputs", [1, 2, 7])
@pytest.mark.parametrize("depth", capacity.DEPTHS)
def test_the_width_is_the_largest_within_the_budget(budget, inputs, depth):
    width = capacity.width_for(budget, inputs, depth)
    assert capacity.parameters(inputs, depth, width) <= budget or width == 1
    assert capacity.parameters(inputs, depth, width + 1) > budget


def test_parameters_are_those_of_the_network():
    for depth, width in [(1, 5), (2, 300), (10, 7)]:
        network = MLP([2, *[width] * depth, 1])
        assert capacity.parameters(2, depth, width) == sum(p.size for p in network.parameters())


def test_a_quick_run(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["capacity", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("  best") == len(capacity.QUICK_BUDGETS)
    assert {"errors.png", "fields.png", "losses.png", "table.txt", "history_300_10.csv"} <= set(os.listdir(tmp_path))


def test_training_reduces_the_error():
    data = capacity.make_data(200, seed=3)
    first, later = (capacity.train(data, 300, 2, epochs, 0, False) for epochs in (1, 400))
    assert later.errors[0] < 0.7 * first.errors[0]
    y = data.test[1]
    assert later.errors[1] == pytest.approx(float(np.sqrt(np.mean((later.found - y) ** 2))))
    assert later.found.dtype == np.float32


def test_columns_of_ones_own(tmp_path, capsys):
    rng = np.random.default_rng(0)
    np.savetxt(tmp_path / "t.csv", rng.random((40, 4)), delimiter=",")
    assert main(["capacity", "--quick", "--data", str(tmp_path / "t.csv"), "--out", str(tmp_path / "out")]) == 0
    assert "300" in capsys.readouterr().out
    assert not (tmp_path / "out" / "fields.png").exists()


@pytest.mark.parametrize("text", ["", "a,b\n", "1,2\n3,4\n", "1\n2\n3\n4\n5\n6\n7\n8\n", "1,nan\n" * 9])
def test_data_that_cannot_be_read(text, tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    assert main(["capacity", "--data", str(path), "--quick", "--out", str(tmp_path / "out")]) == 2
    assert str(path) in capsys.readouterr().err
