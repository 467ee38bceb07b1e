"""Is stopping early worth it, and who should decide when? `python -m benchmarks.early_stopping`.

Simulated sets: rows are drawn, fitted and the excess risk of the coefficients is known exactly.
Real sets: rows are split again and again, and the error on the rows left out is compared with that
of the mean of the targets. Medians and means are printed as they come out; the seed is fixed.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import PredefinedSplit, ShuffleSplit
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

Floats = NDArray[np.float64]

MAX_ITER = 10_000
PENALTIES = np.logspace(-6, 6, 40)
RATES = 3  # rate and stop do the same work, so a few rates are enough
CONVERGED = 10**12


def validation_split(X: Floats, y: Floats) -> GDLinearRegressorCV:
    """One fifth of the rows decides, as elsewhere with `early_stopping=True`."""
    fold = np.where(np.arange(len(y)) < len(y) // 5, 0, -1)
    return GDLinearRegressorCV(RATES, MAX_ITER, cv=PredefinedSplit(fold)).fit(X, y)


def fitters() -> dict[str, Callable[[Floats, Floats], object]]:
    """Who decides when to stop, or how much to shrink."""
    return {
        "GCV-stopped": GDLinearRegressorCV(RATES, MAX_ITER).fit,
        "CV-stopped (5 folds)": GDLinearRegressorCV(RATES, MAX_ITER, cv=5).fit,
        "validation split 20 %": validation_split,
        "fully converged": GDLinearRegressor(max_iter=CONVERGED).fit,
        "RidgeCV (GCV)": RidgeCV(PENALTIES).fit,
        "RidgeCV (5 folds)": RidgeCV(PENALTIES, cv=5).fit,
    }


def simulated(seed: int, n: int, d: int, noise: float) -> dict[str, float]:
    """Excess risk over the noise, in units of the noise variance, of each on one simulated set."""
    rng = np.random.default_rng(seed)
    scale = np.arange(1, d + 1) ** -0.5  # directions of falling importance, as in real data
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = rng.standard_normal((n, d)) * scale @ turn
    coef = turn.T @ rng.standard_normal(d)
    coef /= np.linalg.norm(scale * (turn @ coef))
    y = X @ coef + noise * rng.standard_normal(n)
    risks = {}
    for name, fit in fitters().items():
        model = clone_fit(fit, X, y)
        off = scale * (turn @ (model.coef_ - coef))
        risks[name] = float(off @ off + model.intercept_**2) / noise**2
    return risks


def clone_fit(fit: Callable[[Floats, Floats], object], X: Floats, y: Floats):
    """A fresh estimator, so that nothing is carried from one set to the next."""
    owner = getattr(fit, "__self__", None)
    return fit(X, y) if owner is None else clone(owner).fit(X, y)


def real_sets() -> dict[str, tuple[Floats, Floats, bool]]:
    """Features, targets and whether to standardise: the digits' columns are all of one unit."""
    X, y = load_diabetes(return_X_y=True)
    interactions = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    digits, label = load_digits(return_X_y=True)
    pixels = digits[:300, ::2] / 16.0
    wide = PolynomialFeatures(2, include_bias=False).fit_transform(pixels)
    wide = wide[:, wide.std(axis=0) > 0]
    return {
        f"diabetes with interactions, {' x '.join(map(str, interactions.shape))}": (
            interactions,
            y,
            True,
        ),
        f"digits, products of pixels, {' x '.join(map(str, wide.shape))}": (wide, label, False),
    }


def real(X: Floats, y: Floats, standardise: bool, splits: int) -> list[dict[str, float]]:
    """Held-out squared error over that of the training mean, for each of several random splits.

    Targets are centred: an intercept descends as slowly as the largest column lets it, and Ridge
    does not shrink its own.
    """
    found = []
    for train, test in ShuffleSplit(splits, test_size=0.25, random_state=0).split(X):
        scaler = StandardScaler(with_std=standardise).fit(X[train])
        rows, held = scaler.transform(X[train]), scaler.transform(X[test])
        known, asked = y[train] - y[train].mean(), y[test] - y[train].mean()
        errors = {}
        for name, fit in fitters().items():
            model = clone_fit(fit, rows, known)
            error = np.mean((asked - model.predict(held)) ** 2)
            errors[name] = float(error / np.mean(asked**2))
        found.append(errors)
    return found


def show(title: str, found: list[dict[str, float]]) -> None:
    print(f"\n{title}; {len(found)} sets")
    print(f"{'':24}{'median':>9}{'mean':>9}{'worst':>9}{'best of all':>13}")
    best = [min(errors, key=errors.get) for errors in found]
    for name in found[0]:
        values = [errors[name] for errors in found]
        print(
            f"{name:24}{np.median(values):9.3f}{np.mean(values):9.3f}{np.max(values):9.3f}"
            f"{best.count(name):10} x"
        )


def main(sets: int, splits: int) -> None:
    warnings.simplefilter("ignore")
    start = time.perf_counter()
    for n, d, noise in ((100, 50, 1.0), (100, 80, 0.5), (60, 120, 1.0), (500, 50, 1.0)):
        found = [simulated(seed, n, d, noise) for seed in range(sets)]
        show(f"simulated, {n} x {d}, noise {noise}: excess risk / noise variance", found)
    for name, (X, y, standardise) in real_sets().items():
        errors = real(X, y, standardise, splits)
        show(f"{name}: held-out error / that of the mean", errors)
    print(f"\n{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more sets, several minutes")
    main(*((200, 50) if parser.parse_args().full else (15, 6)))
