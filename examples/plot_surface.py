"""
The surface
===========

Which way is downhill with two parameters?

With an intercept and a coefficient the loss is a surface over a plane. Its contours are ellipses,
and the gradient, with one partial derivative for each parameter, is upright on them. The picture
shows the negative gradient, which points downhill.
"""

# %%
# The path first goes down the steep side of the valley, and then follows its floor.
import numpy as np

from sklearn_gd import GDLinearRegressor, LossSurfaceDisplay

rng = np.random.default_rng(0)
X = rng.uniform(0, 4, size=(60, 1))
y = 3 + 2 * X[:, 0] + rng.normal(0, 1, size=60)
model = GDLinearRegressor(lr=0.05, tol=0.52).fit(X, y)
display = LossSurfaceDisplay.from_estimator(model)

# %%
# The partial derivatives, as the path computes them; the arrow has the opposite signs.
print(model.path_.gradient(0).round(3))

# %%
# ``display.plot(kind="3d")`` draws it in three dimensions, ``display.animate()`` as it goes.
