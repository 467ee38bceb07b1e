"""Tuning of the learning rate and the stop: the scores of a whole grid from few decompositions.

Folds of rows and a grid come in; an error for each rate, number of updates and fold goes out, the
entry that is chosen, and the descent on all rows.
Imports `_solvers`, `_descent`, `_data`, `_linalg` and NumPy only.
"""

from sklearn_gd._tuning.gcv import generalised_cross_validation, problem_for_gcv
from sklearn_gd._tuning.grid import Grid, blocks
from sklearn_gd._tuning.held_out import row_factor
from sklearn_gd._tuning.selection import (
    SELECTIONS,
    Selection,
    about_the_edge,
    about_unstable_rates,
    choose,
)
from sklearn_gd._tuning.strategies import refit, strategy_for
