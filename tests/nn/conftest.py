"""Beside PyTorch: the same weights and inputs must give the same outputs, gradients and second gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import autograd_core as ac


class Parity:
    """Compares a function or a module with that of PyTorch, to second order."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch

    def functions(self, ours: Callable, theirs: Callable, *arrays: Any, tolerance: float = 1e-12, order: int = 2) -> None:
        """Both functions of these arrays; those of floating numbers are differentiated."""
        floating = [isinstance(x, np.ndarray) and x.dtype.kind == "f" for x in arrays]
        mine = [ac.tensor(x, requires_grad=True) if f else x for x, f in zip(arrays, floating)]
        yours = [self.torch.tensor(x, requires_grad=f) if isinstance(x, np.ndarray) else x for x, f in zip(arrays, floating)]
        leaves = [[x for x, f in zip(xs, floating) if f] for xs in (mine, yours)]
        self.outputs(ours(*mine), theirs(*yours), *leaves, tolerance=tolerance, order=order)

    def modules(self, ours: Any, theirs: Any, *arrays: Any, call: Callable | None = None, **options: Any) -> None:
        """Both modules with the weights of PyTorch's, which are drawn anew; `call(module, *xs)` calls them."""
        theirs = theirs.double()
        for p in theirs.parameters():
            self.torch.nn.init.normal_(p, std=0.5)
        state = {name: value.numpy() for name, value in theirs.state_dict().items()}
        assert list(ours.state_dict()) == list(state)
        ours.load_state_dict(state)
        call = call or (lambda module, *xs: module(*xs))
        parameters = list(ours.parameters()), list(theirs.parameters())
        self.functions(Leaves(ours, call, parameters[0]), Leaves(theirs, call, parameters[1]), *arrays, **options)

    def outputs(self, mine: Any, yours: Any, leaves: Sequence, others: Sequence, *, tolerance: float, order: int) -> None:
        """Outputs, then the gradients of weighted sums of them, `order` times."""
        mine, yours = flat(mine), flat(yours)
        mine, leaves = (mine[0], [*leaves, *mine[1]]) if isinstance(mine, tuple) else (mine, leaves)
        yours, others = (yours[0], [*others, *yours[1]]) if isinstance(yours, tuple) else (yours, others)
        draws = np.random.default_rng(7)
        for level in range(order + 1):
            close(mine, yours, tolerance, f"order {level}")
            if level == order:
                return
            weights = [draws.normal(size=y.shape) for y in mine]
            pairs = [(y, w) for y, w in zip(mine, weights) if y.requires_grad]
            theirs = [(y, w) for y, w in zip(yours, weights) if y.requires_grad]
            assert [k for k, y in enumerate(mine) if y.requires_grad] == [k for k, y in enumerate(yours) if y.requires_grad]
            if not pairs:
                return
            mine = ac.gradients(sum_of([ac.sum(ac.sin(y) * w) for y, w in pairs]), leaves, create_graph=True, allow_unused=True)
            total = sum_of([(self.torch.sin(y) * self.torch.tensor(w)).sum() for y, w in theirs])
            yours = self.torch.autograd.grad(total, others, create_graph=True, allow_unused=True)
            mine, yours = filled(mine, leaves), [self.torch.zeros_like(x) if g is None else g for g, x in zip(yours, others)]


class Leaves:
    """A module as a function whose parameters are differentiated, too."""

    def __init__(self, module: Any, call: Callable, parameters: list) -> None:
        self.module, self.call, self.parameters = module, call, parameters

    def __call__(self, *xs: Any) -> Any:
        return WithParameters(self.call(self.module, *xs), self.parameters)


class WithParameters:
    """Outputs, and the parameters that they depend on."""

    def __init__(self, outputs: Any, parameters: list) -> None:
        self.outputs, self.parameters = outputs, parameters


def flat(tree: Any) -> Any:
    """The floating arrays in nested tuples, in order; with the parameters, if there are any."""
    if isinstance(tree, WithParameters):
        return flat(tree.outputs), tree.parameters
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in flat(part)]
    return [] if tree is None else [tree]


def filled(gradients: Sequence, leaves: Sequence) -> list:
    return [ac.zeros_like(x.detach()) if g is None else g for g, x in zip(gradients, leaves)]


def sum_of(terms: Sequence) -> Any:
    total, *rest = terms
    for term in rest:
        total = total + term
    return total


def close(mine: Sequence, yours: Sequence, tolerance: float, what: str) -> None:
    """All arrays agree to the tolerance, which is relative where they are large."""
    assert len(mine) == len(yours), what
    for k, (a, b) in enumerate(zip(mine, yours)):
        x, z = np.asarray(a.detach()), b.detach().numpy()
        assert x.shape == z.shape, f"{what}, array {k}: shape {x.shape}, PyTorch {z.shape}"
        np.testing.assert_allclose(x, z, rtol=tolerance, atol=tolerance, err_msg=f"{what}, array {k}")


@pytest.fixture(scope="session")
def parity() -> Parity:
    """Comparison with PyTorch; the test is skipped where that is not installed."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    return Parity(torch)
