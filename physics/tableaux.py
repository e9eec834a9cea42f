"""Integration methods as data: the coefficients of Runge–Kutta and splitting methods, and two facts about each.

A Runge–Kutta method of s stages gives from x at t the state after a step h:

    kᵢ = f(t + cᵢ h, x + h Σⱼ aᵢⱼ kⱼ),    x ← x + h Σᵢ bᵢ kᵢ

It is explicit where a is strictly lower triangular. Sources: Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations
I, 2nd ed., tables II.1 and II.5.2 and section II.6; Hairer, Lubich, Wanner, Geometric Numerical Integration, 2nd ed., II.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Tableau:
    """The coefficients of a Runge–Kutta method, and its order of convergence.

    `error`: weights of the difference to a method of lower order, which estimate the error of a step; `dense`: those of the
    last term of the interpolation within a step; empty where a method has none.
    """

    order: int
    a: tuple[Numbers, ...]
    b: Numbers
    error: Numbers = ()
    dense: Numbers = ()

    @property
    def c(self) -> Numbers:
        """The places of the stages within a step, cᵢ = Σⱼ aᵢⱼ."""
        return tuple(sum(row) for row in self.a)

    @property
    def explicit(self) -> bool:
        """Whether each stage needs only those before it."""
        return all(len(row) <= i for i, row in enumerate(self.a))


@dataclass(frozen=True)
class Splitting:
    """A method that moves positions q and momenta p in turns: parts of a step, as ("p", ½) or ("q", 1)."""

    order: int
    moves: tuple[tuple[str, float], ...]


def _composed(order: int, *shares: float) -> Splitting:
    """Leapfrog steps of several lengths, one after the other."""
    return Splitting(order, tuple(move for s in shares for move in (("p", s / 2), ("q", s), ("p", s / 2))))


_CUBE_ROOT = 2.0 ** (1 / 3)
_OUTER = 1.0 / (2.0 - _CUBE_ROOT)

METHODS: dict[str, Tableau | Splitting] = {
    "euler": Tableau(1, ((),), (1.0,)),
    "midpoint": Tableau(2, ((), (1 / 2,)), (0.0, 1.0)),
    "rk4": Tableau(4, ((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
    "dopri5": Tableau(
        5,
        (
            (),
            (1 / 5,),
            (3 / 40, 9 / 40),
            (44 / 45, -56 / 15, 32 / 9),
            (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
            (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
            (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
        ),
        (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0.0),
        error=(71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),
        dense=(
            -12715105075 / 11282082432,
            0.0,
            87487479700 / 32700410799,
            -10690763975 / 1880347072,
            701980252875 / 199316789632,
            -1453857185 / 822651844,
            69997945 / 29380423,
        ),
    ),
    "leapfrog": _composed(2, 1.0),
    "yoshida": _composed(4, _OUTER, -_CUBE_ROOT * _OUTER, _OUTER),
    "implicit-midpoint": Tableau(2, ((1 / 2,),), (1.0,)),
    "gauss-legendre": Tableau(4, ((1 / 4, 1 / 4 - sqrt(3) / 6), (1 / 4 + sqrt(3) / 6, 1 / 4)), (1 / 2, 1 / 2)),
}
SAME = {"dormand-prince": "dopri5", "rk45": "dopri5", "verlet": "leapfrog", "gauss": "gauss-legendre"}


def method_of(name: str) -> Tableau | Splitting:
    """The method of a name; ValueError lists the known ones."""
    plain = name.lower().replace("_", "-") if isinstance(name, str) else name
    try:
        return METHODS[SAME.get(plain, plain)]
    except (KeyError, TypeError):
        raise ValueError(f"integrate: unknown method {name!r}. Known are {', '.join((*METHODS, *SAME))}.") from None
