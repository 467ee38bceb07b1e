"""
Why scaling matters
===================

Why does gradient descent crawl on raw columns, and what does standardising them change?

If one column has larger numbers than another, the loss is a long narrow valley. A rate that is
small enough for its steep sides is far too small for its floor.
"""

# %%
# Two measurements of the diabetes data in their own units: body-mass index (16 to 42) and the
# logarithm of a blood value (3 to 6). Columns and target are centred, so two coefficients remain.
import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler

from sklearn_gd import GDLinearRegressor, LossCurveDisplay, LossSurfaceDisplay, diagnose

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
raw, y = X[["bmi", "s5"]] - X[["bmi", "s5"]].mean(), y - y.mean()
scaled = StandardScaler().set_output(transform="pandas").fit_transform(raw)
columns = {"raw columns": raw, "standardised": scaled}
models = [GDLinearRegressor(fit_intercept=False, max_iter=2000).fit(Z, y) for Z in columns.values()]

# %%
# The first twenty updates of each, at the rate 1 / largest curvature. On raw columns the first
# update crosses the valley, and the others creep along its floor.
figure, axes = plt.subplots(1, 2, figsize=(7, 3.9), layout="constrained")
for name, model, ax in zip(columns, models, axes, strict=True):
    ax.set(xlim=(-25, 50), ylim=(-10, 65))
    LossSurfaceDisplay.from_estimator(model, t_max=20, arrow_at=None, ax=ax, legend=False)
    share = model.path_.loss(20) / model.path_.loss_floor - 1
    ax.set_title(f"{name}: loss {share:.1%} above the least", fontsize="medium")
axes[1].legend(loc="upper left", fontsize="small")
plt.show()

# %%
# The distance to the least loss, by powers of ten: raw columns take about fifty times as many
# updates.
above = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
names = list(columns)
LossCurveDisplay.from_estimator(models, labels=names, t_max=1000, excess=True, legend=above)

# %%
# All ten columns are worse: the diagnosis counts the updates with and without scaling.
print(diagnose(X, y))
