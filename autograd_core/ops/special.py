"""The derivative table of the special functions, closed under differentiation: every rule is an op that has one itself.

Values are those of scipy.special. Where the textbook formula of a derivative cancels (the tails of the normal
distribution, quotients at 0), the derivative is a function of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ..errors import DTypeError
from ..table import elementwise, guarded_product, null_product
from . import special_kernels
from .elementwise import Family, analytic, difference, log, log1p, logistic_map, ratio, sigmoid, sin
from .kernels import from_scipy, in_double

# -- the error function and the normal distribution ----------------------------------------------------------
erf = analytic("erf", from_scipy("erf"), lambda _y, x: (2.0 / math.sqrt(math.pi)) * Gaussian()(x))
erfc = analytic("erfc", from_scipy("erfc"), lambda _y, x: (-2.0 / math.sqrt(math.pi)) * Gaussian()(x))
erfcx = elementwise("erfcx", from_scipy("erfcx"), lambda y, x: erfcx_slope(y, x))
erfinv = elementwise("erfinv", from_scipy("erfinv"), lambda y, _x: (math.sqrt(math.pi) / 2.0) * Growth()(y), singular=True)
erfcinv = elementwise("erfcinv", from_scipy("erfcinv"), lambda y, _x: (-math.sqrt(math.pi) / 2.0) * Growth()(y), singular=True)
ndtr = elementwise("ndtr", from_scipy("ndtr"), lambda _y, x: math.sqrt(0.5 / math.pi) * Gaussian()(math.sqrt(0.5) * x))
ndtri = elementwise(
    "ndtri", from_scipy("ndtri"), lambda y, _x: math.sqrt(2.0 * math.pi) * Growth()(math.sqrt(0.5) * y), singular=True
)
log_ndtr = elementwise("log_ndtr", from_scipy("log_ndtr"), lambda _y, x: Mills()(x))


class Derivatives(Family):
    """A function of one number and its derivatives: `kernel(n, x)` is the one of order n."""

    order: int
    kernel: ClassVar[Callable]

    def forward(self, x: Any) -> Any:
        return in_double(lambda x: type(self).kernel(self.order, x))(x)

    def slope(self, x: Any) -> Any:
        return replace(self, order=self.order + 1)(x)  # type: ignore[type-var]


@dataclass(frozen=True)
class Gaussian(Derivatives):
    """exp(-x²), or its derivative of an order."""

    order: int = 0
    name: ClassVar[str] = "gaussian"
    kernel = staticmethod(special_kernels.gaussian)
    analytic: ClassVar[bool] = True


@dataclass(frozen=True)
class Growth(Derivatives):
    """exp(x²), or its derivative of an order."""

    order: int = 0
    name: ClassVar[str] = "growth"
    kernel = staticmethod(special_kernels.growth)
    singular: ClassVar[bool] = True
    analytic: ClassVar[bool] = True


@dataclass(frozen=True)
class Mills(Derivatives):
    """φ(x)/Φ(x), density over distribution of the standard normal, or its derivative of an order."""

    order: int = 0
    name: ClassVar[str] = "mills"
    kernel = staticmethod(special_kernels.mills)


@dataclass(frozen=True)
class MillsExcess(Derivatives):
    """x + φ(x)/Φ(x), or its derivative of an order: precise also where the two nearly cancel."""

    order: int = 0
    name: ClassVar[str] = "mills_excess"
    kernel = staticmethod(special_kernels.mills_excess)


def erfcx_slope(y: Any, x: Any) -> Any:
    """2xy - 2/√π; the two nearly cancel for large x, and for real numbers there is a formula where nothing does."""
    if x.dtype.kind == "c":
        return 2.0 * x * y - 2.0 / math.sqrt(math.pi)
    return -math.sqrt(2.0) * guarded_product(MillsExcess()(-math.sqrt(2.0) * x), y)


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
gamma = elementwise("gamma", from_scipy("gamma"), lambda y, x: null_product(y, digamma(x)), singular=True)
gammaln = elementwise("gammaln", from_scipy("gammaln"), lambda _y, x: digamma(x), singular=True)
loggamma = elementwise("loggamma", from_scipy("loggamma"), lambda _y, x: digamma(x), singular=True)
digamma = elementwise("digamma", from_scipy("psi"), lambda _y, x: Polygamma(1)(x), singular=True)
beta = elementwise(
    "beta",
    from_scipy("beta"),
    lambda y, x, z: null_product(y, digamma(x) - digamma(x + z)),
    lambda y, x, z: null_product(y, digamma(z) - digamma(x + z)),
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
class Exprel(Derivatives):
    """The derivative of (exp(x) - 1)/x of the given order, exact also at and near 0."""

    order: int = 0
    name: ClassVar[str] = "exprel"
    kernel = staticmethod(special_kernels.exprel)

    def forward(self, x: Any) -> Any:
        real_only(self.name, x)
        return super().forward(x)


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
        return bessel_value(self.kind, self.order, x)

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
    """exp(-|x|) I_v(x) for a constant v, or its derivative of an order; at the kink 0 that of I_v, which is its mean slope."""

    v: float
    order: int = 0
    name: ClassVar[str] = "scaled_bessel"

    def forward(self, x: Any) -> Any:
        real_only("ive", x)
        return in_double(lambda x: special_kernels.scaled_bessel(self.v, self.order, x))(x)

    def slope(self, x: Any) -> Any:
        return ScaledBessel(self.v, self.order + 1)(x)


def bessel_value(kind: str, order: float, x: Any) -> Any:
    """SciPy's function for this kind and order: those of order 0 and 1 are faster, and for real numbers only."""
    if order in (0, 1) and x.dtype.kind != "c":
        return from_scipy(f"{kind}{int(order)}")(x)
    x = x if x.dtype.kind in "fc" else x.astype(float)
    if kind == "i":
        return special_kernels.bessel_i(order, x, False)
    return from_scipy(f"{kind}v")(np.asarray(order, x.real.dtype), x)


def real_only(name: str, x: Any) -> None:
    """Raise DTypeError for complex numbers."""
    if x.dtype.kind == "c":
        raise DTypeError(f"{name}: real numbers needed, given {x.dtype}. Take real(x), or write the formula for complex ones.")
