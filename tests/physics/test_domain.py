"""Domains: named coordinates, boxes of any dimension, their faces, and errors that say how to mend them."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from autograd_core.errors import ShapeError
from physics.domain import DomainError, Face, Interval, Product, TimeInterval

SPACE_TIME = Interval("x", -1, 1) * TimeInterval("t", 0, 2)
BOX = Interval("x", 0, 1) * Interval("y", 0, 2) * Interval("z", 0, 3) * TimeInterval("t", 5, 6)


def test_a_product_keeps_names_and_bounds_in_order() -> None:
    assert SPACE_TIME.names == ("x", "t")
    assert SPACE_TIME.bounds.tolist() == [[-1.0, 1.0], [0.0, 2.0]]
    assert (TimeInterval("t", 0, 2) * Interval("x", -1, 1)).names == ("t", "x")


def test_products_are_associative_and_compare_by_value() -> None:
    x, y, t = Interval("x", 0, 1), Interval("y", 0, 1), TimeInterval("t", 0, 1)
    assert (x * y) * t == x * (y * t) == Product((x, y, t))
    assert x * y != y * x
    assert hash(x * y) == hash(Interval("x", 0.0, 1.0) * y)


def test_volume_is_the_product_of_the_lengths() -> None:
    assert Interval("x", -1, 1).volume == 2.0
    assert BOX.volume == 6.0


@pytest.mark.parametrize("d", [1, 2, 7, 30])
def test_any_number_of_dimensions(d: int) -> None:
    domain = Product(tuple(Interval(f"x{i}", -1, i + 1) for i in range(d)))
    assert domain.bounds.shape == (d, 2)
    assert domain.volume == pytest.approx(math.factorial(d + 1), rel=1e-14)
    assert len(domain.boundary()) == 2 * d
    assert domain.contains(np.zeros((3, d))).all()


def test_contains_is_closed_and_refuses_nan() -> None:
    X = [[-1.0, 0.0], [1.0, 2.0], [0.0, 1.0], [1.1, 1.0], [0.0, -0.1], [np.nan, 1.0]]
    assert SPACE_TIME.contains(X).tolist() == [True, True, True, False, False, False]


def test_contains_forgives_rounding_and_no_more() -> None:
    assert Interval("x", 0.0, 0.3).contains([0.1 + 0.2]).all()
    assert not Interval("x", 0.0, 0.3).contains([0.1 + 0.2], slack=0.0).any()
    assert not Interval("x", 0.0, 0.3).contains([0.3 + 1e-9]).any()


def test_points_are_checked_and_float64() -> None:
    assert Interval("x", 0, 1).points([0, 1]).shape == (2, 1)
    assert SPACE_TIME.points(np.zeros((4, 2), np.float32)).dtype == np.float64
    with pytest.raises(ShapeError, match=r"\(N, 2\), columns x, t; got \(2, 3\)"):
        SPACE_TIME.points(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match=r"got \(2,\)"):
        SPACE_TIME.contains([0.0, 1.0])


def test_faces_of_one_coordinate() -> None:
    low, high = SPACE_TIME.boundary("x")
    assert (low.name, low.side, low.value) == ("x", "low", -1.0)
    assert (high.name, high.side, high.value) == ("x", "high", 1.0)
    assert low.normal.tolist() == [-1.0, 0.0]
    assert high.normal.tolist() == [1.0, 0.0]
    assert high.volume == 2.0
    assert (str(low), str(high)) == ("x = -1", "x = 1")


def test_the_whole_boundary_leaves_time_out() -> None:
    assert [(f.name, f.side) for f in BOX.boundary()] == [(n, s) for n in "xyz" for s in ("low", "high")]
    assert TimeInterval("t", 0, 1).boundary() == ()


def test_the_initial_slab_is_where_time_begins() -> None:
    assert BOX.initial == Face(BOX, "t", "low")
    assert BOX.initial.value == 5.0
    assert (BOX.time.start, BOX.time.end) == (5.0, 6.0)
    assert Interval("x", 0, 1).time is None
    with pytest.raises(DomainError, match=r"has no time.*TimeInterval"):
        _ = Interval("x", 0, 1).initial


def test_a_face_places_and_recognises_its_points() -> None:
    face = SPACE_TIME.boundary("x")[1]
    X = np.array([[0.0, 0.5], [0.3, 1.5]])
    assert face.place(X).tolist() == [[1.0, 0.5], [1.0, 1.5]]
    assert X[0, 0] == 0.0
    assert face.contains(face.place(X)).all()
    assert face.contains([[1.0, 3.0], [0.9, 1.0]]).tolist() == [False, False]


def test_from_unit_reaches_both_ends() -> None:
    assert SPACE_TIME.from_unit(np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]])).tolist() == [[-1, 0], [1, 2], [0, 0.5]]


def test_repr_can_be_typed_back() -> None:
    assert repr(SPACE_TIME) == "Interval('x', -1, 1) * TimeInterval('t', 0, 2)"
    assert eval(repr(Interval("x", 0.1, 1e300))) == Interval("x", 0.1, 1e300)


def test_domains_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Interval("x", 0, 1).low = 3.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("low", "high", "kind", "text"),
    [
        (1, -1, DomainError, r"reversed.*Write Interval\('x', -1, 1\)"),
        (2, 2, DomainError, "empty.*low end below the high end"),
        (math.nan, 1, DomainError, "low end of interval 'x' must be finite; got nan"),
        (0, math.inf, DomainError, "high end of interval 'x' must be finite; got inf"),
        ("a", 1, TypeError, "low end of interval 'x' must be a number; got 'a'"),
        (None, 1, TypeError, "low end of interval 'x' must be a number; got None"),
    ],
)
def test_bad_ends(low: float, high: float, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        Interval("x", low, high)


def test_a_reversed_time_is_mended_as_a_time() -> None:
    with pytest.raises(DomainError, match=r"Write TimeInterval\('t', 0, 1\)"):
        TimeInterval("t", 1, 0)


def test_bad_names() -> None:
    with pytest.raises(TypeError, match="begins with the name"):
        Interval(0, 1, "x")  # type: ignore[arg-type]
    for name in ("", "2x", "x y", "lambda"):
        with pytest.raises(DomainError, match="cannot name a coordinate"):
            Interval(name, 0, 1)


def test_duplicate_names_and_two_times() -> None:
    with pytest.raises(DomainError, match=r"Two coordinates .* are called 'x'. Give each its own name"):
        Interval("x", 0, 1) * Interval("y", 0, 1) * Interval("x", 2, 3)
    with pytest.raises(DomainError, match="two times"):
        TimeInterval("t", 0, 1) * TimeInterval("s", 0, 1)


def test_unknown_coordinates_list_the_known_ones() -> None:
    with pytest.raises(DomainError, match=r"No coordinate 'y' in .*coordinates are x, t"):
        SPACE_TIME.boundary("y")
    with pytest.raises(DomainError, match="'low' or 'high', not 'left'"):
        Face(SPACE_TIME, "x", "left")  # type: ignore[arg-type]


def test_only_domains_multiply() -> None:
    with pytest.raises(TypeError):
        Interval("x", 0, 1) * 2  # type: ignore[operator]
