"""
Larger than memory with Dask
============================

How much memory does a descent need, and does it take another look at the rows to try another rate?

The rows are made in partitions when a thread asks for one, and forgotten as soon as it is summed
up. With dataframes, or arrays from files, all below is the same.
"""

# %%
# Forty partitions of 4 MB. There could be a thousand times as many: it would take a thousand times
# as long and no more memory.
import tracemalloc

import dask
import dask.array as da
import numpy as np

from sklearn_gd import GDLinearRegressor, LossCurveDisplay

partitions, rows, columns = 40, 12_500, 40
rng = da.random.default_rng(0)
spread = np.geomspace(1, 0.1, columns)  # of the columns
X = spread * rng.standard_normal((partitions * rows, columns), chunks=(rows, columns))
y = X @ np.linspace(3, 1, columns) + 2.0 + rng.standard_normal(partitions * rows, chunks=rows)
print(f"{X.nbytes / 1e6:.0f} MB of rows in {X.npartitions} partitions")

# %%
# Two threads hold two partitions, what they are made from, and their sums.
tracemalloc.start()
with dask.config.set(num_workers=2):
    model = GDLinearRegressor(max_iter=10**6).fit(X, y)
print(f"{tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB at most while fitting")
tracemalloc.stop()
print(model.path_)

# %%
# The descent is computed from the sums, so another rate does not need the rows again. "best" is the
# constant rate whose slowest direction is fastest: behind "auto" at first, and ahead in the end.
# Just above the largest stable rate the loss rises for ever.
rates = [0.1 * model.lr_, "auto", "best", 1.01 * model.path_.max_stable_lr]
LossCurveDisplay.from_estimator(model, lrs=rates, t_max=1500, excess=True)
