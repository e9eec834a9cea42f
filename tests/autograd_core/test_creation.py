"""New Tensors: values and dtypes are NumPy's, floats take the default dtype, and no gradient is dropped."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

SAME = [
    ("zeros", (3,), {}),
    ("zeros", ((2, 0),), {}),
    ("zeros", ((),), {}),
    ("ones", ((2, 3),), {"dtype": "int64"}),
    ("full", ((2, 2), 7), {}),
    ("full", ((2, 2), [1.5, 2.5]), {}),
    ("full", (2, True), {}),
    ("full", (2, 1.5), {"dtype": np.float32}),
    ("eye", (3,), {}),
    ("eye", (2, 4, 1), {"dtype": np.complex128}),
    ("arange", (5,), {}),
    ("arange", (2, 5), {}),
    ("arange", (0.0, 1.0, 0.25), {}),
    ("arange", (5, 2, -1), {"dtype": np.float32}),
    ("linspace", (0.0, 1.0, 5), {}),
    ("linspace", (0, 1), {}),
    ("linspace", (0.0, 1.0, 4, False), {"dtype": np.float32}),
    ("linspace", ([0.0, 1.0], [2.0, 5.0], 3), {}),
    ("linspace", (1.0, 2.0, 0), {}),
    ("linspace", (0.0, 1j, 3), {}),
    ("zeros_like", (np.ones((2, 2), np.float32),), {}),
    ("ones_like", (np.zeros(3, int),), {}),
    ("ones_like", (np.zeros(3, int),), {"dtype": float}),
    ("full_like", (np.zeros(3), 2), {}),
]


@pytest.mark.parametrize("name, args, options", SAME)
def test_values_and_dtypes_are_those_of_numpy(name, args, options):
    y, expected = getattr(ac, name)(*args, **options), getattr(np, name)(*args, **options)
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y.numpy(), expected)
    assert not y.requires_grad


@pytest.mark.parametrize("name, args", [(name, args) for name, args, _ in SAME if name in ("zeros", "eye")])
def test_floats_take_the_default_dtype(name, args):
    with ac.default_dtype("float32"):
        assert getattr(ac, name)(*args[:1]).dtype == np.float32
        assert ac.linspace(0.0, 1.0).dtype == ac.arange(1.0).dtype == ac.full(2, 1.0).dtype == np.float32
        assert ac.arange(3).dtype == ac.full(2, 1).dtype == np.int64
        assert ac.arange(np.float64(1)).dtype == ac.linspace(np.float64(0), np.ones(2)).dtype == np.float64


@pytest.mark.parametrize("num, endpoint", [(1, True), (4, True), (4, False)])
def test_linspace_is_differentiable_in_its_ends(num, endpoint):
    ac.testing.gradcheck(lambda a, b: ac.linspace(a, b, num, endpoint), ([0.5, 2.0], 3.0), order=2)
    a = ac.tensor([0.5, 2.0], requires_grad=True)
    expected = np.linspace([0.5, 2.0], 3.0, num, endpoint)
    np.testing.assert_allclose(ac.linspace(a, 3.0, num, endpoint).numpy(), expected, rtol=1e-15)


def test_linspace_keeps_float32():
    a = ac.tensor(np.float32(0.5), requires_grad=True)
    assert ac.linspace(a, 3.0, 4).dtype == np.float64
    assert ac.linspace(a, np.float32(3.0), 4).dtype == np.float32
    assert ac.linspace(a, 3.0, 4, dtype=np.float32).dtype == np.float32


def test_full_is_differentiable_in_its_value():
    ac.testing.gradcheck(lambda v: ac.full((2, 3), v), [1.0, 2.0, 3.0], order=2)
    ac.testing.gradcheck(lambda v: ac.full_like(np.zeros((2, 3)), v), 1.5, order=2)


def test_a_constant_lies_on_memory_of_its_own():
    value = np.ones(3)
    y = ac.full(3, value)
    value[0] = 5
    np.testing.assert_array_equal(y.numpy(), [1, 1, 1])


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.zeros(-1), ShapeError, "zeros: lengths cannot be negative"),
        (lambda: ac.ones(2.5), ShapeError, "ones: a shape is a whole number or a tuple of them, not 2.5"),
        (lambda: ac.eye(-2), ShapeError, "eye: lengths"),
        (lambda: ac.linspace(0.0, 1.0, -3), ShapeError, "linspace: lengths"),
        (lambda: ac.full((2, 3), [1.0, 2.0]), ShapeError, r"full: a value of shape \(2,\) does not broadcast to \(2, 3\)"),
        (lambda: ac.full(3, ac.tensor([1.0, 2.0], requires_grad=True)), ShapeError, r"\(2,\) and \(3,\) do not broadcast"),
        (lambda: ac.zeros(3, dtype="datetime64[s]"), DTypeError, "zeros: a Tensor holds numbers or booleans"),
        (lambda: ac.arange(ac.tensor(3.0, requires_grad=True)), DTypeError, "arange: a bound requires a gradient"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
