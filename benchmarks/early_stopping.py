"""Which rule should stop a descent, on simulated and on real data.

``python -m benchmarks.early_stopping [--quick]``. Simulated sets: the excess risk of the
coefficients is known exactly, in units of the noise variance. Real sets: the rows are split several
times, and the held-out error is relative to that of the mean of the targets. The Phillips problem:
the stops of Ziebell et al. (2025, arXiv 2503.16753), by this library and by their EarlyStoppingPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import PredefinedSplit, ShuffleSplit
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from benchmarks._harness import Report, Row, interleaved, medians, run
from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

Floats = NDArray[np.float64]

MAX_ITER, CONVERGED = 10_000, 10**12
RATES = 3  # the rate and the stop do the same work, so that a few rates are enough
PENALTIES = np.logspace(-6, 6, 40)
SETS = ((100, 50, 1.0), (100, 80, 0.5), (60, 120, 1.0), (500, 50, 1.0))  # n, d, noise
REPEATS, SPLITS, QUICK_REPEATS, QUICK_SPLITS = 20, 6, 5, 2
# The Phillips problem: rows, noise, and up to which iterate the oracles are looked for.
ROWS, NOISE, LAST = 100, 0.1, 200


def models(n: int) -> dict[str, Any]:
    """Return the rules; a fifth of the rows decides as with `early_stopping=True` elsewhere."""
    split = PredefinedSplit(np.where(np.arange(n) < n // 5, 0, -1))
    return {
        "GCV-stopped": GDLinearRegressorCV(RATES, MAX_ITER, cv="gcv"),
        "CV-stopped, 5 folds": GDLinearRegressorCV(RATES, MAX_ITER, cv=5),
        "CV-stopped, one standard error": GDLinearRegressorCV(
            RATES, MAX_ITER, cv=5, selection="one_se"
        ),
        "validation split, 20 %": GDLinearRegressorCV(RATES, MAX_ITER, cv=split),
        "fully converged": GDLinearRegressor(max_iter=CONVERGED),
        "RidgeCV, leave-one-out": RidgeCV(PENALTIES),
        "RidgeCV, 5 folds": RidgeCV(PENALTIES, cv=5),
    }


def simulated(seed: int, n: int, d: int, noise: float) -> dict[str, float]:
    """Return the excess risk of each rule on one set, in units of the noise variance."""
    rng = np.random.default_rng(seed)
    scale = np.arange(1, d + 1) ** -0.5  # directions of falling variance, as in real data
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    X = rng.standard_normal((n, d)) * scale @ rotation
    coef = rotation.T @ rng.standard_normal(d)
    coef /= np.linalg.norm(scale * (rotation @ coef))
    y = X @ coef + noise * rng.standard_normal(n)

    def risk(model: Any) -> float:
        off = scale * (rotation @ (model.coef_ - coef))
        return float(off @ off + model.intercept_**2) / noise**2

    return {name: risk(model.fit(X, y)) for name, model in models(n).items()}


def real_sets() -> dict[str, tuple[Floats, Floats, bool]]:
    """Return features, targets and whether to scale: the digits' columns are all of one unit."""
    X, y = load_diabetes(return_X_y=True)
    interactions = PolynomialFeatures(2, include_bias=False).fit_transform(X)
    digits, label = load_digits(return_X_y=True)
    wide = PolynomialFeatures(2, include_bias=False).fit_transform(digits[:300, ::2] / 16.0)
    wide = wide[:, wide.std(axis=0) > 0]
    sets = {
        "diabetes with interactions": (interactions, y, True),
        "digits, products of pixels": (wide, label, False),
    }
    return {f"{name}, {len(X)} x {X.shape[1]}": (X, y, s) for name, (X, y, s) in sets.items()}


def real(X: Floats, y: Floats, standardise: bool, splits: int) -> list[dict[str, float]]:
    """Return the held-out squared error over that of the training mean, for each split.

    Targets are centred: the intercept descends, too, and Ridge does not shrink its own.
    """
    found = []
    for train, test in ShuffleSplit(splits, test_size=0.25, random_state=0).split(X):
        scaler = StandardScaler(with_std=standardise).fit(X[train])
        rows, held = scaler.transform(X[train]), scaler.transform(X[test])
        known, truth = y[train] - y[train].mean(), y[test] - y[train].mean()
        errors = {}
        for name, model in models(len(train)).items():
            predicted = clone(model).fit(rows, known).predict(held)
            errors[name] = float(np.mean((truth - predicted) ** 2) / np.mean(truth**2))
        found.append(errors)
    return found


def summed_up(found: list[dict[str, float]]) -> list[Row]:
    """Return median, mean and worst of each rule, and how often it was the best."""
    best, rows = [min(errors, key=lambda k, e=errors: e[k]) for errors in found], []
    for name in found[0]:
        values = np.array([errors[name] for errors in found])
        row: Row = {"rule": name, "median": float(np.median(values)), "mean": float(values.mean())}
        rows.append(row | {"worst": float(values.max()), "best of all": best.count(name)})
    return rows


def oracles(A: Floats, truth: Floats) -> dict[str, int]:
    """Return the first iterates whose squared bias is at most their variance.

    Iterates are linear in y: those of exact targets give the bias, those of unit vectors the
    variance.
    """
    model, t = GDLinearRegressor(1.0, max_iter=LAST, fit_intercept=False), np.arange(LAST + 1)
    bias = model.fit(A, A @ truth).path_.coef(t)[:, np.newaxis] - truth
    noise = NOISE * model.fit(A, np.eye(len(A))).path_.coef(t)
    norms = {"strong oracle": (bias, noise), "weak oracle": (bias @ A.T, noise @ A.T)}
    return {
        k: int(np.argmax((b**2).sum((1, 2)) <= (v**2).sum((1, 2)))) for k, (b, v) in norms.items()
    }


def phillips() -> list[Row]:
    """Return the stops and the time of the discrepancy stop, of this library and of the peer."""
    from EarlyStopping import Landweber, SimulationData

    A, exact, truth = (np.asarray(a) for a in SimulationData.phillips(ROWS))
    y = exact + np.random.RandomState(42).normal(0, NOISE, ROWS)  # noqa: NPY002 (as published)
    ours = GDLinearRegressor(1.0, NOISE**2 / 2, fit_intercept=False)
    peer = partial(Landweber, A, y, learning_rate=1 / ROWS, initial_value=np.zeros(ROWS))
    stop = {"critical_value": ROWS * NOISE**2, "max_iteration": 1000}
    tasks: dict[str, Callable[[], object]] = {
        "sklearn_gd": lambda: ours.fit(A, y),
        "EarlyStoppingPy": lambda: peer().get_discrepancy_stop(**stop),
    }
    took = medians(interleaved(tasks, 3))
    known = peer(true_signal=truth, true_noise_level=NOISE)
    theirs: Row = {"discrepancy stop": int(known.get_discrepancy_stop(**stop))}
    theirs |= {"strong oracle": int(known.get_strong_balanced_oracle(LAST))}
    theirs |= {"weak oracle": int(known.get_weak_balanced_oracle(LAST))}
    mine = {"discrepancy stop": ours.n_iter_} | oracles(A, truth)
    pairs = zip(took.items(), (mine, theirs), strict=True)
    return [{"who": who} | stops | {"stop, s": s} for (who, s), stops in pairs]


def measure(report: Report) -> None:
    repeats, splits = (QUICK_REPEATS, QUICK_SPLITS) if report.quick else (REPEATS, SPLITS)
    for n, d, noise in SETS:
        found = [simulated(seed, n, d, noise) for seed in range(repeats)]
        report.add(f"{n} x {d}, noise {noise:g}: excess risk, {repeats} sets", summed_up(found))
    for name, (X, y, standardise) in real_sets().items():
        found = real(X, y, standardise, splits)
        report.add(f"{name}: held-out error, {splits} splits", summed_up(found))
    if find_spec("EarlyStopping"):
        report.add(f"Phillips, n = {ROWS}, noise {NOISE:g}", phillips())
    else:
        print("\nThe Phillips problem needs its peer: pip install EarlyStoppingPy")


if __name__ == "__main__":
    run("early_stopping", __doc__, measure)
