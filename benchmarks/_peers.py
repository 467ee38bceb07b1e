"""Who else fits lines: a name and a problem go in, a function that fits comes out.

Descents take a number of updates, so that slow ones can be timed over a few; each returns its
coefficients, those of the intercept left out.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression, Ridge, SGDRegressor
from sklearn.neural_network import MLPRegressor

Descent = Callable[[Any, Any, float, int], Any]
# Does not make the very same updates (one row at a time), so it is timed and not compared.
OTHER_UPDATES = "SGDRegressor"
# Starts from random numbers, where a descent to be compared with it must start too.
OTHER_START = "MLPRegressor, one batch"


def numpy_loop(X: Any, y: Any, lr: float, updates: int) -> Any:
    """The descent as every course writes it, without a copy of X and without the loss."""
    coef, intercept = np.zeros(X.shape[1]), 0.0
    transposed = X.T
    for _ in range(updates):
        residual = X @ coef + intercept - y
        coef = coef - lr / len(y) * (transposed @ residual)
        intercept = intercept - lr / len(y) * residual.sum()
    return coef


def mlxtend_loop(X: Any, y: Any, lr: float, updates: int) -> Any:
    """From zeros and not from small random numbers; its gradient is a sum over rows, no mean."""
    from mlxtend.regressor import LinearRegression as Minibatches

    model = Minibatches(method="sgd", eta=lr / len(y), epochs=updates, minibatches=1, random_seed=0)
    model.b_, model.w_, model.cost_ = np.zeros(1), np.zeros((X.shape[1], 1)), []
    return model.fit(X, y, init_params=False).w_.ravel()


def network(X: Any, y: Any, lr: float, updates: int) -> Any:
    """MLPRegressor without hidden layer, one batch and no momentum: full-batch descent."""
    return _network(X, y, lr, updates).coefs_[0][:, 0]


def network_start(X: Any, y: Any) -> dict[str, Any]:
    """A rate that moves nothing shows where it starts."""
    model = _network(X, y, 1e-300, 1)
    return {"coef_init": model.coefs_[0][:, 0], "intercept_init": model.intercepts_[0][0]}


def _network(X: Any, y: Any, lr: float, updates: int) -> MLPRegressor:
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
    return model.fit(X, y)


def stochastic(X: Any, y: Any, lr: float, updates: int) -> Any:
    """As many passes over the rows as the descent makes updates."""
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


def loops() -> dict[str, Descent | None]:
    """Descents by name; None where the library is not installed."""
    return {
        "plain NumPy loop": numpy_loop,
        "mlxtend, minibatches=1": mlxtend_loop if _there("mlxtend") else None,
        OTHER_UPDATES: stochastic,
        OTHER_START: network,
        "PyTorch loop": torch_loop if _there("torch") else None,
    }


def direct() -> dict[str, Any]:
    """Estimators of the limit by name; None where the library is not installed."""
    fast = None
    if _there("sklearnex"):
        from sklearnex.linear_model import LinearRegression as Fast

        fast = Fast()
    return {
        "LinearRegression": LinearRegression(),
        "Ridge, cholesky": Ridge(alpha=1e-6, solver="cholesky"),
        "sklearnex LinearRegression": fast,
    }


def _there(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
