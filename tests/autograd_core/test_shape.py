"""Ops that move elements: values are NumPy's, derivatives are those of a linear map, to second order in both modes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import MutationError, ShapeError

X = np.random.default_rng(1).normal(size=(2, 3, 4))
SCALAR, EMPTY, ONE = np.array(0.5), np.zeros((0, 3)), np.array([[0.5]])

SAME = [
    ("reshape", (X, (4, 6)), {}),
    ("reshape", (X, (-1, 2)), {}),
    ("reshape", (X, 24), {}),
    ("reshape", (X, [3, -1, 2]), {"order": "F"}),
    ("reshape", (SCALAR, (1, 1)), {}),
    ("reshape", (ONE, ()), {}),
    ("reshape", (EMPTY, (3, 0, 2)), {}),
    ("reshape", (EMPTY, (-1, 3)), {}),
    ("ravel", (X,), {}),
    ("ravel", (X,), {"order": "F"}),
    ("ravel", (SCALAR,), {}),
    ("ravel", (EMPTY,), {}),
    ("transpose", (X,), {}),
    ("transpose", (X, (1, 2, 0)), {}),
    ("transpose", (X, (-1, 0, 1)), {}),
    ("transpose", (SCALAR,), {}),
    ("transpose", (EMPTY,), {}),
    ("swapaxes", (X, 0, -1), {}),
    ("swapaxes", (X, 1, 1), {}),
    ("moveaxis", (X, 0, -1), {}),
    ("moveaxis", (X, (0, 1), (-1, 0)), {}),
    ("moveaxis", (X, (0, 1), (1, 0)), {}),
    ("matrix_transpose", (X,), {}),
    ("squeeze", (X[:1, :, :1],), {}),
    ("squeeze", (X[:1, :, :1], 0), {}),
    ("squeeze", (X[:1, :, :1], (0, -1)), {}),
    ("squeeze", (SCALAR,), {}),
    ("expand_dims", (X, -1), {}),
    ("expand_dims", (X, (0, 2, -1)), {}),
    ("expand_dims", (SCALAR, 0), {}),
    ("broadcast_to", (X[:, :1], (2, 2, 5, 4)), {}),
    ("broadcast_to", (SCALAR, 3), {}),
    ("broadcast_to", (ONE, (0, 1)), {}),
    ("flip", (X,), {}),
    ("flip", (X, 1), {}),
    ("flip", (X, (0, -1)), {}),
    ("flip", (SCALAR,), {}),
    ("roll", (X, 3), {}),
    ("roll", (X, -1, 1), {}),
    ("roll", (X, (1, 2), (0, 2)), {}),
    ("roll", (X, 1, (0, 1)), {}),
    ("roll", (X, (1, 2), (1, 1)), {}),
    ("roll", (X, (1, 2), 1), {}),
    ("roll", (SCALAR, 1), {}),
    ("roll", (EMPTY, 1), {}),
    ("tile", (X, 2), {}),
    ("tile", (X, (2, 1, 1, 3)), {}),
    ("tile", (X, (0, 1)), {}),
    ("tile", (SCALAR, (2, 2)), {}),
]
IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(SAME)]


@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_values_are_those_of_numpy(name, args, options):
    y, expected = getattr(ac, name)(*args, **options), getattr(np, name)(*args, **options)
    assert y.shape == expected.shape
    np.testing.assert_array_equal(y.numpy(), expected)


@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_derivatives(name, args, options):
    x, *rest = args
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, *rest, **options), x, order=2)


@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_a_cotangent_goes_back_to_where_the_element_came_from(name, args, options):
    """The exact gradient: the elements are numbered, and each number comes back as often as it was used."""
    x, *rest = args
    leaf = ac.tensor(np.arange(1.0, x.size + 1).reshape(x.shape), requires_grad=True)
    y = getattr(ac, name)(leaf, *rest, **options)
    y.backward(y.detach())
    times = np.bincount(y.numpy().astype(int).ravel(), minlength=x.size + 1)[1:].reshape(x.shape)
    np.testing.assert_array_equal(leaf.grad.numpy(), leaf.numpy() * times)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_the_dtype_stays(name, args, options, dtype):
    leaf = ac.tensor(args[0], dtype=dtype, requires_grad=True)
    y = getattr(ac, name)(leaf, *args[1:], **options)
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == leaf.grad.dtype == dtype


def test_integers_stay_constants():
    y = ac.reshape(ac.tensor([1, 2]), (2, 1))
    assert y.dtype == np.int64
    assert not y.requires_grad


def test_arrays_broadcast_together():
    y, z = ac.broadcast_arrays(X[:, :1], 2.0)
    assert y.shape == z.shape == (2, 1, 4)
    ac.testing.gradcheck(ac.broadcast_arrays, (X[:1], X[:, :, :1], 1.0), order=2)
    with pytest.raises(ShapeError, match=r"broadcast_arrays: shapes \(2,\) and \(3,\) do not broadcast"):
        ac.broadcast_arrays(np.ones(2), np.ones(3))


@pytest.mark.parametrize("call", [lambda x: ac.reshape(x, (3, 2)), ac.transpose, lambda x: ac.flip(x, 0), ac.squeeze])
def test_a_view_of_a_leaf_notices_writes(call):
    x = ac.tensor(np.ones((2, 3)), requires_grad=True)
    y = call(x)
    loss = ac.sum(y * y)
    x.data.copy_(2.0)
    with pytest.raises(MutationError, match="changed in place"):
        loss.backward()


def test_a_view_of_a_constant_is_copied_where_a_graph_saves_it():
    x, w = ac.tensor(np.ones((2, 3))), ac.tensor(3.0, requires_grad=True)
    x.copy_(1.0)
    loss = ac.sum(ac.reshape(x, 6) * w)
    x.copy_(5.0)
    loss.backward()
    assert w.grad.item() == 6.0


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda x: ac.reshape(x, (5, 5)), r"reshape: shape \(2, 3, 4\) does not go into \(5, 5\): 24 elements do not fill 25"),
        (lambda x: ac.reshape(x, (-1, 5)), r"reshape: shape \(2, 3, 4\) with 24 elements does not go into \(-1, 5\)"),
        (lambda x: ac.reshape(x, (-1, -1)), "-1 may stand once"),
        (lambda x: ac.reshape(x[:0], (-1, 0)), "reshape: .* with 0 elements does not go into"),
        (lambda x: ac.reshape(x, (-2, -12)), "reshape: .*negative"),
        (lambda x: ac.reshape(x, 2.5), "reshape: a shape is a whole number or a tuple of them, not 2.5"),
        (lambda x: ac.transpose(x, (0, 1)), r"transpose: axes \(0, 1\) must name each axis of shape \(2, 3, 4\) once"),
        (lambda x: ac.transpose(x, (0, 1, 1)), "names an axis twice"),
        (lambda x: ac.swapaxes(x, 0, 3), "swapaxes: axis 3 is out of range for 3 axes, numbered -3 to 2"),
        (lambda x: ac.moveaxis(x, (0, 1), 0), "must name equally many axes"),
        (lambda x: ac.moveaxis(x, 1.5, 0), "moveaxis: an axis is a whole number or a tuple of them, not 1.5"),
        (lambda x: ac.matrix_transpose(x[0, 0]), r"needs at least two axes; given shape \(4,\)"),
        (lambda x: ac.squeeze(x, 1), r"squeeze: axis 1 of shape \(2, 3, 4\) is not of length 1"),
        (lambda x: ac.expand_dims(x, 5), "expand_dims: axis 5 is out of range for 4 axes"),
        (lambda x: ac.broadcast_to(x, (2, 3, 5)), r"broadcast_to: shapes \(2, 3, 4\) and \(2, 3, 5\) do not broadcast"),
        (lambda x: ac.broadcast_to(x, (3, 4)), r"broadcast_to: shape \(2, 3, 4\) does not broadcast to \(3, 4\)"),
        (lambda x: ac.flip(x, 7), "flip: axis 7 is out of range"),
        (lambda x: ac.roll(x, (1, 2, 3), (0, 1)), "roll: 3 shifts for 2 axes; give one for all, or one for each"),
        (lambda x: ac.tile(x, -1), "tile: numbers of repetitions cannot be negative"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises(ShapeError, match=text):
        call(ac.tensor(X))


@pytest.mark.parametrize("name, args, options", SAME, ids=IDS)
def test_the_shape_rule_of_every_node_tells_the_shape(name, args, options):
    x, *rest = args
    node = getattr(ac, name)(ac.tensor(x, requires_grad=True), *rest, **options).grad_fn
    while node is not None and node.op is not None:
        (parent,) = node.parents
        assert node.op.shape(parent.shape) == node.shape
        assert replace(node.op) == node.op
        node = parent


def layouts():
    """Arrays that lie in memory in many ways: permuted, reversed, with gaps, repeated along axes, without elements."""
    base = np.arange(24.0).reshape(2, 3, 4)
    steps = [slice(None), slice(None, None, -1), slice(None, None, 2)]
    yield from (base.transpose(axes)[s] for axes in permutations(range(3)) for s in product(steps, repeat=3))
    row = np.arange(3.0)
    yield from (np.broadcast_to(row, (2, 3)), np.broadcast_to(row[:, None], (3, 2)), np.zeros((0, 3)), np.array(3.0))
    yield from (np.broadcast_to(row[:, None, None], (3, 2, 2)).T, np.broadcast_to(row[None, :, None], (3, 3, 2)).T)


@pytest.mark.parametrize("order", "CFAK")
def test_elements_in_the_order_of_memory(order):
    for a in layouts():
        x = ac.as_tensor(a)
        np.testing.assert_array_equal(ac.ravel(x, order).numpy(), a.ravel(order))
        np.testing.assert_array_equal(x.flatten(order).numpy(), a.flatten(order))
        if order != "K":
            target = (a.size // 2, 2) if a.size % 2 == 0 else a.size
            np.testing.assert_array_equal(ac.reshape(x, target, order).numpy(), a.reshape(target, order=order))
    numbers = ac.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)
    gradient = ac.grad(lambda x: ac.sum(ac.ravel(x, order) * np.arange(24.0)))(numbers)
    assert gradient.ravel(order).tolist() == list(range(24))


def test_an_order_that_is_none():
    for call in (lambda: ac.reshape(X, 24, order="K"), lambda: ac.ravel(X, "B")):
        with pytest.raises(ValueError, match="reshape: order must be 'C', 'F' or 'A', not"):
            call()
