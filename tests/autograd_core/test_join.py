"""Joining, cutting and repeating arrays: NumPy's values, exact derivatives, and work that grows with the elements alone."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.join import Concatenate, Narrow, Place, Split, Stack

X = np.random.default_rng(2).normal(size=(2, 3, 4))
SCALAR = np.array(0.5)

JOINS = [
    ("concatenate", [X, X[:1]], {}),
    ("concatenate", [X, X[:, :0], X[:, 1:]], {"axis": 1}),
    ("concatenate", [X], {"axis": -1}),
    ("concatenate", [X, SCALAR, X[0]], {"axis": None}),
    ("concatenate", X, {}),
    ("stack", [X, -X], {}),
    ("stack", [X, -X, 2 * X], {"axis": -1}),
    ("stack", [X[0], X[1]], {"axis": 1}),
    ("stack", [SCALAR, SCALAR], {}),
    ("stack", X, {"axis": 2}),
    ("hstack", [X, X[:, :1]], {}),
    ("hstack", [X[0, 0], X[0, 1, :2]], {}),
    ("hstack", [SCALAR, SCALAR], {}),
    ("vstack", [X, X[:1]], {}),
    ("vstack", [X[0], X[0, 0]], {}),
    ("vstack", [SCALAR, SCALAR], {}),
    ("dstack", [X, X[:, :, :1]], {}),
    ("dstack", [X[0], X[1]], {}),
    ("dstack", [X[0, 0], X[0, 1]], {}),
    ("dstack", [SCALAR, SCALAR], {}),
    ("column_stack", [X[0], X[0, :, 0]], {}),
    ("column_stack", [SCALAR, SCALAR], {}),
]
CUTS = [
    ("split", (X, 3, 1), {}),
    ("split", (X, 2), {}),
    ("split", (X, [1, 3], -1), {}),
    ("split", (X, [0, 2, 2, 9], 2), {}),
    ("split", (X, (-1,), 1), {}),
    ("split", (X, np.array([2]), 1), {}),
    ("split", (X[:0], 2), {}),
    ("array_split", (X, 3, 2), {}),
    ("array_split", (X, 5, 1), {}),
    ("array_split", (X, [1], 1), {}),
    ("unstack", (X,), {}),
    ("unstack", (X,), {"axis": 1}),
]
REPEATS = [(X, 2, 1), (X, 3, None), (X, [1, 0, 2], 1), (X, np.array([2, 1]), 0), (X, 0, 0), (X, [2], -1), (SCALAR, 2, None)]
JOIN_IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(JOINS)]
CUT_IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(CUTS)]


@pytest.mark.parametrize("name", ["concatenate", "stack", "hstack", "vstack"])
def test_joined_in_another_dtype(name):
    arrays = [X, X.astype(np.float32)]
    for dtype, casting in (("float32", "same_kind"), ("complex64", "same_kind"), ("int64", "unsafe"), (None, "safe")):
        y = getattr(ac, name)(arrays, dtype=dtype, casting=casting)
        expected = getattr(np, name)(arrays, dtype=dtype, casting=casting)
        assert y.dtype == expected.dtype
        np.testing.assert_array_equal(y.numpy(), expected)
    for dtype, casting in (("int64", "same_kind"), ("float32", "safe"), (None, "no")):
        with pytest.raises(DTypeError, match=f"{name}: array . of dtype float.* does not become .* with casting='{casting}'"):
            getattr(ac, name)(arrays, dtype=dtype, casting=casting)
    gradient = ac.grad(lambda x: ac.sum(getattr(ac, name)([x, x], dtype="float32") * 2.0))(X)
    assert gradient.dtype == np.float64
    assert set(gradient.ravel().tolist()) == {4.0}


@pytest.mark.parametrize("name, arrays, options", JOINS, ids=JOIN_IDS)
def test_joined_values_are_those_of_numpy(name, arrays, options):
    y, expected = getattr(ac, name)(arrays, **options), getattr(np, name)(arrays, **options)
    assert y.shape == expected.shape
    np.testing.assert_array_equal(y.numpy(), expected)


@pytest.mark.parametrize("name, arrays, options", JOINS, ids=JOIN_IDS)
def test_derivatives_of_joining(name, arrays, options):
    if isinstance(arrays, list):
        ac.testing.gradcheck(lambda *xs: getattr(ac, name)(xs, **options), tuple(arrays), order=2)
    else:
        ac.testing.gradcheck(lambda x: getattr(ac, name)(x, **options), arrays, order=2)


@pytest.mark.parametrize("name, args, options", CUTS, ids=CUT_IDS)
def test_pieces_are_those_of_numpy(name, args, options):
    pieces, expected = getattr(ac, name)(*args, **options), numpy_pieces(name, *args, **options)
    assert len(pieces) == len(expected)
    for y, e in zip(pieces, expected, strict=True):
        np.testing.assert_array_equal(y.numpy(), e)


def numpy_pieces(name, x, *args, axis=0):
    return list(np.moveaxis(x, axis, 0)) if name == "unstack" else getattr(np, name)(x, *args)


@pytest.mark.parametrize("name, args, options", CUTS, ids=CUT_IDS)
def test_derivatives_of_cutting(name, args, options):
    x, *rest = args
    ac.testing.gradcheck(lambda x: list(getattr(ac, name)(x, *rest, **options)), x, order=2)
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x * x, *rest, **options)[-1], x, order=2)


@pytest.mark.parametrize("x, repeats, axis", REPEATS)
def test_repeat(x, repeats, axis):
    np.testing.assert_array_equal(ac.repeat(x, repeats, axis).numpy(), np.repeat(x, repeats, axis))
    ac.testing.gradcheck(lambda x: ac.repeat(x, repeats, axis), x, order=2)


def test_constants_among_the_joined_get_no_gradient():
    x = ac.tensor([1.0, 2.0], requires_grad=True)
    y = ac.concatenate([[5.0], x, np.array([7.0])])
    y.backward([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 3.0])
    assert y.grad_fn.parents[0] is None


def test_the_same_array_twice_gets_both_gradients():
    x = ac.tensor([1.0, 2.0], requires_grad=True)
    ac.concatenate([x, x]).backward([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(x.grad.numpy(), [4.0, 6.0])


def test_each_input_gets_its_gradient_in_its_own_dtype():
    x, z = ac.tensor(np.ones(2, np.float32), requires_grad=True), ac.tensor(np.ones(2), requires_grad=True)
    for join in (ac.concatenate, ac.stack):
        y = join([x, z])
        assert y.dtype == np.float64
        y.sum().backward()
        assert (x.grad.dtype, z.grad.dtype) == (np.float32, np.float64)
    assert ac.stack([x, x]).dtype == np.float32


@pytest.fixture
def log(monkeypatch):
    """(op, number of inputs) of every joining op that runs, and how many values each rule was handed."""
    ran, handed = [], []

    def watched(kind):
        forward, vjp = kind.forward, kind.vjp

        def counted_forward(self, *xs):
            ran.append((kind, len(xs)))
            return forward(self, *xs)

        def counted_vjp(self, i, g, *saved):
            handed.append(len(saved))
            return vjp(self, i, g, *saved)

        monkeypatch.setattr(kind, "forward", counted_forward)
        monkeypatch.setattr(kind, "vjp", counted_vjp)

    for kind in (Concatenate, Stack, Place):
        watched(kind)
    return ran, handed


def leaves(n):
    return [ac.tensor([float(k), 1.0], requires_grad=True) for k in range(n)]


@pytest.mark.parametrize("join", [ac.concatenate, ac.stack])
def test_joining_a_thousand_arrays_costs_a_thousand_steps(join, log):
    ran, handed = log
    xs = leaves(1000)
    ac.sum(join(xs)).backward()
    assert all((x.grad.numpy() == 1).all() for x in xs)
    assert len(ran) == 1
    assert handed == [0] * 1000


@pytest.mark.parametrize("join", [ac.concatenate, ac.stack])
@pytest.mark.parametrize("every", [1, 3, 999])
def test_the_tangent_of_a_thousand_arrays_is_one_array(join, every, log):
    ran, _ = log
    xs = [np.full(2, float(k)) for k in range(1000)]

    def f(moved):
        return join([moved[k // every] if k % every == 0 else x for k, x in enumerate(xs)])

    moved = ac.stack(xs[::every])
    ran.clear()
    _, t = ac.jvp(lambda m: f(ac.unstack(m)), (moved,), (moved * 10.0,))
    joined = [n for _, n in ran]
    assert len(joined) == 2
    assert joined == [1000, len(xs[::every])]
    expected = np.stack([10 * x if k % every == 0 else 0 * x for k, x in enumerate(xs)])
    np.testing.assert_array_equal(t.numpy().reshape(1000, 2), expected)


def test_pieces_without_a_cotangent_cost_no_zeros(log):
    ran, _ = log
    x = ac.tensor(np.arange(1000.0), requires_grad=True)
    pieces = ac.split(x, 1000)
    (pieces[3] * 2.0 + pieces[7]).backward()
    assert ran == [(Place, 2)]
    np.testing.assert_array_equal(np.flatnonzero(x.grad.numpy()), [3, 7])
    assert x.grad.numpy()[3] == 2.0


def test_pieces_are_one_node_with_many_outputs():
    a, b = ac.split(ac.tensor([1.0, 2.0], requires_grad=True), 2)
    assert a.grad_fn.name == b.grad_fn.name == "part"
    assert a.grad_fn.parents == b.grad_fn.parents
    assert a.grad_fn.parents[0].name == "split"


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: ac.concatenate([]), "concatenate: needs at least one array"),
        (lambda: ac.stack(()), "stack: needs at least one array"),
        (lambda: ac.concatenate([1.0, 2.0]), "concatenate: a 0-d array has no axis to join along. Use stack"),
        (lambda: ac.concatenate([X, X[0]]), r"shape \(3, 4\) of array 1 does not fit to \(2, 3, 4\) of array 0 along axis 0"),
        (lambda: ac.concatenate([X, X[:, :1]]), r"shape \(2, 1, 4\) of array 1 does not fit"),
        (lambda: ac.concatenate([X, X], axis=3), "concatenate: axis 3 is out of range"),
        (lambda: ac.stack([X, X[:1]]), r"stack: all arrays must have one shape; array 1 has \(1, 3, 4\), array 0 has"),
        (lambda: ac.stack([X[0], X[0].T]), r"array 1 has \(4, 3\), array 0 has \(3, 4\)"),
        (lambda: ac.stack([X, X], axis=4), "stack: axis 4 is out of range for 4 axes"),
        (lambda: ac.split(X, 2, 1), "split: 3 elements along axis 1 give no 2 equal parts. Use array_split"),
        (lambda: ac.split(X, 0), "split: 2 elements along axis 0 give no 0 equal parts"),
        (lambda: ac.split(X, [2, 1], 2), r"split: the indices \[2, 1\] must not decrease"),
        (lambda: ac.array_split(X, 0), "array_split: the number of sections must be positive; given 0"),
        (lambda: ac.unstack(1.0), "unstack: axis 0 is out of range"),
        (lambda: ac.repeat(X, [1, 2], 1), r"repeat: 2 numbers for axis 1 of shape \(2, 3, 4\); give one, or one for each"),
        (lambda: ac.repeat(X, -1), "repeat: numbers of repetitions cannot be negative"),
        (lambda: Narrow(0, 1, 3).shape(X.shape), "narrow: 1:3 does not lie within axis 0"),
        (lambda: Place(0, ((0, 2), (2, 3)), 4).shape((2, 3), (2, 3)), r"place: .* shape \(2, 3\) where \(1, 3\) is needed"),
        (lambda: Split(0, (1, 2)).shape((2, 3)), r"split: sizes \(1, 2\) do not add up to 2, axis 0 of \(2, 3\)"),
    ],
)
def test_what_does_not_fit_is_refused(call, text):
    with pytest.raises(ShapeError, match=text):
        call()


def test_the_shape_rules_tell_the_shapes():
    assert Concatenate(1, (3, 1)).shape((2, 3), (2, 1)) == (2, 4)
    assert Stack(1, 2).shape((3, 4), (3, 4)) == (3, 2, 4)
    assert Split(1, (1, 2)).shape((2, 3)) == ((2, 1), (2, 2))
    assert Place(1, ((1, 3), (4, 5)), 6).shape((2, 2), (2, 1)) == (2, 6)
    assert Narrow(1, 1, 3).shape((2, 4)) == (2, 2)
