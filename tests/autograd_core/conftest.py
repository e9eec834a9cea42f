"""What tests of the engine share."""

from __future__ import annotations

import pytest


@pytest.fixture
def registry_as_it_was():
    """A test may register ops of its own: they are gone after it."""
    from autograd_core.primitive import registry  # only here: switches change the engine as it is imported

    before = dict(registry)
    yield
    registry.clear()
    registry.update(before)
