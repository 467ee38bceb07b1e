"""Other libraries and published results agree: MLPRegressor, Ridge, and Phillips' test problem."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor

from helpers import distance, literal_loop, regression, tolerance
from sklearn_gd import GDLinearRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("k", [None, 2])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_a_network_without_hidden_layers_descends_alike(nesterov, momentum, k):
    """MLPRegressor with all rows in one batch: the same losses and parameters, from its start.

    Its reported loss is a mean over targets, and the gradient it descends along that of our sum.
    """
    X, y = regression(k=k)
    updates, lr = 60, 0.05

    def network(rate, max_iter):
        return MLPRegressor(
            hidden_layer_sizes=(), solver="sgd", batch_size=len(X), learning_rate_init=rate,
            momentum=momentum, nesterovs_momentum=nesterov, shuffle=False, alpha=0.0,
            max_iter=max_iter, tol=0.0, n_iter_no_change=10**6, random_state=0,
        ).fit(X, y)  # fmt: skip

    start, peer = network(1e-300, 1), network(lr, updates)
    rule = {"momentum": momentum, "nesterovs_momentum": nesterov}
    given = {"coef_init": start.coefs_[0].T, "intercept_init": start.intercepts_[0]}
    if k is None:
        given = {name: value[0] for name, value in given.items()}
    model = GDLinearRegressor(lr, max_iter=updates, **rule).fit(X, y, **given)
    assert distance(model.coef_, peer.coefs_[0].T.reshape(model.coef_.shape)) <= 1e-12
    assert distance(model.intercept_, peer.intercepts_[0]) <= 1e-12
    assert distance(model.loss_history_[:-1] / (k or 1), peer.loss_curve_) <= 1e-12


@pytest.mark.parametrize("alpha", [0.0, 0.2])
@pytest.mark.parametrize("nesterov", [False, True])
def test_torch_sgd_descends_alike(nesterov, alpha):
    """PyTorch's SGD on all rows, with momentum and the penalty as weight decay."""
    torch = pytest.importorskip("torch")
    X, y = regression()
    rows, targets = torch.from_numpy(X), torch.from_numpy(y)
    coef = torch.zeros(X.shape[1], dtype=torch.float64, requires_grad=True)
    intercept = torch.zeros((), dtype=torch.float64, requires_grad=True)
    groups = [{"params": [coef], "weight_decay": alpha}, {"params": [intercept]}]
    optimiser = torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=nesterov)
    for _ in range(60):
        optimiser.zero_grad()
        loss = 0.5 * torch.mean((rows @ coef + intercept - targets) ** 2)
        loss.backward()
        optimiser.step()
    model = GDLinearRegressor(
        0.05, max_iter=60, momentum=0.9, nesterovs_momentum=nesterov, alpha=alpha
    ).fit(X, y)
    assert distance(model.coef_, coef.detach().numpy()) <= 1e-12
    assert distance(model.intercept_, intercept.item()) <= 1e-12


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("shape", [(60, 4), (8, 20)])
def test_the_limit_of_a_penalised_descent_is_ridge(shape, weighted, fit_intercept):
    """Ridge sums where J averages, so that its penalty is alpha times the sum of the weights."""
    X, y = regression(*shape)
    w = np.linspace(0.5, 2.0, len(X)) if weighted else None
    total = len(X) if w is None else w.sum()
    model = GDLinearRegressor(alpha=0.3, max_iter=10**6, fit_intercept=fit_intercept)
    model.fit(X, y, w)
    ridge = Ridge(0.3 * total, fit_intercept=fit_intercept, tol=1e-14).fit(X, y, w)
    assert model.stop_reason_ == "stationary"
    assert distance(model.coef_, ridge.coef_) <= 1e-9
    assert model.intercept_ == pytest.approx(ridge.intercept_, rel=1e-9, abs=1e-9)
    limit = model.path_.limit()
    assert distance(limit[int(fit_intercept) :], ridge.coef_) <= 1e-9


@pytest.mark.parametrize("solver", ["spectral", "krylov", "loop"])
def test_weights_are_repetitions_with_a_penalty_too(solver):
    """A row of weight 2 is two rows, whatever alpha: J is a mean over the rows that there are."""
    X, y = regression(n=30)
    counts = np.arange(30) % 3
    model = GDLinearRegressor(0.05, max_iter=40, alpha=0.2, solver=solver)
    twice = model.fit(np.repeat(X, counts, axis=0), np.repeat(y, counts)).path_
    weighted = model.fit(X, y, counts).path_
    t = np.arange(41)
    assert distance(weighted.coef(t), twice.coef(t)) <= tolerance()
    assert distance(weighted.loss(t), twice.loss(t)) <= tolerance()


@pytest.mark.parametrize("solver", ["spectral", "loop"])
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_momentum_and_penalty_are_those_of_the_literal_loop(alpha, nesterov, solver):
    """Iterates, losses and gradients, weighted and for several targets."""
    X, y = regression(k=2)
    w = np.linspace(0.0, 2.0, len(X))
    rule = {"momentum": 0.7, "alpha": alpha}
    thetas, losses = literal_loop(X, y, 0.1, 50, sample_weight=w, nesterov=nesterov, **rule)
    model = GDLinearRegressor(0.1, max_iter=50, nesterovs_momentum=nesterov, solver=solver, **rule)
    path, t = model.fit(X, y, w).path_, np.arange(51)
    assert distance(path.parameters(t), np.swapaxes(thetas, 1, 2)) <= tolerance()
    assert distance(path.loss(t), losses) <= tolerance()
    assert np.array_equal(model.loss_history_, path.loss(t))


def test_momentum_of_nothing_is_plain_descent():
    """beta = 0 to the bit, with Nesterov's look ahead or without."""
    X, y = regression()
    plain = GDLinearRegressor(0.1, max_iter=50).fit(X, y)
    for nesterov in (False, True):
        other = GDLinearRegressor(0.1, max_iter=50, momentum=0.0, nesterovs_momentum=nesterov)
        assert np.array_equal(other.fit(X, y).coef_path_, plain.coef_path_)


def phillips(n):
    """The integral equation of D. L. Phillips (1962) in n boxes of width h = 12 / n on [-6, 6].

    Kernel and solution are phi(x) = 1 + cos(pi x / 3) for |x| < 3. Boxes are scaled to length one,
    so that entries are second differences of a function whose second derivative is phi.
    """
    h, c = 12.0 / n, np.pi / 3.0
    edges = -6.0 + h * np.arange(n + 1)

    def twice(x):
        inside = np.minimum(np.abs(x), 3.0)
        return inside**2 / 2 - np.cos(c * inside) / c**2 + 3.0 * (np.abs(x) - inside)

    lags = h * np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    A = (twice(lags + h) - 2.0 * twice(lags) + twice(lags - h)) / h
    inside = np.clip(edges, -3.0, 3.0)
    truth = np.diff(inside + np.sin(c * inside) / c) / np.sqrt(h)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    s = np.abs(edges[:-1, np.newaxis] + h * (nodes + 1.0) / 2.0)
    g = (6.0 - s) * (1.0 + 0.5 * np.cos(c * s)) + 4.5 / np.pi * np.sin(c * s)
    return A, g @ weights * np.sqrt(h) / 2.0, truth


def test_stops_of_the_phillips_problem_are_the_published_ones():
    """Ziebell et al. (2025, arXiv 2503.16753), n = 100, seed 42, noise 0.1, their rate 1 / n.

    The discrepancy principle stops where the mean squared residual falls below the noise; the
    oracles where the squared bias falls below the variance, of coefficients or of predictions.
    """
    n, noise = 100, 0.1
    A, exact, truth = phillips(n)
    y = exact + np.random.RandomState(42).normal(0, noise, n)  # noqa: NPY002 (as published)
    model = GDLinearRegressor(1.0, noise**2 / 2, fit_intercept=False).fit(A, y)
    assert (model.n_iter_, model.stop_reason_) == (26, "tol")
    descend = GDLinearRegressor(1.0, max_iter=200, fit_intercept=False)
    t = np.arange(201)
    bias = descend.fit(A, A @ truth).path_.coef(t) - truth
    spread = descend.fit(A, np.eye(n)).path_.coef(t)  # how each entry of y moves each coefficient
    strong = np.sum(bias**2, axis=1) <= noise**2 * np.sum(spread**2, axis=(1, 2))
    weak = np.sum((bias @ A) ** 2, axis=1) <= noise**2 * np.sum((spread @ A) ** 2, axis=(1, 2))
    assert (np.argmax(strong), np.argmax(weak)) == (147, 47)
