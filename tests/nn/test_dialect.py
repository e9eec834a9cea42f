"""The Tensor with PyTorch's methods: everything gives it, and code that is written for the engine's own works on it."""

from __future__ import annotations

import copy
import gc

import numpy as np
import pytest

import autograd_core as ac
import nn
from autograd_core.testing import samples as _  # noqa: F401 (fills `declarations`)
from autograd_core.testing.declared import declarations
from nn import compat as torch
from nn.dialect import spoken


def test_a_tensor_changes_its_kind_and_stays_itself():
    x = ac.tensor([1.0, 2.0], requires_grad=True)
    y = ac.sum(x * x)
    assert spoken(x) is x
    assert type(x) is torch.Tensor
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]
    assert type(x.grad) is torch.Tensor


def test_size_is_a_number_and_a_function():
    x = torch.zeros(2, 3)
    assert x.size == 6
    assert x.size() == x.shape == torch.Size([2, 3]) == (2, 3)
    assert x.size(1) == x.size(dim=-1) == 3
    assert x.shape.numel() == 6
    assert repr(x.size()) == "torch.Size([2, 3])"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2.0 * x - x / 3.0,
        lambda x: np.sin(x),
        lambda x: np.float64(2.0) * x,
        lambda x: np.ones((2, 2)) @ x,
        lambda x: x[0] + next(iter(x)),
        lambda x: copy.deepcopy(x),
        lambda x: abs(-x) ** 2,
        lambda x: x == 1,
        lambda x: x.real,
        lambda x: np.concatenate([x, x]),
        lambda x: x.detach().data,
        lambda x: torch.nn.functional.relu(x),
    ],
)
def test_every_result_is_of_this_kind(f):
    assert type(f(torch.ones(2, 2, requires_grad=True))) is torch.Tensor


def test_a_change_in_place_is_seen_by_every_name():
    x = torch.zeros(2)
    other = x
    x += 1
    x.mul_(3)
    x[0] = 7
    assert other.tolist() == [7.0, 3.0]
    w = torch.ones(2, requires_grad=True)
    with pytest.raises(ac.errors.MutationError, match="a leaf that requires a gradient"):
        w.add_(1)
    with torch.no_grad():
        w -= 0.5
    assert w.tolist() == [0.5, 0.5]
    assert w.is_leaf


def test_dead_graphs_are_freed_at_once():
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(50):
            x = torch.ones(3, requires_grad=True)
            y = (x * x).add_(1).sum()
            y.backward(create_graph=True)
            del x, y
        assert len(gc.get_objects()) - before < 50
    finally:
        gc.enable()


# -- modules -------------------------------------------------------------------------------------------------


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
        self.head = nn.Linear(3, 1)  # the plain one
        self.register_buffer("offset", ac.tensor([1.0]))
        self.free = torch.nn.Parameter([1, 2])

    def forward(self, x):
        return self.head(self.layers(x)) + self.offset


def test_what_a_module_holds_and_gives_is_of_this_kind():
    net = Net()
    assert all(type(p) is torch.nn.Parameter for p in net.parameters())
    assert type(net.offset) is torch.Tensor
    assert type(net.head) is torch.nn.Linear
    assert isinstance(net, nn.Module)
    assert isinstance(net.layers[0], nn.Linear)
    assert not isinstance(net.layers[1], torch.nn.Linear)
    assert type(net(torch.ones(4, 2))) is type(net.head.forward(torch.ones(1, 3))) is torch.Tensor
    assert {type(v) for v in net.state_dict().values()} == {torch.Tensor}
    assert type(net.to(torch.float32).head.weight.float()) in (torch.Tensor, torch.nn.Parameter)
    assert net.half().free.dtype == torch.float16
    assert type(copy.deepcopy(net).free) is torch.nn.Parameter
    assert net.get_submodule("layers.0").weight.size() == (3, 2)
    assert net.get_parameter("head.bias") is net.head.bias
    with pytest.raises(AttributeError, match="Net has no 'lost'. It has: layers"):
        net.get_submodule("lost")
    assert str(torch.nn.Linear(1, 2, device="cpu")) == "Linear(in_features=1, out_features=2, bias=True)"


def test_a_hidden_parameter_is_found_in_what_was_made_inside():
    inner = torch.nn.MLP([1, 2, 1])
    assert all(type(p) is torch.nn.Parameter for p in inner.parameters())
    assert any(isinstance(m, torch.nn.Linear) for m in inner.modules())


def test_other_devices_are_refused():
    for call in (
        lambda: torch.device("cuda:0"),
        lambda: torch.zeros(2, device="cuda"),
        lambda: torch.ones(1).cuda(),
        lambda: torch.ones(1).to("mps"),
        lambda: Net().to("cuda"),
        lambda: torch.nn.Linear(1, 1, device="cuda"),
    ):
        with pytest.raises(ValueError, match="Tensors lie on the CPU here"):
            call()
    assert torch.ones(1).device == torch.device("cpu") == "cpu"
    assert str(torch.device("cpu")) == "cpu"
    assert not torch.cuda.is_available()


# -- the engine and the layers on such Tensors ---------------------------------------------------------------------


LAYERS = """
Linear(4, 3) | Flatten() | Tanh() | PReLU() | GELU() | Softmax(-1) | LogSoftmax(1) | Hardtanh() | LeakyReLU(0.1)
ELU() | Softplus() | GLU() | LayerNorm(4) | GroupNorm(3, 6) | InstanceNorm1d(6) | BatchNorm1d(6) | RMSNorm(4)
Dropout(0.5) | AlphaDropout(0.3) | Conv1d(6, 4, 2, padding=1)
Conv1d(6, 4, 3, padding="same", padding_mode="circular") | ConvTranspose1d(6, 2, 3, stride=2) | MaxPool1d(2)
AvgPool1d(2, padding=1) | AdaptiveAvgPool1d(3) | AdaptiveMaxPool1d(2) | Upsample(scale_factor=2) | ReflectionPad1d(2)
RNN(4, 3) | LSTM(4, 3, 2, bidirectional=True) | GRU(4, 3, batch_first=True) | MultiheadAttention(4, 2)
RandomFourierFeatures(4, 3) | MLP([4, 5, 2]) | Unflatten(1, (2, 3)) | Identity()
"""
PICTURES = """
Conv2d(2, 3, 3, groups=1) | Conv2d(2, 4, 2, stride=2, dilation=2, groups=2) | BatchNorm2d(2) | MaxPool2d(2, 1, 1)
AvgPool2d(3, 2, count_include_pad=False) | ConvTranspose2d(2, 3, 3, 2, output_padding=1)
Upsample(scale_factor=2, mode="bilinear", align_corners=True) | AdaptiveAvgPool2d((1, 2)) | Dropout2d(0.5)
PixelShuffle(1) | ZeroPad2d(1) | InstanceNorm2d(2, affine=True)
"""
LOSSES = """
MSELoss() | L1Loss() | HuberLoss() | SmoothL1Loss() | BCEWithLogitsLoss() | CrossEntropyLoss() | PoissonNLLLoss()
SoftMarginLoss() | KLDivLoss(reduction="sum")
"""


def each(text):
    return [one.strip() for line in text.strip().splitlines() for one in line.split(" | ")]


def numbers(y):
    parts = y if isinstance(y, (tuple, list)) else (y,)
    return [n for part in parts if part is not None for n in (numbers(part) if isinstance(part, tuple) else [np.asarray(part)])]


@pytest.mark.parametrize("text", each(LAYERS) + each(PICTURES) + each(LOSSES))
def test_a_layer_gives_the_same_with_tensors_of_both_kinds(text):
    shape = (2, 2, 6, 6) if text in each(PICTURES) else (2, 6, 4)
    x = np.random.default_rng(0).normal(size=shape)
    inputs = (x, np.abs(x[::-1])) if text in each(LOSSES) else (x, x, x) if text.startswith("Multihead") else (x,)
    found = []
    for library, tensor in ((nn, ac.tensor), (torch.nn, torch.tensor)):
        nn.manual_seed(5)
        xs = [tensor(each, requires_grad=True) for each in inputs]
        y = eval(f"library.{text}", {"library": library})(*xs)
        first = y[0] if isinstance(y, tuple) else y
        found.append([*numbers(y), *numbers(ac.gradients(ac.sum(ac.sin(first)), xs[:1]))])
        assert library is nn or type(first) is torch.Tensor
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("name", sorted(declarations))
def test_the_engine_works_on_them(name):
    for sample in declarations[name].samples:
        inputs = [ac.tensor(x) if isinstance(x, np.ndarray) else x for x in sample.inputs]
        if not all(isinstance(x, ac.Tensor) for x in inputs):
            continue
        with np.errstate(all="ignore"):  # some samples hold what is not finite
            plain = sample.f(*inputs)
            ours = sample.f(*(spoken(ac.tensor(x)) for x in inputs))
        for a, b in zip(*(y if isinstance(y, (tuple, list)) else (y,) for y in (plain, ours)), strict=True):
            assert np.array_equal(np.asarray(a), np.asarray(b), equal_nan=np.asarray(a).dtype.kind in "fc")
