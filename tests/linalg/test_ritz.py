"""A projected problem against 100-digit arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp

from sklearn_gd._linalg import Ritz
from sklearn_gd._linalg.ritz import from_bidiagonal, from_tridiagonal


def exact_last_components(ritz):
    with mp.workdps(100):
        m = ritz.size
        T = mp.matrix(m, m)
        for i in range(m):
            T[i, i] = mp.mpf(ritz.diagonal[i])
        for i in range(m - 1):
            T[i, i + 1] = T[i + 1, i] = mp.mpf(ritz.offdiagonal[i])
        _, vectors = mp.eigsy(T)
        return np.array([float(abs(vectors[m - 1, i])) for i in range(m)])


@pytest.mark.parametrize("fall", [0.5, 0.1])
def test_last_components_have_digits_of_their_own(fall):
    """Components far below the rounding of a decomposition agree with 100 digits to 1e-6."""
    m = 14
    diagonal = np.linspace(1.0, 3.0, m) * fall ** np.arange(m)
    off = 0.3 * np.sqrt(diagonal[:-1] * diagonal[1:])
    ritz = from_tridiagonal(diagonal, np.append(off, 0.1), 1.0, 10.0)
    exact = exact_last_components(ritz)
    assert exact.min() < 1e-12
    np.testing.assert_allclose(
        np.abs(ritz.last_components), exact[-len(ritz.eigenvalues) :], rtol=1e-6
    )


def test_growth_beyond_floats_is_no_error():
    """Components below 1e-300 become zero without a warning."""
    diagonal = np.linspace(1.0, 2.0, 400)
    ritz = from_tridiagonal(diagonal, np.full(400, 1e-6), 1.0, 10.0)
    assert np.isfinite(ritz.last_components).all()
    assert np.abs(ritz.last_components).min() == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_the_error_of_the_largest_ritz_value_is_estimated(seed):
    """The largest Ritz value is below an eigenvalue by at most a few times `largest_error`."""
    rng = np.random.default_rng(seed)
    alphas, betas = rng.uniform(0.5, 2.0, 31), rng.uniform(0.1, 1.0, 30)
    exact = from_bidiagonal(alphas, betas, 1.0).eigenvalues
    for m in (3, 8, 15, 25):
        ritz = from_bidiagonal(alphas[: m + 1], betas[:m], 1.0)
        largest = ritz.eigenvalues.max()
        assert np.abs(exact - largest).min() <= (4 * ritz.largest_error + 1e-14) * largest
        assert largest <= exact.max() * (1 + 1e-14)


def test_a_bidiagonal_matrix_keeps_small_singular_values():
    """Squares of singular values of 1e-9 are found, which eigenvalues of T do not hold."""
    alphas = np.geomspace(1.0, 1e-9, 5)
    ritz = from_bidiagonal(np.append(alphas, 0.0), 1e-3 * alphas, 1.0)
    lower = np.vstack([np.diag(alphas), np.zeros(5)])
    lower[np.arange(1, 6), np.arange(5)] = 1e-3 * alphas
    with mp.workdps(60):
        exact = sorted(mp.eigsy(mp.matrix(lower).T * mp.matrix(lower), eigvals_only=True))
    assert isinstance(ritz, Ritz)
    assert float(abs(np.sqrt(ritz.eigenvalues.min()) - mp.sqrt(exact[0]))) <= 1e-15
