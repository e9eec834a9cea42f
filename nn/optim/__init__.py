"""Optimizers: they change parameters in place so that a loss falls; and schedules of their rates, in `lr_scheduler`.

SGD, Adam and their like make one step from the gradients that the parameters hold; LBFGS, LBFGSB and LevenbergMarquardt take
a closure and minimize.
"""

from __future__ import annotations

from . import lr_scheduler
from .adagrad import Adadelta, Adagrad, RMSprop
from .adam import Adam, Adamax, AdamW
from .elementwise import ElementwiseOptimizer
from .group import Group
from .lbfgs import LBFGS
from .lbfgsb import LBFGSB
from .levenberg import LevenbergMarquardt
from .nadam import NAdam, RAdam
from .optimizer import Flat, Optimizer
from .perceptron import Perceptron
from .rprop import Rprop
from .sgd import ASGD, SGD
from .stopping import StopCode, StopReason

__all__ = [
    "ASGD",
    "LBFGS",
    "LBFGSB",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ElementwiseOptimizer",
    "Flat",
    "Group",
    "LevenbergMarquardt",
    "NAdam",
    "Optimizer",
    "Perceptron",
    "RAdam",
    "RMSprop",
    "Rprop",
    "StopCode",
    "StopReason",
    "lr_scheduler",
]
