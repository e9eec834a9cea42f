"""The derivative table, entry by entry: values, derivatives to second order, dtypes, broadcasting, special points."""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.ops import elementwise as table
from autograd_core.primitive import registry
from autograd_core.table import Elementwise
from autograd_core.testing import gradcheck

inf, nan = math.inf, math.nan
OPS = {name: op for name, op in registry.items() if isinstance(op, Elementwise) and getattr(table, name, None) is op}

WIDE, POSITIVE, INSIDE = [-2.3, -0.6, 0.4, 1.7], [0.05, 0.6, 1.3, 4.2], [-0.95, -0.3, 0.2, 0.8]
ONE = {
    "negative": (operator.neg, WIDE),
    "positive": (operator.pos, WIDE),
    "reciprocal": (lambda x: 1.0 / x, WIDE),
    "square": (lambda x: x * x, WIDE),
    "sqrt": (math.sqrt, POSITIVE),
    "cbrt": (math.cbrt, WIDE),
    "exp": (math.exp, WIDE),
    "exp2": (math.exp2, WIDE),
    "expm1": (math.expm1, [-2.0, -1e-9, 1e-5, 2.0]),
    "log": (math.log, POSITIVE),
    "log2": (math.log2, POSITIVE),
    "log10": (math.log10, POSITIVE),
    "log1p": (math.log1p, [-0.9, -1e-9, 1e-5, 3.0]),
    "sin": (math.sin, WIDE),
    "cos": (math.cos, WIDE),
    "tan": (math.tan, [-1.2, -0.6, 0.4, 2.1]),
    "arcsin": (math.asin, INSIDE),
    "arccos": (math.acos, INSIDE),
    "arctan": (math.atan, WIDE),
    "sinh": (math.sinh, WIDE),
    "cosh": (math.cosh, WIDE),
    "tanh": (math.tanh, WIDE),
    "arcsinh": (math.asinh, WIDE),
    "arccosh": (math.acosh, [1.05, 1.4, 2.0, 9.0]),
    "arctanh": (math.atanh, INSIDE),
    "sigmoid": (lambda x: 1.0 / (1.0 + math.exp(-x)), [-30.0, -0.6, 0.4, 5.0]),
    "softplus": (lambda x: math.log1p(math.exp(x)), [-30.0, -0.6, 0.4, 5.0]),
    "relu": (lambda x: max(x, 0.0), WIDE),
    "erf": (math.erf, WIDE),
    "erfc": (math.erfc, [-1.0, 0.4, 2.0, 5.0]),
    "absolute": (abs, WIDE),
    "sign": (lambda x: math.copysign(1.0, x), WIDE),
    "floor": (math.floor, WIDE),
    "ceil": (math.ceil, WIDE),
    "trunc": (math.trunc, WIDE),
    "rint": (round, WIDE),
    "is_positive": (lambda x: float(x > 0), WIDE),
}
X, Z, P = [-2.3, -0.6, 0.4, 1.7], [1.9, -0.7, 0.3, -2.6], [0.05, 0.6, 1.3, 4.2]
LARGE, LESS = [-2.3, 2.5, 2.0005, 2.0], [1.9, 2.0, 2.0, 2.0005]
TWO = {
    "add": (operator.add, X, Z),
    "subtract": (operator.sub, X, Z),
    "multiply": (operator.mul, X, Z),
    "divide": (operator.truediv, X, Z),
    "floor_divide": (operator.floordiv, X, Z),
    "remainder": (operator.mod, X, Z),
    "ratio": (operator.truediv, X, Z),
    "difference": (operator.sub, X, Z),
    "guarded_product": (operator.mul, X, Z),
    "power": (operator.pow, P, Z),
    "base": (lambda x, z: x, X, Z),
    "logaddexp": (lambda x, z: math.log(math.exp(x) + math.exp(z)), X, Z),
    "xlogy": (lambda x, z: x * math.log(z), X, P),
    "arctan2": (math.atan2, X, Z),
    "hypot": (math.hypot, X, Z),
    "maximum": (max, LARGE, LESS),
    "minimum": (min, LARGE, LESS),
    "share": (lambda x, z: float(x > z), LARGE, LESS),
}
BITS, FLAGS, SPECIAL = [0, 1, 6, 7], [True, False, True, False], [1.0, inf, -inf, nan]
CONSTANT = {
    "equal": (operator.eq, BITS, [0, 2, 6, 1]),
    "not_equal": (operator.ne, BITS, [0, 2, 6, 1]),
    "less": (operator.lt, BITS, [0, 2, 6, 1]),
    "less_equal": (operator.le, BITS, [0, 2, 6, 1]),
    "greater": (operator.gt, BITS, [0, 2, 6, 1]),
    "greater_equal": (operator.ge, BITS, [0, 2, 6, 1]),
    "logical_and": (lambda x, z: x and z, FLAGS, [True, True, False, False]),
    "logical_or": (lambda x, z: x or z, FLAGS, [True, True, False, False]),
    "logical_xor": (operator.xor, FLAGS, [True, True, False, False]),
    "logical_not": (operator.not_, FLAGS),
    "bitwise_and": (operator.and_, BITS, [3, 3, 3, 4]),
    "bitwise_or": (operator.or_, BITS, [3, 3, 3, 4]),
    "bitwise_xor": (operator.xor, BITS, [3, 3, 3, 4]),
    "invert": (operator.invert, BITS),
    "isnan": (math.isnan, SPECIAL),
    "isinf": (math.isinf, SPECIAL),
    "isfinite": (math.isfinite, SPECIAL),
}
CASES: dict[str, tuple] = {**ONE, **TWO, **CONSTANT}
SMOOTH = sorted({**ONE, **TWO})


def arrays(name: str) -> tuple[np.ndarray, ...]:
    """The sample points of an op."""
    return tuple(np.array(xs) for xs in CASES[name][1:])


def leaf(data, dtype=None) -> ac.Tensor:
    return ac.tensor(data, dtype=dtype, requires_grad=True)


def gradient(f: Callable, *xs, g=None):
    """The gradients of f by each of xs, for cotangent g or for the sum."""
    leaves = [leaf(x) for x in xs]
    with np.errstate(all="ignore"):
        y = f(*leaves)
    y.backward(np.ones(y.shape) if g is None else g)
    found = [x.grad.numpy() for x in leaves]
    return found[0] if len(xs) == 1 else found


def derivatives(f: Callable, x: float, order: int) -> list[float]:
    """f and its derivatives at x, by reverse mode over and over."""
    values = []
    for _ in range(order + 1):
        values.append(float(f(ac.tensor(x))))
        f = ac.grad(f)
    return values


# -- the table ---------------------------------------------------------------------------------------------------------


def test_every_entry_of_the_table_has_a_sample():
    assert set(OPS) == set(CASES)
    assert {name for name, op in OPS.items() if op.differentiable} == set(SMOOTH)


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_value_is_that_of_the_standard_library(name):
    function, *points = CASES[name]
    y = OPS[name](*(ac.tensor(x) for x in points)).numpy()
    expected = [function(*x) for x in zip(*points, strict=True)]
    np.testing.assert_allclose(y, expected, rtol=4e-15, atol=0)


@pytest.mark.parametrize("name", SMOOTH)
def test_first_and_second_derivatives_are_those_of_differences(name):
    report = gradcheck(OPS[name], arrays(name), order=2)
    assert len(report.compared) == 6
    assert not report.remarks


@pytest.mark.parametrize("name", sorted(TWO))
def test_each_argument_alone_is_differentiated_beside_a_constant(name):
    op, (x, z) = OPS[name], arrays(name)
    both = gradient(op, x, z)
    np.testing.assert_array_equal(gradient(lambda x: op(x, ac.tensor(z)), x), both[0])
    np.testing.assert_array_equal(gradient(lambda z: op(x, z), z), both[1])
    assert gradcheck(lambda x: op(x, z), x)
    assert gradcheck(lambda z: op(x, z), z)


@pytest.mark.parametrize("name", sorted(TWO))
@pytest.mark.parametrize("shapes", [((3, 1), (4,)), ((), (2, 3)), ((2, 3), ()), ((1, 2), (3, 1, 1))])
def test_arguments_broadcast(name, shapes):
    rng = np.random.default_rng(3)
    xs = [rng.uniform(0.3, 2.5, shape) for shape in shapes]
    assert OPS[name](*map(ac.tensor, xs)).shape == np.broadcast_shapes(*shapes)
    assert gradcheck(OPS[name], tuple(xs))


@pytest.mark.parametrize("name", sorted(TWO))
@pytest.mark.parametrize("shapes", [((0,), (1,)), ((1,), (0,)), ((2, 1), (1, 0)), ((0,), ())])
def test_arguments_without_elements_have_gradients_without_elements(name, shapes):
    xs = [np.full(shape, 1.5) for shape in shapes]
    for x, g in zip(xs, gradient(OPS[name], *xs), strict=True):
        np.testing.assert_array_equal(g, np.zeros(x.shape))


@pytest.mark.parametrize("name", sorted(ONE))
@pytest.mark.parametrize("shape", [(), (0,), (1, 1), (2, 0, 3)])
def test_every_shape_goes_through(name, shape):
    x = np.full(shape, CASES[name][1][-1])
    assert OPS[name](ac.tensor(x)).shape == shape
    assert gradient(OPS[name], x).shape == shape


# -- dtypes and numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMOOTH)
def test_single_precision_stays_single(name):
    xs = [leaf(x, dtype="float32") for x in CASES[name][1:]]
    y = OPS[name](*xs)
    assert y.dtype == np.float32
    grads = ac.gradients(y, xs, ac.ones_like(y), create_graph=True)
    assert {g.dtype for g in grads} == {np.dtype("float32")}
    tangents = tuple(np.ones(4, "float32") for _ in xs)
    assert ac.jvp(OPS[name], tuple(xs), tangents)[1].dtype == np.float32
    for g, wide in zip(grads, np.atleast_2d(gradient(OPS[name], *arrays(name))), strict=True):
        np.testing.assert_allclose(g.numpy(), wide, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", sorted(TWO))
def test_python_numbers_are_weak_and_numpy_numbers_are_not(name):
    op = OPS[name]
    for number, dtype in ((1.7, "float32"), (2, "float32"), (np.float64(1.7), "float64"), (np.float32(1.7), "float32")):
        for f in (lambda x, n=number: op.public(x, n), lambda x, n=number: op.public(n, x)):
            x = leaf([0.6, 2.2], dtype="float32")
            y = f(x)
            assert y.dtype == dtype
            y.backward(ac.ones_like(y))
            assert x.grad.dtype == np.float32
            expected = gradient(f, [np.float64(np.float32(0.6)), np.float64(np.float32(2.2))])
            np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("number", [2, 2.5, np.float64(2.5), np.array(2.5), np.array([2.5, 0.5])])
def test_operators_take_numbers_on_both_sides(number):
    pairs = (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod)
    x = np.array([0.7, 1.6])
    for f in pairs:
        np.testing.assert_allclose(f(leaf(x), number).numpy(), f(x, number), rtol=1e-15)
        np.testing.assert_allclose(f(number, leaf(x)).numpy(), f(number, x), rtol=1e-15)
        assert isinstance(f(number, leaf(x)), ac.Tensor)
        assert gradcheck(lambda x, f=f: f(x, number), x, order=2)
        assert gradcheck(lambda x, f=f: f(number, x), x, order=2)


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "power", "maximum", "minimum", "logaddexp", "hypot"])
def test_integers_and_booleans_are_constants(name, kind):
    x, n = np.array([0.6, 2.2]), np.array([1, 0]).astype(kind)
    z = OPS[name](leaf(x), ac.tensor(n))
    assert z.dtype == np.float64
    expected = gradient(lambda x: OPS[name](x, ac.tensor(n.astype(float))), x)
    np.testing.assert_array_equal(gradient(lambda x: OPS[name](x, ac.tensor(n)), x), expected)


@pytest.mark.parametrize("name", ["exp", "sin", "cos", "tan", "tanh", "sqrt", "log", "square", "reciprocal", "arctan"])
def test_analytic_functions_take_complex_numbers(name):
    x = np.array([0.3 + 0.4j, 1.2 - 0.7j])
    function = {"square": lambda x: x * x, "reciprocal": lambda x: 1 / x, "arctan": cmath.atan}.get(name)
    expected = [(function or getattr(cmath, name))(v) for v in x]
    np.testing.assert_allclose(OPS[name](ac.tensor(x)).numpy(), expected, rtol=1e-14)
    assert gradcheck(OPS[name], x, order=2)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power"])
def test_arithmetic_mixes_real_and_complex_numbers(name):
    x, z = np.array([0.3 + 0.4j, 1.2 - 0.7j]), np.array([0.8, 1.5])
    assert gradcheck(OPS[name], (x, z), order=2)
    assert gradcheck(OPS[name], (z, x), order=2)


@pytest.mark.parametrize("name", sorted(name for name in CONSTANT if not name.startswith(("bitwise", "invert"))))
def test_what_has_no_derivative_is_a_constant(name):
    assert not OPS[name](*(leaf(np.array(x, float)) for x in CONSTANT[name][1:])).requires_grad


# -- a second opinion --------------------------------------------------------------------------------------------------

TORCH = {"divide": "true_divide", "power": "pow", "sign": "sgn", "rint": "round"}
TORCH |= {name: f"special.{name}" for name in ("expm1", "erf", "erfc", "xlogy", "sigmoid")} | {"sigmoid": "sigmoid"}
UNKNOWN_THERE = {"cbrt", "ratio", "difference", "guarded_product", "base", "share", "is_positive", "floor_divide"}


@pytest.mark.parametrize("name", sorted({*SMOOTH} - UNKNOWN_THERE))
def test_pytorch_has_the_same_value_and_derivatives(name):
    torch = pytest.importorskip("torch")
    if name in ("softplus", "relu"):
        function = getattr(torch.nn.functional, name)
    else:
        function = operator.attrgetter(TORCH.get(name, name))(torch)
    xs, theirs = [leaf(x) for x in arrays(name)], [torch.tensor(x, requires_grad=True) for x in arrays(name)]
    ours_y, their_y = OPS[name](*xs), function(*theirs)
    np.testing.assert_allclose(ours_y.numpy(), their_y.detach().numpy(), rtol=1e-13)
    g = np.array([0.3, -1.2, 0.8, 2.0])
    ours = ac.gradients(ours_y, xs, g, create_graph=True)
    other = torch.autograd.grad(their_y, theirs, torch.tensor(g), create_graph=True)
    for a, b in zip(ours, other, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(force=True), rtol=1e-12, atol=1e-14)
        if not b.requires_grad:
            continue
        second = ac.gradients(a, xs, g, retain_graph=True, allow_unused=True)
        their_second = torch.autograd.grad(b, theirs, torch.tensor(g), retain_graph=True, allow_unused=True)
        for c, d in zip(second, their_second, strict=True):
            c, d = 0.0 if c is None else c.numpy(), 0.0 if d is None else d.numpy(force=True)
            np.testing.assert_allclose(c, d, rtol=1e-11, atol=1e-13)


# -- kinks and singular points -----------------------------------------------------------------------------------------

VALUES = {
    "absolute at 0": (ac.absolute, [0.0], [0.0]),
    "absolute at -0": (ac.absolute, [-0.0], [0.0]),
    "sign at 0": (ac.sign, [0.0], [0.0]),
    "relu at 0": (ac.relu, [0.0], [0.0]),
    "floor at a whole number": (ac.floor, [2.0], [0.0]),
    "maximum at a tie": (ac.maximum, [1.5, 1.5], [0.5, 0.5]),
    "minimum at a tie": (ac.minimum, [1.5, 1.5], [0.5, 0.5]),
    "maximum of infinities": (ac.maximum, [inf, inf], [0.5, 0.5]),
    "maximum with NaN": (ac.maximum, [nan, 1.0], [1.0, 0.0]),
    "minimum with NaN": (ac.minimum, [1.0, nan], [0.0, 1.0]),
    "sqrt at 0": (ac.sqrt, [0.0], [inf]),
    "x**0 at 0": (lambda x: x**0, [0.0], [0.0]),
    "x**1 at 0": (lambda x: x**1, [0.0], [1.0]),
    "x**2 at 0": (lambda x: x**2, [0.0], [0.0]),
    "x**-1 at 2": (lambda x: x**-1, [2.0], [-0.25]),
    "x**0 of a Tensor at 0": (ac.power, [0.0, 0.0], [0.0, 0.0]),
    "x**-1 of a Tensor at 0": (ac.power, [0.0, -1.0], [-inf, -inf]),
    "x**1 of a Tensor at 0": (ac.power, [0.0, 1.0], [1.0, 0.0]),
    "0**z at 2": (lambda z: 0.0**z, [2.0], [0.0]),
    "0**z of a Tensor at 2": (ac.power, [0.0, 2.0], [0.0, 0.0]),
    "negative x**3 of a Tensor": (lambda x: ac.power(x, ac.tensor(3.0)), [-2.0], [12.0]),
    "hypot at the origin": (ac.hypot, [0.0, 0.0], [0.0, 0.0]),
    "hypot far out": (ac.hypot, [3e200, 4e200], [0.6, 0.8]),
    "hypot far in": (ac.hypot, [3e-200, 4e-200], [0.6, 0.8]),
    "arctan2 at the origin": (ac.arctan2, [0.0, 0.0], [0.0, 0.0]),
    "arctan2 far out": (ac.arctan2, [3e200, 4e200], [1.6e-201, -1.2e-201]),
    "arctan2 far in": (ac.arctan2, [3e-200, 4e-200], [1.6e199, -1.2e199]),
    "xlogy at the origin": (ac.special.xlogy, [0.0, 0.0], [-inf, 0.0]),
    "xlogy of 0": (ac.special.xlogy, [0.0, 2.0], [math.log(2.0), 0.0]),
    "logaddexp with infinity": (ac.logaddexp, [inf, 3.0], [1.0, 0.0]),
    "logaddexp with minus infinity": (ac.logaddexp, [-inf, 3.0], [0.0, 1.0]),
    "logaddexp far out": (ac.logaddexp, [1000.0, 1000.0], [0.5, 0.5]),
    "softplus at 1000": (ac.softplus, [1000.0], [1.0]),
    "softplus at -1000": (ac.softplus, [-1000.0], [0.0]),
    "softplus at 30": (ac.softplus, [30.0], [1.0 / (1.0 + math.exp(-30.0))]),
    "sigmoid at 1000": (ac.sigmoid, [1000.0], [0.0]),
    "sigmoid at -1000": (ac.sigmoid, [-1000.0], [0.0]),
    "tanh at 1000": (ac.tanh, [1000.0], [0.0]),
    "arcsinh far out": (ac.arcsinh, [1e200], [1e-200]),
    "arctan far out": (ac.arctan, [1e200], [0.0]),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_gradient_at_a_special_point(name):
    f, xs, expected = VALUES[name]
    found = gradient(f, *xs)
    np.testing.assert_allclose(np.array(found), expected if len(xs) > 1 else expected[0], rtol=1e-14, atol=0)
    with np.errstate(all="ignore"):
        tangents = [float(ac.jvp(f, tuple(xs), tuple(np.eye(len(xs))[i]))[1]) for i in range(len(xs))]
    np.testing.assert_array_equal(tangents, np.atleast_1d(found))


@pytest.mark.parametrize("f, x", [(ac.softplus, 1000.0), (ac.softplus, -1000.0), (ac.sigmoid, 1000.0), (ac.sigmoid, -1000.0)])
def test_the_logistic_family_saturates_without_warning(f, x):
    value, *higher = derivatives(f, x, 3)
    limits = {ac.softplus: (1000.0, 0.0), ac.sigmoid: (1.0, 0.0)}
    assert value == limits[f][x < 0]
    assert higher[1:] == [0.0, 0.0]


def test_the_higher_derivatives_of_tanh_far_out_are_zero():
    assert derivatives(ac.tanh, 1000.0, 4) == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert derivatives(ac.tanh, -1000.0, 4) == [-1.0, 0.0, 0.0, 0.0, 0.0]


SINGULAR = {
    "sqrt": (ac.sqrt, 0.0),
    "sqrt outside": (ac.sqrt, -1.0),
    "log": (ac.log, 0.0),
    "log1p": (ac.log1p, -1.0),
    "cbrt": (ac.cbrt, 0.0),
    "reciprocal": (ac.reciprocal, 0.0),
    "division": (lambda x: 1.0 / x, 0.0),
    "arcsin": (ac.arcsin, 1.0),
    "arccos": (ac.arccos, -1.0),
    "arccosh": (ac.arccosh, 1.0),
    "arctanh": (ac.arctanh, 1.0),
    "a power": (lambda x: x**0.5, 0.0),
    "a negative power": (lambda x: x**-2, 0.0),
    "a power outside": (lambda x: x**0.5, -1.0),
    "a Tensor power": (lambda x: ac.power(x, ac.tensor(0.5)), 0.0),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_zero_cotangent_at_a_singular_point_gives_zero_to_second_order(name):
    f, at = SINGULAR[name]
    x, g = leaf(at), leaf(0.0)
    with np.errstate(all="ignore"):
        y = f(x)
    (first,) = ac.gradients(y, x, g, create_graph=True)
    second = ac.gradients(first, (x, g), ac.tensor(0.0), allow_unused=True)
    assert float(first) == 0.0
    assert {float(v) for v in second if v is not None} == {0.0}


@pytest.mark.parametrize("name", SINGULAR)
def test_a_branch_not_taken_leaks_nothing(name):
    f, at = SINGULAR[name]
    x = np.array([at, at + 0.25, at])

    def masked(x):
        return ac.where(np.array([False, False, False]), f(x), x * x)

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(gradient(masked, x), 2.0 * x)
        first = ac.grad(lambda x: ac.sum(masked(x)))
        np.testing.assert_array_equal(gradient(first, x), [2.0, 2.0, 2.0])
        _, (tangent, again) = ac.jvp(lambda x: (masked(x), first(x)), (x,), (np.ones(3),))
    np.testing.assert_array_equal(tangent.numpy(), 2.0 * x)
    np.testing.assert_array_equal(again.numpy(), [2.0, 2.0, 2.0])


def test_the_square_root_of_the_positive_part_has_no_nan():
    x = np.array([-1.0, 0.0, 4.0])

    def f(x):
        return ac.where(x > 0, ac.sqrt(x), 0.0)

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(gradient(f, x), [0.0, 0.0, 0.25])
        np.testing.assert_array_equal(gradient(ac.grad(lambda x: ac.sum(f(x))), x), [0.0, 0.0, -1.0 / 32.0])


def test_linearity_holds_beside_the_zero_cotangent():
    assert gradient(ac.sqrt, 0.0, g=1e-300) == inf
    assert gradient(ac.sqrt, 0.0, g=0.0) == 0.0
    assert math.isnan(gradient(lambda x: x * ac.tensor(inf), 1.0, g=0.0))


# -- closed forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [lambda x: x**4, lambda x: x**4.0, lambda x: ac.power(x, 4), lambda x: x * x * x * x])
def test_the_derivatives_of_the_fourth_power_to_order_five(f):
    assert derivatives(f, 3.0, 5) == [81.0, 108.0, 108.0, 72.0, 24.0, 0.0]
    assert derivatives(f, 0.0, 5) == [0.0, 0.0, 0.0, 0.0, 24.0, 0.0]


@pytest.mark.parametrize("x", [-1.3, 0.0, 0.4, 3.0])
def test_the_derivatives_of_tanh_to_order_five(x):
    t = math.tanh(x)
    s = 1 - t * t
    closed = [t, s, -2 * t * s, s * (6 * t**2 - 2), t * s * (16 - 24 * t**2), s * (120 * t**4 - 120 * t**2 + 16)]
    assert derivatives(ac.tanh, x, 5) == pytest.approx(closed, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("k", range(6))
def test_the_derivatives_of_the_sine_go_round(k):
    assert derivatives(ac.sin, 0.7, 5)[k] == pytest.approx(math.sin(0.7 + k * math.pi / 2), rel=1e-15)


def test_the_derivatives_of_the_logarithm_are_factorials():
    x, k = 0.5, np.arange(1, 6)
    expected = [(-1) ** (n - 1) * math.factorial(n - 1) / x**n for n in k]
    assert derivatives(ac.log, x, 5)[1:] == pytest.approx(expected, rel=1e-14)
