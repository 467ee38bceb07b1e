"""Small problems whose iterates are known to all digits.

The closed form is evaluated with 80 decimal digits at any t; the literal loop runs in 80 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIGITS = 80
# The literal loop's losses are off by up to so many of them, of few columns by half a one.
ROUNDINGS = 4
# Of a curvature in so many digits: a flat direction, whose curvature is not told from zero.
FLAT = 1e-60


# Errors of coefficients that the literal loop, written in C, attains after so many updates at rates
# relative to 1 / largest curvature: its last updates of "decaying" are lost in rounding.
LONG_LOOPS = {
    ("decaying", 10**6, 1.0): 2e-14,
    ("decaying", 10**7, 1.0): 8e-14,
    ("decaying", 10**8, 1.0): 1.6e-12,
    ("decaying", 10**9, 1.0): 9e-10,
    ("decaying", 10**9, 1.9): 8.4e-10,
}


def problems(n: int = 40, d: int = 6) -> Iterator[tuple[str, Floats, Floats]]:
    """Of every awkward kind; the condition number of Z is 1e7 at most."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((n, d)) + rng.uniform(-1, 1, d)
    y = X @ rng.standard_normal(d) + 1.5 + 0.5 * rng.standard_normal(n)
    left = np.linalg.qr(rng.standard_normal((n, d)))[0]
    right = np.linalg.qr(rng.standard_normal((d, d)))[0]
    scales = np.geomspace(1e-3, 1e3, d)
    yield "plain", X, y
    yield "ill-scaled", X * scales, y
    yield "offset", X + 1e3, y + 1e3
    yield "decaying", (left * np.geomspace(1, 2e-6, d)) @ right.T, y
    yield "rank-deficient", X[:, :3] @ rng.standard_normal((3, d)), y
    yield "duplicate columns", np.column_stack([X[:, :3], X[:, :3]]), y
    yield "interpolating", X, X @ np.arange(1.0, d + 1) + 2.0
    yield "interpolating, ill-scaled", X * scales, X @ np.arange(1.0, d + 1) + 2.0
    yield "hardly any noise", X, X @ np.arange(1.0, d + 1) + 1e-9 * rng.standard_normal(n)
    yield "wide", X[:4], y[:4]


def conditioned(condition: float, n: int = 40, d: int = 6) -> tuple[Floats, Floats]:
    """Return X and y: eigenvalues of X'X / n fall from 1 to 1 / `condition` ** 2."""
    rng = np.random.default_rng(7)
    left = np.linalg.qr(rng.standard_normal((n, d)))[0]
    right = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = (np.sqrt(n) * left * np.geomspace(1, 1 / condition, d)) @ right.T
    return X, left.sum(axis=1) + 0.1 * rng.standard_normal(n)


def design(X: Any) -> Floats:
    return np.column_stack([np.ones(len(X)), X])


def largest_curvature(X: Any) -> float:
    return float(np.linalg.norm(design(X), 2) ** 2 / len(X))


def exact(X: Any, y: Any, lr: float, steps: Iterable[int]) -> tuple[Floats, Floats]:
    """Thetas (t, p), the intercept first, and losses (t,) from a start of zeros, in 80 digits."""
    import mpmath

    with mpmath.workdps(DIGITS):
        Z, target = mpmath.matrix(design(X).tolist()), mpmath.matrix(np.asarray(y).tolist())
        n, rate = len(X), mpmath.mpf(lr)
        curvature, basis = mpmath.eigsy(Z.T * Z / n)
        slope = basis.T * (Z.T * target) / n
        thetas, losses = [], []
        for t in steps:
            moved = [
                slope[i] * (rate * t if abs(c) < FLAT else (1 - (1 - rate * c) ** int(t)) / c)
                for i, c in enumerate(curvature)
            ]
            theta = basis * mpmath.matrix(moved)
            residual = Z * theta - target
            thetas.append([float(v) for v in theta])
            losses.append(float(mpmath.fsum(v * v for v in residual) / (2 * n)))
    return np.array(thetas), np.array(losses)


def walked(
    X: Any, y: Any, lr: float, steps: Iterable[int], dtype: Any = np.longdouble
) -> tuple[Floats, Floats]:
    """The same by the literal loop in the arithmetic of `dtype`."""
    Z, target, wanted = design(X).astype(dtype), np.asarray(y).astype(dtype), set(steps)
    theta, rate, n = np.zeros(Z.shape[1], dtype), dtype(lr), dtype(len(X))
    transposed = np.ascontiguousarray(Z.T)
    thetas, losses = [], []
    for t in range(max(wanted) + 1):
        residual = Z @ theta - target
        if t in wanted:
            thetas.append(theta.astype(float))
            losses.append(float(residual @ residual / (2 * n)))
        theta = theta - rate / n * (transposed @ residual)
    return np.array(thetas), np.array(losses)


def asked(last: int) -> list[int]:
    """1, 10, 100, .. below the last iterate, and the last."""
    return sorted({10**k for k in range(len(str(last))) if 10**k <= last} | {last})


def theta_error(actual: Floats, expected: Floats) -> Floats:
    """Norm-wise and relative, (t,)."""
    return np.linalg.norm(actual - expected, axis=1) / np.linalg.norm(expected, axis=1)


def loss_error(actual: Floats, expected: Floats, y: Any) -> Floats:
    """Relative, (t,), less what is noise for every float64 loop.

    Roundings of y and of predictions: their squares, and ROUNDINGS times a rounding of each row's
    prediction, which add up like roots.
    """
    eps, n, squares = np.finfo(float).eps, len(y), float(np.sum(np.asarray(y) ** 2))
    noise = (8 * eps) ** 2 * squares + ROUNDINGS * eps / n * np.sqrt(2.0 * squares * expected)
    return np.maximum(np.abs(actual - expected) - noise, 0.0) / expected
