"""A metric is one number that says how far a prediction is from a reference."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_core.errors import ShapeError


def relative_l2(prediction: Any, reference: Any) -> float:
    """The relative L2 error ‖prediction − reference‖ / ‖reference‖ over all entries, without unit.

    Raises ShapeError for empty or different shapes, ValueError for a reference that is zero everywhere.

    >>> relative_l2([3.0, 4.5], [3.0, 4.0])
    0.1
    """
    prediction, reference = _pair(prediction, reference)
    size = np.linalg.norm(reference.ravel())
    if size == 0:
        raise ValueError("relative_l2: the reference is zero everywhere, so no error is relative to it. Use max_error.")
    return float(np.linalg.norm((prediction - reference).ravel()) / size)


def max_error(prediction: Any, reference: Any) -> float:
    """The largest absolute error max |prediction − reference|, in the unit of the values.

    Raises ShapeError for empty or different shapes.

    >>> max_error([1.0, 2.5], [1.0, 2.0])
    0.5
    """
    prediction, reference = _pair(prediction, reference)
    return float(np.abs(prediction - reference).max())


def _pair(prediction: Any, reference: Any) -> tuple[np.ndarray, np.ndarray]:
    prediction, reference = np.asarray(prediction), np.asarray(reference)
    if prediction.shape != reference.shape:
        raise ShapeError(
            f"Prediction {prediction.shape} and reference {reference.shape} must have one shape; "
            "broadcasting would compare every value with every other. Reshape one of them, such as with .ravel()."
        )
    if prediction.size == 0:
        raise ShapeError("Prediction and reference are empty: nothing to compare. Check how they were sampled.")
    return prediction, reference
