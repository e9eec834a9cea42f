"""How often a gradient check finds an error in one of n entries, how often it cries wolf, and what it costs.

    python benchmarks/checking.py [runs]

Every library checks the same function with the same planted error: x → sin(x) for n random numbers, or Σ w sin(x), with one
entry of the derivative, another in each run, off by a relative error, in reverse and in forward mode. The checks are those
of the libraries, as they come (PyTorch's looks at the reverse mode alone). Prints tables in Markdown. A library that is not
installed is left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

import autograd_core as ac
from autograd_core.testing import gradcheck

Check = Callable[[np.ndarray, np.ndarray, bool, int], bool]  # whether all is right: point, factor, scalar, seed
ERRORS = (1.0, 5e-2, 1e-3, 1e-6, 1e-8, 1e-10, 1e-12)
SIZES = (64, 1024)
SECONDS = 60  # for the runs of one cell of a table


def weights(n: int) -> np.ndarray:
    """What the scalar function weights its terms with."""
    return np.linspace(0.5, 1.5, n)


# -- the checks --------------------------------------------------------------------------------------------------------


def ours(analytic: bool) -> Check:
    """This package; with its ops declared analytic it takes complex steps, otherwise differences."""

    def check(x: np.ndarray, factor: np.ndarray, scalar: bool, seed: int) -> bool:
        sine = ac.elementwise("benchmark_sine", np.sin, lambda _y, x: ac.cos(x) * factor, analytic=analytic)
        f = (lambda x: ac.sum(sine(x) * weights(x.size))) if scalar else sine
        return bool(gradcheck(f, x, seed=seed, raise_error=False))

    return check


def pytorch(fast: bool) -> Check:
    """torch.autograd.gradcheck, normal or fast."""
    torch = import_module("torch")

    def check(x: np.ndarray, factor: np.ndarray, scalar: bool, seed: int) -> bool:
        torch.manual_seed(seed)
        scale = torch.tensor(factor)

        class Sine(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.save_for_backward(x)
                return torch.sin(x)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * torch.cos(ctx.saved_tensors[0]) * scale

        w = torch.tensor(weights(x.size))
        f = (lambda x: torch.sum(Sine.apply(x) * w)) if scalar else Sine.apply
        given = torch.tensor(x, requires_grad=True)
        return torch.autograd.gradcheck(f, given, fast_mode=fast, raise_exception=False)

    return check


def jax() -> Check:
    """jax.test_util.check_grads, which draws its directions from NumPy's global generator or from fixed seeds."""
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    jax.config.update("jax_enable_x64", True)
    check_grads = import_module("jax.test_util").check_grads

    def check(x: np.ndarray, factor: np.ndarray, scalar: bool, seed: int) -> bool:
        np.random.seed(seed)  # noqa: NPY002 (the generator that the library uses)

        @jax.custom_jvp
        def sine(x: Any) -> Any:
            return jnp.sin(x)

        sine.defjvp(lambda xs, ts: (jnp.sin(xs[0]), ts[0] * jnp.cos(xs[0]) * factor))
        f = (lambda x: jnp.sum(sine(x) * weights(x.size))) if scalar else sine
        return passes(lambda: check_grads(f, (x,), order=1))

    return check


def hips() -> Check:
    """autograd.test_util.check_grads of HIPS autograd."""
    numpy, extend = import_module("autograd.numpy"), import_module("autograd.extend")
    check_grads = import_module("autograd.test_util").check_grads

    def check(x: np.ndarray, factor: np.ndarray, scalar: bool, seed: int) -> bool:
        np.random.seed(seed)  # noqa: NPY002
        sine = extend.primitive(np.sin)
        extend.defvjp(sine, lambda _y, x: lambda g: g * numpy.cos(x) * factor)
        extend.defjvp(sine, lambda t, _y, x: t * numpy.cos(x) * factor)
        f = (lambda x: numpy.sum(sine(x) * weights(x.size))) if scalar else sine
        return passes(lambda: check_grads(f, modes=["fwd", "rev"], order=1)(x))

    return check


def passes(check: Callable[[], Any]) -> bool:
    """Whether a check raises no AssertionError."""
    try:
        check()
    except AssertionError:
        return False
    return True


def available() -> dict[str, Check]:
    """The checks by name, of the libraries that are installed."""
    makers: dict[str, Callable[[], Check]] = {
        "here, complex steps": lambda: ours(True),
        "here, differences": lambda: ours(False),
        "PyTorch": lambda: pytorch(False),
        "PyTorch, fast": lambda: pytorch(True),
        "JAX": jax,
        "HIPS autograd": hips,
    }
    found = {}
    for name, make in makers.items():
        try:
            found[name] = make()
        except ImportError:
            print(f"{name} is not installed.", file=sys.stderr)
    return found


# -- the tables --------------------------------------------------------------------------------------------------------


def share(check: Check, n: int, error: float, scalar: bool, runs: int) -> tuple[float, float]:
    """In what share of the runs, as many as there is time for, a check fails, and the seconds that one takes."""
    failed, start, done = 0, time.perf_counter(), 0
    for seed in range(runs):
        if time.perf_counter() - start > SECONDS:
            break
        done += 1
        rng = np.random.default_rng(seed)
        x = rng.normal(size=n)
        factor = 1.0 + error * (np.arange(n) == rng.integers(n))
        failed += not check(x, factor, scalar, seed)
    return failed / done, (time.perf_counter() - start) / done


def detection(checks: dict[str, Check], n: int, scalar: bool, runs: int) -> None:
    """Print how often an error is found; the last row is that of no error."""
    print(f"\n### {'Σ w sin(x)' if scalar else 'sin(x)'}, one entry of {n:,} wrong: found, in % of {runs} runs")
    print(f"(fewer where they take more than {SECONDS} s)\n")
    print("| relative error | " + " | ".join(checks) + " |")
    print("|---:|" + "---:|" * len(checks))
    seconds: dict[str, float] = {}
    for error in (*ERRORS, 0.0):
        cells = []
        for name, check in checks.items():
            found, seconds[name] = share(check, n, error, scalar, runs)
            cells.append(f"{100 * found:.4g}")
        print(f"| {f'{error:g}' if error else 'none'} | " + " | ".join(cells) + " |", flush=True)
    print("| ms a check | " + " | ".join(f"{1e3 * s:.1f}" for s in seconds.values()) + " |")


RIGHT: dict[str, Callable[[np.random.Generator], tuple[Callable, tuple]]] = {
    "polynomial": lambda r: (lambda x: x**3 - 2.0 * x, (r.normal(size=5),)),
    "tanh of a product": lambda r: (lambda x, w: ac.tanh(x @ w), (r.normal(size=(3, 4)), r.normal(size=(4, 2)))),
    "a network": lambda r: (
        lambda x, w, v: ac.mean(ac.softplus(ac.sin(x @ w) @ v) ** 2),
        (r.normal(size=(5, 3)), r.normal(size=(3, 8)), r.normal(size=8)),
    ),
    "exp": lambda r: (ac.exp, (10.0 * r.normal(size=4),)),
    "log": lambda r: (ac.log, (np.exp(5.0 * r.normal(size=4)),)),
    "powers": lambda r: (ac.power, (np.exp(r.normal(size=3)), r.normal(size=3))),
    "quotient": lambda r: (lambda x, z: x / z, (r.normal(size=4), r.normal(size=4))),
    "softmax": lambda r: (ac.softmax, (3.0 * r.normal(size=6),)),
    "logsumexp": lambda r: (lambda x: ac.logsumexp(x, axis=0), (10.0 * r.normal(size=(4, 2)),)),
    "relu": lambda r: (lambda x: ac.relu(x) * x, (r.normal(size=6).round(1),)),
    "absolute": lambda r: (ac.absolute, (r.integers(-2, 3, 5).astype(float),)),
    "maximum": lambda r: (ac.maximum, (r.integers(-2, 3, 5).astype(float), r.integers(-2, 3, 5).astype(float))),
    "max": lambda r: (lambda x: ac.max(x, axis=0), (r.integers(0, 3, (4, 2)).astype(float),)),
    "norm": lambda r: (lambda x: ac.sqrt(ac.sum(x * x)), (r.normal(size=7),)),
    "variance": lambda r: (lambda x: ac.std(x, axis=0), (r.normal(size=(6, 2)) + 100.0,)),
    "solve": lambda r: (ac.linalg.solve, (r.normal(size=(3, 3)), r.normal(size=3))),
    "determinant": lambda r: (ac.linalg.det, (r.normal(size=(3, 3)),)),
    "product with zeros": lambda r: (ac.prod, (r.integers(-1, 3, 5).astype(float),)),
    "complex": lambda r: (lambda x: ac.exp(1j * x) * x, (r.normal(size=3) + 1j * r.normal(size=3),)),
    "single precision": lambda r: (lambda x, z: ac.tanh(x) / (1.0 + z * z), (r.normal(size=3).astype("f4"),) * 2),
    "large": lambda r: (lambda x: ac.cos(x) * x, (r.normal(size=500),)),
}


def false_alarms(runs: int) -> None:
    """Print how often right derivatives to second order are called wrong."""
    failed = {}
    for name, make in RIGHT.items():
        reports = []
        for seed in range(runs):
            f, inputs = make(np.random.default_rng(seed))
            reports.append(gradcheck(f, inputs, order=2, seed=seed, raise_error=False))
        failed[name] = [report for report in reports if not report]
    count = sum(map(len, failed.values()))
    print(f"\n{len(RIGHT)} right functions, {runs} points each, all modes to second order: {count} false alarms.")
    for name, reports in failed.items():
        for report in reports[:1]:
            print(f"\n{name}, {len(reports)} times:\n{report}")


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    libraries = available()
    for of_sum in (False, True):
        for size in SIZES:
            detection(libraries, size, of_sum, asked)
    false_alarms(asked)
