"""What losses share: reductions, matching dtypes and shapes, and the check of a range as an op."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import nn
from nn.reduction import Within, alike, floored, reduced


def test_numbers_take_the_dtype_of_the_input():
    for other in (1.0, [1, 2], [1.0, 2.0], np.array([1, 2]), np.array([True, False])):
        x, z = alike(ac.tensor(np.float32([1, 2])), other)
        assert (x.dtype, z.dtype) == (np.float32, np.float32)
    assert [t.dtype.kind for t in alike([1, 2], [3, 4])] == ["i", "i"]
    assert alike(np.array([1, 2]), np.float32([3, 4]))[0].dtype == np.float32


def test_a_floor_that_lets_the_derivative_through():
    x = ac.tensor([0.5, 2.0], requires_grad=True)
    y = floored(x, 1.0)
    assert y.tolist() == [1.0, 2.0]
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_the_check_of_a_range_is_an_op():
    within = Within("shares")
    assert within(ac.tensor([0.0, 1.0])).tolist() == [0.0, 1.0]
    assert within(ac.tensor([])).shape == (0,)
    ac.testing.gradcheck(lambda x: within(x) ** 2, (np.array([0.2, 0.7]),), order=2)
    assert ac.vmap(within)(ac.tensor([0.3, 0.4])).tolist() == [0.3, 0.4]
    for wrong in ([0.5, -1.0], [2.0], [np.nan]):
        with pytest.raises(ValueError, match="shares are at least 0 and at most 1; one is"):
            within(ac.tensor(wrong))
    with pytest.raises(ValueError, match="at least 0; one is -1"):
        Within("counts", high=np.inf)(ac.tensor([-1.0]))


def test_reductions():
    x = ac.tensor([1.0, 3.0])
    assert [reduced("f", x, how).tolist() for how in ("mean", "sum", "none")] == [2.0, 4.0, [1.0, 3.0]]
    with pytest.raises(ac.ShapeError, match=r"f: shape \(0,\) has no elements"):
        reduced("f", ac.tensor([]), "mean")


def test_the_check_runs_in_a_compiled_step():
    def step(p):
        x = ac.sigmoid(p)
        loss = nn.binary_cross_entropy(x, 2.0 * x - 1.0)
        return loss, ac.gradients(loss, p)[0]

    compiled = ac.compile(step)
    p = ac.tensor([1.0, 2.0], requires_grad=True)
    for scale in (1.0, 2.0, 3.0):
        inputs = ac.tensor(scale * p.numpy(), requires_grad=True)
        for ours, eager in zip(compiled(inputs), step(inputs), strict=True):
            np.testing.assert_allclose(ours.numpy(), eager.numpy(), rtol=1e-14)
    with pytest.raises(ValueError, match="target probabilities are at least 0"):
        compiled(ac.tensor([-1.0, 2.0], requires_grad=True))
