"""
Check your own
==============

Is my own gradient descent right?

Write the loop, run it beside the path of `GDLinearRegressor`, and look where they part. Here the
loop has a popular mistake: it updates the intercept first and then takes the gradient of the
coefficient at the new intercept.
"""

# %%
# Two loops, one of them with the mistake.
import numpy as np

from sklearn_gd import GDLinearRegressor, LossCurve, LossCurveDisplay

rng = np.random.default_rng(0)
x = rng.uniform(0, 2, size=40)
y = 1 + 2 * x + rng.normal(0, 0.3, size=40)


def my_losses(lr, updates, together):
    intercept, slope, losses = 0.0, 0.0, []
    for _ in range(updates + 1):
        residual = intercept + slope * x - y
        losses.append((residual**2).mean() / 2)
        intercept -= lr * residual.mean()
        if not together:
            residual = intercept + slope * x - y  # the mistake: this line should not be here
        slope -= lr * (residual * x).mean()
    return np.array(losses)


# %%
# Against the path, the right loop agrees to rounding; the other is off from the first update on.
path = GDLinearRegressor(lr=0.5, tol=0.06).fit(x[:, np.newaxis], y).path_
t = np.arange(path.n_iter + 1)
right, wrong = my_losses(0.5, path.n_iter, True), my_losses(0.5, path.n_iter, False)
print("right loop, largest difference:", np.abs(right - path.loss(t)).max())
print("wrong loop, largest difference:", np.abs(wrong - path.loss(t)).max())

# %%
# The wrong loop also arrives, which is why nobody notices.
curves = [
    LossCurve(t, path.loss(t), "GDLinearRegressor", ending="the textbook's updates"),
    LossCurve(t, wrong, "my loop", ending="intercept first"),
]
LossCurveDisplay(curves, loss_floor=path.loss_floor).plot()

# %%
# The first update, number by number, shows which line to look at.
print(path.explain(0))
