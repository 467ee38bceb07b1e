"""Moments: cross-products of rows, which can be added, saved and descended on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike

from sklearn_gd._data import CrossProducts, SummedRows, zeros
from sklearn_gd._descent import ClosedForm, UpdateRule, floor_error
from sklearn_gd._estimator.array_api import NUMPY, Device
from sklearn_gd._estimator.parameters import check_choice
from sklearn_gd._estimator.prepare import FitInput, naming_what_is_not_finite, prepare
from sklearn_gd._estimator.validation import FeatureChecker, check_size_of_X
from sklearn_gd._report.layout import Layout
from sklearn_gd._solvers import MOST_PARAMETERS, eigenbasis

# The version of the format of saved files.
FORMAT = 1
KEYS = {
    *("format", "sums", "unit", "n_targets", "n_samples"),
    *("targets", "dtype", "named", "feature_names"),
}


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """The weighted products of the columns of [1 X y], which determine a gradient descent.

    Moments of two sets of rows add up to those of their union, so that rows can be read in any
    order, in any number of parts and on any machine. Call `from_rows` to create them.

    Attributes
    ----------
    n_samples : int
        Number of rows.
    n_features : int
        Number of columns of X.
    n_targets : int
        Number of columns of y.
    weight : float
        The sum of the weights; `n_samples` if none were given.
    feature_names : tuple of str or None
        Names of the columns of X; None if it had none.
    dtype : numpy.dtype
        The dtype of coefficients: float32 if all X were float32, else float64. Sums are float64.
    resolution : float
        The rounding error of a loss computed from moments, which is a difference of large numbers.
        A `tol` below it never ends a descent. It is that of a descent from zeros with an intercept.
        The first access takes an eigendecomposition.

    See Also
    --------
    GDLinearRegressor.fit_moments : Descend on them.
    GDLinearRegressor.partial_fit : Fit on parts of rows, with such sums inside.

    Notes
    -----
    With weights w, moments are the matrix [1 X y]' diag(w) [1 X y] of
    (1 + n_features + n_targets)**2 numbers, which contains H, b and the mean square of y in
    J(theta) = 1/2 theta' H theta - b'theta + 1/2 mean(y**2). The relative error of coefficients is
    a few eps times the squared condition number of Z; `fit`, which may read the rows a second time,
    is accurate to ten digits.

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
        """Return the moments of rows, in one pass over them.

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
            The moments of these rows.

        Raises
        ------
        TypeError, ValueError
            If an argument is not as described.
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
        with naming_what_is_not_finite(fit_input.problem):
            products = fit_input.problem.cross_products()
        layout = fit_input.layout
        return cls(products, layout.y_layout, np.dtype(layout.dtype), layout.feature_names)

    @property
    def n_samples(self) -> int:
        return self._products.n_samples

    @property
    def n_features(self) -> int:
        return self._products.n_features

    @property
    def n_targets(self) -> int:
        return self._products.n_targets

    @property
    def weight(self) -> float:
        return self._products.weight

    @cached_property
    def resolution(self) -> float:
        problem = self._input(True).problem
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
                    f"Moments add up if their {what} are the same; got {mine} and {others}."
                )
        dtype = np.result_type(self.dtype, other.dtype)
        return replace(self, _products=self._products + other._products, dtype=dtype)

    def __radd__(self, other: object) -> Moments:
        """Return itself for 0, with which `sum` begins."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __repr__(self) -> str:
        counts = {"row": self.n_samples, "feature": self.n_features, "target": self.n_targets}
        said = [f"{n:,} {what}{'' if n == 1 else 's'}" for what, n in counts.items()]
        return f"<Moments of {said[0]}: {said[1]}, {said[2]}, {self._products.sums.nbytes:,} bytes>"

    def save(self, file: str | PathLike[str] | IO[bytes]) -> None:
        """Write the moments to a ``.npz`` file of plain arrays, without pickle.

        Parameters
        ----------
        file : str, path or binary file object
            The file to write. ``.npz`` is appended to a name without it, as by `numpy.savez`.
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
        """Read moments that `save` wrote; a file from an untrusted source is safe to read.

        Parameters
        ----------
        file : str, path or binary file object
            The file to read.

        Returns
        -------
        Moments
            Moments equal to those saved.

        Raises
        ------
        ValueError
            If the file was not written by `save`.
        """
        try:
            with np.load(file, allow_pickle=False) as arrays:
                read = dict(arrays)
            if read.keys() != KEYS:
                raise KeyError(*read)
        except (TypeError, KeyError, ValueError, EOFError, BadZipFile) as error:
            raise ValueError(
                f"{file} does not hold Moments: it was not written by save, or not to its end."
            ) from error
        if int(read["format"]) != FORMAT:
            raise ValueError(
                f"{file} is of format {int(read['format'])}, and this version of sklearn_gd "
                f"reads format {FORMAT}: update it."
            )
        sums, n_targets = read["sums"], int(read["n_targets"])
        matrix = sums.dtype == np.float64 and sums.ndim == 2 and 1 <= n_targets < len(sums) - 1
        if not (matrix and np.array_equal(sums, sums.T) and np.isfinite(sums).all()):
            raise ValueError("The sums of Moments must be a symmetric matrix of finite float64.")
        products = CrossProducts(sums, n_targets, int(read["n_samples"]), float(read["unit"]))
        y_layout = check_choice("targets", str(read["targets"]), ("1d", "column", "2d"))
        names = tuple(map(str, read["feature_names"])) if read["named"] else None
        return cls(products, y_layout, np.dtype(str(read["dtype"])), names)

    @property
    def _shape_of_y(self) -> str:
        return "(n_samples,)" if self._y_layout == "1d" else f"(n_samples, {self.n_targets})"

    def _input(self, fit_intercept: bool, alpha: float = 0.0, device: Device = NUMPY) -> FitInput:
        """Return the problem of all rows."""
        if not self.weight > 0:
            raise ValueError("sample_weight must not be all zero: some row must have a weight.")
        if not fit_intercept:  # else the column of ones has a size
            columns, sums = slice(1, 1 + self.n_features), self._products.sums
            largest = float(np.sqrt(np.diagonal(sums)[columns].max() / self.weight))
            # If only squares underflow, products with y have the size.
            check_size_of_X(largest or float(np.abs(sums[columns]).max() / self.weight))
        layout = Layout(fit_intercept, self._y_layout, self.dtype, self.feature_names)
        rounding = float(np.finfo(self.dtype).eps)
        problem = SummedRows(self._products, fit_intercept, rounding, float(alpha))
        return FitInput(problem, layout, device=device)
