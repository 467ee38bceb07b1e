"""
Learning rate and stop, tuned together
======================================

Which learning rate is best, and after how many updates should descent stop?

Both questions have one answer for each other: half the rate needs about twice the updates. The
diabetes data with all products of two measurements has 65 columns for 442 rows, enough to overfit.
"""

# %%
# One decomposition per fold gives the held-out error of every rate after every number of updates.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_gd import GDLinearRegressorCV

X, y = load_diabetes(return_X_y=True)
features = make_pipeline(PolynomialFeatures(2, include_bias=False), StandardScaler())
X = features.fit_transform(X)
model = GDLinearRegressorCV(lrs=40, max_iter=10_000, iters=120, cv=5).fit(X, y)
print(f"best: lr={model.lr_:.4g}, {model.n_iter_} updates")
print(f"held-out mean squared error {-model.best_score_:.0f}")

# %%
# The valley of good pairs is a line: along it lr * t is constant. Far above it nothing is learned
# yet; far below it the noise is.
errors = -model.scores_path_.mean(axis=2)[:, 1:]
iters = model.iters_[1:]
levels = -model.best_score_ * np.array([1.0, 1.01, 1.03, 1.1, 1.3, 2.0, 4.0])
figure, axes = plt.subplots(layout="constrained")
filled = axes.contourf(iters, model.lrs_, errors, levels=levels, cmap="viridis_r", extend="max")
axes.plot(iters, model.lr_ * model.n_iter_ / iters, color="white", linestyle="--", label="lr t")
axes.plot(model.n_iter_, model.lr_, "o", color="white", markeredgecolor="black", label="chosen")
axes.set(
    xscale="log",
    yscale="log",
    xlabel="updates t",
    ylabel="learning rate",
    ylim=(model.lrs_[0], model.lrs_[-1]),
    title="Held-out mean squared error, 5 folds",
)
axes.legend(loc="lower left", facecolor="gray")
figure.colorbar(filled, ax=axes)
plt.show()
