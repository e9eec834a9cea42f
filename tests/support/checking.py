"""What the tests of the gradient check share: the names of its modes, and those in which a number was wrong."""

from __future__ import annotations

from autograd_core.testing import gradcheck

FIRST = {"reverse", "forward"}
SECOND = {f"{outer} over {inner}" for outer in FIRST for inner in FIRST}


def failing(f, inputs, order=1, **options):
    """The modes in which a number is wrong."""
    report = gradcheck(f, inputs, order, raise_error=False, **options)
    return {finding.mode for finding in report.failures if finding.kind == "wrong"}
