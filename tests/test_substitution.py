"""Rows solved by a triangular matrix: as exact as substitution, whatever the matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from helpers import EPS
from sklearn_gd._descent.substitution import COLUMNS, Corner, Substitution

SIZES = [1, 7, COLUMNS, 2 * COLUMNS + 3]


def factors(p):
    """Triangular factors of columns that are easy, graded, decaying, offset and nearly equal."""
    rng = np.random.default_rng(p)
    plain = rng.standard_normal((4 * p + 20, p))
    left, right = np.linalg.qr(plain)[0], np.linalg.qr(rng.standard_normal((p, p)))[0]
    nearly = plain[:, np.arange(p) // 2] + 1e-7 * rng.standard_normal(plain.shape)
    columns = {
        "plain": plain,
        "graded": plain * np.geomspace(1e-6, 1e6, p),
        "decaying": (left * np.geomspace(1, 1e-7, p)) @ right.T,
        "offset": plain + 1e6,
        "nearly equal": nearly,
    }
    return {name: np.linalg.qr(Z)[1] for name, Z in columns.items()}


@pytest.mark.parametrize("kind", list(factors(2)))
@pytest.mark.parametrize("p", SIZES)
def test_what_is_solved_gives_the_rows_back(kind, p):
    """Y R is Z to a few roundings of each column of |Y| |R|, in extended precision."""
    R = factors(p)[kind]
    Z = np.random.default_rng(0).standard_normal((50, p)) @ R
    Y = np.empty_like(Z)
    Substitution(R).solve(Z.copy(), Y)
    off = np.abs(Y.astype(np.longdouble) @ R.astype(np.longdouble) - Z)
    size = np.linalg.norm(np.abs(Y) @ np.abs(R), axis=0)
    assert (np.linalg.norm(off.astype(float), axis=0) <= 8 * EPS * size).all()


def test_a_product_with_the_inverse_alone_would_not_do():
    """Nearly equal columns tell substitution from the inverse, which loses their digits."""
    R = factors(SIZES[-1])["nearly equal"]
    Z = np.random.default_rng(0).standard_normal((50, len(R))) @ R
    Y = Z @ linalg.inv(R)
    off = np.linalg.norm(Y @ R - Z, axis=0)
    assert (off > 8 * EPS * np.linalg.norm(np.abs(Y) @ np.abs(R), axis=0)).any()


@pytest.mark.parametrize("p", [7, COLUMNS])
def test_which_corners_need_no_refinement(p):
    """Those whose inverse is as exact, column by column, whatever the size of the columns."""
    kinds = factors(p)
    scales = {
        "tiny": np.full(p, 1e-9),
        "rising": np.geomspace(1e-9, 1e9, p),
        "falling": np.geomspace(1e9, 1e-9, p),
        "huge at last": np.where(np.arange(p) < p - 1, 1.0, 1e12),
    }
    for name, fast in {"plain": True, "decaying": False, "nearly equal": False}.items():
        assert Corner(kinds[name])._exact is fast
        for scale in scales.values():
            scaled = kinds[name] * scale
            assert Corner(scaled)._exact is fast
            assert Corner(np.asfortranarray(scaled))._exact is fast


@pytest.mark.parametrize(
    ("p", "widths"),
    [
        (1, [1]),
        (48, [48]),
        (71, [71]),
        (73, [36, 37]),
        (97, [48, 49]),
        (1000, [47, 48] * 10 + [48]),
    ],
)
def test_about_48_columns_are_solved_at_once(p, widths):
    """Side by side, of equal width or one more."""
    columns = Substitution(np.eye(p))._columns
    assert [own.stop - own.start for own in columns] == pytest.approx(widths, abs=1)
    assert columns[0].start == 0
    assert columns[-1].stop == p
    assert all(a.stop == b.start for a, b in zip(columns[:-1], columns[1:], strict=True))
