"""Physics-informed learning: state an equation and its conditions, and train a network to obey them."""

from . import exact, metrics
from .baseline import BaselineNN
from .boundary import InequalityCondition, NeumannBC, OperatorBC, PeriodicBC, RobinBC
from .coefficients import Parameter
from .conditions import Condition, DirichletBC, InitialCondition, InitialVelocity, PointData
from .domain import Domain, DomainError, Face, Interval, Product, TimeInterval
from .fields import State, UnknownFieldError
from .hamiltonian import HamiltonianNN
from .history import History
from .integrate import StageError, StepSizeError, integrate
from .lagrangian import LagrangianNN, SingularMassMatrixError
from .metrics import max_error, relative_l2
from .pinn import PINN
from .sampling import Collocation, PointSetError
from .sobolev import SobolevLoss, StochasticSobolevLoss
from .stage import Stage
from .systems import DampedSpring, DoublePendulum, MassSpring, Pendulum, System, TwoBody
from .training import Trainer
from .weighting import (
    CausalWeights,
    FixedWeights,
    GradientNormWeights,
    ReLoBRaLo,
    SelfAdaptiveWeights,
    UncertaintyWeights,
    Weighting,
)

__all__ = [
    "BaselineNN", "CausalWeights", "Collocation", "Condition", "DampedSpring", "DirichletBC", "Domain", "DomainError",
    "DoublePendulum", "exact", "Face", "FixedWeights", "GradientNormWeights", "HamiltonianNN", "History",
    "InequalityCondition", "InitialCondition", "InitialVelocity", "integrate", "Interval", "LagrangianNN", "MassSpring",
    "max_error", "metrics", "NeumannBC", "OperatorBC", "Parameter", "Pendulum", "PeriodicBC", "PINN", "PointData",
    "PointSetError", "Product", "relative_l2", "ReLoBRaLo", "RobinBC", "SelfAdaptiveWeights", "SingularMassMatrixError",
    "SobolevLoss", "Stage", "StageError", "State", "StepSizeError", "StochasticSobolevLoss", "System", "TimeInterval",
    "Trainer", "TwoBody", "UncertaintyWeights", "UnknownFieldError", "Weighting",
]
