"""Taylor coefficients: what they are, and how products and functions map them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import autograd_core as ac
from physics import taylor
from physics.taylor import VALUE, closed, factorial, parts, steps

X = np.array([[0.3], [-0.7], [1.2]])
FUNCTIONS = {
    "tanh": ac.tanh,
    "sigmoid": ac.sigmoid,
    "exp": ac.exp,
    "sin": ac.sin,
    "cos": ac.cos,
    "softplus": ac.softplus,
    "silu": lambda x: x * ac.sigmoid(x),
    "mish": lambda x: x * ac.tanh(ac.softplus(x)),
    "gelu": lambda x: 0.5 * x * ac.erfc(-np.sqrt(0.5) * x),
    "gelu_tanh": lambda x: 0.5 * x * (1.0 + ac.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3))),
}


def curve(order, *terms):
    """The jet of a curve x + Σ terms[k] s^(k + 1) in one variable."""
    given = [X, *terms]
    return {(0,) * k: ac.tensor(given[k]) for k in range(min(order + 1, len(given)))}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_along_a_curve_agree_with_jets(name):
    first, second = 0.5 + X**2, np.cos(X)
    order = 5
    indices = closed([(0,) * order])
    found = getattr(taylor, name)(curve(order, first, second), indices)
    _, wanted = ac.jet(FUNCTIONS[name], (X,), ([first, 2.0 * second, *([np.zeros_like(X)] * (order - 2))],))
    for k in range(1, order + 1):
        assert factorial((0,) * k) * found[(0,) * k].numpy() == pytest.approx(wanted[k - 1].numpy(), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_constant_has_no_coefficients(name):
    found = getattr(taylor, name)(curve(0), closed([(0, 1, 1)]))
    assert set(found) == {VALUE}


def test_a_closed_set_has_all_below_in_rising_order():
    found = closed([(1, 0, 1), (2,)])
    assert found == ((), (0,), (1,), (2,), (0, 1), (1, 1), (0, 1, 1))
    assert all(len(a) <= len(b) for a, b in pairwise(found))
    assert closed([]) == ((),)


def test_parts_are_all_pairs_that_add_up():
    assert set(parts((0, 0, 1))) == {
        ((), (0, 0, 1)), ((0,), (0, 1)), ((0, 0), (1,)), ((1,), (0, 0)), ((0, 1), (0,)), ((0, 0, 1), ()),
    }  # fmt: skip


def test_the_recurrence_goes_along_the_coordinate_with_fewest_terms():
    assert steps((0, 0, 0, 1)) == tuple((1.0, b, c) for b, c in parts((0, 0, 0, 1)) if 1 in b)
    assert [k for k, _, _ in steps((0, 0))] == [0.5, 1.0]


def test_a_product_is_cauchys():
    a, b = curve(2, X, X**2), curve(2, 3.0 * X)
    found = taylor.product(a, b, closed([(0, 0)]))
    assert found[(0, 0)].numpy() == pytest.approx(X * 3.0 * X + X**2 * X)
    squares = taylor.half_squares(a, closed([(0, 0)]))
    whole = taylor.product(a, a, closed([(0, 0)]))
    assert all(2.0 * squares[i].numpy() == pytest.approx(whole[i].numpy()) for i in whole)


def test_a_sum_adds_what_there_is():
    found = taylor.sum_of(curve(1, X), curve(2, X, X))
    assert found[(0,)].numpy() == pytest.approx(2.0 * X)
    assert found[(0, 0)].numpy() == pytest.approx(X)
