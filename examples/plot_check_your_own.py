"""
Check your own
==============

Is my own gradient descent right, and if it is not, what is wrong with it?

Write the loop, record the losses, and compare them with the path of `GDLinearRegressor`. Here one
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


def my_losses(lr, updates, together, x=x):
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
# The right loop agrees with the path to rounding.
path = GDLinearRegressor(lr=0.5, tol=0.06).fit(x[:, np.newaxis], y).path_
right, wrong = my_losses(0.5, path.n_iter, True), my_losses(0.5, path.n_iter, False)
print(path.compare(right))

# %%
# The other differs from the first update on. `compare` makes the well-known mistakes one by one
# and names the one that gives these losses.
print(path.compare(wrong))

# %%
# The wrong loop also arrives, which is why nobody notices.
t = np.arange(path.n_iter + 1)
curves = [
    LossCurve(t, path.loss(t), "GDLinearRegressor", ending="the textbook's updates"),
    LossCurve(t, wrong, "my loop", ending="intercept first"),
]
LossCurveDisplay(curves, loss_floor=path.loss_floor).plot()

# %%
# A loss without the 1/2 and a gradient to match are another convention, not an error. `compare`
# tells both from the losses, and the rate at which the two descents are the same.
print(path.compare(2 * my_losses(2 * 0.5, 5, True)))

# %%
# On a centred feature the mistake has no effect, so no numbers can show it.
centred = x - x.mean()
path_centred = GDLinearRegressor(lr=0.5, tol=0.06).fit(centred[:, np.newaxis], y).path_
print(path_centred.compare(my_losses(0.5, 5, True, centred)))

# %%
# The first update, number by number, helps with mistakes that `compare` does not know.
print(path.explain(0))
