"""
From the first line to the last
===============================

How does a line find its way into the data?

Gradient descent starts from some line, here y = 0, and moves it a little at a time, always against
the gradient of the loss, until the loss falls below a threshold.
"""

# %%
# Twenty points about a line.
# The threshold `tol` is a loss, half the mean squared error.
import numpy as np

from sklearn_gd import FitDisplay, GDLinearRegressor

rng = np.random.default_rng(0)
X = rng.uniform(0, 4, size=(20, 1))
y = 3 + 2 * X[:, 0] + rng.normal(0, 0.7, size=20)
model = GDLinearRegressor(lr=0.05, tol=0.25).fit(X, y)

# %%
# The first line is dashed and green, the fitted one red; the grey ones are on the way.
display = FitDisplay.from_estimator(model, X, y)

# %%
# What the first update did, in numbers to check by hand.
print(model.path_.explain(0))

# %%
# The same as it goes: press play. In a notebook ``display.animate()`` shows these controls, too,
# and ``animation.save("line.gif", writer="pillow")`` writes a file.
animation = display.animate()
