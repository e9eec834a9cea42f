"""Mutants that were looked at and judged to give the same derivatives: patterns of their names, with the reason.

What is numbered, such as `1 → 0 (4)`, is the place among equal changes of that function.
"""

from __future__ import annotations

import re

BLANK = "adds 0, or NaN that stays NaN, where no derivative exists"
JUDGES = "only judges whether values are equal and whether a derivative exists there: no number of one changes"
EQUIVALENT = {
    r".*: (hypot|equal|max|np\.array_equal|both)\((.+), (.+)\) → \1\(\3, \2\)": "the function is symmetric",
    r".*: null_product\((.+), (.+)\) → null_product\(\2, \1\)": "the function is symmetric",
    r"NullProduct\.product: self\(.*": "the function is symmetric",
    r"GuardedProduct\.product: .*": "two products that differ only for cotangents that are infinite",
    r"Convolve\.vjp: Convolve\(True\)\(.*": "a convolution is symmetric",
    r"ops\.product\.scan: step\(.*": "a product is symmetric",
    r"Extreme\.(vjp|jvp): _shares\(.*\)\(x, .* → .*": "whether two numbers are equal is symmetric",
    r".*: 0\.0 → (-0\.0|0\.0 \* 2\.0)": "zero stays zero",
    r"Bent\.vjp: x \+ 0\.0 \* Bent\(\)\(x, k\) → x - .*": "zero, or NaN, has no sign",
    r".*: nought\((\w)\) → (-nought\(\1\)|nought\(\1\) \* 2\.0)": "zero stays zero",
    r".*: 1 - i → i - 1.*": "an index of -1 is that of the other one of two",
    r"(Lu\.vjp|Custom\.residuals|Checkpoint\.pushforward): 0 → -1.*": "the first of one is the last one",
    r"Where\.vjp: 0 → -1": "the condition is never asked for a derivative",
    r"(SetAt|Pinv)\.(vjp|jvp): 1 → 2": "indices and tolerances are never asked for a derivative",
    r"AsType\.(vjp|jvp): .*": "the sweeps convert every contribution to the dtype of its node, and record no integers",
    r".*: (list|tuple|float|any|as_tensor|from_array)\((.+)\) → \(?\2\)?( \(\d\))?": "what is converted serves as it is",
    r"Checkpoint\.pullback: part\.pull\(.*": "recording more changes no value",
    r"(Tanh|Curve)\.product: .*isinstance.*": "two formulas of the same value, for speed",
    r"ops\.special\.erfcx_slope: guarded_product\(.*": "neither factor is 0 where the other is not finite",
    r"SecondSlopes\.pushforward: self\(change, m, along, b\) → self\(change, along, .*": "the two directions have a common R",
    r"ops\.special\.erfcx_slope: if .*": "two formulas of the same value, for precision far out",
    r"fmod\[1\]: rint\(.*": "the quotient is a whole number already",
    r"ops\.matmul\.turned: .*": "two ways to the same view",
    r"ops\.linalg\.triangle: np\.tri\(rows, columns, .*": "rules take triangles of square matrices alone",
    r"Matmul\.(left|right): 2 → \d.*": "two ways to the same product; the sweeps sum over a stack that was broadcast",
    r"ops\.matmul\.rows: 2 → \d": "a short cut for what has this shape already",
    r"ops\.join\.narrow: stop - start → start - stop": "a short cut for all of an axis",
    r"ops\.join\.assemble: (stop - start → start - stop|sum\(sizes\) → sizes)": "two ways to the same array",
    r"Stack\.pushforward: t is not None → not t is not None": "two ways to the same array",
    r"ops\.reduction\.in_front: (axes != \(\) → not axes != \(\)|1 → 0)": "a short cut for a vector",
    r"ops\.product\.(recurrence_back|before): 1 → 0( \(4\))?": "a short cut for nothing, or for one number",
    r"ops\.product\._even_odd: 2 → 4 \(2\)": "a slice may end beyond the end",
    r"ops\.product\.(scan|product_of_others): (half - 1 → half \+ 1 \(3\)|2 → [134] \(6\)|1 → 2 \((6|10)\))":
        "the length of a part, which only bounds a slice",
    r"(Det|Cofactor|MatrixFunction)\.(vjp|jvp|along): (0 → 1|1 → 2)": "the order only tells what is saved",
    r"Mean\.vjp: 1\.0 → [02]\.0": "there is no element",
    r"MaxPool\.places: 1 → [02]": "there is no element",
    r"NanExtreme\.(vjp|jvp): (_where\(.*|0\.0 → -?1\.0)": "a NaN has no share; it matters if the cotangent is infinite",
    r"Qr\.(jvp|along): upper\(.*": "it is a triangle already, up to rounding",
    r"(Cholesky|Eigh)\.(vjp|jvp): hermitian\(.*": "the input is Hermitian, and so is its change",
    r"Eigh\.vjp: skew\((.*)\) → \1": "the other part of x vanishes where a derivative exists",
    r".*: real_part\((.+)\) → \1": "the imaginary part is zero up to rounding",
    r"Coupling\.vjp: skew\(g\) → g": "what comes back from within a group of equal values is skew already",
    r"Cholesky\.vjp: adjoint\(back\(.*": "only the Hermitian part is taken",
    r"(ops\.factor\.half_diagonal|Svd\.(vjp|jvp|split|joined)): 1 → 2.*": "-2 for -1: the matrix is square",
    r"Eig\.(fixed|unfixed): conjugate\(pivots\) → pivots.*": "pivots are real",
    r"Frame\.(turning|vjp): .*|ops\.frame\.leading: .*": "a turn is only looked at: whether it vanishes",
    r"(Slopes|SecondSlopes|Turn)\.\w+: .*(Undecided|Blank|_sum)\(.*": BLANK,
    r"(SecondSlopes\.pushforward|Turn\.(vjp|jvp)): (\d → .*|b\.ndim .*|all\(.*|x is None .*|np\.zeros\(.*)": BLANK,
    r"(Isotropic|Trail|Horizon)\.\w+: .*(Trail\(|[24] → |Horizon\().*": JUDGES,
    r"ops\.isotropic\.(by_values|along|decides): .*|ops\.gauge\.\w+: .*": JUDGES,
    r"Extreme\.(vjp|jvp): False → True": "shares have the shape of x, whatever that of the result is",
    r"Custom\.residuals: .*": "residuals are kept, or computed again: the same values",
    r"Svd\.vjp: hermitian\(gb\) → gb": "the cotangent of the values is Hermitian already",
    r"Isotropic\.vjp: hermitian\(c\) → c": "what comes back from the gradient of a Hermitian matrix is Hermitian already",
    r"Isotropic\.vjp: b \+ (Parting\(\)\(s, b\)) → b - \1": "2w - p lies as far from all values of w as p does",
    r"SecondSlopes\.vjp: Turn\(self\.descending\)\(m, along, b\) → .*\(along, m, b\)": "two directions turn as their sum does",
    r"ops\.svd\.apart: core \+ row\(w\) → core": "the diagonal tells it; where two values are zero, a frame has raised",
    r"PowerNorm\.direction: 1 → [02]": "two formulas of the same value, for the range of the exponent",
}  # fmt: skip


def reason(name: str) -> str:
    """Why a mutant is equivalent; empty if nobody says so."""
    return next((why for pattern, why in EQUIVALENT.items() if re.fullmatch(pattern, name)), "")
