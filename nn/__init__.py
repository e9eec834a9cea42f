# ruff: noqa: I001 the imports are packed
"""Neural networks on autograd_core, with PyTorch's names.

>>> import nn
>>> network = nn.MLP([1, 50, 50, 1], activation="tanh")
>>> optimizer = nn.optim.Adam(network.parameters(), lr=1e-3)
>>> loss = nn.mse_loss(network([[0.0], [1.0]]), [[0.0], [1.0]])
>>> loss.backward()
>>> optimizer.step()
"""

from . import functional, init, optim
from .activation import Identity, ReLU, Sigmoid, Sine, Softplus, Step, Tanh
from .container import ModuleList, Sequential
from .errors import StateDictError
from .linear import Linear
from .loss import MSELoss, l1_penalty, l2_penalty, mse_loss
from .mlp import MLP
from .module import Module, Parameter
from .seeding import default_generator, manual_seed
from .train import EarlyStopping

__all__ = [
    # modules
    "Module", "Parameter", "Sequential", "ModuleList", "Linear", "MLP",
    "Identity", "Tanh", "Sigmoid", "ReLU", "Softplus", "Sine", "Step",
    # losses and penalties
    "MSELoss", "mse_loss", "l1_penalty", "l2_penalty",
    # training
    "optim", "EarlyStopping", "init", "functional", "manual_seed", "default_generator",
    # errors
    "StateDictError",
]  # fmt: skip
