"""Functions of NumPy, and ours of the same name, without warnings."""

from __future__ import annotations

import warnings

import numpy as np

import autograd_core as ac


def numpy(name, *args, **options):
    """NumPy's value, without its warnings."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return getattr(np, name)(*args, **options)


@np.errstate(invalid="ignore", divide="ignore")
def ours(name, *args, **options):
    return getattr(ac, name)(*args, **options)
