"""Losses of classification: known values, exactness at extreme logits, and what they refuse."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

import autograd_core as ac
import nn

F = nn.functional
EXTREME = [-1000.0, -745.0, -40.0, -1e-3, 0.0, 3.0, 40.0, 745.0, 1000.0]


def derivatives(f, x):
    """f and its first two derivatives at a number."""
    first = ac.grad(f)
    return [g(ac.tensor(x)).item() for g in (f, first, ac.grad(first))]


def near(ours, exact, absolute):
    assert math.isfinite(ours)
    assert abs(mp.mpf(ours) - exact) <= 1e-14 * abs(exact) + absolute


@pytest.mark.parametrize("x", EXTREME)
@pytest.mark.parametrize("t, weight", [(0.0, 1.0), (1.0, 1.0), (0.3, 1.0), (1.0, 2.5), (0.3, 2.5)])
def test_binary_cross_entropy_of_extreme_logits(x, t, weight):
    found = derivatives(lambda x: F.binary_cross_entropy_with_logits(x, t, pos_weight=weight), x)
    with mp.workdps(900):
        z, t, w = mp.mpf(x), mp.mpf(t), mp.mpf(weight)
        p, q = 1 / (1 + mp.exp(-z)), 1 / (1 + mp.exp(z))
        exact = [-(w * t * mp.log(p) + (1 - t) * mp.log(q)), (1 - t) * p - w * t * q, (w * t + 1 - t) * p * q]
        for ours, theirs, absolute in zip(found, exact, (1e-300, 1e-300, 1e-16), strict=True):
            near(ours, theirs, absolute)


@pytest.mark.parametrize("x", EXTREME)
@pytest.mark.parametrize("target", [0, 1, [0.2, 0.8]])
def test_cross_entropy_of_extreme_logits(x, target):
    found = derivatives(lambda x: F.cross_entropy(ac.stack([x, -x]), target), x)
    with mp.workdps(900):
        a, b = 1 / (1 + mp.exp(-2 * mp.mpf(x))), 1 / (1 + mp.exp(2 * mp.mpf(x)))
        u = {0: 1, 1: 0}.get(target if isinstance(target, int) else -1, mp.mpf(0.2))
        v = {0: 0, 1: 1}.get(target if isinstance(target, int) else -1, mp.mpf(0.8))
        exact = [-(u * mp.log(a) + v * mp.log(b)), 2 * (v * a - u * b), 4 * (u + v) * a * b]
        for ours, theirs in zip(found, exact, strict=True):
            near(ours, theirs, 2e-15)


@pytest.mark.parametrize("scale", [1e3, 1e4, 1e300])
def test_many_extreme_logits_stay_finite(scale):
    x = scale * np.array([[1.0, -1.0, 0.5], [-1.0, 1.0, 1.0]])
    f = lambda x: F.cross_entropy(x, [1, 2], label_smoothing=0.1)
    assert np.isfinite(f(x).item())
    g = ac.grad(f)(ac.tensor(x)).numpy()
    s, u = 0.1 / 3, 0.9 + 0.1 / 3
    assert np.allclose(g, [[(1 - s) / 2, -u / 2, -s / 2], [-s / 2, (0.5 - s) / 2, (0.5 - u) / 2]])
    assert np.isfinite(ac.hessian(f)(ac.tensor(x)).numpy()).all()


def test_known_values():
    assert F.cross_entropy([[0.0, 0.0, 0.0, 0.0]], [2]).item() == pytest.approx(math.log(4.0), rel=1e-15)
    assert F.binary_cross_entropy([0.25], [1.0]).item() == pytest.approx(math.log(4.0), rel=1e-15)
    assert F.binary_cross_entropy_with_logits([0.0], [0.0]).item() == pytest.approx(math.log(2.0), rel=1e-15)
    assert F.nll_loss([[-1.0, -2.0], [-4.0, -8.0]], [0, 1], weight=[3.0, 1.0]).item() == (3.0 + 8.0) / 4.0


def test_ignored_targets_count_for_nothing():
    x = ac.tensor([[1.0, 2.0], [-np.inf, 3.0]], requires_grad=True)
    loss = F.cross_entropy(x, [1, -100])
    loss.backward()
    assert loss.item() == pytest.approx(math.log1p(math.exp(-1.0)), rel=1e-15)
    assert x.grad[1].tolist() == [0.0, 0.0]
    assert F.cross_entropy([[1.0, 2.0]], [7], ignore_index=7, reduction="sum").item() == 0.0


def test_a_masked_class_poisons_nothing():
    x = ac.tensor([[0.0, 0.0, -np.inf]], requires_grad=True)
    loss = F.cross_entropy(x, [0])
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2.0))
    assert x.grad.tolist() == [[-0.5, 0.5, 0.0]]


def test_saturated_probabilities_are_pytorchs():
    p = ac.tensor([0.0, 0.0, 1.0, 1.0], requires_grad=True)
    loss = F.binary_cross_entropy(p, [0.0, 1.0, 0.0, 1.0], reduction="none")
    assert loss.tolist() == [0.0, 100.0, 100.0, 0.0]
    loss.sum().backward()
    assert p.grad.tolist() == [0.0, -1e12, 1e12, 0.0]


@pytest.mark.parametrize(
    "call, kind, text",
    [
        (lambda: F.cross_entropy(np.zeros((2, 3)), [0, 3]), IndexError, "target classes: 3 is out of range, which is 0 to 2"),
        (lambda: F.cross_entropy(np.zeros((2, 3)), [0, -1]), IndexError, "-1 is out of range"),
        (lambda: F.nll_loss(np.zeros((2, 3)), [0, 3]), IndexError, "nll_loss: target classes: 3"),
        (lambda: F.cross_entropy(np.zeros((2, 3)), [0, 1, 2]), ac.ShapeError, r"Class numbers have shape \(2,\), prob"),
        (lambda: F.nll_loss(np.zeros((2, 3)), [[0], [1]]), ac.ShapeError, r"Class numbers have shape \(2,\)"),
        (lambda: F.cross_entropy(np.zeros((2, 3)), [0.0, 1.0]), ac.DTypeError, "whole, not float64. Write target.astype"),
        (lambda: F.cross_entropy(np.zeros((2, 3)), np.zeros((2, 3), int)), ac.DTypeError, "holds probabilities.*leave out"),
        (lambda: F.cross_entropy(np.zeros((1, 2)), [[1.5, -0.5]]), ValueError, "probabilities are at least 0; one is -0.5"),
        (lambda: F.cross_entropy(np.zeros((1, 2)), [0], label_smoothing=1.5), ValueError, "between 0 and 1, not 1.5"),
        (lambda: F.cross_entropy(np.zeros((1, 2)), [0], weight=[1.0]), ac.ShapeError, r"weight has shape \(1,\); 2 classes"),
        (lambda: F.cross_entropy(1.0, 0), ac.ShapeError, "needs an axis of classes"),
        (lambda: F.cross_entropy(np.zeros((0, 2)), []), ac.ShapeError, "no elements, and no mean"),
        (lambda: F.binary_cross_entropy([-0.1], [1.0]), ValueError, "input probabilities .* at most 1; one is -0.1"),
        (lambda: F.binary_cross_entropy([np.nan], [1.0]), ValueError, "input probabilities .*; one is nan"),
        (lambda: F.binary_cross_entropy([0.5], [2.0]), ValueError, "target probabilities .* at most 1; one is 2"),
        (lambda: F.binary_cross_entropy([0.5], [1.0, 1.0]), ac.ShapeError, "they must be equal"),
        (lambda: F.binary_cross_entropy_with_logits([0.5], [1.0], pos_weight=[1.0, 2.0]), ac.ShapeError, "pos_weight of shape"),
    ],
)
def test_wrong_input_is_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
