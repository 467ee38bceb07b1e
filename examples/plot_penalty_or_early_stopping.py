"""
Penalty or early stopping?
==========================

Both keep coefficients small. How much is lost by stopping a descent, compared with the best ridge
penalty?

Ali, Kolter and Tibshirani, "A continuous-time view of early stopping for least squares", 2019,
prove that descent in small steps, stopped when lr t = 1 / alpha, has at most 1.69 times the risk
of ridge regression with penalty alpha, whatever the data are.
"""

# %%
# The risk is the mean squared distance of the coefficients from the true ones. Each of 400 targets
# has noise of its own about the same line, and all are fitted at once, so that the mean over
# targets is the risk.
import matplotlib.pyplot as plt
import numpy as np

from sklearn_gd import GDLinearRegressor

rng = np.random.default_rng(0)
n, d = 80, 40
X = rng.standard_normal((n, d)) * np.arange(1, d + 1) ** -0.5
coef = rng.standard_normal(d) / np.sqrt(d)
Y = (X @ coef)[:, np.newaxis] + rng.standard_normal((n, 400))


def risk(found):
    return ((found - coef) ** 2).sum(axis=-1).mean(axis=-1)


# %%
# One descent has all stops in it, read off by ``path_.coef``; each penalty is a model of its own,
# descended to its end.
common = {"lr": 0.01, "fit_intercept": False, "max_iter": 10**9}
path = GDLinearRegressor(**common).fit(X, Y).path_
t = np.unique(np.geomspace(10, 10**6, 40).astype(int))
alphas = 1 / (path.lr * t)
stopped = risk(path.coef(t))
ridge = np.array([risk(GDLinearRegressor(alpha=a, **common).fit(X, Y).coef_) for a in alphas])
print(f"largest ratio of risks at the same lr t = 1 / alpha: {(stopped / ridge).max():.2f}")
print(f"ratio of the best risks:                             {stopped.min() / ridge.min():.2f}")

# %%
# At the same lr t = 1 / alpha descent has less bias and more variance, never more than 1.69 times
# the risk. If each is stopped at its best, the two (stars) hardly differ; and descent has tried all
# its stops in one fit.
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.fill_between(
    1 / alphas, ridge, 1.69 * ridge, color="C0", alpha=0.15, label="up to 1.69 x ridge"
)
for name, risks, color, size in (("ridge", ridge, "C0", 20), ("descent", stopped, "C3", 11)):
    axes.plot(1 / alphas, risks, color=color, label=name)
    least = risks.argmin()
    axes.plot(1 / alphas[least], risks[least], "*", color=color, markersize=size, mec="white")
axes.set(xscale="log", yscale="log", xlabel="lr t of descent, 1 / alpha of ridge", ylabel="risk")
axes.set_title("Stopped descent is never much worse than a penalty", loc="left")
axes.spines[["top", "right"]].set_visible(False)
axes.legend()
plt.show()
