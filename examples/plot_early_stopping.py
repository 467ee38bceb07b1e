"""
Who should decide when to stop?
===============================

Is it worth stopping early, and does it take held-out rows to know when?

Sets of 100 rows and 40 columns with known coefficients are drawn, so the excess risk of every
fit is known exactly: how far its predictions for new rows are from the best possible, here in
units of the noise.
"""

# %%
# Generalised cross-validation needs no held-out rows, five folds hold out each row once, and a
# validation split gives a fifth of the rows away. Ridge regression shrinks instead of stopping.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import PredefinedSplit

from sklearn_gd import GDLinearRegressor, GDLinearRegressorCV

n, d, sets, lrs = 100, 40, 30, [0.01, 0.1, 0.5]
validation = PredefinedSplit(np.where(np.arange(n) < n // 5, 0, -1))
models = {
    "fully converged": GDLinearRegressor(max_iter=10**12),
    "validation split": GDLinearRegressorCV(lrs, 5_000, cv=validation),
    "5 folds": GDLinearRegressorCV(lrs, 5_000, cv=5),
    "GCV": GDLinearRegressorCV(lrs, 5_000, cv="gcv"),
    "RidgeCV": RidgeCV(np.logspace(-6, 6, 40)),
}

# %%
# Columns are directions of falling importance, as they are in real data.
risks: dict[str, list[float]] = {name: [] for name in models}
scale = np.arange(1, d + 1) ** -0.5
for seed in range(sets):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) * scale
    coef = rng.standard_normal(d)
    coef /= np.linalg.norm(scale * coef)
    y = X @ coef + rng.standard_normal(n)
    for name, model in models.items():
        model.fit(X, y)
        off = scale * (model.coef_ - coef)
        risks[name].append(off @ off + model.intercept_**2)

# %%
# Stopping early is worth a factor of about two here, and nearly all of it can be had without
# holding out a row. Ridge regression does as well: stopping after t updates is much like a penalty
# of 1 / (lr t).
for name, found in risks.items():
    print(f"{name:18} mean {np.mean(found):.2f}  median {np.median(found):.2f}")
figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
for row, found in enumerate(risks.values()):
    axes.plot(found, np.full(sets, row), "o", alpha=0.3)
    axes.plot(np.mean(found), row, "|", color="black", markersize=30)
axes.set_yticks(range(len(risks)), list(risks))
axes.set(xlabel="excess risk / noise variance; bars are means", title=f"{sets} sets, {n} x {d}")
axes.spines[["top", "right"]].set_visible(False)
plt.show()
