"""The examples of docs/nn.md, each at most eight lines, run one after the other as they stand."""

from __future__ import annotations

import numpy as np
import pytest
from pages import defined, examples

import nn
from nn.dialect import Tensor

EXAMPLES = examples("nn.md")


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """What all examples define, and the folder of their files."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("safetensors")
    return defined("nn.md", tmp_path_factory.mktemp("files"), __name__="__main__")


def test_each_example_has_at_most_eight_lines():
    assert len(EXAMPLES) >= 10
    assert [example for example in EXAMPLES if len(example.splitlines()) > 8] == []


def test_the_sine_is_learnt_and_the_training_goes_on(names):
    assert len(names["trainer"].history) == 100
    assert len(names["history"]) == 150
    assert names["trainer"].history.rows == names["history"].rows[:100]
    assert names["trainer"].evaluate(names["test"])["mean_absolute_error"] < 0.02
    np.testing.assert_allclose(names["y"].numpy(), [[1.0]], atol=0.02)
    assert names["trainer"].why_not_compiled == ""


def test_the_files_are_written(names):
    files = {"run.safetensors", "curves.png", "loss.png", "history.csv", "model.safetensors", "wave.safetensors"}
    assert {path.name for path in names["folder"].iterdir()} == files
    model = names["model"]
    assert isinstance(model, nn.MLP)
    assert not model.training


def test_modules_graphs_and_listings(names):
    assert sorted(name for name, _ in names["wave"].named_parameters()) == ["frequency", "scale.bias", "scale.weight"]
    assert names["block"](names["graph"]).nodes.shape == (3, 1)
    assert names["both"].num_graphs == 2
    assert isinstance(names["loss"], Tensor)
