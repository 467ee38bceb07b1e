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
Rows = tuple[Any, Floats, Floats]  # X, y (n, k) and weights (n,)

# Numbers that are formed at once: predictions of a block of rows, or iterates of a block of t.
BLOCK_NUMBERS = 1 << 20


def predictions(path: DescentPath, X: Any, t: NDArray[Any]) -> Floats:
    """Return the predictions of iterates t for the rows of X, t.shape + (n,) or + (n, k)."""
    X = _features(path, X)
    theta = np.moveaxis(path.parameters(t), -1, 0)  # (p, *t.shape) or (p, *t.shape, k)
    found = np.moveaxis(_products(path, X, theta), 0, t.ndim)
    return found[..., np.newaxis] if path._layout.y_layout == "column" else found


def held_out_losses(
    path: DescentPath, t: NDArray[Any], X: Any, y: Any, sample_weight: Any
) -> Floats:
    """Return half the weighted mean squared error of iterates t, summed over targets.

    Many t are answered from an R factor of the rows seen along the path's directions, so the rows
    are read three times however many t there are; fewer t than directions from the iterates.
    """
    rows, descent = _rows(path, X, y, sample_weight), path._descent
    few = not isinstance(descent, ClosedForm) or t.size <= descent.energy.size
    squares_of = _squares_of_iterates if few else _squares_by_factor
    squares = squares_of(path, t.ravel(), rows)
    return np.asarray(0.5 * squares / rows[2].sum()).reshape(t.shape)


def _squares_by_factor(path: DescentPath, t: NDArray[Any], rows: Rows) -> Floats:
    """Return weighted sums of squares of residuals, (T,), from the R factor of the rows.

    With R = [[S, g], [0, h]] they are |g - S (filter factors * amplitudes)|^2 + |h|^2.
    """
    descent = path._closed_form
    with np.errstate(over="ignore"):
        along = descent.spectrum.directions()[:, descent.moving]
    r = along.shape[1]
    factor = _factor(path, rows, along)
    squares = np.full(t.size, np.sum(factor[r:] ** 2))
    for block in _blocks(t.size, 1 + r):
        with np.errstate(over="ignore"):
            unclipped = descent.factors.filter_factor(t[block])
        filters = clip_overflow(unclipped)
        for first, reach in zip(factor[:r, r:].T, descent.amplitudes.T, strict=True):
            residual = first - (filters * reach) @ factor[:r, :r].T
            squares[block] += np.einsum("tr,tr->t", residual, residual)
        squares[block][(filters != unclipped).any(axis=1)] = np.inf
    return squares


def _factor(path: DescentPath, rows: Rows, along: Floats) -> Floats:
    """Return the R factor of diag(sqrt(w)) [Z along, y - Z theta_0]."""
    X, y, w = rows
    columns = np.concatenate([along, -path._descent.start], axis=1)
    factor = np.zeros((0, columns.shape[1]))
    for block in _blocks(len(y), columns.shape[1]):
        seen = _products(path, X[block], columns)
        seen[:, along.shape[1] :] += y[block]
        seen *= np.sqrt(w[block])[:, np.newaxis]
        factor = np.asarray(np.linalg.qr(np.concatenate([factor, seen]), mode="r"))
    return factor


def _squares_of_iterates(path: DescentPath, t: NDArray[Any], rows: Rows) -> Floats:
    """Return weighted sums of squares of residuals, (T,), from blocks of iterates and of rows."""
    X, y, w = rows
    squares = np.zeros(t.size)
    for block in _blocks(t.size, path._descent.start.size):
        theta = np.moveaxis(path._descent.theta(t[block]), 0, 1)  # (p, T, k)
        with np.errstate(over="ignore", invalid="ignore"):  # infinite iterates
            for part in _blocks(len(y), theta[0].size):
                residual = _products(path, X[part], theta) - y[part, np.newaxis]
                squares[block] += np.einsum("n,ntk,ntk->t", w[part], residual, residual)
    return np.nan_to_num(squares, nan=np.inf, posinf=np.inf)


def _blocks(length: int, width: int) -> Iterator[slice]:
    """Yield slices of 0..length, with about BLOCK_NUMBERS numbers if each entry makes `width`."""
    step = max(1, BLOCK_NUMBERS // width)
    return (slice(first, first + step) for first in range(0, length, step))


def _products(path: DescentPath, X: Any, theta: Floats) -> Floats:
    """Return Z theta, (n, ...), of parameters (p, ...)."""
    first = int(path._layout.fit_intercept)
    products = np.asarray(X @ theta[first:].reshape(X.shape[1], -1))
    return np.asarray(products.reshape(-1, *theta.shape[1:]) + theta[:first].sum(axis=0))


def _features(path: DescentPath, X: Any) -> Any:
    names, known = list(getattr(X, "columns", ())), list(path._layout.feature_names or ())
    if names != known and set(names) == set(known):
        raise ValueError(f"X must have its columns in the order of fit, {known}; got {names}.")
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], input_name="X")
    expected = path._descent.start.shape[0] - path._layout.fit_intercept
    if X.shape[1] != expected:
        raise ValueError(f"X must have {expected} features, as in fit; got {X.shape[1]}.")
    return X


def _rows(path: DescentPath, X: Any, y: Any, sample_weight: Any) -> Rows:
    X = _features(path, X)
    if y is None:
        raise ValueError("loss on other rows needs both X and y; got X without y.")
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    y = y.reshape(len(y), -1)
    check_consistent_length(X, y)
    k = path._descent.start.shape[1]
    if y.shape[1] != k:
        raise ValueError(f"y must have as many targets as in fit, {k}; got {y.shape[1]}.")
    if sample_weight is None:
        return X, y, np.ones(len(y))
    w = check_array(sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
    if w.shape != (len(y),):
        raise ValueError(f"sample_weight must have shape ({len(y)},); got {w.shape}.")
    if w.min() < 0 or not w.max() > 0:
        raise ValueError("sample_weight must not be negative, nor all zero.")
    return X, y, w / w.max()  # so that no sum of weights overflows or vanishes
