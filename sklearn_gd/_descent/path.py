"""The recorded descent: asked at any t, it answers with coefficients, loss and gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from sklearn_gd._descent.descent import Descent
from sklearn_gd._descent.explanation import Explanation
from sklearn_gd._descent.names import direction_name, parameter_names
from sklearn_gd._descent.quiet import quietly
from sklearn_gd._descent.section import least_squares, most_telling, whole
from sklearn_gd._descent.stopping import NEVER, Stop, Stopping, find_stop, first_true
from sklearn_gd._descent.table import columns_of
from sklearn_gd._optional import optional

Floats = NDArray[np.floating[Any]]

# A history that would take more than this is not made; the path is asked instead.
HISTORY_LIMIT_BYTES = 1 << 28


@dataclass(frozen=True)
class Layout:
    """How parameters are shown: with or without intercept, for one target, a column or many."""

    fit_intercept: bool
    targets: str  # "flat": y of shape (n,); "column": (n, 1); "many": (n, k)
    dtype: DTypeLike
    feature_names: tuple[str, ...] | None = None

    def coef(self, theta: Floats) -> Floats:
        coef = np.swapaxes(self._cast(theta[..., int(self.fit_intercept) :, :]), -1, -2)
        return coef if self.targets == "many" else coef[..., 0, :]

    def intercept(self, theta: Floats) -> Floats:
        if not self.fit_intercept:
            return np.zeros(theta.shape[:-2], self.dtype)[()]
        intercept = self._cast(theta[..., 0, :])
        return intercept[..., 0] if self.targets == "flat" else intercept

    def gradient(self, gradient: Floats) -> Floats:
        partial = np.swapaxes(self._cast(gradient), -1, -2)
        return partial if self.targets == "many" else partial[..., 0, :]

    def _cast(self, numbers: Floats) -> Floats:
        if numbers.dtype == self.dtype:
            return numbers.copy()
        with np.errstate(over="ignore"):  # infinite where they leave the range, as is documented
            return numbers.astype(self.dtype)


class DescentPath:
    """A whole gradient descent, evaluated at any number of updates.

    Made by :class:`GDLinearRegressor`, whose ``path_`` it is.
    Every method takes `t`, the number of updates made so far: a non-negative integer or an array of
    them, also beyond the stop. The answer's leading axes are those of `t`.

    Attributes
    ----------
    lr : float
        The learning rate.
    n_iter : int
        The number of updates made when the descent stopped.
    stop_reason : {"tol", "stationary", "max_iter", "diverged", "callback"}
        Why it stopped there.
    max_stable_lr : float
        2 / largest curvature: no rate above it converges. Infinite where X is all zeros.
    best_lr : float
        2 / (largest + smallest non-zero curvature): of all constant rates the one whose slowest
        direction is fastest. Infinite if X is all zeros.
    last_known : int or None
        The largest `t` that can be asked for; None if any can.
    loss_floor : float
        The least possible loss, that of least squares.
    condition_number : float
        Largest over smallest non-zero singular value of Z, which is X with a column of ones in
        front when there is an intercept, rows weighted. Descent takes about its square in updates.
    parameter_names : tuple of str
        "intercept" where there is one, then the features' names: those of the columns of X where
        X had any, else x0, x1, ...

    Notes
    -----
    With H = Z' diag(w) Z / W = Q diag(curvature) Q', g = Q' grad J(theta_0) and
    r = 1 - lr * curvature, the iterates of theta_{t+1} = theta_t - lr * grad J(theta_t) are [1]_::

        theta_t = theta_0 - Q (g * (1 - r**t) / curvature)
        J_t     = loss_floor + 1/2 sum g**2 * r**(2 t) / curvature

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

    def __init__(self, descent: Descent, stop: Stop, layout: Layout) -> None:
        self._descent = descent
        self._stop = stop
        self._layout = layout
        self._histories: dict[str, Floats] = {}

    @property
    def lr(self) -> float:
        return self._descent.lr

    @property
    def n_iter(self) -> int:
        return self._stop.t

    @property
    def stop_reason(self) -> str:
        return self._stop.reason

    @property
    def max_stable_lr(self) -> float:
        largest = self._descent.spectrum.largest_curvature
        return 2.0 / largest if largest > 0 else float("inf")

    @property
    def loss_floor(self) -> float:
        return self._descent.spectrum.least_loss

    @property
    def condition_number(self) -> float:
        felt = self._descent.spectrum.felt_curvature
        return float(np.sqrt(felt.max() / felt.min())) if felt.size else 1.0

    @property
    def best_lr(self) -> float:
        spectrum = whole(self._descent.spectrum)
        curvature = spectrum.curvature[spectrum.felt]
        return 2.0 / float(curvature.max() + curvature.min()) if curvature.size else float("inf")

    @property
    def last_known(self) -> int | None:
        return self._descent.last_known

    @property
    def parameter_names(self) -> tuple[str, ...]:
        intercept = self._layout.fit_intercept
        n_features = self._descent.spectrum.start.shape[0] - intercept
        return parameter_names(n_features, intercept, self._layout.feature_names)

    @quietly
    def coef(self, t: ArrayLike) -> Floats:
        """Coefficients after `t` updates.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape + (n_features,) or t.shape + (n_targets, n_features)
            Infinite where a diverging descent leaves the range of floats.
        """
        return self._layout.coef(self._descent.theta(_check_t(t)))

    @quietly
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
        return self._layout.intercept(self._descent.theta(_check_t(t)))

    @quietly
    def loss(self, t: ArrayLike, X: Any = None, y: Any = None, sample_weight: Any = None) -> Floats:
        """Half mean squared error J after `t` updates, on the training rows or on others.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.
        X, y : array-like of shape (n_samples, n_features) and (n_samples,) or \
                (n_samples, n_targets), default=None
            Other rows, both or neither. None: the training rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the other rows.

        Returns
        -------
        ndarray of shape t.shape
            Infinite where a diverging descent leaves the range of floats.
        """
        steps = _check_t(t)
        if X is None:
            return np.asarray(self._descent.loss(steps))[()]
        return self._loss_elsewhere(steps, np.asarray(X), np.asarray(y), sample_weight)

    def _loss_elsewhere(self, t: Floats, X: Floats, y: Floats, sample_weight: Any) -> Floats:
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight)
        losses = np.empty(t.size)
        for i, step in enumerate(t.ravel()):
            residual = (X @ self.coef(step).T + self.intercept(step)).reshape(len(X), -1)
            residual -= y.reshape(len(X), -1)
            losses[i] = 0.5 * (weight @ residual**2).sum() / weight.sum()
        return losses.reshape(t.shape)[()]

    @quietly
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
        return self._layout.gradient(self._descent.gradient(_check_t(t)))

    @quietly
    def dof(self, t: ArrayLike) -> Floats:
        """Effective degrees of freedom of the predictions after `t` updates.

        The trace of the matrix that takes y to the fitted values, sum(1 - r**t): 0 at the start,
        the rank of Z in the limit.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape
            Degrees of freedom, of each target alone.
        """
        return np.asarray(self._descent.dof(_check_t(t)))[()]

    @quietly
    def _parameters(self, t: int) -> tuple[Floats, Floats]:
        """Coefficients and intercept at once."""
        theta = self._descent.theta_at(t).copy()
        return self._layout.coef(theta), self._layout.intercept(theta)

    @quietly
    def iterations_to(self, loss: float) -> int | None:
        """The least number of updates after which J is below `loss`.

        Parameters
        ----------
        loss : float
            A loss, as `tol` would be.

        Returns
        -------
        int or None
            None where no iterate of this descent has a loss below it.
        """
        loss = _check_loss(loss)
        known = self._descent.last_known
        end = NEVER if known is None else known
        turns = None
        if self._descent.diverging:
            turns = first_true(lambda t: ~(self._descent.fall(t) > 0), end)
            end = end if turns is None else turns
        near = self._descent.about(loss, self.n_iter)
        last = min(max(self.n_iter, near + 1, 1), end)
        while True:
            found = first_true(lambda t: self._descent.loss(t) < loss, last, near=near)
            if found is None and last == known and turns is None:
                raise ValueError(
                    f"This descent is known up to t = {known:,}, where the loss is not yet below "
                    f"{loss:.6g}. Fit again with a larger max_iter, or with tol={loss:.6g}."
                )
            if found is not None or last == end:
                return found
            last = end if last > 1 << 62 else min(last * last + 1, end)

    def explain(self, t: int) -> Explanation:
        """The update from iterate `t` to the next, in words and in numbers to check by hand.

        Parameters
        ----------
        t : int
            The number of updates made before this one.

        Returns
        -------
        Explanation
            Prints as a table: the loss, each partial derivative, `lr` times it, the new parameters.

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
        steps = _check_t(t)
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
        )

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
            try:
                self._check_size("coef")
            except AttributeError as error:
                raise ValueError(f"{error} Give to_frame those t.") from None
        steps = np.atleast_1d(_check_t(np.arange(self.n_iter + 1) if t is None else t))
        if steps.ndim > 1:
            raise ValueError(f"to_frame takes one number of updates or a flat list; got {t!r}.")
        columns = columns_of(self.loss(steps), self.parameters(steps), self.parameter_names)
        return pandas.DataFrame(columns, index=pandas.Index(steps, name="t"))

    @quietly
    def parameters(self, t: ArrayLike) -> Floats:
        """All parameters after `t` updates, the intercept first.

        Parameters
        ----------
        t : int or array-like of int
            Numbers of updates.

        Returns
        -------
        ndarray of shape t.shape + (n_parameters,) or t.shape + (n_targets, n_parameters)
            Laid out as :meth:`gradient`.
        """
        return self._layout.gradient(self._descent.theta(_check_t(t)))

    @quietly
    def limit(self) -> Floats:
        """The parameters that any stable rate leads to: the nearest least-squares solution.

        Returns
        -------
        ndarray of shape (n_parameters,) or (n_targets, n_parameters)
            Laid out as :meth:`parameters`.
        """
        return self._layout.gradient(least_squares(self._descent))

    @quietly
    def hessian_product(self, directions: ArrayLike) -> Floats:
        """H, the second derivatives of J, times some directions.

        Parameters
        ----------
        directions : array-like of shape (n_parameters,) or (n_parameters, m)
            Directions in the space of the parameters, the intercept first.

        Returns
        -------
        ndarray of the shape of `directions`
            The product.
        """
        spectrum = whole(self._descent.spectrum)
        along = (spectrum.basis.T @ np.asarray(directions, dtype=float)).T * spectrum.curvature
        return np.asarray(spectrum.basis @ along.T)

    @quietly
    def main_directions(self, target: int = 0) -> tuple[Floats, float]:
        """The two eigenvectors of H that hold most of the loss there is to lose.

        Parameters
        ----------
        target : int, default=0
            Which of several targets.

        Returns
        -------
        directions : ndarray of shape (n_parameters, 2)
            Each with its heaviest parameter positive; (n_parameters, 1) if H has only one.
        share : float
            The part of the loss to lose that they hold together.
        """
        return most_telling(self._descent, target)

    def direction_name(self, direction: ArrayLike, names: Sequence[str] | None = None) -> str:
        """The heaviest parameters of a direction, as "s1 - s2".

        Parameters
        ----------
        direction : array-like of shape (n_parameters,)
            A direction in the space of the parameters, the intercept first.
        names : sequence of str, default=None
            What the parameters are called. None: `parameter_names`.

        Returns
        -------
        str
            A sum in which the heaviest parameter comes first.
        """
        return direction_name(np.asarray(direction), names or self.parameter_names)

    @quietly
    def at_lr(self, lr: float) -> DescentPath:
        """The descent on the same problem from the same start, at another rate.

        Parameters
        ----------
        lr : float
            The learning rate.

        Returns
        -------
        DescentPath
            It goes as far as this one went, or stops where it diverges.
        """
        descent = Descent(whole(self._descent.spectrum), lr)
        stop = find_stop(descent, Stopping(None, max(self.n_iter, 1), diverging=descent.diverging))
        return DescentPath(descent, stop, self._layout)

    def __repr__(self) -> str:
        how = {
            "tol": "the loss fell below tol",
            "stationary": "updates fell below rounding",
            "max_iter": "max_iter was reached",
            "diverged": "the loss began to rise",
            "callback": "a callback stopped it",
        }[self.stop_reason]
        floor = getattr(self, "loss_floor", None)
        return (
            f"<DescentPath: {how} after {self.n_iter:,} updates at lr={self.lr:.4g}; "
            f"loss {self.loss(0):.6g} -> {self.loss(self.n_iter):.6g}, "
            f"least possible {'unknown' if floor is None else format(floor, '.6g')}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_histories": {}}

    def _history(self, name: str) -> Floats:
        """`loss`, `coef` or `intercept` at t = 0 .. n_iter: made once, kept, read-only."""
        if name not in self._histories:
            self._check_size(name)
            history = self._make_history(name)
            history.flags.writeable = False
            self._histories[name] = history
        return self._histories[name]

    @quietly
    def _make_history(self, name: str) -> Floats:
        if name == "loss":
            return self._descent.losses(self.n_iter)
        show = self._layout.coef if name == "coef" else self._layout.intercept
        return show(self._descent.thetas(self.n_iter))

    def _check_size(self, name: str) -> None:
        numbers = {"loss": 1, "intercept": self._descent.spectrum.start.shape[1]}.get(
            name, self._descent.spectrum.start.size
        )
        size = 8 * numbers * (self.n_iter + 1)
        if size > HISTORY_LIMIT_BYTES:
            raise AttributeError(
                f"The {name} of all {self.n_iter + 1:,} iterates would take {size:.2g} bytes, more "
                f"than the limit of {HISTORY_LIMIT_BYTES:,}. Ask path_.{name}(t) for some of them."
            )


def _check_loss(loss: Any) -> float:
    if not isinstance(loss, Real) or isinstance(loss, (bool, np.bool_)):
        raise TypeError(f"loss must be a real number; got {loss!r} of type {type(loss).__name__}.")
    try:
        number = float(loss)
    except OverflowError:
        number = float("nan")
    if np.isnan(number):
        raise ValueError("loss must be a number within the range of floats; got another.")
    return number


def _check_t(t: ArrayLike) -> NDArray[Any]:
    steps = np.asarray(t)
    if steps.size == 0:
        steps = steps.astype(np.int64)
    integral = steps.dtype.kind in "iu" or (
        steps.dtype == object and all(isinstance(s, int) for s in steps.ravel())
    )
    if not integral:
        raise TypeError(f"t counts updates and must be integers; got {t!r} of dtype {steps.dtype}.")
    if (steps < 0).any():
        raise ValueError(f"t counts updates from 0, the start; got {t!r}.")
    if (steps > NEVER).any():
        raise ValueError("t counts updates, up to 2**256 of them; got more.")
    return steps
