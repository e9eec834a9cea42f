"""Special functions, beyond what every primitive is tested for: SciPy's names, limits, orders, refusals."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import autograd_core as ac
from autograd_core import special
from autograd_core.testing import gradcheck

scipy_special = pytest.importorskip("scipy.special")
inf, nan = math.inf, math.nan

ONE = """cbrt cosm1 digamma psi entr erf erfc erfcx erfcinv erfinv exp2 expit expm1 exprel gamma gammaln i0 i0e i1 i1e j0 j1 k0
    k1 log1p log_expit log_ndtr log_softmax loggamma logit logsumexp ndtr ndtri sinc softmax y0 y1"""
TWO = ["beta", "betaln", "iv", "ive", "jn", "jv", "kl_div", "kv", "polygamma", "rel_entr", "xlog1py", "xlogy", "yv"]
SPECIAL = np.array([-inf, -2.0, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, inf, nan])


@pytest.mark.parametrize("name", ONE.split())
def test_values_are_those_of_scipy(name):
    theirs = getattr(scipy_special, name)
    for x in (np.array([0.2, 0.55, 0.9]), np.array(0.3), np.ones((0, 2)), np.array([0.2, 0.9], "float32")):
        if name in ("softmax", "log_softmax", "logsumexp") and not x.size:
            continue
        y = getattr(special, name)(x)
        assert isinstance(y, ac.Tensor)
        assert y.dtype == x.dtype
        np.testing.assert_allclose(y.numpy(), theirs(x), rtol=1e-6 if x.dtype == np.float32 else 1e-14)


ELSEWHERE = {"softmax", "log_softmax", "logsumexp", "exp2", "expm1", "log1p", "cbrt"}


@pytest.mark.parametrize("name", sorted({*ONE.split()} - ELSEWHERE))
def test_values_at_special_points_are_those_of_scipy(name):
    with np.errstate(all="ignore"):
        x = SPECIAL if name != "sinc" else SPECIAL[1:-2]
        expected = getattr(scipy_special, name)(x)
        np.testing.assert_allclose(getattr(special, name)(x).numpy(), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", TWO)
def test_values_of_two_arguments_are_those_of_scipy(name):
    first = 2 if name in ("iv", "ive", "jn", "jv", "kv", "polygamma", "yv") else np.array([[0.4], [1.5]])
    z = np.array([0.2, 0.55, 0.9])
    y = getattr(special, name)(first, z)
    np.testing.assert_allclose(y.numpy(), getattr(scipy_special, name)(first, z), rtol=1e-14)


@pytest.mark.parametrize("name", ["kl_div", "rel_entr", "xlog1py", "xlogy"])
def test_values_of_two_arguments_at_special_points_are_those_of_scipy(name):
    x, z = SPECIAL[:, None], SPECIAL
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(getattr(special, name)(x, z).numpy(), getattr(scipy_special, name)(x, z))


UFUNCS = "erf erfc erfcx erfinv gammaln psi expit logit log_ndtr ndtr i0 i1e j1 y0 k0 entr"


@pytest.mark.parametrize("name", UFUNCS.split())
def test_scipys_own_function_takes_a_tensor(name):
    x = ac.tensor([0.2, 0.55], requires_grad=True)
    y = getattr(scipy_special, name)(x)
    assert isinstance(y, ac.Tensor)
    ac.sum(y).backward()
    np.testing.assert_array_equal(x.grad.numpy(), ac.grad(lambda x: ac.sum(getattr(special, name)(x)))(x).numpy())


def test_scipys_functions_of_two_arguments_take_tensors():
    x, z = ac.tensor([0.2, 0.55], requires_grad=True), ac.tensor([1.5, 0.3], requires_grad=True)
    for name in ("xlogy", "beta", "rel_entr"):
        assert getattr(scipy_special, name)(x, z).requires_grad
    for name in ("jv", "kv", "ive"):
        np.testing.assert_array_equal(getattr(scipy_special, name)(2, x).numpy(), getattr(special, name)(2, x).numpy())


def test_integers_become_floating_numbers():
    for f in (special.erf, special.gammaln, special.j0, special.exprel, special.logit, special.i0e):
        assert f(ac.tensor([0, 1])).dtype == np.float64
    assert special.polygamma(1, ac.tensor([1, 2])).dtype == np.float64
    assert special.xlogy(ac.tensor([0, 1]), ac.tensor([0, 2])).dtype == np.float64


# -- orders ------------------------------------------------------------------------------------------------------------


def test_equal_orders_are_one_function():
    x = ac.tensor(1.7)
    assert special.jv(2, x).item() == special.jv(2.0, x).item() == special.jn(np.int64(2), x).item()
    assert special.polygamma(0, x).item() == special.digamma(x).item()
    assert special.polygamma(np.int32(1), x).item() == ac.grad(special.digamma)(x).item()


@pytest.mark.parametrize("f", [special.jv, special.iv, special.ive])
def test_negative_whole_orders_are_differentiable(f):
    assert gradcheck(lambda x: f(-2, x), np.array([-0.7, 0.4, 3.0]), order=2)


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv", "ive"])
@pytest.mark.parametrize("order", [np.array([1, 2]), ac.tensor(1.0), "a", None, 1j])
def test_an_order_must_be_a_number(name, order):
    with pytest.raises(ac.DTypeError, match=f"{name}: the order must be a number, since .* Call the function once for each"):
        getattr(special, name)(order, 1.0)


@pytest.mark.parametrize("order", [1.5, np.array([1, 2]), ac.tensor(1.5), "a"])
def test_the_order_of_polygamma_is_a_whole_number(order):
    with pytest.raises((ac.DTypeError, TypeError), match="polygamma: the order must be a number"):
        special.polygamma(order, 1.0)


def test_complex_numbers_are_refused_where_nothing_is_known():
    for f in (special.exprel, special.i0e, special.gammaln, special.erfinv, special.entr, special.softmax):
        x = ac.tensor([0.3 + 0.4j])
        if f is special.softmax:
            assert f(x).dtype == np.complex128
            continue
        with pytest.raises(ac.DTypeError, match=r"not supported|real numbers needed"):
            f(x)


def test_without_scipy_the_error_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ac.MissingExtraError, match=r"scipy.special is needed here .* pip install"):
        special.erf(1.0)
    assert special.xlogy(2.0, 1.0).item() == special.cosm1(0.0).item() == 0.0
    assert special.expit(0.0).item() == 0.5


# -- large and small ---------------------------------------------------------------------------------------------------


def test_the_tails_of_the_normal_distribution():
    x = np.array([-1e10, -40.0, 40.0])
    first = ac.grad(lambda x: ac.sum(special.log_ndtr(x)))
    np.testing.assert_allclose(first(x).numpy(), [1e10, 40.02496884720726, 0.0], rtol=1e-14, atol=1e-300)
    second = ac.grad(lambda x: ac.sum(first(x)))
    np.testing.assert_allclose(second(x).numpy(), [-1.0, -0.9993773316214086, 0.0], rtol=1e-13, atol=1e-300)


def test_the_scaled_bessel_functions_do_not_overflow():
    x = np.array([-800.0, 800.0, 1e5])
    for f in (special.i0e, special.i1e, lambda x: special.ive(3, x)):
        g = ac.grad(lambda x, f=f: ac.sum(f(x)))(x).numpy()
        assert np.all(np.abs(g) < 1e-4)
        assert np.all(g != 0)


@pytest.mark.parametrize("n", range(7))
def test_sinc_and_exprel_where_recurrence_and_quadrature_meet(n):
    for f, scale in ((ac.sinc, n / math.pi), (special.exprel, n + 1.0)):
        for _ in range(n):
            f = ac.grad(f)
        for side in (-1.0, 1.0):
            x = side * scale
            below, above = float(f(x * (1 - 1e-13))), float(f(x * (1 + 1e-13)))
            assert below == pytest.approx(above, rel=1e-11, abs=1e-11)


def test_the_polygamma_of_negative_complex_numbers_obeys_its_recurrence():
    x = np.array([-30.5 + 0.2j, -3.2 - 4j, 0.1 + 1e-3j, 25.0 + 1j])
    for n in (1, 2, 5):
        step = special.polygamma(n, x + 1.0) - special.polygamma(n, x)
        expected = (-1) ** n * math.factorial(n) / x ** (n + 1)
        np.testing.assert_allclose(step.numpy(), expected, rtol=1e-11, atol=1e-12)
    real = np.array([0.3, 2.5, 40.0])
    np.testing.assert_allclose(special.polygamma(2, real + 0j).numpy(), special.polygamma(2, real).numpy(), rtol=1e-13)


def test_second_derivatives_with_respect_to_both_arguments():
    x, z = np.array([[0.4], [2.5]]), np.array([0.2, 0.55, 1.9])
    for f in (special.beta, special.betaln, special.rel_entr, special.kl_div, special.xlog1py):
        assert gradcheck(f, (x, z), order=2)
