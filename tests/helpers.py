"""Independent truth, tolerances and problems that several tests share."""

from __future__ import annotations

import numpy as np

from sklearn_gd._descent import Accuracy, Spectrum

EPS = np.finfo(np.float64).eps
# The relative distance of iterates and losses from exact arithmetic that is promised, or 4 EPS
# times the condition number of Z.
CONTRACT = 1e-10


def tolerance(dtype=np.float64, condition=1.0):
    """The contract at a condition number of Z, and a rounding to the dtype: relative, norm-wise."""
    return max(CONTRACT, 4 * EPS * condition) + 4 * np.finfo(dtype).eps


def distance(actual, expected):
    """The norm of the difference relative to the norm of what is expected."""
    actual, expected = np.asarray(actual, float), np.asarray(expected, float)
    size = np.linalg.norm(expected)
    return np.linalg.norm(actual - expected) / size if size else np.linalg.norm(actual)


def literal_loop(
    X,
    y,
    lr,
    updates,
    *,
    sample_weight=None,
    fit_intercept=True,
    start=None,
    alpha=0.0,
    momentum=0.0,
    nesterov=False,
):
    """The loop that everybody writes by hand: thetas (updates + 1, p, k) and losses."""
    X, y = np.asarray(X, float), np.asarray(y, float)
    Z = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
    Y = y.reshape(len(y), -1)
    w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
    penalty = np.full((Z.shape[1], 1), alpha)
    penalty[: int(fit_intercept)] = 0.0
    theta = np.zeros((Z.shape[1], Y.shape[1])) if start is None else start.copy()
    velocity = np.zeros_like(theta)
    thetas, losses = [], []
    for t in range(updates + 1):
        residual = Z @ theta - Y
        thetas.append(theta.copy())
        squares = np.sum(w[:, None] * residual**2) / w.sum()
        losses.append((squares + np.sum(penalty * theta**2)) / 2)
        if t < updates:
            gradient = Z.T @ (w[:, None] * residual) / w.sum() + penalty * theta
            velocity = momentum * velocity - lr * gradient
            theta = theta + (momentum * velocity - lr * gradient if nesterov else velocity)
    return np.array(thetas), np.array(losses)


def largest_curvature(X, sample_weight=None, fit_intercept=True):
    """Of H = Z' diag(w) Z / W, by singular values."""
    X = np.asarray(X, float)
    Z = np.column_stack([np.ones(len(X)), X]) if fit_intercept else X
    w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
    return np.linalg.norm(Z * np.sqrt(w / w.sum())[:, None], 2) ** 2


def from_singular_values(n, d, singular_values, seed=0):
    """X of shape (n, d) with these singular values and random singular vectors."""
    rng = np.random.default_rng(seed)
    r = len(singular_values)
    U = np.linalg.qr(rng.standard_normal((n, r)))[0]
    V = np.linalg.qr(rng.standard_normal((d, r)))[0]
    return (U * singular_values) @ V.T


def regression(n=60, d=4, k=None, seed=0, noise=0.5):
    """A plain random regression problem; y of shape (n,), or (n, k)."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) + rng.uniform(-1, 1, d)
    coef = rng.standard_normal((d, k or 1))
    Y = X @ coef + 1.5 + noise * rng.standard_normal((n, k or 1))
    return X, Y if k else Y[:, 0]


# What is promised for any order, split and place of the rows.
PROMISED = 1e-10


def assert_same(model, other):
    """Two fits ended at the same t, for the same reason, with the same numbers."""
    assert model.n_iter_ == other.n_iter_
    assert model.stop_reason_ == other.stop_reason_
    assert distance(model.coef_, other.coef_) <= PROMISED
    assert distance(model.intercept_, other.intercept_) <= PROMISED
    assert distance(model.loss_history_, other.loss_history_) <= PROMISED
    assert model.coef_.shape == other.coef_.shape
    assert model.coef_.dtype == other.coef_.dtype
    assert np.shape(model.intercept_) == np.shape(other.intercept_)


def spectrum_by_hand(eigenvalues, residual, *, floor=0.25, start=None, **accuracy):
    """A spectrum with as many parameters as directions, in a basis turned by a reflection."""
    eigenvalues, residual = np.array(eigenvalues, float), np.array(residual, float)
    p, k = residual.shape
    start = np.zeros((p, k)) if start is None else start
    known = Accuracy(**({"squares": 1.0, "loss_rounding": 0.0} | accuracy))
    return Spectrum(start, eigenvalues, residual, floor, known, np.eye(p) - 2.0 / p)
