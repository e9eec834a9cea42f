"""Every primitive captured against eager: bit for bit as it is, and to the last digits after all rewrites, to second order."""

from __future__ import annotations

import numpy as np
import pytest

import autograd_core as ac
import autograd_core.testing.samples
from autograd_core.dtypes import differentiable
from autograd_core.testing.declared import declarations
from autograd_core.trees import flatten

NAMES = sorted(declarations)


def tensors(results):
    return [y for y in flatten(results)[0] if isinstance(y, ac.Tensor)]


def weighted(ys, seed=0):
    """A real number that depends on all floating results."""
    rng = np.random.default_rng(seed)
    total = 0.0
    for y in ys:
        if differentiable(y.dtype):
            part = ac.real(y) if y.dtype.kind == "c" else y
            total = total + ac.sum(part * rng.uniform(0.5, 1.5, y.shape).astype(part.dtype))
    return total


def with_derivatives(f, order):
    """The values of f, and its derivatives up to `order` along the way, as a function of Tensors to a list."""

    def all_of(*xs):
        moving = [k for k, x in enumerate(xs) if isinstance(x, ac.Tensor) and differentiable(x.dtype)]
        ys = tensors(f(*xs))
        results = list(ys)

        def number(*moved):
            given = list(xs)
            for k, x in zip(moving, moved, strict=True):
                given[k] = x
            return weighted(tensors(f(*given)))

        if moving and order:
            slopes = ac.grad(number, argnums=tuple(range(len(moving))))
            results += tensors(slopes(*(xs[k] for k in moving)))
            if order > 1:
                second = lambda *moved: weighted(tensors(slopes(*moved)), 1)
                results += tensors(ac.grad(second, argnums=tuple(range(len(moving))))(*(xs[k] for k in moving)))
        return results

    return all_of


def outcome(f, xs):
    try:
        with np.errstate(all="ignore"):
            return [y.numpy() for y in f(*xs)]
    except ac.CaptureError:
        raise
    except Exception as error:
        return type(error)


def compared(name, agree, **options):
    for k, sample in enumerate(declarations[name].samples):
        xs = [ac.as_tensor(x) if isinstance(x, np.ndarray) else x for x in sample.inputs]
        f = with_derivatives(sample.f, min(sample.order, 2))
        expected = outcome(f, xs)
        compiled = ac.compile(f, **options)
        try:
            found = [outcome(compiled, xs) for _ in range(3)]
        except ac.CaptureError as error:
            if "Python reads" not in str(error):
                raise
            continue  # the op looks at values, and says so
        for each in found:
            if isinstance(expected, type):
                assert each is expected, (k, sample, each, expected)
                continue
            assert len(each) == len(expected)
            for i, (a, b) in enumerate(zip(each, expected, strict=True)):
                assert (a.dtype, a.shape) == (b.dtype, b.shape), (k, sample, i)
                assert agree(a, b), (k, sample, i, a, b)


def close(a, b):
    size = np.abs(b[np.isfinite(b)]).max(initial=1.0) if b.dtype.kind in "fc" else 1.0
    eps = np.finfo(b.dtype).eps if b.dtype.kind in "fc" else 0.0
    return np.allclose(a, b, rtol=4000 * eps, atol=4000 * eps * size, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_as_it_is_a_replay_is_bit_identical(name):
    compared(name, lambda a, b: np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"), rewrite=False)


@pytest.mark.parametrize("name", NAMES)
def test_after_all_rewrites_it_agrees(name):
    compared(name, close)


@pytest.mark.parametrize("name", NAMES)
def test_in_compiled_loops_it_agrees(name):
    pytest.importorskip("numba")
    compared(name, close, backend="numba")
