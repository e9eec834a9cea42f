"""Padding: PyTorch's order of widths, all modes, what is cut off, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn import functional as F

draws = np.random.default_rng(0)
KINDS = ["Constant", "Zero", "Reflection", "Replication", "Circular"]


def layers(library, kind, n, padding):
    value = (1.5,) if kind == "Constant" else ()
    return getattr(library, f"{kind}Pad{n}d")(padding, *value)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(1, 2), (2, 0, 1, 1), (0, 0, 2, 1), (-1, 2), (1, -1, -1, -2)])
def test_pad_agrees_with_pytorch_to_second_order(mode, widths, parity):
    if mode != "constant" and len(widths) == 2:
        x = draws.normal(size=(2, 3, 5))
    else:
        x = draws.normal(size=(2, 3, 5, 4))
    theirs = parity.torch.nn.functional.pad
    parity.functions(lambda x: F.pad(x, widths, mode), lambda x: theirs(x, widths, mode), x)


def test_widths_begin_with_the_last_axis():
    assert F.pad([[1.0, 2.0]], (1, 0, 0, 1), value=9.0).tolist() == [[9.0, 1.0, 2.0], [9.0, 9.0, 9.0]]
    assert F.pad([1.0, 2.0, 3.0], (-1, -1)).tolist() == [2.0]
    assert F.pad([1.0, 2.0, 3.0], (1, 2), "circular").tolist() == [3.0, 1.0, 2.0, 3.0, 1.0, 2.0]


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_derivatives_hold_against_differences(mode):
    ac.testing.gradcheck(lambda x: F.pad(x, (1, 2, 2, -1), mode), (draws.normal(size=(2, 3, 4)),), order=2)
    assert F.pad(np.ones(3, np.float32), (1, 1), mode).dtype == np.float32


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_layers_agree_with_pytorch(kind, n, parity):
    padding = tuple(range(1, 2 * n + 1)) if kind in ("Constant", "Zero") else (2, 1) * n
    for given in (padding, 1):
        ours, theirs = layers(nn, kind, n, given), layers(parity.torch.nn, kind, n, given)
        parity.modules(ours, theirs, draws.normal(size=(2, 2, 4, 3, 5)[: n + 2]))
        assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: F.pad([1.0], (1,)), ac.errors.ShapeError, "two widths for each of the last axes"),
        (lambda: F.pad([1.0], (1, 1, 1, 1)), ac.errors.ShapeError, r"last axes of shape \(1,\)"),
        (lambda: F.pad([1.0, 2.0], (2, 0), "reflect"), ac.errors.ShapeError, "at most 1 elements for axis 0"),
        (lambda: F.pad([1.0, 2.0], (3, 0), "circular"), ac.errors.ShapeError, "at most 2 elements"),
        (lambda: F.pad([1.0, 2.0], (-2, -1)), ac.errors.ShapeError, "cut off axis 0"),
        (lambda: F.pad([1.0], (1, 1), "edge"), ValueError, "constant, reflect, replicate, circular, not 'edge'"),
        (lambda: F.pad([1.0], (1, 1), "replicate", 0.0), ValueError, "no use for a value"),
        (lambda: nn.ZeroPad2d((1, 1)), ValueError, r"ZeroPad2d: one number or 4 of them needed, given \(1, 1\)"),
        (lambda: nn.ZeroPad2d(1)(np.ones(3)), ac.errors.ShapeError, "ZeroPad2d: input of shape"),
    ],
)
def test_wrong_arguments_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
