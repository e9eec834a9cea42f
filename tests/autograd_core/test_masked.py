"""Reductions of what a mask selects, with a first value, a known mean, and NumPy's other arguments."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import numpy, ours

import autograd_core as ac
from autograd_core.errors import DTypeError, ShapeError

rng = np.random.default_rng(21)
X = rng.normal(size=(2, 3, 4))
MASK = rng.random(X.shape) < 0.6
MASK[:, 0] = True
AXES = [None, 0, -1, (0, 2), ()]
EXTREMES = {"max": -0.2, "min": 0.2}
ROW = np.array([True, False, True, True])


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min", "all", "any"])
def test_values_are_those_of_numpy(name, axis, keepdims):
    options = {"axis": axis, "keepdims": keepdims} | ({"initial": EXTREMES[name]} if name in EXTREMES else {})
    for x in (X, (4 * X).astype(int), X.astype(np.float32)):
        for mask in (MASK, MASK[0], ROW, MASK[:1, :, :1], np.True_):
            y, expected = ours(name, x, where=mask, **options), numpy(name, x, where=mask, **options)
            assert y.shape == expected.shape
            assert y.dtype == expected.dtype
            np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5 if x.dtype == np.float32 else 1e-13)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
def test_derivatives(name):
    for axis in (1, (0, 1)):
        options = {"axis": axis, "where": MASK} | ({"initial": EXTREMES[name]} if name in EXTREMES else {})
        ac.testing.gradcheck(lambda x, options=options: ours(name, x, **options), X, order=2)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std"])
def test_complex_numbers(name):
    z, options = X[0] + 1j * X[1], {"axis": 0, "where": MASK[0]}
    np.testing.assert_allclose(ours(name, z, **options).numpy(), numpy(name, z, **options), rtol=1e-13)
    ac.testing.gradcheck(lambda z: ours(name, z, **options), z, order=2)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nothing_leaks_from_what_is_left_out(name, bad):
    options = {"initial": EXTREMES[name]} if name in EXTREMES else {}
    x = ac.tensor([1.0, bad, 3.0, 2.0], requires_grad=True)
    (g,) = ac.gradients(ac.square(ours(name, x, where=ROW, **options)), [x], create_graph=True)
    short = ac.tensor([1.0, 3.0, 2.0])
    expected = ac.grad(lambda x: ac.square(ours(name, x, **options)))(short).numpy()
    np.testing.assert_allclose(g.numpy(), np.insert(expected, 1, 0.0), rtol=1e-14)
    (h,) = ac.gradients(ac.sum(g * ac.tensor([1.0, 2.0, 3.0, 4.0])), [x], allow_unused=True)
    assert h is None or (np.isfinite(h.numpy()).all() and h.numpy()[1] == 0)
    _, t = ac.jvp(lambda x: ours(name, x, where=ROW, **options), (x.detach(),), (ac.tensor([0.0, 1.0, 0.0, 0.0]),))
    assert t.item() == 0


# -- first values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
def test_a_first_value(name):
    for x in (X, (4 * X).astype(int), X.astype(np.float32), X.astype(np.float16)):
        for axis in AXES:
            y, expected = getattr(ac, name)(x, axis=axis, initial=2.5), getattr(np, name)(x, axis=axis, initial=2.5)
            assert y.dtype == expected.dtype
            np.testing.assert_allclose(y.numpy(), expected, rtol=1e-2 if x.dtype == np.float16 else 1e-5)
    ac.testing.gradcheck(lambda x, z: getattr(ac, name)(x, axis=1, initial=z), (X, 0.1), order=2)
    for shape, axis in (((0, 3), 0), ((0, 3), 1), ((0,), None)):
        x = np.zeros(shape)
        y, expected = getattr(ac, name)(x, axis=axis, initial=2.5), getattr(np, name)(x, axis=axis, initial=2.5)
        assert y.shape == expected.shape
        np.testing.assert_array_equal(y.numpy(), expected)
        ac.testing.gradcheck(lambda x, z, axis=axis: getattr(ac, name)(x, axis, initial=z), (x, 0.5), order=2)


def test_a_tie_with_the_first_value_halves_the_gradient():
    x, z = ac.tensor([1.0, 3.0, 3.0], requires_grad=True), ac.tensor(3.0, requires_grad=True)
    ac.max(x, initial=z).backward()
    assert (x.grad.tolist(), z.grad.item()) == ([0.0, 0.25, 0.25], 0.5)


def test_a_mask_that_selects_nothing():
    x = ac.tensor(X, requires_grad=True)
    nothing = np.zeros(4, bool)
    assert ac.sum(x, where=nothing).item() == 0
    assert ac.prod(x, where=nothing, initial=3.0).item() == 3
    assert ac.max(x, where=nothing, initial=-np.inf).item() == -np.inf
    y = ours("mean", x, where=nothing)
    assert np.isnan(y.item())
    y.backward()
    assert (x.grad.numpy() == 0).all()
    assert ac.all(x, where=nothing).item()
    assert not ac.any(x, where=nothing).item()


# -- variances ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["var", "std"])
def test_a_known_mean_and_the_other_name_of_ddof(name):
    mean = X.mean(axis=1, keepdims=True)
    f, g = getattr(ac, name), getattr(np, name)
    np.testing.assert_allclose(f(X, axis=1, mean=mean).numpy(), g(X, axis=1, mean=mean), rtol=1e-13)
    np.testing.assert_allclose(f(X, axis=1, mean=mean + 0.5).numpy(), g(X, axis=1, mean=mean + 0.5), rtol=1e-13)
    np.testing.assert_allclose(f(X, axis=1, correction=1).numpy(), g(X, axis=1, correction=1), rtol=1e-13)
    np.testing.assert_allclose(
        f(X, 1, ddof=1, where=MASK[:, :, :1], mean=mean).numpy(), g(X, 1, ddof=1, where=MASK[:, :, :1], mean=mean), rtol=1e-13
    )
    ac.testing.gradcheck(lambda x, m: f(x, 1, mean=m), (X, mean + 0.5), order=2)
    z = X[0] + 1j * X[1]
    ac.testing.gradcheck(lambda z, m: f(z, 0, mean=m), (z, z[:1]), order=2)


def test_half_precision_is_summed_in_single():
    x = ac.tensor(np.array([0, 496, 1000], np.float16), requires_grad=True)
    mask = np.array([True, True, False])
    y = ac.var(x, where=mask)
    y.backward()
    assert y.item() == 61504
    assert x.grad.tolist() == [-248, 248, 0]
    assert ac.mean(np.full(4, 60000, np.float16), where=[True] * 4).item() == 60000


@pytest.mark.parametrize("name", ["var", "std"])
def test_too_few_selected_for_a_variance(name):
    y = ours(name, [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], axis=1, ddof=2, where=[[True] * 3, [True, True, False]])
    expected = numpy(name, [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], axis=1, ddof=2, where=[[True] * 3, [True, True, False]])
    np.testing.assert_allclose(y.numpy(), expected)


def test_the_standard_deviation_of_equal_selected_elements_has_derivative_zero():
    x, mask = ac.tensor([2.0, 7.0, 2.0], requires_grad=True), np.array([True, False, True])
    f = lambda x: ac.std(x, where=mask)
    assert ac.grad(f)(x).tolist() == [0.0] * 3
    assert ac.hessian(f)(x).numpy().tolist() == [[0.0] * 3] * 3


# -- batches and errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min", "all", "any"])
def test_a_batch_gives_what_a_loop_gives(name):
    options = {"initial": EXTREMES[name]} if name in EXTREMES else {}
    f = lambda x, mask: ours(name, x, axis=0, where=mask, **options)
    np.testing.assert_allclose(ac.vmap(f)(ac.tensor(X), ac.tensor(MASK)).numpy(), [f(x, m).numpy() for x, m in zip(X, MASK)])


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: ac.sum(X, where=[1, 0, 1, 1]), DTypeError, "sum: where must be a mask of booleans, not int64. Compare first"),
        (lambda: ac.mean(X, where=[True, False]), ShapeError, r"mean: where of shape \(2,\) does not broadcast to \(2, 3, 4\)"),
        (lambda: ac.var(X[0], where=MASK), ShapeError, r"var: where of shape \(2, 3, 4\) does not broadcast to \(3, 4\)"),
        (lambda: ac.prod(X, initial=[1.0]), ShapeError, r"prod: initial must be one number; given shape \(1,\)"),
        (lambda: ac.max(X, where=MASK), ShapeError, "max: a mask may select nothing, and max of nothing is not defined"),
        (lambda: ac.min(X, where=MASK), ShapeError, "min: a mask may select nothing"),
        (lambda: ac.var(X, ddof=1, correction=1), TypeError, "var: ddof and correction are the same number: give one"),
        (lambda: ac.std(X, ddof=1, correction=0), TypeError, "std: ddof and correction are the same number: give one"),
        (lambda: ac.var(X, axis=1, mean=np.zeros(2)), ShapeError, "subtract: shapes .* do not broadcast"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
