"""
The parabola
============

What is the gradient of a loss, and why does descent slow down by itself?

With a single parameter the loss is a parabola. Its slope at the present value is the gradient; each
update goes against it, by the learning rate times the slope.
"""

# %%
# One feature and no intercept: the parameter w is the slope of a line through the origin.
import numpy as np

from sklearn_gd import GDLinearRegressor, LossSlopeDisplay

rng = np.random.default_rng(0)
X = rng.uniform(0, 4, size=(30, 1))
y = 2 * X[:, 0] + rng.normal(0, 0.5, size=30)
model = GDLinearRegressor(lr=0.06, tol=0.14, fit_intercept=False).fit(X, y)

# %%
# The tangents at the first iterates are steep, so the steps, green, are long. Near the lowest point
# the slope is small, and so are the steps, at one and the same learning rate.
LossSlopeDisplay.from_estimator(model, tangents=[0, 1, 2], symbols={"x0": "w"})
