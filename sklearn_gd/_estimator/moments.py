"""Moments: cross-products of rows that add up, travel, and are all that descent needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._data import LARGEST_SIZE, CrossProducts, SummedRows, zeros
from sklearn_gd._descent import ClosedForm, UpdateRule, floor_error
from sklearn_gd._estimator.array_api import Device
from sklearn_gd._estimator.prepare import FitInput, naming_what_is_not_finite, prepare
from sklearn_gd._estimator.validation import FeatureChecker, check_choice, check_size_of_X
from sklearn_gd._report.layout import Layout
from sklearn_gd._solvers import MOST_PARAMETERS, eigenbasis

# What a saved file says of itself, so that a later version can read an earlier one's.
FORMAT = 1
KEYS = {
    *("format", "sums", "unit", "n_targets", "n_samples"),
    *("targets", "dtype", "named", "feature_names"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """The sums over rows that gradient descent needs: weighted products of the columns of [1 X y].

    Moments of two sets of rows add up to those of their union, so rows can be read in any order, in
    any number of parts, and wherever they are. Made by `from_rows`.

    Attributes
    ----------
    n_samples : int
        Rows summed.
    n_features : int
        Columns of X.
    n_targets : int
        Columns of y.
    weight : float
        The sum of the rows' weights; `n_samples` where none were given.
    feature_names : tuple of str or None
        Names of the columns of X; None where it had none.
    dtype : numpy.dtype
        Of coefficients fit_path to: float32 where all X were, else float64. Sums are float64.
    resolution : float
        A loss below this cannot be told from rounding: a loss from sums is a difference of large
        numbers. A `tol` below it never ends a descent. For the descent from zeros with an
        intercept; takes an eigendecomposition when first asked for.

    See Also
    --------
    GDLinearRegressor.fit_moments : Descend on them.
    GDLinearRegressor.partial_fit : Keeps such sums itself.

    Notes
    -----
    With weights w, the matrix [1 X y]' diag(w) [1 X y] of (1 + n_features + n_targets)**2 numbers
    is kept. With H, b and the mean square of y read off it, J(theta) = 1/2 theta' H theta - b'theta
    + 1/2 mean(y**2). Coefficients are off by a few eps times the squared condition number
    of Z, while `fit`, which may read the rows a second time, keeps ten digits.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_gd import GDLinearRegressor, Moments
    >>> X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([1.0, 3.0, 5.0, 7.0])
    >>> moments = sum(Moments.from_rows(X[i : i + 2], y[i : i + 2]) for i in (0, 2))
    >>> moments
    <Moments of 4 rows: 1 feature, 1 target, 72 bytes>
    >>> GDLinearRegressor(lr=0.1, tol=0.1).fit_moments(moments).n_iter_
    5
    >>> GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).n_iter_
    5
    """

    _products: CrossProducts
    _y_layout: str  # as in Layout
    dtype: np.dtype[Any]
    feature_names: tuple[str, ...] | None

    @classmethod
    def from_rows(cls, X: Any, y: Any, sample_weight: ArrayLike | float | None = None) -> Moments:
        """One pass over rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, Dask array or dataframe} of shape (n_samples, n_features)
            Features; at most 8191 columns.
        y : array-like or Dask collection of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,) or float, default=None
            Non-negative weights, which may all be zero; one number is the weight of each row.

        Returns
        -------
        Moments
            Their sums.

        Raises
        ------
        TypeError, ValueError
            Where an argument is not as described.
        """
        return cls._of(prepare(FeatureChecker(), (X, y, sample_weight), True, part=True))

    @classmethod
    def _of(cls, fit_input: FitInput) -> Moments:
        if fit_input.problem.n_parameters > MOST_PARAMETERS:
            raise ValueError(
                f"Moments are sums of products of all pairs of columns, for at most "
                f"{MOST_PARAMETERS - 1:,} features; X has {fit_input.problem.n_parameters:,} "
                f"with the intercept. Use fit, which needs no such sums."
            )
        layout = fit_input.layout
        return cls(
            _cross_products(fit_input),
            layout.y_layout,
            np.dtype(layout.dtype),
            layout.feature_names,
        )

    @property
    def n_samples(self) -> int:
        return self._products.n_samples

    @property
    def n_features(self) -> int:
        return len(self._products.sums) - 1 - self.n_targets

    @property
    def n_targets(self) -> int:
        return self._products.n_targets

    @property
    def weight(self) -> float:
        return self._products.weight

    @cached_property
    def resolution(self) -> float:
        problem = self._fit_input(True).problem
        spectrum = eigenbasis(self._products.quadratic(True), zeros(problem))
        return floor_error(ClosedForm(spectrum, UpdateRule(1.0)))

    def __add__(self, other: Moments) -> Moments:
        if not isinstance(other, Moments):
            return NotImplemented
        for what, mine, others in (
            ("features", self.n_features, other.n_features),
            ("targets", self._shape_of_y, other._shape_of_y),
            ("feature names", self.feature_names, other.feature_names),
        ):
            if mine != others:
                raise ValueError(
                    f"Moments add up where their {what} are the same; got {mine} and {others}."
                )
        dtype = np.result_type(self.dtype, other.dtype)
        return replace(self, _products=self._products + other._products, dtype=dtype)

    def __radd__(self, other: object) -> Moments:
        """Sum() begins with 0."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __repr__(self) -> str:
        what = (
            _counted(self.n_features, "feature"),
            _counted(self.n_targets, "target"),
            f"{self._products.sums.nbytes:,} bytes",
        )
        return f"<Moments of {_counted(self.n_samples, 'row')}: {', '.join(what)}>"

    def save(self, file: str | PathLike[str] | IO[bytes]) -> None:
        """Write to a ``.npz`` file of plain arrays: no pickle.

        Parameters
        ----------
        file : str, path or binary file object
            Where to. A name without the ending ``.npz`` gets it, as with `numpy.savez`.
        """
        np.savez(
            file,
            format=np.int64(FORMAT),
            sums=self._products.sums,
            unit=np.float64(self._products.unit),
            n_targets=np.int64(self.n_targets),
            n_samples=np.int64(self.n_samples),
            targets=np.str_(self._y_layout),
            dtype=np.str_(self.dtype.name),
            named=np.bool_(self.feature_names is not None),
            feature_names=np.array(self.feature_names or (), dtype=np.str_),
        )

    @classmethod
    def load(cls, file: str | PathLike[str] | IO[bytes]) -> Moments:
        """Read what `save` wrote; a file from a stranger is safe to read.

        Parameters
        ----------
        file : str, path or binary file object
            Where from.

        Returns
        -------
        Moments
            Equal to those saved.

        Raises
        ------
        ValueError
            Where the file was not written by `save`.
        """
        none_here = f"{file} does not hold Moments: it was not written by save, or not to its end."
        try:
            read = np.load(file, allow_pickle=False)
        except (ValueError, EOFError, BadZipFile) as error:
            raise ValueError(none_here) from error
        if not isinstance(read, NpzFile) or set(read.files) != KEYS:
            raise ValueError(none_here)
        with read as held:
            if int(held["format"]) != FORMAT:
                raise ValueError(
                    f"{file} is of format {int(held['format'])}, and this version of sklearn_gd "
                    f"reads format {FORMAT}: update it."
                )
            names = tuple(str(name) for name in held["feature_names"])
            n_targets, n_samples = int(held["n_targets"]), int(held["n_samples"])
            return cls(
                CrossProducts(
                    _checked(held["sums"], n_targets), n_targets, n_samples, float(held["unit"])
                ),
                check_choice("targets", str(held["targets"]), ("1d", "column", "2d")),
                np.dtype(str(held["dtype"])),
                names if held["named"] else None,
            )

    @property
    def _shape_of_y(self) -> str:
        rows = "n_samples"
        return f"({rows},)" if self._y_layout == "1d" else f"({rows}, {self.n_targets})"

    def _fit_input(self, fit_intercept: bool, device: Device | None = None) -> FitInput:
        """The problem of all the rows."""
        if not self.weight > 0:
            raise ValueError("sample_weight must not be all zero: some row must have a weight.")
        if not fit_intercept:  # with one, the column of ones has a size
            self._check_size()
        layout = Layout(fit_intercept, self._y_layout, self.dtype, self.feature_names)
        rounding = float(np.finfo(self.dtype).eps)
        problem = SummedRows(self._products, fit_intercept, rounding)
        return FitInput(problem, layout, device=device)

    def _check_size(self) -> None:
        """Squares that vanish would be taken for columns of zeros."""
        columns, sums = slice(1, 1 + self.n_features), self._products.sums
        largest = float(np.sqrt(np.diagonal(sums)[columns].max() / self.weight))
        if largest == 0.0:  # only where all products with y vanish as well
            largest = float(np.abs(sums[columns]).max() / self.weight)
        check_size_of_X(largest, LARGEST_SIZE)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _checked(sums: NDArray[Any], n_targets: int) -> NDArray[np.float64]:
    matrix = sums.dtype == np.float64 and sums.ndim == 2 and 1 <= n_targets < len(sums) - 1
    if not (matrix and np.array_equal(sums, sums.T) and np.isfinite(sums).all()):
        raise ValueError("The sums of Moments must be a symmetric matrix of finite float64.")
    return sums


def _cross_products(fit_input: FitInput) -> CrossProducts:
    with naming_what_is_not_finite(fit_input.problem):
        return fit_input.problem.cross_products()
