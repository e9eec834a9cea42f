"""Optimizers: they change parameters in place so that a loss falls.

SGD and Adam make one step from the gradients that the parameters hold; LBFGS and LBFGSB take a closure and
minimize.
"""

from __future__ import annotations

from .adam import Adam
from .lbfgs import LBFGS
from .lbfgsb import LBFGSB
from .optimizer import Flat, Optimizer
from .sgd import SGD
from .stopping import StopCode, StopReason

__all__ = ["LBFGS", "LBFGSB", "SGD", "Adam", "Flat", "Optimizer", "StopCode", "StopReason"]
