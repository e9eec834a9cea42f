"""Flattened: several Tensors on the memory of one vector."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.flat import common
from autograd_core.tape import Tape


def leaf(value, dtype=None):
    return ac.tensor(value, dtype=dtype, requires_grad=True)


def tensors():
    return leaf([[1.0, 2.0], [3.0, 4.0]]), leaf(5.0), leaf(np.zeros((0, 3))), leaf([6.0 + 7.0j]), ac.tensor([8.0])


def test_the_numbers_of_all_lie_in_one_vector_in_order():
    both = ac.Flattened(tensors())
    assert both.read().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert both.read() is both.read()


def test_a_tensor_stays_itself():
    xs = tensors()
    nodes, grads = [x.node for x in xs], [ac.ones_like(x) for x in xs]
    for x, g in zip(xs, grads, strict=True):
        x.grad = g
    both = ac.Flattened(xs)
    assert all(a is b for a, b in zip(both.tensors, xs, strict=True))
    assert [x.node for x in xs] == nodes
    assert [x.grad for x in xs] == grads
    assert all(x.is_leaf for x in xs)
    assert [x.requires_grad for x in xs] == [True, True, True, True, False]


def test_a_write_to_the_vector_is_seen_by_all():
    xs = tensors()
    both = ac.Flattened(xs)
    both.write(np.arange(8.0))
    assert [x.tolist() for x in xs] == [[[0.0, 1.0], [2.0, 3.0]], 4.0, [], [5.0 + 6.0j], [7.0]]


def test_a_write_to_one_is_seen_in_the_vector():
    xs = tensors()
    both = ac.Flattened(xs)
    vector = both.read()
    xs[0].copy_(0.0)
    with ac.no_grad():
        xs[1][()] = -1.0
    xs[3].data[0] = 1.0j
    xs[4].copy_(9.0)
    assert vector.tolist() == [0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 9.0]
    assert both.read() is vector


def test_a_graph_that_saved_old_values_notices_a_write_to_the_vector():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    before = ac.sum(x * x)
    both = ac.Flattened([x, z])
    after = ac.sum(z * z)
    both.write([4.0, 5.0, 6.0])
    for y in (before, after):
        with pytest.raises(ac.MutationError, match="changed in place after multiply"):
            y.backward()


def test_a_graph_made_on_the_vector_notices_a_write_to_it():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    both = ac.Flattened([x, z])
    assert both.intact
    y, w = ac.sum(x * x), ac.sum(z.data * 2.0 * z)
    both.write([4.0, 5.0, 6.0])
    with pytest.raises(ac.MutationError, match="changed in place after multiply"):
        y.backward()
    w.backward()
    assert z.grad.tolist() == [6.0]


def test_flattening_alone_writes_nothing_and_a_write_to_one_concerns_no_other():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    x.copy_([1.0, 4.0])
    y, w = ac.sum(x * x), ac.sum(z * z)
    ac.Flattened([x, z])
    z.copy_(0.0)
    y.backward()
    assert x.grad.tolist() == [2.0, 8.0]
    with pytest.raises(ac.MutationError):
        w.backward()


def test_gradients_arrive_as_before():
    x, z = leaf([1.0, 2.0]), leaf([[3.0]])
    both = ac.Flattened([x, z])
    ac.sum(x * x * z).backward()
    assert both.join([x.grad, z.grad]).tolist() == [6.0, 12.0, 5.0]


def test_join_and_cut_undo_each_other_also_for_complex_numbers_and_other_precisions():
    xs = tensors()
    both = ac.Flattened(xs)
    others = [ac.tensor(np.full(x.shape, 2.0), dtype="float32") for x in xs]
    vector = both.join(others)
    assert vector.dtype == np.float64
    assert vector.tolist() == [2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0, 2.0]
    cut = both.cut(vector)
    assert [(c.shape, c.dtype) for c in cut] == [(x.shape, x.dtype) for x in xs]
    assert all(np.array_equal(c.numpy(), o.numpy()) for c, o in zip(cut, others, strict=True))


# Memory that someone else holds stays where it is


def held():
    """Tensors whose memory is seen from elsewhere, and how it is seen."""
    x = leaf([1.0, 2.0])
    yield "numpy", x, x.numpy()
    x = leaf([1.0, 2.0])
    yield "data", x, x.data
    x = leaf([1.0, 2.0])
    yield "a row", x, x.data[:1]
    a = np.array([1.0, 2.0])
    x = ac.as_tensor(a)
    x.requires_grad_()
    yield "an array of the user", x, a


@pytest.mark.parametrize("case", range(4))
def test_views_made_before_follow_all_writes(case):
    name, x, view = list(held())[case]
    z = leaf(3.0)
    both = ac.Flattened([z, x])
    assert not both.intact, name
    both.write([5.0, 6.0, 7.0])
    assert (z.item(), x.tolist()) == (5.0, [6.0, 7.0])
    assert np.asarray(view)[0] == 6.0, name
    x.copy_([8.0, 9.0])
    assert both.read().tolist() == [5.0, 8.0, 9.0]


def test_complex_tensors_that_lie_apart_are_written_too():
    x, z = leaf([1.0, 2.0]), leaf([[3.0 + 4.0j]])
    view = z.numpy()
    both = ac.Flattened([x, z])
    assert both.read().tolist() == [1.0, 2.0, 3.0, 4.0]
    both.write(ac.tensor([5.0, 6.0, 7.0, np.inf]))
    assert view.tolist() == [[complex(7.0, np.inf)]]


def test_a_single_tensor_needs_no_other_memory():
    x = leaf([[1.0, 2.0]])
    view = x.numpy()
    both = ac.Flattened([x])
    assert both.intact
    both.write([3.0, 4.0])
    assert view.tolist() == [[3.0, 4.0]]


def test_a_second_vector_of_the_same_tensors_shares_the_memory_and_one_in_another_order_leaves_it():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    first, second, third, part = (ac.Flattened(each) for each in ([x, z], [x, z], [z, x], [z]))
    assert [each.intact for each in (first, second, third, part)] == [True, True, False, True]
    for k, each in enumerate((first, second, third, part)):
        each.write(np.full(each.size, float(k)))
        assert first.read().tolist() == second.read().tolist() == [*x.tolist(), *z.tolist()]
    assert first.read().tolist() == [2.0, 2.0, 3.0]


# Tensors that were given other memory


def test_a_tensor_that_was_given_other_memory_is_laid_back():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    both = ac.Flattened([x, z])
    x.data = [7.0, 8.0]
    assert not both.intact
    assert both.read().tolist() == [7.0, 8.0, 3.0]
    assert both.intact
    both.write([4.0, 5.0, 6.0])
    x.data = [1.0, 1.0]
    both.write([0.0, 1.0, 2.0])
    assert (x.tolist(), z.tolist()) == ([0.0, 1.0], [2.0])


def test_another_dtype_or_shape_is_refused():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    both = ac.Flattened([x, z])
    x.data = [7.0, 8.0, 9.0]
    with pytest.raises(ac.ShapeError, match=r"had shape \(2,\) when it was flattened and has \(3,\)"):
        both.read()
    z.__init__([1.0], "float32", requires_grad=True)
    x.data = [7.0, 8.0]
    with pytest.raises(ac.DTypeError, match="was float64 when it was flattened and is float32"):
        both.write([1.0, 2.0, 3.0])


def test_under_a_recorder_no_memory_moves():
    x, z = leaf([1.0, 2.0]), leaf([3.0])
    tape = Tape("test", [])
    both = tape.run(lambda: ac.Flattened([x, z]))
    assert not both.intact
    assert tape.run(both.read).tolist() == [1.0, 2.0, 3.0]
    assert [step.op.name for step in tape.steps] == ["concatenate"]


def test_nothing_is_kept_alive():
    gc.disable()
    try:
        x, z = leaf([1.0, 2.0]), leaf([3.0])
        both = ac.Flattened([x, z])
        both.write([1.0, 2.0, 3.0])
        alive = weakref.ref(both.read()), weakref.ref(x)
        del x, z, both
        assert [each() for each in alive] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("given", [[], [leaf(np.zeros((0, 2)))], [leaf(np.zeros(0)), leaf(np.zeros((2, 0)))]])
def test_no_numbers_make_an_empty_vector(given):
    both = ac.Flattened(given)
    assert both.read().shape == (0,)
    both.write(np.zeros(0))


def test_what_cannot_lie_on_one_vector_is_refused():
    x = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match="argument 1 is a ndarray"):
        ac.Flattened([x, np.ones(2)])
    with pytest.raises(ac.MutationError, match="Tensor 0 is a result of <multiply>"):
        ac.Flattened([x * 2.0])
    with pytest.raises(ac.DTypeError, match="Tensor 1 has dtype float32, the first one float64"):
        ac.Flattened([x, leaf(1.0, "float32")])
    with pytest.raises(ValueError, match="given twice"):
        ac.Flattened([x, x])
    with pytest.raises(ac.ShapeError, match=r"2 numbers in one vector are needed; given shape \(3,\)"):
        ac.Flattened([x]).write([1.0, 2.0, 3.0])


def test_only_neighbours_in_memory_are_common():
    memory = np.arange(6.0)
    assert np.shares_memory(common([memory[1:3], memory[3:4].reshape(1, 1)], memory.dtype), memory)
    assert common([memory[1:3], memory[3:4]], memory.dtype).tolist() == [1.0, 2.0, 3.0]
    for apart in ([memory[:2], memory[3:]], [memory[3:], memory[:3]], [memory[::2]], [memory[:3], np.arange(3.0)]):
        assert common(apart, memory.dtype) is None
    memory.flags.writeable = False
    assert common([memory[:3]], memory.dtype) is None
