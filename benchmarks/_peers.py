"""Other implementations of the same fit, by name.

Descents take a number of updates, so that slow ones can be timed over a few, and return the
coefficients without the intercept.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, Ridge, SGDRegressor
from sklearn.neural_network import MLPRegressor

Descent = Callable[[Any, Any, float, int], Any]
LOOP, LINREG, CHOLESKY = "plain NumPy loop", "LinearRegression", "Ridge, cholesky"
INTELEX = "sklearnex LinearRegression"


def numpy_loop(X: Any, y: Any, lr: float, updates: int) -> Any:
    """Return the coefficients of the textbook loop, which copies no X and computes no loss."""
    coef, intercept = np.zeros(X.shape[1]), 0.0
    transposed = X.T
    for _ in range(updates):
        residual = X @ coef + intercept - y
        coef = coef - lr / len(y) * (transposed @ residual)
        intercept = intercept - lr / len(y) * residual.sum()
    return coef


def mlxtend_loop(X: Any, y: Any, lr: float, updates: int) -> Any:
    """Start from zeros instead of small random numbers; mlxtend's gradient is a sum over rows."""
    from mlxtend.regressor import LinearRegression as Minibatches

    model = Minibatches(method="sgd", eta=lr / len(y), epochs=updates, minibatches=1, random_seed=0)
    model.b_, model.w_, model.cost_ = np.zeros(1), np.zeros((X.shape[1], 1)), []
    return model.fit(X, y, init_params=False).w_.ravel()


def network(X: Any, y: Any, lr: float, updates: int) -> Any:
    """MLPRegressor without hidden layer, one batch and no momentum: full-batch descent."""
    model = MLPRegressor(
        hidden_layer_sizes=(),
        solver="sgd",
        batch_size=len(y),
        shuffle=False,
        momentum=0,
        alpha=0,
        learning_rate_init=lr,
        max_iter=updates,
        n_iter_no_change=updates + 1,
        random_state=0,
    )
    return model.fit(X, y).coefs_[0][:, 0]


def stochastic(X: Any, y: Any, lr: float, updates: int) -> Any:
    """Make as many passes over the rows, one row at a time: another descent, for its time only."""
    model = SGDRegressor(max_iter=updates, tol=None, penalty=None, random_state=0)
    return model.fit(X, y).coef_


def torch_loop(X: Any, y: Any, lr: float, updates: int) -> Any:
    """The gradient by autograd, the update by torch.optim.SGD."""
    import torch

    rows, target = torch.from_numpy(X), torch.from_numpy(y)
    coef = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    intercept = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([coef, intercept], lr=lr)
    for _ in range(updates):
        optimiser.zero_grad()
        (0.5 * ((rows @ coef + intercept - target) ** 2).mean()).backward()
        optimiser.step()
    return coef.detach().numpy()


def loops() -> dict[str, Descent]:
    """Return the descents that are installed."""
    found: dict[str, Descent] = {LOOP: numpy_loop}
    if find_spec("mlxtend"):
        found["mlxtend, minibatches=1"] = mlxtend_loop
    found |= {"SGDRegressor": stochastic, "MLPRegressor, one batch": network}
    return found | ({"PyTorch loop": torch_loop} if find_spec("torch") else {})


def direct(n: int, d: int) -> dict[str, Any]:
    """Return estimators of the limit; scikit-learn-intelex takes minutes when X is wide."""
    found = {LINREG: LinearRegression(), CHOLESKY: Ridge(alpha=1e-6, solver="cholesky")}
    if n >= d and find_spec("sklearnex"):
        from sklearnex.linear_model import LinearRegression as Fast

        found[INTELEX] = Fast()
    return found
