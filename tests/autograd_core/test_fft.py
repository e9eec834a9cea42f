"""Fourier transforms: values and dtypes as numpy.fft, gradients as PyTorch, transposes by their definition."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError
from autograd_core.ops.fft import Fourier, InverseRealFourier, RealFourier
from autograd_core.testing import gradcheck

RNG = np.random.default_rng(0)
NORMS = [None, "backward", "ortho", "forward"]
ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
SEVERAL = ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"]
ONLY_REAL = {"rfft", "ihfft", "rfftn", "rfft2"}


def real(*shape):
    return RNG.normal(size=shape)


def unreal(*shape):
    return real(*shape) + 1j * real(*shape)


def agrees(name, x, *args, **options):
    expected = getattr(np.fft, name)(x, *args, **options)
    y = getattr(ac.fft, name)(x, *args, **options)
    assert (y.shape, y.dtype) == (expected.shape, expected.dtype)
    atol = 1e-13 if y.dtype.char in "dD" else 1e-2 if y.dtype.char == "e" else 1e-5
    np.testing.assert_allclose(y.numpy(), expected, rtol=0, atol=atol)


# -- values ------------------------------------------------------------------------------------------------

numbers = st.integers(1, 7)


@given(st.sampled_from(ONE), st.sampled_from("dfeiFD?"), st.none() | numbers, st.integers(-3, 2), st.sampled_from(NORMS))
def test_values_and_dtypes_along_one_axis(name, dtype, n, axis, norm):
    if dtype in "FD" and name in ONLY_REAL:
        dtype = dtype.lower()
    x = (4 * unreal(3, 4, 2)).astype(dtype) if dtype in "FD" else (4 * real(3, 4, 2)).astype(dtype)
    agrees(name, x, n, axis, norm)


@given(st.sampled_from(SEVERAL), st.booleans(), st.data())
def test_values_along_several_axes(name, whole, data):
    x = real(3, 4, 2) if name in ONLY_REAL or data.draw(st.booleans()) else unreal(3, 4, 2)
    options = {"norm": data.draw(st.sampled_from(NORMS))}
    if not whole:
        axes = data.draw(st.lists(st.integers(-3, 2), min_size=1, max_size=3))
        options["axes"] = tuple(axes)
        options["s"] = data.draw(st.none() | st.tuples(*(numbers | st.just(-1) for _ in axes)))
    agrees(name, x, **options)


def test_lengths_without_axes_are_those_of_the_last_ones():
    x = real(3, 4, 2)
    np.testing.assert_allclose(ac.fft.fftn(x, (5, 2)).numpy(), np.fft.fftn(x, (5, 2), axes=(-2, -1)), atol=1e-14)


@pytest.mark.parametrize("name", ONE)
def test_a_batch_may_be_empty_and_a_line_one_number(name):
    agrees(name, np.zeros((0, 4)))
    agrees(name, np.array([[2.0]]), 1)
    agrees(name, np.asfortranarray(real(4, 6))[::-1, ::2])


@pytest.mark.parametrize("axes", [None, 0, -1, (0, 1), ()])
@pytest.mark.parametrize("shape", [(4, 5), (1, 3), (2, 0)])
def test_shifts(shape, axes):
    x = real(*shape)
    for name in ("fftshift", "ifftshift"):
        np.testing.assert_array_equal(getattr(ac.fft, name)(x, axes).numpy(), getattr(np.fft, name)(x, axes))
    np.testing.assert_array_equal(ac.fft.ifftshift(ac.fft.fftshift(x, axes), axes).numpy(), x)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9])
@pytest.mark.parametrize("d", [1.0, 0.1])
def test_frequencies(n, d):
    np.testing.assert_allclose(ac.fft.fftfreq(n, d).numpy(), np.fft.fftfreq(n, d), rtol=1e-15)
    np.testing.assert_allclose(ac.fft.rfftfreq(n, d).numpy(), np.fft.rfftfreq(n, d), rtol=1e-15)


def test_frequencies_have_the_default_dtype_and_the_gradient_of_the_distance():
    with ac.default_dtype("float32"):
        assert ac.fft.fftfreq(4).dtype == ac.fft.rfftfreq(4, 0.5).dtype == np.float32
    assert gradcheck(lambda d: ac.fft.fftfreq(5, d), 0.7, order=2)
    assert gradcheck(lambda d: ac.fft.rfftfreq(4, d), 0.7, order=2)


def test_numpy_calls_find_the_way_here():
    x = ac.tensor(real(6), requires_grad=True)
    y = np.fft.irfft(np.fft.rfft(x, norm="ortho"), 6, norm="ortho")
    np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-15)
    ac.sum(y * y).backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * x.numpy(), atol=1e-14)
    assert np.fft.fftshift(x).requires_grad


# -- gradients ---------------------------------------------------------------------------------------------


def matrix(f, n, dtype):
    """The matrix of a linear f of n numbers, by its values on unit vectors."""
    return np.stack([f(e).numpy() for e in np.eye(n, dtype=dtype)], axis=-1)


def pulled(f, x, g):
    """The cotangent of x for a cotangent g of f(x)."""
    return ac.vjp(f, x)[1](g)[0].numpy()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("norm", NORMS)
def test_every_transpose_is_that_of_the_matrix(n, norm):
    """x̄ = Re(Fᴴ g) for real x; for irfft, which is linear over the reals only, real and imaginary parts one by one."""
    for name in ("fft", "rfft", "ihfft"):
        f = partial(getattr(ac.fft, name), norm=norm)
        a = matrix(f, n, float)
        g = unreal(len(a))
        np.testing.assert_allclose(pulled(f, real(n), g), (a.conj().T @ g).real, atol=1e-14)
    for name in ("irfft", "hfft"):
        f = partial(getattr(ac.fft, name), n=n, norm=norm)
        on_real, on_imaginary = (matrix(lambda x, f=f, u=u: f(u * x), n // 2 + 1, complex) for u in (1, 1j))
        g = real(n)
        expected = on_real.T @ g + 1j * (on_imaginary.T @ g)
        np.testing.assert_allclose(pulled(f, unreal(n // 2 + 1), g), expected, atol=1e-14)


def test_the_transpose_of_rfft_is_not_its_inverse():
    """By hand for n = 4: the frequencies 0, 1 and 2 stand 1, 2 and 1 times in the whole transform."""
    g = np.array([1.0 + 5j, 2.0 + 3j, 4.0 + 7j])
    expected = [1 + 2 + 4, 1 - 3 - 4, 1 - 2 + 4, 1 + 3 - 4]
    np.testing.assert_allclose(pulled(ac.fft.rfft, real(4), g), expected, atol=1e-14)
    back = pulled(ac.fft.irfft, unreal(3), np.array([1.0, 0.0, 0.0, 0.0]))
    np.testing.assert_allclose(back, [0.25, 0.5, 0.25], atol=1e-15)


@pytest.mark.parametrize("n, silent", [(4, [0, 2]), (5, [0])])
def test_imaginary_parts_that_have_no_effect_have_no_gradient(n, silent):
    g = pulled(lambda x: ac.fft.irfft(x, n), unreal(3), real(n))
    assert np.flatnonzero(g.imag == 0).tolist() == silent


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("n", [1, 3, 4])
def test_second_derivatives_in_all_modes(name, n):
    f = lambda x: getattr(ac.fft, name)(x, n, norm="ortho")
    assert gradcheck(f, real(2, 3), order=2)
    if name not in ONLY_REAL:
        assert gradcheck(f, unreal(2, 3), order=2)


@pytest.mark.parametrize("name", SEVERAL)
def test_derivatives_along_several_axes(name):
    x = real(2, 3, 2) if name in ONLY_REAL else unreal(2, 3, 2)
    assert gradcheck(lambda x: getattr(ac.fft, name)(x, (3, 2), (0, 1)), x, order=2)


def test_third_derivatives_through_a_transform():
    assert gradcheck(lambda x: ac.exp(ac.fft.irfft(ac.fft.rfft(x) ** 2, 3)), real(3), order=3)


def test_shifts_have_derivatives():
    assert gradcheck(lambda x: ac.fft.fftshift(x, 1) + ac.fft.ifftshift(x), real(2, 3), order=2)


@given(st.sampled_from(ONE + SEVERAL), st.sampled_from(NORMS), st.booleans(), st.data())
def test_gradients_are_those_of_pytorch(name, norm, complex_input, data):
    torch = pytest.importorskip("torch")
    x = unreal(3, 4, 2) if complex_input and name not in ONLY_REAL else real(3, 4, 2)
    options = {"norm": norm}
    if name in ONE:
        options |= {"n": data.draw(st.none() | numbers), "axis": data.draw(st.integers(-3, 2))}
    elif name.endswith("2"):
        options |= {"s": data.draw(st.none() | st.tuples(numbers, numbers))}
    theirs = {"dim" if k == "axis" else k: v for k, v in options.items()}
    z = torch.tensor(x, requires_grad=True)
    w = getattr(torch.fft, name)(z, **theirs)
    y, pull = ac.vjp(lambda x: getattr(ac.fft, name)(x, **options), x)
    np.testing.assert_allclose(y.numpy(), w.detach().resolve_conj().numpy(), atol=1e-12)
    g = real(*y.shape) + 1j * real(*y.shape) if y.dtype.kind == "c" else real(*y.shape)
    (expected,) = torch.autograd.grad(w, z, torch.tensor(g))
    np.testing.assert_allclose(pull(g)[0].numpy(), expected.resolve_conj().numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ONE + SEVERAL)
def test_single_precision_stays_and_a_real_input_has_a_real_gradient(name):
    for x in (real(4, 4).astype(np.float32), unreal(4, 4).astype(np.complex64)):
        if x.dtype == np.complex64 and name in ONLY_REAL:
            continue
        leaf = ac.tensor(x, requires_grad=True)
        y = getattr(ac.fft, name)(leaf)
        assert y.dtype in (np.float32, np.complex64)
        ac.sum(ac.abs(y) ** 2).backward()
        assert leaf.grad.dtype == x.dtype


def test_integers_are_constants():
    assert not ac.fft.fft(ac.tensor([1, 2, 3])).requires_grad


def test_the_energy_of_a_signal_is_that_of_its_frequencies():
    x = real(6)
    np.testing.assert_allclose(ac.grad(lambda x: ac.sum(ac.abs(ac.fft.fft(x)) ** 2))(x).numpy(), 12 * x, atol=1e-12)


def test_a_derivative_in_space_by_frequencies():
    """d/dx sin(3x) on 16 points is 3 cos(3x), and so is the tangent of a shift."""
    x = 2 * np.pi * np.arange(16) / 16
    k = 2j * np.pi * ac.fft.rfftfreq(16, 2 * np.pi / 16)
    moved = lambda s: ac.fft.irfft(ac.fft.rfft(np.sin(3 * x)) * ac.exp(k * s))
    y, t = ac.jvp(moved, (0.0,), (1.0,))
    np.testing.assert_allclose(y.numpy(), np.sin(3 * x), atol=1e-14)
    np.testing.assert_allclose(t.numpy(), 3 * np.cos(3 * x), atol=1e-13)


def test_nan_spreads_over_its_own_line_only():
    x = np.array([[1.0, np.nan], [1.0, 2.0]])
    y = ac.fft.fft(x).numpy()
    assert np.isnan(y[0]).all()
    np.testing.assert_array_equal(y[1], [3, -1])


@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("name", ["fft", "rfft", "irfft"])
def test_vmap_gives_what_a_loop_gives(name, axis):
    f, xs = partial(getattr(ac.fft, name), axis=axis), real(3, 2, 4)
    np.testing.assert_allclose(ac.vmap(f)(xs).numpy(), np.stack([f(x).numpy() for x in xs]), atol=1e-15)


def test_an_op_is_a_value():
    assert Fourier(1, False, "ortho") == Fourier(1, False, "ortho") != Fourier(1, True, "ortho")
    assert len({RealFourier(0), RealFourier(0), InverseRealFourier(0, 3), InverseRealFourier(0, 4)}) == 3


# -- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.fft.fft(np.zeros((2, 0))), ShapeError, r"axis 1 of shape \(2, 0\) is empty.* Give n to pad"),
        (lambda: ac.fft.fft(real(3), 0), ShapeError, "fft: the number of points must be at least 1; given 0"),
        (lambda: ac.fft.ifft(real(3), "4"), ShapeError, "ifft: the number of points is a whole number, not '4'"),
        (lambda: ac.fft.fft(real(3), axis=1), ShapeError, "fft: axis 1 is out of range for 1 axes"),
        (lambda: ac.fft.fft(2.0), ShapeError, "fft: axis -1 is out of range for 0 axes"),
        (lambda: ac.fft.rfft(unreal(3)), DTypeError, "rfft: takes real numbers, and x is complex128. Use fft."),
        (lambda: ac.fft.ihfft(unreal(3)), DTypeError, "Use ifft"),
        (lambda: ac.fft.rfft2(unreal(3, 3)), DTypeError, "Use fftn"),
        (lambda: ac.fft.irfft(real(1)), ShapeError, "irfft: the number of points must be at least 1; given 0"),
        (lambda: ac.fft.fft(real(3), norm="all"), ValueError, "norm must be None, .* not 'all'"),
        (lambda: ac.fft.fftn(real(3, 3), (2, 2), (0,)), ShapeError, r"s names 2 lengths \(2, 2\) for 1 axes \(0,\)"),
        (lambda: ac.fft.irfftn(2.0), ShapeError, "irfftn: needs at least one axis"),
        (lambda: ac.fft.fft2(real(3)), ShapeError, "axis -2 is out of range for 1 axes"),
        (lambda: ac.fft.fftshift(real(3), 1), ShapeError, "fftshift: axis 1 is out of range"),
        (lambda: ac.fft.fftfreq(0), ShapeError, "fftfreq: the number of points must be at least 1"),
        (lambda: ac.fft.rfftfreq(2.5), ShapeError, "rfftfreq: the number of points is a whole number"),
        (lambda: InverseRealFourier(0, 4).shape((2,)), ShapeError, "4 numbers have 3 frequencies"),
    ],
)
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
