"""Predictions and losses of a path on rows that were not fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array, check_consistent_length

from sklearn_gd._data import RowsInMemory
from sklearn_gd._descent import ClosedForm
from sklearn_gd._report.layout import Floats
from sklearn_gd._tuning import blocks, row_factor

if TYPE_CHECKING:
    from sklearn_gd.path import DescentPath  # noqa: TID251  (for types alone)


def predictions(path: DescentPath, X: Any, t: NDArray[Any]) -> Floats:
    """Return the predictions of iterates t for the rows of X, t.shape + (n,) or + (n, k)."""
    X, layout = _features(path, X), path._layout
    theta = np.moveaxis(path.parameters(t), -1, 0)  # (p, *t.shape) or (p, *t.shape, k)
    found = _seen(RowsInMemory(X, None, None, layout.fit_intercept), X, theta)
    found = np.moveaxis(found, 0, t.ndim)
    return found[..., np.newaxis] if layout.y_layout == "column" else found


def held_out_losses(
    path: DescentPath, t: NDArray[Any], X: Any, y: Any, sample_weight: Any
) -> Floats:
    """Return half the weighted mean squared error of iterates t, summed over targets.

    Many t are answered from an R factor of the rows seen along the path's directions, so the rows
    are read three times however many t there are; fewer t than directions from the iterates.
    """
    rows, descent, steps = _rows(path, X, y, sample_weight), path._descent, t.ravel()
    descent.loss(steps.max(initial=0))  # refuses t beyond those that are known
    with np.errstate(over="ignore", invalid="ignore"):  # infinite iterates
        if isinstance(descent, ClosedForm) and t.size > descent.energy.size:
            held_out = row_factor(descent.spectrum, rows).held_out(rows.n_targets)
            squares = rows.n_targets * held_out.errors_of(descent, steps)
        else:
            squares = np.asarray(_squares_of_iterates(path, steps, rows) / rows.weight)
    return 0.5 * np.nan_to_num(squares, nan=np.inf, posinf=np.inf).reshape(t.shape)


def _squares_of_iterates(path: DescentPath, t: NDArray[Any], rows: RowsInMemory) -> Floats:
    """Return weighted sums of squares of residuals, (T,), from blocks of iterates and of rows."""
    squares, w = np.zeros(t.size), rows.sample_weight
    for block in blocks(t.size, path._descent.start.size):
        theta = np.moveaxis(path._descent.theta(t[block]), 0, 1)  # (p, T, k)
        for part in blocks(rows.n_samples, theta[0].size):
            residual = _seen(rows, rows.X[part], theta) - rows.y[part, np.newaxis]
            weighted = residual if w is None else residual * w[part, np.newaxis, np.newaxis]
            squares[block] += np.einsum("ntk,ntk->t", residual, weighted)
    return squares


def _seen(rows: RowsInMemory, X: Any, theta: Floats) -> Floats:
    """Return Z theta of a block of X, (n, ...), for parameters (p, ...)."""
    products = rows.predict(X, theta.reshape(len(theta), -1))
    return np.asarray(products.reshape(-1, *theta.shape[1:]))


def _features(path: DescentPath, X: Any) -> Any:
    names, known = list(getattr(X, "columns", ())), list(path._layout.feature_names or ())
    if names != known and set(names) == set(known):
        raise ValueError(f"X must have its columns in the order of fit, {known}; got {names}.")
    X = check_array(X, accept_sparse="csr", dtype=[np.float64, np.float32], input_name="X")
    expected = path._descent.start.shape[0] - path._layout.fit_intercept
    if X.shape[1] != expected:
        raise ValueError(f"X must have {expected} features, as in fit; got {X.shape[1]}.")
    return X


def _rows(path: DescentPath, X: Any, y: Any, sample_weight: Any) -> RowsInMemory:
    X, w = _features(path, X), sample_weight
    if y is None:
        raise ValueError("loss on other rows needs both X and y; got X without y.")
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    y = y.reshape(len(y), -1)
    check_consistent_length(X, y)
    k = path._descent.start.shape[1]
    if y.shape[1] != k:
        raise ValueError(f"y must have as many targets as in fit, {k}; got {y.shape[1]}.")
    if w is not None:
        w = check_array(w, ensure_2d=False, dtype=np.float64, input_name="sample_weight")
        if w.shape != (len(y),):
            raise ValueError(f"sample_weight must have shape ({len(y)},); got {w.shape}.")
        if w.min() < 0 or not w.max() > 0:
            raise ValueError("sample_weight must not be negative, nor all zero.")
        w = w / w.max()  # so that no sum of weights overflows or vanishes
    return RowsInMemory(X, y, w, path._layout.fit_intercept)
