"""What tests of compiled functions share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="package")
def folder(tmp_path_factory):
    """A folder for kernels of these tests alone."""
    patch = pytest.MonkeyPatch()
    patch.setenv("AUTOGRAD_CORE_CACHE", str(tmp_path_factory.mktemp("kernels")))
    yield
    patch.undo()
