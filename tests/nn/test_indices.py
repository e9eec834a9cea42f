"""Numbers of rows are checked, also where a function is mapped over a batch of them."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from nn.indices import as_indices


def test_numbers_pass_and_become_wide():
    for x in ([0, 2], np.array([0, 2], np.uint8), ac.tensor([0, 2])):
        assert as_indices("rows", x, 3).dtype == np.intp
        assert as_indices("rows", x, 3).tolist() == [0, 2]
    assert as_indices("rows", [], 0).dtype == np.intp


@pytest.mark.parametrize("x, error", [([3], IndexError), ([-1], IndexError), ([0.0], TypeError), ([True], TypeError)])
def test_others_do_not(x, error):
    with pytest.raises(error, match=r"^rows"):
        as_indices("rows", x, 3)


def test_every_example_of_a_batch_is_checked():
    check = ac.vmap(lambda x: as_indices("rows", x, 3))
    assert check(np.array([[0], [2]])).tolist() == [[0], [2]]
    with pytest.raises(IndexError, match="3 is out of range"):
        check(np.array([[0], [3]]))


def test_a_compiled_check_is_repeated():
    compiled = ac.compile(lambda x: ac.take(ac.ones((3, 2)), as_indices("rows", x, 3), axis=0))
    for _ in range(3):
        assert compiled(ac.tensor([0, 2])).shape == (2, 2)
    with pytest.raises(IndexError, match="rows: -1 is out of range"):
        compiled(ac.tensor([0, -1]))
