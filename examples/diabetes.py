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
# The loss falls fast along the directions of large curvature and slowly along the others, where
# correlated measurements still trade their coefficients.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
LossCurveDisplay.from_estimator(model, ax=left).legend_.set_loc("upper right")
left.set_ylim(0, 1.5 * descent.loss_history_[0])  # room for the legend
t = np.unique(np.r_[0, np.geomspace(1, descent.n_iter_, 400)].astype(int))
coefficients = CoefPathDisplay(
    t=t, coef=descent.path_.coef(t), names=load_diabetes().feature_names, limit=line[-1].coef_
)
coefficients.plot(right, n_named=10)
left.set_title("half mean squared error", fontsize="medium", loc="left")
right.set_ylabel("coefficient of the standardised column")

picture = Path("diabetes.png").resolve()
figure.savefig(picture, dpi=100)
print(f"picture             {picture}")
