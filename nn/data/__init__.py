"""Data: sets of examples, their parts, batches of them, and what is done to their values before a network sees them."""

from __future__ import annotations

from . import images
from .augment import Augmentation, Compose, Crop, Flip, Noise, Rotate, Shift
from .dataset import Dataset, Subset, TensorDataset, collate
from .loader import DataLoader
from .scaling import Normaliser, Standardiser
from .splits import hold_out, k_fold, leave_one_out, random_split

__all__ = [
    "Augmentation", "collate", "Compose", "Crop", "DataLoader", "Dataset", "Flip", "hold_out", "images", "k_fold",
    "leave_one_out", "Noise", "Normaliser", "random_split", "Rotate", "Shift", "Standardiser", "Subset", "TensorDataset",
]  # fmt: skip
