"""Whatever is done to leaves, graphs and gradients, in whatever order: the engine and a plain reference agree."""

import numpy as np
import reference_engine as reference
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

import autograd_core as ac

numbers = st.integers(-3, 3).map(float)
vectors = st.lists(numbers, min_size=2, max_size=2).map(np.array)
OURS = {"sin": ac.sin, "flip": lambda x: ac.flip(x, 0), "clone": lambda x: x.clone(), "add": ac.add, "multiply": ac.multiply}


class Pair:
    """A Tensor and what the reference has in its place."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs

    def check(self):
        x, z = self.ours, self.theirs
        np.testing.assert_allclose(x.array, z.array, rtol=1e-9, atol=1e-9)
        assert (x.requires_grad, x.is_leaf) == (z.node is not None, z.is_leaf)
        assert (x.grad is None) == (z.grad is None)
        if x.grad is not None:
            np.testing.assert_allclose(x.grad.array, z.grad.array, rtol=1e-9, atol=1e-9)
            assert x.grad.requires_grad == (z.grad.node is not None)


def both(ours, theirs):
    """What two calls return, or None if both raise an error of the same name."""
    results, errors = [], []
    for call in (ours, theirs):
        try:
            results.append(call())
        except Exception as error:
            errors.append(error)
    assert len(errors) in (0, 2), errors
    if errors:
        assert type(errors[0]).__name__ == type(errors[1]).__name__, errors
        return None
    return Pair(*results)


ways = st.sampled_from([None, "detach", "data"])


def way(x, name):
    """A way to write the memory of x."""
    return name and Pair(x.ours.data if name == "data" else x.ours.detach(), getattr(x.theirs, name)())


class Graphs(RuleBasedStateMachine):
    """Tensors come from each other and from nothing, and any of them may be used again at any time."""

    tensors = Bundle("tensors")

    def __init__(self):
        super().__init__()
        self.pairs, self.modes, self.seen, self.handles = [], [], ([], []), []

    def new(self, pair):
        """A pair that is watched from now on; nothing where both sides refused, or where numbers grow too large."""
        if pair is None or not np.abs(pair.theirs.array).max() < 1e4:
            return multiple()
        self.pairs.append(pair)
        return pair

    # -- tensors ---------------------------------------------------------------------------------------------------

    @initialize(target=tensors, x=vectors, z=vectors)
    def start(self, x, z):
        """Two leaves and their product."""
        pairs = [self.leaf(x), self.leaf(z)]
        return multiple(*pairs, self.apply("multiply", *pairs))

    def leaf(self, values):
        theirs = reference.Tensor(values.copy())
        theirs.requires_grad_(True)
        return self.new(Pair(ac.tensor(values, requires_grad=True), theirs))

    @rule(target=tensors, values=vectors)
    def make_a_leaf(self, values):
        return self.leaf(values)

    @rule(target=tensors, values=vectors)
    def make_a_constant(self, values):
        return self.new(Pair(ac.tensor(values), reference.Tensor(values.copy())))

    def apply(self, name, *pairs):
        ours, theirs = OURS[name](*(x.ours for x in pairs)), getattr(reference, name)(*(x.theirs for x in pairs))
        return self.new(Pair(ours, theirs))

    @rule(target=tensors, x=tensors)
    def sin(self, x):
        return self.apply("sin", x)

    @rule(target=tensors, x=tensors)
    def flip(self, x):
        return self.apply("flip", x)

    @rule(target=tensors, x=tensors)
    def clone(self, x):
        return self.apply("clone", x)

    @rule(target=tensors, x=tensors, z=tensors)
    def add(self, x, z):
        return self.apply("add", x, z)

    @rule(target=tensors, x=tensors, z=tensors)
    def multiply(self, x, z):
        return self.apply("multiply", x, z)

    @rule(target=tensors, x=tensors)
    def detach(self, x):
        return self.new(Pair(x.ours.detach(), x.theirs.detach()))

    @rule(target=tensors, x=tensors)
    def data(self, x):
        return self.new(Pair(x.ours.data, x.theirs.data()))

    @rule(target=tensors, x=tensors)
    def take_the_gradient(self, x):
        return multiple() if x.ours.grad is None else self.new(Pair(x.ours.grad, x.theirs.grad))

    # -- writes ----------------------------------------------------------------------------------------------------

    @rule(x=tensors, flag=st.booleans())
    def requires_grad_(self, x, flag):
        both(lambda: x.ours.requires_grad_(flag), lambda: x.theirs.requires_grad_(flag))

    @rule(x=tensors, z=tensors)
    def copy_(self, x, z):
        both(lambda: x.ours.copy_(z.ours), lambda: x.theirs.copy_(z.theirs))

    @rule(x=tensors, values=vectors)
    def set_data(self, x, values):
        x.ours.data = values
        x.theirs.set_data(values)

    @rule(target=tensors, x=tensors, z=tensors)
    def add_in_place(self, x, z):
        def ours():
            y = x.ours
            y += z.ours
            return y

        return self.new(both(ours, lambda: x.theirs.add_(z.theirs)))

    @rule(x=tensors, z=tensors, g=vectors, view=st.booleans(), before=ways, after=ways, direct=st.booleans())
    def write_what_a_graph_saved(self, x, z, g, view, before, after, direct):
        """x, or a view of it, is saved by a product, and written: by ways opened before and after that, or directly."""
        v = Pair(ac.flip(x.ours, 0), reference.flip(x.theirs)) if view else x
        first = way(v, before)
        y = Pair(v.ours * v.ours, reference.multiply(v.theirs, v.theirs))
        for a in (first, way(v, after), x if direct else None):
            if a is not None:
                both(lambda a=a: a.ours.copy_(z.ours), lambda a=a: a.theirs.copy_(z.theirs))
        self.backward(y, g, False, False)

    # -- gradients -------------------------------------------------------------------------------------------------

    @rule(y=tensors, g=vectors, retain=st.booleans(), create=st.booleans())
    def backward(self, y, g, retain, create):
        seed = reference.Tensor(g)
        both(lambda: y.ours.backward(g, create, retain or None), lambda: reference.backward(y.theirs, seed, retain, create))

    @rule(target=tensors, y=tensors, x=tensors, g=vectors, retain=st.booleans(), create=st.booleans())
    def gradients(self, y, x, g, retain, create):
        return self.new(
            both(
                lambda: ac.gradients(y.ours, x.ours, g, create, retain or None)[0],
                lambda: reference.gradients(y.theirs, x.theirs, reference.Tensor(g), retain, create),
            )
        )

    @rule(x=tensors)
    def forget_the_gradient(self, x):
        x.ours.grad = x.theirs.grad = None

    @rule(x=tensors)
    def retain_grad(self, x):
        both(x.ours.retain_grad, lambda: reference.retain_grad(x.theirs))

    # -- hooks -----------------------------------------------------------------------------------------------------

    @rule(x=tensors, z=tensors, kind=st.sampled_from(["see", "replace", "fail", "sweep"]))
    def hook(self, x, z, kind):
        ours, theirs = self.seen

        def hook(seen, backward, multiply, z):
            def look(g):
                seen.append(g.array.copy())
                if kind == "fail":
                    raise ZeroDivisionError
                if kind == "sweep":  # a sweep within a sweep
                    y = multiply(z, z)
                    if y.node is not None:
                        backward(y)
                return multiply(g, z) if kind == "replace" else None

            return look

        handles = both(
            lambda: x.ours.register_hook(hook(ours, lambda y: y.backward(np.ones(2)), ac.multiply, z.ours)),
            lambda: reference.register_hook(
                x.theirs,
                hook(theirs, lambda y: reference.backward(y, reference.Tensor(np.ones(2))), reference.multiply, z.theirs),
            ),
        )
        if handles is not None:
            self.handles.append(handles)

    @precondition(lambda self: self.handles)
    @rule(data=st.data())
    def remove_a_hook(self, data):
        handle = data.draw(st.sampled_from(self.handles), label="hook")
        handle.ours.remove()
        handle.theirs()

    # -- modes -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.modes) < 2)
    @rule(mode=st.sampled_from([ac.enable_grad, ac.no_grad]))
    def enter(self, mode):
        entered = mode()
        entered.__enter__()
        self.modes.append((entered, reference.recording))
        reference.recording = mode is ac.enable_grad

    @precondition(lambda self: self.modes)
    @rule()
    def leave(self):
        entered, reference.recording = self.modes.pop()
        entered.__exit__(None, None, None)

    def teardown(self):
        while self.modes:
            self.leave()

    # -- what always holds -----------------------------------------------------------------------------------------

    @invariant()
    def both_engines_agree(self):
        assert ac.is_grad_enabled() == reference.recording
        for pair in self.pairs:
            pair.check()
        ours, theirs = self.seen
        assert len(ours) == len(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


test_the_bookkeeping_of_graphs = Graphs.TestCase
test_the_bookkeeping_of_graphs.settings = settings(
    max_examples=max(150, settings().max_examples), stateful_step_count=40, report_multiple_bugs=False
)
