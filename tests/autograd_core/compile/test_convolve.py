"""Convolutions of compiled backends as native calls: values, and both gradients, for every kind of window."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import autograd_core as ac
from autograd_core.compile.native import Call
from autograd_core.compile.run import Runner

CONVOLUTIONS = {1: ac.conv1d, 2: ac.conv2d, 3: ac.conv3d}
WINDOWS = [
    *product((1, 2), (1, 2, 3), (1, 2), (0, 2), (1, 2), (1, 2)),
    (3, 3, 1, 1, 1, 1),
    (3, 2, 2, 0, 1, 2),
]


@pytest.mark.parametrize(("ndim", "kernel", "stride", "padding", "dilation", "groups"), WINDOWS)
def test_windows_of_every_kind(ndim, kernel, stride, padding, dilation, groups, monkeypatch):
    rng, native = np.random.default_rng(0), []
    monkeypatch.setattr(Runner, "calls_of", noted(Runner.calls_of, native))
    x = ac.tensor(rng.normal(size=(2, 4, *(7, 6, 5)[:ndim])), requires_grad=True)
    w = ac.tensor(rng.normal(size=(6, 4 // groups, *[kernel] * ndim)), requires_grad=True)

    def slopes(x, w):
        y = CONVOLUTIONS[ndim](x, w, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return y, *ac.gradients(ac.sum(ac.sin(y)), [x, w])

    compiled = ac.compile(slopes, backend="numba")
    for _ in range(3):
        found = compiled(x, w)
    for y, expected in zip(found, slopes(x, w), strict=True):
        np.testing.assert_allclose(y.detach(), expected.detach(), rtol=1e-12, atol=1e-12)
    assert all(native) or stride > 1


def noted(function, found):
    """The function, which notes for each convolution whether it became native calls."""

    def calls_of(self, step):
        calls = function(self, step)
        if "conv" in step.op.name:
            found.append(calls is not None and all(isinstance(call, Call) for call in calls))
        return calls

    return calls_of


def test_two_convolutions_share_the_memory_of_their_patches():
    rng = np.random.default_rng(1)
    x, w = ac.tensor(rng.normal(size=(2, 3, 6, 6))), ac.tensor(rng.normal(size=(3, 3, 3, 3)))
    compiled = ac.compile(lambda x: ac.conv2d(ac.tanh(ac.conv2d(x, w, padding=1)), w, padding=1), backend="numba")
    for scale in (1.0, 2.0, -1.0):
        y = compiled(scale * x)
        expected = ac.conv2d(ac.tanh(ac.conv2d(scale * x, w, padding=1)), w, padding=1)
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    (entry,) = next(iter(compiled.entries.values()))
    assert len(entry.runner.shared) == 1
