"""Descent in 60 decimal digits, by an eigendecomposition of H and powers of a 2 x 2 matrix.

The data are the doubles given; nothing is rounded to a double before the answer is.
"""

from __future__ import annotations

import numpy as np
from mpmath import mp, mpf

DIGITS = 60
# An eigenvalue of this share of the largest is the rounding of zero.
FLAT = mpf("1e-45")


class ExactDescent:
    """Iterates and losses of one target from zeros, at any number of updates."""

    def __init__(self, X, y, *, w=None, fit_intercept=True, alpha=0.0):
        with mp.workdps(DIGITS):
            n = len(y)
            weights = [mpf(1)] * n if w is None else [mpf(float(v)) for v in w]
            total = sum(weights)
            self._shares = [v / total for v in weights]
            ones = [mpf(1)] if fit_intercept else []
            self._Z = [ones + [mpf(float(v)) for v in row] for row in np.asarray(X)]
            self._y = [mpf(float(v)) for v in y]
            self._first, self._alpha = len(ones), mpf(alpha)
            p = len(self._Z[0])
            H = mp.matrix(p, p)
            for i in range(p):
                for j in range(i + 1):
                    H[i, j] = H[j, i] = self._mean(lambda z, _, i=i, j=j: z[i] * z[j])
                if i >= self._first:
                    H[i, i] += self._alpha
            b = mp.matrix([self._mean(lambda z, v, i=i: z[i] * v) for i in range(p)])
            eigenvalues, self._V = mp.eigsy(H)
            largest = max(eigenvalues)
            self.eigenvalues = [c if c > FLAT * largest else mpf(0) for c in eigenvalues]
            self._slopes = self._V.T * b
        self.largest = float(largest)
        smallest = min(c for c in self.eigenvalues if c)
        self.condition = float(mp.sqrt(largest / smallest))

    def _mean(self, product):
        rows = zip(self._shares, self._Z, self._y, strict=True)
        return sum(share * product(z, v) for share, z, v in rows)

    def theta(self, rule, t):
        """theta_t as doubles, and J_t."""
        with mp.workdps(DIGITS):
            along = mp.matrix(
                [
                    (1 - residual_polynomial(rule, c, t)) / c * slope if c else mpf(0)
                    for c, slope in zip(self.eigenvalues, self._slopes, strict=True)
                ]
            )
            theta = list(self._V * along)
            squares = self._mean(lambda z, v: (mp.fdot(z, theta) - v) ** 2)
            penalty = self._alpha * sum(v * v for v in theta[self._first :])
            return np.array([float(v) for v in theta]), float((squares + penalty) / 2)


def residual_polynomial(rule, c, t):
    """p_t(c) by squaring the matrix of the recurrence; rates and momentum are doubles."""
    lr, m = mpf(rule.lr), mpf(rule.momentum)
    left = 1 - lr * c
    if not m:
        return left**t
    # (p_{t+1}, p_t) = M (p_t, p_{t-1}); p_0 = 1, and p_{-1} is what makes p_1 right.
    P, Q = ((1 + m) * left, m * left) if rule.nesterov else (m + left, m)
    first = left - m * lr * c if rule.nesterov else left
    if t == 0:
        return mpf(1)
    power = _matrix_power((P, -Q, mpf(1), mpf(0)), t - 1)
    return power[0] * first + power[1]


def _matrix_power(M, t):
    result = (mpf(1), mpf(0), mpf(0), mpf(1))
    while t:
        result = _times(result, M) if t & 1 else result
        M, t = _times(M, M), t >> 1
    return result


def _times(A, B):
    a, b, c, d = A
    e, f, g, h = B
    return (a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h)
