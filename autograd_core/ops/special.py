"""The derivative table of the special functions, closed under differentiation: every rule is an op that has one itself.

Values are those of scipy.special. Where the textbook formula of a derivative cancels (the tails of the normal
distribution, quotients at 0), the derivative is a function of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError
from ..table import elementwise, guarded_product
from . import special_kernels
from .elementwise import Family, analytic, difference, log, log1p, logistic_map, ratio, sigmoid, sign, sin
from .kernels import from_scipy, in_double

# -- the error function and the normal distribution ----------------------------------------------------------
erf = analytic("erf", from_scipy("erf"), lambda _y, x: (2.0 / math.sqrt(math.pi)) * gaussian(x))
erfc = analytic("erfc", from_scipy("erfc"), lambda _y, x: (-2.0 / math.sqrt(math.pi)) * gaussian(x))
erfcx = elementwise("erfcx", from_scipy("erfcx"), lambda y, x: erfcx_slope(y, x))
erfinv = elementwise("erfinv", from_scipy("erfinv"), lambda y, _x: (math.sqrt(math.pi) / 2.0) / gaussian(y), singular=True)
erfcinv = elementwise("erfcinv", from_scipy("erfcinv"), lambda y, _x: (-math.sqrt(math.pi) / 2.0) / gaussian(y), singular=True)
gaussian = analytic("gaussian", special_kernels.gaussian, lambda y, x: -2.0 * guarded_product(y, x))
ndtr = elementwise("ndtr", from_scipy("ndtr"), lambda _y, x: math.sqrt(0.5 / math.pi) * gaussian(math.sqrt(0.5) * x))
ndtri = elementwise(
    "ndtri", from_scipy("ndtri"), lambda y, _x: math.sqrt(2.0 * math.pi) / gaussian(math.sqrt(0.5) * y), singular=True
)
log_ndtr = elementwise("log_ndtr", from_scipy("log_ndtr"), lambda _y, x: mills(x))
mills = elementwise("mills", special_kernels.mills, lambda y, x: -guarded_product(y, mills_excess(x)))
mills_excess = elementwise("mills_excess", special_kernels.mills_excess, lambda y, x: 1.0 - guarded_product(mills(x), y))


def erfcx_slope(y: Any, x: Any) -> Any:
    """2xy - 2/√π; the two nearly cancel for large x, and for real numbers there is a formula where nothing does."""
    if x.dtype.kind == "c":
        return 2.0 * x * y - 2.0 / math.sqrt(math.pi)
    return -math.sqrt(2.0) * y * mills_excess(-math.sqrt(2.0) * x)


# -- logistic functions and entropies ------------------------------------------------------------------------
logit = elementwise("logit", from_scipy("logit"), lambda _y, x: 1.0 / logistic_map(x), singular=True)
log_expit = elementwise("log_expit", special_kernels.log_expit, lambda _y, x: sigmoid(-x))
xlog1py = elementwise(
    "xlog1py", special_kernels.xlog1py, lambda _y, _x, z: log1p(z), lambda _y, x, z: ratio(x, 1.0 + z), singular=True
)
entr = elementwise("entr", from_scipy("entr"), lambda _y, x: -1.0 - log(x), singular=True)
rel_entr = elementwise(
    "rel_entr",
    from_scipy("rel_entr"),
    lambda _y, x, z: 1.0 + difference(log(x), log(z)),
    lambda _y, x, z: -ratio(x, z),
    singular=True,
)
kl_div = elementwise(
    "kl_div",
    from_scipy("kl_div"),
    lambda _y, x, z: difference(log(x), log(z)),
    lambda _y, x, z: 1.0 - ratio(x, z),
    singular=True,
)

# -- the gamma function and its family -----------------------------------------------------------------------
gamma = elementwise("gamma", from_scipy("gamma"), lambda y, x: y * digamma(x), singular=True)
gammaln = elementwise("gammaln", from_scipy("gammaln"), lambda _y, x: digamma(x), singular=True)
loggamma = elementwise("loggamma", from_scipy("loggamma"), lambda _y, x: digamma(x), singular=True)
digamma = elementwise("digamma", from_scipy("psi"), lambda _y, x: Polygamma(1)(x), singular=True)
beta = elementwise(
    "beta",
    from_scipy("beta"),
    lambda y, x, z: y * (digamma(x) - digamma(x + z)),
    lambda y, x, z: y * (digamma(z) - digamma(x + z)),
    singular=True,
)
betaln = elementwise(
    "betaln",
    from_scipy("betaln"),
    lambda _y, x, z: digamma(x) - digamma(x + z),
    lambda _y, x, z: digamma(z) - digamma(x + z),
    singular=True,
)


@dataclass(frozen=True)
class Polygamma(Family):
    """The derivative of the digamma function of the given order."""

    order: int
    name: ClassVar[str] = "polygamma"
    singular: ClassVar[bool] = True

    def forward(self, x: Any) -> Any:
        if x.dtype.kind == "c":
            return in_double(lambda x: special_kernels.polygamma(self.order, x))(x)
        return in_double(lambda x: from_scipy("polygamma")(self.order, x))(x)

    def slope(self, x: Any) -> Any:
        return Polygamma(self.order + 1)(x)


# -- near 0 --------------------------------------------------------------------------------------------------
cosm1 = analytic("cosm1", special_kernels.cosm1, lambda _y, x: -sin(x))


@dataclass(frozen=True)
class Exprel(Family):
    """The derivative of (exp(x) - 1)/x of the given order, exact also at and near 0."""

    order: int = 0
    name: ClassVar[str] = "exprel"

    def forward(self, x: Any) -> Any:
        real_only(self.name, x)
        return in_double(lambda x: special_kernels.exprel(self.order, x))(x)

    def slope(self, x: Any) -> Any:
        return Exprel(self.order + 1)(x)


# -- Bessel functions ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bessel(Family):
    """The Bessel function of a kind (j, y, i or k) and a constant order v, whose neighbours make its derivative.

    J' = (J_(v-1) - J_(v+1)) / 2, and so for Y; I' = (I_(v-1) + I_(v+1)) / 2; K' = -(K_(v-1) + K_(v+1)) / 2.
    """

    kind: str
    order: float
    name: ClassVar[str] = "bessel"
    singular: ClassVar[bool] = True

    def forward(self, x: Any) -> Any:
        return bessel_value(f"{self.kind}{{}}", self.order, x)

    def slope(self, x: Any) -> Any:
        above = Bessel(self.kind, self.order + 1)(x)
        if self.order == 0:
            return above if self.kind == "i" else -above
        below = Bessel(self.kind, self.order - 1)(x)
        if self.kind in "jy":
            return 0.5 * (below - above)
        return (0.5 if self.kind == "i" else -0.5) * (below + above)


@dataclass(frozen=True)
class ScaledBessel(Family):
    """exp(-|x|) I_v(x) for a constant order v; its derivative at the kink 0 is that of I_v, which is its mean slope."""

    order: float
    name: ClassVar[str] = "scaled_bessel"

    def forward(self, x: Any) -> Any:
        real_only("ive", x)
        return bessel_value("i{}e", self.order, x)

    def slope(self, x: Any) -> Any:
        above = ScaledBessel(self.order + 1)(x)
        if self.order == 0:
            return above - sign(x) * self(x)
        return 0.5 * (ScaledBessel(self.order - 1)(x) + above) - sign(x) * self(x)


def bessel_value(name: str, order: float, x: Any) -> Any:
    """SciPy's function for this order: those of order 0 and 1 are faster, and for real numbers only."""
    if order in (0, 1) and x.dtype.kind != "c":
        return from_scipy(name.format(int(order)))(x)
    return from_scipy(name.format("v"))(np.asarray(order, x.real.dtype if x.dtype.kind in "fc" else float), x)


def real_only(name: str, x: Any) -> None:
    """Raise DTypeError for complex numbers."""
    if x.dtype.kind == "c":
        raise DTypeError(f"{name}: real numbers needed, given {x.dtype}. Take real(x), or write the formula for complex ones.")
