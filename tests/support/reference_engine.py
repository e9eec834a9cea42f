"""A second engine, for the bookkeeping of graphs alone: slow, plain, and short enough to be believed.

Tensors are vectors. There are five ops, and their rules are written in these ops. A sweep visits the youngest node first.
Of every value that a rule will need, a node keeps a copy; a write to the memory of a leaf is noticed by its count.
"""

from itertools import count

import numpy as np

serials = count()
recording = True


class GradientError(RuntimeError):
    """No graph, a freed graph, an unused input, or a gradient that would be dropped."""


class MutationError(RuntimeError):
    """Memory that a graph needs was written, or would be."""


class Writes:
    """How often a piece of memory was written."""

    def __init__(self):
        self.count = 0


class Node:
    """An application of an op, or a leaf, which has a tensor. `kept` maps a number of an input to (tensor, writes)."""

    def __init__(self, op, parents=(), kept=None, owner=None, tensor=None):
        self.op, self.parents, self.kept, self.owner, self.tensor = op, parents, kept or {}, owner, tensor
        self.serial, self.hooks, self.freed = next(serials), {}, False

    def check(self):
        if self.freed:
            raise GradientError("the graph was freed")
        for i, (_, writes) in self.kept.items():
            if writes is not None and self.parents[i].owner.count != writes:
                raise MutationError("a saved value was overwritten")

    def pull(self, g):
        """The cotangents of the parents."""
        x, z = (self.kept.get(i, (None,))[0] for i in (0, 1))
        if self.op == "multiply":
            return [z and multiply(g, z), x and multiply(g, x)]
        rules = {"add": lambda: [g, g], "flip": lambda: [flip(g)], "clone": lambda: [g]}
        return rules[self.op]() if self.op != "sin" else [multiply(g, sin(add(x, Tensor(np.full(2, np.pi / 2)))))]


class Tensor:
    """A vector; `node` is its place in a graph, `writes` counts the writes to memory that others may see."""

    def __init__(self, array, node=None, writes=None):
        self.array, self.node, self.writes, self.grad = array, node, writes, None

    @property
    def is_leaf(self):
        return self.node is None or self.node.tensor is not None

    def requires_grad_(self, flag):
        if not self.is_leaf:
            if not flag:
                raise GradientError("a result")
        elif flag and self.node is None:
            if self.writes is None:
                self.array = self.array.copy()
            self.node = Node("leaf", owner=self.writes or Writes(), tensor=self)
        elif not flag and self.node is not None:
            self.writes, self.node = self.node.owner, None

    def shared(self):
        """The count of writes to this memory, if anyone counts."""
        return self.writes or (None if self.node is None else self.node.owner)

    def detach(self):
        return Tensor(self.array, None, self.shared())

    def own(self):
        """The count of writes to this memory; where nobody counts them, the tensor moves to memory of its own."""
        if self.node is not None and self.node.owner is not None:
            return self.node.owner
        if self.writes is None:
            self.array, self.writes = self.array.copy(), Writes()
            if self.node is not None:
                self.node.owner = self.writes
        return self.writes

    def data(self):
        self.own()
        return self.detach()

    def set_data(self, array):
        self.own().count += 1
        self.array = array.copy()

    def copy_(self, value):
        if recording and value.node is not None:
            raise GradientError("the value requires a gradient")
        if not self.is_leaf:
            raise MutationError("a result")
        writes, array = self.own(), value.array.copy()
        self.array[:] = array
        writes.count += 1

    def add_(self, z):
        """x += z: a write for a leaf and for counted memory, a new value otherwise."""
        leaf = self.node is not None and self.is_leaf
        if leaf and recording:
            raise MutationError("a leaf")
        y = add(self, z)
        if leaf or (self.node is None and self.writes is not None):
            self.copy_(y)
            return self
        return y


def apply(op, array, *xs, keeps=(), views=False):
    if not recording or all(x.node is None for x in xs):
        return Tensor(array, None, xs[0].shared() if views else None)
    owners = [None if x.node is None else x.node.owner for x in xs]
    kept = {i: (Tensor(xs[i].array.copy(), xs[i].node), owners[i] and owners[i].count) for i in keeps}
    return Tensor(array, Node(op, [x.node for x in xs], kept, owners[0] if views else None))


def add(x, z):
    return apply("add", x.array + z.array, x, z)


def multiply(x, z):
    return apply("multiply", x.array * z.array, x, z, keeps=[i for i in (0, 1) if (z, x)[i].node is not None])


def sin(x):
    return apply("sin", np.sin(x.array), x, keeps=[0])


def flip(x):
    return apply("flip", x.array[::-1], x, views=True)


def clone(x):
    return apply("clone", x.array.copy(), x)


def backward(y, g, retain=False, create=False):
    """Add the gradients of y, for the cotangent g, to `.grad` of the leaves."""
    if y.node is None:
        raise GradientError("no graph")
    sweep({y.node: g}, create, retain or create, None, ())


def gradients(y, x, g, retain=False, create=False):
    """The gradient of y by x; nothing else is visited."""
    if x.node is None or y.node is None:
        raise GradientError("no graph")
    needed = between(x.node, y.node)
    found = sweep({y.node: g}, create, retain or create, needed, {x.node}) if y.node in needed else {}
    if x.node not in found:
        raise GradientError("not used")
    return found[x.node]


def between(x, y):
    """The nodes that lead from x to y, these two included."""
    above, stack = set(), [y]
    while stack:
        n = stack.pop()
        if n not in above and n.serial >= x.serial:
            above.add(n)
            stack += [p for p in n.parents if p is not None]
    needed = {x}
    for n in sorted(above, key=lambda n: n.serial):
        if not needed.isdisjoint(n.parents):
            needed.add(n)
    return needed


def sweep(pending, create, retain, needed, targets):
    global recording
    before, recording, found = recording, create, {}
    try:
        while pending:
            n = max(pending, key=lambda n: n.serial)
            g = pending.pop(n)
            for hook in list(n.hooks.values()):
                new = hook(g)
                g = g if new is None else new
            if n in targets:
                found[n] = g
            if n.tensor is not None:
                if not targets and n.tensor.node is not None:
                    accumulate(n.tensor, g, create)
                continue
            if n in targets:  # the op of the source itself is not asked
                continue
            n.check()
            for p, c in zip(n.parents, n.pull(g)):
                if p is not None and (needed is None or p in needed):
                    pending[p] = add(pending[p], c) if p in pending else c
            n.freed = not retain and n.op in ("multiply", "sin")
    finally:
        recording = before
    return found


def accumulate(x, g, create):
    if create:
        x.grad = clone(g) if x.grad is None else add(x.grad, g)
    else:
        x.grad = Tensor(g.array.copy() if x.grad is None else x.grad.array + g.array)


def retain_grad(x):
    """Keep the gradient of a result, as its hooks so far have left it."""
    if x.node is None:
        raise GradientError("no graph")
    if not x.is_leaf:
        x.node.hooks.setdefault(x, lambda g: accumulate(x, g, True))


def register_hook(x, hook):
    """Call hook(g) with each gradient of x; the result takes it away again."""
    if x.node is None:
        raise GradientError("no graph")
    key, hooks = object(), x.node.hooks
    hooks[key] = hook
    return lambda: hooks.pop(key, None)
