"""Metrics: how good predictions are, in numbers for people. Each is a mean over examples, so batches can be averaged."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd_core as ac


def accuracy(output: Any, target: Any) -> float:
    """The fraction of examples whose class is right.

    `output` are the scores (N, C, …) of the classes, against class numbers (N, …) or scores of the same shape; or the
    logits (N,) or (N, 1) of one class against 0 and 1, where a positive logit means 1.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    scores, wanted = (ac.as_tensor(each).detach().numpy() for each in (output, target))
    if scores.ndim >= 2 and scores.shape[1] > 1:
        classes = scores.argmax(axis=1)
        wanted = wanted.argmax(axis=1) if wanted.shape == scores.shape else wanted
    else:
        classes = (scores > 0.0).reshape(wanted.shape) if scores.size == wanted.size else scores
    if classes.shape != wanted.shape:
        raise ac.errors.ShapeError(f"accuracy: scores of shape {scores.shape} and targets of shape {wanted.shape} do not fit")
    return float(np.mean(classes == wanted))


def mean_absolute_error(output: Any, target: Any) -> float:
    """The mean of |output - target|."""
    output, target = (ac.as_tensor(each).detach().numpy() for each in (output, target))
    if output.shape != target.shape:
        raise ac.errors.ShapeError(f"mean_absolute_error: shapes {output.shape} and {target.shape} must be equal")
    return float(np.mean(np.abs(output - target)))
