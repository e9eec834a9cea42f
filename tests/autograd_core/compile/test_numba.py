"""The backend "numba": loops compiled by LLVM against NumPy, its mathematical functions, its files, and whole programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import autograd_core as ac
from autograd_core.compile import jit
from autograd_core.compile.fuse import Kernel, fused, grouped, stored_in
from autograd_core.compile.jit import compiled_kernel
from autograd_core.compile.plan import plan
from autograd_core.compile.source import Writer
from autograd_core.compile.statements import FORMS, OF_FLAGS, Statement, statements_of
from autograd_core.ops import elementwise as table
from autograd_core.ops.join import Concatenate, Place, Stack
from autograd_core.ops.matmul import Matmul
from autograd_core.ops.reduce import Sum
from autograd_core.ops.select import Where
from autograd_core.tape import Slot, Step

rng = np.random.default_rng(0)


def run(kernel, stored=None):
    """Run a kernel, with all values stored."""
    writer = Writer(kernel, {id(s) for s in kernel.statements} if stored is None else stored)
    function = compiled_kernel(writer.source())
    addresses = np.array(list(writer.bases), np.uint64)
    function(addresses.ctypes.data)


def computed(form, xs, y, adds=False):
    """One statement, run."""
    kernel = Kernel()
    kernel.add(Statement(0, form, xs, y, np.broadcast_shapes(y.shape, *(x.shape for x in xs if isinstance(x, np.ndarray))), adds))  # noqa: E501
    assert kernel.statements[0].fits()
    run(kernel)
    return y


# -- functions -----------------------------------------------------------------------------------------------------------

LIMITS = {np.exp: 1.0, np.expm1: 2.0, np.tanh: 2.0, np.log: 1.0, np.log1p: 1.0, np.logaddexp: 2.0}


def arguments(function):
    n = 20_000
    tiny = rng.normal(size=n) * 10.0 ** rng.uniform(-18, 0, n)
    near = np.concatenate([rng.uniform(-1, 1, n), rng.uniform(-20, 20, n), tiny])
    far = rng.uniform(-740, 709, n)
    if function is np.log:
        return [np.concatenate([np.exp(far), 1.0 + 0.5 * np.tanh(near), rng.uniform(0.5, 2, n), 5e-324 * 2.0 ** rng.integers(0, 60, n)])]  # noqa: E501
    if function is np.log1p:
        return [np.concatenate([np.tanh(near[np.abs(near) < 15]), np.exp(far), np.tanh(tiny)])]
    if function is np.logaddexp:
        return [np.concatenate([near, far]), np.concatenate([rng.permutation(near), rng.permutation(far)])]
    return [np.concatenate([near, far])]


def in_longdouble(function, xs):
    wide = [x.astype(np.longdouble) for x in xs]
    if function is np.logaddexp:
        return np.maximum(*wide) + np.log1p(np.exp(-np.abs(wide[0] - wide[1])))
    return function(*wide)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="there is no wider type to compare with")
@pytest.mark.parametrize("function", LIMITS, ids=lambda f: f.__name__)
def test_functions_are_right_to_units_in_the_last_place(function):
    xs = arguments(function)
    with np.errstate(all="ignore"):
        expected = in_longdouble(function, xs)
        size = np.maximum(np.abs(expected), np.maximum(*np.abs(xs)) if function is np.logaddexp else 0.0)  # where it cancels
        error = np.abs(computed(FORMS[function], xs, np.empty_like(xs[0])) - expected) / np.spacing(size.astype(float))
    assert error.max() <= LIMITS[function], [x[error.argmax()] for x in xs]



SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324, -5e-324, 1e-310, -1e-300, 2e-17, -1e-8, 1.0, -1.0,
           709.78, 709.79, -745.0, -745.2, -746.0, 37.0, -37.0]  # fmt: skip


@pytest.mark.parametrize("function", LIMITS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_at_special_points(function, dtype):
    with np.errstate(all="ignore"):
        x = np.array(SPECIAL).astype(dtype)
        others = [x] if function is not np.logaddexp else [np.repeat(x, x.size), np.tile(x, x.size)]
        y, expected = computed(FORMS[function], others, np.empty_like(others[0])), function(*others)
    np.testing.assert_array_almost_equal_nulp(y[np.isfinite(expected)], expected[np.isfinite(expected)], 2)
    np.testing.assert_array_equal(y[~np.isfinite(expected)], expected[~np.isfinite(expected)])
    if function is not np.logaddexp:
        number = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(y[number]), np.signbit(expected[number]))


def test_tanh_of_minus_zero_is_minus_zero():
    assert np.signbit(computed(FORMS[np.tanh], [np.array([-0.0])], np.empty(1)))[0]


# -- statements ------------------------------------------------------------------------------------------------------------


def drawn(shape, dtype, kind="f"):
    """An array that lies in memory in one of several ways."""
    x = rng.uniform(0.3, 2.0, shape) if kind == "f" else rng.uniform(size=shape) < 0.5
    x = np.asarray(x, dtype)
    way = rng.integers(4)
    if way == 1 and x.ndim > 1:
        return np.asfortranarray(x)
    if way == 2 and x.ndim:
        wide = np.zeros((*shape[:-1], 2 * shape[-1] + 1), x.dtype)
        wide[..., 1::2] = x
        return wide[..., 1::2]
    if way == 3 and x.ndim > 2:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 0, 1)), 1, 0)
    return x


SHAPES = [((), ()), ((7,), ()), ((1,), (5,)), ((4, 5), (5,)), ((4, 1), (1, 5)), ((3, 4, 5), (4, 1)), ((2, 3, 4, 5), (3, 1, 5)),
          ((33, 65), (33, 65))]  # fmt: skip


@pytest.mark.parametrize("function", FORMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_function_on_shapes_that_broadcast(function, dtype):
    for first, second in SHAPES:
        xs = [drawn(shape, dtype) for shape in (first, second)[: function.nin]]
        expected = function(*xs)
        y = drawn(expected.shape, expected.dtype, expected.dtype.kind)
        eps = np.finfo(dtype).eps
        np.testing.assert_allclose(computed(FORMS[function], xs, y), expected, rtol=4 * eps, atol=4 * eps)


@pytest.mark.parametrize("function", OF_FLAGS, ids=lambda f: f.__name__)
def test_functions_of_flags(function):
    xs = [drawn((9, 5), bool, "b") for _ in range(function.nin)]
    np.testing.assert_array_equal(computed(OF_FLAGS[function], xs, np.empty((9, 5), bool)), function(*xs))


def stepped(op, xs, shape):
    """A step run as statements, and as its own forward pass; None if it is none."""
    slots = [Slot(k) for k in range(len(xs))]
    y = np.full(shape, np.nan, xs[0].dtype) if xs[0].dtype != bool else np.full(shape, np.nan, xs[1].dtype)
    arrays = dict(zip(slots, xs)) | {Slot(99): y}
    statements = statements_of(0, Step(op, tuple(slots), (Slot(99),), True), arrays)
    assert statements is not None, op
    kernel = Kernel()
    for s in statements:
        kernel.add(s)
    run(kernel)
    np.testing.assert_allclose(y, op.forward(*xs), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    "op, shapes",
    [(Sum(axes, keepdims), [shape]) for shape in ((5,), (3, 7), (40, 50), (2, 3, 4)) for axes in (None, (0,), (-1,)) for keepdims in (False, True)]  # noqa: E501
    + [(Sum((0, 2), False), [(2, 3, 4)]), (Sum((1,), True), [(2, 3, 4)])]
    + [(Concatenate(0, (2, 4)), [(2, 3), (4, 3)]), (Concatenate(1, (3, 1, 5)), [(2, 3), (2, 1), (2, 5)]), (Stack(0, 3), [(2, 3)] * 3), (Stack(2, 2), [(2, 3)] * 2)]  # noqa: E501
    + [(Matmul(), shapes) for shapes in (
        [(4, 1), (1, 5)], [(4, 3), (3, 5)], [(6, 2, 1), (6, 1, 3)], [(6, 2, 2), (6, 2, 1)], [(6, 1, 4), (4, 3)], [(40, 50), (50, 1)],  # noqa: E501
        [(1, 40), (40, 50)], [(5, 1), (1,)], [(2,), (2, 3)], [(3,), (3,)], [(2, 6, 9), (9, 1)])],
    ids=str,
)  # fmt: skip
def test_ops_as_statements(op, shapes):
    for _ in range(6):
        xs = [drawn(shape, np.float64) for shape in shapes]
        stepped(op, xs, op.forward(*xs).shape)


def test_choices_and_places():
    stepped(Where(), [drawn((4, 5), bool, "b"), drawn((4, 5), np.float64), drawn((5,), np.float64)], (4, 5))
    x, z = drawn((3, 2), np.float64), drawn((3, 1), np.float64)
    stepped(Place(1, ((3, 5), (0, 1)), 6), [x, z], (3, 6))


def test_sums_are_accurate():
    x = rng.uniform(0.1, 1.0, 1_000_000)
    y = np.empty(1)
    computed(lambda x: x, [x], y, adds=True)
    assert abs(y[0] / float(np.sum(x.astype(np.longdouble))) - 1) < 1e-13


# -- kernels ---------------------------------------------------------------------------------------------------------------


def run_steps(steps, arrays):
    """Steps run as kernels; what is no statement, by its own forward pass."""
    for item in fused(steps, arrays):
        if isinstance(item, Kernel):
            run(item)
        else:
            raise AssertionError(item)


def random_steps(count, arrays, random):
    """Steps on views of a few pieces of memory: they overwrite what others read."""
    steps = []
    for _ in range(count):
        op = [table.add, table.multiply, table.maximum, table.negative, table.tanh, Sum((0,), False)][random.integers(6)]
        slots = list(arrays)
        y = slots[random.integers(len(slots))]
        xs = tuple(slots[random.integers(len(slots))] for _ in range(1 if isinstance(op, Sum) else len(op.derivatives)))
        shapes = [arrays[x].shape for x in xs]
        try:
            fits = np.broadcast_shapes(*shapes) == arrays[y].shape if not isinstance(op, Sum) else shapes[0][1:] == arrays[y].shape  # noqa: E501
        except ValueError:
            continue
        clean = all(arrays[x] is arrays[y] or not np.shares_memory(arrays[x], arrays[y]) for x in xs)
        if fits and clean and not (isinstance(op, Sum) and len(shapes[0]) == 0):
            steps.append(Step(op, xs, (y,), False))
    return steps


def places(random):
    """Arrays of which many share memory: rows, columns, transposes, halves."""
    a, b, c = random.uniform(-1, 1, (6, 6)), random.uniform(-1, 1, (6, 6)), random.uniform(-1, 1, 12)
    views = [a, b, a.T, a[:, 0], a[1], b[2], b[:3], b[3:], a[:3], a[:, :3], b[:, 3:], c[:6], c[6:], c[3:9], c.reshape(2, 6), a[1:4]]  # noqa: E501
    return {Slot(k): x for k, x in enumerate(views)}, (a, b, c)


@pytest.mark.parametrize("seed", range(20))
def test_overlapping_memory_is_written_in_order(seed):
    results = []
    for fused_together in (False, True):
        random = np.random.default_rng(seed)
        arrays, memory = places(random)
        steps = random_steps(120, arrays, random)
        for group in [steps] if fused_together else [[s] for s in steps]:
            for step in [] if fused_together else group:
                xs = [arrays[x] for x in step.inputs]
                arrays[step.outputs[0]][...] = step.op.forward(*xs)
            if fused_together:
                run_steps(group, arrays)
        results.append(memory)
    assert len(steps) > 10
    for one, other in zip(*results):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_steps_of_one_shape_share_a_loop_and_keep_what_nobody_reads_in_registers():
    x, t, y, z = (np.ones((8, 8)) for _ in range(4))
    arrays = {Slot(k): a for k, a in enumerate((x, t, y, z))}
    steps = [Step(table.tanh, (Slot(0),), (Slot(1),), False), Step(table.multiply, (Slot(1), Slot(1)), (Slot(2),), False),
             Step(table.add, (Slot(2), 1.0), (Slot(3),), False)]  # fmt: skip
    (kernel,) = fused(steps, arrays)
    assert len(kernel.loops) == 1
    run(kernel, stored_in(kernel, lambda k, together: k == 2))
    assert (t == 1).all()
    np.testing.assert_allclose(z, np.tanh(1.0) ** 2 + 1, rtol=1e-15)


# -- programs ----------------------------------------------------------------------------------------------------------------


def program_of(f, *xs):
    compiled = ac.compile(f)
    for _ in range(3):
        compiled(*xs)
    return compiled.programs[0]


@pytest.mark.parametrize("choose", [lambda x: ac.where(x > 0, x > 1, 2.5), lambda x: ac.where(x > 0, 2.5, x > 1)])
def test_choices_between_flags_and_numbers_are_left_to_numpy(choose):
    run, x = ac.compile(lambda x: choose(x) * ac.tanh(x), backend="numba"), ac.tensor([-1.0, 0.5, 2.0])
    for _ in range(3):
        np.testing.assert_allclose(run(x), choose(x) * ac.tanh(x), rtol=1e-14)


def test_independent_products_do_not_break_a_run():
    w = ac.tensor(rng.normal(size=(20, 20)))

    def f(x):
        return ac.tanh(x @ w) + ac.tanh((x + 1.0) @ w) * ac.tanh((x * 2.0) @ w)

    program = program_of(f, ac.tensor(rng.normal(size=(30, 20))))
    arrays = {s: program.layouts[s].empty() for s in program.inputs} | {s: c.read() for s, c in program.cells.items()}
    made = plan(grouped(program, arrays, {}), arrays)
    kinds = [isinstance(item, Kernel) for item in fused(made.steps, made.arrays)]
    assert kinds.count(True) <= 2
    assert kinds[-1]


def test_writes_keep_their_place_among_reads():
    w = ac.tensor(np.ones((4, 4)))

    def step(x):
        with ac.no_grad():
            before = w * x
            w.copy_(w + 1.0)
            middle = w.T @ x + before
            w.copy_(w * 2.0)
            return before + middle * w

    x = ac.tensor(rng.normal(size=(4, 4)))
    expected = []
    for _ in range(4):
        expected.append(step(x).numpy().copy())
    w.copy_(np.ones((4, 4)))
    compiled = ac.compile(step, backend="numba")
    for each in expected:
        np.testing.assert_allclose(compiled(x).numpy(), each, rtol=1e-13)


CHOICES = [
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: ac.tanh(a),
    lambda a, b: ac.sigmoid(a),
    lambda a, b: a / (1.0 + b * b),
    lambda a, b: ac.softplus(a - b),
    lambda a, b: ac.sum(a, axis=0) * b,
    lambda a, b: ac.tanh(a) @ ac.tanh(b.T) if a.ndim == b.ndim == 2 else a - b,
    lambda a, b: ac.concatenate([a[..., :2], b[..., 2:]], axis=-1) if a.shape == b.shape else a * 0.5,
    lambda a, b: ac.maximum(a, b),
]


def random_function(random):
    """A function of two matrices, as a chain of random steps."""
    choices = random.integers(0, 10, 25)
    picks = random.integers(0, 1 << 30, (25, 2))

    def f(x, z):
        values = [x, z, x[0], ac.sum(z, axis=0)]
        for c, (i, j) in zip(choices, picks):
            a, b = values[i % len(values)], values[j % len(values)]
            made = CHOICES[c](a, b)
            values.append(ac.tanh(made))
        return ac.sum(sum((v * v).mean() for v in values[4:]))

    return f


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("order", [1, 2])
def test_random_programs_agree_with_eager(seed, order):
    random = np.random.default_rng(seed)
    f = random_function(random)
    n = int(random.integers(3, 7))
    x, z = (ac.tensor(random.normal(size=(n, n))) for _ in range(2))
    slopes = ac.grad(f, argnums=(0, 1))
    if order == 2:
        first = slopes
        slopes = ac.grad(lambda x, z: sum(ac.sum(g * g) for g in first(x, z)), argnums=(0, 1))
    expected = slopes(x, z)
    compiled = ac.compile(lambda x, z: slopes(x, z), backend="numba")
    for _ in range(3):
        for one, other in zip(compiled(x, z), expected):
            size = np.abs(other.numpy()).max()
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-11, atol=1e-12 * max(1.0, size))


# -- files -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty folder for kernels, and none in memory."""
    monkeypatch.setenv("AUTOGRAD_CORE_CACHE", str(tmp_path / "kernels"))
    compiled_kernel.cache_clear()
    yield tmp_path / "kernels"
    compiled_kernel.cache_clear()


def doubled():
    x, y = np.arange(5.0), np.zeros(5)
    np.testing.assert_array_equal(computed(lambda x: x * 2.0, [x], y), 2.0 * x)


def test_kernels_are_kept_and_read_again(empty, monkeypatch):
    doubled()
    (path,) = empty.iterdir()
    assert path.suffix == ".kernel"
    compiled_kernel.cache_clear()
    monkeypatch.setattr(jit, "compiled", lambda source: pytest.fail("compiled again"))
    doubled()


DAMAGES = [lambda b: b"", lambda b: b[:50], lambda b: b[:-1], lambda b: b[:300] + b"?" + b[301:], lambda b: b"old\n" + b[8:]]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_compiled_anew(empty, damage):
    doubled()
    (path,) = empty.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    compiled_kernel.cache_clear()
    doubled()
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_done_without(empty):
    empty.write_text("a file where the folder should be")
    doubled()


def test_a_user_without_a_home_does_without(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("AUTOGRAD_CORE_CACHE", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    run = ac.compile(lambda x, z: ac.tanh(x @ z) * 2.0 + x, backend="numba")
    x = ac.tensor(np.random.default_rng(5).normal(size=(7, 7)))
    for _ in range(3):
        np.testing.assert_allclose(run(x, x), np.tanh(x.numpy() @ x.numpy()) * 2.0 + x.numpy(), rtol=1e-13)


def test_the_oldest_files_go(empty, monkeypatch):
    empty.mkdir()
    for k in range(3):
        (empty / f"{k}.kernel").write_bytes(b"x" * 1000)
        os.utime(empty / f"{k}.kernel", (k, k))
    monkeypatch.setattr(jit, "MOST_BYTES", 2500)
    jit.tidy(empty)
    assert sorted(p.name for p in empty.iterdir()) == ["1.kernel", "2.kernel"]


def test_processes_may_write_at_once(empty):
    text = """
import numpy as np, autograd_core as ac
x = ac.tensor(np.linspace(-1, 1, 30).reshape(5, 6))
f = ac.compile(lambda x: [ac.sum(ac.tanh(k * x) * x + ac.exp(x), axis=k % 2) for k in range(6)], backend="numba")
for _ in range(3):
    ys = f(x)
print(repr([float(y.numpy().sum()) for y in ys]))
"""
    environment = os.environ | {"AUTOGRAD_CORE_CACHE": str(empty), "OPENBLAS_NUM_THREADS": "1"}
    runs = [subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, env=environment) for _ in range(4)]
    results = {run.communicate()[0] for run in runs}
    assert [run.returncode for run in runs] == [0] * 4
    assert len(results) == 1
    assert {p.suffix for p in empty.iterdir()} == {".kernel"}


# -- errors ------------------------------------------------------------------------------------------------------------------


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="no backend 'cuda'; the backends are 'numpy', 'numba'"):
        ac.compile(lambda x: x, backend="cuda")


def test_without_the_extra_the_error_names_it(monkeypatch):
    jit.compiler.cache_clear()
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    try:
        with pytest.raises(ac.MissingExtraError, match=r"autograd-core\[jit\]"):
            ac.compile(lambda x: x, backend="numba")
    finally:
        monkeypatch.undo()
        jit.compiler.cache_clear()


def test_a_kernel_that_fails_to_compile_runs_as_numpy_calls(empty, monkeypatch):
    def fails(source):
        raise RuntimeError("no memory")

    monkeypatch.setattr(jit, "compiled", fails)
    x = ac.tensor(rng.normal(size=(3, 4)))
    f = lambda x: ac.sum(ac.tanh(x) * x, axis=0)
    compiled = ac.compile(f, backend="numba")
    compiled(x)
    with pytest.warns(UserWarning, match="runs as NumPy calls.*no memory"):
        compiled(x)
    np.testing.assert_allclose(compiled(x).numpy(), f(x).numpy(), rtol=1e-14)
