"""The derivative table, beyond what every primitive is tested for: dtypes, special points, closed forms, other libraries."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.ops import elementwise as table
from autograd_core.ops import special as specials
from autograd_core.primitive import registry
from autograd_core.table import Elementwise
from autograd_core.testing import gradcheck
from autograd_core.testing import samples as _  # noqa: F401 (fills `declarations`)
from autograd_core.testing.declared import declarations

OPS = {
    name: op
    for name, op in registry.items()
    if isinstance(op, Elementwise) and op in (getattr(table, name, None), getattr(specials, name, None))
}
SMOOTH = sorted(name for name, op in OPS.items() if op.differentiable)
TWO = [name for name in SMOOTH if len(OPS[name].derivatives) == 2 and name not in ("ldexp", "gate")]


def arrays(name: str) -> tuple[np.ndarray, ...]:
    """The points at which an op is declared, which are away from its kinks."""
    return declarations[name].samples[0].inputs


def leaf(data, dtype=None) -> ac.Tensor:
    return ac.tensor(data, dtype=dtype, requires_grad=np.asarray(data).dtype.kind in "fc" or dtype is not None)


def gradient(f: Callable, *xs, g=None):
    """The gradients of f by each of xs, for cotangent g or for the sum."""
    leaves = [ac.tensor(x, requires_grad=True) for x in xs]
    with np.errstate(all="ignore"):
        y = f(*leaves)
    y.backward(np.ones(y.shape) if g is None else g)
    found = [x.grad.numpy() for x in leaves]
    return found[0] if len(xs) == 1 else found


# -- completeness ------------------------------------------------------------------------------------------------------


def test_every_ufunc_of_numpy_has_a_counterpart():
    ufuncs = {name for name in dir(np) if isinstance(getattr(np, name), np.ufunc)}
    assert sorted(name for name in ufuncs if not hasattr(ac, name)) == ["isnat"]  # a Tensor holds no dates


OTHERS = "angle around conj fix i0 imag iscomplex isclose isneginf isposinf isreal nan_to_num real round sinc unwrap"
UFUNCS = sorted(name for name in dir(np) if isinstance(getattr(np, name), np.ufunc) and name != "isnat")


@pytest.mark.parametrize("name", UFUNCS + OTHERS.split())
def test_every_public_function_says_what_it_is(name):
    assert getattr(ac, name).__doc__.endswith((".", "...", "\n    "))


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_entry_says_what_it_is(name):
    assert OPS[name].public.__doc__
    assert OPS[name].public.__name__ == name


FUNCTIONS = "sinc i0 angle real imag conj isreal isposinf isclose nan_to_num fix around modf divmod frexp"


@pytest.mark.parametrize("name", FUNCTIONS.split())
def test_numpys_functions_take_tensors(name):
    x = np.array([0.7, -2.4])
    args = {"isclose": (x + 1e-9,), "divmod": (0.3,)}.get(name, ())
    ours, theirs = getattr(np, name)(ac.tensor(x), *args), getattr(np, name)(x, *args)
    for a, b in zip(ours, theirs) if isinstance(theirs, tuple) else [(ours, theirs)]:
        assert isinstance(a, ac.Tensor)
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-15)


# -- dtypes and numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype, rtol", [("float32", 3e-5), ("float16", 0.05)])
@pytest.mark.parametrize("name", SMOOTH)
def test_low_precision_stays_low(name, dtype, rtol):
    xs = [leaf(x, dtype=dtype if x.dtype.kind == "f" else None) for x in arrays(name)]
    with np.errstate(all="ignore"):
        y = OPS[name](*xs)
    assert y.dtype == dtype
    xs = [x for x in xs if x.requires_grad]
    grads = ac.gradients(y, xs, ac.ones_like(y), create_graph=True)
    assert {g.dtype for g in grads} == {np.dtype(dtype)}
    if len(xs) == len(arrays(name)):
        assert ac.jvp(OPS[name], tuple(xs), tuple(ac.ones_like(x) for x in xs))[1].dtype == dtype
    wide = [leaf(x.numpy().astype(float)) for x in xs]
    expected = ac.gradients(OPS[name](*wide, *arrays(name)[len(wide) :]), wide, ac.ones(y.shape))
    for g, right in zip(grads, expected, strict=True):
        np.testing.assert_allclose(g.numpy(), right.numpy(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("f", [lambda x: x**3, lambda x: x**2.5, ac.sinc, ac.special.exprel, ac.special.j0, ac.special.i1e])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_functions_with_parameters_keep_low_precision(f, dtype):
    x = leaf([0.0, 0.6, 2.2], dtype=dtype)
    y = f(x)
    (g,) = ac.gradients(y, x, ac.ones_like(y), create_graph=True)
    (h,) = ac.gradients(g, x, ac.ones_like(y))
    assert y.dtype == g.dtype == h.dtype == dtype


@pytest.mark.parametrize("name", TWO)
def test_python_numbers_are_weak_and_numpy_numbers_are_not(name):
    op = OPS[name]
    for number, dtype in ((0.7, "float32"), (2, "float32"), (np.float64(0.7), "float64"), (np.float32(0.7), "float32")):
        for f in (lambda x, n=number: op.public(x, n), lambda x, n=number: op.public(n, x)):
            x = leaf([0.6, 2.2], dtype="float32")
            y = f(x)
            assert y.dtype == dtype
            y.backward(ac.ones_like(y))
            assert x.grad.dtype == np.float32
            expected = gradient(f, [np.float64(np.float32(0.6)), np.float64(np.float32(2.2))])
            np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-5, atol=1e-6)


POWERS = [2, 2.0, -1, np.float64(2), np.float64(0.5), np.float32(3), np.int64(2), np.float16(2), np.array(2.0), np.array([2.0])]


@pytest.mark.parametrize("p", POWERS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_a_power_has_the_dtype_that_numpy_gives_it(p, dtype):
    x = np.array([1, 3], dtype)
    if dtype == "int32" and type(p) is int and p < 0:
        with pytest.raises(ValueError, match=r"power: x \*\* -1 of integers"):
            ac.tensor(x) ** p
        return
    y = ac.tensor(x) ** p
    assert y.dtype == (x**p).dtype
    np.testing.assert_allclose(y.numpy(), x**p, rtol=1e-3)
    if dtype != "int32":
        leaf_x = ac.tensor(x, requires_grad=True)
        ac.sum(leaf_x**p).backward()
        assert leaf_x.grad.dtype == dtype
        np.testing.assert_allclose(leaf_x.grad.numpy(), float(np.ravel(p)[0]) * x ** (float(np.ravel(p)[0]) - 1.0), rtol=1e-2)


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


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power"])
def test_arithmetic_mixes_real_and_complex_numbers(name):
    x, z = np.array([0.3 + 0.4j, 1.2 - 0.7j]), np.array([0.8, 1.5])
    assert gradcheck(OPS[name], (x, z), order=2)
    assert gradcheck(OPS[name], (z, x), order=2)


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin", "sign", "absolute"])
def test_complex_numbers_are_ordered_as_numpy_orders_them(name):
    x, z = np.array([0.3 + 0.4j, 1.2 - 0.7j, -0.5j]), np.array([0.3 + 0.5j, 0.8, 1.0 - 0.5j])
    args = (x, z)[: len(OPS[name].derivatives)]
    np.testing.assert_array_equal(OPS[name](*map(ac.tensor, args)).numpy(), getattr(np, name)(*args))
    assert gradcheck(OPS[name], args)


def test_float_power_computes_in_double_precision():
    x = ac.tensor(np.array([2.0, 3.0], "float32"), requires_grad=True)
    y = ac.float_power(x, 2)
    assert y.dtype == np.float64
    ac.sum(y).backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [4.0, 6.0]
    assert ac.float_power(ac.tensor([2, 3]), -1).tolist() == [0.5, 1 / 3]
    assert ac.float_power(ac.tensor([-4.0 + 0j]), 0.5).dtype == np.complex128
    assert gradcheck(ac.float_power, (np.array([0.7, 2.0]), np.array([1.3, -0.5])), order=2)


ODD = np.array([1.5, math.nan, math.inf, -math.inf, -0.0])


OPTIONS = [{}, {"nan": 2.0}, {"posinf": 7.0, "neginf": -8}, {"nan": np.float64(3.0)}, {"nan": ODD[:1]}]
ARRAYS = [ODD, ODD.astype("float32"), ODD.astype("float16"), ODD * (1.0 - 2.0j), np.array([1, 2]), ODD > 0]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("x", ARRAYS)
def test_nan_to_num_is_that_of_numpy(x, options):
    with np.errstate(all="ignore"):
        expected = np.nan_to_num(x, **options)
    y = ac.nan_to_num(ac.tensor(x), **options)
    assert y.dtype == expected.dtype
    np.testing.assert_array_equal(y.numpy(), expected)


def test_nan_to_num_passes_on_what_it_keeps():
    x = ac.tensor(ODD, requires_grad=True)
    y = ac.nan_to_num(x, nan=3.0)
    y.backward(np.array([1.0, 2.0, 3.0, math.nan, 5.0]))
    assert x.grad.tolist() == [1.0, 0.0, 0.0, 0.0, 5.0]


def test_closeness_is_that_of_numpy():
    z = ODD + 1e-9
    for options in ({}, {"equal_nan": True}, {"rtol": 0.0, "atol": 0.0}, {"rtol": 1.0}):
        with np.errstate(all="ignore"):
            expected = np.isclose(ODD, z, **options)
        y = ac.isclose(ac.tensor(ODD, requires_grad=True), z, **options)
        assert y.tolist() == expected.tolist()
        assert not y.requires_grad


def test_parts_of_numbers_put_together_are_the_numbers():
    x = np.array([-7.3, 0.0, 5e-324, 12.0, 1e300])
    m, e = ac.frexp(x)
    np.testing.assert_array_equal(ac.ldexp(m, e).numpy(), x)
    fraction, whole = ac.modf(x)
    np.testing.assert_array_equal((fraction + whole).numpy(), x)
    q, r = ac.divmod(x, 0.7)
    np.testing.assert_array_equal([q.numpy(), r.numpy()], np.divmod(x, 0.7))
    assert gradcheck(lambda x: ac.frexp(x)[0], x[[0, 3]])


# -- a second opinion --------------------------------------------------------------------------------------------------

SPECIAL = "expm1 erf erfc erfcx erfinv xlogy xlog1py entr log_ndtr ndtr ndtri gammaln digamma logit"
TORCH = {"divide": "true_divide", "power": "pow", "sign": "sgn", "rint": "round", "fabs": "abs"}
TORCH |= {name: f"special.{name}" for name in SPECIAL.split()}
TORCH |= {"softplus": "nn.functional.softplus", "relu": "nn.functional.relu", "log_expit": "nn.functional.logsigmoid"}
UNKNOWN_THERE = {"floor_divide", "heaviside", "nextafter", "ldexp", "kl_div"}
# PyTorch cuts softplus at 20, and has errors of 2 % in ndtr(-8) and of 1e-9 in the derivative of digamma.
WRONG_THERE = {"softplus", "ndtr", "digamma"}


def of_torch(name: str):
    """PyTorch's function for an op, None where it has none."""
    torch = pytest.importorskip("torch")
    try:
        return None if name in UNKNOWN_THERE | WRONG_THERE else operator.attrgetter(TORCH.get(name, name))(torch)
    except AttributeError:
        return None


def test_pytorch_knows_many():
    assert sum(of_torch(name) is not None for name in SMOOTH) > 60


@pytest.mark.parametrize("name", SMOOTH)
def test_pytorch_has_the_same_value_and_derivatives(name):
    torch = pytest.importorskip("torch")
    function = of_torch(name)
    if function is None:
        return
    xs, theirs = [leaf(x) for x in arrays(name)], [torch.tensor(x, requires_grad=True) for x in arrays(name)]
    ours_y, their_y = OPS[name](*xs), function(*theirs)
    np.testing.assert_allclose(ours_y.numpy(), their_y.detach().numpy(), rtol=1e-12)
    g = np.array([0.3, -1.2, 0.8, 2.0, 0.7, -0.4])[: len(ours_y)]
    ours = ac.gradients(ours_y, xs, g, create_graph=True)
    other = torch.autograd.grad(their_y, theirs, torch.tensor(g), create_graph=True, allow_unused=True)
    for a, b in zip(ours, other, strict=True):
        np.testing.assert_allclose(a.numpy(), 0.0 if b is None else b.numpy(force=True), rtol=1e-11, atol=1e-13)
        if b is None or not b.requires_grad:
            continue
        second = ac.gradients(a, xs, g, retain_graph=True, allow_unused=True)
        their_second = torch.autograd.grad(b, theirs, torch.tensor(g), retain_graph=True, allow_unused=True)
        for c, d in zip(second, their_second, strict=True):
            c, d = 0.0 if c is None else c.numpy(), 0.0 if d is None else d.numpy(force=True)
            np.testing.assert_allclose(c, d, rtol=1e-9, atol=1e-11)


# -- closed forms ------------------------------------------------------------------------------------------------------


def derivatives(f: Callable, x: float, order: int) -> list[float]:
    """f and its derivatives at x, by reverse mode over and over."""
    values = []
    for _k in range(order + 1):
        values.append(float(f(ac.tensor(x))))
        f = ac.grad(f)
    return values


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
