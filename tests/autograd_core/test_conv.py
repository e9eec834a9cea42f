"""Convolutions and transposed convolutions: values and derivatives as PyTorch, transposes by definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops import patches
from autograd_core.ops.convolution import Conv, X, Y, _convolution
from autograd_core.ops.unfold import Window
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)
CONV = {n: getattr(ac, f"conv{n}d") for n in (1, 2, 3)}
TRANSPOSED = {n: getattr(ac, f"conv_transpose{n}d") for n in (1, 2, 3)}


def real(*shape):
    return RNG.normal(size=shape)


def unreal(*shape):
    return real(*shape) + 1j * real(*shape)


# -- drawn convolutions, beside PyTorch --------------------------------------------------------------------------


@st.composite
def convolutions(draw):
    """(name, x, weight, bias, options) of a convolution that has an output."""
    n, groups, kind = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.sampled_from(["conv", "conv_transpose"]))
    several = lambda low, high: draw(st.tuples(*(st.integers(low, high) for _ in range(n))))
    lengths, kernel, stride, dilation = several(1, 6), several(1, 3), several(1, 3), several(1, 2)
    first, second, examples = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    options = {"stride": stride, "padding": several(0, 2), "dilation": dilation, "groups": groups}
    if kind == "conv_transpose":
        options["output_padding"] = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation))
    elif stride == (1,) * n and draw(st.booleans()):
        options["padding"] = draw(st.sampled_from(["same", "valid"]))
    weight = (groups * first, second, *kernel)
    outs, ins = (groups * second, groups * first) if kind == "conv_transpose" else (groups * first, groups * second)
    x = (examples, ins, *lengths) if draw(st.booleans()) else (ins, *lengths)
    new = unreal if draw(st.booleans()) else real
    return f"{kind}{n}d", new(*x), new(*weight), draw(st.sampled_from([None, new(outs)])), options


def leaves(xs):
    return [None if x is None else ac.tensor(x, requires_grad=True) for x in xs]


@given(convolutions())
def test_values_and_derivatives_to_second_order_are_those_of_pytorch(drawn):
    torch = pytest.importorskip("torch")
    name, *arrays, options = drawn
    theirs = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    try:
        w = getattr(torch.nn.functional, name)(*theirs, **options)
    except RuntimeError as error:
        with pytest.raises(ShapeError):
            getattr(ac, name)(*arrays, **options)
        assume("size" not in str(error).lower())
        raise
    xs = leaves(arrays)
    y = getattr(ac, name)(*xs, **options)
    assert y.dtype == arrays[0].dtype
    np.testing.assert_allclose(y.numpy(), w.detach().numpy(), atol=1e-12)
    like = unreal if y.dtype.kind == "c" else real
    xs, theirs = xs[:2], theirs[:2]
    g, *hs = like(*y.shape), *(like(*x.shape) for x in xs)
    first = ac.gradients(y, xs, g, create_graph=True)
    expected = torch.autograd.grad(w, theirs, torch.tensor(g), create_graph=True)
    second = ac.gradients(list(first), xs, hs)
    expected2 = torch.autograd.grad(expected, theirs, [torch.tensor(h) for h in hs])
    for ours, their in zip([*first, *second], [*expected, *expected2]):
        np.testing.assert_allclose(ours.numpy(), their.detach().resolve_conj().numpy(), atol=1e-11)


@given(convolutions(), st.integers(0, 7))
def test_small_blocks_give_the_same_numbers(drawn, size):
    """Patches are made block by block; small arrays fit into one. Here blocks are tiny, so that all kinds occur."""
    name, *arrays, options = drawn
    options["padding"] = 1  # two cases of three would be too small for their kernel
    xs, block, depth = arrays[:2], patches.BLOCK, patches.DEPTH

    def results():
        y, pull = ac.vjp(lambda x, w: getattr(ac, name)(x, w, **options), *xs)
        return [y.numpy(), *(g.numpy() for g in pull(np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)))]

    try:
        expected = results()
        patches.BLOCK, patches.DEPTH = 64 << size, size % 3
        patches.plan.cache_clear()
        for a, b in zip(results(), expected):
            np.testing.assert_allclose(a, b, atol=1e-12)
    except ShapeError:
        assume(False)
    finally:
        patches.BLOCK, patches.DEPTH = block, depth
        patches.plan.cache_clear()


def test_a_large_image_is_cut_into_blocks():
    x, w = real(2, 16, 40, 40), real(8, 16, 3, 3)
    expected = sum(np.einsum("nchw,oc->nohw", x[:, :, i : i + 38, j : j + 38], w[:, :, i, j]) for i, j in np.ndindex(3, 3))
    y, pull = ac.vjp(ac.conv2d, x, w)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-11)
    assert len(patches.plan((2, 1, 16, 40, 40), (3, 3), (38, 38), (1, 1), (1, 1), 8).blocks) > 2
    g, dx, dw = real(*y.shape), real(*x.shape), real(*w.shape)
    gx, gw = pull(g)
    np.testing.assert_allclose(np.vdot(gx, dx), np.vdot(g, ac.conv2d(dx, w)), rtol=1e-9)
    np.testing.assert_allclose(np.vdot(gw, dw), np.vdot(g, ac.conv2d(x, dw)), rtol=1e-9)


# -- known values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3])
def test_values_are_those_of_scipy(n):
    signal = pytest.importorskip("scipy.signal")
    x, w = real(*(5, 4, 6)[:n]), real(*(2, 3, 2)[:n])
    image = lambda x: x[None, None]
    np.testing.assert_allclose(CONV[n](image(x), image(w)).numpy()[0, 0], signal.correlate(x, w, "valid"), atol=1e-13)
    np.testing.assert_allclose(TRANSPOSED[n](image(x), image(w)).numpy()[0, 0], signal.convolve(x, w), atol=1e-13)
    full = CONV[n](image(x), image(np.flip(w)), padding=tuple(k - 1 for k in w.shape)).numpy()[0, 0]
    np.testing.assert_allclose(full, signal.convolve(x, w, "full"), atol=1e-13)


def test_second_differences_of_a_square_are_constant():
    x = np.arange(6.0) ** 2
    assert ac.conv1d(x[None], [[[1.0, -2.0, 1.0]]]).numpy().tolist() == [[2, 2, 2, 2]]
    assert ac.conv1d(x[None], [[[1.0, -2.0, 1.0]]], dilation=2).numpy().tolist() == [[8, 8]]
    assert ac.conv1d(x[None], [[[1.0, -2.0, 1.0]]], stride=3).numpy().tolist() == [[2, 2]]


def test_same_keeps_the_length_and_pads_more_at_the_end():
    assert ac.conv1d(np.ones((1, 1, 4)), np.ones((1, 1, 4)), padding="same").numpy().tolist() == [[[3, 4, 3, 2]]]
    assert ac.conv1d(np.ones((1, 4)), np.ones((1, 1, 3)), padding="same", dilation=2).numpy().tolist() == [[2, 2, 2, 2]]
    assert ac.conv1d(np.ones((1, 4)), np.ones((1, 1, 3)), padding="valid").numpy().tolist() == [[3, 3]]


def test_groups_are_convolutions_side_by_side():
    x, w, b = real(2, 6, 5), real(4, 3, 2), real(4)
    y = ac.conv1d(x, w, b, groups=2).numpy()
    halves = [ac.conv1d(x[:, 3 * i : 3 * i + 3], w[2 * i : 2 * i + 2], b[2 * i : 2 * i + 2]).numpy() for i in (0, 1)]
    np.testing.assert_allclose(y, np.concatenate(halves, 1), atol=1e-14)
    depthwise = ac.conv1d(x, w[:, :1][[0, 1, 2, 3, 0, 1]], groups=6).numpy()
    np.testing.assert_allclose(depthwise[:, 4], ac.conv1d(x[:, 4:5], w[:1, :1]).numpy()[:, 0], atol=1e-14)


def test_one_example_needs_no_batch():
    x, w = real(2, 4, 5), real(3, 2, 2, 2)
    np.testing.assert_array_equal(ac.conv2d(x, w).numpy(), ac.conv2d(x[None], w).numpy()[0])
    v = real(2, 3, 2, 2)
    np.testing.assert_array_equal(ac.conv_transpose2d(x, v).numpy(), ac.conv_transpose2d(x[None], v).numpy()[0])


def test_lists_are_options():
    assert ac.conv2d(np.ones((1, 1, 5, 5)), np.ones((1, 1, 2, 2)), stride=[2, 3], padding=[1]).shape == (1, 1, 3, 2)


# -- transposes and derivatives --------------------------------------------------------------------------------


@pytest.mark.parametrize("stride, padding, dilation", [*product([1, 2, 3], [0, 1, 2], [1, 2, 3])])
def test_the_three_ops_are_transposes_of_each_other(stride, padding, dilation):
    """The product of one with what is left out is the same number, from each of the three."""
    x, w = real(2, 4, 7), real(6, 2, 3)
    y = ac.conv1d(x, w, None, stride, padding, dilation, 2)
    g = real(*y.shape)
    gx, gw = ac.vjp(lambda x, w: ac.conv1d(x, w, None, stride, padding, dilation, 2), x, w)[1](g)
    np.testing.assert_allclose([np.vdot(gx, x), np.vdot(gw, w)], np.vdot(g, y), rtol=1e-11)
    more = 7 - ac.conv_transpose1d(g, w, None, stride, padding, 0, 2, dilation).shape[2]
    back = ac.conv_transpose1d(g, w, None, stride, padding, more, 2, dilation)
    np.testing.assert_allclose(back.numpy(), gx.numpy(), atol=1e-13)


CHECKED = [
    (1, (2, 2, 4), (2, 2, 2), {}),
    (1, (2, 4), (2, 1, 2), {"stride": 2, "padding": 1, "groups": 2}),
    (1, (1, 1, 5), (1, 1, 2), {"dilation": 3, "padding": "same"}),
    (2, (1, 2, 3, 4), (2, 1, 2, 2), {"groups": 2, "stride": (1, 2), "dilation": (2, 1)}),
    (3, (1, 1, 2, 3, 2), (2, 1, 1, 2, 2), {"padding": (0, 1, 0)}),
]


@pytest.mark.parametrize("new", [real, unreal])
@pytest.mark.parametrize("n, x, w, options", CHECKED)
def test_derivatives_in_all_modes(n, x, w, options, new):
    f = lambda x, w, b: CONV[n](x, w, b, **options)
    assert gradcheck(f, (new(*x), new(*w), new(w[0])), order=2)


BACK = [each for each in CHECKED if each[3].get("padding") != "same"]
BACK += [(1, (1, 3), (1, 1, 2), {"dilation": 2, "output_padding": 1})]  # longer than the stride: nothing reads the end


@pytest.mark.parametrize("new", [real, unreal])
@pytest.mark.parametrize("n, y, w, options", BACK)
def test_derivatives_of_transposed_convolutions_in_all_modes(n, y, w, options, new):
    f = lambda y, w: TRANSPOSED[n](y, w, **options)
    channels = y[-n - 1]
    assert gradcheck(f, (new(*y), new(channels, *w[1:])), order=2)


def test_third_derivatives_through_a_convolution():
    assert gradcheck(lambda x, w: ac.tanh(ac.conv1d(x, w)), (real(1, 3), real(1, 1, 2)), order=3)


def test_one_constant_side_saves_only_the_other():
    x, w = ac.tensor(real(1, 1, 5)), ac.tensor(real(1, 1, 2), requires_grad=True)
    y = ac.conv1d(x, w)
    assert y.grad_fn.saved[1].shape == (1, 1, 5)
    assert y.grad_fn.saved[2] is None
    assert gradcheck(lambda w: ac.conv1d(x, w), w.numpy(), order=2)
    assert gradcheck(lambda x: ac.conv1d(x, w.detach()), x.numpy(), order=2)


# -- dtypes and edges ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_the_precision_stays(dtype):
    new = unreal if dtype == np.complex64 else real
    x, w = new(1, 2, 6).astype(dtype), new(2, 2, 3).astype(dtype)
    xs = leaves([x, w])
    y = ac.conv1d(*xs)
    ac.sum(ac.abs(y)).backward()
    assert y.dtype == xs[0].grad.dtype == xs[1].grad.dtype == dtype
    wide = np.complex128 if dtype == np.complex64 else np.float64
    expected = ac.conv1d(x.astype(wide), w.astype(wide)).numpy()
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-2 if dtype == np.float16 else 1e-5)


def test_half_precision_is_summed_in_single():
    x, w = np.full((1, 3000, 1), 8.0, np.float16), np.full((1, 3000, 1), 1.0, np.float16)
    assert ac.conv1d(x, w).item() == 24000.0
    assert ac.conv1d(np.full((1, 3000, 1), 0.1, np.float16), w).item() == pytest.approx(299.93, abs=0.2)


def test_mixed_dtypes_promote_and_gradients_come_back():
    x, w = ac.tensor(real(1, 1, 4), dtype=np.float32, requires_grad=True), ac.tensor(unreal(1, 1, 2), requires_grad=True)
    y = ac.conv1d(x, w)
    assert y.dtype == np.complex128
    ac.sum(ac.abs(y) ** 2).backward()
    assert (x.grad.dtype, w.grad.dtype) == (np.float32, np.complex128)


def test_integers_are_constants():
    y = ac.conv1d(ac.tensor([[1, 2, 3]]), ac.tensor([[[1, 1]]]))
    assert (y.numpy().tolist(), y.dtype) == ([[3, 5]], int)
    assert not y.requires_grad
    assert gradcheck(lambda w: ac.conv1d(np.array([[1, 2, 3]]), w), real(1, 1, 2), order=2)


@pytest.mark.parametrize("x, w", [((0, 2, 5), (3, 2, 2)), ((2, 0, 5), (3, 0, 2)), ((2, 2, 5), (0, 2, 2))])
def test_nothing_gives_nothing(x, w):
    y, pull = ac.vjp(ac.conv1d, real(*x), real(*w))
    assert y.shape == (x[0], w[0], 4)
    assert not y.numpy().any()
    assert [g.shape for g in pull(real(*y.shape))] == [x, w]


def test_memory_may_lie_anyhow():
    x, w = real(6, 5, 2, 3).transpose(3, 2, 1, 0)[::-1, :, ::-1], real(2, 3, 2, 4)[..., ::2].swapaxes(0, 1)[:, ::-1]
    expected = ac.conv2d(np.ascontiguousarray(x), np.ascontiguousarray(w)).numpy()
    np.testing.assert_allclose(ac.conv2d(x, w).numpy(), expected, atol=1e-13)
    x.flags.writeable = False
    np.testing.assert_allclose(ac.conv2d(x, w).numpy(), expected, atol=1e-13)


def test_nan_stays_in_its_window():
    x = np.ones((1, 1, 6))
    x[0, 0, 1] = np.nan
    assert np.isnan(ac.conv1d(x, np.ones((1, 1, 2))).numpy()[0, 0]).tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("axes", [(0, None, None), (None, 0, None), (0, 0, None), (1, 2, 0), (None, None, 0)])
@pytest.mark.parametrize("transpose", [False, True])
def test_vmap_gives_what_a_loop_gives(axes, transpose):
    options = {"stride": 2, "groups": 2}
    f = lambda x, w, b: (ac.conv_transpose1d if transpose else ac.conv1d)(x, w, b, **options)
    xs = [real(2, 4, 6), real(4, 2, 3), real(4)]
    batched = [x if a is None else np.stack([x * (k + 1) for k in range(3)], a) for x, a in zip(xs, axes)]
    expected = [f(*(x if a is None else x * (k + 1) for x, a in zip(xs, axes))).numpy() for k in range(3)]
    np.testing.assert_allclose(ac.vmap(f, axes)(*batched).numpy(), expected, atol=1e-12)


def test_a_batch_of_no_examples():
    assert OP.batched((True, True), np.ones((0, 1, 2, 5)), np.ones((0, 2, 2, 3))).shape == (0, 1, 2, 3)


def test_an_op_is_a_value():
    assert _convolution(Y, OP.window, 1) == Conv(OP.window, 1) != _convolution(X, OP.window, 1)


# -- errors ----------------------------------------------------------------------------------------------------

LINE, TAPS = np.ones((1, 2, 5)), np.ones((2, 2, 3))
OP = _convolution(Y, Window((5,), (3,), (1,), ((0, 0),), (1,)), 1)


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda: ac.conv1d(LINE, np.ones((2, 3, 3))), r"conv1d: x of shape \(1, 2, 5\) has 2 channels; .* reads 3 in each"),
        (lambda: ac.conv1d(LINE, TAPS[:, :1]), "The layouts are"),
        (lambda: ac.conv1d(LINE, np.ones((2, 2, 6))), r"the kernel \(6,\) .* spans \(6,\) elements, .* has \(5,\)"),
        (lambda: ac.conv1d(LINE, TAPS, dilation=3), r"spans \(7,\) elements.* less dilation or more padding"),
        (lambda: ac.conv1d(LINE, np.ones((2, 2, 0))), "kernel_size must be .* not less than 1"),
        (lambda: ac.conv1d(LINE[0, 0], TAPS), r"conv1d: needs \(batch, channels, 1 lengths\).* given shape \(5,\)"),
        (lambda: ac.conv2d(LINE, TAPS), "conv2d: the weight needs two axes of channels and 2 of the kernel"),
        (lambda: ac.conv1d(LINE, TAPS, groups=3), "3 groups must divide 2 channels"),
        (lambda: ac.conv1d(LINE, TAPS, groups=0), "groups must be one whole number.* given 0"),
        (lambda: ac.conv1d(LINE, TAPS, stride=(1, 1)), "stride must be one whole number, or 1 for 1 axes"),
        (lambda: ac.conv1d(LINE, TAPS, stride=1.5), "stride is a whole number, .* not 1.5"),
        (lambda: ac.conv1d(LINE, TAPS, padding=-1), "padding must be .* not less than 0; given -1"),
        (lambda: ac.conv1d(LINE, TAPS, padding="causal"), "padding is a whole number, .* not 'causal'"),
        (lambda: ac.conv1d(LINE, TAPS, padding="same", stride=2), 'padding="same" keeps the lengths, and a stride of 2'),
        (lambda: ac.conv1d(LINE, TAPS, np.ones(3)), r"the bias needs a number for each of 2 channels; given shape \(3,\)"),
        (lambda: ac.conv_transpose1d(LINE, np.ones((3, 2, 3))), "has 2 channels; a weight of shape .* reads 3"),
        (lambda: ac.conv_transpose1d(LINE, TAPS, padding=4), r"the output would have lengths \(-1,\)"),
        (lambda: ac.conv_transpose1d(LINE, TAPS, output_padding=1), r"output_padding \(1,\) must be less than the stride"),
        (lambda: ac.conv_transpose1d(LINE, TAPS, padding="valid"), "padding is a whole number"),
        (lambda: OP.shape((1, 2, 4), (2, 2, 3)), r"conv: input 0 must have two axes, .* the lengths \(5,\)"),
    ],
)
def test_shapes_that_are_refused(call, text):
    with pytest.raises(ShapeError, match=text):
        call()


def test_the_ops_name_themselves_when_shapes_do_not_fit():
    x, w = ac.tensor(LINE), ac.tensor(np.ones((2, 3, 3)))
    with pytest.raises(ShapeError, match=r"conv: the shapes \(\(1, 2, 5\), .* differ in the number of channels of x"):
        OP(x, w)


def test_what_is_no_number_is_refused():
    with pytest.raises(DTypeError, match="holds numbers or booleans"):
        ac.conv1d([["a", "b"]], TAPS)
