"""Recording, default dtype and transforms are a matter of the context: threads and tasks never disturb each other."""

import asyncio
import contextvars
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.graph import recording, transforming

COUNT = 8


@pytest.fixture(autouse=True)
def _switching_often():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(work):
    """work(k) in eight threads that start at the same moment; their results, or the first error."""
    barrier = threading.Barrier(COUNT)

    def start(k):
        barrier.wait(timeout=60)
        return work(k)

    with ThreadPoolExecutor(COUNT) as pool:
        return [done.result() for done in [pool.submit(start, k) for k in range(COUNT)]]


def network(x, w):
    return ac.sum(ac.tanh(x @ w) ** 2 * ac.exp(-ac.sum(w, axis=0)))


SHARED = np.linspace(-1.0, 1.0, 6).reshape(2, 3)


def values(k):
    """All kinds of derivatives of a function that is another one in each thread, at shared values."""
    w = np.linspace(0.1, 0.2 + k, 6).reshape(3, 2)
    x = ac.tensor(SHARED)
    leaf = ac.tensor(w, requires_grad=True)
    network(x, leaf).backward(create_graph=True)
    ac.sum(leaf.grad**2).backward()
    f = lambda w: network(x, w)
    return [
        leaf.grad,
        ac.grad(f)(w),
        ac.jvp(f, (w,), (np.ones((3, 2)),))[1],
        ac.hvp(f, ac.tensor(w), ac.tensor(w)),
        ac.jacobian(lambda w: x @ w)(w),
        ac.vmap(lambda row: ac.grad(lambda w: network(row, w))(w))(x),
        ac.grad(ac.checkpoint(f))(ac.tensor(w)),
    ]


def test_graphs_that_are_built_and_differentiated_at_once_do_not_disturb_each_other():
    alone = [[y.numpy() for y in values(k)] for k in range(COUNT)]
    for _ in range(3):
        for found, expected in zip(together(values), alone):
            for y, z in zip(found, expected, strict=True):
                np.testing.assert_array_equal(y, z)


def test_a_shared_leaf_may_be_differentiated_in_all_threads():
    leaf = ac.tensor(SHARED, requires_grad=True)
    shared = ac.tanh(leaf) * leaf

    def work(k):
        for _ in range(20):
            (g,) = ac.gradients(ac.sum(shared * float(k)), leaf, retain_graph=True)
        return g

    (whole,) = ac.gradients(ac.sum(shared), leaf, retain_graph=True)
    for k, g in enumerate(together(work)):
        np.testing.assert_allclose(g, k * whole.numpy(), rtol=1e-14)


def test_recording_and_default_dtype_are_those_of_the_thread():
    def work(k):
        dtype, mode, is_on = ["float32", "float64"][k % 2], [ac.no_grad, ac.enable_grad][k // 2 % 2], bool(k // 2 % 2)
        x = ac.tensor(1.0, dtype="float64", requires_grad=True)
        seen = set()
        with ac.default_dtype(dtype), mode():
            for _ in range(300):
                y = x * x
                seen.add((str(ac.tensor([1.0]).dtype), y.requires_grad, ac.is_grad_enabled()))
        seen.add((str(ac.tensor([1.0]).dtype), (x * x).requires_grad))
        return seen, {(dtype, is_on, is_on), ("float64", True)}

    for seen, expected in together(work):
        assert seen == expected


def test_a_transform_in_one_thread_is_not_noticed_in_another():
    inside, outside = threading.Event(), threading.Event()
    seen = []

    def slow(x):
        inside.set()
        assert outside.wait(timeout=60)
        return x * x

    def other():
        assert inside.wait(timeout=60)
        leaf = ac.tensor(3.0, requires_grad=True)
        y = leaf * leaf
        y.backward()
        seen.append((leaf.grad.requires_grad, y.item(), transforming.get(), recording.get()))
        outside.set()

    thread = threading.Thread(target=other)
    thread.start()
    assert ac.vmap(ac.grad(slow))(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    thread.join()
    assert seen == [(False, 9.0, False, True)]


def test_anomaly_detection_is_a_matter_of_the_thread():
    def work(k):
        x = ac.tensor(-1.0)
        with np.errstate(all="ignore"):
            if k % 2:
                with pytest.raises(ac.NonFiniteError), ac.detect_anomaly():
                    ac.log(x)
            return [np.isnan(ac.log(x).item()) for _ in range(50)]

    assert all(map(all, together(work)))


def test_tasks_have_states_of_their_own():
    async def task(k):
        with ac.default_dtype(["float32", "float64"][k % 2]), (ac.no_grad if k % 3 else ac.enable_grad)():
            for _ in range(20):
                await asyncio.sleep(0)
                assert ac.is_grad_enabled() is (k % 3 == 0)
                assert ac.tensor([1.0]).dtype == ["float32", "float64"][k % 2]
        assert ac.is_grad_enabled()

    async def main():
        await asyncio.gather(*(task(k) for k in range(COUNT)))

    asyncio.run(main())


def test_a_thread_may_take_over_the_context_of_another():
    with ac.no_grad():
        context = contextvars.copy_context()
    seen = []
    thread = threading.Thread(target=context.run, args=(lambda: seen.append(ac.is_grad_enabled()),))
    thread.start()
    thread.join()
    assert seen == [False]


# -- exceptions leave no state behind ----------------------------------------------------------------------------------


def fail(*args):
    raise ZeroDivisionError


def failing_vjp():
    f = ac.custom_vjp(lambda x: x * x)
    f.defvjp(lambda x: (x * x, x), fail)
    return ac.grad(f)(1.0)


@ac.enable_grad
def failing_hook():
    x = ac.tensor(1.0, requires_grad=True)
    y = x * x
    y.register_hook(fail)
    y.backward(create_graph=True)


def in_a_block(block):
    with block:
        fail()


X = np.array([1.0, 2.0])
FAILURES = {
    "no_grad": lambda: in_a_block(ac.no_grad()),
    "enable_grad": lambda: in_a_block(ac.enable_grad()),
    "default_dtype": lambda: in_a_block(ac.default_dtype("float32")),
    "detect_anomaly": lambda: in_a_block(ac.detect_anomaly()),
    "no_grad as a decorator": ac.no_grad(fail),
    "grad": lambda: ac.grad(fail)(1.0),
    "value_and_grad": lambda: ac.value_and_grad(fail)(1.0),
    "vjp": lambda: ac.vjp(fail, 1.0),
    "jvp": lambda: ac.jvp(fail, (1.0,), (1.0,)),
    "linearize": lambda: ac.linearize(fail, 1.0),
    "jacobian": lambda: ac.jacobian(fail)(X),
    "hessian": lambda: ac.hessian(fail)(X),
    "hvp": lambda: ac.hvp(fail, X, X),
    "laplacian": lambda: ac.laplacian(fail)(X),
    "jet": lambda: ac.jet(fail, (1.0,), ([1.0],)),
    "vmap": lambda: ac.vmap(fail)(X),
    "vmap of grad": lambda: ac.vmap(ac.grad(fail))(X),
    "checkpoint": lambda: ac.grad(ac.checkpoint(fail))(ac.tensor(1.0)),
    "custom_vjp, backward": failing_vjp,
    "a hook": failing_hook,
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_exception_leaves_no_state_behind(name):
    with pytest.raises(ZeroDivisionError):
        FAILURES[name]()
    assert (recording.get(), transforming.get(), ac.get_default_dtype()) == (True, False, np.float64)
    with ac.no_grad():
        with pytest.raises(ZeroDivisionError):
            FAILURES[name]()
        assert recording.get() is False
