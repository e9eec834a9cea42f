"""What every test shares: how many examples hypothesis draws, where reference data lies, pictures without a screen."""

from __future__ import annotations

import os
from pathlib import Path

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
