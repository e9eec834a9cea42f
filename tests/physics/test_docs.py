"""The examples of docs/physics.md, each at most five lines, and of docs/weighting.md, run as they stand."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from pages import DOCS, defined, examples

import nn
import physics

EXAMPLES = examples("physics.md")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What all examples define, one after the other, and the folder of their pictures."""
    pytest.importorskip("matplotlib")
    nn.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return defined("physics.md", tmp_path_factory.mktemp("pictures"))


def test_each_example_has_at_most_five_lines():
    assert len(EXAMPLES) >= 15
    assert [example for example in EXAMPLES if len(example.splitlines()) > 5] == []


def test_every_public_name_of_a_problem_is_there():
    text = (DOCS / "physics.md").read_text(encoding="utf-8")
    kinds = (physics.Condition, physics.Weighting, physics.System)
    public = [getattr(physics, name) for name in physics.__all__]
    made = [each for each in public if isinstance(each, type) and issubclass(each, kinds) and each not in kinds]
    assert len(made) > 15
    assert [each.__name__ for each in made if each.__name__ not in text] == []


def test_a_recorded_trace_is_replayed():
    (example,) = examples("weighting.md")
    found: dict = {}
    exec(compile(example, "weighting.md", "exec"), found)
    weights = [list(step.values()) for step in found["trace"]]
    assert weights[0] == [1.0, 1.0]
    back, last = (physics.balance.relative([0.2, 1.7], old, eps=1e-8) for old in ([1.0, 2.0], [0.5, 1.9]))
    np.testing.assert_allclose(weights[2], 0.95 * back + 0.05 * last, rtol=1e-12)


def test_the_problems_are_solved(names):
    assert float(names["k"]) == pytest.approx(2.0, abs=0.02)
    assert names["history"].columns["middle"][-1] == pytest.approx(names["check"]["middle"](names["balanced"]))
    assert {path.name for path in names["folder"].iterdir()} == {"loss.png", "slope.png", "residual.png", "points.svg"}
    assert np.isfinite(names["heat"].loss().item())
    assert [str(part) for part in names["plate"].boundary()] == ["x = 0", "x = 2", "y = 0", "y = 1", "circle"]


def test_the_motions_are_learned(names):
    pendulum, learned = names["pendulum"], names["learned"]
    assert np.ptp(pendulum.energy(names["path"])) < 1e-5
    assert np.abs(learned - physics.integrate(pendulum.time_derivative, [1.0, 0.0], [0.0, 1.0, 2.0])).max() < 0.1
    slopes = names["model"].time_derivative(names["states"]).numpy()
    assert np.abs(slopes - pendulum.time_derivative(names["states"])).mean() < 0.03
