"""Tiles on several threads: the same numbers, errors that arrive, and threads that a fork does not lose."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

import autograd_core as ac
from autograd_core.compile import lanes

rng = np.random.default_rng(0)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def test_the_number_of_threads_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "5")
    assert lanes.threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    assert lanes.threads() == 5
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert 1 <= lanes.threads() <= (os.cpu_count() or 1)


def test_functions_run_at_once_and_their_errors_arrive():
    meeting = threading.Barrier(3)
    lanes.together(*[lambda: meeting.wait(10) and None] * 3)  # it would time out if one had to wait for another

    def wrong():
        raise ZeroDivisionError("here")

    done = []
    for functions in ([wrong, lambda: done.append(1)], [lambda: done.append(1), wrong]):
        with pytest.raises(ZeroDivisionError, match="here"):
            lanes.together(*functions)
    assert done == [1, 1]


@pytest.mark.parametrize("rows", [8192, 8191])  # a prime number leaves fewer rows for the end
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_a_network_on_many_rows_learns_the_same_on_any_number_of_threads(backend, threads, rows, monkeypatch):
    if backend == "numba":
        pytest.importorskip("llvmlite")
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    x, start = rng.normal(size=(rows, 3)), [rng.normal(size=s) for s in ((3, 20), (20, 20), (20, 1))]

    def trained(wrap):
        ws = [ac.tensor(w, requires_grad=True) for w in start]

        def step(x):
            for w in ws:
                w.grad = None
            h = ac.tanh(ac.tanh(x @ ws[0]) @ ws[1])
            loss = ac.mean((h @ ws[2] - ac.sin(x[:, :1])) ** 2)
            loss.backward()
            with ac.no_grad():
                for w in ws:
                    w.copy_(w - 1e-3 * w.grad)
            return loss

        run = wrap(step)
        return [run(ac.tensor(x)).item() for _ in range(5)], ws, run

    losses, ws, run = trained(lambda f: ac.compile(f, backend=backend))
    expected, vs, _ = trained(lambda f: f)
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    for w, v in zip(ws, vs, strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-11, atol=1e-14)
    (entry,) = next(iter(run.entries.values()))
    (block,) = (block for block in entry.runner.blocks if block.tiles)
    assert (0 if block.rest is None else block.rest.rows) == rows - block.tiles * block.rows
    assert (block.rest is None) == (rows == 8192)
    assert entry.runner.source.count("def lane") == (threads if threads > 1 and backend == "numba" else 0)


@pytest.mark.parametrize("rows", [8192, 8191])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_results_that_have_a_row_for_each_row_are_joined(backend, threads, rows, monkeypatch):
    if backend == "numba":
        pytest.importorskip("llvmlite")
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    w, v = ac.tensor(rng.normal(size=(3, 20))), ac.tensor(rng.normal(size=(20, 20)))
    x = ac.tensor(rng.normal(size=(rows, 3)), requires_grad=True)

    def f(x):
        y = ac.tanh(ac.tanh(ac.tanh(x @ w) @ v) @ v.T) @ w.T
        (g,) = ac.gradients(ac.sum(y**2), [x])
        return y, ac.sum(g), 2.0 * g.T, ac.exp(y)

    compiled = ac.compile(f, backend=backend)
    for _ in range(3):
        found = compiled(x)
    for y, expected in zip(found, f(x), strict=True):
        np.testing.assert_allclose(y.detach(), expected.detach(), rtol=1e-11, atol=1e-12)
    (entry,) = next(iter(compiled.entries.values()))
    assert any(block.joins for block in entry.runner.blocks)


@pytest.mark.parametrize("rows", [8192, 8191])
def test_powers_and_special_functions_go_row_by_row(rows):
    w, v = ac.tensor(rng.normal(size=(3, 20))), ac.tensor(rng.normal(size=(20, 20)))
    x = ac.tensor(rng.uniform(0.5, 1.5, size=(rows, 3)), requires_grad=True)

    def f(x):
        y = ac.tanh(ac.tanh(ac.tanh(x @ w) @ v) @ v.T) @ w.T
        y = y**1.0 + ac.special.polygamma(1, x) + ac.special.i0(y) + ac.sinc(y) + y**0 + x**2.5
        return ac.gradients(ac.sum(y * y), [x])[0]

    compiled = ac.compile(f)
    for _ in range(3):
        found = compiled(x)
    np.testing.assert_allclose(found, f(x), rtol=1e-11, atol=1e-12)
    (entry,) = next(iter(compiled.entries.values()))
    assert any(block.tiles for block in entry.runner.blocks)


MIXING = {
    "rows and columns of a square": (256, 256, lambda h: h + h.T),
    "a product of stacks": (8192, 32, lambda h: ac.matmul(h.reshape(8192, 4, 8), h.reshape(8192, 8, 4))),
    "all rows with all rows": (256, 256, lambda h: h @ h.T),
    "two rows from one": (8192, 32, lambda h: h.reshape(16384, 16)),
    "rows joined to rows": (8192, 32, lambda h: ac.concatenate([h, h])),
    "a stack of a square and its transpose": (256, 256, lambda h: ac.stack([h, h.T])),
    "every other row": (8192, 32, lambda h: h[::2]),
    "some rows": (8192, 32, lambda h: h[np.arange(0, 8192, 3)]),
    "rows added to others": (8192, 32, lambda h: ac.zeros((16384, 32)).at[::2].add(h)),
    "a mean that is taken off": (8192, 32, lambda h: h - ac.mean(h, axis=0)),
    "several results": (8192, 36, lambda h: ac.linalg.qr(h.reshape(8192, 6, 6))[1]),
    "an op that is not known": (8192, 32, lambda h: ac.cumsum(h, axis=1)),
}


@pytest.mark.parametrize("name", MIXING)
def test_a_program_that_mixes_rows_is_left_in_one_piece(name):
    n, m, f = MIXING[name]
    x = ac.tensor(rng.normal(size=(n, m)))
    whole = lambda x: f(ac.tanh(ac.sin(ac.exp(-ac.square(ac.cos(x) * x)) + x) * 2.0) - x)
    compiled = ac.compile(whole)
    for _ in range(3):
        found = compiled(x)
    np.testing.assert_allclose(found, whole(x), rtol=1e-11, atol=1e-12)
    (entry,) = next(iter(compiled.entries.values()))
    assert not any(block.tiles for block in entry.runner.blocks)


def test_a_few_steps_are_not_worth_tiles():
    x = ac.tensor(rng.normal(size=(8192, 32)))
    compiled = ac.compile(lambda x: ac.sum(ac.tanh(x) * x))
    for _ in range(3):
        found = compiled(x)
    np.testing.assert_allclose(found, ac.sum(ac.tanh(x) * x), rtol=1e-12)
    (entry,) = next(iter(compiled.entries.values()))
    assert not any(block.tiles for block in entry.runner.blocks)
