"""Further samples for mutation testing, where the declared ones let a mutant pass: longer axes, stacks of unequal sizes.

A mutant that exchanges two lengths is not seen where they are equal, and one that counts wrongly not where there is little
to count.
"""

from __future__ import annotations

import numpy as np

import autograd_core as ac
from autograd_core.testing.declared import Sample

rng = np.random.default_rng(0)
STACK = rng.normal(size=(3, 2, 2))  # as many matrices as no other axis is long
TALL = rng.normal(size=(4, 3, 2))
LONG = rng.normal(size=(7, 2))
GAPS = np.array([[np.nan, 1.0, 3.0], [2.0, np.nan, -1.0]])
ZERO = np.array([0.0, 1.0, 2.0])


def gram(x):
    """Positive definite matrices of any."""
    return x @ ac.matrix_transpose(x) + 2.0 * np.eye(2)


def safe(f, bad):
    """A function whose bad values are left out, together with their infinite derivatives."""
    return lambda x: ac.where(x > 0.0, f(x), bad)


def of_eigenvalues(x):
    """A symmetric function of eigenvalues that is no sum over them."""
    w = ac.linalg.eigvalsh(0.5 * (x + ac.conj(ac.matrix_transpose(x))))
    return ac.sum(ac.exp(w)) * ac.sum(w) + ac.prod(w)


def of_singular_values(x):
    """A symmetric function of singular values."""
    s = ac.linalg.svdvals(x)
    return ac.sum(s**3) * ac.sum(s)


TURN = np.linalg.qr(rng.normal(size=(3, 3)))[0]
EQUAL = [np.eye(3), TURN @ np.diag([1.0, 1.0, 2.0]) @ TURN.T]
SLOPE = np.array([[0.5, 1.0, 0.2], [1.0, -0.3, 0.7], [0.2, 0.7, 0.1]])


def slope(f, x):
    """The slope of f in a plane through x: to its second order it tells the third derivatives of f."""
    return lambda s: ac.sum(SLOPE * ac.grad(f)(x + s[0] * SLOPE + s[1] * SLOPE[::-1]))


PLANE = np.zeros(2)
AT_EQUAL = [
    *(Sample(of_eigenvalues, x) for x in EQUAL),
    Sample(of_eigenvalues, np.array([[2.0, 1.0j], [-1.0j, 2.0]]) + 0.0),
    Sample(of_singular_values, 2.0 * TURN[:, :2]),
    *(Sample(slope(of_eigenvalues, x), PLANE) for x in EQUAL),
    Sample(slope(of_singular_values, TURN @ np.diag([2.0, 2.0, 1.0])), PLANE),
    Sample(lambda x: ac.linalg.eigvalsh(x + ac.matrix_transpose(x))[2] ** 2, EQUAL[1]),
]


FURTHER = {
    **dict.fromkeys(("frame", "isotropic", "bent", "departure", "deviator"), AT_EQUAL),
    **dict.fromkeys(("averaged", "inside", "slopes", "coupling"), AT_EQUAL),
    "prod": [
        Sample(ac.prod, LONG[:4, 0]),
        Sample(lambda x: ac.prod(x, axis=1), LONG[:3, :1]),
        Sample(lambda x: ac.prod(x, axis=0), LONG),
    ],
    "cumprod": [Sample(lambda x: ac.cumprod(x, axis=0), LONG), Sample(ac.cumprod, LONG[:5, 0])],
    "logcumsumexp": [Sample(lambda x: ac.logcumsumexp(x, axis=0), LONG), Sample(ac.logcumsumexp, LONG[:5, 0])],
    "matmul": [
        Sample(ac.matmul, LONG[:3, 0], rng.normal(size=(3, 2))),
        Sample(ac.matmul, rng.normal(size=(2, 1, 3, 2)), rng.normal(size=(2, 4))),
        Sample(ac.matmul, LONG[0], TALL.swapaxes(1, 2)),
    ],
    "cholesky": [Sample(lambda x: ac.linalg.cholesky(gram(x)), STACK)],
    "eigh": [Sample(lambda x: ac.linalg.eigh(gram(x)), STACK)],
    "eig": [Sample(lambda x: [y * (1.0 + 2.0j) for y in ac.linalg.eig(x)], STACK + 1j * STACK[::-1])],
    "svd": [
        Sample(lambda x: ac.linalg.svd(x, False), TALL),
        Sample(lambda x: ac.linalg.svd(x, False), TALL.swapaxes(1, 2)),
        Sample(lambda x: ac.linalg.svd(x), TALL[:, :2, :1]),
    ],
    "max_pool": [Sample(lambda x: ac.max_pool1d(x, 2), rng.normal(size=(3, 2, 4)))],
    "nanmax": [Sample(lambda x: ac.nanmax(x, axis=1), GAPS), Sample(ac.nanmin, GAPS)],
    "inverse_real_fourier": [Sample(lambda x: ac.fft.irfft(x, axis=1), TALL + 1j * TALL[::-1])],
    "power_of": [Sample(lambda x: x**5 + x**3, LONG[:3])],
    "sqrt": [Sample(safe(ac.sqrt, 1.0), ZERO)],
    "log": [Sample(safe(ac.log, 1.0), ZERO)],
    "divide": [Sample(safe(lambda x: 1.0 / x, 1.0), ZERO)],
    "power": [Sample(safe(lambda x: ac.power(x, 0.5 + 0.0 * x), 1.0), ZERO)],
}
