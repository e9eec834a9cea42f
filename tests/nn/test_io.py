"""Saving and loading: what comes back is what was saved, by name, with its dtype; and nothing is lost on the way."""

from __future__ import annotations

import json
import os
import pickle
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import architecture, compat, io

pytest.importorskip("safetensors")
ROOT = Path(__file__).resolve().parents[2]

rng = np.random.default_rng(0)
ARRAYS = {
    "plain": rng.normal(size=(3, 4)),
    "transposed": rng.normal(size=(3, 4)).T,
    "strided": np.arange(20)[::3],
    "reversed": np.arange(5.0)[::-1],
    "broadcast": np.broadcast_to(np.float32(2.0), (2, 3)),
    "number": np.array(1.5),
    "scalar": np.float32(2.5),
    "empty": np.zeros((0, 3)),
    "bool": np.array([[True, False]]),
    "half": np.array([1.5, np.inf], np.float16),
    "bytes": np.arange(256, dtype=np.uint8),
    "ints": np.array([-(2**63), 2**63 - 1]),
    "big-endian": np.arange(4.0, dtype=">f8"),
    "complex": rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3)),
    "complex transposed": (rng.normal(size=(2, 3)) + 1j).astype(np.complex64).T,
    "complex number": np.array(1 - 2j),
    "complex empty": np.zeros((2, 0), complex),
    "special": np.array([np.nan, -0.0, np.inf, 5e-324]),
    "ν.weight": np.arange(3),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_comes_back(name, tmp_path):
    array = np.asarray(ARRAYS[name])
    back = nn.load(nn.save(tmp_path / "a", {name: array}))[name]
    assert back.shape == array.shape
    assert back.dtype == array.dtype.newbyteorder("=")
    assert back.numpy().tobytes() == np.ascontiguousarray(array).astype(back.dtype).tobytes()


def test_many_come_back_in_their_order_as_tensors(tmp_path):
    back = nn.load(nn.save(tmp_path / "a", ARRAYS))
    assert list(back) == list(ARRAYS)
    assert all(type(each) is ac.Tensor for each in back.values())
    back["plain"].copy_(0.0)


def test_tensors_are_saved_with_and_without_gradients(tmp_path):
    w = ac.tensor([[1.0, 2.0]], requires_grad=True)
    back = nn.load(nn.save(tmp_path / "a", {"w": w, "wT": w.T}))
    assert back["wT"].tolist() == [[1.0], [2.0]]
    assert not back["w"].requires_grad


def test_nothing_is_something(tmp_path):
    assert nn.load(nn.save(tmp_path / "a", {})) == {}


def test_complex_numbers_are_pairs_and_it_says_so(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    path = nn.save(tmp_path / "a", {"z": np.array([1 + 2j])}, metadata={"author": "me"})
    assert safetensors.load_file(path)["z"].tolist() == [[1.0, 2.0]]
    texts = io.read(path)[1]
    assert json.loads(texts["complex"]) == ["z"]
    assert texts["author"] == "me"


@pytest.mark.parametrize("value", [np.array("text"), np.array([None]), np.array([1, "a"], object), np.longdouble(1.0)])
def test_what_the_format_cannot_hold_is_refused_and_nothing_is_written(value, tmp_path):
    if np.asarray(value).dtype == np.float64:
        pytest.skip("long double is double here")
    path = nn.save(tmp_path / "a", {"old": np.ones(1)})
    with pytest.raises(ac.errors.DTypeError, match="'x' has dtype"):
        nn.save(path, {"good": np.ones(2), "x": value})
    assert list(nn.load(path)) == ["old"]


def test_only_modules_and_dicts_are_saved(tmp_path):
    with pytest.raises(TypeError, match="a Module or a dict"):
        nn.save(tmp_path / "a", [1.0])
    with pytest.raises(TypeError, match="texts as names, not under 3"):
        nn.save(tmp_path / "a", {3: np.ones(1)})
    assert os.listdir(tmp_path) == []


# Models

LAYER = nn.Linear(3, 3, generator=1)
MODELS = {
    "linear": lambda: nn.Linear(2, 3, bias=False, generator=0),
    "mlp": lambda: nn.MLP([2, 8, 3], activation="relu", output_activation=nn.Tanh(), init="xavier", generator=0),
    "sequential": lambda: nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.MLP([3, 4, 3])),
    "named": lambda: nn.Sequential({"first": nn.Linear(2, 3), "then": nn.Softplus()}),
    "single": lambda: nn.Sequential(nn.Linear(2, 3, dtype=np.float32), nn.Tanh()),
    "shared": lambda: nn.Sequential(nn.Linear(2, 3), LAYER, nn.Tanh(), LAYER),
    "scaled": lambda: nn.Sequential(nn.data.Standardiser().fit(rng.normal(3.0, 2.0, (9, 2))), nn.Linear(2, 3)),
    "conv": lambda: nn.Sequential(nn.Unflatten(1, (1, 2)), nn.Conv1d(1, 3, 3, padding="same"), nn.BatchNorm1d(3), nn.Flatten()),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_with_its_architecture(name, tmp_path):
    model = MODELS[name]()
    model.eval()
    x = rng.normal(size=(5, 2))
    state = nn.get_rng_state()
    back = nn.load(nn.save(tmp_path / "model", model)).eval()
    assert nn.get_rng_state() == state
    assert repr(back) == repr(model)
    assert np.array_equal(back(x).numpy(), model(x).numpy())
    assert [p.dtype for p in back.parameters()] == [p.dtype for p in model.parameters()]
    assert len(list(back.parameters())) == len(list(model.parameters()))


def test_what_was_appended_is_saved_too(tmp_path):
    model = nn.Sequential(nn.Linear(1, 2))
    model.append(nn.Tanh())
    model[0] = nn.Linear(1, 3)
    assert repr(nn.load(nn.save(tmp_path / "m", model))) == repr(model)


class Mine(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 1, generator=3)

    def forward(self, x):
        return self.layer(x)


def exchanged():
    model = nn.MLP([1, 1])
    model.activation = nn.Sigmoid()
    return model


def tied():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    return model


UNKNOWN = {
    "is no class of nn": Mine,
    "Mine is no class": lambda: nn.Sequential(nn.Linear(2, 2), Mine()),
    "an argument of MLP is a function": lambda: nn.MLP([1, 2, 1], activation=lambda x: x * x),
    "changed after it was made": exchanged,
    "share parameters": tied,
}


@pytest.mark.parametrize("why", UNKNOWN)
def test_a_model_that_the_file_cannot_describe_is_loaded_into(why, tmp_path):
    model = UNKNOWN[why]()
    path = nn.save(tmp_path / "m", model)
    with pytest.raises(nn.FileFormatError, match=f"(?s){why}.*into=model"):
        nn.load(path)
    twin = UNKNOWN[why]()
    for p in twin.parameters():
        p.copy_(0.0)
    assert nn.load(path, into=twin) is twin
    assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(twin.parameters(), model.parameters()))
    assert list(nn.load_state(path)) == list(model.state_dict())


def test_loading_into_another_model_changes_nothing(tmp_path):
    path = nn.save(tmp_path / "m", nn.MLP([2, 3, 1]))
    other = nn.MLP([2, 4, 1])
    before = other.state_dict()
    with pytest.raises(nn.StateDictError, match="wrong shape: layers.0.weight"):
        nn.load(path, into=other)
    assert all(np.array_equal(before[k].numpy(), v.numpy()) for k, v in other.state_dict().items())


HOSTILE = [
    {"class": "os.system", "args": ["true"], "kwargs": {}},
    {"class": "Module", "args": [], "kwargs": {}},
    {"class": "Linear", "args": ["x", {"same": 7}], "kwargs": {}},
    {"class": "Linear", "args": [2], "kwargs": {"nonsense": 1}},
    {"class": ["Linear"], "args": [], "kwargs": {}},
    {"args": []},
    [],
    "Linear",
]


@pytest.mark.parametrize("description", HOSTILE)
def test_a_description_cannot_name_foreign_code(description, tmp_path):
    path = tmp_path / "m"
    path.write_bytes(io.encoded({"weight": np.ones((1, 1))}, {"architecture": json.dumps(description)}))
    with pytest.raises(nn.FileFormatError):
        nn.load(path)


def test_known_classes_are_those_of_this_package():
    known = architecture.known_classes()
    assert {"Linear", "Sequential", "MLP", "Standardiser"} <= set(known)
    assert "Mine" not in known
    assert all(kind.__module__.startswith("nn.") for kind in known.values())


# Files from elsewhere


def test_a_file_of_pytorch_loads_by_name(tmp_path):
    torch = pytest.importorskip("torch")
    safetensors = pytest.importorskip("safetensors.torch")
    theirs = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    safetensors.save_file(theirs.state_dict(), tmp_path / "t")
    ours = nn.load(tmp_path / "t", into=nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).float())
    x = np.ones((4, 2), np.float32)
    assert ours(x).numpy() == pytest.approx(theirs(torch.tensor(x)).detach().numpy(), abs=1e-6)
    assert set(nn.load(tmp_path / "t")) == set(theirs.state_dict())
    nn.save(tmp_path / "o", ours)
    theirs.load_state_dict(safetensors.load_file(tmp_path / "o"))
    odd = {"half": torch.tensor([1.5, -3.0], dtype=torch.bfloat16), "z": torch.tensor([1 + 2j])}
    safetensors.save_file(odd, tmp_path / "odd")
    back = nn.load(tmp_path / "odd")
    assert back["half"].tolist() == [1.5, -3.0]
    assert back["z"].tolist() == [1 + 2j]


def damaged():
    whole = io.encoded({"w": np.arange(6.0)}, {})
    (length,) = struct.unpack_from("<Q", whole)
    yield "empty", b"", "no safetensors"
    yield "short", whole[:5], "no safetensors"
    yield "header cut", whole[: 8 + length // 2], "truncated"
    yield "data cut", whole[:-1], "truncated"
    yield "too long", whole + b"x", "truncated or damaged"
    yield "text", b"weights = [1, 2, 3]", "no safetensors"
    yield "pickle", pickle.dumps({"w": 1}), "can run any code"
    yield "zip", b"PK\x03\x04" + bytes(100), "safetensors.torch.save_file"
    yield "no json", struct.pack("<Q", 4) + b"{{{{", "truncated or damaged"
    yield "huge header", struct.pack("<Q", 2**60) + b"{}", "truncated or damaged"


@pytest.mark.parametrize("data, words", [each[1:] for each in damaged()], ids=[each[0] for each in damaged()])
def test_a_file_that_is_none_is_refused_and_nothing_is_lost(data, words, tmp_path):
    path = tmp_path / "w"
    path.write_bytes(data)
    model = nn.Linear(2, 3, generator=0)
    before = model.weight.numpy().copy()
    for read in (nn.load, nn.load_state, lambda p: nn.load(p, into=model)):
        with pytest.raises(nn.FileFormatError, match=words):
            read(path)
    assert path.read_bytes() == data
    assert np.array_equal(model.weight.numpy(), before)


def test_files_of_another_kind_are_refused_with_what_reads_them(tmp_path):
    model = nn.Linear(2, 1)
    trainer = nn.Trainer(model, nn.mse_loss, nn.optim.SGD(model.parameters()))
    path = trainer.save(tmp_path / "training.safetensors")
    compat.save({"epoch": 3, "model": model.state_dict()}, tmp_path / "nested.safetensors")
    for into in (None, model):
        with pytest.raises(nn.FileFormatError, match=r"holds a training, .*trainer.resume\(path\)"):
            nn.load(path, into=into)
        with pytest.raises(nn.FileFormatError, match=r"holds nested values, .*nn.compat.load\(path\)"):
            nn.load(tmp_path / "nested.safetensors", into=into)
    words = {"kind": "trainer", "structure": "steel"}  # texts of the user's own
    assert list(nn.load(nn.save(tmp_path / "a", {"w": np.ones(2)}, words))) == ["w"]
    assert list(nn.load(nn.save(tmp_path / "a", {"0": np.ones(2)}))) == ["0"]


def test_a_model_is_loaded_in_training_mode(tmp_path):
    model = nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5)).eval()
    assert nn.load(nn.save(tmp_path / "a", model)).training


def test_every_truncation_is_noticed():
    whole = io.encoded({"w": np.arange(3.0), "v": np.ones((2, 2))}, {})
    for size in range(len(whole)):
        path = Path(os.devnull)
        with pytest.raises(nn.FileFormatError):
            io.decoded(path, whole[:size])


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "no")


def test_without_safetensors_the_extra_is_named(tmp_path, monkeypatch):
    for name in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ac.errors.MissingExtraError, match=r"autograd-core\[io\]"):
        nn.save(tmp_path / "a", {"w": np.ones(1)})
    assert os.listdir(tmp_path) == []


# kill -9

SAVING = """
import sys
import numpy as np
import nn
print("ready", flush=True)
number = 0
while True:
    number += 1
    nn.save(sys.argv[1], {"a": np.full((300, 300), float(number)), "b": np.full(7, float(number))})
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9 as in POSIX")
def test_a_process_that_is_killed_while_saving_leaves_a_whole_file(tmp_path):
    path, found = tmp_path / "w", []
    nn.save(path, {"a": np.zeros((300, 300)), "b": np.zeros(7)})
    for attempt in range(5):
        with subprocess.Popen([sys.executable, "-c", SAVING, str(path)], cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.02 + 0.013 * attempt)
            process.send_signal(signal.SIGKILL)
        back = nn.load(path)
        values = {float(each) for array in back.values() for each in np.unique(array.numpy())}
        assert len(values) == 1
        found.append(values.pop())
    assert max(found) > 0
