"""Certified coefficients: the NIST StRD linear-regression sets, by descent and by least squares."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import linalg
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gd import GDLinearRegressor

DATA = Path(__file__).parents[1] / "data" / "nist"
SETS = sorted(path.stem for path in DATA.glob("*.csv"))
# As many updates as it takes, and beyond any stop.
MANY, FOREVER = 10**60, 10**60
# Correct digits of the worst coefficient: a few tenths below what was measured.
DIGITS = {
    "filip": 7.0,
    "longley": 10.5,
    "noint1": 14.0,
    "noint2": 14.0,
    "norris": 11.5,
    "pontius": 11.3,
    "wampler1": 8.3,
    "wampler2": 12.0,
    "wampler3": 8.3,
    "wampler4": 7.3,
    "wampler5": 5.8,
}
# Digits that the contract of ten leaves: no set has to have more.
CONTRACT_DIGITS = 10.0


def read(name):
    """Certified coefficients, whether there is an intercept, and the observations, as text."""
    _, certified, _, *rows = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    certified = [value.strip() for value in certified.partition(":")[2].split(",")]
    return certified, not name.startswith("noint"), [row.split(",") for row in rows]


def columns(values, count):
    """The columns of X: those given, or the powers of a single one."""
    return list(values) if len(values) > 1 else [values[0] ** k for k in range(1, count + 1)]


def problem(name, number):
    """(X, y, fit_intercept, certified) in numbers of this kind."""
    certified, intercept, rows = read(name)
    count = len(certified) - intercept
    X = [columns([number(v) for v in row[1:]], count) for row in rows]
    return X, [number(row[0]) for row in rows], intercept, [number(v) for v in certified]


def digits(coefficients, certified):
    """Of the worst coefficient: NIST's log relative error, between 0 and 15."""
    worst = np.max(np.abs(np.asarray(coefficients) / certified - 1))
    return float(np.clip(-np.log10(max(worst, 1e-15)), 0, 15))


def exact(X, y):
    """The least-squares solution by elimination in rational arithmetic."""
    p = len(X[0])
    rows = [
        [sum(x[i] * x[j] for x in X) for j in range(p)]
        + [sum(x[i] * v for x, v in zip(X, y, strict=True))]
        for i in range(p)
    ]
    for i in range(p):
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for j in range(p):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [float(row[p]) for row in rows]


def test_all_sets_are_here():
    """Eleven sets, each with what is expected of it."""
    assert set(SETS) == set(DIGITS)


@pytest.mark.parametrize("name", SETS)
def test_the_data_are_those_that_were_certified(name):
    """Solved in rational arithmetic the observations give the certified values."""
    X, y, intercept, certified = problem(name, Fraction)
    Z = [[Fraction(1), *row] for row in X] if intercept else X
    # Filip's own certified values differ from the exact solution in the twelfth digit.
    assert digits(exact(Z, y), np.array(certified, dtype=float)) > (11.5 if name == "filip" else 14)


@pytest.mark.parametrize("solver", ["spectral", "krylov"])
@pytest.mark.parametrize("name", SETS)
def test_digits(name, solver):
    """A descent in a standardising pipeline stops with the digits of least squares, or with ten."""
    X, y, intercept, certified = problem(name, float)
    X, y, certified = np.array(X), np.array(y), np.array(certified)
    model = GDLinearRegressor(max_iter=MANY, fit_intercept=intercept, solver=solver)
    pipeline = make_pipeline(StandardScaler(with_mean=intercept), model).fit(X, y)
    scaler, path = pipeline[0], pipeline[-1].path_

    def reached(coef, first):
        coef = coef / scaler.scale_
        both = np.r_[first - coef @ scaler.mean_, coef] if intercept else coef
        return digits(both, certified)

    scaled = scaler.transform(X)
    Z = np.column_stack([np.ones(len(y)), scaled]) if intercept else scaled
    solved = linalg.lstsq(Z, y)[0]
    first, coef = (solved[0], solved[1:]) if intercept else (0.0, solved)
    least_squares = reached(coef, first)
    at_stop = reached(model.coef_, model.intercept_)
    limit = reached(path.coef(FOREVER), path.intercept(FOREVER))
    print(
        f"{name}, {solver}: {at_stop:.1f} digits at the stop after {path.n_iter:,} updates, "
        f"{limit:.1f} in the limit; lstsq {least_squares:.1f}"
    )
    assert path.stop_reason == "stationary"
    for found in (at_stop, limit):
        assert found >= DIGITS[name]
        assert found >= min(least_squares - 1, CONTRACT_DIGITS)
