"""
Stopping early is much like a ridge penalty
===========================================

How far is descent stopped after t updates from ridge regression with a penalty of 1 / (lr t)?
"""

# %%
# Seen in the eigenvectors of the Hessian both multiply each least-squares coefficient by a factor
# between 0 and 1. Descent makes it 1 - (1 - lr c)^t for curvature c, ridge makes it c / (c + 1/(lr
# t)); both are near lr t c while that is small, and near 1 when it is large.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.preprocessing import scale

from sklearn_gd import GDLinearRegressor

X, y = load_diabetes(return_X_y=True)
X, y = scale(X), y - y.mean()
model = GDLinearRegressor(lr=0.1, fit_intercept=False, max_iter=10**6).fit(X, y)
t = np.unique(np.geomspace(1, 1e5, 60).astype(int))
descent = model.path_.coef(t)
ridge = np.array([Ridge(alpha=len(X) / (0.1 * s), fit_intercept=False).fit(X, y).coef_ for s in t])

# %%
# The ten coefficients of the diabetes data take much the same way, from zero to least squares.
figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
for j in range(X.shape[1]):
    axes.plot(t, descent[:, j], color=f"C{j}", label="descent" if j == 0 else None)
    axes.plot(t, ridge[:, j], color=f"C{j}", linestyle="--", label="ridge" if j == 0 else None)
axes.set(xscale="log", xlabel="updates t at lr = 0.1; penalty n / (lr t)", ylabel="coefficients")
axes.spines[["top", "right"]].set_visible(False)
axes.legend()
plt.show()
