"""The recorded descent: asked at any t, it answers with coefficients, loss and gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_gd._descent import MOST_UPDATES, ClosedForm, Stop, StoppingRule, find_stop, floor_error
from sklearn_gd._optional import optional
from sklearn_gd._report.comparison import Comparison, compare
from sklearn_gd._report.errstate import without_underflow
from sklearn_gd._report.explanation import Explanation
from sklearn_gd._report.forecast import is_exact
from sklearn_gd._report.held_out import held_out_losses, predictions
from sklearn_gd._report.layout import Layout
from sklearn_gd._report.parameter_names import column_names, direction_name
from sklearn_gd._report.update_counts import check_loss, check_rate, check_t
from sklearn_gd._solvers import StoppedDescent

Floats = NDArray[np.floating[Any]]

# A history that would take more than this is not made; the path is asked instead.
HISTORY_LIMIT_BYTES = 1 << 28
ENDINGS = {
    "tol": "the loss fell below tol",
    "stationary": "the iterates came to rest",
    "max_iter": "max_iter was reached",
    "diverged": "the loss began to rise",
    "callback": "a callback stopped it",
}
NO_DIRECTIONS = (
    "This needs all directions of the problem, but the solver kept only what the descent needed. "
    "Fit with solver='spectral', if X has few enough columns."
)


class NotKnownError(AttributeError, ValueError):
    """What a descent does not tell; an attribute is then absent for `hasattr` and notebooks."""


class DescentPath:
    """A whole gradient descent, evaluated at any number of updates.

    Made by :class:`GDLinearRegressor`, whose ``path_`` it is.
    Every method takes `t`, the number of updates made so far: a non-negative integer or an array of
    them, also beyond the stop. The answer's leading axes are those of `t`.

    Attributes
    ----------
    lr : float
        The learning rate.
    momentum : float
        The share of an update that the next one repeats; 0 for plain descent.
    nesterovs_momentum : bool
        Whether the gradient is taken with Nesterov's look ahead.
    alpha : float
        The L2 penalty.
    n_iter : int
        The number of updates made when the descent stopped.
    stop_reason : {"tol", "stationary", "max_iter", "diverged", "callback"}
        Why it stopped there.
    best_iter : int
        The number of updates that led to ``coef_``: `n_iter`, but for a diverged descent that of
        the least loss.
    max_stable_lr : float
        No rate above it converges: 2 / largest eigenvalue of H without momentum. Infinite when X is
        all zeros.
    best_lr : float
        2 / (largest + smallest non-zero eigenvalue of H): of all rates of plain descent the one
        whose slowest direction is fastest.
    loss_floor : float
        The least possible loss: that of least squares or, with a penalty, of ridge regression; 0
        when it cannot be told from rounding.
    condition_number : float
        Largest over smallest non-zero singular value of Z, which is X with a column of ones in
        front when there is an intercept, rows weighted, and with the rows of the penalty below.
        Descent takes about its square in updates. Infinite when columns are too far apart in scale
        for float64.
    last_known : int or None
        The largest `t` that this path can answer; None: any.
    weight : float
        W, the sum of the weights: the number of rows without weights.
    parameter_names : tuple of str
        "intercept" if there is one, then the features' names: those of the columns of X if X had
        any, else x0, x1, ...

    Notes
    -----
    With H = Z' diag(w) Z / W = V diag(c) V', g = V' grad J(theta_0) and the residual polynomial
    p_t(c), which is (1 - lr c)**t without momentum, the iterates are [1]_::

        theta_t = theta_0 - V (g * (1 - p_t) / c)
        J_t     = loss_floor + 1/2 sum g**2 * p_t**2 / c

    References
    ----------
    .. [1] A. Ali, J. Z. Kolter and R. J. Tibshirani, "A Continuous-Time View of Early Stopping
       for Least Squares", AISTATS 2019, arXiv:1810.10082.

    Examples
    --------
    >>> from sklearn_gd import GDLinearRegressor
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> path = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).path_
    >>> path.n_iter, path.stop_reason
    (8, 'tol')
    >>> path.loss([0, 1, 10**6]).round(3)
    array([5.833, 3.387, 0.   ])
    >>> path.gradient(0)
    array([-3.        , -4.33333333])
    >>> path.iterations_to(loss=1.0)
    4
    """

    def __init__(
        self, stopped: StoppedDescent, layout: Layout, *, weight: float, alpha: float = 0.0
    ) -> None:
        descent, stop = stopped.descent, stopped.stop
        self._descent, self._stop, self._layout = descent, stop, layout
        self._histories: dict[str, Floats] = {}
        self.lr = descent.rule.lr
        self.momentum = descent.rule.momentum
        self.nesterovs_momentum = descent.rule.nesterov
        self.alpha = alpha
        self.n_iter = stop.t
        self.stop_reason = stop.reason
        self.best_iter = stop.best
        self.last_known: int | None = descent.last_known
        self.weight = weight

    @property
    def max_stable_lr(self) -> float:
        return self._descent.rule.stable_below(self._largest)

    @property
    def best_lr(self) -> float:
        return self.fastest_rates(momentum=False)[0]

    @property
    def loss_floor(self) -> float:
        spectrum = getattr(self._descent, "spectrum", None)
        if spectrum is None or not spectrum.floor_is_known:
            raise AttributeError(
                "The least possible loss is not known: no more was found than this descent needed. "
                "Fit with solver='spectral', if X has few enough columns."
            )
        floor = spectrum.floor if spectrum.scaled_floor is None else spectrum.scaled_floor
        return floor if floor > self._floor_error else 0.0

    @property
    def condition_number(self) -> float:
        nonzero = self._closed_form.spectrum.nonzero_eigenvalues
        if self._closed_form.spectrum.columns_lost:
            return inf
        return float(np.sqrt(nonzero.max() / nonzero.min())) if nonzero.size else 1.0

    @property
    def parameter_names(self) -> tuple[str, ...]:
        n_features = self._descent.start.shape[0] - self._layout.fit_intercept
        return self._layout.parameter_names(n_features)

    def with_names(self, feature_names: Any) -> DescentPath:
        """Return the same path with names for the features.

        Parameters
        ----------
        feature_names : array-like of str
            One name per feature, for instance ``model[:-1].get_feature_names_out()`` of a pipeline.

        Returns
        -------
        DescentPath
            Shares everything else with this one.
        """
        names = tuple(map(str, feature_names))
        expected = self._descent.start.shape[0] - self._layout.fit_intercept
        if len(names) != expected:
            raise ValueError(f"feature_names must have {expected} names; got {len(names)}.")
        return self._sibling(self._descent, self._stop, replace(self._layout, feature_names=names))

    @without_underflow
    def coef(self, t: ArrayLike) -> Floats:
        """Coefficients after `t` updates.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape + (n_features,) or t.shape + (n_targets, n_features)
            Infinite when a diverging descent leaves the range of floats.
        """
        return self._layout.coef(self._descent.theta(check_t(t)))

    @without_underflow
    def intercept(self, t: ArrayLike) -> Floats:
        """Intercept after `t` updates; 0 without an intercept.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape or t.shape + (n_targets,)
            The intercept, or one per target.
        """
        return self._layout.intercept(self._descent.theta(check_t(t), slice(0, 1)))

    @without_underflow
    def parameters(self, t: ArrayLike) -> Floats:
        """All parameters after `t` updates, the intercept first, laid out as `gradient` is.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape + (n_parameters,) or t.shape + (n_targets, n_parameters)
            theta_t.
        """
        return self._layout.gradient(self._descent.theta(check_t(t)))

    @without_underflow
    def loss(self, t: ArrayLike, X: Any = None, y: Any = None, sample_weight: Any = None) -> Floats:
        """The loss after `t` updates, on the training rows or on others.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.
        X : {array-like, sparse matrix} of shape (n_samples, n_features), default=None
            Other rows; None: those that were fitted. In a pipeline, X as the earlier steps make it.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            The targets of those rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        ndarray of shape t.shape
            J, the penalty included, on the training rows; half the weighted mean squared error,
            summed over targets, on others. Infinite when a diverging descent leaves the range of
            floats.
        """
        steps = check_t(t)
        if X is not None:
            return np.asarray(held_out_losses(self, steps, X, y, sample_weight))[()]
        if y is not None or sample_weight is not None:
            given = "sample_weight" if y is None else "y"
            raise ValueError(f"loss on other rows needs both X and y; got {given} without X.")
        return np.asarray(self._descent.loss(steps))[()]

    @without_underflow
    def predict(self, X: Any, t: ArrayLike) -> Floats:
        """Predictions with the parameters after `t` updates.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features; in a pipeline, X as the earlier steps make it.
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape + (n_samples,) or t.shape + (n_samples, n_targets)
            Predictions of each of those iterates.
        """
        return predictions(self, X, check_t(t))

    @without_underflow
    def gradient(self, t: ArrayLike) -> Floats:
        """Partial derivatives of J after `t` updates, that of the intercept first.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape + (n_parameters,) or t.shape + (n_targets, n_parameters)
            ``n_parameters`` is ``n_features + 1`` with an intercept, else ``n_features``.
        """
        return self._layout.gradient(self._descent.gradient(check_t(t)))

    @without_underflow
    def dof(self, t: ArrayLike) -> Floats:
        """Effective degrees of freedom of the predictions after `t` updates.

        The trace of the matrix that takes y to the fitted values, without a penalty
        sum(1 - p_t(c)): 0 at the start, the rank of Z in the limit.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape
            Degrees of freedom, of each target alone.
        """
        return np.asarray(self._closed_form.dof(check_t(t)))[()]

    def limit(self) -> Floats:
        """The parameters that a stable rate leads to: the solution nearest to the start.

        Returns
        -------
        ndarray of shape (n_parameters,) or (n_targets, n_parameters)
            Laid out as `parameters`.
        """
        return self._layout.gradient(self._all_directions.limit)

    def hessian_product(self, directions: ArrayLike) -> Floats:
        """The product of H, the second derivatives of J, with directions of parameters.

        Parameters
        ----------
        directions : array-like of shape (n_parameters,) or (n_parameters, m)
            One direction, or one per column.

        Returns
        -------
        ndarray of the same shape
            H times the directions.
        """
        spectrum = self._all_directions.spectrum
        along = np.asarray(directions, dtype=float)
        product = spectrum.basis.T @ along
        return np.asarray(spectrum.basis @ (spectrum.eigenvalues * product.T).T)

    def main_directions(self, target: int = 0) -> tuple[Floats, float]:
        """The two eigenvectors of H that hold most of the loss there is to lose.

        Parameters
        ----------
        target : int, default=0
            Which target's loss.

        Returns
        -------
        directions : ndarray of shape (n_parameters, 2)
            As columns, each with its heaviest parameter positive; one column when there is one
            parameter.
        share : float
            Their share of the loss to lose.
        """
        spectrum = self._all_directions.spectrum
        energy = spectrum.rotated_residual[:, target] ** 2
        order = np.argsort(-energy, kind="stable")[:2]
        directions, total = spectrum.basis[:, order], float(energy.sum())
        heaviest = np.abs(directions).argmax(axis=0)
        upwards = directions * np.sign(np.diagonal(directions[heaviest]))
        return upwards, float(energy[order].sum()) / total if total > 0 else 1.0

    def direction_name(self, direction: ArrayLike, names: Sequence[str] | None = None) -> str:
        """The name of a direction by its heaviest parameters, as "s1 - s2".

        Parameters
        ----------
        direction : array-like of shape (n_parameters,)
            A combination of parameters.
        names : sequence of str, default=None
            What the parameters are called; None: `parameter_names`.

        Returns
        -------
        str
            "s1 - s2" rises in s1 and falls in s2.
        """
        return direction_name(np.asarray(direction, dtype=float), names or self.parameter_names)

    def fastest_rates(self, momentum: bool = True) -> tuple[float, float]:
        """The learning rate and the momentum whose slowest direction is fastest.

        Parameters
        ----------
        momentum : bool, default=True
            Whether momentum may be used: Nesterov's if the path has it, else heavy ball.

        Returns
        -------
        lr : float
            The rate; infinite when H is zero.
        momentum : float
            The momentum; 0 when it may not be used.
        """
        spectrum = self._all_directions.spectrum
        rule = replace(self._descent.rule, momentum=0.5 if momentum else 0.0)
        return rule.fastest(spectrum.largest, float(spectrum.nonzero_eigenvalues.min(initial=inf)))

    @without_underflow
    def at_lr(self, lr: float) -> DescentPath:
        """The same descent at another learning rate, from the same start.

        Parameters
        ----------
        lr : float
            The rate.

        Returns
        -------
        DescentPath
            Stopped after as many updates as this one, or when it diverges.
        """
        descent = self._all_directions
        other = descent.at(replace(descent.rule, lr=check_rate(lr)))
        last = max(self.n_iter, 1)
        end = Stop(last, "max_iter", last)
        stop = find_stop(other, StoppingRule(None, last, 0.0)) if other.diverges else end
        return self._sibling(other, stop, self._layout)

    @without_underflow
    def iterations_to(self, loss: float) -> int | None:
        """The least number of updates after which J is below `loss`.

        Parameters
        ----------
        loss : float
            A loss, as `tol` would be.

        Returns
        -------
        int or None
            None when no iterate of this descent has a loss below it.

        Raises
        ------
        ValueError
            If the path ends before the loss is that low, or columns are too far apart in scale for
            float64, so that later losses are not known.
        """
        loss = check_loss(loss)
        descent, known = self._descent, self.last_known
        if isinstance(descent, ClosedForm):
            end = MOST_UPDATES if known is None else known
            stop = find_stop(descent, StoppingRule(loss, end, 0.0))
            if stop.reason == "tol":
                return stop.t
            known = known if stop.reason == "max_iter" else None
        elif (below := np.flatnonzero(descent.losses < loss)).size:
            return int(below[0])
        if known is not None:
            raise ValueError(
                f"This descent is known up to t = {known:,}, where the loss is not yet below "
                f"{loss:.6g}. Fit again with a larger max_iter, or with tol={loss:.6g}."
            )
        if isinstance(descent, ClosedForm) and descent.spectrum.columns_lost:
            raise ValueError(
                "When the loss falls that low is not known: columns are too far apart in scale for "
                "float64. Standardise them."
            )
        return None

    def explain(self, t: int, language: str = "en") -> Explanation:
        """The update from iterate `t` to the next, in words and in numbers to check by hand.

        Parameters
        ----------
        t : int
            The number of updates made before this one.
        language : {"en", "zh"}, default="en"
            Of the words: English or Chinese.

        Returns
        -------
        Explanation
            Prints as a table: the loss, each partial derivative, `lr` times it, the new parameters.

        See Also
        --------
        with_names : Gives the features the names that the earlier steps of a pipeline have.

        Examples
        --------
        >>> from sklearn_gd import GDLinearRegressor
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).path_.explain(0)
        Update 1 of 8, from t = 0 to t = 1, at lr = 0.1.
        The loss before it is J = 5.83333.
                     parameter   derivative  lr * derivative  new parameter
        intercept            0           -3             -0.3            0.3
        x0                   0     -4.33333        -0.433333       0.433333
        Each new parameter is the old one minus lr times the partial derivative dJ/dparameter.
        The loss after it is J = 3.38704, lower by 2.4463.
        """
        steps = check_t(t)
        if steps.ndim:
            raise TypeError(f"explain takes one number of updates; got {t!r}.")
        now = int(steps)
        return Explanation(
            t=now,
            lr=self.lr,
            names=self.parameter_names,
            parameters=self.parameters(now),
            gradient=self.gradient(now),
            new_parameters=self.parameters(now + 1),
            loss=float(self.loss(now)),
            new_loss=float(self.loss(now + 1)),
            n_iter=self.n_iter,
            momentum=self.momentum,
            velocity=self._velocity(now) if now and self.momentum else None,
            nesterovs_momentum=self.nesterovs_momentum,
            language=language,
        )

    def compare(self, losses: Any = None, coefs: Any = None, intercepts: Any = None) -> Comparison:
        """Compare your own descent with this one, and find what went wrong in it.

        Parameters
        ----------
        losses : array-like of shape (n_iterates,), default=None
            The losses your descent recorded, the start first.
        coefs : array-like of shape (n_iterates, n_features) or (n_iterates, n_targets, \
                n_features), default=None
            The coefficients it recorded.
        intercepts : array-like of shape (n_iterates,) or (n_iterates, n_targets), default=None
            The intercepts it recorded.

        Returns
        -------
        Comparison
            Prints as a paragraph: how far both agree, the first update that differs, and which of
            the well-known mistakes gives your numbers, if one does.

        Examples
        --------
        >>> from sklearn_gd import GDLinearRegressor
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> path = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).path_
        >>> path.compare(losses=path.loss(range(5))).agrees
        True
        """
        return compare(self, losses=losses, coefs=coefs, intercepts=intercepts)

    def to_frame(self, t: ArrayLike | None = None) -> Any:
        """The table of iterates: a row for each `t`, with the loss and all parameters.

        Parameters
        ----------
        t : int or array-like of int, default=None
            Numbers of updates. None: all from the start to the stop.

        Returns
        -------
        pandas.DataFrame
            Index `t`; columns "loss", then the parameters' names; with several targets one column
            for each parameter of each target, as "x0 (y1)".

        See Also
        --------
        with_names : Gives the features the names that the earlier steps of a pipeline have.

        Examples
        --------
        >>> from sklearn_gd import GDLinearRegressor
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
        >>> path = GDLinearRegressor(lr=0.1, tol=0.1).fit(X, y).path_
        >>> path.to_frame([0, 1, 8]).round(3)
            loss  intercept     x0
        t
        0  5.833      0.000  0.000
        1  3.387      0.300  0.433
        8  0.085      1.086  1.631
        """
        pandas = optional("pandas", "path_.to_frame")
        if t is None:
            self._check_size("coef", ValueError, " Give to_frame those t.")
        steps = np.atleast_1d(check_t(np.arange(self.n_iter + 1) if t is None else t))
        if steps.ndim > 1:
            raise ValueError(f"to_frame takes one number of updates or a flat list; got {t!r}.")
        parameters = self.parameters(steps)
        names = column_names(self.parameter_names, parameters.shape[1:])
        frame = pandas.DataFrame(
            parameters.reshape(-1, len(names)), pandas.Index(steps, name="t"), names
        )
        frame.insert(0, "loss", self.loss(steps), allow_duplicates=True)
        return frame

    def __repr__(self) -> str:
        floor = getattr(self, "loss_floor", None)
        least = "unknown" if floor is None else f"{0.0 if is_exact(self) else floor:.6g}"
        rate = f"lr={self.lr:.4g}" + (f", momentum={self.momentum:.4g}" if self.momentum else "")
        updates = f"{self.n_iter:,} update{'' if self.n_iter == 1 else 's'}"
        return (
            f"<DescentPath: {ENDINGS[self.stop_reason]} after {updates} at {rate}; "
            f"loss {self.loss(0):.6g} -> {self.loss(self.n_iter):.6g}, "
            f"least possible {least}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_histories": {}}

    @property
    def _closed_form(self) -> ClosedForm:
        if isinstance(self._descent, ClosedForm):
            return self._descent
        raise AttributeError(f"solver='loop' forms no decomposition. {NO_DIRECTIONS}")

    @property
    def _all_directions(self) -> ClosedForm:
        """The closed form, if it has every direction of the problem."""
        descent = self._descent
        if isinstance(descent, ClosedForm) and descent.spectrum.has_all_directions:
            return descent
        raise NotKnownError(NO_DIRECTIONS)

    @property
    def _largest(self) -> float:
        descent = self._descent
        known = descent.spectrum.largest if isinstance(descent, ClosedForm) else descent.largest
        if known is None:
            raise AttributeError(f"The largest eigenvalue of H is not known. {NO_DIRECTIONS}")
        return known

    @property
    def _floor_error(self) -> float:
        """By how much the least loss may be off."""
        return floor_error(self._closed_form)

    def _velocity(self, t: int) -> Floats:
        """v after t >= 1 updates; with Nesterov theta_t - theta_{t-1} = momentum v - lr g."""
        update = self.parameters(t) - self.parameters(t - 1)
        if not self.nesterovs_momentum:
            return update
        return np.asarray((update + self.lr * self.gradient(t - 1)) / self.momentum)

    def _sibling_at(self, lr: float) -> DescentPath:
        """The same problem and start at another rate, not stopped; nothing of it may be unknown."""
        other = self._closed_form.at(replace(self._descent.rule, lr=lr))
        return self._sibling(other, Stop(0, "max_iter", 0), self._layout)

    def _sibling(self, descent: Any, stop: Stop, layout: Layout) -> DescentPath:
        stopped = StoppedDescent(descent, stop)
        return DescentPath(stopped, layout, weight=self.weight, alpha=self.alpha)

    def _cut(self, t: int) -> DescentPath:
        """The descent as if a callback had stopped it after t updates."""
        stop = self._stop if t == self.n_iter else Stop(t, "callback", t)
        return self._sibling(self._descent, stop, self._layout)

    def _history(self, name: str) -> Floats:
        """`loss`, `coef` or `intercept` at t = 0 .. n_iter: made once, kept, read-only."""
        if name not in self._histories:
            self._check_size(name)
            ask = getattr(self, name)
            history = np.asarray(ask(np.arange(self.n_iter + 1)))
            history[-1] = ask(self.n_iter)  # as coef_ to the bit, which one product of many is not
            history.flags.writeable = False
            self._histories[name] = history
        return self._histories[name]

    def _history_bytes(self, name: str) -> int:
        start = self._descent.start
        numbers = {"loss": 1, "intercept": start.shape[1]}.get(name, start.size)
        return int(8 * numbers * (self.n_iter + 1))

    def _check_size(self, name: str, error: Any = AttributeError, advice: str = "") -> None:
        size = self._history_bytes(name)
        if size > HISTORY_LIMIT_BYTES:
            raise error(
                f"The {name} of all {self.n_iter + 1:,} iterates would take {size:.2g} bytes, more "
                f"than the limit of {HISTORY_LIMIT_BYTES:,}. Ask path_.{name}(t) for some of them."
                f"{advice}"
            )
