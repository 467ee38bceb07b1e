"""
Learning rate and stop, tuned together
======================================

Which learning rate is best, and after how many updates should descent stop?

Both questions have one answer for each other: half the rate needs about twice the updates. The
diabetes data with all products of two measurements has 65 columns for 442 rows, enough to overfit.
"""

# %%
# One decomposition per fold gives the held-out error of every rate after every number of updates.
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_gd import GDLinearRegressorCV, TuningDisplay

X, y = load_diabetes(return_X_y=True)
features = make_pipeline(PolynomialFeatures(2, include_bias=False), StandardScaler())
X = features.fit_transform(X)
model = GDLinearRegressorCV(lrs=40, max_iter=10_000, iters=120, cv=5).fit(X, y)
print(f"best: lr={model.lr_:.4g}, {model.n_iter_} updates")
print(f"held-out mean squared error {-model.best_score_:.0f}")

# %%
# The ridge of good pairs, light, is a line: along it lr * t is constant. To its left nothing is
# learned yet; to its right the noise is.
TuningDisplay.from_estimator(model)
