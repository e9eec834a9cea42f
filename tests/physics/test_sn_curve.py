"""Stress–life curves: the inequalities, the tests they are fitted to, and the power law."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import physics
from physics.studies import equations, sn_curve

TINY = equations.Size((6,), 30, adam=4, lbfgs=4)


def misses(curve):
    """The largest residual of each condition for a known curve, log10 N of S from 95 to 205 MPa."""
    S = np.linspace(100.0, 200.0, 5)
    pinn = sn_curve.problem(TINY, 0, S, 10 ** (8 - 0.02 * S), asked=True)
    found = {}
    for condition, X in zip(pinn.conditions, pinn.condition_points, strict=True):
        s = physics.State(curve, X, ["S"], ["y"])
        found[condition.name] = float(np.abs(ac.as_tensor(condition.residual(s)).numpy()).max())
    return found


def test_the_inequalities_are_those_of_the_cycles():
    assert max(misses(lambda S: 8 - 0.02 * S).values()) < 1e-12  # N = 10^line falls and is convex
    assert misses(lambda S: 0.01 * S)["falls"] > 0
    straight = lambda S: ac.log10(2.0 - S / 200)  # N = 2 - S/200 misses the margin of the curvature alone
    assert misses(straight)["convex"] == pytest.approx(sn_curve.MARGIN)


def test_without_them_data_alone_are_left():
    S = np.linspace(100.0, 200.0, 5)
    assert [*sn_curve.problem(TINY, 0, S, 1e9 / S, asked=False).loss_terms()] == ["data"]


def test_places_against_the_conditions_are_counted():
    S = np.linspace(1.0, 2.0, 101)
    assert sn_curve.offences(S, 1 / S) == 0
    assert sn_curve.offences(S, S**2) == 100
    assert sn_curve.offences(S, -(S**2)) == 99


def test_a_power_law_is_found():
    S = np.array([210.0, 180.0, 140.0])
    assert sn_curve.power_law(S, (S / 613.8) ** (1 / -0.1047)) == pytest.approx((613.8, -0.1047))
    S, N = sn_curve.made_tests(0)[:, 1:].T
    assert sn_curve.power_law(S, N)[1] == pytest.approx(-0.1047, rel=0.3)


def test_the_real_tests(physics_data):
    tests = sn_curve.read_tests(physics_data / sn_curve.FILE)
    S, N = tests[tests[:, 0] == 0.1, 1:].T
    assert sorted(set(tests[:, 0])) == [-1.0, 0.1, 0.5, 10.0]
    assert sn_curve.power_law(S, N) == pytest.approx(sn_curve.POWER_LAW, rel=1e-3)


@pytest.mark.parametrize("text, message", [
    ("0.1 100 1000\n", "two stresses"),
    ("0.1,100\n", "got (1, 2)"),
    ("0.1 100 x\n", "Cannot read"),
    ("0.1 -100 1000\n0.1 90 2000\n", "positive"),
    ("", "no numbers"),
], ids=["one stress", "two columns", "letters", "negative", "empty"])  # fmt: skip
def test_tests_that_cannot_be_used(text, message, tmp_path, capsys, monkeypatch):
    path = tmp_path / "tests.txt"
    path.write_text(text)
    monkeypatch.setattr(sn_curve, "SIZES", dict.fromkeys(sn_curve.SIZES, TINY))
    assert sn_curve.main(["--quick", "--quiet", "--data", str(path), "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("text", ["R;S;N\n0,1;100;1000\n0,1;90;2e3\n", "0.1 100 1000\n0.1 90 2000\n"], ids=["names", "none"])
def test_an_alloy_of_ones_own_is_not_the_published_one(text, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sn_curve, "SIZES", dict.fromkeys(sn_curve.SIZES, TINY))
    monkeypatch.setattr("nn.command._draw", lambda result, folder: 0)
    monkeypatch.delenv("PHYSICS_DATA", raising=False)
    (tmp_path / "own.csv").write_text(text)
    options = ["--quick", "--quiet", "--out", str(tmp_path / "out")]
    assert sn_curve.main([*options, "--data", str(tmp_path / "own.csv")]) == 0
    printed = capsys.readouterr().out
    assert not any(word in printed for word in ("613.8", "-0.1047", "published"))
    assert "2 fatigue tests at 1 stress ratios, your own of own.csv" in printed
    assert sn_curve.main(options) == 0
    assert "613.8" in capsys.readouterr().out


def test_one_stress_at_the_last_ratio_is_told_before_the_training(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(physics.PINN, "fit", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / "own.txt").write_text("0.1 100 1000\n0.1 90 2000\n0.5 100 1000\n")
    assert sn_curve.main(["--quick", "--data", str(tmp_path / "own.txt"), "--out", str(tmp_path / "out")]) == 2
    assert "R = 0.5: all 1 tests are at S = 100 MPa" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_help_tells_whose_tests_they_are(capsys):
    with pytest.raises(SystemExit):
        sn_curve.main(["--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "without it the real tests in the folder that PHYSICS_DATA names, or where there is none, 15 made by a" in text
    assert "stress_ratio, stress_max, cycles_to_failure of EPFL's CCFatiguePlatform" in text
    assert len(sn_curve.made_tests(0)) == 15
