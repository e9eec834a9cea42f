"""Rewritten programs compute what the captured ones do, in fewer steps, and never across a write."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

import autograd_core as ac
from autograd_core.compile.capture import WRITE, Capture
from autograd_core.compile.lower import lowered
from autograd_core.compile.run import Runner
from autograd_core.compile.simplify import simplified
from autograd_core.graph import recording
from autograd_core.tape import Slot
from autograd_core.tensor import from_array
from autograd_core.testing.strategies import programs
from autograd_core.trees import flatten


def captured(f, *xs):
    """The program of f at the arrays xs; what f writes is put back."""
    given = [from_array(np.array(x)) for x in xs]
    capture = Capture("f", given)
    token = recording.set(capture.switched(True))
    try:
        with np.errstate(all="ignore"):
            ys, _ = flatten(f(*given))
    finally:
        recording.reset(token)
    program = capture.program([y for y in ys if isinstance(y, ac.Tensor)])
    capture.put_back()
    return program


def run(program, cells, xs, times=2):
    """All that a program gives and leaves behind when it runs several times; then all is as before."""
    before = {slot: cell.read().copy() for slot, cell in cells.items() if not cell.gradient}
    runner = Runner(program)
    found = []
    for _ in range(times):
        found += [y.copy() for y in runner([np.asarray(x) for x in xs])]
        found += [x.grad.array.copy() for x, slot in program.gradients if slot is not None]
    found += [cells[slot].read().copy() for slot in before]
    for slot, value in before.items():
        np.copyto(cells[slot].read(), value)
    return found


def agree(found, expected, tolerance):
    assert len(found) == len(expected)
    for x, z in zip(found, expected):
        assert (x.shape, x.dtype) == (z.shape, z.dtype)
        scale = np.abs(z[np.isfinite(z)]).max(initial=1.0) if z.dtype.kind in "fc" else 1.0
        np.testing.assert_allclose(x, z, rtol=tolerance, atol=tolerance * scale)


def rewritten(f, *xs, tolerance=1e-12):
    """The simplified program of f, after the check that it and the lowered one compute what the captured one does."""
    program = captured(f, *xs)
    expected = run(program, program.cells, xs)
    low = lowered(program)
    for x, z in zip(run(low, program.cells, xs), expected, strict=True):
        np.testing.assert_array_equal(x, z)
        np.testing.assert_array_equal(np.signbit(x) if x.dtype.kind == "f" else 0, np.signbit(z) if z.dtype.kind == "f" else 0)
    simple = simplified(low)
    agree(run(simple, program.cells, xs), expected, tolerance)
    return simple


def names(program):
    """The names of the ops in a program."""
    return [step.op.name for step in program.steps]


def shapes(program, name):
    """The shapes of what the ops of a name give."""
    return [program.layouts[step.outputs[0]].shape for step in program.steps if step.op.name == name]


rng = np.random.default_rng(0)
A, B, C = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(4, 3))
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 40.0, -800.0, 800.0, np.inf, -np.inf, np.nan])


# -- lower -----------------------------------------------------------------------------------------------------------------

ONE = ["sigmoid", "softplus", "relu", "tanh"]
TWO = ["maximum", "minimum", "hypot", "logaddexp", "arctan2"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_chains_of_ufuncs_are_bit_identical(name, order, dtype):
    def f(x):
        g = getattr(ac, name)
        for _ in range(order):
            g = (lambda h: ac.grad(lambda x: ac.sum(h(x))))(g)
        return g(x)

    rewritten(f, SPECIAL.astype(dtype), tolerance=1e-12 if dtype is np.float64 else 1e-5)


@pytest.mark.parametrize("name", TWO)
def test_chains_of_two_operands_are_bit_identical(name):
    x, z = (a.ravel() for a in np.meshgrid(SPECIAL, SPECIAL))
    function = getattr(ac, name)
    rewritten(lambda x, z: ac.vjp(function, x, z)[1](ac.ones(x.shape)), x, z)


def test_no_composite_kernel_is_left_of_a_network():
    program = rewritten(lambda x, w: ac.grad(lambda w: ac.mean(ac.sigmoid(x @ w) * ac.relu(x @ w)))(w), A, B)
    composite = {"sigmoid", "relu", "logistic_map", "gate", "mean", "tanh_differential", "one_minus_square"}
    assert composite.isdisjoint(names(program))


# -- values ----------------------------------------------------------------------------------------------------------------


def weights(k, y):
    """Numbers that are all different."""
    return np.cos(1.0 + k + np.arange(y.size).reshape(y.shape))


def derivative(f, order):
    """The gradients of order 1, 2 or 3 of a weighted sum of the results of f, or of its gradients of lower order."""

    def total(*xs):
        ys = f(*xs) if order == 1 else derivative(f, order - 1)(*xs)
        return sum((ac.sum(y * weights(k, y)) for k, y in enumerate(ys)), start=ac.tensor(0.0))

    return lambda *xs: ac.grad(total, tuple(range(len(xs))))(*xs)


@pytest.mark.parametrize("order", [1, 2, 3])
@settings(deadline=None, max_examples=12)
@given(program=programs(inputs=2, steps=6))
def test_random_programs(order, program):
    rewritten(derivative(program, order), *program.inputs, tolerance=1e-11 * 10**order)


def network(x, *ws):
    for w in ws[:-1]:
        x = ac.tanh(x @ w.T)
    return x @ ws[-1].T


WS = [rng.normal(size=s) for s in ((5, 2), (5, 5), (1, 5))]


def test_a_residual_with_second_derivatives():
    def residual(points, *ws):
        def loss(*ws):
            def u(x, t):
                return ac.sum(network(ac.concatenate([x, t], axis=1), *ws))

            x, t = points[:, :1], points[:, 1:]
            ux = ac.grad(u, 0)
            uxx = ac.grad(lambda x, t: ac.sum(ux(x, t)), 0)(x, t)
            r = ac.grad(u, 1)(x, t) + network(points, *ws) * ux(x, t) - 0.01 * uxx
            return ac.mean(r * r)

        return ac.grad(loss, tuple(range(len(ws))))(*ws)

    points = rng.normal(size=(7, 2))
    simple = rewritten(residual, points, *WS)
    assert len(simple) < 0.75 * len(lowered(captured(residual, points, *WS)))


def training(parameters, loss, rate=0.1):
    """A step of Adam with flat state."""
    ms, vs = ([ac.tensor(np.zeros(p.shape)) for p in parameters] for _ in range(2))
    count = ac.tensor(0.0)

    def step(*xs):
        for p in parameters:
            p.grad = None
        y = loss(*xs)
        y.backward()
        with ac.no_grad():
            count.copy_(count + 1.0)
            for p, m, v in zip(parameters, ms, vs):
                m.copy_(0.9 * m + (1.0 - 0.9) * p.grad)
                v.copy_(0.999 * v + (1.0 - 0.999) * p.grad * p.grad)
                p.copy_(p - rate * (m / (1.0 - 0.9**count)) / (ac.sqrt(v / (1.0 - 0.999**count)) + 1e-8))
        return y

    return step


def test_a_training_step():
    ws = [ac.tensor(w, requires_grad=True) for w in WS]
    simple = rewritten(training(ws, lambda x: ac.mean(ac.square(network(x, *ws)))), rng.normal(size=(6, 2)))
    assert names(simple).count("write") == 1 + 3 * len(ws)
    assert "identity" not in names(simple)


# -- writes ----------------------------------------------------------------------------------------------------------------


def cell(*values):
    return ac.tensor(np.array(values))


def test_two_cells_change_places():
    a, b = cell(1.0, 2.0), cell(3.0, 5.0)

    def swap():
        old = a.clone()
        a.copy_(b)
        b.copy_(old)
        return a + b

    simple = rewritten(swap)
    assert names(simple).count("write") == 2
    assert "identity" in names(simple)


def test_what_is_read_before_and_after_a_write_differs():
    a = cell(1.0, 2.0)

    def step(x):
        first = ac.exp(a)
        a.copy_(a + x)
        return first, ac.exp(a), ac.reshape(a, (2, 1)) * 1.0

    assert names(rewritten(step, np.ones(2))).count("exp") == 2


def test_a_view_is_not_read_later_than_it_was():
    a = ac.tensor(A)

    def step(b):
        y = ac.matmul(a.T, b)
        a.copy_(a * 2.0)
        return ac.transpose(y), ac.transpose(a.T) + 0.0

    rewritten(step, C)


def test_cells_on_one_buffer():
    part, other = cell(1.0, 2.0, 3.0), cell(4.0, 5.0)
    whole = ac.Flattened([part, other]).read()
    assert np.shares_memory(whole.array, part.array)

    def step():
        before = ac.sin(part), ac.sin(whole)
        part.copy_(part * 2.0)
        after = ac.sin(other), ac.sin(whole)
        other.copy_(part[1:])
        return *before, *after, ac.sin(whole), ac.sin(other), ac.sin(part)

    simple = rewritten(step)
    read = [step.inputs[0] for step in simple.steps if step.op.name == "sin"]
    assert len(read) == 7  # each write changes the whole, so all that is read lies on memory that was written


UNARY = [
    *(ac.negative, ac.transpose, ac.ravel, ac.sin, ac.sum),
    *(lambda x: x.clone(), lambda x: x.detach(), lambda x: 2.0 * x, lambda x: x + 0.0),
    *(lambda x: ac.ravel(x)[::-1], lambda x: ac.atleast_1d(x)[:1], lambda x: ac.reshape(x, (2, -1) if x.size == 4 else (-1,))),
]
BINARY = [ac.add, ac.multiply, ac.subtract, lambda x, z: ac.matmul(ac.atleast_2d(x), ac.transpose(ac.atleast_2d(z)))]


@settings(deadline=None, max_examples=40)
@given(seed=integers(0, 2**32 - 1))
def test_random_programs_that_write(seed):
    draws = np.random.default_rng(seed)
    a, b, c = ac.tensor(draws.normal(size=(2, 2))), ac.tensor(draws.normal(size=4)), ac.tensor(draws.normal(size=(2, 2)))
    whole = ac.Flattened([a, b]).read()
    cells = [a, b, c, whole]

    def step():
        choose = np.random.default_rng(seed)
        values = [*cells]
        for _ in range(16):
            x, z = (values[k] for k in choose.integers(0, len(values), 2))
            kind = choose.integers(0, 3)
            if kind == 0:
                values.append(UNARY[choose.integers(len(UNARY))](x))
            elif kind == 1 and x.shape == z.shape:
                values.append(BINARY[choose.integers(len(BINARY))](x, z))
            elif kind == 2 and any(x is y for y in cells) and z.shape in (x.shape, ()):
                x.copy_(ac.sin(z) if choose.integers(2) else z)
        return values[4:]

    rewritten(step)


def test_a_result_that_is_written_later_stays_as_it_was():
    a = cell(1.0, 2.0)

    def step():
        y = a.clone() * 1.0
        a.copy_(a + 1.0)
        return y

    rewritten(step)


def test_draws_from_one_position_are_one_and_are_not_frozen():
    generator = ac.random.Generator(3)
    program = captured(lambda: generator.normal(size=3) + generator.normal(size=3))
    assert names(simplified(lowered(program))).count("draw") == 2


# -- identities ------------------------------------------------------------------------------------------------------------

X = ac.tensor(A)

EMPTY = {
    "transposes": lambda x: ac.transpose(ac.transpose(x)),
    "reshapes": lambda x: ac.reshape(ac.reshape(x, (12,)), (4, 3)),
    "copies": lambda x: x.clone().detach(),
    "one": lambda x: 1.0 * (x * 1.0) / 1.0,
    "zero": lambda x: 0.0 + (x + 0.0) - 0.0,
    "signs": lambda x: ac.negative(ac.negative(x)),
    "dtype": lambda x: x.astype(np.float64),
    "repeated": lambda x: ac.broadcast_to(x, (4, 3)),
    "pieces": lambda x: ac.concatenate([x[:1], x[1:3], x[3:]]),
    "split": lambda x: ac.concatenate(ac.split(x, 2, axis=0)),
    "piece of a join": lambda x: ac.concatenate([x, x * 2.0])[:4],
}


@pytest.mark.parametrize("name", EMPTY)
def test_steps_that_do_nothing_go(name):
    assert names(rewritten(EMPTY[name], A)) == []


SHORT = {
    "dead": (lambda x: (ac.exp(x), x + 1.0)[1], ["add"]),
    "twice the same": (lambda x: ac.exp(x) * ac.exp(x), ["exp", "multiply"]),
    "either order": (lambda x: ac.exp((x + X) * (X + x)), ["add", "multiply", "exp"]),
    "factors": (lambda x: 2.0 * (x * 3.0) / 4.0, ["multiply"]),
    "factors of factors": (lambda x: (2.0 * x) * (3.0 * ac.exp(x)), ["exp", "multiply", "multiply"]),
    "difference": (lambda x: x + (-ac.exp(x)), ["exp", "subtract"]),
    "double": (lambda x: x + x, ["multiply"]),
    "sum of multiples": (lambda x: 3.0 * x + 3.0 * ac.exp(x), ["exp", "add", "multiply"]),
    "sum of a multiple": (lambda x: ac.sum(2.0 * ac.exp(x)), ["exp", "sum", "multiply"]),
    "sum of what is repeated": (lambda x: ac.sum(ac.broadcast_to(x, (7, 4, 3)), axis=0), ["multiply"]),
    "repeated and used": (lambda x: ac.broadcast_to(ac.exp(x[0]), (4, 3)) * x, ["narrow", "reshape", "exp", "multiply"]),
    "constants": (lambda x: x * ac.exp(ac.tensor(2.0) + 1.0), ["multiply"]),
    "sum of sums": (lambda x: ac.sum(ac.sum(x, axis=0)), ["sum"]),
    "turned product": (lambda x: ac.transpose(ac.transpose(x) @ X), ["transpose", "matmul"]),
}


@pytest.mark.parametrize("name", SHORT)
def test_identities(name):
    f, expected = SHORT[name]
    assert [n for n in names(rewritten(f, A)) if n != "reshape"] == [n for n in expected if n != "reshape"]


def test_gradients_of_slices_are_joined():
    simple = rewritten(ac.grad(lambda x: ac.sum(ac.exp(x[:1]) * 2.0) + ac.sum(ac.sin(x[1:3])) + ac.sum(x[3])), A)
    assert names(simple).count("concatenate") == 1
    assert "place" not in names(simple)


KEPT = {
    "zero times": lambda x: 0.0 * x,
    "x - x": lambda x: x - x,
    "x / x": lambda x: x / x,
    "overflow": lambda x: 1e200 * (1e200 * (1e-300 * x)),
    "underflow": lambda x: 1e-200 * (1e-200 * x) * 1e300,
    "infinite factor": lambda x: ac.sum(np.inf * x),
    "tiny divisor": lambda x: x / 5e-324,
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_finite_stays_so(name):
    rewritten(KEPT[name], np.array([0.0, -0.0, 1.0, 1e-5, -3.0, np.inf, -np.inf, np.nan]))


def test_single_precision_stays():
    simple = rewritten(lambda x: ac.grad(lambda x: ac.mean(2.0 * ac.tanh(x) / 3.0))(x), A.astype(np.float32), tolerance=1e-6)
    assert {simple.layouts[y].dtype for step in simple.steps for y in step.outputs} == {np.dtype(np.float32)}


def test_whole_numbers_are_left_alone():
    rewritten(lambda i: (i * 2 * 3 + 0, 0 - (0 - i), i // 2 + i % 3, i / 2), np.arange(6))


# -- products --------------------------------------------------------------------------------------------------------------


def test_the_gradient_of_a_weight_lies_as_the_weight_does():
    w = ac.tensor(B.T, requires_grad=True)

    def step(x):
        w.grad = None
        y = ac.sum(ac.tanh(x @ w.T))
        y.backward()
        return y

    simple = rewritten(step, A)
    assert simple.layouts[simple.gradients[0][1]].axes == (0, 1)
    assert names(simple)[-1] == "matmul"


def test_gathers_move_past_products():
    nodes, edges, width = 6, 40, 64
    senders, receivers = rng.integers(0, nodes, (2, edges))

    def messages(x, e, w):
        def loss(x, e, w):
            joined = ac.concatenate([ac.take(x, senders, axis=0), ac.take(x, receivers, axis=0), e], axis=1)
            return ac.sum(ac.segment_sum(ac.tanh(joined @ w), receivers, nodes) ** 2)

        return ac.grad(loss, (0, 1, 2))(x, e, w)

    simple = rewritten(messages, *(rng.normal(size=s) for s in ((nodes, width), (edges, 3), (2 * width + 3, width))))
    rows = [simple.layouts[step.inputs[0]].shape for step in simple.steps if step.op.name == "matmul"]
    assert max(n * m for n, m in rows) <= max(edges * 3, edges * width, nodes * width)
    assert sum(edges in shape for shape in rows) == 3  # with the features of edges alone: e W, eᵀ g, g Wᵀ
    assert (edges, 2 * width + 3) not in shapes(simple, "concatenate")


def recurrent(xs, w, v, b):
    h = ac.zeros((xs.shape[1], v.shape[0]))
    for t in range(xs.shape[0]):
        h = ac.tanh(xs[t] @ w + h @ v + b)
    return ac.sum(h * h)


def test_products_of_all_time_steps_are_one():
    steps, rows, width = 6, 3, 4
    inputs = [rng.normal(size=s) for s in ((steps, rows, 2), (2, width), (width, width), (width,))]
    simple = rewritten(recurrent, *inputs)
    assert names(simple).count("matmul") == 1 + steps
    gradient = rewritten(lambda *xs: ac.grad(recurrent, (0, 1, 2, 3))(*xs), *inputs)
    made = shapes(gradient, "matmul")
    assert made.count((2, width)) == 1  # the gradient by w
    assert made.count((steps * rows, 2)) == 1  # the gradient by the inputs
    assert made.count((width, width)) == 1  # by v


def test_the_axis_of_time_may_be_the_second():
    x, w = rng.normal(size=(3, 5, 2)), rng.normal(size=(2, 4))
    simple = rewritten(lambda x, w: sum((ac.tanh(x[:, t] @ w) for t in range(5)), start=ac.zeros((3, 4))), x, w)
    assert shapes(simple, "matmul") == [(15, 4)]


def test_every_slot_has_a_layout_and_is_made_before_it_is_read():
    ws = [ac.tensor(w, requires_grad=True) for w in WS]
    simple = rewritten(training(ws, lambda x: ac.mean(ac.square(network(x, *ws)))), rng.normal(size=(6, 2)))
    known = {*simple.inputs, *simple.cells}
    for step in simple.steps:
        assert known.issuperset(x for x in step.inputs if isinstance(x, Slot))
        assert known.isdisjoint(step.outputs)
        known.update(step.outputs)
    assert known.issuperset(simple.results)
    assert known <= set(simple.layouts)
    assert [step.op for step in simple.steps].count(WRITE) == 10
