"""Samples of the special functions, of sinc and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import public, special
from ...errors import DTypeError, ShapeError, require
from ...ops import elementwise as table
from ...ops import special as specials
from ...ops.families import Sinc
from ...tensor import as_tensor
from ...transforms import grad
from ..declared import Refusal, Sample, declare
from .elementwise import COMPLEX, INF, INSIDE, LEFT, POSITIVE, WIDE, call, kink, one, refused, two


def scipy(name: str) -> Callable:
    """The function of scipy.special of this name."""
    return lambda *xs: getattr(require("scipy.special", extra="all"), name)(*xs)


def normal(mp: Any, x: Any) -> Any:
    """Φ(x) with all digits, however negative x is."""
    return mp.erfc(-x / mp.sqrt(2)) / 2


def log_abs_gamma(mp: Any, x: Any) -> Any:
    """log |Γ(x)|."""
    return mp.log(abs(mp.gamma(x)))


def mills(x: Any) -> Any:
    """φ(x)/Φ(x)."""
    return np.exp(-0.5 * x * x - scipy("log_ndtr")(x)) / np.sqrt(2.0 * np.pi)


# -- the error function and the normal distribution --------------------------------------------------------------------
TAILS = [-40.0, -8.0, -3.4, -0.6, 0.4, 5.0]
one(specials.erf, WIDE, scipy("erf"), lambda mp, x: mp.erf(x), complex_too=True)
one(specials.erfc, [-1.0, 0.4, 2.0, 5.0], scipy("erfc"), lambda mp, x: mp.erfc(x), complex_too=True)
one(
    specials.erfcx, [-2.0, 0.0, 1.5, 20.0], scipy("erfcx"), lambda mp, x: mp.exp(x * x) * mp.erfc(x), complex_too=True
)
one(
    specials.erfinv, INSIDE, scipy("erfinv"), lambda mp, x: mp.erfinv(x),
    kinks=[kink("erfinv(x) at 1", special.erfinv, [1.0], [INF], "PyTorch, JAX: same")],
)  # fmt: skip
one(specials.erfcinv, [0.05, 0.7, 1.3, 1.9], scipy("erfcinv"), lambda mp, x: mp.erfinv(1 - x))
one(specials.ndtr, TAILS, scipy("ndtr"), normal, complex_too=True)
one(
    specials.ndtri, [0.05, 0.4, 0.6, 0.99], scipy("ndtri"), lambda mp, x: mp.sqrt(2) * mp.erfinv(2 * x - 1),
    kinks=[kink("ndtri(x) at 0", special.ndtri, [0.0], [INF], "PyTorch: same; JAX: 0")],
)  # fmt: skip
one(specials.log_ndtr, TAILS, scipy("log_ndtr"), lambda mp, x: mp.log(normal(mp, x)), complex_too=True)


def derivatives(family: type, points: Sequence[float], values: Callable | None, of: Callable, exact: Callable) -> None:
    """Declare a function with its derivatives; `of` is the public function with the first of them."""

    def f(n: int, x: Any) -> Any:
        return family(n)(as_tensor(x))

    x = np.array(points)
    samples = [Sample(f, 0, x, reference=values and (lambda n, x: values(x))), *(Sample(f, n, x) for n in (1, 2, 3))]
    samples += [Sample(f, n, a) for n, a in ((1, x[-1]), (2, x[:0].reshape(0, 2)), (2, x[:1].reshape(1, 1)), (1, COMPLEX))]
    exactly = lambda mp, n, x: mp.diff(lambda t: exact(mp, t), x, int(n)) if n else exact(mp, x)
    declare(family.name, samples, refused(of, of.__name__, 1), exact=exactly)  # type: ignore[attr-defined]


derivatives(specials.Gaussian, WIDE, lambda x: np.exp(-x * x), special.erf, lambda mp, x: mp.exp(-x * x))
derivatives(specials.Growth, WIDE, lambda x: np.exp(x * x), special.erfinv, lambda mp, x: mp.exp(x * x))
derivatives(specials.Mills, TAILS, mills, special.log_ndtr, lambda mp, x: mp.npdf(x) / normal(mp, x))
derivatives(
    specials.MillsExcess, TAILS[2:], lambda x: x + mills(x), special.erfcx, lambda mp, x: x + mp.npdf(x) / normal(mp, x)
)

# -- logistic functions and entropies ----------------------------------------------------------------------------------
ENDS = [0.05, 0.3, 0.5001, 0.98]
one(
    specials.logit, ENDS, scipy("logit"), lambda mp, x: mp.log(x / (1 - x)),
    kinks=[
        kink("logit(x) at 0", special.logit, [0.0], [INF], "PyTorch, JAX: same"),
        kink("logit(x) at 1", special.logit, [1.0], [INF]),
    ],
)  # fmt: skip
one(specials.log_expit, TAILS, scipy("log_expit"), lambda mp, x: -mp.log1p(mp.exp(-x)))
two(
    table.xlogy, LEFT, POSITIVE, scipy("xlogy"), lambda mp, x, z: x * mp.log(z), complex_too=True,
    kinks=[
        kink("xlogy(x, z) at (0, 0)", special.xlogy, [0.0, 0.0], [-INF, 0.0], "PyTorch: 0 by x, NaN by z; JAX: NaN by z"),
        kink("xlogy(0, z) at z = 0", lambda z: special.xlogy(0.0, z), [0.0], [0.0], "PyTorch, JAX: NaN"),
    ],
)  # fmt: skip
two(
    specials.xlog1py, LEFT, [-0.9, 0.6, 1.3, 4.2], scipy("xlog1py"), lambda mp, x, z: x * mp.log1p(z), complex_too=True,
    kinks=[kink("xlog1py(x, z) at (0, -1)", special.xlog1py, [0.0, -1.0], [-INF, 0.0], "JAX: NaN by z")],
)  # fmt: skip
one(
    specials.entr, POSITIVE, scipy("entr"), lambda mp, x: -x * mp.log(x),
    kinks=[kink("entr(x) at 0", special.entr, [0.0], [INF], "PyTorch, JAX: same")],
)  # fmt: skip
two(
    specials.rel_entr, POSITIVE, POSITIVE[::-1], scipy("rel_entr"), lambda mp, x, z: x * mp.log(x / z),
    kinks=[kink("rel_entr(x, z) at (0, 0)", special.rel_entr, [0.0, 0.0], [-INF, 0.0], "JAX: 0 and 0")],
)  # fmt: skip
two(
    specials.kl_div, POSITIVE, POSITIVE[::-1], scipy("kl_div"), lambda mp, x, z: x * mp.log(x / z) - x + z,
    kinks=[kink("kl_div(x, z) at (0, 0)", special.kl_div, [0.0, 0.0], [-INF, 1.0], "JAX: -1 and 1")],
)  # fmt: skip

# -- the gamma function and its family ---------------------------------------------------------------------------------
AROUND = [-2.6, 0.3, 1.5, 6.0]
one(specials.gamma, AROUND, scipy("gamma"), lambda mp, x: mp.gamma(x), complex_too=True)
one(
    specials.gammaln, AROUND, scipy("gammaln"), log_abs_gamma,
    kinks=[kink("gammaln(x) at the pole 0", special.gammaln, [0.0], [-INF], "PyTorch: same; JAX: NaN")],
)  # fmt: skip
one(specials.loggamma, AROUND[1:], scipy("loggamma"), lambda mp, x: mp.loggamma(x), complex_too=True)
one(specials.digamma, AROUND, scipy("psi"), lambda mp, x: mp.digamma(x), complex_too=True)
two(specials.beta, POSITIVE, POSITIVE[::-1], scipy("beta"), lambda mp, x, z: mp.beta(x, z))
two(specials.betaln, POSITIVE, POSITIVE[::-1], scipy("betaln"), lambda mp, x, z: mp.log(mp.beta(x, z)))

ORDER = [
    Refusal(lambda: call(special.polygamma, np.array([1.5]), 1.0), DTypeError, "polygamma: the order must be a number"),
    Refusal(lambda: special.polygamma(-1, 1.0), ValueError, "polygamma: the order is 0 or more, not -1"),
    Refusal(lambda: special.polygamma(1, ["a"]), DTypeError, "a Tensor holds numbers or booleans"),
]
declare(
    "polygamma",
    [
        *(Sample(special.polygamma, n, np.array(AROUND), reference=scipy("polygamma")) for n in (1, 2)),
        Sample(special.polygamma, 3, np.array(0.7), reference=scipy("polygamma")),
        Sample(special.polygamma, 2, np.zeros((0, 2)), reference=scipy("polygamma")),
        Sample(special.polygamma, 1, COMPLEX),
    ],
    ORDER,
    exact=lambda mp, n, x: mp.polygamma(n, x),
)

# -- near 0 ------------------------------------------------------------------------------------------------------------
one(specials.cosm1, [-2.3, -1e-5, 0.4, 1.7], lambda x: np.cos(x) - 1.0, lambda mp, x: mp.cos(x) - 1, complex_too=True)
NEAR = np.array([-1.4, 0.0, 1e-4, 2.6])


def integral(mp: Any, f: Callable, n: int) -> Any:
    """∫₀¹ tⁿ f(t) dt."""
    return mp.quad(lambda t: t**n * f(t), [0, 1])


def sinc(order: int, x: Any) -> Any:
    """The derivative of sinc of this order."""
    return Sinc(order)(as_tensor(x))


def exprel(order: int, x: Any) -> Any:
    """The derivative of exprel of this order."""
    return specials.Exprel(order)(as_tensor(x))


declare(
    "sinc",
    [
        *(Sample(sinc, n, NEAR) for n in (0, 1, 4)),
        Sample(lambda x: public.sinc(x.reshape(2)), np.array([[0.0, 0.5]]), reference=lambda x: np.sinc(x[0]), order=3),
        Sample(sinc, 1, np.array(0.7)),
        Sample(sinc, 2, np.zeros((0, 2))),
        Sample(sinc, 1, COMPLEX),
    ],
    refused(public.sinc, "sinc", 1),
    exact=lambda mp, n, x: mp.pi**n * integral(mp, lambda t: mp.cos(mp.pi * (x * t + mp.mpf(n) / 2)), n),
    kinks=[
        kink("sinc(x) at 0", public.sinc, [0.0], [0.0], "PyTorch, JAX: same"),
        kink("sinc′(x) at 0: sinc″(0) = -π²/3", grad(public.sinc), [0.0], [-np.pi**2 / 3], "PyTorch: NaN; JAX: same"),
    ],
)
declare(
    "exprel",
    [
        *(Sample(exprel, n, NEAR) for n in (0, 1, 4)),
        Sample(exprel, 0, np.array([-30.0, 30.0])),
        Sample(exprel, 1, np.array(0.7)),
        Sample(exprel, 2, np.zeros((0, 2))),
    ],
    [
        *refused(special.exprel, "exprel", 1),
        Refusal(lambda: special.exprel(COMPLEX), DTypeError, "exprel: real numbers needed, given complex128"),
    ],
    exact=lambda mp, n, x: integral(mp, lambda t: mp.exp(x * t), n),
    kinks=[kink("exprel(x) at 0", special.exprel, [0.0], [0.5])],
)

# -- Bessel functions --------------------------------------------------------------------------------------------------
KINDS = ("j", "y", "i", "k")
BOTH, RIGHT_HALF = np.array([-3.7, 0.3, 2.4, 9.0]), np.array([0.4, 1.5, 6.0])


def bessel(kind: int, order: int, x: Any) -> Any:
    """The Bessel function of a kind by number."""
    return getattr(special, f"{KINDS[kind]}v")(order, x)


def scipy_bessel(kind: int, order: int, x: Any) -> Any:
    """The same of SciPy."""
    return scipy(f"{KINDS[kind]}v")(order, x)


UNORDERED = [
    Refusal(lambda: call(special.jv, np.arange(2), 1.0), DTypeError, "jv: the order must be a number, .* given ndarray"),
    Refusal(lambda: call(special.kv, as_tensor(1.0), 1.0), DTypeError, "kv: the order must be a number, .* given Tensor"),
    Refusal(lambda: special.j0(["a"]), DTypeError, "a Tensor holds numbers or booleans"),
    Refusal(lambda: special.y1([[1.0], [1.0, 2.0]]), ShapeError, "a rectangular array of numbers"),
]
declare(
    "bessel",
    [
        *(Sample(bessel, k, n, BOTH, reference=scipy_bessel) for k, n in ((0, 0), (0, 3), (2, 1))),
        *(Sample(bessel, k, n, RIGHT_HALF, reference=scipy_bessel) for k, n in ((1, 0), (1, 2), (3, 1))),
        Sample(lambda x: special.jv(0.5, x.reshape(2)), np.array([[0.7, 2.0]]), reference=lambda x: scipy("jv")(0.5, x[0])),
        Sample(bessel, 0, 0, np.array(0.7), reference=scipy_bessel),
        Sample(bessel, 3, 1, np.zeros((0, 2)), reference=scipy_bessel),
        Sample(bessel, 0, 1, COMPLEX, reference=scipy_bessel),
    ],
    UNORDERED,
    exact=lambda mp, kind, n, x: (mp.besselj, mp.bessely, mp.besseli, mp.besselk)[kind](n, x),
    kinks=[kink("y0(x) at 0", special.y0, [0.0], [INF])],
)


def scaled_bessel(v: float, n: int, x: Any) -> Any:
    """The derivative of order n of exp(-|x|) I_v(x)."""
    return specials.ScaledBessel(v, n)(as_tensor(x))


def scipy_scaled(v: float, n: int, x: Any) -> Any:
    """The value of SciPy."""
    return scipy("ive")(v, x)


def exactly_scaled(mp: Any, v: float, n: int, x: Any) -> Any:
    """The same in any precision, beside the kink."""
    return mp.diff(lambda t: mp.besseli(v, t) * mp.exp(-abs(t)), x, int(n)) if n else mp.besseli(v, x) * mp.exp(-abs(x))


declare(
    "scaled_bessel",
    [
        *(Sample(scaled_bessel, v, 0, BOTH, reference=scipy_scaled) for v in (0, 1, 3)),
        Sample(scaled_bessel, 0, 0, np.array(0.7), reference=scipy_scaled),
        Sample(scaled_bessel, 1, 0, np.zeros((0, 2)), reference=scipy_scaled),
        Sample(scaled_bessel, 2, 0, np.array([500.0, -800.0]), reference=scipy_scaled),
        Sample(scaled_bessel, 2, 1, np.array([-50.0, -3.7, 0.3, 40.0])),
        Sample(scaled_bessel, 2, 0, np.array([3e9, -1e12, 1e-300]), order=0),
    ],
    [
        Refusal(lambda: call(special.ive, "a", 1.0), DTypeError, "ive: the order must be a number, .* given str"),
        Refusal(lambda: special.ive(1, COMPLEX), DTypeError, "ive: real numbers needed, given complex128"),
        Refusal(lambda: special.i1e([[1.0], [1.0, 2.0]]), ShapeError, "a rectangular array of numbers"),
    ],
    exact=exactly_scaled,
    kinks=[kink("i0e(x) at 0", special.i0e, [0.0], [0.0], "PyTorch, JAX: same")],
)
