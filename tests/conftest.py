"""What every test shares: how many examples hypothesis draws, where reference data lies, pictures without a screen.

The variable SWITCHES holds the suite to harder conditions, one or several of them, as in `SWITCHES="recursion gc"`:
"recursion" leaves each test 200 frames, "empty" fills `np.empty` and `np.empty_like` with NaN, "gc" turns the garbage
collector off in each test, "unfused" makes the ops that compute several steps at once of single ones, and "raises" lists the
`raise` statements of the engine that no test has reached.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

os.environ["MPLBACKEND"] = "Agg"  # read when matplotlib is first imported, here or in a child process

# No deadline and no complaint about slowness: a test that is right stays right on a busy machine.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("ci", patient, max_examples=30, derandomize=True, database=None)
settings.register_profile("long", patient, max_examples=10_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_named = os.environ.get("PHYSICS_DATA")
_folder = Path(_named).resolve() if _named else None  # resolved now: a test may change the working folder


@pytest.fixture(scope="session")
def physics_data() -> Path:
    """The folder of reference data that PHYSICS_DATA names; the test is skipped where it is unset."""
    if _folder is None:
        pytest.skip("PHYSICS_DATA is unset: it names the folder with the reference data of this test")
    if not _folder.is_dir():
        pytest.fail(f"PHYSICS_DATA names {_named}, which is not a folder: name one, or unset it to skip this test")
    return _folder


@pytest.fixture(autouse=True)
def numbers_of_its_own(request: pytest.FixtureRequest) -> None:
    """A test draws the same numbers from the generators of its module whatever ran before it; from each other ones."""
    values = vars(request.module).values() if request.module else ()
    for k, each in enumerate(each for each in values if isinstance(each, np.random.Generator)):
        each.bit_generator.state = type(each.bit_generator)(crc32(request.node.name.encode()) + k).state


# -- switches ----------------------------------------------------------------------------------------------------------

SWITCHES = os.environ.get("SWITCHES", "").split()
FRAMES = 200
# Their imports are deep; a test that needs one finds it imported.
DEEP = ("scipy.special", "scipy.linalg", "scipy.optimize", "matplotlib.pyplot", "torch", "jax.scipy.special", "autograd.numpy")
# Now, and not in `pytest_configure`: the conftest of a folder that is named at the command imports the engine before that.
RAISES = import_module("raises").Raises(Path(__file__).parents[1] / "autograd_core") if "raises" in SWITCHES else None


def pytest_configure(config: pytest.Config) -> None:
    unknown = set(SWITCHES) - {"recursion", "empty", "gc", "unfused", "raises"}
    if unknown:
        raise pytest.UsageError(f"SWITCHES: {', '.join(sorted(unknown))}: known are recursion, empty, gc, unfused and raises")
    if "recursion" in SWITCHES:
        for name in DEEP:
            if find_spec(name.partition(".")[0]) is not None:
                import_module(name)
    if "empty" in SWITCHES:
        engine = import_module("autograd_core")
        np.zeros_like(engine.tensor(0.0))  # it has found NumPy's functions now, as they are
        np.empty, np.empty_like = filled(np.empty), filled(np.empty_like)
    if "unfused" in SWITCHES:
        table = import_module("autograd_core.ops.elementwise")
        table.Tanh.fused = False
        del table.Tanh.product  # the rule of every entry of the table takes its place
    if RAISES is not None:
        config.pluginmanager.register(RAISES, "raises")


def filled(function: Callable) -> Callable:
    """A function that makes an array without values, with values that nobody can mistake for right ones."""

    def empty(*args: Any, **options: Any) -> Any:
        x = function(*args, **options)
        if isinstance(x, np.ndarray) and x.dtype.kind in "fciu":
            x.fill(np.nan if x.dtype.kind in "fc" else np.iinfo(x.dtype).max)
        return x

    return empty


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    limit = sys.getrecursionlimit()
    try:
        if "recursion" in SWITCHES:
            sys.setrecursionlimit(depth() + FRAMES)
        if "gc" in SWITCHES:
            gc.disable()
        return (yield)
    finally:
        sys.setrecursionlimit(limit)
        gc.enable()


def depth() -> int:
    """How many frames lie below this one."""
    frame: FrameType | None = sys._getframe()
    number = 0
    while frame is not None:
        frame, number = frame.f_back, number + 1
    return number
