"""Numbers in the code of a kernel: arithmetic written in Python, as instructions for LLVM, the compiler behind Numba.

Numba has no vector library of mathematical functions, and calls them element by element at ten times the cost of NumPy's.
Here they are arithmetic throughout, without branches, so that a loop over them is vectorised. Their errors are at most two
units in the last place in double precision; single precision goes through double.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

TYPES = {"d": "double", "f": "float", "?": "i1", "l": "i64"}


class Code:
    """Instructions in a row, with names for their values."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0

    def name(self) -> str:
        """A name that no value has yet."""
        self.count += 1
        return f"%v{self.count}"

    def value(self, kind: str, text: str) -> Value:
        """The value of an instruction."""
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        return Value(self, kind, name)

    def number(self, x: Any, kind: str) -> Value:
        """A constant; a floating one by its bits."""
        if kind == "l":
            return Value(self, kind, str(int(x)))
        if kind == "?":
            return Value(self, kind, "true" if x else "false")
        x = struct.unpack("f", struct.pack("f", x))[0] if kind == "f" else float(x)
        return Value(self, kind, f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}")


class Value:
    """A number at run time: `kind` is NumPy's character of its type (l for 64-bit integers), `text` how the code names it."""

    __slots__ = ("code", "kind", "text")

    def __init__(self, code: Code, kind: str, text: str) -> None:
        self.code, self.kind, self.text = code, kind, text

    def other(self, x: Any) -> str:
        """The name of an operand beside this one."""
        return x.text if isinstance(x, Value) else self.code.number(x, self.kind).text

    def binary(self, x: Any, floating: str, whole: str = "") -> Value:
        """The instruction for two operands."""
        what = f"{floating} contract" if self.kind in "df" else whole
        return self.code.value(self.kind, f"{what} {TYPES[self.kind]} {self.text}, {self.other(x)}")

    def compared(self, x: Any, how: str) -> Value:
        """A comparison; with NaN it is as NumPy's."""
        if self.kind == "?":  # flags, as whole numbers
            how = {"oeq": "eq", "une": "ne", "ogt": "ugt", "oge": "uge", "olt": "ult", "ole": "ule"}[how]
            return self.code.value("?", f"icmp {how} i1 {self.text}, {self.other(x)}")
        return self.code.value("?", f"fcmp {how} {TYPES[self.kind]} {self.text}, {self.other(x)}")

    def called(self, name: str, *others: Any) -> Value:
        """A function of numbers of this kind."""
        kind = TYPES[self.kind]
        operands = ", ".join(f"{kind} {x}" for x in (self.text, *map(self.other, others)))
        return self.code.value(self.kind, f"call {kind} @{name}({operands})")

    def __add__(self, x: Any) -> Value:
        return self.binary(x, "fadd", "add")

    def __radd__(self, x: Any) -> Value:
        return self.code.number(x, self.kind) + self

    def __sub__(self, x: Any) -> Value:
        return self.binary(x, "fsub", "sub")

    def __rsub__(self, x: Any) -> Value:
        return self.code.number(x, self.kind) - self

    def __mul__(self, x: Any) -> Value:
        return self.binary(x, "fmul", "mul")

    def __rmul__(self, x: Any) -> Value:
        return self.code.number(x, self.kind) * self

    def __truediv__(self, x: Any) -> Value:
        return self.binary(x, "fdiv")

    def __rtruediv__(self, x: Any) -> Value:
        return self.code.number(x, self.kind) / self

    def __and__(self, x: Any) -> Value:
        return self.binary(x, "", "and")

    def __or__(self, x: Any) -> Value:
        return self.binary(x, "", "or")

    def __xor__(self, x: Any) -> Value:
        return self.binary(x, "", "xor")

    def __lshift__(self, n: int) -> Value:
        return self.binary(n, "", "shl")

    def __rshift__(self, n: int) -> Value:
        return self.binary(n, "", "ashr")

    def __neg__(self) -> Value:
        return self.code.value(self.kind, f"fneg {TYPES[self.kind]} {self.text}")

    def __abs__(self) -> Value:
        return self.called(f"llvm.fabs.{'f64' if self.kind == 'd' else 'f32'}")

    def __gt__(self, x: Any) -> Value:
        return self.compared(x, "ogt")

    def __ge__(self, x: Any) -> Value:
        return self.compared(x, "oge")

    def __lt__(self, x: Any) -> Value:
        return self.compared(x, "olt")

    def __le__(self, x: Any) -> Value:
        return self.compared(x, "ole")

    def same(self, x: Any) -> Value:
        """Whether it is equal."""
        return self.compared(x, "oeq")

    def differs(self, x: Any) -> Value:
        """Whether it is not equal, as NaN is not even to itself."""
        return self.compared(x, "une")

    def choose(self, x: Any, z: Any) -> Value:
        """x where this flag is true, else z."""
        kind = next((v.kind for v in (x, z) if isinstance(v, Value)), "d")
        one, two = (v if isinstance(v, Value) else self.code.number(v, kind) for v in (x, z))
        return self.code.value(kind, f"select i1 {self.text}, {TYPES[kind]} {one.text}, {TYPES[kind]} {two.text}")

    def cast(self, kind: str) -> Value:
        """The same number in another type."""
        if kind == self.kind:
            return self
        how = {"?d": "uitofp", "?f": "uitofp", "fd": "fpext", "df": "fptrunc", "ld": "sitofp"}[self.kind + kind]
        return self.code.value(kind, f"{how} {TYPES[self.kind]} {self.text} to {TYPES[kind]}")

    def bits(self) -> Value:
        """A floating number as an integer of the same bits, or the reverse."""
        kind = "l" if self.kind == "d" else "d"
        return self.code.value(kind, f"bitcast {TYPES[self.kind]} {self.text} to {TYPES[kind]}")


def root(x: Value) -> Value:
    """√x."""
    return x.called(f"llvm.sqrt.{'f64' if x.kind == 'd' else 'f32'}")


def copysign(x: Value, sign: Value) -> Value:
    """|x| with the sign of another number."""
    return x.called(f"llvm.copysign.{'f64' if x.kind == 'd' else 'f32'}", sign)


def larger(x: Value, z: Value) -> Value:
    """The maximum, NaN if one is."""
    return ((x >= z) | x.differs(x)).choose(x, z)


def smaller(x: Value, z: Value) -> Value:
    """The minimum, NaN if one is."""
    return ((x <= z) | x.differs(x)).choose(x, z)


def polynomial(x: Value, coefficients: Sequence[float]) -> Any:
    """Horner's scheme, the highest power first."""
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = y * x + c
    return y


LOG2E, LN2 = 1.4426950408889634, 0.6931471805599453
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # ln 2 in two parts, the first of 32 bits
ROUND = 1.5 * 2.0**52  # added to a small number: its bits end in the nearest integer
NEGLIGIBLE = 2.0**-54  # 1 + x is 1 to half a unit for |x| below this

# (e^r - 1 - r) / r² on |r| ≤ ln 2 / 2, error 1.4e-18, and (2 artanh(s) / s - 2) / s² of s² ≤ 0.0295, error 2.1e-18: the
# interpolants at Chebyshev points, in forty digits.
EXP = (2.0914686968086876e-09, 2.5105217004720745e-08, 2.75572736431103e-07, 2.7557255400206422e-06,
       2.4801587325547743e-05, 0.00019841269874820627, 0.0013888888888883748, 0.008333333333326136,
       0.04166666666666667, 0.1666666666666667, 0.5)  # fmt: skip
LOG = (0.13088480786282353, 0.1326859567896837, 0.1538624633352355, 0.18181795518146338,
       0.22222222392856264, 0.2857142857079857, 0.40000000000000885, 0.6666666666666666)  # fmt: skip

# (tanh(x) / x - 1) / x² as a function of x²: the Padé approximant of degrees 3 and 3, error 2e-17 at x = 0.625.
TANH_P = (-0.00006901311249137336, -0.9565217391304348, -83.93478260869566, -1305.6521739130435)
TANH_Q = (1.0, 96.13043478260869, 1818.5869565217392, 3916.9565217391305)


def in_double(function: Callable[..., Value]) -> Callable[..., Value]:
    """The function computed in double precision, whatever the precision of its arguments is."""

    def of(*xs: Value) -> Value:
        return function(*(x.cast("d") for x in xs)).cast(xs[0].kind)

    return of


def reduced(x: Value) -> tuple[Value, Value, Value]:
    """x = n ln 2 + r with |r| ≤ ln 2 / 2: n as a number and as an integer, and e^r - 1."""
    shifted = x * LOG2E + ROUND
    n = shifted - ROUND
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    return n, shifted.bits() - struct.unpack("<q", struct.pack("<d", ROUND))[0], polynomial(r, EXP) * (r * r) + r


def power_of_two(n: Value) -> Value:
    """2ⁿ for -1022 ≤ n ≤ 1023."""
    return ((n + 1023) << 52).bits()


def between(x: Value, low: float, high: float) -> Value:
    """x held between two bounds; the lower one for NaN."""
    x = (x > low).choose(x, low)
    return (x < high).choose(x, high)


@in_double
def exp(x: Value) -> Value:
    """e^x = 2ⁿ e^r, in two factors, so that what overflows and what is denormal is rounded once."""
    _, n, p = reduced(between(x, -745.2, 709.79))
    half = n >> 1
    return x.same(x).choose((p + 1.0) * power_of_two(half) * power_of_two(n - half), x)


@in_double
def expm1(x: Value) -> Value:
    """e^x - 1 = 2ⁿ ((e^r - 1) + (1 - 2⁻ⁿ)); x itself where it is tiny or NaN."""
    _, n, p = reduced(between(x, -45.0, 709.79))
    half = n >> 1
    least = (n.cast("d") < 1000.0).choose(n, 1000)
    y = (p + (1.0 - power_of_two(0 - least))) * power_of_two(half) * power_of_two(n - half)
    return (abs(x) > NEGLIGIBLE).choose(y, x)


@in_double
def tanh(x: Value) -> Value:
    """x + x³ P(x²) / Q(x²) below 0.625, else 1 - 2e / (1 + e) with e = e^{-2|x|} and the sign of x; of tiny x and NaN, x."""
    z, near = x * x, abs(x) < 0.625
    _, n, p = reduced(between(abs(x) * -2.0, -45.0, 0.0))
    e = (p + 1.0) * power_of_two(n)
    share = near.choose(z * polynomial(z, TANH_P), 2.0 * e) / near.choose(polynomial(z, TANH_Q), 1.0 + e)
    y = near.choose(x + x * share, copysign(1.0 - share, x))
    return (abs(x) > NEGLIGIBLE).choose(y, x)


def logarithm(x: Value, low: Any) -> Value:
    """ln(x + low) for a normal number x, and one much smaller: x = 2^k (1 + f) with √½ ≤ 1 + f ≤ √2, s = f / (2 + f)."""
    begin = 0x3FE6A09E667F3BCD  # the bits of √½
    k = (x.bits() - begin) >> 52
    f = (x.bits() - (k << 52)).bits() - 1.0
    s = f / (f + 2.0)
    z = s * s
    half = 0.5 * f * f
    n = k.cast("d")
    rest = s * (half + polynomial(z, LOG) * z) + (n * LN2_LOW + low)
    return n * LN2_HIGH + (f - (half - rest))


@in_double
def log(x: Value) -> Value:
    """ln x; -∞ at 0, NaN below."""
    small = x < 2.0**-1022
    y = logarithm(small.choose(x * 2.0**54, x), 0.0)
    y = small.choose(y - 54.0 * LN2, y)
    y = (x < math.inf).choose(y, x)  # ∞ and NaN stay
    return (x > 0.0).choose(y, x.same(0.0).choose(-math.inf, (x < 0.0).choose(math.nan, x)))


@in_double
def log1p(x: Value) -> Value:
    """ln(1 + x): the logarithm of the rounded sum, and what rounding cost; x itself where it is tiny or NaN."""
    u = x + 1.0
    lost = (abs(x) < 1.0).choose(x - (u - 1.0), 1.0 - (u - x))
    y = (u < math.inf).choose(logarithm(u, lost / u), x)
    y = (u > 0.0).choose(y, u.same(0.0).choose(-math.inf, math.nan))
    return (abs(x) > NEGLIGIBLE).choose(y, x)


@in_double
def logaddexp(x: Value, z: Value) -> Value:
    """ln(e^x + e^z) = max(x, z) + ln(1 + e^{-|x - z|}); of two equal infinities it is that one."""
    y = larger(x, z) + log1p(exp(-abs(x - z)))
    return x.same(z).choose(x + LN2, y)
