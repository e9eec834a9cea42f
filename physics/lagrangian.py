"""LagrangianNN: a network is the Lagrangian, and accelerations follow from the Euler–Lagrange equations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd_core as ac
import nn
from autograd_core.errors import CaptureError, ShapeError

from .hamiltonian import one_number


class SingularMassMatrixError(np.linalg.LinAlgError):
    """A mass matrix has no inverse, so that accelerations do not follow from the Lagrangian."""


class LagrangianNN(nn.Module):
    """The motion of a Lagrangian L(q, q̇) that a network learns, from the Euler–Lagrange equations:

        M q̈ = ∂L/∂q − (∂²L/∂q̇∂q) q̇    with the mass matrix M = ∂²L/∂q̇²

    q and q̇ have the shape (…, n): positions or angles of any kind, and their velocities. `network` maps (q, q̇) side by side,
    (…, 2n), to one number, and treats each state by itself; any function of Tensors will do. Where M may be singular, as it is
    where a network is as good as linear in q̇, its pseudo-inverse is taken, or with `ridge` r > 0 the term r |q̇|²/2 is added to
    L, and so r to the diagonal of M: the motion is still that of a Lagrangian, and its energy is still conserved.

    >>> pendulum = LagrangianNN(lambda x: 0.5 * x[..., 1] ** 2 + ac.cos(x[..., 0]))
    >>> pendulum.acceleration([0.5], [2.0])
    tensor([-0.47942554])

    Raises ShapeError for shapes that do not fit, and SingularMassMatrixError, with the state, where M has no inverse: its
    condition number is above one over the precision of the numbers.
    Source: Cranmer et al., Lagrangian Neural Networks, 2020, eq. 6.
    """

    def __init__(self, network: Callable[[Any], ac.Tensor], ridge: float = 0.0, pseudo_inverse: bool = False) -> None:
        super().__init__()
        if not 0.0 <= ridge < np.inf:
            raise ValueError(f"LagrangianNN: ridge is added to the diagonal of the mass matrix; it is 0 or more; got {ridge}")
        self.network, self.ridge, self.pseudo_inverse = network, float(ridge), bool(pseudo_inverse)

    def forward(self, q: Any, qd: Any) -> ac.Tensor:
        """The Lagrangian L with its ridge, shape (…), at positions q and velocities qd (…, n)."""
        q, qd = _pair(q, qd)
        found = one_number("LagrangianNN", self.network(ac.concatenate([q, qd], axis=-1)), q.shape[:-1])
        return found + 0.5 * self.ridge * ac.sum(qd**2, axis=-1) if self.ridge else found

    def momentum(self, q: Any, qd: Any) -> ac.Tensor:
        """p = ∂L/∂q̇, shape (…, n)."""
        return ac.grad(lambda q, qd: ac.sum(self(q, qd)), argnums=1)(*_pair(q, qd))

    def energy(self, q: Any, qd: Any) -> ac.Tensor:
        """E = q̇·∂L/∂q̇ − L, shape (…), which the motion conserves."""
        q, qd = _pair(q, qd)
        return ac.sum(qd * self.momentum(q, qd), axis=-1) - self(q, qd)

    def mass_matrix(self, q: Any, qd: Any) -> ac.Tensor:
        """M = ∂²L/∂q̇², shape (…, n, n)."""
        return self._equations(*_pair(q, qd))[0]

    def condition_number(self, q: Any, qd: Any) -> np.ndarray:
        """The condition number of the mass matrix, shape (…): infinite where it is singular."""
        return _condition(self.mass_matrix(q, qd))

    def acceleration(self, q: Any, qd: Any) -> ac.Tensor:
        """q̈, shape (…, n), at positions q and velocities qd (…, n)."""
        q, qd = _pair(q, qd)
        mass, force = self._equations(q, qd)
        column = force[..., None]
        if self.pseudo_inverse:
            return ac.matmul(ac.linalg.pinv(mass), column)[..., 0]
        _check_regular(mass, q, qd)
        return ac.linalg.solve(mass, column)[..., 0]

    def time_derivative(self, x: Any) -> ac.Tensor:
        """(q̇, q̈) at states x = (q, q̇) of shape (…, 2n), in the shape of x."""
        x = ac.as_tensor(x)
        if not x.ndim or x.shape[-1] % 2:
            raise ShapeError(f"LagrangianNN: the last axis of a state holds (q, q̇), as many of each; got shape {x.shape}")
        n = x.shape[-1] // 2
        q, qd = x[..., :n], x[..., n:]
        return ac.concatenate([qd, self.acceleration(q, qd)], axis=-1)

    def _equations(self, q: ac.Tensor, qd: ac.Tensor) -> tuple[ac.Tensor, ac.Tensor]:
        """M and the right-hand side of the class's equation; the rows of both come from one sweep a coordinate."""

        def slopes(q: ac.Tensor, qd: ac.Tensor) -> tuple[ac.Tensor, ac.Tensor]:
            return ac.grad(lambda q, qd: ac.sum(self(q, qd)), argnums=(0, 1))(q, qd)

        (by_q, _), pull = ac.vjp(slopes, q, qd)
        none, units = ac.zeros(q.shape, q.dtype), np.eye(q.shape[-1], dtype=q.dtype)
        rows = [pull((none, ac.broadcast_to(ac.as_tensor(unit), q.shape))) for unit in units]
        mixed, mass = (ac.stack([row[i] for row in rows], axis=-2) for i in (0, 1))
        return mass, by_q - ac.matmul(mixed, qd[..., None])[..., 0]

    def extra_repr(self) -> str:
        return f"ridge={self.ridge}, pseudo_inverse={self.pseudo_inverse}"


def _pair(q: Any, qd: Any) -> tuple[ac.Tensor, ac.Tensor]:
    q, qd = ac.as_tensor(q), ac.as_tensor(qd)
    if q.shape != qd.shape or not q.ndim:
        raise ShapeError(
            f"LagrangianNN: positions {q.shape} and velocities {qd.shape} must have one shape, (…, n). "
            "A coordinate alone needs an axis of its own: q[:, None]."
        )
    return q, qd


def _condition(mass: ac.Tensor) -> np.ndarray:
    matrices = mass.detach().numpy()
    if not matrices.shape[-1]:
        return np.ones(matrices.shape[:-2])
    with np.errstate(all="ignore"):
        bad = ~np.isfinite(matrices).all(axis=(-2, -1))
        found = np.linalg.cond(np.where(bad[..., None, None], 0.0, matrices))
    return np.where(bad | np.isnan(found), np.inf, found)


def _check_regular(mass: ac.Tensor, q: ac.Tensor, qd: ac.Tensor) -> None:
    """Name the state where the mass matrix is worst, if it has no inverse there."""
    try:
        found = np.atleast_1d(_condition(mass))
    except CaptureError:  # values cannot be read while a program is captured
        return
    if found.size and not found.max() < 1.0 / np.finfo(mass.dtype).eps:
        worst = np.unravel_index(int(np.argmax(found)), found.shape) if mass.ndim > 2 else ()
        place = f"state {list(map(int, worst))}" if worst else "the state"
        raise SingularMassMatrixError(
            f"LagrangianNN: the mass matrix ∂²L/∂q̇² is singular, or not finite, at {place}, q = {_numbers(q, worst)}, "
            f"q̇ = {_numbers(qd, worst)}: condition number {found.max():.3g}. Use LagrangianNN(network, ridge=1e-6) or "
            "pseudo_inverse=True; and an activation that is curved, as softplus or tanh: relu has no second derivative."
        )


def _numbers(x: ac.Tensor, place: tuple[Any, ...]) -> list[float]:
    return [float(f"{v:.4g}") for v in x.detach().numpy()[place].ravel()]
