"""
Momentum
========

How fast can descent be with momentum, and what goes wrong with too little or too much of it?

Momentum keeps a part of the last step and adds the new one to it. After G. Goh, "Why Momentum
Really Works", Distill, 2017, https://doi.org/10.23915/distill.00006.
"""

# %%
# The four points of the tutorial. Their loss is a valley that is 55 times as curved across as along
# it. `fastest_rates` gives the best learning rate and momentum for these two curvatures.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_gd import GDLinearRegressor

X, y = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([3.0, 5.0, 7.5, 8.5])
path = GDLinearRegressor(max_iter=10**6, momentum=0.5).fit(X, y).path_
curvatures = np.linalg.eigvalsh(path.hessian_product(np.eye(2)))
print(f"curvatures {curvatures.round(3)}, best lr and momentum {np.round(path.fastest_rates(), 3)}")

# %%
# Along a direction of curvature c the distance from the lowest point follows the recurrence
# d(t+1) = (1 + momentum - lr c) d(t) - momentum d(t-1). The larger root of its characteristic
# polynomial, in size, is the factor that remains of the distance at each update; the slowest
# direction counts.
lr, momentum = np.meshgrid(np.linspace(0.001, 0.5, 300), np.linspace(0, 1, 300))
middle = 1 + momentum - lr * curvatures[:, np.newaxis, np.newaxis]
root = np.sqrt(middle**2 - 4 * momentum + 0j)
factor = np.maximum(abs(middle + root), abs(middle - root)).max(axis=0) / 2

# %%
# Four descents of the same problem. With little momentum the loss falls slowly and steadily. With
# too much the point rolls past the lowest point and back: the loss falls in waves. At the best pair
# both directions shrink by the same factor, the square root of the momentum. In the white region,
# beyond lr = 2 (1 + momentum) / c for the larger curvature c, the loss grows.
best = path.fastest_rates()
pairs = {"monotone": (0.06, 0.0), "oscillating": (0.1, 0.95), "diverging": (0.4, 0.6), "best": best}
figure, (rates, losses) = plt.subplots(2, 1, figsize=(6, 7.5), layout="constrained")
shades = rates.contourf(lr, momentum, factor, np.linspace(0.75, 1, 11), cmap="viridis_r")
figure.colorbar(shades, ax=rates, label="factor left after an update", format="%.2f")
t = np.arange(81)
on_map = {name: {"color": "white"} for name in pairs} | {"diverging": {"color": "C3"}}
for (name, pair), color in zip(pairs.items(), ["C0", "C4", "C3", "C1"], strict=True):
    model = GDLinearRegressor(lr=pair[0], momentum=pair[1], max_iter=10**6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # one of the four diverges
        model.fit(X, y)
    look = {"color": color, "marker": "*" if name == "best" else "o"}
    rates.plot(*pair, **look, markersize=14, markeredgecolor="white", clip_on=False, zorder=5)
    rates.annotate(name, pair, (9, 3), textcoords="offset points", **on_map[name])
    losses.semilogy(t, model.path_.loss(t) - path.loss_floor, **look, markersize=3, label=name)
rates.set(xlabel="lr", ylabel="momentum", title="The best pair balances two directions")
losses.set(xlabel="updates t", ylabel="loss J above the least one", ylim=(1e-9, 1e3))
losses.legend(loc="lower left")
for axes in (rates, losses):
    axes.spines[["top", "right"]].set_visible(False)
plt.show()
