"""Pooling: values, places, counts and derivatives as PyTorch; ties, NaN and padding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.pooling import MaxPlace, MaxPool, SpreadPool, SumPool
from autograd_core.ops.unfold import Window
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)
MAX = {n: getattr(ac, f"max_pool{n}d") for n in (1, 2, 3)}
AVG = {n: getattr(ac, f"avg_pool{n}d") for n in (1, 2, 3)}


def real(*shape):
    return RNG.normal(size=shape)


# -- drawn pools, beside PyTorch ---------------------------------------------------------------------------------


@st.composite
def pools(draw, kind):
    """(n, x, options) of a pooling; x has ties, and maybe NaN."""
    n = draw(st.integers(1, 3))
    several = lambda low, high: draw(st.tuples(*(st.integers(low, high) for _ in range(n))))
    kernel, lengths = several(1, 4), several(1, 7)
    options = {"kernel_size": kernel, "stride": draw(st.sampled_from([None, several(1, 3)])), "ceil_mode": draw(st.booleans())}
    options["padding"] = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    if kind == "max":
        options["dilation"] = several(1, 2)
    else:
        options["count_include_pad"] = draw(st.booleans())
        if n > 1:
            options["divisor_override"] = draw(st.sampled_from([None, 3, -2]))
    shape = draw(st.sampled_from([(2,), (1, 2), (2, 1)]))
    x = RNG.integers(0, 4, (*shape, *lengths)).astype(float) if draw(st.booleans()) else real(*shape, *lengths)
    if draw(st.booleans()):
        x[RNG.random(x.shape) < 0.1] = draw(st.sampled_from([np.nan, -np.inf]))
    return n, x, options


def both(kind, drawn):
    """The results of PyTorch and here, and the two leaves; the draw is left out if PyTorch refuses it or finds nothing."""
    torch = pytest.importorskip("torch")
    n, x, options = drawn
    leaf, theirs = ac.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    try:
        w = getattr(torch.nn.functional, f"{kind}_pool{n}d")(theirs, **options)
    except RuntimeError:
        assume(False)
    try:
        y = getattr(ac, f"{kind}_pool{n}d")(leaf, **options)
    except ShapeError as error:
        assume("nothing but padding" not in str(error))
        raise
    return y, w, leaf, theirs


def equal_gradients(y, w, leaf, theirs):
    torch = pytest.importorskip("torch")
    g = real(*y.shape)
    (expected,) = torch.autograd.grad(w, theirs, torch.tensor(g))
    np.testing.assert_allclose(ac.gradients(y, [leaf], g)[0].numpy(), expected.numpy(), atol=1e-14)


@given(pools("max"))
def test_largest_numbers_places_and_gradients_are_those_of_pytorch(drawn):
    drawn[2]["return_indices"] = True
    (y, place), (w, index), *leaves = both("max", drawn)
    np.testing.assert_array_equal(y.numpy(), w.detach().numpy())
    np.testing.assert_array_equal(place.numpy(), index.numpy())
    assert not place.requires_grad
    equal_gradients(y, w, *leaves)


@given(pools("avg"))
def test_means_and_gradients_are_those_of_pytorch(drawn):
    y, w, *leaves = both("avg", drawn)
    np.testing.assert_allclose(y.numpy(), w.detach().numpy(), atol=1e-14)
    if np.isfinite(drawn[1]).all():
        equal_gradients(y, w, *leaves)


# -- known values ----------------------------------------------------------------------------------------------


def test_windows_lie_side_by_side_without_a_stride():
    x = np.arange(7.0)[None]
    assert ac.max_pool1d(x, 3).numpy().tolist() == [[2, 5]]
    assert ac.avg_pool1d(x, 3).numpy().tolist() == [[1, 4]]
    assert ac.max_pool1d(x, 3, ceil_mode=True).numpy().tolist() == [[2, 5, 6]]
    assert ac.avg_pool1d(x, 3, ceil_mode=True).numpy().tolist() == [[1, 4, 6]]


def test_a_last_window_that_starts_behind_the_end_is_left_out():
    x = np.arange(1.0, 4.0)[None]
    assert ac.max_pool1d(x, 2, 3, 1, ceil_mode=True).numpy().tolist() == [[1, 3]]
    assert ac.max_pool1d(x[:, :2], 2, 3, 1, ceil_mode=True).numpy().tolist() == [[1]]
    assert ac.max_pool1d(x[:, :1], 1, 2, 0, ceil_mode=True).numpy().tolist() == [[1]]


def test_what_the_mean_divides_by():
    x = np.array([[2.0, 4.0, 6.0]])
    assert ac.avg_pool1d(x, 2, 2, 1).numpy().tolist() == [[1, 5]]
    assert ac.avg_pool1d(x, 2, 2, 1, count_include_pad=False).numpy().tolist() == [[2, 5]]
    assert ac.avg_pool1d(x, 2, 2, 1, divisor_override=4).numpy().tolist() == [[0.5, 2.5]]
    ones = ac.avg_pool2d(np.ones((1, 9, 9)), 7, 1, 3, count_include_pad=False)
    assert (ones.numpy() == 1).all()


def test_a_tie_belongs_to_the_first():
    x = ac.tensor(np.zeros((1, 4, 4)), requires_grad=True)
    y, place = ac.max_pool2d(x, 2, return_indices=True)
    ac.sum(y * np.arange(1.0, 5).reshape(1, 2, 2)).backward()
    assert x.grad.numpy()[0].tolist() == [[1, 0, 2, 0], [0] * 4, [3, 0, 4, 0], [0] * 4]
    assert place.numpy()[0].tolist() == [[0, 2], [8, 10]]


def test_nan_is_the_largest_and_the_last_one_has_the_gradient():
    x = ac.tensor([[np.nan, 5.0, np.nan, 1.0]], requires_grad=True)
    y, place = ac.max_pool1d(x, 4, return_indices=True)
    y.backward([[3.0]])
    assert np.isnan(y.item())
    assert (place.item(), x.grad.numpy().tolist()) == (2, [[0, 0, 3, 0]])


def test_padding_is_never_the_largest():
    x = ac.tensor(np.full((1, 3), -np.inf), requires_grad=True)
    y, place = ac.max_pool1d(x, 3, 1, 1, return_indices=True)
    ac.sum(y).backward()
    assert place.numpy().tolist() == [[0, 0, 1]]
    assert x.grad.numpy().tolist() == [[2, 1, 0]]


def test_overlapping_windows_add_up():
    x = ac.tensor([[1.0, 3.0, 2.0]], requires_grad=True)
    ac.sum(ac.max_pool1d(x, 2, 1)).backward()
    assert x.grad.numpy().tolist() == [[0, 2, 0]]


@pytest.mark.parametrize("size", [2, 16, 40])
def test_places_in_large_windows(size):
    """The score that marks the first of a tie needs more than a byte where a window has more than 127 elements."""
    x = RNG.integers(0, 3, (2, size, size)).astype(float)
    place = ac.max_pool2d(x, size, return_indices=True)[1].numpy()
    assert place.ravel().tolist() == [int(np.argmax(each)) for each in x]
    x[:, size // 2, 0] = x[:, 0, size // 2] = np.nan
    place = ac.max_pool2d(x, size, return_indices=True)[1].numpy()
    assert place.ravel().tolist() == [size // 2 * size] * 2


# -- derivatives -----------------------------------------------------------------------------------------------

OPTIONS = [
    (1, (2, 2, 6), (2,)),
    (1, (1, 7), (3, 2, 1)),
    (2, (1, 2, 4, 5), (2, 1)),
    (2, (1, 4, 4), ((3, 2), (1, 2), (1, 0))),
    (3, (1, 1, 3, 2, 4), ((1, 2, 2), 1)),
]


@pytest.mark.parametrize("n, shape, options", OPTIONS)
def test_derivatives_in_all_modes(n, shape, options):
    x = RNG.permutation(np.prod(shape)).reshape(shape) / 5.0
    assert gradcheck(lambda x: MAX[n](x, *options) ** 2, x, order=2)
    assert gradcheck(lambda x: AVG[n](x, *options), x, order=2)
    assert gradcheck(lambda x: AVG[n](x, *options, count_include_pad=False), x + 1j * x[::-1], order=2)


def test_dilated_and_rounded_up():
    x = RNG.permutation(14).reshape(2, 7) / 3.0
    assert gradcheck(lambda x: ac.max_pool1d(x, 2, 2, 1, 3, True), x, order=2)
    assert gradcheck(lambda x: ac.avg_pool1d(x, 3, 2, 1, True), x, order=2)


def test_third_derivatives():
    x = RNG.permutation(6).reshape(1, 6) / 3.0
    assert gradcheck(lambda x: ac.exp(ac.max_pool1d(x, 2)) + ac.exp(ac.avg_pool1d(x, 2)), x, order=3)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_sums_and_spreads_are_each_others_transpose(stride):
    window = Window((5, 4), (3, 2), (stride, 1), ((1, 2), (0, 1)), (1, 2))
    x, y = real(2, 5, 4), real(2, *window.out)
    np.testing.assert_allclose(np.vdot(SumPool(window)(x), y), np.vdot(x, SpreadPool(window)(y)), rtol=1e-12)


# -- dtypes and edges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_the_precision_stays(dtype):
    for f in (ac.max_pool1d, ac.avg_pool1d):
        x = ac.tensor(real(1, 6), dtype=dtype, requires_grad=True)
        y = f(x, 2)
        ac.sum(y * y).backward()
        assert y.dtype == x.grad.dtype == dtype


def test_half_precision_is_summed_in_single():
    assert ac.avg_pool1d(np.full((1, 4096), 60000.0, np.float16), 4096).item() == 60000.0


def test_integers():
    x = np.array([[3, -1, 2, 7]])
    y = ac.max_pool1d(x, 3, 1, 1)
    assert y.dtype == int
    assert y.numpy().tolist() == [[3, 3, 7, 7]]
    assert ac.max_pool1d(-x.astype(np.int8), 2).numpy().tolist() == [[1, -2]]
    assert ac.max_pool1d(x > 2, 2).numpy().tolist() == [[True, True]]
    mean = ac.avg_pool1d(x, 2)
    assert mean.dtype == float
    assert mean.numpy().tolist() == [[1, 4.5]]


@pytest.mark.parametrize("f", [ac.max_pool1d, ac.avg_pool1d])
@pytest.mark.parametrize("shape", [(0, 2, 4), (2, 0, 4)])
def test_nothing_gives_nothing(f, shape):
    y, pull = ac.vjp(lambda x: f(x, 2), real(*shape))
    assert y.shape == (*shape[:2], 2)
    assert pull(y)[0].shape == shape


def test_memory_may_lie_anyhow():
    x = real(6, 5, 2)[::-1].transpose(2, 1, 0)
    np.testing.assert_array_equal(ac.max_pool2d(x, 2).numpy(), ac.max_pool2d(x.copy(), 2).numpy())
    x.flags.writeable = False
    np.testing.assert_allclose(ac.avg_pool2d(x, 2).numpy(), x[:, :4].reshape(2, 2, 2, 3, 2).mean((2, 4)), atol=1e-15)


def test_vmap_gives_what_a_loop_gives():
    xs = RNG.permutation(40).reshape(2, 2, 10) / 3.0
    gradient = ac.grad(lambda x: ac.sum(ac.max_pool1d(x, 3, 2) ** 2))
    for f in (lambda x: ac.max_pool1d(x, 3, 2), lambda x: ac.avg_pool1d(x, 3, 2, 1), gradient):
        np.testing.assert_allclose(ac.vmap(f)(xs).numpy(), np.stack([f(x).numpy() for x in xs]), atol=1e-14)


def test_places_of_a_batch_beside_one_example():
    """`batched` with the largest numbers of one example for all; what is not there has the place of the corner."""
    window = Window((4,), (2,), (2,), ((0, 0),), (1,))
    x = np.array([[1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 0.0, 0.0]])
    y = MaxPool(window)(x[0])
    found = MaxPlace(window).batched((True, False), x, y)
    np.testing.assert_array_equal(found, [MaxPlace(window)(each, y) for each in x])
    assert found.tolist() == [[1, 3], [0, 2]]


# -- errors ----------------------------------------------------------------------------------------------------

X = np.ones((2, 6))


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.max_pool1d(X, 7), ShapeError, r"max_pool1d: the kernel \(7,\) .* has \(6,\) with its padding"),
        (lambda: ac.avg_pool1d(X, 7), ShapeError, "avg_pool1d: the kernel"),
        (lambda: ac.max_pool1d(X, 3, padding=2), ShapeError, r"the padding \(2,\) must be at most half .* \(3,\) spans, \[3\]"),
        (lambda: ac.avg_pool1d(X, 2, padding=-1), ShapeError, "padding must be .* not less than 0"),
        (lambda: ac.max_pool1d(X, 0), ShapeError, "kernel_size must be .* not less than 1; given 0"),
        (lambda: ac.max_pool1d(X, 2, 0), ShapeError, "stride must be .* not less than 1; given 0"),
        (lambda: ac.max_pool1d(X, 2, dilation=0), ShapeError, "dilation must be .* given 0"),
        (lambda: ac.max_pool2d(X, 2), ShapeError, r"max_pool2d: needs .* given shape \(2, 6\)"),
        (lambda: ac.avg_pool1d(X, (2, 2)), ShapeError, "or 1 for 1 axes"),
        (lambda: ac.avg_pool1d(X, "two"), ShapeError, "kernel_size is a whole number, .* not 'two'"),
        (lambda: ac.max_pool1d(X[:, :1], 2, 1, 2, 4), ShapeError, "shows nothing but padding"),
        (lambda: ac.max_pool1d(X[:, :0], 2, 1, 1), ShapeError, "shows nothing but padding"),
        (lambda: ac.max_pool1d(X * 1j, 2), DTypeError, r"complex numbers \(complex128\) have no largest one"),
        (lambda: ac.avg_pool2d(X[None], 2, divisor_override=0), ValueError, "divisor_override must not be zero"),
        (lambda: ac.avg_pool1d([["a"]], 1), DTypeError, "holds numbers or booleans"),
        (lambda: MaxPlace(Window((4,), (2,), (2,), ((0, 0),), (1,))).shape((4,), (3,)), ShapeError, r"\(2,\), not \(3,\)"),
    ],
)
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
