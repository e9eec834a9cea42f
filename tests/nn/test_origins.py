"""Tensors that are made, seeds, and what there is in name alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import compat as torch

ROOT = Path(__file__).resolve().parents[2]


def test_the_same_seed_gives_the_same():
    def drawn():
        torch.manual_seed(3)
        yield from (torch.rand(2, 3), torch.randn(4), torch.randint(5, (6,)), torch.randint(2, 9, (6,)), torch.randperm(7))
        yield from (torch.normal(0.0, torch.ones(3)), torch.bernoulli(torch.full((5,), 0.5)), torch.rand_like(torch.ones(2)))
        yield from (torch.multinomial(torch.tensor([1.0, 2.0, 0.0]), 2), torch.randint_like(torch.ones(3), 5))
        yield from (torch.nn.Linear(2, 2).weight, torch.nn.functional.dropout(torch.ones(9), 0.5), torch.zeros(3).normal_())
        yield next(iter(torch.utils.data.DataLoader(torch.arange(20), batch_size=20, shuffle=True)))

    first, second = list(drawn()), list(drawn())
    assert all(np.array_equal(a.detach().numpy(), b.detach().numpy()) for a, b in zip(first, second, strict=True))
    assert sorted(first[4].tolist()) == list(range(7))
    assert first[2].dtype == torch.int64
    assert set(first[8].tolist()) == {0, 1}
    assert sorted(first[-1].tolist()) == list(range(20))


def test_generators():
    draws = [torch.rand(3, generator=torch.Generator().manual_seed(4)).tolist() for _ in range(2)]
    assert draws[0] == draws[1]
    g = torch.Generator().manual_seed(1)
    assert g.initial_seed() == 1
    assert torch.randn(2, generator=g).tolist() != torch.randn(2, generator=g).tolist()
    parts = [torch.utils.data.random_split(range(10), [7, 3], torch.Generator().manual_seed(2)) for _ in range(2)]
    assert [list(p.indices) for p in parts[0]] == [list(p.indices) for p in parts[1]]
    assert sorted([*parts[0][0].indices, *parts[0][1].indices]) == list(range(10))
    orders = [list(torch.utils.data.random_split(range(30), [30], generator=g)[0].indices) for _ in range(2)]
    assert orders[0] != orders[1]


def test_the_default_dtype_decides():
    assert torch.zeros(1).dtype == torch.tensor(1.0).dtype == torch.float64 == torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        made = [
            torch.zeros(1),
            torch.tensor([1.0]),
            torch.rand(1),
            torch.arange(0, 1, 0.5),
            torch.linspace(0, 1, 3),
            torch.Tensor([1]),
        ]
        assert {t.dtype for t in made} == {torch.float32}
        assert torch.nn.Linear(1, 1)(made[0]).dtype == torch.float32
        assert torch.from_numpy(np.ones(2)).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float64)


def test_tensors_from_others():
    x = torch.ones(2, requires_grad=True)
    assert not torch.tensor(x).requires_grad
    assert torch.is_tensor(x)
    assert not torch.is_tensor([1])
    assert torch.tensor([1.0, 2.0], requires_grad=True, device="cpu").is_leaf
    with pytest.raises(TypeError, match="a NumPy array needed"):
        torch.from_numpy([1])
    assert torch.nn.utils.parameters_to_vector([torch.ones(2), torch.zeros(1, 2)]).tolist() == [1, 1, 0, 0]
    p = torch.nn.Parameter(torch.zeros(2, 2))
    torch.nn.utils.vector_to_parameters(torch.arange(4.0), [p])
    assert p.tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_switches_are_there():
    with torch.no_grad(), torch.enable_grad(), torch.set_grad_enabled(False), torch.inference_mode():
        assert not torch.is_grad_enabled()

    @torch.no_grad()
    def f(x):
        return x * 2

    @torch.inference_mode()
    def g(x):
        return x * 2

    x = torch.ones(1, requires_grad=True)
    assert not f(x).requires_grad
    assert not g(x).requires_grad
    net = torch.nn.Linear(1, 1)
    assert torch.compile(net) is net
    torch.backends.cudnn.benchmark = True
    torch.cuda.manual_seed_all(1)
    torch.set_printoptions(precision=3)
    assert not torch.backends.mps.is_available()
    assert torch.finfo(torch.float32).eps == np.finfo(np.float32).eps


def test_functions_of_both_places_and_missing_ones():
    x, w = torch.ones(1, 2, 4), torch.ones(3, 2, 2)
    assert torch.equal(torch.conv1d(x, w), torch.nn.functional.conv1d(x, w))
    with pytest.raises(AttributeError, match="torch.quantize_per_tensor is not here"):
        torch.quantize_per_tensor  # noqa: B018
    with pytest.raises(AttributeError, match="has no 'TransformerX' here"):
        torch.nn.TransformerX  # noqa: B018


def test_its_modules_can_be_imported():
    code = "import nn.compat as torch; import nn.compat.nn.functional as F; from nn.compat.utils.data import DataLoader; "
    code += "from nn.compat import nn, optim; from nn.compat.optim.lr_scheduler import StepLR; "
    code += "print(F.relu is torch.nn.functional.relu)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_nothing_changes_for_others():
    code = "import autograd_core as ac, nn; from nn import compat; x = ac.ones((2, 3)); "
    code += "print(type(x) is ac.Tensor, x.size, x.max(1).shape, hasattr(x, 'view'), type(nn.Linear(3, 1)(x)) is ac.Tensor)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "True 6 (2,) False True\n"


def test_initialisers():
    w = torch.empty(3, 5)
    assert torch.nn.init.eye_(w).tolist() == np.eye(3, 5).tolist()
    assert nn.init.dirac_(torch.empty(2, 2, 3))[1, 1].tolist() == [0.0, 1.0, 0.0]
    values = torch.nn.init.trunc_normal_(torch.empty(2000), std=1.0, a=-0.5, b=1.0, generator=0)
    assert -0.5 <= values.min().item() < -0.45
    assert 0.9 < values.max().item() <= 1.0
    with pytest.raises(ValueError, match="almost no normal number"):
        nn.init.trunc_normal_(w, a=9.0, b=10.0)
    for wrong in (lambda: nn.init.eye_(torch.empty(3)), lambda: nn.init.dirac_(torch.empty(3, 2))):
        with pytest.raises(ac.errors.ShapeError):
            wrong()
