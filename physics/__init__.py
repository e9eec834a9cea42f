"""Physics-informed learning: state an equation and its conditions, and train a network to obey them."""

from . import exact, metrics
from .conditions import Condition, DirichletBC, InitialCondition, PointData
from .domain import Domain, DomainError, Face, Interval, Product, TimeInterval
from .fields import State, UnknownFieldError
from .history import History
from .metrics import max_error, relative_l2
from .pinn import PINN
from .sampling import Collocation, PointSetError
from .sobolev import SobolevLoss
from .stage import Stage
from .training import Trainer

__all__ = [
    "PINN",
    "Collocation",
    "Condition",
    "DirichletBC",
    "Domain",
    "DomainError",
    "Face",
    "History",
    "InitialCondition",
    "Interval",
    "PointData",
    "PointSetError",
    "Product",
    "SobolevLoss",
    "Stage",
    "State",
    "TimeInterval",
    "Trainer",
    "UnknownFieldError",
    "exact",
    "max_error",
    "metrics",
    "relative_l2",
]
