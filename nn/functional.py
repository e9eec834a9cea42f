"""The functions behind the modules, under PyTorch's functional names: `from nn import functional as F`."""

from __future__ import annotations

from autograd_core import relu, sigmoid, softplus, tanh

from .linear import linear
from .loss import mse_loss

__all__ = ["linear", "relu", "sigmoid", "softplus", "tanh", "mse_loss"]
