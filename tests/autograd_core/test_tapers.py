"""Tapers are NumPy's; the last one is differentiable by its parameter."""

import numpy as np
import pytest

import autograd_core as ac


@pytest.mark.parametrize("name", ["hanning", "hamming", "blackman", "bartlett"])
@pytest.mark.parametrize("points", [0, 1, 2, 5, 8, -1])
def test_tapers_are_numpys(name, points):
    y = getattr(ac, name)(points)
    np.testing.assert_allclose(y.numpy(), getattr(np, name)(points), rtol=0, atol=1e-16)
    assert not y.requires_grad
    with ac.default_dtype("float32"):
        assert getattr(ac, name)(points).dtype == np.float32
    with pytest.raises(ac.DTypeError, match=f"{name}: the number of points is a whole number; given 2.5"):
        getattr(ac, name)(2.5)


@pytest.mark.parametrize("points", [0, 1, 2, 5, 8])
@pytest.mark.parametrize("beta", [0.0, 1.5, 14.0])
def test_kaisers_taper_is_numpys_and_differentiable(points, beta):
    np.testing.assert_allclose(ac.kaiser(points, beta).numpy(), np.kaiser(points, beta), rtol=1e-12)
    if points > 1:
        ac.testing.gradcheck(lambda beta: ac.kaiser(points, beta), np.array(beta), order=2)


def test_what_kaisers_taper_refuses():
    with pytest.raises(ac.DTypeError, match=r"kaiser: beta is one number; given shape \(2,\)"):
        ac.kaiser(3, [1.0, 2.0])
    with pytest.raises(ac.DTypeError, match="kaiser: the number of points is a whole number; given 'a'"):
        ac.kaiser("a", 1.0)
