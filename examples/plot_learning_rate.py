"""
The learning rate
=================

How large should the learning rate be?

Too small a rate takes for ever, too large a rate never arrives. Between them one rate is best, and
for a linear model all of them can be read off the data before the first update.
"""

# %%
# ``lr="auto"`` is one over the largest curvature, a safe rate. The best constant rate is
# 2 / (largest + smallest curvature); above 2 / largest the descent diverges.
import numpy as np

from sklearn_gd import GDLinearRegressor, LossCurveDisplay, diagnose

rng = np.random.default_rng(1)
X = rng.normal(size=(100, 3)) @ np.diag([1.0, 1.5, 0.7])
y = X @ [1.0, -2.0, 3.0] + 1.0 + rng.normal(0, 0.5, size=100)
model = GDLinearRegressor(max_iter=30, tol=0.13).fit(X, y)
limit = model.path_.max_stable_lr

# %%
# One fit is enough: its path answers for other rates, too.
LossCurveDisplay.from_estimator(model, lrs=[0.04 * limit, "auto", "best", 1.05 * limit])

# %%
# The same in words.
print(diagnose(X, y))
