"""
Gradient descent on the diabetes data
=====================================

How does a line descend on real data, and does it end where least squares does?

The data ship with scikit-learn: 442 patients, ten measurements, and the progression of their
disease one year later.
"""

# %%
# Columns are standardised inside a pipeline, and a part of the rows is held out.
import matplotlib

matplotlib.use("Agg")
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gd import CoefPathDisplay, GDLinearRegressor, LossCurveDisplay

X, y = load_diabetes(return_X_y=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = make_pipeline(StandardScaler(), GDLinearRegressor(max_iter=100_000))
model.fit(X_train, y_train)

# %%
# What happened: the rate, the updates, why it stopped, and what it is worth on held-out rows.
descent = model[-1]
line = make_pipeline(StandardScaler(), LinearRegression()).fit(X_train, y_train)
print(f"learning rate       {descent.lr_:.4f} (largest stable: {descent.path_.max_stable_lr:.4f})")
print(f"updates             {descent.n_iter_:,}, then stopped: {descent.stop_reason_}")
print(f"loss                {descent.loss_history_[0]:,.1f} -> {descent.loss_history_[-1]:,.1f}")
print(f"R2 on held-out rows {model.score(X_test, y_test):.6f} (gradient descent)")
print(f"                    {line.score(X_test, y_test):.6f} (LinearRegression)")

# %%
# Left: the distance of the loss from its least value, by powers of ten. After 20 updates less than
# 1 % is left, in directions of small curvature. Right: along these directions correlated blood
# values (s1, s2, s3, s5) trade their coefficients for another 1,000 updates.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
rate = f"lr = {descent.lr_:.3f}"
curve = LossCurveDisplay.from_estimator(
    model, t_max=10_000, labels=rate, ax=left, excess=True, legend=False
)
percent = left.axhline(0.01 * descent.path_.loss_floor, color="0.4", linestyle=":")
left.legend([*curve.lines_, percent], [rate, "1 % above the least loss"])
left.set(ylim=(1e-4, None), ylabel="loss above the least possible")
t = np.unique(np.geomspace(1, 10_000, 400).astype(int))
coefficients = CoefPathDisplay(
    t=[0, *t],
    coef=descent.path_.coef([0, *t]),
    names=load_diabetes().feature_names,
    limit=line[-1].coef_,
)
coefficients.plot(right, n_named=10)
right.set_ylabel("coefficient of the standardised column")
for ax in (left, right):
    for update in (20, 1000):
        ax.axvline(update, color="0.5", linewidth=0.8, zorder=1)
figure.suptitle("After 20 updates the loss is flat; coefficients trade places until 1,000")

picture = Path("diabetes.png").resolve()
figure.savefig(picture, dpi=100)
print(f"picture             {picture}")
