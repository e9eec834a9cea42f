"""What layers over images share: sizes, inputs, and linear maps along one axis."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from nn.images import along, image, several

draws = np.random.default_rng(0)


@pytest.mark.parametrize("value, wanted", [(3, (3, 3)), ((1, 2), (1, 2)), ([4], (4, 4)), (np.int64(2), (2, 2))])
def test_a_size_is_one_number_or_one_for_each_axis(value, wanted):
    assert several("Layer", "stride", value, 2) == wanted


@pytest.mark.parametrize("value, error", [(0, ValueError), ((1, 2, 3), ValueError), (1.5, TypeError), ("3", TypeError)])
def test_a_wrong_size_is_explained(value, error):
    with pytest.raises(error, match="Layer: stride is"):
        several("Layer", "stride", value, 2)


def test_an_input_with_other_axes_or_channels_is_explained():
    assert image("Layer", np.ones((3, 5, 5)), 2, 3).shape == (3, 5, 5)
    with pytest.raises(ac.errors.ShapeError, match=r"Layer: input of shape \(5,\) has 1 axes. It needs 4: .*or 3 for one"):
        image("Layer", np.ones(5), 2)
    with pytest.raises(ac.errors.ShapeError, match=r"Layer: input has 3 channels, this layer takes 2.*axis 1 holds"):
        image("Layer", np.ones((1, 3, 5, 5)), 2, 2)


@pytest.mark.parametrize("axis, letters", [(0, "oi,ijk->ojk"), (1, "oj,ijk->iok"), (-1, "ok,ijk->ijo"), (-2, "oj,ijk->iok")])
def test_a_matrix_is_applied_along_one_axis(axis, letters):
    x = draws.normal(size=(3, 4, 5))
    matrix = draws.normal(size=(2, x.shape[axis]))
    assert np.allclose(along(ac.tensor(x), axis, matrix).numpy(), np.einsum(letters, matrix, x), rtol=1e-13, atol=1e-14)
    ac.testing.gradcheck(lambda x: along(x, axis, matrix), (x,), order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.int64])
def test_a_matrix_takes_the_precision_of_the_image(dtype):
    y = along(ac.tensor(np.ones((2, 3), dtype)), 1, np.ones((4, 3)))
    assert y.dtype == (np.float64 if dtype == np.int64 else dtype)
