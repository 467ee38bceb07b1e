"""The closed form in the eigenbasis of H: of cross-products and, if need be, of the rows again."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from sklearn_gd._data import CrossProducts, Problem, RowsInMemory, SummedRows, zeros
from sklearn_gd._descent import ClosedForm, Spectrum, find_stop, floor_error, is_accurate
from sklearn_gd._linalg import Floats
from sklearn_gd._solvers.cross_product_basis import CrossProductBasis, eigenbasis, scaled_products
from sklearn_gd._solvers.few_rows import FewRows, PenalisedFewRows
from sklearn_gd._solvers.lost_columns import may_lose_columns
from sklearn_gd._solvers.options import DescentOptions, StoppedDescent


class Eigenbasis(Protocol):
    """One decomposition, and more accurate ones for the stops that need them."""

    @property
    def coarse(self) -> Spectrum: ...
    @property
    def measured(self) -> Spectrum: ...  # the least loss is known better
    @property
    def refined(self) -> Spectrum: ...


def eigenbasis_of(
    problem: Problem | SummedRows, start: Floats, products: CrossProducts | None = None
) -> Eigenbasis:
    """Return the eigenbasis from the products of rows or of columns, whichever are fewer."""
    if not has_few_rows(problem):
        return CrossProductBasis(problem, start, products)
    rows: Any = problem
    rows.operator()  # raises when X is not finite, which eigh and QR would not survive
    return PenalisedFewRows(rows, start) if rows.alpha else FewRows.of(rows, start)


class SpectralProblem:
    """A problem decomposed once, to be descended from `start` at any rate and to any stop."""

    def __init__(
        self, problem: Problem | SummedRows, start: Floats, products: CrossProducts | None = None
    ) -> None:
        self.problem, self._basis = problem, eigenbasis_of(problem, start, products)

    @cached_property
    def spectrum(self) -> Spectrum:
        """The eigenbasis as sums of products have it."""
        return self._with_scaled_floor(self._basis.coarse)

    def spectra(self) -> Iterator[Spectrum]:
        """Yield ever more accurate spectra; each takes another pass over the rows, if there are
        rows."""
        yield self.spectrum
        if isinstance(self.problem, SummedRows):
            return
        if self._basis.measured is not self._basis.coarse:
            yield self._with_scaled_floor(self._basis.measured)
        yield self.refined

    @cached_property
    def refined(self) -> Spectrum:
        """The eigenbasis from the rows once more, when there are rows."""
        return self._with_scaled_floor(self._basis.refined)

    def descend(self, options: DescentOptions) -> StoppedDescent:
        """Stop as asked, on the first spectrum that is accurate at the stop found."""
        for spectrum in self.spectra():
            stopped = self._stopped(spectrum, options)
            assert isinstance(stopped.descent, ClosedForm)
            if is_accurate(stopped.descent, stopped.stop.t):
                break
        return stopped

    def _stopped(self, spectrum: Spectrum, options: DescentOptions) -> StoppedDescent:
        descent = ClosedForm(spectrum, options.rule(spectrum.largest))
        if options.tol is not None and options.tol <= floor_error(descent):
            options = replace(options, tol=None)  # rounding must not stop anything by accident
        stop = find_stop(descent, options.stopping_rule(self.problem.rounding))
        return StoppedDescent(descent, stop)

    def _with_scaled_floor(self, spectrum: Spectrum) -> Spectrum:
        """The least loss with scaled columns, if directions are there that this spectrum lacks."""
        nonzero = np.count_nonzero(spectrum.is_nonzero)
        if nonzero in (0, len(spectrum.start)) or nonzero >= self._n_weighted:
            return spectrum
        if isinstance(self._basis, PenalisedFewRows):  # scaled columns have another row space
            return replace(spectrum, lacks_columns=may_lose_columns(self.problem, spectrum))
        if np.count_nonzero(self._scaled.is_nonzero) <= nonzero:
            return spectrum
        return replace(spectrum, scaled_floor=self._scaled.floor)

    @property
    def _n_weighted(self) -> int:
        """The number of rows that count: those of other folds have weight zero."""
        problem = self.problem
        if isinstance(problem, RowsInMemory) and problem.sample_weight is not None:
            return int(np.count_nonzero(problem.sample_weight))
        return problem.n_samples

    @cached_property
    def _scaled(self) -> Spectrum:
        """The spectrum of the problem with standardised columns."""
        problem: Any = self.problem
        start = zeros(problem)
        if not isinstance(self._basis, CrossProductBasis):
            return FewRows.of(problem.standardised(), start).coarse
        products, spread = scaled_products(problem, self._basis.products)
        alpha = problem.alpha / spread.scale**2
        return eigenbasis(products.quadratic(problem.fit_intercept, alpha), start)


def solve_spectral(
    problem: Problem | SummedRows, start: Floats, options: DescentOptions
) -> StoppedDescent:
    """Descend in the eigenbasis."""
    return SpectralProblem(problem, start).descend(options)


def has_few_rows(problem: Problem | SummedRows) -> bool:
    """Whether products of rows are formed: of dense rows in memory, fewer than features."""
    few = isinstance(problem, RowsInMemory) and problem.n_samples < problem.X.shape[1]
    return few and not problem.is_sparse
