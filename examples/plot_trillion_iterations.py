"""
A trillion updates
==================

Where does gradient descent end if one lets it go on, and on?

The iterates are computed in closed form, so 10**12 updates cost as much as ten. On columns that
are nearly alike it takes hundreds of billions until every coefficient has arrived.
"""

# %%
# Powers of one variable are a classical bad case: neighbouring columns hardly differ.
import time

import numpy as np

from sklearn_gd import CoefPathDisplay, GDLinearRegressor

x = np.linspace(0, 1, 200)
X = np.column_stack([x**k for k in range(1, 8)])
y = np.sin(2 * np.pi * x)
begin = time.perf_counter()
model = GDLinearRegressor(max_iter=10**12).fit(X, y)
print(f"{model.n_iter_:,} updates in {1000 * (time.perf_counter() - begin):.1f} ms")
print(model.path_)

# %%
# Coefficients settle one power of ten after another; the marks are the values of least squares.
CoefPathDisplay.from_estimator(model)
