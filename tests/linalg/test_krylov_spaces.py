"""Laws of Golub-Kahan, Lanczos and the basis that both fill, on matrices of known SVD."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from helpers import EPS, distance, from_singular_values
from linalg.dense_rows import DenseVectors
from sklearn_gd._linalg import GolubKahan, KrylovBasis, Lanczos

SIGMA = np.array([3.0, 2.0, 1.2, 0.9, 0.5, 0.2, 0.05])
A = from_singular_values(12, 7, SIGMA)
B = np.random.default_rng(1).standard_normal((12, 2))


def golub_kahan(size, A=A, B=B):
    space = GolubKahan(DenseVectors(A, B), A.shape, EPS)
    space.grow(size)
    return space


def lanczos(size, A=A, B=B):
    space = Lanczos(A.T @ A, A.T @ B, 0.5 * np.sum(B**2, axis=0), EPS)
    space.grow(size)
    return space


SPACES = pytest.mark.parametrize("space_of", [golub_kahan, lanczos])


def vectors(basis, size):
    return basis.combine(np.eye(size)).T


def tridiagonal(ritz):
    return np.diag(ritz.diagonal) + np.diag(ritz.offdiagonal, 1) + np.diag(ritz.offdiagonal, -1)


@SPACES
@pytest.mark.parametrize("size", [1, 4, 6])
def test_a_space_projects_the_problem(space_of, size):
    """T is V'A'A V with orthonormal V, and A'A V leaves V along one more vector only."""
    space = space_of(size)
    for basis, ritz in zip(space.bases, space.ritz(), strict=True):
        V, T = vectors(basis, size + 1), tridiagonal(ritz)
        np.testing.assert_allclose(V.T @ V, np.eye(size + 1), atol=1e-14)
        image = A.T @ (A @ V[:, :size])
        image[:, -1] -= ritz.next_offdiagonal * V[:, size]
        np.testing.assert_allclose(image, V[:, :size] @ T, atol=1e-13)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_golub_kahan_and_lanczos_agree(size):
    """Both find the same T, Ritz values, residuals and least loss."""
    for ours, theirs in zip(golub_kahan(size).ritz(), lanczos(size).ritz(), strict=True):
        assert distance(ours.diagonal, theirs.diagonal) <= 1e-13
        assert ours.next_offdiagonal == pytest.approx(theirs.next_offdiagonal, rel=1e-12)
        assert distance(np.sort(ours.eigenvalues), theirs.eigenvalues) <= 1e-13
        order = np.argsort(ours.eigenvalues)
        assert (
            distance(np.abs(ours.rotated_residual[order]), np.abs(theirs.rotated_residual)) < 1e-9
        )
        assert ours.floor == pytest.approx(theirs.floor, rel=1e-12)


@SPACES
def test_a_complete_space_has_the_svd(space_of):
    """An invariant space has the squared singular values, U'b and the least-squares residual."""
    space = space_of(100)
    assert space.complete
    left, sigma, _ = np.linalg.svd(A, full_matrices=False)
    for j, ritz in enumerate(space.ritz()):
        assert ritz.complete
        order = np.argsort(-ritz.eigenvalues)
        np.testing.assert_allclose(ritz.eigenvalues[order], sigma**2, rtol=0, atol=1e-14 * 9)
        across = np.abs(left.T @ B[:, j])
        np.testing.assert_allclose(np.abs(ritz.rotated_residual[order]), across, atol=1e-10)
        residual = B[:, j] - A @ np.linalg.lstsq(A, B[:, j], rcond=None)[0]
        assert ritz.floor == pytest.approx(0.5 * residual @ residual, rel=1e-12)


@SPACES
@pytest.mark.parametrize("distinct", [1, 2, 3])
def test_equal_and_zero_singular_values_are_told_apart_from_none(space_of, distinct):
    """A rank-deficient matrix has an invariant space, and U'b along its distinct values only."""
    sigma = np.r_[np.resize([3.0, 2.0, 1.0][:distinct], 5), 0.0, 0.0]
    deficient = from_singular_values(12, 7, sigma)
    space = space_of(100, A=deficient)
    assert space.complete
    assert distinct <= space.size <= 6
    left = np.linalg.svd(deficient)[0][:, :5]
    values = np.sort(sigma[:5])[::-1]
    for j, ritz in enumerate(space.ritz()):
        for value in set(values):
            found = np.abs(ritz.eigenvalues - value**2) <= 1e-12
            across = left[:, values == value].T @ B[:, j]
            assert np.linalg.norm(ritz.rotated_residual[found]) == pytest.approx(
                np.linalg.norm(across), rel=1e-10
            )
        outside = B[:, j] - left @ (left.T @ B[:, j])
        assert ritz.floor == pytest.approx(0.5 * outside @ outside, rel=1e-10)


@SPACES
def test_a_target_that_is_done_waits_for_the_other(space_of):
    """A zero residual and an eigenvector end at once, and the second target is as when alone."""
    left = np.linalg.svd(A, full_matrices=False)[0]
    both = np.column_stack([np.zeros(12), left[:, 0], B[:, 0]])
    space, alone = space_of(5, B=both), space_of(5, B=B[:, :1])
    nothing, one, ritz = space.ritz()
    assert (nothing.size, nothing.floor, nothing.complete) == (0, 0.0, True)
    assert (one.size, one.complete) == (1, True)
    assert one.eigenvalues[0] == pytest.approx(9.0)
    assert distance(ritz.diagonal, alone.ritz()[0].diagonal) <= 1e-14


def test_a_least_residual_has_digits_of_its_own():
    """Golub-Kahan knows a floor of 1e-20 times the first loss to four digits."""
    exact = A @ np.ones((7, 1))
    off = from_singular_values(12, 7, SIGMA)
    outside = B[:, :1] - off @ np.linalg.lstsq(off, B[:, :1], rcond=None)[0]
    outside *= 1e-10 * np.linalg.norm(exact) / np.linalg.norm(outside)
    floor = golub_kahan(100, B=exact + outside).ritz()[0].floor
    assert floor == pytest.approx(0.5 * np.sum(outside**2), rel=1e-4)


@pytest.mark.parametrize("outside", [1.0, 1e-6, 1e-12])
def test_what_is_orthogonalised_is_orthogonal(outside):
    """The part that is left is orthogonal to rounding, even if it is 1e-12 of the vector."""
    basis = filled(37)
    noise = np.random.default_rng(2).standard_normal(60)
    vector = basis.combine(np.ones(37)) + outside * noise
    left = basis.orthogonalise(vector)
    assert np.abs(vectors(basis, 37).T @ left).max() <= 4 * EPS * np.linalg.norm(left)


def test_a_basis_combines_its_first_vectors():
    """Coordinates of any shape give the sums that a matrix product gives."""
    basis = filled(37)
    V = vectors(basis, 37)
    for shape in ((5,), (3, 16), (2, 3, 33), (0, 7)):
        coordinates = np.random.default_rng(3).standard_normal(shape)
        combined = basis.combine(coordinates)
        assert combined.shape == (*shape[:-1], 60)
        np.testing.assert_allclose(combined, coordinates @ V[:, : shape[-1]].T, atol=1e-14)


def test_a_pickled_basis_holds_its_vectors_only():
    """Rows of a chunk that hold no vector yet are not pickled."""
    basis = filled(17)
    copy = pickle.loads(pickle.dumps(basis))
    assert sum(len(chunk) for chunk in copy._chunks) == 17
    assert np.array_equal(copy.combine(np.eye(17)), basis.combine(np.eye(17)))


def filled(size):
    basis = KrylovBasis(60)
    columns = np.linalg.qr(np.random.default_rng(4).standard_normal((60, size)))[0]
    for column in columns.T:
        basis.append(column)
    return basis
