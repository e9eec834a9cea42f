"""Refinement: part of the points go where the residual is large."""

from __future__ import annotations

import numpy as np
import pytest

from physics.domain import Interval, TimeInterval
from physics.refinement import CANDIDATES, refined

DOMAIN = Interval("x", -1, 1) * TimeInterval("t", 0, 2)


def points(n=400, residual=lambda X: np.ones(len(X)), seed=0, **options):
    return refined(DOMAIN, n, residual, np.random.default_rng(seed), **options)


def layer(X):
    """A residual that is 1 in a layer of a tenth of the domain and 0 elsewhere."""
    return (np.abs(X[:, 0]) < 0.1).astype(float)


def share(X):
    return layer(X).mean()


def test_more_points_lie_where_the_residual_is_large():
    assert share(points()) == pytest.approx(0.1, abs=0.05)
    # |r| / mean|r| + 1 is 11 in the layer and 1 outside: 11·0.1 / 2 = 0.55 of the chosen half, 0.1 of the other: at most 0.325,
    # and somewhat less, because a candidate is taken only once.
    assert 0.2 < share(points(residual=layer)) < 0.33


def test_the_sign_of_the_residual_and_its_size_do_not_matter():
    X = points(residual=layer)
    assert np.array_equal(points(residual=lambda X: -layer(X)), X)
    assert np.array_equal(points(residual=lambda X: layer(X) * np.sign(X[:, 0])), X)
    assert points(residual=lambda X: 1e-9 * layer(X)) == pytest.approx(X)


def test_the_fraction_says_how_many():
    shares = [share(points(residual=layer, fraction=f)) for f in (0.0, 0.5, 1.0)]
    assert shares[0] == pytest.approx(0.1, abs=0.01)  # a Latin hypercube: the layer has its share
    assert shares[0] + 0.1 < shares[1] < shares[2] - 0.05


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 1.0])
def test_the_number_of_points_stays(n, fraction):
    X = points(n, layer, fraction=fraction)
    assert X.shape == (n, 2)
    assert len(np.unique(X, axis=0)) == n


@pytest.mark.parametrize("fraction", [0.0, 0.5, 1.0])
def test_the_points_stay_strictly_inside(fraction):
    X = points(residual=lambda X: 1.0 / (1.001 - np.abs(X[:, 0])), fraction=fraction)
    low, high = DOMAIN.bounds.T
    assert (X - low > 0.0).all()
    assert (X - high < 0.0).all()


def test_the_seed_decides():
    assert np.array_equal(points(residual=layer, seed=3), points(residual=layer, seed=3))
    assert not np.array_equal(points(residual=layer, seed=3), points(residual=layer, seed=4))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_residual_without_information_gives_uniform_points(value):
    X = points(residual=lambda X: np.full(len(X), value))
    assert X.shape == (400, 2)
    assert share(X) == pytest.approx(0.1, abs=0.05)


def test_a_residual_that_is_nan_somewhere_still_tells_about_the_rest():
    X = points(residual=lambda X: np.where(X[:, 1] > 1.0, np.nan, layer(X)))
    assert share(X[X[:, 1] < 1.0]) > share(X[X[:, 1] > 1.0]) + 0.1


def test_the_residual_is_asked_once_at_all_candidates():
    asked = []
    points(50, lambda X: asked.append(X) or layer(X))
    assert [X.shape for X in asked] == [(50 * CANDIDATES, 2)]
    points(50, lambda X: pytest.fail("nothing depends on it"), fraction=0.0)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, np.nan])
def test_a_fraction_is_a_part(fraction):
    with pytest.raises(ValueError, match=f"fraction is {fraction}"):
        points(fraction=fraction)
