"""A least-squares problem in the eigenbasis of H, seen from a start: directions descend alone.

With the singular value decomposition of diag(sqrt(w)) Z / sqrt(W), the penalty's rows below it, and
the first residual written in its left singular vectors, J is a sum over directions::

    J = floor + 1/2 sum rotated_residual^2 p_t(eigenvalue)^2
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._linalg import EPS, Floats, KrylovBasis

ELSEWHERE = "Fit with solver='spectral', if X has few enough columns."


@dataclass(frozen=True)
class Accuracy:
    """How well a spectrum is known."""

    squares: float  # mean squares of y and of the first predictions, which losses are rounded like
    loss_rounding: float  # of the losses that all others are counted from, absolute
    error: float = 0.0  # of eigenvalues and slopes, relative to the largest possible ones
    unit: float = EPS  # the rounding of sums over rows
    # Those are the least one, formed row by row, or the first one, from cross-products. Both hold
    # where the residual itself was rotated.
    from_floor: bool = True
    from_first: bool = False


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Directions with their eigenvalues; `basis` has one per column."""

    start: Floats  # theta_0, (p, k)
    eigenvalues: Floats  # (r,), above zero where something moves
    rotated_residual: Floats  # (r, k): zero in directions that cannot be told from flat ones
    floor: float  # the least possible loss
    accuracy: Accuracy
    basis: Floats  # (p, r)
    zero_below: float = 0.0  # eigenvalues not above this are not told from zero
    # The least loss with scaled columns, when their rank is larger than that of H: directions are
    # lost to the scale of the columns then, and `floor` is that of the others alone.
    scaled_floor: float | None = None
    lacks_columns: bool = False  # the same is known of columns, and that least loss is not
    # The share of each eigenvalue that is not the penalty's, (r,); None: there is no penalty.
    data_share: Floats | None = None

    # Whether every direction of H is among these, and not only those that a descent needed.
    has_all_directions = True
    complete = True  # nothing of the descent lies outside

    @property
    def columns_lost(self) -> bool:
        """Whether columns are too far apart in scale for all directions to be seen."""
        return self.lacks_columns or self.scaled_floor is not None

    @property
    def limit_is_known(self) -> bool:
        return self.complete and not self.columns_lost

    @property
    def floor_is_known(self) -> bool:
        return self.complete and not self.lacks_columns

    @property
    def is_nonzero(self) -> NDArray[np.bool_]:
        """Whether each eigenvalue is above the rank tolerance."""
        return np.asarray(self.eigenvalues > self.zero_below)

    @cached_property
    def largest(self) -> float:
        """The largest eigenvalue of H; 0 when X is all zeros."""
        return float(self.eigenvalues.max(initial=0.0))

    @property
    def nonzero_eigenvalues(self) -> Floats:
        return self.eigenvalues[self.is_nonzero]

    @property
    def shares(self) -> Floats:
        """The data's shares of the non-zero eigenvalues: 1 without a penalty."""
        share = np.ones(len(self.eigenvalues)) if self.data_share is None else self.data_share
        return share[self.is_nonzero]

    def to_parameters(self, along: Floats) -> Floats:
        """Return steps along all directions (..., r) as parameters (..., p)."""
        return np.asarray(along @ self.basis.T)

    def directions(self) -> Floats:
        """Return all directions as columns, (p, r)."""
        return self.basis


@dataclass(frozen=True, eq=False)
class KrylovSpectrum(Spectrum):
    """Directions inside Krylov spaces, those of one target after those of another.

    A direction has a residual for its own target only. `basis` is empty: target j's directions are
    `eigenvectors[j]`, (m, r), in the vectors of `bases[j]`.
    """

    bases: tuple[KrylovBasis, ...] = ()
    eigenvectors: tuple[Floats, ...] = ()
    complete: bool = False  # the spaces are invariant
    known_largest: float | None = None  # the largest eigenvalue of H, once it is known

    has_all_directions = False

    @cached_property
    def largest(self) -> float:
        if self.known_largest is None:
            raise AttributeError(
                "The largest eigenvalue of H is not known: this descent was resolved without it. "
                "Fit with lr='auto' to have it found."
            )
        return self.known_largest

    @property
    def largest_so_far(self) -> float:
        """The largest eigenvalue of H, or that in the space, which H's is not below."""
        known = self.known_largest
        return float(self.eigenvalues.max(initial=0.0)) if known is None else known

    @property
    def nonzero_eigenvalues(self) -> Floats:
        raise AttributeError(
            "Only those eigenvalues of H were found that this descent needed, so its condition "
            f"number and degrees of freedom are not known. {ELSEWHERE}"
        )

    def to_parameters(self, along: Floats) -> Floats:
        parts, first = [], 0
        for basis, vectors in zip(self.bases, self.eigenvectors, strict=True):
            last = first + vectors.shape[1]
            parts.append(basis.combine(along[..., first:last] @ vectors.T))
            first = last
        return np.asarray(np.add.reduce(parts))

    def directions(self) -> Floats:
        return self.to_parameters(np.eye(self.eigenvalues.size)).T
