"""Every primitive of the registry, checked from what is declared about it: samples, refusals, exact values, kinks.

A primitive without a rule, a sample, three refusals or a docstring fails; none is skipped. `part` alone is exempt: it
marks one output of an op with several, and the sweeps know it. Each check is a function that gives its complaints, so
that the end of this file can show what it refuses.
"""

import itertools
import os
import re
import subprocess
import sys

import mpmath
import numpy as np
import pytest

import autograd_core as ac
import autograd_core.testing.samples
from autograd_core.dtypes import differentiable
from autograd_core.graph import Recorder, ancestors, recording
from autograd_core.primitive import OUTPUT, Primitive, Spec
from autograd_core.span import span
from autograd_core.table import Elementwise
from autograd_core.testing.declared import Declaration, Refusal, Sample, declarations
from autograd_core.testing.differences import slope
from autograd_core.trees import flatten

EXEMPT = {"part"}
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def registered():
    """The names that importing the package alone registers: other tests make primitives of their own."""
    code = "import autograd_core as ac; print(*ac.registry)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return sorted({*done.stdout.split()} - EXEMPT)


NAMES = registered()
DECLARED = [name for name in NAMES if name in declarations]
SMOOTH = [name for name in DECLARED if ac.registry[name].differentiable]
EXACT = [name for name in DECLARED if declarations[name].exact is not None]
KINKS = [pytest.param(kink, id=kink.words) for name in DECLARED for kink in declarations[name].kinks]


def each_sample(check):
    """The check as a function of a primitive's name that runs it on all samples; complaints name the sample."""

    def all_samples(name):
        for k, sample in enumerate(declarations[name].samples):
            yield from (f"sample {k}, {sample}: {text}" for text in check(name, sample))

    return all_samples


# -- samples, as things that run ---------------------------------------------------------------------------------------


def is_number(x):
    return isinstance(x, (np.ndarray, np.generic, float, complex))


def leaves(xs):
    return [x for x in xs if isinstance(x, ac.Tensor) and x.requires_grad]


def arguments(sample, dtype=None):
    """The inputs of a sample: a leaf for each that is floating, a constant for every other array."""
    args = []
    for x in sample.inputs:
        a = np.asarray(x) if is_number(x) else x
        if dtype is not None and is_number(x) and a.dtype.kind in "fc":
            a = a.astype(np.result_type(dtype, np.complex64) if a.dtype.kind == "c" else dtype)
        args.append(ac.tensor(a, requires_grad=differentiable(a.dtype)) if is_number(x) else a)
    return args


def outputs(sample, args):
    with np.errstate(all="ignore"):
        return [ac.as_tensor(y) for y in flatten(sample.f(*args))[0]]


def like(y, seed):
    """Numbers of the shape and dtype of y, no two alike."""
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1.0, 1.0], y.shape)
    return (v + 1j * rng.standard_normal(y.shape) if y.dtype.kind == "c" else v).astype(y.dtype)


def pulled(ys, xs, record=False):
    """The gradients of those outputs that have one, for cotangents that are not uniform."""
    ends = [(y, like(y, k)) for k, y in enumerate(ys) if y.requires_grad]
    if not ends or not xs:
        return [None] * len(xs)
    gs = [g for _, g in ends]
    return list(ac.gradients([y for y, _ in ends], xs, gs, record, retain_graph=True, allow_unused=True))


def pushed(ys, xs, record=False):
    """The tangents of the outputs."""
    ts = [ac.tensor(like(x, 10 + k), requires_grad=record) for k, x in enumerate(xs)]
    return span(ys, [x.node for x in xs]).push(ts, record)


def differ(x, z, tolerance):
    """Whether two arrays differ by more than `tolerance` times their size, or in what is not finite."""
    x, z = np.asarray(x), np.asarray(z)
    size = float(np.abs(z)[np.isfinite(z)].max(initial=1.0))
    return x.shape != z.shape or not np.allclose(x, z, rtol=0.0, atol=tolerance * size, equal_nan=True)


class Notes(Recorder):
    """The applications of one primitive: the op, its raw inputs, and its raw outputs."""

    def __init__(self, name, found=None, on=True):
        self.name, self.found, self.on = name, [] if found is None else found, on

    def switched(self, on):
        return Notes(self.name, self.found, on)

    def note(self, op, xs, y):
        if op.name == self.name:
            ys = y if isinstance(y, tuple) else (y,)
            self.found.append((op, [getattr(x, "array", x) for x in xs], [y.array for y in ys]))


def applications(name, sample):
    """How a sample uses the primitive: one application for each set of parameters, shapes and dtypes."""
    notes = Notes(name)
    token = recording.set(notes)
    try:
        outputs(sample, arguments(sample))
    finally:
        recording.reset(token)
    kinds = {(op, *((np.shape(x), np.asarray(x).dtype) for x in xs)): (op, xs, ys) for op, xs, ys in notes.found}
    return list(kinds.values())


def apply(op, arrays):
    """The outputs of an op on leaves (constants where a dtype has no gradient), and these."""
    xs = [ac.tensor(x, requires_grad=differentiable(x.dtype)) if isinstance(x, np.ndarray) else x for x in arrays]
    with np.errstate(all="ignore"):
        y = op(*xs)
    return list(y) if isinstance(y, tuple) else [y], xs


# -- completeness ------------------------------------------------------------------------------------------------------


RULES = ("forward", "shape", "batched", "vjp", "pullback", "jvp", "pushforward")


def lacking(name, op, declaration):
    """What a primitive lacks: rules, words, declarations."""
    kind = type(op) if isinstance(op, Elementwise) else op
    inherited = {rule for rule in RULES if getattr(kind, rule) is getattr(Primitive, rule)}
    wanted = [("forward",), ("shape",), ("batched",)]
    wanted += [("vjp", "pullback"), ("jvp", "pushforward")] if op.differentiable else []
    yield from (f"no {rules[0]} rule" for rules in wanted if {*rules} <= inherited)
    words = op.public.__doc__ if isinstance(op, Elementwise) else kind.__doc__
    if not words or words.startswith(f"{kind.__name__}("):  # what a dataclass writes by itself
        yield "no docstring"
    if declaration is None:
        yield "no declaration in autograd_core/testing/samples"
        return
    if not declaration.samples:
        yield "no sample"
    if op.differentiable and max((s.order for s in declaration.samples), default=0) < 2:
        yield "no sample of a second derivative"
    if len(declaration.refusals) < 3:
        yield f"{len(declaration.refusals)} refusals of at least three"


@pytest.mark.parametrize("name", NAMES)
def test_a_primitive_lacks_nothing(name):
    assert list(lacking(name, ac.registry[name], declarations.get(name))) == []


def test_every_declaration_is_of_a_primitive():
    assert sorted(set(declarations) - set(NAMES)) == []


# -- values ------------------------------------------------------------------------------------------------------------


def wrong_values(name, sample):
    """Values against the reference, the shape rule against the shapes that come out, and float32 against float64."""
    ys = outputs(sample, arguments(sample))
    used = applications(name, sample)
    if not used:
        yield f"the sample does not run through {name}"
    for op, xs, outs in used:
        expected = op.shape(*map(np.shape, xs))
        found = outs[0].shape if op.outputs is None else tuple(y.shape for y in outs)
        if expected != found:
            yield f"the shape rule of {op} says {expected}, the output has {found}"
    if sample.reference is not None:
        with np.errstate(all="ignore"):
            references = flatten(sample.reference(*sample.inputs))[0]
        if len(references) != len(ys):
            yield f"{len(ys)} outputs, the reference has {len(references)}"
        for y, z in zip(ys, map(np.asarray, references)):
            if y.dtype != z.dtype or differ(y.array, z, 1e-12):
                yield f"value {y.array!r}, the reference is {z!r}"
    yield from wrong_in_float32(name, sample, ys)


def wrong_in_float32(name, sample, wide):
    args = arguments(sample, np.float32)
    if not leaves(args):
        return
    narrow = outputs(sample, args)
    for y, z in zip(narrow, wide, strict=True):
        if y.dtype.itemsize * 2 != z.dtype.itemsize and y.dtype.kind in "fc" and name != "astype":
            yield f"float32 inputs give {y.dtype}"
        if differ(y.array, z.array, 1e-3):
            yield f"in float32 {y.array!r}, in float64 {z.array!r}"
    for g, x in zip(pulled(narrow, leaves(args)), leaves(args)):
        if g is not None and g.dtype != x.dtype:
            yield f"the gradient of a {x.dtype} has dtype {g.dtype}"


@pytest.mark.parametrize("name", DECLARED)
def test_values_shapes_and_dtypes(name):
    assert list(each_sample(wrong_values)(name)) == []


def wrong_digits(declaration):
    """Values and gradients that differ from those in the arithmetic of mpmath by more than 1e-12."""
    points = 0
    for sample in declaration.samples:
        real = all(isinstance(x, int) or (is_number(x) and np.asarray(x).dtype.kind == "f") for x in sample.inputs)
        args = np.broadcast_arrays(*sample.inputs)
        xs = [ac.tensor(a, requires_grad=True) if a.dtype.kind == "f" else x for a, x in zip(args, sample.inputs)]
        ys = outputs(sample, xs) if real else []
        if len(ys) != 1 or ys[0].shape != args[0].shape:
            continue
        gs = ac.gradients(ac.sum(ys[0]), leaves(xs), allow_unused=True) if ys[0].requires_grad else [None] * len(leaves(xs))
        gradient = dict(zip([i for i, a in enumerate(args) if a.dtype.kind == "f"], gs))
        for k in np.ndindex(args[0].shape):
            points += 1
            partials = {i: g if g is None else g.array[k] for i, g in gradient.items()}
            yield from wrong_at(declaration.exact, [a[k].item() for a in args], ys[0].array[k], partials)
    if not points:
        yield "no sample is an elementwise function of real numbers, to be compared with `exact`"


def wrong_at(exact, numbers, value, gradient):
    with mpmath.mp.workdps(30):
        numbers = [mpmath.mpf(x) if isinstance(x, float) else x for x in numbers]
        right = exact(mpmath.mp, *numbers)
        if not abs(right - value) <= 1e-12 * max(1, abs(right)):
            yield f"value {value!r} at {numbers}, exactly {mpmath.nstr(right, 17)}"
        for i, g in gradient.items():
            right = mpmath.diff(lambda x, i=i: exact(mpmath.mp, *numbers[:i], x, *numbers[i + 1 :]), numbers[i])
            if not abs(right - (0.0 if g is None else g)) <= 1e-12 * max(1, abs(right)):
                yield f"derivative {g!r} by input {i} at {numbers}, exactly {mpmath.nstr(right, 17)}"


@pytest.mark.parametrize("name", EXACT)
def test_values_and_gradients_to_the_last_digits(name):
    assert list(wrong_digits(declarations[name])) == []


# -- derivatives -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_to_the_declared_order(name):
    """Entry by entry to first order, in all modes along random directions to second; to any order in the long profile."""
    for sample in declarations[name].samples:
        if sample.order > 0:
            order = sample.order if THOROUGH or sample.order > 2 else 1
            ac.testing.gradcheck(sample.f, sample.inputs, order=order)


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivatives_in_all_modes(name):
    assert list(each_sample(wrong_second_orders)(name)) == []


def paired(xs, zs):
    """The real inner product of two lists of arrays."""
    return sum((ac.sum(ac.real(ac.conj(x) * z)) for x, z in zip(xs, zs)), ac.tensor(0.0))


def wrong_second_orders(name, sample):
    """The second derivative g·∂²f[t, u] in the four mixed orders, against differences of g·∂f[t] along u."""
    if sample.order < 2:
        return
    places = [i for i, x in enumerate(arguments(sample)) if isinstance(x, ac.Tensor) and x.requires_grad]

    def f(*xs):
        args = arguments(sample)
        for i, x in zip(places, xs):
            args[i] = x
        return tuple(y for y in outputs(sample, args) if differentiable(y.dtype))

    xs = [np.asarray(sample.inputs[i]) for i in places]
    ts, us = ([like(x, seed + k) for k, x in enumerate(xs)] for seed in (20, 40))
    gs = tuple(like(y, 60 + k) for k, y in enumerate(f(*map(ac.tensor, xs))))
    forward = lambda *xs: paired(gs, ac.jvp(f, xs, ts)[1])
    reverse = lambda *xs: paired(ac.vjp(f, *xs)[1](gs), ts)
    with np.errstate(all="ignore"):
        s = slope(lambda h: forward(*(x + h * u for x, u in zip(xs, us))).numpy().reshape(1), 1e-9)
        for mode, function in (("forward", forward), ("reverse", reverse)):
            pushed = ac.jvp(function, tuple(xs), tuple(us))[1].item()
            pulled = paired(ac.grad(function, tuple(range(len(xs))))(*xs), us).item()
            for outer, found in (("forward", pushed), ("reverse", pulled)):
                off = max(s.low[0] - found, found - s.high[0])
                if not off <= 1e-7 * max(1.0, abs(found)) + 3.0 * s.error[0]:
                    yield f"{outer} over {mode}: {found}, differences {s.low[0]} to {s.high[0]}, error {s.error[0]}"
        # The gradient is linear in g, and so its derivative by g is the tangent.
        (by_g,) = ac.vjp(lambda *gs: paired(ac.vjp(f, *xs)[1](gs), ts), *gs)[1:]
        for g, t in zip(by_g(1.0), ac.jvp(f, tuple(xs), tuple(ts))[1]):
            if differ(g, t, 1e-10):
                yield f"the derivative of the gradient by the cotangent is {g}, the tangent is {t}"


@pytest.mark.parametrize("name", [name for name in DECLARED if not ac.registry[name].differentiable])
def test_an_op_without_derivatives_gives_constants(name):
    for sample in declarations[name].samples:
        assert sample.order == 0
        for op, arrays, _ in applications(name, sample):
            assert not any(y.requires_grad for y in apply(op, arrays)[0])


@pytest.mark.parametrize("kink", KINKS)
def test_a_kink_has_the_derivative_that_the_table_says(kink):
    xs = [ac.tensor(x, requires_grad=True) for x in kink.inputs]
    with np.errstate(all="ignore"):
        y = ac.sum(kink.f(*xs))
    found = ac.gradients(y, xs, retain_graph=True, allow_unused=True) if y.requires_grad else [None] * len(xs)
    for x, g, expected in zip(xs, found, kink.gradient, strict=True):
        np.testing.assert_allclose(np.zeros(x.shape) if g is None else g.numpy(), expected, rtol=1e-12)
        if np.isfinite(expected).all():
            t = like(x, 0)
            tangent = span([y], [x.node]).push([ac.tensor(t)], False)[0] if y.requires_grad else None
            found = 0.0 if tangent is None else tangent.numpy()
            np.testing.assert_allclose(found, np.sum(t * expected), rtol=1e-12, atol=1e-14)


# -- what is saved -----------------------------------------------------------------------------------------------------


class Poisoned(Exception):
    """A rule looked at a value that was not saved for it."""


class Poison:
    """What stands for a value that was not saved: it has shape, dtype and ndim, and raises at anything else."""

    __array_ufunc__ = None

    def __init__(self, x):
        self.shape, self.dtype, self.ndim = np.shape(x), x.dtype, np.ndim(x)

    def __getattr__(self, name):
        raise Poisoned(f"a rule reads .{name} of a value that is not saved")

    def raises(self, *args, **options):
        raise Poisoned("a rule reads a value that is not saved")


BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"]
OTHERS = ["neg", "pos", "abs", "invert", "eq", "ne", "lt", "le", "gt", "ge", "getitem", "len", "iter", "bool", "float", "int"]
for each in (*BINARY, *(f"r{each}" for each in BINARY), *OTHERS, "index", "array", "call", "contains", "hash"):
    setattr(Poison, f"__{each}__", Poison.raises)


def poison(ys):
    """Replace all stand-ins in the graph of ys, Specs that a rule could take for tuples."""
    for node in ancestors([y.node for y in ys if y is not None and y.node is not None]):
        if node.saved:
            node.saved = tuple(Poison(Spec(*a)) if isinstance(a, Spec) else a for a in node.saved)


def reads_too_much(name, sample):
    """Rules that look at what is not saved: in both modes, raw and recorded, to the second order in reverse mode."""
    if sample.order == 0:
        return
    clean, marked = ((outputs(sample, args), leaves(args)) for args in (arguments(sample), arguments(sample)))
    poison(marked[0])
    try:
        for sweep, record in itertools.product((pulled, pushed), (False, True)):
            both = [sweep(ys, xs, record) for ys, xs in (clean, marked)]
            for a, b in zip(*both):
                if a is not None and (b is None or not np.array_equal(a.array, b.array, equal_nan=True)):
                    yield f"{sweep.__name__}, recorded {record}: other numbers"
        gs = [g for g in pulled(*marked, True) if g is not None and g.requires_grad]
        poison(gs)
        pulled(gs, marked[1], True)
    except Exception as error:  # Poisoned, or what a stand-in or a NumPy function made of it raises
        yield repr(error)


@pytest.mark.parametrize("name", SMOOTH)
def test_rules_read_only_what_is_saved(name):
    assert list(each_sample(reads_too_much)(name)) == []


def saved_in_vain(name, samples):
    """What `uses` declares although neither rule reads it, in any sample; and a `holds` that says otherwise."""
    declared, read, holds = set(), set(), set()
    for sample in samples:
        ys = outputs(sample, arguments(sample))
        for node in ancestors([y.node for y in ys if y.node is not None]):
            if node.op is not None and node.op.name == name:
                holds.add((node.op.holds, any(a is not None and not isinstance(a, Spec) for a in node.saved)))
                pairs = {(i, j) for i, p in enumerate(node.parents) if p is not None for j in node.op.uses(i)}
                declared |= pairs
                read |= {pair for pair in pairs if reads(node, *pair)}
    if (False, True) in holds or holds == {(True, False)}:
        yield f"(it says that it holds values, it saved some) is {holds}"
    number = lambda j: "the output" if j == OUTPUT else f"input {j}"
    yield from (f"{number(j)} is saved for input {i}, and not read" for i, j in sorted(declared - read))


def reads(node, i, j):
    """Whether a rule of input i reads the saved value j."""
    saved = list(node.saved)
    if saved[j + 1] is None or isinstance(saved[j + 1], Spec):
        return False
    saved[j + 1] = Poison(saved[j + 1]) if not isinstance(saved[j + 1], tuple) else Poison(saved[j + 1][0])
    g = [like(a, 0) for a in map(Spec, node.shape, [node.dtype] * len(node.shape))] if node.op.outputs else like(node, 0)
    ts = [like(p, 1) if k == i and p is not None else None for k, p in enumerate(node.parents)]
    for rule, args in ((node.op.pullback, ([k == i for k in range(len(ts))], g)), (node.op.pushforward, (ts,))):
        try:
            with np.errstate(all="ignore"):
                rule(*args, *saved)
        except Exception:  # Poisoned, or NumPy's own refusal
            return True
    return False


@pytest.mark.parametrize("name", SMOOTH)
def test_what_is_saved_is_read(name):
    assert list(saved_in_vain(name, declarations[name].samples)) == []


# -- batches and edges -------------------------------------------------------------------------------------------------


def examples(x, size=3):
    """A batch of arrays like x, all valid where x is: floating numbers shrink a little, others move along."""
    x = np.asarray(x)
    if x.dtype.kind in "fc":
        return np.stack([(x * (1.0 - 0.01 * k)).astype(x.dtype) for k in range(size)])
    return np.stack([np.roll(x, k) for k in range(size)])


def wrong_batches(op, xs):
    """Batching against a loop, for every choice of inputs that have the batch; values on raw arrays, gradients by leaves."""
    batches = [examples(x) for x in xs]
    choices = [flags for flags in itertools.product((False, True), repeat=len(xs)) if any(flags)]
    for flags in choices if len(xs) <= 4 else [choices[-1], *(f for f in choices if sum(f) == 1)]:
        given = [b if flag else x for b, x, flag in zip(batches, xs, flags)]
        with np.errstate(all="ignore"):
            ys = op.batched(flags, *given)
            loop = [op(*(x[k] if flag else x for x, flag in zip(given, flags))) for k in range(3)]
        several = isinstance(loop[0], tuple)
        expected = [np.stack(parts) for parts in zip(*loop)] if several else [np.stack(loop)]
        for y, z in zip(ys if several else (ys,), expected, strict=True):
            if y.dtype != z.dtype or differ(y, z, 1e-12):
                yield f"{op}, batch in {flags}: {y!r}, one by one {z!r}"
        if op.differentiable:
            yield from wrong_batched_gradients(op, flags, given)


def wrong_batched_gradients(op, flags, given):
    found, results = [], []
    for call in (lambda *xs: op.batched(flags, *xs), lambda *xs: loop_of(op, flags, xs)):
        ys, xs = apply(call, given)
        results.append([y.requires_grad for y in ys])
        found.append(pulled(ys, leaves(xs)))
    if results[0] != results[1]:
        yield f"{op}, batch in {flags}: the outputs require gradients {results[0]}, one by one {results[1]}"
    for a, b in zip(*found):
        if (a is None) != (b is None) or (a is not None and differ(a.array, b.array, 1e-11)):
            yield f"{op}, batch in {flags}: gradient {a}, one by one {b}"


def loop_of(op, flags, xs):
    ys = [op(*(x[k] if flag else x for x, flag in zip(xs, flags))) for k in range(3)]
    return tuple(map(ac.stack, zip(*ys))) if isinstance(ys[0], tuple) else ac.stack(ys)


def wrong_batches_of(name, sample):
    for op, xs, _ in applications(name, sample):
        yield from wrong_batches(op, xs)


@pytest.mark.parametrize("name", DECLARED)
def test_a_batch_gives_what_a_loop_gives(name):
    assert list(each_sample(wrong_batches_of)(name)) == []


def resized(xs, old, new):
    """The arrays with axes of length `old` cut to length `new`."""
    return [x[tuple(slice(new if n == old else None) for n in x.shape)] if isinstance(x, np.ndarray) else x for x in xs]


def edges(op, xs):
    """The same inputs with zero-size axes, axes of length 1, and without axes, where the shape rule admits them."""
    lengths = {n for x in xs for n in np.shape(x) if n > 1}
    cases = [resized(xs, n, new) for n in lengths for new in (0, 1)]
    cases.append([x[(0,) * x.ndim] if isinstance(x, np.ndarray) and x.size else x for x in xs])
    for case in cases:
        arrays = [np.array(x) if isinstance(x, (np.ndarray, np.generic)) else x for x in case]
        try:
            yield arrays, op.shape(*map(np.shape, arrays))
        except (ac.ShapeError, IndexError):
            continue


def wrong_edges(op, xs):
    whole = any(np.asarray(x).dtype.kind in "iu" for x in xs)
    for arrays, expected in edges(op, xs):
        shapes = [np.shape(x) for x in arrays]
        try:
            ys, given = apply(op, arrays)
            gs = pulled(ys, leaves(given))
            pushed([y for y in ys if y.requires_grad], leaves(given))
        except Exception as error:
            if not (whole and isinstance(error, IndexError)):  # an index may lie outside a shorter axis
                yield f"{op} on shapes {shapes}: {error!r}"
            continue
        found = ys[0].shape if op.outputs is None else tuple(y.shape for y in ys)
        if found != expected:
            yield f"{op} on shapes {shapes}: shape {found}, the shape rule says {expected}"
        for g, x in zip(gs, leaves(given)):
            if g is not None and g.shape != x.shape:
                yield f"{op} on shapes {shapes}: a gradient of shape {g.shape} for {x.shape}"


def wrong_edges_of(name, sample):
    for op, xs, _ in applications(name, sample):
        yield from wrong_edges(op, xs)


@pytest.mark.parametrize("name", DECLARED)
def test_empty_single_and_plain_numbers(name):
    assert list(each_sample(wrong_edges_of)(name)) == []


# -- refusals ----------------------------------------------------------------------------------------------------------


def wrong_refusals(declaration):
    """Calls that raise nothing, or another error, or with another text; and refusals that are all the same one."""
    said = set()
    for k, refusal in enumerate(declaration.refusals):
        try:
            with np.errstate(all="ignore"):
                y = refusal.call()
        except Exception as error:
            said.add(str(error))
            if type(error) is not refusal.error or not re.search(refusal.text, str(error)):
                yield f"refusal {k}: {error!r} raised, {refusal.error.__name__} with {refusal.text!r} declared"
        else:
            yield f"refusal {k}: nothing raised, and {y!r} returned"
    if len(said) < len(declaration.refusals):
        yield "some refusals are the same"


@pytest.mark.parametrize("name", DECLARED)
def test_refusals_are_raised_with_their_text(name):
    assert list(wrong_refusals(declarations[name])) == []


# -- the checks refuse what they should, and nothing else --------------------------------------------------------------


class Cube(Primitive):
    """x³, right in every respect."""

    name = "planted"

    def forward(self, x):
        return x * x * x

    def vjp(self, i, g, y, x):
        return g * (3.0 * (x * x))

    def jvp(self, i, t, y, x):
        return t * (3.0 * (x * x))

    def shape(self, x):
        return x

    def uses(self, i):
        return (0,)

    def batched(self, flags, x):
        return self(x)


del ac.registry["planted"]
X = np.array([[0.5, -1.5, 2.0]])


def planted(**rules):
    """The cube with some of its rules replaced."""
    kind = type("Planted", (Cube,), {"__doc__": "Planted.", **rules})
    return kind


def sample_of(kind, **options):
    return Sample(kind(), X, **{"reference": lambda x: x * x * x, **options})


def raising(text, error=ac.ShapeError):
    def call():
        raise error(text)

    return call


def refusals(*calls, error=ac.ShapeError, text="shape"):
    return Declaration("planted", [], [Refusal(call, error, text) for call in calls])


def exactly(f):
    return Declaration("planted", [sample_of(Cube)], [], exact=lambda mp, x: f(mp, x))


def cut(x):
    """A mistake: the value without its graph."""
    return x.detach() if isinstance(x, ac.Tensor) else x


RIGHT = [
    (lacking, "planted", Cube, Declaration("planted", [sample_of(Cube)], [None] * 3)),
    (lacking, "sin", ac.registry["sin"], Declaration("sin", [sample_of(Cube)], [None] * 3)),
    (wrong_values, "planted", sample_of(Cube)),
    (wrong_digits, exactly(lambda mp, x: x**3)),
    (wrong_second_orders, "planted", sample_of(Cube)),
    (reads_too_much, "planted", sample_of(Cube)),
    (saved_in_vain, "planted", [sample_of(Cube)]),
    (wrong_batches, Cube(), [X]),
    (wrong_batches, ac.registry["where"](), [X > 0, X, 1.0]),
    (wrong_edges, Cube(), [X]),
    (wrong_refusals, refusals(*map(raising, ("shape 1", "shape 2", "shape 3")))),
]
NAN = float("nan")
WRONG = [
    *((lacking, "planted", planted(**{rule: getattr(Primitive, rule)}), RIGHT[0][3]) for rule in RULES if rule[0] != "p"),
    (lacking, "planted", planted(__doc__="Planted()"), RIGHT[0][3]),
    (lacking, "planted", Cube, None),
    (lacking, "planted", Cube, Declaration("planted", [], [None] * 3)),
    (lacking, "planted", Cube, Declaration("planted", [sample_of(Cube, order=1)], [None] * 3)),
    (lacking, "planted", Cube, Declaration("planted", [sample_of(Cube)], [None] * 2)),
    (wrong_values, "unused", sample_of(Cube)),
    (wrong_values, "planted", sample_of(Cube, reference=lambda x: x**3 + 1e-9)),
    (wrong_values, "planted", sample_of(Cube, reference=lambda x: x[0] ** 3)),
    (wrong_values, "planted", sample_of(Cube, reference=lambda x: (x**3).astype(np.float32))),
    (wrong_values, "planted", sample_of(Cube, reference=lambda x: (x**3, x))),
    (wrong_values, "planted", sample_of(planted(forward=lambda self, x: np.where(x == 2, NAN, x**3)))),
    (wrong_values, "planted", sample_of(planted(shape=lambda self, x: x[::-1]))),
    (wrong_values, "planted", sample_of(planted(forward=lambda self, x: np.array(x, float) ** 3))),
    (wrong_values, "planted", sample_of(planted(forward=lambda self, x: x**3 if x.dtype == float else x))),
    (wrong_digits, exactly(lambda mp, x: x**3 + mp.mpf("1e-10"))),
    (wrong_digits, exactly(lambda mp, x: x**3 * mp.sign(x))),
    (wrong_digits, Declaration("planted", [Sample(ac.sum, X)], [], exact=lambda mp, x: x)),
    (wrong_second_orders, "planted", sample_of(planted(vjp=lambda self, i, g, y, x: g * (3.0 * cut(x) * x)))),
    (wrong_second_orders, "planted", sample_of(planted(jvp=lambda self, i, t, y, x: t * (3.0 * cut(x) * x)))),
    (wrong_second_orders, "planted", sample_of(planted(vjp=lambda self, i, g, y, x: cut(g) * (3.0 * (x * x))))),
    (reads_too_much, "planted", sample_of(planted(uses=lambda self, i: ()))),
    (reads_too_much, "planted", sample_of(planted(uses=lambda self, i: (), jvp=lambda self, i, t, y, x: t * len(x)))),
    (reads_too_much, "planted", sample_of(planted(uses=lambda self, i: (), vjp=lambda self, i, g, y, x: x * g))),
    (saved_in_vain, "planted", [sample_of(planted(uses=lambda self, i: (OUTPUT, 0)))]),
    (saved_in_vain, "planted", [sample_of(planted(holds=False))]),
    (saved_in_vain, "planted", [sample_of(planted(uses=lambda self, i: (), vjp=lambda self, i, g, *_: g))]),
    (wrong_batches, planted(batched=lambda self, flags, x: self(x[::-1]))(), [X]),
    (wrong_batches, planted(batched=lambda self, flags, x: self(x).astype(np.float32))(), [X]),
    (wrong_batches, planted(batched=lambda self, flags, x: self(cut(x)))(), [X]),
    (wrong_edges, planted(forward=lambda self, x: x / x.max() * 0 + x**3)(), [X]),
    (wrong_edges, planted(shape=lambda self, x: (*x[:-1], 3))(), [X]),
    (wrong_edges, planted(vjp=lambda self, i, g, y, x: g * x[0])(), [X]),
    (wrong_refusals, refusals(lambda: 1.0)),
    (wrong_refusals, refusals(raising("shape", ValueError))),
    (wrong_refusals, refusals(raising("size"))),
    (wrong_refusals, refusals(raising("shape"), raising("shape"))),
]


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case[0].__name__)
def test_what_is_right_passes(case):
    check, *args = case
    assert list(check(*args)) == []


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case[0].__name__)
def test_what_is_wrong_is_refused(case):
    check, *args = case
    assert list(check(*args)) != []
