"""
Divergence
==========

What happens when the learning rate is just too large?

The loss of a constant rate is a sum of exponentials in the number of updates, so it is convex: it
may fall for a while, but once it rises it rises for ever. The estimator stops when the loss has
risen, keeps the coefficients of the least loss and warns.
"""

# %%
# The rate is five per cent above the limit: at first the loss falls as it should.
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_gd import GDLinearRegressor, LossCurveDisplay

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 4)) @ np.diag([0.5, 0.6, 0.7, 2.0])
y = X @ [3.0, -3.0, 3.0, 0.2] + 1.0 + rng.normal(0, 0.5, size=200)
limit = GDLinearRegressor(max_iter=10**6).fit(X, y).path_.max_stable_lr

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", ConvergenceWarning)
    model = GDLinearRegressor(lr=1.05 * limit).fit(X, y)
print(caught[0].message)

# %%
# The path answers for updates beyond the stop, too: the picture shows how the loss goes on to rise.
LossCurveDisplay.from_estimator(model)
