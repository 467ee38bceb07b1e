"""
Descent in motion
=================

What does a line on its way into the data look like on the loss surface?

Each line is a point: its intercept and its slope. An update moves the point against the gradient of
the loss, and with it the line.
"""

# %%
# Thirty points about a line, and a first line that falls where the data rise.
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.colors import LinearSegmentedColormap

from sklearn_gd import FitDisplay, GDLinearRegressor, LossSurfaceDisplay

rng = np.random.default_rng(4)
X = rng.uniform(-1, 3, size=(30, 1))
y = 1 + 2 * X[:, 0] + rng.normal(0, 0.8, size=30)
model = GDLinearRegressor(lr=0.06, tol=0.25).fit(X, y, coef_init=[-2.0], intercept_init=6.5)

# %%
# Two displays on one figure, of the same iterates: left the line, right its point. The first
# updates cross the valley, the others follow its floor. Press play.
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.1), layout="constrained")
fit = FitDisplay.from_estimator(model, X, y, between=0, ax=left, legend=False)
surface = LossSurfaceDisplay.from_estimator(
    model,
    t=fit.t,
    symbols={"x0": "slope"},
    arrow_at=None,
    ax=right,
    legend=False,
    line_kw={"marker": "none", "linewidth": 2.0},
)
left.set(xlabel="x", ylabel="y")
figure.suptitle(f"{fit.t[-1]} updates, loss {fit.loss[-1]:.2f}", fontsize="medium")
figure.draw_without_rendering()  # the layout once for all frames
figure.set_layout_engine("none")
colours = LinearSegmentedColormap.from_list("way", ["#009E73", "#E69F00", "#CC3311"])
way = colours(np.linspace(0, 1, len(fit.t)))


def draw(i: int) -> None:
    fit.line_.set(ydata=fit.lines[i], color=way[i])
    surface.line_.set_data(*surface.path[: i + 1].T)
    surface.stop_.set_data(*surface.path[[i]].T)
    surface.stop_.set_color(way[i])
    figure.suptitle(f"{fit.t[i]} updates, loss {fit.loss[i]:.2f}", fontsize="medium")


animation = FuncAnimation(figure, draw, frames=len(fit.t), interval=100)
