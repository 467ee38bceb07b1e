"""Rows solved by a triangular matrix: as exact as substitution, whatever the matrix."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import linalg

from helpers import EPS
from sklearn_gd._descent.substitution import COLUMNS, blocks, pivoted, solve

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
        "nearly equal, of all sizes": nearly * np.geomspace(1e-9, 1e9, p),
        "powers": np.linspace(-1, 1, len(plain))[:, np.newaxis] ** np.arange(p),
    }
    return {name: np.linalg.qr(Z)[1] for name, Z in columns.items()}


def turned(R):
    """U'R and the inverses of the blocks on its diagonal."""
    factor, inverses = R.copy(), []
    for own in blocks(len(R)):
        turn, factor[own, own], inverse = pivoted(R[own, own])
        factor[own, own.stop :] = turn.T @ R[own, own.stop :]
        inverses.append(inverse)
    return factor, inverses


def misses(Y, factor, Z):
    """How far Y factor is from Z, in roundings of each column of |Y| |factor|, the most."""
    off = np.abs(Y.astype(np.longdouble) @ factor.astype(np.longdouble) - Z).astype(float)
    size = np.linalg.norm(np.abs(Y) @ np.abs(factor), axis=0)
    return (np.linalg.norm(off, axis=0) / (EPS * size)).max()


@pytest.mark.parametrize("kind", list(factors(2)))
@pytest.mark.parametrize("p", SIZES)
def test_what_is_solved_gives_the_rows_back(kind, p):
    """To a few roundings of each column, in extended precision."""
    R = factors(p)[kind]
    factor, inverses = turned(R)
    Z = np.random.default_rng(0).standard_normal((50, p)) @ R
    Y, given = np.empty_like(Z), Z.copy()
    solve(Z, factor, inverses, Y)
    assert np.array_equal(Z, given)
    assert misses(Y, factor, Z) <= 8


def test_a_product_with_the_inverse_would_not_do_without_pivoting():
    """Nearly equal columns tell substitution from the inverse, which loses their digits."""
    R = factors(SIZES[-1])["nearly equal"]
    Z = np.random.default_rng(0).standard_normal((50, len(R))) @ R
    assert misses(Z @ linalg.inv(R), R, Z) > 1000


@pytest.mark.parametrize("kind", list(factors(2)))
@pytest.mark.parametrize("p", [1, 7, COLUMNS])
def test_a_block_is_turned_and_its_inverse_is_that_of_the_turned_one(kind, p):
    """By an orthogonal matrix; each column keeps its digits, and its place."""
    R = factors(p)[kind]
    turn, block, inverse = pivoted(R)
    assert_allclose(turn.T @ turn, np.eye(p), atol=1e-14)
    size = np.linalg.norm(R, axis=0)
    assert_allclose(turn @ block / size, R / size, atol=8 * p * EPS)
    order = np.argsort((block != 0).sum(axis=0), kind="stable")
    assert np.array_equal(np.tril(block[:, order], -1), np.zeros((p, p)))
    grown = np.abs(block) @ (np.abs(inverse) @ np.abs(block))
    assert (np.linalg.norm(grown, axis=0) <= 100 * size).all()


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
    columns = blocks(p)
    assert [own.stop - own.start for own in columns] == pytest.approx(widths, abs=1)
    assert columns[0].start == 0
    assert columns[-1].stop == p
    assert all(a.stop == b.start for a, b in zip(columns[:-1], columns[1:], strict=True))
