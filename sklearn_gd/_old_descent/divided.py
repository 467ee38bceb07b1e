"""Singular vectors as divide and conquer leaves them: a bidiagonal matrix goes in, products with
the vectors come out, which are never formed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_gd._descent import lapack

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Divided:
    """U' and V of a bidiagonal matrix, (n, n), or V' and U where it is `turned_over`.

    The transpose, its rows and columns from last to first, is upper bidiagonal as well.
    """

    numbers: Floats
    integers: NDArray[np.int32]
    order: NDArray[np.intp]  # of singular values as they were found, descending
    turned_over: bool

    @classmethod
    def of_bidiagonal(
        cls, diagonal: Floats, above: Floats, turned_over: bool
    ) -> tuple[Floats, Divided]:
        """With the singular values, in descending order."""
        step = -1 if turned_over else 1
        sigma, numbers, integers = lapack.divided(diagonal[::step], above[::step])
        order = np.argsort(-sigma, kind="stable")
        return sigma[order], cls(numbers, integers, order, turned_over)

    @cached_property
    def parts(self) -> list[Any]:
        return lapack.parts(self.numbers, self.integers, self.order.size)

    def __getstate__(self) -> dict[str, Any]:
        # Addresses are good in one place.
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def back(self, columns: Floats) -> Floats:
        """U' columns."""
        over = columns[::-1] if self.turned_over else columns
        return lapack.multiplied(self.parts, over, right=False)[self.order]

    def of(self, columns: Floats) -> Floats:
        """V columns."""
        found = np.empty(columns.shape, order="F")
        found[self.order] = columns
        if not columns.shape[1]:
            return found  # dlalsa wants some
        product = lapack.multiplied(self.parts, found, right=True)
        return product[::-1] if self.turned_over else product
