"""The studies: what they print and write, with a quick run of each, data of the user's own, and how they end."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest

from nn import command
from nn.__main__ import STUDIES, main
from nn.callbacks import as_callback
from nn.studies import digits, regularise

rng = np.random.default_rng(0)
DATA = {
    "capacity": "a table of numbers (.csv, or spaced): the inputs",
    "digits": "an .npz with images (N, H, W)",
    "filters": "a picture (.png, .jpg), an array (.npy)",
    "mesh": "an .npz with x, y, u (nodes, meshes), triang",
    "regularise": "a table of two columns x and y",
    "sequence": "an .npz with sequences (N, T) or (N, T, F)",
}


@pytest.fixture(scope="module")
def own_digits(tmp_path_factory):
    """Images of bars whose place is the class, as a file of a user."""
    path = tmp_path_factory.mktemp("data") / "bars.npz"
    labels = np.arange(240) % 3
    images = 0.1 * rng.random((240, 8, 8))
    images[np.arange(240), :, 1 + 2 * labels] += 1.0
    np.savez(path, images=16.0 * images, labels=labels)
    return path


def test_the_command_says_what_there_is(capsys):
    assert main([]) == 2
    printed = capsys.readouterr().out
    assert "usage: python -m nn STUDY" in printed
    assert all(f"  {name} " in printed for name in STUDIES)
    assert main(["--help"]) == 0
    assert main(["digit"]) == 2
    assert "unknown study 'digit': did you mean digits?\n" in capsys.readouterr().err
    assert main(["xyz"]) == 2
    assert "unknown study 'xyz'\n" in capsys.readouterr().err


@pytest.mark.parametrize("name, words", DATA.items())
def test_the_help_tells_what_a_file_of_ones_own_holds(name, words, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert f"FILE of --data: {words}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("quick", [True, False])
def test_a_quick_run_says_that_it_is_one(quick, tmp_path, capsys):
    parser = command.options("nn x", "x", "none")
    study = lambda args, folder, progress: command.Result("the table", lambda folder: None)
    assert command.conduct(parser, ["--out", str(tmp_path), *["--quick"] * quick], study) == 0
    text = (tmp_path / "table.txt").read_text(encoding="utf-8")
    assert text == "the table\n" + "a quick run: the same path, too short for small errors\n" * quick
    assert text in capsys.readouterr().out


def test_the_command_in_a_process_of_its_own():
    done = subprocess.run([sys.executable, "-m", "nn", "digits", "--help"], capture_output=True, check=True, timeout=120)
    assert all(option in done.stdout for option in (b"--quick", b"--data", b"--seed", b"--out"))


def test_digits_on_data_of_ones_own(own_digits, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["digits", "--quick", "--data", str(own_digits), "--out", str(tmp_path)]) == 0
    table = (tmp_path / "table.txt").read_text(encoding="utf-8")
    assert "accuracy 100.00 % after 3 epochs" in table
    assert table.strip() in capsys.readouterr().out
    files = ["confusion.png", "examples.png", "history.csv", "layers.txt", "learning_curves.png", "table.txt"]
    assert sorted(os.listdir(tmp_path)) == files


def test_digits_of_scikit_learn():
    pytest.importorskip("sklearn")
    x, y = digits.read_digits(None)
    assert (x.shape, x.dtype, x.max()) == ((1797, 1, 8, 8), np.float32, 1.0)
    trainer, held_out = digits.train(x, y, seed=0, epochs=4, progress=False)
    assert len(held_out) == pytest.approx(1797 / 5, abs=3)
    assert trainer.history.rows[-1]["val_accuracy"] > 0.9


def test_digits_without_scikit_learn_say_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert main(["digits", "--quick", "--out", str(tmp_path)]) == 2
    assert 'python -m pip install "autograd-core[studies]", or give your own with --data' in capsys.readouterr().err


def test_images_as_a_table(tmp_path):
    path = tmp_path / "d.csv"
    np.savetxt(path, np.concatenate([rng.random((5, 16)), np.arange(5.0)[:, None]], axis=1), delimiter=",")
    x, y = digits.read_digits(str(path))
    assert (x.shape, y.tolist()) == ((5, 1, 4, 4), [0, 1, 2, 3, 4])


@pytest.mark.parametrize("study", ["digits", "regularise"])
@pytest.mark.parametrize("text", ["", "a,b\n", "1,2,3\n1,2\n", "1,nan\n2,3\n3,4\n4,5\n"])
def test_data_that_cannot_be_read(study, text, tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    assert main([study, "--data", str(path), "--quick", "--out", str(tmp_path / "out")]) == 2
    assert str(path) in capsys.readouterr().err


TABLES = {
    "blanks": b"1 2.5\n3 4\n",
    "tabs, comments": b"# x u\n1\t2.5  # here\n\n3\t4\n",
    "commas": b"1,2.5\n3, 4\n",
    "names of pandas": b"x,u\n1,2.5\n3,4\n",
    "names with blanks": b"x in m, u in mm\n1 2.5\n3 4\n",
    "names of Excel": b"\xef\xbb\xbfx (m);u (\xc2\xb5m)\r\n1;2,5\r\n3;4\r\n",
    "names in Latin-1": b"L\xe4nge;u\n1;2.5\n3;4\n",
}


@pytest.mark.parametrize("suffix", ["csv", "txt"])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_may_have_names_on_top_and_any_separator(name, suffix, tmp_path):
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(TABLES[name])
    assert command.read_table(str(path)).tolist() == [[1.0, 2.5], [3.0, 4.0]]


@pytest.mark.parametrize("text", ["x,u\nin m,in m\n1,2\n", "1,u\n1,2\n", "x,u\n1,2\n3\n", "x u\n0,1 0,2\n"])
def test_one_row_of_names_alone_is_left_out(text, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(command.DataError, match="Cannot read numbers from"):
        command.read_table(str(tmp_path / "t.csv"))


def test_a_refusal_leaves_no_folder_behind(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("x,u\n")
    kept = tmp_path / "kept"
    kept.mkdir()
    for out in (tmp_path / "new" / "inner", kept):
        assert main(["digits", "--data", str(tmp_path / "t.csv"), "--quick", "--out", str(out)]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "t.csv"]


@pytest.mark.parametrize("name", ["digits", "capacity", "mesh"])
def test_the_help_tells_all_of_the_problem_and_how_a_table_is_written(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert " ".join(importlib.import_module(f"nn.studies.{name}").__doc__.split()) in printed
    assert (command.TABLE in printed) == (name != "mesh")


def test_regularise_compares_all_ways_from_the_same_start(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(regularise, "QUICK_EPOCHS", 20)
    assert main(["regularise", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert all(f"{variant.name}, epoch " in printed for variant in regularise.VARIANTS)
    assert "smallest error against the truth: " in printed
    names = {"fits.png", "side_by_side.png", "validation.png", "table.txt", "history_L1.csv", "history_more_data.csv"}
    assert names <= set(os.listdir(tmp_path))
    starts = [regularise.network(v.dropout, 0) for v in regularise.VARIANTS]
    first = starts[0].state_dict()["0.weight"].numpy()
    assert all(np.array_equal(net.state_dict()["0.weight"].numpy(), first) for net in starts)


def test_regularise_on_points_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setattr(regularise, "QUICK_EPOCHS", 5)
    path = tmp_path / "p.txt"
    np.savetxt(path, np.stack([np.linspace(5.0, 9.0, 12), rng.random(12)], axis=1))
    args = command.options("nn regularise", "x", regularise.DATA).parse_args(["--quick", "--data", str(path)])
    result = regularise.study(args, tmp_path, False)
    assert "more data" not in result.table
    assert "smallest error against validation" in result.table
    assert not result.interrupted


def test_a_penalty_is_in_the_loss_and_not_in_the_error():
    data = regularise.make_data(0)
    plain, l2 = (regularise.train(v, data, 0, 3, False) for v in (regularise.VARIANTS[0], regularise.VARIANTS[3]))
    assert l2.history.rows[0]["loss"] > plain.history.rows[0]["loss"]
    errors = [l2.history.rows[0]["error"], plain.history.rows[0]["error"]]
    assert errors == pytest.approx([plain.history.rows[0]["loss"]] * 2, rel=1e-14)


def test_an_interrupted_study_keeps_its_table(tmp_path, capsys, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(regularise, "QUICK_EPOCHS", 9)
    fit, calls = regularise.Trainer.fit, []

    def press_ctrl_c(trainer, row):
        raise KeyboardInterrupt

    def pressed(self, *given, **options):
        calls.append(self)
        if len(calls) == 2:
            self.callbacks.append(as_callback(press_ctrl_c))
        return fit(self, *given, **options)

    monkeypatch.setattr(regularise.Trainer, "fit", pressed)
    assert main(["regularise", "--quick", "--out", str(tmp_path)]) == 130
    assert "Interrupted: all this is of the training so far" in capsys.readouterr().out
    assert (tmp_path / "table.txt").read_text(encoding="utf-8").count(", epoch ") == 2


@pytest.mark.skipif(os.name != "posix", reason="/dev/null is a file everywhere but on Windows")
def test_a_folder_that_cannot_be_written_is_told_before_the_training(capsys, monkeypatch):
    monkeypatch.setattr(regularise, "train", lambda *_: pytest.fail("trained"))
    assert main(["regularise", "--out", "/dev/null/folder"]) == 2
    assert "Cannot write to the output folder" in capsys.readouterr().err


def test_without_matplotlib_the_table_is_there(own_digits, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["digits", "--quick", "--data", str(own_digits), "--out", str(tmp_path)]) == 0
    assert "no pictures: matplotlib is needed" in capsys.readouterr().out
    assert (tmp_path / "table.txt").is_file()
