"""repeat as in NumPy: numbers and arrays of repetitions, of arrays without axes and without elements."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac


@pytest.mark.parametrize(
    "x, repeats, axis",
    [
        (np.zeros(0), np.array([], int), None),
        (np.arange(3.0), np.array(2), None),
        (np.array(2.0), 2, 0),
        (np.array(2.0), 3, None),
        (np.arange(6.0).reshape(2, 3), [1, 0, 2], 1),
        (np.arange(6.0).reshape(2, 3), 2, -1),
    ],
)
def test_repeat(x, repeats, axis):
    y = ac.repeat(ac.tensor(x, requires_grad=True), repeats, axis)
    np.testing.assert_array_equal(y.numpy(), np.repeat(x, repeats, axis))
    ac.testing.gradcheck(lambda x: ac.repeat(x, repeats, axis), x)
