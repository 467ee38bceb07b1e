"""The problem as sums: rows go in, a matrix of (1 + n_features + n_targets)^2 numbers comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from sklearn_gd._descent.rows import LARGEST_SIZE, NotFinite, Rows

Floats = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
# The ratio of variances of columns on one scale: standardising them divides the condition number of
# centred columns, and so about the updates, by no more than that.
SAME_SCALE = 4.0


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted sums of products of the columns of [1 X y]; they are all that descent needs.

    One block extended by a column of ones and by y gives H, b, y'y, the total weight and all
    means in a single symmetric product. Moments of two sets of rows add up to those of their union.
    """

    sums: Floats  # (1 + n_features + n_targets, same)
    n_targets: int
    n_samples: int
    unit: float = EPS  # the rounding of the sums

    def __add__(self, other: Moments) -> Moments:
        n_samples, unit = self.n_samples + other.n_samples, max(self.unit, other.unit)
        return Moments(self.sums + other.sums, self.n_targets, n_samples, unit)

    @property
    def weight(self) -> float:
        return float(self.sums[0, 0])

    def hessian(self, fit_intercept: bool) -> Floats:
        """H = Z' diag(w) Z / W."""
        z = self._columns(fit_intercept)
        return self.sums[z, z] / self.weight

    def products_with_y(self, fit_intercept: bool) -> Floats:
        """b = Z' diag(w) Y / W, one column per target."""
        return self.sums[self._columns(fit_intercept), -self.n_targets :] / self.weight

    def mean_squares_of_y(self) -> Floats:
        """diag(Y' diag(w) Y) / W."""
        return np.diagonal(self.sums)[-self.n_targets :] / self.weight

    def standardised(self, fit_intercept: bool) -> Moments:
        """The moments of the same rows after `StandardScaler`; constant columns keep their scale.

        Without an intercept the columns are scaled but not centred, since centring them would
        make a different problem.
        """
        mean, variance, moves = self._spread(fit_intercept)
        columns = slice(1, 1 + mean.size)
        scale = np.sqrt(np.where(moves, variance, 1.0))
        change = np.eye(self.sums.shape[0])
        change[columns, columns] = np.diag(1.0 / scale)
        change[0, columns] = -mean * moves / scale
        return Moments(change.T @ self.sums @ change, self.n_targets, self.n_samples, self.unit)

    def may_gain_from_scaling(self, fit_intercept: bool) -> bool:
        """Whether the columns are on scales of their own, or far from zero for their spread."""
        mean, variance, moves = self._spread(fit_intercept)
        return may_gain_from_scaling(mean[moves], variance[moves], self.n_samples)

    def constant_columns(self) -> list[int]:
        """The features that do not move: beside an intercept they repeat it."""
        return [int(j) for j in np.flatnonzero(~self._spread(True)[2])]

    def _spread(self, centred: bool) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Mean (0 if not centred), variance about it, and whether the column moves about it."""
        columns = slice(1, self.sums.shape[0] - self.n_targets)
        mean = self.sums[0, columns] / self.weight * centred
        mean_square = np.diagonal(self.sums)[columns] / self.weight
        variance = mean_square - mean**2
        # A variance below the rounding of its own difference is that of a constant column.
        return mean, variance, variance > 16 * self.unit * mean_square

    def _columns(self, fit_intercept: bool) -> slice:
        return slice(0 if fit_intercept else 1, self.sums.shape[0] - self.n_targets)


@dataclass(frozen=True)
class HaveMoments:
    """How to have them, where they cost little and may not be asked for."""

    made: Callable[[], Moments]
    may_gain_from_scaling: Callable[[], bool]  # at less cost yet

    @classmethod
    def of(cls, moments: Moments, fit_intercept: bool) -> HaveMoments:
        return cls(lambda: moments, lambda: moments.may_gain_from_scaling(fit_intercept))


def may_gain_from_scaling(mean: Floats, variance: Floats, n_samples: int) -> bool:
    """By more than what n_samples independent rows of standard columns would by accident."""
    if not variance.size:
        return False
    if variance.max() > SAME_SCALE * variance.min():
        return True
    by_accident = max(1.0, 2.0 * variance.size / n_samples)
    return float(np.add.reduce(mean**2 / variance)) > by_accident


def moments_of(rows: Rows) -> Moments:
    """One pass over the rows."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _sparse_sums(rows) if sparse.issparse(rows.X) else _dense_sums(rows)
    check_sums(sums, LARGEST_SIZE)
    return Moments(sums, rows.y.shape[1], rows.n_samples)


def check_sums(sums: Floats, largest_size: float) -> None:
    """Raise NotFinite unless they are of numbers of that size at most."""
    check_squares(np.diagonal(sums), float(sums[0, 0]), largest_size)


def check_squares(squares: Floats, weight: float, largest_size: float) -> None:
    """The same of weighted sums of squares."""
    # A comparison that is also false for nan.
    if not (squares <= largest_size**2 * max(weight, 1.0)).all():
        raise NotFinite(largest_size)


def _dense_sums(rows: Rows) -> Floats:
    if rows.summed_in_place:
        return _sums_in_place(rows)
    return sum_of_products(rows.extended_blocks(), 1 + rows.X.shape[1] + rows.y.shape[1])


def _sums_in_place(rows: Rows) -> Floats:
    """X'X by itself, and X once more, from cache, for what is beside it."""
    d = rows.X.shape[1]
    sums, products = np.zeros((1 + d + rows.n_targets,) * 2), np.empty((d, d))
    inner, last = slice(1, 1 + d), slice(1 + d, None)
    for block, parts in rows.blocks_in_place():
        sums[inner, inner] += np.matmul(block.T, block, out=products)
        for ones, X, y in parts:
            sums[0, inner] += ones @ X
            sums[last, inner] += y.T @ X
            sums[0, 0] += len(y)
            sums[last, 0] += ones @ y
            sums[last, last] += y.T @ y
    sums[0, last] = sums[last, 0]
    sums[inner, 0], sums[inner, last] = sums[0, inner], sums[last, inner].T
    return sums


def sum_of_products(blocks: Iterable[Floats], size: int) -> Floats:
    """The sum of block' block, (size, size), over blocks that have many more numbers.

    By NumPy, which asks BLAS for half of what is symmetric, and whose threads decompose it next.
    """
    sums, products = np.zeros((size, size)), np.empty((size, size))
    for block in blocks:
        np.matmul(block.T, block, out=products)
        sums += products
    return sums


def _sparse_sums(rows: Rows) -> Floats:
    root = rows.root_weight()
    X = rows.X.astype(np.float64, copy=False)
    X = X if root is None else X.multiply(root[:, np.newaxis]).tocsr()
    ones = np.ones(rows.n_samples) if root is None else root
    y = rows.y if root is None else rows.y * root[:, np.newaxis]
    dense = np.column_stack([ones, y])
    across = np.asarray(X.T @ dense, dtype=float)
    return assembled((X.T @ X).toarray(), across, dense.T @ dense)


def assembled(gram: Floats, across: Floats, within: Floats) -> Floats:
    """The sums from X'X, X'[1 y] and [1 y]'[1 y], rows weighted."""
    d, k = len(gram), len(within) - 1
    sums = np.empty((1 + d + k, 1 + d + k))
    sums[1 : 1 + d, 1 : 1 + d] = gram
    sums[1 : 1 + d, 0] = sums[0, 1 : 1 + d] = across[:, 0]
    sums[1 : 1 + d, 1 + d :] = across[:, 1:]
    sums[1 + d :, 1 : 1 + d] = across[:, 1:].T
    outer = np.r_[0, 1 + d : 1 + d + k]
    sums[np.ix_(outer, outer)] = within
    return sums
