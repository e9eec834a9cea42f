"""Derivatives to the third order against the arithmetic of mpmath: elementwise ops, on real and on complex numbers."""

from __future__ import annotations

import math
from collections.abc import Callable

import mpmath
import numpy as np
import pytest

import autograd_core as ac
from autograd_core.ops import elementwise as table
from autograd_core.ops import special as specials
from autograd_core.primitive import registry
from autograd_core.table import Elementwise
from autograd_core.testing import samples as _  # noqa: F401 (fills `declarations`)
from autograd_core.testing.declared import declarations

MINE = [name for name, op in registry.items() if op in (getattr(table, name, None), getattr(specials, name, None))]
EXACT = [name for name in MINE if isinstance(registry[name], Elementwise) and name in declarations and declarations[name].exact]
ONE = [name for name in EXACT if len(registry[name].derivatives) == 1]
TWO = [name for name in EXACT if len(registry[name].derivatives) == 2]


def derivative(f: Callable) -> Callable:
    """The derivative of an elementwise function."""
    return ac.grad(lambda x: ac.sum(f(x)))


def check(found, exact: Callable, points, orders, tolerance: float) -> None:
    """Compare with derivatives of `exact`, relative to max(1, |value|)."""
    with mpmath.mp.workdps(30):
        for y, x in zip(np.ravel(found), points, strict=True):
            right = mpmath.diff(exact, tuple(map(mpmath.mpmathify, x)), orders)
            y = mpmath.mpmathify(y.item())
            assert abs(right - y) <= tolerance * max(1, abs(right)), (x, orders, mpmath.nstr(right, 17), y)


def test_almost_everything_has_an_exact_value():
    without = {name for name in MINE if registry[name].differentiable and name not in EXACT}
    assert without <= {"ldexp", "spacing", "moving", "guarded_product", "inverse_or_zero"} | {"power_of", "loggamma"}


@pytest.mark.parametrize("name", ONE)
def test_derivatives_to_third_order(name):
    exact, (x,) = declarations[name].exact, declarations[name].samples[0].inputs
    f = registry[name]
    for order in range(4):
        found = f(ac.tensor(x)).numpy()
        check(found, lambda v: exact(mpmath.mp, v), [(v,) for v in x], (order,), 1e-12)
        f = derivative(f)


@pytest.mark.parametrize("name", TWO)
def test_first_and_second_derivatives_by_both_arguments(name):
    op, exact, (x, z) = registry[name], declarations[name].exact, declarations[name].samples[0].inputs
    by_x = ac.grad(lambda x, z: ac.sum(op(x, z)), 0)
    by_z = ac.grad(lambda x, z: ac.sum(op(x, z)), 1)
    derivatives = {
        (1, 0): by_x(x, z),
        (0, 1): by_z(x, z),
        (2, 0): ac.grad(lambda x: ac.sum(by_x(x, z)))(x),
        (1, 1): ac.grad(lambda z: ac.sum(by_x(x, z)))(z),
        (0, 2): ac.grad(lambda z: ac.sum(by_z(x, z)))(z),
    }
    for orders, found in derivatives.items():
        check(found.numpy(), lambda *v: exact(mpmath.mp, *v), list(zip(x, z)), orders, 1e-12)
    other = ac.grad(lambda x: ac.sum(by_z(x, z)))(x).numpy()
    np.testing.assert_allclose(other, derivatives[1, 1].numpy(), rtol=1e-12, atol=1e-12)


def bessel(name: str, v: float) -> tuple:
    """The Bessel function of a kind and order, here and in mpmath, and points."""
    ours, theirs = getattr(ac.special, f"{name}v"), getattr(mpmath, f"bessel{name}")
    return lambda x: ours(v, x), lambda x: theirs(v, x), [0.3, 7.7]


FAMILIES = {
    "x**5": (lambda x: x**5, lambda x: x**5, [-1.3, 0.7]),
    "x**-2": (lambda x: x**-2, lambda x: x**-2, [-1.3, 0.7]),
    "x**2.5": (lambda x: x**2.5, lambda x: x ** mpmath.mpf(2.5), [0.3, 1.7]),
    "sinc": (ac.sinc, mpmath.sincpi, [1e-9, 1e-3, 0.2, 0.5, 1.3, 5.2, 40.7]),
    "exprel": (ac.special.exprel, lambda x: mpmath.expm1(x) / x, [-40.0, -2.9, -1.0, 1e-9, 1e-3, 1.2, 4.5]),
    "polygamma": (lambda x: ac.special.polygamma(2, x), lambda x: mpmath.polygamma(2, x), [-2.6, 0.7, 3.1, 50.0]),
    **{f"{name}v {v}": bessel(name, v) for name in "jyik" for v in (0, 2, 0.5)},
    "ive 0": (ac.special.i0e, lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x)), [-3.0, 0.4, 30.0]),
    "ive 1": (ac.special.i1e, lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x)), [-3.0, 0.4, 30.0]),
    "angle": (lambda x: ac.angle(ac.exp(1j * x)), lambda x: x, [0.3, -2.0]),
    "abs of complex": (lambda x: ac.absolute(x + 1j * x * x), lambda x: mpmath.hypot(x, x * x), [0.3, -2.0]),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_functions_with_parameters_to_third_order(name):
    f, exact, points = FAMILIES[name]
    for order in range(4):
        check(f(ac.tensor(points)).numpy(), exact, [(x,) for x in points], (order,), 1e-12)
        f = derivative(f)


TAILS = {
    "log_ndtr": (ac.special.log_ndtr, lambda x: mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2), [-1e4, -40.0, -20.0, 9.0]),
    "erfcx": (ac.special.erfcx, lambda x: mpmath.exp(x * x) * mpmath.erfc(x), [2.47, 2.48, 30.0, 1e4]),
    "log_expit": (ac.special.log_expit, lambda x: -mpmath.log1p(mpmath.exp(-x)), [-1e3, -40.0, 40.0, 1e3]),
    "softplus": (ac.softplus, lambda x: mpmath.log1p(mpmath.exp(x)), [-1e3, 19.0, 21.0, 40.0, 1e3]),
    "sigmoid": (ac.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), [-1e3, -40.0, 40.0, 1e3]),
    "tanh": (ac.tanh, mpmath.tanh, [-1e3, -20.0, 20.0, 1e3]),
    "log1p": (ac.log1p, mpmath.log1p, [-1.0 + 1e-3, 1e-15, 1e10]),
    "arctan": (ac.arctan, mpmath.atan, [-1e8, 1e-8, 1e8]),
    "arcsinh": (ac.arcsinh, mpmath.asinh, [-1e100, 1e-8, 1e100]),
    "arctanh": (ac.arctanh, mpmath.atanh, [1.0 - 1e-3, 1e-8]),
    "gammaln": (ac.special.gammaln, mpmath.loggamma, [1e-3, 1.0 + 1e-6, 1e6]),
}


@pytest.mark.parametrize("name", TAILS)
def test_derivatives_far_out_and_near_zero(name):
    f, exact, points = TAILS[name]
    for order in range(4):
        check(f(ac.tensor(points)).numpy(), exact, [(x,) for x in points], (order,), 1e-12)
        f = derivative(f)


# -- complex numbers ---------------------------------------------------------------------------------------------------

# Off the branch cuts, on both sides of each axis, near poles and branch points.
PLANE = [0.3 + 0.4j, 1.2 - 0.7j, -1.5 + 0.2j, -0.4 - 1.7j, 2.5 + 3j, -2.5 - 0.1j, 0.99 + 1e-3j, 1e-3 + 0.99j, 4 - 5j]
CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")
HOLOMORPHIC = {
    "sqrt": (ac.sqrt, mpmath.sqrt),
    "log": (ac.log, mpmath.log),
    "log2": (ac.log2, lambda x: mpmath.log(x) / mpmath.log(2)),
    "log10": (ac.log10, lambda x: mpmath.log(x) / mpmath.log(10)),
    "log1p": (ac.log1p, lambda x: mpmath.log(1 + x)),
    "exp": (ac.exp, mpmath.exp),
    "exp2": (ac.exp2, lambda x: mpmath.exp(x * mpmath.log(2))),
    "expm1": (ac.expm1, lambda x: mpmath.exp(x) - 1),
    **{name: (getattr(ac, name), getattr(mpmath, name)) for name in CIRCULAR},
    **{f"arc{name}": (getattr(ac, f"arc{name}"), getattr(mpmath, f"a{name}")) for name in CIRCULAR},
    "reciprocal": (ac.reciprocal, lambda x: 1 / x),
    "square": (ac.square, lambda x: x * x),
    "sinc": (ac.sinc, lambda x: mpmath.sin(mpmath.pi * x) / (mpmath.pi * x)),
    "sigmoid": (ac.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x))),
    "x**3": (lambda x: x**3, lambda x: x**3),
    "x**-2.5": (lambda x: x**-2.5, lambda x: x ** mpmath.mpf(-2.5)),
    "x**(0.7-0.3j)": (lambda x: x ** (0.7 - 0.3j), lambda x: x ** mpmath.mpc(0.7, -0.3)),
    "(0.7-0.3j)**x": (lambda x: (0.7 - 0.3j) ** x, lambda x: mpmath.mpc(0.7, -0.3) ** x),
    "x**x": (lambda x: x**x, lambda x: x**x),
    "1/(x (2-x))": (lambda x: 1.0 / (x * (2.0 - x)), lambda x: 1 / (x * (2 - x))),
    "xlogy": (lambda x: ac.special.xlogy(x, x), lambda x: x * mpmath.log(x)),
    "erf": (ac.special.erf, mpmath.erf),
    "erfcx": (ac.special.erfcx, lambda x: mpmath.exp(x * x) * mpmath.erfc(x)),
    "gamma": (ac.special.gamma, mpmath.gamma),
    "loggamma": (ac.special.loggamma, mpmath.loggamma),
    "digamma": (ac.special.digamma, mpmath.digamma),
    "jv": (lambda x: ac.special.jv(1, x), lambda x: mpmath.besselj(1, x)),
    "kv": (lambda x: ac.special.kv(0, x), lambda x: mpmath.besselk(0, x)),
}


def tangent(f: Callable) -> Callable:
    """The derivative of a holomorphic function, as a tangent."""
    return lambda x: ac.jvp(f, (x,), (ac.ones_like(x),))[1]


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_holomorphic_functions_to_second_order(name):
    f, exact = HOLOMORPHIC[name]
    x = ac.tensor(PLANE)
    for order in range(3):
        y = f(x).numpy()
        check(y, exact, [(v,) for v in PLANE], (order,), 1e-12)
        (pulled,) = ac.vjp(f, x)[1](ac.tensor([1.0 - 2.0j] * len(PLANE)))
        f = tangent(f)
        np.testing.assert_allclose(pulled.numpy(), (1.0 - 2.0j) * np.conj(f(x).numpy()), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in ONE if registry[name].analytic])
def test_an_analytic_op_may_be_differentiated_by_complex_steps(name):
    x, h = declarations[name].samples[0].inputs[0], 2.0**-100
    with np.errstate(all="ignore"):
        step = registry[name].forward(x + 1j * h).imag / h
    np.testing.assert_allclose(step, derivative(registry[name])(ac.tensor(x)).numpy(), rtol=2e-13, atol=2e-15)


def test_single_precision_complex_numbers_stay_single():
    x = ac.tensor(np.array([0.3 + 0.4j], "complex64"), requires_grad=True)
    y = ac.imag(ac.sinc(ac.arcsinh(x)) * ac.conj(x)) + ac.angle(x)
    assert y.dtype == np.float32
    (g,) = ac.gradients(y, x, ac.ones_like(y))
    assert g.dtype == np.complex64


def test_the_gradient_of_a_part_is_that_of_pytorch():
    torch = pytest.importorskip("torch")
    data = np.array([0.3 + 0.4j, -1.2 - 0.7j])
    for ours, theirs in ((ac.real, torch.real), (ac.imag, torch.imag), (ac.angle, torch.angle), (ac.absolute, torch.abs)):
        x, z = ac.tensor(data, requires_grad=True), torch.tensor(data, requires_grad=True)
        ac.sum(ours(x) ** 2).backward()
        (theirs(z) ** 2).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-14)
    assert math.isclose(float(ac.angle(ac.tensor(-1.0), deg=True)), 180.0)
