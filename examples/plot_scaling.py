"""
Why scaling matters
===================

Why does gradient descent crawl on raw columns, and what does standardising them change?

Columns of very different sizes make a long narrow valley. The rate has to be small enough for its
steep sides, and is then far too small for its floor.
"""

# %%
# The diabetes data in their own units: the diagnosis counts the updates with and without scaling.
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gd import GDLinearRegressor, LossCurveDisplay, diagnose

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
print(diagnose(X, y))

# %%
# Both descents as far as their loss is within 10 % of the least possible one.
near = 1.1 * diagnose(X, y).loss_floor
raw = GDLinearRegressor(max_iter=10**6, tol=near).fit(X, y)
scaled = make_pipeline(StandardScaler(), GDLinearRegressor(tol=near)).fit(X, y)
LossCurveDisplay.from_estimator([raw, scaled], labels=["raw columns", "standardised"])
