"""Transforms: values, structures, and every way of nesting them."""

import math

import numpy as np
import pytest

import autograd_core as ac

X = np.array([0.3, -0.7, 1.2])


def f(x):
    return ac.sum(ac.sin(x) * x**2) * ac.exp(x[0])


def df(x):
    outer, inner = np.exp(x[0]), np.sum(np.sin(x) * x**2)
    g = (np.cos(x) * x**2 + 2 * x * np.sin(x)) * outer
    g[0] += inner * outer
    return g


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)
    return True


# -- gradients ---------------------------------------------------------------------------------------------------------


def test_gradients_of_several_outputs_are_summed():
    x = ac.tensor(2.0, requires_grad=True)
    assert ac.gradients([x**2, x**3], x)[0].item() == 4.0 + 12.0
    assert ac.gradients([x**2, x**3], x, grad_ys=[1.0, 10.0])[0].item() == 4.0 + 120.0


def test_gradients_by_a_result_inside_the_graph():
    x = ac.tensor(2.0, requires_grad=True)
    y = x * x
    z = y * y
    dy, dx = ac.gradients(z, [y, x])
    assert (dy.item(), dx.item()) == (8.0, 32.0)


def test_an_unused_input_is_an_error_or_none():
    x, unused = (ac.tensor(1.0, requires_grad=True) for _ in range(2))
    with pytest.raises(ac.GradientError, match="input 1.*allow_unused"):
        ac.gradients(x * x, [x, unused])
    assert ac.gradients(x * x, [x, unused], allow_unused=True)[1] is None
    with pytest.raises(ac.GradientError, match="requires_grad"):
        ac.gradients(x * x, ac.tensor(1.0))


def test_gradients_free_the_graph_unless_told_otherwise():
    x = ac.tensor(2.0, requires_grad=True)
    y = x * x
    ac.gradients(y, x, retain_graph=True)
    ac.gradients(y, x)
    with pytest.raises(ac.GradientError, match="freed"):
        ac.gradients(y, x)


# -- values ------------------------------------------------------------------------------------------------------------


def test_every_transform_gives_the_same_gradient():
    expected = df(X)
    assert close(ac.grad(f)(X), expected)
    value, g = ac.value_and_grad(f)(X)
    assert close(value, np.sum(np.sin(X) * X**2) * np.exp(X[0]))
    assert close(g, expected)
    assert close(ac.vjp(f, X)[1](2.0)[0], 2.0 * expected)
    assert close(ac.jvp(f, (X,), (np.array([1.0, 2.0, 3.0]),))[1], expected @ [1.0, 2.0, 3.0])
    assert close(ac.linearize(f, X)[1](np.array([1.0, 2.0, 3.0])), expected @ [1.0, 2.0, 3.0])
    for mode in ("forward", "reverse", "auto"):
        assert close(ac.jacobian(f, mode=mode)(X), expected)


def test_the_hessian_in_every_combination_of_modes():
    h = 1e-5
    differences = np.array([(df(X + h * e) - df(X - h * e)) / (2 * h) for e in np.eye(3)])
    reference = ac.hessian(f)(X)
    assert close(reference, differences, 1e-8)
    for outer in ("forward", "reverse"):
        for inner in ("forward", "reverse"):
            assert close(ac.jacobian(ac.jacobian(f, mode=inner), mode=outer)(X), reference)
    v = np.array([1.0, -2.0, 0.5])
    assert close(ac.hvp(f, X, v), reference.numpy() @ v)
    assert close(ac.grad(lambda x: ac.sum(ac.grad(f)(x) * v))(X), reference.numpy() @ v)


def test_jacobian_of_matrices_has_the_shape_of_output_and_input():
    a = np.arange(6.0).reshape(2, 3)
    j = ac.jacobian(lambda x: x.T @ x)(a)
    assert j.shape == (3, 3, 2, 3)
    assert close(j, ac.jacobian(lambda x: x.T @ x, mode="reverse")(a))


@pytest.mark.parametrize("order", range(6))
def test_derivatives_of_tanh_and_of_x_to_the_fourth(order):
    x = 0.37
    t = math.tanh(x)
    s = 1 - t * t
    tanh = [t, s, -2 * t * s, s * (6 * t * t - 2), s * (16 * t - 24 * t**3), s * (16 - 120 * t * t + 120 * t**4)]
    power = [x**4, 4 * x**3, 12 * x**2, 24 * x, 24.0, 0.0]
    for function, values in ((ac.tanh, tanh), (lambda x: x**4, power)):
        reverse, forward = function, function
        for _ in range(order):
            reverse = ac.grad(reverse)
            forward = lambda x, g=forward: ac.jvp(g, (x,), (1.0,))[1]
        assert close(reverse(x), values[order])
        assert close(forward(x), values[order])


def test_worked_products_by_both_modes():
    def y(x1, x2):
        z1 = x1 * x2
        z2 = z1 * x1
        return z2**2

    a, b = 1.5, -0.7
    expected = (4 * a**3 * b**2, 2 * a**4 * b)
    assert close(ac.grad(y, argnums=(0, 1))(a, b), expected)
    assert close([ac.jvp(y, (a, b), e)[1].item() for e in ((1.0, 0.0), (0.0, 1.0))], expected)
    assert close(ac.grad(lambda p, q: (p * q) ** 2, argnums=(0, 1))(a, b), (2 * a * b**2, 2 * a**2 * b))


# -- nesting -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_jvp_of_a_function_that_takes_a_gradient_inside(create_graph):
    def slope(x):
        return ac.gradients(ac.sin(x) * x, x, create_graph=create_graph)[0]

    second = 2 * math.cos(0.8) - 0.8 * math.sin(0.8)
    third = -3 * math.sin(0.8) - 0.8 * math.cos(0.8)
    assert close(ac.jvp(slope, (0.8,), (1.0,))[1], second)
    assert close(ac.grad(slope)(0.8), second)
    assert close(ac.grad(lambda x: ac.jvp(slope, (x,), (1.0,))[1])(0.8), third)
    assert close(ac.jvp(ac.grad(slope), (0.8,), (1.0,))[1], third)


def test_a_backward_inside_a_transform_is_recorded():
    w = ac.tensor(2.0, requires_grad=True)

    def inner(x):
        w.grad = None
        (w * x**3).backward()
        return w.grad  # x³

    assert ac.grad(inner)(2.0).item() == 12.0
    assert ac.jvp(inner, (2.0,), (1.0,))[1].item() == 12.0


def test_perturbations_are_not_confused():
    one = lambda d: d(lambda x: x * d(lambda y: x + y)(1.0))(1.0)
    forward = lambda g: lambda x: ac.jvp(g, (x,), (1.0,))[1]
    assert one(ac.grad).item() == 1.0
    assert one(forward).item() == 1.0
    assert ac.grad(lambda x: x * forward(lambda y: x * y)(2.0))(3.0).item() == 6.0


def test_a_transform_of_a_closure_over_a_leaf_is_part_of_its_graph():
    w = ac.tensor(3.0, requires_grad=True)
    slope = ac.grad(lambda x: w * x**2)(2.0)  # 2wx
    assert slope.item() == 12.0
    slope.backward()
    assert w.grad.item() == 4.0
    w.grad = None
    ac.jvp(lambda x: w * x**2, (2.0,), (1.0,))[1].backward()
    assert w.grad.item() == 4.0


def test_a_transform_of_nothing_else_is_a_constant():
    assert not ac.grad(lambda x: x**2)(2.0).requires_grad
    value, _ = ac.value_and_grad(lambda x: x**2)(2.0)
    assert not value.requires_grad


def test_a_leaf_as_argument_keeps_the_result_differentiable():
    x = ac.tensor(2.0, requires_grad=True)
    ac.grad(lambda v: v**3)(x).backward()
    assert x.grad.item() == 12.0


def test_transforms_work_under_no_grad_and_give_constants():
    x = ac.tensor(2.0, requires_grad=True)
    with ac.no_grad():
        g = ac.grad(lambda v: v**3)(x)
    assert (g.item(), g.requires_grad) == (12.0, False)


def test_no_grad_inside_a_transform_makes_constants():
    def f(x):
        with ac.no_grad():
            c = x * x
        return c * x

    assert ac.grad(f)(3.0).item() == 9.0


def test_a_function_that_does_not_depend_on_its_argument_has_gradient_zero():
    assert ac.grad(lambda x: ac.tensor(1.0))(2.0).item() == 0.0
    assert ac.jvp(lambda x: ac.tensor([1.0, 2.0]), (2.0,), (1.0,))[1].tolist() == [0.0, 0.0]
    assert ac.jacobian(lambda x: 1.0)(X).tolist() == [0.0, 0.0, 0.0]
    assert ac.hessian(lambda x: ac.sum(x))(X).tolist() == np.zeros((3, 3)).tolist()


def test_an_exception_inside_a_transform_leaves_no_state_behind():
    with ac.no_grad():
        with pytest.raises(ZeroDivisionError):
            ac.grad(lambda x: 1 / 0)(1.0)
        assert not ac.is_grad_enabled()


# -- structures --------------------------------------------------------------------------------------------------------


def test_arguments_may_be_nested():
    parameters = {"w": np.array([1.0, 2.0]), "b": [np.array(3.0)]}
    loss = lambda p, x: ac.sum(p["w"] * x) * p["b"][0]
    g = ac.grad(loss)(parameters, np.array([5.0, 7.0]))
    assert g["w"].tolist() == [15.0, 21.0]
    assert g["b"][0].item() == 19.0
    _, t = ac.jvp(lambda p: loss(p, np.array([5.0, 7.0])), (parameters,), ({"w": np.zeros(2), "b": [1.0]},))
    assert t.item() == 19.0


def test_several_arguments_aux_and_keywords():
    def loss(x, z, *, scale):
        return scale * x * z, {"sum": x + z}

    (gx, gz), aux = ac.grad(loss, argnums=(0, 1), has_aux=True)(2.0, 3.0, scale=10.0)
    assert (gx.item(), gz.item(), aux["sum"].item()) == (30.0, 20.0, 5.0)
    (value, _), g = ac.value_and_grad(loss, argnums=-1, has_aux=True)(2.0, 3.0, scale=1.0)
    assert (value.item(), g.item()) == (6.0, 2.0)


def test_nested_outputs():
    value, pull = ac.vjp(lambda x: {"a": x**2, "b": (x, 3.0 * x)}, 2.0)
    assert value["b"][1].item() == 6.0
    assert pull({"a": 1.0, "b": (10.0, 100.0)})[0].item() == 4.0 + 10.0 + 300.0
    j = ac.jacobian(lambda x: {"a": x**2, "b": (x, 3.0 * x)})(X)
    assert close(j["a"], np.diag(2 * X))
    h = ac.hessian(lambda x, z: x * z**2, argnums=(0, 1))(2.0, 3.0)
    assert [[float(e) for e in row] for row in h] == [[0.0, 6.0], [6.0, 4.0]]


# -- misuse ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ac.grad(lambda x: x)(X), ac.GradientError, r"scalar.*\(3,\).*jacobian"),
        (lambda: ac.grad(lambda x: x, argnums=2)(1.0), TypeError, "argnums=2: there is no argument 2"),
        (lambda: ac.jacobian(f, mode="sideways"), ValueError, "sideways"),
        (lambda: ac.jvp(f, X, X), TypeError, "tuples"),
        (lambda: ac.jvp(f, (X,), (X[:2],)), ac.ShapeError, r"\(2,\).*\(3,\)"),
        (lambda: ac.jvp(f, (X,), ()), ac.ShapeError, "tuple of length 0"),
        (lambda: ac.vjp(f, X)[1](X), ac.ShapeError, "cotangent"),
        (lambda: ac.grad(lambda x: (x, x, x), has_aux=True)(1.0), TypeError, "aux"),
        (lambda: ac.grad(lambda x: x > 0.0)(1.0), ac.DTypeError, "bool"),
    ],
)
def test_misuse_is_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_jacobians_of_complex_numbers():
    z = np.array([1.0 + 2.0j, 3.0 - 1.0j])
    np.testing.assert_allclose(ac.jacobian(lambda z: z**2)(z).numpy(), np.diag(2 * z))
    np.testing.assert_allclose(ac.jacobian(lambda x: ac.sum(x) * (1 + 2j))(z.real).numpy(), [1 + 2j, 1 + 2j])
    with pytest.raises(ac.DTypeError, match="Use mode='forward'"):
        ac.jacobian(lambda z: z**2, mode="reverse")(z)


def test_writing_through_the_data_of_a_result_is_noticed():
    x = ac.tensor([1.0, 2.0], requires_grad=True)
    y = ac.exp(x)
    memory = y.data
    z = ac.sum(y * y)
    memory[...] = 5.0
    with pytest.raises(ac.MutationError):
        z.backward()


def test_auxiliary_values_bring_no_graph_out():
    _, aux = ac.grad(lambda x: (ac.sum(x), ac.exp(x)), has_aux=True)(np.ones(3))
    assert not aux.requires_grad
    w = ac.tensor(2.0, requires_grad=True)
    _, aux = ac.grad(lambda x: (ac.sum(x), w * 3.0), has_aux=True)(np.ones(3))
    assert aux.requires_grad


def test_argument_numbers_of_numpy():
    assert ac.grad(lambda x, z: x * z, np.int64(1))(2.0, 3.0).item() == 2.0


def test_grad_of_a_tensor_names_the_function_that_is_meant():
    x = ac.tensor(2.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"For Tensors use ac.gradients\(y, x\)"):
        ac.grad(x * x, x)
    with pytest.raises(TypeError, match="primals and series are tuples"):
        ac.jet(ac.sin, 0.5, [1.0])
