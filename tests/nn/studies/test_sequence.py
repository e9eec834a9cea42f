"""How long networks remember: the task, the table, and sequences of a user."""

from __future__ import annotations

import os

import numpy as np
import pytest

from nn.__main__ import main
from nn.recurrent import LSTM
from nn.studies import sequence


def test_only_the_first_symbol_tells_the_class():
    x, labels = sequence.draw_sequences(6, 50, np.random.default_rng(0))
    symbols = x.argmax(axis=2)
    assert (x.shape, x.dtype) == ((50, 7, sequence.SYMBOLS + sequence.DISTRACTORS), np.float32)
    assert np.array_equal(x.sum(axis=2), np.ones((50, 7)))
    assert np.array_equal(symbols[:, 0], labels)
    assert symbols[:, 1:].min() == sequence.SYMBOLS


def test_open_gates_keep_what_they_hold_for_up_to_the_delay():
    plain, opened = (LSTM(3, sequence.HIDDEN, generator=0) for _ in range(2))
    sequence.open_gates(opened, 40, np.random.default_rng(0))
    assert np.array_equal(plain.weight_hh_l0.numpy(), opened.weight_hh_l0.numpy())
    into, forget, *others = np.split(opened.bias_ih_l0.numpy() + opened.bias_hh_l0.numpy(), 4)
    assert np.array_equal(into, -forget)
    kept = 1.0 / (1.0 + np.exp(-forget))
    assert np.all((kept >= 0.5) & (kept <= 40 / 41))
    assert np.array_equal(others, np.split(plain.bias_ih_l0.numpy() + plain.bias_hh_l0.numpy(), 4)[2:])


def test_a_quick_run(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["sequence", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in sequence.NETWORKS)
    assert {"accuracy.png", "learning.png", "table.txt", "history_LSTM_open_4.csv"} <= set(os.listdir(tmp_path))


@pytest.mark.parametrize("name", sequence.NETWORKS)
def test_a_short_delay_is_learnt(name):
    run = sequence.train(name, sequence.generate(2, epochs=6, steps=10, seed=0), 0, False)
    assert run.right > 0.9
    assert run.history.rows[-1]["step"] == 60


def test_sequences_of_ones_own(tmp_path, capsys):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "s.npz", sequences=rng.normal(size=(30, 5)), labels=rng.integers(3, size=30))
    assert main(["sequence", "--quick", "--data", str(tmp_path / "s.npz"), "--out", str(tmp_path / "out")]) == 0
    assert "right after a delay of         4" in capsys.readouterr().out


def test_sequences_that_cannot_be_read(tmp_path, capsys):
    x, y = np.zeros((9, 5)), np.zeros(9, int)
    wrong = [{}, {"sequences": x}, {"sequences": x, "labels": y[1:]}, {"sequences": x, "labels": y - 1}]
    wrong += [{"sequences": x * np.nan, "labels": y}, {"sequences": x[0], "labels": y}, {"sequences": x, "labels": y + 0.5}]
    for k, arrays in enumerate(wrong):
        path = tmp_path / f"{k}.npz"
        np.savez(path, **arrays)
        assert main(["sequence", "--quick", "--data", str(path), "--out", str(tmp_path / "out")]) == 2
        assert str(path) in capsys.readouterr().err
