"""What engines ask of rows, wherever those are: sums and products, never a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent.bidiagonal import Sides
from sklearn_gd._descent.choice import Sized
from sklearn_gd._descent.curvatures import ROWS_ASKED, effective_rank
from sklearn_gd._descent.few import are_few, decomposed
from sklearn_gd._descent.moments import Moments, may_gain_from_scaling, moments_of
from sklearn_gd._descent.products import sum_of_squares
from sklearn_gd._descent.rows import Rows
from sklearn_gd._descent.scaled import ScaledRows
from sklearn_gd._descent.spectrum import Spectrum
from sklearn_gd._descent.whitening import Whitening, refined, whitened_sums

Floats = NDArray[np.float64]


class Problem(Sized, Protocol):
    """Rows with targets and weights, to be descended on."""

    @property
    def fit_intercept(self) -> bool: ...
    @property
    def weight(self) -> float: ...
    @property
    def rounding(self) -> float: ...
    @property
    def n_weighted(self) -> int: ...
    def moments(self) -> Moments: ...
    def whitened_sums(self, white: Whitening) -> Floats: ...
    def sides(self) -> Sides: ...
    def loss(self, theta: Floats) -> float: ...
    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]: ...


class RowsInMemory(Rows):
    """The problem of rows that are all here."""

    afar = False
    loops = True

    def moments(self) -> Moments:
        """One pass over the rows."""
        return moments_of(self)

    def whitened_sums(self, white: Whitening) -> Floats:
        """A second pass, for all digits."""
        return whitened_sums(self, white)

    @property
    def are_few(self) -> bool:
        """Whether they had better be decomposed than summed."""
        return not self.is_sparse and are_few(self.n_samples, self.n_parameters)

    def effective_rank(self) -> float | None:
        """As some of the rows have it, all over the table."""
        some = self.X[:: max(1, self.n_samples // ROWS_ASKED)][:ROWS_ASKED]
        return effective_rank(some.astype(np.float64, copy=False), self.fit_intercept)

    def decomposed(self, start: Floats, max_iter: int) -> Spectrum:
        """In one pass, with all digits of so many updates; for few rows."""
        return decomposed(self, start, max_iter)

    def may_gain_from_scaling(self) -> bool:
        """As sums would say, without BLAS."""
        X, w = self.X, self.sample_weight
        if w is None:
            mean = np.add.reduce(X, axis=0, dtype=np.float64) / self.n_samples * self.fit_intercept
            apart = X - mean
            variance = np.einsum("ij,ij->j", apart, apart) / self.n_samples
        else:
            with np.errstate(over="ignore", invalid="ignore"):  # of rows that weigh nothing
                mean = np.einsum("i,ij->j", w, X) / self.weight * self.fit_intercept
                variance = np.einsum("i,ij->j", w, (X - mean) ** 2) / self.weight
        moves = variance > 0
        return may_gain_from_scaling(mean[moves], variance[moves], self.n_samples)

    def seen_blocks(self, spectrum: Spectrum) -> Iterator[Floats]:
        """Row blocks of diag(sqrt(w)) [Z Q, y - Z start], Q the spectrum's directions."""
        for X, y, w in self.blocks():
            along = spectrum.seen(partial(self.predict, X))
            seen = np.column_stack([along, y - self.predict(X, spectrum.start)])
            if w is not None:
                seen *= np.sqrt(w)[:, np.newaxis]
            yield seen

    def taken(self, index: Any) -> RowsInMemory:
        """Some of the rows, by a slice or by indices."""
        w = None if self.sample_weight is None else self.sample_weight[index]
        return RowsInMemory(self.X[index], self.y[index], w, self.fit_intercept)

    def reweighted(self, counts: Floats) -> RowsInMemory:
        """All rows, each weighing so much more: nothing is copied."""
        w = counts if self.sample_weight is None else counts * self.sample_weight
        return RowsInMemory(self.X, self.y, w, self.fit_intercept)

    def weight_of(self, index: NDArray[np.intp]) -> float:
        """The weights of some rows together."""
        w = self.sample_weight
        return float(len(index) if w is None else w[index].sum())

    def sides(self) -> ScaledRows:
        """The rows as a matrix to multiply with; they have no sums of squares, so look for nan."""
        self.check_finite()
        return ScaledRows(self)


@dataclass(frozen=True, eq=False)
class Gathered:
    """The problem of rows that are gone: their sums are all there is."""

    sums: Moments
    fit_intercept: bool
    rounding: float

    is_sparse = False
    afar = False
    loops = False
    are_few = False

    @property
    def n_samples(self) -> int:
        return self.sums.n_samples

    @property
    def n_targets(self) -> int:
        return self.sums.n_targets

    @property
    def n_parameters(self) -> int:
        return len(self.sums.sums) - self.n_targets - (not self.fit_intercept)

    @property
    def nonzeros(self) -> int:
        return self.n_samples * self.n_parameters

    @property
    def weight(self) -> float:
        return self.sums.weight

    def effective_rank(self) -> float | None:
        """That of H itself."""
        hessian = self.sums.hessian(self.fit_intercept)
        squares = sum_of_squares(hessian)
        return float(np.trace(hessian)) ** 2 / squares if squares > 0 else None

    def moments(self) -> Moments:
        return self.sums

    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """J(theta), which may be rounding where it is tiny, and its partial derivatives."""
        pull = self.sums.hessian(self.fit_intercept) @ theta
        b = self.sums.products_with_y(self.fit_intercept)
        loss = 0.5 * (float(self.sums.mean_squares_of_y().sum()) + float(np.vdot(theta, pull - b)))
        return max(loss - 0.5 * float(np.vdot(theta, b)), 0.0), pull - b

    def loss(self, theta: Floats) -> float:
        """J(theta) alone."""
        return self.loss_and_gradient(theta)[0]


def zeros(problem: Problem | Gathered) -> Floats:
    """The start where none is given."""
    return np.zeros((problem.n_parameters, problem.n_targets))


def refine(problem: Problem, coarse: Spectrum) -> Spectrum:
    """From the rows once more: the singular values of Z, not the square roots of those of Z'Z."""
    white = Whitening.of(coarse)
    return refined(coarse, white, problem.whitened_sums(white) / problem.weight)
