"""CholeskyQR2 against matrices built from their SVD."""

from __future__ import annotations

import numpy as np
import pytest

from helpers import EPS, from_singular_values
from sklearn_gd._linalg import Preconditioner, factor_of, rank_tolerance, refined_svd


def refined(Z, y, start, blocks=1):
    p = Z.shape[1]
    eigenvalues, vectors = np.linalg.eigh(Z.T @ Z)
    tolerance = rank_tolerance(p) * eigenvalues[-1]
    factor, inverse = factor_of(eigenvalues, vectors, tolerance)
    known = (
        vectors.T @ (Z.T @ (y - Z @ start)) / np.sqrt(np.maximum(eigenvalues, tolerance))[:, None]
    )
    known[eigenvalues <= tolerance] = 0.0
    preconditioner = Preconditioner(factor, inverse, known, start)
    parts = zip(np.array_split(Z, blocks), np.array_split(y, blocks), strict=True)
    return refined_svd(preconditioner, sum(preconditioner.products(*part) for part in parts))


@pytest.mark.parametrize("smallest", [1e-2, 1e-6, 1e-8, 1e-10])
def test_small_singular_values_are_kept(smallest):
    """Singular values are within a few EPS of the largest, though Z'Z loses those below 1e-8."""
    sigma = np.geomspace(1.0, smallest, 8)
    Z = from_singular_values(40, 8, sigma)
    y = np.random.default_rng(1).standard_normal((40, 2))
    found, basis, residual, left_over = refined(Z, y, np.zeros((8, 2)), blocks=3)
    np.testing.assert_allclose(found, sigma, rtol=0, atol=16 * EPS)
    np.testing.assert_allclose(basis.T @ basis, np.eye(len(found)), atol=1e-14)
    left = np.linalg.svd(Z, full_matrices=False)[0]
    off = max(1e-13, 16 * EPS / smallest)  # rounding Z turns its last left vector by as much
    within = np.sum((left.T @ y) ** 2, axis=0)
    np.testing.assert_allclose(np.sum(residual**2, axis=0), within, rtol=off)
    assert left_over == pytest.approx(np.sum((y - left @ (left.T @ y)) ** 2), rel=off)


def test_the_projection_on_each_direction_is_that_of_the_svd():
    """U'residual has the digits of the SVD of Z, from any start, if singular values are apart."""
    sigma = np.geomspace(1.0, 1e-6, 6)
    Z = from_singular_values(40, 6, sigma)
    y, start = np.random.default_rng(1).standard_normal((40, 1)), np.ones((6, 1))
    _, basis, residual, _ = refined(Z, y, start)
    left, _, right = np.linalg.svd(Z, full_matrices=False)
    signs = np.sign(np.sum(basis.T * right, axis=1, keepdims=True))
    np.testing.assert_allclose(signs * residual, left.T @ (y - Z @ start), atol=1e-9)


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_directions_without_a_singular_value_stay_at_zero(rank):
    """Rank-deficient Z has `rank` singular values, the others within rounding of zero."""
    sigma = np.geomspace(1.0, 1e-3, rank)
    Z = from_singular_values(40, 6, sigma)
    y = np.random.default_rng(1).standard_normal((40, 1))
    found, _, _, left_over = refined(Z, y, np.zeros((6, 1)))
    np.testing.assert_allclose(found[:rank], sigma, atol=16 * EPS)
    assert np.all(found[rank:] <= 16 * EPS)
    left = np.linalg.svd(Z, full_matrices=False)[0][:, :rank]
    residual = np.sum((y - left @ (left.T @ y)) ** 2)
    assert left_over == pytest.approx(residual, rel=1e-12)


def test_a_tiny_residual_has_digits_of_its_own():
    """A least squares of 1e-20 of y's is known to three digits at a condition of 1e5."""
    Z = from_singular_values(40, 6, np.geomspace(1.0, 1e-5, 6))
    outside = np.random.default_rng(1).standard_normal((40, 1))
    outside -= Z @ np.linalg.lstsq(Z, outside, rcond=None)[0]
    outside *= 1e-10 / np.linalg.norm(outside)
    *_, left_over = refined(Z, Z @ np.ones((6, 1)) + outside, np.zeros((6, 1)))
    assert left_over == pytest.approx(1e-20, rel=1e-3)
