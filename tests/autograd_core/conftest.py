"""What tests of the engine share."""

from __future__ import annotations

import pytest

from autograd_core.primitive import registry


@pytest.fixture
def registry_as_it_was():
    """A test may register ops of its own: they are gone after it."""
    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)
