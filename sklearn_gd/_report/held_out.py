"""Predictions and losses of a path on rows that were not fitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length

from sklearn_gd._descent import ClosedForm, clip_overflow

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)

Floats = NDArray[np.floating[Any]]

# Numbers that are formed at once: predictions of a block of rows, or iterates of a block of t.
BLOCK_NUMBERS = 1 << 20


def predictions(path: DescentPath, X: Any, t: NDArray[Any]) -> Floats:
    """Return the predictions of iterates t for the rows of X, t.shape + (n,) or + (n, k)."""
    X = _checked(path, X)
    coef, intercept = path.coef(t), np.asarray(path.intercept(t))
    one_target = path._layout.y_layout != "2d"
    products = np.asarray(X @ coef.reshape(-1, X.shape[1]).T).T  # (t and targets, n)
    if one_target:
        found = products.reshape(*t.shape, -1) + intercept.reshape(*t.shape, 1)
        return np.asarray(found if path._layout.y_layout == "1d" else found[..., np.newaxis])
    found = np.swapaxes(products.reshape(*t.shape, coef.shape[-2], -1), -1, -2)
    # Without an intercept there is one zero for all targets.
    return np.asarray(found + intercept.reshape(*t.shape, 1, -1))


def held_out_losses(
    path: DescentPath, t: NDArray[Any], X: Any, y: Any, sample_weight: Any
) -> Floats:
    """Return half the weighted mean squared error of iterates t, summed over targets.

    Many t are answered from an R factor of the rows seen along the path's directions, so the rows
    are read three times however many t there are; fewer t than directions from the iterates.
    """
    X = _checked(path, X)
    y, w = _targets(path, X, y), _weights(X, sample_weight)
    descent = path._descent
    if not isinstance(descent, ClosedForm) or t.size <= descent.energy.size:
        squares = _squares_of_iterates(path, t.ravel(), (X, y, w))
        return np.asarray(0.5 * squares / w.sum()).reshape(t.shape)
    with np.errstate(over="ignore"):
        along = descent.spectrum.directions()[:, descent.moving]
    scaled = [
        factor * np.append(1.0, reach)
        for factor, reach in zip(_factors(path, X, y, w, along), descent.amplitudes.T, strict=True)
    ]
    flat, squares = t.ravel(), np.zeros(t.size)
    step = max(1, BLOCK_NUMBERS // (1 + along.shape[1]))
    for first in range(0, t.size, step):
        block = slice(first, first + step)
        with np.errstate(over="ignore"):
            unclipped = descent.factors.filter_factor(flat[block])
        filters = clip_overflow(unclipped)
        lines = np.concatenate([np.ones((len(filters), 1)), -filters], axis=1)
        for factor in scaled:
            residual = lines @ factor.T
            squares[block] += np.einsum("tr,tr->t", residual, residual)
        squares[block][(filters != unclipped).any(axis=1)] = np.inf
    return np.asarray(0.5 * squares / w.sum()).reshape(t.shape)


def _factors(path: DescentPath, X: Any, y: Floats, w: Floats, along: Floats) -> Iterator[Floats]:
    """Yield each target's R factor of diag(sqrt(w)) [y - Z theta_0, Z directions]."""
    start, first = path._descent.start, int(path._layout.fit_intercept)
    step = max(1, BLOCK_NUMBERS // (1 + along.shape[1]))
    factors = [np.zeros((0, 1 + along.shape[1])) for _ in range(y.shape[1])]
    for begin in range(0, X.shape[0], step):
        rows = slice(begin, begin + step)
        root = np.sqrt(w[rows])[:, np.newaxis]
        seen = np.asarray(X[rows] @ along[first:]) + along[:first].sum(axis=0)
        residual = y[rows] - np.asarray(X[rows] @ start[first:]) - start[:first].sum(axis=0)
        for j, factor in enumerate(factors):
            block = np.concatenate([factor, root * np.column_stack([residual[:, j], seen])])
            tall = len(block) > block.shape[1]
            factors[j] = np.asarray(np.linalg.qr(block, mode="r")) if tall else block
    yield from factors


def _squares_of_iterates(
    path: DescentPath, t: NDArray[Any], rows: tuple[Any, Floats, Floats]
) -> Floats:
    """Return weighted sums of squares of residuals, (T,), from blocks of iterates and of rows."""
    (X, y, w), first = rows, int(path._layout.fit_intercept)
    squares, at_once = np.zeros(t.size), max(1, BLOCK_NUMBERS // path._descent.start.size)
    for begin in range(0, t.size, at_once):
        block = slice(begin, begin + at_once)
        theta = np.moveaxis(path._descent.theta(t[block]), 0, 1)  # (p, T, k)
        step = max(1, BLOCK_NUMBERS // theta[0].size)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite iterates
            for row in range(0, len(y), step):
                part = slice(row, row + step)
                predicted = np.asarray(X[part] @ theta[first:].reshape(X.shape[1], -1))
                residual = predicted.reshape(-1, *theta.shape[1:]) + theta[:first].sum(axis=0)
                residual -= y[part, np.newaxis]
                squares[block] += np.einsum("n,ntk,ntk->t", w[part], residual, residual)
    return np.nan_to_num(squares, nan=np.inf, posinf=np.inf)


def _checked(path: DescentPath, X: Any) -> Any:
    names, known = list(getattr(X, "columns", ())), list(path._layout.feature_names or ())
    if names != known and set(names) == set(known):
        raise ValueError(f"X must have its columns in the order of fit, {known}; got {names}.")
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], input_name="X")
    expected = path._descent.start.shape[0] - path._layout.fit_intercept
    if X.shape[1] != expected:
        raise ValueError(f"X must have {expected} features, as in fit; got {X.shape[1]}.")
    return X


def _targets(path: DescentPath, X: Any, y: Any) -> Floats:
    if y is None:
        raise ValueError("loss on other rows needs both X and y; got X without y.")
    table = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    table = table.reshape(len(table), -1)
    check_consistent_length(X, table)
    k = path._descent.start.shape[1]
    if table.shape[1] != k:
        raise ValueError(f"y must have as many targets as in fit, {k}; got {table.shape[1]}.")
    return np.asarray(table)


def _weights(X: Any, sample_weight: Any) -> Floats:
    if sample_weight is None:
        return np.ones(X.shape[0])
    w = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if w.shape != (X.shape[0],):
        raise ValueError(f"sample_weight must have shape ({X.shape[0]},); got {w.shape}.")
    if w.min() < 0 or not w.max() > 0:
        raise ValueError("sample_weight must not be negative, nor all zero.")
    return np.asarray(w / w.max())  # so that no sum of weights overflows or vanishes
