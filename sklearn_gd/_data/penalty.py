"""The penalty as extra rows sqrt(alpha W) I with target 0, formed only if p x p matrices are."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_gd._data.problem import DesignOperator
from sklearn_gd._linalg import Floats, RowVectors


def penalty_rows(problem: Any) -> tuple[Floats, Floats]:
    """Return the extra rows (d or 0, p) and their targets, zeros."""
    p, first = problem.n_parameters, int(problem.fit_intercept)
    if problem.alpha == 0:
        return np.zeros((0, p)), np.zeros((0, problem.n_targets))
    rows = np.sqrt(problem.alpha * problem.weight) * np.eye(p)[first:]
    return rows, np.zeros((len(rows), problem.n_targets))


def penalised(operator: DesignOperator, problem: Any) -> DesignOperator:
    """Return the operator with the penalty's rows below it; the same without a penalty."""
    return PenalisedOperator(operator, problem) if problem.alpha else operator


class PenalisedOperator:
    """[A; sqrt(alpha) I], with the identity without the intercept's row."""

    def __init__(self, operator: DesignOperator, problem: Any) -> None:
        n, p = operator.shape
        self.shape = (n + p, p)
        self.unit = operator.unit
        self._operator = operator
        self._root = np.sqrt(problem.penalties(p))

    def residual(self, theta: Floats) -> RowVectors:
        return PenalisedVectors(self._operator.residual(theta), -self._root * theta, self._root)

    def random(self, seed: int) -> RowVectors:
        noise = np.random.default_rng([seed, 1]).standard_normal(self._root.shape)
        return PenalisedVectors(self._operator.random(seed), noise * (self._root > 0), self._root)

    def sizes(self, theta: Floats) -> float:
        penalty = float(np.sum((self._root * theta) ** 2))
        return float(self._operator.sizes(theta)) + penalty


class PenalisedVectors:
    """Row vectors continued by the penalty's p entries."""

    def __init__(self, vectors: RowVectors, tail: Floats, root: Floats) -> None:
        self._vectors, self._tail, self._root = vectors, tail, root

    def norms(self) -> Floats:
        return np.asarray(np.hypot(self._vectors.norms(), np.linalg.norm(self._tail, axis=0)))

    def scale(self, factors: Floats) -> None:
        self._vectors.scale(factors)
        self._tail = self._tail * factors

    def rmatvec(self) -> Floats:
        return np.asarray(self._vectors.rmatvec() + self._root * self._tail)

    def step(self, right: Floats, alpha: Floats) -> Floats:
        across = self._vectors.step(right, alpha)
        self._tail = self._root * right - self._tail * alpha
        return np.asarray(across + self._root * self._tail)
