"""
Learning the noise
==================

When does a descent stop learning the line and begin to learn the noise?

On the rows it descends on, the loss can only fall. On rows held out, it falls as long as what is
learned holds for them too.
"""

# %%
# A polynomial with ten parameters for 20 points, and 200 more points to judge it by.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from sklearn_gd import FitDisplay, GDLinearRegressor, LossCurveDisplay

rng = np.random.default_rng(1)
x = np.concatenate([np.sort(rng.uniform(-1, 1, 20)), rng.uniform(-1, 1, 200)])
y = np.sin(3 * x) + 0.4 * rng.standard_normal(220)
X, X_val, y, y_val = x[:20, np.newaxis], x[20:, np.newaxis], y[:20], y[20:]
powers = PolynomialFeatures(9, include_bias=False)
descent = GDLinearRegressor(tol=0.015, max_iter=10**8)
model = make_pipeline(powers, StandardScaler(), descent).fit(X, y)

# %%
# The star is the least held-out loss. From there on the training loss still falls, but the curve
# (red) bends to single points and is worse between them than the one at the star (thin).
figure, (upper, lower) = plt.subplots(2, 1, figsize=(6, 7), layout="constrained")
curves = LossCurveDisplay.from_estimator(
    model,
    X_val=X_val,
    y_val=y_val,
    ax=upper,
    legend={"loc": "lower left", "bbox_to_anchor": (0, 1)},
)
stops = [0, curves.curves[1].best, descent.n_iter_]
FitDisplay.from_estimator(model, X, y, t=stops, ax=lower)
lower.set_ylim(-1.5, 2)
plt.show()
