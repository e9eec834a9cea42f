"""PyTorch's save and load: safetensors with structure, and never a pickle."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest

import nn
from nn import compat as torch

pytest.importorskip("safetensors")


def test_nested_values_come_back(tmp_path):
    path = tmp_path / "state.pt"
    value = {
        "epoch": 3,
        0: [torch.arange(3), (1.5, None)],
        "name": "run",
        "nested": {"w": torch.ones(2, requires_grad=True)},
        "inf": float("inf"),
    }
    torch.save(value, path)
    found = torch.load(path, map_location="cpu", weights_only=True)
    assert found["epoch"] == 3
    assert found[0][0].tolist() == [0, 1, 2]
    assert found[0][1] == (1.5, None)
    assert (found["name"], found["inf"]) == ("run", float("inf"))
    assert type(found["nested"]["w"]) is torch.Tensor


def test_states_are_plain_safetensors(tmp_path):
    model = torch.nn.Linear(2, 3)
    torch.save(model.state_dict(), tmp_path / "state.pt")
    assert [*nn.load_state(tmp_path / "state.pt")] == ["weight", "bias"]
    other = torch.nn.Linear(2, 3)
    other.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert torch.equal(other.weight, model.weight)


def test_models_and_open_files(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh())
    buffer = io.BytesIO()
    torch.save(torch.eye(2), buffer)
    buffer.seek(0)
    assert torch.equal(torch.load(buffer), torch.eye(2))
    torch.save(model, tmp_path / "model.pt")
    found = torch.load(tmp_path / "model.pt", weights_only=False)
    x = torch.ones(1, 2)
    assert torch.equal(found(x), model(x))


def test_pickles_and_other_devices_are_refused(tmp_path):
    path = tmp_path / "old.pt"
    path.write_bytes(pickle.dumps({"w": np.ones(2)}))
    with pytest.raises(nn.FileFormatError, match="a pickle"):
        torch.load(path)
    with pytest.raises(ValueError, match="Tensors lie on the CPU here"):
        torch.load(path, map_location="cuda")
    with pytest.raises(TypeError, match="cannot be saved"):
        torch.save({"f": object()}, path)


def test_models_of_both_kinds_are_saved_as_one(tmp_path):
    for kind in (torch.nn, nn):
        model = kind.Sequential(kind.Conv2d(1, 2, 3), kind.LSTM(2, 2))
        nn.save(tmp_path / "model.safetensors", model)
        assert type(nn.load(tmp_path / "model.safetensors")[0]) is nn.Conv2d
