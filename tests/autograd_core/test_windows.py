"""Sliding windows, and convolution and correlation of vectors: NumPy's values, exact derivatives, batches."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.errors import ShapeError
from autograd_core.ops.windows import Convolve, Overlap, Windows

rng = np.random.default_rng(10)
X = rng.normal(size=(3, 4))
view = np.lib.stride_tricks.sliding_window_view
WINDOWS = [(X, (2, 3), None), (X, 2, 0), (X, (4,), (-1,)), (X, (2, 2), (0, 0)), (X, (1, 0), (0, 1)), (X[0], 3, None)]
MODES = ["full", "same", "valid"]


@pytest.mark.parametrize("x, size, axis", WINDOWS, ids=str)
def test_sliding_window_view(x, size, axis):
    np.testing.assert_array_equal(ac.sliding_window_view(x, size, axis).numpy(), view(x, size, axis))
    ac.testing.gradcheck(lambda x: ac.sliding_window_view(x, size, axis), x + 1j * x[::-1], order=2)


def test_a_gradient_counts_the_windows_that_an_element_lies_in():
    x = ac.tensor(np.zeros(5), requires_grad=True)
    ac.sum(ac.sliding_window_view(x, 3)).backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1.0, 2.0, 3.0, 2.0, 1.0])


@pytest.mark.parametrize("count, size", [(1, 1), (1, 4), (5, 2), (2, 5), (3, 0)])
def test_adding_windows_is_the_transpose_of_taking_them(count, size):
    x, z = rng.normal(size=(2, count + size - 1, 3)), rng.normal(size=(2, count, 3, size))
    np.testing.assert_allclose(np.vdot(Windows(1, size)(x), z), np.vdot(x, Overlap(1)(z)), rtol=1e-13)
    assert Overlap(1).shape(z.shape) == x.shape
    assert Windows(1, size).shape(x.shape) == z.shape


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int64])
def test_values_are_those_of_numpy(name, mode, dtype):
    for n, m in itertools.product(range(1, 7), repeat=2):
        x, v = (rng.normal(size=k) * 5 + (1j * rng.normal(size=k) if dtype is np.complex128 else 0) for k in (n, m))
        x, v = x.astype(dtype), v.astype(dtype)
        y, expected = getattr(ac, name)(x, v, mode), getattr(np, name)(x, v, mode)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5 if dtype is np.float32 else 1e-12, atol=1e-6)


@pytest.mark.parametrize("name", ["convolve", "correlate"])
@pytest.mark.parametrize("mode", MODES)
def test_derivatives(name, mode):
    for n, m in ((5, 3), (2, 4), (3, 3), (1, 2)):
        x, v = rng.normal(size=n), rng.normal(size=m) + 1j * rng.normal(size=m)
        ac.testing.gradcheck(lambda x, v: getattr(ac, name)(x, v, mode), (x, v), order=2)
    ac.testing.gradcheck(lambda x: getattr(ac, name)(x, x[:2], mode), rng.normal(size=4), order=3)


@pytest.mark.parametrize("full", [False, True])
def test_stacks_of_vectors_broadcast(full):
    x, v = rng.normal(size=(2, 1, 5)), rng.normal(size=(3, 2))
    mode = "full" if full else "valid"
    expected = np.array([[np.convolve(a, b, mode) for b in v] for a in x[:, 0]])
    np.testing.assert_allclose(Convolve(full)(x, v), expected, rtol=1e-14)
    assert Convolve(full).shape(x.shape, v.shape) == expected.shape
    ac.testing.gradcheck(Convolve(full), (x, v), order=2)


@pytest.mark.parametrize("in_axes", [(0, 0), (0, None), (None, 0)])
def test_a_batch_gives_what_single_examples_give(in_axes):
    x, v = rng.normal(size=(3, 5)), rng.normal(size=(3, 2))
    pairs = [(a if i == 0 else x[0], b if j == 0 else v[0]) for (a, b) in zip(x, v) for i, j in [in_axes]]
    for name, mode in itertools.product(("convolve", "correlate"), MODES):
        f = lambda x, v, name=name, mode=mode: getattr(ac, name)(x, v, mode)
        found = ac.vmap(f, in_axes)(x if in_axes[0] == 0 else x[0], v if in_axes[1] == 0 else v[0])
        np.testing.assert_allclose(found.numpy(), np.stack([f(a, b).numpy() for a, b in pairs]), rtol=1e-13)
    batch = rng.normal(size=(3, 4, 5))
    found = ac.vmap(lambda x: ac.sliding_window_view(x, (2, 3)))(batch)
    np.testing.assert_array_equal(found.numpy(), view(batch, (2, 3), (1, 2)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.complex64])
def test_the_dtype_stays(dtype):
    x, v = (ac.tensor(rng.normal(size=k), dtype=dtype, requires_grad=True) for k in (5, 3))
    for y in (ac.convolve(x, v), ac.correlate(x, v, "same"), ac.sliding_window_view(x, 2)):
        y.backward(np.ones(y.shape, dtype))
        assert y.dtype == x.grad.dtype == dtype


def test_beside_scipy_and_pytorch():
    torch = pytest.importorskip("torch")
    x, v = rng.normal(size=9), rng.normal(size=4)
    a, b = (ac.tensor(z, requires_grad=True) for z in (x, v))
    p, q = (torch.tensor(z, requires_grad=True) for z in (x, v))
    y, z = ac.correlate(a, b), torch.nn.functional.conv1d(p[None, None], q[None, None])[0, 0]
    np.testing.assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-13)
    ac.sum(y**3).backward()
    (z**3).sum().backward()
    np.testing.assert_allclose(a.grad.numpy(), p.grad.numpy(), rtol=1e-12)
    np.testing.assert_allclose(b.grad.numpy(), q.grad.numpy(), rtol=1e-12)


def test_numpy_finds_them():
    t = ac.tensor(X[0], requires_grad=True)
    assert np.convolve(X[1], t).requires_grad
    assert np.correlate(t, X[1], "full").requires_grad


REFUSED = [
    (lambda: ac.convolve(X, X[0]), ShapeError, r"convolve: needs two vectors with elements; one has shape \(3, 4\)"),
    (lambda: ac.correlate([], X[0]), ShapeError, r"correlate: needs two vectors .* shape \(0,\)"),
    (lambda: ac.convolve(X[0], X[0], "all"), ValueError, "convolve: mode is 'full', 'same' or 'valid', not 'all'"),
    (lambda: ac.sliding_window_view(X, 2), ShapeError, r"a window of shape \(2,\) for axes \(0, 1\): a length for each needed"),
    (lambda: ac.sliding_window_view(X, (4, 2)), ShapeError, "windows: no window of 4 elements lies within axis 0"),
    (lambda: ac.sliding_window_view(X, 2, 2), ShapeError, "axis 2 is out of range"),
    (lambda: ac.sliding_window_view(X, -2, 0), ShapeError, "lengths cannot be negative"),
]


@pytest.mark.parametrize("call, error, text", REFUSED)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
