"""The errors of a grid by textbook loops: one loop for each fold and rate."""

from __future__ import annotations

import numpy as np

# Updates walked beyond the grid, to see whether a loss has risen for good.
BEYOND = 200


def regression(n=60, d=4, targets=1, seed=0):
    """Correlated columns of unit size and noisy linear targets (n, k)."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ (np.eye(d) + 0.5)
    X /= X.std(axis=0)
    return X, X @ rng.standard_normal((d, targets)) + 0.5 + rng.standard_normal((n, targets))


def design(X, intercept=True):
    """Z = [1 X] or X."""
    return np.column_stack([np.ones(len(X)), X]) if intercept else np.asarray(X, float)


def hessian(X, w=None, intercept=True, alpha=0.0):
    """H of the penalised objective."""
    Z = design(X, intercept)
    w = np.ones(len(X)) if w is None else w
    penalty = alpha * np.eye(Z.shape[1])
    penalty[: int(intercept)] = 0.0
    return Z.T @ (w[:, None] * Z) / w.sum() + penalty


def walk(X, y, lr, updates, *, w=None, intercept=True, alpha=0.0, momentum=0.0, nesterov=False):
    """Thetas (updates + 1, p, k) and objectives of the literal loop from zeros."""
    Z = design(X, intercept)
    w = np.ones(len(X)) if w is None else w
    penalty = np.full((Z.shape[1], 1), alpha)
    penalty[: int(intercept)] = 0.0
    theta, velocity = np.zeros((Z.shape[1], y.shape[1])), 0.0
    thetas, losses = [], []
    for _ in range(updates + 1):
        residual = Z @ theta - y
        squares = np.sum(w[:, None] * residual**2) / w.sum()
        thetas.append(theta)
        losses.append(0.5 * squares + 0.5 * np.sum(penalty * theta**2))
        gradient = Z.T @ (w[:, None] * residual) / w.sum() + penalty * theta
        velocity = momentum * velocity - lr * gradient
        theta = theta + (momentum * velocity - lr * gradient if nesterov else velocity)
    return np.array(thetas), np.array(losses)


def answers(losses, largest, lr, momentum=0.0, nesterov=False):
    """For each t of `losses` the iterate that a fit with max_iter=t keeps."""
    steps = np.arange(len(losses))
    limit = (2 + 2 * momentum) / ((1 + 2 * momentum) if nesterov else 1)
    if lr * largest <= limit:
        return steps
    if momentum:
        risen = np.flatnonzero(losses <= losses[0])[-1] + 1
    else:
        risen = np.argmax(np.append(np.diff(losses) > 1e-15 * losses[:-1], True)) + 1
    return np.where(steps < risen, steps, np.argmin(losses[:risen]))


def literal_errors(X, y, lrs, iters, splits, *, w=None, intercept=True, alpha=0.0, **rule):
    """Held-out mean squared errors (n_lrs, n_iters, n_folds), without the penalty."""
    weights = np.ones(len(X)) if w is None else w
    errors = np.empty((len(lrs), len(iters), len(splits)))
    for f, (train, test) in enumerate(splits):
        common = {"w": weights[train], "intercept": intercept, "alpha": alpha}
        largest = np.linalg.eigvalsh(hessian(X[train], **common))[-1]
        for i, lr in enumerate(lrs):
            with np.errstate(over="ignore", invalid="ignore"):
                thetas, losses = walk(X[train], y[train], lr, max(iters) + BEYOND, **common, **rule)
                kept = thetas[answers(losses, largest, lr, **rule)[iters]]
            squares = np.mean((design(X[test], intercept) @ kept - y[test]) ** 2, axis=-1)
            errors[i, :, f] = squares @ weights[test] / weights[test].sum()
    return errors


def literal_gcv(X, y, lr, t, *, w=None, intercept=True, alpha=0.0, momentum=0.0, nesterov=False):
    """GCV and dof from the matrix that maps y to the predictions after t updates."""
    w = np.ones(len(X)) if w is None else w
    thetas, _ = walk(
        X, np.eye(len(X)), lr, t, w=w, intercept=intercept, alpha=alpha,
        momentum=momentum, nesterov=nesterov,
    )  # fmt: skip
    hat = design(X, intercept) @ thetas[-1]
    dof = np.trace(hat)
    squares = np.average(np.mean((hat @ y - y) ** 2, axis=1), weights=w)
    return squares / (1 - dof / w.sum()) ** 2, dof
