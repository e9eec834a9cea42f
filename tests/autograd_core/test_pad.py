"""pad: NumPy's values in every mode and width, exact derivatives, also by the values that are put around."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

rng = np.random.default_rng(3)
X = rng.normal(size=(3, 4))
LINE = np.array([1.0, 4.0, 2.0, 8.0])
MODES = ["constant", "edge", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap"]
SMOOTH = [mode for mode in MODES if mode not in ("maximum", "median", "minimum")]
OPTIONS = [
    ("constant", {"constant_values": 3.0}),
    ("constant", {"constant_values": (1, 2)}),
    ("constant", {"constant_values": [[1.0], [2.0]]}),
    ("constant", {"constant_values": [(1.0, 2.0), (3.0, 4.0)]}),
    ("linear_ramp", {"end_values": 5.0}),
    ("linear_ramp", {"end_values": ((-1.0, 2.0), (3.0, -4.0))}),
    ("maximum", {"stat_length": 2}),
    ("mean", {"stat_length": (1, 3)}),
    ("median", {"stat_length": ((1, 2), (2, 3))}),
    ("minimum", {"stat_length": 100}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {"reflect_type": "odd"}),
    ("symmetric", {"reflect_type": "even"}),
]
WIDTHS = [0, 2, (1, 3), ((2, 0), (0, 1)), ((1,), (2,)), ((5, 9), (13, 4)), {-1: 2}, {0: (1, 2), 1: 3}, np.array([[1, 2]])]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.float16, np.complex64])
def test_values_are_those_of_numpy(mode, dtype):
    x = (10 * X).astype(dtype)
    tolerance = 20 * np.finfo(dtype).eps if np.dtype(dtype).kind in "fc" else 0
    for width in WIDTHS:
        y, expected = ac.pad(x, width, mode), padded(x, width, mode)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=tolerance, atol=10 * tolerance)


def padded(x, width, mode):
    """NumPy's values; its older versions take no dict."""
    if isinstance(width, dict):
        pairs = {a % 2: np.broadcast_to(w, 2) for a, w in width.items()}
        width = [pairs.get(a, (0, 0)) for a in (0, 1)]
    return np.pad(x, width, mode)


@pytest.mark.parametrize("mode, options", OPTIONS, ids=str)
@pytest.mark.parametrize("width", [2, ((5, 9), (13, 4)), (0, 3)], ids=str)
def test_options_mean_what_they_mean_in_numpy(mode, options, width):
    for x in (X, np.array((100 * X).astype(int))):
        y, expected = ac.pad(x, width, mode, **options), np.pad(x, width, mode, **options)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13, atol=1e-13)


def test_random_widths_and_shapes():
    for _ in range(150):
        shape = tuple(rng.integers(1, 5, rng.integers(1, 4)))
        width = [tuple(map(int, rng.integers(0, 9, 2))) for _ in shape]
        mode, odd = str(rng.choice(MODES)), rng.random() < 0.5
        options = {"reflect_type": "odd"} if odd and mode in ("reflect", "symmetric") else {}
        x = rng.normal(size=shape)
        np.testing.assert_allclose(ac.pad(x, width, mode, **options).numpy(), np.pad(x, width, mode, **options), atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_derivatives(mode):
    for x, width in ((X[:2, :3], ((2, 1), (0, 3))), (LINE, (5, 9))):
        ac.testing.gradcheck(lambda x, width=width: ac.pad(x, width, mode), x, order=2)


@pytest.mark.parametrize("mode", SMOOTH)
def test_derivatives_of_complex_arrays(mode):
    ac.testing.gradcheck(lambda x: ac.pad(x, (2, 3), mode), LINE + 1j * LINE[::-1], order=2)


@pytest.mark.parametrize("mode, options", OPTIONS, ids=str)
def test_derivatives_with_options(mode, options):
    ac.testing.gradcheck(lambda x: ac.pad(x, ((1, 4), (2, 1)), mode, **options), X[:2, :3], order=2)


def test_the_values_around_have_derivatives_too():
    ac.testing.gradcheck(lambda x, c: ac.pad(x, 2, constant_values=c), (LINE, 0.5), order=2)
    ac.testing.gradcheck(lambda x, c, d: ac.pad(x, 1, constant_values=((c, 2.0), (d, c))), (X[:2, :2], 0.5, 1.5), order=2)
    ac.testing.gradcheck(lambda x, c: ac.pad(x, (1, 2), "linear_ramp", end_values=(c, 3.0 * c)), (LINE, 0.5), order=2)
    c = ac.tensor([1.0, 2.0], requires_grad=True)
    ac.sum(ac.pad(np.zeros((2, 2)), 1, constant_values=c)).backward()
    np.testing.assert_array_equal(c.grad.numpy(), [6.0, 6.0])  # of 12 new elements, 6 before and 6 behind


@pytest.mark.parametrize("mode, times", [("edge", [4, 1, 1, 3]), ("wrap", [2, 3, 2, 2]), ("reflect", [1, 3, 3, 2])])
def test_a_gradient_counts_how_often_an_element_was_used(mode, times):
    x = ac.tensor(LINE, requires_grad=True)
    ac.sum(ac.pad(x, (3, 2), mode)).backward()
    np.testing.assert_array_equal(x.grad.numpy(), times)


@pytest.mark.parametrize("mode", ["maximum", "minimum"])
def test_a_tie_shares_the_gradient(mode):
    x = ac.tensor([1.0, 1.0], requires_grad=True)
    ac.sum(ac.pad(x, (4, 0), mode)).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3.0, 3.0])


def test_what_is_not_finite_stays_where_it_is():
    x = np.array([1.0, np.nan, 2.0, np.inf, 3.0])
    for mode in ("constant", "edge", "reflect", "symmetric", "wrap"):
        np.testing.assert_array_equal(ac.pad(x, (2, 1), mode).numpy(), np.pad(x, (2, 1), mode))
    y = ac.pad(x, 3, "reflect", reflect_type="odd").numpy()
    np.testing.assert_array_equal(y, np.pad(x, 3, "reflect", reflect_type="odd"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_the_dtype_stays(mode, dtype):
    x = ac.tensor(LINE, dtype=dtype, requires_grad=True)
    y = ac.pad(x, (1, 2), mode)
    y.backward(np.ones(y.shape, dtype))
    assert y.dtype == x.grad.dtype == dtype


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_is_padded_as_one_by_one(mode):
    batch = rng.normal(size=(3, 3, 4))
    expected = np.stack([np.pad(x, ((1, 5), (2, 0)), mode) for x in batch])
    np.testing.assert_allclose(ac.vmap(lambda x: ac.pad(x, ((1, 5), (2, 0)), mode))(batch).numpy(), expected, atol=1e-13)


def test_edges():
    assert ac.pad(2.5, 3).shape == ()
    np.testing.assert_array_equal(ac.pad(np.zeros((0, 2)), 1, constant_values=1.0).numpy(), np.ones((2, 4)))
    assert ac.pad(np.zeros((0, 2)), ((0, 0), (1, 1)), "edge").shape == (0, 4)
    assert ac.pad(np.array([True, False]), 1, "wrap").dtype == bool
    np.testing.assert_array_equal(ac.pad([5.0], 2, "reflect", reflect_type="odd").numpy(), [5.0] * 5)
    np.testing.assert_array_equal(np.pad(ac.tensor([1.0]), 1).numpy(), [0.0, 1.0, 0.0])


def test_beside_pytorch():
    torch = pytest.importorskip("torch")
    x = rng.normal(size=(2, 3, 5, 6))
    for mode, theirs in (("constant", "constant"), ("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):
        ours, other = ac.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        y = ac.pad(ours, ((0, 0), (0, 0), (1, 2), (3, 4)), mode)
        z = torch.nn.functional.pad(other, (3, 4, 1, 2), mode=theirs)
        g = rng.normal(size=y.shape)
        y.backward(g)
        z.backward(torch.tensor(g))
        np.testing.assert_allclose(y.numpy(), z.detach().numpy())
        np.testing.assert_allclose(ours.grad.numpy(), other.grad.numpy(), rtol=1e-13, atol=1e-13)


LEAF = ac.tensor(0.5, requires_grad=True)
REFUSED = [
    (lambda: ac.pad(X, -1), ShapeError, "pad_width cannot be negative; given -1. To cut an array, index it"),
    (lambda: ac.pad(X, 1.5), DTypeError, "pad_width holds whole numbers, not 1.5"),
    (lambda: ac.pad(X, ((1, 1),) * 3), ShapeError, r"values of shape \(3, 2\) for 2 axes: one, a pair, or a pair for each"),
    (lambda: ac.pad(X, {2: 1}), ShapeError, "pad: axis 2 is out of range"),
    (lambda: ac.pad(X, 1, "sideways"), ValueError, "there is no mode 'sideways', but constant, edge"),
    (lambda: ac.pad(X, 1, "empty"), ValueError, "mode 'empty' leaves the new elements undefined"),
    (lambda: ac.pad(X, 1, lambda *_: None), TypeError, "a function as mode writes into arrays, and has no derivative"),
    (lambda: ac.pad(X, 1, "edge", constant_values=1.0), ValueError, "mode 'edge' has no use for constant_values$"),
    (lambda: ac.pad(X, 1, "mean", end_values=1), ValueError, "'mean' has no use for end_values, only for stat_length"),
    (lambda: ac.pad(X, 1, "reflect", reflect_type="strange"), ValueError, "reflect_type is 'even' or 'odd', not 'strange'"),
    (lambda: ac.pad(X, 1, "maximum", stat_length=0), ShapeError, "stat_length must be at least 1"),
    (lambda: ac.pad(X, 1, "mean", stat_length=-1), ShapeError, "stat_length cannot be negative"),
    (lambda: ac.pad(X, 1, constant_values=[1, 2, 3]), ShapeError, r"values of shape \(3,\) for 2 axes"),
    (lambda: ac.pad(X[:0], 1, "wrap"), ShapeError, r"axis 0 of shape \(0, 4\) has no elements for mode 'wrap'. Use 'constant'"),
    (lambda: ac.pad([1, 2], 1, constant_values=LEAF), DTypeError, "would lose its gradient in an array of dtype int64"),
    (lambda: ac.pad([1, 2], 1, "linear_ramp", end_values=LEAF), DTypeError, "would lose its gradient"),
    (lambda: ac.pad(X, 1, constant_values=1j), DTypeError, "would lose its imaginary part"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
